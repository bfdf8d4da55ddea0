// Package notify tells another program of every change of an envelope's state.
package notify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/chancela/chancela/jobs/metrics"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/ledger"
)

// Config makes a [Notifier].
type Config struct {
	Ledger *ledger.Ledger
	URL    string // https, or http to this machine
	// Secret signs: "whsec_" and base64, or base64 alone, as the libraries of Standard
	// Webhooks take it; what is no base64 is used byte for byte (a choice).
	Secret  providers.Secret
	Roots   *x509.CertPool   // the authorities that are trusted; nil: the system's
	Metrics *metrics.Metrics // nil: not counted
	Log     *slog.Logger     // nil: slog.Default
}

// Notifier tells another program of every change of an envelope's state, in the format
// of Standard Webhooks: at least once, the changes of one envelope in their order. Any
// number of notifiers may run on one Redis; they share the work.
//
// The body is {"type":"envelope.STATE","timestamp":...,"data":REPORT}. The report is
// the envelope's as it is when it is delivered, but its state is the one that the
// notification is about (a choice).
type Notifier struct {
	book    *ledger.Ledger
	url     string
	signer  *standardwebhooks.Webhook
	http    *http.Client
	delays  []time.Duration
	metrics *metrics.Metrics
	log     *slog.Logger

	failing atomic.Bool // the receiver has refused one notification twice, and taken none since
}

const (
	notifyAtOnce  = 8                // deliveries under way in one process
	notifyTimeout = 15 * time.Second // of one delivery; Standard Webhooks recommends 15 to 30 s
	notifyHold    = 2 * time.Minute  // nobody else delivers it meanwhile
	notifyIdle    = 500 * time.Millisecond
	outboxFor     = 7 * 24 * time.Hour // the outbox stays open so long after the last renewal
	outboxRenew   = 30 * time.Minute
	maxRetryAfter = 12 * time.Hour
)

// notifyDelays are the pauses after failed deliveries: a day in all. Then a
// notification is set aside, and the envelope's later ones go on.
var notifyDelays = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 10 * time.Hour}

