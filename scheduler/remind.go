package scheduler

import (
	"context"
	"errors"
	"time"

	"github.com/chancela/chancela/jobs/hours"
)

const (
	remindEvery = 10 * time.Second
	// remindHold is when a reminder that has not begun is put on the queue again.
	remindHold = 10 * time.Minute
	// remindBatches bounds how many reminders of a campaign go on the queue in a turn: providers take
	// a few a second.
	remindBatches = 2
)

// remind puts the reminders on the queue that campaigns' rules call for, where the campaign is
// neither paused nor outside its hours. Whether one is made is decided when it begins: a task
// that comes twice, or late, reminds nobody again.
func (s *Scheduler) remind(ctx context.Context, _ string) error {
	names, err := s.ledger.RemindersDue(ctx)
	if err != nil || len(names) == 0 {
		return err
	}
	campaigns, err := s.ledger.CampaignsNamed(ctx, names)
	if err != nil {
		return err
	}
	now, err := s.ledger.Now(ctx)
	if err != nil {
		return err
	}
	for _, c := range campaigns {
		held, herr := hours.HeldUntil(c.Hours.Settings, now)
		if herr == nil && !c.Paused && held.IsZero() {
			herr = s.remindCampaign(ctx, c.Name)
		}
		err = errors.Join(err, herr) // the others go on
	}
	return err
}

func (s *Scheduler) remindCampaign(ctx context.Context, name string) error {
	for range remindBatches {
		due, err := s.ledger.TakeReminders(ctx, name, sweepBatch, remindHold)
		if err != nil || len(due) == 0 {
			return err
		}
		if err := s.tasks.DueReminders(ctx, due); err != nil {
			return err
		}
	}
	return nil
}
