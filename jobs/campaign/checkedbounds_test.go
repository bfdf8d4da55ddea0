package campaign

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// rezip writes a workbook again with its parts changed; nil leaves a part out.
func rezip(t *testing.T, path string, change func(name string, content []byte) []byte) {
	t.Helper()
	in, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		if content = change(f.Name, content); content == nil {
			continue
		}
		w, err := out.Create(f.Name)
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestCheckedWorkbookWithoutStyles: some programs write no styles, or few. The cells are commented
// then, and coloured where there is a part for styles.
func TestCheckedWorkbookWithoutStyles(t *testing.T) {
	const empty = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"></styleSheet>`
	linked := regexp.MustCompile(`<Relationship [^>]*/styles"[^>]*>(</Relationship>)?`)
	typed := regexp.MustCompile(`<Override [^>]*/xl/styles.xml"[^>]*>(</Override>)?`)
	only := strings.Replace(empty, "></", `><cellXfs count="1"><xf numFmtId="0"/></cellXfs></`, 1)
	for name, test := range map[string]struct {
		styles   []byte
		linked   bool
		coloured bool
	}{
		"no part":              {nil, false, false},
		"a link to no part":    {nil, true, false},
		"nothing in the part":  {[]byte{}, true, true},
		"no style in the part": {[]byte(empty), true, true},
		"no fonts and fills":   {[]byte(only), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := book(t, "june.xlsx", func(f *excelize.File) {
				cells(t, f, [][]any{people, {"1", "certyneo", "Lease", "t1", "2030-12-31", "Ana", "ana@", "", nil, "x"}})
			})
			rezip(t, path, func(part string, content []byte) []byte {
				switch {
				case part == "xl/styles.xml":
					return test.styles
				case part == "xl/_rels/workbook.xml.rels" && !test.linked:
					return linked.ReplaceAll(content, nil)
				case part == "[Content_Types].xml" && !test.linked:
					return typed.ReplaceAll(content, nil)
				}
				return content
			})
			before, _ := problemsOf(t, path)
			var b bytes.Buffer
			if err := WriteChecked(t.Context(), path, Options{}, &b); err != nil {
				t.Fatal(err)
			}
			checked := filepath.Join(filepath.Dir(path), "june.checked.xlsx")
			if err := os.WriteFile(checked, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			if after, _ := problemsOf(t, checked); len(after) != 1 || strings.Join(after, ",") != strings.Join(before, ",") {
				t.Errorf("read again: %q, was %q", after, before)
			}
			f, err := excelize.OpenFile(checked)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if comments, err := f.GetComments("Sheet1"); err != nil || len(comments) != 1 || comments[0].Cell != "G2" {
				t.Errorf("comments %+v, %v", comments, err)
			}
			id, err := f.GetCellStyle("Sheet1", "G2")
			if err != nil || (id != 0) != test.coloured {
				t.Errorf("the wrong cell has the style %d, %v", id, err)
			}
			if style, err := f.GetStyle(id); test.coloured && (err != nil || len(style.Fill.Color) != 1) {
				t.Errorf("the style %+v, %v", style, err)
			}
		})
	}
}

// TestCheckedWorkbookIsBounded: a workbook that is too large is refused before it is opened, with what
// to do.
func TestCheckedWorkbookIsBounded(t *testing.T) {
	path := wrongBook(t)
	rezip(t, path, func(part string, content []byte) []byte {
		if part != "xl/worksheets/sheet1.xml" {
			return content
		}
		return append(content, bytes.Repeat([]byte(" "), maxMarked)...)
	})
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := WriteChecked(t.Context(), path, Options{}, io.Discard)
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "33 MB unzipped, and at most 32 MB") || !strings.Contains(err.Error(), "CSV") {
		t.Errorf("%v", err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > maxMarked/2 {
		t.Errorf("refused after %d MB were allocated", n>>20)
	}
}

// TestCheckedWorkbookCommentsSome: each wrong row has its reason, the first wrong cells a comment.
func TestCheckedWorkbookCommentsSome(t *testing.T) {
	const rows = maxComments + 10
	path := book(t, "june.xlsx", func(f *excelize.File) {
		all := [][]any{people}
		for range rows {
			all = append(all, []any{len(all), "certyneo", "Lease", "t1", "2030-12-31", "Ana", "ana@", "", nil, "x"})
		}
		cells(t, f, all)
	})
	var b bytes.Buffer
	if err := WriteChecked(t.Context(), path, Options{}, &b); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if comments, err := f.GetComments("Sheet1"); err != nil || len(comments) != maxComments {
		t.Errorf("%d comments, %v", len(comments), err)
	}
	if reason, err := f.GetCellValue("Sheet1", "K211"); err != nil || !strings.HasPrefix(reason, "signer1.email: ") {
		t.Errorf("the last row's reason is %q, %v", reason, err)
	}
}
