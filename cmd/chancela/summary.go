package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
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
func (s summary) text(took time.Duration, archive, where string) string {
	all := s.states()
	columns := inOrder(all)
	head := []string{"provider"}
	for _, c := range columns {
		head = append(head, string(c))
	}
	t := table.New().Border(lipgloss.NormalBorder()).BorderRow(false).Headers(append(head, "total")...).
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
			cells = append(cells, fmt.Sprint(states[c]))
			total += states[c]
		}
		t.Row(append(cells, fmt.Sprint(total))...)
	}
	for _, name := range registry.Names() {
		if states, ok := s.counts[name]; ok {
			row(name, states)
		}
	}
	if len(s.counts) > 1 {
		row("all", all)
	}
	earlier := ""
	if s.earlier > 0 {
		earlier = fmt.Sprintf(" now, %d earlier", s.earlier)
	}
	lines := []string{t.Render(), fmt.Sprintf("%s invited to sign%s, %s in %s, %s",
		count(s.invited, "envelope"), earlier, count(s.files, "archived file"), archive, about(took))}
	for _, r := range s.trouble {
		lines = append(lines, "  "+trouble(r))
	}
	if more := s.troubles - len(s.trouble); more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more", more))
	}
	if s.troubles > 0 {
		lines = append(lines, "More about each, and its signers: "+where)
	}
	return strings.Join(lines, "\n")
}

// reportOf is where a run's envelopes are reported on, one by one.
func (c *config) reportOf(campaigns []string, written string) string {
	switch {
	case written != "":
		return written
	case c.RedisURL == "":
		return "--report FILE of the next run writes a report"
	}
	commands := make([]string, len(campaigns))
	for i, name := range campaigns {
		commands[i] = "chancela report " + name
	}
	return strings.Join(commands, "; ")
}

// trouble is one line on an envelope that is not archived: what it is, why, and what can
// be done.
func trouble(r *ledger.Record) string {
	s := fmt.Sprintf("%s (%s) %s", r.Key(), r.Provider, r.State)
	if r.State == ledger.InDoubt { // its kept message says less
		return s + fmt.Sprintf(": the send call may or may not have reached %s; look there, then: chancela resolve %s %s --sent ENVELOPE_ID, or --not-sent",
			r.Provider, r.Campaign, r.ID)
	}
	if why := r.ErrorMessage; why != "" && why != string(r.State) {
		s += ": " + strings.Join(strings.Fields(why), " ")
	}
	if r.Explanation != "" {
		s += fmt.Sprintf("; %s says: %s", r.Provider, r.Explanation)
	}
	var signers []providers.SignerStatus
	_ = json.Unmarshal(r.Signers, &signers) // none are kept before a first look, or after forget
	for i, signer := range signers {
		if signer.Reason != "" {
			s += fmt.Sprintf("; signer%d says: %s", i+1, signer.Reason)
		}
	}
	if r.State == ledger.Failed {
		s += fmt.Sprintf("; chancela retry %s %s", r.Campaign, r.ID)
	}
	return s
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
