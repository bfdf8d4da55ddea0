package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/providertest"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
)

// firstDay is a user's first day at an account that differs from its reference in one way:
// doctor --draft, a file with one row to the own address, and then the real file of ten.
type firstDay struct {
	provider string
	sandbox.Choices
	sandbox.Differences
	columns map[string]string // of every row, beside the usual ones
	lost    string            // the call whose first answer is lost

	doctor string // what it says
	wrong  bool   // and finds something wrong
	stops  string // what run says where nothing can be sent; it is interrupted then
	cure   func(env map[string]string)

	fails int    // of the real file, the rest waits; the own row fails, too
	alone bool   // the one that fails is alone with its failure: the others are archived
	words string // the provider's, in the report
}

const locked = "Proibida"

func firstDays() map[string]firstDay {
	refused := func(call string) sandbox.Differences {
		return sandbox.Differences{Refused: map[string]string{call: "O plano da conta não permite isto."}}
	}
	const because = "O plano da conta não permite isto."
	return map[string]firstDay{
		"header": {
			provider: "sdoc", Differences: sandbox.Differences{SDocHeader: "Bearer"},
			doctor: "wrong  sdoc: header: the bare token is refused, and Bearer and the token is taken", wrong: true, stops: "provider refuses the key",
			cure: func(env map[string]string) { env["CHANCELA_SDOC_API_KEY"] = "Bearer " + env["CHANCELA_SDOC_API_KEY"] },
		},
		"code field":   {provider: "sdoc", Choices: sandbox.Choices{SDocCodeField: "errorCode"}, doctor: `sdoc: errors: an error's code stands in "errorCode"`},
		"error status": {provider: "sdoc", Differences: sandbox.Differences{SDocErrorStatus: 404}, doctor: "with HTTP 404; expected"},
		"no callback": {
			provider: "sdoc", Choices: sandbox.Choices{SDocUnregistered: true},
			doctor: "note   sdoc: callback: CHANCELA_SDOC_WEBHOOK_URL is not set", fails: 5, words: "callback",
		},
		"scope": {
			provider: "certyneo", Differences: sandbox.Differences{CertyneoScopes: []string{"envelopes:read"}},
			doctor: "wrong  certyneo: upload: HTTP 403: Insufficient scope: envelopes:write required", wrong: true, stops: "provider refuses the key",
		},
		"test key":       {provider: "certyneo", doctor: "note   certyneo: key: a key of the sandbox; plan BUSINESS. Nobody is told by e-mail"},
		"ids below data": {provider: "certyneo", Differences: sandbox.Differences{CertyneoDataIDs: true}, doctor: "note   certyneo: upload: HTTP 201, the id stands below data"},
		"lagging list":   {provider: "certyneo", Differences: sandbox.Differences{ListLag: 2 * time.Second}, doctor: "note   certyneo: list: it does not show the new draft", lost: "POST /envelopes/{id}/send"},
		"lagging search": {provider: "contraktor", Differences: sandbox.Differences{ListLag: 2 * time.Second}, doctor: "note   contraktor: search: the new party is not found by its e-mail", lost: "POST /proofs"},
		"lagging requests": {
			provider: "catalisa", Differences: sandbox.Differences{ListLag: time.Second},
			doctor: "catalisa: list: ", lost: "POST /api/v1/esignature/requests",
		},
		"permission": {
			provider: "catalisa", Differences: sandbox.Differences{CatalisaPermissions: []string{"ESIGNATURE_READ"}},
			doctor: "wrong  catalisa: permissions: the token lacks ESIGNATURE_CREATE", wrong: true, stops: "provider refuses the key",
		},
		"filter": {
			provider: "catalisa", Differences: sandbox.Differences{CatalisaFilterIgnored: true},
			doctor: "the account has no request yet: whether the filter filters cannot be told", lost: "POST /api/v1/esignature/requests",
		},
		"words of contraktor": {provider: "contraktor", Differences: refused("contraktor POST /contracts"), doctor: "wrong  contraktor: draft: HTTP 400: ", wrong: true, fails: 5, words: because},
		"words of certyneo":   {provider: "certyneo", Differences: refused("certyneo POST /envelopes"), doctor: "wrong  certyneo: draft: HTTP 400: ", wrong: true, fails: 5, words: because},
		"words of sdoc":       {provider: "sdoc", Differences: refused("sdoc POST /file"), doctor: "wrong  sdoc: upload: HTTP 400: ", wrong: true, fails: 5, words: because},
		"words of catalisa":   {provider: "catalisa", Differences: refused("catalisa POST /api/v1/esignature/requests"), doctor: "Send the first rows to your own address", fails: 5, words: because},
		"words of qisign":     {provider: "qisign", Differences: refused("qisign POST /sign/envelope"), doctor: "wrong  qisign: draft: HTTP 400: ", wrong: true, fails: 5, words: because},
		"403 on one": {
			provider: "qisign", Differences: sandbox.Differences{Locked: locked},
			doctor: "qisign: look: the envelope is created", fails: 1, alone: true, words: "this envelope is not yours",
		},
		"made again": {provider: "qisign", Differences: sandbox.Differences{QISignRepeats: true}, doctor: "wrong  qisign: again: the same envelope again is answered with HTTP 200", wrong: true},
	}
}

func TestFirstDay(t *testing.T) {
	t.Parallel()
	raced := []string{"header", "lagging list", "lagging search", "words of catalisa", "403 on one"} // all under the race detector: one of each provider
	for name, d := range firstDays() {
		if providertest.Raced && !slices.Contains(raced, name) {
			continue
		}
		t.Run(name, func(t *testing.T) { t.Parallel(); d.play(t) })
	}
}

