package jobs

import (
	"errors"
	"fmt"
	"testing"
)

func TestOfManyRefusalsSomeAreNamed(t *testing.T) {
	var r Result
	for i := range 3 * maxIDs {
		r.refused(fmt.Sprint(i), notNow("archived", "archived already"))
	}
	if len(r.Refused) != 1 || r.Refused[0].Envelopes != 3*maxIDs || len(r.Refused[0].IDs) != maxIDs || !errors.Is(r.Err(), ErrNotNow) {
		t.Errorf("%+v", r.Refused[0])
	}
}
