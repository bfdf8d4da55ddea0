package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs"
)

func newCheck(sys *system) *cobra.Command {
	var flags campaignFlags
	cmd := &cobra.Command{
		Use:   "check FILE.csv...",
		Short: "Tell every mistake in campaign files, and how long they will take",
		Long: `Check reads campaign files and their documents, by the same rules as enqueue and run, and
prints every mistake of every line as FILE:LINE:COLUMN: FIELD: MESSAGE. Nothing is enqueued
and no provider is called. It ends with an estimate for each provider at its rate; the
signers' own time is not in it.`,
		Example: `  chancela check june.csv
  chancela check --provider certyneo letters.csv`,
		GroupID: groupMain,
		Args:    arguments(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadConfig(sys.env)
			if err != nil {
				return err
			}
			judges, err := cfg.judges(jobs.ProviderNames)
			if err != nil {
				return err
			}
			files, err := newCampaignFiles(cfg, args, flags, judges)
			if err != nil {
				return err
			}
			s, err := files.check(cmd.Context(), sys.stdout)
			if err != nil {
				return err
			}
			if s.Problems > 0 {
				fmt.Fprintf(sys.stdout, "%s: %d of %s are valid\n", count(s.Problems, "problem"), s.Good, count(s.Rows, "row"))
			} else {
				fmt.Fprintf(sys.stdout, "%s, all valid\n", count(s.Rows, "envelope"))
			}
			for _, line := range append(cfg.estimates(s, files.judges), files.leftOut()...) {
				fmt.Fprintln(sys.stdout, line)
			}
			if !s.OK() {
				return quietly(exitUsage)
			}
			return nil
		},
	}
	flags.add(cmd)
	return cmd
}

// judgesFor are the providers whose rules apply: those with a key, or all when none has
// one.
func judgesFor(cfg *config) []string {
	if keyed := cfg.keyed(); len(keyed) > 0 {
		return keyed
	}
	return slices.Clone(jobs.ProviderNames)
}
