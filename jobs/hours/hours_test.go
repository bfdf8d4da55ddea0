package hours

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func parsed(t *testing.T, s Settings) Hours {
	t.Helper()
	if s.Zone == "" {
		s.Zone = "America/Sao_Paulo"
	}
	h, err := s.Parse()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestNext(t *testing.T) {
	const office = "Mon-Fri 09:00-18:00"
	for _, c := range []struct {
		name string
		Settings
		now, opens, closes string // in the zone
	}{
		{"within", Settings{Window: office}, "2026-11-26 10:00", "2026-11-26 09:00", "2026-11-26 18:00"},
		{"the first minute", Settings{Window: office}, "2026-11-26 09:00", "2026-11-26 09:00", "2026-11-26 18:00"},
		{"closing time", Settings{Window: office}, "2026-11-26 18:00", "2026-11-27 09:00", "2026-11-27 18:00"},
		{"the weekend", Settings{Window: office}, "2026-11-27 18:30", "2026-11-30 09:00", "2026-11-30 18:00"},
		{"lunch", Settings{Window: "seg-sex 14:00-18:00, seg-sex 09:00-12:00"}, "2026-11-26 12:30", "2026-11-26 14:00", "2026-11-26 18:00"},
		{"days over the week's end", Settings{Window: "Fri-Sun 10:00-11:00"}, "2026-11-28 11:00", "2026-11-29 10:00", "2026-11-29 11:00"},
		{"every day", Settings{Window: "09:00-24:00"}, "2026-11-28 08:00", "2026-11-28 09:00", "2026-11-29 00:00"},
		{"a limit alone", Settings{Limit: "5/day"}, "2026-11-26 23:59", "2026-11-26 00:00", "2026-11-27 00:00"},
		{"a start within", Settings{Window: office, StartAt: "2026-11-26 15:30"}, "2026-11-26 10:00", "2026-11-26 15:30", "2026-11-26 18:00"},
		{"a start at closing time", Settings{Window: office, StartAt: "26/11/2026 18:00"}, "2026-11-20 10:00", "2026-11-27 09:00", "2026-11-27 18:00"},
		{"a start in two years", Settings{StartAt: "2028-12-01"}, "2026-11-20 10:00", "2028-12-01 00:00", "2028-12-02 00:00"},
		{"Christmas", Settings{Window: office, Holidays: "br"}, "2026-12-24 18:00", "2026-12-28 09:00", "2026-12-28 18:00"},
		{"Black Awareness", Settings{Window: office, Holidays: "BR"}, "2026-11-20 10:00", "2026-11-23 09:00", "2026-11-23 18:00"},
		{"Good Friday", Settings{Window: office, Holidays: "br"}, "2027-03-26 10:00", "2027-03-29 09:00", "2027-03-29 18:00"},
		{"Carnival", Settings{Holidays: "br"}, "2027-02-09 10:00", "2027-02-10 00:00", "2027-02-11 00:00"},
		{"clocks put forward at midnight", Settings{Limit: "5/day"}, "2018-11-04 10:00", "2018-11-04 01:00", "2018-11-05 00:00"},
		{"a window in the hour that is not there", Settings{Window: "Sun 01:00-05:00", Zone: "America/New_York"}, "2026-03-08 00:10", "2026-03-08 01:00", "2026-03-08 05:00"},
	} {
		h := parsed(t, c.Settings)
		at := func(s string) time.Time {
			when, err := time.ParseInLocation("2006-01-02 15:04", s, h.Zone)
			if err != nil {
				t.Fatal(err)
			}
			return when
		}
		got, ok := h.Next(at(c.now))
		if !ok || !got.Opens.Equal(at(c.opens)) || !got.Closes.Equal(at(c.closes)) || got.Day != c.opens[:10] {
			t.Errorf("%s: %v %v", c.name, got, ok)
		}
	}
}

// Whatever the hours, a next interval holds now or follows it, and ends on the day it begins.
func TestNextFollows(t *testing.T) {
	for _, zone := range []string{"America/Sao_Paulo", "Europe/Lisbon", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"} {
		h := parsed(t, Settings{Window: "Mon-Sat 00:00-02:30, Tue 02:30-24:00", Limit: "1/day", Zone: zone})
		now := time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)
		for range 3000 {
			in, ok := h.Next(now)
			if !ok || !in.Closes.After(now) || !in.Opens.Before(in.Closes) || in.Closes.Sub(in.Opens) > 25*time.Hour {
				t.Fatalf("%s, %s: %v", zone, now, in)
			}
			now = in.Closes
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		Settings
		setting, says string
	}{
		{Settings{Window: "Mo-Fr 09:00-18:00"}, "window", `"Mo-Fr" are no days`},
		{Settings{Window: "Mon-Fri 9-18"}, "window", `"9-18" are no hours`},
		{Settings{Window: "Mon-Fri 09:00 - 18:00"}, "window", "is not days and hours"},
		{Settings{Window: "Mon-Fri 22:00-06:00"}, "window", "two windows"},
		{Settings{Window: "Mon-Fri 09:00-24:01"}, "window", "no hours"},
		{Settings{Window: "Mon-Fri\n09:00-18:00"}, "window", "no hours"},
		{Settings{Window: "Mon 09:00-18:00,"}, "window", "not days and hours"},
		{Settings{Limit: "500"}, "limit", "500/day"},
		{Settings{Limit: "0/day"}, "limit", "from 1"},
		{Settings{Limit: "-5/day"}, "limit", "from 1"},
		{Settings{Limit: "500/week"}, "limit", "500/day"},
		{Settings{StartAt: "tomorrow"}, "start-at", "no time"},
		{Settings{StartAt: "2026-02-30"}, "start-at", "no time"},
		{Settings{StartAt: "2018-11-04 00:30"}, "start-at", "does not exist"},
		{Settings{Holidays: "de"}, "holidays", "write br"},
		{Settings{Window: strings.Repeat("Mon 09:00-18:00,", 20) + "Mon 09:00-18:00"}, "window", "more than 200"},
		{Settings{Zone: "Brasil"}, "zone", "America/Sao_Paulo"},
	} {
		if c.Zone == "" {
			c.Zone = "America/Sao_Paulo"
		}
		_, err := c.Parse()
		p, ok := errors.AsType[*Problem](err)
		if !ok || p.Setting != c.setting || !strings.Contains(p.Text.String(), c.says) {
			t.Errorf("%+v: %v", c.Settings, err)
		}
	}
}

// What is wrong is told all at once.
func TestProblemsAllAtOnce(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	err := Settings{StartAt: "01/12/2020", Window: "soon", Limit: "500", Holidays: "de", Zone: "UTC"}.Check(now)
	if all, _ := errors.AsType[Problems](err); len(all) != 4 {
		t.Errorf("hours: %v", err)
	}
	for _, c := range []struct {
		Reminders
		n int
	}{{Reminders{After: "3", Every: "x", AtMost: "99"}, 3}, {Reminders{AtMost: "2"}, 2}, {Reminders{Every: "2"}, 2}, {Reminders{Every: "2d", AtMost: "0"}, 1}} {
		_, err := c.Parse()
		if all, _ := errors.AsType[Problems](err); len(all) != c.n {
			t.Errorf("%+v: %v", c.Reminders, err)
		}
	}
}

func TestStored(t *testing.T) {
	s := Settings{StartAt: "2026-12-01", Window: "Mon 09:00-10:00", Limit: "5/day", Holidays: "br", Zone: "UTC"}
	got, err := Stored(s.Marshal())
	if err != nil || got != s {
		t.Errorf("%+v %v", got, err)
	}
}

// The examples of the help are taken, and years that somebody has mistyped are not.
func TestCheck(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for start, want := range map[string]bool{"": true, "2030-12-01 09:00": true, "01/12/2030 09:00": true, "2026-11-19": true,
		"01/12/2020 09:00": false, "9999-12-31": false, "0001-01-02": false, "2206-12-01": false} {
		if err := (Settings{StartAt: start}).Check(now); (err == nil) != want {
			t.Errorf("%s: %v", start, err)
		}
	}
}
