package catalisa

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/rest"
)

// Examine tries the account without reaching anybody.
func Examine(ctx context.Context, s rest.Settings, v rest.Visit) error {
	c, err := newClient(s)
	if err != nil {
		return err
	}
	token := s.APIKey.Reveal()
	if c.tokens.iam != nil {
		if token, err = fetchToken(ctx, s, v); token == "" {
			return err
		}
	}
	bearer := http.Header{"Authorization": {"Bearer " + token}}
	s.APIKey = providers.Secret(token) // is kept out of explanations
	x, err := rest.NewExaminer(Name, c.base, s, bearer, v)
	if err != nil {
		return err
	}
	d := doctor{x}
	d.permissions(token, c.files != nil)
	if d.list(ctx) {
		d.configs(ctx)
	}
	if v.Draft {
		return d.draft(ctx, s, bearer)
	}
	return nil
}

type doctor struct{ *rest.Examiner }

// fetchToken asks the identity service for an access token; empty when it gives none.
func fetchToken(ctx context.Context, s rest.Settings, v rest.Visit) (string, error) {
	own := func(name string) string { return s.Own[name].Reveal() }
	iam := stagingIAM
	if s.Production {
		iam = productionIAM
	}
	s.APIKey = s.Own[setClientSecret]
	x, err := rest.NewExaminer(Name, cmp.Or(own(setIAMURL), iam), s, nil, v)
	if err != nil {
		return "", err
	}
	a := x.Ask(ctx, rest.Request{Method: http.MethodPost, Path: "/oauth/token",
		Body: rest.JSONBody(tokenRequest{"client_credentials", own(setClientID), own(setClientSecret)})})
	if a.Err != nil && a.Status != 0 {
		x.Wrong("token", a, lang.Plain(x.Words(a)), lang.Text{}, lang.Of("look at CHANCELA_CATALISA_CLIENT_ID and CHANCELA_CATALISA_CLIENT_SECRET, and whether they are of this environment"))
		return "", nil
	}
	var out tokenAnswer
	if x.Refused("token", a, lang.Text{}) || !x.Decode("token", a, &out) {
		return "", nil
	}
	if out.AccessToken == "" {
		x.Wrong("token", a, lang.Of("the answer has no access_token"), rest.Reference("access_token", "§3.1"), rest.Differs)
		return "", nil
	}
	life := lang.Of("an access token; how long it lives is not told")
	if out.ExpiresIn > 0 {
		life = lang.Of("an access token; it lives %v", time.Duration(out.ExpiresIn*float64(time.Second)))
	}
	x.Fine("token", a, life)
	return out.AccessToken, nil
}

// permissions reads the token's claims (reference §3.1, §3.3).
func (d doctor) permissions(token string, files bool) {
	a := rest.Answer{}
	parts := strings.Split(token, ".")
	var claims struct {
		Permissions []string `json:"permissions"`
		Expires     int64    `json:"exp"`
	}
	var text []byte
	err := fmt.Errorf("%d parts", len(parts))
	if len(parts) == 3 {
		if text, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "=")); err == nil {
			err = json.Unmarshal(text, &claims)
		}
	}
	if err != nil {
		d.Note("permissions", a, lang.Of("the token cannot be read"), rest.Reference(lang.Of("a JWT"), "§3.1"), lang.Of("permissions show in what is refused"))
		return
	}
	wanted := []string{"ESIGNATURE_CREATE", "ESIGNATURE_READ"}
	if files {
		wanted = append(wanted, "FILES_CREATE", "FILES_DELETE")
	}
	missing := slices.DeleteFunc(wanted, func(p string) bool { return slices.Contains(claims.Permissions, p) })
	expires := time.Unix(claims.Expires, 0)
	switch {
	case claims.Expires > 0 && time.Now().After(expires):
		d.Wrong("permissions", a, lang.Of("the token has run out at %s", expires.UTC().Format(time.RFC3339)), lang.Text{},
			lang.Of("an access token lives an hour: set CHANCELA_CATALISA_CLIENT_ID and CHANCELA_CATALISA_CLIENT_SECRET instead of CHANCELA_CATALISA_API_KEY"))
	case len(missing) > 0:
		d.Wrong("permissions", a, lang.Of("the token lacks %s", strings.Join(missing, ", ")), lang.Text{}, lang.Of("give the client these permissions"))
	default:
		d.Fine("permissions", a, lang.Plain(strings.Join(claims.Permissions, ", ")))
	}
}

func get(path string, query url.Values) rest.Request {
	return rest.Request{Method: http.MethodGet, Path: path, Query: query}
}

