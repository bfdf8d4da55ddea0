package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The estimate of check is of the hours that are to be set, and says in whose order of day and
// month it writes.
func TestEstimateKeepsToTheHours(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	opens := time.Date(time.Now().Year()+1, 2, 1, 9, 0, 0, 0, zone)
	env := map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	file := someOf(t, "june.csv", "cer-001", "cat-001")
	args := []string{"check", "--start-at", opens.Format("2006-01-02 15:04"), "--window", "09:00-18:00", "--limit", "1/day", file}
	r := invoke(t, env, args...).want(t, exitOK)
	from := opens.Format("2 Jan 2006 15:04 -07")
	if got := r.stdout; !strings.Contains(got, "; invitations leave from "+from+", 09:00-18:00, at most 1 a day: on "+from+"\n") ||
		!strings.Contains(got, ": 2 envelopes, the last ones on "+opens.AddDate(0, 0, 1).Format("2 Jan 2006 15:04 -07\n")) {
		t.Error(got)
	}
	r = invoke(t, env, append(args, "--json")...).want(t, exitOK)
	if !regexp.MustCompile(`"type":"estimate"[^\n]*`).MatchString(r.stdout) || !strings.Contains(r.stdout, opens.Format(`"until":"2006-01-02T15:04:`)) || !strings.Contains(r.stdout, `"limit":"1/day"`) {
		t.Error(r.stdout)
	}
	env["CHANCELA_LANG"] = "pt-BR"
	r = invoke(t, env, args...).want(t, exitOK)
	from = opens.Format("02/01/2006 15:04 -07")
	if !strings.Contains(r.stdout, "; os convites saem a partir de "+from+", 09:00-18:00, no máximo 1 por dia: em "+from+"\n") {
		t.Error(r.stdout)
	}
	invoke(t, env, "check", "--limit", "500", file).want(t, exitUsage)
}

// A campaign that is resumed outside its hours waits for them: the dry run says so.
func TestResumeDryRunSaysTheHours(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive"), "CHANCELA_LANG": "pt-BR"}
	opens := time.Date(time.Now().Year()+1, 2, 1, 9, 0, 0, 0, time.UTC)
	invoke(t, env, "enqueue", "--start-at", opens.Format(time.RFC3339), someOf(t, "june.csv", "cer-001")).want(t, exitOK)
	invoke(t, env, "pause", "june").want(t, exitOK)
	r := invoke(t, env, "resume", "june", "--dry-run").want(t, exitOK)
	if want := opens.In(time.FixedZone("", -3*60*60)).Format("; os próximos em 02/01/2006 15:04 -07"); !strings.Contains(r.stdout, want) {
		t.Errorf("no %q in %s", want, r.stdout)
	}
	if r := invoke(t, env, "resume", "june", "--dry-run", "--json").want(t, exitOK); !strings.Contains(r.stdout, `"held_until":"`+opens.Format(time.RFC3339)) {
		t.Error(r.stdout)
	}
}
