package jobs

import (
	"context"
	"errors"
	"fmt"
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
// report; the error is only for what kept it from looking. With a ledger, envelopes that it calls
// archived and that have no manifest are wrong, too.
func Verify(ctx context.Context, store archive.Archive, book *ledger.Ledger, campaign string, report func(key string, err error)) (Verification, error) {
	var v Verification
	prefix := ""
	if campaign != "" {
		prefix = campaign + "/"
	}
	seen := map[string]bool{}
	for o, err := range store.List(ctx, prefix) {
		if err != nil {
			return v, fmt.Errorf("listing the archive: %w", err)
		}
		folder, ok := strings.CutSuffix(o.Key, "/"+ManifestName)
		if !ok || strings.Count(folder, "/") != 1 {
			continue
		}
		seen[folder] = true
		v.Envelopes++
		m, err := readManifest(ctx, store, o.Key)
		if err != nil {
			if ctx.Err() != nil {
				return v, ctx.Err()
			}
			report(o.Key, err)
			continue
		}
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

func missing(ctx context.Context, book *ledger.Ledger, campaign string, seen map[string]bool, report func(string, error)) error {
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
			if !seen[r.Key()] {
				report(archive.EnvelopeKey(r.Campaign, r.ID, ManifestName), errors.New("the ledger calls the envelope archived, and its manifest is missing"))
			}
		}
	}
	return nil
}
