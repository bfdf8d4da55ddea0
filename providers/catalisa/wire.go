package catalisa

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"unicode/utf8"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

// The create request (reference §7.1, §7.2).
type (
	createRequest struct {
		Data createData `json:"data"`
	}
	createData struct {
		Type       string     `json:"type"`
		Attributes attributes `json:"attributes"`
	}
	attributes struct {
		TemplateID    string            `json:"templateId,omitempty"`
		Title         string            `json:"title"`
		Message       string            `json:"message,omitempty"`
		ConfigID      string            `json:"configId,omitempty"`
		BusinessID    string            `json:"businessId"`
		ExpiresInDays int               `json:"expiresInDays,omitempty"`
		FileID        string            `json:"fileId,omitempty"`
		FileBase64    string            `json:"fileBase64,omitempty"`
		FileName      string            `json:"fileName,omitempty"`
		Signers       []signerRequest   `json:"signers"`
		Widgets       []widget          `json:"widgets,omitempty"`
		FieldValues   map[string]string `json:"fieldValues,omitempty"`
	}
	signerRequest struct {
		Name  string `json:"name"`
		Email string `json:"email"`
		Order int    `json:"order,omitempty"`
	}
	// widget has a signerId only where an option says what it shall be: the signers of a
	// request have nothing that it could refer to (reference §14.1).
	widget struct {
		Type     string  `json:"type"`
		SignerID string  `json:"signerId,omitempty"`
		Page     int     `json:"page"`
		X        float64 `json:"x"`
		Y        float64 `json:"y"`
		Width    float64 `json:"width,omitempty"`
		Height   float64 `json:"height,omitempty"`
		Required bool    `json:"required,omitempty"`
		Label    string  `json:"label,omitempty"`
	}
)

// Answers (reference §5, §7).
type (
	resource struct {
		ID         string `json:"id"`
		Attributes struct {
			Status      string      `json:"status"`
			BusinessID  string      `json:"businessId"`
			CreatedAt   rest.Moment `json:"createdAt"`
			CompletedAt rest.Moment `json:"completedAt"`

			ViewURL providers.LinkText `json:"viewUrl"`
		} `json:"attributes"`
		Relationships struct {
			Signers struct {
				Data []struct {
					Attributes signerAttributes `json:"attributes"`
				} `json:"data"`
			} `json:"signers"`
		} `json:"relationships"`
	}
	signerAttributes struct {
		Name     string      `json:"name"`
		Email    string      `json:"email"`
		Order    float64     `json:"order"`
		Status   string      `json:"status"`
		SignedAt rest.Moment `json:"signedAt"`
		Declined string      `json:"declineReason"`

		SigningURL providers.LinkText `json:"signingUrl"`
	}
	listing struct {
		Data []resource `json:"data"`
		Meta struct {
			TotalPages  int `json:"totalPages"`
			CurrentPage int `json:"currentPage"`
		} `json:"meta"`
		Links struct {
			Next string `json:"next"` // null at the end
		} `json:"links"`
	}
	download struct {
		DownloadURL string      `json:"downloadUrl"`
		ExpiresAt   rest.Moment `json:"expiresAt"`
	}

	// fileRequest is flat, unlike the others (reference §8).
	fileRequest struct {
		Name       string `json:"name"`
		MimeType   string `json:"mimeType"`
		SizeBytes  int64  `json:"sizeBytes"`
		Category   string `json:"category"`
		BusinessID string `json:"businessId"`
	}
	fileRecord struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
		UploadURL string `json:"uploadUrl"`
	}

	resendRequest struct {
		Data *resendData `json:"data,omitempty"`
	}
	resendData struct {
		Attributes struct {
			SignerEmail string `json:"signerEmail"`
		} `json:"attributes"`
	}

	tokenRequest struct {
		GrantType    string `json:"grant_type"`
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	tokenAnswer struct {
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"` // seconds
	}
)

// maxBusinessID is the longest businessId (reference §7.1).
const maxBusinessID = 100

// businessID is our key as the service keeps it; a longer one is its hash. The same key
// always gives the same businessId: that is how a request is found again.
func businessID(key providers.Key) string {
	s := key.String()
	if len(s) <= maxBusinessID {
		return s
	}
	return hashed(s)
}

func hashed(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ownBusinessID begins with the user's own id, for those who look for it in Catalisa. Our key
// stands after it: two envelopes with one businessId could not be told apart. Both fit where
// the user's has at most [maxOwnBusinessID] characters.
func ownBusinessID(own string, key providers.Key) string {
	s := own + " (" + key.String() + ")"
	if utf8.RuneCountInString(s) <= maxBusinessID {
		return s
	}
	return own + " " + hashed(key.String())[:len("sha256:")+32]
}

const maxOwnBusinessID = maxBusinessID - len(" sha256:") - 32

// states are the states of a request (reference §6).
var states = map[string]providers.State{
	"DRAFT":            providers.Draft,
	"SENT":             providers.Pending,
	"VIEWED":           providers.Pending,
	"PARTIALLY_SIGNED": providers.Pending,
	"COMPLETED":        providers.Completed,
	"DECLINED":         providers.Declined,
	"EXPIRED":          providers.Expired,
	"CANCELLED":        providers.Canceled,
}

// state is the request's state. One that is not documented is pending: look again.
func (r resource) state() providers.State {
	if s, ok := states[r.Attributes.Status]; ok {
		return s
	}
	return providers.Pending
}

// links are where people sign, and the page that shows the request (reference §5.1, §5.2).
func (r resource) links() []providers.Link {
	var links []providers.Link
	for _, s := range r.Relationships.Signers.Data {
		links = providers.AddLink(links, s.Attributes.Name, s.Attributes.Email, string(s.Attributes.SigningURL))
	}
	return providers.AddLink(links, "", "", string(r.Attributes.ViewURL))
}

// waitedFor tells whether the signer has neither signed nor declined.
func (s signerAttributes) waitedFor() bool { return s.Status != "SIGNED" && s.Status != "DECLINED" }

func (s signerAttributes) status() providers.SignerStatus {
	state := providers.SignerPending
	switch s.Status {
	case "VIEWED":
		state = providers.SignerViewed
	case "SIGNED":
		state = providers.SignerSigned
	case "DECLINED":
		state = providers.SignerDeclined
	}
	return providers.SignerStatus{Name: s.Name, Email: s.Email, State: state, SignedAt: s.SignedAt.Time, Reason: providers.CleanExplanation(s.Declined)}
}

var codePattern = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,63}$`)

// errorCode reads the code out of the documented error shapes: code of the platform's
// page, error of its shared handler (reference §4.2), and errors[0].code of JSON:API in
// case. What does not look like a constant is no code.
func errorCode(body []byte) string {
	var shape struct {
		Code   any `json:"code"`
		Error  any `json:"error"`
		Errors []struct {
			Code any `json:"code"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &shape) != nil {
		return ""
	}
	candidates := []any{shape.Code, shape.Error}
	if len(shape.Errors) > 0 {
		candidates = append(candidates, shape.Errors[0].Code)
	}
	for _, c := range candidates {
		if s, ok := c.(string); ok && codePattern.MatchString(s) {
			return s
		}
	}
	return ""
}
