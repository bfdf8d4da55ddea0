package contraktor

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// Artifacts reads the proof again for fresh addresses. All three files are documented
// (reference §10), and when they appear is not (reference §14): what is not in the answer
// yet is waited for, however long the proof has been completed.
func (p *Provider) Artifacts(ctx context.Context, ref providers.Ref) ([]providers.Artifact, error) {
	proof, _, err := p.client.proof(ctx, pace.Fetch, ref.ID)
	if err != nil {
		return nil, err
	}
	if proof.state() != providers.Completed || !proof.Signed.ready() || !proof.Receipt.ready() || !proof.Package.ready() {
		return nil, p.client.rest.NotReady(below(pace.Fetch, http.MethodGet, "proofs", ref.ID, ""))
	}
	return []providers.Artifact{
		p.artifact(ref, providers.SignedDocument, "signed_file", proof.Signed, "application/pdf"),
		p.artifact(ref, providers.Dossier, "receipt_file", proof.Receipt, "application/pdf"),
		p.artifact(ref, providers.Package, "packaged_file", proof.Package, "application/zip"),
	}, nil
}

func (f *file) ready() bool { return f != nil && f.DownloadURL != "" }

func (p *Provider) artifact(ref providers.Ref, kind providers.Kind, field string, f *file, usual string) providers.Artifact {
	a := providers.Artifact{
		Kind:        kind,
		ContentType: usual,
		Source:      p.client.base + "/proofs/" + ref.ID + "#" + field,
		URL:         f.DownloadURL,
	}
	// What the package is, is documented (reference §10); of the others a type is believed
	// that the service is known to have.
	if kind != providers.Package && slices.Contains(documentTypes, f.Mime) {
		a.ContentType = f.Mime
	}
	if f.ID > 0 {
		a.ID = strconv.FormatInt(f.ID, 10)
	}
	return a
}

// Open streams a file from its address, without the token.
func (p *Provider) Open(ctx context.Context, _ providers.Ref, a providers.Artifact) (io.ReadCloser, error) {
	resp, err := p.client.rest.Fetch(ctx, a.URL)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}
