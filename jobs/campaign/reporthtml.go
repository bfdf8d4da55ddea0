package campaign

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

//go:embed report.html
var reportPage string

const (
	// mostRows is how many envelopes a page lists: more than that no browser draws with ease.
	mostRows = 5000
	// mostTrouble is how many a page lists of a larger campaign, of those that somebody should look at.
	mostTrouble = 500
	// courseMoments is how finely the course is drawn, and courseRows how many of it are written out.
	courseMoments, courseRows = 240, 6
)

// Head tells the page what its campaigns wait for.
func (s *ReportStyle) Head(campaigns []ledger.Campaign) {
	for _, c := range campaigns {
		for _, h := range report.Halts(c) {
			if h.Waiting > 0 {
				s.halts = append(s.halts, s.Language.Say(h.Text(c.Name)))
			}
		}
	}
}

// writeHTML writes one page for people, without any outside resource: what a campaign has come to,
// and then its envelopes. It holds no more of them than it lists.
func (s ReportStyle) writeHTML(w io.Writer, reports iter.Seq2[jobs.Report, error]) error {
	o, listed, broken := s.read(reports)
	words := reportWords{s.Language, cmp.Or(s.Zone, time.UTC)}
	page, err := template.New("report").Funcs(words.funcs()).Parse(reportPage)
	if err != nil {
		return err
	}
	x := words.page(o, time.Now())
	x.Campaign, x.Halts, x.Rows, x.Short = s.Campaign, s.halts, listed, o.Total > mostRows
	if err := page.ExecuteTemplate(w, "head", x); err != nil {
		return err
	}
	for _, r := range listed {
		if err := page.ExecuteTemplate(w, "row", r); err != nil {
			return err
		}
	}
	if broken != nil {
		return broken
	}
	return page.ExecuteTemplate(w, "foot", x)
}

// read reads all reports, and keeps those that the page lists.
func (s ReportStyle) read(reports iter.Seq2[jobs.Report, error]) (o report.Overview, listed []jobs.Report, err error) {
	fine := func(r jobs.Report) bool {
		return r.State != string(ledger.Failed) && r.State != string(ledger.InDoubt)
	}
	for r, err := range reports {
		if err != nil {
			return o, listed, err
		}
		o.Add(r)
		if o.Total == mostRows+1 {
			listed = slices.DeleteFunc(listed, fine)
			listed = slices.Clone(listed[:min(len(listed), mostTrouble)])
		}
		if o.Total <= mostRows || !fine(r) && len(listed) < mostTrouble {
			listed = append(listed, r)
		}
	}
	return o, listed, nil
}

// reportView is what the page shows.
type reportView struct {
	Tag, Campaign               string
	First, Last, Written, Zone  string
	Total, Simulated, Signed    int64
	Answer                      []string
	Halts                       []string
	Bar, CourseChart, TookChart template.HTML
	Groups                      []groupView
	Funnel                      []funnelView
	Ends                        report.Ends
	Course                      []courseRow
	Took, Waiting               report.Spread
	ByProvider                  []providerLine
	Rows                        []jobs.Report
	Short                       bool // it lists only some
}

type courseRow struct {
	When         string
	Sent, Signed int64
}

type groupView struct {
	Class, Name string
	Envelopes   int64
}

type funnelView struct {
	Name      string
	Envelopes int64
	Bar       template.HTML
	Lost      []string
}

type providerLine struct {
	Name   string
	Total  int64
	Counts []int64 // as the groups
	Took   report.Spread
}

// reportWords put the page into a language and a zone.
type reportWords struct {
	language lang.Language
	zone     *time.Location
}

func (w reportWords) funcs() template.FuncMap {
	return template.FuncMap{
		"t": w.language.Sprintf, "say": func(x lang.Sayer) string { return w.language.Say(x) }, "num": w.num, "percent": w.percent, "length": w.length,
		"state":  func(s any) string { return w.state(ledger.State(fmt.Sprint(s))) },
		"signer": func(state string) string { return w.language.Say(signerWord(state)) },
		"kind":   func(k providers.Kind) string { return w.language.Say(kindWord(k)) },
		"when":   w.when, "size": w.size, "biometry": biometryCell,
		"rfc3339": func(t *time.Time) string { return t.UTC().Format(time.RFC3339) },
		"join":    func(names []string) string { return strings.Join(names, ", ") },
		"attempts": func(n int) string {
			return w.many(int64(n), lang.Of("%s attempt", w.num(n)), lang.Of("%s attempts", w.num(n)))
		},
		"signatures": func(n int) string {
			return w.many(int64(n), lang.Of("%s signature", w.num(n)), lang.Of("%s signatures", w.num(n)))
		},
		"pending": func(n int) string {
			return w.many(int64(n), lang.Of("%s person is asked and has not signed.", w.num(n)), lang.Of("%s people are asked and have not signed.", w.num(n)))
		},
	}
}
