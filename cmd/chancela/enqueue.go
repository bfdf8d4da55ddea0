package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/providers/lang"
)

func newEnqueue(sys *system) *cobra.Command {
	var flags campaignFlags
	cmd := &cobra.Command{
		Use:   "enqueue FILE.csv...",
		Short: "Put campaigns into the queue and return",
		Long: `Enqueue checks campaign files and puts their envelopes into the queue, with their documents
in the archive: workers need no access to this machine's disk. A file that is enqueued again
changes nothing; an id with other content than before is refused, and the others go on.
People who were asked to sign the same documents in another campaign are not asked again,
unless --campaign or --again is given.

It needs CHANCELA_REDIS_URL, and the archive that the workers use, but no provider's key.`,
		Example: `  chancela enqueue june.csv
  chancela enqueue --campaign june north.csv south.csv
  chancela enqueue --skip-invalid june.csv`,
		GroupID: groupMain,
		Args:    arguments(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return enqueueCampaigns(cmd.Context(), sys, args, flags)
		},
	}
	flags.add(cmd)
	flags.addTaking(cmd)
	return cmd
}

func enqueueCampaigns(ctx context.Context, sys *system, args []string, flags campaignFlags) error {
	b, err := sys.startQueued("enqueue")
	if err != nil {
		return err
	}
	files, judges, err := insistedFiles(ctx, sys, b.cfg, args, flags)
	if err != nil {
		return err
	}
	e, err := b.openQueue(ctx)
	if err != nil {
		return err
	}
	defer e.Close()
	if err := e.openArchive(ctx); err != nil {
		return err
	}
	switch {
	case !b.keyless || b.simulated:
		err = e.claim(ctx)
	default: // without a key only the workers know which world theirs is
		if judges, err = e.learnWorld(ctx, judges); err == nil {
			err = e.pair(ctx, true)
		}
	}
	if err != nil {
		return err
	}
	e.openClient(judges)
	if err := files.insistNew(ctx, sys, e.client); err != nil {
		return err
	}
	if err := e.openOutbox(ctx); err != nil {
		return err
	}
	all, err := files.enqueue(ctx, e.client, sys.note)
	if err != nil {
		return err
	}
	all.tellCampaigns(sys.tell)
	if err := all.tellSending(ctx, e.client, b.cfg.TZ.Location, sys.tell); err != nil {
		return err
	}
	files.tellLeftOut(all.fresh() == 0, sys.note)
	files.tellLast(all, sys.tell)
	sys.come(all.result(), lang.Text{})
	return quietly(files.status(all))
}
