package pace

// All in microseconds, but for earns.
const (
	tightReserve = 25_000 // with less than this in reserve a late request matters
	leastEarned  = 200    // by a turn, or
	earns        = 250    // one of so many intervals
	mostCredit   = 100_000
	firstLate    = 8_000
	leastGuard   = 1_000
	mostGuard    = 50_000
)

// watch follows what this process' requests do to the provider's bucket, and learns how
// late they are.
//
// It keeps the bucket's tat as the provider has it when every request arrives as soon as
// it leaves. That one is on its way for longer is seen by its answer; but an answer is
// late, too, when the provider takes its time, and to wait for that would cost the rate.
// So answers that are later than the quickest are believed as far as credit goes, of which
// every turn earns a little: a rare delay counts in full, the usual ones cost no more than
// that.
type watch struct {
	tight   bool
	tat     int64
	given   int64 // turns
	pending int64 // turns that were given out and whose requests have not left
	held    bool  // the line waits for one of them
	last    *Turn // the last that has left

	late, shift float64 // the most lateness of late, and what it costs a turn in the mean
	quickest    float64 // from leaving to the answer
	seen        int64   // answers
	credit      int64
}

func (w *watch) init(reserve int64) {
	w.tight, w.late, w.credit = reserve < tightReserve, firstLate, mostCredit/2
}

// booking is how a lease is booked so that the usual lateness has its place in it: the
// interval, and the guard after its last turn.
func (w *watch) booking(interval, reserve int64) (every, guard int64) {
	if !w.tight {
		return interval, 0
	}
	return interval + int64(w.shift), min(mostGuard, max(0, int64(w.late*1.25)+leastGuard-reserve))
}

// begin takes the bucket over as others may have left it.
func (w *watch) begin(e *lease, reserve int64) { w.tat = max(w.tat, e.base+reserve) }

// ready is when the next request may leave; held: not before one of those that were given
// out has left.
func (w *watch) ready(interval, spare, burst int64) (due int64, held bool) {
	if w.held = w.pending >= burst; w.held {
		return 0, true
	}
	due = w.tat - spare
	if w.tight && w.last != nil && !w.last.done && w.quick(interval) {
		due += w.credit
	}
	return due, false
}

// quick tells whether answers come so soon that they say something of the way.
func (w *watch) quick(interval int64) bool { return w.quickest < float64(interval)/2 }

// give makes the turn of a request that may leave now.
func (w *watch) give(l *Limiter, due, until, now int64) *Turn {
	w.pending++
	w.given++
	w.tat = max(w.tat, now) + l.interval
	w.credit = min(w.credit+max(leastEarned, l.interval/earns), mostCredit)
	return &Turn{limiter: l, due: due, until: until, number: w.given}
}

func (w *watch) departed(t *Turn, interval int64) {
	w.pending--
	w.last = t
	w.late = max(w.late*1023/1024, float64(t.left-t.due))
	shift := max(0, t.left+interval-w.tat)
	w.tat += shift
	w.shift += (float64(shift) - w.shift) / 64
}

func (w *watch) answered(t *Turn, took, interval int64) {
	if w.seen == 0 || took < int64(w.quickest) {
		w.quickest = float64(took)
	}
	w.seen++
	w.quickest *= 1 + 1./8192 // what was quick once need not be so for ever
	if !w.tight || !w.quick(interval) {
		return
	}
	quickest := int64(w.quickest)
	if w.seen < 20 { // one of them may have been quicker than any yet
		quickest /= 2
	}
	w.late = min(mostGuard, max(w.late, float64(t.left-t.due+took-quickest)))
	spent := min(w.credit, max(0, t.left+took-quickest+(w.given-t.number+1)*interval-w.tat))
	w.credit -= spent
	w.tat += spent
	w.shift += float64(spent) / 64
}

// refused widens what is kept for lateness.
func (w *watch) refused() { w.late, w.credit = min(2*w.late, mostGuard), mostCredit }
