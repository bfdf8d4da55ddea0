package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/storage/ledger"
)

// archived is an archive with one envelope, june/1, a file that no manifest vouches for,
// and a document as it was sent.
func archived(t *testing.T) (folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "archive")
	content := "%PDF-1.4 signed %%EOF"
	sum := sha256.Sum256([]byte(content))
	m := report.Manifest{Version: 1, Digest: "v1:1", Report: jobs.Report{Campaign: "june", ID: "1", Provider: "certyneo", State: "archived"},
		Artifacts: []report.ArchivedArtifact{{Artifact: report.Artifact{Kind: "signed_document", SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))}, Path: "june/1/signed_document.pdf"}}}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"june/1/manifest.json": string(b), "june/1/signed_document.pdf": content,
		"june/2/dossier.pdf": "of an envelope under way", "_documents/ab/abcd": "staged",
		"_archive/world.txt": "simulated", "_archive/marks.txt": "", "_archive/doctor.txt": "", "_archive/certyneo-environment.txt": ""} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const notCompared = "not compared with a ledger"

// What verify has not checked is said, and the archive stays as it is.
func TestVerifySaysWhatItDidNotCheck(t *testing.T) {
	t.Parallel()
	folder := archived(t)
	env := map[string]string{"CHANCELA_ARCHIVE_URL": folder}
	r := invoke(t, env, "verify").want(t, exitOK)
	for _, want := range []string{"1 envelope, 1 file", "june/2/dossier.pdf: no manifest vouches for it", "1 file without a manifest", "1 document as sent", notCompared} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("%q is not in\n%s", want, r.stdout)
		}
	}
	if strings.Contains(r.stdout, "_archive") {
		t.Errorf("the archive's own files are no envelope's: %s", r.stdout)
	}
	if _, err := os.Stat(filepath.Join(folder, ".tmp")); !os.IsNotExist(err) {
		t.Errorf("something was written into the archive: %v", err)
	}
}

func TestVerifyFindsNothing(t *testing.T) {
	t.Parallel()
	folder, empty := archived(t), t.TempDir()
	mistyped := filepath.Join(t.TempDir(), "mistyped")
	for _, c := range []struct {
		archive, args, says string
		status              int
	}{
		{mistyped, "verify", "there is no archive folder " + mistyped, exitUsage},
		{empty, "verify", "holds no manifest", exitError},
		{folder, "verify july", "nothing of a campaign july", exitError},
	} {
		r := invoke(t, map[string]string{"CHANCELA_ARCHIVE_URL": c.archive}, strings.Fields(c.args)...).want(t, c.status)
		if !strings.Contains(r.stderr, c.says) {
			t.Errorf("%q is not in\n%s", c.says, r.stderr)
		}
	}
	if _, err := os.Stat(mistyped); !os.IsNotExist(err) {
		t.Errorf("the mistyped folder was made: %v", err)
	}
}

// An archive that lost a manifest is found out by comparing with the ledger.
func TestVerifyMissesAManifest(t *testing.T) {
	t.Parallel()
	folder := archived(t)
	env := map[string]string{"CHANCELA_ARCHIVE_URL": folder, "CHANCELA_REDIS_URL": redisServer(t, false)}
	db, err := queue.Connect(env["CHANCELA_REDIS_URL"], nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	entries := []ledger.Entry{{Campaign: "june", ID: "1", Provider: "certyneo", Digest: "v1:1", State: ledger.Archived}}
	if _, err := ledger.New(db, ledger.NotDurable).Create(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"verify", "verify june"} {
		if r := invoke(t, env, strings.Fields(args)...).want(t, exitOK); strings.Contains(r.stdout, notCompared) {
			t.Errorf("%s:\n%s", args, r.stdout)
		}
	}
	if err := os.Remove(filepath.Join(folder, "june/1/manifest.json")); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"verify", "verify june"} {
		r := invoke(t, env, strings.Fields(args)...).want(t, exitError)
		if !strings.Contains(r.stdout, "june/1/manifest.json: the ledger calls the envelope archived") || !strings.Contains(r.stdout, "1 thing wrong") {
			t.Errorf("%s:\n%s", args, r.stdout)
		}
	}
}
