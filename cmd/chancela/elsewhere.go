package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// asked are the good rows' invitations that another envelope sends or has sent, by the
// row's campaign: a renamed or mended copy of a file has another campaign's name, one that
// a program saved anew may have other ids, and the idempotency key alone knows neither.
type asked map[string]map[ledger.Invitation]ledger.Holder

// add notes who holds an invitation; the first one is named.
func (a asked) add(name string, i ledger.Invitation, by ledger.Holder) {
	if a[name] == nil {
		a[name] = map[ledger.Invitation]ledger.Holder{}
	}
	if _, ok := a[name][i]; !ok {
		a[name][i] = by
	}
}

// of tells who else asks the people of an envelope to sign the same documents.
func (a asked) of(e jobs.Envelope) (ledger.Holder, bool) {
	invitation, ok := intake.InvitationOf(e)
	if !ok {
		return ledger.Holder{}, false
	}
	by, ok := a[e.Campaign][invitation]
	return by, ok
}

// elsewhere finds the rows that others have asked: campaigns before it in the same command,
// and in the ledger, when there is one, other campaigns, and envelopes of the same campaign
// whose ids no row has.
func (f *campaignFiles) elsewhere(ctx context.Context, c *jobs.Client) (asked, error) {
	found := asked{}
	first := map[ledger.Invitation]string{} // the campaign of this command that has it first
	for _, name := range f.campaigns() {
		for _, i := range f.askingOf(name).Invitations {
			if other, ok := first[i]; !ok {
				first[i] = name
			} else if other != name {
				found.add(name, i, ledger.Holder{Campaign: other})
			}
		}
	}
	if c == nil {
		return found, nil
	}
	for _, name := range f.campaigns() {
		held, err := c.Elsewhere(ctx, name, *f.askingOf(name))
		if err != nil {
			return found, err
		}
		for i, by := range held {
			if len(by) > 0 {
				found.add(name, f.askingOf(name).Invitations[i], by[0])
			}
		}
	}
	return found, nil
}

// askingOf is whom a campaign's good rows ask.
func (f *campaignFiles) askingOf(name string) *jobs.Asking {
	if f.asking[name] == nil {
		f.asking[name] = &jobs.Asking{}
	}
	return f.asking[name]
}

// tellAsked says what other campaigns have asked: each campaign with the number of
// envelopes, then the rows.
func (f *campaignFiles) tellAsked(ctx context.Context, found asked, tell tell) error {
	if len(found) == 0 {
		return nil
	}
	for _, name := range f.campaigns() {
		counts := map[string]int{}
		for _, i := range f.askingOf(name).Invitations {
			if by, ok := found[name][i]; ok {
				counts[by.Campaign]++
			}
		}
		others := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
		of := len(f.askingOf(name).Invitations)
		for _, other := range others {
			if other == name {
				tell("elsewhere", map[string]any{"campaign": name, "other": other, "envelopes": counts[other], "of": of},
					lang.Of("campaign %s has asked the same people to sign the same documents under other ids, in %d of %v: give the rows the ids that they had",
						name, counts[other], count(of, "envelope")))
				continue
			}
			tell("elsewhere", map[string]any{"campaign": name, "other": other, "envelopes": counts[other], "of": of},
				lang.Of("campaign %s asks the same people to sign the same documents as campaign %s does, in %d of %v",
					name, other, counts[other], count(of, "envelope")))
		}
	}
	return f.tellAskedRows(ctx, found, tell)
}

// fewRows are enough for a person to see which rows are meant.
const fewRows = 3

// listedRows is how many rows are named: none to people who mean them.
func (f *campaignFiles) listedRows(found asked) int {
	switch {
	case f.programs:
		return maxListed
	case f.copies(found):
		return fewRows
	}
	return 0
}

