package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ids that are CPFs are warned of once, with a better column.
func TestIDsThatArePeoples(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "june.csv")
	if err := os.WriteFile(file, []byte("CPF;Proposta nº;template;Nome;E-mail\n529.982.247-25;2026-1;t;Ana;a@example.com\n111.444.777-35;2026-2;t;Bia;b@example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"check", file, "--provider", "certyneo", "--subject", "Lease of {Nome}", "--map", "meta.proposta=Proposta nº", "--id"}
	const warning = "the ids are people's CPFs or CNPJs"
	r := invoke(t, nil, append(args, "{CPF}")...).want(t, exitOK)
	if strings.Count(r.stdout, warning) != 1 || !strings.Contains(r.stdout, `--id "{meta.proposta}"`) || strings.Contains(r.stdout, "529") {
		t.Error(r.stdout)
	}
	if r = invoke(t, nil, append(args, "{Proposta nº}")...).want(t, exitOK); strings.Contains(r.stdout, warning) {
		t.Error(r.stdout)
	}
}
