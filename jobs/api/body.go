package api

import (
	"errors"
	"github.com/chancela/chancela/providers/lang"
	"io"
	"net/http"
	"time"
)

// How long a request's body may take. Choices.
const (
	stalled  = 30 * time.Second // a client may send or take nothing for so long
	slowest  = 16 << 10         // bytes a second that an upload brings, and an answer is taken with, on average, after the first 30 s
	unwanted = time.Second      // for the rest of a body that nobody reads, so that the client sees its answer
)

// timedBody ends a body that stalls or trickles. A deadline stands until the body has
// been read to its end: who never sends it holds no connection. At its end the deadline
// goes, because it would end a handler that works on what it has read.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
	begun   time.Time
	all     time.Duration // for the whole; 0: as long as it moves
	read    int64
	ended   bool
}

func newTimedBody(w http.ResponseWriter, r *http.Request, class routeClass, begun time.Time) *timedBody {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	b := &timedBody{ReadCloser: r.Body, control: http.NewResponseController(w), begun: begun}
	if class != apiRoute && class != pageRoute {
		b.all = callbackTimeout
	}
	b.control.SetReadDeadline(b.deadline())
	return b
}

func (b *timedBody) deadline() time.Time {
	if b.all > 0 {
		return b.begun.Add(b.all)
	}
	end := time.Now().Add(stalled)
	if slow := b.begun.Add(stalled + time.Duration(b.read/slowest)*time.Second); slow.Before(end) {
		return slow
	}
	return end
}

func (b *timedBody) Read(p []byte) (int, error) {
	if b.ended {
		return 0, io.EOF
	}
	b.control.SetReadDeadline(b.deadline())
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if errors.Is(err, io.EOF) {
		b.ended = true
		b.control.SetReadDeadline(time.Time{})
	} else if e, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && e.Timeout() {
		err = told(http.StatusRequestTimeout, lang.Of("the body did not come in time: send it at once, at 16 KiB a second or faster"))
	}
	return n, err
}

// leave gives the rest of a body up, before the answer's header is written: net/http
// would wait for it first.
func (b *timedBody) leave(h http.Header) {
	if b == nil || b.ended {
		return
	}
	h.Set("Connection", "close")
	b.control.SetReadDeadline(time.Now().Add(unwanted))
}
