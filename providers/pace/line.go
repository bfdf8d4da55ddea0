package pace

import (
	"time"
)

// All in microseconds.
const (
	shortRun  = 100_000   // of a lease where lateness harms nobody
	longRun   = 1_500_000 // where each lease costs a guard
	lead      = 20_000    // how long before turns are needed they are asked for
	oldNews   = 1_000_000 // a lease is not begun on older news of pauses than this,
	manyTurns = 5         // and one of so many turns
	manyNews  = 100_000   // not on older ones than this
	never     = 1 << 50
)

// line hands the turns that this process has booked to those who wait. One goroutine
// serves it for as long as somebody does.
type line struct {
	queue
	watch   watch
	serving bool
	wake    chan struct{}

	leases []lease // those that are not used up, in their order
	end    int64   // of the last lease, in Redis' time
	guard  int64   // in it
	asking bool    // Redis, for more
	came   int64   // callers, since Redis was last asked for turns
	full   int64   // before this Redis has no turn within the longest wait
	paused int64   // until then
}

// rouse makes the line look again.
func (q *line) rouse() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *line) pause(until int64) {
	if q.paused < until {
		q.paused = until
		q.rouse()
	}
}

// join puts a caller in the line, or at its front when it was there before.
func (l *Limiter) join(w *waiter, begun int64, again bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := &l.line
	if least := l.now() + (q.ahead(w.place)-l.burst)*l.interval; least > begun+l.longest {
		return &LaterError{Until: l.at(least)}
	}
	q.push(w, again)
	q.came++
	if q.serving {
		q.rouse()
	} else {
		q.serving = true
		go l.serve()
	}
	return nil
}

// serve hands turns out until nobody waits.
func (l *Limiter) serve() {
	answers := make(chan answer, 1)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	q := &l.line
	for {
		next := l.hand()
		if q.n == 0 && !q.asking && (len(q.leases) == 0 || next <= l.now()) {
			if l.idle(); q.n == 0 {
				q.serving = false
				return
			}
			continue
		}
		want, when := l.wanted()
		if when <= l.now() {
			q.asking, when = true, never
			if want > 0 {
				q.came = 0
			}
			every, guard := q.watch.booking(l.interval, l.reserve)
			end, joined := q.end, q.guard
			go func() { answers <- l.book(want, every, guard, end, joined) }()
		}
		timer.Reset(time.Duration(min(next, when)-l.now()) * time.Microsecond)
		l.mu.Unlock()
		select {
		case <-timer.C:
			l.mu.Lock()
		case <-q.wake:
			l.mu.Lock()
		case a := <-answers:
			l.mu.Lock()
			q.asking = false
			l.take(a)
		}
	}
}

// idle gives back what nobody waits for.
func (l *Limiter) idle() {
	left := l.line.leases
	l.line.leases = nil
	l.mu.Unlock()
	for i := len(left) - 1; i >= 0; i-- { // the last first: the one before it is the last then
		l.giveBack(left[i])
	}
	l.mu.Lock()
}

// hand gives out the turns whose time has come, and says when the next has.
func (l *Limiter) hand() (next int64) {
	q := &l.line
	for q.n > 0 && len(q.leases) > 0 {
		e, now := &q.leases[0], l.now()
		slot, until := e.slot(e.next, l.interval, l.tolerance), e.last()+l.reserve
		switch {
		case e.next == e.n || now > until || slot < q.paused: // what was booked for the time of a pause is void
			q.leases = q.leases[1:]
			continue
		case e.next == 0:
			q.watch.begin(e, l.reserve)
		}
		due, held := q.watch.ready(l.interval, l.tolerance+l.reserve, l.burst)
		if due = max(due, slot); held || due > until {
			return until + 1
		}
		if due > now {
			return due
		}
		if l.stale(e) < now {
			return never // the news is under way
		}
		if l.reserve > 0 {
			until = min(until, due+l.reserve+e.guard)
		}
		e.next++
		q.pop().result <- grant{turn: q.watch.give(l, due, until, now)}
	}
	if len(q.leases) > 0 { // nobody waits: when a turn has passed unused
		e := &q.leases[0]
		return e.slot(e.next, l.interval, l.tolerance) + l.interval
	}
	return never
}

// stale is from when on a lease may not be begun without asking for a pause.
func (l *Limiter) stale(e *lease) int64 {
	switch {
	case e.next > 0:
		return never
	case e.n >= manyTurns:
		return e.news + manyNews
	}
	return e.news + oldNews
}

// wanted is how many turns to ask Redis for, and when: before those that there are have
// been used. A question for none is whether there is a pause.
func (l *Limiter) wanted() (want, when int64) {
	q, when := &l.line, never
	if q.asking || q.n == 0 {
		return 0, when
	}
	have, last := int64(0), l.now()
	for i := range q.leases {
		e := &q.leases[i]
		have, last = have+e.n-e.next, e.slot(e.n-1, l.interval, l.tolerance)
	}
	expected := q.n
	if q.watch.tight { // who had a turn of the last lease comes again: a longer one needs fewer guards
		expected += q.came
	}
	if have == 0 {
		return min(expected, l.run()), last
	}
	first := &q.leases[0]
	if slot := first.slot(first.next, l.interval, l.tolerance); l.stale(first) < slot {
		when = slot - lead
	}
	if expected > have {
		if more := max(last-lead, q.full); more <= max(when, l.now()) {
			return min(expected-have, l.run()), more
		}
	}
	return 0, when
}

// run is how many turns a lease has at most.
func (l *Limiter) run() int64 {
	interval, guard := l.line.watch.booking(l.interval, l.reserve)
	return max(1, max(shortRun, min(longRun, guard*200))/interval)
}

// take takes Redis' word.
func (l *Limiter) take(a answer) {
	q := &l.line
	if a.err != nil {
		q.refuse(failed(bare, a.err))
		return
	}
	q.paused = max(q.paused, a.pause)
	for i := range q.leases {
		q.leases[i].news = a.asked
	}
	switch {
	case a.n > 0:
		q.end, q.guard = a.end-a.offset, a.guard
		if n := len(q.leases); n > 0 && a.joins && q.watch.tight {
			q.leases[n-1].join(a.lease)
		} else {
			q.leases = append(q.leases, a.lease)
		}
	case a.wanted > 0 && len(q.leases) == 0: // the next turn is too far away
		q.refuse(&LaterError{Until: l.at(a.first)})
	case a.wanted > 0:
		q.full = a.first - l.longest
	}
}

// refuse sends everybody away.
func (q *line) refuse(err error) {
	for q.n > 0 {
		q.pop().result <- grant{err: err}
	}
}
