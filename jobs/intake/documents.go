package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/chancela/chancela/jobs/intake/filetype"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/source"
)

// Documents are all files of an envelope, identity images included.
func Documents(e *providers.Envelope) []File {
	var out []File
	for i := range e.Documents {
		out = append(out, File{"document", false, &e.Documents[i]})
	}
	for i := range e.Signers {
		if d := e.Signers[i].IDFront; d != nil {
			out = append(out, File{fmt.Sprintf("signer%d.id_front", i+1), true, d})
		}
		if d := e.Signers[i].IDBack; d != nil {
			out = append(out, File{fmt.Sprintf("signer%d.id_back", i+1), true, d})
		}
	}
	return out
}

// File is a document of an envelope, with the CSV column that it came from.
type File struct {
	Column string
	Image  bool // of an identity paper
	*providers.Document
}

// isHash tells whether s is a SHA-256 in lower-case hex.
func isHash(s string) bool {
	if len(s) != hex.EncodedLen(sha256.Size) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Measure reads a document once, for its hash, size and type. A document that has them
// already is left alone. Sources opens s3:// addresses; nil: they are refused.
func Measure(ctx context.Context, d *providers.Document, sources source.Open) error {
	if d.SHA256 != "" {
		return nil
	}
	if d.Open == nil {
		if !strings.HasPrefix(d.Source, "s3://") || sources == nil {
			return lang.Errorf("no content was given")
		}
		name := d.Source
		d.Open = func(ctx context.Context) (io.ReadCloser, error) { return sources(ctx, name) }
	}
	if d.Name == "" {
		d.Name = path.Base(d.Source)
	}
	r, err := d.Open(ctx)
	if err != nil {
		return err
	}
	if r == nil {
		return lang.Errorf("no content was given")
	}
	defer r.Close()
	hash, kind := sha256.New(), filetype.New(d.Name)
	buffer := buffers.Get().(*[copied]byte)
	defer buffers.Put(buffer)
	size, err := io.CopyBuffer(io.MultiWriter(hash, kind), untilDone{ctx, r}, buffer[:])
	if err != nil {
		return err
	}
	mime, err := kind.Type()
	if err != nil {
		return err
	}
	d.SHA256, d.Size, d.Type = hex.EncodeToString(hash.Sum(nil)), size, mime
	return nil
}

// copied is how much of a document is read at once.
const copied = 32 << 10

// buffers are for documents that are measured: a new one would cost more than a small document.
var buffers = sync.Pool{New: func() any { return new([copied]byte) }}

// untilDone is a reader that ends with its context.
type untilDone struct {
	ctx context.Context
	in  io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.in.Read(p)
}

// Unusable stands for a document that something wrong has been told about already, so
// that no rule tells that it is missing.
var Unusable = providers.Document{Name: "-", SHA256: "-"}
