// Package chart draws what pages and reports show, as SVG.
//
// A picture is a piece of HTML that loads nothing and runs nothing. Its colours are classes, such as
// g-done, which the page that it stands in gives a colour to: light, dark or for paper. All numbers
// that a picture shows stand in its label or beside it, for who cannot see it.
package chart

import (
	"fmt"
	"html/template"
	"strings"
)

// Part is a piece of a bar.
type Part struct {
	Class  string // of its colour
	Amount int64
}

// Bar draws parts beside each other, over the whole width.
func Bar(label string, parts []Part) template.HTML {
	total := int64(0)
	for _, p := range parts {
		total += p.Amount
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="%s">`, template.HTMLEscapeString(label))
	b.WriteString(`<rect class="g-none" width="1000" height="10"/>`)
	x := 0.0
	for _, p := range parts {
		if p.Amount > 0 {
			width := 1000 * float64(p.Amount) / float64(total)
			fmt.Fprintf(&b, `<rect class="%s" x="%.1f" width="%.1f" height="10"/>`, template.HTMLEscapeString(p.Class), x, width)
			x += width
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // numbers, and escaped texts
}

// Column is one of a row of columns, which stand for how many there are of each.
type Column struct {
	Name, Amount string // as they are written
	Height       int64
}

// The size of columns, and the room for their names and numbers.
const (
	columnsWidth, columnsHeight = 480.0, 190.0
	columnsTop, columnsLow      = 20.0, 24.0
)

// Columns draws columns of one colour, with their names below and their numbers above.
func Columns(label, class string, columns []Column) template.HTML {
	most := int64(1)
	for _, c := range columns {
		most = max(most, c.Height)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="columns" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`, columnsWidth, columnsHeight, template.HTMLEscapeString(label))
	step, floor := columnsWidth/float64(max(1, len(columns))), columnsHeight-columnsLow
	width := min(64, step*0.72)
	for i, c := range columns {
		middle := (float64(i) + .5) * step
		height := float64(c.Height) / float64(most) * (floor - columnsTop)
		if c.Height > 0 {
			fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, template.HTMLEscapeString(class), middle-width/2, floor-height, width, height)
		}
		fmt.Fprintf(&b, `<text class="amount" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, middle, floor-height-5, template.HTMLEscapeString(c.Amount))
		fmt.Fprintf(&b, `<text x="%.1f" y="%.0f" text-anchor="middle">%s</text>`, middle, columnsHeight-8, template.HTMLEscapeString(c.Name))
	}
	fmt.Fprintf(&b, `<line class="grid" x1="0" x2="%.0f" y1="%.1f" y2="%.1f"/></svg>`, columnsWidth, floor, floor)
	return template.HTML(b.String()) // numbers, and escaped texts
}
