package campaign

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/jobs/chart"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// page is what there is to say of a campaign.
func (w reportWords) page(o report.Overview, now time.Time) reportView {
	x := reportView{
		Tag: w.language.Tag().String(), Written: w.when(now), Zone: w.zone.String(), Total: o.Total, Simulated: o.Simulated,
		Signed: o.Steps[report.StepSigned].Envelopes, Ends: o.Ends, Took: o.Took(), Waiting: o.Waiting(now),
	}
	if !o.First.IsZero() {
		x.First, x.Last = w.when(o.First), w.when(o.Last)
	}
	x.Ends.Sort()
	groups := groupsOf(o.States)
	var parts []chart.Part
	for _, g := range groupOrder {
		if groups[g] > 0 {
			x.Groups = append(x.Groups, groupView{"g-" + string(g), w.language.Say(groupWord(g)), groups[g]})
			parts = append(parts, chart.Part{Class: "g-" + string(g), Amount: groups[g]})
		}
	}
	x.Bar = chart.Bar(w.language.Sprintf("Envelopes, by where they stand"), parts)
	x.Answer = w.answer(groups)
	x.Funnel = w.funnel(o)
	if course := o.Course(courseMoments); len(course) > 0 {
		x.CourseChart, x.Course = w.course(course, o.Total), w.courseRows(course)
	}
	x.TookChart = w.took(x.Took)
	for _, name := range slices.Sorted(maps.Keys(o.Providers)) {
		states := groupsOf(o.Providers[name])
		line := providerLine{Name: name, Took: o.TookAt(name)}
		for _, n := range states {
			line.Total += n
		}
		for _, g := range groupOrder {
			if groups[g] > 0 {
				line.Counts = append(line.Counts, states[g])
			}
		}
		x.ByProvider = append(x.ByProvider, line)
	}
	return x
}

// answer is what else there is to know at first.
func (w reportWords) answer(groups map[ledger.Group]int64) []string {
	var said []string
	add := func(n int64, one, other lang.Text) {
		if n > 0 {
			said = append(said, w.many(n, one, other))
		}
	}
	num := w.num(groups[ledger.GroupSent])
	add(groups[ledger.GroupSent], lang.Of("%s waits for its signers", num), lang.Of("%s wait for their signers", num))
	num = w.num(groups[ledger.GroupWaiting])
	add(groups[ledger.GroupWaiting], lang.Of("%s is not sent yet", num), lang.Of("%s are not sent yet", num))
	num = w.num(groups[ledger.GroupEnded])
	add(groups[ledger.GroupEnded], lang.Of("%s has ended unsigned", num), lang.Of("%s have ended unsigned", num))
	num = w.num(groups[ledger.GroupStuck])
	add(groups[ledger.GroupStuck], lang.Of("%s needs somebody", num), lang.Of("%s need somebody", num))
	return said
}

func (w reportWords) funnel(o report.Overview) []funnelView {
	var all []funnelView
	for i, name := range []lang.Text{lang.Of("In the file"), lang.Of("Sent"), lang.Of("Signed by all"), lang.Of("Archived")} {
		step := o.Steps[i]
		f := funnelView{Name: w.language.Say(name), Envelopes: step.Envelopes, Bar: chart.Bar("", []chart.Part{{Class: "g-done", Amount: step.Envelopes}, {Class: "g-none", Amount: o.Total - step.Envelopes}})}
		for _, state := range ledger.States {
			if n := step.Lost[state]; n > 0 {
				f.Lost = append(f.Lost, w.state(state)+": "+w.num(n))
			}
		}
		all = append(all, f)
	}
	return all
}

// course draws the sent and the signed envelopes as lines, up to all.
func (w reportWords) course(moments []report.Moment, total int64) template.HTML {
	first, last := moments[0].At, moments[len(moments)-1].At
	layout := chart.Clock(last.Sub(first), w.language.Day())
	c := chart.Course{
		Label: w.language.Sprintf("How many envelopes were sent, and signed, over time. The table has the numbers."), Begin: first, End: last,
		Number: func(n int64) string { return w.num(n) }, Clock: func(t time.Time) string { return t.In(w.zone).Format(layout) },
		Series: []chart.Series{{Class: "l-sent"}, {Class: "l-done"}},
	}
	for _, m := range moments {
		c.Times = append(c.Times, m.At)
		c.Series[0].Values, c.Series[1].Values = append(c.Series[0].Values, m.Sent), append(c.Series[1].Values, m.Signed)
	}
	return c.Lines(total)
}

// courseRows leaves as many moments as somebody reads, the last one among them.
func (w reportWords) courseRows(course []report.Moment) []courseRow {
	n := min(len(course), courseRows)
	rows, times := make([]courseRow, n), make([]time.Time, n)
	for i := range n {
		m := course[(i+1)*len(course)/n-1]
		rows[i], times[i] = courseRow{Sent: m.Sent, Signed: m.Signed}, m.At
	}
	for i, when := range chart.Times(times, w.zone, w.language.Day()+" 15:04") {
		rows[i].When = when
	}
	return rows
}

