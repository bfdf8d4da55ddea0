package providertest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/providers/sandbox"
)

// signAfter is the simulators' time. It is long: within a test nobody acts by himself,
// but only when the test says so (see [world.complete]).
const signAfter = time.Hour

var (
	errDied    = errors.New("the process died here")
	errTooLate = errors.New("the envelope was paused meanwhile")
)

// world is a simulator, the wire to it, and a provider at the other end.
type world struct {
	t        *testing.T
	suite    *Suite
	sandbox  *sandbox.Sandbox
	pace     time.Duration // of its signers
	wire     *wire
	env      map[string]string
	settings rest.Settings
	make     func(rest.Settings) (providers.Provider, error)
	provider providers.Provider // notes what it says
	inner    providers.Provider // as it was made
	tap      *tap
	files    map[string]func(context.Context) (io.ReadCloser, error) // staged, by hash
	serial   int
	wire0    *tripwire // of the process that runs now

	mu  sync.Mutex
	ops []string // as they are observed
}

// setup changes how a world is made.
type setup struct {
	sandbox func(*sandbox.Options)
	rest    func(*rest.Settings)
}

func newWorld(t *testing.T, s *Suite, tp *tap, how setup) *world {
	t.Helper()
	entry, ok := registry.Find(s.Name)
	if !ok {
		t.Fatalf("package registry has no %q", s.Name)
	}
	o := sandbox.Options{Simulators: []sandbox.Simulator{{Name: s.Name, New: entry.Simulator}}, SignAfter: signAfter, Rates: map[string]providers.Rate{s.Name: {}}}
	if how.sandbox != nil {
		how.sandbox(&o)
	}
	sb, err := sandbox.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	w := &world{t: t, suite: s, sandbox: sb, tap: tp, files: make(map[string]func(context.Context) (io.ReadCloser, error)), env: make(map[string]string), wire0: &tripwire{}}
	w.pace = o.SignAfter
	w.wire = newWire(t, sb.Handler(s.Name), sb.URL(s.Name), append(slices.Clone(s.Credentials), "access_token"))
	w.wire.identity = s.Identity
	for name, value := range sb.Env() {
		w.env[name] = strings.Replace(value, sb.URL(s.Name), w.wire.api.URL, 1)
	}
	if w.settings, err = entry.Settings(w.env); err != nil {
		t.Fatal(err)
	}
	w.settings.WebhookURL = "http://127.0.0.1:1/webhooks/" + s.Name
	w.settings.Pacer, w.settings.Observe = pace.Unlimited{}, w.observe
	w.make = entry.New
	if how.rest != nil {
		how.rest(&w.settings)
	}
	w.provider, w.inner = w.client(w.settings)
	t.Cleanup(func() { tp.add(w.needles()...) })
	return w
}

func (w *world) observe(o rest.Observation) {
	w.tap.observe(o)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ops = append(w.ops, o.Op)
}

// watch begins to listen to the operations that are observed.
func (w *world) watch() (heard func() []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from := len(w.ops)
	return func() []string {
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.Clone(w.ops[from:])
	}
}

// client makes a provider of the world.
func (w *world) client(s rest.Settings) (noting, inner providers.Provider) {
	w.t.Helper()
	inner, err := w.make(s)
	if err != nil {
		w.t.Fatal(err)
	}
	return &noted{inner, w.tap}, inner
}

// record is what the ledger would hold of an envelope.
type record struct {
	envelope providers.Envelope
	accepted time.Time
	steps    map[string]string
	id       string
	intent   bool // written before the inviting call, removed by its outcome
	invited  bool
	doubt    bool
	finished bool
	commits  int
}

// enqueue stages an envelope under a key of its own.
func (w *world) enqueue(e providers.Envelope) *record {
	w.t.Helper()
	w.serial++
	e.Campaign, e.ID, e.Provider = "conformance", "e"+strconv.Itoa(w.serial), w.suite.Name
	e.Documents, e.Signers = slices.Clone(e.Documents), slices.Clone(e.Signers)
	for i := range e.Documents {
		w.stage(&e.Documents[i])
	}
	for i, s := range e.Signers {
		for _, image := range []**providers.Document{&e.Signers[i].IDFront, &e.Signers[i].IDBack} {
			if *image != nil {
				d := **image
				w.stage(&d)
				*image = &d
			}
		}
		w.tap.person(s)
	}
	if err := w.provider.Check(e); err != nil {
		w.t.Fatalf("Check refuses a good envelope: %v", err)
	}
	return &record{envelope: e, accepted: time.Now(), steps: make(map[string]string)}
}

