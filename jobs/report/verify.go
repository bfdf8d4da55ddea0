package report

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"path"
	"slices"
	"strings"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/marks"
)

// Verification is what Verify has found.
type Verification struct {
	Envelopes int
	Files     int
	Bytes     int64

	// What was not read, because there is nothing to compare it with.
	Staged    int      // documents that were to be signed
	Marks     int      // of invitations
	Unvouched []string // keys of files that no manifest vouches for: of envelopes that have not ended, or somebody else's
}

// Verify re-reads the archive of a campaign, or of all when the name is empty: every
// manifest and every file that it vouches for. Each thing that is wrong is given to
// report; the error is only for what kept it from looking. With a ledger, envelopes that it
// calls archived and whose manifest is missing, or vouches for other files, are wrong, too.
func Verify(ctx context.Context, store archive.Archive, book *ledger.Ledger, campaign string, report func(key string, err error)) (Verification, error) {
	v := verifying{store: store, report: report, seen: map[string]uint64{}}
	prefix := ""
	if campaign != "" {
		prefix = campaign + "/"
	}
	for o, err := range store.List(ctx, prefix) {
		if err != nil {
			return v.Verification, fmt.Errorf("listing the archive: %w", err)
		}
		if err := v.take(ctx, o.Key); err != nil {
			return v.Verification, err
		}
	}
	v.leave()
	if book == nil {
		return v.Verification, nil
	}
	err := v.compare(ctx, book, campaign)
	return v.Verification, err
}

type verifying struct {
	Verification
	store  archive.Archive
	report func(key string, err error)
	seen   map[string]uint64 // what each manifest vouches for

	folder  string // of the envelope whose keys are being listed
	files   []string
	vouched map[string]bool
}

// take looks at the next key. Those of an envelope stand together.
func (v *verifying) take(ctx context.Context, key string) error {
	if strings.HasPrefix(key, archive.Documents+"/") {
		v.Staged++
		return nil
	}
	if strings.HasPrefix(key, archive.Own+"/") || isIndex(key) {
		return nil
	}
	folder, name := path.Split(key)
	if folder != v.folder {
		v.leave()
		v.folder = folder
	}
	if marks.IsMark(name) && strings.Count(folder, "/") == 2 {
		v.Marks++ // of who was invited, whatever has become of it
		return nil
	}
	if sum, ok := evidenceHash(name); ok && strings.Count(folder, "/") == 2 {
		return v.evidence(ctx, key, sum)
	}
	if sum, ok := marks.CanceledHash(key); ok {
		return v.evidence(ctx, key, sum)
	}
	if name != ManifestName || strings.Count(folder, "/") != 2 {
		v.files = append(v.files, key)
		return nil
	}
	return v.manifest(ctx, key)
}

// evidence reads a file whose name vouches for it: evidence, or a list of what was canceled.
func (v *verifying) evidence(ctx context.Context, key, sum string) error {
	have, err := archive.Measure(ctx, v.store, key)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		v.report(key, err)
	case have.SHA256 != sum:
		v.report(key, fmt.Errorf("has SHA-256 %s, and its name says another", have.SHA256))
	}
	v.Files++
	v.Bytes += have.Size
	return nil
}

// leave ends an envelope's folder.
func (v *verifying) leave() {
	for _, key := range v.files {
		if !v.vouched[key] {
			v.Unvouched = append(v.Unvouched, key)
		}
	}
	v.files, v.vouched = nil, nil
}

// manifest reads every file that a manifest vouches for.
func (v *verifying) manifest(ctx context.Context, key string) error {
	envelope := strings.TrimSuffix(key, "/"+ManifestName)
	v.seen[envelope] = 0
	v.Envelopes++
	m, err := readManifest(ctx, v.store, key)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		v.report(key, err)
		return nil
	}
	v.seen[envelope] = vouched(m.Artifacts)
	v.vouched = make(map[string]bool, len(m.Artifacts))
	for _, f := range m.Artifacts {
		v.vouched[f.Path] = true
		have, err := archive.Measure(ctx, v.store, f.Path)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			v.report(f.Path, err)
		case have.SHA256 != f.SHA256 || have.Size != f.Size:
			v.report(f.Path, fmt.Errorf("has %d bytes with SHA-256 %s, the manifest says %d with %s", have.Size, have.SHA256, f.Size, f.SHA256))
		}
		v.Files++
		v.Bytes += have.Size
	}
	return nil
}

var vouchedSeed = maphash.MakeSeed()

// vouched is a short form of which files are vouched for, with their hashes; never 0.
func vouched(filed []ArchivedArtifact) uint64 {
	var h maphash.Hash
	h.SetSeed(vouchedSeed)
	for _, f := range filed {
		fmt.Fprintf(&h, "%s\n%s\n%d\n", f.Path, f.SHA256, f.Size)
	}
	return h.Sum64() | 1
}

// compare looks for what the ledger calls archived, of a campaign or of all. The archive was listed before: what
// differs is looked at again before it is called wrong, as envelopes are archived meanwhile.
func (v *verifying) compare(ctx context.Context, book *ledger.Ledger, campaign string) error {
	campaigns := []string{campaign}
	if campaign == "" {
		var err error
		if campaigns, err = book.Campaigns(ctx); err != nil {
			return err
		}
	}
	for _, c := range campaigns {
		for r, err := range book.All(ctx, c, ledger.Archived) {
			if err != nil {
				return err
			}
			if err := v.compareOne(ctx, book, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *verifying) compareOne(ctx context.Context, book *ledger.Ledger, r *ledger.Record) error {
	key := archive.EnvelopeKey(r.Campaign, r.ID, ManifestName)
	if _, ok := v.seen[r.Key()]; !ok {
		if there, err := v.later(ctx, key); err != nil || !there {
			return err
		}
	}
	same, err := v.same(r)
	if err != nil || same {
		return err
	}
	if r, err = book.Get(ctx, r.Key()); err == nil { // its page was read in two trips
		same, err = v.same(r)
	}
	if err == nil && !same {
		v.report(key, errors.New("it does not vouch for the files that the ledger has as archived"))
	}
	return err
}

// later reads a manifest that the listing has not found; false when it is not there, or nobody can tell.
func (v *verifying) later(ctx context.Context, key string) (bool, error) {
	_, err := v.store.Stat(ctx, key)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, archive.ErrNotFound):
		v.report(key, errors.New("the ledger calls the envelope archived, and its manifest is missing"))
		return false, nil
	case err != nil:
		v.report(key, err)
		return false, nil
	}
	if err := v.manifest(ctx, key); err != nil {
		return false, err
	}
	v.Unvouched = slices.DeleteFunc(v.Unvouched, func(key string) bool { return v.vouched[key] })
	return true, nil
}

// same tells whether the files that the ledger has as archived are those that the manifest vouches for.
func (v *verifying) same(r *ledger.Record) (bool, error) {
	filed, err := Archived(r)
	have := v.seen[r.Key()]
	return have == 0 || len(filed) == 0 || have == vouched(filed), err // 0: reported already
}
