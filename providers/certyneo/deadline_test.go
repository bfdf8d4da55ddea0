package certyneo

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

// TestTheLastDayIsTheSenders: expiresAt is the last second of the day in the zone of the
// sender's days. In UTC an envelope for today would go out in the evening as one that nobody
// can sign.
func TestTheLastDayIsTheSenders(t *testing.T) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	evening := time.Date(2026, 6, 2, 1, 30, 0, 0, time.UTC) // 22:30 of June 1st there
	for expires, want := range map[providers.Expiry]string{
		{Date: "2026-06-01"}: "2026-06-02T02:59:59Z",
		{Days: 30}:           "2026-07-02T02:59:59Z",
	} {
		f, p := newFake(t)
		var got draft
		f.Routes["POST /documents"] = func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"id":"doc_1"}`) }
		f.Routes["POST /envelopes"] = func(w http.ResponseWriter, r *http.Request) {
			f.Decode(r, &got)
			io.WriteString(w, `{"id":"env_1","status":"DRAFT"}`)
		}
		e := envelope1()
		e.Expires = expires
		job := fake.NewJob(e, file1)
		job.Accepted, job.Zone, job.Now = evening, zone, func() time.Time { return evening }
		if err := p.Prepare(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		if got.ExpiresAt != want {
			t.Errorf("%v: expiresAt %s, want %s", expires, got.ExpiresAt, want)
		}
	}
}

// TestNothingIsMadeAfterTheLastDay: a draft that has expired is none to be asked for.
func TestNothingIsMadeAfterTheLastDay(t *testing.T) {
	f, p := newFake(t)
	e := envelope1()
	e.Expires.Date = "2026-06-01"
	job := fake.NewJob(e, file1)
	job.Now = func() time.Time { return time.Date(2026, 6, 2, 0, 0, 0, 0, time.UTC) }
	err := p.Prepare(t.Context(), job)
	if providers.CodeOf(err) != providers.CodeExpired || providers.KindOf(err) != providers.Invalid || len(f.Called()) > 0 {
		t.Errorf("got %v after %q", err, f.Called())
	}
}
