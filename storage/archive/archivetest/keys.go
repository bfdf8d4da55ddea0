package archivetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/storage/archive"
)

// BadKeys are keys that every archive refuses.
var BadKeys = []string{
	"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/..", "./a", "a/./b",
	`a\b`, `..\a`, "a\x00b", "a\nb", "a\x7fb", "a\u0085b", "a\xffb", "a\uffffb",
	archive.Reserved, archive.Reserved + "/a",
	strings.Repeat("a", archive.MaxSegment+1),
	strings.Repeat("abc/", archive.MaxKey/4) + "a",
}

func keysThatLeave(t *testing.T, a archive.Archive) {
	for _, key := range BadKeys {
		refused := func(what string, err error) {
			t.Helper()
			if err == nil || errors.Is(err, archive.ErrNotFound) {
				t.Errorf("%s %q: %v, want refused", what, key, err)
			}
		}
		_, err := put(t, a, key, "x")
		refused("Put", err)
		_, err = a.Stat(t.Context(), key)
		refused("Stat", err)
		_, _, err = a.Open(t.Context(), key)
		refused("Open", err)
		_, err = a.Presign(t.Context(), key, time.Minute)
		refused("Presign", err)
	}
	for _, prefix := range []string{"/", "../", "a/../", "a//", archive.Reserved + "/"} {
		var last error
		for _, err := range a.List(t.Context(), prefix) {
			last = err
		}
		if last == nil {
			t.Errorf("List %q is not refused", prefix)
		}
	}
	wantKeys(t, a, "", nil)
}

func keysOfAllKinds(t *testing.T, a archive.Archive) {
	want := []string{
		"2026 junho/ação/São João.pdf", "日本/契約.pdf", "emoji/😀.jpg", "sp ace/a b.zip",
		"signs/a+b%20&c=d?e#f;g:h@i!$'(),*~[]{}<>\"|^`.json", "dots/..a/b../...", ".hidden/.x", "-", "~",
		strings.Repeat("s", archive.MaxSegment-10), "_documents/ab/abcd",
		strings.Repeat("deep/", 100) + "file",
	}
	for _, key := range want {
		mustPut(t, a, key, "content of "+key)
		if got, o := read(t, a, key); got != "content of "+key || o.Key != key {
			t.Errorf("%s holds %q as %s", key, got, o.Key)
		}
	}
	slices.Sort(want)
	wantKeys(t, a, "", want)
}

func listOrder(t *testing.T, a archive.Archive) {
	want := []string{
		"a!", "a-b/1", "a.pdf", "a/b", "a/b.c/d", "a/c-d", "a/c.pdf", "a/c/d", "a/c0", "a/ç", "a0", "ab", "b/1", "B", "z",
	}
	slices.Sort(want)
	for _, i := range []int{7, 3, 11, 0, 14, 5, 9, 1, 13, 2, 12, 4, 10, 6, 8} {
		mustPut(t, a, want[i], strings.Repeat("x", i))
	}
	for _, prefix := range []string{"", "a", "a/", "a/c", "a/c/", "a/b.", "ab", "b/1", "zz"} {
		var below []string
		for _, key := range want {
			if strings.HasPrefix(key, prefix) {
				below = append(below, key)
			}
		}
		wantKeys(t, a, prefix, below)
	}
	for o, err := range a.List(t.Context(), "a/c-d") {
		if i := slices.Index(want, "a/c-d"); err != nil || o != (archive.Object{Key: "a/c-d", Size: int64(i)}) {
			t.Errorf("List = %+v, %v; want only key and size %d", o, err, i)
		}
	}
	for range a.List(t.Context(), "") {
		break // must not be called again after that
	}
}

// listPages: S3 gives at most 1000 keys at a time.
func listPages(t *testing.T, a archive.Archive) {
	const n = 1205
	var want []string
	var group errgroup.Group
	group.SetLimit(16)
	for i := range n {
		key := fmt.Sprintf("pages/%04d/manifest.json", i)
		want = append(want, key)
		group.Go(func() error {
			_, err := a.Put(t.Context(), key, strings.NewReader("{}"), "application/json", nil)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	got := keys(t, a, "pages/")
	if !slices.Equal(got, want) {
		t.Errorf("List gave %d keys, want %d in order; first %q, last %q", len(got), n, got[:min(1, len(got))], got[max(0, len(got)-1):])
	}
}
