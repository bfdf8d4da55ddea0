package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
)

// TestCheckTellsTheAllowance: of an account with a monthly limit, check says what is left, and
// that the file needs more; doctor says it in the same words.
func TestCheckTellsTheAllowance(t *testing.T) {
	t.Parallel()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Simulators: registry.Simulators(), SignAfter: 20 * time.Millisecond, Seed: 1,
		Choices: sandbox.Choices{CertyneoPlan: "FREE"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	env := sb.Env()
	maps.DeleteFunc(env, func(name, _ string) bool { return !strings.HasPrefix(name, variable("certyneo", "")) })
	env["CHANCELA_REDIS_URL"], env["CHANCELA_ARCHIVE_URL"] = redisServer(t, true), filepath.Join(t.TempDir(), "archive")
	env[variable("certyneo", "POLL_EVERY")] = "200ms"
	d := firstDay{provider: "certyneo"}
	two, five := d.file(t, "two.csv", 2), d.file(t, "five.csv", 5)

	if r := invoke(t, env, "check", five).want(t, exitOK); !strings.Contains(r.stdout, "certyneo: plan FREE: 5 of 5 envelopes left this month\n") {
		t.Errorf("check says:\n%s", r.stdout)
	}
	invoke(t, env, "run", two).want(t, exitOK)
	if r := invoke(t, env, "check", five).want(t, exitOK); !strings.Contains(r.stdout, "plan FREE: 3 of 5 envelopes left this month, and here are 5 envelopes: those beyond may be refused.") {
		t.Errorf("check says:\n%s", r.stdout)
	}
	if r := invoke(t, env, "doctor", "certyneo").want(t, exitOK); !strings.Contains(r.stdout, "ok     certyneo: allowance: plan FREE: 3 of 5 envelopes left this month\n") {
		t.Errorf("doctor says:\n%s", r.stdout)
	}
	r := invoke(t, env, "check", "--json", five).want(t, exitOK)
	var told map[string]any
	for line := range strings.Lines(r.stdout) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		if o["type"] == "allowance" {
			told = o
		}
	}
	if told["left"] != 3.0 || told["monthly"] != 5.0 || told["plan"] != "FREE" || told["envelopes"] != 5.0 || told["provider"] != "certyneo" {
		t.Errorf("check --json tells %v", told)
	}
	env["CHANCELA_LANG"] = "pt-BR"
	if r := invoke(t, env, "check", five).want(t, exitOK); !strings.Contains(r.stdout, "certyneo: plano FREE: restam 3 de 5 envelopes neste mês, e aqui há 5 envelopes: ") {
		t.Errorf("check says:\n%s", r.stdout)
	}
}

// TestCheckWithoutAnAnswer: a service that cannot be asked changes nothing of a check.
func TestCheckWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	five := firstDay{provider: "certyneo"}.file(t, "five.csv", 5)
	alone := invoke(t, map[string]string{}, "check", five).want(t, exitOK)
	if strings.Contains(alone.stdout, "plan") {
		t.Errorf("without a key check says:\n%s", alone.stdout)
	}
	asked := 0
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked++; w.WriteHeader(http.StatusUnauthorized) }))
	t.Cleanup(refuses.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, url := range map[string]string{"refuses": refuses.URL, "gone": gone.URL} {
		r := invoke(t, map[string]string{"CHANCELA_CERTYNEO_API_KEY": "sk_test_1", "CHANCELA_CERTYNEO_BASE_URL": url}, "check", five).want(t, exitOK)
		said := strings.ReplaceAll(r.stderr, strings.TrimPrefix(url, "http://"), "") // whose port may hold any number
		if r.stdout != alone.stdout || strings.Contains(said, "401") {
			t.Errorf("%s: check says:\n%s%s", name, r.stdout, r.stderr)
		}
	}
	if asked != 1 {
		t.Errorf("a service that refuses was asked %d times", asked)
	}
}
