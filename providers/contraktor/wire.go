package contraktor

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/chancela/chancela/providers/rest"
)

// answer takes T out of {"data": T}. A bare T is taken too: the sources contradict
// each other (reference §12). Null is nothing: an empty list (reference §1).
type answer[T any] struct{ Data T }

func (a *answer[T]) UnmarshalJSON(b []byte) error {
	var wrapped struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(b, &wrapped); err == nil && len(wrapped.Data) > 0 {
		b = wrapped.Data
	}
	return json.Unmarshal(b, &a.Data)
}

func (l *proofList) UnmarshalJSON(b []byte) error {
	var proofs []named
	if err := json.Unmarshal(b, &proofs); err != nil {
		return err
	}
	*l = proofList{told: true}
	for _, p := range proofs {
		l.ids = append(l.ids, p.ID)
	}
	return nil
}

// Requests. Each wraps its object in its singular name (reference §1).
type (
	contractRequest struct {
		Contract contractFields `json:"contract"`
	}
	contractFields struct {
		Title           string            `json:"title"`
		WorkflowID      int64             `json:"workflow_id,omitempty"`
		Document        *fileRef          `json:"document,omitempty"`
		CurrentDocument *currentDraft     `json:"current_document,omitempty"`
		Metadata        map[string]string `json:"metadata"`
		Classifier      []string          `json:"classifier,omitempty"`
	}
	datesRequest struct {
		Contract dates `json:"contract"`
	}
	fileRef struct {
		FileID int64 `json:"file_id"`
	}
	currentDraft struct {
		Draft draft `json:"draft"`
	}
	draft struct {
		TemplateID int64 `json:"template_id"`
	}

	partyRequest struct {
		Party partyFields `json:"party"`
	}
	partyFields struct {
		PersonType string `json:"person_type"`
		Name       string `json:"name"`
		Email      string `json:"email,omitempty"`
		Document   string `json:"document,omitempty"`
		BirthDate  string `json:"birth_date,omitempty"`
		Phone      string `json:"phone,omitempty"`
		WhatsApp   string `json:"whatsappnum,omitempty"`
	}

	sharingRequest struct {
		Sharing sharingFields `json:"sharing"`
	}
	sharingFields struct {
		Qualification    string `json:"qualification"`
		PartyID          int64  `json:"party_id"`
		CompanyID        int64  `json:"company_id,omitempty"`
		NotificationType string `json:"notification_type"`
		Order            int    `json:"order,omitempty"`
	}

	attachmentRequest struct {
		Attachment any `json:"attachment"`
	}
	mergeable struct {
		Mergeable bool `json:"mergeable"`
	}

	proofRequest struct {
		Proof proofFields `json:"proof"`
	}
	proofFields struct {
		ContractID int64  `json:"contract_id"`
		Engine     string `json:"engine"`
		Ordered    bool   `json:"ordered"`
	}
)

// Answers, as far as they are used.
type (
	named struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}
	titled struct {
		ID    int64  `json:"id"`
		Title string `json:"title"`
	}
	party struct {
		ID         int64  `json:"id"`
		PersonType string `json:"person_type"`
		Name       string `json:"name"`
		Email      string `json:"email"`
		Document   string `json:"document"`
		WhatsApp   string `json:"whatsappnum"`
	}
	sharing struct {
		ID    int64 `json:"id"`
		Party struct {
			ID int64 `json:"id"`
		} `json:"party"`
	}
	contract struct {
		ID              int64 `json:"id"`
		CurrentDocument struct {
			Proofs proofList `json:"proofs"`
		} `json:"current_document"`
	}
	// proofList tells an answer without proofs from one that does not speak of them: a
	// related object may come as a stub (reference §1). Null is none.
	proofList struct {
		told bool
		ids  []int64
	}
	proof struct {
		ID        int64       `json:"id"`
		Status    string      `json:"status"`
		Ordered   bool        `json:"ordered"`
		DeletedAt rest.Moment `json:"deleted_at"`
		Subjects  []subject   `json:"subjects"`
		Signed    *file       `json:"signed_file"`
		Receipt   *file       `json:"receipt_file"`
		Package   *file       `json:"packaged_file"`
	}
	subject struct {
		ID               int64       `json:"id"`
		Name             string      `json:"name"`
		Email            string      `json:"email"`
		NotificationType string      `json:"notification_type"`
		SentAt           rest.Moment `json:"sent_at"`
		ViewedAt         rest.Moment `json:"viewed_at"`
		ConfirmedAt      rest.Moment `json:"confirmed_at"`
	}
	file struct {
		ID          int64  `json:"id"`
		Mime        string `json:"mime"`
		DownloadURL string `json:"download_url"`
	}
)

// keep gives a proof for the manifest: without the accounts of the people at the
// sender's office who appear in its events (reference §10) and without signed download
// addresses.
func keep(raw json.RawMessage) json.RawMessage {
	return rest.Redact(raw, "user", "download_url", "preview_url")
}

// localPhone writes a Brazilian number in the form of the samples, "(11) 90000-0000";
// others stay as they are (reference §7).
func localPhone(e164 string) string {
	n, ok := brazilian(e164)
	if !ok {
		return e164
	}
	return fmt.Sprintf("(%s) %s-%s", n[:2], n[2:len(n)-4], n[len(n)-4:])
}

// whatsApp writes a Brazilian number in the form of the samples, "+55 31 99999-9999".
func whatsApp(e164 string) string {
	n, ok := brazilian(e164)
	if !ok {
		return e164
	}
	return fmt.Sprintf("+55 %s %s-%s", n[:2], n[2:len(n)-4], n[len(n)-4:])
}

// brazilian is the area code and number of +55..., 10 or 11 digits.
func brazilian(e164 string) (string, bool) {
	n, ok := strings.CutPrefix(e164, "+55")
	return n, ok && (len(n) == 10 || len(n) == 11)
}

// digits keeps the digits of a phone number, so that two ways of writing it compare.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func formatID(id int64) string { return strconv.FormatInt(id, 10) }

// parseID reads a number that one of our own steps has recorded.
func parseID(s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("%q is not an id of contraktor", s)
	}
	return id, nil
}
