package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/storage/ledger"
)

const (
	people     = 20
	pageAim    = 200.0 // ms
	streamsAim = 5.0   // % of a core
)

// drop reads an answer to its end.
func drop(body io.ReadCloser) error {
	_, err := io.Copy(io.Discard, body)
	body.Close()
	return err
}

// visits times pages, from the request to their last byte.
func (x *site) visits(ctx context.Context, s sizes) ([]result, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: people}}
	defer client.CloseIdleConnections()
	alone, err := x.alone(ctx, client)
	if err != nil {
		return nil, err
	}
	stop, err := profiled(profileOf(s.profile, "ours", "pages"))
	if err != nil {
		return nil, err
	}
	defer stop()
	var mu sync.Mutex
	took := make([][]float64, len(pagesOf))
	var visitors errgroup.Group
	for person := range people {
		visitors.Go(func() error {
			for i := range s.visits * len(pagesOf) {
				page := (person + i) % len(pagesOf)
				begun := time.Now()
				if err := get(ctx, client, x.url+x.anywhere(page)); err != nil {
					return err
				}
				ms := float64(time.Since(begun).Microseconds()) / 1000
				mu.Lock()
				took[page] = append(took[page], ms)
				mu.Unlock()
			}
			return nil
		})
	}
	if err := visitors.Wait(); err != nil {
		return nil, err
	}
	var all []result
	for i, p := range pagesOf {
		slices.Sort(took[i])
		for _, percent := range []int{50, 99} {
			ms := took[i][(len(took[i])*percent+99)/100-1]
			all = append(all, result{Scenario: fmt.Sprintf("pages, %s, p%d", p.name, percent), Unit: "ms", Ours: ms, Floor: pageAim, Ratio: ms / pageAim,
				Note: alone[i]})
		}
	}
	return all, nil
}

// alone tells what each page costs when nobody else looks.
func (x *site) alone(ctx context.Context, client *http.Client) (costs []string, err error) {
	const times = 10
	for page := range pagesOf {
		before, err := usageOf(ctx, x.db, new(trips))
		if err != nil {
			return nil, err
		}
		begun := time.Now()
		for range times {
			if err := get(ctx, client, x.url+x.anywhere(page)); err != nil {
				return nil, err
			}
		}
		took := time.Since(begun)
		after, err := usageOf(ctx, x.db, new(trips))
		if err != nil {
			return nil, err
		}
		each := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / times }
		costs = append(costs, fmt.Sprintf("alone %.1f ms, CPU %.1f and %.1f of Redis, %d commands", each(took), each(after.cpu-before.cpu), each(after.redis-before.redis),
			(after.commands-before.commands)/times))
	}
	return costs, nil
}

// open measures what pages cost this process that stay open, while a campaign changes: as many at that
// campaign, and as many at four kinds of pages. What the change costs without them is taken off.
func (x *site) open(ctx context.Context, s sizes) ([]result, error) {
	alone, _, err := x.cpu(ctx, s, nil)
	if err != nil {
		return nil, err
	}
	changing := "/live/campaigns/" + campaignOf(0)
	var all []result
	for _, way := range []struct {
		name string
		path func(i int) string
	}{
		{"one campaign", func(int) string { return changing }},
		{"pages of all kinds", func(i int) string {
			own := "/live/campaigns/" + campaignOf(i%x.campaigns)
			return []string{changing, "/live/campaigns", own, own + fmt.Sprintf("/envelopes/e-%07d", i%x.each)}[i%4]
		}},
	} {
		var paths []string
		for i := range s.streams {
			paths = append(paths, way.path(i))
		}
		cpu, parts, err := x.cpu(ctx, s, paths)
		if err != nil {
			return nil, err
		}
		ours := max(cpu-alone, 0.001) // the change alone may have had the worse weather
		all = append(all, result{Scenario: fmt.Sprintf("pages, %d open, %s", s.streams, way.name), Unit: "% of a core", Ours: ours, Floor: streamsAim, Ratio: ours / streamsAim,
			Note: fmt.Sprintf("their readers counted in; %.1f parts a second; the change alone %.1f %%; the floor is the aim", parts, alone)})
	}
	return all, nil
}

// cpu is what this process uses while a campaign changes and streams are open, and how many parts of them
// have come each second.
func (x *site) cpu(ctx context.Context, s sizes, paths []string) (percent, parts float64, err error) {
	ctx, stop := context.WithCancel(ctx)
	var all errgroup.Group
	defer func() {
		stop()
		if e := all.Wait(); err == nil {
			err = e
		}
	}()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	var heard atomic.Int64
	var opened sync.WaitGroup
	for _, path := range paths {
		opened.Add(1)
		all.Go(func() error { return hear(ctx, client, x.url+path, &heard, sync.OnceFunc(opened.Done)) })
	}
	opened.Wait()
	all.Go(func() error { return x.change(ctx) })
	before, err := selfCPU()
	if err != nil {
		return 0, 0, err
	}
	told, begun := heard.Load(), time.Now()
	select {
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	case <-time.After(s.open):
	}
	after, err := selfCPU()
	took := time.Since(begun).Seconds()
	return 100 * (after - before).Seconds() / took, float64(heard.Load()-told) / took, err
}

// hear reads a stream until the context ends, and says when its first part is there.
func hear(ctx context.Context, client *http.Client, url string, heard *atomic.Int64, first func()) error {
	defer first()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", req.URL.Path, res.Status)
	}
	buffer := make([]byte, 64<<10)
	for {
		n, err := res.Body.Read(buffer)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		heard.Add(int64(bytes.Count(buffer[:n], []byte("\n\n"))))
		if bytes.Contains(buffer[:n], []byte("data: ")) {
			first()
		}
	}
}

// change adds an envelope to the first campaign every 100 ms.
func (x *site) change(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := x.added; ; i++ {
		e, err := shownEntry(campaignOf(0), x.each+i, ledger.Queued)
		if err != nil {
			return err
		}
		if _, err := x.ledger.Create(ctx, []ledger.Entry{e}); err != nil && ctx.Err() == nil {
			return err
		}
		x.added = i + 1
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
