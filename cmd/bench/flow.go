package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/jobs/worker"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/certyneo"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/qisign"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/scheduler"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
)

const (
	flowConcurrency = 16
	flowLookEvery   = time.Second
	signAfter       = 200 * time.Millisecond
)

// counting counts requests and holds up none.
type counting struct{ n atomic.Int64 }

func (c *counting) Turn(ctx context.Context, _ pace.Class) (*pace.Turn, error) {
	c.n.Add(1)
	return nil, ctx.Err()
}
func (c *counting) Pause(context.Context, time.Time) error { return nil }

// flow compares the whole engine (worker, scheduler, ledger on a Redis with appendfsync
// always, archive) with a loop that makes the provider's calls and remembers nothing.
func flow(ctx context.Context, folder string, s sizes) ([]result, error) {
	var all []result
	for _, name := range []string{certyneo.Name, qisign.Name} {
		r, err := flowOf(ctx, filepath.Join(folder, name), name, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, r)
	}
	return all, nil
}

func flowOf(ctx context.Context, folder, name string, s sizes) (result, error) {
	db, stop, err := startRedis(ctx, folder, "always")
	if err != nil {
		return result{}, err
	}
	defer stop()
	sb, err := sandbox.Start(ctx, sandbox.Options{Simulators: registry.Simulators(), SignAfter: signAfter, Rates: map[string]providers.Rate{certyneo.Name: {}}})
	if err != nil {
		return result{}, err
	}
	defer sb.Close()
	engineCalls, loopCalls, round := new(counting), new(counting), 0
	ours := func(ctx context.Context) (float64, error) {
		p, err := simulated(sb, name, engineCalls)
		if err != nil {
			return 0, err
		}
		store, err := dir.Open(filepath.Join(folder, fmt.Sprintf("archive-%d", round)))
		if err != nil {
			return 0, err
		}
		round++
		campaign := fmt.Sprintf("flow-%d", round)
		client := jobs.NewClient(jobs.ClientConfig{Redis: db, Durability: ledger.DurableByAOF, Archive: store, Providers: []providers.Provider{p}, Log: unheard})
		for i := range s.flow {
			if _, err := client.Enqueue(ctx, envelope(campaign, i, name)); err != nil {
				return 0, err
			}
		}
		worker := worker.New(worker.Config{Redis: db, Durability: ledger.DurableByAOF, Archive: store, Log: unheard,
			Providers: []worker.ProviderConfig{{Provider: p, Concurrency: flowConcurrency, PollEvery: flowLookEvery, SettleAfter: 15 * time.Second}},
			RetryBase: time.Second, RetryMax: time.Minute, Attempts: 25, Shutdown: 10 * time.Second})
		clock := scheduler.New(scheduler.Config{Redis: db, Providers: []string{name}, LookEvery: flowLookEvery, Log: unheard})
		return perSecond(s.flow, func() error { return untilArchived(ctx, client, campaign, s.flow, worker.Run, clock.Run) })
	}
	floor := func(ctx context.Context) (float64, error) {
		p, err := simulated(sb, name, loopCalls)
		if err != nil {
			return 0, err
		}
		round++
		return perSecond(s.flow, func() error {
			return plainLoop(ctx, p, filepath.Join(folder, fmt.Sprintf("loop-%d", round)), fmt.Sprintf("loop-%d", round), s.flow)
		})
	}
	r, err := compare(ctx, s.rounds, "flow, "+name, "envelopes/s", "", ours, floor)
	n := float64(s.flow * s.rounds)
	r.Note = fmt.Sprintf("%.1f calls an envelope; the loop %.1f, with nothing that survives a crash", float64(engineCalls.n.Load())/n, float64(loopCalls.n.Load())/n)
	return r, err
}

// errThrough ends the engine.
var errThrough = errors.New("it is so")

