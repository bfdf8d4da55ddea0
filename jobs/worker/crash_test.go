package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/providertest"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// errDied is what a test's process dies of.
var errDied = errors.New("the process died here")

// tripwire kills the process (by a panic) at the n-th boundary: before or after any
// command to Redis. Calls to the provider stand between two of them, so that every
// "after the effect, before its record" is one of these boundaries. Renewals of the claim
// are none: they come by the clock, from a goroutine of their own.
type tripwire struct {
	passed atomic.Int64
	trip   int64 // 0: never
}

func (w *tripwire) pass() {
	if w.passed.Add(1) == w.trip {
		panic(errDied)
	}
}

// renewal tells the script that renews a claim by its arguments: key, key, token, version, lease, steps.
func renewal(cmd redis.Cmder) bool {
	args := cmd.Args()
	return len(args) >= 8 && len(args)%2 == 0 && strings.HasPrefix(cmd.Name(), "eval") && fmt.Sprint(args[7]) == fmt.Sprint(Lease.Milliseconds())
}

func (w *tripwire) DialHook(next redis.DialHook) redis.DialHook { return next }

func (w *tripwire) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if renewal(cmd) {
			return next(ctx, cmd)
		}
		w.pass()
		err := next(ctx, cmd)
		w.pass()
		return err
	}
}

func (w *tripwire) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		w.pass()
		err := next(ctx, cmds)
		w.pass()
		return err
	}
}

// wiredArchive is an archive whose every write is two boundaries. Marks stand in it; what
// is written beside the ledger, from a goroutine of its own, is none.
type wiredArchive struct {
	archive.Archive
	wire *tripwire
}

func (a wiredArchive) Put(ctx context.Context, key string, content io.Reader, contentType string, check archive.Check) (archive.Object, error) {
	if path.Base(key) == "sent.json" {
		return a.Archive.Put(ctx, key, content, contentType, check)
	}
	a.wire.pass()
	o, err := a.Archive.Put(ctx, key, content, contentType, check)
	a.wire.pass()
	return o, err
}

// world is everything around a worker, with one clock that a test moves.
type world struct {
	t        *testing.T
	sandbox  *sandbox.Sandbox
	redis    *miniredis.Miniredis
	at       time.Time
	archive  archive.Archive
	folder   string // of the archive
	provider providers.Provider
	client   *jobs.Client
	worker   *Worker
	wire     *tripwire
	account  string // empty: nothing is known of it
	direct   bool   // what a look sees completed is archived at once, without a task
}

func newWorld(t *testing.T, name string) *world { return newWorldWith(t, name, sandbox.Differences{}) }

// newWorldWith is a world whose simulators differ from their references.
func newWorldWith(t *testing.T, name string, differ sandbox.Differences) *world {
	t.Helper()
	at := time.Now()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Simulators: registry.Simulators(), SignAfter: 30 * time.Second, Rates: map[string]providers.Rate{"certyneo": {}}, Differences: differ, Clock: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	folder := inMemory(t)
	store, err := dir.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, sandbox: sb, redis: miniredis.RunT(t), at: at, archive: store, folder: folder}
	w.provider = simulatedWithKey(t, sb, name, keyOf(sb, name), wiredPacer{world: w})
	w.redis.SetTime(w.at)
	w.client = w.newClient(w.provider)
	w.restart(0)
	return w
}

func (w *world) newClient(p providers.Provider) *jobs.Client {
	db := redis.NewClient(&redis.Options{Addr: w.redis.Addr()})
	w.t.Cleanup(func() { db.Close() })
	return jobs.NewClient(jobs.ClientConfig{Redis: db, Archive: w.archive, Providers: []providers.Provider{p}, Log: silent})
}

