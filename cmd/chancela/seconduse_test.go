package main

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/storage/ledger"
)

const myself = "Ana Maria Souza, ana@example.com, 529.982.247-25"

// The doctor asks its own user alone, twice at most, deletes what it has made, and keeps what
// it has seen for this account.
func TestDoctorFindsOutTheSecondUse(t *testing.T) {
	address := redisServer(t, true)
	for name, c := range map[string]struct {
		o      sandbox.Options
		says   string
		status int
		holds  bool
	}{
		"refused":  {sandbox.Options{}, "ok     sdoc: second use: a file serves one solicitation", exitOK, true},
		"taken":    {sandbox.Options{Differences: sandbox.Differences{SDocSecondUse: true}}, "note   sdoc: second use: a file is taken for a second solicitation; expected INTEGRATION_FILE_A2FC", exitOK, false},
		"no code":  {sandbox.Options{Differences: sandbox.Differences{SDocNoCode: true}}, "note   sdoc: second use: a second solicitation with the same file is answered by", exitError, false},
		"a status": {sandbox.Options{Differences: sandbox.Differences{SDocErrorStatus: 404}}, "note   sdoc: second use: a second solicitation with the same file is answered by INTEGRATION_FILE_A2FC, HTTP 404", exitOK, false},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Simulators, c.o.Seed = registry.Simulators(), 1
			sb, err := sandbox.Start(t.Context(), c.o)
			if err != nil {
				t.Fatal(err)
			}
			defer sb.Close()
			env := sb.Env()
			maps.Copy(env, map[string]string{"CHANCELA_REDIS_URL": address, "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")})
			r := invoke(t, env, "doctor", "sdoc", "--draft", "--self", myself).want(t, c.status)
			if !strings.Contains(r.stdout, c.says) || !strings.Contains(r.stdout, "deletion: what was made for you is deleted") {
				t.Errorf("want %q in:\n%s", c.says, r.stdout)
			}
			made := 0
			for _, e := range sb.Books() {
				made += e.Invitations
				if e.State != "deleted" {
					t.Errorf("%s is %s", e.ID, e.State)
				}
			}
			if made == 0 || made > 2 {
				t.Errorf("%d solicitations", made)
			}
			cfg, err := parseConfig(env)
			if err != nil {
				t.Fatal(err)
			}
			db, end, err := cfg.reachRedis(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer end()
			holds, err := ledger.New(db, ledger.NotDurable).Holds(t.Context(), "sdoc", cfg.accountID("sdoc"), string(providers.SecondUseRefused))
			if err != nil || holds != c.holds {
				t.Errorf("kept: %v, %v", holds, err)
			}
			env["CHANCELA_SDOC_API_KEY"] = "another"
			if cfg, err = parseConfig(env); err != nil {
				t.Fatal(err)
			}
			if holds, err := ledger.New(db, ledger.NotDurable).Holds(t.Context(), "sdoc", cfg.accountID("sdoc"), string(providers.SecondUseRefused)); holds || err != nil {
				t.Errorf("of another key: %v, %v", holds, err)
			}
		})
	}
}

// An account without any address for callbacks refuses everything: once the doctor has seen it,
// check does, before any upload, until there is an address.
func TestCheckRefusesWithoutACallback(t *testing.T) {
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Simulators: registry.Simulators(), Choices: sandbox.Choices{SDocUnregistered: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close()
	env := sb.Env()
	maps.Copy(env, map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")})
	file := someOf(t, "june.csv", "sdo-001")
	invoke(t, env, "check", file).want(t, exitOK)
	r := invoke(t, env, "doctor", "sdoc", "--draft", "--self", myself).want(t, exitError)
	if !strings.Contains(r.stdout, "wrong  sdoc: callback: the portal has no address for callbacks") {
		t.Error(r.stdout)
	}
	for _, command := range []string{"check", "enqueue", "run"} {
		r = invoke(t, env, command, file).want(t, exitUsage)
		if !strings.Contains(r.stdout+r.stderr, "set CHANCELA_SDOC_WEBHOOK_URL") {
			t.Errorf("%s: %s%s", command, r.stdout, r.stderr)
		}
	}
	for route, n := range sb.Calls("sdoc") {
		if strings.Contains(route, "POST /file") && n > 1 {
			t.Errorf("%d uploads", n)
		}
	}
	env["CHANCELA_SDOC_WEBHOOK_URL"] = "http://127.0.0.1:1/webhooks/sdoc"
	invoke(t, env, "check", file).want(t, exitOK)
}

func TestSelf(t *testing.T) {
	for text, wrong := range map[string]string{
		"":                                "",
		myself:                            "",
		"Ana Maria Souza":                 "want --self",
		"Ana Maria Souza,ana,52998224725": "no e-mail",
		"Ana Maria Souza,ana@example.com,1234567": "no CPF",
	} {
		if _, err := selfOf(text); (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%q: %v", text, err)
		}
	}
	invoke(t, nil, "doctor", "--self", myself).want(t, exitUsage)
}
