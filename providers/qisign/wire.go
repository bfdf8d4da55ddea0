package qisign

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

// envelopeOut is the body of POST /sign/envelope (reference §A4).
type envelopeOut struct {
	ID             string      `json:"id"`
	Subject        string      `json:"subject"`
	ExpirationDate string      `json:"expiration_date"` // YYYY-MM-DD
	Signers        []signerOut `json:"signers"`
}

// signerOut is one signer as we create it: all obligatory, but e-mail or phone may be
// missing (reference §A4).
type signerOut struct {
	ID             string `json:"id"`
	Name           string `json:"name"`
	Email          string `json:"email,omitempty"`
	Birthdate      string `json:"birthdate"`
	DocumentNumber string `json:"document_number"` // CPF as 000.000.000-00
	Phone          *phone `json:"phone,omitempty"`
	DocumentMethod string `json:"document_submission_method"`
	AuthMethod     string `json:"authentication_submission_method"`
}

// phone is a number in three strings of digits.
type phone struct {
	InternationalDialCode string `json:"international_dial_code"`
	AreaCode              string `json:"area_code"`
	Number                string `json:"number"`
}

// documentOut is the body of POST …/document; the base64 takes the marker's place.
type documentOut struct {
	ID           string `json:"id"`
	DocumentB64  string `json:"document_b64"`
	Name         string `json:"name"`
	DocumentType string `json:"document_type"`
}

// personalOut is the body of POST …/personal_document.
type personalOut struct {
	DocumentB64 string `json:"document_b64"`
	Template    string `json:"template"`
	FileType    string `json:"file_type"`
}

// statusBody asks for a new status, and answers with it.
type statusBody struct {
	Status string `json:"status"`
}

// secretFields let their holder sign in somebody's name.
var secretFields = []string{"signature_url"}

// envelope is what GET /sign/envelope/{id} answers. The field table puts the documents
// on the envelope, the sample inside each signer (reference §A4).
type envelope struct {
	Status    string        `json:"status"`
	Signers   []signer      `json:"signers"`
	Documents []documentRef `json:"documents"`
}

type signer struct {
	ID             string        `json:"id"`
	Name           string        `json:"name"`
	Email          string        `json:"email"`
	DocumentNumber string        `json:"document_number"`
	Status         string        `json:"status"`
	SignedAt       rest.Moment   `json:"signed_at"`
	Documents      []documentRef `json:"documents"`

	SignatureURL providers.LinkText `json:"signature_url"`
}

type documentRef struct {
	ID string `json:"id"`
}

// allDocuments are the ids of the envelope's documents, each once.
func (e envelope) allDocuments() []string {
	var ids []string
	add := func(documents []documentRef) {
		for _, d := range documents {
			if d.ID != "" && !slices.Contains(ids, d.ID) {
				ids = append(ids, d.ID)
			}
		}
	}
	add(e.Documents)
	for _, s := range e.Signers {
		add(s.Documents)
	}
	return ids
}

// envelopeReport is what GET …/report answers (reference §A8).
type envelopeReport struct {
	Status    string `json:"status"`
	Documents []struct {
		ID  string `json:"id"`
		URL string `json:"url"`
	} `json:"documents_reports"`
}

// The status of a report that is ready. The other is "unavailable".
const reportAvailable = "available"

// state puts an envelope's status (reference §A5) into chancela's words. An unknown one
// is taken for one on the way: the next look may know better.
func state(status string) providers.State {
	switch strings.ToLower(status) {
	case "created":
		return providers.Draft
	case "completed":
		return providers.Completed
	case "canceled":
		return providers.Canceled
	case "expired":
		return providers.Expired
	}
	return providers.Pending // submitted
}

// signerState reads one signer. Only "signed" is documented (reference §A5); the words
// for a refusal are those of the same engine elsewhere (our choice).
func signerState(s signer) string {
	switch strings.ToLower(s.Status) {
	case "signed":
		return providers.SignerSigned
	case "signature_rejected", "rejected":
		return providers.SignerDeclined
	}
	return providers.SignerPending
}

// defaultDays is the expiry of an envelope for which the user set none: QI Sign asks
// for one (our choice).
const defaultDays = 30

// brasilia is whose days QI Sign counts (reference §A4): without summer time since 2019.
var brasilia = time.FixedZone("-03", -3*60*60)

// lastDay is the day on which an envelope that is made now ends.
//
// The user's date goes out as it is. One sample of the manual reads as if the envelope died
// at the end of the eve, in Brasília (reference §A4); whether that is a rule is not said, and
// a day more than asked for would be worse than one less. Only an envelope for today gets the
// day that it would not have (our choices).
func lastDay(job *providers.Job) time.Time {
	today := date(job.Now().In(brasilia))
	ends := job.Ends()
	if ends.IsZero() {
		return today.AddDate(0, 0, defaultDays)
	}
	if day := date(ends.AddDate(0, 0, -1)); day.After(today) {
		return day
	}
	return today.AddDate(0, 0, 1)
}

func date(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// newEnvelope is the envelope as POST /sign/envelope wants it.
func newEnvelope(job *providers.Job, id string) envelopeOut {
	e := envelopeOut{ID: id, Subject: job.Envelope.Subject, ExpirationDate: lastDay(job).Format(time.DateOnly)}
	for i, s := range job.Envelope.Signers {
		number, _ := splitPhone(s.Phone) // Check has read it
		e.Signers = append(e.Signers, signerOut{
			ID: signerID(i), Name: s.Name, Email: s.Email, Birthdate: s.Birthdate,
			DocumentNumber: providers.FormatTaxID(s.Document), Phone: number,
			DocumentMethod: method(s.Channel, s), AuthMethod: method(s.Auth, s),
		})
	}
	return e
}

// method is how something reaches the signer when the user does not say: by e-mail
// where there is one, else by SMS, which needs no account anywhere (our choice).
func method(asked string, s providers.Signer) string {
	switch {
	case asked != "":
		return asked
	case s.Email != "":
		return providers.ChannelEmail
	}
	return providers.ChannelSMS
}

// splitPhone takes an E.164 number apart; nil for none. Brazilian area codes have two
// digits; those of other countries are found by their numbering plans.
func splitPhone(e164 string) (*phone, error) {
	if e164 == "" {
		return nil, nil
	}
	n, err := phonenumbers.Parse(e164, "")
	if err != nil || !phonenumbers.IsPossibleNumber(n) || phonenumbers.Format(n, phonenumbers.E164) != e164 {
		return nil, errors.New("is not a number such as +5511988878722")
	}
	national := phonenumbers.GetNationalSignificantNumber(n)
	area := phonenumbers.GetLengthOfNationalDestinationCode(n)
	if n.GetCountryCode() == 55 {
		area = 2
	}
	if area < 1 || area >= len(national) {
		return nil, errors.New("has no area code; QI Sign needs one")
	}
	return &phone{strconv.Itoa(int(n.GetCountryCode())), national[:area], national[area:]}, nil
}
