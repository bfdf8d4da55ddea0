package api

import (
	"net/http"
	"testing"
)

func TestCampaignWithReminders(t *testing.T) {
	s := newStack(t, nil)
	form := []file{{"file", "june.csv", csvHead + csvRow("1", "a.pdf")}, {"d", "a.pdf", pdf("a")}}
	p := s.postForm("/v1/campaigns", append(form, file{"remind_after", "", "soon"})...).problem(t, http.StatusUnprocessableEntity)
	if len(p.Errors) != 1 || p.Errors[0].Field != "remind_after" {
		t.Errorf("%+v", p)
	}
	if p := s.postForm("/v1/campaigns", append(form, file{"remind_after", "", "soon"}, file{"window", "", "soon"}, file{"limit", "", "5"}, file{"first", "", "x"})...).problem(t, http.StatusUnprocessableEntity); len(p.Errors) != 4 {
		t.Errorf("%+v", p)
	}
	s.get("/v1/campaigns/june").problem(t, http.StatusNotFound)

	var got CampaignAccepted
	s.postForm("/v1/campaigns?remind_at_most=9", append(form, file{"remind_after", "", "3d"}, file{"remind_every", "", "2d"})...).want(t, http.StatusAccepted, &got)
	if r := got.Reminders; r == nil || r.After != "3d" || r.Every != "2d" || r.AtMost != 9 || r.Next != nil {
		t.Errorf("%+v", r)
	}
	body := map[string]any{"campaign": "june", "envelopes": []any{envelopeJSON("2", pdf("b"))}}
	s.postJSON("/v1/campaigns?remind_at_most=0", body).want(t, http.StatusAccepted, &got)
	if got.Reminders != nil {
		t.Errorf("%+v", got.Reminders)
	}
}
