package main

import (
	"cmp"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// Nothing is wider than a terminal, whose list has the endings that occur; a pipe gets all.
func TestCampaignListFitsATerminal(t *testing.T) {
	at := time.Date(2030, 1, 2, 15, 4, 0, 0, time.UTC)
	every := map[ledger.State]int64{}
	for _, state := range ledger.States {
		every[state] = 1
	}
	few := []ledger.Campaign{{Name: "june", Total: 3, States: map[ledger.State]int64{ledger.Archived: 2, ledger.Queued: 1}, CreatedAt: at, Simulated: true}}
	many := append(few, ledger.Campaign{Name: strings.Repeat("leases-", 8), Total: 10, States: every, CreatedAt: at, Paused: true})
	for _, language := range []lang.Language{lang.English, lang.Portuguese} {
		for _, all := range [][]ledger.Campaign{few, many} {
			for _, width := range []int{60, 80, 100, 200} {
				list := campaignList(all, time.UTC, language, width)
				if widest(list) > width {
					t.Errorf("%d columns, want %d: %s", widest(list), width, list)
				}
				for _, c := range all {
					if !strings.Contains(list, c.Name) {
						t.Errorf("no %s in %s", c.Name, list)
					}
				}
			}
		}
	}
	if got := strings.Join(strings.Fields(campaignList(few, time.UTC, lang.English, 80)), " "); got != "CAMPAIGN ENVELOPES FINISHED ARCHIVED SINCE NOTE june 3 2 2 2 Jan 2030 15:04 UTC simulated" {
		t.Error(got)
	}
	if pipe := campaignList(few, time.UTC, lang.English, 0); !strings.Contains(pipe, "IN DOUBT") || widest(pipe) <= 80 {
		t.Error(pipe)
	}
}

func TestFittedBreaksBetweenWords(t *testing.T) {
	const line = "  june/cer-001 (certyneo) failed: no such template; chancela retry june cer-001"
	for _, c := range []struct {
		width int
		want  string
	}{
		{0, line}, {len(line), line},
		{40, "  june/cer-001 (certyneo) failed: no\nsuch template; chancela retry june\ncer-001"},
		{8, "  june/cer-001\n(certyneo)\nfailed:\nno such\ntemplate;\nchancela\nretry\njune\ncer-001"},
	} {
		if got := fitted(line+"\nend", c.width); got != c.want+"\nend" {
			t.Errorf("%d: %q", c.width, got)
		}
	}
}

// TestHelpFits: no line of a help is wider than its terminal, elsewhere none is wider than 80 columns,
// and no word is lost.
func TestHelpFits(t *testing.T) {
	for _, env := range []map[string]string{{"CHANCELA_LANG": "en"}, {"CHANCELA_LANG": "pt-BR"}} {
		for _, cmd := range everyCommand() {
			args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
			help := invoke(t, env, args...).want(t, exitOK).stdout
			for _, width := range []int{0, 60, 80, 100, 120} {
				text, most := fitHelp(help, width), cmp.Or(min(width, widestHelp), plainWidth)
				for line := range strings.Lines(text) {
					line = strings.TrimSuffix(line, "\n")
					_, rest, several := strings.Cut(strings.TrimLeft(line, " "), " ")
					if widest(line) > most && !strings.HasPrefix(line, "\t") && several && rest != "" && !strings.HasPrefix(line, "  chancela") {
						t.Errorf("%v: %d columns of %d: %s", args, widest(line), most, line)
					}
				}
				if strings.Join(strings.Fields(text), " ") != strings.Join(strings.Fields(help), " ") {
					t.Errorf("%v: %d columns lose words: %s", args, most, text)
				}
			}
			for line := range strings.Lines(help) {
				if widest(strings.TrimSuffix(line, "\n")) > plainWidth {
					t.Errorf("%v: %d columns: %s", args, widest(line), line)
				}
			}
		}
	}
	const flag = "      --window string   invite only then: \"Mon-Fri 09:00-18:00\", several with a comma\n"
	if got, want := fitHelp("a b\nc\n\n"+flag, 60), "a b c\n\n      --window string   invite only then: \"Mon-Fri\n                        09:00-18:00\", several with a comma\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
