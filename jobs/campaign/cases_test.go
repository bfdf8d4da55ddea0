package campaign

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
)

const cases = "testdata/cases"

// readCase reads a file as check does: the names of good rows' first signers, and every
// problem without the file's name.
func readCase(t *testing.T, name string) (good []string, problems []string) {
	t.Helper()
	report := func(p Problem) {
		problems = append(problems, strings.TrimPrefix(p.String(), p.File+":"))
	}
	r, err := Open(filepath.Join(cases, name), Options{Document: NewFolder(cases, nil).Document})
	if p, ok := err.(Problem); ok {
		report(p)
		return nil, problems
	} else if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, p := range r.Problems() {
		report(p)
	}
	for row, err := range r.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range row.Problems {
			report(p)
		}
		if len(row.Problems) == 0 {
			good = append(good, row.Envelope.Signers[0].Name)
		}
	}
	return good, problems
}

func caseFiles(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(cases, folder))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, filepath.Join(folder, e.Name()))
	}
	return names
}

// Files as spreadsheets and other programs write them, each with its right result.
func TestFilesOfPrograms(t *testing.T) {
	nivea := func(n int) []string { return slices.Repeat([]string{"Nívea Sabiá"}, n) }
	people := []string{"João Araújo Conceição", "Antônio José Gonçalves", "Inês Fátima Mourão"}
	type result struct {
		good     []string
		problems []string
	}
	for file, want := range map[string]result{
		"02-short-rows/a-excel-16.csv":                   {good: nivea(20)},
		"02-short-rows/b-one-missing.csv":                {good: nivea(2)},
		"02-short-rows/c-required-missing.csv":           {nivea(1), []string{"2:61: signer1.email (F2): an e-mail address or a phone is required (the row ends before this column)"}},
		"03-empty-columns/b-trailing-header-only.csv":    {good: nivea(3)},
		"03-empty-columns/d-trailing-value.csv":          {nivea(3), []string{"1:57: G1: column G has no name, but line 2 has a value there: name the column (meta.NAME takes any value), or empty it"}},
		"04-tails/k-total.csv":                           {nivea(3), []string{"5:1: A5: row 5 looks like a row of totals: delete it"}},
		"05-line-ends/b-lone-cr-accents-mac.csv":         {nil, []string{"2:51: the byte 0x92 makes no sense in Windows-1252; the file is probably in Mac Roman, where it is í: save it again as CSV UTF-8"}},
		"05-line-ends/g-mixed-cr.csv":                    {nil, []string{"1:1: the first line holds a line end of old Macs (CR), and other lines end with LF: save the file again, with one kind of line end"}},
		"06-encodings/a-cp1252.csv":                      {good: people},
		"06-encodings/c-cp850.csv":                       {nil, []string{"2:19: the byte 0x87 makes no sense in Windows-1252; the file is probably in the DOS code page 850, where it is ç: save it again as CSV UTF-8"}},
		"06-encodings/d-cp437.csv":                       {nil, []string{"2:19: the byte 0x87 makes no sense in Windows-1252; the file is probably in the DOS code page 850, where it is ç: save it again as CSV UTF-8"}},
		"06-encodings/s-cp860.csv":                       {nil, []string{"2:19: the byte 0x87 makes no sense in Windows-1252; the file is probably in the DOS code page 860, where it is ç: save it again as CSV UTF-8"}},
		"06-encodings/e-utf16le-bom.csv":                 {good: people},
		"06-encodings/f-utf16be-bom.csv":                 {good: people},
		"06-encodings/g-utf16le.csv":                     {good: people},
		"06-encodings/h-double-bom.csv":                  {good: people},
		"06-encodings/i-bom-quoted-header.csv":           {good: people},
		"06-encodings/l-utf8-plus-one-1252-row.csv":      {nil, []string{"5:62: a byte that is not UTF-8 in a file that is UTF-8 otherwise, as when a part was pasted from an older file: save the file again as CSV UTF-8"}},
		"06-encodings/j-mojibake-utf8.csv":               {nil, []string{"2:15: subject (C2): character 5: Ã§ is what ç looks like when UTF-8 is read as Windows-1252: export it again as UTF-8", "2:60: signer1.name (E2): character 3: Ã£ is what ã looks like when UTF-8 is read as Windows-1252: export it again as UTF-8", "3:15: subject (C3): character 7: Ã£ is what ã looks like when UTF-8 is read as Windows-1252: export it again as UTF-8", "3:55: signer1.name (E3): character 4: Ã´ is what ô looks like when UTF-8 is read as Windows-1252: export it again as UTF-8", "4:15: subject (C4): character 5: Ã£ is what ã looks like when UTF-8 is read as Windows-1252: export it again as UTF-8", "4:60: signer1.name (E4): character 3: Ãª is what ê looks like when UTF-8 is read as Windows-1252: export it again as UTF-8"}},
		"06-encodings/k-fffd.csv":                        {nil, []string{"2:15: subject (C2): character 5 (U+FFFD) stands for a letter that was lost: write it again", "2:57: signer1.name (E2): character 3 (U+FFFD) stands for a letter that was lost: write it again", "3:15: subject (C3): character 7 (U+FFFD) stands for a letter that was lost: write it again", "3:53: signer1.name (E3): character 4 (U+FFFD) stands for a letter that was lost: write it again", "4:15: subject (C4): character 5 (U+FFFD) stands for a letter that was lost: write it again", "4:57: signer1.name (E4): character 17 (U+FFFD) stands for a letter that was lost: write it again"}},
		"06-encodings/m-mojibake-bom.csv":                {people, []string{"1:1: ï»¿id (A1): character 1: ï»¿ is what U+FEFF looks like when UTF-8 is read as Windows-1252: export it again as UTF-8"}},
		"06-encodings/n-iso8859-15-euro.csv":             {nil, []string{"2:26: the byte 0xA4 is ¤ in Windows-1252 and € in ISO 8859-15, which cannot be told apart: save the file again as CSV UTF-8"}},
		"06-encodings/o-html-entities.csv":               {nil, []string{"2:50: signer1.name (E2): holds &atilde;, which is ã as it stands in HTML: write the character itself", "3:50: signer1.name (E3): holds &#227;, which is ã as it stands in HTML: write the character itself"}},
		"06-encodings/p-utf7.csv":                        {nil, []string{"2:50: signer1.name (E2): holds +AOM-, which is ã as it stands in UTF-7: write the character itself"}},
		"06-encodings/q-quoted-printable.csv":            {nil, []string{"2:50: signer1.name (E2): holds =C3=A3, which is ã as it stands in quoted-printable: write the character itself"}},
		"07-invisible/header.csv":                        {good: nivea(1)},
		"35-skip-invalid-header/boa.csv":                 {good: nivea(2)},
		"35-skip-invalid-header/coluna-vazia.csv":        {good: nivea(3)},
		"35-skip-invalid-header/coluna-desconhecida.csv": {nivea(3), []string{"1:57: Telefone (G1): is not a known column: did you mean signer1.phone?"}},
		"35-skip-invalid-header/sem-coluna.csv":          {nivea(3), []string{"1:1: signer1.email: this column is missing"}},
		"35-skip-invalid-header/vazio.csv":               {},
	} {
		t.Run(file, func(t *testing.T) {
			good, problems := readCase(t, file)
			if !slices.Equal(good, want.good) || !slices.Equal(problems, want.problems) {
				t.Errorf("good %q\nproblems:\n%s", good, strings.Join(problems, "\n"))
			}
		})
	}
	for _, folder := range []string{"01-sep-line", "03-empty-columns", "04-tails", "05-line-ends"} {
		for _, file := range caseFiles(t, folder) {
			if slices.Contains([]string{"b-lone-cr-accents-mac.csv", "g-mixed-cr.csv", "d-trailing-value.csv", "b-trailing-header-only.csv", "k-total.csv"}, filepath.Base(file)) {
				continue // above
			}
			t.Run(file, func(t *testing.T) {
				good, problems := readCase(t, file)
				if len(problems) > 0 || !slices.Equal(good, nivea(3)) {
					t.Errorf("good %q, %q", good, problems)
				}
			})
		}
	}
}