// inMemory is a folder without a disk, where the machine has one: these tests are about
// processes, and the syncs of a disk would take most of their time.
func inMemory(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "chancela-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

func keyOf(sb *sandbox.Sandbox, name string) string {
	return sb.Env()["CHANCELA_"+strings.ToUpper(name)+"_API_KEY"]
}

// wiredPacer makes a boundary of every turn: what a call has brought is recorded later than the
// next call leaves.
type wiredPacer struct {
	pace.Unlimited
	world *world
}

func (p wiredPacer) Turn(ctx context.Context, class pace.Class) (*pace.Turn, error) {
	p.world.wire.pass()
	return p.Unlimited.Turn(ctx, class)
}

func simulatedWithKey(t *testing.T, sb *sandbox.Sandbox, name, key string, pacer pace.Pacer) providers.Provider {
	t.Helper()
	entry, _ := registry.Find(name)
	s, err := entry.Settings(sb.Env())
	if err != nil {
		t.Fatal(err)
	}
	s.APIKey, s.Pacer, s.WebhookURL = providers.Secret(key), pacer, "http://127.0.0.1:1/webhooks/"+name
	provider, err := entry.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return provider
}

// restart gives the world a new process that dies at the given boundary.
func (w *world) restart(trip int) {
	w.wire = &tripwire{trip: int64(trip)}
	db := redis.NewClient(&redis.Options{Addr: w.redis.Addr(), MaxRetries: -1})
	db.AddHook(w.wire)
	// Never closed: a process that has died may hold its client's locks.
	w.worker = New(Config{Redis: db, Durability: ledger.NotDurable, Archive: w.archive, Marks: marks.New(wiredArchive{w.archive, w.wire}), RetryBase: time.Millisecond, RetryMax: time.Second, Attempts: 5,
		Log: silent, Providers: []ProviderConfig{{Provider: w.provider, Account: w.account, Concurrency: 1, PollEvery: time.Second, SettleAfter: 15 * time.Second}}})
	w.worker.spawn = func(work func()) { work() }
	if !w.direct {
		w.worker.fetching[w.provider.Info().Name] <- struct{}{} // no fetcher is free
	}
}

// forward moves the clock of Redis and of the providers, and ends when everything due at
// them has been done.
func (w *world) forward(d time.Duration) {
	w.at = w.at.Add(d)
	w.redis.SetTime(w.at)
	w.sandbox.Advance(d)
}

var pdf = []byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")

// envelope is one that every provider takes.
func (w *world) envelope(id string) providers.Envelope {
	e := providers.Envelope{Campaign: "crash", ID: id, Provider: w.provider.Info().Name, Subject: "Lease " + id,
		Documents: []providers.Document{{Name: "lease.pdf", Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(pdf)), nil }}},
		Signers:   []providers.Signer{{Name: "Ana Prova da Silva", Email: "ana@example.com", Phone: "+5511987654321", Document: "52998224725", Birthdate: "1988-04-02"}}}
	if e.Provider == "sdoc" {
		e.Signers[0].Type = providers.TypeElectronic
		e.Signers[0].Stamp = &providers.Stamp{Page: 1, X: 72, Y: 90, Width: 160, Height: 54}
	}
	return e
}

func (w *world) enqueue(id string) providers.Key {
	w.t.Helper()
	a, err := w.client.Enqueue(w.t.Context(), w.envelope(id))
	if err != nil {
		w.t.Fatal(err)
	}
	return a.Key
}

