package contraktor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// Bases of the two environments (reference §1). Tokens do not fit both.
const (
	sandboxBase    = "https://api-sandbox.contraktor.com.br/api"
	productionBase = "https://api-v3.contraktor.com.br/api"
)

// client makes the HTTP calls, one method each.
type client struct {
	rest *rest.Client
	base string
}

func newClient(s rest.Settings) (*client, error) {
	base := s.BaseURL
	if base == "" {
		base = sandboxBase
		if s.Production {
			base = productionBase
		}
	}
	base = strings.TrimRight(base, "/")
	c, err := rest.New(rest.Config{
		Provider:  Name,
		Base:      base,
		Simulated: s.Simulated,
		Pacer:     s.Pacer,
		Observe:   s.Observe,
		Authorize: func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+s.APIKey.Reveal())
			return nil
		},
		// Explain stays nil: the only error body is {"error": "<free text>"} (reference §2),
		// which is no code and may name people.
	})
	return &client{c, base}, err
}

// call makes one request and takes its answer out of the data envelope.
func call[T any](ctx context.Context, c *client, class pace.Class, method, route, path string, body rest.Body) (T, error) {
	var out answer[T]
	err := c.rest.JSON(ctx, rest.Request{Class: class, Method: method, Route: route, Path: path, Body: body}, &out)
	return out.Data, err
}

// create is a call that makes a thing with an id.
func create(ctx context.Context, c *client, route, path string, body rest.Body) (string, error) {
	made, err := call[named](ctx, c, pace.Send, http.MethodPost, route, path, body)
	if err != nil {
		return "", err
	}
	if made.ID <= 0 {
		return "", &providers.Error{Kind: providers.Transient, Provider: Name, Op: "POST " + route, Code: rest.CodeBadAnswer, Err: errNoID}
	}
	return formatID(made.ID), nil
}

var errNoID = errors.New("the answer has no id")

// upload is POST /files (reference §4): one multipart part named file.
func (c *client) upload(ctx context.Context, d providers.Document, open func(context.Context) (io.ReadCloser, error)) (string, error) {
	return create(ctx, c, "/files", "/files", rest.Multipart(nil, rest.Part{
		Field: "file", FileName: d.Name, ContentType: d.Type, Size: d.Size, Open: open,
	}))
}

// workflows is GET /workflows (reference §5).
func (c *client) workflows(ctx context.Context) ([]named, error) {
	return call[[]named](ctx, c, pace.Send, http.MethodGet, "/workflows", "/workflows", nil)
}

// createContract is POST /contracts (reference §6).
func (c *client) createContract(ctx context.Context, fields contractFields) (string, error) {
	return create(ctx, c, "/contracts", "/contracts", rest.JSONBody(contractRequest{fields}))
}

// contract is GET /contracts/{id} (reference §6).
func (c *client) contract(ctx context.Context, id string) (contract, error) {
	return call[contract](ctx, c, pace.Send, http.MethodGet, "/contracts/{id}", "/contracts/"+url.PathEscape(id), nil)
}

// deleteContract is DELETE /contracts/{id} (reference §6).
func (c *client) deleteContract(ctx context.Context, id string) error {
	return c.delete(ctx, "/contracts/{id}", "/contracts/"+url.PathEscape(id))
}

// attach is POST and PUT /contracts/{id}/attachments (reference §9, third-party
// evidence only): it adds an uploaded file and makes it part of what is signed.
func (c *client) attach(ctx context.Context, contractID string, fileID int64) error {
	path := "/contracts/" + url.PathEscape(contractID) + "/attachments"
	id, err := create(ctx, c, "/contracts/{id}/attachments", path, rest.JSONBody(attachmentRequest{fileRef{fileID}}))
	if err != nil {
		return err
	}
	_, err = call[json.RawMessage](ctx, c, pace.Send, http.MethodPut, "/contracts/{id}/attachments/{attachment}", path+"/"+id,
		rest.JSONBody(attachmentRequest{mergeable{true}}))
	return err
}

// findParty is GET /parties (reference §7) and gives the first party that fits, id 0
// for none. The search parameter rests on third-party evidence only: where the service
// ignores it, the answer is simply the whole list, which is read as a stream.
func (c *client) findParty(ctx context.Context, search string, fits func(party) bool) (int64, error) {
	resp, err := c.rest.Do(ctx, rest.Request{
		Class: pace.Send, Method: http.MethodGet, Path: "/parties", Query: url.Values{"search": {search}},
		Header: http.Header{"Accept": {"application/json"}},
	})
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	id, err := scanParties(resp.Body, fits)
	if e, ok := errors.AsType[*providers.Error](err); ok {
		return 0, e // the body broke off
	}
	if errors.Is(err, errTooLong) {
		return 0, &providers.Error{Kind: providers.Transient, Provider: Name, Op: "GET /parties", Status: resp.Status, Code: rest.CodeTooLarge, Err: errTooLong}
	}
	if err != nil {
		// Not the decoder's own words: they may quote what was read.
		return 0, &providers.Error{Kind: providers.Transient, Provider: Name, Op: "GET /parties", Status: resp.Status, Err: errors.New("the answer is not a list of parties")}
	}
	return id, nil
}

