package worker

import (
	"testing"
	"testing/synctest"
)

// TestPoolStays: what is done one after the other takes one goroutine, what is done at once as many
// as it is, and none is left when the worker stops.
func TestPoolStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over, begun := make(chan struct{}), 0
		p := pool{work: make(chan func()), over: over}
		do := func(work func()) {
			select {
			case p.work <- work:
			default:
				begun++
				p.do(work)
			}
		}
		for range 5 {
			do(func() {})
			synctest.Wait()
		}
		if begun != 1 {
			t.Errorf("%d goroutines did what came one after the other", begun)
		}
		held, done := make(chan struct{}), 0
		for range 3 {
			do(func() { <-held; done++ })
			synctest.Wait()
		}
		if begun != 3 {
			t.Errorf("%d goroutines did three things at once", begun)
		}
		close(over)
		for range 3 {
			held <- struct{}{}
			synctest.Wait()
		}
		p.wg.Wait()
		p.do(func() { done++ }) // after the others have gone
		p.wg.Wait()
		if done != 4 {
			t.Errorf("%d things were done", done)
		}
	})
}
