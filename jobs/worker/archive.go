package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
)

// renewBefore is how long before its end a download address is no longer used.
const renewBefore = time.Minute

// archiveAll archives a completed envelope: every artifact, then the manifest. One that is not there keeps
// no other from being fetched: it may be gone for good, and the others, too, some day.
func (t *envelopeTask) archiveAll(ctx context.Context) error {
	ctx, _, cancel := untilStop(ctx, t.stopping)
	defer cancel()
	if wait, err := t.admitArchive(ctx); err != nil || wait > 0 {
		return t.release(ctx, t.claim, later(wait, err))
	}
	again := t.rec.Fetching || len(t.rec.Listed) > 0
	listed, err := t.list(ctx)
	if err != nil {
		return t.recordFailure(ctx, err)
	}
	filed, err := report.Archived(t.rec)
	if err != nil {
		return t.recordFailure(ctx, err)
	}
	place, err := t.places(listed, filed)
	if err != nil {
		return t.recordFailure(ctx, err)
	}
	var missing missingFiles
	for i := range listed {
		if place[i] != nil {
			continue
		}
		f, err := t.fetch(ctx, listed, i, again)
		if providers.KindOf(err) == providers.NotFound {
			missing.add(artifactName(listed, i), err)
			if comesLater(err) && !named(listed) {
				break // with a new list others may have this one's number
			}
			continue
		} else if err != nil {
			return t.recordFailure(ctx, err)
		}
		place[i] = &f
		filed = inPlace(place)
		t.found.filed = filed
		if t.cfg.Hooks.Archived != nil {
			t.cfg.Hooks.Archived(t.rec.Provider, f.Kind, f.Size)
		}
	}
	if err := missing.err(filed); err != nil {
		return t.recordFailure(ctx, err)
	}
	return t.archived(ctx, filed)
}

// places are the archived files by their place in the list; nil where one is not archived yet. What is archived keeps
// its name, so that a list in which it has another one is an error.
func (t *envelopeTask) places(listed []providers.Artifact, filed []report.ArchivedArtifact) ([]*report.ArchivedArtifact, error) {
	place := make([]*report.ArchivedArtifact, len(listed))
	paths := make([]string, len(listed))
	for i := range listed {
		paths[i] = t.path(listed, i)
	}
	for k := range filed {
		f := &filed[k]
		i := slices.Index(paths, f.Path)
		if i < 0 || listed[i].Kind != f.Kind || f.ID != "" && listed[i].ID != f.ID {
			return nil, &providers.Error{Kind: providers.Transient, Provider: t.rec.Provider, Code: codeArtifactsChanged}
		}
		place[i] = f
	}
	return place, nil
}

func inPlace(place []*report.ArchivedArtifact) (filed []report.ArchivedArtifact) {
	for _, f := range place {
		if f != nil {
			filed = append(filed, *f)
		}
	}
	return filed
}

// codeArtifactsChanged: a provider lists other files than it did, or in another order.
const codeArtifactsChanged = "artifacts_changed"

// missingFiles are those that the provider has listed and does not give.
type missingFiles struct {
	names []string
	cause error
}

// add notes one. Where others may come later, they decide what comes next: what is gone for good is
// said when nothing more can be waited for.
func (m *missingFiles) add(name string, err error) {
	if later := comesLater(err); m.cause == nil || later && !comesLater(m.cause) {
		m.names, m.cause = nil, err
	} else if later != comesLater(m.cause) {
		return
	}
	m.names = append(m.names, name)
}

// comesLater tells whether a file that is not there may be asked for again.
func comesLater(err error) bool {
	code := providers.CodeOf(err)
	return code == providers.CodeNotReady || code == providers.CodeAddressExpired
}

// err names what is missing, once, and what is not; nil when nothing is.
func (m *missingFiles) err(filed []report.ArchivedArtifact) error {
	if m.cause == nil || len(filed) == 0 {
		return m.cause
	}
	have := make([]string, len(filed))
	for i, f := range filed {
		have[i] = path.Base(f.Path)
	}
	return fmt.Errorf("%s cannot be had, %s archived: %w", strings.Join(m.names, ", "), strings.Join(have, ", "), m.cause)
}

// found is what archiving has found out, and nobody has recorded: the list of files, and those
// that are archived, in its order. It is recorded with a failure. If the worker dies, the list is
// asked for again and the files are found in the archive and read back.
type found struct {
	listed []providers.Artifact
	filed  []report.ArchivedArtifact
}

