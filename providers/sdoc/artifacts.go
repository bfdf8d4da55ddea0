package sdoc

import (
	"cmp"
	"context"
	"io"
	"net/http"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// Artifacts lists the files, which carry the signatures.
func (p *Provider) Artifacts(ctx context.Context, ref providers.Ref) ([]providers.Artifact, error) {
	s, _, err := p.client.solicitation(ctx, pace.Fetch, ref.ID)
	if err != nil {
		return nil, err
	}
	if stateOf(signers(s, viewers(ref))) != providers.Completed || len(s.Files) == 0 {
		return nil, p.client.rest.NotReady(solicitationAt(pace.Fetch, http.MethodGet, ref.ID))
	}
	var artifacts []providers.Artifact
	for _, f := range s.Files {
		artifacts = append(artifacts, providers.Artifact{
			Kind:        providers.SignedDocument,
			ID:          f.Identifier,
			ContentType: cmp.Or(f.Type, "application/pdf"),
			Source:      p.client.base + "/file#" + f.Identifier,
		})
	}
	return artifacts, nil
}

// Open streams a file out of its base64.
func (p *Provider) Open(ctx context.Context, _ providers.Ref, a providers.Artifact) (io.ReadCloser, error) {
	return p.client.file(ctx, a.ID)
}
