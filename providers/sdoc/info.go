package sdoc

import (
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/rest"
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

// setTokenLife is how long a temporary identifier is taken to live when nobody uses it,
// which is not documented (reference §13).
const (
	setTokenLife   = "TOKEN_LIFE"
	usualTokenLife = 10 * time.Minute
)

// Own are the settings that only sDoc has.
var Own = []rest.Setting{{Name: setTokenLife}}

// Environments has the only one that is documented (reference §2).
var Environments = rest.Environments{
	Production: "https://sdocs.safeweb.com.br/api/integration/v1",
	Hosts:      map[string]bool{"sdocs.safeweb.com.br": true},
}

// Info tells what sDoc can do.
func (p *Provider) Info() providers.Info {
	return providers.Info{
		Name:      Name,
		Simulated: p.client.rest.Simulated(),
		// No limit is documented (reference §13): a pace that a web service bears (our choice).
		Rate:               providers.Rate{Requests: 10, Per: time.Second, Burst: 10},
		PollEvery:          time.Minute,
		SettleAll:          false, // there is no list (reference §9.5)
		TokenLife:          p.tokenLife,
		MaxDocuments:       maxFiles,
		MaxDocumentSize:    maxFile,
		Channels:           []string{providers.ChannelEmail},
		SignatureTypes:     []string{providers.TypeElectronic, providers.TypeDigital, providers.TypeApprover, providers.TypeViewer},
		Artifacts:          []providers.Kind{providers.SignedDocument},
		UnsupportedColumns: []string{"order", "company", "date", "text", "checkbox"},
		Options: []providers.Option{
			{Name: optOrganization, Help: "account that gets the solicitation: its identifier (20 characters) or its name"},
			{Name: optFolder, Help: "folder of that account: its identifier (10 characters), its path such as Contracts/2026, or its name where only one has it"},
			{Name: optSendEmail, Values: providers.TrueOrFalse, Help: "false: sDoc sends no e-mail to the signers (default true)"},
		},
	}
}

// Notes says when sDoc tells nobody: it mails only when it is asked to (reference §8.3).
func (p *Provider) Notes(e providers.Envelope) []lang.Text {
	if e.NoFlag(optSendEmail) {
		return []lang.Text{lang.Of("sdoc.send_email is false: sDoc tells nobody, and shows no link to pass on; tell the signers to look into sDoc's portal")}
	}
	return nil
}

// Requests counts the requests of one envelope up to its archive.
func (p *Provider) Requests(e providers.Envelope) int {
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
