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
	turn sync.Mutex // held while something happens

	mu     sync.Mutex
	queue  entries
	seq    int
	paused bool
	held   []func(time.Time) // people's acts that came due during a pause
}

type agendaEntry struct {
	at     time.Time
	seq    int
	people bool
	do     func(at time.Time)
}

func newAgenda(now func() time.Time) *agenda {
	return &agenda{now: now, wake: make(chan struct{}, 1)}
}

// at runs do at the given time, and tells it that time: on a busy machine the clock is
// ahead by then, and what follows must not come later than what else was due. What
// people do waits while the agenda is paused.
func (a *agenda) at(t time.Time, people bool, do func(at time.Time)) {
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

// run does what the clock brings.
func (a *agenda) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(a.catchUp())
		select {
		case <-ctx.Done():
			return
		case <-a.wake:
		case <-timer.C:
		}
	}
}

// catchUp does what is due, and returns how long there is nothing to do.
func (a *agenda) catchUp() time.Duration {
	a.turn.Lock()
	defer a.turn.Unlock()
	for {
		now := a.now()
		due, next := a.take(now)
		if due == nil {
			return next.Sub(now)
		}
		due.do(due.at)
	}
}

// advance moves the clock from event to event until the given time: each happens at its
// own time, and so does what it brings about. between runs after each of them.
func (a *agenda) advance(until time.Time, moveTo func(time.Time), between func()) {
	a.turn.Lock()
	defer a.turn.Unlock()
	between()
	for {
		due, _ := a.take(until)
		if due == nil {
			break
		}
		moveTo(due.at)
		due.do(due.at)
		between()
	}
	moveTo(until)
}

// take gives what is due at the given time, or says when something will be.
func (a *agenda) take(at time.Time) (due *agendaEntry, next time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.queue) > 0 {
		if first := a.queue[0].at; first.After(at) {
			return nil, first
		}
		e := heap.Pop(&a.queue).(agendaEntry)
		if !e.people || !a.paused {
			return &e, time.Time{}
		}
		a.held = append(a.held, e.do)
	}
	return nil, at.Add(time.Hour)
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
