package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A row's form is filled as it is sent, the same every time, and what is wrong is told in its cell.
func TestPreview(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	form, err := os.ReadFile(filepath.Join("..", "..", "jobs", "intake", "fill", "testdata", "lease.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"lease.pdf": string(form),
		"june.csv": "id,provider,subject,document,field.nome,field.valor,field.endereco,signer1.name,signer1.email\n" +
			"1,certyneo,Lease,lease.pdf,Conceição,10,Recife,Ana Sabiá,ana@example.com\n" +
			"2,certyneo,Lease,lease.pdf,Araújo,20,,Ana Sabiá,ana@example.com\n" +
			"3,certyneo,Lease,lease.pdf,,,,Ana Sabiá,ana@example.com\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, out := filepath.Join(dir, "june.csv"), filepath.Join(dir, "row2.pdf")
	invoke(t, nil, "preview", file, "--row", "2", "--output", out).want(t, exitOK)
	invoke(t, nil, "preview", file, "--row", "2", "--output", out).want(t, exitOK) // the same file
	filled, err := os.ReadFile(out)
	if err != nil || !bytes.Contains(filled, []byte("<436F6E636569E7E36F>")) {
		t.Errorf("the name is not in it: %v", err)
	}
	if r := invoke(t, nil, "preview", file, "--row", "2").want(t, exitOK); r.stdout != string(filled) {
		t.Error("standard output has other bytes than the file")
	}
	if err := os.WriteFile(out, []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := invoke(t, nil, "preview", file, "--row", "2", "--output", out).want(t, exitUsage)
	if kept, _ := os.ReadFile(out); string(kept) != "changed" || !strings.Contains(r.stderr, "other content") {
		t.Errorf("a changed file was replaced: %s", r.stderr)
	}
	r = invoke(t, nil, "preview", file, "--row", "3", "--output", out+"x").want(t, exitUsage)
	if !strings.Contains(r.stderr, "field.endereco (G3): is a field of the document and has no value here") {
		t.Error(r.stderr)
	}
	invoke(t, nil, "preview", file, "--row", "9", "--output", out+"x").want(t, exitUsage)
	invoke(t, nil, "preview", file, "--output", out+"x").want(t, exitUsage)
	r = invoke(t, nil, "check", file).want(t, exitUsage)
	for _, want := range []string{"field.endereco (G3)", "field.nome (E4)", "field.valor (F4)", "field.endereco (G4)", "1 of 3 rows is valid"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in %s", want, r.stdout)
		}
	}
}
