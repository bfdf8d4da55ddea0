package pages

import (
	"cmp"
	"strconv"

	"github.com/chancela/chancela/jobs/api"
)

// Of a row of more columns than these only the ones that matter are shown. Choices.
const (
	columnsShown = 8
	columnsNamed = 2 // the first ones, which say what row it is
)

// faultyRow is a row of a sheet that has mistakes, as a page shows it.
type faultyRow struct {
	Line, Number int
	Row          []api.DraftPoint // what is wrong with it as a whole
	Cells        []faultyCell
}

// faultyCell is a value of such a row under its heading.
type faultyCell struct {
	api.FaultyCell
	Heading string
}

// wide tells whether the sheet has more columns than are shown of a row.
func (x draftView) wide() bool { return len(x.Header) > columnsShown }

// LeftOut tells whether values without a mistake are left out: nobody finds the one red cell of forty.
func (x draftView) LeftOut() bool { return len(x.Faulty) > 0 && x.wide() }

// FaultyOnes are the rows of a draft that have mistakes. Of a wide sheet each row has the values with a
// mistake, after those that say what row it is.
func (x draftView) FaultyOnes() []faultyRow {
	rows := make([]faultyRow, 0, len(x.Faulty))
	for _, r := range x.Faulty {
		row := faultyRow{Line: r.Line, Number: cmp.Or(r.Number, r.Line), Row: r.Row}
		for i, cell := range r.Cells {
			if x.wide() && i >= columnsNamed && len(cell.Mistakes) == 0 {
				continue
			}
			c := faultyCell{FaultyCell: cell}
			if i < len(x.Header) {
				c.Heading = x.Header[i]
			}
			row.Cells = append(row.Cells, c)
		}
		rows = append(rows, row)
	}
	return rows
}

// others is in how many rows a mistake stands that are not named.
func others(r api.DraftReason) int { return r.Rows - len(r.At) }

// place is a row, and the cell in it, as the command line names them.
func (w *words) place(at api.DraftPlace) string {
	if at.Cell == "" {
		return w.t("draft.at", strconv.Itoa(cmp.Or(at.Number, at.Line)))
	}
	return w.t("draft.at.cell", strconv.Itoa(cmp.Or(at.Number, at.Line)), at.Cell)
}
