package api

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/chancela/chancela/jobs/intake"
)

// FaultyRow is a row of a sheet with what is wrong in it.
type FaultyRow struct {
	Line   int
	Number int          // in a spreadsheet
	Row    []DraftPoint // what is wrong with the row as a whole
	Cells  []FaultyCell
}

// FaultyCell is a value with what is wrong with it.
type FaultyCell struct {
	Value    string
	At       string // where a spreadsheet shows it, F3; empty: nothing is wrong with it
	Mistakes []string
}

// DraftPoint is something that is wrong, in the person's language.
type DraftPoint struct {
	Field   string // a column, a heading or a field of the form; empty: all of it
	Cell    string // of a heading: F1
	Message string
}

// DraftReason is one mistake that several rows have.
type DraftReason struct {
	Field, Message string
	Rows           int
	At             []DraftPlace // the first of them
}

// DraftPlace is where a mistake stands.
type DraftPlace struct {
	Line, Number int    // as [FaultyRow] has them
	Cell         string // G10; empty: the whole row
	Shown        bool   // the row is among those that are shown
}

// placesShown is at how many of its places a mistake is named. A choice.
const placesShown = 5

// draftReasons are what is wrong with a draft's rows, by column and message.
type draftReasons map[[2]string]*DraftReason

// add counts a mistake.
func (reasons draftReasons) add(field, message string, at DraftPlace) {
	key := [2]string{field, message}
	r := reasons[key]
	switch {
	case r == nil && len(reasons) >= maxErrors:
		return
	case r == nil:
		r = &DraftReason{Field: field, Message: message}
		reasons[key] = r
	}
	if r.Rows++; len(r.At) < placesShown {
		r.At = append(r.At, at)
	}
}

// sorted are those of most rows first.
func (reasons draftReasons) sorted() (sorted []DraftReason) {
	for _, r := range reasons {
		sorted = append(sorted, *r)
	}
	slices.SortFunc(sorted, func(a, b DraftReason) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.At[0].Line, b.At[0].Line))
	})
	return sorted
}

// refuse keeps for the person what the request would be refused for; other errors stay
// what they are.
func (x *Draft) refuse(err error) error {
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		return err
	}
	x.Refused = x.language.Say(p.Said())
	var fields []string
	for _, m := range p.Errors {
		if m.Field != "" && m.Line == 0 {
			fields = append(fields, m.Field+": "+x.words(m))
			x.Beside = append(x.Beside, DraftPoint{Field: m.Field, Message: x.words(m)})
		}
	}
	if len(fields) > 0 {
		x.Refused = strings.Join(fields, "; ")
	}
	return nil
}

// conflicts adds what is wrong with rows that are there already with other content: the
// rows themselves have no mistake.
func (x *Draft) conflicts(reasons draftReasons) {
	if x.found.conflicts == 0 {
		return
	}
	conflicts := draftReasons{}
	for _, m := range x.found.mistakes.list {
		if reasons[[2]string{m.Field, x.words(m)}] == nil && m.Field == "id" {
			x.FaultyRows++
			at := DraftPlace{Line: m.Line, Number: m.row, Cell: m.Cell, Shown: len(x.Faulty) < draftFaulty}
			conflicts.add(m.Field, x.words(m), at)
			if at.Shown {
				x.Faulty = append(x.Faulty, FaultyRow{Line: m.Line, Number: m.row, Row: []DraftPoint{{Message: m.ID + ": " + x.words(m)}}})
			}
		}
	}
	maps.Copy(reasons, conflicts)
	x.Good -= x.found.conflicts
}

// see counts a row, and keeps it when something is wrong with it.
func (x *Draft) see(it item, reasons draftReasons, calls func(item) int) {
	if it.header == nil {
		for _, m := range it.mistakes {
			x.Whole = append(x.Whole, DraftPoint{Field: m.Field, Cell: m.Cell, Message: x.words(m)})
		}
		return
	}
	x.Header = it.header
	x.Rows++
	if len(it.mistakes) == 0 {
		load := x.Loads[it.envelope.Provider]
		load.Envelopes++
		load.Calls += calls(it)
		x.Loads[it.envelope.Provider] = load
		x.People += len(it.envelope.Signers)
		if intake.PersonalID(it.envelope) {
			x.Personal++
		}
		return
	}
	faulty := FaultyRow{Line: cmp.Or(it.at.Line, it.mistakes[0].Line), Number: it.row.Number}
	shown := len(x.Faulty) < draftFaulty
	for _, m := range it.mistakes {
		reasons.add(m.Field, x.words(m), DraftPlace{faulty.Line, faulty.Number, m.Cell, shown})
	}
	if x.FaultyRows++; !shown {
		return
	}
	for _, value := range it.row.Raw() {
		faulty.Cells = append(faulty.Cells, FaultyCell{Value: short(value)})
	}
	for i, m := range it.mistakes {
		at := -1
		if i < len(it.row.Problems) {
			at = it.row.Cell(it.row.Problems[i])
		}
		switch {
		case at >= 0 && at < len(faulty.Cells):
			faulty.Cells[at].At = m.Cell
			faulty.Cells[at].Mistakes = append(faulty.Cells[at].Mistakes, x.words(m))
		default:
			faulty.Row = append(faulty.Row, DraftPoint{Field: m.Field, Message: x.words(m)})
		}
	}
	x.Faulty = append(x.Faulty, faulty)
}

// words say what is wrong in the reader's language.
func (x *Draft) words(m Mistake) string { return short(x.language.Say(m.said())) }
