// Package notifytest has a receiver of notifications, for tests.
package notifytest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Secret is what notifications are signed with: of the standard's own examples.
const Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// Receiver takes notifications as another program would: verified by the reference library
// of Standard Webhooks.
type Receiver struct {
	*httptest.Server
	refuse func(n int, state string) int

	mu     sync.Mutex
	n      int
	states map[string][]string // by envelope, accepted ones, in their order
	ids    map[string]string   // of deliveries, by envelope and state
	bad    []string
}

// NewReceiver listens until the test ends. refuse is the status of the n-th delivery; nil, or
// 0: it is accepted.
func NewReceiver(t testing.TB, refuse func(n int, state string) int) *Receiver {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(Secret)
	if err != nil {
		t.Fatal(err)
	}
	r := &Receiver{refuse: refuse, states: map[string][]string{}, ids: map[string]string{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		w.WriteHeader(r.take(body, verifier.Verify(body, req.Header), req.Header.Get("webhook-id")))
	}))
	t.Cleanup(r.Close)
	return r
}

// take judges a delivery and returns its status.
func (r *Receiver) take(body []byte, forged error, id string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
	if forged != nil {
		r.bad = append(r.bad, forged.Error())
	}
	var n struct {
		Type      string
		Timestamp time.Time
		Data      struct{ Campaign, ID, State, Provider, Code string }
	}
	if err := json.Unmarshal(body, &n); err != nil || n.Type != "envelope."+n.Data.State && n.Type != "campaign.halted" || n.Timestamp.IsZero() {
		r.bad = append(r.bad, string(body))
	}
	key := n.Data.Campaign + "/" + n.Data.ID
	if before, ok := r.ids[key+n.Type]; ok && before != id {
		r.bad = append(r.bad, "the id changed over deliveries of "+key+" "+n.Type)
	}
	r.ids[key+n.Type] = id
	if r.refuse != nil {
		if status := r.refuse(r.n, n.Data.State); status != 0 {
			return status
		}
	}
	if n.Type == "campaign.halted" {
		r.states[n.Data.Campaign] = append(r.states[n.Data.Campaign], n.Data.Provider+" "+n.Data.Code)
		return http.StatusNoContent
	}
	if seen := r.states[key]; len(seen) == 0 || seen[len(seen)-1] != n.Data.State { // at least once
		r.states[key] = append(seen, n.Data.State)
	}
	return http.StatusNoContent
}

// Deliveries is how many have come, the refused ones among them.
func (r *Receiver) Deliveries() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

// States are the states that each envelope was told of, in their order; of a campaign the
// halts, as provider and code.
func (r *Receiver) States() map[string][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[string][]string, len(r.states))
	for key, states := range r.states {
		out[key] = slices.Clone(states)
	}
	return out
}

// Last is the state that an envelope was last told of.
func (r *Receiver) Last(key string) string {
	states := r.States()[key]
	if len(states) == 0 {
		return ""
	}
	return states[len(states)-1]
}

// Bad is what was wrong with deliveries.
func (r *Receiver) Bad() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.bad)
}
