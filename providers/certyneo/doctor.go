package certyneo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/providers/lang"
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
		d.Note("scopes", rest.Answer{}, lang.Of("whether the key has envelopes:write cannot be told without making something"), lang.Text{}, lang.Of("doctor --draft tells"))
	}
	return nil
}

type doctor struct{ *rest.Examiner }

func get(path string) rest.Request { return rest.Request{Method: http.MethodGet, Path: path} }

func (d doctor) account(ctx context.Context, key string) (plan string, ok bool) {
	a := d.Ask(ctx, get("/account/me"))
	if d.Refused("key", a, lang.Text{}) {
		return "", false
	}
	var me object[identity]
	if !d.Decode("key", a, &me) {
		return "", true
	}
	plan = me.Value.Plan
	named := lang.Of("plan %s", plan)
	if plan == "" {
		named = lang.Of("its plan is not told")
	}
	switch production, shows := Environments.KeyOf(key); {
	case !shows:
		d.Note("key", a, lang.Of("the key is taken; %v", named), rest.Reference(lang.Of("sk_test_ or sk_live_ before it"), "§1"), lang.Of("the key does not show its environment: make sure that it is the one that is meant"))
	case production:
		d.Fine("key", a, lang.Of("a key of production: signatures are legally valid; %v", named))
	default:
		d.Note("key", a, lang.Of("a key of the sandbox; %v", named), lang.Text{}, lang.Of("nobody is told by e-mail: links to sign come with the answers only (reference §12)"))
	}
	return plan, true
}

func (d doctor) envelopes(ctx context.Context, plan string) bool {
	r := get("/envelopes")
	r.Query = url.Values{"page": {"1"}, "limit": {fmt.Sprint(pageSize)}}
	a := d.Ask(ctx, r)
	if d.Refused("scopes", a, lang.Of("nothing can be followed: envelopes:read")) {
		return a.Status != http.StatusForbidden
	}
	var list envelopeList
	if !d.Decode("list", a, &list) {
		return true
	}
	if list.Data == nil || list.Pagination.PageSize == 0 {
		d.Wrong("list", a, lang.Of("the list does not tell its pages"), rest.Reference(`{"data": [...], "pagination": {...}}`, "§7"), rest.Differs)
		return true
	}
	d.Fine("list", a, lang.Of("envelopes:read; %d envelopes, %d a page", list.Pagination.Total, list.Pagination.PageSize))
	if left := allowance(plan, list, time.Now()); left != nil && left.Left > 0 {
		d.Fine("allowance", a, left.Said())
	} else if left != nil {
		d.Note("allowance", a, left.Said(), lang.Text{}, lang.Of("what is sent now may be refused: send next month, or take a larger plan"))
	}
	return true
}

