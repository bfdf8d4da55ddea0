// Package source decides which documents that are named s3://bucket/key may be opened.
package source

import (
	"context"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive"
)

// Why a document that is named s3://bucket/key is not read. The texts are the same for
// every bucket and key: who may only name sources must not learn from them what exists.
var (
	ErrForm       = lang.Errorf("must have the form s3://bucket/key")
	ErrUnreadable = lang.Errorf("there is no such object, or it may not be read from here")
	ErrOwn        = lang.Errorf("is in the archive's own place, which is no source of documents")
	ErrNotAllowed = lang.Errorf("is not below a place from which documents may be taken: send the file itself")
)

// Open opens a document that is named s3://bucket/key.
type Open = func(ctx context.Context, source string) (io.ReadCloser, error)

// Outside refuses what is in the archive at an address, in whatever spelling, and opens
// everything else: other people's contracts and faces are nobody's documents to be sent.
// An archive in a folder holds no object.
func Outside(address string, open Open) Open {
	rest, ok := strings.CutPrefix(address, "s3://")
	if !ok || open == nil {
		return open
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	own := Place{folded(bucket), folded(strings.Trim(prefix, "/"))}
	return func(ctx context.Context, source string) (io.ReadCloser, error) {
		at, err := Parse(source)
		if err != nil {
			return nil, err
		}
		for _, key := range readings(at.Key) {
			if at := (Place{folded(at.Bucket), folded(key)}); at == own || own.holds(at) {
				return nil, ErrOwn
			}
		}
		return open(ctx, source)
	}
}

// Below opens only what is below one of the places; with none, nothing.
func Below(places []Place, open Open) Open {
	return func(ctx context.Context, source string) (io.ReadCloser, error) {
		at, err := Parse(source)
		if err != nil {
			return nil, err
		}
		for _, key := range readings(at.Key) {
			if !slices.ContainsFunc(places, func(p Place) bool { return p.holds(Place{at.Bucket, key}) }) {
				return nil, ErrNotAllowed
			}
		}
		return open(ctx, source)
	}
}

// ParsePlace reads a place for [Below]: s3://bucket or s3://bucket/folder.
func ParsePlace(s string) (Place, error) {
	bucket, key, err := split(s)
	key = strings.TrimSuffix(key, "/")
	if err != nil || archive.CheckPrefix(key) != nil || leaves(key) {
		return Place{}, lang.Errorf("%q is not of the form s3://bucket or s3://bucket/folder", s)
	}
	return Place{bucket, key}, nil
}

// Place is a bucket and a key in it, or the folder below which keys are; empty for all.
type Place struct{ Bucket, Key string }

func (p Place) holds(at Place) bool {
	return p.Bucket == at.Bucket && (p.Key == "" || strings.HasPrefix(at.Key, p.Key+"/"))
}

// bucketName is S3's rule. Aliases of access points are names of buckets, too: which
// bucket they lead to cannot be seen, and it may be the archive's.
var (
	bucketName  = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	bucketAlias = regexp.MustCompile(`(-s3alias|--ol-s3|--xa-s3|\.mrap)$`)
)

// Parse takes a key literally, and refuses one that a server could take for
// another key: with ".." or "//", for example.
func Parse(source string) (Place, error) {
	bucket, key, err := split(source)
	if err != nil {
		return Place{}, err
	}
	if key == "" || strings.HasSuffix(key, "/") {
		return Place{}, ErrForm
	}
	if archive.CheckKey(key) != nil || leaves(key) {
		return Place{}, lang.Errorf(`%w, and its key must be a plain one: without "//", "." or ".." between slashes, backslashes and control characters`, ErrForm)
	}
	return Place{bucket, key}, nil
}

func split(source string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(source, "s3://")
	if bucket, key, _ = strings.Cut(rest, "/"); !ok || bucket == "" {
		return "", "", ErrForm
	}
	if !bucketName.MatchString(bucket) || bucketAlias.MatchString(bucket) {
		return "", "", lang.Errorf("%w, with the bucket's own name: 3 to 63 lower-case letters, digits, dots and hyphens", ErrForm)
	}
	return bucket, key, nil
}

// readings are the key, and what it is for a server that decodes or cleans it once more.
func readings(key string) []string {
	all := []string{key}
	for range 4 {
		decoded, err := url.PathUnescape(key)
		if err != nil || decoded == key {
			break
		}
		key = decoded
		all = append(all, path.Clean(strings.TrimLeft(strings.ReplaceAll(key, `\`, "/"), "/")))
	}
	return all
}

// leaves tells whether some server would take the key out of its bucket.
func leaves(key string) bool {
	return slices.ContainsFunc(readings(key), func(k string) bool { return k == ".." || strings.HasPrefix(k, "../") })
}

// folded is a name as a file system that ignores case and form takes it.
func folded(s string) string { return strings.ToLower(strings.ToUpper(norm.NFKC.String(s))) }
