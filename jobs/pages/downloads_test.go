package pages

import (
	"archive/zip"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
)

// TestReportsToSave: who may see a campaign takes its report along, in the language of the page.
func TestReportsToSave(t *testing.T) {
	s := newSite(t, keys()...)
	s.enqueue("june", envelope("1"), ledger.Queued)
	s.enqueue("june", envelope("2"), ledger.Failed)
	v := s.visitor()
	v.signIn("key-of-ops") // may look only
	v.get("/campaigns/june").want(t, http.StatusOK, `href="/campaigns/june/report/html"`, `href="/campaigns/june/report/xlsx"`)
	v.lang = "pt-BR"
	for format, text := range map[string]string{"html": "0 de 2 assinados", "csv": "campaign;id;provider", "xlsx": "PK"} {
		res := v.get("/campaigns/june/report/" + format)
		res.want(t, http.StatusOK, text)
		if got := res.Header.Get("Content-Disposition"); got != "attachment; filename=june-report."+format {
			t.Errorf("%s is saved as %q", format, got)
		}
		if format == "html" && strings.Contains(res.text, "<b onmouseover") {
			t.Error("what a provider wrote became a part of the page")
		}
	}
	for _, path := range []string{"/campaigns/june/report/json", "/campaigns/july/report/html", "/campaigns/june/signed.zip"} {
		res := v.get(path)
		res.want(t, http.StatusNotFound)
		if got := res.Header.Get("Content-Disposition"); got != "" {
			t.Errorf("%s: a refusal is saved: %s", path, got)
		}
	}
	hr := s.visitor()
	hr.signIn("key-of-hr")
	for _, path := range []string{"/campaigns/june/report/csv", "/campaigns/june/signed.zip"} {
		hr.get(path).want(t, http.StatusForbidden)
	}
}

func TestSignedDocumentsToSave(t *testing.T) {
	s := newSite(t)
	store := s.client.Archive()
	key := archive.EnvelopeKey("june", "1", "signed_document.pdf")
	o, err := store.Put(t.Context(), key, strings.NewReader("%PDF-1.7 signed"), "application/pdf", nil)
	if err != nil {
		t.Fatal(err)
	}
	m := report.Manifest{Version: 1, Report: report.Report{Campaign: "june", ID: "1", State: "archived"},
		Artifacts: []report.ArchivedArtifact{{Artifact: report.Artifact{Kind: providers.SignedDocument, Key: key, SHA256: o.SHA256, Size: o.Size}, Path: key}}}
	if err := m.Write(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	res := s.visitor().get("/campaigns/june/signed.zip")
	res.want(t, http.StatusOK)
	z, err := zip.NewReader(strings.NewReader(res.text), int64(len(res.text)))
	if err != nil || len(z.File) != 2 || z.File[0].Name != "1/signed_document.pdf" {
		t.Errorf("%v, %v", z, err)
	}
}

// TestDownloadsWaitTheirTurn: more than a few at once wait, and one that nobody waits for ends.
func TestDownloadsWaitTheirTurn(t *testing.T) {
	p := &Pages{downloads: make(chan struct{}, downloadsAtOnce)}
	var ends []func()
	for range downloadsAtOnce {
		end, err := p.turn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := p.turn(gone); err == nil {
		t.Error("a further one has its turn")
	}
	ends[0]()
	if _, err := p.turn(t.Context()); err != nil {
		t.Error(err)
	}
}
