package main

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/ledger"
)

// maxListed is how many envelopes the summary names.
const maxListed = 20

// summary is what a run has come to.
type summary struct {
	counts    map[string]map[ledger.State]int64 // by provider
	invited   int                               // since the command began
	earlier   int                               // before
	files     int
	trouble   []*ledger.Record // ended, and not archived: the first of them
	troubles  int
	envelopes int
}

// summarize reads campaigns from the ledger; begin is when the command began, by Redis'
// clock as all times of the ledger. It gives each every envelope that has ended
// and is not archived.
func summarize(ctx context.Context, client *jobs.Client, campaigns []string, begin time.Time, each func(*ledger.Record)) (summary, error) {
	s := summary{counts: map[string]map[ledger.State]int64{}}
	for _, name := range campaigns {
		for r, err := range client.Ledger().All(ctx, name, "") {
			if err != nil {
				return s, err
			}
			s.envelopes++
			if s.counts[r.Provider] == nil {
				s.counts[r.Provider] = map[ledger.State]int64{}
			}
			s.counts[r.Provider][r.State]++
			switch {
			case r.SentAt.IsZero():
			case r.SentAt.Before(begin):
				s.earlier++
			default:
				s.invited++
			}
			if r.State == ledger.Archived {
				rep, err := client.Report(r)
				if err != nil {
					return s, err
				}
				s.files += len(rep.Artifacts)
				continue
			}
			if !r.State.Terminal() { // interrupted: the table counts it
				continue
			}
			each(r)
			if s.troubles++; len(s.trouble) < maxListed {
				s.trouble = append(s.trouble, r)
			}
		}
	}
	return s, nil
}

// states are the envelopes of all providers.
func (s summary) states() map[ledger.State]int64 {
	all := map[ledger.State]int64{}
	for _, states := range s.counts {
		for state, n := range states {
			all[state] += n
		}
	}
	return all
}

// result is the summary for programs.
func (s summary) result(took time.Duration, archive string, simulated bool) map[string]any {
	return map[string]any{"envelopes": s.envelopes, "states": s.states(), "providers": s.counts, "invited": s.invited, "invited_earlier": s.earlier,
		"archived_files": s.files, "archive": archive, "seconds": took.Seconds(), "simulated": simulated}
}

// tellTrouble gives a program an envelope that has ended and is not archived; people find
// the first of them in the summary.
func (s *system) tellTrouble(r *ledger.Record) {
	if !s.json {
		return
	}
	var why *report.Error
	if r.ErrorCode != "" {
		why = &report.Error{Code: r.ErrorCode, Message: r.ErrorMessage, Explanation: r.Explanation}
	}
	s.print("envelope", map[string]any{"campaign": r.Campaign, "id": r.ID, "provider": r.Provider, "state": r.State, "error": why})
}

// text is the table and what needs somebody's attention; where is the way to more about it.
func (s summary) text(language lang.Language, took time.Duration, archive string, where lang.Text) lang.Text {
	all := s.states()
	columns := inOrder(all)
	head := []string{language.Sprintf("provider")}
	for _, c := range columns {
		head = append(head, language.Say(stateWord(c)))
	}
	t := table.New().Border(lipgloss.NormalBorder()).BorderRow(false).Headers(append(head, language.Sprintf("total"))...).
		StyleFunc(func(_, col int) lipgloss.Style {
			style := lipgloss.NewStyle().Padding(0, 1)
			if col > 0 {
				style = style.Align(lipgloss.Right)
			}
			return style
		})
	row := func(name string, states map[ledger.State]int64) {
		cells, total := []string{name}, int64(0)
		for _, c := range columns {
			cells = append(cells, language.Sprintf("%d", states[c]))
			total += states[c]
		}
		t.Row(append(cells, language.Sprintf("%d", total))...)
	}
	for _, name := range registry.Names() {
		if states, ok := s.counts[name]; ok {
			row(name, states)
		}
	}
	if len(s.counts) > 1 {
		row(language.Sprintf("all"), all)
	}
	invited := lang.N(s.invited, "%d envelope invited to sign", "%d envelopes invited to sign")
	if s.earlier > 0 {
		invited = lang.N(s.invited, "%d envelope invited to sign now, %d earlier", "%d envelopes invited to sign now, %d earlier", s.earlier)
	}
	lines := []lang.Text{lang.Plain(t.Render()), lang.Of("%v, %v in %s, %v", invited, count(s.files, "archived file"), archive, about(took))}
	for _, r := range s.trouble {
		lines = append(lines, lang.Of("  %v", trouble(r)))
	}
	if more := s.troubles - len(s.trouble); more > 0 {
		lines = append(lines, lang.Of("  and %d more", more))
	}
	if s.troubles > 0 {
		lines = append(lines, lang.Of("More about each, and its signers: %v", where))
	}
	return lang.Join(lines, "\n")
}

// reportOf is where a run's envelopes are reported on, one by one.
func (c *config) reportOf(campaigns []string, written string) lang.Text {
	switch {
	case written != "":
		return lang.Plain(written)
	case c.RedisURL == "":
		return lang.Of("--report FILE of the next run writes a report")
	}
	commands := make([]string, len(campaigns))
	for i, name := range campaigns {
		commands[i] = "chancela report " + name
	}
	return lang.Plain(strings.Join(commands, "; "))
}

// stateWord is a state for people.
func stateWord(s ledger.State) lang.Text { return report.StateWord(s) }

// trouble is one line on an envelope that is not archived: what it is, why, and what can
// be done.
func trouble(r *ledger.Record) lang.Text {
	parts := []lang.Text{lang.Of("%s (%s) %v", r.Key(), r.Provider, stateWord(r.State))}
	if r.State == ledger.InDoubt { // its kept message says less
		return lang.Of("%v: the send call may or may not have reached %s; look there, then: chancela resolve %s %s --sent ENVELOPE_ID, or --not-sent",
			parts[0], r.Provider, r.Campaign, r.ID)
	}
	if why := r.ErrorMessage; why != "" && why != string(r.State) {
		parts = append(parts, lang.Of(": %s", strings.Join(strings.Fields(why), " ")))
	}
	if r.Explanation != "" {
		parts = append(parts, lang.Of("; %s says: %s", r.Provider, r.Explanation))
	}
	var signers []providers.SignerStatus
	_ = json.Unmarshal(r.Signers, &signers) // none are kept before a first look, or after forget
	for i, signer := range signers {
		if signer.Reason != "" {
			parts = append(parts, lang.Of("; signer%d says: %s", i+1, signer.Reason))
		}
	}
	if r.State == ledger.Failed {
		parts = append(parts, lang.Of("; chancela retry %s %s", r.Campaign, r.ID))
	}
	return lang.Join(parts, "")
}

// status is the exit status that a finished run deserves.
func (s summary) status() int {
	for _, states := range s.counts {
		for state := range states {
			if state != ledger.Archived {
				return exitUnfinished
			}
		}
	}
	return exitOK
}
