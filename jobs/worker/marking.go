package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// commitWithin bounds the time from the intent to where [rest.SendWithin] begins: a worker
// that was frozen between them must not invite when it wakes up.
const commitWithin = 5 * time.Second

// uncalled says why an inviting call was not made although its intent stands.
type uncalled struct{ err error }

func (e *uncalled) Error() string { return e.err.Error() }
func (e *uncalled) Unwrap() error { return e.err }

// within bounds the time that the bytes of the inviting call take.
func (t *envelopeTask) within() time.Duration {
	var e providers.Envelope
	if err := json.Unmarshal(t.rec.Envelope, &e); err != nil { // known from the archive alone
		return rest.SendWithin
	}
	return rest.Within(t.config.Provider.Info(), e)
}

// quiet is how long after an intent or a mark its call may still be under way.
func (c ProviderConfig) quiet(within time.Duration) time.Duration {
	return commitWithin + within + c.SettleAfter
}

// mark makes the mark of the inviting call whose intent was begun to be written then.
func (t *envelopeTask) mark(ctx context.Context, began time.Time) error {
	if t.cfg.Marks != nil {
		within, cancel := context.WithDeadline(ctx, began.Add(commitWithin))
		defer cancel()
		made, err := t.cfg.Marks.Make(within, t.newMark(began), t.void)
		if _, taken := errors.AsType[*marks.TakenError](err); taken {
			return err
		}
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = fmt.Errorf("%w: no answer within %s: %w", archive.ErrUnavailable, commitWithin, err)
		}
		if err != nil {
			return &uncalled{err}
		}
		t.marked = made
		t.archiveWell(ctx)
	}
	if now := time.Now(); now.Sub(began) >= commitWithin || now.Round(0).Sub(began.Round(0)) >= commitWithin {
		return &uncalled{errors.New("too long after the intent to invite")}
	}
	return nil
}

func (t *envelopeTask) newMark(at time.Time) marks.Mark {
	return marks.Mark{Campaign: t.rec.Campaign, ID: t.rec.ID, Digest: t.rec.Digest, Provider: t.rec.Provider, Environment: t.config.environment(),
		Steps: withoutToken(t.rec.Steps), Claim: t.claim.Token(), Accepted: t.rec.CreatedAt, At: at.UTC().Truncate(time.Millisecond), Within: t.within().Milliseconds()}
}

// markFound makes the mark of an invitation that was found at the provider and has none: an id
// alone would keep no later ledger from inviting.
func (t *envelopeTask) markFound(ctx context.Context) {
	if t.cfg.Marks == nil {
		return
	}
	_, err := t.cfg.Marks.Make(detached(ctx), t.newMark(time.Now()), t.reachedNobody)
	if _, there := errors.AsType[*marks.TakenError](err); err != nil && !there {
		t.log.WarnContext(ctx, "an invitation that was found has no mark", "campaign", t.rec.Campaign, "id", t.rec.ID, "provider", t.rec.Provider, "error", err)
	}
}

// withoutToken are the steps as a mark keeps them: another ledger, with another clock, may not
// make the call once more.
func withoutToken(steps map[string]string) map[string]string {
	if _, ok := steps[providers.StepToken]; !ok {
		return steps
	}
	steps = maps.Clone(steps)
	delete(steps, providers.StepToken)
	return steps
}

// place names the archive in which this worker marks; empty: nowhere, or it cannot be told.
func (w *Worker) place(ctx context.Context) string {
	if w.cfg.Marks == nil {
		return ""
	}
	place, err := w.cfg.Marks.Place(ctx)
	if err != nil { // then a missing mark proves nothing
		w.log.WarnContext(ctx, "the archive does not say which one it is", "error", err)
	}
	return place
}

// neverLeft tells whether the inviting call whose intent stands has certainly not left: its
// mark is made before it, in this archive, and is not there. The quiet period is over.
func (t *envelopeTask) neverLeft(ctx context.Context) (bool, error) {
	place := t.place(ctx)
	if place == "" || ledger.MarkedIn(t.rec.Inviter) != place {
		return false, nil
	}
	return t.cfg.Marks.Unmarked(ctx, t.rec.Campaign, t.rec.ID, t.rec.Inviter, t.reachedNobody)
}

// environment is which of a provider's worlds a mark is of.
func (c ProviderConfig) environment() string {
	if c.Provider.Info().Simulated {
		return marks.Simulated
	}
	return c.Environment
}

// reachedNobody tells whether a claim's inviting call is known to have invited nobody.
func (t *envelopeTask) reachedNobody(claim string) bool {
	return slices.Contains(t.rec.Uninvited, claim)
}

