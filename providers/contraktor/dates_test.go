package contraktor

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

func TestDatesAndTags(t *testing.T) {
	for _, c := range []struct {
		options map[string]string
		want    string // body of the PATCH; empty: none is made
		wrong   string // the column
	}{
		{map[string]string{"tags": "lease, 2026,"}, "", ""},
		{map[string]string{"begin_date": "01/12/2026", "end_date": "2027-11-30", "due_notice": "0"}, `{"contract":{"begin_date":"2026-12-01","end_date":"2027-11-30","due_notice":0}}`, ""},
		{map[string]string{"begin_date": "2026-12-01"}, `{"contract":{"begin_date":"2026-12-01"}}`, ""},
		{map[string]string{"begin_date": "2026-12-01", "end_date": "2026-11-30"}, `{"contract":{"begin_date":"2026-12-01","end_date":"2026-11-30"}}`, "contraktor.end_date"},
		{map[string]string{"due_notice": "30"}, `{"contract":{"due_notice":30}}`, "contraktor.due_notice"},
		{map[string]string{"end_date": "soon"}, "", "contraktor.end_date"},
	} {
		e := providers.Envelope{Provider: Name, Options: map[string]map[string]string{Name: c.options}}
		var problems providers.Problems
		d, given := readDates(e, &problems)
		body, err := json.Marshal(datesRequest{d})
		if err != nil || given != (c.want != "") || given && string(body) != c.want {
			t.Errorf("%v: %s, %v", c.options, body, given)
		}
		if err := problems.Err(); (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%v: %v", c.options, err)
		}
	}
	e := providers.Envelope{Provider: Name, Options: map[string]map[string]string{Name: {"tags": "lease, 2026,"}}}
	b, err := json.Marshal(contractRequest{contractFields{Title: "Lease", Classifier: tags(e)}})
	if want := `"classifier":["lease","2026"]`; err != nil || !strings.Contains(string(b), want) {
		t.Errorf("%s has no %s", b, want)
	}
}
