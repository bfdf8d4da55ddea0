package jobs

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"

	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
)

// Verification is what Verify has found.
type Verification struct {
	Envelopes int
	Files     int
	Bytes     int64
}

// Verify re-reads the archive of a campaign, or of all when the name is empty: every
// manifest and every file that it vouches for. Each thing that is wrong is given to
// report; the error is only for what kept it from looking. With a ledger, envelopes that it
// calls archived and whose manifest is missing, or vouches for other files, are wrong, too.
func Verify(ctx context.Context, store archive.Archive, book *ledger.Ledger, campaign string, report func(key string, err error)) (Verification, error) {
	var v Verification
	prefix := ""
	if campaign != "" {
		prefix = campaign + "/"
	}
	seen := map[string]uint64{} // what each manifest vouches for
	for o, err := range store.List(ctx, prefix) {
		if err != nil {
			return v, fmt.Errorf("listing the archive: %w", err)
		}
		folder, ok := strings.CutSuffix(o.Key, "/"+ManifestName)
		if !ok || strings.Count(folder, "/") != 1 {
			continue
		}
		seen[folder] = 0
		v.Envelopes++
		m, err := readManifest(ctx, store, o.Key)
		if err != nil {
			if ctx.Err() != nil {
				return v, ctx.Err()
			}
			report(o.Key, err)
			continue
		}
		seen[folder] = vouched(m.Artifacts)
		for _, f := range m.Artifacts {
			have, err := archive.Measure(ctx, store, f.Path)
			switch {
			case ctx.Err() != nil:
				return v, ctx.Err()
			case err != nil:
				report(f.Path, err)
			case have.SHA256 != f.SHA256 || have.Size != f.Size:
				report(f.Path, fmt.Errorf("has %d bytes with SHA-256 %s, the manifest says %d with %s", have.Size, have.SHA256, f.Size, f.SHA256))
			}
			v.Files++
			v.Bytes += have.Size
		}
	}
	if book == nil {
		return v, nil
	}
	return v, missing(ctx, book, campaign, seen, report)
}

var vouchedSeed = maphash.MakeSeed()

// vouched is a short form of which files are vouched for, with their hashes; never 0.
func vouched(filed []Filed) uint64 {
	var h maphash.Hash
	h.SetSeed(vouchedSeed)
	for _, f := range filed {
		fmt.Fprintf(&h, "%s\n%s\n%d\n", f.Path, f.SHA256, f.Size)
	}
	return h.Sum64() | 1
}

func missing(ctx context.Context, book *ledger.Ledger, campaign string, seen map[string]uint64, report func(string, error)) error {
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
			key := archive.EnvelopeKey(r.Campaign, r.ID, ManifestName)
			have, ok := seen[r.Key()]
			if !ok {
				report(key, errors.New("the ledger calls the envelope archived, and its manifest is missing"))
				continue
			}
			filed, err := filedOf(r)
			if err != nil {
				return err
			}
			if have != 0 && len(filed) > 0 && have != vouched(filed) { // 0: reported already
				report(key, errors.New("it does not vouch for the files that the ledger has as archived"))
			}
		}
	}
	return nil
}
