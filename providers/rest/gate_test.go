package rest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chancela/chancela/providers"
)

func TestBeforeFails(t *testing.T) {
	stop := errors.New("the envelope was cancelled")
	c := serve(t, Config{}, func(http.ResponseWriter, *http.Request) { t.Error("was asked") })
	_, err := c.Do(t.Context(), Request{Method: "POST", Path: "/x", Body: JSONBody(1), Before: func(context.Context) error { return stop }})
	if err != stop {
		t.Errorf("got %v, want the very error", err)
	}
}

// Without a connection nothing is committed, and nothing has left.
func TestInviteWithoutConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	hangsUp := serveRaw(t, "") // speaks no TLS
	for name, base := range map[string]string{
		"refused": "http://" + address,
		"tls":     "https" + strings.TrimPrefix(hangsUp.cfg.Base, "http"),
		"dns":     "http://nowhere.invalid",
	} {
		c, err := New(Config{Provider: "test", Base: base})
		if err != nil {
			t.Fatal(err)
		}
		c.inviting.Proxy = nil
		_, err = c.Do(t.Context(), Request{Method: "POST", Path: "/x", Before: func(context.Context) error {
			t.Errorf("%s: Before ran without a connection", name)
			return nil
		}})
		if e := providerError(t, err); e.Kind != providers.Transient || e.Status != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Before that ends the context: nothing may leave after it.
func TestContextEndsInBefore(t *testing.T) {
	var sent atomic.Int32
	c := serve(t, Config{}, func(http.ResponseWriter, *http.Request) { sent.Add(1) })
	ctx, cancel := context.WithCancel(t.Context())
	_, err := c.Do(ctx, Request{Method: "POST", Path: "/x", Before: func(context.Context) error { cancel(); return nil }})
	if e := providerError(t, err); e.Kind != providers.Interrupted || !errors.Is(err, context.Canceled) || sent.Load() != 0 {
		t.Errorf("sent %d times, %v", sent.Load(), err)
	}
}

// piped makes a client whose inviting connection is a pipe, for virtual time, and
// collects what arrives at its other end.
func piped(t *testing.T) (*Client, func() string) {
	c, err := New(Config{Provider: "test", Base: "http://pipe.test"})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var arrived bytes.Buffer
	dial := func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go func() {
			defer there.Close()
			b := make([]byte, 4096)
			for {
				n, err := there.Read(b)
				mu.Lock()
				arrived.Write(b[:n])
				whole := strings.Contains(arrived.String(), "the end")
				mu.Unlock()
				if err != nil {
					return
				}
				if whole {
					io.WriteString(there, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					return
				}
			}
		}()
		return here, nil
	}
	c.inviting.DialContext, c.ordinary.DialContext = dial, dial
	c.inviting.Proxy, c.ordinary.Proxy = nil, nil
	return c, func() string { mu.Lock(); defer mu.Unlock(); return arrived.String() }
}

// halting is a body that stands still for a while between its two pieces.
func halting(first, second string, halt time.Duration) Body {
	return Raw("text/plain", int64(len(first)+len(second)), func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(first), &pauser{halt, strings.NewReader(second)})), nil
	})
}

type pauser struct {
	halt time.Duration
	r    io.Reader
}

func (h *pauser) Read(p []byte) (int, error) {
	time.Sleep(h.halt)
	h.halt = 0
	return h.r.Read(p)
}

func TestSendWithin(t *testing.T) {
	for _, tc := range []struct {
		name   string
		first  int // bytes that leave before the halt
		within time.Duration
		halt   time.Duration
		kind   providers.ErrorKind // empty: success
	}{
		{"in time", 10_000, 0, SendWithin - time.Second, ""},
		{"late", 10_000, 0, SendWithin + time.Second, providers.Ambiguous},
		{"in the time of its size", 10_000, 25 * time.Second, 24 * time.Second, ""},
		{"late for its size", 10_000, 25 * time.Second, 26 * time.Second, providers.Ambiguous},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, arrived := piped(t)
				_, err := c.Do(t.Context(), Request{Method: "POST", Path: "/x", Before: commit, Within: tc.within,
					Body: halting(strings.Repeat("x", tc.first), "the end", tc.halt)})
				whole := strings.Contains(arrived(), "the end")
				if tc.kind == "" {
					if err != nil || !whole {
						t.Fatalf("%v, arrived %t", err, whole)
					}
					return
				}
				if e := providerError(t, err); e.Kind != tc.kind || !errors.Is(err, errLate) || whole {
					t.Fatalf("%v, arrived %t", err, whole)
				}
				synctest.Wait()
			})
		})
	}
}

// The time that Before takes counts neither for SendWithin nor as the provider's.
func TestSlowBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := piped(t)
		answer, err := c.Do(t.Context(), Request{Method: "POST", Path: "/x", Body: halting("", "the end", 0),
			Before: func(context.Context) error { time.Sleep(50 * time.Second); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	})
}

func TestNothingLeavesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		go io.Copy(io.Discard, there)
		g := &gate{within: SendWithin}
		conn, err := g.dial(func(context.Context, string, string) (net.Conn, error) { return here, nil })(t.Context(), "tcp", "x")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte("a handshake")); err != nil {
			t.Fatal(err)
		}
		g.open(t.Context(), func(context.Context) error { return nil })
		time.Sleep(SendWithin) // a process that is stopped
		if n, err := conn.Write([]byte("x")); n != 0 || err != errLate {
			t.Errorf("%d bytes, %v", n, err)
		}
		if left, _ := g.close(); left {
			t.Error("a byte is said to have left")
		}
	})
}

// A connection that takes nothing more is cut, and closing waits for no writer.
func TestGateEndsAStuckWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer there.Close()
		g := &gate{within: SendWithin}
		conn, err := g.dial(func(context.Context, string, string) (net.Conn, error) { return here, nil })(t.Context(), "tcp", "x")
		if err != nil {
			t.Fatal(err)
		}
		g.open(t.Context(), func(context.Context) error { return nil })
		begun := time.Now()
		if _, err := conn.Write([]byte("x")); err == nil || time.Since(begun) != SendWithin {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
		if left, _ := g.close(); left {
			t.Error("nobody took a byte, and one is said to have left")
		}
		if _, err := conn.Write([]byte("x")); err == nil {
			t.Error("the gate is open after its end")
		}
	})
}

func TestLate(t *testing.T) {
	from := time.Now()
	for _, tc := range []struct {
		now  time.Time
		want bool
	}{
		{from, false}, {from.Add(SendWithin - 1), false}, {from.Add(SendWithin), true},
		{from.Round(0).Add(time.Hour), true}, // the machine slept: only the wall clock went on
	} {
		if got := late(from, tc.now, SendWithin); got != tc.want {
			t.Errorf("late(%s) = %t", tc.now.Sub(from), got)
		}
	}
}

func TestTimeouts(t *testing.T) {
	t.Run("no answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := piped(t)
			begun := time.Now()
			_, err := c.Do(t.Context(), Request{Method: "POST", Path: "/x", Body: JSONBody("no")})
			if e := providerError(t, err); e.Kind != providers.Transient || !errors.Is(err, errTimeout) || time.Since(begun) != defaultTimeout {
				t.Errorf("%v after %s", err, time.Since(begun))
			}
			begun = time.Now()
			_, err = c.Do(t.Context(), Request{Method: "POST", Path: "/x", Body: JSONBody("no"), Before: commit})
			if e := providerError(t, err); e.Kind != providers.Ambiguous || time.Since(begun) != defaultTimeout {
				t.Errorf("%v after %s", err, time.Since(begun))
			}
		})
	})
	t.Run("body", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := piped(t)
			c.ordinary.DisableKeepAlives = true
			var pieces int
			c.ordinary.DialContext = func(context.Context, string, string) (net.Conn, error) {
				here, there := net.Pipe()
				go func() {
					defer there.Close()
					if _, err := http.ReadRequest(bufio.NewReader(there)); err != nil {
						return
					}
					io.WriteString(there, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
					for range pieces {
						time.Sleep(idleTimeout - time.Second)
						io.WriteString(there, "1234567890")
					}
					time.Sleep(2 * idleTimeout)
				}()
				return here, nil
			}
			for _, pieces = range []int{10, 3} { // ten are the whole
				answer, err := c.Do(t.Context(), Request{Method: "GET", Path: "/x"})
				if err != nil {
					t.Fatal(err)
				}
				begun := time.Now()
				b, err := io.ReadAll(answer.Body)
				answer.Body.Close()
				if pieces == 10 {
					if err != nil || len(b) != 100 {
						t.Errorf("a slow body: %d bytes, %v", len(b), err)
					}
				} else if e := providerError(t, err); e.Kind != providers.Transient || len(b) != 30 || time.Since(begun) > 5*time.Minute {
					t.Errorf("a body that stops: %d bytes, %v after %s", len(b), err, time.Since(begun))
				}
			}
			time.Sleep(3 * idleTimeout) // the other ends
		})
	})
}

// While the intent is being written the connection can be closed and asked about, and
// the caller's end shuts it: nothing leaves then, whatever comes of the intent.
func TestGateIsFreeWhileTheIntentIsWritten(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	g := &gate{within: SendWithin}
	conn, err := g.dial(func(context.Context, string, string) (net.Conn, error) { return ours, nil })(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	begun, end, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		g.open(ctx, func(context.Context) error { close(begun); <-end; return nil })
	}()
	<-begun
	cancel()
	free := make(chan bool)
	go func() {
		left, _ := g.close()
		free <- left
	}()
	select {
	case left := <-free:
		if left {
			t.Error("something has left")
		}
	case <-time.After(3 * time.Minute):
		t.Error("the gate is held while the intent is written")
	}
	close(end)
	<-done
	if _, err := conn.Write([]byte("POST")); !errors.Is(err, errShut) {
		t.Errorf("a write after the caller's end: %v", err)
	}
}
