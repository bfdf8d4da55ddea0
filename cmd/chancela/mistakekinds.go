package main

import (
	"fmt"
	"strings"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers/lang"
)

// maxAlike is how many mistakes of one column for one reason a person at a terminal reads; the others
// are counted. A pipe, a file and programs get each.
const maxAlike = 5

// maxRanges is how many places in a list of rows are named.
const maxRanges = 8

// mistakeKinds are a file's mistakes by column and reason: a heading that means something else makes one
// for each row.
type mistakeKinds struct {
	order []alikeKey
	found map[alikeKey]*leftOver
}

type alikeKey struct{ file, column, reason string }

// leftOver are the mistakes that are not listed.
type leftOver struct {
	listed int
	more   int
	rows   rowRanges
}

// listed tells whether a mistake is one of the first of its kind.
func (a *mistakeKinds) listed(p campaign.Problem) bool {
	if a.found == nil {
		a.found = map[alikeKey]*leftOver{}
	}
	key := alikeKey{p.File, p.Name, p.Message.Kind()}
	kind := a.found[key]
	if kind == nil {
		kind = &leftOver{}
		a.found[key], a.order = kind, append(a.order, key)
	}
	if kind.listed < maxAlike || p.Row == 0 || p.Name == "" {
		kind.listed++
		return true
	}
	kind.more++
	kind.rows.add(p.Row)
	return false
}

// tell counts what was not listed.
func (a *mistakeKinds) tell(say func(lang.Text)) {
	for _, key := range a.order {
		if kind := a.found[key]; kind.more > 0 {
			say(lang.N(kind.more, "%[2]s: %[3]s: and the same mistake in %[1]d more row: %[4]v", "%[2]s: %[3]s: and the same mistake in %[1]d more rows: %[4]v", key.file, key.column, kind.rows.text()))
		}
	}
}

// absentDocuments are a file's documents that are not there, for people: told after all else, and in one line
// where they are many, for then the folder is mostly another.
type absentDocuments []campaign.Problem

func (a absentDocuments) tell(file string, tell tell) {
	if len(a) <= maxAlike {
		for _, p := range a {
			tell("problem", p, p)
		}
		return
	}
	var rows rowRanges
	for _, p := range a {
		rows.add(p.Row)
	}
	text := lang.Of("%s: document: %d documents are not there (rows %v); the first: %v", file, len(a), rows.text(), a[0].Message)
	tell("more", nil, text)
}

// rowRanges are rows in their order, as people write them: 4-9, 12.
type rowRanges struct {
	ranges [][2]int
	beyond bool
}

func (r *rowRanges) add(row int) {
	last := len(r.ranges) - 1
	switch {
	case r.beyond || last >= 0 && row <= r.ranges[last][1]:
	case last >= 0 && row == r.ranges[last][1]+1:
		r.ranges[last][1] = row
	case last+1 == maxRanges:
		r.beyond = true
	default:
		r.ranges = append(r.ranges, [2]int{row, row})
	}
}

func (r *rowRanges) text() lang.Text {
	var parts []string
	for _, x := range r.ranges {
		if x[0] == x[1] {
			parts = append(parts, fmt.Sprint(x[0]))
			continue
		}
		parts = append(parts, fmt.Sprintf("%d-%d", x[0], x[1]))
	}
	if r.beyond {
		parts = append(parts, "...")
	}
	return lang.Plain(strings.Join(parts, ", "))
}
