package qisign

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// Artifacts lists a dossier per document, and of each signer the face and the two
// sides of the identity paper where QI Sign has them. It lists no addresses: they die,
// and listing many signers takes a while. [Provider.Open] asks for one when it is used.
func (p *Provider) Artifacts(ctx context.Context, ref providers.Ref) ([]providers.Artifact, error) {
	id := envelopeID(ref)
	e, _, err := p.client.envelope(ctx, pace.Fetch, id)
	if err != nil {
		return nil, err
	}
	if state(e.Status) != providers.Completed {
		return nil, p.client.rest.NotReady(request(pace.Fetch, http.MethodGet, "", id))
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

// dossiers are listed when the envelope's report says that they are there, and those of
// documents that it leaves out, too.
func (p *Provider) dossiers(ctx context.Context, id string, documents []string) ([]providers.Artifact, error) {
	report, err := p.client.report(ctx, id)
	if err != nil {
		return nil, notYet(err)
	}
	if report.Status != "" && report.Status != reportAvailable || len(report.Documents) == 0 {
		return nil, p.client.rest.NotReady(request(pace.Fetch, http.MethodGet, "/report", id))
	}
	var list []providers.Artifact
	listed := make(map[string]bool)
	add := func(documentID, source string) {
		if listed[documentID] {
			return
		}
		listed[documentID] = true
		list = append(list, providers.Artifact{Kind: providers.Dossier, ID: documentID, ContentType: providers.TypePDF, Source: source})
	}
	for i, d := range report.Documents {
		documentID := d.ID
		if documentID == "" && len(report.Documents) == len(documents) {
			documentID = documents[i]
		}
		if d.URL != "" {
			add(documentID, p.client.source(id, "report"))
		}
	}
	for _, documentID := range documents {
		add(documentID, p.client.source(id, "document", documentID, "report"))
	}
	return list, nil
}

// pictures are a signer's face and papers. What is answered when there are none is not
// documented: a refusal of this one request, or an empty address, means none.
func (p *Provider) pictures(ctx context.Context, id, signerID string) ([]providers.Artifact, error) {
	var list []providers.Artifact
	add := func(kind providers.Kind, address, route string) {
		if address != "" {
			list = append(list, providers.Artifact{
				Kind: kind, ID: signerID, ContentType: providers.TypeJPEG, Source: p.client.source(id, "signer", signerID, route),
			})
		}
	}
	face, err := p.client.face(ctx, id, signerID)
	if err != nil && !notOffered(err) {
		return nil, err
	}
	add(providers.Face, face, "face")

	front, back, err := p.client.personalDocument(ctx, id, signerID)
	if err != nil && !notOffered(err) {
		return nil, err
	}
	add(providers.IDFront, front, "personal_document")
	add(providers.IDBack, back, "personal_document")
	return list, nil
}

// notYet reads a refusal to give a completed envelope's dossiers. What is answered while
// they are unavailable is not documented (reference §A8), so every refusal of this one
// request but 403 means that they are not there yet (our choice).
func notYet(err error) error {
	switch kind := providers.KindOf(err); {
	case providers.StatusOf(err) == http.StatusForbidden: // not open to this key (reference §A10)
	case kind == providers.NotFound:
		return providers.Reread(err, providers.NotFound, providers.CodeNotReady)
	case kind == providers.Invalid, providers.StatusOf(err) == http.StatusNoContent:
		return providers.Reread(err, providers.Transient, providers.CodeNotReady)
	}
	return err
}

// notOffered tells that a route has nothing for this signer or is not open to the key,
// which 403 means here (reference §A10).
func notOffered(err error) bool {
	switch providers.StatusOf(err) {
	case http.StatusNoContent, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusGone:
		return true
	}
	return false
}

// Open streams one file: a dossier by its document's own route, anything else from an
// address that it asks for first. Addresses that an older ledger holds are not used.
func (p *Provider) Open(ctx context.Context, ref providers.Ref, a providers.Artifact) (io.ReadCloser, error) {
	id := envelopeID(ref)
	if a.Kind == providers.Dossier && a.ID != "" {
		return p.client.documentReport(ctx, id, a.ID)
	}
	address, err := p.address(ctx, id, a)
	if err != nil {
		return nil, err
	}
	if address == "" { // it was listed, so it was there
		return nil, p.client.rest.NotReady(request(pace.Fetch, http.MethodGet, "", id))
	}
	return p.client.fetch(ctx, address)
}

// address asks where a file is now.
func (p *Provider) address(ctx context.Context, id string, a providers.Artifact) (string, error) {
	switch a.Kind {
	case providers.Face:
		return p.client.face(ctx, id, a.ID)
	case providers.IDFront:
		front, _, err := p.client.personalDocument(ctx, id, a.ID)
		return front, err
	case providers.IDBack:
		_, back, err := p.client.personalDocument(ctx, id, a.ID)
		return back, err
	case providers.Dossier:
		report, err := p.client.report(ctx, id)
		for _, d := range report.Documents {
			if d.ID == "" && d.URL != "" {
				return d.URL, nil
			}
		}
		return "", err
	}
	return "", &providers.Error{Kind: providers.Unsupported, Provider: Name, Code: providers.CodeArtifactKind}
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
