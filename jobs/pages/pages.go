// Package pages is what people look at in a browser: campaigns, envelopes and providers,
// and what can be done with them.
//
// Pages are made on the server and work without script. With it, the part of a page that
// changes is replaced as it changes: [live] reads each thing that somebody looks at once
// for all who look. Everything goes through [jobs.Client] and package api, by the same
// rules as a program's requests: who may see a campaign over the API sees it here, and
// nobody else. Nothing is loaded from another address, and nothing that a person or a
// provider has written is taken for a part of a page.
package pages

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// Config makes [Pages].
type Config struct {
	Client    *jobs.Client
	API       *api.Server
	Providers []providers.Provider     // those that are configured
	Limiters  map[string]*pace.Limiter // by provider
	Zone      *time.Location           // of the times on pages; nil: UTC
	Language  language.Tag             // of browsers that ask for neither; zero: English
	Log       *slog.Logger             // nil: slog.Default
}

// Pages serve people. [api.Server.Show] takes them.
type Pages struct {
	Config
	words   []*words // by language
	matcher language.Matcher
	live    *live
	workers workers

	downloads chan struct{} // that go on
}

//go:embed assets
var assets embed.FS

// New gives pages; nothing is served yet.
func New(c Config) (*Pages, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	p := &Pages{Config: c, downloads: make(chan struct{}, downloadsAtOnce)}
	var tags []language.Tag
	for _, l := range languagesFrom(c.Language) {
		w, err := p.newWords(l)
		if err != nil {
			return nil, err
		}
		p.words = append(p.words, w)
		tags = append(tags, l.tag)
	}
	p.matcher = language.NewMatcher(tags)
	p.live = newLive(c.Log)
	return p, nil
}

// Register implements [api.Pages].
func (p *Pages) Register(mux *api.Router) {
	mux.HandleFunc("GET /assets/", p.asset)
	mux.HandleFunc("GET /{$}", p.page(p.home))
	mux.HandleFunc("GET /sign-in", p.open(p.signInForm))
	mux.HandleFunc("POST /sign-in", p.open(p.signIn))
	mux.HandleFunc("POST /sign-out", p.page(p.signOut))
	mux.HandleFunc("GET /campaigns/{campaign}", p.page(p.campaign))
	mux.HandleFunc("GET /campaigns/{campaign}/report/{format}", p.page(p.report))
	mux.HandleFunc("GET /campaigns/{campaign}/signed.zip", p.page(p.signed))
	mux.HandleFunc("GET /campaigns/{campaign}/envelopes", p.page(p.envelopes))
	mux.HandleFunc("GET /campaigns/{campaign}/envelopes/{id}", p.page(p.envelope))
	mux.HandleFunc("GET /campaigns/{campaign}/envelopes/{id}/files/{name}", p.page(p.file))
	mux.HandleFunc("GET /providers", p.page(p.providersList))
	mux.HandleFunc("GET /providers/{provider}", p.page(p.provider))
	p.registerActions(mux)
	p.registerSend(mux)
	mux.HandleFunc("GET /live/campaigns", p.page(p.liveHome))
	mux.HandleFunc("GET /live/campaigns/{campaign}", p.page(p.liveCampaign))
	mux.HandleFunc("GET /live/campaigns/{campaign}/envelopes/{id}", p.page(p.liveEnvelope))
}

// Close ends what is live: a server that stops would wait for it.
func (p *Pages) Close() { p.live.close() }

// asset serves the style and the script. Their address has a hash of their content.
func (p *Pages) asset(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/assets/")
	_, name, _ = strings.Cut(name, "-")
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	kind := map[string]string{"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
	w.Header().Set("Content-Type", kind[name[strings.LastIndex(name, ".")+1:]])
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Write(b)
}

// assetAddress is where an asset is.
func assetAddress(name string) (string, error) {
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return "/assets/" + hex.EncodeToString(sum[:6]) + "-" + name, nil
}

// visit is one request with what all pages need to know of it.
type visit struct {
	w        http.ResponseWriter
	r        *http.Request
	ctx      context.Context
	words    *words
	caller   api.Caller
	signedIn bool
	form     string // what forms of this browser carry
}

// formCookie holds a secret of the browser that another site cannot read: a form proves
// by it that it is ours.
const formCookie = "chancela-form"

// policy lets a page use what comes from this server, and nothing written into it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (p *Pages) visit(w http.ResponseWriter, r *http.Request) *visit {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Language, Cookie")
	v := &visit{w: w, r: r, ctx: r.Context(), words: p.choose(r.Header.Get("Accept-Language"))}
	v.caller, v.signedIn = api.CallerOf(r.Context())
	c, err := r.Cookie(formCookie)
	if err != nil || c.Value == "" {
		c = &http.Cookie{Name: formCookie, Value: rand.Text(), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
			Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")}
		http.SetCookie(w, c)
	}
	mac := hmac.New(sha256.New, []byte(c.Value))
	mac.Write([]byte("form of " + v.caller.Name))
	v.form = hex.EncodeToString(mac.Sum(nil))
	return v
}

type handler func(*visit) error

// open serves a page that needs nobody to have signed in.
func (p *Pages) open(do handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := p.visit(w, r)
		p.serve(v, do)
	}
}

