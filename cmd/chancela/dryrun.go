package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// dryRun has a steering command say what it would do, and change nothing.
type dryRun bool

func (d *dryRun) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar((*bool)(d), "dry-run", false, "only say what would be done, and to how many envelopes")
}

// isDry tells whether a command only says what it would do.
func isDry(cmd *cobra.Command) bool {
	dry, err := cmd.Flags().GetBool("dry-run")
	return err == nil && dry
}

// dryAnswer is the answer of a dry run.
func dryAnswer(a answer) answer {
	if a.fields == nil {
		return a
	}
	a.fields["dry_run"] = true
	a.text = lang.Of("dry run, nothing was changed: %v", a.text)
	return a
}

// wouldSome says what would become of the named envelopes, or of all of the campaign.
func wouldSome(ctx context.Context, c *jobs.Client, args []string, kind ledger.Kind) (answer, error) {
	if len(args) == 1 {
		r, err := c.WouldAll(ctx, args[0], kind)
		return would(args, kind, r), err
	}
	r, err := c.Would(ctx, args[0], kind, args[1:]...)
	return would(args, kind, r), listed(r, err)
}

func would(args []string, kind ledger.Kind, r jobs.Result) answer {
	what := map[ledger.Kind]lang.Text{
		ledger.RetryAll:  lang.N(r.Done, "%d envelope would be back in the queue", "%d envelopes would be back in the queue"),
		ledger.CancelAll: lang.N(r.Done, "%d envelope would be stopped, or withdrawn", "%d envelopes would be stopped, or withdrawn"),
		ledger.RemindAll: lang.N(r.Done, "the signers of %d envelope would be reminded", "the signers of %d envelopes would be reminded"),
	}[kind]
	return dryAnswer(resultAnswer(args[0], r, what))
}

func wouldPause(ctx context.Context, c *jobs.Client, campaign string) (answer, error) {
	r, err := c.WouldPause(ctx, campaign)
	if err != nil {
		return answer{}, err
	}
	all, err := c.Ledger().Campaign(ctx, campaign)
	if err != nil {
		return answer{}, err
	}
	text := lang.Of("%s would be paused, and %v would wait", campaign, count(r.Done, "envelope"))
	if all.Paused {
		text = lang.Of("%s is paused already: %v waiting", campaign, count(r.Done, "envelope"))
	}
	if r.UnderWay > 0 {
		text = lang.Of("%v; begun before, and perhaps sent: %v", text, count(r.UnderWay, "invitation"))
	}
	return dryAnswer(answer{text, map[string]any{"campaign": campaign, "paused": true, "envelopes": r.Done, "under_way": r.UnderWay}}), nil
}

func wouldResume(ctx context.Context, c *jobs.Client, campaign string) (answer, error) {
	r, err := c.WouldAll(ctx, campaign, ledger.ResumeAll)
	if err != nil {
		return answer{}, err
	}
	text := lang.Of("%s would go on: %v would be sent", campaign, count(r.Done, "envelope"))
	fields := map[string]any{"campaign": campaign, "paused": false, "envelopes": r.Done}
	all, err := c.Ledger().Campaign(ctx, campaign)
	if err != nil {
		return answer{}, err
	}
	if h := report.HoursOf(all, time.Now()); h != nil && r.Done > 0 {
		text, fields["hours"] = lang.Of("%v; %v", text, h.Text()), h
	}
	return dryAnswer(answer{text, fields}), nil
}

func wouldForget(ctx context.Context, c *jobs.Client, campaign string, kind ledger.Kind) (answer, error) {
	r, err := c.WouldForget(ctx, campaign, kind)
	if err != nil {
		return answer{}, err
	}
	return dryAnswer(resultAnswer(campaign, r, lang.N(r.Done, "%d envelope would be forgotten", "%d envelopes would be forgotten"))), nil
}

// wouldResolveOne says whether an envelope can be resolved so.
func wouldResolveOne(ctx context.Context, c *jobs.Client, key jobs.Key, envelopeID string) (answer, error) {
	if err := c.WouldResolve(ctx, key, envelopeID); err != nil {
		return answer{}, err
	}
	if envelopeID == "" {
		return dryAnswer(answer{lang.Of("%s would be back in the queue", key), map[string]any{"campaign": key.Campaign, "id": key.ID, "state": "queued"}}), nil
	}
	return dryAnswer(answer{lang.Of("%s would be sent, when its provider knows the id", key), map[string]any{"campaign": key.Campaign, "id": key.ID, "state": "sent"}}), nil
}
