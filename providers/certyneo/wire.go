package certyneo

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

// draft is the body of POST /envelopes (reference §4).
type draft struct {
	Subject             string      `json:"subject"`
	Message             string      `json:"message,omitempty"`
	DocumentIDs         []string    `json:"documentIds,omitempty"`
	TemplateID          string      `json:"templateId,omitempty"`
	Recipients          []recipient `json:"recipients"`
	Fields              []field     `json:"fields,omitempty"`
	SignatureLevel      string      `json:"signatureLevel,omitempty"`
	ExpiresAt           string      `json:"expiresAt,omitempty"`
	RequireSMSOTP       bool        `json:"requireSmsOtp,omitempty"`
	Locale              string      `json:"locale,omitempty"`
	RedirectURL         string      `json:"redirectUrl,omitempty"`
	Category            string      `json:"category,omitempty"`
	Tags                []string    `json:"tags,omitempty"`
	InitialsOnEveryPage bool        `json:"initialsOnEveryPage,omitempty"`
	WorkspaceID         string      `json:"workspaceId,omitempty"`
}

// recipient is one person of a draft. Phone (E.164) is used for the SMS code.
type recipient struct {
	Email string `json:"email"`
	Name  string `json:"name,omitempty"`
	Role  string `json:"role"`
	Phone string `json:"phone,omitempty"`
}

// field is the place of a signature: PDF points, x from the left, y from the top. The
// coordinates are the fallback when an anchor is given and not found.
type field struct {
	RecipientEmail  string  `json:"recipientEmail"`
	DocumentIndex   int     `json:"documentIndex"`
	PageNumber      int     `json:"pageNumber"`
	FieldType       string  `json:"fieldType"`
	X               float64 `json:"x"`
	Y               float64 `json:"y"`
	Width           float64 `json:"width"`
	Height          float64 `json:"height"`
	AnchorText      string  `json:"anchorText,omitempty"`
	AnchorPlacement string  `json:"anchorPlacement,omitempty"`
	AnchorIndex     int     `json:"anchorIndex,omitempty"` // from 0, which is the default
}

// secretFields let their holder sign in somebody's name (reference §4).
var secretFields = []string{"accessToken", "signUrl", "sign_url"}

// invitation is what the answers of create and send tell beside the id: each recipient's
// token, or the address itself (reference §4).
type invitation struct {
	Recipients []struct {
		Email       string             `json:"email"`
		Name        string             `json:"name"`
		AccessToken providers.LinkText `json:"accessToken"`
		SignURL     providers.LinkText `json:"signUrl"`
	} `json:"recipients"`
}

// envelope is what GET /envelopes/{id} answers.
type envelope struct {
	ID          string      `json:"id"`
	Status      string      `json:"status"`
	Recipients  []party     `json:"recipients"`
	CompletedAt rest.Moment `json:"completedAt"`
}

// party is one recipient of an envelope.
type party struct {
	Email    string      `json:"email"`
	Name     string      `json:"name"`
	Role     string      `json:"role"`
	Status   string      `json:"status"`
	SignedAt rest.Moment `json:"signedAt"`
}

// envelopeList is what GET /envelopes answers (reference §7).
type envelopeList struct {
	Data []struct {
		ID        string          `json:"id"`
		Status    string          `json:"status"`
		CreatedAt json.RawMessage `json:"createdAt"` // not in the documented sample: whatever it is spoils no list
	} `json:"data"`
	Pagination struct {
		Total    int `json:"total"`
		PageSize int `json:"pageSize"`
		Pages    int `json:"pages"`
	} `json:"pagination"`
}

// more tells whether pages follow this one: by the server's count of them, else by the
// number of envelopes.
func (l envelopeList) more(page int) bool {
	switch {
	case len(l.Data) == 0:
		return false
	case l.Pagination.Pages > 0:
		return page < l.Pagination.Pages
	}
	return page*cmp.Or(l.Pagination.PageSize, len(l.Data)) < l.Pagination.Total
}

// subscription is a webhook subscription, to be made or made.
type subscription struct {
	ID     string   `json:"id,omitempty"`
	URL    string   `json:"url"`
	Events []string `json:"events"`
	Secret string   `json:"secret,omitempty"`
}

// object is T at the top level, or inside {"data": T}: the sources disagree
// (reference §14, conflict 9).
type object[T any] struct{ Value T }

func (o *object[T]) UnmarshalJSON(b []byte) error {
	if !mayHaveData(b) { // one pass instead of two
		return json.Unmarshal(b, &o.Value)
	}
	var shape struct {
		ID   json.RawMessage `json:"id"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(b, &shape); err != nil {
		return err
	}
	if shape.ID == nil && bytes.HasPrefix(shape.Data, []byte("{")) {
		b = shape.Data
	}
	return json.Unmarshal(b, &o.Value)
}

// mayHaveData tells whether a JSON text may have a member called data, however that is written.
func mayHaveData(b []byte) bool {
	for i, c := range b {
		if c == '\\' || c|0x20 == 'd' && i+4 <= len(b) && bytes.EqualFold(b[i:i+4], []byte("data")) {
			return true
		}
	}
	return false
}

// state puts an envelope's status (reference §5) into chancela's words. An unknown one
// is taken for one on the way: the next look may know better.
func state(status string) providers.State {
	switch strings.ToUpper(status) {
	case "DRAFT":
		return providers.Draft
	case "COMPLETED":
		return providers.Completed
	case "DECLINED":
		return providers.Declined
	case "VOIDED":
		return providers.Canceled
	case "EXPIRED":
		return providers.Expired
	}
	return providers.Pending // SCHEDULED, SENT, DELIVERED, PARTIALLY_SIGNED, RETURNED_TO_SENDER
}

// signerState reads one recipient. signedAt is documented, the values of status are
// not (reference §4): the likely ones are understood (our choice).
func signerState(r party) string {
	status := strings.ToUpper(r.Status)
	switch {
	case status == "DECLINED" || status == "REFUSED" || status == "REJECTED":
		return providers.SignerDeclined
	case status == "APPROVED" || r.SignedAt.Set && r.Role == roleApprover:
		return providers.SignerApproved
	case status == "SIGNED" || status == "COMPLETED" || r.SignedAt.Set:
		return providers.SignerSigned
	case status == "VIEWED" || status == "OPENED":
		return providers.SignerViewed
	}
	return providers.SignerPending
}
