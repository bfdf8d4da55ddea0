package catalisa

import (
	"fmt"
	"net/mail"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/chancela/chancela/providers"
)

// Limits (reference §7.1, §7.7). Sizes are characters.
const (
	maxTitle   = 255
	maxMessage = 2000
	maxName    = 255
	maxDays    = 365

	pdfType         = "application/pdf"
	addressLifetime = 15 * time.Minute
)

// The provider's options.
const (
	optConfigID = "config_id"
	optStorage  = "storage"
)

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// Info tells what Catalisa can do.
func (p *Provider) Info() providers.Info {
	return providers.Info{
		Name:      Name,
		Simulated: p.client.sign.Simulated(),
		// No limit is documented (reference §4.3): a pace that a web service bears (our choice).
		Rate:            providers.Rate{Requests: 10, Per: time.Second, Burst: 10},
		PollEvery:       time.Minute,
		SettleAll:       true,
		MaxDocuments:    1,
		DocumentTypes:   []string{pdfType}, // which ones may be signed is not documented; all samples are PDF (our choice)
		Templates:       true,
		Order:           true,
		Channels:        []string{providers.ChannelEmail},
		SignatureTypes:  []string{providers.TypeElectronic},
		Artifacts:       []providers.Kind{providers.SignedDocument},
		AddressLifetime: addressLifetime,
		Options: []providers.Option{
			{Name: optConfigID, Help: "provider configuration to sign with (a UUID); the organization's default when left out"},
			{Name: optStorage, Help: "true: the document goes through File Storage; false: inside the request; default: by its size, when CHANCELA_CATALISA_FILES_URL is set"},
		},
	}
}

// Calls counts the requests of one envelope up to its archive.
func (p *Provider) Calls(e providers.Envelope) int {
	n := 3 // create, one look, download
	if len(e.Documents) > 0 && p.stored(e) {
		n += 2
	}
	return n
}

// Check refuses what Catalisa would refuse or silently leave out.
func (p *Provider) Check(e providers.Envelope) error {
	var problems providers.Problems
	if strings.TrimSpace(e.Subject) == "" {
		problems.Add("subject", "catalisa needs a title")
	}
	most(&problems, "subject", e.Subject, maxTitle)
	most(&problems, "message", e.Message, maxMessage)
	if now := time.Now(); !e.Expires.IsZero() {
		if n := daysLeft(e.Expires, now, now); n < 1 || n > maxDays {
			problems.Add("expires", "is %d days away; catalisa takes 1 to %d", n, maxDays)
		}
	}
	p.checkDocuments(e, &problems)
	p.checkOptions(e, &problems)
	if len(e.Signers) == 0 {
		problems.Add("signer1.name", "catalisa needs at least one signer")
	}
	for i, s := range e.Signers {
		field := fmt.Sprintf("signer%d", i+1)
		checkSigner(field, s, &problems)
		for j, other := range e.Signers[:i] {
			if s.Email != "" && strings.EqualFold(s.Email, other.Email) && strings.EqualFold(s.Name, other.Name) {
				problems.Add(field+".email", "is the same person as signer%d, who would be invited twice", j+1)
			}
		}
	}
	return problems.Err()
}

func most(problems *providers.Problems, field, s string, limit int) {
	if n := utf8.RuneCountInString(s); n > limit {
		problems.Add(field, "has %d characters; catalisa takes at most %d", n, limit)
	}
}

func (p *Provider) checkDocuments(e providers.Envelope, problems *providers.Problems) {
	if e.Template != "" {
		if len(e.Documents) > 0 {
			problems.Add("document", "catalisa takes a document or a template, not both")
		}
		for i, s := range e.Signers {
			if s.Stamp != nil {
				problems.Add(fmt.Sprintf("signer%d.stamp", i+1), "catalisa's templates place the signatures; leave it empty")
			}
		}
		return
	}
	if len(e.Fields) > 0 {
		problems.Add("field", "field columns belong to a template; give one or leave them out")
	}
	if n := len(e.Documents); n != 1 {
		problems.Add("document", "catalisa takes 1 document or a template, got %d documents", n)
	}
	for _, d := range e.Documents {
		if d.Type != "" && d.Type != pdfType || d.Type == "" && !strings.EqualFold(path.Ext(d.Name), ".pdf") {
			problems.Add("document", "%s is not a PDF, the type that catalisa takes", d.Name)
		}
	}
}

func (p *Provider) checkOptions(e providers.Envelope, problems *providers.Problems) {
	for name, value := range e.Options[Name] {
		field := Name + "." + name
		switch name {
		case optConfigID:
			if value != "" && !uuid.MatchString(value) {
				problems.Add(field, "must be a UUID")
			}
		case optStorage:
			if !slices.Contains([]string{"", "true", "false"}, value) {
				problems.Add(field, "must be true or false")
			} else if value == "true" && p.client.files == nil {
				problems.Add(field, "needs the address of File Storage in CHANCELA_CATALISA_FILES_URL")
			}
		default:
			problems.Add(field, "catalisa has no such option")
		}
	}
}

func checkSigner(field string, s providers.Signer, problems *providers.Problems) {
	if strings.TrimSpace(s.Name) == "" {
		problems.Add(field+".name", "catalisa needs the signer's name")
	}
	most(problems, field+".name", s.Name, maxName)
	if a, err := mail.ParseAddress(s.Email); err != nil || a.Address != s.Email {
		problems.Add(field+".email", "catalisa needs a valid e-mail address")
	} else {
		most(problems, field+".email", s.Email, maxName)
	}
	if s.Channel != "" && s.Channel != providers.ChannelEmail {
		problems.Add(field+".channel", "catalisa notifies by email only, not by %s", s.Channel)
	}
	if s.Type != "" && s.Type != providers.TypeElectronic {
		problems.Add(field+".type", "catalisa has electronic signatures only, not %s", s.Type)
	}
	if s.Auth != "" && s.Auth != providers.ChannelEmail {
		problems.Add(field+".auth", "catalisa has no authentication per signer; leave it empty")
	}
	if s.IDFront != nil || s.IDBack != nil || s.IDType != "" {
		problems.Add(field+".id_front", "catalisa takes no identity documents; leave id_front, id_back and id_type empty")
	}
	if s.Stamp != nil && s.Stamp.Page < 1 {
		problems.Add(field+".stamp", "pages count from 1")
	}
}

// daysLeft is the number of days from today to the last day on which the envelope may
// be signed, both in UTC: a request expires that many times 24 hours after it was made
// (reference §7.1).
func daysLeft(x providers.Expiry, accepted, now time.Time) int {
	today := now.UTC().Truncate(24 * time.Hour)
	return int(x.On(accepted).Sub(today) / (24 * time.Hour))
}

// inlineMost is the largest document, in bytes, that goes inside the request where File
// Storage could be used. A choice: no limit is documented, and the inviting request
// should be short.
const inlineMost = 1 << 20

// stored tells whether an envelope's document goes through File Storage.
func (p *Provider) stored(e providers.Envelope) bool {
	if p.client.files == nil || e.Option(optStorage) == "false" {
		return false
	}
	return e.Option(optStorage) == "true" || e.Documents[0].Size > inlineMost
}
