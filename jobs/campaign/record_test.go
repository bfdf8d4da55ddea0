package campaign

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

func records(t testing.TB, text string, comma byte) []record {
	t.Helper()
	s := newScanner(strings.NewReader(text), comma)
	var all []record
	for {
		rec, err := s.next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rec)
	}
}

func TestRecordsKnowTheirPlace(t *testing.T) {
	got := records(t, "id;ação;x\n\n\"é\"\"ü\";\"a\r\nb\";c\r\n1;2;", ';')
	at := func(text string, line, column, row, index int) cell {
		return cell{text: text, line: line, column: column, row: row, index: index}
	}
	want := []record{
		{line: 1, row: 1, cells: []cell{at("id", 1, 1, 1, 1), at("ação", 1, 4, 1, 2), at("x", 1, 9, 1, 3)}, end: at("", 1, 10, 1, 0)},
		{line: 3, row: 3, cells: []cell{at(`é"ü`, 3, 1, 3, 1), at("a\nb", 3, 8, 3, 2), at("c", 4, 4, 3, 3)}, end: at("", 4, 5, 3, 0)},
		{line: 5, row: 4, cells: []cell{at("1", 5, 1, 4, 1), at("2", 5, 3, 4, 2), at("", 5, 5, 4, 3)}, end: at("", 5, 5, 4, 0)},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// A mistake costs its own line and no other.
func TestRecordsGoOnBehindMistakes(t *testing.T) {
	long := strings.Repeat("x", maxRecord+10)
	for name, c := range map[string]struct {
		text   string
		broken string
		column int
	}{
		"quote in a cell":    {"1,a\"b\n", `a quote (") inside a cell`, 3},
		"text behind quotes": {"1,\"a\"b\n", `text behind the closing quote`, 3},
		"never closed":       {"1,\"a\n", `is never closed`, 3},
		"endless line":       {"1," + long + "\n", `longer than 1 MiB`, 3},
		"endless cell":       {"1,\"" + long + "\n", `is never closed`, 3},
		"quote in a CR line": {"1,2\"\r\n", `a quote (") inside a cell`, 3},
	} {
		t.Run(name, func(t *testing.T) {
			got := records(t, "h,k\n"+c.text+"2,b\n\n3,c", ',')
			if len(got) != 4 {
				t.Fatalf("%d records, want 4", len(got))
			}
			bad := got[1]
			if !strings.Contains(fmt.Sprint(bad.broken), c.broken) || bad.line != 2 || bad.at.line != 2 || bad.at.column != c.column {
				t.Errorf("got %q at %d:%d of line %d, want %q at 2:%d", bad.broken, bad.at.line, bad.at.column, bad.line, c.broken, c.column)
			}
			if got[2].line != 3 || got[3].line != 5 || got[3].cells[1].text != "c" {
				t.Errorf("behind it: %+v %+v", got[2], got[3])
			}
		})
	}
}

// What arrives in small pieces, and records of every length around the buffer's sizes.
func TestRecordsAcrossBuffers(t *testing.T) {
	var text strings.Builder
	var want []int
	for n := 4080; n < 4110; n++ {
		text.WriteString(`"` + strings.Repeat("a", n) + `""",b` + "\r\n")
		want = append(want, n+1)
	}
	s := newScanner(iotest.HalfReader(strings.NewReader(text.String())), ',')
	for i, n := range want {
		rec, err := s.next()
		if err != nil || rec.broken != nil || len(rec.cells) != 2 || len(rec.cells[0].text) != n || rec.line != i+1 {
			t.Fatalf("record %d: %v %q, %d cells", i, err, rec.broken, len(rec.cells))
		}
	}
	if _, err := s.next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// encoding/csv is the judge: what it reads, we read the same; what it refuses, we refuse.
func FuzzRecords(f *testing.F) {
	f.Add("a,b\n1,2\n")
	f.Add("a,\"b\"\r\n\"1\n2\",\"\"\"\"\r\n\r\nx")
	f.Add("a\r,\r\n\"\"\r")
	f.Add("\"a\"b,c\nd\"e\n\"f")
	f.Fuzz(func(t *testing.T, text string) {
		reader := csv.NewReader(strings.NewReader(text))
		reader.FieldsPerRecord = -1
		want, err := reader.ReadAll()
		var got [][]string
		broken := false
		for _, rec := range records(t, text, ',') {
			var row []string
			for _, c := range rec.cells {
				row = append(row, c.text)
				if c.line < rec.line || c.column < 1 {
					t.Fatalf("cell at %d:%d in record of line %d", c.line, c.column, rec.line)
				}
			}
			broken = broken || rec.broken != nil
			got = append(got, row)
		}
		if broken != (err != nil) {
			t.Fatalf("encoding/csv says %v, we say broken: %v", err, broken)
		}
		if !broken && !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}
