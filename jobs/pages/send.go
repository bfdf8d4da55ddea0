package pages

import (
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/registry"
)

//go:embed sample
var sample embed.FS

// sendView is the page to begin a campaign with; draftView the one of what was uploaded.
type sendView struct {
	optionsView
	Sample bool // simulated providers: the sample may be sent
}

// optionsView is what a person may say beside a sheet.
type optionsView struct {
	api.Sending
	Providers []providers.Info
	Sheets    []string // of a workbook with several
	Headings  []headingView
	Others    []string // what was said of headings that this sheet has not
	Unclear   bool     // the sheet does not say all that is needed
}

type draftView struct {
	*api.Draft
	Options optionsView
	Loads   []draftLoad
	Points  []point       // what is wrong with it, but for its rows
	Choices []choiceView  // what was said beside the sheet
	Longer  time.Duration // of the provider that takes longest
	Last    time.Time     // when the last invitation leaves; zero: no hours keep it back
	Never   bool          // it leaves in years, or not at all
	Again   bool          // the person was asked for the tick, and has not given it
	Form    string
	Real    bool // not simulated
}

// draftLoad is what a draft asks of a provider.
type draftLoad struct {
	campaign.Load
	Provider string
	Time     time.Duration // 0: its pace is not known
}

func (p *Pages) registerSend(mux *api.Router) {
	mux.HandleFunc("GET /send", p.page(p.changing(p.sendForm)))
	mux.HandleFunc("POST /send", p.page(p.changing(p.upload)))
	mux.HandleFunc("GET /send/sheet.csv", p.page(p.sheet))
	mux.HandleFunc("GET /send/sheet.xlsx", p.page(p.workbook))
	mux.HandleFunc("POST /send/sample", p.page(p.changing(p.sendSample)))
	mux.HandleFunc("GET /send/{draft}", p.page(p.changing(p.draft)))
	mux.HandleFunc("POST /send/{draft}", p.page(p.changing(p.upload)))
	mux.HandleFunc("POST /send/{draft}/confirm", p.page(p.changing(p.confirm)))
}

func (p *Pages) sendView() sendView {
	x := sendView{optionsView: p.optionsView(), Sample: len(p.Providers) == len(registry.Names())}
	for _, provider := range p.Providers {
		x.Sample = x.Sample && provider.Info().Simulated
	}
	return x
}

func (p *Pages) sendForm(v *visit) error {
	return p.show(v, http.StatusOK, "send", view{Title: v.words.t("send.title"), Nav: "send", Data: p.sendView()})
}

func (p *Pages) optionsView() (x optionsView) {
	for _, provider := range p.Providers {
		x.Providers = append(x.Providers, provider.Info())
	}
	return x
}

// upload takes a sheet with its documents, checks it, and shows what was found.
func (p *Pages) upload(v *visit) error {
	draft, err := p.API.UploadDraft(v.w, v.r, v.r.PathValue("draft"), v.words.language)
	if err != nil {
		return v.gone(err)
	}
	http.Redirect(v.w, v.r, "/send/"+draft.ID, http.StatusSeeOther)
	return nil
}

func (p *Pages) draft(v *visit) error {
	draft, err := p.API.Draft(v.ctx, v.r.PathValue("draft"))
	if err != nil {
		return v.gone(err)
	}
	if draft.Taken != nil {
		http.Redirect(v.w, v.r, "/campaigns/"+draft.Campaign, http.StatusSeeOther)
		return nil
	}
	return p.showDraft(v, draft, false)
}

// gone says in the person's language that an upload is not here, and why that may be.
func (v *visit) gone(err error) error {
	if problem, ok := errors.AsType[*api.Problem](err); ok && problem.Status == http.StatusNotFound {
		return &api.Problem{Status: http.StatusNotFound, Detail: v.words.t("draft.gone")}
	}
	return err
}

func (p *Pages) showDraft(v *visit, draft *api.Draft, again bool) error {
	x := draftView{Draft: draft, Options: p.draftOptions(draft), Again: again, Points: v.words.pointsOf(draft), Choices: p.choicesOf(v, draft), Form: v.form, Real: true}
	for _, name := range registry.Names() {
		load, ok := draft.Loads[name]
		if !ok {
			continue
		}
		l := draftLoad{Load: load, Provider: name}
		if limiter, ok := p.Limiters[name]; ok {
			stats, err := limiter.Stats(v.ctx)
			if err != nil {
				return err
			}
			if stats.Allowed > 0 {
				l.Time = max(time.Second, time.Duration(float64(max(0, load.Calls-stats.Burst))/stats.Allowed*float64(time.Minute)))
			}
		}
		x.Longer = max(x.Longer, l.Time)
		if provider, ok := p.info(name); ok && provider.Info().Simulated {
			x.Real = false
		}
		x.Loads = append(x.Loads, l)
	}
	x.Last, x.Never = lastLeaves(draft, x.Longer, time.Now())
	title := v.words.t("draft.title", draft.Campaign)
	status := http.StatusOK
	if draft.Refused != "" || draft.Mistakes > 0 || again {
		title, status = v.words.t("error.prefix", title), http.StatusUnprocessableEntity
	}
	return p.show(v, status, "draft", view{Title: title, Nav: "send", Data: x})
}

// confirm sends what was checked.
func (p *Pages) confirm(v *visit) error {
	draft, err := p.API.Draft(v.ctx, v.r.PathValue("draft"))
	if err != nil {
		return v.gone(err)
	}
	if len(draft.Elsewhere) > 0 && v.r.PostForm.Get("again") == "" {
		return p.showDraft(v, draft, true)
	}
	return p.take(v, draft, v.r.PostForm.Get("skip") != "")
}

func (p *Pages) take(v *visit, draft *api.Draft, skip bool) error {
	accepted, err := p.API.TakeDraft(v.ctx, draft.ID, skip)
	if err != nil {
		return err
	}
	return p.did(v, "send", jobs.Key{Campaign: draft.Campaign}, jobs.Result{Done: accepted.New}, nil)
}

// sendSample sends a campaign that comes with the program, to simulated providers only.
func (p *Pages) sendSample(v *visit) error {
	if !p.sendView().Sample {
		return &api.Problem{Status: http.StatusForbidden, Detail: v.words.t("sample.real")}
	}
	sheet, err := sample.ReadFile("sample/sample.csv")
	if err != nil {
		return err
	}
	documents := map[string]string{}
	files, err := fs.Glob(sample, "sample/documents/*")
	if err != nil {
		return err
	}
	for _, name := range files {
		b, err := sample.ReadFile(name)
		if err != nil {
			return err
		}
		documents[strings.TrimPrefix(name, "sample/")] = string(b)
	}
	draft, err := p.API.MakeDraft(v.ctx, v.caller.Prefix+"sample", string(sheet), documents, v.words.language)
	if err != nil {
		return err
	}
	if draft.Refused != "" || draft.Mistakes > 0 {
		http.Redirect(v.w, v.r, "/send/"+draft.ID, http.StatusSeeOther)
		return nil
	}
	return p.take(v, draft, false)
}
