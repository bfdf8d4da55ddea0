package providertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

const usualName = "usual"

// envelopes are all that go the whole way.
func (s *Suite) envelopes() map[string]func() providers.Envelope {
	all := map[string]func() providers.Envelope{usualName: s.Envelope}
	maps.Copy(all, s.Variants)
	return all
}

// testFlow takes every envelope from Check to the files.
func testFlow(t *testing.T, s *Suite, tp *tap) {
	for name, envelope := range s.envelopes() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, s, tp, setup{})
			rec := w.enqueue(envelope())
			if n := w.wire.seen(); n != 0 {
				t.Fatalf("Check has made %d requests", n)
			}
			w.send(rec)
			w.look(rec, providers.Pending)
			if _, err := w.provider.Artifacts(t.Context(), rec.ref()); err == nil {
				w.openTooEarly(rec)
			} else if e, ok := errors.AsType[*providers.Error](err); !ok || e.Code != providers.CodeNotReady || e.Kind != providers.Transient && e.Kind != providers.NotFound {
				t.Errorf("Artifacts before the end: %v", err)
			}
			w.complete(rec)
			st := w.look(rec, providers.Completed)
			if len(st.Signers) != len(rec.envelope.Signers) {
				t.Errorf("%d signers in the state, %d in the envelope", len(st.Signers), len(rec.envelope.Signers))
			}
			for _, sig := range st.Signers {
				// Whether who only looks on has done so is documented nowhere.
				if sig.State != providers.SignerSigned && sig.State != providers.SignerApproved && !w.viewer(rec, sig.Email) {
					t.Errorf("a signer is %s at the end", sig.State)
				}
			}
			if !json.Valid(st.Raw) {
				t.Error("the raw state is not JSON")
			}
			got := w.files0(rec)
			if name == usualName {
				for _, kind := range w.inner.Info().Artifacts {
					if got[kind] == 0 {
						t.Errorf("no %s, which Info offers", kind)
					}
				}
			}
			w.clean()
		})
	}
}

func (w *world) viewer(rec *record, email string) bool {
	for _, s := range rec.envelope.Signers {
		if strings.EqualFold(s.Email, email) {
			return s.Type == providers.TypeViewer
		}
	}
	return false
}

// send is Prepare, Invite and Finish, watched closely.
func (w *world) send(rec *record) {
	t := w.t
	t.Helper()
	job := w.job(rec)
	commit, committed := job.Commit, 0
	refuse := true
	job.Commit = nil // Prepare must not ask for it
	if err := w.provider.Prepare(t.Context(), job); err != nil {
		t.Fatalf("Prepare: %v", err)
	}
	rec.id = job.Ref.ID
	if n := w.invitations(0); n != 0 {
		t.Fatalf("%d invitations before Invite", n)
	}
	if !maps.Equal(rec.steps, job.Ref.Steps) {
		t.Errorf("the steps recorded are %v, those in the job %v", rec.steps, job.Ref.Steps)
	}
	again := w.wire.seen()
	if err := w.provider.Prepare(t.Context(), w.job(rec)); err != nil || w.wire.seen() != again {
		t.Errorf("a second Prepare: %v, %d requests", err, w.wire.seen()-again)
	}
	job.Commit = func(ctx context.Context) error {
		committed++
		before := w.wire.received.Load()
		seen := w.wire.seen()
		time.Sleep(20 * time.Millisecond) // for a byte that leaves too early
		if n := w.wire.received.Load() - before; n != 0 || w.wire.seen() != seen {
			t.Errorf("%d bytes and %d requests left during Commit", n, w.wire.seen()-seen)
		}
		if refuse {
			return errTooLate
		}
		return commit(ctx)
	}
	seen := w.wire.seen()
	if err := w.provider.Invite(t.Context(), job); !errors.Is(err, errTooLate) || committed != 1 || w.wire.seen() != seen {
		t.Fatalf("Invite with a Commit that fails: %v, %d commits, %d requests", err, committed, w.wire.seen()-seen)
	}
	if o, err := w.provider.Settle(t.Context(), w.job(rec)); err != nil || o != providers.NotInvited && (o != providers.Unknown || w.inner.Info().SettleAll) {
		t.Errorf("Settle before the invitation: %s, %v", o, err)
	}
	refuse, seen = false, w.wire.seen()
	if err := w.provider.Invite(t.Context(), job); err != nil {
		t.Fatalf("Invite: %v", err)
	}
	if n := w.wire.seen() - seen; committed != 2 || n != 1 {
		t.Errorf("%d commits and %d requests for the invitation", committed-1, n)
	}
	known := w.job(rec) // as before the answer was recorded
	rec.id, rec.intent, rec.invited = job.Ref.ID, false, true
	if w.inner.Info().SettleAll {
		if o, err := w.provider.Settle(t.Context(), known); err != nil || o != providers.Invited || known.Ref.ID != rec.id {
			t.Errorf("Settle after the invitation: %s %s, %v; it is %s", o, known.Ref.ID, err, rec.id)
		}
	}
	if o, err := w.provider.Settle(t.Context(), w.job(rec)); err != nil || o != providers.Invited {
		t.Errorf("Settle of a known envelope: %s, %v", o, err)
	}
	w.finish(rec)
	again = w.wire.seen()
	w.finish(rec)
	if n := w.wire.seen() - again; n != 0 {
		t.Errorf("a second Finish makes %d requests", n)
	}
	if n := w.invitations(0); n != 1 {
		t.Errorf("%d invitations", n)
	}
	if e := w.entry(rec); e.Key != "" && e.Key != rec.envelope.Key().String() {
		t.Errorf("the provider was told the key %q", e.Key)
	} else if len(e.Signers) != len(rec.envelope.Signers) {
		t.Errorf("%d signers at the provider", len(e.Signers))
	}
}

