package jobs

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/ledger"
)

func TestOfManyRefusalsSomeAreNamed(t *testing.T) {
	var r Result
	for i := range 3 * maxIDs {
		r.refused(fmt.Sprint(i), notNow("archived", "archived already"))
	}
	if len(r.Refused) != 1 || r.Refused[0].Envelopes != 3*maxIDs || len(r.Refused[0].IDs) != maxIDs || !errors.Is(r.Err(), ErrNotNow) {
		t.Errorf("%+v", r.Refused[0])
	}
}

// TestNoIDsAreNotAllOfThem: a list of envelopes that has come out empty is refused, and the campaign is as it was.
func TestNoIDsAreNotAllOfThem(t *testing.T) {
	d := newDesk(t)
	d.put("able", "failed", failed)
	d.put("able", "sent", sent)
	for name, do := range map[string]func(context.Context, string, ...string) (Result, error){
		"Retry": d.Retry, "Cancel": d.Cancel, "Remind": d.Remind,
		"Would": func(ctx context.Context, campaign string, ids ...string) (Result, error) {
			return d.Would(ctx, campaign, ledger.CancelAll, ids...)
		},
	} {
		for _, none := range [][]string{nil, {}} {
			if res, err := do(t.Context(), "june", none...); !errors.Is(err, ErrNoIDs) || res.Done+res.NotDone() != 0 {
				t.Errorf("%s of nobody: %+v, %v", name, res, err)
			}
		}
	}
	for id, state := range map[string]ledger.State{"failed": ledger.Failed, "sent": ledger.Sent} {
		if r := d.record(id); r.State != state || r.CancelAsked {
			t.Errorf("%s is %s", id, r.State)
		}
	}
	if n := d.waiting("able", pace.Steer); n != 0 {
		t.Errorf("%d tasks", n)
	}
	for _, do := range []func(context.Context, string) (Result, error){d.RetryAll, d.RemindAll, d.CancelAll} {
		if res, err := do(t.Context(), "june"); err != nil || res.Done == 0 {
			t.Errorf("all of them: %+v, %v", res, err)
		}
	}
}

// TestRefusalsHaveTheirKind: what was refused is told from what kept an operation from going on, also
// where both happened.
func TestRefusalsHaveTheirKind(t *testing.T) {
	d := newDesk(t)
	d.put("able", "archived", archived)
	ids := []string{"archived"}
	for i := range operatePage {
		ids = append(ids, fmt.Sprintf("nobody-%03d", i))
	}
	for name, do := range map[string]func(context.Context, string, ...string) (Result, error){
		"Retry": d.Retry, "Cancel": d.Cancel, "Remind": d.Remind,
		"Would": func(ctx context.Context, campaign string, ids ...string) (Result, error) {
			return d.Would(ctx, campaign, ledger.RetryAll, ids...)
		},
	} {
		res, err := do(t.Context(), "june", ids...)
		if _, refused := errors.AsType[*RefusedError](err); !refused || !errors.Is(err, ErrNotNow) || !errors.Is(err, ledger.ErrNotFound) || res.NotDone() != len(ids) {
			t.Errorf("%s of what is refused: %T, %+v", name, err, res)
		}
		d.must(d.mini.Set("{chancela}:e:june/unreadable", "no hash")) // on the second page
		res, err = do(t.Context(), "june", append(ids, "unreadable")...)
		if _, refused := errors.AsType[*RefusedError](err); err == nil || refused || res.NotDone() == 0 {
			t.Errorf("%s that was kept from going on: %v, %+v", name, err, res)
		}
		d.mini.Del("{chancela}:e:june/unreadable")
	}
}
