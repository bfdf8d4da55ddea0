package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/providers/lang"
)

func newNotifications(sys *system) *cobra.Command {
	var replay bool
	cmd := &cobra.Command{
		Use:   "notifications",
		Short: "Show how many notifications wait or were given up; --replay sends those again",
		Long: `Notifications go to CHANCELA_NOTIFY_URL, signed as Standard Webhooks. One that could not be
delivered for a day is set aside so that the envelope's later ones go on; --replay puts all
of those back.`,
		Example: `  chancela notifications
  chancela notifications --replay`,
		GroupID: groupSteer,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return sys.notifications(cmd.Context(), replay)
		},
	}
	cmd.Flags().BoolVar(&replay, "replay", false, "deliver again what was given up")
	return cmd
}

func (s *system) notifications(ctx context.Context, replay bool) error {
	e, err := s.openLedger(ctx, "notifications")
	if err != nil {
		return err
	}
	defer e.Close()
	if replay {
		n, err := e.client.Ledger().Replay(ctx)
		if err != nil {
			return err
		}
		s.come(map[string]any{"replayed": n}, lang.N(n, "%d notification is delivered again", "%d notifications are delivered again"))
		return nil
	}
	waiting, dead, err := e.client.Ledger().Outbox(ctx)
	if err != nil {
		return err
	}
	s.come(map[string]any{"waiting": waiting, "given_up": dead},
		lang.Of("%d envelopes have notifications that wait, %d have some that were given up", waiting, dead))
	return nil
}