func untilArchived(ctx context.Context, client *jobs.Client, campaign string, n int, parts ...func(context.Context) error) error {
	return until(ctx, func(ctx context.Context) (bool, error) {
		c, err := client.Ledger().Campaign(ctx, campaign)
		if err == nil && c.Open() == 0 && c.States[ledger.Archived] != int64(n) {
			err = fmt.Errorf("envelopes ended as %v", c.States)
		}
		return err == nil && c.Open() == 0, err
	}, parts...)
}

// until runs the engine's parts until something is so.
func until(ctx context.Context, so func(context.Context) (bool, error), parts ...func(context.Context) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, run := range parts {
		g.Go(func() error { return run(ctx) })
	}
	g.Go(func() error {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			is, err := so(ctx)
			if err != nil {
				return err
			}
			if is {
				return errThrough
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
			}
		}
	})
	if err := g.Wait(); !errors.Is(err, errThrough) {
		return err
	}
	return nil
}

// plainLoop is what a script would do: send all, then look at each until it is signed and
// download its files. Nothing is recorded.
func plainLoop(ctx context.Context, p providers.Provider, folder, campaign string, n int) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	sent := make([]providers.Ref, n)
	err := each(ctx, n, func(ctx context.Context, i int) (err error) {
		sent[i], err = plainSend(ctx, p, envelope(campaign, i, p.Info().Name))
		return err
	})
	if err != nil {
		return err
	}
	return each(ctx, n, func(ctx context.Context, i int) error { return plainFetch(ctx, p, sent[i], folder) })
}

// each does n pieces of work, as many at once as a worker does.
func each(ctx context.Context, n int, do func(context.Context, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(flowConcurrency)
	for i := range n {
		g.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return do(ctx, i)
		})
	}
	return g.Wait()
}

func plainSend(ctx context.Context, p providers.Provider, e jobs.Envelope) (providers.Ref, error) {
	if err := intake.Normalize(&e, time.Now()).Err(); err != nil {
		return providers.Ref{}, err
	}
	e.Documents[0].Size, e.Documents[0].Type = int64(len(pdf)), "application/pdf"
	job := &providers.Job{Envelope: e, Accepted: time.Now(), Now: time.Now, Ref: providers.Ref{Key: e.Key()},
		OpenDocument: func(ctx context.Context, d providers.Document) (io.ReadCloser, error) { return d.Open(ctx) },
		Record:       func(context.Context, string, string) error { return nil },
		Commit:       func(context.Context) error { return nil }}
	if err := p.Prepare(ctx, job); err != nil {
		return providers.Ref{}, err
	}
	err := p.Invite(ctx, job)
	return job.Ref, err
}

func plainFetch(ctx context.Context, p providers.Provider, ref providers.Ref, folder string) error {
	err := again(ctx, func() (bool, error) {
		status, err := p.Status(ctx, ref)
		if err == nil && status.State != providers.Completed && status.State != providers.Pending {
			err = fmt.Errorf("%s is %s", ref.Key, status.State)
		}
		return status.State == providers.Completed, err
	})
	if err != nil {
		return err
	}
	var artifacts []providers.Artifact
	err = again(ctx, func() (bool, error) {
		var err error
		artifacts, err = p.Artifacts(ctx, ref)
		if e, ok := errors.AsType[*providers.Error](err); ok && e.Code == "not_ready" {
			return false, nil
		}
		return true, err
	})
	if err != nil {
		return err
	}
	for i, a := range artifacts {
		if err := save(ctx, p, ref, a, filepath.Join(folder, fmt.Sprintf("%s-%d", ref.Key.ID, i))); err != nil {
			return err
		}
	}
	return nil
}

// again asks every 50 ms until the answer is yes.
func again(ctx context.Context, ask func() (bool, error)) error {
	for {
		if yes, err := ask(); yes || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func save(ctx context.Context, p providers.Provider, ref providers.Ref, a providers.Artifact, name string) error {
	content, err := p.Open(ctx, ref, a)
	if err != nil {
		return err
	}
	defer content.Close()
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(file, content)
	return err
}
