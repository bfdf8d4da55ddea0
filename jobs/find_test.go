package jobs

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/storage/ledger"
)

// TestFind looks for envelopes by what people remember of them.
func TestFind(t *testing.T) {
	db := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { db.Close() })
	c := NewClient(ClientConfig{Redis: db})
	var entries []ledger.Entry
	for i := range 1200 {
		e := Envelope{ID: fmt.Sprint(1000 + i), Subject: fmt.Sprintf("Locação do apto %d", i), Signers: []Signer{{Name: "Zé", Email: "ze@example.com"}}}
		if i == 0 {
			e.Subject += ", antes 2199"
		}
		if i == 900 {
			e.Signers = []Signer{{Name: "Úrsula Ipê", Email: "Ursula.Ipe@example.com"}}
		}
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		provider := "certyneo"
		if i%2 == 1 {
			provider = "sdoc"
		}
		entries = append(entries, ledger.Entry{Campaign: "june", ID: e.ID, Provider: provider, Digest: e.ID, State: ledger.Queued, Content: ledger.Content{Envelope: b}})
	}
	if _, err := c.Ledger().Create(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	find := func(q Query, cursor string, n int) Found {
		t.Helper()
		found, err := c.Find(t.Context(), "june", q, cursor, n)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	// everything collects what all parts of a search have found.
	everything := func(q Query, n int) (ids []string) {
		cursor := ""
		for range 1000 {
			found := find(q, cursor, n)
			for _, r := range found.Records {
				ids = append(ids, r.ID)
			}
			if cursor = found.Next; cursor == "" {
				return ids
			}
		}
		t.Fatalf("a search for %v does not end", q)
		return nil
	}
	for text, want := range map[string]string{"ursula  ipe": "1900", "URSULA.IPE@": "1900", "locacao do apto 900": "1900", "1900": "1900"} {
		if got := everything(Query{Text: text}, 90); len(got) != 1 || got[0] != want {
			t.Errorf("%q finds %v, want %s", text, got, want)
		}
	}
	if got := find(Query{Text: "2100"}, "", 5); len(got.Records) == 0 || got.Records[0].ID != "2100" {
		t.Errorf("an id does not come first: %v", got.Records)
	}
	if got := everything(Query{Text: "2199"}, 2); !slices.Equal(got, []string{"2199", "1000"}) {
		t.Errorf("an id that came first is found again: %v", got)
	}
	if got := everything(Query{Provider: "sdoc"}, 90); len(got) != 600 {
		t.Errorf("%d envelopes of a provider, want 600", len(got))
	}
	if got := everything(Query{Text: "apto"}, 90); len(got) != 1200 {
		t.Errorf("%d envelopes, want each once: 1200", len(got))
	}
	if got := find(Query{Text: "2100", States: []ledger.State{ledger.Failed}}, "", 5); len(got.Records) != 0 {
		t.Errorf("an envelope in another state is found: %v", got.Records)
	}
}
