package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// answer is what a steering command says on standard output.
type answer struct {
	text   lang.Text
	fields map[string]any
}

// steering makes a command that does something with a campaign through the client. What
// it answers is printed, also when it ends in an error.
func (s *system) steering(cmd *cobra.Command, do func(ctx context.Context, c *jobs.Client, args []string) (answer, error)) *cobra.Command {
	cmd.GroupID = groupSteer
	cmd.ValidArgsFunction = s.completeCampaign
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		open := s.openLedger
		if cmd.Name() == "cancel" && !isDry(cmd) || cmd.Name() == "forget" { // they end what another ledger may have sent
			open = s.openLedgerAndArchive
		}
		e, err := open(cmd.Context(), cmd.Name())
		if err != nil {
			return err
		}
		defer e.Close()
		a, err := do(cmd.Context(), e.client, args)
		if len(args) > 0 {
			err = orUnknown(cmd.Context(), e.client.Ledger(), args[0], err)
		}
		if r, ok := a.fields["envelopes"]; err != nil && ok && r == 0 && len(a.fields["refused"].([]jobs.Refusal)) == 0 {
			return err // nothing was done and nothing was refused: the error says it all
		}
		s.come(a.fields, a.text)
		return err
	}
	return cmd
}

// pausedAnswer is the answer of pause and resume.
func pausedAnswer(campaign string, paused bool, text lang.Text) answer {
	return answer{text, map[string]any{"campaign": campaign, "paused": paused}}
}

// resultAnswer says for how many envelopes something was done, and per reason for which
// not.
func resultAnswer(campaign string, r jobs.Result, what lang.Text) answer {
	lines := []lang.Text{what}
	for _, x := range r.Refused {
		lines = append(lines, lang.Of("not for %v: %v (%s)", count(x.Envelopes, "envelope"), x, firstOf(x.IDs, x.Envelopes)))
	}
	refused := append([]jobs.Refusal{}, r.Refused...) // [] where there is none
	return answer{lang.Join(lines, "\n"), map[string]any{"campaign": campaign, "envelopes": r.Done, "refused": refused}}
}

// noneOf says that an operation on a whole campaign had nothing to do, and what its envelopes
// are instead.
func noneOf(what lang.Text, r jobs.Result) lang.Text {
	place := func(x jobs.Refusal) int { return slices.Index(ledger.States, ledger.State(x.Reason)) }
	refused := slices.SortedStableFunc(slices.Values(r.Refused), func(a, b jobs.Refusal) int { return cmp.Compare(place(a), place(b)) })
	var list []lang.Text
	for _, x := range refused {
		if place(x) >= 0 {
			list = append(list, report.StateCount(int64(x.Envelopes), ledger.State(x.Reason)))
		} else {
			list = append(list, lang.Of("%d (%v)", x.Envelopes, x))
		}
	}
	if len(list) == 0 {
		return what
	}
	return lang.Of("%v: %v", what, lang.Join(list, ", "))
}

// steered is the answer of an operation with its own words for what was done and for nothing;
// of named envelopes the ids of the refused ones follow.
func steered(args []string, r jobs.Result, done, none lang.Text) answer {
	switch {
	case r.Done > 0:
		return resultAnswer(args[0], r, done)
	case len(args) > 1:
		return resultAnswer(args[0], r, none)
	}
	a := resultAnswer(args[0], r, none)
	a.text = noneOf(none, r)
	return a
}

// retried is the answer of retry: what has ended otherwise than failed is not retried, and
// is sent again only as another envelope.
func retried(args []string, r jobs.Result) answer {
	a := steered(args, r, lang.N(r.Done, "%d envelope back in the queue", "%d envelopes back in the queue"), lang.Of("nothing was retried, as none has failed"))
	ended := []ledger.State{ledger.Canceled, ledger.Declined, ledger.Expired}
	if slices.ContainsFunc(r.Refused, func(x jobs.Refusal) bool { return slices.Contains(ended, ledger.State(x.Reason)) }) {
		a.text = lang.Join([]lang.Text{a.text, lang.Of("what is canceled, declined or expired can be sent again only under another id")}, "\n")
	}
	return a
}

