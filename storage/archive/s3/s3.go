// Package s3 is an archive in an S3-compatible bucket.
//
// What Put writes, and that is all but lists which are made anew, is create-only by the condition If-None-Match: *, which Amazon S3 and
// most others honour. For a server that ignores or refuses the condition there are looks
// before and after the upload: one writer after another is refused there too, but two at
// the same moment are not, and Warnings says so. Content is hashed by the server as well
// and refused if it arrived wrong; the hash is kept as checksum and as metadata "sha256".
// No answer is believed alone: what was written is looked at before Put returns.
package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
)

// Archive is a bucket, or the keys of one below a prefix.
type Archive struct {
	client   *s3.Client
	settings Settings
	bucket   string
	prefix   string // empty, or ends with a slash

	proved    atomic.Bool  // Ready has written and read
	condition atomic.Int32 // what the server makes of If-None-Match
}

// What a server makes of If-None-Match: *.
const (
	unknown int32 = iota
	honoured
	ignored
	refused
)

var _ archive.Archive = (*Archive)(nil)

const (
	// maxSize is what one PutObject takes.
	maxSize = 5 << 30

	// maxLifetime is what a signature of version 4 can say.
	maxLifetime = 7 * 24 * time.Hour

	// uploads bounds how often a key is tried that is taken when it is written to, and
	// free when it is looked at: a deletion is under way, or another's write, of which some
	// servers show the key before its content. The first try may be without a look.
	uploads = 5

	// firstWait is before the third try; each later one waits four times as long, so that the
	// other write has two seconds to end.
	firstWait = 100 * time.Millisecond
)

// Open configures a client by the AWS SDK's own environment and files: AWS_REGION,
// AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_PROFILE and so on. It makes no request to
// the bucket; that is Ready's.
func Open(ctx context.Context, bucket, prefix string, settings Settings) (*Archive, error) {
	if bucket == "" {
		return nil, lang.Errorf("archive: no bucket; want s3://bucket/prefix")
	}
	prefix = strings.Trim(prefix, "/")
	if err := archive.CheckPrefix(prefix); err != nil {
		return nil, err
	}
	if prefix != "" {
		prefix += "/"
	}
	client, err := newClient(ctx, settings)
	if err != nil {
		return nil, lang.Errorf("archive: %w", err)
	}
	return &Archive{client: client, settings: settings, bucket: bucket, prefix: prefix}, nil
}

// String is the archive's address, which opens it again.
func (a *Archive) String() string {
	return strings.TrimSuffix("s3://"+a.bucket+"/"+a.prefix, "/")
}

// Put implements [archive.Archive]. Content of more than 5 GiB is refused.
func (a *Archive) Put(ctx context.Context, key string, content io.Reader, contentType string, check archive.Check) (archive.Object, error) {
	if err := a.checkKey(key); err != nil {
		return archive.Object{}, err
	}
	if contentType == "" {
		contentType = archive.ContentType(key)
	}
	o := archive.Object{Key: key, ContentType: contentType}
	if inMemory, ok := content.(*bytes.Reader); ok && check == nil { // marks and manifests
		if err := a.putBytes(ctx, inMemory, &o); err != nil {
			return archive.Object{}, lang.Errorf("archive %s: %w", key, err)
		}
		return o, nil
	}
	err := withTemporary(func(file *os.File) (err error) {
		o.Size, o.SHA256, err = archive.Spool(ctx, file, content, check)
		if err != nil {
			return err
		}
		if o.Size > maxSize {
			return lang.Errorf("%d bytes are more than the %d that one upload to S3 takes", o.Size, int64(maxSize))
		}
		return a.publish(ctx, file, o)
	})
	if err != nil {
		return archive.Object{}, lang.Errorf("archive %s: %w", key, err)
	}
	return o, nil
}

// Replace implements [archive.Archive]. Where the bucket keeps versions, the old content stays as
// one of them.
func (a *Archive) Replace(ctx context.Context, key string, content io.Reader, contentType string) (archive.Object, error) {
	if err := a.checkKey(key); err != nil {
		return archive.Object{}, err
	}
	if contentType == "" {
		contentType = archive.ContentType(key)
	}
	o := archive.Object{Key: key, ContentType: contentType}
	err := withTemporary(func(file *os.File) (err error) {
		o.Size, o.SHA256, err = archive.Spool(ctx, file, content, nil)
		if err != nil {
			return err
		}
		if o.Size > maxSize {
			return lang.Errorf("%d bytes are more than the %d that one upload to S3 takes", o.Size, int64(maxSize))
		}
		switch there, err := a.look(ctx, key); {
		case err == nil && a.compare(ctx, there.object(key), o) == nil:
			return nil
		case err != nil && !errors.Is(err, archive.ErrNotFound):
			return err
		}
		m := a.manner()
		m.condition = false
		tag, err := a.put(ctx, file, o, m)
		if err != nil {
			return err
		}
		return a.kept(ctx, o, tag)
	})
	if err != nil {
		return archive.Object{}, lang.Errorf("archive %s: %w", key, err)
	}
	return o, nil
}

// putBytes publishes what needs no file on its way.
func (a *Archive) putBytes(ctx context.Context, content *bytes.Reader, o *archive.Object) (err error) {
	o.Size = int64(content.Len())
	from := content.Size() - o.Size
	if o.SHA256, err = archive.Sum(ctx, io.NewSectionReader(content, from, o.Size)); err != nil {
		return err
	}
	return a.publish(ctx, io.NewSectionReader(content, from, o.Size), *o)
}

