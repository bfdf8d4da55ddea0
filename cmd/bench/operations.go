package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
)

// operations measures what is done to a whole campaign. The floor is one field written to each
// of as many hashes, some hundred a trip.
func operations(ctx context.Context, folder string, s sizes) ([]result, error) {
	db, stop, err := startRedis(ctx, folder, "everysec")
	if err != nil {
		return nil, err
	}
	defer stop()
	store, err := dir.Open(filepath.Join(folder, "archive"))
	if err != nil {
		return nil, err
	}
	client := jobs.NewClient(jobs.ClientConfig{Redis: db, Durability: ledger.NotDurable, Archive: store, Log: unheard})
	whole := func(kind ledger.Kind) func(context.Context, string) error { return carried(client, kind, s.operations) }
	report := func(ctx context.Context, name string) error {
		return campaign.WriteReport(io.Discard, campaign.ReportStyle{Format: "csv"}, client.Reports(ctx, name))
	}
	all, err := moments(ctx, client, s.operations)
	if err != nil {
		return nil, err
	}
	round := 0
	floor := func(ctx context.Context) (float64, error) {
		round++
		return perSecond(s.operations, func() error { return fields(ctx, db, s.operations, round) })
	}
	for _, x := range []struct {
		name  string
		state ledger.State
		do    func(context.Context, string) error
	}{
		{"cancel", ledger.Queued, whole(ledger.CancelAll)},
		{"retry", ledger.Failed, whole(ledger.RetryAll)},
		{"forget", ledger.Archived, whole(ledger.ForgetAll)},
		{"report as csv", ledger.Archived, report},
	} {
		ours := func(ctx context.Context) (float64, error) {
			round++
			name := fmt.Sprintf("ours-%d", round)
			if err := recorded(ctx, client.Ledger(), name, x.state, s.operations); err != nil {
				return 0, err
			}
			stop, err := profiled(profileOf(s.profile, "ours", "operations-"+x.name))
			if err != nil {
				return 0, err
			}
			defer stop()
			return perSecond(s.operations, func() error { return x.do(ctx, name) })
		}
		r, err := compare(ctx, s.rounds, "operations, "+x.name, "envelopes/s", "a whole campaign; a field of each record", ours, floor)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// moments measures what is to take a moment, however many envelopes wait: the ratios are to the aim.
func moments(ctx context.Context, client *jobs.Client, n int) (all []result, err error) {
	const name, aim = "moments", 50 // ms
	if err := recorded(ctx, client.Ledger(), name, ledger.Queued, n); err != nil {
		return nil, err
	}
	for _, x := range []struct {
		name string
		do   func() error
	}{
		{"pause", func() error { _, err := client.Pause(ctx, name); return err }},
		{"status", func() error { _, err := client.Ledger().Campaign(ctx, name); return err }},
		{"resume takes effect", func() error { _, err := client.Begin(ctx, name, ledger.ResumeAll, "bench"); return err }},
		{"cancel takes effect", func() error { _, err := client.Begin(ctx, name, ledger.CancelAll, "bench"); return err }},
	} {
		begun := time.Now()
		if err := x.do(); err != nil {
			return nil, err
		}
		took := time.Since(begun).Seconds() * 1000
		all = append(all, result{Scenario: "operations, " + x.name, Unit: "ms", Ours: took, Floor: aim, Ratio: took / aim, Note: "once, of a campaign whose envelopes all wait; the floor is the aim"})
	}
	return all, nil
}

// carried does an operation to all n envelopes of a campaign.
func carried(client *jobs.Client, kind ledger.Kind, n int) func(context.Context, string) error {
	return func(ctx context.Context, name string) error {
		o, err := client.Begin(ctx, name, kind, "bench")
		if err == nil {
			o, err = client.Carry(ctx, o.ID, nil)
		}
		if err == nil && o.Result.Done != n {
			err = fmt.Errorf("%d of %d envelopes were done", o.Result.Done, n)
		}
		return err
	}
}

const operationTrip = 400

// recorded makes a campaign of n envelopes in a state.
func recorded(ctx context.Context, l *ledger.Ledger, name string, state ledger.State, n int) error {
	for from := 0; from < n; from += operationTrip {
		var entries []ledger.Entry
		for i := from; i < min(n, from+operationTrip); i++ {
			e := envelope(name, i, "certyneo")
			content, err := json.Marshal(e)
			if err != nil {
				return err
			}
			entries = append(entries, ledger.Entry{Campaign: name, ID: e.ID, Provider: e.Provider, Digest: e.ID, State: state, SweepAfter: ledger.SweepAfter,
				Content: ledger.Content{Envelope: content}})
		}
		if _, err := l.Create(ctx, entries); err != nil {
			return err
		}
	}
	return nil
}

func fields(ctx context.Context, db redis.UniversalClient, n, round int) error {
	for from := 0; from < n; from += operationTrip {
		_, err := db.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := from; i < min(n, from+operationTrip); i++ {
				p.HSet(ctx, fmt.Sprintf("floor-%d/%d", round, i), "s", "k")
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
