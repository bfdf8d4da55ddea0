package archivetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/storage/archive"
)

const writers = 8

// together starts the writers, each of which is in the middle of Put when all the others
// are, and gives their errors.
func together(t *testing.T, a archive.Archive, key string, content func(writer int) string) []error {
	var begun, done sync.WaitGroup
	begun.Add(writers)
	errs := make([]error, writers)
	for i := range writers {
		done.Go(func() {
			var once sync.Once
			body := strings.NewReader(content(i))
			_, errs[i] = a.Put(t.Context(), key, readerFunc(func(p []byte) (int, error) {
				once.Do(func() { begun.Done(); begun.Wait() })
				return body.Read(p)
			}), "", nil)
		})
	}
	finished := make(chan struct{})
	go func() { done.Wait(); close(finished) }()
	// Who looks meanwhile sees nothing or the whole.
	for {
		body, _, err := a.Open(t.Context(), key)
		if err == nil {
			var got []byte
			got, err = io.ReadAll(body)
			body.Close()
			if err == nil && !whole(string(got), content) {
				t.Errorf("torn content of %d bytes", len(got))
			}
		}
		if err != nil && !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("Open meanwhile: %v", err)
		}
		select {
		case <-finished:
			return errs
		default:
		}
	}
}

func whole(got string, content func(int) string) bool {
	for i := range writers {
		if got == content(i) {
			return true
		}
	}
	return false
}

func concurrentOther(t *testing.T, a archive.Archive) {
	for round := range 5 {
		key := fmt.Sprintf("round/%d.pdf", round)
		content := func(i int) string { return strings.Repeat(string(rune('a'+i)), 100_000+i%2) }
		won := -1
		for i, err := range together(t, a, key, content) {
			switch {
			case err == nil && won < 0:
				won = i
			case err == nil:
				t.Errorf("writers %d and %d both succeeded", won, i)
			case !errors.Is(err, archive.ErrConflict):
				t.Errorf("writer %d: %v, want ErrConflict", i, err)
			}
		}
		if won < 0 {
			t.Fatal("no writer succeeded")
		}
		if got, _ := read(t, a, key); got != content(won) {
			t.Errorf("content is not the winner's")
		}
	}
}

func concurrentSame(t *testing.T, a archive.Archive) {
	content := func(int) string { return strings.Repeat("same", 25_000) }
	for i, err := range together(t, a, "same.pdf", content) {
		if err != nil {
			t.Errorf("writer %d: %v", i, err)
		}
	}
	wantKeys(t, a, "", []string{"same.pdf"})
}

// bigStream: the content is never held whole.
func bigStream(t *testing.T, a archive.Archive) {
	const size, most = 64 << 20, 12 << 20
	generated := func() io.Reader {
		var seed [32]byte
		return io.LimitReader(rand.NewChaCha8(seed), size)
	}
	want := sha256.New()
	if _, err := io.Copy(want, generated()); err != nil {
		t.Fatal(err)
	}
	sum := hex.EncodeToString(want.Sum(nil))

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	o, err := a.Put(t.Context(), "big.bin", generated(), "application/octet-stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _, err := a.Open(t.Context(), "big.bin")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	got, err := archive.Sum(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)

	if o.Size != size || o.SHA256 != sum || got != sum {
		t.Errorf("Put = %+v, read back %s; want %d bytes, %s", o, got, size, sum)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > most {
		t.Errorf("writing and reading %d bytes allocated %d, want at most %d", size, used, most)
	}
}

func presign(t *testing.T, a archive.Archive) {
	const key, content = "june/São João/signed document.pdf", "%PDF-1.7 %%EOF"
	mustPut(t, a, key, content)
	address, err := a.Presign(t.Context(), key, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if address == "" {
		return // a folder
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || string(got) != content || answer.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("presigned: %s %s %q, %v", answer.Status, answer.Header.Get("Content-Type"), got, err)
	}
	for _, lifetime := range []time.Duration{0, -time.Second, 8 * 24 * time.Hour} {
		if _, err := a.Presign(t.Context(), key, lifetime); err == nil {
			t.Errorf("a lifetime of %s is accepted", lifetime)
		}
	}
}

func ready(t *testing.T, a archive.Archive) {
	for range 2 {
		if err := a.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wantKeys(t, a, "", nil)
}
