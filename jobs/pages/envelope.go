package pages

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// envelopeView is one envelope.
type envelopeView struct {
	jobs.Report
	Content   jobs.Envelope // empty once forgotten
	Forgotten bool
	Events    []event
	People    []person
	Can       []string  // what can be done with it now
	Cure      lang.Text // what to do about its end; zero: it has not ended, or well
	Waits     string    // the name of the text that says what it waits for
	NotBefore time.Time
	IntentAt  time.Time
	Unchecked bool
	Asked     bool // its cancellation was asked for
	Paused    bool // its campaign is
	Tries     int
	Steps     []string
	MayChange bool
	Links     []ledger.Link // where people sign, for who may see it
	Version   int64
}

// event is one thing that has happened to an envelope.
type event struct {
	Text string // its name
	Who  string
	At   *time.Time // nil: it is not known when
	Kind string     // good, bad, or empty
}

// person is a signer with what was asked and what is known.
type person struct {
	providers.Signer
	State    string
	SignedAt *time.Time
	Number   int // of the signer who can be reminded alone; 0: cannot
}

func (p *Pages) envelope(v *visit) error {
	key, err := v.key()
	if err != nil {
		return err
	}
	x, err := p.envelopeView(v.ctx, key)
	if err != nil {
		return err
	}
	x.MayChange = !v.caller.ReadOnly
	if err := p.addLinks(v.ctx, v.caller, key, &x); err != nil {
		return err
	}
	return p.show(v, http.StatusOK, "envelope", view{Title: key.ID, Nav: "campaigns", Live: "/live/campaigns/" + key.Campaign + "/envelopes/" + key.ID, Notice: v.notice(), Data: x})
}

func (p *Pages) envelopeView(ctx context.Context, key jobs.Key) (envelopeView, error) {
	r, err := p.Client.Ledger().Get(ctx, key.String())
	if err != nil {
		return envelopeView{}, err
	}
	told, err := p.Client.Report(r)
	if err != nil {
		return envelopeView{}, err
	}
	_, paused, err := p.Client.Ledger().Changed(ctx, key.Campaign)
	if err != nil {
		return envelopeView{}, err
	}
	x := envelopeView{Report: told, Forgotten: len(r.Envelope) == 0, Events: events(r, told), Can: p.can(r), NotBefore: r.NotBefore, IntentAt: r.IntentAt,
		Unchecked: r.Unchecked, Asked: r.CancelAsked && !r.State.Terminal(), Paused: paused, Tries: r.Tries, Version: r.Version}
	if !x.Forgotten {
		if err := json.Unmarshal(r.Envelope, &x.Content); err != nil {
			return x, err
		}
	}
	x.People = p.people(r, x.Content, told)
	for step := range r.Steps {
		x.Steps = append(x.Steps, step)
	}
	slices.Sort(x.Steps)
	switch {
	case r.State.Terminal() && r.State != ledger.Archived:
		x.Cure = report.Cure(r.State, r.ErrorCode)
	case !r.State.Terminal():
		x.Waits = "waits." + string(r.State)
		if paused && r.IntentAt.IsZero() && ledger.GroupOf(r.State) == ledger.GroupWaiting {
			x.Waits = "waits.paused"
		}
	}
	return x, nil
}

// addLinks adds the signing links to the view of who may see them.
func (p *Pages) addLinks(ctx context.Context, caller api.Caller, key jobs.Key, x *envelopeView) error {
	if !caller.Links || x.State != string(ledger.Sent) {
		return nil
	}
	all, err := p.Client.Ledger().Links(ctx, key.String())
	if err == nil {
		x.Links = all[0]
	}
	return err
}

// people are the signers, with who can be reminded alone.
func (p *Pages) people(r *ledger.Record, e jobs.Envelope, report jobs.Report) []person {
	all := people(e, report)
	provider, _ := p.info(r.Provider)
	if _, ok := provider.(providers.SignerReminder); !ok || r.State != ledger.Sent || r.EnvelopeID == "" || len(e.Signers) < 2 {
		return all
	}
	for i := range all {
		if s := all[i].State; s != providers.SignerSigned && s != providers.SignerApproved && s != providers.SignerDeclined {
			all[i].Number = i + 1
		}
	}
	return all
}

// people are the signers as they were asked for, with what the provider says of them. A
// forgotten envelope has none.
func people(e jobs.Envelope, report jobs.Report) []person {
	var all []person
	for i, s := range e.Signers {
		x := person{Signer: s}
		if i < len(report.Signers) {
			x.State, x.SignedAt = report.Signers[i].State, report.Signers[i].SignedAt
		}
		for _, said := range report.Signers {
			if s.Email != "" && said.Email == s.Email && said.Name == s.Name {
				x.State, x.SignedAt = said.State, said.SignedAt
			}
		}
		all = append(all, x)
	}
	if len(e.Signers) == 0 {
		for _, said := range report.Signers {
			all = append(all, person{Signer: providers.Signer{Name: said.Name, Email: said.Email}, State: said.State, SignedAt: said.SignedAt})
		}
	}
	return all
}

// events tells an envelope's life, the first thing first.
func events(r *ledger.Record, report jobs.Report) []event {
	all := []event{{Text: "event.created", At: report.CreatedAt}}
	if !r.IntentAt.IsZero() && r.SentAt.IsZero() {
		all = append(all, event{Text: "event.intent", At: timeOf(r.IntentAt)})
	}
	if report.SentAt != nil {
		all = append(all, event{Text: "event.sent", At: report.SentAt})
	}
	if report.RemindedAt != nil {
		all = append(all, event{Text: "event.reminded", Who: strconv.Itoa(report.Reminders), At: report.RemindedAt})
	}
	for _, s := range report.Signers {
		switch s.State {
		case providers.SignerSigned, providers.SignerApproved:
			all = append(all, event{"event." + s.State, s.Name, s.SignedAt, "good"})
		case providers.SignerDeclined:
			all = append(all, event{"event.declined", s.Name, s.SignedAt, "bad"})
		}
	}
	if report.CompletedAt != nil {
		all = append(all, event{Text: "event.completed", At: report.CompletedAt, Kind: "good"})
	}
	if report.ArchivedAt != nil {
		all = append(all, event{Text: "event.archived", At: report.ArchivedAt, Kind: "good"})
	}
	slices.SortStableFunc(all, func(a, b event) int {
		if a.At == nil || b.At == nil {
			return 0
		}
		return a.At.Compare(*b.At)
	})
	if r.State.Terminal() && r.State != ledger.Archived {
		all = append(all, event{Text: "event.ended." + string(r.State), Kind: "bad"})
	}
	return all
}

// can is what can be done with an envelope in its state, by what its provider offers.
func (p *Pages) can(r *ledger.Record) []string {
	var all []string
	provider, configured := p.info(r.Provider)
	switch r.State {
	case ledger.Queued, ledger.Preparing:
		if !r.CancelAsked {
			all = append(all, "cancel")
		}
	case ledger.Sent:
		if _, ok := provider.(providers.Reminder); ok || !configured {
			all = append(all, "remind")
		}
		if _, ok := provider.(providers.Canceler); (ok || !configured) && !r.CancelAsked {
			all = append(all, "cancel")
		}
		if r.Unchecked || r.ErrorCode == ledger.CodeNotThere {
			all = append(all, "resolve")
		}
	case ledger.Failed:
		all = append(all, "retry")
	case ledger.InDoubt:
		all = append(all, "resolve")
	}
	return all
}

// timeOf is nil for a time that is not known.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
