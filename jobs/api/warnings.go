package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/intake"
)

// Warning is something that its sender should know of a campaign that was taken: what the commands say
// by the way.
type Warning struct {
	Code      string `json:"code" enum:"doubtful_email,doubtful_id,doubtful_name,elsewhere,hours_replaced,left_out,more,not_reminded,note,personal_ids,read,repeated,unused_document" doc:"What it is about: an address that is probably misspelt, a number as an id that a program has written otherwise, an e-mail address in place of a name; another campaign that asks the same; hours that end as others were given; a column that the service has no place for; more of what stands before it; a provider without reminders; what a provider says of its envelopes; ids that are CPFs or CNPJs; how the sheet's headings were understood; envelopes that ask the same as an earlier one; documents of the request that nothing names."`
	Envelopes int    `json:"envelopes,omitempty" doc:"How many envelopes it is about."`
	Mistake
}

// maxDoubts bounds the addresses that are named, maxElsewhere the campaigns, and maxUnused the files; all other
// warnings are few.
const (
	maxDoubts    = 100
	maxElsewhere = 20
	maxUnused    = 5
)

// remark notes what a good envelope's sender should know.
func (f *findings) remark(it item, judge *intake.Judge) {
	f.remarkAt(it.envelope, judge, func(doubt intake.Doubt) Mistake {
		if it.at.Index == nil {
			return csvMistake(it.envelope.ID, it.row.Problem(doubt.Field, doubt.Text))
		}
		m := it.at
		m.Pointer = it.pointer(pointerTo(doubt.Field, ""))
		return m
	})
}

// remarkAt does the same where place tells where in the request a doubt stands.
func (f *findings) remarkAt(e jobs.Envelope, judge *intake.Judge, place func(intake.Doubt) Mistake) {
	f.remarks.Add(e, judge.Provider(e.Provider))
	for _, doubt := range intake.Doubts(e) {
		if f.doubts++; len(f.doubted) == maxDoubts {
			continue
		}
		m := place(doubt)
		m.Field, m.Message = doubt.Field, short(doubt.Text.String())
		f.doubted = append(f.doubted, Warning{Code: doubt.Code, Envelopes: 1, Mistake: m})
	}
}

// warnings are what is said of a campaign before it is enqueued.
func (s *Server) warnings(ctx context.Context, name string, b begin, found *findings, elsewhere []Elsewhere) ([]Warning, error) {
	all := append([]Warning{}, found.doubted...)
	add := func(code string, envelopes int, field, text string) {
		all = append(all, Warning{Code: code, Envelopes: envelopes, Mistake: Mistake{Field: field, Message: short(text)}})
	}
	if more := found.doubts - len(found.doubted); more > 0 {
		add("more", 0, "", fmt.Sprintf("and %d more that are probably not meant", more))
	}
	for i, other := range elsewhere {
		if i == maxElsewhere {
			add("more", 0, "", fmt.Sprintf("and %d more campaigns that ask the same: see elsewhere", len(elsewhere)-i))
			break
		}
		if other.Campaign == name {
			add("elsewhere", other.Envelopes, "id", fmt.Sprintf("campaign %s has asked the same people to sign the same documents under other ids in %d of these envelopes", name, other.Envelopes))
			continue
		}
		add("elsewhere", other.Envelopes, "", fmt.Sprintf("campaign %s asks the same people to sign the same documents in %d of these envelopes", other.Campaign, other.Envelopes))
	}
	if n := found.repeated.count; n > 0 {
		add("repeated", n, "", fmt.Sprintf("%d of these envelopes ask the same people to sign the same documents as an earlier one: see repeated", n))
	}
	for _, r := range found.remarks.List(b.reminders.After != "") {
		add(r.Code, r.Envelopes, r.Column, r.Text.String())
	}
	if found.understood != "" {
		add("read", 0, "", found.understood)
	}
	if n := len(found.unused); n > 0 {
		text := strings.Join(found.unused[:min(n, maxUnused)], ", ")
		if n > maxUnused {
			text += fmt.Sprintf(" and %d more", n-maxUnused)
		}
		add("unused_document", 0, "document", "nothing names these files of the request: "+text)
	}
	ended, err := s.client.EndedHours(ctx, name, b.hours)
	if err != nil || len(ended) == 0 {
		return all, err
	}
	had := make([]string, len(ended))
	for i, e := range ended {
		had[i] = fmt.Sprintf("%s %q", strings.ReplaceAll(e.Setting, "-", "_"), e.Value)
	}
	add("hours_replaced", 0, "", fmt.Sprintf("%s had %s, which ends now: hours that are given replace all earlier ones; to keep it, give it again with them", name, strings.Join(had, ", ")))
	return all, nil
}
