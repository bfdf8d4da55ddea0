package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
)

// hourFlags are when a campaign's invitations may leave.
type hourFlags struct{ hours.Settings }

func (f *hourFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.StartAt, "start-at", "", "invite nobody before: 2030-12-01 09:00, or 01/12/2030 09:00; of CHANCELA_TZ")
	cmd.Flags().StringVar(&f.Window, "window", "", "invite only then: \"Mon-Fri 09:00-18:00\", several with a comma; always: at any time again")
	cmd.Flags().StringVar(&f.Limit, "limit", "", "invite at most so many a day: 500/day")
	cmd.Flags().StringVar(&f.Holidays, "holidays", "", "br: invite nobody on national holidays of Brazil")
}

// in is what is set, in a time zone.
func (f hourFlags) in(zone timeZone) (hours.Settings, error) {
	s := f.Settings
	if s.Empty() {
		return s, nil
	}
	s.Zone = zone.String()
	h, err := s.Parse()
	if err == nil {
		err = h.Sane(time.Now())
	}
	if p, ok := errors.AsType[*hours.Problem](err); ok {
		return s, usage("--%s: %v", p.Setting, p.Text)
	}
	return s, err
}

// hours say when the campaigns' invitations leave.
func (s snapshot) hours() []lang.Text {
	var lines []lang.Text
	for _, c := range s.campaigns {
		if h := report.HoursOf(c, s.at); h != nil && c.Open() > 0 {
			lines = append(lines, lang.Of("%s: %v", c.Name, h.Text()))
		}
	}
	return lines
}

// shut tells whether no campaign may invite anybody at the moment.
func (s snapshot) shut() bool {
	for _, c := range s.campaigns {
		if h := report.HoursOf(c, s.at); c.Open() > 0 && (h == nil || h.HeldUntil == nil) {
			return false
		}
	}
	return s.open() > 0
}
