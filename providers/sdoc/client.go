package sdoc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// client makes the HTTP calls, one method each.
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
	cfg.Authorize = func(_ context.Context, r *http.Request) error {
		// As it is: whether a scheme belongs before it is not documented (reference §3),
		// so "Bearer ..." may be configured.
		r.Header.Set("Authorization", s.APIKey.Reveal())
		return nil
	}
	cfg.Explain = explain
	c, err := rest.New(cfg)
	return &client{c, cfg.Base}, err
}

// call makes one request and decides on the answer's error field, never on its status
// (reference §4).
func (c *client) call(ctx context.Context, r rest.Request, out any) error {
	var e envelope
	if err := c.rest.JSON(ctx, r, &e); err != nil {
		return undecided(r, err)
	}
	if e.Error {
		return c.refusal(r, e.Code, e.whole)
	}
	if out == nil {
		return nil
	}
	if len(e.Result) == 0 || string(e.Result) == "null" || json.Unmarshal(e.Result, out) != nil {
		return c.rest.BadAnswer(r, "the answer's result is not what is documented")
	}
	return nil
}

// refusal is an answer that says that it is one, in the service's own words.
func (c *client) refusal(r rest.Request, code string, answer []byte) error {
	return &providers.Error{Kind: kindOf(code), Provider: Name, Op: r.Op(), Status: http.StatusOK, Code: code, Explanation: c.rest.Explanation(answer)}
}

// codeRefused stands for the code of an answer that says that it is a refusal, and has none.
const codeRefused = "refused"

// explain reads the code of an answer with another status than 200.
func explain(_ int, _ http.Header, body []byte) (string, providers.ErrorKind) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return "", ""
	}
	if code := codeIn(fields); code != "" || string(fields["error"]) != "true" {
		return code, ""
	}
	return codeRefused, ""
}

// undecided sorts an answer with another status than 200, with which handled outcomes come;
// any other one is a failure of the server (reference §4), which proves nothing: after an
// inviting call it is ambiguous. 401, 403 and 429 keep their HTTP meaning, a refusal before
// the request was handled, and 4xx with a body that says that it is a refusal is one, where
// nothing hangs on it (our choices).
func undecided(r rest.Request, err error) error {
	e, ok := errors.AsType[*providers.Error](err)
	if !ok || e.Status < 300 || e.Status == http.StatusForbidden || e.Kind != providers.Invalid && e.Kind != providers.NotFound {
		return err
	}
	switch {
	case r.Before != nil:
		return providers.Reread(err, providers.Ambiguous, "")
	case e.Status/100 == 4 && e.Code != "":
		return providers.Reread(err, kindOf(e.Code), "")
	}
	return providers.Reread(err, providers.Transient, "")
}

func identifier(id string) url.Values { return url.Values{"identifier": {id}} }

// marker stands in the upload's body for the file, which is streamed.
const marker = "\x00file\x00"

// upload is POST /file (reference §8.1).
func (c *client) upload(ctx context.Context, size int64, open func(context.Context) (io.ReadCloser, error)) (string, error) {
	r := rest.Request{
		Class: pace.Send, Method: http.MethodPost, Path: "/file",
		Body: rest.Base64JSON(uploadRequest{marker}, marker, size, open),
	}
	var out uploaded
	if err := c.call(ctx, r, &out); err != nil {
		return "", err
	}
	if out.TempIdentifier == "" {
		return "", c.rest.BadAnswer(r, "the answer has no tempIdentifier")
	}
	return out.TempIdentifier, nil
}

// file is GET /file?identifier= (reference §8.2): the file as it is now, streamed out
// of its base64.
func (c *client) file(ctx context.Context, id string) (io.ReadCloser, error) {
	r := rest.Request{Class: pace.Fetch, Method: http.MethodGet, Path: "/file", Query: identifier(id)}
	resp, err := c.rest.Do(ctx, r)
	if err != nil {
		return nil, undecided(r, err)
	}
	body, err := rest.Base64Answer(resp.Body, func(fields map[string]any) error {
		failed, ok := fields["error"].(bool)
		if !ok {
			return c.rest.BadAnswer(r, "the answer has no error field")
		}
		if failed {
			told, _ := json.Marshal(fields)
			return c.refusal(r, codeAmong(fields), told)
		}
		return nil
	}, "result", "base64")
	if _, ok := errors.AsType[*providers.Error](err); err != nil && !ok {
		return nil, c.rest.BadAnswer(r, err.Error())
	}
	return body, err
}

