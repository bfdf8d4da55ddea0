// Package sandbox is the signing services as simulators: what their references
// document is law here, and a request that contradicts a reference is refused as the
// reference says and kept as a [Violation]. What the references leave open is a
// choice, marked in a comment where it is made. Signers act by themselves after a
// while (see [Options.SignAfter]), artifacts are real small files whose hashes the
// [Sandbox.Books] know, and faults can be switched on at will.
//
// The names and e-mails of signers decide what they do: "recusa" or "decline" in an
// e-mail's local part or a name declines, "expira" or "expire" never acts, everybody
// else signs.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/chancela/chancela/providers"
)

// Control is the key of the control server's address in [Options.Listen].
const Control = "control"

// Simulator is one simulated service: the provider's name, which its addresses and
// environment variables go by, and what makes it.
type Simulator struct {
	Name string
	New  func(sb *Sandbox, name string) *Service
}

// Options make a [Sandbox]. Without more than Simulators it is on free local ports and
// has neither faults nor webhooks.
type Options struct {
	Simulators []Simulator // in the order of books and pages

	// Listen gives the address of each provider and of [Control]; 127.0.0.1:0 where
	// nothing is said.
	Listen map[string]string

	// SignAfter is the mean time until a signer whose turn it is acts: 2 s when zero.
	// Every envelope that was sent ends within about ten times as long.
	SignAfter time.Duration

	// Seed decides keys, ids and how long each signer takes.
	Seed uint64

	Faults Faults

	// Webhooks gives the receivers' addresses by provider. A Certyneo receiver is
	// subscribed to every event; Contraktor has no webhooks.
	Webhooks      map[string]string
	WebhookFaults WebhookFaults

	// Rates are the limits per API key. Certyneo has its documented one, unless another
	// is given here; the others document none. A rate of 0 requests is no limit.
	Rates map[string]providers.Rate

	// Clock is the sandbox's time, [time.Now] when nil. Compare [Sandbox.Advance].
	Clock func() time.Time

	Choices     Choices
	Differences Differences
}

// Choices are points that the references leave open or contradict themselves in, where
// a client must live with either answer.
type Choices struct {
	CertyneoRefuseLoopback bool   // refuse webhook receivers in private networks, as the service does (certyneo §9)
	CertyneoPlan           string // the account's plan: "BUSINESS" when empty
	SDocCodeField          string // the name of the error code's field, nowhere documented (sdoc §4): "code" when empty
	SDocUnregistered       bool   // the platform has no callback address of its own, even without one in Options.Webhooks (sdoc §11)
	SDocOneFile            bool   // participants are tied to the first file only, where one entry per file is the default (sdoc 8.3)
	CatalisaErrorField     bool   // errors in the platform's second shape, "error" for "code" (catalisa §4.2)
	CatalisaEvents         string // the beginning of event names, which are documented nowhere: "esignature.request" when empty (catalisa §10.3)
	QISignSignPath         bool   // webhooks sign the receiver's path where the full address is the default (qisign A7)
	ContraktorCancelBody   bool   // DELETE /proofs/{id} answers 200 with the proof where 204 is the default (contraktor §10)
}

// Sandbox is a running set of simulators. Its methods may be called from many
// goroutines.
type Sandbox struct {
	o        Options
	services map[string]*Service
	catalisa *catalisa
	agenda   *agenda
	faults   *faultBox
	courier  *courier
	control  http.Handler

	urls  map[string]string // of the providers and of Control, without a path
	dir   string            // holds Catalisa's public key; made when somebody needs it
	stop  context.CancelFunc
	once  sync.Once
	ended sync.WaitGroup

	mu   sync.Mutex
	skew time.Duration
}

