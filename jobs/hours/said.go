package hours

import (
	"strings"
	"time"

	"github.com/chancela/chancela/providers/lang"
)

var (
	dayNames   = [7]lang.Text{lang.Of("Sun"), lang.Of("Mon"), lang.Of("Tue"), lang.Of("Wed"), lang.Of("Thu"), lang.Of("Fri"), lang.Of("Sat")}
	anyTime    = lang.Of("at any time")
	noHolidays = lang.Of("not on national holidays of Brazil")
)

// Said says in a line when invitations leave. Days are named in the language of who reads it,
// whichever they were written in.
func (s Settings) Said() lang.Text {
	var parts []lang.Text
	if s.StartAt != "" {
		parts = append(parts, lang.Of("from %s", s.start()))
	}
	switch {
	case strings.EqualFold(s.Window, "always"):
		parts = append(parts, anyTime)
	case s.Window != "":
		parts = append(parts, saidWindows(s.Window))
	}
	if n, err := parseLimit(s.Limit); err == nil && n > 0 {
		parts = append(parts, lang.Of("at most %d a day", n))
	}
	if s.Holidays != "" {
		parts = append(parts, noHolidays)
	}
	if len(parts) == 0 {
		return anyTime
	}
	return lang.Join(parts, ", ")
}

// start is when the first invitations leave, as it was written where it cannot be read.
func (s Settings) start() lang.Text {
	zone, err := time.LoadLocation(s.Zone)
	if err == nil {
		var at time.Time
		if at, err = parseStart(s.StartAt, zone); err == nil {
			return lang.Of("%s", at.In(zone))
		}
	}
	return lang.Plain(s.StartAt)
}

func saidWindows(window string) lang.Text {
	var all []lang.Text
	for part := range strings.SplitSeq(window, ",") {
		days, span, ok := strings.Cut(strings.TrimSpace(part), " ")
		if !ok {
			all = append(all, lang.Plain(days))
			continue
		}
		var names []lang.Text
		for day := range strings.SplitSeq(strings.ToLower(days), "-") {
			name := lang.Plain(day)
			if d, known := weekdays[day]; known {
				name = dayNames[d]
			}
			names = append(names, name)
		}
		all = append(all, lang.Of("%v %s", lang.Join(names, "-"), strings.TrimSpace(span)))
	}
	return lang.Join(all, ", ")
}

// Said says in a line when signers are reminded.
func (r Rule) Said() lang.Text {
	switch r.AtMost {
	case 0:
		return lang.Of("no reminders")
	case 1:
		return lang.Of("reminder %s after the invitation", Wait(r.After))
	}
	return lang.Of("reminders %s after the invitation, then every %s, at most %d", Wait(r.After), Wait(r.Every), r.AtMost)
}

// mostIntervals is how many intervals are counted ahead: years of them.
const mostIntervals = 5000

// Ends is when so many invitations have left that take so long without hours; false where that
// is years ahead, or never.
func (h Hours) Ends(now time.Time, invitations int, takes time.Duration) (time.Time, bool) {
	if invitations <= 0 {
		return now, true
	}
	each := takes / time.Duration(invitations)
	at, day, used := now, "", 0
	for range mostIntervals {
		in, ok := h.Next(at)
		if !ok {
			break
		}
		if in.Opens.After(at) {
			at = in.Opens
		}
		if in.Day != day {
			day, used = in.Day, 0
		}
		n := invitations
		if each > 0 {
			n = min(n, int(in.Closes.Sub(at)/each))
		}
		if h.Limit > 0 {
			n = min(n, h.Limit-used)
		}
		if n == invitations {
			return at.Add(time.Duration(n) * each), true
		}
		invitations, used, at = invitations-n, used+n, in.Closes
	}
	return time.Time{}, false
}
