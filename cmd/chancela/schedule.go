package main

import (
	"github.com/spf13/cobra"
)

func newSchedule(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:   "schedule",
		Short: "Keep the clock: looks, renewals, and the sweep of what was left lying",
		Long: `Schedule does what happens by the clock: it sends workers to look at pending envelopes, has
download addresses renewed before they die, and brings back every envelope that no task
carries. Any number may run; each period happens once. It needs CHANCELA_REDIS_URL and calls
no provider.`,
		Example: `  chancela schedule`,
		GroupID: groupServe,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := sys.startQueued("schedule")
			if err != nil {
				return err
			}
			if b.simulated {
				if b.cfg, err = loadConfig(simulatorEnv(sys.env, nil)); err != nil {
					return err
				}
			}
			e, err := b.openQueue(cmd.Context())
			if err != nil {
				return err
			}
			defer e.Close()
			if err := e.listen("schedule"); err != nil {
				return err
			}
			e.log.Info("ready", "command", "schedule")
			return e.runAll(cmd.Context(), (*engine).runScheduler, (*engine).runHTTP)
		},
	}
}
