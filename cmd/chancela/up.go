package main

import (
	"github.com/spf13/cobra"
)

func newUp(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:     "up",
		Short:   "work, schedule and serve in one process",
		Long:    `Up is work, schedule and serve in one process: what a small installation needs.`,
		Example: `  chancela up`,
		GroupID: groupServe,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return sys.serve(cmd.Context(), "up", nil, (*engine).runWorker, (*engine).runScheduler, (*engine).runHTTP, (*engine).runNotifier)
		},
	}
}
