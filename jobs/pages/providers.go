package pages

import (
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// providerView is one provider for operators.
type providerView struct {
	providerRow
	Info      providers.Info
	All       bool // the caller may see what is of all campaigns
	Work      int64
	Looks     int64
	Queues    []queue.Depth
	Failures  []ledger.Failure
	Callbacks ledger.Callbacks
	Takes     bool // callbacks
}

func (p *Pages) providersList(v *visit) error {
	var rows []providerView
	for _, provider := range p.Providers {
		x, err := p.providerView(v, provider)
		if err != nil {
			return err
		}
		rows = append(rows, x)
	}
	return p.show(v, http.StatusOK, "providers", view{Title: v.words.t("providers.title"), Nav: "providers", Data: rows})
}

func (p *Pages) provider(v *visit) error {
	provider, ok := p.info(v.r.PathValue("provider"))
	if !ok {
		return ledger.ErrNotFound
	}
	x, err := p.providerView(v, provider)
	if err != nil {
		return err
	}
	l := p.Client.Ledger()
	var depths []queue.Depth
	reads, ctx := errgroup.WithContext(v.ctx)
	reads.Go(guard.Panics(func() (err error) { x.Failures, err = l.Failures(ctx, x.Name); return err }))
	reads.Go(guard.Panics(func() (err error) { x.Callbacks, err = l.Callbacks(ctx, x.Name); return err }))
	reads.Go(guard.Panics(func() (err error) { x.Work, err = l.Pending(ctx, ledger.Work, x.Name); return err }))
	reads.Go(guard.Panics(func() (err error) { x.Looks, err = l.Pending(ctx, ledger.Look, x.Name); return err }))
	reads.Go(guard.Panics(func() (err error) { depths, err = p.Client.TaskQueue().Depths(ctx); return err }))
	if err := reads.Wait(); err != nil {
		return err
	}
	for _, d := range depths {
		if d.Provider == x.Name {
			x.Queues = append(x.Queues, d)
		}
	}
	return p.show(v, http.StatusOK, "provider", view{Title: x.Name, Nav: "providers", Data: x})
}

// providerView is what the list shows. What a provider has of all campaigns is for those
// who may see all.
func (p *Pages) providerView(v *visit, provider providers.Provider) (providerView, error) {
	x := providerView{Info: provider.Info(), All: v.caller.Prefix == ""}
	x.Name = x.Info.Name
	_, x.Takes = provider.(providers.WebhookVerifier)
	states, err := p.Client.Ledger().Counts(v.ctx, x.Name)
	if err != nil {
		return x, err
	}
	x.Groups = groupsOf(states)
	for _, n := range states {
		x.Total += n
	}
	return x, p.inspect(v.ctx, &x.providerRow)
}