// What cannot be seen at the ends of a value is no part of it.
func TestInvisibleEnds(t *testing.T) {
	for _, name := range []string{"birth", "cpf", "cpfend", "doc", "email", "emailend", "id", "phone", "phoneend", "provider"} {
		good, problems := readCase(t, "07-invisible/"+name+".csv")
		if len(good) != 18 || len(problems) > 0 {
			t.Errorf("%s: %d good rows, %q", name, len(good), problems)
		}
	}
	good, problems := readCase(t, "07-invisible/subject.csv")
	if len(good) != 0 || len(problems) != 18 {
		t.Errorf("subjects of nothing: %q, %q", good, problems)
	}
	for _, p := range problems {
		if !strings.Contains(p, ":15: subject (C") || !strings.HasSuffix(p, "): is required") {
			t.Error(p)
		}
	}
}

// One campaign, saved anew by other programs and people, is the same campaign.
func TestReexportsAreTheSame(t *testing.T) {
	digest := func(name string) string {
		all := rows(t, filepath.Join(cases, "23-reexport", name), Options{Campaign: "c", Document: func(ctx context.Context, source string) (providers.Document, error) {
			return NewFolder(cases, nil).Document(ctx, strings.ReplaceAll(source, "contrato2", "contrato"))
		}})
		if len(all) != 1 {
			t.Fatalf("%s: %d rows", name, len(all))
		}
		d, err := intake.Digest(all[0].Envelope)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	want := digest("utf8.csv")
	for _, file := range caseFiles(t, "23-reexport") {
		name := filepath.Base(file)
		switch name {
		case "touched.csv": // other content: its document has another name
			continue
		case "blanks.csv", "nbsp.csv", "caps.csv": // the values' own form decides
			continue
		}
		if got := digest(name); got != want {
			t.Errorf("%s is another campaign", name)
		}
	}
}
