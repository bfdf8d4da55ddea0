package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// uploaded sends a form as a browser does, with an empty part for a file that was not chosen.
func (s *stack) uploaded(id string, client *hashedKey, parts ...file) (*Draft, error) {
	s.t.Helper()
	kind, body := formBody(s.t, parts...)
	r := httptest.NewRequest(http.MethodPost, "/send", body)
	r.Header.Set("Content-Type", kind)
	r = r.WithContext(context.WithValue(r.Context(), clientKey{}, client))
	return s.server.UploadDraft(httptest.NewRecorder(), r, id, lang.English)
}

// TestDraft: an upload is checked and enqueues nothing, is mended without its documents
// being sent again, and is enqueued once when it is confirmed.
func TestDraft(t *testing.T) {
	s := newStack(t, nil)
	somebody := &hashedKey{name: "crm"}
	bad := csvHead + csvRow("1", "a.pdf") + csvRow("2", "b.pdf") + strings.Replace(csvRow("3", "a.pdf"), "ana.3@", "ana.3", 1)
	x, err := s.uploaded("", somebody, file{"file", "june.csv", bad}, file{"documents", "a.pdf", pdf("a")})
	if err != nil {
		t.Fatal(err)
	}
	if x.Campaign != "june" || x.Rows != 3 || x.Good != 1 || x.FaultyRows != 2 || x.Mistakes != 2 || x.People != 1 || x.Loads["certyneo"].Envelopes != 1 {
		t.Fatalf("%+v", x)
	}
	row := x.Faulty[0]
	if row.Line != 3 || row.Cells[3].Value != "b.pdf" || len(row.Cells[3].Mistakes) != 1 || !strings.Contains(row.Cells[3].Mistakes[0], "not among the uploaded files") {
		t.Errorf("the row with the missing document is %+v", row)
	}
	if row := x.Faulty[1]; row.Line != 4 || len(row.Cells[5].Mistakes) != 1 {
		t.Errorf("the row with the bad address is %+v", row)
	}
	ctx := context.WithValue(t.Context(), clientKey{}, somebody)
	if _, err := s.server.TakeDraft(ctx, x.ID, false); err == nil {
		t.Error("what has mistakes is enqueued")
	}
	if n := s.total("june"); n != 0 {
		t.Errorf("%d envelopes are there before anything was confirmed", n)
	}
	x, err = s.uploaded(x.ID, somebody, file{"file", "june.csv", csvHead + csvRow("1", "a.pdf") + csvRow("2", "b.pdf")}, file{"documents", "b.pdf", pdf("b")})
	if err != nil || x.Mistakes != 0 || x.Good != 2 || len(x.Documents) != 2 {
		t.Fatalf("%+v %v", x, err)
	}
	for range 2 { // pressed twice
		got, err := s.server.TakeDraft(ctx, x.ID, false)
		if err != nil || got.New != 2 {
			t.Fatalf("%+v %v", got, err)
		}
	}
	if c, err := s.client.Ledger().Campaign(t.Context(), "june"); err != nil || c.States[ledger.Queued] != 2 {
		t.Errorf("%v %v", c.States, err)
	}
}

// TestDraftIsItsOwners: nobody else sees an upload, and it goes after an hour.
func TestDraftIsItsOwners(t *testing.T) {
	s := newStack(t, nil)
	x, err := s.uploaded("", &hashedKey{name: "crm"}, file{"file", "june.csv", csvHead + csvRow("1", "a.pdf")}, file{"documents", "a.pdf", pdf("a")})
	if err != nil {
		t.Fatal(err)
	}
	if s.server.drafts.find(x.ID, "hr") != nil || s.server.drafts.find(x.ID, "crm") == nil {
		t.Error("an upload is not its owner's")
	}
	if _, err := s.uploaded(x.ID, &hashedKey{name: "hr"}, file{"file", "june.csv", csvHead}); err == nil {
		t.Error("another changes it")
	}
	x.changed = time.Now().Add(-draftFor)
	if s.server.drafts.find(x.ID, "crm") != nil {
		t.Error("an old upload is there")
	}
	if _, err := os.Stat(x.files.dir); !os.IsNotExist(err) {
		t.Errorf("its files are: %v", err)
	}
}

// What is wrong is said in the language of the page that shows it.
func TestDraftInPortuguese(t *testing.T) {
	s := newStack(t, nil)
	kind, body := formBody(t, file{"file", "june.csv", csvHead + csvRow("1", "none.pdf")})
	r := httptest.NewRequest(http.MethodPost, "/send", body)
	r.Header.Set("Content-Type", kind)
	r = r.WithContext(context.WithValue(r.Context(), clientKey{}, &hashedKey{name: "crm"}))
	x, err := s.server.UploadDraft(httptest.NewRecorder(), r, "", lang.Portuguese)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Reasons) != 1 || !strings.Contains(x.Reasons[0].Message, "não") {
		t.Errorf("%+v", x.Reasons)
	}
}

// Why nothing of a draft can be taken is said in the page's language, too.
func TestDraftRefusedInPortuguese(t *testing.T) {
	s := newStack(t, nil)
	for want, parts := range map[string][]file{
		"a planilha não tem linhas":                             {{"file", "june.csv", csvHead}},
		"ainda não há planilha":                                 {{"documents", "a.pdf", "%PDF-1.4"}},
		"o arquivo não é uma planilha que se possa ler: ":       {{"file", "june.csv", ""}},
		"campaign: deve começar com letra ou dígito e ter de 1": {{"file", "june.csv", csvHead}, {"campaign", "", "-june"}},
	} {
		kind, body := formBody(t, parts...)
		r := httptest.NewRequest(http.MethodPost, "/send", body)
		r.Header.Set("Content-Type", kind)
		r = r.WithContext(context.WithValue(r.Context(), clientKey{}, &hashedKey{name: "crm"}))
		x, err := s.server.UploadDraft(httptest.NewRecorder(), r, "", lang.Portuguese)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(x.Refused, want) {
			t.Errorf("%q, want %q", x.Refused, want)
		}
	}
}

// TestDraftRefused: what cannot be read at all is said, and is mended by another upload.
func TestDraftRefused(t *testing.T) {
	s := newStack(t, nil)
	for name, sheet := range map[string]string{"a spreadsheet program's own": "PK\x03\x04", "nothing": "", "a picture": "\x89PNG\r\n\x1a\n\x00\x00", "no rows": csvHead} {
		x, err := s.uploaded("", nobody, file{"file", "june.csv", sheet})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if x.Refused == "" && len(x.Whole) == 0 {
			t.Errorf("%s is taken: %+v", name, x)
		}
	}
}
