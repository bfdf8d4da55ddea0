package pages

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/chancela/chancela/jobs/guard"
)

const (
	lookEvery = 2 * time.Second  // at what somebody looks at
	beatEvery = 15 * time.Second // a sign of life, so that the connection is kept
)

// live looks at what people have open, once for all who look at the same, and sends what
// has changed.
type live struct {
	log    *slog.Logger
	closed chan struct{}

	mu     sync.Mutex
	topics map[string]*topic
}

// topic is one thing that people look at, in one language, with the same rights.
type topic struct {
	listeners map[chan []byte]struct{}
	latest    []byte
	stop      context.CancelFunc
}

// source reads what a topic shows. An unchanged version spares making it anew.
type source func(ctx context.Context, last string) (version string, part []byte, err error)

func newLive(log *slog.Logger) *live {
	return &live{log: log, closed: make(chan struct{}), topics: map[string]*topic{}}
}

func (l *live) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
}

// listen joins a topic until leave is called.
func (l *live) listen(name string, read source) (parts chan []byte, leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.topics[name]
	if t == nil {
		ctx, stop := context.WithCancel(context.Background()) // of nobody's request
		t = &topic{listeners: map[chan []byte]struct{}{}, stop: stop}
		l.topics[name] = t
		go l.look(ctx, t, read)
	}
	parts = make(chan []byte, 1)
	t.listeners[parts] = struct{}{}
	if t.latest != nil {
		parts <- t.latest
	}
	return parts, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if delete(t.listeners, parts); len(t.listeners) == 0 {
			t.stop()
			delete(l.topics, name)
		}
	}
}

// look reads a topic until nobody listens any more.
func (l *live) look(ctx context.Context, t *topic, read source) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	last := ""
	for {
		var version string
		var part []byte
		err := guard.Panics(func() (err error) {
			version, part, err = read(ctx, last)
			return err
		})()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			l.log.DebugContext(ctx, "live", "error", err)
		case version != last:
			last = version
			l.send(t, part)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// send gives every listener the newest part; who is slow misses older ones.
func (l *live) send(t *topic, part []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.latest = part
	for c := range t.listeners {
		select {
		case <-c:
		default:
		}
		c <- part
	}
}

// stream answers with the parts of a topic as they come: server-sent events.
func (p *Pages) stream(v *visit, name string, read source) error {
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // of a proxy in between
	flush := http.NewResponseController(v.w).Flush
	parts, leave := p.live.listen(name+" "+v.words.tag, read)
	defer leave()
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	if _, err := fmt.Fprint(v.w, "retry: 5000\n\n"); err != nil || flush() != nil {
		return nil
	}
	for {
		text := []byte(": \n\n")
		select {
		case <-v.ctx.Done():
			return nil
		case <-p.live.closed:
			return nil
		case part := <-parts:
			text = append([]byte("data: "), bytes.ReplaceAll(part, []byte("\n"), []byte("\ndata: "))...)
			text = append(text, "\n\n"...)
		case <-beat.C:
		}
		if _, err := v.w.Write(text); err != nil || flush() != nil {
			return nil
		}
	}
}

func (p *Pages) liveHome(v *visit) error {
	prefix, words := v.caller.Prefix, v.words
	return p.stream(v, "campaigns "+prefix, func(ctx context.Context, _ string) (string, []byte, error) {
		x, err := p.homeView(ctx, prefix, "")
		if err != nil {
			return "", nil, err
		}
		part, err := words.render("home", "live", x)
		return string(part), part, err
	})
}

func (p *Pages) liveCampaign(v *visit) error {
	name, err := v.campaignName()
	if err != nil {
		return err
	}
	words, mayChange := v.words, !v.caller.ReadOnly
	return p.stream(v, fmt.Sprint("campaign ", name, " ", mayChange), func(ctx context.Context, last string) (string, []byte, error) {
		changed, paused, err := p.Client.Ledger().Changed(ctx, name)
		if err != nil {
			return "", nil, err
		}
		// A campaign at rest costs one question a look; its providers' pace and troubles are read
		// while something changes, and every now and then.
		rest := time.Since(changed).Truncate(time.Minute)
		version := fmt.Sprint(changed.UnixMilli(), paused, rest)
		if version == last {
			return version, nil, nil
		}
		x, err := p.campaignView(ctx, name)
		if err != nil {
			return "", nil, err
		}
		x.MayChange = mayChange
		part, err := words.render("campaign", "live", x)
		return version, part, err
	})
}

func (p *Pages) liveEnvelope(v *visit) error {
	key, err := v.key()
	if err != nil {
		return err
	}
	words, mayChange, caller := v.words, !v.caller.ReadOnly, v.caller
	return p.stream(v, fmt.Sprint("envelope ", key, " ", mayChange, " ", caller.Links), func(ctx context.Context, last string) (string, []byte, error) {
		x, err := p.envelopeView(ctx, key)
		if err != nil {
			return "", nil, err
		}
		x.MayChange = mayChange
		if err := p.addLinks(ctx, caller, key, &x); err != nil {
			return "", nil, err
		}
		version := fmt.Sprint(x.Version, x.Paused, len(x.Links))
		if version == last {
			return version, nil, nil
		}
		part, err := words.render("envelope", "live", x)
		return version, part, err
	})
}
