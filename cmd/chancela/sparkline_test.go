package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/chancela/chancela/jobs/hours"
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
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC) // 7:00 in São Paulo
	var ends report.Ends
	for _, code := range []string{"a", "b", "c", "d", "e"} {
		ends.Add(ledger.Failed, code, report.Said{Provider: "sdoc", Envelopes: 3, Message: strings.Repeat("telefone inválido ", 40) + "\x1b[2J\r\a" + strings.Repeat("x", 300)})
	}
	c := ledger.Campaign{Total: 15, States: map[ledger.State]int64{ledger.Failed: 15}, CreatedAt: now.Add(-time.Minute)}
	c.Name = "june"
	c.States = map[ledger.State]int64{ledger.Failed: 13, ledger.Queued: 2}
	c.Hours.Settings = hours.Settings{Window: "Mon-Fri 09:00-12:00, Mon-Fri 13:00-18:00", Limit: "500/day", Holidays: "br", Zone: "America/Sao_Paulo"}.Marshal()
	down := providerView{name: "sdoc", states: c.States, trouble: &ledger.Trouble{State: ledger.Failing, Since: now.Add(-time.Hour), NextTry: now.Add(42 * time.Second), Op: "POST /solicitation", Status: 503, Code: "unavailable"}}
	snap := snapshot{at: now, campaigns: []ledger.Campaign{c}, providers: []providerView{down}, ends: ends, course: []ledger.Moment{{At: now, Groups: map[ledger.Group]int64{ledger.GroupSent: 15}}}}
	for _, language := range []lang.Language{lang.English, lang.Portuguese} {
		for _, width := range []int{30, 60, 80, 120, 200} {
			text := liveView{language: language, begin: now.Add(-time.Minute), snap: snap, width: width}.text()
			for line := range strings.Lines(text) {
				if n := ansi.StringWidth(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("%d columns of %d: %q", n, width, line)
				}
			}
			// What is held back says until when, and a provider that is away when it is tried again.
			said := strings.Join(strings.Fields(ansi.Strip(text)), " ")
			for _, want := range []string{language.Say(report.HoursOf(c, now).Text()), language.Say(down.wrong(now))} {
				if !strings.Contains(said, want) {
					t.Errorf("%d: no %q in %s", width, want, text)
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

// TestLiveViewWithoutColours: NO_COLOR takes the colours, and nothing that is said.
func TestLiveViewWithoutColours(t *testing.T) {
	v := providerView{name: "sdoc", states: map[ledger.State]int64{ledger.Archived: 1, ledger.Failed: 1}}
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	view := liveView{language: lang.English, begin: at.Add(-time.Minute), width: 80, snap: snapshot{at: at, providers: []providerView{v},
		campaigns: []ledger.Campaign{{Name: "june", Total: 2, States: v.states, Paused: true, CreatedAt: at.Add(-time.Minute)}}}}
	draw := func(env ...string) string {
		var b strings.Builder
		w := colorprofile.Writer{Forward: &b, Profile: colorprofile.Env(append(env, "TERM=xterm-256color"))}
		if _, err := w.WriteString(view.text()); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	colour := regexp.MustCompile("\x1b\\[[0-9;]*3[0-9]")
	with, without := draw(), draw("NO_COLOR=1")
	if !colour.MatchString(with) || colour.MatchString(without) {
		t.Errorf("with colours %q, without %q", with, without)
	}
	if ansi.Strip(with) != ansi.Strip(without) || !strings.Contains(without, "▒") {
		t.Errorf("%s\nand without colours\n%s", with, without)
	}
}