// New checks address and secret; [Notifier.Run] starts it.
func New(c Config) (*Notifier, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, errors.New("the address for notifications must be of the form https://host/path")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !rest.IsLoopback(u.Hostname())) {
		return nil, errors.New("the address for notifications must begin with https:// (http:// only for this machine)")
	}
	if c.Secret == "" {
		return nil, errors.New("notifications need a secret to be signed with, such as whsec_ and 32 random bytes in base64")
	}
	signer, err := standardwebhooks.NewWebhook(c.Secret.Reveal())
	if err != nil {
		signer, err = standardwebhooks.NewWebhookRaw([]byte(c.Secret.Reveal()))
	}
	if err != nil {
		return nil, errors.New("the secret for notifications cannot be used")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Metrics == nil {
		c.Metrics = metrics.New()
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: c.Roots}
	return &Notifier{book: c.Ledger, url: u.String(), signer: signer, delays: notifyDelays, metrics: c.Metrics, log: c.Log,
		http: &http.Client{Transport: transport, Timeout: notifyTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// Run delivers until the context ends. Changes of state are kept for delivery from its
// start on, and for a week after the last notifier has ended.
func (n *Notifier) Run(ctx context.Context) error {
	if err := n.book.Notify(ctx, outboxFor); err != nil {
		return err
	}
	var wg sync.WaitGroup
	wg.Go(func() { n.keepOpen(ctx) })
	for range notifyAtOnce {
		wg.Go(func() { n.deliverAll(ctx) })
	}
	wg.Wait()
	return nil
}

func (n *Notifier) keepOpen(ctx context.Context) {
	wait := outboxRenew
	for sleep(ctx, wait) {
		wait = outboxRenew
		if err := n.book.Notify(ctx, outboxFor); err != nil && ctx.Err() == nil {
			n.log.WarnContext(ctx, "notifications", "error", err)
			wait = time.Minute
		}
	}
}

func (n *Notifier) deliverAll(ctx context.Context) {
	for ctx.Err() == nil {
		some, err := n.deliverNext(ctx)
		if err != nil && ctx.Err() == nil {
			n.log.WarnContext(ctx, "notifications", "error", err)
			sleep(ctx, 5*time.Second)
		} else if !some {
			sleep(ctx, notifyIdle/2+rand.N(notifyIdle))
		}
	}
}

// deliverNext delivers one notification; some is false when none is due. What has begun
// is brought to its end also when the notifier stops meanwhile.
func (n *Notifier) deliverNext(ctx context.Context) (some bool, err error) {
	next, ok, err := n.book.NextNotification(ctx, notifyHold)
	if err != nil || !ok {
		return false, err
	}
	ctx = context.WithoutCancel(ctx)
	after, err := n.deliver(ctx, next)
	log := n.log.With("campaign", campaignOf(next.Key), "id", idOf(next.Key), "state", string(next.State))
	switch {
	case err == nil:
		n.metrics.Notified("delivered")
		if n.failing.Swap(false) {
			n.log.InfoContext(ctx, "notifications are taken again")
		}
		return true, n.book.Delivered(ctx, next)
	case next.Tries >= len(n.delays):
		n.metrics.Notified("given_up")
		log.ErrorContext(ctx, "notification given up: it can be replayed", "tries", next.Tries+1, "error", err)
		return true, n.book.Undeliverable(ctx, next)
	}
	n.metrics.Notified("failed")
	delay := n.delays[next.Tries]
	delay = max(delay-delay/10+rand.N(delay/5), min(after, maxRetryAfter))
	level := slog.LevelDebug // one that goes through at the next try needs nobody
	if next.Tries > 0 && !n.failing.Swap(true) {
		level = slog.LevelWarn
	}
	log.Log(ctx, level, "notifications fail: each is tried again, for a day", "tries", next.Tries+1, "again", delay.Round(time.Second).String(), "error", err)
	return true, n.book.Redeliver(ctx, next, delay)
}

func campaignOf(key string) string {
	k, _ := providers.ParseKey(key) // the ledger's own
	return k.Campaign
}

func idOf(key string) string {
	k, _ := providers.ParseKey(key)
	return k.ID
}

// Notification is the body of a delivery.
type Notification struct {
	Type      string        `json:"type"` // envelope.STATE
	Timestamp time.Time     `json:"timestamp"`
	Data      report.Report `json:"data"`
}

// HaltNotification is the body of the delivery that tells of a campaign whose sending to a
// provider has halted.
type HaltNotification struct {
	Type      string    `json:"type"` // campaign.halted
	Timestamp time.Time `json:"timestamp"`
	Data      HaltData  `json:"data"`
}

// HaltData is which campaign, where and why.
type HaltData struct {
	Campaign string `json:"campaign"`
	Provider string `json:"provider"`
	Code     string `json:"code"`
	Failures int64  `json:"failures"`
}

// body is what a notification says.
func (n *Notifier) body(ctx context.Context, next ledger.Notification) ([]byte, error) {
	var v any
	if h := next.Halt; h != nil {
		v = HaltNotification{"campaign.halted", next.At, HaltData{next.Key, h.Provider, h.Code, h.Failures}}
	} else {
		record, err := n.book.Get(ctx, next.Key)
		if err != nil {
			return nil, err
		}
		rep, err := report.Of(record)
		if err != nil {
			return nil, err
		}
		rep = rep.Linked()
		rep.State = string(next.State)
		v = Notification{"envelope." + string(next.State), next.At, rep}
	}
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	return body, nil
}

// deliver makes one attempt. after is what the receiver asks for in Retry-After. An error
// holds neither the address, which may carry a token, nor the answer's text.
func (n *Notifier) deliver(ctx context.Context, next ledger.Notification) (after time.Duration, err error) {
	body, err := n.body(ctx, next)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("the address cannot be used")
	}
	id, now := notificationID(next), time.Now()
	signature, err := n.signer.Sign(id, now, body)
	if err != nil {
		return 0, errors.New("signing failed")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "chancela")
	req.Header.Set(standardwebhooks.HeaderWebhookID, id)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	res, err := n.http.Do(req)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err
		}
		return 0, fmt.Errorf("no answer: %w", err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection is used again
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return 0, nil
	}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		after = time.Duration(min(seconds, 24*3600)) * time.Second
	}
	return after, fmt.Errorf("HTTP %d", res.StatusCode)
}

// notificationID is the same for all deliveries of a notification, so that receivers can
// drop what they have.
func notificationID(n ledger.Notification) string {
	sum := sha256.Sum256([]byte(n.ID()))
	return "msg_" + hex.EncodeToString(sum[:16])
}

// sleep tells whether the time is over, and not the context.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
