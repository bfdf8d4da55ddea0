package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/ledger"
)

// verbs are what can be done with a campaign or an envelope, as addresses have it.
func verbs() []string {
	return []string{"pause", "resume", "cancel", "retry", "remind", "resolve", "send"}
}

// confirmView asks whether something is to be done, and says what that means.
type confirmView struct {
	Title, Text, Button string
	Danger              bool
	Nothing             bool // there is nothing that it could be done for
	Back                string
	Code, Provider      string // of the failures that are meant
	Signer              int    // the only one that is meant, from 1; 0: all
}

// registerActions adds the pages that ask and the forms that do.
func (p *Pages) registerActions(mux *api.Router) {
	for _, verb := range []string{"pause", "resume", "cancel", "retry", "remind"} {
		mux.HandleFunc("GET /campaigns/{campaign}/"+verb, p.page(p.changing(func(v *visit) error { return p.askCampaign(v, verb) })))
		mux.HandleFunc("POST /campaigns/{campaign}/"+verb, p.page(p.changing(func(v *visit) error { return p.steerCampaign(v, verb) })))
	}
	for _, verb := range []string{"cancel", "retry", "remind"} {
		mux.HandleFunc("GET /campaigns/{campaign}/envelopes/{id}/"+verb, p.page(p.changing(func(v *visit) error { return p.askEnvelope(v, verb) })))
		mux.HandleFunc("POST /campaigns/{campaign}/envelopes/{id}/"+verb, p.page(p.changing(func(v *visit) error { return p.steerEnvelope(v, verb) })))
	}
	mux.HandleFunc("GET /campaigns/{campaign}/envelopes/{id}/resolve", p.page(p.changing(p.resolveForm)))
	mux.HandleFunc("POST /campaigns/{campaign}/envelopes/{id}/resolve", p.page(p.changing(p.resolve)))
}

// changing is for those who may change something.
func (p *Pages) changing(do handler) handler {
	return func(v *visit) error {
		if err := v.mayChange(); err != nil {
			return err
		}
		return do(v)
	}
}

// failures are those that a retry is for: of one code and one provider, or (empty) of all.
func failures(values url.Values) (code, provider string) {
	code, provider = values.Get("code"), values.Get("provider")
	if !registry.Known(provider) {
		provider = ""
	}
	return code, provider
}

func (p *Pages) askCampaign(v *visit, verb string) error {
	name, err := v.campaignName()
	if err != nil {
		return err
	}
	c, err := p.Client.Ledger().Campaign(v.ctx, name)
	if err != nil {
		return err
	}
	groups := groupsOf(c.States)
	waiting, sent, failed := groups[ledger.GroupWaiting], groups[ledger.GroupSent], c.States[ledger.Failed]
	x := confirmView{Title: v.words.t("confirm."+verb+".title", name), Back: "/campaigns/" + name, Danger: verb == "cancel"}
	switch verb {
	case "pause":
		x.Text, x.Button = v.words.meaning(verb, waiting, sent), v.words.t("do.pause")
	case "resume":
		x.Text, x.Button = v.words.meaning(verb, waiting, 0), v.words.t("do.resume")
		if firstGo(c) {
			x.Title, x.Text, x.Button = v.words.t("confirm.resume.first.title", name), v.words.n("confirm.resume.first.text", waiting), v.words.t("do.resume.first")
		}
	case "cancel":
		x.Text, x.Button = v.words.meaning(verb, waiting, sent), v.words.n("confirm.cancel.button", waiting+sent)
		x.Nothing = waiting+sent == 0
	case "remind":
		x.Text, x.Button, x.Nothing = v.words.n("confirm.remind.text", sent), v.words.n("confirm.remind.button", sent), sent == 0
	case "retry":
		x.Code, x.Provider = failures(v.r.URL.Query())
		if x.Code != "" || x.Provider != "" {
			if failed, err = p.failed(v.ctx, name, x.Code, x.Provider); err != nil {
				return err
			}
		}
		x.Text, x.Button, x.Nothing = v.words.t("confirm.retry.text"), v.words.n("confirm.retry.button", failed), failed == 0
	}
	return p.show(v, http.StatusOK, "confirm", view{Title: x.Title, Nav: "campaigns", Data: x})
}

