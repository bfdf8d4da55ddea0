package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs"
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
	return s, s.Check(time.Now())
}

// wrongFlags says all that is wrong with options, which are called as the settings are. Errors of
// other kinds are told as they are.
func wrongFlags(errs ...error) error {
	var all []lang.Text
	for _, err := range errs {
		problems, ok := errors.AsType[hours.Problems](err)
		for _, p := range problems {
			all = append(all, lang.Of("--%s: %v", p.Setting, p.Text))
		}
		if err != nil && !ok {
			all = append(all, lang.Of("%v", err))
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &exitErr{exitUsage, lang.Errorf("%v", lang.Join(all, "; ")), all}
}

// tellEnded says which hours of a campaign end because other ones are given and they are not given
// again. One that has begun already has nothing to say.
func (f *campaignFiles) tellEnded(ctx context.Context, c *jobs.Client, campaign string, note tell) error {
	had, err := c.EndedHours(ctx, campaign, f.hours)
	if err != nil {
		return err
	}
	ended := make([]string, len(had))
	for i, e := range had {
		ended[i] = fmt.Sprintf("--%s %q", e.Setting, e.Value)
	}
	if len(ended) > 0 {
		flags := strings.Join(ended, " ")
		note("ended", map[string]any{"campaign": campaign, "options": flags},
			lang.Of("warning: %s had %s, which ends now: hours that are given replace all earlier ones; to keep it, give it again with them", campaign, flags))
	}
	return nil
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
