package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/storage/ledger"
)

// tellElsewhere says which other campaigns ask the same people to sign the same documents,
// and whether there are any: a renamed or mended copy of a file has another campaign's
// name, and the idempotency key alone does not know it.
func (f *campaignFiles) tellElsewhere(ctx context.Context, c *jobs.Client, tell tell) (there bool, err error) {
	for _, name := range f.campaigns() {
		invitations := f.invitations[name]
		found, err := c.Elsewhere(ctx, name, invitations)
		if err != nil {
			return false, err
		}
		for _, other := range append(f.together(name), found...) {
			there = true
			tell("elsewhere", map[string]any{"campaign": name, "other": other.Campaign, "envelopes": other.Envelopes, "of": len(invitations)},
				fmt.Sprintf("campaign %s asks the same people to sign the same documents as campaign %s does, in %d of %s",
					name, other.Campaign, other.Envelopes, count(len(invitations), "envelope")))
		}
	}
	return there, nil
}

// together finds the campaigns before this one in the same command.
func (f *campaignFiles) together(name string) []jobs.Elsewhere {
	var found []jobs.Elsewhere
	names := f.campaigns()
	for _, other := range names[:slices.Index(names, name)] {
		held := make(map[ledger.Invitation]bool, len(f.invitations[other]))
		for _, i := range f.invitations[other] {
			held[i] = true
		}
		n := 0
		for _, i := range f.invitations[name] {
			if held[i] {
				n++
			}
		}
		if n > 0 {
			found = append(found, jobs.Elsewhere{Campaign: other, Envelopes: n})
		}
	}
	return found
}

// insistNew refuses to invite people again by mistake: who names the campaign, or says
// --again, means it.
func (f *campaignFiles) insistNew(ctx context.Context, sys *system, c *jobs.Client) error {
	there, err := f.tellElsewhere(ctx, c, sys.note)
	if err != nil || !there {
		return err
	}
	if f.flags.again || f.flags.campaign != "" {
		return nil
	}
	return usage("nothing was enqueued: these people have been asked already; --campaign NAME goes on with that campaign, --again asks them once more")
}
