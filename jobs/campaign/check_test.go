package campaign

import (
	"reflect"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

func TestCheckCountsAndWeighs(t *testing.T) {
	file := write(t, "june.csv", head+line("1")+line("2")+"3,sdoc,Contract,a.pdf|b.pdf,Ana,ana@example.com\n4,sdoc,,a.pdf,Ana,ana\n")
	missing := file + ".none"
	var got []string
	summary, err := Check(t.Context(), []string{missing, file, write(t, "empty.csv", head)}, Options{Document: anyDocument}, func(p Problem) { got = append(got, p.Message.String()) })
	if err != nil {
		t.Fatal(err)
	}
	want := Summary{Files: 3, Rows: 4, Good: 3, Bad: 1, Problems: 4, Refused: 2, Providers: map[string]Load{"certyneo": {2, 14}, "sdoc": {1, 8}}}
	if !reflect.DeepEqual(summary, want) || summary.OK() {
		t.Errorf("got  %+v\nwant %+v", summary, want)
	}
	if messages := []string{"no such file or directory", "is required", "is not an e-mail address such as name@example.com", "has a header but no rows"}; !reflect.DeepEqual(got, messages) {
		t.Errorf("%q", got)
	}
	summary, err = Check(t.Context(), []string{write(t, "june.csv", head+line("1"))}, Options{
		Document: anyDocument, Calls: func(providers.Envelope) int { return 3 },
	}, func(p Problem) { t.Error(p) })
	if err != nil || !summary.OK() || summary.Providers["certyneo"] != (Load{1, 3}) {
		t.Errorf("%v %+v", err, summary)
	}
}

func TestEstimate(t *testing.T) {
	certyneo := providers.Rate{Requests: 100, Per: time.Minute, Burst: 200}
	for calls, want := range map[int]time.Duration{0: 0, 200: 0, 201: 600 * time.Millisecond, 300: time.Minute, 1_000_200: 10_000 * time.Minute} {
		if got := Estimate(calls, certyneo); got != want {
			t.Errorf("%d calls take %v, want %v", calls, got, want)
		}
	}
}

func TestProblemString(t *testing.T) {
	for want, p := range map[string]Problem{
		"a.csv:9:1: row 7: too long":      {File: "a.csv", Line: 9, Column: 1, Row: 7, Message: lang.Plain("too long")},
		"a.xlsx: id (B3): is required":    {File: "a.xlsx", Line: 3, Row: 3, Cell: "B3", Name: "id", Message: lang.Plain("is required")},
		"a.csv:3:7: id (B3): is required": {File: "a.csv", Line: 3, Column: 7, Row: 3, Cell: "B3", Name: "id", Message: lang.Plain("is required")},
		"a.csv:3:7: B3: the quote":        {File: "a.csv", Line: 3, Column: 7, Row: 3, Cell: "B3", Message: lang.Plain("the quote")},
		"a.csv: the file is empty":        {File: "a.csv", Message: lang.Plain("the file is empty")},
	} {
		if p.String() != want {
			t.Errorf("got %q, want %q", p, want)
		}
	}
}
