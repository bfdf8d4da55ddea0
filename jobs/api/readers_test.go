package api

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// slowReader takes what it is sent in its own time, unless the deadline of its connection comes
// first.
type slowReader struct {
	http.ResponseWriter
	takes    time.Duration // for each write
	deadline time.Time
}

func (r *slowReader) SetWriteDeadline(t time.Time) error { r.deadline = t; return nil }

func (r *slowReader) Write(p []byte) (int, error) {
	if left := time.Until(r.deadline); left < r.takes {
		time.Sleep(left)
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(r.takes)
	return len(p), nil
}

// TestReadersThatTrickle: who takes nothing, or so little that an answer would never end, is ended.
// Who is fast enough, and who is sent little by little, is not.
func TestReadersThatTrickle(t *testing.T) {
	const piece = 32 << 10
	for name, c := range map[string]struct {
		takes, every time.Duration
		pieces       int
		ends         bool
		within       time.Duration
	}{
		"takes nothing":            {takes: time.Hour, pieces: 10, ends: true, within: stalled},
		"takes a piece in 20 s":    {takes: 20 * time.Second, pieces: 1000, ends: true, within: time.Minute},
		"takes a piece in 4 s":     {takes: 4 * time.Second, pieces: 1000, ends: true, within: time.Minute},
		"takes a piece in 1.5 s":   {takes: 1500 * time.Millisecond, pieces: 10_000},
		"is sent a piece a minute": {every: time.Minute, pieces: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				w := newAnswer(&slowReader{ResponseWriter: httptest.NewRecorder(), takes: c.takes}, nil)
				var err error
				for i := 0; i < c.pieces && err == nil; i++ {
					_, err = w.Write(make([]byte, piece))
					time.Sleep(c.every)
				}
				if took := time.Since(begun); (err != nil) != c.ends || c.ends && took > c.within {
					t.Errorf("%v after %s", err, took)
				}
			})
		})
	}
}
