package notify

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs/notify/notifytest"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// bench is a ledger with a receiver and a notifier whose pauses are short.
type bench struct {
	t        *testing.T
	redis    *miniredis.Miniredis
	book     *ledger.Ledger
	receiver *notifytest.Receiver
	notifier *Notifier
	log      *logBook
}

// logBook keeps what is logged.
type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newBench(t *testing.T, refuse func(n int, state string) int, delays ...time.Duration) *bench {
	t.Helper()
	m := miniredis.RunT(t)
	db := redis.NewClient(&redis.Options{Addr: m.Addr()})
	t.Cleanup(func() { db.Close() })
	b := &bench{t: t, redis: m, book: ledger.New(db, ledger.NotDurable), receiver: notifytest.NewReceiver(t, refuse), log: &logBook{}}
	var err error
	b.notifier, err = New(Config{Ledger: b.book, URL: b.receiver.URL + "/hook?token=t0ken", Secret: notifytest.Secret, Log: slog.New(slog.NewTextHandler(b.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	b.notifier.delays = delays
	if err := b.book.Notify(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	return b
}

// run runs notifiers until the test ends.
func run(t *testing.T, notifiers ...*Notifier) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, n := range notifiers {
		wg.Go(func() {
			if err := n.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { stop(); wg.Wait() })
}

// queued brings an envelope into the ledger.
func (b *bench) queued(id string) {
	b.t.Helper()
	_, err := b.book.Create(b.t.Context(), []ledger.Entry{{Campaign: "june", ID: id, Provider: "certyneo", Digest: "v1:" + id, State: ledger.Queued, SweepAfter: time.Minute}})
	if err != nil {
		b.t.Fatal(err)
	}
}

// life takes an envelope from the queue to its last signature.
func (b *bench) life(id string) {
	b.t.Helper()
	b.queued(id)
	c, _, _, err := b.book.Claim(b.t.Context(), "june/"+id, 1, time.Minute, ledger.Preparation{Provider: "certyneo", Simulated: false})
	if err == nil {
		err = c.ConfirmSent(b.t.Context(), ledger.Invited{EnvelopeID: "env-" + id, NextLook: time.Hour})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := b.book.Get(b.t.Context(), "june/"+id)
	if err == nil {
		err = b.book.End(b.t.Context(), r, ledger.Ending{To: ledger.Completed})
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// eventually waits for something that happens elsewhere.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not come to pass that %s", what)
		}
	}
}

var wholeLife = []string{"queued", "preparing", "sent", "completed"}

func TestNotificationsComeInOrderAfterFailures(t *testing.T) {
	b := newBench(t, func(n int, _ string) int {
		if n%3 == 1 { // every third delivery fails, the first too
			return http.StatusInternalServerError
		}
		return 0
	}, slices.Repeat([]time.Duration{time.Millisecond}, 20)...)
	const envelopes = 10
	for i := range envelopes {
		b.life(fmt.Sprint(i))
	}
	run(t, b.notifier, b.notifier) // as two processes would
	eventually(t, "all arrive", func() bool {
		for i := range envelopes {
			if b.receiver.Last(fmt.Sprintf("june/%d", i)) != "completed" {
				return false
			}
		}
		return true
	})
	for key, states := range b.receiver.States() {
		if !slices.Equal(states, wholeLife) {
			t.Errorf("%s: %v", key, states)
		}
	}
	if bad := b.receiver.Bad(); len(bad) > 0 {
		t.Errorf("%q", bad)
	}
	if strings.Contains(b.log.String(), "t0ken") {
		t.Error("the address is in the log")
	}
}

// TestAnOutageOfTheReceiverIsSaidOnce: a single refusal needs nobody; a receiver that stays away is told of once until it
// takes one again: here each of four.
func TestAnOutageOfTheReceiverIsSaidOnce(t *testing.T) {
	for name, c := range map[string]struct{ tries, said int }{"a single refusal": {1, 0}, "it stays away": {3, 1}} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			refused := map[string]int{}
			b := newBench(t, func(_ int, state string) int {
				mu.Lock()
				defer mu.Unlock()
				if refused[state]++; refused[state] <= c.tries {
					return http.StatusServiceUnavailable
				}
				return 0
			}, slices.Repeat([]time.Duration{time.Millisecond}, 20)...)
			b.life("1")
			run(t, b.notifier)
			eventually(t, "it arrives", func() bool { return b.receiver.Last("june/1") == "completed" })
			if n := strings.Count(b.log.String(), "level=WARN"); n != c.said*len(wholeLife) {
				t.Errorf("%d warnings:\n%s", n, b.log)
			}
		})
	}
}

func TestNotificationGivenUpAndReplayed(t *testing.T) {
	var mu sync.Mutex
	down := true
	b := newBench(t, func(_ int, state string) int {
		mu.Lock()
		defer mu.Unlock()
		if down && state == "preparing" {
			return http.StatusBadGateway
		}
		return 0
	}, time.Millisecond, time.Millisecond)
	b.life("1")
	run(t, b.notifier)
	eventually(t, "the later ones go on", func() bool { return b.receiver.Last("june/1") == "completed" })
	got := b.receiver.States()["june/1"]
	if want := []string{"queued", "sent", "completed"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, dead, err := b.book.Outbox(t.Context()); err != nil || dead != 1 {
		t.Errorf("%d set aside, %v", dead, err)
	}
	mu.Lock()
	down = false
	mu.Unlock()
	if n, err := b.book.Replay(t.Context()); err != nil || n != 1 {
		t.Errorf("replayed %d, %v", n, err)
	}
	eventually(t, "the replayed one arrives", func() bool { return b.receiver.Last("june/1") == "preparing" })
}

// A notifier that died after the delivery and before its record delivers again, under
// the same id.
func TestNotificationAtLeastOnce(t *testing.T) {
	b := newBench(t, nil)
	now := time.Now()
	b.redis.SetTime(now)
	b.life("1")
	next, ok, err := b.book.NextNotification(t.Context(), notifyHold)
	if err != nil || !ok {
		t.Fatal(err)
	}
	if _, err := b.notifier.deliver(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if some, err := b.notifier.deliverNext(t.Context()); some || err != nil {
		t.Fatalf("delivered while another one holds it: %v", err)
	}
	b.redis.SetTime(now.Add(notifyHold + time.Second))
	for range wholeLife {
		if some, err := b.notifier.deliverNext(t.Context()); !some || err != nil {
			t.Fatalf("%v %v", some, err)
		}
	}
	n, states, bad := b.receiver.Deliveries(), b.receiver.States()["june/1"], b.receiver.Bad()
	if n != len(wholeLife)+1 || !slices.Equal(states, wholeLife) || len(bad) > 0 {
		t.Errorf("%d deliveries, %v, %q", n, states, bad)
	}
}

func TestReceiversAnswers(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	for _, c := range []struct {
		status int
		after  string
		ok     bool
		wait   time.Duration
	}{{200, "", true, 0}, {299, "", true, 0}, {307, "", false, 0}, {404, "", false, 0}, {410, "", false, 0}, {429, "120", false, 2 * time.Minute}, {503, "99999999", false, 24 * time.Hour}, {500, "x", false, 0}} {
		b := newBench(t, nil)
		b.queued("1")
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", c.after)
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(c.status)
		}))
		b.notifier.url = receiver.URL
		after, err := b.notifier.deliver(t.Context(), ledger.Notification{Key: "june/1", State: ledger.Queued, Version: 1})
		if (err == nil) != c.ok || after != c.wait {
			t.Errorf("%d: %v, again after %s", c.status, err, after)
		}
		receiver.Close()
	}
}

func TestNotifierIsChecked(t *testing.T) {
	book := ledger.New(nil, ledger.NotDurable)
	for _, c := range []struct {
		url    string
		secret providers.Secret
		ok     bool
	}{
		{"https://example.com/hook", notifytest.Secret, true}, {"http://127.0.0.1:9/hook", notifytest.Secret, true}, {"https://example.com", "any text: not base64", true},
		{"http://example.com/hook", notifytest.Secret, false}, {"ftp://example.com", notifytest.Secret, false}, {"https://u:p@example.com", notifytest.Secret, false},
		{"", notifytest.Secret, false}, {"https://example.com", "", false},
	} {
		_, err := New(Config{Ledger: book, URL: c.url, Secret: c.secret})
		if (err == nil) != c.ok {
			t.Errorf("%s %v", c.url, err)
		}
		if err != nil && strings.Contains(err.Error(), "MfKQ") {
			t.Errorf("%v shows the secret", err)
		}
	}
	var day time.Duration
	for _, d := range notifyDelays {
		day += d
	}
	if day < 23*time.Hour || day > 25*time.Hour {
		t.Errorf("given up after %s", day)
	}
}

// A halt is told as what it is, after the failure that has caused it.
func TestAHaltIsTold(t *testing.T) {
	b := newBench(t, nil)
	b.queued("1")
	c, _, _, err := b.book.Claim(t.Context(), "june/1", 1, time.Minute, ledger.Preparation{Provider: "certyneo", Streak: 1})
	if err != nil {
		t.Fatal(err)
	}
	if halted, err := c.FailAlike(t.Context(), 1, ledger.Reason{Code: "VALIDATION_ERROR"}); err != nil || !halted {
		t.Fatal(halted, err)
	}
	run(t, b.notifier)
	eventually(t, "both arrive", func() bool { return b.receiver.Last("june") != "" && b.receiver.Last("june/1") == "failed" })
	if got := b.receiver.States()["june"]; !slices.Equal(got, []string{"certyneo VALIDATION_ERROR"}) {
		t.Errorf("told %q", got)
	}
	if bad := b.receiver.Bad(); len(bad) > 0 {
		t.Errorf("%q", bad)
	}
}
