package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/ledger"
)

// choice narrows a steering command to some envelopes of a campaign.
type choice struct{ state, provider, idsFrom string }

func (x *choice) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&x.state, "state", "", "only envelopes in this state")
	cmd.Flags().StringVar(&x.provider, "provider", "", "only envelopes of this provider")
	cmd.Flags().StringVar(&x.idsFrom, "ids-from", "", "a file with an ID a line")
	cmd.PreRunE = func(_ *cobra.Command, args []string) error {
		switch {
		case x.idsFrom != "" && len(args) > 1:
			return usage("%s: --ids-from names the envelopes: leave out ID", cmd.Name())
		case x.state != "" && !slices.Contains(ledger.States, ledger.State(x.state)):
			return usage("--state: %q is not the state of an envelope", x.state)
		case x.provider != "" && !registry.Known(x.provider):
			return usage("--provider: %q is not one of %s", x.provider, strings.Join(registry.Names(), ", "))
		}
		return nil
	}
}

// of are the arguments of a command, campaign first, with the ids of the chosen envelopes. Where
// nothing narrows them they are as they were; none chosen is an error, and never all.
func (x *choice) of(ctx context.Context, c *jobs.Client, args []string) ([]string, error) {
	if x.idsFrom != "" {
		rulings, err := readRulings(x.idsFrom, true)
		if err != nil {
			return nil, err
		}
		args = args[:1:1]
		for _, v := range rulings {
			args = append(args, v.id)
		}
	}
	if x.state == "" && x.provider == "" {
		return args, nil
	}
	if err := insistCampaign(ctx, c.Ledger(), args[0]); err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, id := range args[1:] {
		named[id] = true
	}
	chosen := args[:1:1]
	for r, err := range c.Ledger().All(ctx, args[0], ledger.State(x.state)) {
		if err != nil {
			return nil, err
		}
		if (x.provider == "" || r.Provider == x.provider) && (len(named) == 0 || named[r.ID]) {
			chosen = append(chosen, r.ID)
		}
	}
	if len(chosen) == 1 {
		return nil, lang.Errorf("no envelope of %s is in that choice: nothing was done", args[0])
	}
	return chosen, nil
}

// noneFailed tells that failed envelopes are chosen of a campaign that has none: for retry this is no mistake.
func (x *choice) noneFailed(ctx context.Context, c *jobs.Client, args []string) (bool, error) {
	if x.state != string(ledger.Failed) || x.idsFrom != "" || len(args) > 1 {
		return false, nil
	}
	all, err := c.Ledger().Campaign(ctx, args[0])
	return err == nil && all.States[ledger.Failed] == 0, err
}
