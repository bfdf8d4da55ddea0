package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

func newRun(sys *system) *cobra.Command {
	var flags campaignFlags
	var report string
	var style reportFlags
	cmd := &cobra.Command{
		Use:   "run FILE.csv...",
		Short: "Send campaigns and see them through to the archive, in one process",
		Long: `Run is the main job in one process: it checks the files, enqueues their envelopes, sends
them, looks whether they are signed, and archives every file that the providers offer,
until every envelope has ended. Killed and started again, it goes on where it was: what is
known is not sent again.

It needs a Redis (CHANCELA_REDIS_URL; on one machine local:PATH, a folder where it runs
redis-server itself) as soon as a provider's key is set. Without any key and without
a Redis it uses simulated providers and an embedded queue, and nothing leaves the
machine; what is in the archive by then is not sent again, all else ends with the process.
Over a Redis, simulated providers are used only with CHANCELA_SIMULATE=yes.`,
		Example: `  chancela run june.csv
  chancela run --provider certyneo --campaign leases-june leases.csv
  chancela run --skip-invalid --report june-report.html june.csv`,
		GroupID: groupMain,
		Args:    arguments(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCampaigns(cmd.Context(), sys, args, flags, report, style)
		},
	}
	flags.add(cmd)
	flags.addTaking(cmd)
	cmd.Flags().StringVar(&report, "report", "", "also write a report to this file: .csv, .xlsx, .json or .html")
	style.add(cmd)
	return cmd
}

func runCampaigns(ctx context.Context, sys *system, args []string, flags campaignFlags, report string, looks reportFlags) error {
	begin := time.Now()
	style, err := looks.into(report)
	if err != nil {
		return err
	}
	start, err := sys.start("run")
	if err != nil {
		return err
	}
	files, _, err := insistedFiles(ctx, sys, start.cfg, args, flags)
	if err != nil {
		return err
	}
	e, err := start.open(ctx, nil)
	if err != nil {
		return err
	}
	defer e.Close()
	if err := files.insistNew(ctx, sys, e.client); err != nil {
		return err
	}
	started, err := e.client.Ledger().Now(ctx)
	if err != nil {
		return err
	}
	all, err := seeThrough(ctx, sys, e, files)
	if err != nil {
		return err
	}

	// What there is to say is said after an interruption, too.
	ending := context.WithoutCancel(ctx)
	sum, err := summarize(ending, e.client, files.campaigns(), started, sys.tellTrouble)
	if err != nil {
		return err
	}
	sys.come(sum.result(time.Since(begin), e.archive.String(), e.world() == simulatedWorld),
		sum.text(sys.language, time.Since(begin), e.archive.String(), start.cfg.reportOf(files.campaigns(), report)))
	if report != "" {
		style.Zone, style.Language = looks.zone(start.cfg, style.Format), sys.language
		if err := sys.writeReport(ending, e.client, files.campaigns(), style, report); err != nil {
			return err
		}
	}
	if err := tellEnds(ending, sys, e, files.campaigns()); err != nil {
		return err
	}
	if err := tellHalts(ending, e, files.campaigns(), sys.tell); err != nil {
		return err
	}
	files.tellLast(all, sys.tell)
	if ctx.Err() != nil {
		return interrupted(sys, start.cfg)
	}
	return quietly(cmp.Or(files.status(all), sum.status()))
}

// listFiles makes the archive's lists of the files of campaigns that have ended: the process may have
// ended before its next turn.
func (e *engine) listFiles(ctx context.Context, campaigns []string) {
	for _, name := range campaigns {
		if err := e.client.WriteIndex(ctx, name); err != nil && ctx.Err() == nil {
			e.log.WarnContext(ctx, "the archive's list of files was not made", "campaign", name, "error", err)
		}
	}
}

// tellEnds groups what did not end archived by its reason, where no live view has said it.
func tellEnds(ctx context.Context, sys *system, e *engine, campaigns []string) error {
	if sys.json || sys.terminal {
		return nil
	}
	for _, name := range campaigns {
		ends, err := e.client.Ends(ctx, name)
		if err != nil {
			return err
		}
		sys.ends(ends)
	}
	return nil
}

