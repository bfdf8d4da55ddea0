package hours

import (
	"errors"
	"testing"
	"time"
)

func TestReminders(t *testing.T) {
	const day = 24 * time.Hour
	for in, want := range map[Reminders]Rule{
		{"3d", "2d", "3"}:  {3 * day, 2 * day, 3},
		{"36h", "", ""}:    {36 * time.Hour, 36 * time.Hour, 1},
		{"90m", "30s", ""}: {90 * time.Minute, 30 * time.Second, 3},
		{"365d", "", "1"}:  {365 * day, 365 * day, 1},
		{"3d", "2d", "20"}: {3 * day, 2 * day, 20},
		{"", "", "0"}:      {},
	} {
		got, err := in.Parse()
		if err != nil || got != want {
			t.Errorf("%+v: %+v %v", in, got, err)
		}
		if again, err := (Reminders{Wait(got.After), Wait(got.Every), in.AtMost}).Parse(); got.AtMost > 0 && in.AtMost != "" && (err != nil || again != got) {
			t.Errorf("%+v, written again: %+v %v", in, again, err)
		}
	}
	for in, setting := range map[Reminders]string{
		{"", "2d", ""}:       "remind-after",
		{"3", "", ""}:        "remind-after",
		{"3 d", "", ""}:      "remind-after",
		{"-3d", "", ""}:      "remind-after",
		{"0d", "", ""}:       "remind-after",
		{"366d", "", ""}:     "remind-after",
		{"3d", "2 days", ""}: "remind-every",
		{"3d", "", "2"}:      "remind-every",
		{"3d", "2d", "21"}:   "remind-at-most",
		{"3d", "2d", "-1"}:   "remind-at-most",
		{"3d", "", "0"}:      "remind-at-most",
		{"", "", "many"}:     "remind-at-most",
	} {
		_, err := in.Parse()
		if p, ok := errors.AsType[*Problem](err); !ok || p.Setting != setting {
			t.Errorf("%+v: %v", in, err)
		}
	}
}
