package ledger

import (
	"errors"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnOutageIsSaidOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o Outages
		loud := func(err error) bool { return o.Level(err) == slog.LevelWarn }
		if !loud(io.EOF) || loud(io.EOF) || loud(io.EOF) {
			t.Error("an outage is not said, or said for everything that fails by it")
		}
		if !loud(errors.New("ERR a script is wrong")) {
			t.Error("what is no outage is hidden by one")
		}
		time.Sleep(outageSaid)
		if !loud(io.EOF) || loud(io.EOF) {
			t.Error("an outage that lasts is not said again")
		}
	})
}
