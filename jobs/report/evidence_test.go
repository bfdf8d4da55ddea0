package report

import (
	"encoding/json"
	"testing"

	"github.com/chancela/chancela/storage/ledger"
)

func TestReportTellsWhatTheEvidenceSays(t *testing.T) {
	rep, err := Of(&ledger.Record{Campaign: "june", ID: "1", Provider: "qisign", State: ledger.Archived,
		Envelope: []byte(`{"signers":[{"name":"Ana"},{"name":"Bia"}]}`),
		Evidence: []byte(`[{"id":"2","biometry":{"fraud_base_flag":true},"liveness":{"result":"spoof"},"document":{"face_match_score":41.5},"odd":["spoof","face_match<60"]},{"id":"9","odd":["spoof"]},{"id":3},7]`)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal([]any{rep.Odd, rep.Signers[0].Biometry, rep.Signers[1].Biometry})
	want := `[["signer2: spoof","signer2: face_match\u003c60"],null,{"fraud_base_flag":true,"liveness":"spoof","face_match_score":41.5}]`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}
