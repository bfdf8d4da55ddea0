package pairing_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/archive/dir"
	"github.com/chancela/chancela/storage/pairing"
)

func folder(t *testing.T, at string) *dir.Archive {
	t.Helper()
	a, err := dir.Open(at)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func empty(t *testing.T) *redis.Client {
	t.Helper()
	db := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { db.Close() })
	return db
}

// claim pairs a Redis in which one envelope is open.
func claim(t *testing.T, db *redis.Client, a *dir.Archive) error {
	moved, err := pairing.Claim(t.Context(), db, a, func(context.Context) (int64, error) { return 1, nil })
	if moved {
		t.Error("the Redis was paired anew while an envelope is open")
	}
	return err
}

// TestARedisWithNothingOpenMoves: another archive is taken when all has ended, and is the one
// that counts from then on.
func TestARedisWithNothingOpenMoves(t *testing.T) {
	db, one, two := empty(t), folder(t, t.TempDir()), folder(t, t.TempDir())
	ended := func(context.Context) (int64, error) { return 0, nil }
	for i, want := range []struct {
		to    *dir.Archive
		moved bool
	}{{one, false}, {one, false}, {two, true}, {two, false}, {one, true}} {
		moved, err := pairing.Claim(t.Context(), db, want.to, ended)
		if err != nil || moved != want.moved {
			t.Errorf("%d: moved is %t, %v", i, moved, err)
		}
	}
	if err := claim(t, db, two); err == nil {
		t.Error("the archive that was left is still taken")
	}
	away := errors.New("away")
	if _, err := pairing.Claim(t.Context(), db, two, func(context.Context) (int64, error) { return 0, away }); !errors.Is(err, away) {
		t.Errorf("nobody knows what is open: %v", err)
	}
}

// TestARedisKeepsToItsArchive: another archive is refused and stays as it was; the same one, a
// copy of it, and an archive at an empty Redis are taken.
func TestARedisKeepsToItsArchive(t *testing.T) {
	at := t.TempDir()
	db := empty(t)
	for range 2 {
		if err := claim(t, db, folder(t, at)); err != nil {
			t.Fatal(err)
		}
	}
	id, err := os.ReadFile(filepath.Join(at, pairing.Key))
	if err != nil {
		t.Fatal(err)
	}

	mistyped := t.TempDir()
	var other *pairing.OtherError
	for name, call := range map[string]func() error{
		"Claim": func() error { return claim(t, db, folder(t, mistyped)) },
		"Check": func() error { return pairing.Check(t.Context(), db, folder(t, mistyped)) },
	} {
		if err := call(); !errors.As(err, &other) || other.Noted+"\n" != string(id) || other.Have != "" {
			t.Errorf("%s of another archive: %v, want an OtherError with the id %s", name, err, id)
		}
	}
	if _, err := os.Stat(filepath.Join(mistyped, pairing.Key)); !os.IsNotExist(err) {
		t.Errorf("the refused archive has got an id: %v", err)
	}

	if err := claim(t, empty(t), folder(t, mistyped)); err != nil {
		t.Errorf("it at an empty Redis: %v", err)
	}
	if err := claim(t, db, folder(t, mistyped)); !errors.As(err, &other) || other.Have == "" {
		t.Errorf("an archive of another Redis: %v, want an OtherError with its id", err)
	}

	moved := t.TempDir()
	if err := os.CopyFS(moved, os.DirFS(at)); err != nil {
		t.Fatal(err)
	}
	if err := claim(t, db, folder(t, moved)); err != nil {
		t.Errorf("a copy: %v", err)
	}
	if err := claim(t, empty(t), folder(t, at)); err != nil {
		t.Errorf("the archive after its Redis was emptied: %v", err)
	}
}

// TestManyAtOnce: whoever starts first, all of one archive get on.
func TestManyAtOnce(t *testing.T) {
	a, db := folder(t, t.TempDir()), empty(t)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if err := claim(t, db, a); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestAnIDThatIsNone(t *testing.T) {
	for name, content := range map[string]string{"empty": "\n", "two lines": "A\nB\n", "a page": "<html>"} {
		at := t.TempDir()
		if err := os.MkdirAll(filepath.Join(at, "_archive"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(at, pairing.Key), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		db := empty(t)
		var garbled *pairing.GarbledError
		err := claim(t, db, folder(t, at))
		if !errors.As(err, &garbled) || garbled.Noted != "" || !strings.Contains(err.Error(), pairing.Key+" holds no id") || !strings.Contains(err.Error(), "remove it") {
			t.Errorf("%s: %v", name, err)
		}
		inPortuguese(t, err, "não contém um id", "apague-o")
		right := folder(t, t.TempDir())
		if err := claim(t, db, right); err != nil {
			t.Fatal(err)
		}
		id, err := pairing.ID(t.Context(), right)
		if err != nil {
			t.Fatal(err)
		}
		err = pairing.Check(t.Context(), db, folder(t, at))
		if !errors.As(err, &garbled) || !strings.HasSuffix(err.Error(), "write there the one line "+id) {
			t.Errorf("%s, at a Redis with an archive: %v", name, err)
		}
		inPortuguese(t, err, "escreva ali só a linha "+id)
		inPortuguese(t, pairing.Check(t.Context(), db, folder(t, t.TempDir())), "este Redis foi usado com outro arquivo", id)
	}
}

// inPortuguese tells that an error is said in Portuguese from its first word to its last.
func inPortuguese(t *testing.T, err error, words ...string) {
	t.Helper()
	said := lang.Portuguese.Say(err)
	for _, w := range words {
		if !strings.Contains(said, w) {
			t.Errorf("%q does not say %q", said, w)
		}
	}
	if strings.Contains(said, "“") || strings.Contains(said, "archive ") {
		t.Errorf("%q is English in part", said)
	}
}
