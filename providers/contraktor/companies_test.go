package contraktor

import (
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

// Each signer may sign for a company of its own; one company is one party.
func TestACompanyForEachSigner(t *testing.T) {
	env := lease()
	env.Signers = append(env.Signers, providers.Signer{Name: "Caio Exemplo", Email: "caio@example.com"}, providers.Signer{Name: "Davi Amostra", Email: "davi@example.com"})
	env.Signers[0].Company, env.Signers[0].CompanyDocument = "Prova Ltda", "11222333000181"
	env.Signers[2].Company, env.Signers[2].CompanyDocument = "Prova Ltda", "11222333000181"
	env.Signers[3].Company, env.Signers[3].CompanyDocument = "Outra SA", "00000000000191"
	env.Options[Name] = map[string]string{"find_parties": "false"}
	s := newServer(t, sending())
	p := newProvider(t, s)
	if err := p.Check(env); err != nil {
		t.Fatal(err)
	}
	job := newJob(env, nil)
	for range 2 {
		if err := p.Prepare(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
	parties := s.Bodies("POST /parties")
	if len(parties) != 6 {
		t.Fatalf("%d parties", len(parties))
	}
	fake.SameJSON(t, parties[0], `{"party":{"person_type":"pj","name":"Prova Ltda","document":"11.222.333/0001-81"}}`)
	fake.SameJSON(t, parties[1], `{"party":{"person_type":"pj","name":"Outra SA","document":"00.000.000/0001-91"}}`)
	shares := s.Bodies("POST /contracts/90001/shares")
	fake.SameJSON(t, shares[0], `{"sharing":{"qualification":"Contratante","party_id":3003,"company_id":3001,"notification_type":"email"}}`)
	fake.SameJSON(t, shares[1], `{"sharing":{"qualification":"Testemunha","party_id":3004,"notification_type":"whatsapp"}}`)
	fake.SameJSON(t, shares[2], `{"sharing":{"qualification":"Contratante","party_id":3005,"company_id":3001,"notification_type":"email"}}`)
	fake.SameJSON(t, shares[3], `{"sharing":{"qualification":"Contratante","party_id":3006,"company_id":3002,"notification_type":"email"}}`)
}

func TestATemplateByItsTitle(t *testing.T) {
	env := lease()
	env.Documents, env.Template = nil, "name:Locação"
	routes := sending()
	routes["GET /templates"] = fake.Answers(200, `{"data":[{"id":32,"title":"Venda"},{"id":33,"title":"Locação"},{"id":34,"title":"Locação comercial"}]}`)
	s := newServer(t, routes)
	p := newProvider(t, s)
	if err := p.Check(env); err != nil {
		t.Fatal(err)
	}
	if err := p.Prepare(t.Context(), newJob(env, nil)); err != nil {
		t.Fatal(err)
	}
	if got := s.Bodies("POST /contracts")[0]; !strings.Contains(got, `"template_id":33`) {
		t.Error(got)
	}
	env.Template = "name:Comodato"
	s = newServer(t, routes)
	fake.WantKind(t, newProvider(t, s).Prepare(t.Context(), newJob(env, nil)), providers.Invalid, "template")
	if slices.Contains(s.Called(), "POST /contracts") {
		t.Error("a contract is made all the same")
	}
}
