package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// At a terminal, one cause in one column makes a few lines, and a count of the others; pipes and programs get each.
func TestMistakesOfOneKind(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "june.xlsx")
	rows := [][]any{{"Contrato", "Nome", "E-mail", "template"}}
	for i := range 20 {
		rows = append(rows, []any{fmt.Sprintf("2026/%03d", i), "Ana", fmt.Sprintf("ana%d@example.com", i), "t"})
	}
	rows[8][0] = "2026-008"
	workbook(t, path, rows...)
	args := []string{"check", path, "--provider", "certyneo", "--subject", "Of {signer1.name}", "--map", "meta.contract=Contrato", "--id", "{meta.contract}"}
	var stdout, stderr strings.Builder
	if status := run(t.Context(), &system{env: map[string]string{}, stdout: &stdout, stderr: &stderr, shown: true}, args); status != exitUsage {
		t.Errorf("status %d: %s", status, &stderr)
	}
	if n := strings.Count(stdout.String(), "id (A"); n != maxAlike || !strings.Contains(stdout.String(), "id: and the same mistake in 14 more rows: 7-8, 10-21\n") {
		t.Errorf("%d lines:\n%s", n, &stdout)
	}
	r := invoke(t, nil, args...).want(t, exitUsage)
	if n := strings.Count(r.stdout, "id (A"); n != 19 || strings.Contains(r.stdout, "the same mistake") {
		t.Errorf("%d lines in a pipe:\n%s", n, r.stdout)
	}
	if r = invoke(t, nil, append(args, "--json")...).want(t, exitUsage); strings.Count(r.stdout, `"type":"problem"`) != 19 || strings.Contains(r.stdout, "null") {
		t.Error(r.stdout)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), "june.columns")); err != nil {
		t.Error(err)
	}
}