// codeAmong is [codeIn] over fields that were read past.
func codeAmong(fields map[string]any) string {
	texts := make(map[string]json.RawMessage)
	for name, value := range fields {
		if !strings.HasPrefix(name, "result.") && strings.Count(name, ".") <= 1 {
			texts[name], _ = json.Marshal(value)
		}
	}
	return codeIn(texts)
}

// createSolicitation is POST /solicitation (reference §8.3): the inviting call.
func (c *client) createSolicitation(ctx context.Context, s solicitationRequest, before func(context.Context) error) (solicitation, error) {
	r := rest.Request{Class: pace.Send, Method: http.MethodPost, Path: "/solicitation", Body: rest.JSONBody(s), Before: before}
	var out solicitation
	if err := c.call(ctx, r, &out); err != nil {
		return out, err
	}
	if out.Identifier == "" {
		return out, c.rest.BadAnswer(r, "the answer has no identifier")
	}
	return out, nil
}

// solicitationAt is a request about one solicitation.
func solicitationAt(class pace.Class, method, id string) rest.Request {
	return rest.Request{Class: class, Method: method, Path: "/solicitation", Query: identifier(id)}
}

// solicitation is GET /solicitation?identifier= (reference §8.5), with the result as it
// came.
func (c *client) solicitation(ctx context.Context, class pace.Class, id string) (solicitation, json.RawMessage, error) {
	r := solicitationAt(class, http.MethodGet, id)
	var raw json.RawMessage
	if err := c.call(ctx, r, &raw); err != nil {
		return solicitation{}, nil, err
	}
	var out solicitation
	if json.Unmarshal(raw, &out) != nil || out.Identifier != id || len(out.Participants) == 0 {
		return out, nil, c.rest.BadAnswer(r, "the answer is not this solicitation")
	}
	return out, raw, nil
}

// deleteSolicitation is DELETE /solicitation?identifier= (reference §8.6).
func (c *client) deleteSolicitation(ctx context.Context, id string) error {
	return c.call(ctx, solicitationAt(pace.Send, http.MethodDelete, id), nil)
}

// participant is GET /participant?identifier= (reference §8.7).
func (c *client) participant(ctx context.Context, id string) (participant, error) {
	var out participant
	err := c.call(ctx, rest.Request{Class: pace.Send, Method: http.MethodGet, Path: "/participant", Query: identifier(id)}, &out)
	return out, err
}

// placeStamp is POST /participant/{id}/stamp (reference §8.8).
func (c *client) placeStamp(ctx context.Context, participantID string, s stamp) error {
	return c.call(ctx, rest.Request{
		Class: pace.Send, Method: http.MethodPost, Route: "/participant/{id}/stamp",
		Path: "/participant/" + url.PathEscape(participantID) + "/stamp", Body: rest.JSONBody(s),
	}, nil)
}

// organizations is GET /organizations (reference §8.10).
func (c *client) organizations(ctx context.Context) ([]organization, error) {
	var out []organization
	err := c.call(ctx, rest.Request{Class: pace.Send, Method: http.MethodGet, Path: "/organizations"}, &out)
	return out, err
}

// folders is GET /organization/{id}/folders (reference §8.11): the whole tree.
func (c *client) folders(ctx context.Context, organizationID string) ([]folder, error) {
	var out []folder
	err := c.call(ctx, rest.Request{
		Class: pace.Send, Method: http.MethodGet, Route: "/organization/{id}/folders",
		Path: "/organization/" + url.PathEscape(organizationID) + "/folders",
	}, &out)
	return out, err
}
