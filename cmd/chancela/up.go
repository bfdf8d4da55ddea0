package main

import (
	"github.com/spf13/cobra"
)

func newUp(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "work, schedule and serve in one process",
		Long: `Up is work, schedule and serve in one process: what a small installation needs. It
listens on CHANCELA_HTTP_ADDR (127.0.0.1:8080), with pages for people at /. Other addresses
than of this machine want CHANCELA_API_KEYS (NAME:KEY), with which people and programs sign
in. With providers' keys it needs CHANCELA_REDIS_URL; without any, it simulates the providers.`,
		Example: `  chancela up`,
		GroupID: groupServe,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return sys.serve(cmd.Context(), "up", nil, (*engine).runWorker, (*engine).runScheduler, (*engine).runHTTP, (*engine).runNotifier)
		},
	}
}
