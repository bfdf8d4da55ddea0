package worker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

const (
	// walkFrom is how many envelopes have to be due for a walk: fewer are found on the list's
	// newest pages, or looked at one by one.
	walkFrom = 300
	// walkPage is what a page of a walk is taken to hold.
	walkPage = 100
	// pageRest is how long the envelopes of a walk rest for each of its pages, so that the next
	// walk has its share of the rate; never longer than mostRest.
	pageRest = 2 * time.Second
	mostRest = 5 * time.Minute
	// daysEvery is how often the days of the envelopes on a page are judged.
	daysEvery = 12 * time.Hour
)

// walk reads the next page of a provider's pending envelopes. Those that are on it rest; what
// is due when the last page is read, and was on none, has ended, or moved while the list was
// read: it is looked at one by one. The walk goes on where it is in the next round, by
// whatever worker. walked is false where there is none, more when the round is to end.
func (w *Worker) walk(ctx context.Context, config ProviderConfig) (walked, more bool, err error) {
	walker, ok := config.Provider.(providers.Walker)
	if !ok || w.wantsLooks(config) {
		return false, false, nil
	}
	name := config.Provider.Info().Name
	now, err := w.ledger.Now(ctx)
	if err != nil {
		return false, false, err
	}
	at, err := w.ledger.ReadWalk(ctx, name)
	if err != nil {
		return false, false, err
	}
	if at.Cursor == "" {
		due, err := w.ledger.Due(ctx, ledger.Look, name)
		if err != nil || due < walkFrom {
			return false, false, err
		}
		if pending, err := w.ledger.Pending(ctx, ledger.Look, name); err != nil || due < 2*pending/walkPage {
			return false, false, err
		}
		if last, err := w.ledger.Once(ctx, "walk:"+name, config.PollEvery); err != nil || !last {
			return false, false, err // what the last walk has left is looked at one by one
		}
		at.Begun = now
	}
	ids, next, err := walker.Walk(ctx, at.Cursor)
	switch kind := providers.KindOf(err); {
	case err == nil:
	case kind == providers.Denied:
		w.answered(ctx, name, ledger.Free, err)
		return true, false, nil
	case kind == providers.Invalid || kind == providers.Unsupported: // such a list, or such a place in it, is not there
		return false, false, w.ledger.RecordWalk(ctx, name, ledger.Walk{})
	default: // no turn, or the provider's trouble: the walk goes on in the next round
		w.log.DebugContext(ctx, "walk", "provider", name, "error", err)
		return true, false, nil
	}
	rest := min(max(config.PollEvery, time.Duration(at.Pages+1)*pageRest), max(config.PollEvery, mostRest))
	keys, err := w.listed(ctx, config, ids, at.Pages)
	if err != nil {
		return true, false, err
	}
	seen, err := w.ledger.Rest(ctx, name, keys, now, rest)
	if err != nil {
		return true, false, err
	}
	for range seen {
		if w.cfg.Hooks.Looked != nil {
			w.cfg.Hooks.Looked(name)
		}
	}
	at.Cursor, at.Pages = next, at.Pages+1
	return true, true, w.ledger.RecordWalk(ctx, name, at)
}

// listed are the keys of the envelopes of ours on a page. Those whose last day is over are
// left out, to be looked at one by one; that is judged by their whole records, twice a day.
func (w *Worker) listed(ctx context.Context, config ProviderConfig, ids []string, page int) (keys []string, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	name := config.Provider.Info().Name
	if keys, err = w.ledger.KeysOf(ctx, name, ids); err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return key == "" })
	judge, err := w.ledger.Once(ctx, fmt.Sprintf("days:%s:%d", name, page), daysEvery)
	if err != nil || !judge {
		return keys, err
	}
	records, err := w.ledger.GetMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	late, _ := w.overdue(ctx, config, slices.DeleteFunc(records, func(r *ledger.Record) bool { return r == nil }))
	for r := range late {
		keys = slices.DeleteFunc(keys, func(key string) bool { return key == r.Key() })
	}
	return keys, nil
}
