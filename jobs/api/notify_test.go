package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// notified is a stack with a receiver and a notifier whose pauses are short.
func notified(t *testing.T, refuse func(n int, state string) int, delays ...time.Duration) (*stack, *receiver, *Notifier) {
	t.Helper()
	s := newStack(t, nil)
	r := newReceiver(t)
	r.refuse = refuse
	n, err := NewNotifier(NotifierConfig{Client: s.client, URL: r.URL + "/hook?token=t0ken", Secret: notifySecret, Metrics: s.server.metrics, Log: s.slog})
	if err != nil {
		t.Fatal(err)
	}
	n.delays = delays
	if err := s.client.Ledger().Notify(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	return s, r, n
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

func (s *stack) life(id string) {
	s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON(id, pdf("a"))).want(s.t, http.StatusAccepted, nil)
	s.sent(id)
	r, err := s.client.Ledger().Get(s.t.Context(), "june/"+id)
	if err == nil {
		err = s.client.Ledger().End(s.t.Context(), r, ledger.Ending{To: ledger.Completed})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

var wholeLife = []string{"queued", "preparing", "sent", "completed"}

func TestNotificationsComeInOrderAfterFailures(t *testing.T) {
	s, r, n := notified(t, func(n int, _ string) int {
		if n%3 == 1 { // every third delivery fails, the first too
			return http.StatusInternalServerError
		}
		return 0
	}, slices.Repeat([]time.Duration{time.Millisecond}, 20)...)
	const envelopes = 10
	for i := range envelopes {
		s.life(fmt.Sprint(i))
	}
	run(t, n, n) // as two processes would
	eventually(t, "all arrive", func() bool {
		for i := range envelopes {
			if r.last(fmt.Sprintf("june/%d", i)) != "completed" {
				return false
			}
		}
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, states := range r.states {
		if !slices.Equal(states, wholeLife) {
			t.Errorf("%s: %v", key, states)
		}
	}
	if len(r.bad) > 0 {
		t.Errorf("%q", r.bad)
	}
	if strings.Contains(s.log.String(), "t0ken") {
		t.Error("the address is in the log")
	}
}

func TestNotificationGivenUpAndReplayed(t *testing.T) {
	var mu sync.Mutex
	down := true
	s, r, n := notified(t, func(_ int, state string) int {
		mu.Lock()
		defer mu.Unlock()
		if down && state == "preparing" {
			return http.StatusBadGateway
		}
		return 0
	}, time.Millisecond, time.Millisecond)
	s.life("1")
	run(t, n)
	eventually(t, "the later ones go on", func() bool { return r.last("june/1") == "completed" })
	r.mu.Lock()
	got := slices.Clone(r.states["june/1"])
	r.mu.Unlock()
	if want := []string{"queued", "sent", "completed"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, dead, err := s.client.Ledger().Outbox(t.Context()); err != nil || dead != 1 {
		t.Errorf("%d set aside, %v", dead, err)
	}
	mu.Lock()
	down = false
	mu.Unlock()
	if n, err := s.client.Ledger().Replay(t.Context()); err != nil || n != 1 {
		t.Errorf("replayed %d, %v", n, err)
	}
	eventually(t, "the replayed one arrives", func() bool { return r.last("june/1") == "preparing" })
}

// A notifier that died behind the delivery and before its record delivers again, under
// the same id.
func TestNotificationAtLeastOnce(t *testing.T) {
	s, r, n := notified(t, nil)
	now := time.Now()
	s.mini.SetTime(now)
	s.life("1")
	next, ok, err := n.book.NextNotification(t.Context(), notifyHold)
	if err != nil || !ok {
		t.Fatal(err)
	}
	if _, err := n.deliver(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if some, err := n.deliverNext(t.Context()); some || err != nil {
		t.Fatalf("delivered while another one holds it: %v", err)
	}
	s.mini.SetTime(now.Add(notifyHold + time.Second))
	for range wholeLife {
		if some, err := n.deliverNext(t.Context()); !some || err != nil {
			t.Fatalf("%v %v", some, err)
		}
	}
	if r.n != len(wholeLife)+1 || !slices.Equal(r.states["june/1"], wholeLife) || len(r.bad) > 0 {
		t.Errorf("%d deliveries, %v, %q", r.n, r.states["june/1"], r.bad)
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
		s, _, n := notified(t, nil)
		s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON("1", pdf("a"))).want(t, http.StatusAccepted, nil)
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", c.after)
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(c.status)
		}))
		n.url = receiver.URL
		after, err := n.deliver(t.Context(), ledger.Notification{Key: "june/1", State: ledger.Queued, Version: 1})
		if (err == nil) != c.ok || after != c.wait {
			t.Errorf("%d: %v, again after %s", c.status, err, after)
		}
		receiver.Close()
	}
}

func TestNotifierIsChecked(t *testing.T) {
	s := newStack(t, nil)
	for _, c := range []struct {
		url    string
		secret providers.Secret
		ok     bool
	}{
		{"https://example.com/hook", notifySecret, true}, {"http://127.0.0.1:9/hook", notifySecret, true}, {"https://example.com", "any text: not base64", true},
		{"http://example.com/hook", notifySecret, false}, {"ftp://example.com", notifySecret, false}, {"https://u:p@example.com", notifySecret, false},
		{"", notifySecret, false}, {"https://example.com", "", false},
	} {
		_, err := NewNotifier(NotifierConfig{Client: s.client, URL: c.url, Secret: c.secret})
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
