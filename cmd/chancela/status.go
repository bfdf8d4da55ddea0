package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

func newStatus(sys *system) *cobra.Command {
	var watch, asJSON bool
	cmd := &cobra.Command{
		Use:   "status [CAMPAIGN]",
		Short: "Counts by state, throughput, time left",
		Long: `Status prints how far a campaign is: envelopes by state, how many end in a minute, and the
time left at that speed. Without a name it lists all campaigns, with times of CHANCELA_TZ.
With --watch it stays until every envelope has ended.`,
		Example: `  chancela status
  chancela status june --watch
  chancela status june --json`,
		GroupID:           groupMain,
		Args:              arguments(0, 1),
		ValidArgsFunction: sys.completeCampaign,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			defer func() { sys.json = asJSON && err != nil }() // then the last object is the result, with the error
			ctx := cmd.Context()
			e, err := sys.openLedger(ctx, "status")
			if err != nil {
				return err
			}
			defer e.Close()
			names := args
			if len(args) == 0 {
				if names, err = e.client.Ledger().Campaigns(ctx); err != nil {
					return err
				}
			}
			if watch {
				return sys.watch(ctx, e, names, asJSON)
			}
			return sys.status(ctx, e, names, len(args) == 0, asJSON)
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "stay, and show how it goes on")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one object a line; with --watch, one at every look")
	return cmd
}

func (s *system) watch(ctx context.Context, e *engine, names []string, asJSON bool) error {
	for _, name := range names {
		if err := insistCampaign(ctx, e.client.Ledger(), name); err != nil {
			return err
		}
	}
	over := func(s snapshot) bool { return s.open() == 0 }
	if !asJSON {
		_, err := follow(ctx, s, e.observer(), names, over)
		return err
	}
	var broken error
	_, err := watchLedger(ctx, s, e.observer(), names, time.Second, func(snap snapshot) { broken = errors.Join(broken, s.statusJSON(snap)) },
		func(s snapshot) bool { return broken != nil || over(s) })
	return errors.Join(broken, err)
}

func (s *system) status(ctx context.Context, e *engine, names []string, list, asJSON bool) error {
	snap, err := e.observer().look(ctx, names)
	switch {
	case err != nil:
		return err
	case !list && len(snap.campaigns) == 0:
		return insistCampaign(ctx, e.client.Ledger(), names[0])
	case asJSON:
		return s.statusJSON(snap)
	case !list:
		return s.statusOf(e, snap)
	case len(snap.campaigns) == 0:
		fmt.Fprintln(s.stdout, s.language.Sprintf("no campaigns"))
		return nil
	}
	fmt.Fprint(s.stdout, campaignList(snap.campaigns, e.cfg.TZ.Location, s.language, s.width()))
	for _, line := range slices.Concat(snap.hours(), snap.reminders(e.cfg.TZ.Location)) {
		s.line(line)
	}
	return s.troubles(e, snap)
}

// statusObject is the object of the contract, with what is wrong with the campaign's
// providers.
type statusObject struct {
	Campaign  string                 `json:"campaign"`
	Total     int64                  `json:"total"`
	States    map[ledger.State]int64 `json:"states"`
	Paused    bool                   `json:"paused"`
	Halts     []report.Halt          `json:"halts"`
	Simulated bool                   `json:"simulated"`
	Troubles  []troubleObject        `json:"troubles"`
	Archive   *archiveObject         `json:"archive"`   // what is wrong with it; null: nothing
	Hours     *report.Hours          `json:"hours"`     // when invitations leave; null: always
	Reminders *report.Reminders      `json:"reminders"` // by the campaign's rule; null: it has none
	Forgotten int64                  `json:"forgotten"` // envelopes of which the ledger has nothing about people any more
}

type archiveObject struct {
	State   ledger.TroubleState `json:"state"`
	Since   time.Time           `json:"since"`
	NextTry *time.Time          `json:"next_try"`
	Reason  string              `json:"reason"`
}

type troubleObject struct {
	Provider string              `json:"provider"`
	State    ledger.TroubleState `json:"state"`
	Since    time.Time           `json:"since"`
	NextTry  *time.Time          `json:"next_try"`
	Error    troubleError        `json:"error"`
}

