package filetype_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"io"

	"github.com/chancela/chancela/jobs/intake/filetype"
)

func zipped(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		method := zip.Deflate
		if name == "mimetype" {
			method = zip.Store
		}
		f, err := w.CreateRaw(&zip.FileHeader{Name: name, Method: method, UncompressedSize64: 39, CompressedSize64: 39})
		if method == zip.Deflate {
			f, err = w.Create(name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, filetype.ODT); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wide(s string) string { return strings.Join(strings.Split(s, ""), "\x00") + "\x00" }

func TestTypes(t *testing.T) {
	raw, err := os.ReadFile("../../campaign/testdata/cases/documentos/contrato.pdf")
	if err != nil {
		t.Fatal(err)
	}
	pdf := string(raw)
	docx := zipped(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml")
	odt := zipped(t, "mimetype", "content.xml")
	const ole = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"
	big := strings.Repeat("stream and more of it\n", 5000)
	for what, c := range map[string]struct {
		name, content string
		want          any
	}{
		"pdf":                       {"a.pdf", pdf, filetype.PDF},
		"pdf by another name":       {"a.doc", pdf, filetype.PDF},
		"bytes before the header":   {"a.pdf", strings.Repeat("x", 1019) + pdf, filetype.PDF},
		"too many of them":          {"a.pdf", strings.Repeat("x", 1020) + pdf, filetype.ErrUnknown},
		"filled up with zeros":      {"a.pdf", pdf + strings.Repeat("\x00", 3000), filetype.PDF},
		"cut":                       {"a.pdf", pdf[:700], filetype.ErrCut},
		"cut late":                  {"a.pdf", strings.Replace(pdf, "endobj", "endobj\n"+big, 1)[:90_000], filetype.ErrCut},
		"encrypted":                 {"a.pdf", strings.Replace(pdf, "/Root 1 0 R", "/Root 1 0 R/Encrypt 9 0 R", 1), filetype.ErrProtected},
		"encrypted in place":        {"a.pdf", strings.Replace(pdf, "/Root 1 0 R", "/Root 1 0 R\n/Encrypt\n<</Filter/Standard>>", 1), filetype.ErrProtected},
		"encrypted far on":          {"a.pdf", strings.Replace(pdf, "endobj", "endobj\n"+big+"<</Encrypt 9 0 R>>\n"+big, 1), filetype.ErrProtected},
		"a word of its own":         {"a.pdf", strings.Replace(pdf, "/Root 1 0 R", "/Root 1 0 R/EncryptMetadata false", 1), filetype.PDF},
		"no pages":                  {"a.pdf", strings.NewReplacer("/Type/Page/", "/Type/Nothing/", "/Count 1", "/Count 0").Replace(pdf), filetype.ErrNoPages},
		"pages in an object stream": {"a.pdf", strings.NewReplacer("/Type/Page/", "/Type/ObjStm/", "/Count 1", "/Count 0").Replace(pdf), filetype.PDF},
		"docx":                      {"a.docx", docx, filetype.DOCX},
		"docx without its ending":   {"a.zip", docx, filetype.ErrUnknown},
		"a spreadsheet called docx": {"a.docx", zipped(t, "[Content_Types].xml", "xl/workbook.xml"), filetype.ErrNoWord},
		"a zip called docx":         {"a.docx", zipped(t, "photo.jpg"), filetype.ErrNoWord},
		"docx, cut":                 {"a.docx", docx[:len(docx)-30], filetype.ErrCut},
		"docx with a password":      {"a.docx", ole + big + wide("EncryptedPackage") + big, filetype.ErrProtected},
		"odt":                       {"a.odt", odt, filetype.ODT},
		"a zip called odt":          {"a.odt", docx, filetype.ErrUnknown},
		"doc":                       {"a.doc", ole + big + wide("WordDocument") + big, filetype.DOC},
		"an old spreadsheet":        {"a.doc", ole + wide("Workbook"), filetype.ErrNoWord},
		"png":                       {"a", "\x89PNG\r\n\x1a\n...", filetype.PNG},
		"jpeg":                      {"a", "\xFF\xD8\xFF\xE0", filetype.JPEG},
		"gif":                       {"a", "GIF89a...", filetype.GIF},
		"text":                      {"a.pdf", "a contract", filetype.ErrUnknown},
		"empty":                     {"a.pdf", "", filetype.ErrEmpty},
	} {
		for how, in := range map[string]io.Reader{"whole": strings.NewReader(c.content), "byte by byte": iotest.OneByteReader(strings.NewReader(c.content))} {
			r := filetype.New(c.name)
			if _, err := io.Copy(onlyWriter{r}, in); err != nil {
				t.Fatal(err)
			}
			got, err := r.Type()
			if wrong, ok := c.want.(error); ok && !errors.Is(err, wrong) || !ok && (err != nil || got != c.want) {
				t.Errorf("%s, %s: %q, %v; want %v", what, how, got, err, c.want)
			}
		}
	}
}

// Content is looked at as it passes: nothing is allocated for what was looked at.
func TestContentIsNotHeld(t *testing.T) {
	for name, size := range map[string]int{"as copied": 32 << 10, "small": 1000, "all in one": 8 << 20} {
		r := filetype.New("a.pdf")
		io.WriteString(r, "%PDF-1.7")
		part := bytes.Repeat([]byte("stream "), size/7+1)[:size]
		r.Write(part)
		if n := testing.AllocsPerRun(20, func() { r.Write(part) }); n > 0 {
			t.Errorf("%s: %.0f allocations for each write of %d bytes", name, n, size)
		}
	}
}

type onlyWriter struct{ io.Writer }

func FuzzType(f *testing.F) {
	f.Add("a.pdf", []byte("%PDF-1.7/Type/Page/Encrypt"))
	f.Add("a.docx", []byte("PK\x03\x04word/document"))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		r := filetype.New(name)
		for _, b := range content {
			_, _ = r.Write([]byte{b})
		}
		one, errOne := r.Type()
		r = filetype.New(name)
		_, _ = r.Write(content)
		if all, err := r.Type(); all != one || !errors.Is(err, errOne) {
			t.Errorf("%q %v in one piece, %q %v byte by byte", all, err, one, errOne)
		}
	})
}
