package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers/registry"
)

func newWork(sys *system) *cobra.Command {
	var only []string
	cmd := &cobra.Command{
		Use:   "work",
		Short: "Work on the queue until interrupted",
		Long: `Work takes envelopes from the queue, sends them, looks at them and archives them. Any number
of workers may run; each provider's rate is kept over all of them. Interrupted, a worker
finishes the calls that it has begun and hands the rest back. It needs CHANCELA_REDIS_URL,
and one "chancela schedule" somewhere.

CHANCELA_<PROVIDER>_CONCURRENCY is how many envelopes one process invites or looks at at the
same time. Half as many more are archived, and 4 more are steered: a cancel does not wait for
thousands of invitations.`,
		Example: `  chancela work
  chancela work --provider certyneo,sdoc`,
		GroupID: groupServe,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range only {
				if !registry.Known(name) {
					return usage("--provider: %q is not one of %s", name, strings.Join(registry.Names(), ", "))
				}
			}
			return sys.serve(cmd.Context(), "work", only, (*engine).runWorker, (*engine).runNotifier, (*engine).runHTTP)
		},
	}
	cmd.Flags().StringSliceVar(&only, "provider", nil, "work on these providers only, comma-separated")
	_ = cmd.RegisterFlagCompletionFunc("provider", cobra.FixedCompletions(registry.Names(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (e *engine) runWorker(ctx context.Context) error {
	e.metrics.Plays("work")
	return e.worker().Run(ctx)
}

func (e *engine) runScheduler(ctx context.Context) error {
	e.metrics.Plays("schedule")
	return e.scheduler().Run(ctx)
}

// carryOperations carries on what was asked for whole campaigns, here or elsewhere, and where the
// archive is at hand it keeps its lists of files, and of what was canceled.
func (e *engine) carryOperations(ctx context.Context) error {
	c := jobs.NewClient(jobs.ClientConfig{Redis: e.redis, Archive: e.archive, Log: e.log})
	var g errgroup.Group
	g.Go(func() error { return c.CarryOperations(ctx) })
	if e.archive != nil {
		g.Go(func() error { return c.CarryIndexes(ctx) })
		if e.marks() != nil {
			g.Go(func() error { return c.CarryCanceled(ctx) })
		}
	}
	return g.Wait()
}

// serve runs parts of the engine until the context ends or one of them fails. An
// interruption is how it is meant to end.
func (s *system) serve(ctx context.Context, command string, only []string, parts ...func(*engine, context.Context) error) error {
	b, err := s.startQueued(command)
	if err != nil {
		return err
	}
	e, err := b.open(ctx, only)
	if err != nil {
		return err
	}
	defer e.Close()
	if err := e.listen(command); err != nil {
		return err
	}
	e.log.Info("ready", "command", command, "providers", strings.Join(e.names(), ","), "archive", e.archive.String(), "barrier", string(e.durability))
	if err := e.runAll(ctx, parts...); err != nil {
		return err
	}
	e.log.Info("ended", "command", command)
	return nil
}

// runAll runs parts of the engine, traced, until the context ends or one of them fails.
func (e *engine) runAll(ctx context.Context, parts ...func(*engine, context.Context) error) error {
	flush, err := e.trace(ctx)
	if err != nil {
		return err
	}
	defer flush()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.carryOperations(ctx) })
	for _, part := range parts {
		g.Go(func() error { return part(e, ctx) })
	}
	return g.Wait()
}
