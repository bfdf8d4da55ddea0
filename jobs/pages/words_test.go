package pages

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"github.com/chancela/chancela/jobs/metrics"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"

	"github.com/chancela/chancela/jobs/campaign"
)

var verb = regexp.MustCompile(`%[a-z.0-9]*[a-z]|%%`)

// TestNothingLacksItsTranslation compares the tables: the same names, and in each text the
// same values in the same order.
func TestNothingLacksItsTranslation(t *testing.T) {
	for name, text := range english {
		other, ok := portuguese[name]
		if !ok {
			t.Errorf("%s has no Portuguese", name)
			continue
		}
		if a, b := verb.FindAllString(text, -1), verb.FindAllString(other, -1); !slices.Equal(a, b) {
			t.Errorf("%s says %v in English and %v in Portuguese", name, a, b)
		}
		if one, plural := strings.CutSuffix(name, ".one"); plural && english[one+".other"] == "" {
			t.Errorf("%s has no plural", name)
		}
	}
	for name := range portuguese {
		if _, ok := english[name]; !ok {
			t.Errorf("%s has no English", name)
		}
	}
}

// TestEveryTextIsThere: what templates and code ask for stands in the tables, and nothing
// else does.
func TestEveryTextIsThere(t *testing.T) {
	wanted := map[string]bool{}
	var code strings.Builder
	for _, glob := range []string{"templates/*.html", "*.go"} {
		fsys := fs.FS(templates)
		if glob == "*.go" {
			fsys = goFiles()
		}
		names, err := fs.Glob(fsys, glob)
		if err != nil || len(names) < 5 {
			t.Fatalf("%s: %v %v", glob, names, err)
		}
		for _, name := range names {
			if strings.HasPrefix(name, "words_") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			b, err := fs.ReadFile(fsys, name)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(b)
		}
	}
	text := code.String()
	for _, m := range regexp.MustCompile(`(?:\bt |\.t\()"([a-z0-9._]+)"`).FindAllStringSubmatch(text, -1) {
		wanted[m[1]] = !strings.HasSuffix(m[1], ".")
	}
	for _, m := range regexp.MustCompile(`(?:\bn |\.n\()"([a-z0-9._]+)"`).FindAllStringSubmatch(text, -1) {
		wanted[m[1]+".one"], wanted[m[1]+".other"] = true, true
	}
	for _, m := range regexp.MustCompile(`"([a-z_]+\.[a-z_.]*[a-z])"`).FindAllStringSubmatch(text, -1) {
		if _, ok := english[m[1]]; ok {
			wanted[m[1]] = true
		}
	}
	for _, verb := range []string{"pause", "resume", "cancel", "retry", "remind"} {
		wanted["confirm."+verb+".title"] = true
	}
	for _, of := range []string{"pause.waiting", "pause.sent", "resume.waiting", "cancel.waiting", "cancel.sent"} {
		wanted["confirm."+of+".one"], wanted["confirm."+of+".other"] = true, true
	}
	for _, verb := range []string{"cancel", "retry", "remind"} {
		wanted["confirm.one."+verb], wanted["do.one."+verb] = true, true
	}
	wanted["do.one.resolve"] = true
	for _, s := range ledger.States {
		wanted["state."+string(s)] = true
		if s.Terminal() && s != ledger.Archived {
			wanted["ended."+string(s)], wanted["event.ended."+string(s)] = true, true
		}
		if !s.Terminal() {
			wanted["waits."+string(s)] = true
		}
	}
	for _, g := range ledger.Groups {
		wanted["group."+string(g)] = true
	}
	for _, s := range []ledger.TroubleState{ledger.KeyRefused, ledger.Blocked, ledger.Unreachable, ledger.Failing, ledger.Held, ledger.Slow, ledger.Away} {
		wanted["trouble."+string(s)], wanted["trouble.cure."+string(s)] = true, true
	}
	for _, s := range []string{providers.SignerPending, providers.SignerViewed, providers.SignerSigned, providers.SignerApproved, providers.SignerDeclined} {
		wanted["signer."+s] = true
	}
	for _, s := range []string{providers.SignerSigned, providers.SignerApproved} {
		wanted["event."+s] = true
	}
	for _, s := range []string{providers.TypeElectronic, providers.TypeDigital, providers.TypeApprover, providers.TypeViewer} {
		wanted["type."+s] = true
	}
	for _, k := range []providers.Kind{providers.SignedDocument, providers.Dossier, providers.Package, providers.Face, providers.IDFront, providers.IDBack} {
		wanted["kind."+string(k)] = true
	}
	for _, result := range []string{metrics.CallbackTaken, metrics.CallbackReplayed, metrics.CallbackUnknown, metrics.CallbackForged, metrics.CallbackInvalid} {
		wanted["callback."+result] = true
	}
	for _, verb := range verbs() {
		wanted["done."+verb+".one"], wanted["done."+verb+".other"] = true, true
	}
	for name := range wanted {
		if _, ok := english[name]; !ok && wanted[name] {
			t.Errorf("%s is asked for, and is not in the tables", name)
		}
	}
	for _, column := range campaign.ColumnsOf(nil) {
		wanted["column."+strings.Replace(strings.Replace(column, "signer1.", "signer.", 1), "signer2.", "signer.", 1)] = true
	}
	wanted["column.meta"], wanted["column.field"] = true, true
	for _, name := range slices.Sorted(maps.Keys(english)) {
		if !wanted[name] {
			t.Errorf("nobody asks for %s", name)
		}
	}
}

// Browsers that ask for neither language get the configured one; who asks for one gets that.
func TestLanguageOfWhoAsksForNone(t *testing.T) {
	for first, want := range map[language.Tag]string{language.Und: "en", language.English: "en", language.BrazilianPortuguese: "pt-BR"} {
		p, err := New(Config{Language: first})
		if err != nil {
			t.Fatal(err)
		}
		for accept, want := range map[string]string{"": want, "fr": want, "*": want, "en-GB": "en", "pt": "pt-BR", "fr, pt;q=0.5": "pt-BR"} {
			if got := p.choose(accept).tag; got != want {
				t.Errorf("%s, asked for %q: %s, want %s", first, accept, got, want)
			}
		}
	}
}
