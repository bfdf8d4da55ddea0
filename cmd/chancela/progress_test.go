package main

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

func TestTroubleIsSaid(t *testing.T) {
	now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		view providerView
		want string
	}{
		"well": {providerView{}, ""},
		"down": {providerView{trouble: &ledger.Trouble{State: ledger.Unreachable, Since: now.Add(-3 * time.Minute), NextTry: now.Add(20 * time.Second), Op: "send"}},
			"does not answer for 3m: send, next try in 20s"},
		"errors": {providerView{trouble: &ledger.Trouble{State: ledger.Failing, Since: now.Add(-time.Hour), Op: "create", Status: 503, Code: "unavailable"}},
			"answers with errors for 1h: create 503 unavailable"},
		"key": {providerView{denied: "certyneo: send: denied (401)", trouble: &ledger.Trouble{State: ledger.KeyRefused, Since: now}},
			"refuses the key, its envelopes wait: certyneo: send: denied (401)"},
		"certificate": {providerView{denied: "certyneo: send: denied, certificate", trouble: &ledger.Trouble{State: ledger.Blocked, Since: now}},
			"cannot be reached safely, its envelopes wait: certyneo: send: denied, certificate"},
		"paused": {providerView{trouble: &ledger.Trouble{State: ledger.Held, NextTry: now.Add(time.Minute)}}, "asks to wait, next try in 1m"},
	} {
		if got := c.view.wrong(now).String(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	v := providerView{name: "sdoc", states: map[ledger.State]int64{ledger.Queued: 1}, trouble: &ledger.Trouble{State: ledger.Unreachable, Since: now.Add(-time.Minute), Op: "upload"}}
	s := snapshot{at: now, providers: []providerView{v}}
	if line := s.line().String(); !strings.Contains(line, "sdoc does not answer for 1m") {
		t.Errorf("the line of a pipe is %q", line)
	}
	if line := strings.Join(v.lines(lang.English, now, 0), "\n"); !strings.Contains(line, "does not answer for 1m") {
		t.Errorf("the live line is %q", line)
	}
}

// TestNeverMoreThanAll: a full bucket leaves beside the rate in the first minute.
func TestNeverMoreThanAll(t *testing.T) {
	v := providerView{name: "certyneo", states: map[ledger.State]int64{ledger.Sent: 1}, stats: pace.Stats{Allowed: 100, Burst: 200, Used: 250}}
	if line := strings.Join(v.lines(lang.English, time.Now(), 0), "\n"); !strings.Contains(line, "250 of 300 requests a minute") {
		t.Errorf("the live line is %q", line)
	}
}

// TestFailedIsNotDone: a provider whose envelopes have failed has a bar that says so, also without
// colours.
func TestFailedIsNotDone(t *testing.T) {
	v := providerView{name: "sdoc", states: map[ledger.State]int64{ledger.Archived: 5, ledger.Failed: 4, ledger.InDoubt: 1, ledger.Queued: 10}}
	want := "sdoc       " + strings.Repeat("█", 5) + strings.Repeat("▒", 5) + strings.Repeat("░", 10) + "  5/20"
	if got := ansi.Strip(v.lines(lang.English, time.Now(), 80)[0]); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	v.states = map[ledger.State]int64{ledger.Failed: 3}
	if got, want := ansi.Strip(v.lines(lang.English, time.Now(), 80)[0]), "sdoc       "+strings.Repeat("▒", 20)+" 0/3"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestTheWatchSaysWhatItIs: that nothing is real, what time the graph is over, and that what was never
// sent is no speed.
func TestTheWatchSaysWhatItIs(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	c := ledger.Campaign{Name: "june", Total: 4, States: map[ledger.State]int64{ledger.Sent: 2, ledger.Canceled: 2}, CreatedAt: at.Add(-14 * time.Second), Simulated: true}
	snap := snapshot{at: at, campaigns: []ledger.Campaign{c}, course: []ledger.Moment{{At: at, Groups: map[ledger.Group]int64{ledger.GroupSent: 2}}}}
	for language, want := range map[lang.Language][]string{
		lang.English:    {"  last 14s", "simulated: nobody is invited, and nothing is signed"},
		lang.Portuguese: {"  últimos 14s", "simulado: ninguém"},
	} {
		text := ansi.Strip(liveView{language: language, begin: at, snap: snap, width: 80}.text())
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("no %q in %s", w, text)
			}
		}
	}
	if line := snap.line().String(); !strings.Contains(line, "; with simulators") {
		t.Errorf("the line of a pipe is %q", line)
	}
	if n := snap.worked(); n != 0 {
		t.Errorf("%d of what was canceled was worked on", n)
	}
	c.Simulated = false
	snap.campaigns = []ledger.Campaign{c}
	if text := snap.line().String() + (liveView{language: lang.English, begin: at, snap: snap}).text(); strings.Contains(text, "simulat") {
		t.Errorf("a real campaign is simulated: %s", text)
	}
}
