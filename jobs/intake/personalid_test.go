package intake

import (
	"testing"

	"github.com/chancela/chancela/providers"
)

func TestPersonalID(t *testing.T) {
	for id, want := range map[string]bool{"52998224725": true, "529.982.247-25": true, "CT-11144477735": true, "111.444.777-35-2026": true,
		"CT-52998224725": false, "2026-101": false, "52998224726": false, "": false} {
		e := providers.Envelope{ID: id, Signers: []providers.Signer{{Document: "111.444.777-35"}, {}}}
		if PersonalID(e) != want {
			t.Errorf("%q is %t", id, !want)
		}
	}
}
