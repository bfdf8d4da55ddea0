package campaign

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

var update = flag.Bool("update", false, "write the golden files anew")

const samples = "../../testdata"

// rows reads a file that must hold no mistake.
func rows(t *testing.T, name string, options Options) []Row {
	t.Helper()
	r, err := Open(name, options)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, p := range r.Problems() {
		t.Error(p)
	}
	var all []Row
	for row, err := range r.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range row.Problems {
			t.Error(p)
		}
		all = append(all, row)
	}
	return all
}

func TestSampleCampaign(t *testing.T) {
	all := rows(t, filepath.Join(samples, "campaign.csv"), Options{})
	counts := map[string]int{}
	images, several, people := 0, 0, 0
	for _, row := range all {
		e := row.Envelope
		counts[e.Provider]++
		people += len(e.Signers)
		if len(e.Documents) > 1 {
			several++
		}
		for _, d := range e.Documents {
			if d.Type != "application/pdf" || d.Size == 0 || len(d.SHA256) != 64 {
				t.Errorf("%s: document %+v", e.ID, d)
			}
		}
		for _, s := range e.Signers {
			if s.IDFront != nil && s.IDFront.Type == "image/jpeg" {
				images++
			}
		}
		if e.Campaign != "campaign" || e.Meta["order"] == "" || e.Meta["department"] == "" {
			t.Errorf("%s: campaign %q, meta %v", e.ID, e.Campaign, e.Meta)
		}
	}
	want := map[string]int{"contraktor": 12, "certyneo": 12, "sdoc": 12, "catalisa": 12, "qisign": 12}
	if !reflect.DeepEqual(counts, want) {
		t.Errorf("envelopes by provider: %v, want %v", counts, want)
	}
	if images != 6 || several != 6 || people != 90 {
		t.Errorf("%d signers with images, %d envelopes with several documents, %d people; want 6, 6, 90", images, several, people)
	}
}

// The spreadsheet's export says the same in other letters: semicolons, Windows-1252,
// CR LF, dates as they are written in Brazil.
func TestSpreadsheetExportIsTheSameCampaign(t *testing.T) {
	plain := rows(t, filepath.Join(samples, "campaign.csv"), Options{Campaign: "c"})
	excel := rows(t, filepath.Join(samples, "campaign-excel.csv"), Options{Campaign: "c"})
	if len(plain) != len(excel) {
		t.Fatalf("%d rows and %d rows", len(plain), len(excel))
	}
	for i := range plain {
		a, b := withoutOpen(plain[i].Envelope), withoutOpen(excel[i].Envelope)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s:\n%+v\n%+v", a.ID, a, b)
		}
	}
	raw, err := os.ReadFile(filepath.Join(samples, "campaign-excel.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), "2035;") || strings.Contains(string(raw), "2035-12-31") || !strings.Contains(string(raw), "presta\xe7\xe3o") {
		t.Error("the export is not what it is meant to be an example of")
	}
}

// withoutOpen takes the functions out, which cannot be compared.
func withoutOpen(e providers.Envelope) providers.Envelope {
	for i := range e.Documents {
		e.Documents[i].Open = nil
	}
	for i := range e.Signers {
		for _, d := range []*providers.Document{e.Signers[i].IDFront, e.Signers[i].IDBack} {
			if d != nil {
				d.Open = nil
			}
		}
	}
	return e
}

func TestBrokenFileTellsEveryMistake(t *testing.T) {
	var got strings.Builder
	name := filepath.Join(samples, "broken.csv")
	summary, err := Check(context.Background(), []string{name}, Options{}, func(p Problem) {
		p.File = filepath.Base(p.File)
		p.Message = lang.Plain(strings.ReplaceAll(p.Message.String(), name, p.File))
		fmt.Fprintln(&got, p)
	})
	if err != nil {
		t.Fatal(err)
	}
	if summary.Good != 0 || summary.Bad != 48 || summary.OK() {
		t.Errorf("%+v, want no good row under a wrong header", summary)
	}
	golden(t, "broken.golden", got.String())
	for _, personal := range []string{"davi@", "davi.example", "529", "1234567890", "12345"} {
		if strings.Contains(got.String(), personal) {
			t.Errorf("the messages repeat %q", personal)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew); got\n%s", name, got)
	}
}
