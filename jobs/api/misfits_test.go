package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func pointersOf(all []Mistake) (list []string) {
	for _, m := range all {
		list = append(list, m.Pointer+" "+m.Message)
	}
	return list
}

// Everything of another type is named at once, in one envelope and in each of a campaign.
func TestAllThatDoesNotFit(t *testing.T) {
	s := newStack(t, nil)
	const bad = `{"id":1,"subject":true,"sobject":{"a":[1]},"meta":{"a":7},"documents":["a.pdf",7,{"name":1}],
		"signers":[{"order":1.5,"email":null,"stamp":{"page":"1"}},"x"],"fields":[],"options":{"certyneo":{"level":[1]}}}`
	want := []string{"#/id must be a string", "#/subject must be a string", "#/sobject is not a known field", "#/meta/a must be a string",
		"#/documents/1 must be an object", "#/documents/2/name must be a string", "#/signers/0/order must be a whole number",
		"#/signers/0/stamp/page must be a whole number", "#/signers/1 must be an object", "#/fields must be an object", "#/options/certyneo/level must be a string"}
	p := s.postJSON("/v1/campaigns/june/envelopes", bad).problem(t, http.StatusUnprocessableEntity)
	if got := pointersOf(p.Errors); !slices.Equal(got, want) || p.Count != len(want) {
		t.Errorf("%d: %s", p.Count, strings.Join(got, "\n"))
	}
	p = s.postJSON("/v1/campaigns", `{"campaign":"june","envelopes":[`+bad+`,{"signers":"x"}]}`).problem(t, http.StatusUnprocessableEntity)
	for i := range want {
		want[i] = strings.Replace(want[i], "#", "#/envelopes/0", 1)
	}
	want = append(want, "#/envelopes/1/signers must be a list")
	if got := pointersOf(p.Errors); !slices.Equal(got, want) || *p.Errors[len(want)-1].Index != 1 {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	p = s.postJSON("/v1/campaigns", `{"campaign":1,"skip_invalid":"true","first":"1","limit":5,"sheet":"x","envelopes":[]}`).problem(t, http.StatusUnprocessableEntity)
	want = []string{"#/campaign must be a string", "#/skip_invalid must be true or false", "#/first must be a whole number", "#/limit must be a string", "#/sheet is not a known field"}
	if got := pointersOf(p.Errors); !slices.Equal(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	p = s.postJSON("/v1/campaigns/june/envelopes/1/resolve", `{"sent":7,"not_sent":"x"}`).problem(t, http.StatusUnprocessableEntity)
	if len(p.Errors) != 2 {
		t.Errorf("%+v", p)
	}
	// What is no JSON is that, however much does not fit before it; and of many the first are listed.
	p = s.postJSON("/v1/campaigns/june/envelopes", `{"id":1,"subject":`).problem(t, http.StatusBadRequest)
	if len(p.Errors) != 1 || p.Errors[0].Message != "is not valid JSON" {
		t.Errorf("%+v", p)
	}
	many := make([]any, maxMembers)
	for i := range many {
		many[i] = map[string]any{"name": 1, "email": 1, "phone": 1, "document": 1, "birthdate": 1, "role": 1, "channel": 1, "auth": 1, "type": 1, "id_type": 1, "company": 1}
	}
	p = s.postJSON("/v1/campaigns/june/envelopes", map[string]any{"signers": many}).problem(t, http.StatusUnprocessableEntity)
	if p.Count != 11*maxMembers || len(p.Errors) != maxErrors {
		t.Errorf("%d, %d listed", p.Count, len(p.Errors))
	}
}

// Whoever's id is taken learns what differs, and where it stands.
func TestConflictsNameWhatDiffers(t *testing.T) {
	s := newStack(t, nil)
	one := envelopeJSON("1", pdf("a"))
	s.postJSON("/v1/campaigns/june/envelopes", one).want(t, http.StatusAccepted, nil)
	one["subject"] = "Another"
	p := s.postJSON("/v1/campaigns/june/envelopes", one).problem(t, http.StatusConflict)
	if len(p.Errors) != 1 || p.Errors[0].Pointer != "#/id" || !strings.HasSuffix(p.Errors[0].Message, ": other subject") || !strings.HasSuffix(p.Detail, ": other subject: choose another id") {
		t.Errorf("%+v", p)
	}
	body := map[string]any{"campaign": "june", "envelopes": []any{envelopeJSON("2", pdf("b")), one}}
	p = s.postJSON("/v1/campaigns", body).problem(t, http.StatusConflict)
	if m := p.Errors[0]; m.Pointer != "#/envelopes/1/id" || *m.Index != 1 {
		t.Errorf("%+v", p.Errors)
	}
	body["skip_invalid"] = true
	var got CampaignAccepted
	s.postJSON("/v1/campaigns", body).want(t, http.StatusAccepted, &got)
	if got.New != 1 || got.Rejected != 1 || len(got.Errors) != 1 || got.Errors[0].Pointer != "#/envelopes/1/id" || got.Errors[0].Index == nil || *got.Errors[0].Index != 1 {
		t.Errorf("%+v", got)
	}
	sheet := csvHead + csvRow("3", "a.pdf") + csvRow("1", "a.pdf")
	s.postForm("/v1/campaigns?skip_invalid=true", file{"file", "june.csv", sheet}, file{"d", "a.pdf", pdf("a")}).want(t, http.StatusAccepted, &got)
	if got.New != 1 || len(got.Errors) != 1 || got.Errors[0].Line != 3 || got.Errors[0].Cell != "A3" || got.Errors[0].ID != "1" {
		t.Errorf("%+v", got)
	}
}

// A misspelt field of an address is refused by routes that only look, too, and the one that is meant named.
func TestUnknownFieldsOfAddresses(t *testing.T) {
	s := enqueued(t, "1")
	for path, want := range map[string]string{"/v1/campaigns/june/envelopes?stat=sent": "did you mean state?", "/v1/campaigns?lim=3": "did you mean limit?", "/v1/campaigns/june?x=1": "there are none here"} {
		if p := s.get(path).problem(t, http.StatusBadRequest); !strings.Contains(p.Detail, want) {
			t.Errorf("%s: %s", path, p.Detail)
		}
	}
	if p := s.postJSON("/v1/campaigns/june/pause?dryrun=true", "").problem(t, http.StatusBadRequest); !strings.Contains(p.Detail, "did you mean dry_run?") {
		t.Error(p.Detail)
	}
}

// A client that leaves is no fault of the server.
func TestClientsThatLeave(t *testing.T) {
	s := enqueued(t, "1")
	ctx, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/v1/campaigns/june", nil)
	s.server.handler.ServeHTTP(httptest.NewRecorder(), r)
	for line := range bytes.Lines([]byte(s.log.String())) {
		var l struct {
			Msg, Level, Route string
			Status            int
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		if l.Route == "/v1/campaigns/{campaign}" {
			if l.Status != statusGone || l.Level != "DEBUG" {
				t.Errorf("%s", line)
			}
			return
		}
	}
	t.Error("nothing is logged")
}

// A document that nothing names is probably one that was forgotten, or is misspelt.
func TestDocumentsThatNothingNames(t *testing.T) {
	s := newStack(t, nil)
	form := []file{{"file", "june.csv", csvHead + csvRow("1", "a.pdf")}, {"d", "a.pdf", pdf("a")}}
	var got CampaignAccepted
	s.postForm("/v1/campaigns", append(form, file{"d", "x/b.pdf", pdf("b")}, file{"d", "c.pdf", pdf("c")})...).want(t, http.StatusAccepted, &got)
	if len(got.Warnings) != 1 || got.Warnings[0].Code != "unused_document" || got.Warnings[0].Field != "document" || !strings.HasSuffix(got.Warnings[0].Message, `: "c.pdf", "x/b.pdf"`) {
		t.Errorf("%+v", got.Warnings)
	}
	s.postForm("/v1/campaigns", form...).want(t, http.StatusAccepted, &got)
	if len(got.Warnings) != 0 {
		t.Errorf("%+v", got.Warnings)
	}
	e := envelopeJSON("2", "")
	e["documents"] = []any{"a.pdf"}
	var one struct{ Warnings []Warning }
	s.postForm("/v1/campaigns/june/envelopes", file{"envelope", "", marshal(t, e)}, file{"d", "a.pdf", pdf("a")}, file{"d", "b.pdf", pdf("b")}).want(t, http.StatusAccepted, &one)
	if !slices.Equal(codesOf(one.Warnings), []string{"unused_document"}) {
		t.Errorf("%+v", one.Warnings)
	}
}
