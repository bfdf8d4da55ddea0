package worker

import (
	"testing"
	"testing/synctest"
)

// TestHandsStay: what is done one after the other takes one goroutine, what is done at once as many
// as it is, and none is left when the worker stops.
func TestHandsStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		resting, begun := make(chan struct{}), 0
		h := hands{work: make(chan func()), resting: resting}
		do := func(work func()) {
			select {
			case h.work <- work:
			default:
				begun++
				h.do(work)
			}
		}
		for range 5 {
			do(func() {})
			synctest.Wait()
		}
		if begun != 1 {
			t.Errorf("%d hands did what came one after the other", begun)
		}
		held, done := make(chan struct{}), 0
		for range 3 {
			do(func() { <-held; done++ })
			synctest.Wait()
		}
		if begun != 3 {
			t.Errorf("%d hands did three things at once", begun)
		}
		close(resting)
		for range 3 {
			held <- struct{}{}
			synctest.Wait()
		}
		h.wg.Wait()
		h.do(func() { done++ }) // after the others have gone
		h.wg.Wait()
		if done != 4 {
			t.Errorf("%d things were done", done)
		}
	})
}
