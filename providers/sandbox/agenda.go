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
	paused time.Time     // since when; zero: it is not
	held   []agendaEntry // what came due during a pause and is kept back by it
}

type agendaEntry struct {
	at  time.Time
	seq int
	who who
	do  func(at time.Time)
}

// who is to do something.
type who int

const (
	theService  who = iota // a pause is nothing to it
	thePeople              // what comes due in a pause, they do right after it
	thePatience            // of an envelope with its people: it is as much longer as a pause takes
)

func newAgenda(now func() time.Time) *agenda {
	return &agenda{now: now, wake: make(chan struct{}, 1)}
}

// at runs do at the given time, and tells it that time: on a busy machine the clock is
// ahead by then, and what follows must not come later than what else was due.
func (a *agenda) at(t time.Time, who who, do func(at time.Time)) {
	a.mu.Lock()
	a.seq++
	heap.Push(&a.queue, agendaEntry{t, a.seq, who, do})
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
	switch {
	case paused && a.paused.IsZero():
		a.paused = a.now()
	case !paused && !a.paused.IsZero():
		a.goOn(a.now())
	}
	a.mu.Unlock()
	a.poke()
}

// goOn ends a pause. Without the time that it took, what people do late would come together with
// the end of their envelope.
func (a *agenda) goOn(now time.Time) {
	a.queue, a.held = append(a.queue, a.held...), nil
	for i := range a.queue {
		switch e := &a.queue[i]; {
		case e.who == thePatience:
			e.at = e.at.Add(now.Sub(a.paused))
		case e.who == thePeople && e.at.Before(now):
			e.at = now
		}
	}
	heap.Init(&a.queue)
	a.paused = time.Time{}
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
		if e.who == theService || a.paused.IsZero() {
			return &e, time.Time{}
		}
		a.held = append(a.held, e)
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
