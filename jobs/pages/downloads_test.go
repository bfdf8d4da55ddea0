package pages

import (
	"archive/zip"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chancela/chancela/jobs/api"
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

// TestDownloadsWaitTheirTurn: more than a few at once wait, and are told to come again when that
// lasts; one that nobody waits for ends.
func TestDownloadsWaitTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Pages{downloads: make(chan struct{}, downloadsAtOnce)}
		visit := func(ctx context.Context) *visit {
			return &visit{ctx: ctx, w: httptest.NewRecorder(), words: &words{dictionary: languages[0]}}
		}
		var ends []func()
		for range downloadsAtOnce {
			end, err := p.turn(visit(t.Context()))
			if err != nil {
				t.Fatal(err)
			}
			ends = append(ends, end)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		if _, err := p.turn(visit(gone)); !errors.Is(err, context.Canceled) {
			t.Errorf("who has left: %v", err)
		}
		v := visit(t.Context())
		_, err := p.turn(v)
		if refusal, ok := errors.AsType[*api.Problem](err); !ok || refusal.Status != http.StatusServiceUnavailable || v.w.Header().Get("Retry-After") != "10" {
			t.Errorf("who has waited long: %v, Retry-After %q", err, v.w.Header().Get("Retry-After"))
		}
		time.AfterFunc(downloadsWait/2, ends[0])
		if _, err := p.turn(visit(t.Context())); err != nil {
			t.Errorf("who waits until another has ended: %v", err)
		}
	})
}
