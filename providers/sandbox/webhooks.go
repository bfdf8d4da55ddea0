package sandbox

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// WebhookFaults are rates between 0 and 1.
type WebhookFaults struct {
	Duplicate float64 // delivered twice
	Lose      float64 // never delivered
	Forge     float64 // followed by a forgery: the same event, wrongly signed
}

func (f WebhookFaults) valid() error {
	return validRates(map[string]float64{"duplicate": f.Duplicate, "lose": f.Lose, "forge": f.Forge})
}

// Deliveries counts what became of webhooks.
type Deliveries struct {
	Sent           int `json:"sent"` // events, not attempts
	Delivered      int `json:"delivered"`
	Failed         int `json:"failed"` // given up
	Duplicated     int `json:"duplicated"`
	Lost           int `json:"lost"`
	Forged         int `json:"forged"`
	ForgedAccepted int `json:"forged_accepted"` // answered with 2xx
}

// Attempts and pauses: the references document them for some only, and in hours. Here
// they are short.
const (
	deliveryAttempts = 6
	deliveryPause    = 200 * time.Millisecond
	deliveryTimeout  = 10 * time.Second
	deliveryWorkers  = 4
)

// delivery is one callback. sign gives the headers of an attempt; forged callbacks get
// theirs from it too, and are spoilt afterwards.
type delivery struct {
	provider string
	url      string
	body     []byte
	sign     func(body []byte) http.Header
	forged   bool
	attempt  int
}

type courier struct {
	sb     *Sandbox
	client *http.Client

	mu      sync.Mutex
	some    sync.Cond // there is something to deliver
	none    sync.Cond // everything has been tried
	closed  bool
	queue   []delivery
	trying  int // deliveries on their way
	random  *rand.Rand
	counted map[string]Deliveries
}

func newCourier(sb *Sandbox) *courier {
	c := &courier{
		sb: sb, counted: make(map[string]Deliveries), random: rand.New(rand.NewPCG(sb.o.Seed, 0x40075)),
		client: &http.Client{
			Timeout:       deliveryTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	c.some.L, c.none.L = &c.mu, &c.mu
	return c
}

// Deliveries counts a provider's webhooks.
func (s *Sandbox) Deliveries(provider string) Deliveries {
	s.courier.mu.Lock()
	defer s.courier.mu.Unlock()
	return s.courier.counted[provider]
}

// send queues a callback; it never waits.
func (c *courier) send(d delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.counted[d.provider]
	n.Sent++
	f := c.sb.o.WebhookFaults
	if c.random.Float64() < f.Lose {
		n.Lost++
	} else {
		c.queue = append(c.queue, d)
		if c.random.Float64() < f.Duplicate {
			n.Duplicated++
			c.queue = append(c.queue, d)
		}
	}
	if c.random.Float64() < f.Forge {
		n.Forged++
		d.forged = true
		c.queue = append(c.queue, d)
	}
	c.counted[d.provider] = n
	c.some.Broadcast()
}

func (c *courier) start(ctx context.Context, ended *sync.WaitGroup) {
	context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.closed = true
		c.some.Broadcast()
		c.none.Broadcast()
	})
	for range deliveryWorkers {
		ended.Go(func() { c.work(ctx) })
	}
}

func (c *courier) work(ctx context.Context) {
	for {
		c.mu.Lock()
		for len(c.queue) == 0 && !c.closed {
			c.some.Wait()
		}
		if c.closed {
			c.mu.Unlock()
			return
		}
		d := c.queue[0]
		c.queue = c.queue[1:]
		c.trying++
		c.mu.Unlock()

		accepted := c.deliver(ctx, d)
		c.mu.Lock()
		n := c.counted[d.provider]
		switch {
		case d.forged:
			if accepted {
				n.ForgedAccepted++
			}
		case accepted:
			n.Delivered++
		case d.attempt+1 < deliveryAttempts:
			d.attempt++
			c.sb.agenda.at(c.sb.now().Add(deliveryPause<<(d.attempt-1)), theService, func(time.Time) { c.again(d) })
		default:
			n.Failed++
		}
		c.counted[d.provider] = n
		if c.trying--; c.trying == 0 && len(c.queue) == 0 {
			c.none.Broadcast()
		}
		c.mu.Unlock()
	}
}

// settle waits until every callback that is due has been tried.
func (c *courier) settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closed && c.trying+len(c.queue) > 0 {
		c.none.Wait()
	}
}

func (c *courier) again(d delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, d)
	c.some.Signal()
}

func (c *courier) deliver(ctx context.Context, d delivery) (accepted bool) {
	body := d.body
	var header http.Header
	if d.sign != nil {
		header = d.sign(body)
	}
	if d.forged {
		body, header = forge(body, header)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := c.client.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	return res.StatusCode/100 == 2
}

// forge makes what somebody without the secret can: a signed callback keeps the
// signature of another body, one that carries its secret carries a wrong one.
func forge(body []byte, header http.Header) ([]byte, http.Header) {
	if header != nil {
		return append(bytes.Clone(body), '\n'), header
	}
	return bytes.Replace(body, []byte(`"secretKey":"`), []byte(`"secretKey":"0`), 1), nil
}
