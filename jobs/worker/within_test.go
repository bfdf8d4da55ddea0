package worker

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/ledger"
)

// dying is a provider whose worker dies between the intent and the call.
type dying struct {
	providers.Provider
	within time.Duration // that the call was given
}

func (p *dying) Invite(ctx context.Context, job *providers.Job) error {
	p.within = job.Within
	if err := job.Commit(ctx); err != nil {
		return err
	}
	panic(errDied)
}

// An inviting call that carries documents may take time by their size, and whoever settles it,
// or pauses the campaign, waits as long.
func TestLargeBodiesTakeTheirTime(t *testing.T) {
	w := newWorld(t, "catalisa")
	large := bytes.Replace(pdf, []byte("\n"), []byte("\n%"+string(bytes.Repeat([]byte("x"), 3<<20))+"\n"), 1)
	e := w.envelope("1")
	e.Documents[0].Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(large)), nil }
	k := w.enqueueEnvelope(e)
	config := w.worker.configs["catalisa"]
	p := &dying{Provider: w.provider}
	config.Provider = p
	w.worker.configs["catalisa"] = config
	if !w.step(k) {
		t.Fatal("the worker lives")
	}
	const body = 32 * time.Second // of 4 MB in base64
	if more := p.within - rest.SendWithin; more < body || more > body+time.Second {
		t.Errorf("the call may take %s more", more)
	}
	w.restart(0)

	w.forward(rest.SendWithin + body/2)
	if paused, err := w.client.Pause(t.Context(), "crash"); err != nil || paused.UnderWay != 1 {
		t.Errorf("%+v %v", paused, err)
	}
	if err := w.client.Resume(t.Context(), "crash"); err != nil {
		t.Fatal(err)
	}
	w.forward(commitWithin + config.SettleAfter)
	w.step(k)
	if w.record(k).IntentAt.IsZero() {
		t.Fatal("it was settled while the call may still be under way")
	}
	w.forward(body/2 + time.Minute)
	w.step(k)
	if r := w.live(k); r.State != ledger.Archived {
		t.Errorf("%s", r.State)
	}
	if n, _ := w.invitations(0); n != 1 {
		t.Errorf("%d invitations", n)
	}
}
