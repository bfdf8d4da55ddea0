package sdoc

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/rest"
)

// Examine tries the account without reaching anybody.
func Examine(ctx context.Context, s rest.Settings, v rest.Visit) error {
	base, err := Environments.Base(Name, s)
	if err != nil {
		return err
	}
	d := doctor{settings: s, base: base, visit: v}
	if err := d.with(s.APIKey.Reveal()); err != nil {
		return err
	}
	if d.header(ctx) {
		d.unknown(ctx)
		if v.Draft {
			d.draft(ctx)
		}
	}
	d.callback()
	return nil
}

type doctor struct {
	*rest.Examiner
	settings rest.Settings
	base     string
	visit    rest.Visit

	toldOfCallback bool
}

// with makes an examiner that sends the token in a form.
func (d *doctor) with(token string) (err error) {
	d.Examiner, err = rest.NewExaminer(Name, d.base, d.settings, http.Header{"Authorization": {token}}, d.visit)
	return err
}

const scheme = "Bearer "

// header finds out in which form the token is taken: whether a scheme belongs before it
// is not documented (reference §3). The other form is tried only when the one that is
// configured is refused.
func (d *doctor) header(ctx context.Context) bool {
	token := d.settings.APIKey.Reveal()
	bare, isBearer := strings.CutPrefix(token, scheme)
	names := map[bool]lang.Text{false: lang.Of("the bare token"), true: lang.Of("Bearer and the token")}
	cures := map[bool]lang.Text{
		false: lang.Of("take Bearer out of CHANCELA_SDOC_API_KEY"),
		true:  lang.Of(`write Bearer and a blank before the token: CHANCELA_SDOC_API_KEY="Bearer ..."`),
	}
	a := d.Ask(ctx, organizations)
	if d.unreached(a) {
		return false
	}
	if d.taken(a) {
		d.Fine("header", a, lang.Of("%v is taken", names[isBearer]))
		d.accounts(a)
		return true
	}
	other := map[bool]string{false: scheme + bare, true: bare}[isBearer]
	said := d.refusal(a)
	if !denies(a) {
		d.Wrong("key", a, lang.Plain(said), lang.Text{}, cureOf(codeOf(a)))
		return false
	}
	mine := d.Examiner
	if d.with(other) != nil {
		return false
	}
	d.Visit.Report = func(providers.Finding) {} // the way there has been reported
	b := d.Ask(ctx, organizations)
	d.Visit.Report = d.visit.Report
	if !d.taken(b) {
		d.Examiner = mine
		d.Wrong("key", a, lang.Of("%s; with %v likewise", said, names[!isBearer]), lang.Text{}, cureOf(codeOf(a)))
		return false
	}
	d.Wrong("header", b, lang.Of("%v is refused, and %v is taken", names[isBearer], names[!isBearer]), lang.Text{}, cures[!isBearer])
	d.accounts(b)
	return true
}

var organizations = rest.Request{Method: http.MethodGet, Path: "/organizations"}

// unreached tells of an answer that is the way's, not the service's.
func (d *doctor) unreached(a rest.Answer) bool {
	if a.Err == nil || a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden || codeOf(a) != "" {
		return false
	}
	return d.Refused("key", a, lang.Text{})
}

// taken tells an answer that is no refusal.
func (d *doctor) taken(a rest.Answer) bool {
	var e envelope
	return a.Err == nil && json.Unmarshal(a.Body, &e) == nil && !e.Error
}

// denies tells a refusal that may be for the form of the header.
func denies(a rest.Answer) bool {
	code := codeOf(a)
	return a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden || code == "" ||
		code == "INTEGRATION_PLATFORM_F52Q" || code == "INTEGRATION_PLATFORM_W1SY"
}

func codeOf(a rest.Answer) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(a.Body, &fields) != nil {
		return ""
	}
	return codeIn(fields)
}

func (d *doctor) refusal(a rest.Answer) string {
	if code := codeOf(a); code != "" {
		return code + ", " + d.Words(a)
	}
	return d.Words(a)
}

// cureOf is what the reference says of a refusal of the platform (reference §10).
func cureOf(code string) lang.Text {
	switch code {
	case "INTEGRATION_API_OFF":
		return lang.Of("the integration API is switched off for maintenance: try again later")
	case "INTEGRATION_ENTERPRISE_5C8C":
		return lang.Of("the company's data is not complete: ask Safeweb")
	case "INTEGRATION_ENTERPRISE_D0AW":
		return lang.Of("somebody must enter the portal once with the company's e-CNPJ certificate")
	case "INTEGRATION_PLATFORM_54F9", "INTEGRATION_PLATFORM_7F86", "INTEGRATION_PLATFORM_H6D1":
		return lang.Of("the platform is not enabled for the integration: ask Safeweb")
	}
	return lang.Of("make a new token in the portal (Integration, Generate Token), and set CHANCELA_SDOC_API_KEY and CHANCELA_SDOC_WEBHOOK_SECRET: the old ones end with it")
}

