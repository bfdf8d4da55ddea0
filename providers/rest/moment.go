package rest

import (
	"encoding/json"
	"time"
)

// Moment is a time in an answer. It may be null, missing or empty, with or without a
// fraction of a second, and without a zone: no reference says which one is meant then, so
// it is read as UTC (our choice), and no decision may rest on it. What cannot be read as a
// time has Set and no Time.
type Moment struct {
	time.Time
	Set bool
}

// UnmarshalJSON reads null and texts; anything else is an error.
func (m *Moment) UnmarshalJSON(b []byte) error {
	*m = Moment{}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	m.Set = s != ""
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil { // a fraction is read where none is in the layout
			if year := t.UTC().Year(); year > 0 && year < 10_000 { // others cannot be written as JSON
				m.Time = t.UTC()
			}
			break
		}
	}
	return nil
}
