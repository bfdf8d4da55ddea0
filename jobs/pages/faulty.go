package pages

import (
	"slices"

	"github.com/chancela/chancela/jobs/api"
)

// A sheet of more columns than these is shown with the columns that matter alone. Choices.
const (
	columnsShown = 8
	columnsNamed = 2 // the first ones, which say what row it is
)

// faultyView is the part of a sheet that has mistakes.
type faultyView struct {
	Header []string
	Rows   []api.FaultyRow
	Left   []string // headings of columns that are not shown: nothing is wrong there
}

// Table are the rows of a draft that have mistakes. Of a wide sheet only the columns with a
// mistake are shown, after those that say what row it is: nobody finds the one red cell of forty.
func (x draftView) Table() faultyView {
	t := faultyView{Header: x.Header, Rows: x.Faulty}
	if len(x.Header) <= columnsShown {
		return t
	}
	shown := map[int]bool{}
	for i := range columnsNamed {
		shown[i] = true
	}
	for _, row := range x.Faulty {
		for i, cell := range row.Cells {
			shown[i] = shown[i] || len(cell.Mistakes) > 0
		}
	}
	t.Header, t.Rows = nil, slices.Clone(x.Faulty)
	for i, heading := range x.Header {
		if shown[i] {
			t.Header = append(t.Header, heading)
		} else {
			t.Left = append(t.Left, heading)
		}
	}
	for i := range t.Rows {
		cells := t.Rows[i].Cells
		t.Rows[i].Cells = nil
		for j, cell := range cells {
			if shown[j] {
				t.Rows[i].Cells = append(t.Rows[i].Cells, cell)
			}
		}
	}
	return t
}
