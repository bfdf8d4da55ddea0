package fill_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs/intake/filetype"
	"github.com/chancela/chancela/jobs/intake/fill"
)

// form is a PDF with a form of some fields, each as its dictionary without the braces.
func form(fields ...string) []byte {
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[%REFS]/DA(/Helv 0 Tf 0 g)>>>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[%REFS]>>",
		"<</Length 44>>\nstream\nBT /F1 18 Tf 72 760 Td (Contrato de loca\xe7\xe3o) Tj ET\nendstream",
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
	}
	var refs []string
	for i, f := range fields {
		refs = append(refs, fmt.Sprintf("%d 0 R", len(objects)+1))
		objects = append(objects, fmt.Sprintf("<</Type/Annot/Subtype/Widget/P 3 0 R/Rect[72 %d 372 %d]%s>>", 690-40*i, 710-40*i, f))
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var places []int
	for i, o := range objects {
		places = append(places, b.Len())
		o = strings.ReplaceAll(o, "%REFS", strings.Join(refs, " "))
		if i == 3 {
			o = strings.Replace(o, "44", fmt.Sprint(strings.Index(o, "\nendstream")-strings.Index(o, "stream\n")-7), 1)
		}
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	begin := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, p := range places {
		fmt.Fprintf(&b, "%010d 00000 n \n", p)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, begin)
	return b.Bytes()
}

func lease() []byte {
	return form("/FT/Tx/T(nome)", "/FT/Tx/T(valor)/Q 2/DA(/TiRo 11 Tf 0 0 1 rg)", "/FT/Tx/T(endereco)/Ff 4096", "/FT/Tx/T(numero)/MaxLen 4", "/FT/Tx/T(fixo)/Ff 1/V(Recife)")
}

func values() map[string]string {
	return map[string]string{"nome": "Conceição Araújo d’Ávila", "valor": "R$ 1.234,56 – €", "endereco": "Rua São João, 12", "numero": "12ã"}
}

// The values stand on the page, with their accents, and no form is left.
func TestPDFForm(t *testing.T) {
	t.Parallel()
	got, err := fill.Document(filetype.PDF, lease(), values())
	if err != nil || len(got.Problems) > 0 {
		t.Fatal(err, got.Problems)
	}
	again, err := fill.Document(filetype.PDF, lease(), values())
	if err != nil || !bytes.Equal(got.Content, again.Content) {
		t.Error("the same values have other bytes", err)
	}
	for _, gone := range []string{"/AcroForm", "/Widget", "/Annots"} {
		if bytes.Contains(got.Content, []byte(gone)) {
			t.Errorf("%s is left in it", gone)
		}
	}
	if _, err := fill.Document(filetype.PDF, got.Content, values()); err != fill.ErrNoForm {
		t.Errorf("filled again: %v", err)
	}
	// Conceição in Windows-1252, as the standard fonts have it.
	if !bytes.Contains(got.Content, []byte("<436F6E636569E7E36F20417261FA6A6F2064"+"92"+"C176696C61>")) {
		t.Error("the name is not on the page")
	}
	reader, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Log("pdftotext is not installed: nobody else has read the file")
		return
	}
	path := filepath.Join(t.TempDir(), "filled.pdf")
	if err := os.WriteFile(path, got.Content, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(reader, path, "-").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Contrato de locação", "Conceição Araújo d’Ávila", "R$ 1.234,56 – €", "Rua São João, 12", "12ã", "Recife"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if strings.Contains(string(text), "Error") {
		t.Errorf("%s", text)
	}
}

func said(f fill.Filled) string { return f.Problems[0].Field + ": " + f.Problems[0].Message.String() }

func TestWhatAFormRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ field, value, want string }{
		"missing":   {"nome", "", "field.nome: is a field of the document and has no value here"},
		"letters":   {"nome", "Łukasz", "field.nome: character 1 is "},
		"long":      {"numero", "12345", "field.numero: has 5 characters, and the field takes 4"},
		"too wide":  {"nome", strings.Repeat("Comprido ", 40), "field.nome: is too long for its place"},
		"too high":  {"endereco", strings.Repeat("linha\n", 9), "field.endereco: is too long for its place"},
		"two lines": {"nome", "a\nb", "field.nome: has several lines"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := values()
			if v[c.field] = c.value; c.value == "" {
				delete(v, c.field)
			}
			got, err := fill.Document(filetype.PDF, lease(), v)
			if err != nil || len(got.Problems) != 1 || !strings.HasPrefix(said(got), c.want) || got.Content != nil {
				t.Errorf("%v %v", got.Problems, err)
			}
		})
	}
	if _, err := fill.Document(filetype.PDF, form(), values()); err != fill.ErrNoForm {
		t.Error(err)
	}
	if _, err := fill.Document(filetype.PDF, form("/FT/Sig/T(s)/V<</Type/Sig>>"), values()); err == nil || !strings.Contains(err.Error(), "signed already") {
		t.Error(err)
	}
}

