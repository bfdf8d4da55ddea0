package hours

import (
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/br"
)

var brazil = func() *cal.Calendar {
	c := &cal.Calendar{}
	c.AddHoliday(br.Holidays...)
	// National since Lei 14.759 of 2023, which the library does not know.
	c.AddHoliday(&cal.Holiday{Name: "Consciência Negra", Month: time.November, Day: 20, StartYear: 2024, Func: cal.CalcDayOfMonth})
	return c
}()

// holiday tells whether a day is a national holiday of Brazil, or Carnival's Tuesday or Corpus
// Christi, when its offices are closed, too.
func holiday(day time.Time) bool {
	actual, observed, _ := brazil.IsHoliday(day)
	return actual || observed
}
