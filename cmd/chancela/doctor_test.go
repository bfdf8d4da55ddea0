package main

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
)

// examined runs the doctor on simulators, and sees that nobody is invited by it.
func examined(t *testing.T, redis string, o sandbox.Options, args ...string) (result, *sandbox.Sandbox) {
	t.Helper()
	o.Simulators = registry.Simulators()
	o.Seed = 1
	sb, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	env := sb.Env()
	maps.Copy(env, map[string]string{"CHANCELA_REDIS_URL": redis, "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")})
	r := invoke(t, env, append([]string{"doctor"}, args...)...)
	for _, e := range sb.Books() {
		if e.Invitations != 0 {
			t.Errorf("%s has been sent %d times", e.ID, e.Invitations)
		}
	}
	return r, sb
}

// Nothing is wrong with simulators that keep to their references, and every request of the
// doctor is a documented one.
func TestDoctorFindsNothing(t *testing.T) {
	redis := redisServer(t, true)
	for _, args := range [][]string{nil, {"--draft"}} {
		r, sb := examined(t, redis, sandbox.Options{}, args...)
		r.want(t, exitOK)
		for _, v := range sb.Violations() {
			t.Errorf("%v: %s %s: %s (%s)", args, v.Provider, v.Route, v.Rule, v.Reference)
		}
		for _, name := range append(registry.Names(), "redis", "archive") {
			if !strings.Contains(r.stdout, "ok     "+name+": ") {
				t.Errorf("%v: nothing is said of %s:\n%s", args, name, r.stdout)
			}
		}
		if strings.Contains(r.stdout, "wrong ") {
			t.Errorf("%v: %s", args, r.stdout)
		}
	}
}

