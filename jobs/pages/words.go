package pages

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/chart"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

//go:embed templates
var templates embed.FS

// dictionary is one language: a text by its name. A name that ends in .one and .other is
// for one and for several.
type dictionary struct {
	tag   language.Tag
	texts map[string]string
	time  string // as time.Format wants it
	day   string
}

// languages are all.
var languages = []dictionary{
	{language.English, english, lang.English.Day() + " 15:04", lang.English.Day()},
	{language.BrazilianPortuguese, portuguese, lang.Portuguese.Day() + " 15:04", lang.Portuguese.Day()},
}

// languagesFrom are all languages, with the one that people get who ask for none of them first.
func languagesFrom(first language.Tag) []dictionary {
	i := slices.IndexFunc(languages, func(d dictionary) bool { return d.tag == first })
	if i <= 0 {
		return languages
	}
	return slices.Concat(languages[i:], languages[:i])
}

// choose finds the language that a browser asks for.
func (p *Pages) choose(accept string) *words {
	_, i := language.MatchStrings(p.matcher, accept)
	return p.words[i]
}

// words speaks one language, with pages in it.
type words struct {
	dictionary
	tag      string
	zone     *time.Location
	printer  *message.Printer
	language lang.Language // of what stands in catalogues
	pages    map[string]*template.Template
}

// pageNames are the templates of pages.
var pageNames = []string{"home", "campaign", "envelopes", "envelope", "signin", "refused", "confirm", "resolve", "send", "draft", "providers", "provider"}

