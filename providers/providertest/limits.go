package providertest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

// testLimits wants that whatever the provider would refuse is refused before any call,
// with the field and the limit named.
func testLimits(t *testing.T, s *Suite, tp *tap) {
	w := newWorld(t, s, tp, setup{})
	seen := w.wire.seen()
	limits := append(slices.Clone(s.Limits), impliedLimits(w.inner.Info())...)
	for _, l := range limits {
		e := staged(s)
		if l.At != nil {
			l.At(&e)
			if err := w.provider.Check(e); err != nil {
				t.Errorf("%s: at the limit: %v", l.Name, err)
			}
			e = staged(s)
		}
		l.Over(&e)
		var problems providers.Problems
		if err := w.provider.Check(e); !errors.As(err, &problems) {
			t.Errorf("%s: beyond the limit: %v, want Problems", l.Name, err)
			continue
		}
		fine := slices.ContainsFunc(problems, func(p providers.Problem) bool {
			return (p.Field == l.Field || strings.HasSuffix(l.Field, "*") && strings.HasPrefix(p.Field, strings.TrimSuffix(l.Field, "*"))) &&
				strings.Contains(p.Message.String(), l.Says)
		})
		if !fine {
			t.Errorf("%s: %v; want field %q and a message with %q", l.Name, problems, l.Field, l.Says)
		}
		for _, p := range problems {
			if p.Message.String() == "" || p.Field == "" {
				t.Errorf("%s: an empty problem in %v", l.Name, problems)
			}
		}
	}
	// What the service has no place for is left out, and Info says so.
	for _, column := range w.inner.Info().UnsupportedColumns {
		e := staged(s)
		e.Message, e.Expires.Days = "Please sign by Friday.", 30
		for i := range e.Signers {
			e.Signers[i].Order = i + 1
			beyond(column, &e.Signers[i], i)
		}
		if len(e.Signers) > 1 && !e.HasColumn(column) || w.provider.Check(e) != nil {
			t.Errorf("an envelope with %s is refused: %v", column, w.provider.Check(e))
		}
	}
	// Everything wrong at once, and nothing at all: no panic, no request.
	for _, e := range []providers.Envelope{{}, {Signers: make([]providers.Signer, 3)}, {Provider: s.Name, Documents: make([]providers.Document, 2)}, nonsense(s.Name)} {
		if err := w.provider.Check(e); err == nil {
			t.Errorf("an envelope without anything passes: %+v", e)
		}
	}
	if n := w.wire.seen() - seen; n != 0 {
		t.Errorf("Check has made %d requests", n)
	}
}

// beyond fills a column of a signer that not every service has.
func beyond(column string, s *providers.Signer, i int) {
	places := []providers.Place{{Stamp: *Stamp(i), Label: "Profissão"}}
	switch column {
	case "stamp":
		s.Stamp = Stamp(i)
	case "company":
		s.Company, s.CompanyDocument = "Jacarandá Serviços Ltda", "11222333000181"
	case "date":
		s.Date = places
	case "text":
		s.Text = places
	case "checkbox":
		s.Checkbox = places
	}
}

// staged is the usual envelope as Check sees it when it is enqueued.
func staged(s *Suite) providers.Envelope {
	e := s.Envelope()
	e.Campaign, e.ID, e.Provider = "conformance", "limits", s.Name
	return e
}

func nonsense(name string) providers.Envelope {
	return providers.Envelope{
		Campaign: "c", ID: "i", Provider: name, Subject: "\x00\xff", Message: strings.Repeat("é", 100_000), Template: "\x00", Expires: providers.Expiry{Date: "never", Days: -1},
		Documents: []providers.Document{{Name: "../../etc/passwd", Size: -1, Type: "?"}},
		Signers:   []providers.Signer{{Name: " ", Email: "@", Phone: "+", Document: "x", Birthdate: "0", Order: -1, Role: "?", Channel: "?", Auth: "?", Type: "?", Stamp: &providers.Stamp{}, IDType: "?"}},
		Fields:    map[string]string{"": ""}, Options: map[string]map[string]string{name: {"": "", "nobody": "x"}},
	}
}

// impliedLimits are those that Info tells.
func impliedLimits(info providers.Info) (limits []Limit) {
	add := func(name, field, says string, over func(*providers.Envelope)) {
		limits = append(limits, Limit{Name: name, Over: over, Field: field, Says: says})
	}
	add("no subject", "subject", "", func(e *providers.Envelope) { e.Subject = "" })
	add("no document", "document", "", func(e *providers.Envelope) { e.Documents = nil })
	add("no signer", "signer1.*", "", func(e *providers.Envelope) { e.Signers = nil })
	add("a signer without a name", "signer1.*", "", func(e *providers.Envelope) { e.Signers[0].Name, e.Signers[0].Email = "", "" })
	add("an unknown option", info.Name+".nobody", "", func(e *providers.Envelope) {
		e.Options = map[string]map[string]string{info.Name: {"nobody": "x"}}
	})
	add("an unknown type", "signer1.type", "", func(e *providers.Envelope) { e.Signers[0].Type = "notary" })
	add("an unknown channel", "signer1.channel", "", func(e *providers.Envelope) { e.Signers[0].Channel = "pigeon" })
	for _, channel := range []string{providers.ChannelEmail, providers.ChannelSMS, providers.ChannelWhatsApp} {
		if !slices.Contains(info.Channels, channel) {
			add("channel "+channel, "signer1.channel", channel, func(e *providers.Envelope) { e.Signers[0].Channel = channel })
		}
	}
	for _, kind := range []string{providers.TypeElectronic, providers.TypeDigital, providers.TypeApprover, providers.TypeViewer} {
		if !slices.Contains(info.SignatureTypes, kind) {
			add("type "+kind, "signer1.type", kind, func(e *providers.Envelope) { e.Signers[0].Type = kind })
		}
	}
	if n := info.MaxDocumentSize; n > 0 {
		limits = append(limits, Limit{Name: "document size", Field: "document", Says: fmt.Sprint(n),
			At:   func(e *providers.Envelope) { e.Documents[0].Size = n },
			Over: func(e *providers.Envelope) { e.Documents[0].Size = n + 1 }})
	}
	if n := info.MaxDocuments; n > 0 {
		set := func(count int) func(e *providers.Envelope) {
			return func(e *providers.Envelope) {
				e.Documents = nil
				for i := range count {
					e.Documents = append(e.Documents, PDF("document"+itoa(i)+".pdf"))
				}
			}
		}
		limits = append(limits, Limit{Name: "documents", Field: "document", Says: itoa(n), At: set(n), Over: set(n + 1)})
	}
	if info.DocumentTypes != nil {
		add("a type of document", "document", "", func(e *providers.Envelope) {
			e.Documents[0].Name, e.Documents[0].Type = "sheet.xlsx", "application/vnd.ms-excel"
		})
	}
	if !info.Templates {
		add("a template", "template", "", func(e *providers.Envelope) { e.Template = "33" })
	}
	return limits
}
