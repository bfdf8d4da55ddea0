package contraktor

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
)

// maxFile is 50 MB (reference §4), counted in the smaller of the two megabytes: the
// page does not say which is meant.
const maxFile = 50_000_000

// fileTypes are the four types of upload, by the ending of the name (reference §4).
var fileTypes = map[string]string{
	".pdf":  "application/pdf",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".doc":  "application/msword",
	".png":  "image/png",
}

// The provider's options.
const (
	optWorkflowID      = "workflow_id"
	optWorkflow        = "workflow"
	optCompanyName     = "company_name"
	optCompanyDocument = "company_document"
	optAttachments     = "attachments"
	optFindParties     = "find_parties"
)

// Info tells what Contraktor can do.
func (p *Provider) Info() providers.Info {
	return providers.Info{
		Name:      Name,
		Simulated: p.client.rest.Simulated(),
		// No limit is documented (reference §14): a pace that a web service bears (our choice).
		Rate:            providers.Rate{Requests: 10, Per: time.Second, Burst: 10},
		PollEvery:       time.Minute,
		SettleAll:       true,
		MaxDocuments:    1,
		MaxDocumentSize: maxFile,
		DocumentTypes:   []string{fileTypes[".pdf"], fileTypes[".docx"], fileTypes[".doc"], fileTypes[".png"]},
		Templates:       true,
		Order:           true,
		Channels:        []string{providers.ChannelEmail, providers.ChannelWhatsApp},
		SignatureTypes:  []string{providers.TypeElectronic, providers.TypeDigital},
		Artifacts:       []providers.Kind{providers.SignedDocument, providers.Dossier, providers.Package},
		Unsent:          []string{"message", "expires", "stamp"},
		Options: []providers.Option{
			{Name: optWorkflowID, Help: "id of the workflow (group) that owns the contract"},
			{Name: optWorkflow, Help: "name of the workflow, when its id is not at hand"},
			{Name: optCompanyName, Help: "corporate name of the company that the signers represent"},
			{Name: optCompanyDocument, Help: "CNPJ of that company"},
			{Name: optAttachments, Help: "true: further documents become attachments that are merged into the signed file (not in the official documentation)"},
			{Name: optFindParties, Help: "false: make the people and companies anew instead of looking for them first"},
		},
	}
}

// Calls counts the requests of one envelope up to its archive.
func (p *Provider) Calls(e providers.Envelope) int {
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
	if e.Option(optCompanyName) != "" {
		n += perParty - 1
	}
	return n + 2 // one look, one list of artifacts
}

func findParties(e providers.Envelope) bool { return e.Option(optFindParties) != "false" }

// Check refuses what Contraktor would refuse or silently leave out.
func (p *Provider) Check(e providers.Envelope) error {
	var problems providers.Problems
	if strings.TrimSpace(e.Subject) == "" {
		problems.Add("subject", "contraktor needs a title")
	}
	checkDocuments(e, &problems)
	checkOptions(e, &problems)
	if len(e.Signers) == 0 {
		problems.Add("signer1.name", "contraktor needs at least one signer")
	}
	for i, s := range e.Signers {
		field := fmt.Sprintf("signer%d", i+1)
		checkSigner(field, s, &problems)
		for j, other := range e.Signers[:i] {
			if samePerson(s, other) {
				problems.Add(field+".name", "is the same person as signer%d, who would be invited twice", j+1)
			}
		}
	}
	if _, err := engine(e.Signers); err != nil {
		problems.Add("signer1.type", "%v", err)
	}
	if _, err := ordered(e.Signers); err != nil {
		problems.Add("signer1.order", "%v", err)
	}
	return problems.Err()
}

