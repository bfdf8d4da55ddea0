package catalisa

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// Addresses of the platform's blocks (reference §2). The production address of
// e-signature is not documented.
const (
	stagingIAM    = "https://iam.stg.catalisa.app"
	productionIAM = "https://api.catalisa.app/iam"

	requestsPath = "/api/v1/esignature/requests"
	filesPath    = "/api/v1/files"
)

// client makes the HTTP calls, one method each.
type client struct {
	base   string
	sign   *rest.Client
	files  *rest.Client // nil: File Storage is not used
	tokens *tokens
}

func newClient(s rest.Settings) (*client, error) {
	own := func(name string) string { return s.Own[name].Reveal() }
	base, err := Environments.Base(Name, s)
	if err != nil {
		return nil, err
	}
	if (own(setClientID) == "") != (own(setClientSecret) == "") {
		return nil, errors.New("catalisa: CHANCELA_CATALISA_CLIENT_ID and CHANCELA_CATALISA_CLIENT_SECRET belong together")
	}
	service := func(base string, pacer pace.Pacer) (*rest.Client, error) {
		cfg := s.Config(Name, base)
		cfg.Pacer, cfg.Explain = pacer, explain
		cfg.Key = cmp.Or(s.APIKey, s.Own[setClientSecret])
		return rest.New(cfg)
	}
	c := &client{base: strings.TrimRight(base, "/"), tokens: &tokens{lock: make(chan struct{}, 1)}}
	if c.sign, err = service(base, s.Pacer); err != nil {
		return nil, err
	}
	if own(setFilesURL) != "" {
		// File Storage belongs to the same platform; it shares the pace (our choice).
		if c.files, err = service(own(setFilesURL), s.Pacer); err != nil {
			return nil, err
		}
	}
	if own(setClientID) == "" {
		c.tokens.given = &token{value: s.APIKey.Reveal()}
		return c, nil
	}
	iam := stagingIAM
	if s.Production {
		iam = productionIAM
	}
	c.tokens.id, c.tokens.secret = own(setClientID), s.Own[setClientSecret]
	c.tokens.iam, err = service(cmp.Or(own(setIAMURL), iam), pace.Unlimited{})
	return c, err
}

// explain reads the code. 402 says that the account has to pay (reference §4.2): no
// envelope can go on, so the provider stops (our choice).
func explain(status int, _ http.Header, body []byte) (string, providers.ErrorKind) {
	if status == http.StatusPaymentRequired {
		return errorCode(body), providers.Denied
	}
	return errorCode(body), ""
}

// call makes one request with the access token. A refused token that had worked before
// is replaced and the request made once more, unless it is the inviting one: that is
// made once per commit, and its refusal leaves the engine free to come again.
func (c *client) call(ctx context.Context, service *rest.Client, r rest.Request, out any) error {
	for again := false; ; again = true {
		t, err := c.tokens.get(ctx)
		if err != nil {
			return err
		}
		r.Header = http.Header{"Authorization": {"Bearer " + t.value}}
		err = service.JSON(ctx, r, out)
		if err == nil {
			t.worked.Store(true)
			return nil
		}
		if providers.StatusOf(err) != http.StatusUnauthorized || c.tokens.given != nil {
			return err
		}
		if err := c.tokens.drop(ctx, t); err != nil {
			return err
		}
		if again || !t.worked.Load() {
			return err
		}
		if r.Before != nil {
			return providers.Reread(err, providers.Transient, "")
		}
	}
}

func requestPath(id, action string) string { return requestsPath + "/" + url.PathEscape(id) + action }

func route(action string) string { return requestsPath + "/{id}" + action }

// create is POST /requests, or /requests/from-template (reference §7.1, §7.2): the
// inviting call. open gives the document that stands in the body, nil for none.
func (c *client) create(ctx context.Context, a attributes, size int64, open func(context.Context) (io.ReadCloser, error), job *providers.Job) (resource, error) {
	path := requestsPath
	if a.TemplateID != "" {
		path += "/from-template"
	}
	body := createRequest{createData{"signature-request", a}}
	r := rest.Request{Class: pace.Send, Method: http.MethodPost, Path: path, Body: rest.JSONBody(body), Before: job.Commit, Within: job.Within}
	if open != nil {
		r.Body = rest.Base64JSON(body, marker, size, open)
	}
	var out struct{ Data resource }
	if err := c.call(ctx, c.sign, r, &out); err != nil {
		return resource{}, err
	}
	if out.Data.ID == "" {
		return resource{}, c.sign.BadAnswer(r, "the answer has no id")
	}
	return out.Data, nil
}

// marker stands in the create request's body for the document, which is streamed.
const marker = "\x00file\x00"

// pageSize is the largest page of a list (reference §4.1).
const pageSize = 100