// into is how a report is written into a file that its name tells the format of; no name, no
// report.
func (l reportFlags) into(report string) (campaign.ReportStyle, error) {
	format := strings.TrimPrefix(filepath.Ext(report), ".")
	if report != "" && !slices.Contains(campaign.Formats, format) {
		return campaign.ReportStyle{}, usage("--report: want a file that ends in .%s", strings.Join(campaign.Formats, ", ."))
	}
	if report == "" && l != (reportFlags{separator: ","}) {
		return campaign.ReportStyle{}, usage("--separator and --local are about the file that --report writes: name one")
	}
	style, err := l.style(format)
	if err != nil {
		return style, err
	}
	return style, writable(report)
}

// interrupted says how a run goes on that was.
func interrupted(sys *system, cfg *config) error {
	again := lang.Of("interrupted: start it again, and it goes on")
	if cfg.RedisURL == "" {
		again = lang.Of("interrupted: without a Redis only what is in the archive is kept; started again, all else begins anew")
	}
	fmt.Fprintln(sys.stderr, sys.language.Say(again))
	return quietly(exitInterrupted)
}

// seeThrough enqueues the files and works until every envelope of their campaigns has
// ended, or the context. Workers begin while a file is still being enqueued.
func seeThrough(ctx context.Context, sys *system, e *engine, files *campaignFiles) (enqueued, error) {
	var all enqueued
	flush, err := e.trace(ctx)
	if err != nil {
		return all, err
	}
	defer flush()
	if err := e.openOutbox(ctx); err != nil {
		return all, err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	var works errgroup.Group
	works.Go(func() error { defer stop(); return e.worker().Run(working) })
	works.Go(func() error { return e.scheduler().Run(working) })
	works.Go(func() error { return e.runNotifier(working) })
	works.Go(func() error { return e.carryOperations(working) })
	var complete atomic.Pointer[time.Time] // when all was enqueued
	works.Go(func() (err error) {
		if all, err = files.enqueue(working, e.client, sys.note); err != nil {
			stop()
			return err
		}
		all.tellCampaigns(sys.note)
		if err := all.tellSending(working, e.client, e.cfg.TZ.Location, sys.note); err != nil {
			stop()
			return err
		}
		files.tellLeftOut(all.fresh() == 0, sys.note)
		if !sys.json { // the end says it again
			all.tellLeft(sys.note)
		}
		now := time.Now()
		complete.Store(&now)
		return nil
	})
	_, following := follow(working, sys, e.observer(), files.campaigns(), func(s snapshot) bool {
		at := complete.Load() // an older snapshot may not have seen the envelopes yet
		return at != nil && s.at.After(*at) && (s.open() == 0 || e.stalled(working, s))
	})
	stop()
	if err := works.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return all, err
	}
	if following != nil && ctx.Err() == nil {
		return all, following
	}
	e.listFiles(ctx, files.campaigns())
	return all, nil
}

// tellHalts says what keeps campaigns from being sent.
func tellHalts(ctx context.Context, e *engine, campaigns []string, tell tell) error {
	for _, name := range campaigns {
		c, err := e.client.Ledger().Campaign(ctx, name)
		if errors.Is(err, ledger.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		for _, h := range report.Halts(c) {
			if h.Waiting == 0 {
				continue
			}
			text := h.Text(name)
			if e.cfg.RedisURL == "" { // there is nothing to resume
				text = lang.Of("%v. Without a Redis, run it again: what is in the archive is known", h.Why())
				if h.Reason == report.HaltFirst {
					text = lang.Of("%v. Without a Redis, run it again: what is in the archive is known, and without --first all others go", h.Why())
				}
			}
			tell("halt", map[string]any{"campaign": name, "halt": h}, text)
		}
	}
	return nil
}

// stalled tells whether nothing goes on before somebody resumes the campaigns.
func (e *engine) stalled(ctx context.Context, s snapshot) bool {
	for _, c := range s.campaigns {
		if c.Open() == 0 {
			continue
		}
		stalled, err := e.client.Stalled(ctx, c)
		if err != nil || !stalled {
			return false // the next look tells
		}
	}
	return true
}

// campaigns are the names of the files' campaigns.
func (f *campaignFiles) campaigns() []string {
	var names []string
	for _, file := range f.names {
		name := f.flags.campaign
		if name == "" {
			name = campaign.Name(file)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
