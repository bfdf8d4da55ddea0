package report

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/archive/dir"
)

// filed puts an envelope with two files into an archive.
func filed(t *testing.T, store archive.Archive, id, signer string) {
	t.Helper()
	m := Manifest{Version: 1, Report: Report{Campaign: "june", ID: id, State: "archived", Signers: []Signer{{Name: signer}}}}
	for _, kind := range []providers.Kind{providers.SignedDocument, providers.Dossier} {
		key := archive.EnvelopeKey("june", id, string(kind)+".pdf")
		o, err := store.Put(t.Context(), key, strings.NewReader(id+string(kind)), "application/pdf", nil)
		if err != nil {
			t.Fatal(err)
		}
		m.Artifacts = append(m.Artifacts, ArchivedArtifact{Artifact: Artifact{Kind: kind, Key: key, SHA256: o.SHA256, Size: o.Size}, Path: key})
	}
	if err := m.Write(t.Context(), store); err != nil {
		t.Fatal(err)
	}
}

func TestDownloadTakesWhatTheManifestVouchesFor(t *testing.T) {
	folder := t.TempDir()
	store, err := dir.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	filed(t, store, "1", "Ana")
	filed(t, store, "2", "ANA")
	filed(t, store, "3", "../..")
	if err := os.WriteFile(folder+"/june/2/dossier.pdf", []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	take := func(what Downloading) (got, wrong string) {
		what.Campaign = "june"
		err := Download(t.Context(), store, what, func(d Downloaded, f *os.File) error {
			b, err := io.ReadAll(f)
			if string(b) != d.ID+string(d.Kind) {
				t.Errorf("%s holds %q", d.Name, b)
			}
			got += d.Name + "\n"
			return err
		}, func(key string, err error) { wrong += key + ": " + err.Error() + "\n" })
		if err != nil {
			t.Fatal(err)
		}
		return got, wrong
	}
	got, wrong := take(Downloading{})
	if got != "1/signed_document.pdf\n1/dossier.pdf\n2/signed_document.pdf\n3/signed_document.pdf\n3/dossier.pdf\n" || !strings.HasPrefix(wrong, "june/2/dossier.pdf: has 7 bytes") {
		t.Errorf("got %q, wrong %q", got, wrong)
	}
	name, err := ParseName("{signer1.name} signed.pdf")
	if err != nil {
		t.Fatal(err)
	}
	got, _ = take(Downloading{Kinds: []providers.Kind{providers.SignedDocument}, Name: name})
	if got != "Ana signed.pdf\nANA signed (2).pdf\n-.. signed.pdf\n" {
		t.Errorf("names %q", got)
	}
}

func TestNamesAreSafe(t *testing.T) {
	for s, want := range map[string]string{
		"CON": "_CON", "com1.pdf": "_com1.pdf", "COM¹": "_COM¹", "lpt².pdf": "_lpt².pdf", "CONIN$": "_CONIN$", "conout$.txt": "_conout$.txt", "CON .pdf": "_CON .pdf",
		"nul  .a.b": "_nul  .a.b", "x/aux /y": "x/_aux/y", "COM10": "COM10", "COMA": "COMA", "COM": "COM", "COMLPT1": "COMLPT1", "a . . ": "a", "\u00a0a.\u3000": "a", `a<b>:"c|?*`: "a-b---c---", "../../etc/passwd": "etc/passwd", `..\x`: "x", "a. ": "a", "": "file", "..": "file",
		"a\x00\nb": "ab", "João": "João", "/abs": "abs", strings.Repeat("é", 300): strings.Repeat("é", 100),
	} {
		if got := safePath(s); got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
	for _, s := range []string{"{x}", "{signer0.name}", "{id", "same.pdf", "{signer1.cpf}", "{meta.}"} {
		if _, err := ParseName(s); !errors.Is(err, errPattern) {
			t.Errorf("%q was taken: %v", s, err)
		}
	}
}
