package pages

import (
	"html/template"
	"strings"
	"time"

	"github.com/chancela/chancela/jobs/chart"
	"github.com/chancela/chancela/storage/ledger"
)

// stacked is the order in which groups are drawn, from the left and from below.
var stacked = []ledger.Group{ledger.GroupDone, ledger.GroupSent, ledger.GroupWaiting, ledger.GroupEnded, ledger.GroupStuck}

// bar draws groups beside each other. Its numbers stand in its label.
func (w *words) bar(groups map[ledger.Group]int64) template.HTML {
	var said []string
	var parts []chart.Part
	for _, g := range stacked {
		if n := groups[g]; n > 0 {
			said = append(said, w.num(n)+" "+w.group(g))
			parts = append(parts, chart.Part{Class: "g-" + string(g), Amount: n})
		}
	}
	return chart.Bar(strings.Join(said, ", "), parts)
}

// course draws how many envelopes were in each group over time, stacked.
func (w *words) course(moments []ledger.Moment, begin, now time.Time, open int64) template.HTML {
	if len(moments) == 0 {
		return ""
	}
	last := moments[len(moments)-1].At
	if open > 0 || last.Before(begin) {
		last = now
	}
	// The last step is seen, too.
	if seen := moments[len(moments)-1].At.Add(last.Sub(begin) / 40); seen.After(last) {
		last = seen
	}
	layout := chart.Clock(last.Sub(begin), w.day)
	c := chart.Course{
		Label: w.t("course.label"), Begin: begin, End: last,
		Number: func(n int64) string { return w.num(n) },
		Clock:  func(at time.Time) string { return at.In(w.zone).Format(layout) },
	}
	for _, m := range moments {
		c.Times = append(c.Times, m.At)
	}
	for _, g := range stacked {
		s := chart.Series{Class: "g-" + string(g)}
		for _, m := range moments {
			s.Values = append(s.Values, m.Groups[g])
		}
		c.Series = append(c.Series, s)
	}
	return c.Stacked()
}
