package worker

import (
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/storage/ledger"
)

// TestLinksStandInTheirOwnKeyAndGoWithTheEnd follows an envelope to its archive at each
// provider that tells signing links, and looks for them everywhere.
func TestLinksStandInTheirOwnKeyAndGoWithTheEnd(t *testing.T) {
	for _, name := range []string{"certyneo", "catalisa", "qisign"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, name)
			w.worker.cfg.KeepLinks = true
			var logged strings.Builder
			w.worker.log = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
			if err := w.client.Ledger().Notify(t.Context(), time.Hour); err != nil {
				t.Fatal(err)
			}
			k := w.enqueue("1")
			var links []string
			for range 40 {
				if w.record(k).State == ledger.Archived {
					break
				}
				w.step(k)
				for l, err := range w.client.Links(t.Context(), k.Campaign) {
					if err != nil {
						t.Fatal(err)
					}
					if l.ID != k.ID || !strings.HasPrefix(l.Link, "http") || strings.Contains(l.String(), l.Link) {
						t.Errorf("%q %q", l.ID, l.Link)
					}
					links = append(links, l.Link)
					w.neverSaid(l.Link, logged.String(), 1)
				}
				w.forward(11 * time.Second)
			}
			w.state(k, ledger.Archived)
			if len(links) == 0 {
				t.Fatal("no link was kept")
			}
			for _, link := range links {
				w.neverSaid(link, logged.String(), 0)
			}
			if strings.Contains(w.redis.Dump(), "links:") {
				t.Error("links outlive their envelope")
			}
		})
	}
}

// neverSaid fails when a link stands anywhere but in so many keys of Redis.
func (w *world) neverSaid(link, log string, keys int) {
	w.t.Helper()
	token := link[strings.LastIndex(link, "/")+1:]
	if strings.Contains(log, token) {
		w.t.Errorf("the log has the link")
	}
	found := 0
	for _, key := range w.redis.Keys() {
		if held(w, key, token) {
			found++
			if !strings.Contains(key, "}:links:") {
				w.t.Errorf("%s has the link", key)
			}
		}
	}
	if found != keys {
		w.t.Errorf("%d keys have the link, want %d", found, keys)
	}
	for o, err := range w.archive.List(w.t.Context(), "") {
		if err != nil {
			w.t.Fatal(err)
		}
		r, _, err := w.archive.Open(w.t.Context(), o.Key)
		if err != nil {
			w.t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		r.Close()
		if err != nil || strings.Contains(string(b), token) {
			w.t.Errorf("%s has the link, %v", o.Key, err)
		}
	}
}

// held tells whether a key of Redis holds a text, also packed in a record's blob.
func held(w *world, key, text string) bool {
	kind := w.redis.Type(key)
	var all string
	switch kind {
	case "string":
		all, _ = w.redis.Get(key)
		if envelope, ok := strings.CutPrefix(key, "{chancela}:b:"); ok {
			r, err := w.client.Ledger().Get(w.t.Context(), envelope)
			if err != nil {
				w.t.Fatal(err)
			}
			b, err := json.Marshal(r)
			if err != nil {
				w.t.Fatal(err)
			}
			all += string(b)
		}
	case "hash":
		fields, _ := w.redis.HKeys(key)
		for _, f := range fields {
			all += f + w.redis.HGet(key, f)
		}
	case "list":
		items, _ := w.redis.List(key)
		all = strings.Join(items, "\n")
	case "zset":
		items, _ := w.redis.ZMembers(key)
		all = strings.Join(items, "\n")
	case "set":
		items, _ := w.redis.Members(key)
		all = strings.Join(items, "\n")
	}
	return strings.Contains(all, text)
}

func TestNoLinkIsKeptUnasked(t *testing.T) {
	for _, name := range []string{"certyneo", "catalisa", "qisign"} {
		w := newWorld(t, name)
		k := w.enqueue("1")
		for range 6 {
			w.step(k)
			if strings.Contains(w.redis.Dump(), "links:") {
				t.Fatalf("%s: a link is kept in %s", name, w.record(k).State)
			}
			w.forward(3 * time.Second)
		}
	}
}
