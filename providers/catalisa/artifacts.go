package catalisa

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/chancela/chancela/providers"
)

// Artifacts asks for the signed document's address, which lives 15 minutes. The form of
// the refusal before completion is not documented (reference §7.7), so any refusal of
// the request means not yet.
func (p *Provider) Artifacts(ctx context.Context, ref providers.Ref) ([]providers.Artifact, error) {
	d, err := p.client.download(ctx, ref.ID)
	switch kind := providers.KindOf(err); {
	case err != nil && kind == providers.Invalid && providers.StatusOf(err) != http.StatusForbidden: // no time opens that
		return nil, providers.Reread(err, providers.Transient, providers.CodeNotReady)
	case err != nil && kind == providers.NotFound:
		return nil, providers.Reread(err, providers.NotFound, providers.CodeNotReady)
	case err != nil:
		return nil, err
	}
	if d.DownloadURL == "" {
		return nil, p.client.sign.BadAnswer(downloadRequest(ref.ID), "the answer has no downloadUrl")
	}
	expires := d.ExpiresAt.Time
	if expires.IsZero() {
		expires = time.Now().Add(addressLifetime)
	}
	return []providers.Artifact{{
		Kind:        providers.SignedDocument,
		ContentType: providers.TypePDF,
		Source:      p.client.base + requestPath(ref.ID, "/download"),
		URL:         d.DownloadURL,
		Expires:     expires,
	}}, nil
}

// Open streams the document from its address, without the token.
func (p *Provider) Open(ctx context.Context, _ providers.Ref, a providers.Artifact) (io.ReadCloser, error) {
	resp, err := p.client.sign.Fetch(ctx, a.URL)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}
