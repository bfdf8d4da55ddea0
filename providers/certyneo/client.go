package certyneo

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// pageSize is how many envelopes a list asks for. The highest value is not documented
// (reference §7); the pages are counted by what the server makes of it.
const pageSize = 100

// Routes of the two files of an envelope.
const (
	routeSigned = "/signed-document"
	routeAudit  = "/audit-trail"
)

// client makes the HTTP calls.
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
	cfg.Explain = explain
	cfg.Authorize = func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+s.APIKey.Reveal()) // reference §1
		r.Header.Set("X-Certyneo-Source", "chancela")              // their dashboard names the integration by it
		return nil
	}
	c, err := rest.New(cfg)
	return &client{c, cfg.Base}, err
}

// codeSignerWithoutField is the refusal of an envelope with a signer who has nothing
// to sign (reference §5).
const codeSignerWithoutField = "signer_without_field"

var codePattern = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z_-]{0,63}$`)

// explain reads {"error","code"}: the code is stable, the text is not (reference §10).
// Only what looks like a code is passed on, and a number is none: it could be somebody's.
func explain(status int, _ http.Header, body []byte) (string, providers.ErrorKind) {
	kind := providers.ErrorKind("")
	if status == http.StatusForbidden { // a scope that the key lacks (reference §1), whatever is asked for
		kind = providers.Denied
	}
	var e struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(body, &e) != nil || !codePattern.MatchString(e.Code) {
		return "", kind
	}
	return e.Code, kind
}

// upload is POST /documents: multipart, field file (reference §3).
func (c *client) upload(ctx context.Context, d providers.Document, open func(context.Context) (io.ReadCloser, error)) (string, error) {
	return c.newID(ctx, rest.Request{
		Class: pace.Send, Method: http.MethodPost, Path: "/documents",
		Body: rest.Multipart(map[string]string{"name": d.Name}, rest.Part{
			Field: "file", FileName: path.Base(d.Name), ContentType: cmp.Or(d.TypeByName(), "application/octet-stream"), Size: d.Size, Open: open,
		}),
	})
}

// create is POST /envelopes: the result is a DRAFT (reference §4).
func (c *client) create(ctx context.Context, d draft, keep providers.KeepLinks) (string, error) {
	id, answer, err := c.newThing(ctx, rest.Request{
		Class: pace.Send, Method: http.MethodPost, Path: "/envelopes", Body: rest.JSONBody(d),
	})
	if err == nil {
		c.tellLinks(ctx, answer, keep)
	}
	return id, err
}

// newID makes a call that answers with the id of what it made.
func (c *client) newID(ctx context.Context, r rest.Request) (string, error) {
	id, _, err := c.newThing(ctx, r)
	return id, err
}

func (c *client) newThing(ctx context.Context, r rest.Request) (id string, answer json.RawMessage, err error) {
	if err := c.rest.JSON(ctx, r, &answer); err != nil {
		return "", nil, err
	}
	var made object[struct {
		ID string `json:"id"`
	}]
	if json.Unmarshal(answer, &made) != nil || made.Value.ID == "" {
		return "", nil, c.rest.BadAnswer(r, "the answer has no id")
	}
	return made.Value.ID, answer, nil
}

// tellLinks passes on where the recipients sign, where somebody wants to know: the pages of
// the service's own host (reference §4). GET does not tell it again.
func (c *client) tellLinks(ctx context.Context, answer json.RawMessage, keep providers.KeepLinks) {
	var told object[invitation]
	base, err := url.Parse(c.base)
	if keep == nil || err != nil || json.Unmarshal(answer, &told) != nil {
		return
	}
	var links []providers.Link
	for _, r := range told.Value.Recipients {
		address := string(r.SignURL)
		if address == "" && r.AccessToken != "" {
			address = base.Scheme + "://" + base.Host + "/sign/" + url.PathEscape(string(r.AccessToken))
		}
		links = providers.AddLink(links, r.Name, r.Email, address)
	}
	if len(links) > 0 {
		keep(ctx, links)
	}
}

// maxInvitation bounds what is read of an answer for its links, in bytes.
const maxInvitation = 1 << 20

// send is POST /envelopes/{id}/send: the invitations go out (reference §2). Any 2xx
// is success; the answer, which holds access tokens, is read only where links are kept.
func (c *client) send(ctx context.Context, id string, commit func(context.Context) error, keep providers.KeepLinks) error {
	answer, err := c.rest.Do(ctx, rest.Request{
		Class: pace.Send, Method: http.MethodPost, Before: commit,
		Path: "/envelopes/" + url.PathEscape(id) + "/send", Route: "/envelopes/{id}/send",
	})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if keep != nil {
		// An answer that breaks off is success all the same: the draft's own links were told.
		if b, err := io.ReadAll(io.LimitReader(answer.Body, maxInvitation)); err == nil {
			c.tellLinks(ctx, b, keep)
		}
	}
	return nil
}

// envelope is GET /envelopes/{id} (reference §4).
func (c *client) envelope(ctx context.Context, class pace.Class, id string) (envelope, json.RawMessage, error) {
	r := rest.Request{
		Class: class, Method: http.MethodGet,
		Path: "/envelopes/" + url.PathEscape(id), Route: "/envelopes/{id}",
	}
	var raw json.RawMessage
	if err := c.rest.JSON(ctx, r, &raw); err != nil {
		return envelope{}, nil, err
	}
	var e object[envelope]
	if err := json.Unmarshal(raw, &e); err != nil || e.Value.Status == "" {
		return envelope{}, nil, c.rest.BadAnswer(r, "the answer is not an envelope")
	}
	return e.Value, raw, nil
}

// list is GET /envelopes (reference §7).
func (c *client) list(ctx context.Context, page int, status string) (envelopeList, error) {
	var l envelopeList
	r := rest.Request{
		Class: pace.Look, Method: http.MethodGet, Path: "/envelopes",
		Query: url.Values{"page": {strconv.Itoa(page)}, "limit": {strconv.Itoa(pageSize)}},
	}
	if status != "" {
		r.Query.Set("status", status)
	}
	err := c.rest.JSON(ctx, r, &l)
	if err == nil && l.Data == nil {
		err = c.rest.BadAnswer(r, "the answer is not a list")
	}
	return l, err
}

// mostPages bounds a search by name.
const mostPages = 50

// idsOf reads GET /templates or /workspaces (reference §2) and gives the ids of those with a
// name. Templates come in pages as envelopes do; the first is asked for without a number.
func (c *client) idsOf(ctx context.Context, kind, name string) ([]string, error) {
	var ids []string
	for page := 1; page <= mostPages; page++ {
		var l struct {
			Data []struct {
				ID   string `json:"id"`
				Name string `json:"name"`
			} `json:"data"`
			Pagination struct {
				Pages int `json:"pages"`
			} `json:"pagination"`
		}
		r := rest.Request{Class: pace.Send, Method: http.MethodGet, Path: "/" + kind}
		if page > 1 {
			r.Query = url.Values{"page": {strconv.Itoa(page)}}
		}
		if err := c.rest.JSON(ctx, r, &l); err != nil {
			return nil, err
		}
		for _, x := range l.Data {
			if x.ID != "" && providers.Trim(x.Name) == name {
				ids = append(ids, x.ID)
			}
		}
		if page >= l.Pagination.Pages {
			break
		}
	}
	return ids, nil
}

// download is GET /envelopes/{id}/signed-document or /audit-trail (reference §8).
func (c *client) download(ctx context.Context, id, route string) (io.ReadCloser, error) {
	answer, err := c.rest.Do(ctx, rest.Request{
		Class: pace.Fetch, Method: http.MethodGet,
		Path: "/envelopes/" + url.PathEscape(id) + route, Route: "/envelopes/{id}" + route,
		Header: http.Header{"Accept": {"application/pdf"}},
	})
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// address is where a file of an envelope comes from.
func (c *client) address(id, route string) string {
	return c.base + "/envelopes/" + url.PathEscape(id) + route
}

// deleteEnvelope is DELETE /envelopes/{id}: drafts only, 409 once sent (reference §2).
func (c *client) deleteEnvelope(ctx context.Context, id string) error {
	return c.rest.JSON(ctx, rest.Request{
		Class: pace.Send, Method: http.MethodDelete,
		Path: "/envelopes/" + url.PathEscape(id), Route: "/envelopes/{id}",
	}, nil)
}

// deleteDocument is DELETE /documents/{id} (reference §2).
func (c *client) deleteDocument(ctx context.Context, id string) error {
	return c.rest.JSON(ctx, rest.Request{
		Class: pace.Send, Method: http.MethodDelete,
		Path: "/documents/" + url.PathEscape(id), Route: "/documents/{id}",
	}, nil)
}

// subscribe is POST /webhooks (reference §9). The secret comes this once.
func (c *client) subscribe(ctx context.Context, address string, events []string) (subscription, error) {
	var s object[subscription]
	r := rest.Request{
		Class: pace.Send, Method: http.MethodPost, Path: "/webhooks",
		Body: rest.JSONBody(subscription{URL: address, Events: events}),
	}
	if err := c.rest.JSON(ctx, r, &s); err != nil {
		return subscription{}, err
	}
	if s.Value.ID == "" {
		return subscription{}, c.rest.BadAnswer(r, "the answer has no id")
	}
	return s.Value, nil
}

// subscriptions is GET /webhooks (reference §2). Paging is not documented.
func (c *client) subscriptions(ctx context.Context) ([]subscription, error) {
	var l struct {
		Data []subscription `json:"data"`
	}
	r := rest.Request{Class: pace.Look, Method: http.MethodGet, Path: "/webhooks"}
	err := c.rest.JSON(ctx, r, &l)
	if err == nil && l.Data == nil {
		err = c.rest.BadAnswer(r, "the answer is not a list")
	}
	return l.Data, err
}

// unsubscribe is DELETE /webhooks/{id} (reference §2).
func (c *client) unsubscribe(ctx context.Context, id string) error {
	return c.rest.JSON(ctx, rest.Request{
		Class: pace.Send, Method: http.MethodDelete,
		Path: "/webhooks/" + url.PathEscape(id), Route: "/webhooks/{id}",
	}, nil)
}