// waits adds to an answer that what was put back is not sent before a resume.
func waits(ctx context.Context, c *jobs.Client, campaign string, a *answer) error {
	all, err := c.Ledger().Campaign(ctx, campaign)
	if err != nil {
		return err
	}
	halts, lines := report.Halts(all), []lang.Text{a.text}
	a.fields["paused"], a.fields["halts"] = all.Paused, halts
	if all.Paused {
		lines = append(lines, lang.Of("%s is paused: nothing is sent before chancela resume %s", campaign, campaign))
	}
	for _, h := range halts {
		lines = append(lines, lang.Of("%v; what was put back waits, too: retry does not end it, chancela resume %s does", h.Why(), campaign))
	}
	a.text = lang.Join(lines, "\n")
	return nil
}

// reminded is the answer of remind.
func reminded(args []string, r jobs.Result) answer {
	return steered(args, r, lang.N(r.Done, "the signers of %d envelope are reminded", "the signers of %d envelopes are reminded"), lang.Of("nobody was reminded"))
}

// firstOf are the first few of n ids, for people.
func firstOf(ids []string, n int) string {
	const most = 10
	shown := strings.Join(ids[:min(most, len(ids))], ", ")
	if n > most {
		shown += ", ..."
	}
	return shown
}

// listed is the error of an operation on named envelopes that some have refused: the
// answer has said which.
func listed(r jobs.Result, err error) error {
	if _, refused := errors.AsType[*jobs.RefusedError](err); !refused {
		return err
	}
	return lang.Errorf("%v not done", count(r.NotDone(), "envelope"))
}

// some does something to the envelopes that are named after the campaign, or to all of it.
func (s *system) some(ctx context.Context, c *jobs.Client, args []string, kind ledger.Kind, do func(context.Context, string, ...string) (jobs.Result, error)) (jobs.Result, error) {
	if len(args) > 1 {
		return do(ctx, args[0], args[1:]...)
	}
	return s.campaignWide(ctx, c, args[0], kind)
}

// progressEvery is how often an operation says how far it is.
const progressEvery = 2 * time.Second

// campaignWide does something to all envelopes of a campaign and says now and then how far it
// is. Interrupted, it is carried on by whatever process works, schedules or serves.
func (s *system) campaignWide(ctx context.Context, c *jobs.Client, campaign string, kind ledger.Kind) (jobs.Result, error) {
	o, err := c.Begin(ctx, campaign, kind, "")
	if err != nil {
		return jobs.Result{}, err
	}
	said := time.Now()
	o, err = c.Carry(ctx, o.ID, func(o jobs.Operation) {
		if time.Since(said) > progressEvery && o.Ended.IsZero() {
			said = time.Now()
			fmt.Fprintln(s.stderr, s.language.Sprintf("%s: %d of %d envelopes looked at", campaign, o.Seen, o.Total))
		}
	})
	if err != nil && ctx.Err() != nil {
		fmt.Fprintln(s.stderr, s.language.Sprintf("%s: interrupted after %d of %d envelopes; a running chancela work, schedule, serve or up goes on with it", campaign, o.Seen, o.Total))
	}
	return o.Result, err
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
	var dry dryRun
	cmd := sys.steering(&cobra.Command{
		Use:   "pause CAMPAIGN",
		Short: "Invite nobody more until resumed",
		Long: `Pause keeps a campaign from inviting anybody: when it has returned, no further
invitation leaves. It waits for those that were begun before, 20 seconds at most, and
tells how many they were. Envelopes that are sent are followed and archived as before.`,
		Example: `  chancela pause june`,
		Args:    arguments(1, 1),
	}, func(ctx context.Context, c *jobs.Client, args []string) (answer, error) {
		if dry {
			return wouldPause(ctx, c, args[0])
		}
		res, err := c.Pause(ctx, args[0])
		if err == nil {
			err = c.AwaitPause(ctx, args[0])
		}
		if err != nil {
			return answer{}, err
		}
		text := lang.Of("%s is paused: nobody more is invited", args[0])
		if res.UnderWay > 0 {
			text = lang.Of("%v; begun before, and perhaps sent: %v", text, count(res.UnderWay, "invitation"))
		}
		a := pausedAnswer(args[0], true, text)
		a.fields["under_way"] = res.UnderWay
		return a, nil
	})
	dry.add(cmd)
	return cmd
}

