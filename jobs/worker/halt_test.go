package worker

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// mistaken is a provider that takes so many envelopes and refuses all others.
type mistaken struct {
	providers.Provider
	takes   int64
	met     atomic.Int64
	refused atomic.Int64
}

func (p *mistaken) Prepare(ctx context.Context, job *providers.Job) error {
	if p.met.Add(1) > p.takes {
		p.refused.Add(1)
		return &providers.Error{Kind: providers.Invalid, Provider: "certyneo", Op: "POST /documents", Status: 422, Code: "VALIDATION_ERROR"}
	}
	return p.Provider.Prepare(ctx, job)
}

// work runs workers with 16 handlers each until the returned function is called.
func (w *world) work(p providers.Provider, workers int) (stop func()) {
	w.redis.SetTime(time.Time{}) // from here on time passes by itself
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, workers)
	for range workers {
		db := redis.NewClient(&redis.Options{Addr: w.redis.Addr()})
		w.t.Cleanup(func() { db.Close() })
		worker := New(Config{Redis: db, Durability: ledger.NotDurable, Archive: w.archive, RetryBase: time.Millisecond, RetryMax: time.Second, Attempts: 5, HaltAfter: 5,
			Log: silent, Providers: []ProviderConfig{{Provider: p, Concurrency: 16, PollEvery: time.Hour, SettleAfter: 15 * time.Second}}, Shutdown: time.Second})
		go func() { done <- worker.Run(ctx) }()
	}
	return func() {
		cancel()
		for range workers {
			if err := <-done; err != nil {
				w.t.Error(err)
			}
		}
	}
}

func (w *world) enqueueMany(n int) {
	w.t.Helper()
	many := func(yield func(providers.Envelope, error) bool) {
		for i := range n {
			e := w.envelope(fmt.Sprintf("e-%d", i))
			if err := w.client.Check(w.t.Context(), &e); !yield(e, err) {
				return
			}
		}
	}
	if sum, err := w.client.EnqueueAll(w.t.Context(), "crash", many); err != nil || sum.New != n {
		w.t.Fatal(sum, err)
	}
}