// bands are where the columns of how long people took end. Their names are short, and the same in
// all languages.
var bands = []struct {
	name string
	end  time.Duration
}{
	{"10 s", 10 * time.Second}, {"1 min", time.Minute}, {"10 min", 10 * time.Minute}, {"1 h", time.Hour}, {"4 h", 4 * time.Hour}, {"1 d", 24 * time.Hour},
	{"2 d", 2 * 24 * time.Hour}, {"4 d", 4 * 24 * time.Hour}, {"7 d", 7 * 24 * time.Hour}, {"14 d", 14 * 24 * time.Hour}, {"30 d", 30 * 24 * time.Hour},
}

// took draws how many signatures took how long.
func (w reportWords) took(s report.Spread) template.HTML {
	if s.Count == 0 {
		return ""
	}
	var columns []chart.Column
	column := func(name string, n int) {
		columns = append(columns, chart.Column{Name: name, Amount: w.num(n), Height: int64(n)})
	}
	from, last := time.Duration(0), ""
	for _, b := range bands {
		column("< "+b.name, s.Within(from, b.end))
		from, last = b.end, b.name
	}
	column(last+" +", s.Count-s.Within(0, from)) // however long that is: providers write dates of nowhere, too
	for columns[0].Height == 0 {
		columns = columns[1:]
	}
	for columns[len(columns)-1].Height == 0 {
		columns = columns[:len(columns)-1]
	}
	return chart.Columns(w.language.Sprintf("How many signatures took how long"), "g-done", columns)
}

func (w reportWords) many(n int64, one, other lang.Text) string {
	if n == 1 {
		other = one
	}
	return w.language.Say(other)
}

func (w reportWords) num(n any) string {
	switch n := n.(type) {
	case int:
		return w.language.Number(int64(n))
	case int64:
		return w.language.Number(n)
	}
	return fmt.Sprint(n)
}

// percent is a share with one decimal.
func (w reportWords) percent(part, whole int64) string {
	if whole == 0 {
		return ""
	}
	tenths := report.Thousandths(part, whole)
	if tenths%10 == 0 {
		return w.num(tenths/10) + "%"
	}
	return w.language.Decimal(float64(tenths)/10) + "%"
}

// length is a length of time as people say it.
func (w reportWords) length(d time.Duration) string {
	switch minutes := int64(d.Round(time.Minute) / time.Minute); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(1, int64(d.Round(time.Second)/time.Second)))
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case minutes < 24*60 && minutes%60 != 0:
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	case minutes < 24*60:
		return fmt.Sprintf("%d h", minutes/60)
	}
	days := d.Hours() / 24
	if whole := int64(days); float64(whole) == days {
		return w.many(whole, lang.Of("%s day", w.num(whole)), lang.Of("%s days", w.num(whole)))
	}
	return w.language.Sprintf("%s days", w.language.Decimal(days))
}

// when is a moment in the zone of the page; t is a time, or a pointer to one.
func (w reportWords) when(t any) string {
	at, ok := t.(time.Time)
	if p, pointer := t.(*time.Time); pointer {
		at, ok = *p, true
	}
	if !ok {
		return ""
	}
	return at.In(w.zone).Format(w.language.Day() + " 15:04")
}

// size is a file's.
func (w reportWords) size(n int64) string {
	switch {
	case n < 1000:
		return w.num(n) + " B"
	case n < 1_000_000:
		return w.num((n+500)/1000) + " kB"
	}
	return w.language.Decimal(float64(n)/1e6) + " MB"
}

// state is a state for people, of whom few like underscores.
func (w reportWords) state(s ledger.State) string {
	return strings.ReplaceAll(w.language.Say(report.StateWord(s)), "_", " ")
}

// groupOrder is the order in which groups are drawn.
var groupOrder = []ledger.Group{ledger.GroupDone, ledger.GroupSent, ledger.GroupWaiting, ledger.GroupEnded, ledger.GroupStuck}

func groupsOf(states map[ledger.State]int64) map[ledger.Group]int64 {
	groups := map[ledger.Group]int64{}
	for s, n := range states {
		groups[ledger.GroupOf(s)] += n
	}
	return groups
}

func groupWord(g ledger.Group) lang.Text {
	switch g {
	case ledger.GroupDone:
		return lang.Of("signed")
	case ledger.GroupSent:
		return lang.Of("waiting for signers")
	case ledger.GroupWaiting:
		return lang.Of("not sent yet")
	case ledger.GroupStuck:
		return lang.Of("need somebody")
	}
	return lang.Of("ended unsigned")
}

func signerWord(state string) lang.Text {
	switch state {
	case providers.SignerPending:
		return lang.Of("has not signed")
	case providers.SignerViewed:
		return lang.Of("has opened it")
	case providers.SignerSigned:
		return lang.Of("has signed")
	case providers.SignerApproved:
		return lang.Of("has approved")
	case providers.SignerDeclined:
		return lang.Of("has refused")
	}
	return lang.Plain(state)
}

func kindWord(k providers.Kind) lang.Text {
	switch k {
	case providers.SignedDocument:
		return lang.Of("Signed document")
	case providers.Dossier:
		return lang.Of("Dossier")
	case providers.Package:
		return lang.Of("Package")
	case providers.Face:
		return lang.Of("Photograph of the face")
	case providers.IDFront:
		return lang.Of("Identity paper, front")
	case providers.IDBack:
		return lang.Of("Identity paper, back")
	}
	return lang.Plain(string(k))
}