func (p *Pages) newWords(d dictionary) (*words, error) {
	w := &words{dictionary: d, tag: d.tag.String(), zone: p.Zone, printer: message.NewPrinter(d.tag), language: lang.For(d.tag), pages: map[string]*template.Template{}}
	funcs := template.FuncMap{"asset": assetAddress}
	maps.Copy(funcs, w.funcs())
	base, err := template.New("").Funcs(funcs).ParseFS(templates, "templates/page.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	for _, name := range pageNames {
		t, err := template.Must(base.Clone()).ParseFS(templates, "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		w.pages[name] = t
	}
	return w, nil
}

func (w *words) funcs() template.FuncMap {
	return template.FuncMap{
		"t": w.t, "n": w.n, "say": func(x lang.Sayer) string { return w.language.Say(x) }, "num": w.num, "when": w.when, "day": w.dayOf, "about": w.about,
		"groups": func() []ledger.Group { return ledger.Groups }, "share": share, "round": func(f float64) int64 { return int64(math.Round(f)) },
		"held": held, "count": count, "courseRows": w.courseRows, "lastOf": lastOf, "columnName": w.columnName, "place": w.place, "others": others, "mapPlace": mapPlace, "heading": w.heading, "headingMeans": w.headingMeans, "sample": sampleRow, "percent": w.percent, "state": w.state, "group": w.group, "stateOrGroup": w.stateOrGroup, "bar": w.bar, "course": w.course, "size": w.size,
	}
}

func (w *words) render(page, part string, x any) ([]byte, error) {
	var b bytes.Buffer
	if err := w.pages[page].ExecuteTemplate(&b, part, x); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// t is a text in this language. One that is missing shows its name: a test keeps it from
// happening.
func (w *words) t(name string, args ...any) string {
	text, ok := w.texts[name]
	if !ok {
		return name
	}
	if len(args) == 0 {
		return text
	}
	return w.printer.Sprintf(text, args...)
}

// n is a text about a number of things; the number is its first argument.
func (w *words) n(name string, count any, args ...any) string {
	n := toInt(count)
	ending := ".other"
	if n == 1 {
		ending = ".one"
	}
	return w.t(name+ending, append([]any{n}, args...)...)
}

func toInt(v any) int64 {
	switch v := v.(type) {
	case int:
		return int64(v)
	case int64:
		return v
	}
	return 0
}

func (w *words) num(v any) string { return w.printer.Sprintf("%d", toInt(v)) }

// when is a moment in the zone of these pages; v is a time, or a pointer to one.
func (w *words) when(v any) string { return w.format(v, w.time) }

func (w *words) dayOf(v any) string { return w.format(v, w.day) }

func (w *words) format(v any, layout string) string {
	var at time.Time
	switch v := v.(type) {
	case time.Time:
		at = v
	case *time.Time:
		if v != nil {
			at = *v
		}
	}
	if at.IsZero() {
		return ""
	}
	return at.In(w.zone).Format(layout)
}

// about is a length of time as people say it.
func (w *words) about(d time.Duration) string {
	switch {
	case d < time.Minute:
		return w.n("seconds", int64(max(time.Second, d.Round(time.Second))/time.Second))
	case d < 2*time.Hour:
		return w.n("minutes", int64(d.Round(time.Minute)/time.Minute))
	case d < 48*time.Hour:
		return w.n("hours", int64(d.Round(time.Hour)/time.Hour))
	}
	return w.n("days", int64(d.Round(24*time.Hour)/(24*time.Hour)))
}

// percent is a share with one decimal.
func (w *words) percent(part, whole any) string {
	p, all := toInt(part), toInt(whole)
	if all == 0 {
		return ""
	}
	tenths := report.Thousandths(p, all)
	if tenths%10 == 0 {
		return w.printer.Sprintf("%d%%", tenths/10)
	}
	return w.printer.Sprintf("%.1f%%", float64(tenths)/10)
}

func (w *words) state(s any) string { return w.t("state." + fmt.Sprint(s)) }

// stateOrGroup is what a filter is for: "sent" is both, and the same.
func (w *words) stateOrGroup(s string) string {
	if _, ok := w.texts["state."+s]; ok {
		return w.state(s)
	}
	return w.group(ledger.Group(s))
}

func (w *words) group(g ledger.Group) string { return w.t("group." + string(g)) }

// size is a file's.
func (w *words) size(n int64) string {
	switch {
	case n < 1000:
		return w.printer.Sprintf("%d B", n)
	case n < 1000_000:
		return w.printer.Sprintf("%d kB", (n+500)/1000)
	}
	return w.printer.Sprintf("%.1f MB", float64(n)/1e6)
}

// share is a part of the width of a bar.
func share(part, whole any) int64 {
	if toInt(whole) == 0 {
		return 0
	}
	return min(1000, 1000*toInt(part)/toInt(whole))
}

// held tells whether something keeps a campaign from going on.
func held(x campaignView) bool {
	for _, row := range x.Providers {
		if row.Trouble != nil && row.Open() > 0 || row.Unworked {
			return true
		}
	}
	return x.Archive.Trouble != nil || x.Shut() != nil
}

// courseRow is a moment of a course in a table.
type courseRow struct {
	When   string
	Groups map[ledger.Group]int64
}

// courseRows leaves as many moments as somebody reads in a table, the last one among them.
func (w *words) courseRows(course []ledger.Moment) []courseRow {
	n := min(len(course), 24)
	rows, times := make([]courseRow, n), make([]time.Time, n)
	for i := range n {
		m := course[(i+1)*len(course)/n-1]
		rows[i], times[i] = courseRow{Groups: m.Groups}, m.At
	}
	for i, when := range chart.Times(times, w.zone, w.time) {
		rows[i].When = when
	}
	return rows
}

// lastOf is the last moment that is known of an envelope.
func lastOf(r jobs.Report) *time.Time {
	return cmp.Or(r.ArchivedAt, r.CompletedAt, r.SentAt, r.CreatedAt)
}

// count is how many are in a state, or in a group of states.
func count(of any, name string) int64 {
	switch of := of.(type) {
	case map[ledger.State]int64:
		return of[ledger.State(name)]
	case map[ledger.Group]int64:
		return of[ledger.Group(name)]
	}
	return 0
}
