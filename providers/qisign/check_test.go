package qisign

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

func TestCheck(t *testing.T) {
	_, p := newFake(t)
	type E = providers.Envelope
	jpeg := &providers.Document{Name: "frente.jpg", Size: 5, Type: providers.TypeJPEG}
	for _, c := range []struct {
		name   string
		change func(*E)
		want   string // the only problem, by field and words; empty: none
	}{
		{"good", func(e *E) {}, ""},
		{"not staged", func(e *E) { e.Documents[0].Size, e.Documents[0].Type = 0, "" }, ""},
		{"10 MB", func(e *E) { e.Documents[0].Size = 10_000_000 }, ""},
		{"e-mail only", func(e *E) { e.Signers[0].Phone = "" }, ""},
		{"phone only", func(e *E) { e.Signers[0].Email = "" }, ""},
		{"methods", func(e *E) { e.Signers[0].Channel, e.Signers[0].Auth = "whatsapp", "sms" }, ""},
		{"images", func(e *E) { e.Signers[0].IDFront, e.Signers[0].IDBack, e.Signers[0].IDType = jpeg, jpeg, "CNH" }, ""},
		{"one order", func(e *E) { e.Signers[0].Order = 1 }, ""},
		{"message and role", func(e *E) { e.Message, e.Signers[0].Role = "Oi", "locador" }, ""},
		{"others' options", func(e *E) { e.Options = map[string]map[string]string{"sdoc": {"folder": "x"}} }, ""},
		{"no subject", func(e *E) { e.Subject = "" }, "subject: "},
		{"template", func(e *E) { e.Template = "t" }, "template: qisign has no templates"},
		{"field", func(e *E) { e.Fields = map[string]string{"a": "b"} }, "field.a: "},
		{"no document", func(e *E) { e.Documents = nil }, "document: qisign needs a document"},
		{"too large", func(e *E) { e.Documents[0].Size = 10_000_001 }, "document: contrato.pdf has 10000001 bytes; qisign takes at most 10 MB"},
		{"type", func(e *E) { e.Documents[0].Type = "image/png" }, "document: contrato.pdf is image/png; qisign takes PDF"},
		{"twice", func(e *E) { e.Signers = append(e.Signers, e.Signers[0]) }, "signer2.document: is the same person as signer1"},
		{"for two", func(e *E) {
			e.Signers = append(e.Signers, e.Signers[0])
			e.Signers[1].Email = "outro@example.com"
		}, ""},
		{"no signer", func(e *E) { e.Signers = nil }, "signer1.name: "},
		{"no name", func(e *E) { e.Signers[0].Name = "" }, "signer1.name: "},
		{"no CPF", func(e *E) { e.Signers[0].Document = "" }, "signer1.document: must be the signer's CPF"},
		{"bad CPF", func(e *E) { e.Signers[0].Document = "52998224726" }, "signer1.document: must be the signer's CPF"},
		{"CNPJ", func(e *E) { e.Signers[0].Document = "11222333000181" }, "signer1.document: is a CNPJ"},
		{"no birthdate", func(e *E) { e.Signers[0].Birthdate = "" }, "signer1.birthdate: "},
		{"neither", func(e *E) { e.Signers[0].Email, e.Signers[0].Phone = "", "" }, "signer1.email: qisign needs an e-mail address or a phone"},
		{"bad phone", func(e *E) { e.Signers[0].Phone = "12" }, "signer1.phone: is not a number"},
		{"channel without e-mail", func(e *E) { e.Signers[0].Email, e.Signers[0].Channel = "", "email" }, "signer1.email: qisign tells this signer by e-mail"},
		{"auth without phone", func(e *E) { e.Signers[0].Phone, e.Signers[0].Auth = "", "sms" }, "signer1.auth: is sms, but"},
		{"channel", func(e *E) { e.Signers[0].Channel = "fax" }, "signer1.channel: is fax"},
		{"type", func(e *E) { e.Signers[0].Type = providers.TypeDigital }, "signer1.type: is digital"},
		{"image without type", func(e *E) { e.Signers[0].IDFront = jpeg }, "signer1.id_type: say cnh or rg"},
		{"image type", func(e *E) { e.Signers[0].IDType = "passport" }, "signer1.id_type: is passport"},
		{"PNG image", func(e *E) {
			e.Signers[0].IDBack, e.Signers[0].IDType = &providers.Document{Name: "v.png", Type: "image/png"}, "rg"
		}, "signer1.id_back: v.png is image/png; qisign takes JPEG"},
		{"large image", func(e *E) {
			e.Signers[0].IDFront, e.Signers[0].IDType = &providers.Document{Name: "f.jpg", Size: 10_000_001}, "rg"
		}, "signer1.id_front: f.jpg has 10000001 bytes"},
		{"option", func(e *E) { e.Options = map[string]map[string]string{Name: {"foo": ""}} }, "qisign.foo: is unknown: qisign has no options"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := envelope1()
			c.change(&e)
			err := p.Check(e)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			problems, ok := errors.AsType[providers.Problems](err)
			if !ok || len(problems) != 1 || !strings.HasPrefix(problems.Error(), c.want) {
				t.Errorf("got %v, want one problem: %s", err, c.want)
			}
		})
	}
}

func TestSplitPhone(t *testing.T) {
	for e164, want := range map[string]phone{
		"+5511988878722": {"55", "11", "988878722"},
		"+552133334444":  {"55", "21", "33334444"},
		"+12125550123":   {"1", "212", "5550123"},
		"+351912345678":  {"351", "912", "345678"},
	} {
		got, err := splitPhone(e164)
		if err != nil || *got != want {
			t.Errorf("%s: %+v, %v; want %+v", e164, got, err, want)
		}
	}
	for _, bad := range []string{"11988878722", "+55", "+5511988878722x9y", "rita"} {
		if got, err := splitPhone(bad); err == nil {
			t.Errorf("%s: %+v", bad, got)
		}
	}
	if got, err := splitPhone(""); got != nil || err != nil {
		t.Errorf("none: %v, %v", got, err)
	}
}

func FuzzSplitPhone(f *testing.F) {
	f.Add("+5511988878722")
	f.Add("+1")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := splitPhone(s)
		if err == nil && got != nil && (got.AreaCode == "" || got.Number == "" || got.InternationalDialCode == "") {
			t.Errorf("%q: %+v", s, got)
		}
	})
}

// TestEveryBrazilianAreaIsKept takes mobile numbers and land lines of each area apart.
func TestEveryBrazilianAreaIsKept(t *testing.T) {
	for area := 11; area <= 99; area++ {
		if area%10 == 0 { // there are none
			continue
		}
		for _, local := range []string{"987654321", "31234567"} {
			got, err := splitPhone(fmt.Sprintf("+55%d%s", area, local))
			if want := (phone{"55", fmt.Sprint(area), local}); err != nil || *got != want {
				t.Errorf("area %d: %v, %v", area, got, err)
			}
		}
	}
}