// Bounds of a list of parties, in bytes: of all of it, and of one party. Choices: no
// page of the list is documented, so it may hold every party of the account.
const (
	maxParties = 64 << 20
	maxParty   = 1 << 20
)

var errTooLong = errors.New("the list of parties is too long to be searched; contraktor.find_parties=false does without it")

// bounded fails when more than rest bytes are read, or more than one since one was last
// set.
type bounded struct {
	r         io.Reader
	rest, one int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.rest <= 0 || b.one <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.rest, b.one)])
	b.rest, b.one = b.rest-n, b.one-n
	return n, err
}

// scanParties reads {"data": [party...]}, or the bare list, without holding more than
// one party.
func scanParties(body io.Reader, fits func(party) bool) (int64, error) {
	r := &bounded{r: body, rest: maxParties, one: maxParty}
	dec := json.NewDecoder(r)
	t, err := dec.Token()
	if err != nil {
		return 0, err
	}
	if t == json.Delim('{') {
		if err := seekMember(dec, "data"); err != nil {
			return 0, err
		}
		if t, err = dec.Token(); err != nil {
			return 0, err
		}
	}
	if t == nil { // null: nobody yet
		return 0, nil
	}
	if t != json.Delim('[') {
		return 0, errors.New("no list")
	}
	for dec.More() {
		r.one = maxParty
		var p party
		if err := dec.Decode(&p); err != nil {
			return 0, err
		}
		if p.ID > 0 && fits(p) {
			return p.ID, nil
		}
	}
	_, err = dec.Token()
	return 0, err
}

// seekMember moves to the value of an object's member.
func seekMember(dec *json.Decoder, name string) error {
	for dec.More() {
		t, err := dec.Token()
		if err != nil || t == name {
			return err
		}
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			return err
		}
	}
	return fmt.Errorf("no %s", name)
}

// createParty is POST /parties (reference §7).
func (c *client) createParty(ctx context.Context, fields partyFields) (string, error) {
	return create(ctx, c, "/parties", "/parties", rest.JSONBody(partyRequest{fields}))
}

// shares is GET /contracts/{id}/shares (reference §8).
func (c *client) shares(ctx context.Context, contractID string) ([]sharing, error) {
	return call[[]sharing](ctx, c, pace.Send, http.MethodGet, "/contracts/{id}/shares", "/contracts/"+url.PathEscape(contractID)+"/shares", nil)
}

// createShare is POST /contracts/{id}/shares (reference §8).
func (c *client) createShare(ctx context.Context, contractID string, fields sharingFields) (string, error) {
	return create(ctx, c, "/contracts/{id}/shares", "/contracts/"+url.PathEscape(contractID)+"/shares", rest.JSONBody(sharingRequest{fields}))
}

// createProof is POST /proofs (reference §10): the inviting call.
func (c *client) createProof(ctx context.Context, fields proofFields, before func(context.Context) error) (string, error) {
	var out answer[named]
	err := c.rest.JSON(ctx, rest.Request{
		Class: pace.Send, Method: http.MethodPost, Path: "/proofs", Body: rest.JSONBody(proofRequest{fields}), Before: before,
	}, &out)
	if err != nil {
		return "", err
	}
	if out.Data.ID <= 0 {
		return "", &providers.Error{Kind: providers.Ambiguous, Provider: Name, Op: "POST /proofs", Code: rest.CodeBadAnswer, Err: errNoID}
	}
	return formatID(out.Data.ID), nil
}

// proof is GET /proofs/{id} (reference §10), with the answer as it came.
func (c *client) proof(ctx context.Context, class pace.Class, id string) (proof, json.RawMessage, error) {
	raw, err := call[json.RawMessage](ctx, c, class, http.MethodGet, "/proofs/{id}", "/proofs/"+url.PathEscape(id), nil)
	if err != nil {
		return proof{}, nil, err
	}
	var p proof
	if err := json.Unmarshal(raw, &p); err != nil || p.Status == "" {
		return proof{}, nil, badAnswer("GET /proofs/{id}", "the answer is not a proof")
	}
	return p, raw, nil
}

func badAnswer(op, why string) error {
	return &providers.Error{Kind: providers.Transient, Provider: Name, Op: op, Code: rest.CodeBadAnswer, Err: errors.New(why)}
}

// deleteProof is DELETE /proofs/{id} (reference §10): 204, or 200 with the proof.
func (c *client) deleteProof(ctx context.Context, id string) error {
	return c.delete(ctx, "/proofs/{id}", "/proofs/"+url.PathEscape(id))
}

// remind is POST /proofs/{id}/subjects/{subject}/remind (reference §10).
func (c *client) remind(ctx context.Context, proofID string, subjectID int64) error {
	return c.rest.JSON(ctx, rest.Request{
		Class: pace.Send, Method: http.MethodPost,
		Route: "/proofs/{id}/subjects/{subject}/remind",
		Path:  "/proofs/" + url.PathEscape(proofID) + "/subjects/" + formatID(subjectID) + "/remind",
	}, nil)
}

func (c *client) delete(ctx context.Context, route, path string) error {
	return c.rest.JSON(ctx, rest.Request{Class: pace.Send, Method: http.MethodDelete, Route: route, Path: path}, nil)
}