// addFound records, with the next change of the claim, what was found.
func (t *envelopeTask) addFound() {
	if t.found.listed != nil {
		if b, err := json.Marshal(t.found.listed); err == nil {
			t.claim.AddListed(b)
		}
	}
	if t.found.filed != nil {
		if b, err := json.Marshal(t.found.filed); err == nil {
			t.claim.AddArtifacts(b)
		}
	}
	t.found = found{}
}

// path is where the archive keeps an artifact.
func (t *envelopeTask) path(listed []providers.Artifact, i int) string {
	return archive.EnvelopeKey(t.rec.Campaign, t.rec.ID, artifactName(listed, i))
}

// list gives the artifacts to fetch, from the ledger while their addresses live.
func (t *envelopeTask) list(ctx context.Context) ([]providers.Artifact, error) {
	var listed []providers.Artifact
	if len(t.rec.Listed) > 0 {
		if err := json.Unmarshal(t.rec.Listed, &listed); err != nil {
			return nil, fmt.Errorf("the ledger's artifacts of %s: %w", t.rec.Key(), err)
		}
		fresh := true
		for _, a := range listed {
			fresh = fresh && (a.Expires.IsZero() || a.Expires.After(t.claim.At.Add(renewBefore)))
		}
		if fresh {
			return listed, nil
		}
	}
	renewed, err := t.config.Provider.Artifacts(ctx, t.ref())
	if err != nil {
		return nil, err
	}
	if len(renewed) == 0 {
		return nil, &providers.Error{Kind: providers.Transient, Provider: t.rec.Provider, Code: providers.CodeNotReady}
	}
	if len(listed) > 0 && !sameFiles(listed, renewed) {
		// What is archived already keeps its place, so the list must not change under it.
		return nil, &providers.Error{Kind: providers.Transient, Provider: t.rec.Provider, Code: codeArtifactsChanged}
	}
	if named(renewed) {
		t.found.listed = renewed
		return renewed, nil
	}
	b, err := json.Marshal(renewed)
	if err != nil {
		return nil, err
	}
	return renewed, t.claim.RecordListed(detached(ctx), b)
}

// named tells whether the kinds of files name them in the archive, whatever their order. Where
// there are several of a kind the list is recorded before the first of them is archived.
func named(listed []providers.Artifact) bool {
	kinds := map[providers.Kind]bool{}
	for _, a := range listed {
		if kinds[a.Kind] {
			return false
		}
		kinds[a.Kind] = true
	}
	return true
}

func sameFiles(a, b []providers.Artifact) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Kind != b[i].Kind || a[i].ID != b[i].ID {
			return false
		}
	}
	return true
}

// fetch streams one artifact into the archive. again tells that an earlier attempt may
// have archived it already: content under its key is then ours, whole and checked, and
// is not fetched anew (some providers make the file anew for every download).
func (t *envelopeTask) fetch(ctx context.Context, listed []providers.Artifact, i int, again bool) (report.ArchivedArtifact, error) {
	a := listed[i]
	key := t.path(listed, i)
	if again {
		o, err := archive.Measure(ctx, t.archive, key)
		if err == nil {
			return t.filed(a, key, o), nil
		}
		if !errors.Is(err, archive.ErrNotFound) {
			return report.ArchivedArtifact{}, err
		}
	}
	body, err := t.config.Provider.Open(ctx, t.ref(), a)
	if err != nil {
		return report.ArchivedArtifact{}, err
	}
	defer body.Close()
	o, err := t.archive.Put(ctx, key, body, a.ContentType, archive.CheckFor(a.ContentType))
	if err != nil {
		return report.ArchivedArtifact{}, fmt.Errorf("archiving %s: %w", a.Kind, err)
	}
	t.archiveWell(ctx)
	return t.filed(a, key, o), nil
}

func (t *envelopeTask) filed(a providers.Artifact, key string, o archive.Object) report.ArchivedArtifact {
	return report.ArchivedArtifact{Artifact: report.Artifact{Kind: a.Kind, Key: t.archive.Locate(key), SHA256: o.SHA256, Size: o.Size, ContentType: a.ContentType},
		Source: a.Source, ID: a.ID, Path: key}
}

// artifactName is KIND.EXT, or KIND-N.EXT where there are several of the kind.
func artifactName(listed []providers.Artifact, i int) string {
	n, of := 0, 0
	for j, a := range listed {
		if a.Kind == listed[i].Kind {
			of++
			if j <= i {
				n++
			}
		}
	}
	name := string(listed[i].Kind)
	if of > 1 {
		name += fmt.Sprintf("-%d", n)
	}
	return name + archive.Ending(listed[i].ContentType)
}

