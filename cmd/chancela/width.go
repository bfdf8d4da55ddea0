package main

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// width is how wide the terminal is that results are written to; 0: they go elsewhere, and may
// be as wide as they are.
func (s *system) width() int {
	if !s.shown {
		return 0
	}
	return widthOf(s.stdout)
}

// fitted breaks lines that are wider than a terminal at blanks alone: names and commands are
// copied from them.
func fitted(text string, width int) string {
	if width <= 0 || widest(text) <= width {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = fittedLine(line, width)
	}
	return strings.Join(lines, "\n")
}

func fittedLine(line string, width int) string {
	var b strings.Builder
	at, said := 0, false // what stands in the line
	for i, word := range strings.Split(line, " ") {
		switch {
		case i == 0:
		case said && at+1+ansi.StringWidth(word) > width:
			b.WriteString("\n")
			at, said = 0, false
		default:
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at += ansi.StringWidth(word)
		said = said || word != ""
	}
	return b.String()
}

// widest is the width of the widest line.
func widest(text string) int {
	most := 0
	for line := range strings.SplitSeq(text, "\n") {
		most = max(most, ansi.StringWidth(line))
	}
	return most
}
