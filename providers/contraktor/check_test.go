package contraktor

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

func TestCheck(t *testing.T) {
	p, err := New(rest.Settings{Production: true})
	if err != nil {
		t.Fatal(err)
	}
	if p.client.base != Environments.Production {
		t.Errorf("production is %s", p.client.base)
	}
	set := func(e *providers.Envelope, name, value string) { e.Options[Name][name] = value }
	for name, tt := range map[string]struct {
		change func(*providers.Envelope)
		field  string // of the one problem; empty: none
	}{
		"as it is":           {func(*providers.Envelope) {}, ""},
		"not staged":         {func(e *providers.Envelope) { e.Documents[0].Size, e.Documents[0].Type = 0, "" }, ""},
		"at the limit":       {func(e *providers.Envelope) { e.Documents[0].Size = 50_000_000 }, ""},
		"png":                {func(e *providers.Envelope) { e.Documents[0].Type = "image/png" }, ""},
		"too large":          {func(e *providers.Envelope) { e.Documents[0].Size = 50_000_001 }, "document"},
		"jpeg":               {func(e *providers.Envelope) { e.Documents[0].Type = "image/jpeg" }, "document"},
		"odd name":           {func(e *providers.Envelope) { e.Documents[0].Name, e.Documents[0].Type = "lease.txt", "" }, "document"},
		"two documents":      {func(e *providers.Envelope) { e.Documents = append(e.Documents, e.Documents[0]) }, "document"},
		"no document":        {func(e *providers.Envelope) { e.Documents = nil }, "document"},
		"template and file":  {func(e *providers.Envelope) { e.Template = "33" }, "document"},
		"odd template":       {func(e *providers.Envelope) { e.Documents, e.Template = nil, "tpl" }, "template"},
		"fields":             {func(e *providers.Envelope) { e.Fields = map[string]string{"a": "b"} }, "field.a"},
		"no subject":         {func(e *providers.Envelope) { e.Subject = " " }, "subject"},
		"nobody":             {func(e *providers.Envelope) { e.Signers = nil }, "signer1.name"},
		"no name":            {func(e *providers.Envelope) { e.Signers[1].Name = "" }, "signer2.name"},
		"no e-mail":          {func(e *providers.Envelope) { e.Signers[0].Email = "" }, "signer1.email"},
		"whatsapp, no phone": {func(e *providers.Envelope) { e.Signers[1].Phone = "" }, "signer2.phone"},
		"sms":                {func(e *providers.Envelope) { e.Signers[0].Channel = "sms" }, "signer1.channel"},
		"a company":          {func(e *providers.Envelope) { e.Signers[0].Document = "11222333000181" }, "signer1.document"},
		"approver":           {func(e *providers.Envelope) { e.Signers[0].Type = "approver" }, "signer1.type"},
		"mixed types":        {func(e *providers.Envelope) { e.Signers[0].Type = "digital" }, "signer1.type"},
		"auth":               {func(e *providers.Envelope) { e.Signers[0].Auth = "sms" }, "signer1.auth"},
		"id image":           {func(e *providers.Envelope) { e.Signers[0].IDFront = &providers.Document{} }, "signer1.id_front"},
		"some without order": {func(e *providers.Envelope) { e.Signers[1].Order = 1 }, "signer1.order"},
		"same person":        {func(e *providers.Envelope) { e.Signers[1] = e.Signers[0] }, "signer2.name"},
		"same person, by e-mail and WhatsApp": {func(e *providers.Envelope) {
			e.Signers[1] = e.Signers[0]
			e.Signers[1].Channel = "whatsapp"
		}, "signer2.name"},
		"same person, by two phones": {func(e *providers.Envelope) {
			e.Signers[0] = e.Signers[1]
			e.Signers[0].Phone = "+5511900000000"
		}, "signer2.name"},
		"two of one name, known by phone": {func(e *providers.Envelope) {
			for i := range e.Signers {
				e.Signers[i].Name, e.Signers[i].Email, e.Signers[i].Document, e.Signers[i].Channel = "Ana Prova", "", "", "whatsapp"
			}
		}, ""},
		"unknown option":  {func(e *providers.Envelope) { set(e, "workflows", "1") }, "contraktor.workflows"},
		"odd workflow id": {func(e *providers.Envelope) { set(e, "workflow_id", "legal") }, "contraktor.workflow_id"},
		"two workflows":   {func(e *providers.Envelope) { set(e, "workflow", "Legal") }, "contraktor.workflow"},
		"half a company":  {func(e *providers.Envelope) { set(e, "company_name", "Prova") }, "contraktor.company_name"},
		"company, spoiled": {func(e *providers.Envelope) {
			set(e, "company_name", "P")
			set(e, "company_document", "1122233500017.0")
		}, "contraktor.company_document"},
		"company, bad CNPJ": {func(e *providers.Envelope) { set(e, "company_name", "P"); set(e, "company_document", "123") }, "contraktor.company_document"},
		"odd truth":         {func(e *providers.Envelope) { set(e, "attachments", "yes") }, "contraktor.attachments"},
		"another's options": {func(e *providers.Envelope) { e.Options["sdoc"] = map[string]string{"x": "y"} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			env := lease()
			tt.change(&env)
			err := p.Check(env)
			if tt.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			problems, ok := errors.AsType[providers.Problems](err)
			if !ok || len(problems) != 1 || problems[0].Field != tt.field {
				t.Errorf("got %v, want one about %s", err, tt.field)
			}
		})
	}
}

