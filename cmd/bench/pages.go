package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/jobs/pages"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
)

// site is a server with pages, and what it shows.
type site struct {
	url       string
	db        *redis.Client
	ledger    *ledger.Ledger
	campaigns int
	each      int // envelopes of a campaign
	added     int // to the first of them since
}

// lookAtPages measures what people wait for, while all of them look at once without a pause,
// and what pages cost that stay open. The floors are the aims.
func lookAtPages(ctx context.Context, folder string, s sizes) ([]result, error) {
	x, stop, err := openSite(ctx, folder, s)
	if err != nil {
		return nil, err
	}
	defer stop()
	for i := range x.campaigns {
		if err := x.fill(ctx, i); err != nil {
			return nil, err
		}
	}
	all, err := x.visits(ctx, s)
	if err != nil {
		return nil, err
	}
	open, err := x.open(ctx, s)
	return append(all, open...), err
}

// openSite serves pages on this machine alone, for whoever comes.
func openSite(ctx context.Context, folder string, s sizes) (x *site, stop func(), err error) {
	db, stopRedis, err := startRedis(ctx, filepath.Join(folder, "redis"), "everysec")
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			stopRedis()
		}
	}()
	store, err := dir.Open(filepath.Join(folder, "archive"))
	if err != nil {
		return nil, nil, err
	}
	p, err := quickProvider("http://127.0.0.1:1")
	if err != nil {
		return nil, nil, err
	}
	all := []providers.Provider{p}
	info := p.Info()
	client := jobs.NewClient(jobs.ClientConfig{Redis: db, Durability: ledger.NotDurable, Archive: store, Providers: all, Log: unheard})
	server, err := api.New(api.Config{Client: client, Providers: all, Log: unheard})
	if err != nil {
		return nil, nil, err
	}
	limiters := map[string]*pace.Limiter{info.Name: pace.NewRedis(db, info.Name, info.Rate)}
	shown, err := pages.New(pages.Config{Client: client, API: server, Providers: all, Limiters: limiters, Log: unheard})
	if err != nil {
		return nil, nil, err
	}
	server.Show(shown)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	serving, end := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- server.Run(serving, l) }()
	x = &site{url: "http://" + l.Addr().String(), db: db, ledger: client.Ledger(), campaigns: s.campaigns, each: max(1, s.shown/s.campaigns)}
	return x, func() { end(); <-ended; stopRedis() }, nil
}

func campaignOf(i int) string { return fmt.Sprintf("campaign-%04d", i) }

// fill makes a campaign as it is when most have signed: of twenty envelopes twelve are archived, five
// are with their signers, one is with its provider alone, and two wait. A few fail, each by itself.
func (x *site) fill(ctx context.Context, campaign int) error {
	for from := 0; from < x.each; from += operationTrip {
		var entries []ledger.Entry
		for i := from; i < min(x.each, from+operationTrip); i++ {
			state := ledger.Archived
			switch n := i % 20; {
			case n < 2:
				state = ledger.Queued
			case n < 7:
				state = ledger.Sent
			case n < 8:
				state = ledger.Completed
			}
			e, err := shownEntry(campaignOf(campaign), i, state)
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
		if _, err := x.ledger.Create(ctx, entries); err != nil {
			return err
		}
	}
	for i := 0; i < min(x.each, 200); i += 20 {
		if err := x.fail(ctx, campaign, i); err != nil {
			return err
		}
	}
	return nil
}

// shownEntry is an envelope that somebody can find.
func shownEntry(campaign string, i int, state ledger.State) (ledger.Entry, error) {
	e := envelope(campaign, i, "certyneo")
	e.Signers[0].Name = fmt.Sprintf("Ana Prova %06d da Conceição", i)
	content, err := json.Marshal(e)
	if err != nil {
		return ledger.Entry{}, err
	}
	c := ledger.Content{Envelope: content, Simulated: true}
	now := time.Now()
	if state != ledger.Queued {
		c.EnvelopeID, c.Tries, c.SentAt = pendingID(i), 1, now
	}
	if state == ledger.Completed || state == ledger.Archived {
		c.CompletedAt = now
		c.Signers = json.RawMessage(fmt.Sprintf(`[{"name":%q,"email":"ana@example.com","state":"signed"}]`, e.Signers[0].Name))
	}
	if state == ledger.Archived {
		c.ArchivedAt = now
	}
	return ledger.Entry{Campaign: campaign, ID: e.ID, Provider: e.Provider, Digest: digestOf(i), State: state, SweepAfter: ledger.SweepAfter, Content: c}, nil
}

func (x *site) fail(ctx context.Context, campaign, i int) error {
	key := jobs.Key{Campaign: campaignOf(campaign), ID: fmt.Sprintf("e-%07d", i)}.String()
	r, err := x.ledger.Get(ctx, key)
	if err != nil {
		return err
	}
	c, hold, _, err := x.ledger.Claim(ctx, key, r.Generation, time.Minute, ledger.Preparation{})
	if err != nil {
		return err
	}
	if hold != ledger.Granted {
		return fmt.Errorf("%s is held: %v", key, hold)
	}
	return c.Fail(ctx, 1, ledger.Reason{Code: fmt.Sprintf("code_%d", i%7), Message: "the phone number has too few digits"})
}

// pagesOf are what people look at, in their turn.
var pagesOf = []struct {
	name string
	path func(x *site, campaign, envelope int) string
}{
	{"list", func(*site, int, int) string { return "/" }},
	{"campaign", func(_ *site, c, _ int) string { return "/campaigns/" + campaignOf(c) }},
	{"envelopes", func(_ *site, c, _ int) string { return "/campaigns/" + campaignOf(c) + "/envelopes" }},
	{"envelopes of a state", func(_ *site, c, _ int) string { return "/campaigns/" + campaignOf(c) + "/envelopes?state=sent" }},
	{"search", func(_ *site, c, e int) string {
		return "/campaigns/" + campaignOf(c) + fmt.Sprintf("/envelopes?q=%06d+da+conceicao", e)
	}},
	{"envelope", func(_ *site, c, e int) string {
		return "/campaigns/" + campaignOf(c) + fmt.Sprintf("/envelopes/e-%07d", e)
	}},
	{"provider", func(*site, int, int) string { return "/providers/certyneo" }},
}

// anywhere is the path of a page of any campaign and envelope.
func (x *site) anywhere(page int) string {
	return pagesOf[page].path(x, rand.IntN(x.campaigns), rand.IntN(x.each))
}

// get reads a page to its end.
func get(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	if err := drop(res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", req.URL.Path, res.Status)
	}
	return nil
}
