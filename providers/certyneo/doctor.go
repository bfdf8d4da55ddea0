package certyneo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/providers/rest"
)

// Examine tries the account without reaching anybody.
func Examine(ctx context.Context, s rest.Settings, v rest.Visit) error {
	base, err := Environments.Base(Name, s)
	if err != nil {
		return err
	}
	x, err := rest.NewExaminer(Name, base, s, http.Header{"Authorization": {"Bearer " + s.APIKey.Reveal()}}, v)
	if err != nil {
		return err
	}
	d := doctor{x}
	plan, ok := d.account(ctx, s.APIKey.Reveal())
	if !ok {
		return nil
	}
	if d.envelopes(ctx, plan) {
		d.templates(ctx)
	}
	d.workspaces(ctx)
	d.webhooks(ctx, s.WebhookURL)
	if v.Draft {
		d.draft(ctx)
	} else {
		d.Note("scopes", rest.Answer{}, "whether the key has envelopes:write cannot be told without making something", "", "doctor --draft tells")
	}
	return nil
}

type doctor struct{ *rest.Examiner }

func get(path string) rest.Request { return rest.Request{Method: http.MethodGet, Path: path} }

func (d doctor) account(ctx context.Context, key string) (plan string, ok bool) {
	a := d.Ask(ctx, get("/account/me"))
	if d.Refused("key", a, "") {
		return "", false
	}
	var me object[identity]
	if !d.Decode("key", a, &me) {
		return "", true
	}
	plan = cmp.Or(me.Value.Plan, "not told")
	switch production, shows := Environments.KeyOf(key); {
	case !shows:
		d.Note("key", a, "the key is taken; plan "+plan, "sk_test_ or sk_live_ before it (reference §1)", "the key does not show its environment: make sure that it is the one that is meant")
	case production:
		d.Fine("key", a, "a key of production: signatures are legally valid; plan "+plan)
	default:
		d.Note("key", a, "a key of the sandbox; plan "+plan, "", "nobody is told by e-mail: links to sign come with the answers only (reference §12)")
	}
	return plan, true
}

func (d doctor) envelopes(ctx context.Context, plan string) bool {
	r := get("/envelopes")
	r.Query = url.Values{"page": {"1"}, "limit": {fmt.Sprint(pageSize)}}
	a := d.Ask(ctx, r)
	if d.Refused("scopes", a, "nothing can be followed: envelopes:read") {
		return a.Status != http.StatusForbidden
	}
	var list envelopeList
	if !d.Decode("list", a, &list) {
		return true
	}
	if list.Data == nil || list.Pagination.PageSize == 0 {
		d.Wrong("list", a, "the list does not tell its pages", `{"data": [...], "pagination": {...}} (reference §7)`, "report this: the service differs from its reference")
		return true
	}
	d.Fine("list", a, fmt.Sprintf("envelopes:read; %d envelopes, %d a page", list.Pagination.Total, list.Pagination.PageSize))
	if left := allowance(plan, list, time.Now()); left != nil && left.Left > 0 {
		d.Fine("allowance", a, left.Said().String())
	} else if left != nil {
		d.Note("allowance", a, left.Said().String(), "", "what is sent now may be refused: send next month, or take a larger plan")
	}
	return true
}

func (d doctor) templates(ctx context.Context) {
	a := d.Ask(ctx, get("/templates"))
	if d.Refused("templates", a, "rows with a template fail") {
		return
	}
	var list struct {
		Data []struct {
			ID      string `json:"id"`
			Name    string `json:"name"`
			Signers int    `json:"signerCount"`
		} `json:"data"`
	}
	if !d.Decode("templates", a, &list) {
		return
	}
	var names []string
	for _, t := range list.Data {
		names = append(names, fmt.Sprintf("%s (%s, %d to sign)", t.Name, t.ID, t.Signers))
	}
	d.Fine("templates", a, "for the column template: "+cmp.Or(strings.Join(names, ", "), "none"))
}

func (d doctor) workspaces(ctx context.Context) {
	a := d.Ask(ctx, get("/workspaces"))
	if d.Refused("workspaces", a, "rows with certyneo.workspace may fail") {
		return
	}
	var list struct {
		Data []struct{ ID, Name, Role string } `json:"data"`
	}
	if !d.Decode("workspaces", a, &list) {
		return
	}
	var names []string
	for _, w := range list.Data {
		names = append(names, fmt.Sprintf("%s (%s, %s)", w.Name, w.ID, strings.ToLower(w.Role)))
	}
	d.Fine("workspaces", a, "for certyneo.workspace: "+cmp.Or(strings.Join(names, ", "), "none"))
}

// webhooks looks whether callbacks come to the address of the settings. They are no
// condition: what is sent is looked at anyway.
func (d doctor) webhooks(ctx context.Context, address string) {
	a := d.Ask(ctx, get("/webhooks"))
	if a.Status == http.StatusForbidden && address == "" {
		d.Note("webhooks", a, d.Words(a), "", "without webhooks:write subscriptions are made in Certyneo's own pages")
		return
	}
	if d.Refused("webhooks", a, "subscriptions are made in Certyneo's own pages: webhooks:write") {
		return
	}
	var list struct {
		Data []subscription `json:"data"`
	}
	if !d.Decode("webhooks", a, &list) {
		return
	}
	const subscribe = "chancela webhooks certyneo --subscribe"
	switch there := slices.ContainsFunc(list.Data, func(s subscription) bool { return s.URL == address }); {
	case address == "" && len(list.Data) == 0:
		d.Note("webhooks", a, "no subscription", "", "envelopes are looked at from time to time; with CHANCELA_CERTYNEO_WEBHOOK_URL, "+subscribe+" and serve they are known at once")
	case address == "":
		d.Note("webhooks", a, fmt.Sprintf("%d subscriptions", len(list.Data)), "", "CHANCELA_CERTYNEO_WEBHOOK_URL is not set: none of them is known to be ours")
	case there:
		d.Fine("webhooks", a, "there is a subscription for CHANCELA_CERTYNEO_WEBHOOK_URL")
	default:
		d.Wrong("webhooks", a, "no subscription for CHANCELA_CERTYNEO_WEBHOOK_URL", "", subscribe)
	}
}