// list is GET /requests (reference §7.3), a page of all or of those with one businessId.
func (c *client) list(ctx context.Context, class pace.Class, page int, filter, value string) (requests []resource, more bool, err error) {
	query := url.Values{"page[number]": {strconv.Itoa(page)}, "page[size]": {strconv.Itoa(pageSize)}}
	if filter != "" {
		query.Set("filter["+filter+"]", value)
	}
	var out listing
	r := rest.Request{Class: class, Method: http.MethodGet, Path: requestsPath, Query: query}
	if err := c.call(ctx, c.sign, r, &out); err != nil {
		return nil, false, err
	}
	if out.Data == nil {
		return nil, false, c.sign.BadAnswer(r, "the answer is not a list")
	}
	return out.Data, out.more(), nil
}

// more tells whether pages follow: by the numbers, where there are none by the link to
// the next page, which is not followed itself (reference §14.3), else by a full page.
func (l listing) more() bool {
	switch {
	case len(l.Data) == 0:
		return false
	case l.Meta.TotalPages > 0:
		return l.Meta.CurrentPage < l.Meta.TotalPages
	}
	return l.Links.Next != "" || len(l.Data) >= pageSize
}

// request is GET /requests/:id (reference §7.4), with the resource as it came.
func (c *client) request(ctx context.Context, class pace.Class, id string) (resource, json.RawMessage, error) {
	var out struct{ Data json.RawMessage }
	r := rest.Request{Class: class, Method: http.MethodGet, Route: route(""), Path: requestPath(id, "")}
	if err := c.call(ctx, c.sign, r, &out); err != nil {
		return resource{}, nil, err
	}
	var req resource
	if len(out.Data) == 0 || json.Unmarshal(out.Data, &req) != nil || req.ID != id || req.Attributes.Status == "" {
		return req, nil, c.sign.BadAnswer(r, "the answer is not this signature request")
	}
	return req, out.Data, nil
}

// cancel is POST /requests/:id/cancel, without a body (reference §7.5).
func (c *client) cancel(ctx context.Context, id string) error {
	return c.call(ctx, c.sign, rest.Request{Class: pace.Send, Method: http.MethodPost, Route: route("/cancel"), Path: requestPath(id, "/cancel")}, nil)
}

// deleteRequest is DELETE /requests/:id (reference §7.8).
func (c *client) deleteRequest(ctx context.Context, id string) error {
	return c.call(ctx, c.sign, rest.Request{Class: pace.Send, Method: http.MethodDelete, Route: route(""), Path: requestPath(id, "")}, nil)
}

// resend is POST /requests/:id/resend (reference §7.6): to one signer, or without an
// address to everybody who is pending.
func (c *client) resend(ctx context.Context, id, signerEmail string) error {
	var body resendRequest
	if signerEmail != "" {
		body.Data = new(resendData)
		body.Data.Attributes.SignerEmail = signerEmail
	}
	return c.call(ctx, c.sign, rest.Request{
		Class: pace.Send, Method: http.MethodPost, Route: route("/resend"), Path: requestPath(id, "/resend"), Body: rest.JSONBody(body),
	}, nil)
}

// download is GET /requests/:id/download (reference §7.7).
func (c *client) download(ctx context.Context, id string) (download, error) {
	var out download
	err := c.call(ctx, c.sign, downloadRequest(id), &out)
	return out, err
}

func downloadRequest(id string) rest.Request {
	return rest.Request{Class: pace.Fetch, Method: http.MethodGet, Route: route("/download"), Path: requestPath(id, "/download")}
}

// store puts a document into File Storage: a record, the bytes to its presigned address,
// the confirmation (reference §8). It gives the fileId.
func (c *client) store(ctx context.Context, f fileRequest, open func(context.Context) (io.ReadCloser, error)) (string, error) {
	var record fileRecord
	r := rest.Request{Class: pace.Send, Method: http.MethodPost, Path: filesPath, Body: rest.JSONBody(f)}
	if err := c.call(ctx, c.files, r, &record); err != nil {
		return "", err
	}
	if record.Data.ID == "" || record.UploadURL == "" {
		return "", c.files.BadAnswer(r, "the answer has no id or no uploadUrl")
	}
	if err := c.files.Upload(ctx, record.UploadURL, rest.Raw(f.MimeType, f.SizeBytes, open), nil); err != nil {
		// The address was made for this one attempt: whatever is wrong with it, the next
		// attempt gets another.
		if providers.KindOf(err) == providers.NotFound {
			return "", providers.Reread(err, providers.Transient, "")
		}
		return "", err
	}
	return record.Data.ID, c.call(ctx, c.files, rest.Request{
		Class: pace.Send, Method: http.MethodPost, Route: filesPath + "/{id}/confirm-upload",
		Path: filesPath + "/" + url.PathEscape(record.Data.ID) + "/confirm-upload",
	}, nil)
}

// deleteFile is DELETE /api/v1/files/:id of File Storage (reference §8).
func (c *client) deleteFile(ctx context.Context, id string) error {
	return c.call(ctx, c.files, rest.Request{
		Class: pace.Send, Method: http.MethodDelete, Route: filesPath + "/{id}", Path: filesPath + "/" + url.PathEscape(id),
	}, nil)
}