// list looks whether requests can be listed, and found by businessId: by it an interrupted
// invitation is settled.
func (d doctor) list(ctx context.Context) bool {
	a := d.Ask(ctx, get(requestsPath, url.Values{"page[number]": {"1"}, "page[size]": {fmt.Sprint(pageSize)}}))
	var all listing
	if d.Refused("list", a, lang.Of("nothing can be followed: ESIGNATURE_READ")) {
		return false
	}
	if !d.Decode("list", a, &all) {
		return true
	}
	if all.Data == nil {
		d.Wrong("list", a, lang.Of("the answer is no list"), rest.Reference(`{"data": [...]}`, "§7.3"), rest.Differs)
		return true
	}
	d.Fine("list", a, lang.Of("%d requests on the first page of %d", len(all.Data), max(1, all.Meta.TotalPages)))

	a = d.Ask(ctx, get(requestsPath, url.Values{"page[number]": {"1"}, "page[size]": {fmt.Sprint(pageSize)}, "filter[businessId]": {"chancela-doctor/" + rand.Text()}}))
	var found listing
	if d.Refused("filter", a, lang.Of("an interrupted invitation cannot be settled")) || !d.Decode("filter", a, &found) {
		return true
	}
	switch {
	case len(found.Data) > 0:
		d.Wrong("filter", a, lang.Of("an unknown businessId finds %d requests: the filter does not filter", len(found.Data)), rest.Reference(lang.Of("none"), "§7.3"),
			lang.Of("an interrupted invitation would be settled by reading every request; ask Catalisa before a campaign is sent"))
	case len(all.Data) == 0:
		d.Note("filter", a, lang.Of("the account has no request yet: whether the filter filters cannot be told"), lang.Text{}, lang.Of("look again after the first envelope"))
	default:
		d.Fine("filter", a, lang.Of("an unknown businessId finds nothing"))
	}
	return true
}

// configs looks for the configuration that is used where none is named (reference §9).
func (d doctor) configs(ctx context.Context) {
	a := d.Ask(ctx, get("/api/v1/esignature/provider-configs", nil))
	if d.Refused("config", a, lang.Of("it cannot be told whether the organization has a default")) {
		return
	}
	var all struct {
		Data []struct {
			ID         string `json:"id"`
			Attributes struct {
				Name    string `json:"name"`
				Type    string `json:"providerType"`
				Default bool   `json:"isDefault"`
				Active  *bool  `json:"isActive"`
			} `json:"attributes"`
		} `json:"data"`
	}
	if !d.Decode("config", a, &all) {
		return
	}
	var names []lang.Text
	usable := false
	for _, c := range all.Data {
		name := lang.Of("%s (%s, %s", c.Attributes.Name, c.ID, c.Attributes.Type)
		if c.Attributes.Default {
			name = lang.Of("%v, the default", name)
			usable = usable || c.Attributes.Active == nil || *c.Attributes.Active
		}
		if c.Attributes.Active != nil && !*c.Attributes.Active {
			name = lang.Of("%v, not active", name)
		}
		names = append(names, lang.Of("%v)", name))
	}
	text := rest.Listed(names)
	if !usable {
		d.Wrong("config", a, lang.Of("no active configuration is the default: %v", text), lang.Text{}, lang.Of("set a default in Catalisa, or give every row catalisa.config_id"))
		return
	}
	d.Fine("config", a, lang.Of("for catalisa.config_id: %v", text))
}

// draft puts a file into File Storage and deletes it. A signature request is not made:
// making one is what invites.
func (d doctor) draft(ctx context.Context, s rest.Settings, bearer http.Header) error {
	d.Note("draft", rest.Answer{}, lang.Of("no signature request is made: creating one is the call that invites (reference §6)"), lang.Text{}, lang.Of("send the first rows to your own address"))
	base := s.Own[setFilesURL].Reveal()
	if base == "" {
		return nil
	}
	x, err := rest.NewExaminer(Name, base, s, bearer, d.Visit)
	if err != nil {
		return err
	}
	defer x.Remove(ctx)
	a := x.Ask(ctx, rest.Request{Method: http.MethodPost, Path: filesPath, Body: rest.JSONBody(fileRequest{
		Name: "chancela-doctor.pdf", MimeType: providers.TypePDF, SizeBytes: int64(len(rest.Blank)), Category: "CONTRACT", BusinessID: "chancela-doctor",
	})})
	var record fileRecord
	if x.Refused("upload", a, lang.Of("documents cannot go by CHANCELA_CATALISA_FILES_URL: FILES_CREATE")) || !x.Decode("upload", a, &record) {
		return nil
	}
	if record.Data.ID == "" || record.UploadURL == "" {
		x.Wrong("upload", a, lang.Of("the answer has no id or no uploadUrl"), rest.Reference(lang.Of("data.id and uploadUrl"), "§8"), rest.Differs)
		return nil
	}
	path := filesPath + "/" + url.PathEscape(record.Data.ID)
	x.Later(lang.Of("the file"), func(ctx context.Context) rest.Answer {
		return x.Ask(ctx, rest.Request{Method: http.MethodDelete, Path: path, Route: filesPath + "/{id}"})
	})
	if err := x.Upload(ctx, record.UploadURL, rest.Raw(providers.TypePDF, int64(len(rest.Blank)), rest.OpenBlank)); err != nil {
		x.Wrong("upload", rest.Answer{Op: "PUT uploadUrl", Status: providers.StatusOf(err), Err: err}, lang.Of("the storage refuses the file: %v", err), lang.Text{}, lang.Of("look at the proxy: the storage is another host"))
		return nil
	}
	a = x.Ask(ctx, rest.Request{Method: http.MethodPost, Path: path + "/confirm-upload", Route: filesPath + "/{id}/confirm-upload"})
	if !x.Refused("upload", a, lang.Of("documents cannot go by CHANCELA_CATALISA_FILES_URL: FILES_CREATE")) {
		x.Fine("upload", a, lang.Of("a file is stored and confirmed"))
	}
	return nil
}
