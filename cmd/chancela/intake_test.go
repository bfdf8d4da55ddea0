package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// caseFile writes a campaign file, with the document that it names.
func caseFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	documents := filepath.Join(dir, "documentos")
	if _, err := os.Stat(documents); err != nil {
		if err := os.CopyFS(documents, os.DirFS(filepath.Join(samples, "documents"))); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(documents, "aditivo.pdf"), filepath.Join(documents, "contrato.pdf")); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The likeliest first file: nobody has said which provider.
func TestFileWithoutProvider(t *testing.T) {
	file := caseFile(t, t.TempDir(), "june.csv", "id;subject;document;signer1.name;signer1.email\n"+
		"1;Contrato;documentos/contrato.pdf;Nívea Sabiá;nivea@exemplo.test\n")
	env := map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	for _, args := range [][]string{{"check", file}, {"run", file}, {"run", "--skip-invalid", file}} {
		r := invoke(t, env, args...).want(t, exitUsage)
		if all := r.stdout + r.stderr; !strings.Contains(all, "june.csv:1:1: provider: this column is missing") {
			t.Errorf("%v: %s", args, all)
		}
	}
	invoke(t, env, "check", "--provider", "certyneo", file).want(t, exitOK)
}
