package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
)

// Downloading is what is taken out of the archive.
type Downloading struct {
	Campaign string
	Kinds    []providers.Kind // none: all
	Name     Name             // of each file; the zero value: as the archive has it, ID/KIND.EXT
}

// Downloaded is one file that was taken out.
type Downloaded struct {
	ID     string
	Kind   providers.Kind
	Name   string // below the folder, with slashes
	SHA256 string
	Size   int64

	Numbered bool // its name would be another's, too
}

// Download takes a campaign's archived files out. Each is read into a temporary file, compared with
// the size and hash that its manifest has, and only then handed on to place, at its beginning. wrong
// is told of a file that cannot be had or is not what its manifest says; the others go on.
func Download(ctx context.Context, store archive.Archive, what Downloading, place func(Downloaded, *os.File) error, wrong func(key string, err error)) error {
	taken := newTaken()
	for o, err := range store.List(ctx, what.Campaign+"/") {
		if err != nil {
			return err
		}
		if !isManifest(o.Key) {
			continue
		}
		m, err := readManifest(ctx, store, o.Key)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			wrong(o.Key, err)
			continue
		}
		for _, a := range m.Artifacts {
			if !what.takes(a) {
				continue
			}
			name := what.Name.of(m.Report, a)
			file := Downloaded{ID: m.Report.ID, Kind: a.Kind, Name: taken.free(name), SHA256: a.SHA256, Size: a.Size}
			file.Numbered = file.Name != name
			switch err := fetch(ctx, store, a, file, place); {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				wrong(a.Path, err)
			}
		}
	}
	return nil
}

func (d Downloading) takes(a ArchivedArtifact) bool {
	return len(d.Kinds) == 0 || slices.Contains(d.Kinds, a.Kind)
}

func isManifest(key string) bool {
	return path.Base(key) == ManifestName && strings.Count(key, "/") == 2
}

// Holds tells whether an archive has anything of a campaign, and whether any of it would be
// taken. A manifest that cannot be read counts: [Download] says what is wrong with it.
func Holds(ctx context.Context, store archive.Archive, what Downloading) (known, files bool, err error) {
	for o, err := range store.List(ctx, what.Campaign+"/") {
		if err != nil {
			return known, false, err
		}
		if !isManifest(o.Key) {
			continue
		}
		known = true
		m, err := readManifest(ctx, store, o.Key)
		if ctx.Err() != nil {
			return known, false, ctx.Err()
		}
		if err != nil || slices.ContainsFunc(m.Artifacts, what.takes) {
			return known, true, nil
		}
	}
	return known, false, nil
}

// maxSearched is how many keys [SomeCampaigns] reads at most.
const maxSearched = 10_000

// SomeCampaigns are the first campaigns of an archive that has manifests of them: at most so many,
// and only those among its first keys.
func SomeCampaigns(ctx context.Context, store archive.Archive, most int) ([]string, error) {
	var names []string
	searched := 0
	for o, err := range store.List(ctx, "") {
		if err != nil {
			return names, err
		}
		if searched++; searched > maxSearched || len(names) == most {
			break
		}
		name, _, _ := strings.Cut(o.Key, "/")
		if isManifest(o.Key) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// fetch reads a file and judges it.
func fetch(ctx context.Context, store archive.Archive, a ArchivedArtifact, file Downloaded, place func(Downloaded, *os.File) error) error {
	in, _, err := store.Open(ctx, a.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	temporary, err := os.CreateTemp("", "chancela-download-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	defer temporary.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(temporary, h), in)
	if err != nil {
		return err
	}
	if sum := hex.EncodeToString(h.Sum(nil)); sum != a.SHA256 || n != a.Size {
		return &changedError{n, sum, a}
	}
	if _, err := temporary.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return place(file, temporary)
}

// changedError says that a file is not what its manifest says.
type changedError struct {
	size   int64
	sha256 string
	want   ArchivedArtifact
}

func (e *changedError) Error() string {
	return fmt.Sprintf("has %d bytes with SHA-256 %s, the manifest says %d with %s: it was not taken", e.size, e.sha256, e.want.Size, e.want.SHA256)
}

var errPattern = lang.Errorf("a name is made of text and {id}, {kind}, {subject}, {provider}, {campaign}, {signerN.name}, {signerN.email} and {meta.NAME}")