func (w *world) campaign() ledger.Campaign {
	w.t.Helper()
	c, err := w.client.Ledger().Campaign(w.t.Context(), "crash")
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// A campaign that nobody takes costs five envelopes, with two workers of 16 handlers each.
func TestAMistakeCostsFewEnvelopes(t *testing.T) {
	const all = 100
	w := newWorld(t, "certyneo")
	w.enqueueMany(all)
	p := &mistaken{Provider: w.provider}
	stop := w.work(p, 2)
	defer stop()
	w.until("it halts and everything has been asked for", func() bool {
		tasks, err := w.client.TaskQueue().Count(t.Context(), "certyneo")
		return len(w.campaign().Halts) == 1 && err == nil && tasks.Tasks == 0
	})
	c := w.campaign()
	if c.States[ledger.Failed] != 5 || p.refused.Load() != 5 || c.States[ledger.Queued] != all-5 {
		t.Errorf("%d refusals, %v", p.refused.Load(), c.States)
	}
	if h := c.Halts[0]; h.Provider != "certyneo" || h.Failures != 5 || h.Code != "VALIDATION_ERROR" || h.Since.IsZero() {
		t.Errorf("halt %+v", h)
	}
}

// down is a provider that answers everything with an error of the server.
type down struct{ providers.Provider }

func (down) Prepare(context.Context, *providers.Job) error {
	return &providers.Error{Kind: providers.Transient, Provider: "certyneo", Op: "POST /documents", Status: 500}
}

// A provider that stays down until attempts are used up costs five envelopes, and what is in hand besides.
func TestAProviderThatIsDownCostsFewEnvelopes(t *testing.T) {
	const all, inHand = 100, 2 * 16
	w := newWorld(t, "certyneo")
	w.enqueueMany(all)
	stop := w.work(down{w.provider}, 2)
	defer stop()
	w.until("it halts and everything has been asked for", func() bool {
		tasks, err := w.client.TaskQueue().Count(t.Context(), "certyneo")
		return len(w.campaign().Halts) == 1 && err == nil && tasks.Tasks == 0
	})
	c := w.campaign()
	if failed := c.States[ledger.Failed]; failed < 5 || failed > 5+inHand || failed+c.States[ledger.Queued]+c.States[ledger.Preparing] != all {
		t.Errorf("%v", c.States)
	}
	if h := c.Halts[0]; h.Provider != "certyneo" || h.Failures != 5 || h.Code != "transient" {
		t.Errorf("halt %+v", h)
	}
}

// unproven is a provider whose inviting call is answered without proof.
type unproven struct {
	providers.Provider
	asked atomic.Int64
}

func (p *unproven) Invite(ctx context.Context, job *providers.Job) error {
	if err := job.Commit(ctx); err != nil {
		return err
	}
	p.asked.Add(1)
	return &providers.Error{Kind: providers.Ambiguous, Provider: "sdoc", Op: "POST /solicitation", Status: 422}
}

func TestAMistakeWithoutProofPutsFewInDoubt(t *testing.T) {
	const all = 100
	w := newWorld(t, "sdoc")
	w.enqueueMany(all)
	p := &unproven{Provider: w.provider}
	stop := w.work(p, 2)
	defer stop()
	w.until("it halts", func() bool { return len(w.campaign().Halts) == 1 })
	w.until("everything has been asked for", func() bool {
		c := w.campaign()
		queued := c.States[ledger.Queued]
		return queued+c.States[ledger.Preparing]+c.States[ledger.InDoubt] == all && queued >= all-5
	})
	if n := p.asked.Load(); n < 2 || n > 5 {
		t.Errorf("%d invitations may have been made", n)
	}
	if h := w.campaign().Halts[0]; h.Provider != "sdoc" || h.Code != "ambiguous" || h.Failures < 2 {
		t.Errorf("halt %+v", h)
	}
}

// What goes wrong later costs no more than what is under way besides.
func TestAMistakeLaterCostsWhatIsUnderWay(t *testing.T) {
	const all, good, underWay = 200, 20, 16
	w := newWorld(t, "certyneo")
	w.enqueueMany(all)
	p := &mistaken{Provider: w.provider, takes: good}
	stop := w.work(p, 1)
	defer stop()
	w.until("it halts and everything has been asked for", func() bool {
		tasks, err := w.client.TaskQueue().Count(t.Context(), "certyneo")
		return len(w.campaign().Halts) == 1 && err == nil && tasks.Tasks == 0
	})
	// What was taken is invited, or waits prepared when the halt came before its inviting call. An
	// invitation that ends late begins the count of failures in a row anew: each may cost four more.
	c := w.campaign()
	if failed, taken := c.States[ledger.Failed], c.States[ledger.Sent]+c.States[ledger.Preparing]; failed < 5 || failed > 5+underWay+4*underWay || taken != good {
		t.Errorf("%v", c.States)
	}
}

// TestUntilStop: a call is set free only while its task and its worker go on, and then neither ends it.
func TestUntilStop(t *testing.T) {
	for name, ends := range map[string]func(task, worker context.CancelFunc){
		"the task":   func(task, _ context.CancelFunc) { task() },
		"the worker": func(_, worker context.CancelFunc) { worker() },
		"neither":    nil,
	} {
		task, endTask := context.WithCancel(t.Context())
		stopping, stop := context.WithCancel(t.Context())
		free, detach, cancel := untilStop(task, stopping)
		if ends != nil {
			ends(endTask, stop)
		}
		if set := detach(); set != (ends == nil) {
			t.Errorf("%s ended: set free is %v", name, set)
		}
		if ends == nil {
			endTask()
			stop()
			if free.Err() != nil {
				t.Errorf("a call that was set free ended: %v", free.Err())
			}
		} else {
			<-free.Done()
		}
		cancel()
		endTask()
		stop()
	}
}
