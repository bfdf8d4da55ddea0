package certyneo

import (
	"context"
	"io"
	"net/http"

	"github.com/chancela/chancela/providers"
)

// Artifacts names the two files of every completed envelope. They have no addresses
// of their own: Open reads them from the API.
func (p *Provider) Artifacts(_ context.Context, ref providers.Ref) ([]providers.Artifact, error) {
	id := envelopeID(ref)
	return []providers.Artifact{
		{Kind: providers.SignedDocument, ContentType: providers.TypePDF, Source: p.client.address(id, routeSigned)},
		{Kind: providers.Dossier, ContentType: providers.TypePDF, Source: p.client.address(id, routeAudit)},
	}, nil
}

// Open streams the signed document or the audit trail. Before the envelope is
// completed that is "not_ready"; a file that the retention policy has removed is
// "purged" and will not come back (reference §8).
func (p *Provider) Open(ctx context.Context, ref providers.Ref, a providers.Artifact) (io.ReadCloser, error) {
	route := routeSigned
	switch a.Kind {
	case providers.SignedDocument:
	case providers.Dossier:
		route = routeAudit
	default:
		return nil, &providers.Error{Kind: providers.Unsupported, Provider: Name, Code: providers.CodeArtifactKind}
	}
	body, err := p.client.download(ctx, envelopeID(ref), route)
	switch providers.StatusOf(err) {
	case http.StatusConflict:
		return nil, providers.Reread(err, providers.Transient, providers.CodeNotReady)
	case http.StatusGone:
		return nil, providers.Reread(err, providers.NotFound, codePurged)
	}
	return body, err
}