// stillThere looks at every file once more: a manifest never vouches for one that has
// gone since an earlier attempt archived it. It returns those that have not: with
// archive.ErrNotKept, the others can be fetched again. One that is another file now is
// archive.ErrConflict, because nothing in an archive is ever replaced.
func stillThere(ctx context.Context, store archive.Archive, filed []report.ArchivedArtifact) (there []report.ArchivedArtifact, err error) {
	var gone []string
	for _, f := range filed {
		switch o, err := store.Stat(ctx, f.Path); {
		case errors.Is(err, archive.ErrNotFound):
			gone = append(gone, f.Path)
			continue
		case err != nil:
			return filed, err
		case o.Size != f.Size || o.SHA256 != "" && o.SHA256 != f.SHA256:
			return filed, fmt.Errorf("%w: %s is not the file that was archived: take it away, then retry", archive.ErrConflict, f.Path)
		}
		there = append(there, f)
	}
	if len(gone) > 0 {
		return there, fmt.Errorf("%w: gone, and fetched again: %s", archive.ErrNotKept, strings.Join(gone, ", "))
	}
	return there, nil
}

// archived writes the manifest and ends the envelope's life.
func (t *envelopeTask) archived(ctx context.Context, filed []report.ArchivedArtifact) error {
	now := t.claim.Now()
	done := *t.rec
	done.State, done.ArchivedAt = ledger.Archived, now.Truncate(time.Millisecond) // as the ledger keeps it: report and manifest say the same
	done.ErrorCode, done.ErrorMessage, done.Explanation = "", "", ""
	done.Simulated = done.Simulated || t.config.Provider.Info().Simulated // the manifest says so for ever
	b, err := report.Kept(filed)
	if err != nil {
		return t.recordFailure(ctx, err)
	}
	rep, err := report.OfFiled(&done, filed)
	if err != nil {
		return t.recordFailure(ctx, err)
	}
	if there, err := stillThere(ctx, t.archive, filed); err != nil {
		if t.found.filed = there; there == nil {
			t.found.filed = []report.ArchivedArtifact{}
		}
		return t.recordFailure(ctx, err)
	}
	m := report.Manifest{Version: 1, Report: rep, Digest: t.rec.Digest, Artifacts: filed, Final: t.rec.Final, Evidence: t.rec.Evidence}
	if err := m.Write(ctx, t.archive); err != nil {
		return t.recordFailure(ctx, err)
	}
	t.ids.drop(providers.Key{Campaign: t.rec.Campaign, ID: t.rec.ID})
	from := t.rec.State
	if err := t.claim.Archive(detached(ctx), now, b, done.Simulated); err != nil {
		return later(time.Second, err)
	}
	t.accepted(ctx)
	t.archiveWell(ctx)
	t.note(ctx, t.rec, from)
	return nil
}

// renew gives an envelope that waits for the archive new download addresses before the
// old ones die.
func (w *Worker) renew(ctx context.Context, t *asynq.Task) error {
	p, err := queue.Decode(t)
	if err != nil {
		return err
	}
	r, err := w.ledger.Get(ctx, p.Key)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	if err != nil {
		return later(2*time.Second, err)
	}
	config, ok := w.configs[r.Provider]
	if !ok || r.State != ledger.Completed || len(r.Listed) == 0 {
		return nil
	}
	admitted, _, err := w.ledger.Admit(ctx, r.Provider)
	if err != nil {
		return later(2*time.Second, err)
	}
	if admitted == ledger.Refused {
		return nil // asked for when the key is accepted again
	}
	listed, err := config.Provider.Artifacts(ctx, providers.Ref{Key: providers.Key{Campaign: r.Campaign, ID: r.ID}, ID: r.EnvelopeID, Steps: r.Steps})
	w.answered(ctx, r.Provider, admitted, err)
	if err != nil {
		return nil // the archive handler meets the same trouble, and counts it
	}
	var old []providers.Artifact
	if err := json.Unmarshal(r.Listed, &old); err != nil || !sameFiles(old, listed) {
		return nil
	}
	b, err := json.Marshal(listed)
	if err != nil {
		return nil
	}
	if err := w.ledger.RenewListed(ctx, r, b); err != nil && !errors.Is(err, ledger.ErrLost) {
		return later(2*time.Second, err)
	}
	return nil
}
