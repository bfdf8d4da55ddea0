package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/ledger"
)

const envelopesShown = 50

// envelopesView is a part of a campaign's envelopes.
type envelopesView struct {
	Campaign  string
	Total     int64
	States    map[ledger.State]int64
	Providers []string
	Query     jobs.Query
	State     string // the state, or the group of states, that is asked for
	Rows      []jobs.Report
	Seen      int
	Next      string // address
	Searched  bool   // not every envelope is looked for
	Again     bool   // it goes on from another page
	All       []ledger.State
}

func (p *Pages) envelopes(v *visit) error {
	name, err := v.campaignName()
	if err != nil {
		return err
	}
	c, err := p.Client.Ledger().Campaign(v.ctx, name)
	if err != nil {
		return err
	}
	asked := v.r.URL.Query()
	q := jobs.Query{Provider: asked.Get("provider"), Code: asked.Get("code"), Text: strings.TrimSpace(asked.Get("q"))}
	state := asked.Get("state")
	switch {
	case slices.Contains(ledger.States, ledger.State(state)):
		q.States = []ledger.State{ledger.State(state)}
	case slices.Contains(ledger.Groups, ledger.Group(state)):
		q.States = ledger.StatesOf(ledger.Group(state))
	default:
		state = ""
	}
	if !registry.Known(q.Provider) {
		q.Provider = ""
	}
	found, err := p.Client.Find(v.ctx, name, q, digits(asked.Get("cursor")), envelopesShown)
	if err != nil {
		return err
	}
	x := envelopesView{Campaign: name, Total: c.Total, States: c.States, Query: q, State: state, Seen: found.Seen, Searched: q.Text != "" || q.Provider != "" || q.Code != "",
		Again: asked.Get("cursor") != "", All: ledger.States}
	for _, provider := range registry.Names() {
		if len(c.Providers[provider]) > 0 || c.Providers == nil {
			x.Providers = append(x.Providers, provider)
		}
	}
	for _, r := range found.Records {
		report, err := p.Client.Report(r)
		if err != nil {
			return err
		}
		x.Rows = append(x.Rows, report)
	}
	if found.Next != "" {
		asked.Set("cursor", found.Next)
		x.Next = "?" + asked.Encode()
	}
	return p.show(v, http.StatusOK, "envelopes", view{Title: v.words.t("envelopes.title", name), Nav: "campaigns", Data: x})
}

// digits keeps a cursor that can be one of ours.
func digits(s string) string {
	if len(s) > 18 || strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		return ""
	}
	return s
}

// Without is the address of this list without one of its filters.
func (x envelopesView) Without(filter string) string {
	all := url.Values{}
	for name, value := range map[string]string{"state": x.State, "provider": x.Query.Provider, "code": x.Query.Code, "q": x.Query.Text} {
		if name != filter && value != "" {
			all.Set(name, value)
		}
	}
	return "?" + all.Encode()
}
