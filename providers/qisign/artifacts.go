package qisign

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// Artifacts lists a dossier per document, and of each signer the face and the two
// sides of the identity paper where QI Sign has them. A document that the envelope's
// report leaves out has its dossier by the document's own route, without an address.
func (p *Provider) Artifacts(ctx context.Context, ref providers.Ref) ([]providers.Artifact, error) {
	id := envelopeID(ref)
	e, _, err := p.client.envelope(ctx, pace.Fetch, id)
	if err != nil {
		return nil, err
	}
	if state(e.Status) != providers.Completed {
		return nil, failure(request(pace.Fetch, http.MethodGet, "", id), providers.CodeNotReady)
	}
	list, err := p.dossiers(ctx, id, documentIDs(e, ref))
	if err != nil {
		return nil, err
	}
	for i, s := range e.Signers {
		// Answers may leave out what the caller knows (reference §A4): the ids are ours.
		pictures, err := p.pictures(ctx, id, cmp.Or(s.ID, signerID(i)))
		if err != nil {
			return nil, err
		}
		list = append(list, pictures...)
	}
	return list, nil
}

// documentIDs are the envelope's documents as it tells them, else as we added them.
func documentIDs(e envelope, ref providers.Ref) []string {
	ids := e.allDocuments()
	for n := 1; len(ids) < n; n++ {
		id, ok := ref.Steps[stepDocument+strconv.Itoa(n)]
		if !ok {
			break
		}
		ids = append(ids, id)
	}
	return ids
}

func (p *Provider) dossiers(ctx context.Context, id string, documents []string) ([]providers.Artifact, error) {
	asked := time.Now()
	report, err := p.client.report(ctx, id)
	if err != nil {
		return nil, notYet(err)
	}
	if report.Status != "" && report.Status != reportAvailable || len(report.Documents) == 0 {
		return nil, failure(request(pace.Fetch, http.MethodGet, "/report", id), providers.CodeNotReady)
	}
	var list []providers.Artifact
	listed := make(map[string]bool)
	for _, d := range report.Documents {
		if d.URL == "" || d.ID != "" && listed[d.ID] {
			continue
		}
		listed[d.ID] = true
		list = append(list, providers.Artifact{
			Kind: providers.Dossier, ID: d.ID, ContentType: typePDF,
			Source: p.client.source(id, "report"), URL: d.URL, Expires: asked.Add(linkLife),
		})
	}
	for _, documentID := range documents {
		if !listed[documentID] {
			list = append(list, providers.Artifact{
				Kind: providers.Dossier, ID: documentID, ContentType: typePDF,
				Source: p.client.source(id, "document", documentID, "report"),
			})
		}
	}
	return list, nil
}

// pictures are a signer's face and papers. What is answered when there are none is not
// documented: a refusal of this one request, or an empty address, means none.
func (p *Provider) pictures(ctx context.Context, id, signerID string) ([]providers.Artifact, error) {
	var list []providers.Artifact
	add := func(kind providers.Kind, address, route string, asked time.Time) {
		if address != "" {
			list = append(list, providers.Artifact{
				Kind: kind, ID: signerID, ContentType: typeJPEG,
				Source: p.client.source(id, "signer", signerID, route), URL: address, Expires: asked.Add(linkLife),
			})
		}
	}
	asked := time.Now()
	face, err := p.client.face(ctx, id, signerID)
	if err != nil && !notOffered(err) {
		return nil, err
	}
	add(providers.Face, face, "face", asked)

	asked = time.Now()
	front, back, err := p.client.personalDocument(ctx, id, signerID)
	if err != nil && !notOffered(err) {
		return nil, err
	}
	add(providers.IDFront, front, "personal_document", asked)
	add(providers.IDBack, back, "personal_document", asked)
	return list, nil
}

// notYet reads a refusal to give a completed envelope's dossiers. What is answered while
// they are unavailable is not documented (reference §A8), so every refusal of this one
// request means that they are not there yet (our choice).
func notYet(err error) error {
	switch kind := providers.KindOf(err); {
	case kind == providers.NotFound:
		return rekind(err, providers.NotFound, providers.CodeNotReady)
	case kind == providers.Invalid, status(err) == http.StatusNoContent:
		return rekind(err, providers.Transient, providers.CodeNotReady)
	}
	return err
}

// notOffered tells that a route has nothing for this signer or is not open to the key,
// which 403 means here (reference §A10).
func notOffered(err error) bool {
	switch status(err) {
	case http.StatusNoContent, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusGone:
		return true
	}
	return false
}

// Open streams one file, from its address or by its document's own route.
func (p *Provider) Open(ctx context.Context, ref providers.Ref, a providers.Artifact) (io.ReadCloser, error) {
	id := envelopeID(ref)
	if a.URL == "" {
		if a.Kind != providers.Dossier {
			return nil, &providers.Error{Kind: providers.NotFound, Provider: Name, Code: providers.CodeAddressExpired}
		}
		return p.client.documentReport(ctx, id, a.ID)
	}
	if !a.Expires.IsZero() && !time.Now().Before(a.Expires) {
		return nil, &providers.Error{Kind: providers.NotFound, Provider: Name, Op: "GET given address", Code: providers.CodeAddressExpired}
	}
	return p.client.fetch(ctx, a.URL)
}

// image is one side of a signer's identity paper and the template that it is read by.
type image struct {
	providers.Document
	template string // cnh_front, cnh_back, rg_front, rg_back (reference §A4)
}

func images(s providers.Signer) []image {
	var list []image
	kind := strings.ToLower(s.IDType)
	if s.IDFront != nil {
		list = append(list, image{*s.IDFront, kind + "_front"})
	}
	if s.IDBack != nil {
		list = append(list, image{*s.IDBack, kind + "_back"})
	}
	return list
}
