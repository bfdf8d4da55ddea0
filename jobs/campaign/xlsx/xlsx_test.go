package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// written is a workbook as excelize writes it.
func written(t *testing.T, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t *testing.T, data []byte, sheet string) []Row {
	t.Helper()
	b, err := Open(bytes.NewReader(data), int64(len(data)), 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Sheet(sheet)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := b.Rows(s)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []Row
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(row.Cells) > 0 {
			all = append(all, row)
		}
	}
}

func TestCellsAreWhatTheSheetShows(t *testing.T) {
	format := func(code string) *excelize.Style { return &excelize.Style{CustomNumFmt: &code} }
	tests := []struct {
		name  string
		value any
		style *excelize.Style
		want  Cell
	}{
		{"text", "João", nil, Cell{Text: "João"}},
		{"zeros in text", "00123456789", nil, Cell{Text: "00123456789"}},
		{"line break", "a\nb", nil, Cell{Text: "a\nb"}},
		{"whole number", 12345678901, nil, Cell{Text: "12345678901"}},
		{"fraction", 0.1 + 0.2, nil, Cell{Text: "0.3"}},
		{"zeros by a format", 1234567890, format("00000000000"), Cell{Text: "01234567890"}},
		{"CPF by a format", 1234567890, format(`000\.000\.000\-00`), Cell{Text: "012.345.678-90"}},
		{"scientific", 12345678901, &excelize.Style{NumFmt: 11}, Cell{Text: "12345678901"}},
		{"as text", 987, &excelize.Style{NumFmt: 49}, Cell{Text: "987"}},
		{"percent", 0.5, &excelize.Style{NumFmt: 9}, Cell{Text: "50%"}},
		{"short date", 47848, &excelize.Style{NumFmt: 14}, Cell{Text: "31/12/2030", Date: "2030-12-31"}},
		{"American date", 47848, format("mm/dd/yyyy"), Cell{Text: "12/31/2030", Date: "2030-12-31"}},
		{"long date", 47848, format(`[$-416]d "de" mmmm "de" yyyy`), Cell{Text: "31 de dezembro de 2030", Date: "2030-12-31"}},
		{"date with time", 47848.5, format("dd/mm/yyyy hh:mm"), Cell{Text: "31/12/2030 12:00"}},
		{"yes", true, nil, Cell{Text: "TRUE"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := written(t, func(f *excelize.File) {
				_ = f.SetCellValue("Sheet1", "B2", tt.value)
				if tt.style != nil {
					id, err := f.NewStyle(tt.style)
					if err != nil {
						t.Fatal(err)
					}
					_ = f.SetCellStyle("Sheet1", "B2", "B2", id)
				}
			})
			rows := read(t, data, "")
			if len(rows) != 1 || rows[0].Number != 2 || len(rows[0].Cells) != 2 || rows[0].Cells[1] != tt.want {
				t.Errorf("got %+v, want %+v", rows, tt.want)
			}
		})
	}
}

func TestCellsWithoutAValue(t *testing.T) {
	long := written(t, func(f *excelize.File) { _ = f.SetCellFloat("Sheet1", "A1", 12345678901234567, -1, 64) })
	formula := written(t, func(f *excelize.File) { _ = f.SetCellFormula("Sheet1", "A1", "1+1") })
	for want, data := range map[string][]byte{
		"more than 15 digits":      long,
		"whose value was not save": formula,
		"the error #N/A":           sheet(t, `<row r="1"><c r="A1" t="e"><f>NA()</f><v>#N/A</v></c></row>`),
		"was not saved":            sheet(t, `<row r="1"><c r="A1"><f>A2</f><v/></c></row>`), // as openpyxl writes it
	} {
		rows := read(t, data, "")
		if len(rows) != 1 || !strings.Contains(fmt.Sprint(rows[0].Cells[0].Wrong), want) {
			t.Errorf("got %+v, want %q", rows, want)
		}
	}
	rows := read(t, sheet(t, `<row r="1"><c r="A1" t="str"><f>""</f><v></v></c><c r="B1"><f>1+1</f><v>2</v></c></row>`), "")
	if len(rows) != 1 || rows[0].Cells[0] != (Cell{}) || rows[0].Cells[1].Text != "2" {
		t.Errorf("saved values: %+v", rows)
	}
}

func TestRowsKeepTheirNumbers(t *testing.T) {
	rows := read(t, sheet(t, `<row><c t="inlineStr"><is><t>a</t></is></c></row><row r="5" hidden="1"><c r="C5" t="inlineStr"><is><r><t>b</t></r><r><t xml:space="preserve"> c</t></r><rPh><t>x</t></rPh></is></c></row>`), "")
	if len(rows) != 2 || rows[0].Number != 1 || rows[1].Number != 5 || !rows[1].Hidden || rows[1].Cells[2].Text != "b c" {
		t.Errorf("got %+v", rows)
	}
}