func newResume(sys *system) *cobra.Command {
	var dry dryRun
	cmd := sys.steering(&cobra.Command{
		Use:   "resume CAMPAIGN",
		Short: "End a pause",
		Long: `Resume ends a pause: envelopes that waited are sent. It also ends what --first and
failures in a row hold back; on a terminal it asks before a pause takes --first with it.`,
		Example: `  chancela resume june`,
		Args:    arguments(1, 1),
	}, func(ctx context.Context, c *jobs.Client, args []string) (answer, error) {
		if dry {
			return wouldResume(ctx, c, args[0])
		}
		before, err := c.Ledger().Campaign(ctx, args[0])
		if err != nil {
			return answer{}, err
		}
		text := lang.Of("%s goes on", args[0])
		if !before.Paused && len(before.Halts) == 0 {
			text = lang.Of("%s was not paused: it goes on as before", args[0])
		}
		if held, first := heldBack(before); held > 0 {
			if before.Paused {
				question := lang.Of("%v in %s wait until the first %d are archived. Resuming sends them now, too. Go on?", count(int(held), "envelope"), args[0], first)
				if err := sys.confirm(ctx, question); err != nil {
					return answer{}, err
				}
			}
			text = lang.Of("%v, also with what waited for the first %d: %v", text, first, count(int(held), "envelope"))
		}
		if _, err := sys.campaignWide(ctx, c, args[0], ledger.ResumeAll); err != nil {
			return answer{}, err
		}
		return pausedAnswer(args[0], false, text), nil
	})
	dry.add(cmd)
	return cmd
}

// heldBack is how many envelopes wait because others go first, and how many those are.
func heldBack(c ledger.Campaign) (held, first int64) {
	for _, h := range c.Halts {
		if h.First > 0 {
			held, first = held+c.Waiting(h), h.First
		}
	}
	return held, first
}

func newRetry(sys *system) *cobra.Command {
	var only choice
	var dry dryRun
	cmd := sys.steering(&cobra.Command{
		Use:   "retry CAMPAIGN [ID...]",
		Short: "Put failed envelopes back into the queue",
		Long: `Retry puts failed envelopes back to where they failed, with all attempts anew: the named
ones, or all of the campaign. No signer of a failed envelope has been invited, or its
archive step is repeated. It ends neither a pause nor a halt: resume does.`,
		Example: `  chancela retry june
  chancela retry june 0017 0018`,
		Args: arguments(1, -1),
	}, func(ctx context.Context, c *jobs.Client, args []string) (answer, error) {
		if none, err := only.noneFailed(ctx, c, args); none || err != nil {
			return retried(args[:1], jobs.Result{}), err
		}
		args, err := only.of(ctx, c, args)
		if err != nil {
			return answer{}, err
		}
		if dry {
			return wouldSome(ctx, c, args, ledger.RetryAll)
		}
		r, err := sys.some(ctx, c, args, ledger.RetryAll, c.Retry)
		a := retried(args, r)
		if err == nil && r.Done > 0 {
			err = waits(ctx, c, args[0], &a)
		}
		return a, listed(r, err)
	})
	only.add(cmd)
	dry.add(cmd)
	return cmd
}

func newCancel(sys *system) *cobra.Command {
	var yes bool
	var only choice
	var dry dryRun
	cmd := sys.steering(&cobra.Command{
		Use:   "cancel CAMPAIGN [ID...]",
		Short: "Stop what is not sent, withdraw what is sent",
		Long: `Cancel stops envelopes that are not sent, and has a worker withdraw those that are
where the provider can: the named ones, or all of the campaign. On a terminal it asks before
it cancels a whole campaign. What is canceled is not sent again under the same id.`,
		Example: `  chancela cancel june
  chancela cancel june 0017
  chancela cancel june --state queued --provider sdoc`,
		Args: arguments(1, -1),
	}, func(ctx context.Context, c *jobs.Client, args []string) (answer, error) {
		whole := len(args) == 1
		args, err := only.of(ctx, c, args)
		if err != nil {
			return answer{}, err
		}
		if dry {
			return wouldSome(ctx, c, args, ledger.CancelAll)
		}
		if len(args) == 1 && !yes {
			all, err := c.Ledger().Campaign(ctx, args[0])
			if err != nil {
				return answer{}, err
			}
			question := lang.Of("Cancel all of %s (%v)? Under these ids they are not sent again.", args[0], count(int(all.Open()), "open envelope"))
			if err := sys.confirm(ctx, question); err != nil {
				return answer{}, err
			}
		}
		if whole && len(args) > 1 && !yes {
			if err := sys.confirm(ctx, lang.Of("Cancel %v of %s? Under these ids they are not sent again.", count(len(args)-1, "envelope"), args[0])); err != nil {
				return answer{}, err
			}
		}
		r, err := sys.some(ctx, c, args, ledger.CancelAll, c.Cancel)
		return resultAnswer(args[0], r, lang.N(r.Done, "%d envelope stopped, or being withdrawn", "%d envelopes stopped, or being withdrawn")), listed(r, err)
	})
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask, also on a terminal")
	only.add(cmd)
	dry.add(cmd)
	return cmd
}

