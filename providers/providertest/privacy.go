package providertest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

// tap collects what a provider lets out during the whole suite: errors, observations
// and recorded steps on the one hand, what goes into manifests on the other.
type tap struct {
	mu        sync.Mutex
	said      map[string]bool // may hold neither people's data nor secrets
	archived  map[string]bool // may hold no secrets
	people    map[string]bool
	secrets   map[string]bool
	observed  int
	failures  int
	templates map[string]bool
}

func newTap() *tap {
	return &tap{said: make(map[string]bool), archived: make(map[string]bool), people: map[string]bool{Confidential: true}, secrets: make(map[string]bool), templates: make(map[string]bool)}
}

// add names secrets.
func (tp *tap) add(secrets ...string) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	for _, s := range secrets {
		if len(s) > 4 {
			tp.secrets[s] = true
		}
	}
}

// person names what must not be told of a signer.
func (tp *tap) person(s providers.Signer) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	local := strings.TrimPrefix(s.Phone, "+55")
	if at := strings.IndexByte(s.Email, '@'); at >= 0 {
		tp.people[s.Email[at:]] = true // every address of the suite ends alike
	}
	for _, text := range []string{s.Name, s.Phone, local, s.Document, providers.FormatTaxID(s.Document), s.Birthdate} {
		if len(text) > 4 {
			tp.people[text] = true
		}
	}
}

func (tp *tap) say(format string, args ...any) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	tp.said[fmt.Sprintf(format, args...)] = true
}

// note keeps what an error says in every way of printing it.
func (tp *tap) note(err error) error {
	if err != nil {
		tp.say("%v", err)
		tp.say("%+v", err)
		tp.say("%#v", err)
		tp.mu.Lock()
		tp.failures++
		tp.mu.Unlock()
	}
	return err
}

func (tp *tap) observe(o rest.Observation) {
	tp.say("%s %s %s %d", o.Provider, o.Op, o.Class, o.Status) // the rest are durations
	tp.mu.Lock()
	defer tp.mu.Unlock()
	tp.observed++
	tp.templates[o.Op] = true
}

func (tp *tap) archive(text string) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	tp.archived[text] = true
}

// maxTemplates is more routes than any provider has: beyond it, ids stand in them.
const maxTemplates = 40

// judge looks for what must not be there.
func (tp *tap) judge(t *testing.T) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	if tp.failures < 100 || tp.observed < 100 || len(tp.archived) == 0 || len(tp.secrets) == 0 {
		t.Fatalf("%d failures, %d observations, %d raw states, %d secrets: too few to judge", tp.failures, tp.observed, len(tp.archived), len(tp.secrets))
	}
	if len(tp.templates) > maxTemplates {
		t.Errorf("%d different operations are observed: %v", len(tp.templates), tp.templates)
	}
	look := func(where string, texts, needles map[string]bool) {
		all := strings.ToLower(strings.Join(slices.Collect(maps.Keys(texts)), "\n"))
		for needle := range needles {
			if at := strings.Index(all, strings.ToLower(needle)); at >= 0 {
				t.Errorf("%s holds %q: %s", where, needle, all[max(0, at-200):min(len(all), at+200)])
			}
		}
		t.Logf("%s: %d texts of %d bytes, %d needles", where, len(texts), len(all), len(needles))
	}
	look("an error, observation or step", tp.said, tp.people)
	look("an error, observation or step", tp.said, tp.secrets)
	look("what goes into a manifest", tp.archived, tp.secrets)
}

// noted is a provider whose every word is noted.
type noted struct {
	providers.Provider
	tap *tap
}

func (n *noted) Check(e providers.Envelope) error { return n.tap.note(n.Provider.Check(e)) }

func (n *noted) Prepare(ctx context.Context, job *providers.Job) error {
	return n.steps(job, n.Provider.Prepare(ctx, job))
}

func (n *noted) Invite(ctx context.Context, job *providers.Job) error {
	return n.steps(job, n.Provider.Invite(ctx, job))
}

func (n *noted) steps(job *providers.Job, err error) error {
	for name, result := range job.Ref.Steps {
		n.tap.say("step %s: %s", name, result)
	}
	return n.tap.note(err)
}

func (n *noted) Settle(ctx context.Context, job *providers.Job) (providers.Outcome, error) {
	o, err := n.Provider.Settle(ctx, job)
	return o, n.tap.note(err)
}

func (n *noted) Status(ctx context.Context, ref providers.Ref) (providers.Status, error) {
	s, err := n.Provider.Status(ctx, ref)
	n.tap.archive(string(s.Raw))
	n.tap.say("reason %s", s.Reason)
	return s, n.tap.note(err)
}

func (n *noted) Artifacts(ctx context.Context, ref providers.Ref) ([]providers.Artifact, error) {
	list, err := n.Provider.Artifacts(ctx, ref)
	for _, a := range list {
		n.tap.archive(fmt.Sprintf("%s %s %s %s", a.Kind, a.ID, a.ContentType, a.Source))
	}
	return list, n.tap.note(err)
}

func (n *noted) Open(ctx context.Context, ref providers.Ref, a providers.Artifact) (io.ReadCloser, error) {
	body, err := n.Provider.Open(ctx, ref, a)
	if err != nil {
		return nil, n.tap.note(err)
	}
	return &notedBody{body, n.tap}, nil
}

type notedBody struct {
	io.ReadCloser
	tap *tap
}

func (b *notedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		_ = b.tap.note(err)
	}
	return n, err
}
