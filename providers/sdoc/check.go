package sdoc

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/chancela/chancela/providers"
)

// Limits (reference §5). Sizes are characters.
const (
	maxFiles        = 10
	maxParticipants = 50
	// maxFile is 10 MB in the smaller of the two megabytes, of the file itself: whether
	// the page means the file or its base64 is not said (our choice).
	maxFile = 10_000_000

	minCallback, maxCallback = 5, 200
)

// The provider's options.
const (
	optOrganization = "organization"
	optFolder       = "folder"
	optSendEmail    = "send_email"
)

// Info tells what sDoc can do.
func (p *Provider) Info() providers.Info {
	return providers.Info{
		Name:      Name,
		Simulated: p.client.rest.Simulated(),
		// No limit is documented (reference §13): a pace that a web service bears (our choice).
		Rate:            providers.Rate{Requests: 10, Per: time.Second, Burst: 10},
		PollEvery:       time.Minute,
		SettleAll:       false, // there is no list (reference §9.5)
		MaxDocuments:    maxFiles,
		MaxDocumentSize: maxFile,
		Channels:        []string{providers.ChannelEmail},
		SignatureTypes:  []string{providers.TypeElectronic, providers.TypeDigital, providers.TypeApprover, providers.TypeViewer},
		Artifacts:       []providers.Kind{providers.SignedDocument},
		Unsent:          []string{"expires", "order"},
		Options: []providers.Option{
			{Name: optOrganization, Help: "account that gets the solicitation: its identifier (20 characters) or its name"},
			{Name: optFolder, Help: "folder of that account: its identifier (10 characters), its path such as Contracts/2026, or its name where only one has it"},
			{Name: optSendEmail, Help: "false: sDoc sends no e-mail to the signers (default true)"},
		},
	}
}

// Calls counts the requests of one envelope up to its archive.
func (p *Provider) Calls(e providers.Envelope) int {
	n := 2*len(e.Documents) + 1 // upload and download, solicitation
	if v := e.Option(optOrganization); v != "" && !isIdentifier(stepOrganization, v) {
		n++
	}
	if v := e.Option(optFolder); v != "" && !isIdentifier(stepFolder, v) {
		n++
	}
	if needsFinish(e) {
		n++
	}
	for _, s := range e.Signers {
		if signatureType(s) == typeElectronic {
			n++
		}
	}
	return n + 2 // one look, one list of artifacts
}

// Check refuses what sDoc would refuse or silently leave out.
func (p *Provider) Check(e providers.Envelope) error {
	var problems providers.Problems
	length(&problems, "subject", "a title", e.Subject, 5, 200)
	if e.Message != "" {
		length(&problems, "message", "a description", e.Message, 5, 400)
	}
	if e.Template != "" {
		problems.Add("template", "sdoc has no templates; give a document")
	}
	if len(e.Fields) > 0 {
		problems.Add("field", "sdoc has no template fields; leave the field columns out")
	}
	checkDocuments(e, &problems)
	checkOptions(e, &problems)
	checkSigners(e, &problems)
	if callback, err := p.callback(e.Key()); err != nil {
		problems.Add("id", "%v", err)
	} else if n := utf8.RuneCountInString(callback); callback != "" && (n < minCallback || n > maxCallback) {
		problems.Add("id", "the callback address with campaign and id has %d characters; sdoc takes %d to %d: shorten the id, the campaign's name or CHANCELA_SDOC_WEBHOOK_URL", n, minCallback, maxCallback)
	}
	return problems.Err()
}

func length(problems *providers.Problems, field, what, s string, least, most int) {
	if n := utf8.RuneCountInString(s); n < least || n > most {
		problems.Add(field, "has %d characters; sdoc takes %s of %d to %d", n, what, least, most)
	}
}