// meaning says what an action means for those that are not sent yet and for those that are with
// their signers. What there is none of is left out.
func (w *words) meaning(verb string, waiting, sent int64) string {
	var said []string
	of := "confirm." + verb
	if waiting > 0 {
		said = append(said, w.n(of+".waiting", waiting))
	}
	if sent > 0 {
		said = append(said, w.n(of+".sent", sent))
	}
	if verb == "cancel" && len(said) > 0 {
		said = append(said, w.t("confirm.cancel.final"))
	}
	return strings.Join(said, " ")
}

// failed counts a campaign's failures of a code and a provider.
func (p *Pages) failed(ctx context.Context, campaign, code, provider string) (n int64, err error) {
	blames, err := p.Client.Ledger().Blames(ctx, campaign)
	for _, b := range blames {
		if b.State == ledger.Failed && (code == "" || b.Code == code) && (provider == "" || b.Provider == provider) {
			n += b.Envelopes
		}
	}
	return n, err
}

func (p *Pages) steerCampaign(v *visit, verb string) error {
	name, err := v.campaignName()
	if err != nil {
		return err
	}
	var res jobs.Result
	switch verb {
	case "pause", "resume":
		if verb == "pause" {
			_, err = p.Client.Pause(v.ctx, name)
		} else {
			_, err = p.Client.Start(v.ctx, name, ledger.ResumeAll, v.caller.Name)
		}
		if err != nil {
			return err
		}
		c, err := p.Client.Ledger().Campaign(v.ctx, name)
		if err != nil {
			return err
		}
		res.Done = int(groupsOf(c.States)[ledger.GroupWaiting])
	case "cancel":
		return p.start(v, verb, name, ledger.CancelAll)
	case "remind":
		return p.start(v, verb, name, ledger.RemindAll)
	case "retry":
		if code, provider := failures(v.r.PostForm); code == "" && provider == "" {
			return p.start(v, verb, name, ledger.RetryAll)
		}
		res, err = p.retry(v, name)
	}
	return p.did(v, verb, jobs.Key{Campaign: name}, res, err)
}

// start begins what is for a whole campaign. What is not done within a moment goes on in the
// background, and the page says so.
func (p *Pages) start(v *visit, verb, name string, kind ledger.Kind) error {
	o, err := p.Client.Start(v.ctx, name, kind, v.caller.Name)
	if err != nil {
		return err
	}
	if !o.Ended.IsZero() {
		return p.did(v, verb, jobs.Key{Campaign: name}, o.Result, nil)
	}
	p.Log.InfoContext(v.ctx, "action", "key", v.caller.Name, "action", verb, "campaign", name, "operation", o.ID)
	http.Redirect(v.w, v.r, "/campaigns/"+name+"?operation="+o.ID, http.StatusSeeOther)
	return nil
}

// retriedAtOnce bounds the envelopes of one reason that one click is for.
const retriedAtOnce = 1000

func (p *Pages) retry(v *visit, name string) (jobs.Result, error) {
	code, provider := failures(v.r.PostForm)
	q := jobs.Query{States: []ledger.State{ledger.Failed}, Code: code, Provider: provider}
	var ids []string
	for cursor := ""; ; {
		found, err := p.Client.Find(v.ctx, name, q, cursor, retriedAtOnce-len(ids))
		if err != nil {
			return jobs.Result{}, err
		}
		for _, r := range found.Records {
			ids = append(ids, r.ID)
		}
		if cursor = found.Next; cursor == "" || len(ids) >= retriedAtOnce {
			break
		}
	}
	if len(ids) == 0 {
		return jobs.Result{}, nil
	}
	return p.Client.Retry(v.ctx, name, ids...)
}

// did says in the log and to the person what an action has come to.
func (p *Pages) did(v *visit, verb string, key jobs.Key, res jobs.Result, err error) error {
	if res.Done > 0 || len(res.Refused) > 0 {
		err = nil // the page says how many were refused
	}
	if err != nil {
		return err
	}
	attrs := []any{"key", v.caller.Name, "action", verb, "campaign", key.Campaign, "envelopes", res.Done}
	back := "/campaigns/" + key.Campaign
	if key.ID != "" {
		attrs, back = append(attrs, "id", key.ID), back+"/envelopes/"+key.ID
	}
	p.Log.InfoContext(v.ctx, "action", attrs...)
	http.Redirect(v.w, v.r, fmt.Sprintf("%s?done=%s&n=%d&refused=%d", back, verb, res.Done, res.NotDone()), http.StatusSeeOther)
	return nil
}

