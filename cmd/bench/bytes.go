package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/worker"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/certyneo"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/archive/s3"
	"github.com/chancela/chancela/storage/ledger"
)

// largeAtOnce is how many envelopes have a large document, all at once.
const largeAtOnce = 64

// large sends envelopes with a large document, and fetches two as large, all at once, with a folder
// and with a bucket; the floor makes the same calls with io.Copy from and to synced files.
func large(ctx context.Context, folder string, s sizes) ([]result, error) {
	size := s.large << 20
	base, stop, err := startQuick(ctx, size)
	if err != nil {
		return nil, err
	}
	defer stop()
	db, stopRedis, err := startRedis(ctx, filepath.Join(folder, "redis"), "everysec")
	if err != nil {
		return nil, err
	}
	defer stopRedis()
	d := &drained{n: largeAtOnce, base: base, folder: folder, db: db, trips: new(trips), profile: s.profile}
	all, err := largeOn(ctx, d, "folder", size, s.rounds)
	if err != nil {
		return nil, err
	}
	stopS3, err := startS3(ctx, filepath.Join(folder, "s3"))
	if errors.Is(err, errNoS3) {
		fmt.Fprintln(os.Stderr, "bytes: the bucket is left out:", err)
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	defer stopS3()
	if d.bucket, err = s3.Open(ctx, "bench", "", s3.Settings{}); err == nil {
		err = d.bucket.Ready(ctx)
	}
	if err != nil {
		return nil, err
	}
	more, err := largeOn(ctx, d, "bucket", size, s.rounds)
	return append(all, more...), err
}

func largeOn(ctx context.Context, d *drained, where string, size, rounds int) ([]result, error) {
	d.name = "bytes-" + where
	var ours, floor []cost
	for round := range rounds {
		for _, way := range []struct {
			drainers
			to *[]cost
		}{
			{drainers{name: "floor", run: func(ctx context.Context, d *drained, round int) error { return copyLarge(ctx, d, round, size) }}, &floor},
			{drainers{name: "ours", run: func(ctx context.Context, d *drained, round int) error { return drainLarge(ctx, d, round, size) }}, &ours},
		} {
			c, err := d.measure(ctx, way.drainers, round)
			if err != nil {
				return nil, err
			}
			*way.to = append(*way.to, c)
		}
	}
	mib := 3 * float64(size) / (1 << 20) // of an envelope: one up, two down
	r := result{Scenario: "bytes, " + where, Unit: "MiB/s", Note: fmt.Sprintf("%d at once, %d MiB each", d.n, size>>20),
		Ours: mib * medianOf(ours, func(c cost) float64 { return c.perSecond }), Floor: mib * medianOf(floor, func(c cost) float64 { return c.perSecond })}
	m := result{Scenario: "bytes, " + where + ", memory", Unit: "MiB", Ours: medianOf(ours, func(c cost) float64 { return c.memory }), Floor: medianOf(floor, func(c cost) float64 { return c.memory })}
	r.Ratio, m.Ratio = r.Ours/r.Floor, m.Ours/m.Floor
	return []result{r, m}, nil
}

// largeDocument is one that costs next to nothing to make, and is another one for each seed.
func largeDocument(seed, size int) io.Reader {
	const tail = "\n%%EOF\n"
	return io.MultiReader(bytes.NewReader(pdf), noise(seed, int64(size-len(pdf)-len(tail))), strings.NewReader(tail))
}

func drainLarge(ctx context.Context, d *drained, round, size int) error {
	p, err := quickProvider(d.base)
	if err != nil {
		return err
	}
	store := d.bucket
	if store == nil {
		if store, err = dir.Open(filepath.Join(d.folder, fmt.Sprintf("large-%d", round))); err != nil {
			return err
		}
	}
	client := jobs.NewClient(jobs.ClientConfig{Redis: d.db, Durability: ledger.DurableByAOF, Archive: store, Providers: []providers.Provider{p}, Log: unheard})
	name := fmt.Sprintf("large-%d", round)
	g, putting := errgroup.WithContext(ctx)
	g.SetLimit(flowConcurrency)
	for i := range d.n {
		g.Go(func() error {
			e := envelope(name, i, certyneo.Name)
			e.Documents[0].Open = func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(largeDocument(round*d.n+i, size)), nil
			}
			_, err := client.Enqueue(putting, e)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return untilArchived(ctx, client, name, d.n, running(d.db, p, store, nil, largeAtOnce, worker.Hooks{})...)
}

// copyLarge keeps the document in a file and makes the six calls, with nothing but io.Copy.
func copyLarge(ctx context.Context, d *drained, round, size int) error {
	calls := newEndpoints(d.base)
	defer calls.client.CloseIdleConnections()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(largeAtOnce)
	for i := range d.n {
		g.Go(func() error {
			folder := filepath.Join(d.folder, fmt.Sprintf("copied-%d", round), strconv.Itoa(i))
			if err := os.MkdirAll(folder, 0o700); err != nil {
				return err
			}
			name := filepath.Join(folder, "lease.pdf")
			if err := keep(name, largeDocument(round*d.n+i, size), true); err != nil {
				return err
			}
			document, err := calls.upload(ctx, name)
			if err != nil {
				return err
			}
			id, err := calls.invite(ctx, i, document)
			if err != nil {
				return err
			}
			return calls.fetch(ctx, id, folder, true)
		})
	}
	return g.Wait()
}

// upload sends a file as a form.
func (e endpoints) upload(ctx context.Context, name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	form := io.MultiReader(strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"lease.pdf\"\r\nContent-Type: application/pdf\r\n\r\n"),
		f, strings.NewReader("\r\n--b--\r\n"))
	req, err := http.NewRequestWithContext(ctx, "POST", e.base+"/documents", form)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	return e.madeBy(req)
}
