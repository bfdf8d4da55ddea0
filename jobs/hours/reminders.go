package hours

import (
	"regexp"
	"strconv"
	"time"

	"github.com/chancela/chancela/providers/lang"
)

// Reminders are when signers are reminded without anybody asking for it, as people write it;
// empty ones set nothing.
type Reminders struct {
	After  string `json:"after"`   // the invitation: 3d, 36h
	Every  string `json:"every"`   // the last reminder
	AtMost string `json:"at_most"` // how many of one envelope; 0: none any more
}

// Rule is what [Reminders] mean. The zero value is: none.
type Rule struct {
	After, Every time.Duration
	AtMost       int
}

// Empty tells whether nothing is set.
func (r Reminders) Empty() bool { return r == Reminders{} }

const (
	usualReminders = 3 // where it is not said how many
	mostReminders  = 20
	longestWait    = 365 * 24 * time.Hour
)

// Parse reads the settings. What is wrong with them is in [Problems].
func (r Reminders) Parse() (rule Rule, err error) {
	var wrong Problems
	rule.AtMost, err = parseAtMost(r.AtMost)
	wrong.add(err)
	switch ends := err == nil && r.AtMost != "" && rule.AtMost == 0; {
	case ends && r.After == "" && r.Every == "":
		return rule, nil
	case ends:
		return Rule{}, Problems{{"remind-at-most", lang.Of("0 ends reminders: leave out when they follow")}}
	case r.AtMost == "" && r.Every == "":
		rule.AtMost = 1
	case r.AtMost == "":
		rule.AtMost = usualReminders
	}
	if rule.After, err = parseWait("remind-after", r.After); err == nil && r.After == "" {
		err = problem("remind-after", lang.Of("is missing: write how long after the invitation the first reminder follows, as in 3d"))
	}
	wrong.add(err)
	if rule.Every, err = parseWait("remind-every", r.Every); err == nil && r.Every == "" && rule.AtMost > 1 {
		err = problem("remind-every", lang.Of("is missing: write how long after a reminder the next one follows, as in 2d"))
	}
	wrong.add(err)
	if len(wrong) > 0 {
		return Rule{}, wrong
	}
	if r.Every == "" {
		rule.Every = rule.After
	}
	return rule, nil
}

func parseAtMost(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > mostReminders {
		return 0, problem("remind-at-most", lang.Of("%q is no number of reminders: from 0, which ends them, to %d", s, mostReminders))
	}
	return n, nil
}

var (
	waitForm = regexp.MustCompile(`^([1-9][0-9]{0,7})([smhd])$`)
	units    = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
)

func parseWait(setting, s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	m := waitForm.FindStringSubmatch(s)
	if m == nil {
		return 0, problem(setting, lang.Of("%q is no length of time: write 3d, 36h or 90m", s))
	}
	n, _ := strconv.ParseInt(m[1], 10, 64) // eight digits
	if d := time.Duration(n) * units[m[2]]; d <= longestWait {
		return d, nil
	}
	return 0, problem(setting, lang.Of("%q: at most 365d", s))
}

// Wait writes a length of time as people write it in [Reminders].
func Wait(d time.Duration) string {
	for _, unit := range []string{"d", "h", "m"} {
		if d > 0 && d%units[unit] == 0 {
			return strconv.FormatInt(int64(d/units[unit]), 10) + unit
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}
