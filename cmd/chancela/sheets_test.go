package main

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/chancela/chancela/providers/registry"
)

// workbook writes rows into a new workbook's first sheet.
func workbook(t *testing.T, path string, rows ...[]any) {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range rows {
		at, _ := excelize.CoordinatesToCellName(1, i+1)
		if err := f.SetSheetRow("Sheet1", at, &row); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
}

// A workbook as people keep it, with their own headings, and documents elsewhere.
func TestTheirOwnWorkbook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "junho.xlsx")
	workbook(t, path, []any{"CPF", "Ocupante do imóvel", "E-mail", "Arquivo"},
		[]any{"529.982.247-25", "Nívea Sabiá", "nivea@exemplo.test", "contrato.pdf"},
		[]any{"111.444.777-35", "Conceição Araújo", "conceicao@", "contrato.pdf"})
	documents := filepath.Join("..", "..", "jobs", "campaign", "testdata", "cases", "documentos")
	args := []string{"check", path, "--provider", "certyneo", "--documents", documents, "--subject", "Locação de {signer1.name}", "--id", "{signer1.document}"}

	r := invoke(t, nil, args...).want(t, exitUsage)
	if !strings.Contains(r.stdout, "Ocupante do imóvel (B1): is not a known column") {
		t.Error(r.stdout)
	}
	r = invoke(t, nil, append(args, "--map", "signer1.name=Ocupante do imóvel")...).want(t, exitUsage)
	for _, want := range []string{
		`: sheet "Sheet1", "CPF" is signer 1's CPF or CNPJ, "Ocupante do imóvel" is signer 1's name, "E-mail" is signer 1's e-mail, "Arquivo" is the document's file` + "\n",
		": signer1.email (C3): ", "1 of 2 rows is valid",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in %s", want, r.stdout)
		}
	}
	r = invoke(t, nil, args...).want(t, exitUsage) // the heading is known now
	if strings.Contains(r.stdout, "not a known column") {
		t.Error(r.stdout)
	}
	r = invoke(t, nil, append(args, "--map", "signer2.name=Ocupante do imóvel")...).want(t, exitUsage)
	if !strings.Contains(r.stderr, "was signer1.name the last time") {
		t.Error(r.stderr)
	}
	if kept, err := os.ReadFile(filepath.Join(dir, "junho.columns")); err != nil || string(kept) != "signer1.name=ocupante do imóvel\n" {
		t.Errorf("%q, %v", kept, err)
	}
	for _, wrong := range [][]string{{"--map", "x=y"}, {"--subject", "signer1.name"}, {"--id", "{x}"}, {"--id", "none"}, {"--documents", path}} {
		invoke(t, nil, append([]string{"check", path}, wrong...)...).want(t, exitUsage)
	}
}

// A --map of a heading that no file has is refused, and not kept; one of several files may
// have it. The subject may be the same for all rows.
func TestMapOfNoHeading(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := caseFile(t, dir, "june.csv", "id;provider;document;signer1.name;signer1.email;Nº do contrato\n1;certyneo;documentos/contrato.pdf;Ana;ana@exemplo.test;7\n")
	other := caseFile(t, dir, "july.csv", "id;provider;document;signer1.name;signer1.email\n1;certyneo;documentos/laudo-vistoria.pdf;Bia;bia@exemplo.test\n")
	args := []string{"check", file, other, "--subject", "Contrato"}
	for heading, says := range map[string]string{
		"Número contrato": `--map: there is no heading "número contrato", said to be meta.number: did you mean "Nº do contrato"?`,
		"Contrato":        `did you mean "Nº do contrato"?`,
		"Fornecedor":      `there is no heading "fornecedor", said to be meta.number: write it as it stands in the first row`,
	} {
		for _, args := range [][]string{args, {"preview", file, "--row", "2", "--subject", "Contrato"}, {"run", other, "--subject", "Contrato", "--skip-invalid"}} {
			r := invoke(t, nil, append(args, "--map", "meta.number="+heading)...).want(t, exitUsage)
			if !strings.Contains(r.stderr, says) && args[0] != "run" || !strings.Contains(r.stderr, "there is no heading") {
				t.Errorf("%s: %s%s", heading, r.stdout, r.stderr)
			}
		}
	}
	if kept, _ := filepath.Glob(filepath.Join(dir, "*.columns")); len(kept) > 0 {
		t.Errorf("kept %s", kept)
	}
	r := invoke(t, nil, append(args, "--map", "meta.number=Nº do contrato")...).want(t, exitOK)
	if !strings.Contains(r.stdout, "2 envelopes, all valid") {
		t.Error(r.stdout)
	}
}