// Each difference from the references is named, in the line of what it concerns.
func TestDoctorNamesDifferences(t *testing.T) {
	redis := redisServer(t, true)
	for name, c := range map[string]struct {
		o      sandbox.Options
		args   []string
		says   string
		status int
	}{
		"clock":            {sandbox.Options{Differences: sandbox.Differences{Clock: 5 * time.Minute}}, []string{"qisign"}, "behind theirs. Set the clock by NTP", exitError},
		"403 on one call":  {sandbox.Options{Differences: sandbox.Differences{Forbidden: []string{"certyneo GET /templates"}}}, []string{"certyneo"}, "wrong  certyneo: templates: HTTP 403: this key may not make this call", exitError},
		"search ignored":   {sandbox.Options{Differences: sandbox.Differences{ContraktorSearchIgnored: true}}, []string{"contraktor", "--draft"}, "note   contraktor: search: a nonsense search finds 1: search does not filter; expected nobody", exitOK},
		"ids as texts":     {sandbox.Options{Differences: sandbox.Differences{ContraktorTextIDs: true}}, []string{"contraktor"}, "wrong  contraktor: ids: ids are texts; expected numbers", exitError},
		"missing scope":    {sandbox.Options{Differences: sandbox.Differences{CertyneoScopes: []string{"envelopes:read"}}}, []string{"certyneo", "--draft"}, "wrong  certyneo: upload: HTTP 403: Insufficient scope: envelopes:write required", exitError},
		"no read scope":    {sandbox.Options{Differences: sandbox.Differences{CertyneoScopes: []string{"envelopes:write"}}}, []string{"certyneo"}, "wrong  certyneo: scopes: HTTP 403: Insufficient scope: envelopes:read required", exitError},
		"no webhook scope": {sandbox.Options{Differences: sandbox.Differences{CertyneoScopes: []string{"envelopes:read", "envelopes:write"}}}, []string{"certyneo"}, "note   certyneo: webhooks: HTTP 403: Insufficient scope: webhooks:write required", exitOK},
		"ids below data":   {sandbox.Options{Differences: sandbox.Differences{CertyneoDataIDs: true}}, []string{"certyneo", "--draft"}, "note   certyneo: upload: HTTP 201, the id stands below data", exitOK},
		"errors, no code":  {sandbox.Options{Differences: sandbox.Differences{CertyneoNoCode: true}}, []string{"certyneo", "--draft"}, "note   certyneo: errors: a refusal has no code: its members are error", exitOK},
		"bearer only":      {sandbox.Options{Differences: sandbox.Differences{SDocHeader: "Bearer"}}, []string{"sdoc"}, `wrong  sdoc: header: the bare token is refused, and Bearer and the token is taken. Write Bearer and a blank before the token`, exitError},
		"code field":       {sandbox.Options{Choices: sandbox.Choices{SDocCodeField: "errorCode"}}, []string{"sdoc"}, `ok     sdoc: errors: an error's code stands in "errorCode"`, exitOK},
		"no code":          {sandbox.Options{Differences: sandbox.Differences{SDocNoCode: true}}, []string{"sdoc"}, "wrong  sdoc: errors: an unknown solicitation is refused without a code", exitError},
		"error status":     {sandbox.Options{Differences: sandbox.Differences{SDocErrorStatus: 404}}, []string{"sdoc"}, `note   sdoc: errors: the code INTEGRATION_SOLICITATION_8D12 stands in "code", with HTTP 404`, exitOK},
		"no callback":      {sandbox.Options{Choices: sandbox.Choices{SDocUnregistered: true}}, []string{"sdoc"}, "note   sdoc: callback: CHANCELA_SDOC_WEBHOOK_URL is not set", exitOK},
		"permission":       {sandbox.Options{Differences: sandbox.Differences{CatalisaPermissions: []string{"ESIGNATURE_READ"}}}, []string{"catalisa"}, "wrong  catalisa: permissions: the token lacks ESIGNATURE_CREATE, FILES_CREATE, FILES_DELETE", exitError},
		"no default":       {sandbox.Options{Differences: sandbox.Differences{CatalisaNoDefault: true}}, []string{"catalisa"}, "wrong  catalisa: config: no active configuration is the default", exitError},
		"made again":       {sandbox.Options{Differences: sandbox.Differences{QISignRepeats: true}}, []string{"qisign", "--draft"}, "wrong  qisign: again: the same envelope again is answered with HTTP 200; expected 409", exitError},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := examined(t, redis, c.o, c.args...)
			r.want(t, c.status)
			if !strings.Contains(r.stdout, c.says) {
				t.Errorf("want %q in:\n%s", c.says, r.stdout)
			}
		})
	}
}

func TestDoctorRefusesAKey(t *testing.T) {
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Simulators: registry.Simulators()})
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close()
	env := sb.Env()
	env["CHANCELA_REDIS_URL"], env["CHANCELA_ARCHIVE_URL"] = redisServer(t, true), filepath.Join(t.TempDir(), "archive")
	for _, name := range registry.Names() {
		key := variable(name, "API_KEY")
		if env[key] == "" {
			key = variable(name, "CLIENT_SECRET")
		}
		with := maps.Clone(env)
		with[key] = "sk_test_not-the-key"
		r := invoke(t, with, "doctor", name).want(t, exitError)
		if !strings.Contains(r.stdout, "wrong  "+name+": key: ") && !strings.Contains(r.stdout, "wrong  "+name+": token: ") {
			t.Errorf("%s: %s", name, r.stdout)
		}
		if strings.Contains(r.stdout+r.stderr, with[key]) {
			t.Errorf("%s: the key is told", name)
		}
	}
}

func TestDoctorUsage(t *testing.T) {
	invoke(t, nil, "doctor", "nobody").want(t, exitUsage)
	invoke(t, nil, "doctor", "sdoc").want(t, exitUsage)
	r := invoke(t, map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}, "doctor", "--json").want(t, exitError)
	objects := r.objects(t)
	if last := objects[len(objects)-1]; last["type"] != "result" || last["wrong"] != 1.0 || objects[0]["type"] != "finding" {
		t.Errorf("%v", objects)
	}
}
