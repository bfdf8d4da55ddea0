package contraktor

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
)

// dates are what PATCH /contracts/{id} changes (reference §6).
type dates struct {
	BeginDate string `json:"begin_date,omitempty"`
	EndDate   string `json:"end_date,omitempty"`
	DueNotice *int   `json:"due_notice,omitempty"` // days of warning before the end
}

// readDates reads the envelope's dates, and adds what is wrong with them to problems.
func readDates(e providers.Envelope, problems *providers.Problems) (d dates, given bool) {
	day := func(option string) (text string, at time.Time) {
		value := strings.TrimSpace(e.Option(option))
		if value == "" {
			return "", at
		}
		at, err := providers.ParseDate(value)
		if err != nil {
			problems.Add(Name+"."+option, "is not a date such as 2026-12-31 or 31/12/2026: %v", err)
			return "", at
		}
		return at.Format(time.DateOnly), at
	}
	var begin, end time.Time
	d.BeginDate, begin = day(optBeginDate)
	d.EndDate, end = day(optEndDate)
	if !begin.IsZero() && !end.IsZero() && end.Before(begin) {
		problems.Add(Name+"."+optEndDate, "is before contraktor.begin_date")
	}
	if value := strings.TrimSpace(e.Option(optDueNotice)); value != "" {
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > 36500 {
			problems.Add(Name+"."+optDueNotice, "%q is not a number of days from 0", value)
		}
		d.DueNotice = &n
		if d.EndDate == "" {
			problems.Add(Name+"."+optDueNotice, "warns before the contract's end: give contraktor.end_date, too")
		}
	}
	return d, d != dates{}
}

// prepareDates gives the contract its dates: they can be changed, not created with it.
func (p *Provider) prepareDates(ctx context.Context, job *providers.Job, contractID string) error {
	d, given := readDates(job.Envelope, new(providers.Problems))
	if !given {
		return nil
	}
	_, err := job.Step(ctx, "dates", func(ctx context.Context) (string, error) {
		return "set", p.client.changeDates(ctx, contractID, d)
	})
	return err
}

// tags are the contract's classifier.
func tags(e providers.Envelope) []string {
	var all []string
	for tag := range strings.SplitSeq(e.Option(optTags), ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			all = append(all, tag)
		}
	}
	return all
}