// tellAskedRows names the first rows that another campaign has asked: by reading the files
// once more, which is rare, instead of remembering the line of every row.
func (f *campaignFiles) tellAskedRows(ctx context.Context, found asked, tell tell) error {
	rows, listed := 0, f.listedRows(found)
	if listed == 0 {
		return nil
	}
	for _, name := range f.names {
		err := f.eachGood(ctx, name, func(row campaign.Row) {
			by, ok := found.of(row.Envelope)
			if !ok {
				return
			}
			if rows++; rows <= listed {
				p := row.Problem("id", askedAlready(row.Envelope, by))
				tell("asked", p, p)
			}
		})
		if err != nil {
			return err
		}
	}
	if more := rows - listed; more > 0 {
		tell("more", map[string]any{"rows": more}, lang.Of("  and %d more", more))
	}
	return nil
}

// eachGood reads a file's good rows.
func (f *campaignFiles) eachGood(ctx context.Context, name string, see func(campaign.Row)) error {
	r, err := campaign.Open(name, f.options(name, nil))
	if _, ok := errors.AsType[campaign.Problem](err); ok {
		return nil // the check has said why
	}
	if err != nil {
		return err
	}
	defer r.Close()
	if len(r.Problems()) > 0 {
		return nil
	}
	for row, err := range r.Rows(ctx) {
		if err != nil {
			return err
		}
		if len(row.Problems) == 0 {
			see(row)
		}
	}
	return nil
}

// askedAlready says which envelope asks a row's people already.
func askedAlready(e jobs.Envelope, by ledger.Holder) lang.Text {
	other := lang.Of("campaign %s", by.Campaign)
	if by.ID != "" {
		other = lang.Of("envelope %s of campaign %s", by.ID, by.Campaign)
	}
	return lang.Of("envelope %s asks the same people to sign the same documents as %v", e.ID, other)
}

// insistNew refuses to invite people again by mistake: who names the campaign, or says
// --again, means it. With --skip-invalid the rows are left out.
func (f *campaignFiles) insistNew(ctx context.Context, sys *system, c *jobs.Client) error {
	found, err := f.elsewhere(ctx, c)
	if err == nil {
		err = f.tellAsked(ctx, found, sys.note)
	}
	if err != nil {
		return err
	}
	if !f.copies(found) {
		return nil
	}
	if f.flags.skipInvalid {
		f.asked = found // and all rows may be left out
		return nil
	}
	sum := f.sumAsked(found)
	skip := lang.Plain("")
	if sum.left > 0 {
		skip = lang.Of(", --skip-invalid takes the %v", count(sum.left, "other row"))
	}
	if sum.own {
		return usage("nothing was enqueued: %v would ask people to sign what campaign %s asks them to sign under other ids; give the rows the ids that they had, or --again asks once more%v",
			count(sum.rows, "row"), sum.campaign, skip)
	}
	return usage("nothing was enqueued: %v would ask people to sign what another campaign asks them to sign; --campaign %s makes them part of that campaign, --again asks once more%v",
		count(sum.rows, "row"), sum.campaign, skip)
}

// copies tells whether invitations that other campaigns send are a mistake: nobody has said
// that they are meant.
func (f *campaignFiles) copies(found asked) bool {
	return len(found) > 0 && !f.flags.again && f.flags.campaign == ""
}

// askedSum is how many good rows others have asked, and how many they have not.
type askedSum struct {
	rows, left int
	campaign   string // that has asked, when it is one
	own        bool   // it is that of the rows themselves
}

func (f *campaignFiles) sumAsked(found asked) askedSum {
	sum := askedSum{own: true}
	others := map[string]bool{}
	for name, asking := range f.asking {
		for _, i := range asking.Invitations {
			by, ok := found[name][i]
			if !ok {
				sum.left++
				continue
			}
			sum.rows++
			others[by.Campaign] = true
			sum.own = sum.own && by.Campaign == name
		}
	}
	sum.campaign = "NAME"
	if len(others) == 1 {
		sum.campaign = slices.Collect(maps.Keys(others))[0]
	}
	return sum
}