// withTemporary hands out a file that nobody else can read and that does not outlive the
// call, nor, where an open file can be removed, the process.
func withTemporary(use func(*os.File) error) error {
	file, err := os.CreateTemp("", "chancela-*")
	if err != nil {
		return err
	}
	if os.Remove(file.Name()) != nil {
		defer os.Remove(file.Name())
	}
	defer file.Close()
	return use(file)
}

// publish writes the object if the key is free, and is nil if it held the same before.
// The looks before and after make repeating it safe: an upload whose answer was lost is
// found as the same content. Where the server is known to honour the condition, the
// first look is spared.
func (a *Archive) publish(ctx context.Context, file io.ReaderAt, o archive.Object) error {
	wait := firstWait
	for try := 1; ; try++ {
		if try > 2 {
			select {
			case <-time.After(wait):
				wait *= 4
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		looked := try > 1 || a.condition.Load() != honoured
		if looked {
			there, err := a.look(ctx, o.Key)
			if err == nil {
				return a.compare(ctx, there.object(o.Key), o)
			}
			if !errors.Is(err, archive.ErrNotFound) {
				return err
			}
		}
		tag, err := a.upload(ctx, file, o, looked)
		if err == nil {
			return a.kept(ctx, o, tag)
		}
		switch {
		case !looked && isRefused(err): // not honoured any more
			a.condition.CompareAndSwap(honoured, unknown)
		case !isTaken(err):
			return err
		case try == uploads:
			return lang.Errorf("the server says that the key is taken, and that nothing is there (a write that it began and did not end?); take it away there: %w", err)
		}
	}
}

// compare is nil when both are the same content.
func (a *Archive) compare(ctx context.Context, there, o archive.Object) error {
	if there.Size != o.Size {
		return archive.ErrConflict
	}
	if there.SHA256 == "" { // not written by Put, at a server without checksums
		body, _, err := a.get(ctx, o.Key)
		if err != nil {
			return err
		}
		defer body.Close()
		if there.SHA256, err = archive.Sum(ctx, body); err != nil {
			return err
		}
	}
	if there.SHA256 != o.SHA256 {
		return archive.ErrConflict
	}
	return nil
}

// Open implements [archive.Archive]. The reader fails at its end when the content is not
// what the server's checksum says.
func (a *Archive) Open(ctx context.Context, key string) (io.ReadCloser, archive.Object, error) {
	if err := a.checkKey(key); err != nil {
		return nil, archive.Object{}, err
	}
	body, o, err := a.get(ctx, key)
	if err != nil {
		return nil, archive.Object{}, lang.Errorf("archive %s: %w", key, err)
	}
	return body, o, nil
}

func (a *Archive) get(ctx context.Context, key string) (io.ReadCloser, archive.Object, error) {
	out, err := a.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &a.bucket, Key: a.name(key), ChecksumMode: a.checksumMode()})
	if err != nil {
		return nil, archive.Object{}, a.explainKey(ctx, key, err)
	}
	there := found{out.ContentLength, out.ChecksumSHA256, out.Metadata, out.ContentType, out.ETag}
	return out.Body, there.object(key), nil
}

// Stat implements [archive.Archive].
func (a *Archive) Stat(ctx context.Context, key string) (archive.Object, error) {
	if err := a.checkKey(key); err != nil {
		return archive.Object{}, err
	}
	there, err := a.look(ctx, key)
	if err != nil {
		return archive.Object{}, lang.Errorf("archive %s: %w", key, err)
	}
	return there.object(key), nil
}

// List implements [archive.Archive]. Objects whose keys the archive would refuse are not
// listed.
func (a *Archive) List(ctx context.Context, prefix string) iter.Seq2[archive.Object, error] {
	return func(yield func(archive.Object, error) bool) {
		if err := archive.CheckPrefix(prefix); err != nil {
			yield(archive.Object{}, lang.Errorf("list archive: %w", err))
			return
		}
		pages := s3.NewListObjectsV2Paginator(a.client, &s3.ListObjectsV2Input{Bucket: &a.bucket, Prefix: a.name(prefix)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(archive.Object{}, lang.Errorf("list archive: %w", a.explain(err)))
				return
			}
			for _, there := range page.Contents {
				key := strings.TrimPrefix(aws.ToString(there.Key), a.prefix)
				if archive.CheckKey(key) != nil {
					continue
				}
				if !yield(archive.Object{Key: key, Size: aws.ToInt64(there.Size)}, nil) {
					return
				}
			}
		}
	}
}

// Presign implements [archive.Archive]. The address dies earlier than asked for when the
// credentials that sign it do.
func (a *Archive) Presign(ctx context.Context, key string, lifetime time.Duration) (string, error) {
	if err := a.checkKey(key); err != nil {
		return "", err
	}
	if lifetime < time.Second || lifetime > maxLifetime {
		return "", lang.Errorf("archive %s: an address can live from a second to %s, not %s", key, maxLifetime, lifetime)
	}
	request, err := s3.NewPresignClient(a.client).PresignGetObject(ctx,
		&s3.GetObjectInput{Bucket: &a.bucket, Key: a.name(key)}, s3.WithPresignExpires(lifetime))
	if err != nil {
		return "", lang.Errorf("archive %s: %w", key, a.explain(err))
	}
	return request.URL, nil
}

// name is the key in the bucket.
func (a *Archive) name(key string) *string { return aws.String(a.prefix + key) }

// Locate is the key with the prefix.
func (a *Archive) Locate(key string) string { return a.prefix + key }

// checkKey also counts the prefix.
func (a *Archive) checkKey(key string) error {
	if err := archive.CheckKey(key); err != nil {
		return err
	}
	if n := len(a.prefix) + len(key); n > archive.MaxKey {
		return lang.Errorf("archive key %q: is longer than %d bytes with the prefix %q", key, archive.MaxKey, a.prefix)
	}
	return nil
}
