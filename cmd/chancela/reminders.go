package main

import (
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// reminderFlags are when a campaign's signers are reminded by themselves.
type reminderFlags struct{ hours.Reminders }

func (f *reminderFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.After, "remind-after", "", "remind signers so long after the invitation, where the provider can: 3d, 36h")
	cmd.Flags().StringVar(&f.Every, "remind-every", "", "and again so long after the last reminder: 2d")
	cmd.Flags().StringVar(&f.AtMost, "remind-at-most", "", "so many reminders of one envelope (default: 3, without --remind-every 1); 0: no more")
}

func (f reminderFlags) valid() error {
	if f.Empty() {
		return nil
	}
	_, err := f.Parse()
	return err
}

// unreminded are the envelopes that a rule of reminders leaves out, by provider.
type unreminded map[string]*leftRows

// leftRows are how many rows, and the ids of the first.
type leftRows struct {
	n   int
	ids []string
}

// add notes an envelope whose provider cannot remind.
func (u unreminded) add(f reminderFlags, e providers.Envelope, judge providers.Provider) {
	if _, can := judge.(providers.Reminder); can || f.After == "" {
		return
	}
	if u[e.Provider] == nil {
		u[e.Provider] = &leftRows{}
	}
	x := u[e.Provider]
	if x.n++; x.n <= maxListed {
		x.ids = append(x.ids, e.ID)
	}
}

// tell says which rows nobody is reminded of.
func (u unreminded) tell(tell tell) {
	for _, provider := range slices.Sorted(maps.Keys(u)) {
		x := u[provider]
		tell("not_reminded", map[string]any{"provider": provider, "envelopes": x.n, "ids": x.ids},
			lang.Of("%s offers no reminders: nobody is reminded of %v (%s)", provider, count(x.n, "envelope"), firstOf(x.ids, x.n)))
	}
}

// reminders say when signers are reminded by the campaigns' rules.
func (s snapshot) reminders(zone *time.Location) []lang.Text {
	var lines []lang.Text
	for _, c := range s.campaigns {
		if r := report.RemindersOf(c, s.at); r != nil && c.Open() > 0 {
			lines = append(lines, lang.Of("%s: %v", c.Name, r.Text(zone)))
		}
	}
	return lines
}
