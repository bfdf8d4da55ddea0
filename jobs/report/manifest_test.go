package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/archive"
)

func TestManifestStaysInItsFolder(t *testing.T) {
	const key = "june/0001/manifest.json"
	for path, want := range map[string]bool{
		"june/0001/signed_document.pdf":    true,
		"june/0002/signed_document.pdf":    false,
		"june/0001/../0002/dossier.pdf":    false,
		"june/0001/deep/dossier.pdf":       false,
		"/etc/passwd":                      false,
		"_documents/ab/abcdef":             false,
		"june/0001/":                       false,
		"june/0001/signed\x00document.pdf": false,
		"june/0001\\signed.pdf":            false,
	} {
		b, err := json.Marshal(Manifest{Version: 1, Artifacts: []ArchivedArtifact{{Path: path}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeManifest(key, b); (err == nil) != want {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, b := range []string{"", "null", "[]", `{"version":2}`, `{"version":1,"artifacts":{}}`, `{"version":1e99}`} {
		if _, err := DecodeManifest(key, []byte(b)); err == nil {
			t.Errorf("%q is a manifest", b)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"version":1,"report":{"campaign":"june","id":"0001","state":"archived","signers":[{"name":"A","signed_at":"2026-11-22T09:00:00Z"}]},"artifacts":[{"kind":"dossier","path":"june/0001/dossier.pdf","size":3}]}`))
	f.Add([]byte(`{"version":1,"artifacts":[{"path":"june/0001/../../x"}]}`))
	f.Add([]byte(`{"version":1,"report":{"created_at":"x"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeManifest("june/0001/manifest.json", b)
		if err != nil {
			return
		}
		for _, a := range m.Artifacts {
			if archive.CheckKey(a.Path) != nil || !strings.HasPrefix(a.Path, "june/0001/") {
				t.Errorf("%q left its folder", a.Path)
			}
		}
		if _, err := m.Content(); err != nil {
			t.Error(err)
		}
	})
}
