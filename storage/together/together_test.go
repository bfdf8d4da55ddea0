package together

import (
	"context"
	"errors"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/storage/redistest"
)

// trips are what reaches Redis, which answers each script with its first argument when it is let.
type trips struct {
	let chan struct{}

	mu   sync.Mutex
	went []string
}

// refusal is Redis's answer that a script has failed.
type refusal struct{ error }

func (refusal) RedisError() {}

var errRefused = refusal{errors.New("refused")}

func (t *trips) answer(cmds ...redis.Cmder) error {
	var names []string
	for _, cmd := range cmds {
		name := cmd.Args()[3].(string)
		names = append(names, name)
		if name == "bad" {
			cmd.SetErr(errRefused)
		} else {
			cmd.(interface{ SetVal(any) }).SetVal(name)
		}
	}
	t.mu.Lock()
	t.went = append(t.went, strings.Join(names, " "))
	t.mu.Unlock()
	<-t.let
	return cmds[0].Err()
}

func (t *trips) DialHook(next redis.DialHook) redis.DialHook { return next }
func (t *trips) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error { return t.answer(cmd) }
}
func (t *trips) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(_ context.Context, cmds []redis.Cmder) error { return t.answer(cmds...) }
}

// running are scripts that were begun one after the other.
type running struct {
	t       *testing.T
	scripts *Scripts
	trips   *trips
	wg      sync.WaitGroup
	mu      sync.Mutex
	got     map[string]error
}

func noDial(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("no Redis takes part")
}

func run(t *testing.T, test func(r *running)) {
	synctest.Test(t, func(t *testing.T) {
		db := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", Dialer: noDial})
		defer db.Close()
		r := &running{t: t, scripts: New(db), trips: &trips{let: make(chan struct{})}, got: map[string]error{}}
		db.AddHook(r.trips)
		test(r)
		r.wg.Wait()
	})
}

func (r *running) begin(ctx context.Context, name string) {
	r.wg.Go(func() {
		said, err := r.scripts.EvalSha(ctx, "sha", nil, name).Text()
		if err == nil && said != name {
			r.t.Errorf("%s was told %s", name, said)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got[name] = err
	})
	synctest.Wait()
}

// let lets the trip that is under way come back.
func (r *running) let() {
	r.trips.let <- struct{}{}
	synctest.Wait()
}

func (r *running) want(went ...string) {
	r.t.Helper()
	if !slices.Equal(r.trips.went, went) {
		r.t.Errorf("trips %q, want %q", r.trips.went, went)
	}
}

// TestTogether: what comes while a trip is under way goes with the next one, in its order, and
// each script has its own answer.
func TestTogether(t *testing.T) {
	run(t, func(r *running) {
		for _, name := range []string{"a", "b", "bad", "c"} {
			r.begin(r.t.Context(), name)
		}
		r.want("a")
		r.let()
		r.begin(r.t.Context(), "d") // the second is under way
		r.want("a", "b bad c")
		r.let()
		r.let()
		r.begin(r.t.Context(), "e") // nobody else is there
		r.let()
		r.want("a", "b bad c", "d", "e")
		for name, err := range r.got {
			if (name == "bad") != errors.Is(err, errRefused) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestGivenUp: what has not left when its context ends never does, and what is under way is waited for.
func TestGivenUp(t *testing.T) {
	run(t, func(r *running) {
		ctx, cancel := context.WithCancel(r.t.Context())
		r.begin(r.t.Context(), "a")
		r.begin(ctx, "b")
		r.begin(r.t.Context(), "c")
		r.begin(ctx, "d")
		cancel()
		synctest.Wait()
		if len(r.got) != 2 || !errors.Is(r.got["b"], context.Canceled) || !errors.Is(r.got["d"], context.Canceled) {
			t.Errorf("given up: %v", r.got)
		}
		r.let()
		r.want("a", "c")

		ctx, cancel = context.WithCancel(r.t.Context())
		r.begin(r.t.Context(), "e")
		r.begin(ctx, "f")
		r.let()
		cancel() // the trip with both is under way
		synctest.Wait()
		r.want("a", "c", "e f")
		if len(r.got) != 4 {
			t.Errorf("%v: f is under way", r.got)
		}
		r.let()
		if r.got["f"] != nil || r.got["e"] != nil {
			t.Errorf("%v: both have their answers", r.got)
		}
	})
}

// TestOneTripHoldsSoMany: the rest goes with the one after it.
func TestOneTripHoldsSoMany(t *testing.T) {
	run(t, func(r *running) {
		r.begin(r.t.Context(), "first")
		for range most + 1 {
			r.begin(r.t.Context(), "x")
		}
		r.let()
		r.let()
		r.let()
		r.want("first", strings.TrimSpace(strings.Repeat("x ", most)), "x")
	})
}

// TestWhatWasRunIsNotRunAgain: the first of a trip finds a Redis that takes nothing for a while, and
// goes again without the others.
func TestWhatWasRunIsNotRunAgain(t *testing.T) {
	db := redis.NewClient(&redis.Options{Network: "unix", Addr: redistest.Start(t), MinRetryBackoff: -1})
	defer db.Close()
	s := New(db)
	s.away = true // until both wait
	var wg sync.WaitGroup
	run := func(script *redis.Script, want string) {
		sha, err := script.Load(t.Context(), db).Result()
		if err != nil {
			t.Fatal(err)
		}
		n := len(s.waiting)
		wg.Go(func() {
			if got := s.EvalSha(t.Context(), sha, []string{"n"}); !strings.Contains(got.String(), want) {
				t.Errorf("got %v, want %s", got, want)
			}
		})
		for there := n; there == n; runtime.Gosched() {
			s.mu.Lock()
			there = len(s.waiting)
			s.mu.Unlock()
		}
	}
	run(redis.NewScript(`return redis.call('INCR', 'tries') < 3 and redis.error_reply('TRYAGAIN later') or 'in the end'`), "in the end")
	run(redis.NewScript(`return redis.call('INCR', KEYS[1])`), ": 1")
	s.next()
	wg.Wait()
	if n, err := db.Get(t.Context(), "n").Int(); n != 1 || err != nil {
		t.Errorf("it was run %d times (%v)", n, err)
	}
}
