package queue

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/storage/redistest"
)

// Many tasks together are what asynq makes of each, whether Redis has met the scripts or not, and the one that is there stays.
func TestEnvelopesTogether(t *testing.T) {
	db := redis.NewClient(&redis.Options{Network: "unix", Addr: redistest.Start(t)})
	t.Cleanup(func() { db.Close() })
	q := New(db)
	const n = 2*mostTogether + 1
	for round := range 2 { // the second is met by scripts that Redis knows
		var all []Envelope
		for i := range n {
			all = append(all, Envelope{Provider: []string{"certyneo", "sdoc"}[i%2], Class: pace.Send, Key: fmt.Sprintf("june/%d-%d", round, i), Generation: 1})
		}
		if err := q.Envelope(t.Context(), "certyneo", pace.Send, all[0].Key, 1, 0); err != nil {
			t.Fatal(err)
		}
		if err := q.Envelopes(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		for i, e := range []Envelope{all[2], all[n-1]} {
			if err := q.Envelope(t.Context(), e.Provider, e.Class, fmt.Sprintf("one/%d-%d", round, i), 1, 0); err != nil {
				t.Fatal(err)
			}
			have, err := q.inspector.GetTaskInfo("certyneo-send", taskID(e.Key, 1))
			if err != nil {
				t.Fatal(err)
			}
			want, err := q.inspector.GetTaskInfo("certyneo-send", taskID(fmt.Sprintf("one/%d-%d", round, i), 1))
			if err != nil {
				t.Fatal(err)
			}
			want.ID, want.Payload = have.ID, fmt.Appendf(nil, `{"key":%q,"gen":1}`, e.Key)
			if !reflect.DeepEqual(have, want) {
				t.Errorf("have %+v\nwant %+v", have, want)
			}
		}
		c, err := q.Count(t.Context(), "certyneo")
		if err != nil {
			t.Fatal(err)
		}
		d, err := q.Count(t.Context(), "sdoc")
		if err != nil {
			t.Fatal(err)
		}
		if want := int64((n + 2) * (round + 1)); c.Tasks+d.Tasks != want {
			t.Errorf("%d and %d tasks, want %d", c.Tasks, d.Tasks, want)
		}
	}
}

// asynq's way of enqueueing is known: many tasks of a queue are one command.
func TestEnvelopesAreOneCommand(t *testing.T) {
	db := redis.NewClient(&redis.Options{Network: "unix", Addr: redistest.Start(t)})
	t.Cleanup(func() { db.Close() })
	q := New(db)
	put := func(round int) {
		var all []Envelope
		for i := range 50 {
			all = append(all, Envelope{Provider: "certyneo", Class: pace.Send, Key: fmt.Sprintf("june/%d-%d", round, i), Generation: 1})
		}
		if err := q.Envelopes(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	put(1)
	if err := db.ConfigResetStat(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	put(2)
	stats := db.InfoMap(t.Context(), "commandstats").Val()["Commandstats"]
	if s := stats["cmdstat_evalsha"]; len(s) < 8 || s[:8] != "calls=1," {
		t.Errorf("evalsha: %q", s)
	}
}
