package hours

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chancela/chancela/providers/lang"
)

var weekdays = map[string]time.Weekday{
	"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6,
	"dom": 0, "seg": 1, "ter": 2, "qua": 3, "qui": 4, "sex": 5, "sab": 6, "sáb": 6,
}

var windowExample = lang.Of(`write "Mon-Fri 09:00-18:00", or "Mon-Fri 09:00-12:00, Sat 09:00-11:00"`)

// parseWindows reads windows, in the order of the day. One without days is for every day.
func parseWindows(s string) ([]Window, error) {
	if s == "" || strings.EqualFold(s, "always") {
		return nil, nil
	}
	var all []Window
	for part := range strings.SplitSeq(s, ",") {
		fields := strings.FieldsFunc(part, func(r rune) bool { return r == ' ' }) // no line breaks: status shows it in a line
		if len(fields) == 0 || len(fields) > 2 {
			return nil, problem("window", lang.Of("%q is not days and hours: %v", s, windowExample))
		}
		w := Window{Days: [7]bool{true, true, true, true, true, true, true}}
		if len(fields) == 2 {
			var known bool
			if w.Days, known = parseDays(fields[0]); !known {
				return nil, problem("window", lang.Of("%q are no days of the week: %v", fields[0], windowExample))
			}
		}
		span := fields[len(fields)-1]
		from, to, _ := strings.Cut(span, "-")
		var begins, ends bool
		w.From, begins = parseMinute(from)
		w.To, ends = parseMinute(to)
		if !begins || !ends {
			return nil, problem("window", lang.Of("%q are no hours: %v", span, windowExample))
		}
		if w.From >= w.To {
			return nil, problem("window", lang.Of("%q ends before it begins: write hours past midnight as two windows", span))
		}
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b Window) int { return cmp.Compare(a.From, b.From) })
	return all, nil
}

// parseDays reads a day, or the first and the last of some.
func parseDays(s string) (on [7]bool, known bool) {
	first, last, several := strings.Cut(strings.ToLower(s), "-")
	if !several {
		last = first
	}
	from, known1 := weekdays[first]
	to, known2 := weekdays[last]
	if !known1 || !known2 {
		return on, false
	}
	for d := from; ; d = (d + 1) % 7 {
		on[d] = true
		if d == to {
			return on, true
		}
	}
}

// parseMinute reads 09:00 as minutes after midnight, to 24:00.
func parseMinute(s string) (int, bool) {
	hour, minute, found := strings.Cut(s, ":")
	if !found || len(hour) != 2 || len(minute) != 2 {
		return 0, false
	}
	h, err1 := strconv.ParseUint(hour, 10, 8)
	m, err2 := strconv.ParseUint(minute, 10, 8)
	at := int(60*h + m)
	return at, err1 == nil && err2 == nil && m < 60 && at <= 24*60
}
