// Package archive keeps what was signed: documents as they were staged, artifacts,
// and the manifests that vouch for them. What is there is never overwritten, but for lists
// that are made from manifests.
package archive

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/chancela/chancela/providers/lang"
)

// Errors that callers decide on.
var (
	ErrNotFound = lang.Errorf("not in the archive")
	// ErrConflict: the key holds other content already. What is there stays.
	ErrConflict = lang.Errorf("the archive holds other content under this key")
	// ErrNotKept: a write was answered with success, and what was written is not there.
	ErrNotKept = lang.Errorf("the archive does not have what it said it has taken")
	// ErrUnavailable: full, read-only, or not there. Nothing is wrong with what was to be
	// kept, nothing of it was, and the same call succeeds when that is mended.
	ErrUnavailable = lang.Errorf("the archive cannot be used now")
	// ErrFull is the kind of ErrUnavailable that room mends.
	ErrFull = lang.Errorf("%w: it is full", ErrUnavailable)
)

// Archive is an S3-compatible bucket or a local folder. Keys are slash-separated
// relative paths ("june/0001/manifest.json"); a key that would leave its folder or is
// not in clean form is refused.
type Archive interface {
	// Put streams content under a key that must be new. The same content again is
	// success; other content is ErrConflict and changes nothing. Content becomes visible
	// whole or not at all, synced to disk where that can be asked for. It is written to
	// a temporary file first, so that the hash is known before anything is visible;
	// check, when given, judges that file and its error refuses the content. An error of
	// content.Read comes back wrapped and nothing is kept. A bucket's word is not taken for
	// it: content that is not there after its upload is ErrNotKept.
	Put(ctx context.Context, key string, content io.Reader, contentType string, check Check) (Object, error)

	// Replace is Put for what can be made anew from other objects, such as a list of them: it
	// takes the place of what the key holds. Nothing that proves anything is written so. The
	// same content again changes nothing.
	Replace(ctx context.Context, key string, content io.Reader, contentType string) (Object, error)

	// Open reads an object. The caller closes it. A key that holds nothing is ErrNotFound.
	Open(ctx context.Context, key string) (io.ReadCloser, Object, error)

	// Stat is Open without the content.
	Stat(ctx context.Context, key string) (Object, error)

	// List gives every object whose key begins with prefix, in the byte order of keys.
	// SHA256 and ContentType are empty. The prefix is text, not a folder: "june" also
	// finds "june2/..."; end it with a slash to mean the folder. The first error ends it.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]

	// Presign is an address from which anybody can read the object for a while (at most
	// seven days); empty when the archive has none (a local folder). It does not look
	// whether the object is there.
	Presign(ctx context.Context, key string, lifetime time.Duration) (string, error)

	// Ready tells whether the archive can be written to: nil, or what is missing.
	Ready(ctx context.Context) error

	// Warnings are what the archive cannot promise, as far as Ready and Put have found out.
	Warnings() []lang.Text

	// Exclusive tells whether Put is create-only also for two writers at the same moment,
	// as far as Ready has found out.
	Exclusive() bool

	// Locate is the key's full name in the bucket (with the archive's prefix) or below the
	// folder: how people and other programs find it.
	Locate(key string) string

	// String is where the archive is, without credentials.
	String() string
}

// Object is one file of the archive.
type Object struct {
	Key  string
	Size int64 // bytes

	// SHA256 is lower-case hex: from Put the hash of what was read, from Open and Stat
	// what the archive recorded then (a bucket), or empty (a folder records none). Only
	// reading the content again proves anything.
	SHA256 string

	// ContentType is what Put was told (a bucket) or what the key's ending says (a
	// folder, see [ContentType]).
	ContentType string
}
