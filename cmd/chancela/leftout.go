package main

import (
	"context"
	"slices"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/campaign"
)

// tellLeft says how many rows that were not taken are where.
func (e enqueued) tellLeft(tell tell) {
	for _, l := range e.left {
		tell("rejected", map[string]any{"file": l.File, "rows": l.Rows, "path": l.Path, "kept": l.Kept, "known": l.Known}, l)
	}
}

// leftIDs are the ids of a file's rows that were left out: of the first of them, and not of
// those that are wrong themselves.
type leftIDs struct {
	campaign string
	keys     []string
}

const maxLeftIDs = 10_000

func (l *leftIDs) add(row campaign.Row) {
	wrong := slices.ContainsFunc(row.Problems, func(p campaign.Problem) bool { return p.Name == "id" || p.Name == "" })
	if !wrong && row.Envelope.ID != "" && len(l.keys) < maxLeftIDs {
		l.keys = append(l.keys, jobs.Key{Campaign: l.campaign, ID: row.Envelope.ID}.String())
	}
}

// known counts those that the campaign has.
func (l leftIDs) known(ctx context.Context, c *jobs.Client) (n int, err error) {
	for keys := range slices.Chunk(l.keys, 500) {
		records, err := c.Ledger().GetMany(ctx, keys)
		if err != nil {
			return n, err
		}
		for _, r := range records {
			if r != nil {
				n++
			}
		}
	}
	return n, nil
}
