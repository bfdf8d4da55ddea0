package rest

import (
	"encoding/json"
	"testing"
	"time"
)

func TestMoment(t *testing.T) {
	at := time.Date(2025, 1, 2, 10, 5, 1, 0, time.UTC)
	for text, want := range map[string]Moment{
		`null`: {}, `""`: {}, `"soon"`: {Set: true},
		`"9999-12-31T23:59:59-03:00"`: {Set: true}, `"0000-12-31T00:00:00Z"`: {Set: true}, // for "never": kept, they could not be written
		`"2025-01-02T10:05:01Z"`:        {Time: at, Set: true},
		`"2025-01-02T07:05:01-03:00"`:   {Time: at, Set: true},
		`"2025-01-02T10:05:01"`:         {Time: at, Set: true},
		`"2025-01-02T10:05:01.123456"`:  {Time: at.Add(123456 * time.Microsecond), Set: true},
		`"2025-01-02T10:05:01.123456Z"`: {Time: at.Add(123456 * time.Microsecond), Set: true},
	} {
		m := Moment{Time: at, Set: true}
		if err := json.Unmarshal([]byte(text), &m); err != nil || m != want {
			t.Errorf("%s: %+v, %v; want %+v", text, m, err, want)
		}
	}
	if err := json.Unmarshal([]byte(`7`), new(Moment)); err == nil {
		t.Error("a number is taken for a time")
	}
}
