// Package archive keeps what was signed: documents as they were staged, artifacts,
// and the manifests that vouch for them. What is there is never overwritten.
package archive

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Errors that callers decide on.
var (
	ErrNotFound = errors.New("not in the archive")
	// ErrConflict: the key holds other content already. What is there stays.
	ErrConflict = errors.New("the archive holds other content under this key")
)

// Archive is an S3-compatible bucket or a local folder. Keys are slash-separated
// relative paths ("june/0001/manifest.json"); a key that would leave its folder or is
// not in clean form is refused.
type Archive interface {
	// Put streams content under a key that must be new. The same content again is
	// success; other content is ErrConflict and changes nothing. Content becomes visible
	// whole or not at all, synced to disk where that can be asked for. It is written to
	// a temporary file first, so that the hash is known before anything is visible;
	// check, when given, judges that file (its first bytes, its length) and its error
	// refuses the content.
	Put(ctx context.Context, key string, content io.Reader, contentType string, check Check) (Object, error)

	// Open reads an object. The caller closes it.
	Open(ctx context.Context, key string) (io.ReadCloser, Object, error)

	// Stat is Open without the content.
	Stat(ctx context.Context, key string) (Object, error)

	// List gives every object below a prefix, in the order of keys. SHA256 is empty.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]

	// Presign is an address from which anybody can read the object for a while; empty
	// when the archive has none (a local folder).
	Presign(ctx context.Context, key string, lifetime time.Duration) (string, error)

	// Ready tells whether the archive can be written to: nil, or what is missing.
	Ready(ctx context.Context) error

	// String is where the archive is, without credentials.
	String() string
}

// Check judges content before it becomes visible.
type Check func(head []byte, size int64) error

// Object is one file of the archive.
type Object struct {
	Key         string
	Size        int64
	SHA256      string // lower-case hex
	ContentType string
}
