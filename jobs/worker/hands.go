package worker

import "sync"

// hands are goroutines that stay: a new one for each piece of work would begin with a small stack,
// and copy it several times until it is as deep as work on an envelope goes.
type hands struct {
	wg      sync.WaitGroup
	work    chan func()     // taken at once by a hand that is free
	resting <-chan struct{} // closed when no hand is to stay any more
}

// do lets a hand do something: one that is free, or a new one.
func (h *hands) do(work func()) {
	select {
	case h.work <- work:
	default:
		h.wg.Go(func() { h.stay(work) })
	}
}

func (h *hands) stay(work func()) {
	for {
		work()
		select {
		case work = <-h.work:
		case <-h.resting:
			return
		}
	}
}
