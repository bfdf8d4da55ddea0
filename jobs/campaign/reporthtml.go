package campaign

import (
	"cmp"
	_ "embed"
	"html/template"
	"io"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/storage/ledger"
)

//go:embed report.html
var reportPage string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"time":     func(t *time.Time, zone *time.Location) string { return t.In(zone).Format(pageTime) },
	"biometry": biometryCell,
	"rfc3339":  func(t *time.Time) string { return t.UTC().Format(time.RFC3339) },
}).Parse(reportPage))

// states in the order of an envelope's life; others follow by name.
var states = []string{
	"queued", "preparing", "sent", "completed", "archived",
	"declined", "expired", "canceled", "failed", "in_doubt",
}

type stateCount struct {
	State string
	Count int
}

// mostRows is how many envelopes a page lists: more than that no browser draws with ease.
const mostRows = 5000

// figures are what a page says of envelopes that it does not list.
type figures struct {
	counts    map[string]int
	total     int
	simulated bool // some are, and which ones is not known
}

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

// Shorten makes the page of large campaigns one that lists only the envelopes that somebody
// should look at. It returns their states; none: the page lists all.
func (s *ReportStyle) Shorten(campaigns []ledger.Campaign) []ledger.State {
	f := &figures{counts: map[string]int{}}
	for _, c := range campaigns {
		f.total += int(c.Total)
		f.simulated = f.simulated || c.Simulated
		for state, n := range c.States {
			f.counts[string(state)] += int(n)
		}
	}
	if f.total <= mostRows {
		return nil
	}
	s.figures = f
	return []ledger.State{ledger.Failed, ledger.InDoubt}
}

const pageTime = "2006-01-02 15:04"

// writeHTML writes one page without any outside resource. The counts are known only when
// the last row is written: they stand last in the file and first on the page.
func (s ReportStyle) writeHTML(w io.Writer, reports iter.Seq2[jobs.Report, error]) error {
	zone := cmp.Or(s.Zone, time.UTC)
	if err := page.ExecuteTemplate(w, "head", s.Campaign); err != nil {
		return err
	}
	counts, total, simulated := map[string]int{}, 0, 0
	for r, err := range reports {
		if err != nil {
			return err
		}
		if s.figures != nil && total == mostRows {
			break
		}
		counts[r.State]++
		total++
		if r.Simulated {
			simulated++
		}
		if err := page.ExecuteTemplate(w, "row", pageRow{r, zone}); err != nil {
			return err
		}
	}
	listed := total
	if f := s.figures; f != nil {
		counts, total = f.counts, f.total
		if f.simulated && simulated == listed { // as far as can be seen here
			simulated = total
		}
	}
	order := slices.Clone(states)
	for _, s := range slices.Sorted(maps.Keys(counts)) {
		if !slices.Contains(order, s) {
			order = append(order, s)
		}
	}
	var list []stateCount
	for _, s := range order {
		if counts[s] > 0 {
			list = append(list, stateCount{s, counts[s]})
		}
	}
	return page.ExecuteTemplate(w, "foot", map[string]any{
		"Campaign": s.Campaign, "Total": total, "Counts": list, "Simulated": simulated, "Listed": listed, "Short": s.figures != nil, "Halts": s.halts,
		"Written": time.Now().In(zone).Format(pageTime), "Zone": zone.String(),
	})
}

// pageRow is one envelope of the page.
type pageRow struct {
	jobs.Report
	Zone *time.Location
}