func newRemind(sys *system) *cobra.Command {
	var only choice
	var signer int
	var dry dryRun
	cmd := sys.steering(&cobra.Command{
		Use:   "remind CAMPAIGN [ID...]",
		Short: "Ask the provider to notify pending signers again",
		Long: `Remind has a worker ask the provider to notify the pending signers of sent envelopes
again: of the named ones, or of all where the provider offers it.`,
		Example: `  chancela remind june
  chancela remind june 0017
  chancela remind june 0017 --signer 2`,
		Args: arguments(1, -1),
	}, func(ctx context.Context, c *jobs.Client, args []string) (answer, error) {
		if signer != 0 {
			if len(args) != 2 || signer < 0 {
				return answer{}, usage("--signer: want a campaign, one id, and the number of its signer from 1")
			}
			if dry {
				r, err := c.WouldRemindSigner(ctx, args[0], args[1], signer)
				return dryAnswer(steered(args, r, lang.Of("signer %d of %s would be reminded", signer, args[1]), lang.Of("nobody would be reminded"))), listed(r, err)
			}
			r, err := c.RemindSigner(ctx, args[0], args[1], signer)
			return steered(args, r, lang.Of("signer %d of %s is reminded", signer, args[1]), lang.Of("nobody was reminded")), listed(r, err)
		}
		args, err := only.of(ctx, c, args)
		if err != nil {
			return answer{}, err
		}
		if dry {
			return wouldSome(ctx, c, args, ledger.RemindAll)
		}
		r, err := sys.some(ctx, c, args, ledger.RemindAll, c.Remind)
		return reminded(args, r), listed(r, err)
	})
	cmd.Flags().IntVar(&signer, "signer", 0, "only this signer of one envelope, by the number from 1, where the provider can")
	only.add(cmd)
	dry.add(cmd)
	return cmd
}

func newForget(s *system) *cobra.Command {
	var also bool
	var dry dryRun
	cmd := &cobra.Command{
		Use:   "forget CAMPAIGN",
		Short: "Remove a finished campaign's personal data from the ledger",
		Long: `Forget removes names, addresses and all else that is about people from the ledger of a
campaign in which every envelope has ended, without asking. The archive stays, and so does
what keeps an envelope from being sent again.

Envelopes that are failed or in doubt, or that their provider does not know, refuse it:
somebody has still to decide on them. With --also-unfinished they end as canceled, with the
reason "forgotten", and can be neither resolved nor retried any more.`,
		Example: `  chancela forget june
  chancela forget june --also-unfinished`,
		Args: arguments(1, 1),
	}
	cmd.Flags().BoolVar(&also, "also-unfinished", false, "end failed and doubtful envelopes, too")
	dry.add(cmd)
	return s.steering(cmd, func(ctx context.Context, c *jobs.Client, args []string) (answer, error) {
		kind := ledger.ForgetAll
		if also {
			kind = ledger.ForgetUnfinished
		}
		if dry {
			return wouldForget(ctx, c, args[0], kind)
		}
		before, err := c.Ledger().Campaign(ctx, args[0])
		if err != nil {
			return answer{}, err
		}
		r, err := s.campaignWide(ctx, c, args[0], kind)
		if err == nil {
			err = r.Err()
		}
		text := lang.N(r.Done, "%d envelope forgotten", "%d envelopes forgotten")
		if before.Forgotten > 0 && before.Forgotten == before.Total {
			text = lang.Of("%s was forgotten already: there was nothing more to remove", args[0])
		}
		return resultAnswer(args[0], r, text), listed(r, err)
	})
}
