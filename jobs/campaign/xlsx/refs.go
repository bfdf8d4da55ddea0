package xlsx

import (
	"strconv"
	"strings"
)

// Range is a rectangle of cells: rows from 1, columns from 0, both ends included.
type Range struct{ FirstRow, FirstColumn, LastRow, LastColumn int }

// String is such as A4:B6.
func (r Range) String() string {
	return Ref(r.FirstColumn, r.FirstRow) + ":" + Ref(r.LastColumn, r.LastRow)
}

// Ref names a cell: column 2 of row 14 is C14.
func Ref(column, row int) string {
	name := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name + strconv.Itoa(row)
}

func parseRange(s string) (Range, bool) {
	from, to, ok := strings.Cut(s, ":")
	if !ok {
		return Range{}, false
	}
	c1, ok1 := columnOf(from)
	c2, ok2 := columnOf(to)
	r1, err1 := strconv.Atoi(strings.TrimLeft(from, letters))
	r2, err2 := strconv.Atoi(strings.TrimLeft(to, letters))
	return Range{r1, c1, r2, c2}, ok1 && ok2 && err1 == nil && err2 == nil && r1 > 0 && r2 >= r1 && c2 >= c1
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// columnOf is the column of a cell's name, from 0.
func columnOf(ref string) (int, bool) {
	n := 0
	for i := range len(ref) {
		c := ref[i]
		if c < 'A' || c > 'Z' {
			return n - 1, i > 0
		}
		if n = n*26 + int(c-'A') + 1; n > maxColumn {
			return 0, false
		}
	}
	return 0, false
}
