// Package archivetest is the conformance suite of archives, and the real S3 server that
// tests run against.
package archivetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/archive"
)

// Run holds an implementation to the interface's promises. Each call of open gives an
// empty archive; its String must open the same archive again in another process, by
// storage.Open. The test binary's TestMain must call [Main].
func Run(t *testing.T, open func(t *testing.T) archive.Archive) {
	cases := []struct {
		name string
		test func(*testing.T, archive.Archive)
	}{
		{"RoundTrip", roundTrip},
		{"Missing", missing},
		{"SameContentAgain", sameAgain},
		{"OtherContentIsConflict", otherContent},
		{"ConcurrentOtherContent", concurrentOther},
		{"ConcurrentSameContent", concurrentSame},
		{"ObjectInTheWay", objectInTheWay},
		{"Replace", replace},
		{"ReaderFails", readerFails},
		{"CheckSeesContent", checkSees},
		{"CheckRefuses", checkRefuses},
		{"Canceled", canceled},
		{"CanceledMidway", canceledMidway},
		{"KeysThatLeave", keysThatLeave},
		{"KeysOfAllKinds", keysOfAllKinds},
		{"ListOrderAndPrefix", listOrder},
		{"ListPages", listPages},
		{"BigStream", bigStream},
		{"Presign", presign},
		{"Ready", ready},
		{"TwoProcesses", twoProcesses},
		{"KilledWriter", killedWriter},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func roundTrip(t *testing.T, a archive.Archive) {
	for key, content := range map[string]string{"june/0001/signed_document.pdf": "%PDF-1.7 and so on", "empty.json": ""} {
		put := mustPut(t, a, key, content)
		want := archive.Object{Key: key, Size: int64(len(content)), SHA256: hashOf(content), ContentType: archive.ContentType(key)}
		if put != want {
			t.Errorf("Put = %+v, want %+v", put, want)
		}
		stat, err := a.Stat(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if stat.SHA256 != "" && stat.SHA256 != want.SHA256 {
			t.Errorf("Stat's hash = %s, want %s or none", stat.SHA256, want.SHA256)
		}
		want.SHA256 = stat.SHA256
		if stat != want {
			t.Errorf("Stat = %+v, want %+v", stat, want)
		}
		got, opened := read(t, a, key)
		if got != content || opened != want {
			t.Errorf("Open = %q, %+v; want %q, %+v", got, opened, content, want)
		}
	}
}

func missing(t *testing.T, a archive.Archive) {
	mustPut(t, a, "there/file.pdf", "x")
	for _, key := range []string{"nothing.pdf", "there", "there/file", "there/file.pdf/below", "no/such/folder.pdf"} {
		if _, err := a.Stat(t.Context(), key); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("Stat %s: %v, want ErrNotFound", key, err)
		}
		if body, _, err := a.Open(t.Context(), key); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("Open %s: %v, %v, want ErrNotFound", key, body, err)
		}
	}
	wantKeys(t, a, "no/such/", nil)
	wantKeys(t, a, "there/file.pdf/", nil)
}

func sameAgain(t *testing.T, a archive.Archive) {
	first := mustPut(t, a, "a/b.pdf", "same")
	if again := mustPut(t, a, "a/b.pdf", "same"); again != first {
		t.Errorf("Put again = %+v, want %+v", again, first)
	}
	wantKeys(t, a, "", []string{"a/b.pdf"})
}

func otherContent(t *testing.T, a archive.Archive) {
	mustPut(t, a, "a/b.pdf", "first")
	for _, other := range []string{"other", "longer than the first", ""} {
		if _, err := put(t, a, "a/b.pdf", other); !errors.Is(err, archive.ErrConflict) {
			t.Errorf("Put %q: %v, want ErrConflict", other, err)
		}
	}
	if got, _ := read(t, a, "a/b.pdf"); got != "first" {
		t.Errorf("content = %q, want the first", got)
	}
}

// objectInTheWay: S3 itself keeps both, servers on file systems and folders cannot.
func objectInTheWay(t *testing.T, a archive.Archive) {
	mustPut(t, a, "a/b", "first")
	for _, key := range []string{"a", "a/b/c"} {
		_, err := put(t, a, key, "other")
		if err == nil {
			if got, _ := read(t, a, key); got != "other" {
				t.Errorf("%s = %q after Put succeeded", key, got)
			}
		} else if !errors.Is(err, archive.ErrConflict) {
			t.Errorf("Put %s: %v, want ErrConflict", key, err)
		}
	}
	if got, _ := read(t, a, "a/b"); got != "first" {
		t.Errorf("content = %q, want the first", got)
	}
}

func replace(t *testing.T, a archive.Archive) {
	put := func(content io.Reader) (archive.Object, error) {
		return a.Replace(t.Context(), "june/index.csv", content, "")
	}
	for _, content := range []string{"first", "a longer second", "a longer second", ""} {
		got, err := put(strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if want := (archive.Object{Key: "june/index.csv", Size: int64(len(content)), SHA256: hashOf(content), ContentType: "text/csv"}); got != want {
			t.Errorf("Replace = %+v, want %+v", got, want)
		}
		if have, _ := read(t, a, "june/index.csv"); have != content {
			t.Errorf("content = %q, want %q", have, content)
		}
	}
	if _, err := put(strings.NewReader("whole")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("connection lost")
	if _, err := put(io.MultiReader(bytes.NewReader(make([]byte, 100_000)), failing{broken})); !errors.Is(err, broken) {
		t.Errorf("Replace: %v, want the reader's error", err)
	}
	if have, _ := read(t, a, "june/index.csv"); have != "whole" {
		t.Errorf("content = %q after a reader that failed, want what was there", have)
	}
	wantKeys(t, a, "", []string{"june/index.csv"})

	mustPut(t, a, "july/index.csv/manifest.json", "{}")
	if _, err := a.Replace(t.Context(), "july/index.csv", strings.NewReader("x"), ""); err != nil && !errors.Is(err, archive.ErrConflict) {
		t.Errorf("Replace of a folder: %v, want ErrConflict", err)
	}
	if have, _ := read(t, a, "july/index.csv/manifest.json"); have != "{}" {
		t.Errorf("what was in the way is %q now", have)
	}
	for _, key := range []string{"../index.csv", "", "a//b"} {
		if _, err := a.Replace(t.Context(), key, strings.NewReader("x"), ""); err == nil {
			t.Errorf("Replace took the key %q", key)
		}
	}
}

func readerFails(t *testing.T, a archive.Archive) {
	broken := errors.New("connection lost")
	content := io.MultiReader(bytes.NewReader(make([]byte, 100_000)), failing{broken})
	if _, err := a.Put(t.Context(), "a/b.pdf", content, "application/pdf", nil); !errors.Is(err, broken) {
		t.Errorf("Put: %v, want the reader's error", err)
	}
	wantNothing(t, a, "a/b.pdf")
	mustPut(t, a, "a/b.pdf", "whole")
}

func checkSees(t *testing.T, a archive.Archive) {
	long := strings.Repeat("h", archive.Edge) + strings.Repeat("-", 5000) + strings.Repeat("t", archive.Edge)
	for key, content := range map[string]string{"long": long, "edge": long[:archive.Edge], "short": "abc", "empty": ""} {
		var seen archive.Content
		check := func(c archive.Content) error { seen = c; return nil }
		if _, err := a.Put(t.Context(), key, strings.NewReader(content), "", check); err != nil {
			t.Fatal(err)
		}
		n := min(len(content), archive.Edge)
		if seen.Size != int64(len(content)) || string(seen.Head) != content[:n] {
			t.Errorf("%s: check saw %d bytes, head %q", key, seen.Size, seen.Head)
		}
		if got, _ := read(t, a, key); got != content {
			t.Errorf("%s: %d bytes came back, want %d", key, len(got), len(content))
		}
	}
}

func checkRefuses(t *testing.T, a archive.Archive) {
	_, err := a.Put(t.Context(), "a/b.pdf", strings.NewReader("<html>expired</html>"), "application/pdf", archive.CheckPDF)
	if !errors.Is(err, archive.ErrContent) {
		t.Errorf("Put: %v, want ErrContent", err)
	}
	wantNothing(t, a, "a/b.pdf")
}

func canceled(t *testing.T, a archive.Archive) {
	mustPut(t, a, "there", "x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Put(ctx, "a/b", strings.NewReader("x"), "", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v, want canceled", err)
	}
	if _, err := a.Stat(ctx, "there"); !errors.Is(err, context.Canceled) {
		t.Errorf("Stat: %v, want canceled", err)
	}
	if _, _, err := a.Open(ctx, "there"); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v, want canceled", err)
	}
	if err := a.Ready(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Ready: %v, want canceled", err)
	}
	for o, err := range a.List(ctx, "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("List: %+v, %v, want canceled", o, err)
		}
	}
	wantKeys(t, a, "", []string{"there"})
}

