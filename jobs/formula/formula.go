// Package formula keeps spreadsheets from running what people have written.
package formula

import "strings"

// starts are the characters that make a spreadsheet take a cell for a formula, the
// full-width ones too. Tab and CR count: some programs pass over them.
const starts = "=+-@\t\r＝＋－＠"

// Defuse keeps a spreadsheet from running text as a formula: it puts an apostrophe, the
// spreadsheets' own mark of text, in front of a character that begins one. A program that
// splits a file at another delimiter sees cells inside of cells, so that what follows a
// delimiter or a line break counts as a beginning, too, quotes and blanks passed over.
func Defuse(s string) string {
	return atFormulas(s, func(out []byte) []byte { return append(out, '\'') })
}

// Restore is the inverse of Defuse.
func Restore(s string) string {
	return atFormulas(s, func(out []byte) []byte {
		if n := len(out) - 1; n >= 0 && out[n] == '\'' {
			return out[:n]
		}
		return out
	})
}

// atFormulas copies a text and calls change with what is written so far wherever a formula
// would begin. An apostrophe before that place belongs to what is passed over: it neither
// begins nor ends anything, which makes the two functions above inverses.
func atFormulas(s string, change func([]byte) []byte) string {
	if !strings.ContainsAny(s, starts) {
		return s
	}
	out := make([]byte, 0, len(s)+8)
	beginning := true
	for _, r := range s {
		if beginning && strings.ContainsRune(starts, r) {
			out = change(out)
		}
		switch {
		case strings.ContainsRune(",;|\t\r\n", r):
			beginning = true
		case !strings.ContainsRune("'\" \u00A0", r):
			beginning = false
		}
		out = append(out, string(r)...)
	}
	return string(out)
}
