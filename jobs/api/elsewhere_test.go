package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs"
)

// Who sends the same documents to the same people under another campaign's name is told
// so, and a key learns of its own campaigns only.
func TestSamePeopleAndDocumentsInAnotherCampaign(t *testing.T) {
	s := keyed(t, nil)
	s.key = "key-of-all"
	first := s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON("1", pdf("a"))).want(t, http.StatusAccepted, nil)
	if !contains(first.body, `"elsewhere":[]`) || !contains(first.body, `"artifacts":[]`) {
		t.Errorf("%s", first.body)
	}
	s.postJSON("/v1/campaigns/hr-june/envelopes", envelopeJSON("1", pdf("a"))).want(t, http.StatusAccepted, nil)

	one := func(campaign, id, content string, status int, want ...Elsewhere) {
		t.Helper()
		var got struct {
			jobs.Report
			Elsewhere []Elsewhere
		}
		r := s.postJSON("/v1/campaigns/"+campaign+"/envelopes", envelopeJSON(id, content)).want(t, status, &got)
		if !slices.Equal(got.Elsewhere, want) || got.Campaign != campaign || got.ID != id || got.State == "" {
			t.Errorf("want %v: %s", want, r.body)
		}
	}
	one("july", "other-id", pdf("a"), http.StatusAccepted, Elsewhere{"hr-june", 1}, Elsewhere{"june", 1})
	one("july", "other-id", pdf("a"), http.StatusOK) // it is this campaign's own by now
	one("july", "other-id.0", pdf("a"), http.StatusAccepted, Elsewhere{"july", 1})
	one("july", "2", pdf("b"), http.StatusAccepted)
	s.key = "key-of-hr"
	one("hr-july", "1", pdf("a"), http.StatusAccepted, Elsewhere{"hr-june", 1})

	all := func(campaign string, want ...Elsewhere) {
		t.Helper()
		var got CampaignAccepted
		r := s.postJSON("/v1/campaigns", map[string]any{"campaign": campaign, "envelopes": []any{
			envelopeJSON("7", pdf("a")), envelopeJSON("8", pdf("b")), envelopeJSON("9", pdf("c"))}}).want(t, http.StatusAccepted, &got)
		if !slices.Equal(got.Elsewhere, want) || got.New != 3 {
			t.Errorf("want %v: %s", want, r.body)
		}
		if len(want) == 0 && !contains(r.body, `"elsewhere":[]`) {
			t.Errorf("%s", r.body)
		}
	}
	all("hr-august", Elsewhere{"hr-july", 1}, Elsewhere{"hr-june", 1})
	s.key = "key-of-all"
	all("august", Elsewhere{"hr-august", 3}, Elsewhere{"july", 2}, Elsewhere{"hr-july", 1}, Elsewhere{"hr-june", 1}, Elsewhere{"june", 1})
}

func TestElsewhereOfFiles(t *testing.T) {
	s := newStack(t, nil)
	parts := func(name string) []file {
		return []file{{"file", name, csvHead + csvRow("1", "a.pdf") + csvRow("2", "a.pdf")}, {"d", "a.pdf", pdf("a")}}
	}
	var got CampaignAccepted
	s.postForm("/v1/campaigns", parts("june.csv")...).want(t, http.StatusAccepted, &got)
	if len(got.Elsewhere) != 0 {
		t.Errorf("%+v", got)
	}
	s.postForm("/v1/campaigns", parts("june (2).csv")...).want(t, http.StatusAccepted, &got)
	if !slices.Equal(got.Elsewhere, []Elsewhere{{"june", 2}}) {
		t.Errorf("%+v", got)
	}
	other := strings.NewReplacer("1,certyneo", "1.0,certyneo", "2,certyneo", "2.0,certyneo") // as a program saves numbers
	s.postForm("/v1/campaigns", file{"file", "june.csv", csvHead + other.Replace(csvRow("1", "a.pdf")+csvRow("2", "a.pdf"))}, file{"d", "a.pdf", pdf("a")}).want(t, http.StatusAccepted, &got)
	if !slices.Equal(got.Elsewhere, []Elsewhere{{"june", 2}}) || !slices.ContainsFunc(got.Warnings, func(w Warning) bool {
		return w.Code == "elsewhere" && w.Envelopes == 2 && w.Field == "id" && strings.Contains(w.Message, "under other ids")
	}) {
		t.Errorf("%+v", got)
	}
}

// The same people with the same documents twice in one request are told, and nothing is
// refused for it.
func TestSamePeopleAndDocumentsTwiceInOneRequest(t *testing.T) {
	s := newStack(t, nil)
	again := strings.NewReplacer("2,certyneo", "3,certyneo").Replace(csvRow("2", "a.pdf"))
	var got CampaignAccepted
	s.postForm("/v1/campaigns", file{"file", "june.csv", csvHead + csvRow("1", "a.pdf") + csvRow("2", "a.pdf") + again}, file{"d", "a.pdf", pdf("a")}).want(t, http.StatusAccepted, &got)
	want := Mistake{Line: 4, Column: 1, Cell: "A4", ID: "3", Field: "id",
		Message: "asks the same people to sign the same documents as line 3 of the file: remove one of the two rows, unless both are meant"}
	if !slices.Equal(got.Repeated, []Mistake{want}) || got.New != 3 {
		t.Errorf("%+v", got)
	}
	got = CampaignAccepted{}
	s.postJSON("/v1/campaigns", map[string]any{"campaign": "july", "envelopes": []any{envelopeJSON("1", pdf("a")), envelopeJSON("2", pdf("b")), envelopeJSON("3", pdf("a"))}}).
		want(t, http.StatusAccepted, &got)
	if len(got.Repeated) != 1 || *got.Repeated[0].Index != 2 || got.Repeated[0].Pointer != "#/envelopes/2/id" || !contains([]byte(got.Repeated[0].Message), "as envelope 0: ") {
		t.Errorf("%+v", got.Repeated)
	}
}
