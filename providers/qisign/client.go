package qisign

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// client makes the HTTP calls. Which 2xx means success is never stated: any does.
type client struct {
	rest *rest.Client
	base string
}

func newClient(s rest.Settings) (*client, error) {
	base, err := Environments.Base(Name, s)
	if err != nil {
		return nil, err
	}
	cfg := s.Config(Name, base)
	// The form of error bodies is not documented (reference §A10): the status says it. 403 is of
	// an endpoint, and says nothing of the key as a whole.
	cfg.Explain = func(status int, _ http.Header, _ []byte) (string, providers.ErrorKind) {
		if status == http.StatusForbidden {
			return "", providers.Invalid
		}
		return "", ""
	}
	cfg.Authorize = func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", s.APIKey.Reveal()) // the bare key (reference §A2)
		return nil
	}
	c, err := rest.New(cfg)
	return &client{c, cfg.Base}, err
}

const routeEnvelope = "/sign/envelope/{id}"

// request is one call below an envelope; parts is path elements, route their template.
func request(class pace.Class, verb, route, id string, parts ...string) rest.Request {
	path := "/sign/envelope/" + url.PathEscape(id)
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return rest.Request{Class: class, Method: verb, Path: path, Route: routeEnvelope + route}
}

// create is POST /sign/envelope: 409 when the id is taken (reference §A4, §A10).
func (c *client) create(ctx context.Context, e envelopeOut) error {
	return c.rest.JSON(ctx, rest.Request{
		Class: pace.Send, Method: http.MethodPost, Path: "/sign/envelope", Body: rest.JSONBody(e),
	}, nil)
}

// marker is where the base64 of a file goes. It cannot be part of a name: it holds a
// control character.
const marker = "\x00base64\x00"

// addDocument is POST …/document, one call per document (reference §A4).
func (c *client) addDocument(ctx context.Context, id, documentID string, d providers.Document, open func(context.Context) (io.ReadCloser, error)) error {
	r := request(pace.Send, http.MethodPost, "/document", id, "document")
	r.Body = rest.Base64JSON(documentOut{ID: documentID, DocumentB64: marker, Name: d.Name, DocumentType: "pdf"}, marker, d.Size, open)
	return c.rest.JSON(ctx, r, nil)
}

// addPersonalDocument is POST …/signer/{id}/personal_document, one call per image
// (reference §A4).
func (c *client) addPersonalDocument(ctx context.Context, id, signerID, template string, d providers.Document, open func(context.Context) (io.ReadCloser, error)) error {
	r := request(pace.Send, http.MethodPost, "/signer/{signer}/personal_document", id, "signer", signerID, "personal_document")
	r.Body = rest.Base64JSON(personalOut{DocumentB64: marker, Template: template, FileType: "jpeg"}, marker, d.Size, open)
	return c.rest.JSON(ctx, r, nil)
}

// submit is PATCH {"status":"submitted"}: every signer is told (reference §A6). The
// answer is an echo and is not read.
func (c *client) submit(ctx context.Context, id string, commit func(context.Context) error) error {
	r := request(pace.Send, http.MethodPatch, "", id)
	r.Body = rest.JSONBody(statusBody{"submitted"})
	r.Before = commit
	answer, err := c.rest.Do(ctx, r)
	if err != nil {
		return err
	}
	answer.Body.Close()
	return nil
}

// cancel is PATCH {"status":"canceled"} and gives the status that the answer tells
// (reference §A3); empty when it tells none.
func (c *client) cancel(ctx context.Context, id string) (string, error) {
	r := request(pace.Send, http.MethodPatch, "", id)
	r.Body = rest.JSONBody(statusBody{"canceled"})
	var now statusBody
	err := c.rest.JSON(ctx, r, &now)
	return now.Status, err
}

// envelope is GET /sign/envelope/{id} (reference §A4).
func (c *client) envelope(ctx context.Context, class pace.Class, id string) (envelope, json.RawMessage, error) {
	r := request(class, http.MethodGet, "", id)
	var raw json.RawMessage
	if err := c.rest.JSON(ctx, r, &raw); err != nil {
		return envelope{}, nil, err
	}
	var e envelope
	if json.Unmarshal(raw, &e) != nil || e.Status == "" {
		return envelope{}, nil, c.rest.BadAnswer(r, "the answer is not an envelope")
	}
	return e, raw, nil
}

// signer is GET …/signer/{id}: name, e-mail, status, time (reference §A3).
func (c *client) signer(ctx context.Context, id, signerID string) (signer, error) {
	var s signer
	err := c.rest.JSON(ctx, request(pace.Look, http.MethodGet, "/signer/{signer}", id, "signer", signerID), &s)
	return s, err
}

// report is GET …/report: an address per dossier (reference §A8).
func (c *client) report(ctx context.Context, id string) (envelopeReport, error) {
	var report envelopeReport
	err := c.rest.JSON(ctx, request(pace.Fetch, http.MethodGet, "/report", id, "report"), &report)
	return report, err
}

// documentReport is GET …/document/{id}/report: one dossier, in base64 and by address
// (reference §A8). The base64 is streamed; where there is none, the address is read.
func (c *client) documentReport(ctx context.Context, id, documentID string) (io.ReadCloser, error) {
	r := request(pace.Fetch, http.MethodGet, "/document/{document}/report", id, "document", documentID, "report")
	answer, err := c.rest.Do(ctx, r)
	if err != nil {
		return nil, notYet(err)
	}
	var address string
	file, err := rest.Base64Answer(answer.Body, func(fields map[string]any) error {
		address, _ = fields["document_report_url"].(string)
		if status, ok := fields["status"].(string); ok && status != reportAvailable {
			return c.rest.NotReady(r)
		}
		return nil
	}, "document_report")
	if err == nil {
		content := bufio.NewReader(file)
		if _, err = content.Peek(1); err == nil {
			return struct {
				io.Reader
				io.Closer
			}{content, file}, nil
		}
		file.Close()
	}
	if _, ok := errors.AsType[*providers.Error](err); ok {
		return nil, err
	}
	if address == "" {
		return nil, c.rest.BadAnswer(r, "the answer has neither file nor address")
	}
	return c.fetch(ctx, address)
}

// face is GET …/signer/{id}/face. The prose promises base64, the sample an address:
// the sample is followed (reference §A9).
func (c *client) face(ctx context.Context, id, signerID string) (string, error) {
	var a struct {
		URL string `json:"face_image_url"`
	}
	err := c.rest.JSON(ctx, request(pace.Fetch, http.MethodGet, "/signer/{signer}/face", id, "signer", signerID, "face"), &a)
	return a.URL, err
}

// personalDocument is GET …/signer/{id}/personal_document (reference §A9).
func (c *client) personalDocument(ctx context.Context, id, signerID string) (front, back string, err error) {
	var a struct {
		Front string `json:"document_front_url"`
		Back  string `json:"document_back_url"`
	}
	err = c.rest.JSON(ctx, request(pace.Fetch, http.MethodGet, "/signer/{signer}/personal_document", id, "signer", signerID, "personal_document"), &a)
	return a.Front, a.Back, err
}

// fetch reads a download address.
func (c *client) fetch(ctx context.Context, address string) (io.ReadCloser, error) {
	answer, err := c.rest.Fetch(ctx, address)
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// source is where a file comes from: the route that names its address.
func (c *client) source(id string, parts ...string) string {
	return c.base + request(pace.Fetch, http.MethodGet, "", id, parts...).Path
}
