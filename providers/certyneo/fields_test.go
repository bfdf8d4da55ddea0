package certyneo

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

func pdf(boxes ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	for _, box := range boxes {
		b.WriteString("<< /Type /Page /MediaBox " + box + " >>\n")
	}
	return b.Bytes()
}

func TestPageHeight(t *testing.T) {
	far := append([]byte("%PDF"), bytes.Repeat([]byte(" "), 64<<10-20)...) // the box lies across two windows
	for _, c := range []struct {
		name string
		pdf  []byte
		want float64
	}{
		{"letter", pdf("[0 0 612 792]"), 792},
		{"fractions and origin", pdf("[ 10 20.5\n605.28 861.5 ]"), 841},
		{"all the same", pdf("[0 0 612 792]", "[0 0 612 792]"), 792},
		{"mixed", pdf("[0 0 612 792]", "[0 0 612 1008]"), 0},
		{"compressed", pdf(), 0},
		{"by reference", pdf("12 0 R"), 0},
		{"flat", pdf("[0 0 612 0]"), 0},
		{"no number", pdf("[0 0 612 7.9.2]"), 0},
		{"across windows", append(far, pdf("[0 0 612 792]")...), 792},
		{"empty", nil, 0},
	} {
		for _, r := range []func() (float64, error){
			func() (float64, error) { return providers.PageHeight(bytes.NewReader(c.pdf)) },
			func() (float64, error) { return providers.PageHeight(iotest.OneByteReader(bytes.NewReader(c.pdf))) },
		} {
			if got, err := r(); got != c.want || err != nil {
				t.Errorf("%s: %v, %v, want %v", c.name, got, err, c.want)
			}
		}
	}
	if _, err := providers.PageHeight(iotest.ErrReader(iotest.ErrTimeout)); err != iotest.ErrTimeout {
		t.Errorf("error %v", err)
	}
}

func TestStampedFields(t *testing.T) {
	e := envelope1()
	e.Documents[0] = providers.Document{Name: "letter.pdf", Type: "application/pdf"}
	e.Documents = append(e.Documents, providers.Document{Name: "scan.png", Type: "image/png"})
	e.Signers[0].Stamp = &providers.Stamp{Page: 3, X: 100, Y: 50, Width: 200, Height: 42}
	job := fake.NewJob(e, map[string]string{"letter.pdf": string(pdf("[0 0 612 792]"))})
	d, err := newDraft(t.Context(), job, []string{"d1", "d2"})
	if err != nil {
		t.Fatal(err)
	}
	want := []field{
		{RecipientEmail: "nadia@exemple.test", PageNumber: 3, FieldType: "SIGNATURE", X: 100, Y: 700, Width: 200, Height: 42},
		{RecipientEmail: "nadia@exemple.test", DocumentIndex: 1, PageNumber: 1, FieldType: "SIGNATURE", X: 72, Y: 700, Width: 150, Height: 40},
	}
	if !reflect.DeepEqual(d.Fields, want) {
		t.Errorf("fields %+v, want %+v", d.Fields, want)
	}
	if f := stampField(providers.Stamp{Page: 1, Y: 830, Width: 10, Height: 40}, a4Height); f.Y != 0 {
		t.Errorf("a stamp above the page has y %v", f.Y)
	}
}

func TestAnchoredFields(t *testing.T) {
	signers := []providers.Signer{{Email: "a"}, {Email: "v", Type: providers.TypeViewer}, {Email: "b"}}
	for _, c := range []struct {
		anchor string
		want   string
	}{
		{"Signature", "a Signature 1, b Signature 2"},
		{"[[sign{n}]]", "a [[sign1]] 1, b [[sign2]] 1"},
	} {
		var got []string
		for _, f := range signatureFields(signers, []float64{a4Height}, options{anchor: c.anchor, placement: "below", anchorIndex: 1}) {
			got = append(got, f.RecipientEmail+" "+f.AnchorText+" "+string(rune('0'+f.AnchorIndex)))
			if f.AnchorPlacement != "below" || f.Width == 0 {
				t.Errorf("field %+v", f)
			}
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, want %q", c.anchor, got, c.want)
		}
	}
}

func TestDefaultFieldsDoNotOverlap(t *testing.T) {
	var fields []field
	for n := range columns * rows {
		f := defaultField(n)
		if f.X < 0 || f.Y < 0 || f.X+f.Width > 595 || f.Y+f.Height > a4Height {
			t.Errorf("field %d leaves the page: %+v", n, f)
		}
		for m, o := range fields {
			if f.X < o.X+o.Width && o.X < f.X+f.Width && f.Y < o.Y+o.Height && o.Y < f.Y+f.Height {
				t.Errorf("fields %d and %d overlap", m, n)
			}
		}
		fields = append(fields, f)
	}
}

func FuzzPageHeight(f *testing.F) {
	f.Add(pdf("[0 0 612 792]"))
	f.Add([]byte("/MediaBox[-.. . . .]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := providers.PageHeight(bytes.NewReader(b))
		if err != nil || h < 0 || h != h {
			t.Errorf("%v, %v", h, err)
		}
	})
}
