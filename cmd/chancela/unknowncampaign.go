package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// mostNamed is how many campaigns are named where one is not known.
const mostNamed = 10

// unknownCampaign is an error for people where an envelope's campaign, rather than the envelope, is
// not in the ledger: it names the campaigns that are, the nearest name first.
type unknownCampaign struct{ lang.Text }

func (e *unknownCampaign) Error() string { return e.String() }

func (e *unknownCampaign) Unwrap() error { return ledger.ErrNotFound }

// orUnknown is err, or what there is to say of a campaign that is not there.
func orUnknown(ctx context.Context, book *ledger.Ledger, name string, err error) error {
	if !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	if _, missing := book.Campaign(ctx, name); !errors.Is(missing, ledger.ErrNotFound) {
		return err // it is an envelope that is not there
	}
	all, listing := book.Campaigns(ctx)
	if listing != nil {
		return err
	}
	if len(all) == 0 {
		return &unknownCampaign{lang.Of("there is no campaign %s, nor any other here yet", name)}
	}
	slices.Reverse(all) // the newest first
	lower := strings.ToLower(name)
	far := func(other string) int {
		other = strings.ToLower(other)
		if strings.Contains(other, lower) || strings.Contains(lower, other) {
			return 0
		}
		return distance(lower, other)
	}
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(far(a), far(b)) })
	named := strings.Join(all[:min(len(all), mostNamed)], ", ")
	if more := len(all) - mostNamed; more > 0 {
		return &unknownCampaign{lang.Of("there is no campaign %s; there are %s, and %d more: chancela status lists all", name, named, more)}
	}
	return &unknownCampaign{lang.Of("there is no campaign %s; there is: %s", name, named)}
}

// insistCampaign wants a campaign to be there.
func insistCampaign(ctx context.Context, book *ledger.Ledger, name string) error {
	_, err := book.Campaign(ctx, name)
	return orUnknown(ctx, book, name, err)
}
