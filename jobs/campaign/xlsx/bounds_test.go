package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
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
