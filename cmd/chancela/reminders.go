package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/jobs/report"
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
