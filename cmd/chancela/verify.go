package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/pairing"
)

func newVerify(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:   "verify [CAMPAIGN]",
		Short: "Read the archive again, and check every manifest and hash",
		Long: `Verify reads every manifest of a campaign, or of the whole archive, and every file that it
vouches for, and compares sizes and SHA-256. It needs the archive alone; where
CHANCELA_REDIS_URL is set, it also looks whether every envelope that the ledger calls archived
has its manifest, with the same files. Each thing that is wrong is one line, and the exit
status is then 1; so it is when there is nothing to verify. What it could not check is
said, too: documents as they were sent, and files that no manifest vouches for. It writes
nothing, so the archive may be read-only.`,
		Example: `  chancela verify
  CHANCELA_ARCHIVE_URL=s3://contracts/2026 chancela verify june`,
		GroupID:           groupMain,
		Args:              arguments(0, 1),
		ValidArgsFunction: sys.completeCampaign,
		RunE: func(cmd *cobra.Command, args []string) error {
			campaign := ""
			if len(args) > 0 {
				campaign = args[0]
			}
			return sys.verify(cmd.Context(), campaign)
		},
	}
}

func (s *system) verify(ctx context.Context, campaign string) error {
	cfg, err := loadConfig(s.env)
	if err != nil {
		return err
	}
	if campaign != "" && !intake.ValidCampaign(campaign) {
		return usage("%q is not the name of a campaign", campaign)
	}
	store, err := storage.OpenToRead(ctx, cfg.ArchiveURL, cfg.s3())
	if err != nil {
		return usage("%sARCHIVE_URL: %w", prefix, err)
	}
	wrong := 0
	problem := func(key string, err error) {
		wrong++
		s.tell("problem", map[string]any{"key": key, "message": oneLine(err)}, lang.Of("%s: %v", key, err))
	}
	book, done, err := s.bookOf(ctx, cfg, store, campaign, problem)
	if err != nil {
		return err
	}
	defer done()
	v, err := report.Verify(ctx, store, book, campaign, problem)
	if err != nil {
		return err
	}
	if wrong == 0 && v.Envelopes == 0 && campaign != "" {
		return lang.Errorf("the archive %s holds nothing of a campaign %s", store, campaign)
	}
	if wrong == 0 && v.Envelopes == 0 && book == nil {
		return lang.Errorf("the archive %s holds no manifest: nothing was verified", store)
	}
	read := lang.Of("%v, %v, %v", count(v.Envelopes, "envelope"), count(v.Files, "file"), size(v.Bytes))
	text, status := lang.Of("%v: every hash is right", read), exitOK
	if wrong > 0 {
		text, status = lang.N(wrong, "%d thing wrong in %v", "%d things wrong in %v", read), exitError
	}
	parts := []lang.Text{text}
	for _, key := range v.Unvouched {
		s.tell("unvouched", map[string]any{"key": key}, lang.Of("not checked: %s: no manifest vouches for it", key))
	}
	if n := len(v.Unvouched); n > 0 {
		parts = append(parts, lang.Of("not checked: %v without a manifest, of envelopes that have not ended or put there by somebody else", count(n, "file")))
	}
	if v.Staged > 0 {
		parts = append(parts, lang.Of("not checked: %v as sent to be signed", count(v.Staged, "document")))
	}
	if book == nil {
		parts = append(parts, lang.Of("not compared with a ledger: whether something is missing was not looked at"))
	}
	s.come(map[string]any{"envelopes": v.Envelopes, "files": v.Files, "bytes": v.Bytes, "wrong": wrong,
		"unvouched": len(v.Unvouched), "staged": v.Staged, "marks": v.Marks, "compared": book != nil}, lang.Join(parts, "\n"))
	return quietly(status)
}

// bookOf is the ledger that an archive is compared with; nil without a Redis, and where only the
// archive knows the campaign. An id of the archive that is garbled is a problem, and all else is verified.
func (s *system) bookOf(ctx context.Context, cfg *config, store archive.Archive, campaign string, problem func(key string, err error)) (*ledger.Ledger, func(), error) {
	if cfg.RedisURL == "" {
		_, err := pairing.ID(ctx, store)
		if garbled, is := errors.AsType[*pairing.GarbledError](err); is {
			problem(pairing.Key, garbled)
			err = nil
		}
		return nil, func() {}, err
	}
	e := &engine{cfg: cfg, log: s.logger(slog.LevelWarn)}
	if err := e.connect(ctx); err != nil {
		e.Close()
		return nil, nil, err
	}
	err := pairing.Check(ctx, e.redis, store)
	if garbled, is := errors.AsType[*pairing.GarbledError](err); is {
		problem(pairing.Key, garbled)
	} else if _, other := errors.AsType[*pairing.OtherError](err); err != nil && !other {
		e.Close()
		return nil, nil, err
	} else if other {
		e.log.Warn("this Redis was used with another archive: what it calls archived may be there", "archive", store.String())
	}
	book := ledger.New(e.redis, ledger.NotDurable)
	if _, err := book.Campaign(ctx, campaign); campaign != "" && errors.Is(err, ledger.ErrNotFound) {
		book = nil
	}
	return book, e.Close, nil
}

// size is a size for people.
func size(n int64) lang.Text {
	const unit = 1000
	if n < unit {
		return count(int(n), "byte")
	}
	f, names := float64(n)/unit, "kMGT"
	for f >= unit && len(names) > 1 {
		f, names = f/unit, names[1:]
	}
	return lang.Of("%.1f %cB", f, names[0])
}
