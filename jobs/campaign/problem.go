package campaign

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers/lang"
)

// Problem is one mistake in a file.
type Problem struct {
	File    string    `json:"file"`
	Line    int       `json:"line"`           // from 1; 0: the file as a whole
	Column  int       `json:"column"`         // in characters, from 1; 0: the file has no lines
	Row     int       `json:"row,omitempty"`  // in a spreadsheet, from 1
	Cell    string    `json:"cell,omitempty"` // in a spreadsheet: C14; empty: the whole row
	Name    string    `json:"name"`           // the column's name; empty: the whole line
	Message lang.Text `json:"message"`

	lacks   bool   // the file has no such column, which is one mistake of all its rows
	missing bool   // the same of a column that every file must have
	meant   string // of an unknown column: the one that is probably meant
}

// Absent tells whether a document is not where it is looked for, which has mostly one cause for many rows.
func (p Problem) Absent() bool {
	return p.Name == "document" && strings.Contains(p.Message.Kind(), absentFile)
}

func problemAt(file string, at cell, name string, message lang.Text) Problem {
	return Problem{File: file, Line: at.line, Column: at.column, Row: at.row, Cell: cellName(at), Name: name, Message: message}
}

// String is FILE:LINE:COLUMN: NAME (CELL): MESSAGE, which editors understand.
func (p Problem) String() string { return p.Said().String() }

// Said is the problem for people.
func (p Problem) Said() lang.Text {
	parts := []lang.Text{lang.Plain(p.File)}
	if p.Line > 0 && p.Column > 0 {
		parts[0] = lang.Plain(fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column))
	}
	switch {
	case p.Name != "" && p.Cell != "":
		parts = append(parts, lang.Plain(fmt.Sprintf("%s (%s)", p.Name, p.Cell)))
	case p.Name != "" && p.Row > 0 && p.Column == 0:
		parts = append(parts, lang.Of("%s (%v)", p.Name, lang.Of("row %d", p.Row)))
	case p.Name != "" || p.Cell != "":
		parts = append(parts, lang.Plain(p.Name+p.Cell))
	case p.Row > 0 && (p.Row != p.Line || p.Column == 0):
		parts = append(parts, lang.Of("row %d", p.Row))
	}
	return lang.Join(append(parts, p.Message), ": ")
}

// Error is [Problem.String]: a file that cannot be read as rows at all is a Problem, too.
func (p Problem) Error() string { return p.String() }

// Problem is one of a row that was found good by itself.
func (r Row) Problem(name string, message lang.Text) Problem {
	at := r.rec.whole()
	if i := r.header.index(name); i >= 0 && i < len(r.rec.cells) {
		at = r.rec.cells[i]
	}
	return problemAt(r.file, at, name, message)
}

// Repeats tells that a row asks the same people to sign the same documents as an earlier one
// of its campaign. That may be meant, and so it is no mistake. It is called once for a
// row that is good.
func (r Row) Repeats() (Problem, bool) {
	invitation, ok := intake.InvitationOf(r.Envelope)
	if !ok {
		return Problem{}, false
	}
	first, again := r.seen.invite(r.Envelope.Campaign, invitation, r.Line, r.Number)
	return r.Problem("id", lang.Of("asks the same people to sign the same documents as %v: remove one of the two rows, unless both are meant", first)), again
}

// Doubts are what is probably wrong in a row that is good: somebody would wait for an invitation that
// never comes. It may be right, and so it is no mistake.
func (r Row) Doubts() []Problem {
	var doubts []Problem
	for _, doubt := range intake.Doubts(r.Envelope) {
		doubts = append(doubts, r.Problem(doubt.Field, doubt.Text))
	}
	return doubts
}

// cellName is a cell as spreadsheets call it.
func cellName(c cell) string {
	if c.index == 0 {
		return ""
	}
	return letters(c.index) + strconv.Itoa(c.row)
}

// letters is a column as spreadsheets call it: A, Z, AA.
func letters(n int) string {
	s := ""
	for ; n > 0; n = (n - 1) / 26 {
		s = string(rune('A'+(n-1)%26)) + s
	}
	return s
}

// lineOf names a line of a file, and its row in a spreadsheet where that is another number.
func lineOf(file string, line, row int) lang.Text {
	if line == row {
		return lang.Of("line %d of %s", line, file)
	}
	return lang.Of("line %d of %s (row %d of the spreadsheet)", line, file, row)
}

// lineAndRow names a line, and its row in a spreadsheet where that is another number.
func lineAndRow(line, row int) lang.Text {
	if line == row {
		return lang.Of("line %d", line)
	}
	return lang.Of("line %d (row %d of the spreadsheet)", line, row)
}
