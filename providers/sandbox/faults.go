package sandbox

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Faults are rates between 0 and 1 at which requests go wrong.
type Faults struct {
	ErrorBefore float64 `json:"error_before"` // 500 without effect
	ErrorAfter  float64 `json:"error_after"`  // 500 although the request had its effect
	DropBefore  float64 `json:"drop_before"`  // connection closed without effect
	DropAfter   float64 `json:"drop_after"`   // connection closed after the effect
	TooMany     float64 `json:"too_many"`     // 429 with Retry-After
	Slow        float64 `json:"slow"`         // answered SlowFor later
	CutBody     float64 `json:"cut_body"`     // downloads that break off half-way
	DeadLink    float64 `json:"dead_link"`    // download addresses that have expired early

	SlowFor time.Duration `json:"-"` // 2 s when zero
}

func (f Faults) valid() error {
	return validRates(map[string]float64{
		"error_before": f.ErrorBefore, "error_after": f.ErrorAfter, "drop_before": f.DropBefore, "drop_after": f.DropAfter,
		"too_many": f.TooMany, "slow": f.Slow, "cut_body": f.CutBody, "dead_link": f.DeadLink,
	})
}

func validRates(rates map[string]float64) error {
	for name, rate := range rates {
		if !(rate >= 0 && rate <= 1) {
			return fmt.Errorf("%s: a rate is between 0 and 1", name)
		}
	}
	return nil
}

// Fault is one way in which a request goes wrong; compare [Faults].
type Fault string

// The faults that [Sandbox.Once] can order.
const (
	ErrorBefore Fault = "error_before"
	ErrorAfter  Fault = "error_after"
	DropBefore  Fault = "drop_before"
	DropAfter   Fault = "drop_after"
	TooMany     Fault = "too_many"
	Slow        Fault = "slow"
	CutBody     Fault = "cut_body"
	DeadLink    Fault = "dead_link"
)

// Once lets the next request to a route go wrong. The route is the method and the path's
// template below the provider's base, as in the reference: "POST /envelopes/{id}/send".
// Orders for one route are carried out in their order, one request each.
func (s *Sandbox) Once(provider, route string, f Fault) {
	b := s.faults
	b.mu.Lock()
	defer b.mu.Unlock()
	key := provider + " " + route
	b.orders[key] = append(b.orders[key], f)
}

// SetFaults changes the rates at run time.
func (s *Sandbox) SetFaults(f Faults) error {
	if err := f.valid(); err != nil {
		return err
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rates = f
	return nil
}

// Down makes one provider answer every request with an error, without effect, until it is up
// again.
func (s *Sandbox) Down(provider string, down bool) error {
	if s.services[provider] == nil {
		return fmt.Errorf("there is no provider %q", provider)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.down[provider] = down
	return nil
}

// CurrentFaults are the rates in force.
func (s *Sandbox) CurrentFaults() Faults {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return s.faults.rates
}

// Struck counts the faults that have met a request.
func (s *Sandbox) Struck() map[Fault]int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return maps.Clone(s.faults.struck)
}

type faultBox struct {
	mu     sync.Mutex
	rates  Faults
	orders map[string][]Fault
	down   map[string]bool // by provider
	random *rand.Rand
	struck map[Fault]int
}

func newFaultBox(f Faults, seed uint64) *faultBox {
	return &faultBox{rates: f, orders: make(map[string][]Fault), down: make(map[string]bool), random: rand.New(rand.NewPCG(seed, 0xfa17)), struck: make(map[Fault]int)}
}

func (b *faultBox) count(f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.struck[f]++
}

// doom is what shall happen to one request.
type doom struct {
	slow time.Duration
	set  []Fault
}

func (d doom) has(f Fault) bool { return slices.Contains(d.set, f) }

func (b *faultBox) draw(provider, route string) doom {
	b.mu.Lock()
	defer b.mu.Unlock()
	var d doom
	key := provider + " " + route
	if b.down[provider] {
		d.set = []Fault{ErrorBefore}
	} else if orders := b.orders[key]; len(orders) > 0 {
		d.set = orders[:1:1]
		b.orders[key] = orders[1:]
	} else {
		for _, p := range []struct {
			fault Fault
			rate  float64
		}{
			{TooMany, b.rates.TooMany}, {DropBefore, b.rates.DropBefore}, {ErrorBefore, b.rates.ErrorBefore},
			{DropAfter, b.rates.DropAfter}, {ErrorAfter, b.rates.ErrorAfter},
			{Slow, b.rates.Slow}, {CutBody, b.rates.CutBody}, {DeadLink, b.rates.DeadLink},
		} {
			if p.rate > 0 && b.random.Float64() < p.rate {
				d.set = append(d.set, p.fault)
			}
		}
	}
	if d.has(Slow) {
		if d.slow = b.rates.SlowFor; d.slow == 0 {
			d.slow = 2 * time.Second
		}
	}
	return d
}