func (d doctor) templates(ctx context.Context) {
	a := d.Ask(ctx, get("/templates"))
	if d.Refused("templates", a, lang.Of("rows with a template fail")) {
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
	var names []lang.Text
	for _, t := range list.Data {
		names = append(names, lang.Of("%s (%s, %d to sign)", t.Name, t.ID, t.Signers))
	}
	d.Fine("templates", a, lang.Of("for the column template: %v", rest.Listed(names)))
}

func (d doctor) workspaces(ctx context.Context) {
	a := d.Ask(ctx, get("/workspaces"))
	if d.Refused("workspaces", a, lang.Of("rows with certyneo.workspace may fail")) {
		return
	}
	var list struct {
		Data []struct{ ID, Name, Role string } `json:"data"`
	}
	if !d.Decode("workspaces", a, &list) {
		return
	}
	var names []lang.Text
	for _, w := range list.Data {
		names = append(names, lang.Of("%s (%s, %s)", w.Name, w.ID, strings.ToLower(w.Role)))
	}
	d.Fine("workspaces", a, lang.Of("for certyneo.workspace: %v", rest.Listed(names)))
}

// webhooks looks whether callbacks come to the address of the settings. They are no
// condition: what is sent is looked at anyway.
func (d doctor) webhooks(ctx context.Context, address string) {
	a := d.Ask(ctx, get("/webhooks"))
	if a.Status == http.StatusForbidden && address == "" {
		d.Note("webhooks", a, lang.Plain(d.Words(a)), lang.Text{}, lang.Of("without webhooks:write subscriptions are made in Certyneo's own pages"))
		return
	}
	if d.Refused("webhooks", a, lang.Of("subscriptions are made in Certyneo's own pages: webhooks:write")) {
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
		d.Note("webhooks", a, lang.Of("no subscription"), lang.Text{}, lang.Of("envelopes are looked at from time to time; with CHANCELA_CERTYNEO_WEBHOOK_URL, %s and serve they are known at once", subscribe))
	case address == "":
		d.Note("webhooks", a, lang.N(len(list.Data), "%d subscription", "%d subscriptions"), lang.Text{}, lang.Of("CHANCELA_CERTYNEO_WEBHOOK_URL is not set: none of them is known to be ours"))
	case there:
		d.Fine("webhooks", a, lang.Of("there is a subscription for CHANCELA_CERTYNEO_WEBHOOK_URL"))
	default:
		d.Wrong("webhooks", a, lang.Of("no subscription for CHANCELA_CERTYNEO_WEBHOOK_URL"), lang.Text{}, lang.Plain(subscribe))
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
	d.later("documents", lang.Of("the document"), document)
	const email = "doctor@example.com"
	envelope := d.made(ctx, "draft", rest.Request{Path: "/envelopes", Body: rest.JSONBody(draft{
		Subject: "chancela doctor: a draft", DocumentIDs: []string{document},
		Recipients: []recipient{{Email: email, Name: "Chancela Doctor", Role: roleSigner}},
		Fields:     []field{{RecipientEmail: email, PageNumber: 1, FieldType: "SIGNATURE", X: 72, Y: 700, Width: 150, Height: 40}},
	})})
	if envelope == "" {
		return
	}
	d.later("envelopes", lang.Of("the draft"), envelope)
	d.look(ctx, envelope)
	d.listed(ctx, envelope)
}

// listed looks whether lists show at once what is new.
func (d doctor) listed(ctx context.Context, id string) {
	r := get("/envelopes")
	r.Query = url.Values{"page": {"1"}, "limit": {fmt.Sprint(pageSize)}, "status": {"DRAFT"}}
	a := d.Ask(ctx, r)
	var list envelopeList
	if d.Refused("list", a, lang.Text{}) || !d.Decode("list", a, &list) {
		return
	}
	for _, e := range list.Data {
		if e.ID == id {
			d.Fine("list", a, lang.Of("it shows the new draft at once"))
			return
		}
	}
	d.Note("list", a, lang.Of("it does not show the new draft"), rest.Reference(lang.Of("the newest first"), "§7"), lang.Of("lists lag: envelopes are looked at one by one, and their ends are seen later"))
}

func (d doctor) look(ctx context.Context, id string) {
	path := "/envelopes/" + url.PathEscape(id)
	a := d.Ask(ctx, get(path))
	var e object[envelope]
	if d.Refused("draft", a, lang.Of("nothing can be followed")) || !d.Decode("draft", a, &e) {
		return
	}
	if e.Value.Status != "DRAFT" {
		d.Wrong("draft", a, lang.Of("its status is %q", e.Value.Status), rest.Reference("DRAFT", "§5"), rest.Differs)
	} else {
		d.Fine("draft", a, lang.Of("its status is DRAFT"))
	}
	// The one refusal that is documented for a draft shows the form of errors.
	a = d.Ask(ctx, get(path+routeSigned))
	code, _ := explain(a.Status, a.Header, a.Body)
	switch {
	case a.Status != http.StatusConflict:
		d.Note("errors", a, lang.Of("the signed document of a draft is answered with HTTP %d", a.Status), rest.Reference("409", "§8"), rest.Differs)
	case code == "":
		d.Note("errors", a, lang.Of("a refusal has no code: %v", shape(a.Body)), rest.Reference(`{"error", "code"}`, "§10"), lang.Of("refusals are known by their status only; report this"))
	default:
		d.Fine("errors", a, lang.Of("a refusal has the code %s", code))
	}
}

// shape names the members of a JSON object.
func shape(body []byte) lang.Text {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		return lang.Of("it is no JSON object")
	}
	var names []string
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return lang.Of("its members are %s", strings.Join(names, ", "))
}

func (d doctor) later(kind string, what lang.Text, id string) {
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
	if d.Refused(check, a, lang.Of("nothing can be sent: envelopes:write")) || !d.Decode(check, a, &made) {
		return ""
	}
	if made.Value.ID == "" {
		d.Wrong(check, a, lang.Of("the answer has no id"), rest.Reference("id", "§3, §4"), rest.Differs)
		return ""
	}
	var outside struct {
		ID string `json:"id"`
	}
	if _ = json.Unmarshal(a.Body, &outside); outside.ID == "" {
		d.Note(check, a, lang.Of("HTTP %d, the id stands below data", a.Status), rest.Reference(lang.Of("at the top"), "§14"), lang.Of("both are read"))
		return made.Value.ID
	}
	d.Fine(check, a, lang.Of("HTTP %d, id %s", a.Status, made.Value.ID))
	return made.Value.ID
}