func (w *world) stage(d *providers.Document) {
	w.t.Helper()
	r, err := d.Open(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Close()
	sum := sha256.New()
	if d.Size, err = io.Copy(sum, r); err != nil {
		w.t.Fatal(err)
	}
	d.SHA256 = hex.EncodeToString(sum.Sum(nil))
	w.files[d.SHA256], d.Open = d.Open, nil
}

// job is the record as a new process finds it.
func (w *world) job(rec *record) *providers.Job {
	return &providers.Job{
		Envelope: rec.envelope, Accepted: rec.accepted, Now: time.Now,
		Ref: providers.Ref{Key: rec.envelope.Key(), ID: rec.id, Steps: maps.Clone(rec.steps)},
		OpenDocument: func(ctx context.Context, d providers.Document) (io.ReadCloser, error) {
			open, ok := w.files[d.SHA256]
			if !ok {
				return nil, fmt.Errorf("no %s is staged", d.SHA256)
			}
			return open(ctx)
		},
		Record: func(ctx context.Context, step, result string) error {
			if w.wire0.pass() {
				return errDied
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			rec.steps[step] = result
			return nil
		},
		Commit: func(ctx context.Context) error {
			if w.wire0.pass() {
				return errDied
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			rec.commits++
			rec.intent = true
			return nil
		},
	}
}

func (rec *record) ref() providers.Ref {
	return providers.Ref{Key: rec.envelope.Key(), ID: rec.id, Steps: maps.Clone(rec.steps)}
}

// prepared, invited and completed bring a new envelope to that point without faults.
func (w *world) prepared(e providers.Envelope) *record {
	w.t.Helper()
	rec := w.enqueue(e)
	job := w.job(rec)
	if err := w.provider.Prepare(w.t.Context(), job); err != nil {
		w.t.Fatalf("Prepare: %v", err)
	}
	rec.id = job.Ref.ID
	return rec
}

func (w *world) invited(e providers.Envelope) *record {
	w.t.Helper()
	rec := w.prepared(e)
	w.invite(rec)
	w.finish(rec)
	return rec
}

func (w *world) invite(rec *record) {
	w.t.Helper()
	job := w.job(rec)
	if err := w.provider.Invite(w.t.Context(), job); err != nil {
		w.t.Fatalf("Invite: %v", err)
	}
	rec.id, rec.intent, rec.invited = job.Ref.ID, false, true
	if rec.id == "" {
		w.t.Fatal("Invite has set no Ref.ID")
	}
}

func (w *world) finish(rec *record) {
	w.t.Helper()
	if f, ok := w.inner.(providers.Finisher); ok {
		if err := w.tap.note(f.Finish(w.t.Context(), w.job(rec))); err != nil {
			w.t.Fatalf("Finish: %v", err)
		}
	}
}

func (w *world) completed(e providers.Envelope) *record {
	w.t.Helper()
	rec := w.invited(e)
	w.complete(rec)
	return rec
}

// complete lets everybody sign, and the files be made.
func (w *world) complete(recs ...*record) {
	w.t.Helper()
	for _, rec := range recs {
		for range 200 {
			if w.act(rec, "sign") != nil {
				break
			}
		}
	}
	// An envelope is sealed a tenth of SignAfter after the last signature, Contraktor's
	// files are made as much later.
	w.sandbox.Advance(2*w.pace/10 + time.Second)
	for _, rec := range recs {
		if e := w.entry(rec); !e.Ended || len(e.Artifacts) == 0 {
			w.t.Fatalf("%s is %s, with %d files", rec.id, e.State, len(e.Artifacts))
		}
	}
}

func (w *world) act(rec *record, action string) error {
	return w.sandbox.Act(w.suite.Name, rec.id, action, "")
}

// books are the simulator's entries of this provider.
func (w *world) books() (entries []sandbox.Entry) {
	for _, e := range w.sandbox.Books() {
		if e.Provider == w.suite.Name {
			entries = append(entries, e)
		}
	}
	return entries
}

func (w *world) entry(rec *record) sandbox.Entry {
	w.t.Helper()
	for _, e := range w.books() {
		if e.ID == rec.id {
			return e
		}
	}
	w.t.Fatalf("the simulator has no envelope %q", rec.id)
	return sandbox.Entry{}
}

// invitations counts those of everything in the books after the first mark entries.
func (w *world) invitations(mark int) (n int) {
	for _, e := range w.books()[mark:] {
		n += e.Invitations
	}
	return n
}

// clean wants that nothing contradicted a reference.
func (w *world) clean() {
	w.t.Helper()
	for _, v := range w.sandbox.Violations() {
		w.t.Errorf("violation: %s", v)
	}
}

// needles are the secrets of the world.
func (w *world) needles() []string {
	secrets := w.wire.credentials()
	for name, value := range w.env {
		if strings.Contains(name, strings.ToUpper(w.suite.Name)) && !strings.HasSuffix(name, "_URL") && !strings.HasSuffix(name, "CLIENT_ID") && !strings.HasPrefix(value, "/") {
			secrets = append(secrets, value)
		}
	}
	return secrets
}

// again is a value after it was kept in the ledger.
func again[T any](t *testing.T, v T) (kept T) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &kept)
	}
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func itoa(n int) string { return strconv.Itoa(n) }
