package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func newServe(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "HTTP API, webhooks, monitor and metrics",
		Long: `Serve answers on CHANCELA_HTTP_ADDR: the API for other programs, the providers' webhooks,
asynqmon and metrics.`,
		Example: `  chancela serve`,
		GroupID: groupServe,
		Args:    arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			return errors.New("serve is not part of this build")
		},
	}
}
