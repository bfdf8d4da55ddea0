package api

import (
	"net/http"
	"testing"
	"time"
)

func TestCampaignWithHours(t *testing.T) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	opens := time.Date(time.Now().Year()+1, 2, 1, 9, 0, 0, 0, zone)
	s := newStack(t, func(c *Config) { c.Zone = zone })
	form := []file{{"file", "june.csv", csvHead + csvRow("1", "a.pdf")}, {"d", "a.pdf", pdf("a")}}
	p := s.postForm("/v1/campaigns", append(form, file{"start_at", "", "soon"})...).problem(t, http.StatusUnprocessableEntity)
	if len(p.Errors) != 1 || p.Errors[0].Field != "start_at" {
		t.Errorf("%+v", p)
	}
	s.get("/v1/campaigns/june").problem(t, http.StatusNotFound)

	var got CampaignAccepted
	s.postForm("/v1/campaigns", append(form, file{"start_at", "", opens.Format("2006-01-02 15:04")}, file{"limit", "", "5/day"})...).want(t, http.StatusAccepted, &got)
	if h := got.Hours; h == nil || h.Limit != "5/day" || h.HeldUntil == nil || !h.HeldUntil.Equal(opens) {
		t.Errorf("%+v", h)
	}
	body := map[string]any{"campaign": "june", "envelopes": []any{envelopeJSON("2", pdf("b"))}}
	s.postJSON("/v1/campaigns?window=always", body).want(t, http.StatusAccepted, &got)
	if got.Hours != nil || got.Total != 2 {
		t.Errorf("%+v", got)
	}
}

func TestFirstOfACampaign(t *testing.T) {
	s := newStack(t, nil)
	form := []file{{"file", "june.csv", csvHead + csvRow("1", "a.pdf") + csvRow("2", "b.pdf")}, {"d", "a.pdf", pdf("a")}, {"d", "b.pdf", pdf("b")}}
	for _, first := range []string{"0", "-1", "all", "99999999999999999999"} {
		p := s.postForm("/v1/campaigns?first="+first, form...).problem(t, http.StatusUnprocessableEntity)
		if len(p.Errors) != 1 || p.Errors[0].Field != "first" {
			t.Errorf("%s: %+v", first, p)
		}
	}
	var got CampaignAccepted
	s.postForm("/v1/campaigns", append(form, file{"first", "", "1"})...).want(t, http.StatusAccepted, &got)
	if len(got.Halts) != 1 || got.Halts[0].First != 1 || got.Halts[0].Waiting != 2 {
		t.Errorf("%+v", got.Halts)
	}
}
