package catalisa

import (
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

// Limits (reference §7.1, §7.7). Sizes are characters.
const (
	maxTitle   = 255
	maxMessage = 2000
	maxName    = 255
	maxDays    = 365

	addressLifetime = 15 * time.Minute
)

// The provider's options.
const (
	optConfigID = "config_id"
	optStorage  = "storage"

	optBusinessID = "business_id"
	optOrigin     = "origin"
	optSignerID   = "signer_id"
)

// The values of the options about widgets.
const (
	originBottom = "bottom"
	originTop    = "top"

	signerByEmail = "email"
	signerByOrder = "order"
)

// Environments: the production address of e-signature is not documented (reference §2).
var Environments = rest.Environments{
	Sandbox: "https://e-signature.stg.catalisa.app",
	Hosts:   map[string]bool{".stg.catalisa.app": false, ".catalisa.app": true},
}

// Info tells what Catalisa can do.
func (p *Provider) Info() providers.Info {
	return providers.Info{
		Name:      Name,
		Inline:    true,
		Simulated: p.client.sign.Simulated(),
		// No limit is documented (reference §4.3): a pace that a web service bears (our choice).
		Rate:            providers.Rate{Requests: 10, Per: time.Second, Burst: 10},
		PollEvery:       time.Minute,
		SettleAll:       true,
		Deadlines:       true,
		MaxDocuments:    1,
		DocumentTypes:   []string{providers.TypePDF}, // which ones may be signed is not documented; all samples are PDF (our choice)
		Templates:       true,
		TemplateFields:  true,
		Order:           true,
		Channels:        []string{providers.ChannelEmail},
		SignatureTypes:  []string{providers.TypeElectronic},
		Artifacts:       []providers.Kind{providers.SignedDocument},
		LooksTellLinks:  true,
		AddressLifetime: addressLifetime,

		UnsupportedColumns: []string{"company"},
		Options: []providers.Option{
			{Name: optConfigID, Help: "provider configuration to sign with (a UUID); the organization's default when left out"},
			{Name: optBusinessID, Help: "an id of your own, at most 60 characters: the request's businessId begins with it, and chancela's key follows, by which an interrupted invitation is found again"},
			{Name: optOrigin, Values: []string{originBottom, originTop}, Help: "from where Catalisa counts y of a signature or field: bottom (default; as the row does) or top. It is not documented: look at the first row, and change it where the places are upside down"},
			{Name: optSignerID, Values: []string{signerByEmail, signerByOrder}, Help: "what is sent as signerId of a signature or field: the signer's e-mail, or the number in the row. What Catalisa takes is not documented; without it none is sent, and the fields stand in the signers' order"},
			{Name: optStorage, Values: providers.TrueOrFalse, Help: "true: the document goes through File Storage; false: inside the request; default: by its size, when CHANCELA_CATALISA_FILES_URL is set"},
		},
	}
}

// Requests counts the requests of one envelope up to its archive.
func (p *Provider) Requests(e providers.Envelope) int {
	n := 3 // create, one look, download
	if len(e.Documents) > 0 && p.stored(e) {
		n += 2
	}
	return n
}

// inlineMost is the largest document, in bytes, that goes inside the request where File
// Storage could be used. A choice: no limit is documented, and the inviting request
// should be short.
const inlineMost = 1 << 20

// stored tells whether an envelope's document goes through File Storage.
func (p *Provider) stored(e providers.Envelope) bool {
	if p.client.files == nil || e.NoFlag(optStorage) {
		return false
	}
	return e.Flag(optStorage) || e.Documents[0].Size > inlineMost
}
