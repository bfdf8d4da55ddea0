package sandbox

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// agenda makes things happen at their time, one after the other.
type agenda struct {
	now  func() time.Time
	wake chan struct{}

	mu     sync.Mutex
	queue  entries
	seq    int
	paused bool
	held   []func() // people's acts that came due during a pause
}

type agendaEntry struct {
	at     time.Time
	seq    int
	people bool
	do     func()
}

func newAgenda(now func() time.Time) *agenda {
	return &agenda{now: now, wake: make(chan struct{}, 1)}
}

// at runs do at the given time. What people do waits while the agenda is paused.
func (a *agenda) at(t time.Time, people bool, do func()) {
	a.mu.Lock()
	a.seq++
	heap.Push(&a.queue, agendaEntry{t, a.seq, people, do})
	a.mu.Unlock()
	a.poke()
}

// poke makes the agenda look at the clock again.
func (a *agenda) poke() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *agenda) pause(paused bool) {
	a.mu.Lock()
	a.paused = paused
	if !paused {
		for _, do := range a.held {
			a.seq++
			heap.Push(&a.queue, agendaEntry{a.now(), a.seq, true, do})
		}
		a.held = nil
	}
	a.mu.Unlock()
	a.poke()
}

func (a *agenda) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		do, wait := a.next()
		if do != nil {
			do()
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-a.wake:
		case <-timer.C:
		}
	}
}

// next is what is due, or how long there is nothing to do.
func (a *agenda) next() (do func(), wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.queue) > 0 {
		first := a.queue[0]
		if wait := first.at.Sub(a.now()); wait > 0 {
			return nil, wait
		}
		heap.Pop(&a.queue)
		if first.people && a.paused {
			a.held = append(a.held, first.do)
			continue
		}
		return first.do, 0
	}
	return nil, time.Hour
}

type entries []agendaEntry

func (e entries) Len() int { return len(e) }
func (e entries) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	return e[i].seq < e[j].seq
}
func (e entries) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *entries) Push(x any)   { *e = append(*e, x.(agendaEntry)) }
func (e *entries) Pop() any {
	old := *e
	last := old[len(old)-1]
	old[len(old)-1] = agendaEntry{}
	*e = old[:len(old)-1]
	return last
}