func (p *Pages) askEnvelope(v *visit, verb string) error {
	key, err := v.key()
	if err != nil {
		return err
	}
	report, err := p.Client.Get(v.ctx, key)
	if err != nil {
		return err
	}
	x := confirmView{Title: v.words.t("confirm.one."+verb, key.ID), Text: report.Subject, Signer: signerOf(verb, v.r.URL.Query()), Button: v.words.t("do.one." + verb), Danger: verb == "cancel",
		Back: "/campaigns/" + key.Campaign + "/envelopes/" + key.ID}
	if x.Signer > 0 {
		x.Title, x.Button = v.words.t("confirm.one.remind.signer", v.words.num(x.Signer), key.ID), v.words.t("do.one.remind.signer")
	}
	return p.show(v, http.StatusOK, "confirm", view{Title: x.Title, Nav: "campaigns", Data: x})
}

// signerOf is the number of the one signer whom a reminder is for; 0: all.
func signerOf(verb string, values url.Values) int {
	n, err := strconv.Atoi(values.Get("signer"))
	if verb != "remind" || err != nil || n < 1 {
		return 0
	}
	return n
}

func (p *Pages) steerEnvelope(v *visit, verb string) error {
	key, err := v.key()
	if err != nil {
		return err
	}
	do := map[string]func(context.Context, string, ...string) (jobs.Result, error){"cancel": p.Client.Cancel, "retry": p.Client.Retry, "remind": p.Client.Remind}[verb]
	var res jobs.Result
	if signer := signerOf(verb, v.r.PostForm); signer > 0 {
		res, err = p.Client.RemindSigner(v.ctx, key.Campaign, key.ID, signer)
	} else {
		res, err = do(v.ctx, key.Campaign, key.ID)
	}
	if res.Done == 0 && err != nil {
		return err
	}
	return p.did(v, verb, key, res, err)
}

// resolveView is the question whether an envelope was sent, with what helps to answer it.
type resolveView struct {
	envelopeView
	Answer  string
	ID      string
	Mistake string // the name of a text
	Detail  string
}

func (p *Pages) resolveForm(v *visit) error { return p.askResolve(v, resolveView{}) }

func (p *Pages) askResolve(v *visit, x resolveView) error {
	key, err := v.key()
	if err != nil {
		return err
	}
	if x.envelopeView, err = p.envelopeView(v.ctx, key); err != nil {
		return err
	}
	title, status := v.words.t("resolve.title", key.ID), http.StatusOK
	if x.Mistake != "" {
		title, status = v.words.t("error.prefix", title), http.StatusUnprocessableEntity
	}
	return p.show(v, status, "resolve", view{Title: title, Nav: "campaigns", Data: x})
}

func (p *Pages) resolve(v *visit) error {
	key, err := v.key()
	if err != nil {
		return err
	}
	x := resolveView{Answer: v.r.PostForm.Get("answer"), ID: strings.TrimSpace(v.r.PostForm.Get("envelope"))}
	id := ""
	switch x.Answer {
	case "sent":
		if id = x.ID; id == "" {
			x.Mistake = "resolve.noid"
			return p.askResolve(v, x)
		}
	case "not_sent":
		if v.r.PostForm.Get("sure") == "" {
			x.Mistake = "resolve.unsure"
			return p.askResolve(v, x)
		}
	default:
		x.Mistake = "resolve.noanswer"
		return p.askResolve(v, x)
	}
	_, err = p.Client.Resolve(v.ctx, key, id) // unchecked: the envelope's page says so
	switch {
	case errors.Is(err, jobs.ErrUnknownID):
		x.Mistake, x.Detail = "resolve.unknown", err.Error()
		return p.askResolve(v, x)
	case errors.Is(err, jobs.ErrNotNow):
		return &api.Problem{Status: http.StatusConflict, Detail: v.words.language.Say(err)}
	case err != nil:
		return err
	}
	return p.did(v, "resolve", key, jobs.Result{Done: 1}, nil)
}
