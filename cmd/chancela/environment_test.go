package main

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/storage"
)

// TestEnvironmentsThatContradictAreRefused: what would reach real people by mistake, or sign
// contracts where nothing is valid, does not begin.
func TestEnvironmentsThatContradictAreRefused(t *testing.T) {
	t.Parallel()
	file := someOf(t, "june.csv", "cer-001")
	for name, c := range map[string]struct {
		env  map[string]string
		says []string // none: it is taken
	}{
		"sdoc has one":          {map[string]string{"CHANCELA_SDOC_API_KEY": "topsecret"}, []string{"CHANCELA_SDOC_ENV=production", "CHANCELA_SDOC_BASE_URL"}},
		"sdoc's own address":    {map[string]string{"CHANCELA_SDOC_API_KEY": "topsecret", "CHANCELA_SDOC_BASE_URL": "https://SDOCS.safeweb.com.br./x"}, []string{"CHANCELA_SDOC_BASE_URL", "production"}},
		"sdoc, meant":           {map[string]string{"CHANCELA_SDOC_API_KEY": "topsecret", "CHANCELA_SDOC_ENV": "production"}, nil},
		"a live key":            {map[string]string{"CHANCELA_CERTYNEO_API_KEY": "sk_live_topsecret"}, []string{"CHANCELA_CERTYNEO_ENV=sandbox", "CHANCELA_CERTYNEO_API_KEY", "production"}},
		"a test key":            {map[string]string{"CHANCELA_CERTYNEO_API_KEY": "sk_test_topsecret", "CHANCELA_CERTYNEO_ENV": "production"}, []string{"CHANCELA_CERTYNEO_ENV=production", "sandbox"}},
		"a test key, meant":     {map[string]string{"CHANCELA_CERTYNEO_API_KEY": "sk_test_topsecret"}, nil},
		"contraktor's real one": {map[string]string{"CHANCELA_CONTRAKTOR_API_KEY": "topsecret", "CHANCELA_CONTRAKTOR_BASE_URL": "https://api-v3.contraktor.com.br/api"}, []string{"CHANCELA_CONTRAKTOR_BASE_URL"}},
		"contraktor's sandbox":  {map[string]string{"CHANCELA_CONTRAKTOR_API_KEY": "topsecret", "CHANCELA_CONTRAKTOR_ENV": "production", "CHANCELA_CONTRAKTOR_BASE_URL": "https://api-sandbox.contraktor.com.br:443/api"}, []string{"CHANCELA_CONTRAKTOR_BASE_URL"}},
		"qisign's sandbox":      {map[string]string{"CHANCELA_QISIGN_API_KEY": "topsecret", "CHANCELA_QISIGN_ENV": "production", "CHANCELA_QISIGN_BASE_URL": "https://api.sandbox.sign.qitech.com.br"}, []string{"CHANCELA_QISIGN_BASE_URL"}},
		"catalisa's tokens": {map[string]string{"CHANCELA_CATALISA_CLIENT_ID": "i", "CHANCELA_CATALISA_CLIENT_SECRET": "topsecret", "CHANCELA_CATALISA_IAM_URL": "https://api.catalisa.app/iam"},
			[]string{"CHANCELA_CATALISA_IAM_URL"}},
		"catalisa's production": {map[string]string{"CHANCELA_CATALISA_API_KEY": "topsecret", "CHANCELA_CATALISA_ENV": "production"}, []string{"CHANCELA_CATALISA_BASE_URL"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.env["CHANCELA_REDIS_URL"] = "redis://127.0.0.1:1"
			if c.says == nil {
				invoke(t, c.env, "check", file).want(t, exitOK)
				return
			}
			r := invoke(t, c.env, "check", file).want(t, exitUsage)
			for _, want := range c.says {
				if !strings.Contains(r.stderr, want) {
					t.Errorf("%q does not say %q", r.stderr, want)
				}
			}
			if strings.Contains(r.stderr, "topsecret") {
				t.Errorf("the key is shown: %s", r.stderr)
			}
		})
	}
}

