package certyneo

import (
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

// maxDocument is 50 MB (reference §3). Whether that is 50,000,000 bytes or 50 MiB is
// not said: the smaller is safe.
const maxDocument = 50_000_000

// base is the address that answers. The one that the vendor's OpenAPI document names
// leads to a 404 (reference §1).
const base = "https://certyneo.com/api/v1"

// Environments share one address: the key tells them apart (reference §12).
var Environments = rest.Environments{
	Sandbox:     base,
	Production:  base,
	SandboxNote: "nobody is mailed: CHANCELA_KEEP_LINKS=yes keeps the signing links, and chancela links CAMPAIGN prints them",
	KeyOf: func(key string) (production, shows bool) {
		live, test := strings.HasPrefix(key, "sk_live_"), strings.HasPrefix(key, "sk_test_")
		return live, live || test
	},
}

// Info tells what Certyneo can do.
func (p *Provider) Info() providers.Info {
	return providers.Info{
		Name:            Name,
		Simulated:       p.client.rest.Simulated(),
		Rate:            providers.Rate{Requests: 100, Per: time.Minute, Burst: 200}, // reference §11
		Bucket:          true,
		PollEvery:       30 * time.Second,
		SettleAll:       true,
		Deadlines:       true,
		MaxDocumentSize: maxDocument,
		DocumentTypes:   []string{providers.TypePDF, providers.TypePNG, providers.TypeJPEG, providers.TypeGIF, providers.TypeDOC, providers.TypeDOCX, providers.TypeODT}, // reference §3
		Templates:       true,
		TemplateNames:   true,
		Order:           true,
		// Invitations are said to go by e-mail or SMS (reference §4), but no field chooses
		// between them, and the e-mail is obligatory.
		Channels:       []string{providers.ChannelEmail},
		Auth:           []string{providers.ChannelEmail, providers.ChannelSMS},
		SignatureTypes: []string{providers.TypeElectronic, providers.TypeDigital, providers.TypeApprover, providers.TypeViewer},
		Artifacts:      []providers.Kind{providers.SignedDocument, providers.Dossier},
		Options:        optionHelp,

		UnsupportedColumns: []string{"company"},
	}
}

// Requests counts the requests of one envelope up to its archive: uploads, create, send,
// a share of the lists, two downloads.
func (p *Provider) Requests(e providers.Envelope) int {
	n := len(e.Documents) + 5
	for _, value := range []string{e.Template, e.Option(optWorkspace)} {
		if _, is := providers.ByName(value); is {
			n++
		}
	}
	return n
}

// Options that decide more than a member of the request.
const (
	optWorkspace    = "workspace"
	optSigningOrder = "signing_order"
)

var (
	levels     = []string{"SIMPLE", "ADVANCED", "QUALIFIED"}
	categories = []string{"CONTRACT", "AGREEMENT", "INVOICE", "LETTER", "QUOTE", "NDA", "HR", "LEGAL", "REPORT", "PROPOSAL", "OTHER"}
	placements = []string{"right", "below", "above", "left"}
)

var optionHelp = []providers.Option{
	{Name: "level", Values: levels, Help: "signature level: SIMPLE (default), ADVANCED (asks every signer for an SMS code) or QUALIFIED"},
	{Name: "sms_otp", Values: providers.TrueOrFalse, Help: "true: every signer confirms a code sent to their phone"},
	{Name: "locale", Help: "language of the invitations, such as fr or nl-BE; default: the account's"},
	{Name: "redirect_url", Help: "https address behind the button that signers see at the end"},
	{Name: "category", Values: categories, Help: "kind of document; default: guessed from the subject"},
	{Name: "tags", Help: "up to 10 tags of up to 40 characters, separated by commas"},
	{Name: "initials_on_every_page", Values: providers.TrueOrFalse, Help: "true: initials are stamped on each page"},
	{Name: optWorkspace, Help: "shared workspace that owns the envelope: its id, or name: and its name"},
	{Name: optSigningOrder, Values: []string{"array"}, Help: "array: rows with signerN.order are sent with their signers in that order. Certyneo says that an envelope may be sequential, and documents no field for it: try it on your account first. Without it, such rows are refused"},
	{Name: "anchor", Help: "text in the documents beside which people sign; {n} in it stands for the signer's number, without {n} the first signer takes the first occurrence, the second the second"},
	{Name: "anchor_placement", Values: placements, Help: "where the signature goes, seen from the anchor: right (default), below, above or left"},
	{Name: "anchor_index", Help: "occurrence of the anchor that the first signer takes, from 0 (default)"},
}
