package campaign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/providertest"
)

const head = "id,provider,subject,document,signer1.name,signer1.email\n"

// anyDocument finds every document.
func anyDocument(_ context.Context, source string) (providers.Document, error) {
	return providers.Document{Name: filepath.Base(source), Source: source, SHA256: strings.Repeat("0", 64), Size: 1, Type: "application/pdf"}, nil
}

func line(id string) string {
	return id + ",certyneo,Contract,a.pdf,Ana Prova,ana@example.com\n"
}

// read reads a text that is a campaign file and gives its rows and problems.
func read(t *testing.T, text string, options Options) (all []Row, problems []Problem) {
	t.Helper()
	if options.Document == nil {
		options.Document = anyDocument
	}
	r, err := NewReader("june.csv", strings.NewReader(text), options)
	if err != nil {
		t.Fatal(err)
	}
	problems = r.Problems()
	for row, err := range r.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
		problems = append(problems, row.Problems...)
	}
	return all, problems
}

func TestEncodingsAndDelimitersAreFoundOut(t *testing.T) {
	const text = "id,provider,subject,document,signer1.name,signer1.email\n1,certyneo,\"Locação €5, já\",a.pdf,Zélia Ipê,z@example.com\n"
	semicolons := strings.ReplaceAll(strings.ReplaceAll(text, ",", ";"), "€5;", "€5,")
	tabs := strings.ReplaceAll(strings.ReplaceAll(text, ",", "\t"), "€5\t", "€5,")
	windows := func(s string) string {
		out, err := charmap.Windows1252.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, file := range map[string]string{
		"comma":            text,
		"semicolon":        semicolons,
		"tab":              tabs,
		"mark":             "\uFEFF" + text,
		"windows":          windows(text),
		"windows, tab":     windows(tabs),
		"CR LF, semicolon": strings.ReplaceAll(windows(semicolons), "\n", "\r\n"),
		"no last newline":  strings.TrimSuffix(text, "\n"),
		"capitals":         strings.Replace(text, "id,provider,subject", "ID,Provider,SUBJECT", 1),
		"empty rows":       text + "\n,,,,,\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			all, problems := read(t, file, Options{})
			if len(problems) > 0 || len(all) != 1 {
				t.Fatalf("%d rows, %v", len(all), problems)
			}
			e := all[0].Envelope
			if e.Subject != "Locação €5, já" || e.Signers[0].Name != "Zélia Ipê" || e.Campaign != "june" {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestFilesThatAreNoCSV(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"empty":          {"", "the file is empty"},
		"mark only":      {"\uFEFF\r\n", "the file is empty"},
		"UTF-32":         {"\xFF\xFE\x00\x00i\x00\x00\x00", "UTF-32"},
		"PDF":            {"%PDF-1.7\n", "a PDF"},
		"XLSX":           {"PK\x03\x04...", "begins as an Excel workbook"},
		"zeros":          {"id\x00,", "june.csv:1:3: the file is not text"},
		"damaged UTF-8":  {head + "1,certyneo,Locação de março\n2,certyneo,Loca\xe7ão\n", "june.csv:3:16: a byte that is not UTF-8 in a file that is UTF-8 otherwise"},
		"neither":        {"id\n\xe7\n\xe7\x81", "june.csv:3:2: the byte 0x81 makes no sense in Windows-1252"},
		"mark, then not": {"\uFEFFid\n\xe7", "june.csv:2:1: a byte that is not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewReader("june.csv", strings.NewReader(c.file), Options{Document: anyDocument})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "june.csv:") {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestHeaderProblems(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		want   string
	}{
		"somebody's data": {"1,certyneo,Contract,a.pdf,Ana,ana@example.com", "june.csv:1:1: the first line must name the columns"},
		"unknown":         {head[:len(head)-1] + ",signer1.mail", "june.csv:1:57: signer1.mail (G1): is not a known column: did you mean signer1.email?"},
		"twice":           {head[:len(head)-1] + ",Signer1.NAME", "june.csv:1:57: signer1.name (G1): stands there twice"},
		"gap":             {head[:len(head)-1] + ",signer3.name", "june.csv:1:57: signer3 (G1): there is no signer2"},
		"nameless":        {head[:len(head)-1] + ",\n" + line("0")[:len(line("0"))-1] + ",x", "june.csv:1:57: G1: column G has no name, but line 2 has a value there"},
		"a title above":   {"Campaign of June\n\n" + head[:len(head)-1], "june.csv:1:1: the first line must name the columns, as in: id,provider,subject,document,signer1.name,signer1.email; line 3 does: remove what stands above it"},
		"other names":     {"Departamento;Salário;Cargo\nRH;x;y", "june.csv:1:1: the first line must name the columns, as in: id;provider;subject;document;signer1.name;signer1.email; none of these is known: Departamento, Salário, Cargo"},
		"bars":            {"id|provider|subject|document", "june.csv:1:1: the first line must name the columns (separated by commas, semicolons or tabs, not by |)"},
		"data":            {head[:len(head)-1] + ",11987654321", "june.csv:1:57: G1: column G is not a known column"},
		"unseen":          {head[:len(head)-1] + ",meta.a\u200Bb", "june.csv:1:57: meta.a?b (G1): holds U+200B (zero width space), which cannot be seen"},
		"signer zero":     {head[:len(head)-1] + ",signer0.name", "june.csv:1:57: signer0.name (G1): is not a known column"},
		"leading zero":    {head[:len(head)-1] + ",signer01.name", "june.csv:1:57: signer01.name (G1): is not a known column"},
		"too many":        {head[:len(head)-1] + ",signer101.name", "june.csv:1:57: signer101.name (G1): is not a known column"},
		"missing":         {"id,provider,subject,document,signer1.name", "june.csv:1:1: signer1.email: this column is missing"},
		"quote":           {`id,"pro"vider`, `june.csv:1:4: B1: text behind the closing quote`},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := NewReader("june.csv", strings.NewReader(c.header+"\n"+line("1")), Options{Document: anyDocument})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Problems()) != 1 || !strings.HasPrefix(r.Problems()[0].String(), c.want) {
				t.Errorf("%v, want %q", r.Problems(), c.want)
			}
		})
	}
}

// The rows of a file whose header lacks a column are still checked, but not for that.
func TestMissingColumnIsReportedOnce(t *testing.T) {
	_, problems := read(t, "id,provider,document,signer1.name,signer1.email\n1,certyneo,a.pdf,Ana,ana@example.com\n2,certyneo,a.pdf,Ana,ana\n", Options{})
	if len(problems) != 2 || problems[0].Name != "subject" || problems[1].Line != 3 || problems[1].Name != "signer1.email" {
		t.Errorf("%v", problems)
	}
}

func TestColumnsOfOthersKeepTheirLetters(t *testing.T) {
	const text = "ID,Provider,Subject,Template,Signer1.Name,Signer1.Phone,field.nomeCliente,META.Área,Certyneo.Level\n" +
		"1,CERTYNEO,S,tpl, Ana  Prova ,(11) 91234-5678,X,Y,ADVANCED\n"
	all, problems := read(t, text, Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	e := all[0].Envelope
	if e.Fields["nomeCliente"] != "X" || e.Meta["Área"] != "Y" || e.Option("level") != "ADVANCED" ||
		e.Provider != "certyneo" || e.Signers[0].Name != "Ana Prova" || e.Signers[0].Phone != "+5511912345678" {
		t.Errorf("%+v", e)
	}
}

func TestSameIDTwice(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.csv": head + line("1") + line("2") + line("1"), "b.csv": head + line("3") + line("2")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := []string{filepath.Join(dir, "a.csv"), filepath.Join(dir, "b.csv")}
	var got []string
	report := func(p Problem) { got = append(got, p.String()) }
	summary, err := Check(t.Context(), files, Options{Campaign: "c", Document: anyDocument}, report)
	want := []string{
		files[0] + ":4:1: id (A4): the same id stands in line 2 of " + files[0],
		files[1] + ":3:1: id (A3): the same id stands in line 3 of " + files[0],
	}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) || summary.Good != 3 || summary.Bad != 2 {
		t.Errorf("%v %+v\n%q\nwant\n%q", err, summary, got, want)
	}
	// Each file its own campaign: the ids are others.
	got = nil
	if _, err := Check(t.Context(), files[1:], Options{Document: anyDocument}, report); err != nil || len(got) > 0 {
		t.Errorf("%v %q", err, got)
	}
}

// strict is a provider with rules of its own.
type strict struct {
	providers.Provider
	check func(providers.Envelope) error
}

func (strict) Info() providers.Info               { return providers.Info{Name: "certyneo"} }
func (s strict) Check(e providers.Envelope) error { return s.check(e) }

func TestProviderJudgesToo(t *testing.T) {
	all, _ := read(t, head+line("1")+"2,certyneo,S,a.pdf,Ana,ana\n"+"3,nobody,S,a.pdf,Ana,ana@example.com\n"+"4,sdoc,S,a.pdf,Ana,ana@example.com\n", Options{
		Judge: intake.NewJudge([]providers.Provider{strict{check: func(e providers.Envelope) error {
			if e.ID == "1" {
				return errors.New("closed today")
			}
			return providers.Problems{{Field: "signer1.email", Message: lang.Plain("known already")}, {Field: "subject", Message: lang.Plain("too short")}}
		}}}, nil, nil),
	})
	got := make([]string, 0, 3)
	for _, row := range all {
		for _, p := range row.Problems {
			got = append(got, fmt.Sprintf("%d %s: %s", p.Line, p.Name, p.Message.String()))
		}
	}
	want := []string{
		"2 provider: closed today",
		"3 subject: too short",
		"3 signer1.email: is not an e-mail address such as name@example.com",
		"4 provider: must be one of contraktor, certyneo, sdoc, catalisa, qisign",
		"5 provider: sdoc is not configured here: set CHANCELA_SDOC_API_KEY",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestProviderForRowsWithoutOne(t *testing.T) {
	all, problems := read(t, "id,subject,document,signer1.name,signer1.email\n1,S,a.pdf,Ana,ana@example.com\n", Options{Provider: "qisign"})
	if len(problems) > 0 || all[0].Envelope.Provider != "qisign" {
		t.Errorf("%v %+v", problems, all)
	}
}

func TestName(t *testing.T) {
	for file, want := range map[string]string{
		"june.csv":                        "june",
		"a/b/june.rejected.csv":           "june",
		"cobrança de março.csv":           "cobrança-de-março",
		"utf8 (1).csv":                    "utf8-1",
		"utf8 (1).rejected.csv":           "utf8-1",
		"Junho - final [v2.1] .csv":       "Junho-final-v2.1",
		"(1).csv":                         "1",
		"a\u200bb\u3164.csv":              "a-b",
		"a--b_-.csv":                      "a--b_-", // nothing to change
		"cobranc\u0327a.csv":              "cobrança",
		".csv":                            "campaign",
		"--.csv":                          "campaign",
		"_x.tar.csv":                      "x.tar",
		"v1.2":                            "v1",
		strings.Repeat("é", 120) + ".csv": strings.Repeat("é", 100),
	} {
		if got := Name(file); got != want {
			t.Errorf("Name(%q) = %q, want %q", file, got, want)
		}
	}
	if _, err := NewReader("a.csv", strings.NewReader(head), Options{Campaign: "a/b"}); err == nil {
		t.Error("a campaign's name with a slash was accepted")
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := NewReader("june.csv", strings.NewReader(head+line("1")+line("2")+line("3")), Options{Document: anyDocument})
	if err != nil {
		t.Fatal(err)
	}
	var got []error
	for _, err := range r.Rows(ctx) {
		got = append(got, err)
		cancel()
	}
	if len(got) != 2 || got[0] != nil || !errors.Is(got[1], context.Canceled) {
		t.Errorf("%v", got)
	}
}

// generated is a campaign file of any length that takes no room.
type generated struct {
	rows, at int
	rest     []byte
}

func (g *generated) Read(p []byte) (int, error) {
	for len(g.rest) == 0 {
		switch {
		case g.at == 0:
			g.rest = []byte(head)
		case g.at > g.rows:
			return 0, io.EOF
		default:
			g.rest = fmt.Appendf(g.rest[:0], "row-%09d,certyneo,Contrato de locação,a.pdf,Ana Prova,ana@example.com\n", g.at)
		}
		g.at++
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

func (g *generated) Seek(int64, int) (int64, error) { g.at, g.rest = 0, nil; return 0, nil }

// Rows leave nothing but a place in [Seen]: 23 bytes a row at 200,000 rows, 37 at a
// million. What the first rows leave, such as compiled tables, is not counted.
func TestMemoryIsBounded(t *testing.T) {
	first, rows := 5_000, 40_000
	if providertest.Raced {
		first, rows = 1_000, 4_000
	}
	r, err := NewReader("big.csv", &generated{rows: first + rows}, Options{Document: anyDocument})
	if err != nil {
		t.Fatal(err)
	}
	kept := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what pools hold goes with the second
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	count, before := 0, uint64(0)
	for row, err := range r.Rows(t.Context()) {
		if err != nil || len(row.Problems) > 0 {
			t.Fatal(err, row.Problems)
		}
		if count++; count == first {
			before = kept()
		}
	}
	after := kept()
	grown := int(after - min(before, after))
	t.Logf("%d rows keep %d bytes", rows, grown)
	if count != first+rows || grown > rows*64+200_000 {
		t.Errorf("%d rows keep %d bytes", rows, grown)
	}
	runtime.KeepAlive(r)
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(head + line("1")))
	f.Add([]byte("\uFEFF" + strings.ReplaceAll(head, ",", ";") + "\"1\n\";;\xe7"))
	f.Add([]byte("id,signer2.name,field.x,meta.,sdoc.a\n,,\n\"\n,1,2,3\r\n"))
	for _, pattern := range []string{filepath.Join(samples, "*.csv"), cases + "/0[1-6]*/*.csv", cases + "/12-paths/*.csv"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, name := range files {
			sample, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(sample)
		}
	}
	folder := NewFolder(cases, nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader("f.csv", bytes.NewReader(data), Options{Document: folder.Document})
		if err != nil {
			if _, ok := errors.AsType[Problem](err); !ok {
				t.Fatal(err)
			}
			return
		}
		problems, last := r.Problems(), 0
		for row, err := range r.Rows(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if row.Line <= last {
				t.Fatalf("line %d after line %d", row.Line, last)
			}
			if len(row.Problems) > maxProblems+1 {
				t.Fatalf("%d problems in one row", len(row.Problems))
			}
			last = row.Line
			problems = append(problems, row.Problems...)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Line > len(data)+1 || p.Column < 1 || p.Column > 3*len(data)+1 || p.Message.String() == "" {
				t.Fatalf("%+v in a file of %d bytes", p, len(data))
			}
		}
	})
}
