package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/chancela/chancela/storage/archive"
)

// countedReads is content that tells how much of it is read.
type countedReads struct {
	io.ReaderAt
	read atomic.Int64
}

func (c *countedReads) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, at)
	c.read.Add(int64(n))
	return n, err
}

// TestUploadReadsOnce: the hash of what is uploaded is known, and signed, and the content is read for sending it alone.
func TestUploadReadsOnce(t *testing.T) {
	content := bytes.Repeat([]byte("signed "), 100_000)
	raw := sha256.Sum256(content)
	sum := hex.EncodeToString(raw[:])
	got, signed := sha256.New(), ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(got, r.Body) // what is missing is seen in the hash
		signed = r.Header.Get("X-Amz-Content-Sha256")
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	a, err := Open(context.Background(), "bucket", "", Settings{})
	if err != nil {
		t.Fatal(err)
	}
	file := &countedReads{ReaderAt: bytes.NewReader(content)}
	if _, err := a.put(t.Context(), file, archive.Object{Key: "a/b/c.pdf", Size: int64(len(content)), SHA256: sum}, a.manner()); err != nil {
		t.Fatal(err)
	}
	if signed != sum || hex.EncodeToString(got.Sum(nil)) != sum {
		t.Errorf("%s was signed, %x came, want %s", signed, got.Sum(nil), sum)
	}
	if n := file.read.Load(); n != int64(len(content)) {
		t.Errorf("%d bytes were read to send %d", n, len(content))
	}
}
