package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/chancela/chancela/jobs/filetype"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/source"
)

// The words of an envelope, for those who import this package.
type (
	Envelope = providers.Envelope
	Document = providers.Document
	Signer   = providers.Signer
	Stamp    = providers.Stamp
	Expiry   = providers.Expiry
	Key      = providers.Key
)

// Digest identifies an envelope's content: the same key with another digest is a
// conflict. Documents count by their hash, wherever they came from.
func Digest(e Envelope) (string, error) {
	plain := func(d Document) Document { return Document{Name: d.Name, SHA256: d.SHA256} }
	docs := make([]Document, len(e.Documents))
	for i, d := range e.Documents {
		docs[i] = plain(d)
	}
	e.Documents = docs
	signers := make([]Signer, len(e.Signers))
	for i, s := range e.Signers {
		if s.IDFront != nil {
			d := plain(*s.IDFront)
			s.IDFront = &d
		}
		if s.IDBack != nil {
			d := plain(*s.IDBack)
			s.IDBack = &d
		}
		signers[i] = s
	}
	e.Signers = signers
	b, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("digest of %s: %w", e.Key(), err)
	}
	sum := sha256.Sum256(b)
	return "v1:" + hex.EncodeToString(sum[:]), nil
}

// documents are all files of an envelope, identity images included, with the CSV column
// that each came from.
func documents(e *Envelope) []column {
	var out []column
	for i := range e.Documents {
		out = append(out, column{"document", &e.Documents[i]})
	}
	for i := range e.Signers {
		if d := e.Signers[i].IDFront; d != nil {
			out = append(out, column{fmt.Sprintf("signer%d.id_front", i+1), d})
		}
		if d := e.Signers[i].IDBack; d != nil {
			out = append(out, column{fmt.Sprintf("signer%d.id_back", i+1), d})
		}
	}
	return out
}

type column struct {
	name string
	doc  *Document
}

// OpenSource opens a document that is named s3://bucket/key.
type OpenSource = source.Open

// measure reads a document once, for its hash, size and type. A document that has them
// already is left alone.
func measure(ctx context.Context, d *Document, sources OpenSource) error {
	if d.SHA256 != "" {
		return nil
	}
	if d.Open == nil {
		if !strings.HasPrefix(d.Source, "s3://") || sources == nil {
			return errors.New("no content was given")
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
	defer r.Close()
	hash, kind := sha256.New(), filetype.New(d.Name)
	size, err := io.Copy(io.MultiWriter(hash, kind), r)
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

// stage copies a measured document into the archive under its hash, once.
func stage(ctx context.Context, store archive.Archive, d *Document) error {
	key := archive.DocumentKey(d.SHA256)
	if _, err := store.Stat(ctx, key); err == nil {
		return nil
	} else if !errors.Is(err, archive.ErrNotFound) {
		return err
	}
	if d.Open == nil {
		return errors.New("the document is not in the archive, and no content was given")
	}
	r, err := d.Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	o, err := store.Put(ctx, key, r, d.Type, nil)
	if err != nil {
		return err
	}
	if o.SHA256 != d.SHA256 {
		return errors.New("the file changed while it was read")
	}
	return nil
}