func (d firstDay) play(t *testing.T) {
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Simulators: registry.Simulators(), SignAfter: 20 * time.Millisecond, Seed: 1, Choices: d.Choices, Differences: d.Differences})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	env := sb.Env()
	maps.DeleteFunc(env, func(name, _ string) bool { return !strings.HasPrefix(name, variable(d.provider, "")) })
	env["CHANCELA_REDIS_URL"], env["CHANCELA_ARCHIVE_URL"] = redisServer(t, true), filepath.Join(t.TempDir(), "archive")
	env[variable(d.provider, "POLL_EVERY")], env[variable(d.provider, "SETTLE_AFTER")], env[variable(d.provider, "RATE")] = "200ms", "2s", "1000/1s"

	status := exitOK
	if d.wrong {
		status = exitError
	}
	began := time.Now()
	r := invoke(t, env, "doctor", d.provider, "--draft").want(t, status)
	caughtUp := d.ListLag > 0 && time.Since(began) > d.ListLag // a slow machine's doctor may have looked after the lag
	if !caughtUp && (!strings.Contains(r.stdout, d.doctor) || d.wrong && !strings.Contains(r.stdout, d.words)) {
		t.Errorf("doctor does not say %q, %q:\n%s", d.doctor, d.words, r.stdout)
	}
	d.invited(t, sb, 0)

	run := func(t *testing.T, env map[string]string, args ...string) result {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		return invokeContext(ctx, env, append([]string{"run"}, args...)...)
	}
	own, real := d.file(t, "own.csv", 1), d.file(t, "june.csv", 10)
	invoke(t, env, "check", own, real).want(t, exitOK)
	if d.stops != "" {
		invokeUntil(t, env, d.stops, "run", own).want(t, exitInterrupted)
		d.invited(t, sb, 0)
		if states, _ := counts(t, env, "own"); states["failed"]+states["in_doubt"] > 0 {
			t.Errorf("the key is refused, and envelopes fail: %v", states)
		}
		if d.cure == nil {
			return
		}
		d.cure(env)
		invoke(t, env, "doctor", d.provider).want(t, exitOK)
		env["CHANCELA_REDIS_URL"] = redisServer(t, true) // the other one has the provider stopped for a minute
	}
	if d.lost != "" {
		sb.Once(d.provider, d.lost, sandbox.DropAfter)
	}
	if d.fails > 0 && !d.alone {
		run(t, env, own).want(t, exitUnfinished)
		d.tells(t, env, "own")
		run(t, env, real).want(t, exitUnfinished)
		d.ended(t, env, "june", 0, d.fails)
		d.invited(t, sb, 0)
		return
	}
	status = exitOK
	if d.alone {
		status = exitUnfinished
	}
	run(t, env, own, real, "--first", "2").want(t, status)
	d.ended(t, env, "own", 1, 0)
	d.ended(t, env, "june", 10-d.fails, d.fails)
	d.invited(t, sb, 11-d.fails)
}

// ended sees so many archived envelopes of a campaign, and so many that have failed, with the
// provider's own words in the report; nobody doubts what became of the others.
func (d firstDay) ended(t *testing.T, env map[string]string, campaign string, archived, failed int) {
	t.Helper()
	states, _ := counts(t, env, campaign)
	if states["archived"] != archived || states["failed"] != failed || states["in_doubt"] > 0 {
		t.Errorf("%s: %v, want %d archived and %d failed", campaign, states, archived, failed)
	}
	if failed > 0 {
		d.tells(t, env, campaign)
	}
}

// invited sees that so many envelopes have reached people, each of them once.
func (d firstDay) invited(t *testing.T, sb *sandbox.Sandbox, want int) {
	t.Helper()
	n := 0
	for _, e := range sb.Books() {
		n += e.Invitations
		if e.Invitations > 1 {
			t.Errorf("%s is sent %d times", e.ID, e.Invitations)
		}
	}
	if n != want {
		t.Errorf("%d invitations, want %d", n, want)
	}
}

// tells sees the provider's own words in the report.
func (d firstDay) tells(t *testing.T, env map[string]string, campaign string) {
	t.Helper()
	if r := invoke(t, env, "report", campaign).want(t, exitOK); !strings.Contains(r.stdout, d.words) {
		t.Errorf("the report of %s does not say %q:\n%s", campaign, d.words, r.stdout)
	}
}

// file writes a campaign of some rows. The fifth of its people cannot be reached where the
// account locks one out.
func (d firstDay) file(t *testing.T, name string, rows int) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "documents"), os.DirFS(filepath.Join(samples, "documents"))); err != nil {
		t.Fatal(err)
	}
	columns := slices.Sorted(maps.Keys(d.columns))
	all := [][]string{append([]string{"id", "provider", "subject", "document", "signer1.name", "signer1.email", "signer1.phone", "signer1.document", "signer1.birthdate"}, columns...)}
	base, _, _ := strings.Cut(name, ".")
	for n := range rows {
		person := fmt.Sprintf("Pessoa Número %c", 'A'+n)
		if n == 5 {
			person = locked + " Número F"
		}
		row := []string{fmt.Sprint(n + 1), d.provider, fmt.Sprintf("Contrato %s %d", base, n+1), "documents/contrato-locacao.pdf", person,
			fmt.Sprintf("%s%d@example.com", base, n+1), "+5511987654321", "52998224725", "1980-01-31"}
		for _, column := range columns {
			row = append(row, d.columns[column])
		}
		all = append(all, row)
	}
	path := filepath.Join(dir, name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := csv.NewWriter(f).WriteAll(all); err != nil {
		t.Fatal(err)
	}
	return path
}
