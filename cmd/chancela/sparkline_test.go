package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

func TestSparkline(t *testing.T) {
	if got := sparkline([]int64{0, 1, 50, 100}); got != " ▁▄█" {
		t.Errorf("%q", got)
	}
	if got := sparkline([]int64{0, 0}); got != "  " {
		t.Errorf("%q", got)
	}
	begin := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	course := []ledger.Moment{
		{At: begin.Add(10 * time.Second), Groups: map[ledger.Group]int64{ledger.GroupWaiting: 10}},
		{At: begin.Add(30 * time.Second), Groups: map[ledger.Group]int64{ledger.GroupWaiting: 4, ledger.GroupSent: 6}},
		{At: begin.Add(100 * time.Second), Groups: map[ledger.Group]int64{ledger.GroupSent: 7, ledger.GroupDone: 3}},
	}
	if got := pulse(course, begin, begin.Add(100*time.Second), 4, invited); !slices.Equal(got, []int64{0, 6, 0, 4}) {
		t.Errorf("%v went out", got)
	}
	if got := pulse(course, begin, begin.Add(100*time.Second), 4, signed); !slices.Equal(got, []int64{0, 0, 0, 3}) {
		t.Errorf("%v came back", got)
	}
}

// TestLiveViewFits: whatever the width and however long and odd the words are, no line is wider than
// the terminal, and nothing that somebody wrote moves the cursor.
func TestLiveViewFits(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var ends report.Ends
	for _, code := range []string{"a", "b", "c", "d", "e"} {
		ends.Add(ledger.Failed, code, report.Said{Provider: "sdoc", Envelopes: 3, Message: strings.Repeat("telefone inválido ", 40) + "\x1b[2J\r\a" + strings.Repeat("x", 300)})
	}
	c := ledger.Campaign{Total: 15, States: map[ledger.State]int64{ledger.Failed: 15}, CreatedAt: now.Add(-time.Minute)}
	c.Name = "june"
	snap := snapshot{at: now, campaigns: []ledger.Campaign{c}, ends: ends, course: []ledger.Moment{{At: now, Groups: map[ledger.Group]int64{ledger.GroupSent: 15}}}}
	for _, language := range []lang.Language{lang.English, lang.Portuguese} {
		for _, width := range []int{30, 80, 200} {
			text := liveView{language: language, begin: now.Add(-time.Minute), snap: snap, width: width}.text()
			for line := range strings.Lines(text) {
				if n := ansi.StringWidth(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("%d columns of %d: %q", n, width, line)
				}
			}
			if strings.Contains(text, "[2J") || strings.ContainsAny(ansi.Strip(text), "\r\a\x1b") {
				t.Errorf("what somebody wrote goes to the terminal: %q", text)
			}
			if !strings.Contains(text, "→ ") || !strings.Contains(ansi.Strip(text), language.Sprintf("  and %d more", 1)) || width >= 80 && !strings.Contains(text, "█") {
				t.Errorf("%d: no cure, no rest or no course: %s", width, text)
			}
		}
	}
}
