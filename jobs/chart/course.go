package chart

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
)

// Course is how something has gone over time. A number holds until the next moment.
type Course struct {
	Label  string // for who cannot see the picture
	Begin  time.Time
	End    time.Time
	Times  []time.Time
	Series []Series
	Number func(int64) string     // writes a number of the left edge
	Clock  func(time.Time) string // writes a time below
}

// Series is a number at each of the times.
type Series struct {
	Class  string // of its colour
	Values []int64
}

// The size of a course's picture, and the room around it.
const (
	courseWidth, courseHeight             = 480.0, 230.0
	courseLeft, courseTop, courseLow, end = 52.0, 10.0, 28.0, 8.0
)

// Stacked draws the series as areas, the first one lowest.
func (c Course) Stacked() template.HTML {
	sums := make([]int64, len(c.Times))
	for _, s := range c.Series {
		for i, n := range s.Values {
			sums[i] += n
		}
	}
	p := c.plane(sums)
	var b strings.Builder
	p.open(&b)
	under := make([]int64, len(c.Times))
	for _, s := range c.Series {
		over := make([]int64, len(c.Times))
		for i := range over {
			over[i] = under[i] + s.Values[i]
		}
		if slices.ContainsFunc(s.Values, func(n int64) bool { return n > 0 }) {
			fmt.Fprintf(&b, `<path class="%s" d="M%sL%sZ"/>`, template.HTMLEscapeString(s.Class), p.steps(over, false), p.steps(under, true))
		}
		under = over
	}
	p.grid(&b)
	p.clock(&b)
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // numbers, and escaped texts
}

// Lines draws each series as a line over a grid that reaches to most; the last one lies above the others.
func (c Course) Lines(most int64) template.HTML {
	p := c.plane([]int64{most})
	var b strings.Builder
	p.open(&b)
	p.grid(&b)
	for _, s := range c.Series {
		fmt.Fprintf(&b, `<path class="line %s" d="M%sL%s"/>`, template.HTMLEscapeString(s.Class), p.at(c.Begin, 0), p.steps(s.Values, false))
	}
	p.clock(&b)
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // numbers, and escaped texts
}

// plane is where the points of a course are in its picture.
type plane struct {
	Course
	span time.Duration
	most int64
}

func (c Course) plane(heights []int64) plane {
	return plane{c, max(c.End.Sub(c.Begin), time.Second), max(1, slices.Max(append(heights, 1)))}
}

func (p plane) x(at time.Time) float64 {
	share := min(1, max(0, float64(at.Sub(p.Begin))/float64(p.span)))
	return courseLeft + share*(courseWidth-courseLeft-end)
}

func (p plane) y(n int64) float64 {
	return courseHeight - courseLow - float64(n)/float64(p.most)*(courseHeight-courseTop-courseLow)
}

func (p plane) at(t time.Time, n int64) string { return fmt.Sprintf("%.1f %.1f", p.x(t), p.y(n)) }

// steps are the points of a line of steps, in their order or backwards.
func (p plane) steps(values []int64, backwards bool) string {
	var points []string
	for i, n := range values {
		until := p.End
		if i+1 < len(p.Times) {
			until = p.Times[i+1]
		}
		points = append(points, p.at(p.Times[i], n), p.at(until, n))
	}
	if backwards {
		slices.Reverse(points)
	}
	return strings.Join(points, "L")
}

func (p plane) open(b *strings.Builder) {
	fmt.Fprintf(b, `<svg class="course" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`, courseWidth, courseHeight, template.HTMLEscapeString(p.Label))
}

// grid draws a line at nothing, at the half and at the most.
func (p plane) grid(b *strings.Builder) {
	for _, n := range slices.Compact([]int64{0, p.most / 2, p.most}) {
		fmt.Fprintf(b, `<line class="grid" x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f"/><text x="%.0f" y="%.1f" text-anchor="end">%s</text>`,
			courseLeft, courseWidth-end, p.y(n), p.y(n), courseLeft-6, p.y(n)+4, template.HTMLEscapeString(p.Number(n)))
	}
}

func (p plane) clock(b *strings.Builder) {
	for i, anchor := range []string{"start", "middle", "end"} {
		at := p.Begin.Add(p.span * time.Duration(i) / 2)
		fmt.Fprintf(b, `<text x="%.1f" y="%.0f" text-anchor="%s">%s</text>`, p.x(at), courseHeight-8, anchor, template.HTMLEscapeString(p.Clock(at)))
	}
}

// Clock is the layout of a time below a picture that covers a span; day is how a day is written.
func Clock(span time.Duration, day string) string {
	switch {
	case span > 36*time.Hour:
		return day
	case span > 10*time.Minute:
		return "15:04"
	}
	return "15:04:05"
}

// Times writes times that end with the minute, and with the second where two of them would read the same.
func Times(times []time.Time, zone *time.Location, layout string) []string {
	write := func(layout string) []string {
		var all []string
		for _, at := range times {
			all = append(all, at.In(zone).Format(layout))
		}
		return all
	}
	all := write(layout)
	if len(slices.Compact(slices.Clone(all))) < len(all) {
		return write(layout + ":05")
	}
	return all
}
