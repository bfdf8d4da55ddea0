package report

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs/formula"
	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/storage/archive"
)

// indexHead are the columns of a list of archived files.
var indexHead = []string{"id", "kind", "file", "size", "sha256"}

// Index lists files that were taken out of the archive.
type Index struct{ Rows [][]string }

// Add lists a file.
func (x *Index) Add(d Downloaded) {
	x.Rows = append(x.Rows, []string{d.ID, string(d.Kind), d.Name, strconv.FormatInt(d.Size, 10), d.SHA256})
}

// String is the list as CSV.
func (x *Index) String() string {
	var b strings.Builder
	out := newIndexWriter(&b, indexHead)
	for _, row := range x.Rows {
		_ = out.write(row)
	}
	out.Flush()
	return b.String()
}

// indexWriter writes a list as CSV in which a spreadsheet runs nothing.
type indexWriter struct{ *csv.Writer }

func newIndexWriter(w io.Writer, head []string) indexWriter {
	_, _ = io.WriteString(w, "\ufeff") // csv.Writer meets the same error
	out := indexWriter{csv.NewWriter(w)}
	_ = out.Write(head)
	return out
}

func (w indexWriter) write(row []string) error {
	safe := make([]string, len(row))
	for i, cell := range row {
		safe[i] = formula.Defuse(cell)
	}
	return w.Write(safe)
}

// ReadIndex reads the rows of a list below its head.
func ReadIndex(in io.Reader) ([][]string, error) {
	rows, err := csv.NewReader(in).ReadAll()
	for _, row := range rows {
		for i := range row {
			row[i] = formula.Restore(row[i])
		}
	}
	return rows, err
}

// isIndex tells the key of a campaign's list of archived files.
func isIndex(key string) bool {
	return path.Base(key) == archive.Index && strings.Count(key, "/") == 1
}

// manifestsAtOnce is how many manifests are read at a time for a list.
const manifestsAtOnce = 16

// WriteIndex makes the list of a campaign's archived files, from their manifests. It is for people, and can be
// made anew at any time: no program believes it. A manifest that cannot be read as one is
// left out, and broken is told. It holds no more than a few manifests in memory.
func WriteIndex(ctx context.Context, store archive.Archive, campaign string, broken func(key string, err error)) error {
	from, to := io.Pipe()
	made := make(chan struct{})
	go func() {
		defer close(made)
		to.CloseWithError(guard.Panics(func() error { return writeIndex(ctx, to, store, campaign, broken) })())
	}()
	_, err := store.Replace(ctx, campaign+"/"+archive.Index, from, "text/csv")
	from.CloseWithError(err) // whoever writes ends
	<-made
	return err
}

func writeIndex(ctx context.Context, w io.Writer, store archive.Archive, campaign string, broken func(key string, err error)) error {
	out := newIndexWriter(w, append(indexHead, "key", "archived_at"))
	var keys []string
	for o, err := range store.List(ctx, campaign+"/") {
		if err != nil {
			return err
		}
		if !isManifest(o.Key) {
			continue
		}
		if keys = append(keys, o.Key); len(keys) == manifestsAtOnce {
			if err := writeManifests(ctx, out, store, keys, broken); err != nil {
				return err
			}
			keys = keys[:0]
		}
	}
	if err := writeManifests(ctx, out, store, keys, broken); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// writeManifests lists the files of some manifests.
func writeManifests(ctx context.Context, out indexWriter, store archive.Archive, keys []string, broken func(key string, err error)) error {
	read, failed := make([]Manifest, len(keys)), make([]error, len(keys))
	var g errgroup.Group
	for i, key := range keys {
		g.Go(guard.Panics(func() error {
			read[i], failed[i] = readManifest(ctx, store, key)
			return nil
		}))
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, m := range read {
		switch {
		case errors.Is(failed[i], errManifest), errors.Is(failed[i], archive.ErrNotFound):
			broken(keys[i], failed[i])
			continue
		case failed[i] != nil:
			return fmt.Errorf("reading %s: %w", keys[i], failed[i])
		}
		folder, _ := path.Split(keys[i])
		id := path.Base(folder)
		at := ""
		if m.Report.ArchivedAt != nil {
			at = m.Report.ArchivedAt.UTC().Format(time.RFC3339)
		}
		for _, a := range m.Artifacts {
			row := []string{id, string(a.Kind), id + "/" + path.Base(a.Path), strconv.FormatInt(a.Size, 10), a.SHA256, store.Locate(a.Path), at}
			if err := out.write(row); err != nil {
				return err
			}
		}
	}
	return nil
}
