package contraktor

import (
	"fmt"

	"github.com/chancela/chancela/providers"
)

// Check refuses what Contraktor would refuse or silently leave out.
func (p *Provider) Check(e providers.Envelope) error {
	info := p.Info()
	info.MaxDocuments = 0 // an option raises it
	problems := info.Check(e)
	if n := len(e.Documents); n > 1 && !e.Flag(optAttachments) {
		problems.Add("document", "contraktor takes 1 document per contract, got %d; contraktor.attachments=true merges the others into it by calls that are not in its official documentation", n)
	}
	if _, named := providers.ByName(e.Template); e.Template != "" && !named {
		if _, err := parseID(e.Template); err != nil {
			problems.Add("template", "contraktor's template ids are numbers; by its title a template is given as name:TITLE")
		}
	}
	checkOptions(e, &problems)
	readDates(e, &problems)
	for i, s := range e.Signers {
		field := fmt.Sprintf("signer%d", i+1)
		if s.IsCompany() {
			problems.Add(field+".document", "contraktor's signers are people with a CPF; name the company that they represent in contraktor.company_name and contraktor.company_document")
		}
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

func checkOptions(e providers.Envelope, problems *providers.Problems) {
	if id := e.Option(optWorkflowID); id != "" {
		if _, err := parseID(id); err != nil {
			problems.Add(Name+"."+optWorkflowID, "contraktor's workflow ids are numbers")
		}
	}
	if value := e.Option(optCompanyDocument); value != "" {
		if id, err := providers.ParseTaxID(value); err != nil {
			problems.Add(Name+"."+optCompanyDocument, "must be a CNPJ: %v", err)
		} else if len(id) != 14 {
			problems.Add(Name+"."+optCompanyDocument, "must be a CNPJ")
		}
	}
	if e.Option(optWorkflowID) != "" && e.Option(optWorkflow) != "" {
		problems.Add(Name+"."+optWorkflow, "give contraktor.workflow_id or contraktor.workflow, not both")
	}
	if (e.Option(optCompanyName) == "") != (e.Option(optCompanyDocument) == "") {
		problems.Add(Name+"."+optCompanyName, "contraktor.company_name and contraktor.company_document belong together")
	}
}

// samePerson tells whether two signers are one, by the rules of [partyFields.fits], and by
// whatever channel each is to be told. A phone tells apart only those of whom neither an
// address nor a tax id is known.
func samePerson(a, b providers.Signer) bool {
	f := person(a)
	if f.Email != "" || f.Document != "" {
		f.WhatsApp = ""
	}
	return f.fits(party{Name: b.Name, Email: b.Email, Document: b.Document, WhatsApp: person(b).WhatsApp})
}
