package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs"
)

// ownSheet is a sheet as people have it: no id, provider or subject, and headings of their own.
const ownSheet = "Nº do contrato;Inquilino;E-mail;Valor (R$);Valor (%);Arquivo\n2026-1;Ana;ana@example.com;1.500;10;a.pdf\n2026-2;Bia;bia@example.com;1.600;12;b.pdf\n"

func ownForm(more ...file) []file {
	return append([]file{{"file", "june.csv", ownSheet}, {"d", "contracts/a.pdf", pdf("a")}, {"d", "contracts/b.pdf", pdf("b")}}, more...)
}

// A request says of a sheet what the command line says, under the same names.
func TestOwnSheetOverHTTP(t *testing.T) {
	s := newStack(t, nil)
	options := []file{{"map", "", "meta.contract=Nº do contrato"}, {"map", "", "signer1.name=Inquilino"}, {"map", "", "meta.value=Valor (R$)"}, {"map", "", "meta.share=Valor (%)"},
		{"provider", "", "certyneo"}, {"id", "", "{meta.contract}"}, {"subject", "", "Lease of {signer1.name}"}, {"documents", "", "contracts"}}
	var got CampaignAccepted
	s.postForm("/v1/campaigns", ownForm(options...)...).want(t, http.StatusAccepted, &got)
	if got.New != 2 {
		t.Fatalf("%+v", got)
	}
	e, err := s.client.Get(t.Context(), jobs.Key{Campaign: "june", ID: "2026-2"})
	if err != nil {
		t.Fatal(err)
	}
	if m := e.Meta; m["value"] != "1.600" || m["share"] != "12" {
		t.Errorf("meta %v", m)
	}
	// The same in the address, but for one heading that two could be.
	query := "?provider=certyneo&id={meta.contract}&subject=Of+{signer1.name}&documents=contracts&map=signer1.name=Inquilino&map=meta.contract=N%C2%BA+do+contrato"
	p := s.postForm("/v1/campaigns"+query+"&map=meta.value=Valor", ownForm()...).problem(t, http.StatusUnprocessableEntity)
	text := ""
	for _, m := range p.Errors {
		text += m.Field + ": " + m.Message + "\n"
	}
	for _, want := range []string{`may be "Valor (R$)" or "Valor (%)"`, "in the field map with signer1.name=Valor (R$)"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "--") {
		t.Errorf("a flag stands in an answer:\n%s", text)
	}
	// A heading that the sheet has not is said to be so, with the nearest that it has.
	for column, heading := range map[string]string{"signer1.email": "E-mial", "meta.share": "Valor (pct)"} {
		p := s.postForm("/v1/campaigns", ownForm(append(options[:len(options):len(options)], file{"map", "", column + "=" + heading})...)...).problem(t, http.StatusUnprocessableEntity)
		if len(p.Errors) != 1 || p.Errors[0].Field != "map" || !strings.Contains(p.Errors[0].Message, "there is no heading \""+strings.ToLower(heading)+"\"") || !strings.Contains(p.Errors[0].Message, "did you mean") {
			t.Errorf("%s: %+v", heading, p)
		}
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	s := newStack(t, nil)
	for name, value := range map[string]string{"map": "signer1.nome=Nome", "subject": "{x", "id": "no column", "documents": "../x", "first": "0", "limit": "many"} {
		p := s.postForm("/v1/campaigns", ownForm(file{name, "", value})...).problem(t, http.StatusUnprocessableEntity)
		if len(p.Errors) != 1 || p.Errors[0].Field != name {
			t.Errorf("%s: %+v", name, p)
		}
	}
	p := s.postForm("/v1/campaigns", ownForm(file{"id", "", "{meta.a}"}, file{"id", "", "{meta.b}"})...).problem(t, http.StatusBadRequest)
	if p.Detail != "the field id stands there twice" {
		t.Errorf("%+v", p)
	}
	for query, want := range map[string]string{"limt=1/day": "the address has the field limt, which is none of campaign, ", "dry_run=true": "dry_run", "limit=1/day&limit=2/day": "the field limit stands in the address twice"} {
		if p := s.postForm("/v1/campaigns?"+query, ownForm(file{"provider", "", "certyneo"})...).problem(t, http.StatusBadRequest); !strings.Contains(p.Detail, want) || !strings.HasSuffix(p.Detail, "; nothing was done") {
			t.Errorf("%s: %+v", query, p)
		}
	}
	s.do(http.MethodPost, "/v1/campaigns/june/pause?dryrun=true", "", nil).problem(t, http.StatusBadRequest)
	p = s.postForm("/v1/campaigns", ownForm()...).problem(t, http.StatusUnprocessableEntity)
	text := ""
	for _, m := range p.Errors {
		text += m.Field + ": " + m.Message + "\n"
	}
	for _, want := range []string{"provider: this column is missing; or send the field provider", "subject: this column is missing; or send the field subject", "Inquilino: is not a known column: say what it is, as in the field map with signer1.name=Inquilino"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	s.get("/v1/campaigns/june").problem(t, http.StatusNotFound)
}

// A campaign in JSON says beside its envelopes what the address may say.
func TestOptionsInJSON(t *testing.T) {
	s := newStack(t, nil)
	one := envelopeJSON("", pdf("a"))
	delete(one, "id")
	delete(one, "provider")
	delete(one, "subject")
	one["meta"] = map[string]string{"contract": "7"}
	body := map[string]any{"envelopes": []any{one}, "campaign": "june", "provider": "certyneo", "id": "c-{meta.contract}", "subject": "Contract {meta.contract}", "limit": "5/day", "first": 1}
	var got CampaignAccepted
	s.postJSON("/v1/campaigns", body).want(t, http.StatusAccepted, &got)
	if got.New != 1 || got.Hours == nil || got.Hours.Limit != "5/day" {
		t.Errorf("%+v", got)
	}
	if _, err := s.client.Get(t.Context(), jobs.Key{Campaign: "june", ID: "c-7"}); err != nil {
		t.Error(err)
	}
	delete(one, "meta")
	p := s.postJSON("/v1/campaigns", body).problem(t, http.StatusUnprocessableEntity)
	if len(p.Errors) == 0 || !strings.Contains(p.Errors[0].Message, "meta.contract, which is empty") {
		t.Errorf("%+v", p)
	}
	for name, value := range map[string]any{"sheet": "x", "window": nil, "campaign": 1} {
		body[name] = value
		if p := s.postJSON("/v1/campaigns", body).problem(t, http.StatusUnprocessableEntity); len(p.Errors) != 1 || p.Errors[0].Pointer != "#/"+name {
			t.Errorf("%s: %+v", name, p)
		}
		delete(body, name)
	}
}

// What a person chooses beside a sheet stays for the next upload.
func TestOptionsOfADraft(t *testing.T) {
	s := newStack(t, nil)
	x, err := s.uploaded("", nobody, file{"file", "june.csv", ownSheet}, file{"documents", "a.pdf", pdf("a")}, file{"documents", "b.pdf", pdf("b")})
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Read.All) != 6 || len(x.Read.Missing) == 0 || strings.Contains(fmt.Sprint(x.Whole), "--") || strings.Contains(fmt.Sprint(x.Whole), "field map") {
		t.Errorf("%+v %q", x.Read, x.Whole)
	}
	x, err = s.uploaded(x.ID, nobody, file{"map", "", "meta.contract=Nº do contrato"}, file{"map", "", "signer1.name=Inquilino"}, file{"map", "", ""}, file{"map", "", "meta.value=Valor (R$)"},
		file{"map", "", "meta.share=Valor (%)"}, file{"provider", "", "certyneo"}, file{"id", "", "{meta.contract}"}, file{"subject", "", "Lease of {signer1.name}"}, file{"limit", "", "5/day"}, file{"first", "", "1"})
	if err != nil || x.Good != 2 || x.Mistakes != 0 || x.Refused != "" || x.Hours == nil {
		t.Fatalf("%+v %v", x, err)
	}
	x, err = s.uploaded(x.ID, nobody, file{"file", "june.csv", strings.Replace(ownSheet, "Bia", "Beatriz", 1)})
	if err != nil || x.Good != 2 || x.Provider != "certyneo" || len(x.Map) != 4 || x.Limit != "5/day" {
		t.Fatalf("%+v %v", x, err)
	}
	got, err := s.server.TakeDraft(context.WithValue(t.Context(), clientKey{}, nobody), x.ID, false)
	if err != nil || got.New != 2 || got.Hours == nil || len(got.Halts) != 1 {
		t.Errorf("%+v %v", got, err)
	}
	x, err = s.uploaded("", nobody, ownForm(file{"window", "", "Mon"}, file{"limit", "", "many"})...)
	if err != nil || !strings.Contains(x.Refused, "window: ") || len(x.Beside) != 2 || x.Beside[0].Field == x.Beside[1].Field {
		t.Errorf("%q %+v %v", x.Refused, x.Beside, err)
	}
}
