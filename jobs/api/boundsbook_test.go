package api

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs/campaign"
)

// workbook is one of these parts; sheet is what stands in the first sheet's data.
type workbook struct {
	sheet, texts, styles, sheets string
	more                         func(z *zip.Writer) error
}

func (w workbook) write(t testing.TB) string {
	t.Helper()
	const kind = `Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range [][2]string{
		{"_rels/.rels", `<Relationships><Relationship Id="a" ` + kind + `officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns:r="x"><sheets><sheet name="S" r:id="a"/>` + w.sheets + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="a" ` + kind + `worksheet" Target="worksheets/1.xml"/><Relationship Id="b" ` + kind +
			`sharedStrings" Target="t.xml"/><Relationship Id="c" ` + kind + `styles" Target="s.xml"/></Relationships>`},
		{"xl/worksheets/1.xml", "<worksheet><sheetData>" + w.sheet + "</sheetData></worksheet>"},
		{"xl/t.xml", "<sst>" + w.texts + "</sst>"},
		{"xl/s.xml", "<styleSheet>" + w.styles + "</styleSheet>"},
	} {
		out, err := z.Create(part[0])
		if err == nil {
			_, err = io.WriteString(out, part[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if w.more != nil {
		if err := w.more(z); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// textRow is a row of texts.
func textRow(values ...string) string {
	var b strings.Builder
	b.WriteString("<row>")
	for _, v := range values {
		b.WriteString(`<c t="str"><v>` + v + `</v></c>`)
	}
	return b.String() + "</row>"
}

var (
	headRow = textRow(strings.Split(strings.TrimSuffix(csvHead, "\n"), ",")...)
	goodRow = textRow("1", "certyneo", "S", "a.pdf", "Ana Souza", "ana@example.com", "52998224725")
)

// manyEntries is a zip file whose directory has so many entries, and says that it has few.
func manyEntries(n int) string {
	entry := make([]byte, 47)
	copy(entry, "PK\x01\x02")
	binary.LittleEndian.PutUint16(entry[28:], 1)
	entry[46] = 'a'
	all := bytes.Repeat(entry, n)
	end := make([]byte, 22)
	copy(end, "PK\x05\x06")
	binary.LittleEndian.PutUint16(end[8:], uint16(n))
	binary.LittleEndian.PutUint16(end[10:], uint16(n))
	binary.LittleEndian.PutUint32(end[12:], uint32(len(all)))
	binary.LittleEndian.PutUint32(end[16:], 4)
	return "PK\x03\x04" + string(all) + string(end)
}

// TestSmallWorkbooksMakeNoLargeWork: a workbook of some kilobytes costs no more than any other body.
// The pages read it by the same way.
func TestSmallWorkbooksMakeNoLargeWork(t *testing.T) {
	costsAreOwn(t)
	t.Setenv("TMPDIR", t.TempDir())
	s := newStack(t, nil)
	x := strings.Repeat
	// Rows below a header that makes the file be read several times: what "Documento" means, and
	// whether nameless columns have values.
	wide := "<row>" + strings.TrimSuffix(strings.TrimPrefix(headRow, "<row>"), "</row>") + `<c t="str"><v>Documento</v></c><c/><c/><c r="CZ1" t="str"><v>meta.z</v></c></row>`
	row := func(cell string, n int) string { return "<row>" + x(cell, n) + "</row>" }
	format := func(code string) string {
		return `<numFmts><numFmt numFmtId="200" formatCode="` + code + `"/></numFmts><cellXfs><xf numFmtId="200"/></cellXfs>`
	}
	numbers := func() string {
		var b strings.Builder
		for i := range 40_000 {
			fmt.Fprintf(&b, `<row><c><v>%d.5</v></c></row>`, i)
		}
		return b.String()
	}
	twice := func(z *zip.Writer) error {
		out, err := z.Create("XL/Worksheets/1.xml")
		return errors.Join(err, func() error { _, err := io.WriteString(out, "<worksheet/>"); return err }())
	}
	for name, book := range map[string]func() workbook{
		"a million empty rows": func() workbook { return workbook{sheet: headRow + x("<row/>", 1<<20)} },
		"a header of 16,384 columns": func() workbook {
			return workbook{sheet: row(`<c t="str"><v>Documento</v></c>`, 16_384) + x(goodRow, 1000)}
		},
		"the last column":     func() workbook { return workbook{sheet: headRow + x(`<row><c r="XFD1"><v>1</v></c></row>`, 400_000)} },
		"values in many rows": func() workbook { return workbook{sheet: wide + x(row(`<c><v>1</v></c>`, 10), 49_990)} },
		"one long text in every cell": func() workbook {
			return workbook{sheet: headRow + x(row(`<c t="s"><v>0</v></c>`, 14), 49_000), texts: "<si><t>" + x("x", 1<<20-10) + "</t></si>"}
		},
		"one short text in every cell": func() workbook {
			return workbook{sheet: wide + x(row(`<c t="s"><v>0</v></c>`, 10), 49_000), texts: "<si><t>abcdefgh</t></si>"}
		},
		"shared texts without cells": func() workbook { return workbook{sheet: headRow + goodRow, texts: x("<si/>", 3_300_000)} },
		"a shared text without end": func() workbook {
			return workbook{sheet: headRow, texts: "<si>" + x("<r><t>xxxxxxxx</t></r>", 700_000) + "</si>"}
		},
		"tags that mean nothing": func() workbook {
			return workbook{sheet: x("<a/>", 4_000_000), texts: x("<a/>", 4_000_000), styles: x("<a/>", 4_000_000)}
		},
		"attributes": func() workbook {
			return workbook{sheet: x("<row"+x(" a=''", 1<<17)+"/>", 24), texts: x("<si"+x(" a=''", 1<<17)+"/>", 24)}
		},
		"many sheets": func() workbook {
			return workbook{sheet: headRow + goodRow, sheets: x(`<sheet name="S" r:id="a"/>`, 38_000)}
		},
		"numbers in a long format": func() workbook { return workbook{sheet: headRow + numbers(), styles: format(x("0", 250))} },
		"numbers in a format": func() workbook {
			return workbook{sheet: headRow + numbers(), styles: format("[$-416]dddd, d mmmm yyyy h:mm:ss")}
		},
		"cell styles": func() workbook {
			return workbook{sheet: headRow, styles: "<cellXfs>" + x("<xf/>", 3_000_000) + "</cellXfs>"}
		},
		"blanks in every cell":   func() workbook { return workbook{sheet: wide + x(row(`<c t="str"><v> </v></c>`, 12), 49_000)} },
		"two parts of one name":  func() workbook { return workbook{sheet: headRow + goodRow, more: twice} },
		"another part of 256 MB": func() workbook { return workbook{sheet: headRow + goodRow, more: nothing} },
	} {
		data := book().write(t)
		contentType, body := formBody(t, file{"file", "june.xlsx", data}, file{"d", "a.pdf", "no PDF"})
		s.costsLittle(fmt.Sprintf("%s (%d KB)", name, len(data)>>10), "/v1/campaigns?campaign=june", contentType, body)
	}
	contentType, body := formBody(t, file{"file", "june.xlsx", manyEntries(330_000)})
	s.costsLittle("a directory of 330,000 parts", "/v1/campaigns?campaign=june", contentType, body)
	leftovers(t)
}

// nothing adds a large part that no sheet needs.
func nothing(z *zip.Writer) error {
	out, err := z.Create("xl/media/image1.png")
	if err != nil {
		return err
	}
	_, err = io.Copy(out, zeros(256<<20))
	return err
}

// TestWorkbookOfSomebodyWhoHasLeft: who does not wait for the answer is not worked for.
func TestWorkbookOfSomebodyWhoHasLeft(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := newStack(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	files, err := s.server.uploads.begin(ctx, -1, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer files.close()
	data := workbook{sheet: headRow + strings.Repeat(goodRow, 5_000)}.write(t)
	main, err := files.keep(strings.NewReader(data), "")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := s.server.sheet(ctx, files, main, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	ready, err := s.server.sheet(t.Context(), files, main, "")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range s.server.sheetItems(ctx, ready, campaign.Options{Campaign: "june", Document: files.document}) {
		if n++; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d items", n)
	}
}

// TestTwoPartsOfOneName: programs differ in which of them they show.
func TestTwoPartsOfOneName(t *testing.T) {
	s := newStack(t, nil)
	data := workbook{sheet: headRow + goodRow, more: func(z *zip.Writer) error { _, err := z.Create("/xl/WORKBOOK.xml"); return err }}.write(t)
	p := s.postForm("/v1/campaigns", file{"campaign", "", "june"}, file{"file", "june.xlsx", data}).problem(t, http.StatusUnprocessableEntity)
	if !strings.Contains(p.Detail, `two parts "workbook.xml"`) {
		t.Error(p.Detail)
	}
}
