package api

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// peak watches the heap until stop is called.
func peak() (stop func() uint64) {
	var most atomic.Uint64
	done, ended := make(chan struct{}), make(chan struct{})
	read := func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most.Store(max(most.Load(), m.HeapAlloc))
	}
	go func() {
		defer close(ended)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				read()
			}
		}
	}()
	return func() uint64 { close(done); <-ended; return most.Load() }
}

// zeros is so many bytes of a document.
func zeros(n int64) io.Reader {
	return io.MultiReader(strings.NewReader("%PDF-1.7\n<</Type/Page>>\n"), io.LimitReader(repeat("0123456789abcde\n"), n), strings.NewReader("\n%%EOF\n"))
}

type repeat string

func (r repeat) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], r)
	}
	return n, nil
}

// Uploads of any size take the same memory: a form's parts, and files inside of JSON.
func TestUploadsAreNotHeldInMemory(t *testing.T) {
	costsAreOwn(t)
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // what counts is what is held, not what is soon collected
	t.Setenv("TMPDIR", t.TempDir())
	const most = 20 << 20
	const size = 45 << 20 // Certyneo takes 50 MB
	s := newStack(t, func(c *Config) { c.Limits.Envelope = 2 * size })
	before, after, _ := strings.Cut(marshal(t, envelopeJSON("2", "")), `"content":""`)
	for name, c := range map[string]struct {
		path, contentType string
		body              io.Reader
	}{
		"form": {"/v1/campaigns", "multipart/form-data; boundary=B", io.MultiReader(
			strings.NewReader("--B\r\nContent-Disposition: form-data; name=\"d\"; filename=\"a.pdf\"\r\n\r\n"), zeros(size),
			strings.NewReader("\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"june.csv\"\r\n\r\n"+csvHead+csvRow("1", "a.pdf")+"\r\n--B--\r\n"))},
		"json": {"/v1/campaigns/june/envelopes", "application/json", io.MultiReader(
			strings.NewReader(before+`"content":"JVBERi0xLjcgL0NvdW50IDEK`),
			io.LimitReader(repeat("MDEyMzQ1Njc4OWFi"), size/16*16), strings.NewReader(`CiUlRU9G"`+after))},
	} {
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		stop := peak()
		r := s.do(http.MethodPost, c.path, c.contentType, c.body)
		got := int64(stop()) - int64(before.HeapAlloc)
		r.want(t, http.StatusAccepted, nil)
		if got > most {
			t.Errorf("%s: %d MiB of memory for an upload of %d MiB", name, got>>20, size>>20)
		}
	}
	leftovers(t)
}

// A large CSV is read row by row; only the ids' hashes stay.
func TestLargeCSV(t *testing.T) {
	costsAreOwn(t)
	t.Setenv("TMPDIR", t.TempDir())
	s := newStack(t, nil)
	const rows = 30_000
	in, out := io.Pipe()
	go func() {
		fmt.Fprint(out, "--B\r\nContent-Disposition: form-data; name=file; filename=june.csv\r\n\r\n", csvHead)
		for i := range rows {
			io.WriteString(out, csvRow(fmt.Sprint(i), "a.pdf"))
		}
		// The last row is wrong: nothing may be enqueued, and nothing is held for it.
		fmt.Fprint(out, csvRow("0", "a.pdf"), "\r\n--B\r\nContent-Disposition: form-data; name=d; filename=a.pdf\r\n\r\n", pdf("a"), "\r\n--B--\r\n")
		out.Close()
	}()
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // what counts is what is held, not what is soon collected
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	stop := peak()
	r := s.do(http.MethodPost, "/v1/campaigns", "multipart/form-data; boundary=B", in)
	got := int64(stop()) - int64(before.HeapAlloc)
	if p := r.problem(t, http.StatusUnprocessableEntity); p.Count != 1 || p.Errors[0].Line != rows+2 {
		t.Errorf("%+v", p)
	}
	if got > 32<<20 {
		t.Errorf("%d MiB of memory", got>>20)
	}
	if n := s.total("june"); n != 0 {
		t.Errorf("%d envelopes", n)
	}
}

func TestUploadedFilesArePrivate(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	u := newUploads(slog.Default())
	defer u.close()
	files, err := u.begin(t.Context(), -1, 1)
	if err != nil {
		t.Fatal(err)
	}
	own, err := files.keep(strings.NewReader("x"), "../../etc/passwd.PDF")
	if err != nil || own != "1.pdf" {
		t.Fatalf("%s %v", own, err)
	}
	for path, mode := range map[string]os.FileMode{u.dir: 0o700 | os.ModeDir, files.dir: 0o700 | os.ModeDir, filepath.Join(files.dir, own): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
	files.close()
	leftovers(t)
}

// TestAFormWithoutItsEnd: what comes after the last boundary that was sent is not known, a document
// perhaps.
func TestAFormWithoutItsEnd(t *testing.T) {
	s := newStack(t, nil)
	contentType, body := formBody(t, file{"file", "june.csv", csvHead + csvRow("1", "a.pdf")}, file{"d", "a.pdf", pdf("a")})
	whole, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	cut := bytes.TrimSuffix(whole, []byte("--\r\n"))
	s.do(http.MethodPost, "/v1/campaigns", contentType, bytes.NewReader(cut)).problem(t, http.StatusBadRequest)
	if n := s.total("june"); n != 0 {
		t.Errorf("%d envelopes of it", n)
	}
	s.do(http.MethodPost, "/v1/campaigns", contentType, bytes.NewReader(whole)).want(t, http.StatusAccepted, nil)
}
