package pace

// Turn is the right to one request, from a [Limiter] who wants to know what becomes of it.
// The methods of a nil one do nothing.
type Turn struct {
	limiter    *Limiter
	due, until int64
	number     int64
	left       int64 // 0: not yet
	done       bool
}

// Left tells that the request's header has been written.
func (t *Turn) Left() {
	if t == nil {
		return
	}
	l := t.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.left > 0 || t.done {
		return
	}
	t.left = l.now()
	l.line.watch.departed(t, l.interval)
	l.line.release()
}

// Done tells that the request has its answer, or will never leave.
func (t *Turn) Done() {
	if t == nil {
		return
	}
	l := t.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.done {
		return
	}
	if t.done = true; t.left == 0 {
		l.line.watch.pending--
	} else {
		l.line.watch.answered(t, l.now()-t.left, l.interval)
	}
	l.line.release()
}

// release rouses a line that has waited for a request to leave or to be answered.
func (q *line) release() {
	if q.watch.held || q.watch.tight && q.n > 0 {
		q.rouse()
	}
}
