package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/chancela/chancela/providers/lang"
)

// made is a workbook of these parts.
func made(t *testing.T, sheet, texts, styles string) []byte {
	t.Helper()
	const kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range map[string]string{
		"_rels/.rels":                `<Relationships><Relationship Id="a" Type="` + kind + `officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook xmlns:r="x"><sheets><sheet name="S" r:id="a"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="a" Type="` + kind + `worksheet" Target="worksheets/1.xml"/><Relationship Id="b" Type="` + kind + `sharedStrings" Target="t.xml"/><Relationship Id="c" Type="` + kind + `styles" Target="s.xml"/></Relationships>`,
		"xl/worksheets/1.xml":        "<worksheet><sheetData>" + sheet + "</sheetData></worksheet>",
		"xl/t.xml":                   "<sst>" + texts + "</sst>",
		"xl/s.xml":                   "<styleSheet>" + styles + "</styleSheet>",
	} {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSmallFilesMakeNoLargeWork: what a workbook costs is bounded by how large a sheet may be,
// however well the file is compressed.
func TestSmallFilesMakeNoLargeWork(t *testing.T) {
	const most = 1 << 20
	format := func(code string) string {
		return `<numFmts><numFmt numFmtId="200" formatCode="` + code + `"/></numFmts><cellXfs><xf numFmtId="200"/></cellXfs>`
	}
	numbers := &strings.Builder{}
	for i := range 2000 {
		fmt.Fprintf(numbers, "<row><c><v>%d</v></c></row>", i)
	}
	tests := []struct{ name, sheet, texts, styles, want string }{
		{"shared texts", "", strings.Repeat("<si><t>"+strings.Repeat("a", 10_000)+"</t></si>", 200), "", "t.xml has 1 MB, more than the 1 MB that are taken"},
		{"values far to the right", strings.Repeat(`<row><c r="XFD1"><v>1</v></c></row>`, 100), "", "", "too many empty cells before others"},
		{"a long format", "", "", format(strings.Repeat("0", 2000)), "a number format of more than"},
		{"a long format of many numbers", numbers.String(), "", format(strings.Repeat("0", 250)), "too many numbers and dates in number formats"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data := made(t, test.sheet, test.texts, test.styles)
			if _, err := all(data, most); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestBlanksAreNoValues: a row of blanks is empty, however far to the right they stand.
func TestBlanksAreNoValues(t *testing.T) {
	data := made(t, strings.Repeat(`<row><c r="XFC1" t="str"><v> </v></c><c r="XFD1" t="s"><v>0</v></c></row>`, 1000), "<si><t> &#xA0;</t></si>", "")
	rows, err := all(data, 1<<20)
	if err != nil || len(rows) != 1000 || len(rows[0].Cells) != 0 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func all(data []byte, most int64) ([]Row, error) {
	b, err := Open(bytes.NewReader(data), int64(len(data)), most)
	if err != nil {
		return nil, err
	}
	rows, err := b.Rows(b.Sheets()[0])
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Row
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return list, err
		}
		list = append(list, row)
	}
}

// TestOddWorkbooks: what no spreadsheet program writes is refused, or said of its cell.
func TestOddWorkbooks(t *testing.T) {
	refused := map[string]string{
		`<row><c t="str"><v>` + strings.Repeat("é", 32_768) + `</v></c></row>`: "the cell A1 has more than 32767 characters",
		"<row" + strings.Repeat(" a=''", 100) + "/>":                           "too many tags",
		strings.Repeat("<a/>", 200_000):                                        "too many tags",
		strings.Repeat(`<row><c t="s"><v>0</v></c></row>`, 60):                 "more than the 1 MB of text",
	}
	for sheet, want := range refused {
		if _, err := all(made(t, sheet, "<si><t>"+strings.Repeat("x", 32_000)+"</t></si>", ""), 1<<20); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	rows, err := all(made(t, `<row><c t="b"><v>1</v></c><c t="b"><v>false</v></c><c t="b"><v>2</v></c><c t="str"><v>`+strings.Repeat("é", 32_767)+`</v></c></row>`, "", ""), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	c := rows[0].Cells
	if c[0].Text != "TRUE" || c[1].Text != "FALSE" || !strings.Contains(fmt.Sprint(c[2].Wrong), `"2"`) || c[3].Wrong != nil {
		t.Errorf("%+v", c[:3])
	}
}

// same compares cells; what is wrong with them is the same in all languages.
func same(a, b Cell) bool {
	for _, l := range []lang.Language{lang.English, lang.Portuguese} {
		if l.Say(a.Wrong) != l.Say(b.Wrong) {
			return false
		}
	}
	return a.Text == b.Text && a.Date == b.Date
}

// TestKeptRowsAreTheSame: rows that were written are read as the sheet has them.
func TestKeptRowsAreTheSame(t *testing.T) {
	data := made(t, `<row r="3" hidden="1"><c r="B3" t="str"><v>x</v></c><c t="e"><v>#REF!</v></c></row><row/><row><c t="d"><v>2030-12-31</v></c><c t="e"><v>#REF!</v></c><c t="e"><v>#N/A</v></c></row>`, "", "")
	want, err := all(data, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, row := range want {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	whole := b.String()
	kept := NewKept(&b)
	for _, row := range want {
		got, err := kept.Next()
		if err != nil || got.Number != row.Number || got.Hidden != row.Hidden || !slices.EqualFunc(got.Cells, row.Cells, same) {
			t.Errorf("got %+v, %v, want %+v", got, err, row)
		}
	}
	if _, err := kept.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	for n := range len(whole) { // a file that was cut says so, and nothing panics
		kept, err := NewKept(strings.NewReader(whole[:n])), error(nil)
		for err == nil {
			_, err = kept.Next()
		}
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
}

// TestHiddenColumns are known with the first row, merged cells after the last one.
func TestHiddenColumns(t *testing.T) {
	f := written(t, func(f *excelize.File) {
		_ = f.SetSheetRow("Sheet1", "A1", &[]any{"a", "b", "c", "d"})
		_ = f.SetColVisible("Sheet1", "B:C", false)
		_ = f.MergeCell("Sheet1", "A3", "B4")
	})
	b, err := Open(bytes.NewReader(f), int64(len(f)), 0)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := b.Rows(b.Sheets()[0])
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if _, err := rows.Next(); err != nil || len(rows.Hidden()) != 1 || rows.Hidden()[0] != (Range{1, 1, 1, 2}) {
		t.Errorf("%v, %v", rows.Hidden(), err)
	}
	for err == nil {
		_, err = rows.Next()
	}
	merged, err := b.Merged(b.Sheets()[0])
	if err != nil || !slices.Equal(merged, rows.Merged()) || len(merged) != 1 || merged[0].String() != "A3:B4" {
		t.Errorf("%v, %v, %v", merged, rows.Merged(), err)
	}
}
