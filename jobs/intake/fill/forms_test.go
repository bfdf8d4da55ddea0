package fill_test

import (
	"bytes"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"

	"github.com/chancela/chancela/jobs/intake/filetype"
	"github.com/chancela/chancela/jobs/intake/fill"
)

// Most programs write compressed objects.
func TestCompressedForm(t *testing.T) {
	t.Parallel()
	var compressed bytes.Buffer
	if err := api.Optimize(bytes.NewReader(lease()), &compressed, nil); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(compressed.Bytes(), []byte("/ObjStm")) {
		t.Fatal("nothing is compressed")
	}
	got, err := fill.Document(filetype.PDF, compressed.Bytes(), values())
	if err != nil || len(got.Problems) > 0 {
		t.Fatal(err, got.Problems)
	}
	if !bytes.Contains(got.Content, []byte("<436F6E636569E7E36F20417261FA6A6F206492C176696C61>")) || bytes.Contains(got.Content, []byte("/ObjStm")) {
		t.Error("it is not filled, or the old objects are left")
	}
}

// Boxes are ticked by a word, and choices by their names.
func TestButtons(t *testing.T) {
	t.Parallel()
	const box = "/FT/Btn/T(aceito)/AS/Off/AP<</N<</Sim 7 0 R/Off 8 0 R>>>>"
	file := form(box, "/FT/Tx/T(a)/V(um)/AP<</N 5 0 R>>", "/FT/Tx/T(b)/V(dois)")
	for value, problems := range map[string]int{"sim": 0, "X": 0, "Sim": 0, "não": 0, "talvez": 1} {
		got, err := fill.Document(filetype.PDF, file, map[string]string{"aceito": value})
		if err != nil || len(got.Problems) != problems {
			t.Errorf("%s: %v %v", value, err, got.Problems)
		}
	}
}