func (w *world) look(rec *record, want providers.State) providers.Status {
	w.t.Helper()
	st, err := w.provider.Status(w.t.Context(), rec.ref())
	if err != nil || st.State != want {
		w.t.Fatalf("Status: %q, %v; want %s", st.State, err, want)
	}
	return st
}

// openTooEarly wants the files of an unfinished envelope to be not ready.
func (w *world) openTooEarly(rec *record) {
	w.t.Helper()
	list, _ := w.provider.Artifacts(w.t.Context(), rec.ref())
	for _, a := range list {
		body, err := w.provider.Open(w.t.Context(), rec.ref(), a)
		if err == nil {
			body.Close()
		}
		if e, ok := errors.AsType[*providers.Error](err); !ok || e.Code != providers.CodeNotReady {
			w.t.Errorf("Open %s before the end: %v", a.Kind, err)
		}
	}
}

// files0 reads every file twice and compares with the books; it counts them by kind.
func (w *world) files0(rec *record) map[providers.Kind]int {
	t := w.t
	t.Helper()
	list, err := w.provider.Artifacts(t.Context(), rec.ref())
	if err != nil {
		t.Fatalf("Artifacts: %v", err)
	}
	books := make(map[string]int)
	for _, a := range w.entry(rec).Artifacts {
		books[string(a.Kind)+" "+a.SHA256]++
	}
	kinds := make(map[providers.Kind]int)
	for _, a := range list {
		if !slices.Contains(w.inner.Info().Artifacts, a.Kind) {
			t.Errorf("a %s, which Info does not name", a.Kind)
		}
		if u, err := url.Parse(a.Source); err != nil || a.Source == "" || u.RawQuery != "" || u.User != nil || a.ContentType == "" {
			t.Errorf("%s: source %q, type %q", a.Kind, a.Source, a.ContentType)
		}
		a = again(t, a)
		kinds[a.Kind]++
		var first []byte
		for i := range 2 {
			content := w.read(rec, a)
			if i == 0 {
				first = content
			} else if !bytes.Equal(first, content) {
				t.Errorf("%s is different the second time", a.Kind)
			}
		}
		sum := sha256.Sum256(first)
		key := string(a.Kind) + " " + hex.EncodeToString(sum[:])
		if books[key] == 0 {
			t.Errorf("%s %s is not what the provider has in its books", a.Kind, a.ID)
		}
		books[key]--
	}
	for key, n := range books {
		if n > 0 {
			t.Errorf("%d of the provider's files were left out: %s", n, key)
		}
	}
	return kinds
}

func (w *world) read(rec *record, a providers.Artifact) []byte {
	w.t.Helper()
	body, err := w.provider.Open(w.t.Context(), rec.ref(), a)
	if err != nil {
		w.t.Fatalf("Open %s: %v", a.Kind, err)
	}
	defer body.Close()
	content, err := io.ReadAll(body)
	if err != nil {
		w.t.Fatalf("read %s: %v", a.Kind, err)
	}
	return content
}

// testEnds looks at envelopes that do not get signed.
func testEnds(t *testing.T, s *Suite, tp *tap) {
	w := newWorld(t, s, tp, setup{})
	for action, want := range s.Ends {
		rec := w.invited(s.Envelope())
		if err := w.act(rec, action); err != nil {
			t.Fatalf("%s: %v", action, err)
		}
		w.look(rec, want)
		if o, err := w.provider.Settle(t.Context(), w.job(rec)); err != nil || o != providers.Invited {
			t.Errorf("Settle of an envelope that ended by %s: %s, %v", action, o, err)
		}
	}
	w.clean()
}
