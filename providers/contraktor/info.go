package contraktor

import (
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

// maxFile is 50 MB (reference §4), counted in the smaller of the two megabytes: the
// page does not say which is meant.
const maxFile = 50_000_000

// Environments are the two (reference §1). Tokens do not fit both.
var Environments = rest.Environments{
	Sandbox:    "https://api-sandbox.contraktor.com.br/api",
	Production: "https://api-v3.contraktor.com.br/api",
	Hosts:      map[string]bool{"api-sandbox.contraktor.com.br": false, "api-v3.contraktor.com.br": true},
}

// documentTypes are the four types of upload (reference §4).
var documentTypes = []string{providers.TypePDF, providers.TypeDOCX, providers.TypeDOC, providers.TypePNG}

// The provider's options.
const (
	optWorkflowID      = "workflow_id"
	optWorkflow        = "workflow"
	optCompanyName     = "company_name"
	optCompanyDocument = "company_document"
	optAttachments     = "attachments"
	optFindParties     = "find_parties"
	optTags            = "tags"
	optBeginDate       = "begin_date"
	optEndDate         = "end_date"
	optDueNotice       = "due_notice"
)

// Info tells what Contraktor can do.
func (p *Provider) Info() providers.Info {
	return providers.Info{
		Name:      Name,
		Simulated: p.client.rest.Simulated(),
		// No limit is documented (reference §14): a pace that a web service bears (our choice).
		Rate:               providers.Rate{Requests: 10, Per: time.Second, Burst: 10},
		PollEvery:          time.Minute,
		SettleAll:          true,
		MaxDocuments:       1,
		MaxDocumentSize:    maxFile,
		DocumentTypes:      documentTypes,
		Templates:          true,
		TemplateNames:      true,
		Order:              true,
		Channels:           []string{providers.ChannelEmail, providers.ChannelWhatsApp},
		SignatureTypes:     []string{providers.TypeElectronic, providers.TypeDigital},
		Artifacts:          []providers.Kind{providers.SignedDocument, providers.Dossier, providers.Package},
		UnsupportedColumns: []string{"message", "stamp", "date", "text", "checkbox"},
		Options: []providers.Option{
			{Name: optWorkflowID, Help: "id of the workflow (group) that owns the contract"},
			{Name: optWorkflow, Help: "name of the workflow, when its id is not at hand"},
			{Name: optCompanyName, Help: "corporate name of the company that the signers without a signerN.company represent"},
			{Name: optCompanyDocument, Help: "CNPJ of that company"},
			{Name: optAttachments, Values: providers.TrueOrFalse, Help: "true: further documents become attachments that are merged into the signed file (not in the official documentation)"},
			{Name: optFindParties, Values: providers.TrueOrFalse, Help: "false: make the people and companies anew instead of looking for them first"},
			{Name: optTags, Help: "the contract's tags, separated by commas"},
			{Name: optBeginDate, Help: "first day of the contract, such as 2026-12-31"},
			{Name: optEndDate, Help: "last day of the contract"},
			{Name: optDueNotice, Help: "days of warning before the contract's last day; the service's own default is 60"},
		},
	}
}

// Requests counts the requests of one envelope up to its archive.
func (p *Provider) Requests(e providers.Envelope) int {
	perParty := 2 // POST parties, POST shares
	if findParties(e) {
		perParty++
	}
	n := len(e.Documents) + 1 + perParty*len(e.Signers) + 1 // files, contract, people, proof
	if len(e.Documents) > 1 {
		n += 2 * (len(e.Documents) - 1)
	}
	if e.Option(optWorkflow) != "" {
		n++
	}
	if _, dated := readDates(e, new(providers.Problems)); dated {
		n++
	}
	n += (perParty - 1) * companies(e)
	if _, is := providers.ByName(e.Template); is {
		n++
	}
	return n + 2 // one look, one list of artifacts
}

func findParties(e providers.Envelope) bool { return !e.NoFlag(optFindParties) }