func (d *doctor) accounts(a rest.Answer) {
	var e envelope
	var all []organization
	if !d.Decode("organizations", a, &e) {
		return
	}
	if json.Unmarshal(e.Result, &all) != nil {
		d.Wrong("organizations", a, lang.Of("the result is no list"), rest.Reference(lang.Of("a list"), "§8.10"), rest.Differs)
		return
	}
	var names []lang.Text
	for _, o := range all {
		names = append(names, lang.Of("%s (%s)", o.Name, o.Identifier))
	}
	if len(names) == 0 {
		names = []lang.Text{lang.Of("none; solicitations go to the personal account")}
	}
	d.Fine("organizations", a, lang.Of("for sdoc.organization: %v", rest.Listed(names)))
}

// unknown asks for a solicitation that nobody has made: where an error's code stands is
// not documented (reference §4).
func (d *doctor) unknown(ctx context.Context) {
	const length = 30
	a := d.Ask(ctx, rest.Request{Method: http.MethodGet, Path: "/solicitation", Query: identifier((rand.Text() + rand.Text())[:length])})
	if a.Status == 0 {
		d.Refused("errors", a, lang.Text{})
		return
	}
	expected := rest.Reference(lang.Of("%s with HTTP 200", "INTEGRATION_SOLICITATION_8D12"), "§4, §10")
	var fields map[string]json.RawMessage
	if json.Unmarshal(a.Body, &fields) != nil {
		d.Wrong("errors", a, lang.Of("an unknown solicitation is answered with HTTP %d and no JSON object", a.Status), expected, lang.Of("refusals cannot be told apart; report this"))
		return
	}
	code, where := codeIn(fields), ""
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if code != "" && where == "" && strings.Contains(string(fields[name]), code) {
			where = name
		}
	}
	switch {
	case code == "":
		d.Wrong("errors", a, lang.Of("an unknown solicitation is refused without a code: %s", d.Words(a)), expected, lang.Of("refusals cannot be told apart; report this"))
	case a.Status != http.StatusOK:
		d.Note("errors", a, lang.Of("the code %s stands in %q, with HTTP %d", code, where, a.Status), expected, lang.Of("the code is read all the same; report this"))
	case code != "INTEGRATION_SOLICITATION_8D12":
		d.Note("errors", a, lang.Of("an unknown solicitation is refused with %s, in %q", code, where), expected, rest.Differs)
	default:
		d.Fine("errors", a, lang.Of("an error's code stands in %q", where))
	}
}

// draft uploads a file. A solicitation is not made: making one is what invites.
func (d *doctor) draft(ctx context.Context) {
	a := d.Ask(ctx, rest.Request{Method: http.MethodPost, Path: "/file", Body: rest.Base64JSON(uploadRequest{marker}, marker, int64(len(rest.Blank)), rest.OpenBlank)})
	var e envelope
	if d.Refused("upload", a, lang.Of("nothing can be sent")) || !d.Decode("upload", a, &e) {
		return
	}
	var out uploaded
	switch {
	case e.Error:
		d.Wrong("upload", a, lang.Plain(d.refusal(a)), lang.Text{}, cureOf(e.Code))
	case json.Unmarshal(e.Result, &out) != nil || out.TempIdentifier == "":
		d.Wrong("upload", a, lang.Of("the answer has no tempIdentifier"), rest.Reference("result.tempIdentifier", "§8.1"), rest.Differs)
	case len(out.TempIdentifier) != 20:
		d.Note("upload", a, lang.Of("a temporary identifier of %d characters", len(out.TempIdentifier)), rest.Reference("20", "§5"), lang.Of("identifiers are taken as they come"))
	default:
		d.Fine("upload", a, lang.Of("a temporary identifier; nobody sees the file"))
	}
	if out.TempIdentifier != "" {
		d.secondUse(ctx, out.TempIdentifier)
	}
}

// callback tells whether solicitations will have an address for callbacks: without any
// they are refused (reference §8.3), and one in doubt is settled by its callback alone.
func (d *doctor) callback() {
	a := rest.Answer{}
	if d.toldOfCallback {
		return
	}
	if d.settings.WebhookURL != "" {
		d.Fine("callback", a, lang.Of("each solicitation names CHANCELA_SDOC_WEBHOOK_URL"))
		return
	}
	d.Note("callback", a, lang.Of("CHANCELA_SDOC_WEBHOOK_URL is not set, and no call tells whether the portal has an address"), lang.Text{},
		lang.Of("set it: without any address every solicitation is refused (INTEGRATION_SOLICITATION_41A7), and only callbacks to it settle an invitation in doubt"))
}
