// Package hours tells when a campaign's invitations may leave: from a time on, on some days of
// the week and hours of the day, not on holidays, so many a day; and when reminders follow.
package hours

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/chancela/chancela/providers/lang"
)

// Hours are when invitations may leave. The zero value is always.
type Hours struct {
	StartAt  time.Time // zero: at once
	Windows  []Window  // empty: all day
	Limit    int       // inviting calls a day; 0: any number
	Holidays bool      // national holidays of Brazil are left out
	Zone     *time.Location
}

// Window is a part of some days of the week.
type Window struct {
	Days     [7]bool // by [time.Weekday]
	From, To int     // minutes after midnight, From before To
}

// Interval is a time in which invitations may leave: Opens is in it, and Closes is not. It lies
// within one Day of the zone, 2006-01-02, whose limit it shares.
type Interval struct {
	Opens, Closes time.Time
	Day           string
}

// Always tells whether there is nothing to wait for.
func (h Hours) Always() bool {
	return h.StartAt.IsZero() && len(h.Windows) == 0 && h.Limit == 0 && !h.Holidays
}

// horizon is how many days a next interval is looked for: a year has a day of each window.
const horizon = 370

// Next is the interval that now lies in, or else the first one after it; false when there is
// none within a year.
func (h Hours) Next(now time.Time) (Interval, bool) {
	first := now
	if h.StartAt.After(now) {
		first = h.StartAt
	}
	year, month, day := first.In(h.Zone).Date()
	for n := range horizon {
		at := func(minute int) time.Time { return clock(year, month, day+n, minute, h.Zone) }
		noon := at(12 * 60)
		if h.Holidays && holiday(noon) {
			continue
		}
		for _, w := range h.onDay(noon.Weekday()) {
			in := Interval{Opens: at(w.From), Closes: at(w.To), Day: noon.Format(time.DateOnly)}
			if in.Opens.Before(h.StartAt) {
				in.Opens = h.StartAt
			}
			if in.Closes.After(now) && in.Opens.Before(in.Closes) {
				return in, true
			}
		}
	}
	return Interval{}, false
}

// clock is when the clocks of a zone show so many minutes of a day. Where they are put forward at
// midnight, the day begins at one.
func clock(year int, month time.Month, day, minute int, zone *time.Location) time.Time {
	at := time.Date(year, month, day, 0, minute, 0, 0, zone)
	if day += minute / (24 * 60); at.Day() != time.Date(year, month, day, 12, 0, 0, 0, zone).Day() {
		return at.Add(time.Hour)
	}
	return at
}

var allDay = []Window{{From: 0, To: 24 * 60}}

func (h Hours) onDay(d time.Weekday) []Window {
	if len(h.Windows) == 0 {
		return allDay
	}
	var on []Window
	for _, w := range h.Windows {
		if w.Days[d] {
			on = append(on, w)
		}
	}
	return on
}

// Settings are hours as people write them; empty ones set nothing.
type Settings struct {
	StartAt  string `json:"start_at,omitempty"` // 2030-12-01 09:00, 01/12/2030 09:00, or RFC 3339
	Window   string `json:"window,omitempty"`   // Mon-Fri 09:00-18:00, several with a comma; always
	Limit    string `json:"limit,omitempty"`    // 500/day
	Holidays string `json:"holidays,omitempty"` // br: left out
	Zone     string `json:"zone,omitempty"`     // an IANA name; of the days and hours
}

// Empty tells whether nothing is set.
func (s Settings) Empty() bool {
	return s.StartAt == "" && s.Window == "" && s.Limit == "" && s.Holidays == ""
}

// Stored reads what [Settings.Marshal] has written; empty: none.
func Stored(text string) (s Settings, err error) {
	if text == "" {
		return s, nil
	}
	err = json.Unmarshal([]byte(text), &s)
	return s, err
}

// Marshal is the settings as they are stored: equal ones are equal texts.
func (s Settings) Marshal() string {
	b, _ := json.Marshal(s) // of strings
	return string(b)
}

// Ended is a setting that ends.
type Ended struct {
	Setting string // as [Problem] has it
	Value   string // as it was given
}

