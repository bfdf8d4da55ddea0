package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers/lang"
)

func newRebuild(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild [CAMPAIGN]",
		Short: "A new ledger from the archive, when Redis was lost",
		Long: `Rebuild records in Redis what the archive has of a campaign, or of all, and Redis does not
know. Envelopes with their manifest are archived again, with their reports, so that status,
report and verify answer as before. Envelopes that are marked as invited are followed until
they end. Their people and documents are in their files only: enqueue those again, which
invites nobody who is marked; what had failed, or was never sent, is known from the files alone.

Envelopes that were canceled before they were sent are canceled again, also those that a Redis of
an older copy calls queued. Workers and "chancela serve" tell the archive of them within a minute,
of a whole campaign when all of it is canceled. What was canceled later, or with
CHANCELA_MARKS=off, is as new: enqueue its files before workers start, and cancel it again.

Each thing in the archive that cannot be read is one line, and the exit status is then 1.`,
		Example: `  chancela rebuild
  chancela rebuild june && chancela enqueue june.csv`,
		GroupID: groupSteer,
		Args:    arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return sys.rebuild(cmd.Context(), strings.Join(args, ""))
		},
	}
}

func (s *system) rebuild(ctx context.Context, campaign string) error {
	if campaign != "" && !intake.ValidCampaign(campaign) {
		return usage("%q is not the name of a campaign", campaign)
	}
	e, err := s.openLedger(ctx, "rebuild")
	if err != nil {
		return err
	}
	defer e.Close()
	if err := e.openArchive(ctx); err != nil {
		return err
	}
	if err := e.pair(ctx, true); err != nil {
		return err
	}
	judges, err := e.cfg.judges(judgesFor(e.cfg))
	if err != nil {
		return err
	}
	e.openClient(judges)
	wrong := 0
	found, err := e.client.Rebuild(ctx, campaign, func(key string, err error) {
		wrong++
		s.tell("problem", map[string]any{"key": key, "message": oneLine(err)}, lang.Of("%s: %v", key, err))
	})
	if err != nil {
		return err
	}
	parts := []lang.Text{lang.Of("%v archived again, %d under way, %d were known", count(found.Archived, "envelope"), found.UnderWay, found.Known)}
	if found.UnderWay > 0 {
		parts = append(parts, lang.Of("enqueue the files of what is under way again: their people and documents are known from there only, and nobody is invited twice by it. What was canceled less than a minute before the loss is not known: enqueue before workers start, and cancel that again"))
	}
	if found.Canceled > 0 {
		parts = append(parts, lang.Of("%v had been canceled before they were sent, and stay so", count(found.Canceled, "envelope")))
	}
	if found.Unsent > 0 {
		parts = append(parts, lang.Of("%v had been refused and not sent: enqueue their files to try again", count(found.Unsent, "envelope")))
	}
	s.come(map[string]any{"archived": found.Archived, "under_way": found.UnderWay, "canceled": found.Canceled, "known": found.Known, "unsent": found.Unsent}, lang.Join(parts, "\n"))
	if wrong > 0 {
		return lang.Errorf("%v of the archive cannot be read", count(wrong, "envelope"))
	}
	return nil
}
