package jobs

import (
	"context"
	"errors"

	"github.com/chancela/chancela/jobs/report"
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

// Report is what a person is told about an envelope.
type Report = report.Report

// OpenSource opens a document that is named s3://bucket/key.
type OpenSource = source.Open

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