func TestPhones(t *testing.T) {
	for in, want := range map[string][2]string{
		"+5511900000000": {"(11) 90000-0000", "+55 11 90000-0000"},
		"+551133334444":  {"(11) 3333-4444", "+55 11 3333-4444"},
		"+14155550100":   {"+14155550100", "+14155550100"},
		"":               {"", ""},
	} {
		if localPhone(in) != want[0] || whatsApp(in) != want[1] {
			t.Errorf("%q: %q, %q", in, localPhone(in), whatsApp(in))
		}
	}
}

func TestMomentForms(t *testing.T) {
	for in, filled := range map[string]bool{
		`"2024-05-21T15:44:05"`: true, `"2024-05-21T15:44:06.947768Z"`: true, `"2024-05-21T15:44:06.947768"`: true,
		`"yesterday"`: true, `null`: false, `""`: false,
	} {
		var m rest.Moment
		if err := json.Unmarshal([]byte(in), &m); err != nil || m.Set != filled {
			t.Errorf("%s: %+v, %v", in, m, err)
		}
		if readable := strings.Contains(in, "T15"); readable == m.Time.IsZero() {
			t.Errorf("%s is read as %s", in, m.Time)
		}
	}
}

func FuzzProof(f *testing.F) {
	f.Add([]byte(completedProof))
	f.Add([]byte(`{"data":{"status":"pending","subjects":[null,{"id":-1,"confirmed_at":""}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var a answer[proof]
		if json.Unmarshal(b, &a) != nil {
			return
		}
		if s := a.Data.state(); s == providers.Completed && a.Data.Status != "completed" {
			t.Errorf("%q counts as completed", a.Data.Status)
		}
		if kept := keep(b); strings.Contains(string(kept), `"download_url"`) && json.Valid(kept) {
			var v map[string]any
			if json.Unmarshal(kept, &v) == nil && v["download_url"] != nil {
				t.Error("an address is kept")
			}
		}
	})
}

func FuzzScanParties(f *testing.F) {
	f.Add(`{"data":[{"id":9,"email":"ana@example.com","document":"111.444.777-35"}]}`)
	f.Add(`[{"id":1},null,3]`)
	f.Add(`{"meta":{},"data":null}`)
	want := person(lease().Signers[0])
	f.Fuzz(func(t *testing.T, body string) {
		var id int64
		err := scan(strings.NewReader(body), firstThat(want.fits, &id))
		if id != 0 && (err != nil || !strings.Contains(strings.ToLower(body), "example")) && !strings.Contains(body, `\u`) {
			t.Errorf("%q gives party %d, %v", body, id, err)
		}
	})
}

// TestEveryBrazilianAreaIsKept writes mobile numbers and land lines of each area.
func TestEveryBrazilianAreaIsKept(t *testing.T) {
	for area := 11; area <= 99; area++ {
		if area%10 == 0 { // there are none
			continue
		}
		for _, local := range []string{"987654321", "31234567"} {
			e164 := fmt.Sprintf("+55%d%s", area, local)
			want := fmt.Sprintf("(%d) ", area)
			if got := localPhone(e164); !strings.HasPrefix(got, want) || digits(got) != e164[3:] {
				t.Errorf("%s is written %s", e164, got)
			}
			if got := whatsApp(e164); digits(got) != e164[1:] {
				t.Errorf("%s is written %s for WhatsApp", e164, got)
			}
		}
	}
}
