package pages

import (
	"slices"

	"github.com/chancela/chancela/jobs/api"
)

// point is something that is wrong with an upload, with a link to where it is mended.
type point struct {
	To      string // the id of what is to be changed
	Label   string // empty: the message says it itself
	Message string
}

// besideWords are the labels of what is said beside a sheet, by the field's name, which is its id, too.
var besideWords = map[string]string{
	"campaign": "upload.name", "provider": "upload.provider", "documents": "upload.documents",
	"sheet": "reading.sheet", "subject": "reading.subject", "id": "reading.id",
	"start_at": "hours.start", "window": "hours.window", "holidays": "hours.holidays", "limit": "hours.limit", "first": "hours.first",
	"remind_after": "remind.after", "remind_every": "remind.every", "remind_at_most": "remind.most",
}

// pointsOf are what is wrong with a draft but for its rows.
func (w *words) pointsOf(x *api.Draft) (points []point) {
	for _, p := range x.Beside {
		label, known := besideWords[p.Field]
		if !known {
			points = append(points, point{"reading", w.t("reading.title"), p.Message})
			continue
		}
		points = append(points, point{p.Field, w.t(label), p.Message})
	}
	if len(x.Beside) == 0 && x.Refused != "" {
		points = append(points, point{To: "file", Message: x.Refused})
	}
	for _, p := range x.Whole {
		label := w.columnName(p.Field)
		if p.Cell != "" && p.Field != "" {
			label += ", " + p.Cell
		}
		points = append(points, point{headingPlace(x, p.Field), label, p.Message})
	}
	return points
}

// headingPlace is where a person says what a column is: beside its heading, in the field for the rows
// that have none, or else where all headings stand.
func headingPlace(x *api.Draft, field string) string {
	names := x.Read.All[:min(len(x.Read.All), maxHeadings)]
	for i, n := range names {
		if field != "" && (n.Heading == field || n.Column == field) {
			return mapPlace(i)
		}
	}
	switch {
	case slices.Contains([]string{"provider", "subject", "id"}, field):
		return field
	case len(names) == 0:
		return "file"
	}
	return "reading"
}
