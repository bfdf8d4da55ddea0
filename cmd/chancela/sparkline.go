package main

import (
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

const (
	sparkWidth = 40 // columns at most
	endsShown  = 4  // ways to end, in the live view
)

// sparks are the heights of a line of text.
var sparks = []rune(" ▁▂▃▄▅▆▇█")

// sparkline draws numbers, the largest one highest. What is not nothing is seen.
func sparkline(values []int64) string {
	most := int64(1)
	for _, v := range values {
		most = max(most, v)
	}
	var b strings.Builder
	for _, v := range values {
		height := (v*int64(len(sparks)-1) + most - 1) / most
		b.WriteRune(sparks[max(0, height)])
	}
	return b.String()
}

// pulse is how many envelopes left a group, or came to it, in each of n slices of time.
func pulse(course []ledger.Moment, begin, now time.Time, n int, count func(ledger.Moment) int64) []int64 {
	values := make([]int64, n)
	before := int64(0)
	span := max(now.Sub(begin), time.Second)
	for _, m := range course {
		slice := int(int64(n) * int64(m.At.Sub(begin)) / int64(span))
		values[min(n-1, max(0, slice))] += count(m) - before
		before = count(m)
	}
	return values
}

// invited leaves out what failed: nobody was.
func invited(m ledger.Moment) int64 {
	return m.Groups[ledger.GroupSent] + m.Groups[ledger.GroupDone] + m.Groups[ledger.GroupEnded]
}

func signed(m ledger.Moment) int64 { return m.Groups[ledger.GroupDone] }

// courseLines are the course over time in two lines, in the width of a terminal.
func (s snapshot) courseLines(language lang.Language, width int) []string {
	if len(s.course) == 0 || len(s.campaigns) != 1 {
		return nil
	}
	if width <= 0 {
		width = 80
	}
	words := []string{language.Sprintf("invited"), language.Sprintf("signed")}
	label := max(ansi.StringWidth(words[0]), ansi.StringWidth(words[1]))
	begin := s.campaigns[0].CreatedAt
	since := language.Sprintf("last %v", about(s.at.Sub(begin)))
	columns := min(sparkWidth, width-label-ansi.StringWidth(since)-4)
	if columns < 5 {
		return nil
	}
	var lines []string
	for i, count := range []func(ledger.Moment) int64{invited, signed} {
		line := words[i] + strings.Repeat(" ", label-ansi.StringWidth(words[i])) + " " + green.Render(sparkline(pulse(s.course, begin, s.at, columns, count)))
		if i == 0 {
			line += faint.Render("  " + since)
		}
		lines = append(lines, line)
	}
	return lines
}

// endLines say why envelopes have ended without being archived, and what to do, in the width of a terminal.
func endLines(ends report.Ends, language lang.Language, width int) []string {
	if width <= 0 {
		width = 80
	}
	var lines []string
	add := func(indent string, style lipgloss.Style, text string) {
		for line := range strings.Lines(ansi.Wrap(text, max(20, width-len(indent)), "")) {
			lines = append(lines, style.Render(indent+strings.TrimRight(line, "\n")))
		}
	}
	for _, e := range ends[:min(len(ends), endsShown)] {
		what := language.Sprintf("%v %d", report.StateWord(e.State), e.Envelopes) + " (" + strings.Join(e.Providers, ", ")
		if e.Code != "" && e.Code != "*" && e.Code != string(e.State) {
			what += ", " + e.Code
		}
		add("", red, what+")")
		if len(e.Said) > 0 {
			add("  ", lipgloss.NewStyle(), ansi.Truncate(oneLineOf(language.Say(e.Said[0].Text())), 2*width-8, "…"))
		}
		add("  ", faint, "→ "+language.Say(e.Cure()))
	}
	if more := len(ends) - endsShown; more > 0 {
		lines = append(lines, faint.Render(language.Sprintf("  and %d more", more)))
	}
	return lines
}

// oneLineOf is what somebody has written, without what would move the cursor.
func oneLineOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, strings.Join(strings.Fields(ansi.Strip(s)), " "))
}
