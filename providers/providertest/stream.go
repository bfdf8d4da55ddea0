package providertest

import (
	"context"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/providers"
)

// LargePDF is a document of a size that is never in memory as a whole.
func LargePDF(size int64) providers.Document {
	if Raced {
		size /= 10
	}
	const begin = "%PDF-1.4\n% " + Confidential + "\n"
	return providers.Document{Name: "large.pdf", Type: "application/pdf", Size: size, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(begin), io.LimitReader(endless{}, size-int64(len(begin))))), nil
	}}
}

// endless gives the same byte for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}

// together is how many files go at once.
const together = 4

// testStream sends and fetches large files, several at once, and wants that the memory
// that was ever allocated on the way stays far below one of them.
func testStream(t *testing.T, s *Suite, tp *tap) {
	for name, envelope := range s.Large {
		t.Run("up "+name, func(t *testing.T) {
			w := newWorld(t, s, tp, setup{})
			w.invited(s.Envelope()) // tokens, connections, buffers
			var recs []*record
			size := int64(0)
			for range together {
				rec := w.enqueue(envelope())
				size = rec.envelope.Documents[0].Size
				recs = append(recs, rec)
			}
			grown := allocated(t, together, func(n int) error {
				job := w.job(recs[n])
				if err := w.provider.Prepare(t.Context(), job); err != nil {
					return err
				}
				return w.provider.Invite(t.Context(), job)
			})
			t.Logf("%d files of %d bytes: %d bytes allocated", together, size, grown)
			if grown > size*together/4 && !Raced {
				t.Errorf("%d bytes allocated for %d files of %d", grown, together, size)
			}
			if n := w.invitations(1); n != together {
				t.Errorf("%d invitations", n)
			}
			w.clean()
		})
	}
	size := int64(13_000_000)
	if Raced {
		size /= 10
	}
	w := newWorld(t, s, tp, setup{})
	rec := w.completed(s.Envelope())
	list, err := w.provider.Artifacts(t.Context(), rec.ref())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		t.Run("down "+string(a.Kind), func(t *testing.T) {
			w.wire.with(large(size))
			defer w.wire.with(nil)
			read := func() error {
				body, err := w.provider.Open(t.Context(), rec.ref(), a)
				if err != nil {
					return err
				}
				defer body.Close()
				if n, err := io.Copy(io.Discard, body); err != nil || n != size {
					t.Errorf("%d bytes, %v", n, err)
				}
				return nil
			}
			if err := read(); err != nil {
				t.Fatal(err)
			}
			grown := allocated(t, together, func(int) error { return read() })
			t.Logf("%d files of %d bytes: %d bytes allocated", together, size, grown)
			if grown > size*together/4 && !Raced {
				t.Errorf("%d bytes allocated for %d files of %d", grown, together, size)
			}
		})
	}
}

// allocated is how much memory is allocated while work runs n times at once.
func allocated(t *testing.T, n int, work func(int) error) int64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var g errgroup.Group
	for i := range n {
		g.Go(func() error { return work(i) })
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// large answers every download with a file of n bytes: as it is, or in the base64 field
// of the answer that the simulator would have given. An answer that holds only the file's
// address passes as it is.
func large(n int64) meddler {
	return func(_ int, rw http.ResponseWriter, _ *http.Request, pass func() *answer) bool {
		a := pass()
		head, tail, inJSON := a.base64Field()
		if !inJSON && strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
			maps.Copy(rw.Header(), a.header)
			_, _ = rw.Write(a.body)
			return true
		}
		if !inJSON {
			rw.Header().Set("Content-Type", a.header.Get("Content-Type"))
			_, _ = io.CopyN(rw, endless{}, n)
			return true
		}
		rw.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(rw, head)
		enc := base64.NewEncoder(base64.StdEncoding, rw)
		_, _ = io.CopyN(enc, endless{}, n)
		enc.Close()
		_, _ = io.WriteString(rw, tail)
		return true
	}
}

// base64Field cuts a JSON answer around the text that carries a file: the longest one.
func (a *answer) base64Field() (head, tail string, found bool) {
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		return "", "", false
	}
	parts := strings.Split(string(a.body), `"`)
	longest := 0
	for i := range parts {
		if len(parts[i]) > len(parts[longest]) {
			longest = i
		}
	}
	if strings.HasPrefix(parts[longest], "http") {
		return "", "", false
	}
	return strings.Join(parts[:longest], `"`) + `"`, `"` + strings.Join(parts[longest+1:], `"`), true
}
