package pages

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/jobs/campaign"
)

// headingView is a heading of a sheet with what it may mean.
type headingView struct {
	Heading string
	Is      string // the column that it was taken for; empty: nobody knows
	Likely  bool   // what is chosen is a proposal
	Choices []choice
}

// choice is an option of a drop-down.
type choice struct {
	Value, Column string
	Chosen        bool
}

// mapPlace is the id of the drop-down of a heading.
func mapPlace(i int) string { return "map-" + strconv.Itoa(i) }

// maxHeadings is how many of a sheet's headings a page asks about.
const maxHeadings = 100

// draftOptions are what was said beside a draft, with what its sheet leaves to say.
func (p *Pages) draftOptions(x *api.Draft) optionsView {
	o := p.optionsView()
	o.Sending = x.Sending
	o.Unclear = len(x.Whole) > 0 || x.Refused != ""
	if len(x.Sheets) > 1 {
		o.Sheets = x.Sheets
	}
	names := x.Read.All[:min(len(x.Read.All), maxHeadings)]
	columns := campaign.ColumnsOf(names)
	said := slices.Clone(x.Map)
	for i, n := range names {
		h := headingView{Heading: n.Heading, Is: n.Column}
		own := campaign.OwnColumns(names, i)
		likely := likelyPerson(x, n)
		if likely != "" && !slices.Contains(columns, likely) {
			own = append(own, likely)
		}
		proposed := -1
		for _, column := range append(slices.Clone(columns), own...) {
			c := choice{Value: column + "=" + n.Heading, Column: column}
			if j := slices.Index(said, c.Value); j >= 0 {
				c.Chosen = true
				said = slices.Delete(said, j, j+1)
			} else if column == likely {
				proposed = len(h.Choices)
			}
			h.Choices = append(h.Choices, c)
		}
		if proposed >= 0 && !slices.ContainsFunc(h.Choices, func(c choice) bool { return c.Chosen }) {
			h.Choices[proposed].Chosen, h.Likely = true, true
		}
		o.Headings = append(o.Headings, h)
	}
	o.Others = slices.DeleteFunc(said, func(s string) bool { return strings.TrimSpace(s) == "" })
	return o
}

// likelyPerson is the column of a heading that nobody knows and that names a person by a role
// (Nome do locatário), as the command line proposes it; empty: none.
func likelyPerson(x *api.Draft, n campaign.Naming) string {
	if n.Column != "" {
		return ""
	}
	for _, l := range x.Read.Likely {
		if l.Heading == n.Heading && signerColumn.MatchString(l.Column) {
			return l.Column
		}
	}
	return ""
}

var signerColumn = regexp.MustCompile(`^signer(\d+)\.(\w+)$`)

// columnName is what people call a column, with its own name beside it.
func (w *words) columnName(name string) string {
	if said := w.said(name); said != "" && said != name {
		return said + " (" + name + ")"
	}
	return name
}

// said is what people call a column; empty where there is no word for it.
func (w *words) said(name string) string {
	if m := signerColumn.FindStringSubmatch(name); m != nil {
		if part, ok := w.texts["column.signer."+m[2]]; ok {
			return w.t("column.of", part, m[1])
		}
		return ""
	}
	if group, own, _ := strings.Cut(name, "."); group == "meta" || group == "field" {
		return w.t("column."+group, own)
	}
	return w.texts["column."+name]
}
