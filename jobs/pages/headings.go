package pages

import (
	"regexp"
	"slices"
	"strings"

	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/jobs/campaign"
)

// headingView is a heading of a sheet with what it may mean.
type headingView struct {
	Heading string
	Is      string // the column that it was taken for; empty: nobody knows
	Choices []choice
}

// choice is an option of a drop-down.
type choice struct {
	Value, Column string
	Chosen        bool
}

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
		for _, column := range append(slices.Clone(columns), campaign.OwnColumns(names, i)...) {
			c := choice{Value: column + "=" + n.Heading, Column: column}
			if j := slices.Index(said, c.Value); j >= 0 {
				c.Chosen = true
				said = slices.Delete(said, j, j+1)
			}
			h.Choices = append(h.Choices, c)
		}
		o.Headings = append(o.Headings, h)
	}
	o.Others = slices.DeleteFunc(said, func(s string) bool { return strings.TrimSpace(s) == "" })
	return o
}

var signerColumn = regexp.MustCompile(`^signer(\d+)\.(\w+)$`)

// columnName is what people call a column, with its own name beside it.
func (w *words) columnName(name string) string {
	said, group := "", ""
	if m := signerColumn.FindStringSubmatch(name); m != nil {
		if part, ok := w.texts["column.signer."+m[2]]; ok {
			said = w.t("column.of", part, m[1])
		}
	} else if group, said, _ = strings.Cut(name, "."); group == "meta" || group == "field" {
		said = w.t("column."+group, said)
	} else {
		said = w.texts["column."+name]
	}
	if said == "" {
		return name
	}
	return said + " (" + name + ")"
}
