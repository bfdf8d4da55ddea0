package worker

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// threePeople reminds three people; each kind is what comes of the call of that number.
type threePeople struct {
	providers.Provider
	fails map[int]providers.ErrorKind
	calls []string
	tried int
}

func (p *threePeople) Remind(ctx context.Context, _ providers.Ref, once providers.Once) error {
	for _, who := range []string{"ana", "bia", "caio"} {
		err := once(ctx, who, func(context.Context) error {
			p.tried++
			if kind := p.fails[p.tried]; kind != "" {
				return &providers.Error{Kind: kind, Provider: "contraktor"}
			}
			p.calls = append(p.calls, who)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// TestARemindedPersonIsNotRemindedAgain breaks a round of reminders off: it goes on after
// the last person. Another round begins anew.
func TestARemindedPersonIsNotRemindedAgain(t *testing.T) {
	w := newWorld(t, "contraktor")
	k := w.enqueue("1")
	w.step(k)
	w.state(k, ledger.Sent)
	config := w.worker.configs["contraktor"]
	three := &threePeople{Provider: config.Provider, fails: map[int]providers.ErrorKind{2: providers.RateLimited, 3: providers.Interrupted}}
	config.Provider = three
	w.worker.configs["contraktor"] = config
	round := func(number int64) error {
		b, err := json.Marshal(queue.Payload{Key: k.String(), Generation: number})
		if err != nil {
			t.Fatal(err)
		}
		return w.worker.remind(t.Context(), asynq.NewTask(queue.TypeRemind, b))
	}
	for try := range 2 {
		if err := round(1); !isLater(err) {
			t.Errorf("try %d: %v, want it put off", try, err)
		}
	}
	if err := round(1); err != nil || !slices.Equal(three.calls, []string{"ana", "bia", "caio"}) {
		t.Errorf("%v after %q", err, three.calls)
	}
	if err := round(1); err != nil || len(three.calls) != 3 {
		t.Errorf("the same round again: %v, %q", err, three.calls)
	}
	if err := round(2); err != nil || len(three.calls) != 6 {
		t.Errorf("another round: %v, %q", err, three.calls)
	}
	three.fails = map[int]providers.ErrorKind{three.tried + 1: providers.Transient} // its outcome is unknown
	if err := round(3); err == nil || isLater(err) {
		t.Errorf("a reminder that may have arrived: %v", err)
	}
	if err := round(3); err != nil || len(three.calls) != 8 {
		t.Errorf("whose reminder may have arrived is reminded again: %v, %q", err, three.calls)
	}
}

// A reminder that was refused before it was handled comes again when the provider wants it
// to, and not before.
func TestARefusedReminderWaits(t *testing.T) {
	for name, c := range map[string]struct {
		err         providers.Error
		least, most time.Duration // of the wait
		stopped     bool          // the provider's key
	}{
		"429 with a time":      {err: providers.Error{Kind: providers.RateLimited, Until: time.Now().Add(time.Hour)}, least: 50 * time.Minute, most: time.Hour},
		"429 without":          {err: providers.Error{Kind: providers.RateLimited}, least: time.Second, most: time.Second},
		"429 that has passed":  {err: providers.Error{Kind: providers.RateLimited, Until: time.Now().Add(-time.Hour)}, least: time.Second, most: time.Second},
		"the worker stops":     {err: providers.Error{Kind: providers.Interrupted}, least: time.Second, most: time.Second},
		"the key is refused":   {err: providers.Error{Kind: providers.Denied}, least: deniedPause, most: deniedPause, stopped: true},
		"it may have arrived":  {err: providers.Error{Kind: providers.Ambiguous}, least: -1, most: -1},
		"it has ended already": {err: providers.Error{Kind: providers.Invalid}, least: -1, most: -1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "contraktor")
			k := w.enqueue("1")
			w.step(k)
			config := w.worker.configs["contraktor"]
			config.Provider = neverDone{config.Provider, &c.err}
			w.worker.configs["contraktor"] = config
			b, err := json.Marshal(queue.Payload{Key: k.String(), Generation: 1})
			if err != nil {
				t.Fatal(err)
			}
			remind := func() time.Duration {
				err := w.worker.remind(t.Context(), asynq.NewTask(queue.TypeRemind, b))
				if l, ok := errors.AsType[*laterError](err); ok {
					return l.wait
				}
				if !errors.Is(err, asynq.SkipRetry) {
					t.Errorf("%v, want no other try", err)
				}
				return -1
			}
			if wait := remind(); wait < c.least || wait > c.most {
				t.Errorf("put off by %s", wait)
			}
			if admitted, wait, err := w.worker.ledger.Admit(t.Context(), "contraktor"); err != nil || (admitted == ledger.Refused) != c.stopped {
				t.Errorf("the provider is %s for %s, %v", admitted, wait, err)
			}
			if c.stopped { // nothing is called while it is
				if wait := remind(); wait <= 0 || wait > deniedPause {
					t.Errorf("put off by %s", wait)
				}
			}
		})
	}
}

// neverDone reminds nobody, and discards nothing.
type neverDone struct {
	providers.Provider
	err *providers.Error
}

func (p neverDone) Remind(ctx context.Context, _ providers.Ref, once providers.Once) error {
	return once(ctx, "all", func(context.Context) error { return p.err })
}

func (p neverDone) Discard(context.Context, providers.Ref) error { return p.err }

// One signer is reminded by the number in the row; no name and no address is in the task.
func TestOneSignerIsReminded(t *testing.T) {
	for _, provider := range []string{"contraktor", "catalisa"} {
		w := newWorld(t, provider)
		k := w.enqueue("1")
		w.step(k)
		w.state(k, ledger.Sent)
		remind := func(signer int) error {
			b, err := json.Marshal(queue.Payload{Key: k.String(), Generation: int64(signer), Signer: signer})
			if err != nil {
				t.Fatal(err)
			}
			return w.worker.remind(t.Context(), asynq.NewTask(queue.TypeRemind, b))
		}
		for signer, want := range map[int]int{1: 1, 9: 0} {
			before := w.sandbox.Books()[0].Reminders
			if err := remind(signer); err != nil || w.sandbox.Books()[0].Reminders-before != want {
				t.Errorf("%s, signer %d: %v, %d reminders", provider, signer, err, w.sandbox.Books()[0].Reminders-before)
			}
		}
	}
}
