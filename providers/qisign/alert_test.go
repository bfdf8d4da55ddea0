package qisign

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

func TestAlertMarksWhatItsRuleSays(t *testing.T) {
	alert, err := parseAlert("fraud_base_flag, spoof,face_match<60,no_face")
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{alert: alert}
	for blocks, want := range map[string][]string{
		`"biometry":{"face_validation_available":true,"fraud_base_flag":false,"face_validation_score":88},"liveness":{"result":"live"},"document":{"face_match_score":60}`: nil,
		`"biometry":{"face_validation_available":false,"fraud_base_flag":true},"liveness":{"result":"spoof"},"document":{"face_match_score":59}`:                           {"fraud_base_flag", "spoof", "face_match<60", "no_face"},
		`"biometry":"?","liveness":{"result":"spoof"}`:             {"spoof"},
		`"biometry":null,"liveness":7,"document":{"face_match":1}`: nil,
	} {
		got := providers.ReadEvidence([]byte(`[{"id":"2",` + blocks + `}]`))
		if len(got) != 1 || got[0].Signer != 1 || !slices.Equal(p.odd(got[0].Biometry), want) {
			t.Errorf("%s: %+v, want %v", blocks, got, want)
		}
	}
}

func TestBadAlertSaysWhere(t *testing.T) {
	for rule, at := range map[string]int{"spooof": 1, "spoof, face_match": 8, "spoof,,no_face": 7, "face_match<sixty": 1, "score<1": 1, "face_match<NaN": 1} {
		if _, err := parseAlert(rule); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("CHANCELA_QISIGN_ALERT: at character %d: ", at)) {
			t.Errorf("%q: %v", rule, err)
		}
	}
}
