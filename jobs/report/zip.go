package report

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/chancela/chancela/storage/archive"
)

// Zip is a zip file of what is taken out of the archive, written file by file.
type Zip struct {
	z    *zip.Writer
	made time.Time // of all files in it: without one they would be of no day at all
	list Index
}

// NewZip begins a zip file.
func NewZip(w io.Writer) *Zip { return &Zip{z: zip.NewWriter(w), made: time.Now()} }

// Place takes a file in, as [Download] hands it on.
func (z *Zip) Place(d Downloaded, f *os.File) error {
	z.list.Add(d)
	return z.put(d.Name, f)
}

func (z *Zip) put(name string, content io.Reader) error {
	out, err := z.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: z.made}) // PDF and JPEG are compressed
	if err == nil {
		_, err = io.Copy(out, content)
	}
	return err
}

// Close ends the file with the list of what is in it.
func (z *Zip) Close() error {
	return errors.Join(z.put("index.csv", strings.NewReader(z.list.String())), z.z.Close())
}

// WriteZip writes a zip file of what is taken out of the archive. What cannot be taken is named in a
// file missing.txt in it: by then it is too late for another answer. wrong is told why.
func WriteZip(ctx context.Context, w io.Writer, store archive.Archive, what Downloading, wrong func(key string, err error)) error {
	z := NewZip(w)
	var missing strings.Builder
	var broken error
	place := func(d Downloaded, f *os.File) error {
		if broken = z.Place(d, f); broken != nil {
			return broken
		}
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	err := Download(ctx, store, what, place, func(key string, err error) {
		if broken != nil { // nobody reads any more: the others need not be fetched
			stop()
			return
		}
		wrong(key, err)
		fmt.Fprintf(&missing, "%s: %s\n", key, why(err))
	})
	if err = errors.Join(broken, err); err != nil {
		return err
	}
	if missing.Len() > 0 {
		if err := z.put("missing.txt", strings.NewReader(missing.String())); err != nil {
			return err
		}
	}
	return z.Close()
}

// why says to whom reads a zip file what was wrong: errors may name folders and addresses of the
// server.
func why(err error) string {
	changed, isChanged := errors.AsType[*changedError](err)
	switch {
	case isChanged:
		return changed.Error()
	case errors.Is(err, archive.ErrNotFound):
		return "is not in the archive"
	case errors.Is(err, errManifest):
		return "cannot be read as a manifest: the files of this envelope were not taken"
	}
	return "could not be read at this moment: download it again"
}
