package intake

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

func lease(t *testing.T, fields map[string]string) providers.Envelope {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("fill", "testdata", "lease.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	e := valid()
	e.Template, e.Fields = "", fields
	e.Documents = []providers.Document{{Name: "lease.pdf", Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}}
	return e
}

// What is judged, compared and kept is the filled document, however often it is judged.
func TestFieldsFillTheDocument(t *testing.T) {
	t.Parallel()
	judge := NewJudge(nil, nil, nil)
	check := func(e *providers.Envelope) providers.Problems {
		problems, err := judge.Check(t.Context(), e, func(column string) bool { return column == "provider" })
		if err != nil {
			t.Fatal(err)
		}
		return problems
	}
	digest := func(e providers.Envelope) string {
		d, err := Digest(e)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	fields := map[string]string{"nome": "Conceição", "valor": "10,00", "endereco": "Rua São João"}
	a, b := lease(t, fields), lease(t, fields)
	if p := append(check(&a), check(&b)...); len(p) > 0 {
		t.Fatal(p)
	}
	first := digest(a)
	if digest(b) != first {
		t.Error("the same row is another one")
	}
	if p := check(&a); len(p) > 0 || digest(a) != first {
		t.Errorf("judged again it is another one: %v", p)
	}
	d := a.Documents[0]
	r, err := d.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept := providers.Document{Name: d.Name, Open: func(context.Context) (io.ReadCloser, error) { return r, nil }}
	if err := Measure(t.Context(), &kept, nil); err != nil || kept.SHA256 != d.SHA256 || kept.Size != d.Size {
		t.Errorf("what is kept is not what was judged: %v", err)
	}
	other := lease(t, map[string]string{"nome": "Aurora", "valor": "10,00", "endereco": "Rua São João"})
	if p := check(&other); len(p) > 0 || digest(other) == first {
		t.Errorf("another name is the same row: %v", p)
	}
	for want, fields := range map[string]map[string]string{
		"field.endereco": {"nome": "Aurora", "valor": "10,00"},
		"field.rua":      {"nome": "Aurora", "valor": "10,00", "endereco": "x", "rua": "y"},
		"field.nome":     {"nome": "", "valor": "1", "endereco": "x"},
	} {
		e := lease(t, fields)
		if p := check(&e); len(p) != 1 || p[0].Field != want {
			t.Errorf("%s: %v", want, p)
		}
	}
	plain := lease(t, map[string]string{"nome": "Aurora"})
	content := []byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 1/Kids[]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
	plain.Documents[0].Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
	if p := check(&plain); len(p) != 1 || p[0].Field != "field.nome" || !strings.Contains(p[0].Message.String(), "form") {
		t.Errorf("a document without a form: %v", p)
	}
}