// draft makes an envelope that is never sent, and removes it.
func (d doctor) draft(ctx context.Context) {
	defer d.Remove(ctx)
	document := d.made(ctx, "upload", rest.Request{Path: "/documents", Body: rest.Multipart(map[string]string{"name": "chancela-doctor.pdf"}, rest.Part{
		Field: "file", FileName: "chancela-doctor.pdf", ContentType: "application/pdf", Size: int64(len(rest.Blank)), Open: rest.OpenBlank,
	})})
	if document == "" {
		return
	}
	d.later("documents", "the document", document)
	const email = "doctor@example.com"
	envelope := d.made(ctx, "draft", rest.Request{Path: "/envelopes", Body: rest.JSONBody(draft{
		Subject: "chancela doctor: a draft", DocumentIDs: []string{document},
		Recipients: []recipient{{Email: email, Name: "Chancela Doctor", Role: roleSigner}},
		Fields:     []field{{RecipientEmail: email, PageNumber: 1, FieldType: "SIGNATURE", X: 72, Y: 700, Width: 150, Height: 40}},
	})})
	if envelope == "" {
		return
	}
	d.later("envelopes", "the draft", envelope)
	d.look(ctx, envelope)
	d.listed(ctx, envelope)
}

// listed looks whether lists show at once what is new.
func (d doctor) listed(ctx context.Context, id string) {
	r := get("/envelopes")
	r.Query = url.Values{"page": {"1"}, "limit": {fmt.Sprint(pageSize)}, "status": {"DRAFT"}}
	a := d.Ask(ctx, r)
	var list envelopeList
	if d.Refused("list", a, "") || !d.Decode("list", a, &list) {
		return
	}
	for _, e := range list.Data {
		if e.ID == id {
			d.Fine("list", a, "it shows the new draft at once")
			return
		}
	}
	d.Note("list", a, "it does not show the new draft", "the newest first (reference §7)", "lists lag: envelopes are looked at one by one, and their ends are seen later")
}

func (d doctor) look(ctx context.Context, id string) {
	path := "/envelopes/" + url.PathEscape(id)
	a := d.Ask(ctx, get(path))
	var e object[envelope]
	if d.Refused("draft", a, "nothing can be followed") || !d.Decode("draft", a, &e) {
		return
	}
	if e.Value.Status != "DRAFT" {
		d.Wrong("draft", a, fmt.Sprintf("its status is %q", e.Value.Status), "DRAFT (reference §5)", "report this: the service differs from its reference")
	} else {
		d.Fine("draft", a, "its status is DRAFT")
	}
	// The one refusal that is documented for a draft shows the form of errors.
	a = d.Ask(ctx, get(path+routeSigned))
	code, _ := explain(a.Status, a.Header, a.Body)
	switch {
	case a.Status != http.StatusConflict:
		d.Note("errors", a, fmt.Sprintf("the signed document of a draft is answered with HTTP %d", a.Status), "409 (reference §8)", "report this: the service differs from its reference")
	case code == "":
		d.Note("errors", a, "a refusal has no code: "+shape(a.Body), `{"error", "code"} (reference §10)`, "refusals are known by their status only; report this")
	default:
		d.Fine("errors", a, "a refusal has the code "+code)
	}
}

// shape names the members of a JSON object.
func shape(body []byte) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		return "it is no JSON object"
	}
	var names []string
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return "its members are " + strings.Join(names, ", ")
}

func (d doctor) later(kind, what, id string) {
	d.Later(what, func(ctx context.Context) rest.Answer {
		return d.Ask(ctx, rest.Request{Method: http.MethodDelete, Path: "/" + kind + "/" + url.PathEscape(id), Route: "/" + kind + "/{id}"})
	})
}

// made makes a thing and gives its id; empty when it has none.
func (d doctor) made(ctx context.Context, check string, r rest.Request) string {
	r.Method = http.MethodPost
	a := d.Ask(ctx, r)
	var made object[struct {
		ID string `json:"id"`
	}]
	if d.Refused(check, a, "nothing can be sent: envelopes:write") || !d.Decode(check, a, &made) {
		return ""
	}
	if made.Value.ID == "" {
		d.Wrong(check, a, "the answer has no id", "id (reference §3, §4)", "report this: the service differs from its reference")
		return ""
	}
	var outside struct {
		ID string `json:"id"`
	}
	if _ = json.Unmarshal(a.Body, &outside); outside.ID == "" {
		d.Note(check, a, fmt.Sprintf("HTTP %d, the id stands below data", a.Status), "at the top (reference §14)", "both are read")
		return made.Value.ID
	}
	d.Fine(check, a, fmt.Sprintf("HTTP %d, id %s", a.Status, made.Value.ID))
	return made.Value.ID
}
