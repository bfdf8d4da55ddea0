package main

import (
	"context"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
)

// tellSending says when the invitations and reminders of the campaigns leave, as the ledger has
// it now, and which of them wait for the first ones.
func (e enqueued) tellSending(ctx context.Context, c *jobs.Client, zone *time.Location, tell tell) error {
	all, err := c.Ledger().CampaignsNamed(ctx, e.campaigns)
	if err != nil {
		return err
	}
	for _, x := range all {
		hours, reminders, halts := report.HoursOf(x, time.Now()), report.RemindersOf(x, time.Now()), report.Halts(x)
		var lines []lang.Text
		if hours != nil {
			lines = append(lines, lang.Of("%s: %v", x.Name, hours.Text()))
		}
		if reminders != nil {
			lines = append(lines, lang.Of("%s: %v", x.Name, reminders.Text(zone)))
		}
		for _, h := range halts {
			if h.Waiting > 0 {
				lines = append(lines, h.Text(x.Name))
			}
		}
		if x.Open() > 0 && len(lines) > 0 {
			tell("sending", map[string]any{"campaign": x.Name, "hours": hours, "reminders": reminders, "halts": halts}, lang.Join(lines, "\n"))
		}
	}
	return nil
}