func (w *world) record(k providers.Key) *ledger.Record {
	w.t.Helper()
	r, err := w.client.Ledger().Get(w.t.Context(), k.String())
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// step does for an envelope what a task or a look would, and tells whether the process
// died of it.
func (w *world) step(k providers.Key) (died bool) {
	w.t.Helper()
	defer func() {
		switch v := recover(); v {
		case nil:
		case errDied:
			died = true
		default:
			panic(v)
		}
	}()
	r := w.record(k)
	if r.Unnamed() {
		w.callBack(k)
		return false
	}
	if r.State == ledger.Sent && !r.Unfinished && !r.CancelAsked {
		w.worker.lookAt(w.t.Context(), w.worker.configs[r.Provider], r)
		return false
	}
	// Its error only tells asynq when to come again: here that is at the next step.
	_ = w.worker.envelope(w.t.Context(), w.worker.configs[w.provider.Info().Name], w.taskOf(k))
	return false
}

// taskOf is the task that carries an envelope.
func (w *world) taskOf(k jobs.Key) *asynq.Task {
	w.t.Helper()
	b, err := json.Marshal(queue.Payload{Key: k.String(), Generation: w.record(k).Generation})
	if err != nil {
		w.t.Fatal(err)
	}
	return asynq.NewTask(queue.TypeEnvelope, b)
}

// live lets an envelope live until it is terminal.
func (w *world) live(k providers.Key) *ledger.Record {
	w.t.Helper()
	for range 60 {
		if r := w.record(k); r.State.Terminal() {
			return r
		}
		if w.step(k) {
			w.restart(0)
		}
		w.forward(40 * time.Second)
	}
	r := w.record(k)
	w.t.Fatalf("%s does not end: it is %s, %s: %s", k, r.State, r.ErrorCode, r.ErrorMessage)
	return nil
}

// invitations counts, at the simulators, how often people were asked to sign since mark.
func (w *world) invitations(mark int) (n int, books []sandbox.Entry) {
	books = w.sandbox.Books()[mark:]
	for _, e := range books {
		n += e.Invitations
	}
	return n, books
}

// damage changes a byte of an archived file.
func (w *world) damage(k providers.Key, name string) {
	w.t.Helper()
	file := filepath.Join(w.folder, k.Campaign, k.ID, name)
	b, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatal(err)
	}
	b[0] ^= 1
	if err := os.WriteFile(file, b, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// settleBooks lets the simulators close every book that was opened since mark: at sDoc a
// file is signed before the service itself calls the whole thing done.
func (w *world) settleBooks(mark int) {
	w.t.Helper()
	w.forward(time.Minute)
	for _, e := range w.sandbox.Books()[mark:] {
		if e.Invitations > 0 && !e.Ended {
			w.t.Fatalf("the simulator of %s does not end %s: it is %s", e.Provider, e.ID, e.State)
		}
	}
}

// judge checks the promise for one envelope.
func (w *world) judge(k providers.Key, mark int, what string) *ledger.Record {
	w.t.Helper()
	r := w.live(k)
	doubt := r.State == ledger.InDoubt && !w.provider.Info().SettleAll
	if !doubt {
		w.settleBooks(mark)
	}
	n, books := w.invitations(mark)
	if n > 1 || n == 0 && !doubt {
		w.t.Errorf("%s: %d invitations, it is %s", what, n, r.State)
	}
	if doubt {
		return r
	}
	if r.State != ledger.Archived {
		w.t.Errorf("%s: ends as %s: %s %s", what, r.State, r.ErrorCode, r.ErrorMessage)
		return r
	}
	m, err := report.ReadManifest(w.t.Context(), w.archive, k.Campaign, k.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	served := map[string]bool{}
	for _, e := range books {
		if e.Invitations > 0 {
			for _, a := range e.Artifacts {
				served[a.SHA256] = true
			}
		}
	}
	if len(m.Artifacts) == 0 {
		w.t.Errorf("%s: no artifact", what)
	}
	for _, f := range m.Artifacts {
		if !served[f.SHA256] {
			w.t.Errorf("%s: %s is not what the provider served", what, f.Path)
		}
	}
	return r
}

// stride is how many boundaries a walk goes on at a time: under the race detector not each of
// them is visited. One goroutine walks, and the run without the detector visits all.
var stride = func() int {
	if providertest.Raced {
		return 5
	}
	return 1
}()

// TestCrashAtEveryBoundary lets the process die once at every boundary of an envelope's
// life, for every provider, and finish it with a new one.
func TestCrashAtEveryBoundary(t *testing.T) {
	for _, name := range registry.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, name)
			k := w.enqueue("whole")
			passed := 0
			for range 20 {
				if w.record(k).State.Terminal() {
					break
				}
				w.restart(0)
				w.step(k)
				passed = max(passed, int(w.wire.passed.Load()))
				w.forward(40 * time.Second)
			}
			w.judge(k, 0, "without a crash")
			if passed < 8 {
				t.Fatalf("only %d boundaries", passed)
			}
			doubts, crashes := 0, 0
			// Which step of its life: send, finish, look, archive, look and archive; then which boundary
			// in it.
			for phase := range 5 {
				if w.direct = phase == 4; w.direct {
					phase = 2
				}
				for n := 1; n <= passed+4+10*phase; n += stride {
					what := fmt.Sprintf("dead in step %d at boundary %d, direct %v", phase+1, n, w.direct)
					mark := len(w.sandbox.Books())
					k := w.enqueue(fmt.Sprintf("%d.%d.%v", phase, n, w.direct))
					w.restart(0)
					for range phase {
						if !w.record(k).State.Terminal() {
							w.step(k)
							w.forward(40 * time.Second)
						}
					}
					if w.record(k).State.Terminal() {
						continue
					}
					w.restart(n)
					if !w.step(k) {
						break // the step has fewer boundaries
					}
					crashes++
					w.restart(0)
					w.forward(time.Second)
					if r := w.judgeAfter(k, mark, what); r.State == ledger.InDoubt {
						doubts++
					}
				}
			}
			if crashes*stride < passed {
				t.Errorf("%d crashes only", crashes)
			}
			if name == "sdoc" && (doubts == 0 && stride == 1 || doubts > 4) {
				t.Errorf("%d of %d crashes left doubt", doubts, crashes)
			}
			for _, v := range w.sandbox.Violations() {
				t.Error(v)
			}
			t.Logf("%d crashes, %d in doubt", crashes, doubts)
		})
	}
}

