package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs"
)

// steering makes a command that does something with a campaign through the client.
func (s *system) steering(cmd *cobra.Command, do func(ctx context.Context, c *jobs.Client, args []string) error) *cobra.Command {
	cmd.GroupID = groupSteer
	cmd.ValidArgsFunction = s.completeCampaign
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		e, err := s.openLedger(cmd.Context(), cmd.Name())
		if err != nil {
			return err
		}
		defer e.Close()
		return do(cmd.Context(), e.client, args)
	}
	return cmd
}

// completeCampaign completes the first argument where a Redis is configured.
func (s *system) completeCampaign(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	e, err := s.openLedger(cmd.Context(), cmd.Name())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer e.Close()
	names, err := e.client.Ledger().Campaigns(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func newPause(sys *system) *cobra.Command {
	return sys.steering(&cobra.Command{
		Use:     "pause CAMPAIGN",
		Short:   "Invite nobody more until resumed",
		Long:    `Pause keeps a campaign from inviting anybody: when it has returned, no further invitation leaves. Envelopes that are sent are followed and archived as before.`,
		Example: `  chancela pause june`,
		Args:    arguments(1, 1),
	}, func(ctx context.Context, c *jobs.Client, args []string) error {
		if err := c.Pause(ctx, args[0]); err != nil {
			return err
		}
		fmt.Fprintf(sys.stdout, "%s is paused: nobody more is invited\n", args[0])
		return nil
	})
}

func newResume(sys *system) *cobra.Command {
	return sys.steering(&cobra.Command{
		Use:     "resume CAMPAIGN",
		Short:   "End a pause",
		Long:    `Resume ends a pause: envelopes that waited are sent.`,
		Example: `  chancela resume june`,
		Args:    arguments(1, 1),
	}, func(ctx context.Context, c *jobs.Client, args []string) error {
		if err := c.Resume(ctx, args[0]); err != nil {
			return err
		}
		fmt.Fprintf(sys.stdout, "%s goes on\n", args[0])
		return nil
	})
}

func newRetry(sys *system) *cobra.Command {
	return sys.steering(&cobra.Command{
		Use:   "retry CAMPAIGN [ID...]",
		Short: "Put failed envelopes back into the queue",
		Long:  `Retry puts failed envelopes back to where they failed, with all attempts anew: the named ones, or all of the campaign. No signer of a failed envelope has been invited, or its archive step is repeated.`,
		Example: `  chancela retry june
  chancela retry june 0017 0018`,
		Args: arguments(1, -1),
	}, func(ctx context.Context, c *jobs.Client, args []string) error {
		n, err := c.Retry(ctx, args[0], args[1:]...)
		return sys.told(n, err, "back in the queue")
	})
}

func newCancel(sys *system) *cobra.Command {
	return sys.steering(&cobra.Command{
		Use:   "cancel CAMPAIGN [ID...]",
		Short: "Stop what is not sent, withdraw what is sent",
		Long:  `Cancel stops envelopes that are not sent, and has a worker withdraw those that are where the provider can: the named ones, or all of the campaign.`,
		Example: `  chancela cancel june
  chancela cancel june 0017`,
		Args: arguments(1, -1),
	}, func(ctx context.Context, c *jobs.Client, args []string) error {
		n, err := c.Cancel(ctx, args[0], args[1:]...)
		return sys.told(n, err, "stopped, or being withdrawn")
	})
}

func newRemind(sys *system) *cobra.Command {
	return sys.steering(&cobra.Command{
		Use:   "remind CAMPAIGN [ID...]",
		Short: "Ask the provider to notify pending signers again",
		Long:  `Remind has a worker ask the provider to notify the pending signers of sent envelopes again: of the named ones, or of all where the provider offers it.`,
		Example: `  chancela remind june
  chancela remind june 0017`,
		Args: arguments(1, -1),
	}, func(ctx context.Context, c *jobs.Client, args []string) error {
		n, err := c.Remind(ctx, args[0], args[1:]...)
		return sys.told(n, err, "whose signers are reminded")
	})
}

func newResolve(sys *system) *cobra.Command {
	var sent string
	var notSent bool
	cmd := &cobra.Command{
		Use:   "resolve CAMPAIGN ID {--sent ENVELOPE_ID | --not-sent}",
		Short: "Settle an envelope that is in doubt",
		Long: `Resolve settles an envelope whose invitation may or may not have reached the provider, after
somebody has looked there: it was sent, under the provider's id, or it was not and goes back
to the queue.`,
		Example: `  chancela resolve june 0017 --sent 3f2a91c0
  chancela resolve june 0017 --not-sent`,
		Args: arguments(2, 2),
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if (sent != "") == notSent {
				return usage("resolve: want either --sent ENVELOPE_ID or --not-sent")
			}
			return nil
		},
		DisableFlagsInUseLine: true,
	}
	cmd.Flags().StringVar(&sent, "sent", "", "it was sent: the provider's id of the envelope")
	cmd.Flags().BoolVar(&notSent, "not-sent", false, "it was not sent")
	return sys.steering(cmd, func(ctx context.Context, c *jobs.Client, args []string) error {
		key := jobs.Key{Campaign: args[0], ID: args[1]}
		if err := c.Resolve(ctx, key, sent); err != nil {
			return err
		}
		if notSent {
			fmt.Fprintf(sys.stdout, "%s is back in the queue\n", key)
		} else {
			fmt.Fprintf(sys.stdout, "%s is sent\n", key)
		}
		return nil
	})
}

func newForget(sys *system) *cobra.Command {
	return sys.steering(&cobra.Command{
		Use:   "forget CAMPAIGN",
		Short: "Remove a finished campaign's personal data from the ledger",
		Long: `Forget removes names, addresses and all else that is about people from the ledger of a
campaign in which every envelope has ended, without asking. The archive stays, and so does
what keeps an envelope from being sent again.`,
		Example: `  chancela forget june`,
		Args:    arguments(1, 1),
	}, func(ctx context.Context, c *jobs.Client, args []string) error {
		n, err := c.Ledger().Forget(ctx, args[0])
		return sys.told(n, err, "forgotten")
	})
}

// told says for how many envelopes something was done, also when it ended in an error.
func (s *system) told(n int, err error, what string) error {
	if err == nil || n > 0 {
		fmt.Fprintf(s.stdout, "%s %s\n", count(n, "envelope"), what)
	}
	return err
}
