package providers

import (
	"context"

	"github.com/chancela/chancela/providers/lang"
)

// Allower tells how many envelopes the account may send in this month. nil: the service does
// not tell, or the account's plan has no such limit.
type Allower interface {
	Allowance(context.Context) (*Allowance, error)
}

// Allowance is how many envelopes an account may send in a month.
type Allowance struct {
	Plan    string // in the service's word
	Monthly int
	Left    int // in this month
}

// Said is the allowance for people.
func (a Allowance) Said() lang.Text {
	return lang.Of("plan %s: %d of %d envelopes left this month", a.Plan, a.Left, a.Monthly)
}
