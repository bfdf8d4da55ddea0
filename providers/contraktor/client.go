package contraktor

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// client makes the HTTP calls, one method each.
type client struct {
	rest   *rest.Client
	base   string
	listed chan contracts // the last answer of the list; whoever has taken it may ask anew
}

func newClient(s rest.Settings) (*client, error) {
	base, err := Environments.Base(Name, s)
	if err != nil {
		return nil, err
	}
	cfg := s.Config(Name, base)
	cfg.Authorize = func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+s.APIKey.Reveal())
		return nil
	}
	// Explain stays nil: the only error body is {"error": "<free text>"} (reference §2),
	// which is no code.
	c, err := rest.New(cfg)
	listed := make(chan contracts, 1)
	listed <- contracts{}
	return &client{c, cfg.Base, listed}, err
}

// call makes one request and takes its answer out of the data envelope.
func call[T any](ctx context.Context, c *client, r rest.Request) (T, error) {
	var out answer[T]
	err := c.rest.JSON(ctx, r, &out)
	return out.Data, err
}

// create is a call that makes a thing with an id.
func create(ctx context.Context, c *client, r rest.Request) (string, error) {
	r.Method, r.Class = http.MethodPost, pace.Send
	made, err := call[named](ctx, c, r)
	if err != nil {
		return "", err
	}
	if made.ID <= 0 {
		return "", c.rest.BadAnswer(r, "the answer has no id")
	}
	return formatID(made.ID), nil
}

// below is a request below something that is named by its id: to /contracts/{id}/shares.
func below(class pace.Class, method, kind, id, more string) rest.Request {
	return rest.Request{Class: class, Method: method, Route: "/" + kind + "/{id}" + more, Path: "/" + kind + "/" + url.PathEscape(id) + more}
}

// upload is POST /files (reference §4): one multipart part named file.
func (c *client) upload(ctx context.Context, d providers.Document, open func(context.Context) (io.ReadCloser, error)) (string, error) {
	return create(ctx, c, rest.Request{Path: "/files", Body: rest.Multipart(nil, rest.Part{
		Field: "file", FileName: d.Name, ContentType: d.Type, Size: d.Size, Open: open,
	})})
}

// workflows is GET /workflows (reference §5).
func (c *client) workflows(ctx context.Context) ([]named, error) {
	return call[[]named](ctx, c, rest.Request{Class: pace.Send, Method: http.MethodGet, Path: "/workflows"})
}

// templates is GET /templates (reference §6).
func (c *client) templates(ctx context.Context) ([]titled, error) {
	return call[[]titled](ctx, c, rest.Request{Class: pace.Send, Method: http.MethodGet, Path: "/templates"})
}

// createContract is POST /contracts (reference §6).
func (c *client) createContract(ctx context.Context, fields contractFields) (string, error) {
	return create(ctx, c, rest.Request{Path: "/contracts", Body: rest.JSONBody(contractRequest{fields})})
}

// contract is GET /contracts/{id} (reference §6).
func (c *client) contract(ctx context.Context, id string) (contract, error) {
	return call[contract](ctx, c, below(pace.Send, http.MethodGet, "contracts", id, ""))
}

// changeDates is PATCH /contracts/{id} (reference §6).
func (c *client) changeDates(ctx context.Context, id string, d dates) error {
	r := below(pace.Send, http.MethodPatch, "contracts", id, "")
	r.Body = rest.JSONBody(datesRequest{d})
	return c.rest.JSON(ctx, r, nil)
}

// deleteContract is DELETE /contracts/{id} (reference §6).
func (c *client) deleteContract(ctx context.Context, id string) error {
	return c.rest.JSON(ctx, below(pace.Send, http.MethodDelete, "contracts", id, ""), nil)
}

// attach is POST and PUT /contracts/{id}/attachments (reference §9, third-party
// evidence only): it adds an uploaded file and makes it part of what is signed.
func (c *client) attach(ctx context.Context, contractID string, fileID int64) error {
	r := below(pace.Send, http.MethodPost, "contracts", contractID, "/attachments")
	r.Body = rest.JSONBody(attachmentRequest{fileRef{fileID}})
	id, err := create(ctx, c, r)
	if err != nil {
		return err
	}
	r.Method, r.Route, r.Path = http.MethodPut, r.Route+"/{attachment}", r.Path+"/"+id
	r.Body = rest.JSONBody(attachmentRequest{mergeable{true}})
	return c.rest.JSON(ctx, r, nil)
}

// findParty is GET /parties (reference §7) and gives the first party that fits, id 0
// for none. The search parameter rests on third-party evidence only: where the service
// ignores it, the answer is simply the whole list.
func (c *client) findParty(ctx context.Context, search string, fits func(party) bool) (id int64, err error) {
	r := rest.Request{Path: "/parties", Query: url.Values{"search": {search}}}
	err = list(ctx, c, r, "; contraktor.find_parties=false does without it", firstThat(fits, &id))
	return id, err
}

func firstThat(fits func(party) bool, id *int64) func(party) bool {
	return func(p party) bool {
		if p.ID > 0 && fits(p) {
			*id = p.ID
		}
		return *id == 0
	}
}

// createParty is POST /parties (reference §7).
func (c *client) createParty(ctx context.Context, fields partyFields) (string, error) {
	return create(ctx, c, rest.Request{Path: "/parties", Body: rest.JSONBody(partyRequest{fields})})
}

// shares is GET /contracts/{id}/shares (reference §8).
func (c *client) shares(ctx context.Context, contractID string) ([]sharing, error) {
	return call[[]sharing](ctx, c, below(pace.Send, http.MethodGet, "contracts", contractID, "/shares"))
}

// createShare is POST /contracts/{id}/shares (reference §8).
func (c *client) createShare(ctx context.Context, contractID string, fields sharingFields) (string, error) {
	r := below(pace.Send, http.MethodPost, "contracts", contractID, "/shares")
	r.Body = rest.JSONBody(sharingRequest{fields})
	return create(ctx, c, r)
}

// createProof is POST /proofs (reference §10): the inviting call.
func (c *client) createProof(ctx context.Context, fields proofFields, before func(context.Context) error) (string, error) {
	return create(ctx, c, rest.Request{Path: "/proofs", Body: rest.JSONBody(proofRequest{fields}), Before: before})
}

// proof is GET /proofs/{id} (reference §10), with the answer as it came.
func (c *client) proof(ctx context.Context, class pace.Class, id string) (proof, json.RawMessage, error) {
	r := below(class, http.MethodGet, "proofs", id, "")
	raw, err := call[json.RawMessage](ctx, c, r)
	if err != nil {
		return proof{}, nil, err
	}
	var p proof
	if err := json.Unmarshal(raw, &p); err != nil || p.Status == "" {
		return proof{}, nil, c.rest.BadAnswer(r, "the answer is not a proof")
	}
	return p, raw, nil
}

// deleteProof is DELETE /proofs/{id} (reference §10): 204, or 200 with the proof.
func (c *client) deleteProof(ctx context.Context, id string) error {
	return c.rest.JSON(ctx, below(pace.Send, http.MethodDelete, "proofs", id, ""), nil)
}

// remind is POST /proofs/{id}/subjects/{subject}/remind (reference §10).
func (c *client) remind(ctx context.Context, proofID string, subjectID int64) error {
	r := below(pace.Send, http.MethodPost, "proofs", proofID, "/subjects/"+formatID(subjectID)+"/remind")
	r.Route = "/proofs/{id}/subjects/{subject}/remind"
	return c.rest.JSON(ctx, r, nil)
}