// Start listens on all addresses and serves until ctx ends or [Sandbox.Close].
func Start(ctx context.Context, o Options) (*Sandbox, error) {
	if o.SignAfter <= 0 {
		o.SignAfter = 2 * time.Second
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if err := o.valid(); err != nil {
		return nil, err
	}
	s := &Sandbox{o: o, services: make(map[string]*Service), urls: make(map[string]string)}
	s.agenda = newAgenda(s.now)
	s.faults = newFaultBox(o.Faults, o.Seed)
	s.courier = newCourier(s)

	listeners := make(map[string]net.Listener)
	for _, name := range append(o.names(), Control) {
		address := o.Listen[name]
		if address == "" {
			address = "127.0.0.1:0"
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			for _, open := range listeners {
				open.Close()
			}
			return nil, fmt.Errorf("sandbox: %s: %w", name, err)
		}
		listeners[name] = l
		s.urls[name] = "http://" + l.Addr().String()
	}
	for _, simulator := range o.Simulators {
		s.services[simulator.Name] = simulator.New(s, simulator.Name)
	}
	s.control = s.controlHandler()

	ctx, s.stop = context.WithCancel(ctx)
	s.ended.Go(func() { s.agenda.run(ctx) })
	s.courier.start(ctx, &s.ended)
	for name, l := range listeners {
		var h http.Handler = s.control
		if name != Control {
			h = s.services[name]
		}
		s.serve(ctx, l, h)
	}
	return s, nil
}

// names are the simulated services.
func (o Options) names() []string {
	names := make([]string, 0, len(o.Simulators)+1)
	for _, simulator := range o.Simulators {
		names = append(names, simulator.Name)
	}
	return names
}

// valid refuses rates that are none and providers that do not exist.
func (o Options) valid() error {
	if len(o.Simulators) == 0 {
		return errors.New("sandbox: there is no service to simulate")
	}
	if err := o.Faults.valid(); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if err := o.WebhookFaults.valid(); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	known := append(o.names(), Control)
	for _, name := range slices.Concat(slices.Collect(maps.Keys(o.Listen)), slices.Collect(maps.Keys(o.Webhooks)), slices.Collect(maps.Keys(o.Rates))) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("sandbox: no provider %q", name)
		}
	}
	return nil
}

func (s *Sandbox) serve(ctx context.Context, l net.Listener, h http.Handler) {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	s.ended.Go(func() { _ = server.Serve(l) })
	s.ended.Go(func() {
		<-ctx.Done()
		server.Close()
	})
}

// Close ends all servers and webhooks and waits for them.
func (s *Sandbox) Close() error {
	var err error
	s.once.Do(func() {
		s.stop()
		s.ended.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.dir != "" {
			err = os.RemoveAll(s.dir)
		}
	})
	return err
}

// Handler is a provider's simulator without its port; nil for an unknown name.
func (s *Sandbox) Handler(provider string) http.Handler {
	if svc, ok := s.services[provider]; ok {
		return svc
	}
	return nil
}

// URL is the address of a provider's server or of [Control], without a path.
func (s *Sandbox) URL(name string) string { return s.urls[name] }

// Env is everything that a chancela process needs to talk to the sandbox: base
// addresses, keys, webhook secrets.
func (s *Sandbox) Env() map[string]string {
	env := make(map[string]string)
	for _, svc := range s.services {
		maps.Copy(env, svc.env())
	}
	return env
}

// Advance puts the sandbox's clock forward: links expire, signers act, callbacks are
// delivered. Everything happens in order, each at its own time, and has been done when
// Advance returns.
func (s *Sandbox) Advance(d time.Duration) {
	s.agenda.advance(s.now().Add(d), s.moveTo, s.courier.settle)
}

// moveTo puts the clock forward to a time that has not come yet.
func (s *Sandbox) moveTo(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew += max(0, t.Sub(s.o.Clock().Add(s.skew)))
}

// Pause keeps signers from acting by themselves until Pause(false), which lets them do
// what they were kept from before it returns.
func (s *Sandbox) Pause(paused bool) {
	s.agenda.pause(paused)
	s.agenda.catchUp()
}

func (s *Sandbox) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.o.Clock().Add(s.skew)
}

var errUnknown = errors.New("no such envelope")

// Act does what a signer or the service's own web application would: sign, decline,
// view, expire, cancel, and Certyneo's purge. The signer is an e-mail; empty means
// whoever is next.
func (s *Sandbox) Act(provider, id, action, signer string) error {
	svc, ok := s.services[provider]
	if !ok {
		return fmt.Errorf("sandbox: no provider %q", provider)
	}
	return svc.act(id, action, signer)
}
