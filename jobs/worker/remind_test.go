package worker

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

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
