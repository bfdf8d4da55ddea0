package pages

import (
	"context"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs/guard"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/ledger"
)

// campaignView is one campaign.
type campaignView struct {
	ledger.Campaign
	Groups    map[ledger.Group]int64
	Course    []ledger.Moment
	Funnel    []funnelStep
	Providers []providerRow
	Archive   providerRow // its trouble alone
	Ends      report.Ends
	Left      time.Duration // until everybody is invited, at the speed of late; 0: nobody knows
	Speed     float64       // invitations a minute, lately
	MayChange bool
	At        time.Time
}

// Shut are the hours that keep invitations back at the moment; nil: none do.
func (x campaignView) Shut() *report.Hours {
	if h := x.Hours(); h != nil && h.HeldUntil != nil {
		return h
	}
	return nil
}

// Hours are when its invitations leave; nil: always, or all have left.
func (x campaignView) Hours() *report.Hours {
	if x.States[ledger.Queued]+x.States[ledger.Preparing] == 0 {
		return nil
	}
	return report.HoursOf(x.Campaign, x.At)
}

// Reminders are when its signers are reminded; nil: by nobody's rule, or nobody is left.
func (x campaignView) Reminders() *report.Reminders {
	if x.Open() == 0 {
		return nil
	}
	return report.RemindersOf(x.Campaign, x.At)
}

// FirstGo tells that the first rows are on their way and the others wait for them: nothing is wrong.
func (x campaignView) FirstGo() bool { return firstGo(x.Campaign) }

func firstGo(c ledger.Campaign) bool {
	return !c.Paused && len(c.Halts) > 0 && !slices.ContainsFunc(c.Halts, func(h ledger.Halt) bool { return h.Failures > 0 })
}

// New tells that nothing has happened since all were taken in.
func (x campaignView) New() bool { return x.States[ledger.Queued] == x.Total }

// funnelStep is how many envelopes have come so far.
type funnelStep struct {
	Name      string // of its text
	Envelopes int64
	Of        int64
}

// providerRow is a provider's part in a campaign. Its pace and its trouble are over all.
type providerRow struct {
	Name     string
	Groups   map[ledger.Group]int64
	Total    int64
	Pace     pace.Stats
	Trouble  *ledger.Trouble // nil: its last call went well
	Denied   string          // why it is stopped
	Unworked bool            // it has something to do, and nobody to do it
}

// Open is how much there is to do.
func (r providerRow) Open() int64 {
	return r.Groups[ledger.GroupWaiting] + r.Groups[ledger.GroupSent]
}

func (p *Pages) campaign(v *visit) error {
	name, err := v.campaignName()
	if err != nil {
		return err
	}
	x, err := p.campaignView(v.ctx, name)
	if err != nil {
		return err
	}
	x.MayChange = !v.caller.ReadOnly
	return p.show(v, http.StatusOK, "campaign", view{Title: name, Nav: "campaigns", Live: "/live/campaigns/" + name, Notice: p.operationNotice(v, name), Data: x})
}

func (p *Pages) campaignView(ctx context.Context, name string) (campaignView, error) {
	c, err := p.Client.Ledger().Campaign(ctx, name)
	if err != nil {
		return campaignView{}, err
	}
	x := campaignView{Campaign: c, Groups: groupsOf(c.States), Funnel: funnel(c), At: time.Now()}
	x.Archive.Name = ledger.Archive
	reads, ctx := errgroup.WithContext(ctx)
	reads.Go(guard.Panics(func() (err error) { x.Course, err = p.Client.Ledger().Course(ctx, name); return err }))
	reads.Go(guard.Panics(func() (err error) { x.Providers, err = p.providerRows(ctx, c); return err }))
	reads.Go(guard.Panics(func() error { return p.ills(ctx, &x.Archive) }))
	reads.Go(guard.Panics(func() (err error) { x.Ends, err = p.Client.Ends(ctx, name); return err }))
	err = reads.Wait()
	x.Speed = speed(x.Course, x.At)
	if x.Speed > 0 && !c.Paused {
		x.Left = time.Duration(float64(x.Groups[ledger.GroupWaiting]) / x.Speed * float64(time.Minute))
	}
	return x, err
}

// funnel is how far envelopes have come. What was cancelled may have been sent before: it
// is taken for not sent.
func funnel(c ledger.Campaign) []funnelStep {
	signed := c.States[ledger.Completed] + c.States[ledger.Archived]
	sent := signed + c.States[ledger.Sent] + c.States[ledger.Declined] + c.States[ledger.Expired]
	return []funnelStep{
		{"funnel.all", c.Total, c.Total}, {"funnel.sent", sent, c.Total},
		{"funnel.signed", signed, c.Total}, {"funnel.archived", c.States[ledger.Archived], c.Total},
	}
}

// lately is how far back the speed looks.
const lately = 2 * time.Minute

// speed is how many envelopes are not waiting any more for each minute of late.
func speed(course []ledger.Moment, now time.Time) float64 {
	if len(course) < 2 {
		return 0
	}
	from := course[0]
	for _, m := range course {
		if m.At.Before(now.Add(-lately)) {
			from = m
		}
	}
	last := course[len(course)-1]
	left := from.Groups[ledger.GroupWaiting] - last.Groups[ledger.GroupWaiting]
	begun := from.At
	if d := now.Add(-lately); begun.Before(d) {
		begun = d
	}
	if took := now.Sub(begun); left > 0 && took > 0 {
		return float64(left) / took.Minutes()
	}
	return 0
}

func (p *Pages) providerRows(ctx context.Context, c ledger.Campaign) ([]providerRow, error) {
	var rows []providerRow
	for _, name := range registry.Names() {
		states := c.Providers[name]
		row := providerRow{Name: name, Groups: groupsOf(states)}
		for _, n := range states {
			row.Total += n
		}
		if row.Total > 0 {
			rows = append(rows, row)
		}
	}
	reads, ctx := errgroup.WithContext(ctx)
	for i := range rows {
		reads.Go(guard.Panics(func() error { return p.inspect(ctx, &rows[i]) }))
	}
	return rows, reads.Wait()
}

// inspect fills in a provider's pace and what is wrong with it.
func (p *Pages) inspect(ctx context.Context, row *providerRow) (err error) {
	if l, ok := p.Limiters[row.Name]; ok {
		if row.Pace, err = l.Stats(ctx); err != nil {
			return err
		}
	}
	if row.Open() > 0 {
		worked, err := p.worked(row.Name)
		if err != nil {
			return err
		}
		row.Unworked = !worked
	}
	return p.ills(ctx, row)
}

// ills fills in what is wrong with a provider, or with the archive.
func (p *Pages) ills(ctx context.Context, row *providerRow) error {
	trouble, ill, err := p.Client.Ledger().Trouble(ctx, row.Name)
	if err != nil || !ill {
		return err
	}
	row.Trouble = &trouble
	if trouble.State.Stops() {
		row.Denied, _, _, err = p.Client.Ledger().Denial(ctx, row.Name)
	}
	return err
}