func checkDocuments(e providers.Envelope, problems *providers.Problems) {
	if e.Template != "" {
		if _, err := parseID(e.Template); err != nil {
			problems.Add("template", "contraktor's template ids are numbers")
		}
		if len(e.Documents) > 0 {
			problems.Add("document", "contraktor takes a document or a template, not both")
		}
	} else if len(e.Documents) == 0 {
		problems.Add("document", "contraktor needs a document or a template")
	}
	if len(e.Fields) > 0 {
		problems.Add("field", "contraktor documents no way to fill a template's fields; leave the field columns out")
	}
	if len(e.Documents) > 1 && e.Option(optAttachments) != "true" {
		problems.Add("document", "contraktor takes 1 document per contract, got %d; contraktor.attachments=true merges the others into it by calls that are not in its official documentation", len(e.Documents))
	}
	for _, d := range e.Documents {
		if d.Size > maxFile {
			problems.Add("document", "%s has %d bytes; contraktor takes at most 50 MB (%d bytes)", d.Name, d.Size, maxFile)
		}
		if d.Type == "" && fileTypes[strings.ToLower(path.Ext(d.Name))] == "" || d.Type != "" && !known(d.Type) {
			problems.Add("document", "%s is not a PDF, DOCX, DOC or PNG file, the types that contraktor takes", d.Name)
		}
	}
}

func known(mime string) bool {
	for _, t := range fileTypes {
		if t == mime {
			return true
		}
	}
	return false
}

func checkOptions(e providers.Envelope, problems *providers.Problems) {
	for name, value := range e.Options[Name] {
		field := Name + "." + name
		switch name {
		case optWorkflowID:
			if _, err := parseID(value); err != nil && value != "" {
				problems.Add(field, "contraktor's workflow ids are numbers")
			}
		case optWorkflow, optCompanyName:
		case optCompanyDocument:
			if id, err := providers.ParseTaxID(value); value != "" && err != nil {
				problems.Add(field, "must be a CNPJ: %v", err)
			} else if value != "" && len(id) != 14 {
				problems.Add(field, "must be a CNPJ")
			}
		case optAttachments, optFindParties:
			if !slices.Contains([]string{"", "true", "false"}, value) {
				problems.Add(field, "must be true or false")
			}
		default:
			problems.Add(field, "contraktor has no such option")
		}
	}
	if e.Option(optWorkflowID) != "" && e.Option(optWorkflow) != "" {
		problems.Add(Name+"."+optWorkflow, "give contraktor.workflow_id or contraktor.workflow, not both")
	}
	if (e.Option(optCompanyName) == "") != (e.Option(optCompanyDocument) == "") {
		problems.Add(Name+"."+optCompanyName, "contraktor.company_name and contraktor.company_document belong together")
	}
}

// samePerson tells whether two signers would become one party: see [partyFields.fits].
func samePerson(a, b providers.Signer) bool {
	return person(a).fits(party{Name: b.Name, Email: b.Email, Document: b.Document, WhatsApp: person(b).WhatsApp})
}

func checkSigner(field string, s providers.Signer, problems *providers.Problems) {
	if strings.TrimSpace(s.Name) == "" {
		problems.Add(field+".name", "contraktor needs the signer's name")
	}
	switch s.Channel {
	case "", providers.ChannelEmail:
		if s.Email == "" {
			problems.Add(field+".email", "contraktor notifies this signer by e-mail and needs the address")
		}
	case providers.ChannelWhatsApp:
		if s.Phone == "" {
			problems.Add(field+".phone", "contraktor notifies this signer by WhatsApp and needs the number")
		}
	default:
		problems.Add(field+".channel", "contraktor notifies by email or whatsapp, not by %s", s.Channel)
	}
	if s.IsCompany() {
		problems.Add(field+".document", "contraktor's signers are people with a CPF; name the company that they represent in contraktor.company_name and contraktor.company_document")
	}
	switch s.Type {
	case "", providers.TypeElectronic, providers.TypeDigital:
	default:
		problems.Add(field+".type", "contraktor has electronic and digital signatures, not %s", s.Type)
	}
	if s.Auth != "" && s.Auth != providers.ChannelEmail {
		problems.Add(field+".auth", "contraktor sets the signers' authentication per account, not per signer; leave it empty")
	}
	if s.IDFront != nil || s.IDBack != nil || s.IDType != "" {
		problems.Add(field+".id_front", "contraktor takes no identity documents; leave id_front, id_back and id_type empty")
	}
}
