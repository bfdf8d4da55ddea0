package intake

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

func asJSON(t *testing.T, e providers.Envelope) string {
	t.Helper()
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func plainDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// FuzzNormalize: whatever comes in, nothing panics; what is taken stays as it is the
// second time; a phone keeps its country and its digits, and a tax id its digits.
func FuzzNormalize(f *testing.F) {
	f.Add("1", "Lease 14", "Ana Prova", "ana@example.com", "+5511912345678", "42831095760", "1984-05-17", "2030-12-31")
	f.Add("\u200b1", "=PROC(A2)", "Jo\u00c3\u00a3o", "'ana@a\u00e7a\u00ed.test", "0055 51 98765-4321", "1000000028.0", "30819", "30d")
	f.Add("a", "\u2764\ufe0f", "N\u00ed\u200dvea", "\uff41na@exemplo.test", "(0xx11) 98765-4321", "12.ABC.345/01DE-35", "17/05/1984", "31/12/2030")
	f.Add("a", "e\u0301\u200b\u0301", "\u0915\u094d\u200d\u0937 ", "ana@\u0627.\u0627", "+51 987 654 321", "\u0660", "\u00ad", "'1d")
	f.Fuzz(func(t *testing.T, id, subject, name, email, phone, document, birthdate, expires string) {
		e := valid()
		e.ID, e.Subject, e.Message, e.Meta = id, subject, subject, map[string]string{"a": subject, subject: name}
		e.Options = map[string]map[string]string{"certyneo": {name: subject}, id: {"a": "b"}}
		e.Documents[0].Name = name
		if e.Expires.UnmarshalText([]byte(expires)) != nil {
			e.Expires.Date = expires
		}
		e.Signers[0] = providers.Signer{Name: name, Email: email, Phone: phone, Document: document, Birthdate: birthdate, Role: subject, Type: id, Channel: name}
		problems := normalizeOn(t, &e)
		refused := map[string]bool{}
		for _, p := range problems {
			refused[p.Field] = true
		}
		s := e.Signers[0]
		if in, out := plainDigits(phone), plainDigits(s.Phone); s.Phone != "" && !refused["signer1.phone"] {
			number, ours := strings.CutPrefix(out, "55")
			abroad := strings.Contains(phone, "+") || strings.HasPrefix(in, "00")
			if !strings.HasSuffix(in, number) || !ours && (!abroad || strings.TrimPrefix(in, "00") != out) {
				t.Errorf("the phone %+q became %q", phone, s.Phone)
			}
		}
		if s.Document != "" && !refused["signer1.document"] && plainDigits(document) != plainDigits(s.Document) {
			t.Errorf("the document %+q became %q", document, s.Document)
		}
		if len(problems) > 0 {
			return
		}
		once := asJSON(t, e)
		if problems := normalizeOn(t, &e); len(problems) > 0 {
			t.Errorf("the second time: %v", problems)
		}
		if twice := asJSON(t, e); once != twice {
			t.Errorf("the second time %s\nbecame %s", once, twice)
		}
	})
}

// FuzzValues does the same for the values alone, which are rarely all valid at once.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"+5511912345678", "ana@a\u00e7a\u00ed.test", "428.310.957-60", "N\u00ed\u200dvea \u00a0 S\u00e1", "0xx 15 11 3123-4567", "\u0646\u06cc\u200c\u0644", "N\u032d\u200d0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, parse := range map[string]func(string) (string, error){"e-mail": parseEmail, "phone": parsePhone, "tax id": parseTaxID, "name": func(s string) (string, error) {
			var c checker
			c.name("name", &s)
			return s, c.problems.Err()
		}, "subject": func(s string) (string, error) {
			var c checker
			c.title("subject", &s)
			return s, c.problems.Err()
		}} {
			once, err := parse(s)
			if err != nil {
				continue
			}
			if twice, err := parse(once); err != nil || twice != once {
				t.Errorf("the %s %+q is %+q, and again %+q, %v", name, s, once, twice, err)
			}
		}
	})
}
