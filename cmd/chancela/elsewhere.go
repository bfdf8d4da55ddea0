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

// asked are the good rows' invitations that another campaign sends or has sent, by the
// row's campaign: a renamed or mended copy of a file has another campaign's name, and the
// idempotency key alone does not know it.
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

// elsewhere finds the rows that other campaigns have asked: those before it in the same
// command, and those in the ledger, when there is one.
func (f *campaignFiles) elsewhere(ctx context.Context, c *jobs.Client) (asked, error) {
	found := asked{}
	first := map[ledger.Invitation]string{} // the campaign of this command that has it first
	for _, name := range f.campaigns() {
		for _, i := range f.invitations[name] {
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
		held, err := c.Elsewhere(ctx, name, f.invitations[name])
		if err != nil {
			return found, err
		}
		for i, by := range held {
			if len(by) > 0 {
				found.add(name, f.invitations[name][i], by[0])
			}
		}
	}
	return found, nil
}

// tellAsked says what other campaigns have asked: each campaign with the number of
// envelopes, then the rows.
func (f *campaignFiles) tellAsked(ctx context.Context, found asked, tell tell) error {
	if len(found) == 0 {
		return nil
	}
	for _, name := range f.campaigns() {
		counts := map[string]int{}
		for _, i := range f.invitations[name] {
			if by, ok := found[name][i]; ok {
				counts[by.Campaign]++
			}
		}
		others := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
		of := len(f.invitations[name])
		for _, other := range others {
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
	rows, left, campaign := f.sumAsked(found)
	skip := lang.Plain("")
	if left > 0 {
		skip = lang.Of(", --skip-invalid takes the %v", count(left, "other row"))
	}
	return usage("nothing was enqueued: %v would ask people to sign what another campaign asks them to sign; --campaign %s makes them part of that campaign, --again asks once more%v",
		count(rows, "row"), campaign, skip)
}

// copies tells whether invitations that other campaigns send are a mistake: nobody has said
// that they are meant.
func (f *campaignFiles) copies(found asked) bool {
	return len(found) > 0 && !f.flags.again && f.flags.campaign == ""
}

// sumAsked counts the good rows that another campaign has asked, and those that it has not,
// and names that campaign, when it is one.
func (f *campaignFiles) sumAsked(found asked) (rows, left int, campaign string) {
	others := map[string]bool{}
	for name, invitations := range f.invitations {
		for _, i := range invitations {
			if by, ok := found[name][i]; ok {
				rows++
				others[by.Campaign] = true
			} else {
				left++
			}
		}
	}
	if len(others) != 1 {
		return rows, left, "NAME"
	}
	return rows, left, slices.Collect(maps.Keys(others))[0]
}
