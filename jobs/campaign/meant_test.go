package campaign

import (
	"strings"
	"testing"
)

// One mistake in a header is one problem, that names the cure, and no row repeats it.
func TestOneProblemForOneMistakeOfTheHeader(t *testing.T) {
	const rest = "\n1,certyneo,Contract,a.pdf,Ana,ana@example.com\n2,certyneo,Contract,a.pdf,Bia,bia@example.com\n"
	const semicolons = "\n1;certyneo;Lease, flat 11;a.pdf;Ana;ana@example.com\n2;certyneo;C;a.pdf;Bia;bia@example.com\n"
	plain := strings.TrimSuffix(head, "\n")
	for text, want := range map[string]string{
		"id,provider,subject,document,signer1.name" + strings.ReplaceAll(strings.ReplaceAll(rest, ",ana@example.com", ""), ",bia@example.com", ""): "1:1: signer1.email: this column is missing",
		strings.Replace(plain, "signer1.email", "signer1_email", 1) + rest:                                                                         "1:43: signer1_email (F1): is not a known column: did you mean signer1.email?",
		strings.Replace(plain, "signer1.email", "E-mail", 1) + rest:                                                                                "1:43: E-mail (F1): is not a known column: did you mean signer1.email?",
		strings.Replace(plain, "signer1.email", "Signer 1 e-mail", 1) + rest:                                                                       "1:43: Signer 1 e-mail (F1): is not a known column: did you mean signer1.email?",
		strings.Replace(plain, "signer1.email", "signer1.e-mial", 1) + rest:                                                                        "1:43: signer1.e-mial (F1): is not a known column",
		strings.Replace(plain, "signer1.name", "Name", 1) + rest:                                                                                   "1:30: Name (E1): is not a known column: did you mean signer1.name?",
		plain + ",Signer2_Phone" + rest:                                                                                                            "1:57: Signer2_Phone (G1): is not a known column: did you mean signer2.phone?",
		strings.Replace(plain, "id,", "ï»¿id,", 1) + rest:                                                                                          "1:1: ï»¿id (A1): character 1: ï»¿ is what U+FEFF looks like",
		plain + semicolons:                                "1:1: commas stand between the columns of the first line, and semicolons between the values below it: write one of the two in the whole file",
		strings.ReplaceAll(plain, ",", ";") + rest:        "1:1: semicolons stand between the columns of the first line, and commas between the values below it: write one of the two in the whole file",
		strings.ReplaceAll(plain, ",", "\t") + semicolons: "1:1: tabs stand between the columns of the first line, and semicolons between the values below it",
		"sep=;\n" + plain + rest:                          "1:1: sep= names the semicolon, but commas stand between the columns: write the one that the file has",
		plain + ",signer2.name\n1,certyneo,C,a.pdf,A,a@b.co,\n2,certyneo,C,a.pdf,A,a@b.co,Bia\n":         "1:57: signer2.email: this column is missing, and line 3 has a signer2",
		plain + ",signer2.name,signer2.role\n1,certyneo,C,a.pdf,A,a@b.co,Bia,x\n2,sdoc,C,a,A,a@b.co,B,y": "1:57: signer2.email: this column is missing, and line 2 has a signer2",
		plain + ",signer2.name" + rest:                                        "",
		plain + "\n1,certyneo,\"a;b;c;d;e;f\",a.pdf,Ana,a@b.co\n":             "",
		plain + ",meta.a,meta.b\n1,certyneo,a;b;c;d;e;f;g,a.pdf,Ana,a@b.co\n": "",
	} {
		all, problems := readAll(t, text)
		switch {
		case want == "" && len(problems) > 0:
			t.Errorf("%q: %v", text, problems)
		case want != "" && (len(problems) != 1 || !strings.HasPrefix(problems[0].String(), "june.csv:"+want)):
			t.Errorf("%q, %d rows:\ngot  %v\nwant %s", text, len(all), problems, want)
		}
	}
}

// readAll gives every problem of a file, also where it is refused as a whole.
func readAll(t *testing.T, text string) ([]Row, []Problem) {
	t.Helper()
	r, err := NewReader("june.csv", strings.NewReader(text), Options{Document: anyDocument})
	if p, ok := err.(Problem); ok {
		return nil, []Problem{p}
	}
	if err != nil {
		t.Fatal(err)
	}
	problems := r.Problems()
	var all []Row
	for row, err := range r.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
		problems = append(problems, row.Problems...)
	}
	return all, problems
}
