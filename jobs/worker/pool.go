package worker

import "sync"

// pool is goroutines that stay: a new one for each piece of work would begin with a small stack,
// and copy it several times until it is as deep as work on an envelope goes.
type pool struct {
	wg   sync.WaitGroup
	work chan func()     // taken at once by a goroutine that is free
	over <-chan struct{} // closed when none is to stay any more
}

// do lets a goroutine do something: one that is free, or a new one.
func (p *pool) do(work func()) {
	select {
	case p.work <- work:
	default:
		p.wg.Go(func() { p.stay(work) })
	}
}

func (p *pool) stay(work func()) {
	for {
		work()
		select {
		case work = <-p.work:
		case <-p.over:
			return
		}
	}
}
