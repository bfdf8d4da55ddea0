package worker

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/ledger"
)

func TestTroublesAreWrittenOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var writes atomic.Int64
		db := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
		defer db.Close()
		db.AddHook(hook(func(redis.Cmder) error { writes.Add(1); return nil }))
		tr := NewTroubles(db, silent)
		down := rest.Observation{Provider: "certyneo", Op: "GET /x", Err: &providers.Error{Kind: providers.Transient}}
		for range 1000 {
			tr.Observe(down)
			time.Sleep(10 * time.Millisecond)
		}
		if n := writes.Swap(0); n < 9 || n > 10 {
			t.Errorf("%d writings in ten seconds of failures", n)
		}
		for range 1000 {
			tr.Observe(rest.Observation{Provider: "certyneo", Op: "GET /x", Status: 200})
			time.Sleep(10 * time.Millisecond)
		}
		if n := writes.Load(); n < 1 || n > 6 {
			t.Errorf("%d writings in ten seconds of success", n)
		}
		tr.Observe(down)
		tr.Close()
		writes.Store(0)
		time.Sleep(time.Minute)
		if writes.Load() != 0 {
			t.Error("it writes after its end")
		}
	})
}

// Trouble that lasts, or comes and goes, is a line a minute.
func TestTroublesAreSaidOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said strings.Builder
		db := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
		defer db.Close()
		db.AddHook(hook(func(redis.Cmder) error { return nil }))
		tr := NewTroubles(db, slog.New(slog.NewTextHandler(&said, nil)))
		defer tr.Close()
		for range 150 { // five minutes of ups and downs
			tr.Observe(rest.Observation{Provider: "certyneo", Op: "GET /x", Err: &providers.Error{Kind: providers.Transient, Op: "GET /x", Err: errors.New("connection refused")}})
			time.Sleep(time.Second)
			tr.Observe(rest.Observation{Provider: "certyneo", Op: "GET /x", Status: 200})
			time.Sleep(time.Second)
		}
		time.Sleep(2 * time.Second)
		if down, up := strings.Count(said.String(), "in trouble"), strings.Count(said.String(), "well again"); down < 4 || down > 6 || up != down {
			t.Errorf("%d times in trouble, %d times well again in five minutes", down, up)
		}
		if !strings.Contains(said.String(), "connection refused") {
			t.Errorf("it does not say why: %s", said.String())
		}
		said.Reset()
		for range 300 {
			tr.Observe(rest.Observation{Provider: "sdoc", Op: "GET /x", Err: &providers.Error{Kind: providers.Transient}})
			time.Sleep(time.Second)
		}
		if n := strings.Count(said.String(), "in trouble"); n != 5 {
			t.Errorf("%d lines in five minutes of failures", n)
		}
	})
}

// hook answers every command itself.
type hook func(redis.Cmder) error

func (h hook) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h hook) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error { return h(cmd) }
}
func (h hook) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(_ context.Context, cmds []redis.Cmder) error { return h(cmds[0]) }
}

func TestWhatAnAnswerTellsOfItsProvider(t *testing.T) {
	until := time.Now().Add(time.Hour)
	for _, c := range []struct {
		what   string
		status int
		took   time.Duration
		err    *providers.Error
		want   ledger.TroubleState // empty: well
		judged bool
	}{
		{"an answer", 200, time.Second, nil, "", true},
		{"a late answer", 200, slowAfter, nil, ledger.Slow, true},
		{"no answer", 0, 0, &providers.Error{Kind: providers.Transient}, ledger.Unreachable, true},
		{"no answer to an invitation", 0, 0, &providers.Error{Kind: providers.Ambiguous}, ledger.Unreachable, true},
		{"a call that was ended here", 0, 0, &providers.Error{Kind: providers.Interrupted}, "", false},
		{"an address of its that is refused here", 0, 0, &providers.Error{Kind: providers.Invalid}, "", true},
		{"its own error", 500, 0, &providers.Error{Kind: providers.Transient}, ledger.Failing, true},
		{"its own error to an invitation", 503, 0, &providers.Error{Kind: providers.Ambiguous}, ledger.Failing, true},
		{"a pause", 429, 0, &providers.Error{Kind: providers.RateLimited, Until: until}, ledger.Held, true},
		{"the key", 401, 0, &providers.Error{Kind: providers.Denied}, ledger.KeyRefused, true},
		{"its certificate", 0, 0, &providers.Error{Kind: providers.Denied, Code: rest.CodeCertificate}, ledger.Blocked, true},
		{"the proxy", 0, 0, &providers.Error{Kind: providers.Denied, Code: rest.CodeProxyRefused}, ledger.Blocked, true},
		{"a refused envelope", 422, 0, &providers.Error{Kind: providers.Invalid}, "", true},
		{"an unknown envelope", 404, 0, &providers.Error{Kind: providers.NotFound}, "", true},
	} {
		o := rest.Observation{Provider: "certyneo", Op: "GET /x", Status: c.status, Took: c.took}
		if c.err != nil {
			o.Err = c.err
		}
		got, next, judged := judge(o)
		if judged != c.judged || (got == nil) != (c.want == "") || got != nil && (got.State != c.want || got.Status != c.status || got.Op != "GET /x") {
			t.Errorf("%s: %+v %v", c.what, got, judged)
		}
		if c.err != nil && !next.Equal(c.err.Until) {
			t.Errorf("%s: the next try is %s", c.what, next)
		}
	}
}

func TestTroubleEndsWithSuccess(t *testing.T) {
	m := miniredis.RunT(t)
	db := redis.NewClient(&redis.Options{Addr: m.Addr()})
	defer db.Close()
	tr := NewTroubles(db, silent)
	defer tr.Close()
	until := func(what string, done func(ledger.Trouble, bool) bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			got, ok, err := tr.ledger.Trouble(t.Context(), "certyneo")
			if err != nil {
				t.Fatal(err)
			}
			if done(got, ok) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: %+v %v", what, got, ok)
			}
		}
	}
	tr.Observe(rest.Observation{Provider: "certyneo", Op: "GET /x", Status: 503, Err: &providers.Error{Kind: providers.Transient, Code: "busy", Until: time.Now().Add(time.Hour)}})
	until("down", func(x ledger.Trouble, ok bool) bool {
		return ok && x.State == ledger.Failing && x.Code == "busy" && time.Until(x.NextTry) > 59*time.Minute
	})
	tr.Observe(rest.Observation{Provider: "certyneo", Op: "GET /x", Status: 200})
	until("well again", func(_ ledger.Trouble, ok bool) bool { return !ok })
}
