package campaign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"reflect"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
)

// judged is what a reading of a file has found of its good rows, and how many others there are.
type judged struct {
	Header int // problems
	Good   []providers.Envelope
	Bad    int
}

// intakeOf reads a file as check and enqueue do, without a file system.
func intakeOf(t *testing.T, data []byte) (judged, *Reader) {
	t.Helper()
	document := func(_ context.Context, source string) (providers.Document, error) {
		if !strings.HasSuffix(source, ".pdf") {
			return providers.Document{}, errors.New("there is no such file")
		}
		return providers.Document{Name: path.Base(source), Source: source, Type: "application/pdf", Size: 1000, SHA256: strings.Repeat("0", 64)}, nil
	}
	r, err := NewReader("june.csv", bytes.NewReader(data), Options{Document: document, Judge: intake.NewJudge(nil, nil, nil)})
	if err != nil {
		if _, ok := errors.AsType[Problem](err); !ok {
			t.Fatal(err)
		}
		return judged{}, nil
	}
	found := judged{Header: len(r.Problems())}
	for row, err := range r.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if len(row.Problems) > 0 || found.Header > 0 {
			found.Bad++
			continue
		}
		found.Good = append(found.Good, row.Envelope)
	}
	return found, r
}

// FuzzIntake takes any bytes as a campaign file from the beginning to judged envelopes: nothing panics,
// a second reading finds the same, and so does one of the file in which its mistakes are marked.
func FuzzIntake(f *testing.F) {
	head, row := "id;provider;subject;template;signer1.name;signer1.email", ";certyneo;Contrato;t1;Nívea;a@exemplo.test"
	for _, text := range []string{"", "id", head + "\n1" + row + "\n2" + row + ";;\n1" + row + "\n\"3" + row + "\n4" + row + "\n", "sep=;\n" + head + "\n1" + row + "\n\x1a",
		head + "\r1" + row + "\r2;certyneo;=1+1;x.pdf;;\r", "\xff\xfe" + strings.ReplaceAll(head, "", "\x00")[1:] + "\x00", "id,subjekt,provider,x,y,z\n1;2\n", "id\tprovider\n\"a\nb\"\tx\n",
		"rejected.reason;" + head + "\n'=x;1" + row + "\n", head + ";meta.a\n1" + row + ";N\xedvea\n", strings.ReplaceAll(head, ";", ",") + ",check.problems: a; b; c; d; e; f; g\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, r := intakeOf(t, data)
		again, _ := intakeOf(t, data)
		if !reflect.DeepEqual(first, again) {
			t.Fatalf("found\n%+v\nand the second time\n%+v", first, again)
		}
		if r == nil || r.header.columns == nil {
			return
		}
		second, err := newReaderOf(data)
		if err != nil {
			t.Fatal(err)
		}
		var marked bytes.Buffer
		if err := second.markText(t.Context(), &marked); err != nil {
			t.Fatal(err)
		}
		got, _ := intakeOf(t, marked.Bytes())
		if first.Header != got.Header || first.Bad != got.Bad || fmt.Sprintf("%+v", first.Good) != fmt.Sprintf("%+v", got.Good) {
			t.Errorf("%q\nfound %+v\nmarked %q\nfound %+v", data, first, marked.Bytes(), got)
		}
	})
}

// newReaderOf reads a file that knows no document.
func newReaderOf(data []byte) (*Reader, error) {
	return NewReader("june.csv", bytes.NewReader(data), Options{Document: func(context.Context, string) (providers.Document, error) {
		return providers.Document{}, errors.New("none")
	}})
}
