package worker

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// remindedWorld is a world with one sent envelope, whose signers are reminded by a rule.
func remindedWorld(t *testing.T, provider string) (*world, providers.Key) {
	t.Helper()
	w := newWorld(t, provider)
	if err := w.client.SetReminders(t.Context(), "crash", hours.Reminders{After: "1s", Every: "1s", AtMost: "2"}); err != nil {
		t.Fatal(err)
	}
	k := w.enqueue("1")
	w.step(k)
	w.state(k, ledger.Sent)
	return w, k
}

// due takes the reminders that are due, and returns the task of the first.
func (w *world) due() *asynq.Task {
	w.t.Helper()
	taken, err := w.client.Ledger().TakeReminders(w.t.Context(), "crash", 10, time.Minute)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(taken) == 0 {
		return nil
	}
	b, err := json.Marshal(queue.Payload{Key: taken[0].Key, Due: taken[0].Due.UnixMilli()})
	if err != nil {
		w.t.Fatal(err)
	}
	return asynq.NewTask(queue.TypeRemind, b)
}

// One due time is one reminder, however often its task comes, and as many as the rule has.
func TestRuleRemindsOncePerDueTime(t *testing.T) {
	for _, provider := range []string{"catalisa", "contraktor"} {
		w, k := remindedWorld(t, provider)
		people := 0
		for n := 1; n <= 2; n++ {
			w.forward(2 * time.Second)
			task := w.due()
			if task == nil {
				t.Fatalf("%s: reminder %d is not due", provider, n)
			}
			before := w.sandbox.Books()[0].Reminders
			for range 3 {
				if err := w.worker.remind(t.Context(), task); err != nil {
					t.Fatal(err)
				}
			}
			once := w.sandbox.Books()[0].Reminders - before
			if people == 0 {
				people = once
			}
			if once == 0 || once != people || w.record(k).Reminders != n {
				t.Errorf("%s: reminder %d has reached %d, and %d are counted", provider, n, once, w.record(k).Reminders)
			}
		}
		w.forward(time.Hour)
		if w.due() != nil {
			t.Errorf("%s: a third reminder is due", provider)
		}
	}
}

// A worker that dies in a round of reminders leaves the rest of it to the task that comes again.
func TestRuleGoesOnAfterTheLastPerson(t *testing.T) {
	w, _ := remindedWorld(t, "contraktor")
	config := w.worker.configs["contraktor"]
	three := &threePeople{Provider: config.Provider, fails: map[int]providers.ErrorKind{2: providers.Interrupted}}
	config.Provider = three
	w.worker.configs["contraktor"] = config
	w.forward(2 * time.Second)
	task := w.due()
	if err := w.worker.remind(t.Context(), task); !isLater(err) {
		t.Errorf("%v, want it put off", err)
	}
	if err := w.worker.remind(t.Context(), task); err != nil || !slices.Equal(three.calls, []string{"ana", "bia", "caio"}) {
		t.Errorf("%v after %q", err, three.calls)
	}
}

// A task that waits on the queue until the campaign's hours are over, or it is paused, reminds nobody then.
func TestRuleKeepsToHoursAndPauses(t *testing.T) {
	w, k := remindedWorld(t, "contraktor")
	w.forward(2 * time.Second)
	task := w.due()
	w.setHours(hours.Settings{StartAt: w.now().Add(2 * time.Second).Format(time.RFC3339)})
	if err := w.worker.remind(t.Context(), task); !isLater(err) {
		t.Errorf("%v, want it put off", err)
	}
	w.forward(2 * time.Second)
	if _, err := w.client.Pause(t.Context(), "crash"); err != nil {
		t.Fatal(err)
	}
	if err := w.worker.remind(t.Context(), task); err != nil {
		t.Error(err)
	}
	if n := w.record(k).Reminders; n != 0 || w.sandbox.Books()[0].Reminders != 0 {
		t.Errorf("reminded %d times", n)
	}
	if err := w.client.Resume(t.Context(), "crash"); err != nil {
		t.Fatal(err)
	}
	if err := w.worker.remind(t.Context(), task); err != nil || w.record(k).Reminders != 1 {
		t.Error(err, "not reminded after the pause")
	}
}