func canceledMidway(t *testing.T, a archive.Archive) {
	ctx, cancel := context.WithCancel(t.Context())
	content := io.MultiReader(bytes.NewReader(make([]byte, 100_000)), readerFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil // for ever
	}))
	if _, err := a.Put(ctx, "a/b", content, "", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v, want canceled", err)
	}
	wantNothing(t, a, "a/b")
}

func put(t *testing.T, a archive.Archive, key, content string) (archive.Object, error) {
	t.Helper()
	return a.Put(t.Context(), key, strings.NewReader(content), archive.ContentType(key), nil)
}

func mustPut(t *testing.T, a archive.Archive, key, content string) archive.Object {
	t.Helper()
	o, err := put(t, a, key, content)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func read(t *testing.T, a archive.Archive, key string) (string, archive.Object) {
	t.Helper()
	body, o, err := a.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	content, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	return string(content), o
}

func keys(t *testing.T, a archive.Archive, prefix string) []string {
	t.Helper()
	var got []string
	for o, err := range a.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("List %q: %v", prefix, err)
		}
		got = append(got, o.Key)
	}
	return got
}

func wantKeys(t *testing.T, a archive.Archive, prefix string, want []string) {
	t.Helper()
	if got := keys(t, a, prefix); !slices.Equal(got, want) {
		t.Errorf("List %q = %q, want %q", prefix, got, want)
	}
}

// wantNothing: neither the key nor anything else can be seen.
func wantNothing(t *testing.T, a archive.Archive, key string) {
	t.Helper()
	if o, err := a.Stat(t.Context(), key); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("Stat %s: %+v, %v; want ErrNotFound", key, o, err)
	}
	wantKeys(t, a, "", nil)
}

func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
