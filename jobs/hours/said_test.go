package hours

import (
	"testing"
	"time"

	"github.com/chancela/chancela/providers/lang"
)

func TestSettingsAreSaidInTheReadersLanguage(t *testing.T) {
	for in, want := range map[Settings][2]string{
		{Window: "Mon-Fri 09:00-18:00"}:                 {"Mon-Fri 09:00-18:00", "seg-sex 09:00-18:00"},
		{Window: "Seg-Sex 09:00-12:00,sab 09:00-11:00"}: {"Mon-Fri 09:00-12:00, Sat 09:00-11:00", "seg-sex 09:00-12:00, sáb 09:00-11:00"},
		{StartAt: "01/12/2030 09:00", Window: "09:00-18:00", Limit: "500/dia", Holidays: "br", Zone: "America/Sao_Paulo"}: {
			"from 1 Dec 2030 09:00 -03, 09:00-18:00, at most 500 a day, not on national holidays of Brazil",
			"a partir de 01/12/2030 09:00 -03, 09:00-18:00, no máximo 500 por dia, não em feriados nacionais do Brasil"},
		{Window: "always"}: {"at any time", "a qualquer hora"},
		{}:                 {"at any time", "a qualquer hora"},
	} {
		if got := [2]string{lang.English.Say(in), lang.Portuguese.Say(in)}; got != want {
			t.Errorf("%+v: %q", in, got)
		}
	}
}

func TestRulesAreSaid(t *testing.T) {
	for in, want := range map[Reminders]string{
		{After: "3d", Every: "2d"}: "lembretes 3d depois do convite, depois a cada 2d, no máximo 3",
		{After: "36h"}:             "lembrete 36h depois do convite",
		{AtMost: "0"}:              "sem lembretes",
	} {
		rule, err := in.Parse()
		if got := lang.Portuguese.Say(rule); err != nil || got != want {
			t.Errorf("%+v: %q, %v", in, got, err)
		}
	}
}

func TestEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		Settings
		invitations int
		takes       time.Duration
		ends        string
	}{
		{"no hours", Settings{}, 100, 10 * time.Minute, "2026-11-26 10:10"},
		{"nothing to do", Settings{Limit: "1/day"}, 0, 0, "2026-11-26 10:00"},
		{"a limit", Settings{Limit: "5/day"}, 12, 12 * time.Minute, "2026-11-28 00:02"},
		{"a limit within hours", Settings{Limit: "5/day", Window: "Mon-Fri 09:00-12:00, Mon-Fri 14:00-18:00"}, 12, 12 * time.Minute, "2026-11-30 09:02"},
		{"hours that close", Settings{Window: "Mon-Fri 09:00-12:00"}, 180, 3 * time.Hour, "2026-11-27 10:00"},
		{"a later start", Settings{StartAt: "2026-12-01 09:00"}, 60, time.Hour, "2026-12-01 10:00"},
		{"years of them", Settings{Limit: "1/day"}, 1_000_000, time.Hour, ""},
	} {
		h := parsed(t, c.Settings)
		now := time.Date(2026, 11, 26, 10, 0, 0, 0, h.Zone)
		at, ok := h.Ends(now, c.invitations, c.takes)
		got := ""
		if ok {
			got = at.Format("2006-01-02 15:04")
		}
		if got != c.ends {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
