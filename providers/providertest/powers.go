package providertest

import (
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

// listed is more envelopes than fit on a page of any provider that lists.
const listed = 105

// testPowers tries what only some providers can do.
func testPowers(t *testing.T, s *Suite, tp *tap) {
	w := newWorld(t, s, tp, setup{})
	if c, ok := w.inner.(providers.Canceler); ok {
		t.Run("cancel", func(t *testing.T) { testCancel(t, newWorld(t, s, tp, setup{}), c) })
	}
	if _, ok := w.inner.(providers.Discarder); ok {
		t.Run("discard", func(t *testing.T) { testDiscard(t, newWorld(t, s, tp, setup{})) })
	}
	if _, ok := w.inner.(providers.Reminder); ok {
		t.Run("remind", func(t *testing.T) { testRemind(t, newWorld(t, s, tp, setup{})) })
	}
	if _, ok := w.inner.(providers.Lister); ok {
		t.Run("list", func(t *testing.T) { testList(t, newWorld(t, s, tp, setup{})) })
	}
	if _, ok := w.inner.(providers.Subscriber); ok {
		t.Run("subscribe", func(t *testing.T) { testSubscribe(t, newWorld(t, s, tp, setup{})) })
	}
}

func testCancel(t *testing.T, w *world, _ providers.Canceler) {
	cancel := func(rec *record) error {
		return w.tap.note(w.inner.(providers.Canceler).Cancel(t.Context(), rec.ref()))
	}
	rec := w.invited(w.suite.Envelope())
	if err := cancel(rec); err != nil {
		t.Fatalf("Cancel: %v", err)
	}
	w.look(rec, providers.Canceled)
	if err := cancel(rec); err != nil && providers.KindOf(err) != providers.Invalid {
		t.Errorf("Cancel again: %v", err)
	}
	if done := w.completed(w.suite.Envelope()); providers.KindOf(cancel(done)) != providers.Invalid {
		t.Errorf("Cancel of a completed envelope: %v", cancel(done))
	} else {
		w.look(done, providers.Completed)
	}
	// An answer that is lost: asked again, it is cancelled, and that is no failure of
	// another kind.
	lost := w.invited(w.suite.Envelope())
	for n := range 3 {
		w.wire.at(n, but(drop))
		if cancel(lost) == nil {
			break
		}
	}
	w.wire.with(nil)
	if err := cancel(lost); err != nil && providers.KindOf(err) != providers.Invalid {
		t.Errorf("Cancel after a lost answer: %v", err)
	}
	w.look(lost, providers.Canceled)
	w.clean()
}

func testDiscard(t *testing.T, w *world) {
	discard := func(rec *record) error {
		return w.tap.note(w.inner.(providers.Discarder).Discard(t.Context(), rec.ref()))
	}
	for name, envelope := range w.suite.envelopes() {
		rec := w.enqueue(envelope())
		seen := w.wire.seen()
		if err := discard(rec); err != nil || w.wire.seen() != seen {
			t.Errorf("%s: Discard of nothing: %v, %d requests", name, err, w.wire.seen()-seen)
		}
		rec = w.prepared(envelope())
		for range 2 {
			if err := discard(rec); err != nil {
				t.Errorf("%s: Discard: %v", name, err)
			}
		}
		// What Prepare had reached when it was stopped at any request.
		for n := range 12 {
			half := w.enqueue(envelope())
			w.wire.at(n, drop)
			err := w.provider.Prepare(t.Context(), w.job(half))
			w.wire.with(nil)
			if err == nil {
				break
			}
			if err := discard(half); err != nil {
				t.Errorf("%s: Discard after %d requests: %v", name, n, err)
			}
		}
	}
	if n := w.invitations(0); n != 0 {
		t.Errorf("%d invitations", n)
	}
	// What was sent is not for Discard to remove.
	sent := w.invited(w.suite.Envelope())
	w.complete(sent)
	_ = discard(sent)
	w.look(sent, providers.Completed)
}

func testRemind(t *testing.T, w *world) {
	remind := func(rec *record) error {
		return w.tap.note(w.inner.(providers.Reminder).Remind(t.Context(), rec.ref(), fake.Always))
	}
	for name, envelope := range w.suite.envelopes() {
		rec := w.invited(envelope())
		if err := remind(rec); err != nil {
			t.Errorf("%s: Remind: %v", name, err)
		}
		if n := w.entry(rec).Reminders; n < 1 {
			t.Errorf("%s: %d reminders", name, n)
		}
		if n := w.entry(rec).Invitations; n != 1 {
			t.Errorf("%s: %d invitations", name, n)
		}
	}
	done := w.completed(w.suite.Envelope())
	if err := remind(done); providers.KindOf(err) != providers.Invalid {
		t.Errorf("Remind of a completed envelope: %v", err)
	}
	w.clean()
}

func testList(t *testing.T, w *world) {
	wanted := make(map[string]providers.State)
	draft := w.prepared(w.suite.Envelope())
	for n := range listed {
		rec := w.invited(w.suite.Envelope())
		wanted[rec.id] = providers.Pending
		if n%20 == 0 {
			if err := w.act(rec, "cancel"); err != nil {
				t.Fatal(err)
			}
			wanted[rec.id] = providers.Canceled
		}
	}
	pages := 0
	for page, more := 1, true; more; page++ {
		list, next, err := w.inner.(providers.Lister).List(t.Context(), page)
		if w.tap.note(err) != nil {
			t.Fatalf("List: %v", err)
		}
		for _, e := range list {
			if e.ID != draft.id && wanted[e.ID] != e.State {
				t.Errorf("%s is listed as %q, want %q", e.ID, e.State, wanted[e.ID])
			}
			delete(wanted, e.ID)
		}
		pages++
		if more = next; pages > 20 {
			t.Fatal("the list does not end")
		}
	}
	if len(wanted) > 0 || pages < 2 {
		t.Errorf("%d envelopes are not listed on %d pages", len(wanted), pages)
	}
	w.clean()
}

func testSubscribe(t *testing.T, w *world) {
	s := w.inner.(providers.Subscriber)
	const address = "https://hooks.exemplo.test/chancela"
	id, secret, err := s.Subscribe(t.Context(), address)
	if w.tap.note(err) != nil || id == "" || secret == "" {
		t.Fatalf("Subscribe: %q, a secret of %d characters, %v", id, len(secret), err)
	}
	w.tap.add(secret)
	list, err := s.Subscriptions(t.Context())
	if w.tap.note(err) != nil || len(list) != 1 || list[0].ID != id || list[0].URL != address || len(list[0].Events) == 0 {
		t.Errorf("Subscriptions: %v, %v", list, err)
	}
	for range 2 { // gone already is success
		if err := w.tap.note(s.Unsubscribe(t.Context(), id)); err != nil {
			t.Errorf("Unsubscribe: %v", err)
		}
	}
	if list, err := s.Subscriptions(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("Subscriptions at the end: %v, %v", list, err)
	}
}
