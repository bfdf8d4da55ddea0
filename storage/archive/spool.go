package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"sync"
)

// buffers are what content goes through.
var buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// Spool reads content to its end into an empty file, hashing it on the way, and has it
// checked; check may be nil. It gives the length and the SHA-256 in lower-case hex. For
// the archives in the folders below.
func Spool(ctx context.Context, file *os.File, content io.Reader, check Check) (size int64, sum string, err error) {
	hash := sha256.New()
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	content = reader{ctx, content}
	n := 0
	for err == nil && n < len(*buffer) { // not io.ReadFull, which calls the end what a cut body calls an error
		var more int
		more, err = content.Read((*buffer)[n:])
		n += more
	}
	whole := err == io.EOF // a wrapped one is somebody's error
	if err != nil && !whole {
		return 0, "", err
	}
	seen := Content{Head: bytes.Clone((*buffer)[:min(n, Edge)]), Size: int64(n)}
	to := io.MultiWriter(file, hash)
	if _, err := to.Write((*buffer)[:n]); err != nil {
		return 0, "", err
	}
	if !whole {
		rest, err := io.CopyBuffer(to, content, *buffer)
		if err != nil {
			return 0, "", err
		}
		seen.Size += rest
	}
	seen.SHA256 = hex.EncodeToString(hash.Sum(nil))
	if check != nil {
		if err := check(seen); err != nil {
			return 0, "", err
		}
	}
	return seen.Size, seen.SHA256, nil
}

// Measure reads an archived file to its end, for its size and hash as they are now.
func Measure(ctx context.Context, store Archive, key string) (Object, error) {
	r, o, err := store.Open(ctx, key)
	if err != nil {
		return o, err
	}
	defer r.Close()
	hash := sha256.New()
	if o.Size, err = io.Copy(hash, reader{ctx, r}); err != nil {
		return o, fmt.Errorf("reading %s: %w", key, err)
	}
	o.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return o, nil
}

// Sum is the SHA-256 of what is read, in lower-case hex.
func Sum(ctx context.Context, content io.Reader) (string, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, reader{ctx, content}); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// reader ends when its context does.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
