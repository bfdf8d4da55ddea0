package campaign

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
)

// Paths as people and programs write them.
func TestPathsOfPrograms(t *testing.T) {
	above := t.TempDir()
	dir := filepath.Join(above, "campanha")
	for _, name := range []string{
		"a b.pdf", "locação.pdf", "adesão.pdf", "Rescisões/termo.pdf", "50%.pdf", "Contrato Final.PDF", "contrato.pdf", "dois espaços.pdf", "nfd/adesa\u0303o.pdf",
	} {
		file := filepath.Join(dir, "documentos", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(pdf+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(above, "x.pdf"), []byte(pdf), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"fora": "..", "documentos/link.pdf": "../../x.pdf", "documentos/inlink.pdf": "contrato.pdf", "documentos/roto.pdf": "nada.pdf"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	const below = "must be a path below the campaign file's folder: without .. and not absolute"
	none := func(name, hint string) string {
		return fmt.Sprintf("there is no file %q below the campaign file's folder%s", name, hint)
	}
	want := map[string]string{ // by subject; the others are taken
		"p9": below, "p10": below, "p11": below, "p12": below,
		"p13": "must be a path relative to the campaign file, or s3://bucket/key", "p36": "must be a path relative to the campaign file, or s3://bucket/key",
		"p14": none("documentos/a%20b.pdf", `; "documentos/a b.pdf" is there`),
		"p16": none(`"documentos/a b.pdf"`, "; remove the quotes around the path"),
		"p17": none("documentos/CONTRATO.pdf", `; "documentos/contrato.pdf" is there, which differs in case`),
		"p18": none("documentos/contrato.PDF", `; "documentos/contrato.pdf" is there, which differs in case`),
		"p19": none("documentos/Contrato final.pdf", `; "documentos/Contrato Final.PDF" is there, which differs in case`),
		"p20": none("documentos/contrato", `; "documentos/contrato.pdf" is there`),
		"p21": none("documentos/contrato.pdf.pdf", `; "documentos/contrato.pdf" is there`),
		"p24": none("documentos /contrato.pdf", `; "documentos/contrato.pdf" is there`),
		"p26": errOutside.Error(), "p27": errOutside.Error(), "p29": errDangling.Error(),
		"p30": "is a folder, not a file", "p31": "is a folder, not a file",
		"p33": none("documentos/contrato.pdf;documentos/a b.pdf", "; several documents are separated by |"),
		"p35": none("documentos/contrato.pdf, documentos/a b.pdf", "; several documents are separated by |"),
		"p38": none("~/contrato.pdf", "; ~ and variables are not replaced by what they stand for"),
		"p39": none("$HOME/contrato.pdf", "; ~ and variables are not replaced by what they stand for"),
		"p40": none("%USERPROFILE%/contrato.pdf", "; ~ and variables are not replaced by what they stand for"),
		"p41": none("contrato.pdf", ""),
	}
	r, err := Open(filepath.Join(cases, "12-paths/all.csv"), Options{Document: NewFolder(dir, nil).Document})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rows := 0
	for row, err := range r.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		rows++
		var got []string
		for _, p := range row.Problems {
			got = append(got, p.Message.String())
		}
		message := want[row.Envelope.Subject]
		switch row.Envelope.Subject {
		case "p32":
			message = "document 2: is empty: remove the superfluous |"
		}
		if strings.Join(got, "\n") != message {
			t.Errorf("%s: %q, want %q", row.Envelope.Subject, got, message)
		}
	}
	if rows != 43 {
		t.Errorf("%d rows", rows)
	}
	// The name is one, however it is written in the file or on the disk.
	for _, source := range []string{"documentos/locac\u0327a\u0303o.pdf", "documentos/nfd/adesão.pdf", "documentos/nfd/adesa\u0303o.pdf"} {
		d, err := NewFolder(dir, nil).Document(t.Context(), source)
		if err != nil || !slices.Contains([]string{"locação.pdf", "adesão.pdf"}, d.Name) {
			t.Errorf("%+q: %v %q", source, err, d.Name)
		}
	}
}

// Limits come before the work: what a row costs does not grow with what it claims.
func TestRowsOfAnAttacker(t *testing.T) {
	asked := 0
	document := func(context.Context, string) (providers.Document, error) {
		asked++
		return intake.Unusable, fmt.Errorf("there is none")
	}
	bars := "1,certyneo,S," + strings.Repeat("a|", 400_000) + ",Ana,ana@example.com\n"
	all, problems := read(t, head+bars, Options{Document: document})
	if asked != 0 || len(problems) != 1 || len(all[0].Envelope.Documents) != 1 || problems[0].Message.String() != "has 400001 paths, separated by |: at most 100 documents are allowed" {
		t.Errorf("%d documents were looked for, %v", asked, problems)
	}
	_, problems = read(t, head+"1,certyneo,S,"+strings.Repeat("a|", 99)+"a,Ana,ana@example.com\n", Options{Document: document})
	if asked != 100 || len(problems) != maxProblems+1 || problems[maxProblems].Message.String() != "and 80 more problems here" {
		t.Errorf("%d documents were looked for, %d problems: %v", asked, len(problems), problems[len(problems)-1])
	}
	_, problems = read(t, head+line("1")[:len(line("1"))-1]+strings.Repeat(",", 900_000)+"\n", Options{})
	if len(problems) != 0 {
		t.Errorf("empty values after the last column: %v", problems)
	}
	_, problems = read(t, head+strings.Repeat("x,", 500_000)+"\n"+line("2"), Options{})
	if len(problems) != 1 || problems[0].Message.String() != "the row has more than 4096 values" {
		t.Errorf("%v", problems)
	}
	r, err := NewReader("june.csv", strings.NewReader(head[:len(head)-1]+strings.Repeat(",unknown", 4000)+"\n"+line("1")), Options{Document: anyDocument})
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Problems(); len(p) != maxProblems+1 || p[maxProblems].Message.String() != "and 3980 more problems here" {
		t.Errorf("%d problems of a header: %v", len(p), p[len(p)-1])
	}
	// Between documents the context is looked at.
	ctx, cancel := context.WithCancel(t.Context())
	asked = 0
	r, err = NewReader("june.csv", strings.NewReader(head+"1,certyneo,S,"+strings.Repeat("a|", 99)+"a,Ana,ana@example.com\n"), Options{Document: func(context.Context, string) (providers.Document, error) {
		asked++
		cancel()
		return intake.Unusable, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range r.Rows(ctx) {
		if err == nil {
			t.Error("a row was read after the context's end")
		}
	}
	if asked != 1 {
		t.Errorf("%d documents were looked for after the context's end", asked-1)
	}
}
