package intake

import (
	"errors"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// expiry accepts today as the last day.
func (c *checker) expiry(x *providers.Expiry) {
	switch {
	case x.IsZero():
	case x.Days != 0 && x.Date != "":
		c.add("expires", "must be a date or a number of days, not both")
	case x.Days != 0:
		if x.Days < 1 || x.Days > maxDays {
			c.add("expires", "must be 1d to %dd", maxDays)
		}
	default:
		day, err := providers.ParseDate(x.Date)
		if err != nil {
			c.add("expires", "must be a date such as 2030-12-31 or 31/12/2030, or days such as 30d%v", because(err))
			return
		}
		x.Date = day.Format(time.DateOnly)
		year, month, dayOfMonth := c.now.Date()
		if today := time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC); day.Before(today) {
			c.add("expires", "%s is in the past: give a later date, or days such as 30d", x.Date)
		} else if day.After(today.AddDate(0, 0, maxDays)) {
			c.add("expires", "%s is more than %d days away", x.Date, maxDays)
		}
	}
}

func (c *checker) birthdate(field string, s *providers.Signer) {
	if s.Birthdate = providers.Trim(s.Birthdate); s.Birthdate == "" || c.endless(field, s.Birthdate, maxIdentifier) {
		return
	}
	day, err := providers.ParseDate(s.Birthdate)
	switch {
	case err != nil:
		c.add(field, "must be a date such as 1980-12-31 or 31/12/1980%v", because(err))
	case day.After(c.now):
		c.add(field, "is in the future")
	case day.Year() < 1900 && !s.IsCompany(): // a company's is its founding date
		c.add(field, "is before 1900")
	default:
		s.Birthdate = day.Format(time.DateOnly)
	}
}

// NoExpiry says why a value is no last day.
func NoExpiry(value string) lang.Text {
	_, err := providers.ParseDate(value)
	if err == nil {
		err = providers.ErrDate
	}
	return lang.Of("must be a date such as 2030-12-31 or 31/12/2030, or days such as 30d (1d to 3650d)%v", because(err))
}

// because adds what is known of a mistake to the words for what was expected.
func because(err error) lang.Text {
	if errors.Is(err, providers.ErrDate) {
		return lang.Plain("")
	}
	return lang.Of(": %v", err)
}
