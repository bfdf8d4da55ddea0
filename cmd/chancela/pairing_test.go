package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/pairing"
)

// TestAnotherArchiveIsNotTaken: whoever has mistyped the archive's address is stopped before
// anything is done, and told how to go on if it was meant. A copy goes on.
func TestAnotherArchiveIsNotTaken(t *testing.T) {
	t.Parallel()
	file := someOf(t, "june.csv", "cer-001")
	at, mistyped, moved := t.TempDir(), t.TempDir(), t.TempDir()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_ARCHIVE_URL": at, "CHANCELA_HTTP_ADDR": "127.0.0.1:0",
		"CHANCELA_CERTYNEO_API_KEY": "k", "CHANCELA_CERTYNEO_BASE_URL": "http://127.0.0.1:1"}
	keyless := map[string]string{"CHANCELA_REDIS_URL": env["CHANCELA_REDIS_URL"], "CHANCELA_ARCHIVE_URL": mistyped}
	invoke(t, env, "enqueue", file).want(t, exitOK)
	id, err := os.ReadFile(filepath.Join(at, pairing.Key))
	if err != nil {
		t.Fatal(err)
	}

	env["CHANCELA_ARCHIVE_URL"] = mistyped
	refused := func(env map[string]string, command ...string) {
		t.Helper()
		r := invoke(t, env, command...).want(t, exitUsage)
		for _, want := range []string{"another archive than " + mistyped, "CHANCELA_ARCHIVE_URL", pairing.Key, strings.TrimSpace(string(id))} {
			if !strings.Contains(r.stderr, want) {
				t.Errorf("%s does not say %q: %s", command[0], want, r.stderr)
			}
		}
	}
	for _, command := range [][]string{{"work"}, {"serve"}, {"up"}, {"run", file}, {"enqueue", file}, {"rebuild"}} {
		refused(env, command...)
	}
	refused(keyless, "enqueue", file)
	if r := invoke(t, env, "verify"); !strings.Contains(r.stderr, "another archive") {
		t.Errorf("verify compares without a word: %s", r.stderr)
	}
	if r := invoke(t, env, "doctor"); !strings.Contains(r.stdout, "another archive") {
		t.Errorf("doctor finds nothing: %s", r.stdout)
	}
	if r := invoke(t, env, "cancel", "june", "--yes"); !strings.Contains(r.stderr, "not the one of this Redis") {
		t.Errorf("cancel looks for marks where none are: %s", r.stderr)
	}
	if files, err := filepath.Glob(filepath.Join(mistyped, "_*")); err != nil || len(files) > 0 {
		t.Errorf("something was written into another archive: %v, %v", files, err)
	}

	if err := os.CopyFS(moved, os.DirFS(at)); err != nil {
		t.Fatal(err)
	}
	env["CHANCELA_ARCHIVE_URL"] = moved
	invoke(t, env, "enqueue", file).want(t, exitOK)

	if err := os.Mkdir(filepath.Join(mistyped, "_archive"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(mistyped, pairing.Key), id, 0o600); err != nil {
		t.Fatal(err)
	}
	env["CHANCELA_ARCHIVE_URL"] = mistyped
	invoke(t, env, "enqueue", file).want(t, exitOK)
}

// TestCancelWithoutItsArchive: whoever must stop a campaign can, also while its archive cannot be read.
func TestCancelWithoutItsArchive(t *testing.T) {
	t.Parallel()
	file, at := someOf(t, "june.csv", "cer-001"), t.TempDir()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_ARCHIVE_URL": at,
		"CHANCELA_CERTYNEO_API_KEY": "k", "CHANCELA_CERTYNEO_BASE_URL": "http://127.0.0.1:1"}
	invoke(t, env, "enqueue", file).want(t, exitOK)
	if err := os.WriteFile(filepath.Join(at, pairing.Key), []byte("<html>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := invoke(t, env, "cancel", "june", "--yes").want(t, exitOK)
	if !strings.Contains(r.stderr, notAtHand) {
		t.Errorf("cancel does not say that it could not look into the archive: %s", r.stderr)
	}
}

// TestARefusedRedisLeavesTheArchive: whoever has mistyped the Redis' address has still an archive that
// belongs to nobody.
func TestARefusedRedisLeavesTheArchive(t *testing.T) {
	t.Parallel()
	file, at, fresh := someOf(t, "june.csv", "cer-001"), t.TempDir(), t.TempDir()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_ARCHIVE_URL": at, "CHANCELA_SIMULATE": "yes"}
	invoke(t, env, "enqueue", file).want(t, exitOK)
	delete(env, "CHANCELA_SIMULATE")
	env["CHANCELA_ARCHIVE_URL"], env["CHANCELA_CERTYNEO_API_KEY"], env["CHANCELA_HTTP_ADDR"] = fresh, "k", "127.0.0.1:0"
	if r := invoke(t, env, "work").want(t, exitUsage); !strings.Contains(r.stderr, "this Redis holds campaigns of") {
		t.Errorf("refused for something else: %s", r.stderr)
	}
	if files, err := filepath.Glob(filepath.Join(fresh, "_*")); err != nil || len(files) > 0 {
		t.Errorf("something was written into the archive: %v, %v", files, err)
	}
}

// TestVerifyWithAGarbledID: all else is verified, and what is wrong is told with the way on.
func TestVerifyWithAGarbledID(t *testing.T) {
	t.Parallel()
	at := t.TempDir()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_ARCHIVE_URL": at, "CHANCELA_SIMULATE": "yes"}
	invoke(t, env, "enqueue", someOf(t, "june.csv", "cer-001")).want(t, exitOK)
	id, err := os.ReadFile(filepath.Join(at, pairing.Key))
	if err != nil {
		t.Fatal(err)
	}
	garbled, manifest := "<html>\n", filepath.Join(at, "june", "cer-001", "manifest.json")
	for name, content := range map[string]string{filepath.Join(at, pairing.Key): garbled, manifest: "{"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, url := range []string{env["CHANCELA_REDIS_URL"], ""} {
		env["CHANCELA_REDIS_URL"] = url
		way := "the one line " + strings.TrimSpace(string(id))
		if url == "" {
			way = "put the file back"
		}
		r := invoke(t, env, "verify").want(t, exitError)
		for _, want := range []string{pairing.Key + " holds no id", way, "june/cer-001/manifest.json", "2 things wrong"} {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("with the Redis %q, verify does not say %q: %s%s", url, want, r.stdout, r.stderr)
			}
		}
	}
}

// TestAnArchiveIsChangedWhenAllHasEnded: then a new one needs no more than its address.
func TestAnArchiveIsChangedWhenAllHasEnded(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": t.TempDir()}
	invoke(t, env, "enqueue", someOf(t, "june.csv", "cer-001")).want(t, exitOK)
	invoke(t, env, "cancel", "june", "--yes").want(t, exitOK)
	env["CHANCELA_ARCHIVE_URL"] = t.TempDir()
	r := invoke(t, env, "enqueue", someOf(t, "july.csv", "cer-002")).want(t, exitOK)
	if !strings.Contains(r.stderr, "it goes on with this one") {
		t.Errorf("it is not said that the archive has changed: %s", r.stderr)
	}
	env["CHANCELA_ARCHIVE_URL"] = t.TempDir()
	invoke(t, env, "enqueue", someOf(t, "august.csv", "cer-003")).want(t, exitUsage)
}