// adopt takes over an inviting call that stands in the archive and that this ledger does
// not know: the ledger was lost, set back, or is not the only one.
func (t *envelopeTask) adopt(ctx context.Context, e *marks.TakenError) error {
	if t.suspects.add(t.rec.Campaign) {
		if err := t.ledger.Younger(detached(ctx), t.rec.Campaign); err != nil {
			t.tellLedger(ctx, err)
		}
	}
	t.log.WarnContext(ctx, "an invitation that this ledger does not know is settled", "campaign", t.rec.Campaign, "id", t.rec.ID, "provider", t.rec.Provider, "marked_at", e.Mark.At)
	stranger := e.Mark.Provider != t.rec.Provider
	wait := t.config.quiet(max(t.within(), time.Duration(e.Mark.Within)*time.Millisecond))
	if e.Standing.Sent || stranger {
		wait = 0
	}
	if err := t.claim.AdoptIntent(detached(ctx), e.Mark.Claim, e.Mark.Steps, wait); err != nil {
		return later(time.Second, err)
	}
	switch {
	case stranger: // this provider cannot tell
		return t.doubt(ctx)
	case e.Standing.Sent:
		return t.settle(ctx)
	}
	return later(wait, nil)
}

// foreign finds a mark of somebody else before anything is made at the provider, in
// campaigns where there are such marks.
func (t *envelopeTask) foreign(ctx context.Context) (*marks.TakenError, error) {
	if t.cfg.Marks == nil {
		return nil, nil
	}
	there, err := t.suspects.list(ctx, t.archive, t.rec.Campaign)
	if err != nil {
		return nil, err
	}
	s := there[t.rec.ID]
	if !s.MayBeSent() {
		return nil, nil
	}
	m, err := t.cfg.Marks.Read(ctx, t.rec.Campaign, t.rec.ID, s)
	if err != nil {
		return nil, err
	}
	return t.taken(m, s), nil
}

// lastMark is foreign for any campaign.
func (t *envelopeTask) lastMark(ctx context.Context) (*marks.TakenError, error) {
	if t.cfg.Marks == nil {
		return nil, nil
	}
	m, s, err := t.cfg.Marks.Last(ctx, t.rec.Campaign, t.rec.ID)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return t.taken(m, s), nil
}

// taken is nil for a last mark that is known to have invited nobody.
func (t *envelopeTask) taken(m marks.Mark, s marks.Standing) *marks.TakenError {
	if !s.MayBeSent() || !s.Sent && t.reachedNobody(m.Claim) {
		return nil
	}
	return &marks.TakenError{Mark: m, Standing: s}
}

// suspects are campaigns in which marks were found that the ledger does not know. Each is
// listed once in the life of a worker; what a list does not have yet is found by the mark.
type suspects struct {
	mu        sync.Mutex
	campaigns map[string]func() (marks.Campaign, error)
}

// add tells whether the campaign is new among them.
func (s *suspects) add(campaign string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.campaigns == nil {
		s.campaigns = map[string]func() (marks.Campaign, error){}
	}
	_, ok := s.campaigns[campaign]
	if !ok {
		s.campaigns[campaign] = nil
	}
	return !ok
}

func (s *suspects) has(campaign string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.campaigns[campaign]
	return ok
}

func (s *suspects) list(ctx context.Context, a archive.Archive, campaign string) (map[string]marks.Standing, error) {
	s.mu.Lock()
	list, suspect := s.campaigns[campaign]
	if suspect && list == nil {
		list = sync.OnceValues(func() (marks.Campaign, error) { return marks.List(detached(ctx), a, campaign, report.ManifestName) })
		s.campaigns[campaign] = list
	}
	s.mu.Unlock()
	if !suspect {
		return nil, nil
	}
	c, err := list()
	if err != nil {
		s.mu.Lock()
		s.campaigns[campaign] = nil // again
		s.mu.Unlock()
	}
	return c.Envelopes, err
}

// keepRefusal writes beside the mark that its call was refused.
func (t *envelopeTask) keepRefusal(ctx context.Context, why error) {
	if t.cfg.Marks == nil {
		return
	}
	if err := t.cfg.Marks.Refuse(detached(ctx), t.marked, providers.CodeOf(why)); err != nil {
		t.log.WarnContext(ctx, "a refusal is not in the archive", "campaign", t.rec.Campaign, "id", t.rec.ID, "provider", t.rec.Provider, "error", err)
	}
}

// sentBefore reads under which id an envelope's people were invited, as the archive says.
func (t *envelopeTask) sentBefore(ctx context.Context) (in ledger.Invited, known bool, err error) {
	if t.cfg.Marks == nil {
		return in, false, nil
	}
	s, err := t.cfg.Marks.Sent(ctx, t.rec.Campaign, t.rec.ID)
	if errors.Is(err, archive.ErrNotFound) {
		return in, false, nil
	}
	if err != nil {
		return in, false, fmt.Errorf("whether it was sent: %w", err)
	}
	if s.Provider != t.rec.Provider {
		return in, false, nil // adopt has left it to people
	}
	return ledger.Invited{EnvelopeID: s.EnvelopeID, Steps: s.Steps, SentAt: s.At}, true, nil
}