func TestTheFirstLineSaysWhere(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": "redis://127.0.0.1:1", "CHANCELA_CERTYNEO_API_KEY": "sk_live_x", "CHANCELA_CERTYNEO_ENV": "production",
		"CHANCELA_CONTRAKTOR_API_KEY": "k", "CHANCELA_QISIGN_API_KEY": "k", "CHANCELA_QISIGN_BASE_URL": "http://127.0.0.1:9"}
	const want = "contraktor goes to api-sandbox.contraktor.com.br, sandbox (signatures are not legally valid); " +
		"certyneo goes to certyneo.com, production (signatures are legally valid); qisign goes to 127.0.0.1:9, a simulator (nothing is signed)"
	file := someOf(t, "june.csv", "cer-001")
	for _, command := range [][]string{{"run", file}, {"check", file}, {"enqueue", file}, {"work"}, {"up"}} {
		t.Run(command[0], func(t *testing.T) {
			t.Parallel() // each of them tries that Redis for some seconds
			env := maps.Clone(env)
			env["CHANCELA_ARCHIVE_URL"] = t.TempDir()
			r := invoke(t, env, command...)
			if first, _, _ := strings.Cut(r.stderr, "\n"); first != want {
				t.Errorf("it begins with %q", first)
			}
		})
	}
}

// TestARehearsalIsNoProduction: a Redis and an archive that have seen a sandbox are refused
// to production, and to another account. What older versions have noted is taken over.
func TestARehearsalIsNoProduction(t *testing.T) {
	claim := func(t *testing.T, address, folder string, env map[string]string) error {
		t.Helper()
		cfg, err := loadConfig(env)
		if err != nil {
			t.Fatal(err)
		}
		db := redis.NewClient(&redis.Options{Addr: address})
		defer db.Close()
		store, err := storage.OpenWith(t.Context(), folder, cfg.s3())
		if err != nil {
			t.Fatal(err)
		}
		e := &engine{cfg: cfg, log: slog.New(slog.DiscardHandler), redis: db, archive: store}
		return e.claim(context.WithoutCancel(t.Context()))
	}
	sandbox := map[string]string{"CHANCELA_CERTYNEO_API_KEY": "sk_test_1", "CHANCELA_CATALISA_CLIENT_ID": "org_1", "CHANCELA_CATALISA_CLIENT_SECRET": "s"}
	real := map[string]string{"CHANCELA_CERTYNEO_API_KEY": "sk_live_1", "CHANCELA_CERTYNEO_ENV": "production"}
	other := map[string]string{"CHANCELA_CATALISA_CLIENT_ID": "org_2", "CHANCELA_CATALISA_CLIENT_SECRET": "s"}
	renewed := map[string]string{"CHANCELA_CATALISA_CLIENT_ID": "org_1", "CHANCELA_CATALISA_CLIENT_SECRET": "renewed"}

	a, b := miniredis.RunT(t), miniredis.RunT(t)
	folder := filepath.Join(t.TempDir(), "archive")
	// The mark of an older version: it is read as it was.
	if err := os.MkdirAll(filepath.Join(folder, "_archive"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, worldKey), []byte(realWorld+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.Set(worldField, realWorld); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := claim(t, a.Addr(), folder, sandbox); err != nil {
			t.Fatalf("the sandbox: %v", err)
		}
	}
	if got := a.HGet(environmentsField, "certyneo"); got != "sandbox" {
		t.Errorf("the mark is %q", got)
	}
	if err := claim(t, a.Addr(), t.TempDir(), real); err == nil || !strings.Contains(err.Error(), "this Redis holds envelopes of certyneo in sandbox") {
		t.Errorf("production in a sandbox's Redis: %v", err)
	}
	if err := claim(t, b.Addr(), folder, real); err == nil || !strings.Contains(err.Error(), "CHANCELA_ARCHIVE_URL") {
		t.Errorf("production in a sandbox's archive: %v", err)
	}
	if err := claim(t, a.Addr(), folder, other); err == nil || !strings.Contains(err.Error(), "another account of catalisa") {
		t.Errorf("another account: %v", err)
	}
	if err := claim(t, a.Addr(), folder, renewed); err != nil {
		t.Errorf("the same account with a new secret: %v", err)
	}
	if err := claim(t, miniredis.RunT(t).Addr(), t.TempDir(), real); err != nil {
		t.Errorf("production in its own: %v", err)
	}
}
