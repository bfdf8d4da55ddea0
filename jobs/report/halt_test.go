package report

import (
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/ledger"
)

// What is to be done after a halt is what those need that halted it.
func TestHaltNamesItsCure(t *testing.T) {
	type counts = map[ledger.State]int64
	for name, c := range map[string]struct {
		code   string
		states counts
		says   []string
		never  string
	}{
		"failed":                  {"VALIDATION_ERROR", counts{ledger.Failed: 5}, []string{"in a row failed with VALIDATION_ERROR", "chancela retry june for those that failed"}, "resolve"},
		"failed, and put back":    {"VALIDATION_ERROR", counts{ledger.Queued: 5}, []string{"chancela retry june"}, "resolve"},
		"in doubt":                {"INTEGRATION_X", counts{ledger.InDoubt: 2}, []string{"without proof", "chancela resolve june for those in doubt"}, "retry"},
		"in doubt after the wait": {"ambiguous", counts{ledger.Preparing: 2}, []string{"chancela resolve june for those in doubt"}, "retry"},
		"both":                    {"VALIDATION_ERROR", counts{ledger.Failed: 5, ledger.InDoubt: 1}, []string{"chancela retry june for those that failed, chancela resolve june for those in doubt"}, "proof"},
	} {
		t.Run(name, func(t *testing.T) {
			h := Halts(ledger.Campaign{Halts: []ledger.Halt{{Provider: "sdoc", Failures: 2, Code: c.code}}, Providers: map[string]map[ledger.State]int64{"sdoc": c.states}})
			text := h[0].Text("june").String()
			for _, want := range append(c.says, "chancela resume june") {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in %s", want, text)
				}
			}
			if strings.Contains(text, c.never) {
				t.Error(text)
			}
		})
	}
}