// What a template holds passes check as it is, for every provider, and nothing is replaced.
func TestTemplatesPassCheck(t *testing.T) {
	t.Parallel()
	for _, provider := range registry.Names() {
		for _, format := range templateFormats {
			dir := t.TempDir()
			file := filepath.Join(dir, "start."+format)
			invoke(t, nil, "template", provider, "--format", format, "--signers", "2", "--output", file).want(t, exitOK)
			r := invoke(t, nil, "check", file).want(t, exitOK)
			if !strings.Contains(r.stdout, "1 envelope, valid") {
				t.Error(provider, format, r.stdout)
			}
			invoke(t, nil, "template", provider, "--format", format, "--output", file).want(t, exitUsage)

			file = filepath.Join(dir, "comeco."+format)
			invoke(t, map[string]string{"CHANCELA_LANG": "pt-BR"}, "template", provider, "--format", format, "--signers", "2", "--output", file).want(t, exitOK)
			r = invoke(t, nil, "check", file).want(t, exitOK)
			if !strings.Contains(r.stdout, "1 envelope, valid") || !strings.Contains(r.stdout, `"Nome do signatário 2" is signer 2's name`) {
				t.Error(provider, format, r.stdout)
			}
		}
	}
	invoke(t, nil, "template", "nobody").want(t, exitUsage)
}

func TestDownloadIntoAFolderAndAZip(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(dir, "archive")}
	invoke(t, env, "download", "campaign", filepath.Join(dir, "out")).want(t, exitUsage) // there is no archive yet
	invoke(t, env, "run", someOf(t, "campaign.csv", "cer-001")).want(t, exitOK)
	out := filepath.Join(dir, "out")
	for says, args := range map[string][]string{
		"holds nothing of a campaign june: it has, for example, campaign": {"download", "june", out},
		"no archived file of these kinds: face, id_front":                 {"download", "campaign", out, "--kind", "face,id_front"},
	} {
		for _, more := range [][]string{nil, {"--zip"}} {
			r := invoke(t, env, append(args, more...)...).want(t, exitError)
			if _, err := os.Lstat(out); err == nil || !strings.Contains(r.stderr, says) {
				t.Errorf("%q; made: %t", r.stderr, err == nil)
			}
		}
	}
	names := []string{"--name", "{signer1.name} {id} {kind}"}
	invoke(t, env, append([]string{"download", "campaign", out}, names...)...).want(t, exitOK)
	r := invoke(t, env, append([]string{"download", "campaign", out}, names...)...).want(t, exitOK)
	if !strings.Contains(r.stdout, "were there") {
		t.Error(r.stdout)
	}
	files, _ := filepath.Glob(filepath.Join(out, "* signed_document.pdf"))
	if index, err := os.ReadFile(filepath.Join(out, "index.csv")); err != nil || len(files) != 1 || !strings.Contains(string(index), filepath.Base(files[0])) {
		t.Errorf("%v, %s, %v", files, index, err)
	}
	r = invoke(t, env, "download", "campaign", out, "--name", "{id} {kind}", "--kind", "signed_document").want(t, exitOK)
	if index, _ := os.ReadFile(filepath.Join(out, "index.csv")); !strings.Contains(r.stdout, "from an earlier download, under other names: 1 file") || !strings.Contains(string(index), filepath.Base(files[0])) || !strings.Contains(string(index), "dossier") {
		t.Errorf("%s, %s", r.stdout, index)
	}
	if err := os.WriteFile(files[0], []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = invoke(t, env, append([]string{"download", "campaign", out}, names...)...).want(t, exitError)
	if have, _ := os.ReadFile(files[0]); string(have) != "mine" || !strings.Contains(r.stdout, "is there already with other content") {
		t.Errorf("%q, %s", have, r.stdout)
	}
	mine := filepath.Join(dir, "mine")
	if err := os.MkdirAll(mine, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "id;name\n1;Ana\n"} {
		if err := os.WriteFile(filepath.Join(mine, "index.csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		invoke(t, env, "download", "campaign", mine).want(t, exitError)
		if have, _ := os.ReadFile(filepath.Join(mine, "index.csv")); string(have) != text {
			t.Errorf("a person's index.csv became %q", have)
		}
	}
	zipped := filepath.Join(dir, "june.zip")
	invoke(t, env, "download", "campaign", zipped, "--zip").want(t, exitOK)
	z, err := zip.OpenReader(zipped)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if len(z.File) < 2 || z.File[len(z.File)-1].Name != "index.csv" {
		t.Errorf("%d files", len(z.File))
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC)
	for takes, want := range map[time.Duration]string{time.Second: "", 30 * time.Minute: ", until 23:30 if it began now", 2 * time.Hour: ", until 27 Nov 2026 01:00 UTC if it began now"} {
		if got := until(now, now.Add(takes)).String(); got != want {
			t.Errorf("%s: %q", takes, got)
		}
	}
}
