package certyneo

import (
	"errors"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

func options1(e *providers.Envelope, pairs ...string) {
	values := make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	e.Options = map[string]map[string]string{Name: values}
}

func TestCheck(t *testing.T) {
	_, p := newFake(t)
	type E = providers.Envelope
	stamp := &providers.Stamp{Page: 1, X: 10, Y: 10, Width: 100, Height: 30}
	for _, c := range []struct {
		name   string
		change func(*E)
		want   string // the only problem, by field and words; empty: none
	}{
		{"good", func(e *E) {}, ""},
		{"not staged", func(e *E) { e.Documents[0].Size, e.Documents[0].Type = 0, "" }, ""},
		{"50 MB", func(e *E) { e.Documents[0].Size = 50_000_000 }, ""},
		{"odt staged as zip", func(e *E) { e.Documents[0].Name, e.Documents[0].Type = "a.ODT", "application/zip" }, ""},
		{"roles", func(e *E) {
			e.Signers = append(e.Signers, providers.Signer{Name: "Bo", Email: "b@x.test", Role: "carbon_copy"})
		}, ""},
		{"approver only", func(e *E) { e.Signers[0].Type = providers.TypeApprover }, ""},
		{"template", func(e *E) { e.Documents, e.Template = nil, "tpl" }, ""},
		{"all options", func(e *E) {
			e.Signers[0].Phone = "+33600000001"
			options1(e, "level", "Qualified", "sms_otp", "TRUE", "locale", "nl-BE", "redirect_url", "https://x.test", "category", "nda",
				"tags", "a,b", "initials_on_every_page", "true", "workspace", "w", "anchor", "Sign {n}", "anchor_placement", "Below", "anchor_index", "2")
		}, ""},
		{"no subject", func(e *E) { e.Subject = " " }, "subject: certyneo needs a subject"},
		{"no document", func(e *E) { e.Documents = nil }, "document: certyneo needs a document or a template"},
		{"both", func(e *E) { e.Template = "tpl" }, "document: certyneo takes documents or a template"},
		{"too large", func(e *E) { e.Documents[0].Size = 50_000_001 }, "document: bail.pdf has 50000001 bytes; certyneo takes at most 50 MB"},
		{"type", func(e *E) { e.Documents[0].Type = "text/plain" }, "document: bail.pdf is text/plain"},
		{"zip", func(e *E) { e.Documents[0].Name, e.Documents[0].Type = "a.zip", "application/zip" }, "document: a.zip is application/zip"},
		{"template field", func(e *E) { e.Fields = map[string]string{"city": "x"} }, "field.city: "},
		{"no e-mail", func(e *E) { e.Signers[0].Email = "" }, "signer1.email: certyneo tells this signer by e-mail"},
		{"shared e-mail", func(e *E) {
			e.Signers = append(e.Signers, providers.Signer{Name: "Nadia", Email: "Nadia@exemple.TEST"})
		}, "signer2.email: is signer1's too"},
		{"channel", func(e *E) { e.Signers[0].Channel = providers.ChannelWhatsApp }, "signer1.channel: is whatsapp"},
		{"auth", func(e *E) { e.Signers[0].Auth = providers.ChannelWhatsApp }, "signer1.auth: is whatsapp"},
		{"sms without phone", func(e *E) { e.Signers[0].Auth = providers.ChannelSMS }, "signer1.auth: is sms, but the signer has no phone"},
		{"advanced without phone", func(e *E) { options1(e, "level", "ADVANCED") }, "signer1.phone: must be a number such as"},
		{"advanced without code", func(e *E) {
			e.Signers[0].Phone = "+33600000001"
			options1(e, "level", "ADVANCED", "sms_otp", "false")
		}, "certyneo.sms_otp: level ADVANCED needs"},
		{"mixed auth", func(e *E) {
			e.Signers[0].Phone, e.Signers[0].Auth = "+33600000001", providers.ChannelEmail
			options1(e, "sms_otp", "true")
		}, "signer1.auth: Certyneo asks all"},
		{"role against type", func(e *E) { e.Signers[0].Role, e.Signers[0].Type = "SIGNER", providers.TypeApprover }, "signer1.role: is SIGNER, but the type is approver"},
		{"type", func(e *E) { e.Signers[0].Type, e.Signers[0].Role = "wax", "SIGNER" }, "signer1.type: is wax"},
		{"nobody signs", func(e *E) { e.Signers[0].Type = providers.TypeViewer }, "signer1.role: at least one signer"},
		{"no signer", func(e *E) { e.Signers = nil }, "signer1.name: certyneo needs at least one signer"},
		{"stamp page", func(e *E) { e.Signers[0].Stamp = &providers.Stamp{Width: 1, Height: 1} }, "signer1.stamp: needs a page from 1"},
		{"stamp of a template", func(e *E) { e.Documents, e.Template, e.Signers[0].Stamp = nil, "tpl", stamp }, "signer1.stamp: a template brings its own"},
		{"stamp of an approver", func(e *E) { e.Signers[0].Type, e.Signers[0].Stamp = providers.TypeApprover, stamp }, "signer1.stamp: only signers"},
		{"identity image", func(e *E) { e.Signers[0].IDFront = &providers.Document{} }, "signer1.id_front: "},
		{"unknown option", func(e *E) { options1(e, "foo", "") }, "certyneo.foo: is unknown: certyneo knows level, "},
		{"level", func(e *E) { options1(e, "level", "high") }, `certyneo.level: "high" is none of SIMPLE, ADVANCED, QUALIFIED`},
		{"flag", func(e *E) { options1(e, "initials_on_every_page", "maybe") }, "certyneo.initials_on_every_page: "},
		{"locale", func(e *E) { options1(e, "locale", "f!") }, "certyneo.locale: "},
		{"a system's locale", func(e *E) { options1(e, "locale", "pt_BR") }, "certyneo.locale: "},
		{"redirect", func(e *E) { options1(e, "redirect_url", "http://x.test") }, "certyneo.redirect_url: must be an address that begins with https://"},
		{"category", func(e *E) { options1(e, "category", "MEMO") }, "certyneo.category: "},
		{"tags", func(e *E) { options1(e, "tags", strings.Repeat("a,", 11)) }, "certyneo.tags: 11 tags; at most 10"},
		{"tag", func(e *E) { options1(e, "tags", strings.Repeat("é", 41)) }, "certyneo.tags: "},
		{"anchor of a template", func(e *E) { e.Documents, e.Template = nil, "tpl"; options1(e, "anchor", "x") }, "certyneo.anchor: a template"},
		{"placement", func(e *E) { options1(e, "anchor", "x", "anchor_placement", "inside") }, "certyneo.anchor_placement: "},
		{"placement alone", func(e *E) { options1(e, "anchor_placement", "left") }, "certyneo.anchor: "},
		{"index", func(e *E) { options1(e, "anchor", "x", "anchor_index", "-1") }, "certyneo.anchor_index: "},
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

func TestInfo(t *testing.T) {
	_, p := newFake(t)
	info := p.Info()
	if info.Rate.Requests != 100 || info.Rate.Burst != 200 || len(info.DocumentTypes) != 7 || len(info.Options) != 12 {
		t.Errorf("%+v", info)
	}
	if got := p.Requests(envelope1()); got != 6 {
		t.Errorf("%d calls", got)
	}
}