// A renewal is no boundary; every other command is two.
func TestTripwireCountsNoRenewals(t *testing.T) {
	w := newWorld(t, "certyneo")
	k := w.enqueue("1")
	c, _, _, err := w.worker.ledger.Claim(t.Context(), k.String(), w.record(k).Generation, Lease, ledger.Preparation{})
	if err != nil || c == nil {
		t.Fatal(c, err)
	}
	before := w.wire.passed.Load()
	for range 2 { // as a source, then by its hash
		if err := c.Renew(t.Context(), Lease); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.wire.passed.Load(); n != before || before == 0 {
		t.Errorf("%d boundaries before the renewals, %d after", before, n)
	}
	if err := c.RecordStep(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	if n := w.wire.passed.Load(); n < before+2 {
		t.Errorf("a write passes %d boundaries", n-before)
	}
}

// judgeAfter is judge with a first step right after the crash, when the dead worker's
// claim still stands.
func (w *world) judgeAfter(k providers.Key, mark int, what string) *ledger.Record {
	w.t.Helper()
	if !w.record(k).State.Terminal() {
		w.step(k)
	}
	return w.judge(k, mark, what)
}

// deletedThere tells whether sDoc's own simulator has deleted an envelope that people were
// invited to: its owner deletes what nobody can sign for too long.
func (w *world) deletedThere(k providers.Key) bool {
	return slices.ContainsFunc(w.sandbox.Books(), func(e sandbox.Entry) bool {
		return e.Provider == "sdoc" && e.Key == k.String() && e.Invitations == 1 && e.State == "deleted" && e.Ended
	})
}

// TestCrashesAtRandom lets two envelopes' processes die again and again.
func TestCrashesAtRandom(t *testing.T) {
	for _, name := range registry.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, name)
			seed := uint64(1)
			rng := rand.New(rand.NewPCG(seed, 2))
			for round := range 12 / stride {
				mark := len(w.sandbox.Books())
				w.direct = round%2 == 1
				a, b := w.enqueue(fmt.Sprintf("a%d", round)), w.enqueue(fmt.Sprintf("b%d", round))
				for range 10 {
					w.restart(1 + rng.IntN(30))
					for _, k := range []providers.Key{a, b} {
						if !w.record(k).State.Terminal() && w.step(k) {
							w.restart(1 + rng.IntN(30))
						}
					}
					w.forward(time.Duration(rng.IntN(60)) * time.Second)
				}
				w.restart(0)
				for _, k := range []providers.Key{a, b} {
					r := w.live(k)
					overdue := r.State == ledger.Canceled && w.deletedThere(k)
					if r.State != ledger.Archived && !overdue && (r.State != ledger.InDoubt || w.provider.Info().SettleAll) {
						t.Errorf("round %d: %s is %s: %s", round, k, r.State, r.ErrorMessage)
					}
				}
				for _, e := range w.sandbox.Books()[mark:] {
					if e.Invitations > 1 {
						t.Errorf("round %d: %d invitations for one envelope", round, e.Invitations)
					}
				}
				if n, _ := w.invitations(mark); n > 2 {
					t.Errorf("round %d: %d invitations for two envelopes", round, n)
				}
			}
		})
	}
}
