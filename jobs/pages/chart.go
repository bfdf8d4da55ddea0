package pages

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/storage/ledger"
)

// stacked is the order in which groups are drawn, from the left and from below.
var stacked = []ledger.Group{ledger.GroupDone, ledger.GroupSent, ledger.GroupWaiting, ledger.GroupEnded, ledger.GroupStuck}

// bar draws groups beside each other. Its numbers stand in its label.
func (w *words) bar(groups map[ledger.Group]int64) template.HTML {
	total := int64(0)
	var said []string
	for _, g := range stacked {
		if n := groups[g]; n > 0 {
			total += n
			said = append(said, w.num(n)+" "+w.group(g))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="%s">`, template.HTMLEscapeString(strings.Join(said, ", ")))
	b.WriteString(`<rect class="g-none" width="1000" height="10"/>`)
	x := 0.0
	for _, g := range stacked {
		if groups[g] > 0 {
			width := 1000 * float64(groups[g]) / float64(total)
			fmt.Fprintf(&b, `<rect class="g-%s" x="%.1f" width="%.1f" height="10"/>`, g, x, width)
			x += width
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // numbers, names of ours, and an escaped label
}

// The size of a course's picture, and the room around it.
const (
	courseWidth, courseHeight             = 480.0, 230.0
	courseLeft, courseTop, courseLow, end = 52.0, 10.0, 28.0, 8.0
)

// course draws how many envelopes were in each group over time, stacked.
func (w *words) course(moments []ledger.Moment, begin, now time.Time, open int64) template.HTML {
	if len(moments) == 0 {
		return ""
	}
	last := moments[len(moments)-1].At
	if open > 0 || last.Before(begin) {
		last = now
	}
	// The last step is seen, too.
	if seen := moments[len(moments)-1].At.Add(last.Sub(begin) / 40); seen.After(last) {
		last = seen
	}
	span := max(last.Sub(begin), time.Second)
	most := int64(1)
	for _, m := range moments {
		sum := int64(0)
		for _, g := range stacked {
			sum += m.Groups[g]
		}
		most = max(most, sum)
	}
	x := func(at time.Time) float64 {
		share := min(1, max(0, float64(at.Sub(begin))/float64(span)))
		return courseLeft + share*(courseWidth-courseLeft-end)
	}
	y := func(n int64) float64 {
		return courseHeight - courseLow - float64(n)/float64(most)*(courseHeight-courseTop-courseLow)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="course" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`, courseWidth, courseHeight, template.HTMLEscapeString(w.t("course.label")))
	under := make([]int64, len(moments))
	for _, g := range stacked {
		over := make([]int64, len(moments))
		some := false
		for i, m := range moments {
			over[i] = under[i] + m.Groups[g]
			some = some || m.Groups[g] > 0
		}
		if some {
			fmt.Fprintf(&b, `<path class="g-%s" d="%s"/>`, g, area(moments, under, over, x, y, last))
		}
		under = over
	}
	for _, n := range slices.Compact([]int64{0, most / 2, most}) {
		fmt.Fprintf(&b, `<line class="grid" x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f"/><text x="%.0f" y="%.1f" text-anchor="end">%s</text>`,
			courseLeft, courseWidth-end, y(n), y(n), courseLeft-6, y(n)+4, w.num(n))
	}
	layout := w.clock(span)
	for i, anchor := range []string{"start", "middle", "end"} {
		at := begin.Add(span * time.Duration(i) / 2)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.0f" text-anchor="%s">%s</text>`, x(at), courseHeight-8, anchor, at.In(w.zone).Format(layout))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // numbers, names of ours, and an escaped label
}

// clock is the layout of a time under a picture that covers a span.
func (w *words) clock(span time.Duration) string {
	switch {
	case span > 36*time.Hour:
		return w.day
	case span > 10*time.Minute:
		return "15:04"
	}
	return "15:04:05"
}

// area is the path between two lines of steps: a number holds until the next moment.
func area(moments []ledger.Moment, under, over []int64, x func(time.Time) float64, y func(int64) float64, last time.Time) string {
	var b strings.Builder
	line := func(values []int64, i int, to time.Time) {
		fmt.Fprintf(&b, "%.1f %.1fL%.1f %.1f", x(moments[i].At), y(values[i]), x(to), y(values[i]))
	}
	until := func(i int) time.Time {
		if i+1 < len(moments) {
			return moments[i+1].At
		}
		return last
	}
	for i := range moments {
		if i == 0 {
			b.WriteString("M")
		} else {
			b.WriteString("L")
		}
		line(over, i, until(i))
	}
	for i := len(moments) - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "L%.1f %.1fL%.1f %.1f", x(until(i)), y(under[i]), x(moments[i].At), y(under[i]))
	}
	b.WriteString("Z")
	return b.String()
}
