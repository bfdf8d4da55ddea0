package providers

import (
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/chancela/chancela/providers/lang"
)

// ErrDate says that nothing is known of what is wrong with a date.
var ErrDate = lang.Errorf("is not a date such as 2026-12-31 or 31/12/2026")

var (
	dayNumber = regexp.MustCompile(`^[0-9]{5}([.,][0-9]+)?$`)
	shortYear = regexp.MustCompile(`^[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2}$`)
	withTime  = regexp.MustCompile(`^[0-9/-]{8,10}[T ][0-9]{1,2}:`)
)

// ParseDate reads both forms that people write. Others are refused: 05/04/26 and 30819
// are days that a program has hidden, and guessing would move a deadline or a birthday.
func ParseDate(s string) (time.Time, error) {
	s = Trim(WithoutHollow(s))
	s = strings.Map(func(r rune) rune {
		if Dash(r) && r != '\u00AD' {
			return '-'
		}
		return r
	}, strings.TrimPrefix(s, "'"))
	for _, layout := range []string{time.DateOnly, "02/01/2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	switch {
	case dayNumber.MatchString(s):
		return time.Time{}, lang.Errorf("this is a spreadsheet's number of a day, give the column the format Text and enter the date again")
	case shortYear.MatchString(s):
		return time.Time{}, lang.Errorf("write the year with four digits")
	case withTime.MatchString(s):
		return time.Time{}, lang.Errorf("leave the time of day out")
	}
	for i, r := range []rune(s) {
		if r > unicode.MaxASCII {
			return time.Time{}, lang.Errorf("character %d is %s", i+1, Character(r))
		}
	}
	return time.Time{}, ErrDate
}