// Whatever is cut out of a form, or turned in it, ends with an answer.
func TestBrokenForms(t *testing.T) {
	t.Parallel()
	whole := lease()
	for i := 0; i < len(whole); i += 7 {
		_, _ = fill.Document(filetype.PDF, whole[:i], values())
		turned := bytes.Clone(whole)
		turned[i] ^= 0x15
		got, err := fill.Document(filetype.PDF, turned, values())
		if err == nil && len(got.Problems) == 0 && got.Content == nil {
			t.Fatalf("byte %d: neither content nor an error", i)
		}
	}
	loop := bytes.Replace(form("/FT/Tx/T(a)"), []byte("/FT/Tx"), []byte("/Kids[6 0 R]"), 1)
	if _, err := fill.Document(filetype.PDF, loop, values()); err == nil {
		t.Error("a field that holds itself is taken")
	}
}

func docx(t *testing.T, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, part := range [][2]string{{"[Content_Types].xml", "<Types/>"},
		{"word/document.xml", `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body + `</w:body></w:document>`}} {
		f, err := w.Create(part[0])
		if err == nil {
			_, err = io.WriteString(f, part[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func bodyOf(t *testing.T, content []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(b), "<w:body>")
	return strings.TrimSuffix(body, "</w:body></w:document>")
}

// Placeholders are found over the runs into which Word splits them.
func TestDOCX(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"plain":   {`<w:p><w:r><w:t>Eu, {{nome}}, aceito</w:t></w:r></w:p>`, `<w:p><w:r><w:t xml:space="preserve">Eu, Zoë &amp; Łukasz, aceito</w:t></w:r></w:p>`},
		"runs":    {`<w:p><w:r><w:t>Eu, {</w:t></w:r><w:r><w:b/><w:t>{ no</w:t></w:r><w:r><w:t>me }} aceito</w:t></w:r></w:p>`, `<w:p><w:r><w:t xml:space="preserve">Eu, Zoë &amp; Łukasz</w:t></w:r><w:r><w:b/><w:t xml:space="preserve"></w:t></w:r><w:r><w:t xml:space="preserve"> aceito</w:t></w:r></w:p>`},
		"lines":   {`<w:p><w:r><w:t>{{onde}}</w:t></w:r></w:p>`, `<w:p><w:r><w:t xml:space="preserve">Rua A</w:t><w:br/><w:t xml:space="preserve">Recife {{nome}}</w:t></w:r></w:p>`},
		"between": {`<w:p><w:r><w:t>{{nome}}</w:t></w:r></w:p><w:p><w:r><w:t>a } b</w:t></w:r></w:p>`, `<w:p><w:r><w:t xml:space="preserve">Zoë &amp; Łukasz</w:t></w:r></w:p><w:p><w:r><w:t>a } b</w:t></w:r></w:p>`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := docx(t, c.body)
			v := map[string]string{"nome": "Zoë & Łukasz", "onde": "Rua A\nRecife {{nome}}"}
			got, err := fill.Document(filetype.DOCX, given, v)
			if err != nil || len(got.Problems) > 0 {
				t.Fatal(err, got.Problems)
			}
			if body := bodyOf(t, got.Content); body != c.want {
				t.Errorf("%s\nwant %s", body, c.want)
			}
			if again, _ := fill.Document(filetype.DOCX, given, v); !bytes.Equal(again.Content, got.Content) {
				t.Error("the same values have other bytes")
			}
		})
	}
	got, err := fill.Document(filetype.DOCX, docx(t, `<w:p><w:r><w:t>{{a}} {{b}} {{a}}</w:t></w:r></w:p>`), map[string]string{"b": "1"})
	if err != nil || len(got.Problems) != 1 || !strings.HasPrefix(said(got), "field.a: ") {
		t.Error(got.Problems, err)
	}
	if _, err := fill.Document(filetype.DOCX, docx(t, `<w:p><w:r><w:t>{{a</w:t></w:r></w:p>`), nil); err == nil {
		t.Error("an open placeholder is taken")
	}
	if _, err := fill.Document(filetype.DOCX, docx(t, `<w:p/>`), nil); err != fill.ErrNoForm {
		t.Error(err)
	}
}