func TestMergedCells(t *testing.T) {
	data := written(t, func(f *excelize.File) {
		_ = f.SetCellValue("Sheet1", "A1", "a > sheetData>")
		_ = f.MergeCell("Sheet1", "B4", "B6")
	})
	b, err := Open(bytes.NewReader(data), int64(len(data)), 0)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := b.Sheet("")
	merged, err := b.Merged(s)
	if err != nil || len(merged) != 1 || merged[0].String() != "B4:B6" {
		t.Errorf("got %v, %v", merged, err)
	}
}

func TestSheetsByName(t *testing.T) {
	data := written(t, func(f *excelize.File) {
		_, _ = f.NewSheet("Envios")
		_ = f.SetCellValue("Envios", "A1", "x")
		f.SetActiveSheet(1)
		_ = f.SetSheetVisible("Sheet1", false)
	})
	if rows := read(t, data, ""); len(rows) != 1 || rows[0].Cells[0].Text != "x" {
		t.Errorf("the first sheet that is shown: %+v", rows)
	}
	if rows := read(t, data, "envios"); len(rows) != 1 {
		t.Errorf("by name: %+v", rows)
	}
	b, _ := Open(bytes.NewReader(data), int64(len(data)), 0)
	if _, err := b.Sheet("Nada"); err == nil || !strings.Contains(err.Error(), "it has Sheet1, Envios") {
		t.Errorf("an unknown name: %v", err)
	}
}

// parts is a workbook of one sheet with these rows.
func parts(rows string) map[string]string {
	const rel = `<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	return map[string]string{
		"_rels/.rels":                `<Relationships>` + rel + `officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships>` + rel + `worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`,
	}
}

func zipped(t *testing.T, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sheet(t *testing.T, rows string) []byte { return zipped(t, parts(rows)) }

// TestBombsAreRefused reads workbooks that are small and unpack to much.
func TestBombsAreRefused(t *testing.T) {
	long := strings.Repeat("a", 3<<20)
	texts := parts(`<row><c t="s"><v>0</v></c></row>`)
	texts["xl/_rels/workbook.xml.rels"] = strings.Replace(texts["xl/_rels/workbook.xml.rels"], "</Relationships>", `<Relationship Id="r2" Type="x/sharedStrings" Target="s.xml"/></Relationships>`, 1)
	texts["xl/s.xml"] = "<sst><si><t>" + long + "</t></si></sst>"
	for name, parts := range map[string]map[string]string{
		"more than the 4 MB":   parts(strings.Repeat("<row/>", 1<<20)),
		"a cell has more":      parts(`<row><c t="inlineStr"><is><t>` + long + `</t></is></c></row>`),
		"text or a tag":        parts(`<row spans="` + long + `"/>`),
		"1 MB of text":         parts(`<row><c t="inlineStr"><is>` + strings.Repeat("<t>"+long[:1<<16]+"</t>", 20) + `</is></c></row>`),
		"cell has more than":   texts,
		"where none can be":    parts(`<row><c r="ZZZZ1"><v>1</v></c></row>`),
		"stands after row":     parts(`<row r="99999999999"/>`),
		"more than 16384 colu": parts("<row>" + strings.Repeat("<c/>", 16385) + "</row>"),
		"no part workbook":     {"_rels/.rels": texts["_rels/.rels"]},
		"a Word document":      {"word/document.xml": ""},
		"is broken":            {"_rels/.rels": texts["_rels/.rels"], "xl/workbook.xml": "<a", "xl/_rels/workbook.xml.rels": "<a/>"},
	} {
		data := zipped(t, parts)
		b, err := Open(bytes.NewReader(data), int64(len(data)), 4<<20)
		if err == nil {
			var rows *Rows
			if rows, err = b.Rows(b.sheets[0]); err == nil {
				for err == nil {
					_, err = rows.Next()
				}
				rows.Close()
			}
		}
		if _, ok := errors.AsType[*Error](err); !ok || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzRows reads any bytes as a sheet's rows: it ends, and nothing panics.
func FuzzRows(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" s="1"><v>1</v></c><c t="b"><f>1</f><v>1</v></c></row>`)
	f.Add(`<row><c t="inlineStr"><is><t>_x000D_&#10;</t></is></c></row>`)
	f.Fuzz(func(t *testing.T, rows string) {
		data := sheet(t, rows)
		b, err := Open(bytes.NewReader(data), int64(len(data)), 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Merged(b.sheets[0]); err != nil {
			return
		}
		r, err := b.Rows(b.sheets[0])
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for last := 0; ; {
			row, err := r.Next()
			if err != nil {
				return
			}
			if row.Number <= last {
				t.Fatalf("row %d after %d", row.Number, last)
			}
			last = row.Number
		}
	})
}