// troubleError is the last failed call.
type troubleError struct {
	Kind   string `json:"kind"`
	Code   string `json:"code"`
	Call   string `json:"call"`
	Status int    `json:"status"` // of HTTP; 0: no answer
}

// statusJSON prints an object for every campaign.
func (s *system) statusJSON(snap snapshot) error {
	enc := json.NewEncoder(s.stdout)
	for _, c := range snap.campaigns {
		o := statusObject{c.Name, c.Total, c.States, c.Paused, report.Halts(c), c.Simulated, []troubleObject{}, nil, report.HoursOf(c, snap.at), report.RemindersOf(c, snap.at), c.Forgotten}
		if t := snap.archive.trouble; t != nil {
			o.Archive = &archiveObject{t.State, t.Since, report.Time(t.NextTry), snap.archive.denied}
		}
		for _, v := range snap.providers {
			if t := v.trouble; t != nil && v.worksFor(c) {
				o.Troubles = append(o.Troubles, troubleObject{v.name, t.State, t.Since, report.Time(t.NextTry), troubleError{t.Kind, t.Code, t.Op, t.Status}})
			}
		}
		if err := enc.Encode(o); err != nil {
			return err
		}
	}
	return nil
}

// statusOf is one campaign for people.
func (s *system) statusOf(e *engine, snap snapshot) error {
	c := snap.campaigns[0]
	// One look has no speed of late: the whole life of the campaign has to do.
	if life := c.ChangedAt.Sub(c.CreatedAt); life > 0 {
		snap.speed = float64(snap.worked()) / life.Seconds()
	}
	print := func(format string, args ...any) { s.line(lang.Of(format, args...)) }
	print("%s: %d of %d finished", c.Name, finished(c.States), snap.total())
	if c.Simulated {
		s.line(simulatedWords)
	}
	for _, state := range inOrder(c.States) {
		print("  %-10s %d", stateWord(state), c.States[state])
	}
	if snap.speed > 0 && !c.Paused {
		speed := snap.speed * time.Minute.Seconds()
		if left := snap.left(); left > 0 {
			print("%.1f envelopes a minute, about %v left", speed, about(left))
		} else {
			print("%.1f envelopes a minute", speed)
		}
	}
	if c.Paused {
		print("paused: chancela resume %s", c.Name)
	}
	if c.Forgotten > 0 {
		print("forgotten: nothing about the people of %v is in the ledger any more", count(int(c.Forgotten), "envelope"))
	}
	for _, line := range slices.Concat(snap.hours(), snap.reminders(e.cfg.TZ.Location), snap.halts()) {
		s.line(line)
	}
	s.ends(snap.ends)
	return s.troubles(e, snap)
}

// ends says why envelopes have ended without being archived, and what to do.
func (s *system) ends(ends report.Ends) {
	for _, line := range endLines(ends, s.language, s.width()) {
		fmt.Fprintln(s.stdout, ansi.Strip(line))
	}
}

// line prints a line in the width of the terminal.
func (s *system) line(text lang.Text) {
	fmt.Fprintln(s.stdout, fitted(s.language.Say(text), s.width()))
}

// troubles says what keeps the campaigns from going on.
func (s *system) troubles(e *engine, snap snapshot) error {
	for _, v := range snap.providers {
		if wrong := v.wrong(snap.at); !wrong.IsZero() {
			s.line(lang.Of("%s %v", v.name, wrong))
		}
	}
	if wrong := snap.archive.wrong(snap.at); !wrong.IsZero() {
		s.line(lang.Of("the archive %v", wrong))
	}
	return s.unworked(e, snap)
}

// unworked names the providers that have something to do and nobody to do it.
func (s *system) unworked(e *engine, snap snapshot) error {
	for _, v := range snap.providers {
		if v.open() == 0 {
			continue
		}
		worked, err := e.client.TaskQueue().Worked(v.name)
		if err != nil {
			return err
		}
		if !worked {
			s.line(lang.Of("no worker runs for %s: start chancela work, and one chancela schedule", v.name))
		}
	}
	return nil
}
