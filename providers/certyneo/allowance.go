package certyneo

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// freeMonthly is what the free plan has, the only one whose limit is documented (reference §11).
const freeMonthly = 5

func isFree(plan string) bool { return strings.EqualFold(strings.TrimSpace(plan), "free") }

// identity is what GET /account/me answers (reference §2).
type identity struct {
	Plan string `json:"plan"`
}

// Allowance is what is left of the free plan. No route tells it: the envelopes of this month are
// counted on the newest page of the list, which has more of them than the plan.
func (p *Provider) Allowance(ctx context.Context) (*providers.Allowance, error) {
	var me object[identity]
	err := p.client.rest.JSON(ctx, rest.Request{Class: pace.Steer, Method: http.MethodGet, Path: "/account/me"}, &me)
	if err != nil || !isFree(me.Value.Plan) {
		return nil, err
	}
	newest, err := p.client.list(ctx, 1, "")
	if err != nil {
		return nil, err
	}
	return allowance(me.Value.Plan, newest, time.Now()), nil
}

// allowance counts what left its draft and was made in now's month, by UTC: how the service
// counts is not documented. nil: the list does not tell when its envelopes were made.
func allowance(plan string, newest envelopeList, now time.Time) *providers.Allowance {
	if !isFree(plan) {
		return nil
	}
	begin := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	a := &providers.Allowance{Plan: plan, Monthly: freeMonthly, Left: freeMonthly}
	for _, e := range newest.Data {
		var made rest.Moment
		if json.Unmarshal(e.CreatedAt, &made) != nil || made.IsZero() {
			return nil
		}
		if !made.Before(begin) && state(e.Status) != providers.Draft {
			a.Left = max(0, a.Left-1)
		}
	}
	return a
}