func checkDocuments(e providers.Envelope, problems *providers.Problems) {
	switch n := len(e.Documents); {
	case n == 0 && e.Template == "":
		problems.Add("document", "sdoc needs a document")
	case n > maxFiles:
		problems.Add("document", "has %d documents; sdoc takes at most %d", n, maxFiles)
	}
	for _, d := range e.Documents {
		if n := utf8.RuneCountInString(d.Name); n < 5 || n > 200 || path.Ext(d.Name) == "" || path.Ext(d.Name) == "." {
			problems.Add("document", "the file name %q must have an extension and 5 to 200 characters for sdoc", d.Name)
		}
		if d.Size > maxFile {
			problems.Add("document", "%s has %d bytes; sdoc takes at most 10 MB (%d bytes)", d.Name, d.Size, maxFile)
		}
		if n := utf8.RuneCountInString(d.Type); d.Type != "" && (n < 5 || n > 150) {
			problems.Add("document", "the type of %s has %d characters; sdoc takes 5 to 150", d.Name, n)
		}
	}
}

func checkOptions(e providers.Envelope, problems *providers.Problems) {
	for name, value := range e.Options[Name] {
		switch name {
		case optOrganization, optFolder:
		case optSendEmail:
			if !slices.Contains([]string{"", "true", "false"}, value) {
				problems.Add(Name+"."+name, "must be true or false")
			}
		default:
			problems.Add(Name+"."+name, "sdoc has no such option")
		}
	}
	if e.Option(optFolder) != "" && e.Option(optOrganization) == "" {
		problems.Add(Name+"."+optFolder, "a folder needs its account in sdoc.organization")
	}
}

func checkSigners(e providers.Envelope, problems *providers.Problems) {
	switch n := len(e.Signers); {
	case n == 0:
		problems.Add("signer1.name", "sdoc needs at least one signer")
	case n > maxParticipants:
		problems.Add("signer51.name", "sdoc takes at most %d participants, got %d", maxParticipants, n)
	}
	acting := len(e.Signers) == 0
	for i, s := range e.Signers {
		field := fmt.Sprintf("signer%d", i+1)
		checkSigner(field, s, problems)
		for j, other := range e.Signers[:i] {
			if s.Document != "" && s.Document == other.Document && strings.EqualFold(s.Email, other.Email) {
				problems.Add(field+".document", "is the same person as signer%d, who would be invited twice", j+1)
			}
		}
		acting = acting || s.Type != providers.TypeViewer
	}
	if !acting {
		problems.Add("signer1.type", "sdoc never completes an envelope of viewers only; at least one must sign or approve")
	}
}

func checkSigner(field string, s providers.Signer, problems *providers.Problems) {
	length(problems, field+".name", "a full name", s.Name, 10, 250)
	length(problems, field+".email", "an address", s.Email, 1, 150)
	if !providers.ValidTaxID(s.Document) {
		problems.Add(field+".document", "sdoc needs a CPF (11 digits) or CNPJ (14 characters)")
	}
	if s.Channel != "" && s.Channel != providers.ChannelEmail {
		problems.Add(field+".channel", "sdoc notifies by email only, not by %s", s.Channel)
	}
	if s.Auth != "" && s.Auth != providers.ChannelEmail {
		problems.Add(field+".auth", "sdoc has no authentication per signer; leave it empty")
	}
	if s.IDFront != nil || s.IDBack != nil || s.IDType != "" {
		problems.Add(field+".id_front", "sdoc takes no identity documents; leave id_front, id_back and id_type empty")
	}
	switch signatureType(s) {
	case 0:
		problems.Add(field+".type", "sdoc has electronic, digital, approver and viewer, not %s", s.Type)
	case typeElectronic:
		if s.Stamp == nil {
			problems.Add(field+".stamp", "sdoc needs the place of an electronic signature: page,x,y,width,height")
		} else if s.Stamp.Page < 1 || s.Stamp.Width <= 0 || s.Stamp.Height <= 0 {
			problems.Add(field+".stamp", "sdoc needs a page from 1, and a width and height above 0")
		}
	}
}

// signatureType is the number of a signer's type, 0 for one that sDoc has not. Where
// none is given, a stamp means electronic, and its absence digital: an electronic
// signature cannot do without one (our choice).
func signatureType(s providers.Signer) int {
	usual := providers.TypeDigital
	if s.Stamp != nil {
		usual = providers.TypeElectronic
	}
	return map[string]int{
		providers.TypeDigital:    typeDigital,
		providers.TypeElectronic: typeElectronic,
		providers.TypeApprover:   typeApprover,
		providers.TypeViewer:     typeViewer,
	}[cmp.Or(s.Type, usual)]
}
