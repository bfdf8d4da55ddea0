package pace

import "container/list"

// The classes in a queue; steering comes first in any case, order says how the others
// share.
const (
	sending = iota
	fetching
	looking
	steered
	places
)

var order = [...]int{sending, fetching, sending, looking, sending, fetching, sending, fetching, sending, looking}

func place(c Class) int {
	switch c {
	case Fetch:
		return fetching
	case Look:
		return looking
	case Steer:
		return steered
	}
	return sending
}

// waiter is one caller.
type waiter struct {
	place  int
	result chan grant    // has room for one
	in     *list.Element // nil: not in the queue
}

// grant is a turn, or why there is none.
type grant struct {
	turn *Turn
	err  error
}

// queue is where this process' callers wait.
type queue struct {
	waiting [places]list.List
	n       int64
	next    int // in order
}

func (q *queue) push(w *waiter, front bool) {
	if front {
		w.in = q.waiting[w.place].PushFront(w)
	} else {
		w.in = q.waiting[w.place].PushBack(w)
	}
	q.n++
}

func (q *queue) remove(w *waiter) bool {
	if w.in == nil {
		return false
	}
	q.waiting[w.place].Remove(w.in)
	w.in = nil
	q.n--
	return true
}

// ahead is how many have their turns before a newcomer.
func (q *queue) ahead(place int) int64 {
	if place == steered {
		return int64(q.waiting[steered].Len())
	}
	return q.n
}

// pop chooses whose turn it is; somebody waits.
func (q *queue) pop() *waiter {
	place := steered
	for q.waiting[place].Len() == 0 {
		place = order[q.next%len(order)]
		q.next++
	}
	w := q.waiting[place].Front().Value.(*waiter)
	q.remove(w)
	return w
}
