package campaign

import (
	_ "embed"
	"html/template"
	"io"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/chancela/chancela/jobs"
)

//go:embed report.html
var reportPage string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"time": func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.UTC().Format("2006-01-02 15:04")
	},
	"rfc3339": stamp,
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

// writeHTML writes one page without any outside resource. The counts are known only when
// the last row is written: they stand last in the file and first on the page.
func writeHTML(w io.Writer, campaign string, reports iter.Seq2[jobs.Report, error]) error {
	if err := page.ExecuteTemplate(w, "head", campaign); err != nil {
		return err
	}
	counts, total, simulated := map[string]int{}, 0, 0
	for r, err := range reports {
		if err != nil {
			return err
		}
		counts[r.State]++
		total++
		if r.Simulated {
			simulated++
		}
		if err := page.ExecuteTemplate(w, "row", r); err != nil {
			return err
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
		"Campaign": campaign, "Total": total, "Simulated": simulated, "Counts": list,
		"Written": time.Now().UTC().Format("2006-01-02 15:04 UTC"),
	})
}