// page serves a page for who has signed in.
func (p *Pages) page(do handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := p.visit(w, r)
		if !v.signedIn {
			http.Redirect(w, r, "/sign-in?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return
		}
		p.serve(v, do)
	}
}

func (p *Pages) serve(v *visit, do handler) {
	if v.r.Method == http.MethodPost {
		if err := v.checkForm(); err != nil {
			p.refuse(v, p.API.Explain(v.ctx, err))
			return
		}
	}
	if err := do(v); err != nil {
		p.refuse(v, p.API.Explain(v.ctx, err))
	}
}

// checkForm refuses a form that is not of a page of ours. The token of a form with files
// stands in its address: its body is read only afterwards.
func (v *visit) checkForm() error {
	token := v.r.URL.Query().Get("form")
	if !strings.HasPrefix(v.r.Header.Get("Content-Type"), "multipart/") {
		v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
		if err := v.r.ParseForm(); err != nil {
			return v.unreadable(err)
		}
		token = v.r.PostForm.Get("form")
	}
	if !hmac.Equal([]byte(token), []byte(v.form)) {
		return &api.Problem{Status: http.StatusForbidden, Detail: v.words.t("refused.form")}
	}
	return nil
}

const maxForm = 64 << 10 // bytes

// unreadable is why a form cannot be read: it came too slowly, it is too large, or it is none.
func (v *visit) unreadable(err error) error {
	_, slow := errors.AsType[*api.Problem](err)
	if _, large := errors.AsType[*http.MaxBytesError](err); slow || large {
		return err
	}
	return &api.Problem{Status: http.StatusBadRequest, Detail: v.words.t("refused.unreadable")}
}

// mayChange refuses who may only look.
func (v *visit) mayChange() error {
	if v.caller.ReadOnly {
		return &api.Problem{Status: http.StatusForbidden, Detail: v.words.t("refused.readonly", v.caller.Name)}
	}
	return nil
}

// campaignName is the campaign of the address, when the caller may see it.
func (v *visit) campaignName() (string, error) {
	name := norm.NFC.String(v.r.PathValue("campaign"))
	if !intake.ValidCampaign(name) {
		return "", &api.Problem{Status: http.StatusNotFound, Detail: v.words.t("refused.nocampaign")}
	}
	if !v.caller.May(name) {
		return "", &api.Problem{Status: http.StatusForbidden, Detail: v.words.t("refused.prefix", v.caller.Name, v.caller.Prefix)}
	}
	return name, nil
}

// key is the envelope of the address.
func (v *visit) key() (jobs.Key, error) {
	name, err := v.campaignName()
	if err != nil {
		return jobs.Key{}, err
	}
	id := v.r.PathValue("id")
	if !intake.ValidID(id) {
		return jobs.Key{}, &api.Problem{Status: http.StatusNotFound, Detail: v.words.t("refused.noenvelope")}
	}
	return jobs.Key{Campaign: name, ID: id}, nil
}

// Refuse implements [api.Pages].
func (p *Pages) Refuse(w http.ResponseWriter, r *http.Request, problem *api.Problem) {
	p.refuse(p.visit(w, r), problem)
}

func (p *Pages) refuse(v *visit, problem *api.Problem) {
	for name, values := range problem.GetHeaders() {
		v.w.Header()[name] = values
	}
	title := v.words.t("refused.title")
	switch problem.Status {
	case http.StatusNotFound:
		title = v.words.t("refused.notfound")
	case http.StatusForbidden:
		title = v.words.t("refused.forbidden")
	}
	p.show(v, problem.Status, "refused", view{Title: title, Data: v.words.language.Say(problem)})
}

// view is what a page is made of.
type view struct {
	Title  string
	Nav    string // the part of the site
	Live   string // where changes come from; empty: it does not change
	Notice string
	Data   any

	// Set by show.
	Caller    api.Caller
	SignedIn  bool
	Simulated bool
	Form      string // of forms
	Home      string
	Language  string
}

// show answers with a page.
func (p *Pages) show(v *visit, status int, page string, x view) error {
	x.Caller, x.SignedIn, x.Form, x.Language = v.caller, v.signedIn, v.form, v.words.tag
	for _, provider := range p.Providers {
		x.Simulated = x.Simulated || provider.Info().Simulated
	}
	b, err := v.words.render(page, "page", x)
	if err != nil {
		p.Log.ErrorContext(v.ctx, "a page cannot be made", "page", page, "error", err)
		http.Error(v.w, "an error on our side; the log has it", http.StatusInternalServerError)
		return nil
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Language", v.words.tag)
	v.w.WriteHeader(status)
	v.w.Write(b)
	return nil
}

// info is what a provider can do; false when it is not configured here.
func (p *Pages) info(name string) (providers.Provider, bool) {
	for _, x := range p.Providers {
		if x.Info().Name == name {
			return x, true
		}
	}
	return nil, false
}

// file shows an artifact, or lets it be saved.
func (p *Pages) file(v *visit) error {
	key, err := v.key()
	if err != nil {
		return err
	}
	// A file is nobody's page: it may not run, load or be framed.
	v.w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; img-src 'self'; frame-ancestors 'none'")
	if err := p.API.ServeArtifact(v.w, v.r, key, v.r.PathValue("name")); err != nil {
		v.w.Header().Set("Content-Security-Policy", policy)
		return err
	}
	return nil
}