// Ends are those of the settings that end when others are given, and are not given again: hours that are
// given replace all earlier ones. A start that is over has nothing to say any more.
func (s Settings) Ends(given Settings, now time.Time) []Ended {
	if h, err := s.Parse(); err != nil || h.StartAt.Before(now) {
		s.StartAt = ""
	}
	var ended []Ended
	for _, x := range []struct{ setting, had, has string }{
		{"start-at", s.StartAt, given.StartAt}, {"window", s.Window, given.Window}, {"limit", s.Limit, given.Limit}, {"holidays", s.Holidays, given.Holidays},
	} {
		if x.had != "" && x.has == "" {
			ended = append(ended, Ended{x.setting, x.had})
		}
	}
	return ended
}

// longest bounds each of the settings: they are read at every claim.
const longest = 200

// Parse reads settings. What is wrong with them is in [Problems].
func (s Settings) Parse() (Hours, error) {
	h, wrong := s.parse()
	if len(wrong) > 0 {
		return Hours{}, wrong
	}
	return h, nil
}

// Check is [Settings.Parse] for settings that somebody gives now: it also finds a start that nobody
// means. A wrong year is wrong by more than one; a start of last week is fine, as a file may be
// enqueued again.
func (s Settings) Check(now time.Time) error {
	const year = 366 * 24 * time.Hour
	h, wrong := s.parse()
	if !h.StartAt.IsZero() && (h.StartAt.Before(now.Add(-year)) || h.StartAt.After(now.Add(10*year))) {
		wrong.add(problem("start-at", lang.Of("%s is more than a year ago, or ten years ahead: is the year right?", h.StartAt.Format(time.DateOnly))))
	}
	return wrong.err()
}

// parse reads what can be read, and says what is wrong with the others.
func (s Settings) parse() (h Hours, wrong Problems) {
	var err error
	if h.Zone, err = time.LoadLocation(s.Zone); err != nil {
		wrong.add(problem("zone", lang.Of("%q is no time zone: write America/Sao_Paulo", s.Zone)))
		h.Zone = time.UTC
	}
	for _, each := range []struct {
		setting, value string
		read           func(string) error
	}{
		{"start-at", s.StartAt, func(text string) (err error) { h.StartAt, err = parseStart(text, h.Zone); return err }},
		{"window", s.Window, func(text string) (err error) { h.Windows, err = parseWindows(text); return err }},
		{"limit", s.Limit, func(text string) (err error) { h.Limit, err = parseLimit(text); return err }},
		{"holidays", s.Holidays, func(text string) (err error) { h.Holidays, err = parseHolidays(text); return err }},
	} {
		if len(each.value) > longest {
			wrong.add(problem(each.setting, lang.Of("more than %d characters", longest)))
			continue
		}
		wrong.add(each.read(each.value))
	}
	return h, wrong
}

func parseHolidays(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "":
		return false, nil
	case "br":
		return true, nil
	}
	return false, problem("holidays", lang.Of("%q is not known: write br", s))
}

var startLayouts = []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly, "02/01/2006 15:04", "02/01/2006"}

func parseStart(s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range startLayouts {
		t, err := time.ParseInLocation(layout, s, zone)
		if err != nil {
			continue
		}
		if layout != time.RFC3339 && t.Format(layout) != s { // summer time begins: 00:30 may not exist
			return time.Time{}, problem("start-at", lang.Of("%q does not exist in %s: clocks are put forward there", s, zone))
		}
		return t, nil
	}
	return time.Time{}, problem("start-at", lang.Of(`%q is no time: write "2030-12-01 09:00" or "01/12/2030 09:00"`, s))
}

const atMost = 1_000_000

func parseLimit(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	count, per, found := strings.Cut(strings.ReplaceAll(strings.ToLower(s), " ", ""), "/")
	n, err := strconv.Atoi(count)
	if err != nil || !found || per != "day" && per != "dia" {
		return 0, problem("limit", lang.Of("%q is no number a day: write 500/day", s))
	}
	if n < 1 || n > atMost {
		return 0, problem("limit", lang.Of("%q: from 1 to %d a day", s, atMost))
	}
	return n, nil
}

// Held is until when nobody is written to; zero: somebody may be now, or there is no such time.
// The limit of a day is not looked at.
func (h Hours) Held(now time.Time) time.Time {
	if next, ok := h.Next(now); ok && next.Opens.After(now) {
		return next.Opens
	}
	return time.Time{}
}

// HeldUntil is [Hours.Held] of hours as they are stored; without any it is zero.
func HeldUntil(stored string, now time.Time) (time.Time, error) {
	s, err := Stored(stored)
	if err != nil || s.Empty() {
		return time.Time{}, err
	}
	h, err := s.Parse()
	if err != nil {
		return time.Time{}, err
	}
	return h.Held(now), nil
}
