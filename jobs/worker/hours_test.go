package worker

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

func (w *world) setHours(s hours.Settings) {
	w.t.Helper()
	s.Zone = "America/Sao_Paulo"
	if err := w.client.SetHours(w.t.Context(), "crash", s); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) now() time.Time {
	w.t.Helper()
	now, err := w.client.Ledger().Now(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return now
}

// Over two weeks invitations leave within the hours, at most so many a day, and all of them.
func TestInvitationsKeepToHours(t *testing.T) {
	w := newWorld(t, "certyneo")
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	w.setHours(hours.Settings{Window: "Mon-Fri 09:00-12:00, Mon-Fri 14:00-15:00", Limit: "2/day"})
	var keys []providers.Key
	for i := range 5 {
		keys = append(keys, w.enqueue(fmt.Sprint(i)))
	}
	byDay, sent := map[string]int{}, 0
	for range 14 * 24 * 2 {
		if sent == len(keys) {
			break
		}
		for _, k := range keys {
			if s := w.record(k).State; s != ledger.Queued && s != ledger.Preparing {
				continue
			}
			w.step(k)
		}
		if n, _ := w.invitations(0); n > sent {
			at := w.now().In(zone)
			byDay[at.Format(time.DateOnly)] += n - sent
			sent = n
			if d, m := at.Weekday(), 60*at.Hour()+at.Minute(); d == time.Sunday || d == time.Saturday || !(m >= 540 && m < 720 || m >= 840 && m < 900) {
				t.Errorf("invited on %s", at)
			}
		}
		w.forward(30 * time.Minute)
	}
	if sent != len(keys) || len(byDay) != 3 {
		t.Errorf("%d invitations: %v", sent, byDay)
	}
	for day, n := range byDay {
		if n > 2 {
			t.Errorf("%d invitations on %s", n, day)
		}
	}
}

// Hours that end while an envelope is prepared let it wait, and it goes on when they open.
func TestHoursEndBeforeTheCall(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.enqueue("1")
	w.worker.configs["certyneo"] = ProviderConfig{Provider: &closing{w.provider, func() {
		start := w.now().Add(time.Hour).Format(time.RFC3339)
		w.setHours(hours.Settings{StartAt: start})
	}}, PollEvery: time.Minute, SettleAfter: 15 * time.Second}
	w.step(k)
	if n, _ := w.invitations(0); n != 0 || w.record(k).State != ledger.Preparing {
		t.Fatalf("%d invitations, %s", n, w.record(k).State)
	}
	w.forward(2 * time.Second)
	w.step(k)
	if n, _ := w.invitations(0); n != 0 {
		t.Errorf("%d invitations before the hours", n)
	}
	w.forward(time.Hour)
	w.step(k)
	if n, _ := w.invitations(0); n != 1 || w.record(k).Tries > 3 {
		t.Errorf("%d invitations, %+v", n, w.record(k))
	}
}

// closing is a provider during whose preparations something happens.
type closing struct {
	providers.Provider
	happens func()
}

func (p *closing) Prepare(ctx context.Context, job *providers.Job) error {
	err := p.Provider.Prepare(ctx, job)
	p.happens()
	p.happens = func() {}
	return err
}
