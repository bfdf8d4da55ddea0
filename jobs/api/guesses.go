package api

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// How often one address may try keys that are not known: some at once, then one after
// each pause. Choices.
const (
	guessesAtOnce = 10
	guessEvery    = 6 * time.Second
	// maxGuessers bounds the addresses that are remembered, twice over.
	maxGuessers = 10_000
)

// guesses counts wrong keys by the address that they come from. Addresses are kept in two
// generations: one that has not guessed for as long as a bucket takes to fill is forgotten.
type guesses struct {
	mu    sync.Mutex
	young map[netip.Addr]*bucket
	old   map[netip.Addr]*bucket
	begun time.Time // when young was
}

type bucket struct {
	left float64
	at   time.Time
}

// take uses up one guess of a request's address, or says how long it must wait for one.
func (g *guesses) take(r *http.Request) (wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b, now := g.bucket(guesser(r)), time.Now()
	b.left = min(guessesAtOnce, b.left+now.Sub(b.at).Seconds()/guessEvery.Seconds())
	b.at = now
	if b.left < 1 {
		return time.Duration((1 - b.left) * float64(guessEvery))
	}
	b.left--
	return 0
}

// giveBack undoes take: it was no guess.
func (g *guesses) giveBack(r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bucket(guesser(r)).left++
}

// bucket is an address's; a new one is full.
func (g *guesses) bucket(from netip.Addr) *bucket {
	now := time.Now()
	if g.young == nil || len(g.young) >= maxGuessers || now.Sub(g.begun) >= guessesAtOnce*guessEvery {
		g.old, g.young, g.begun = g.young, map[netip.Addr]*bucket{}, now
	}
	b, ok := g.young[from]
	if !ok {
		if b, ok = g.old[from]; !ok {
			b = &bucket{guessesAtOnce, now}
		}
		g.young[from] = b
	}
	return b
}

// guesser is the address that a request comes from: of IPv6 the network, because whoever
// has one address there has 2^64. Headers are not believed: behind a proxy all share its.
func guesser(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	a := from.Addr().Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}
