package catalisa

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

func isIn(status, signers string) string {
	return `{"data":{"type":"signature-request","id":"` + requestID + `","attributes":{"status":"` + status + `"},"relationships":{"signers":{"data":[` + signers + `]}}}}`
}

// Only DRAFT, SENT, VIEWED and PARTIALLY_SIGNED may be cancelled (reference §6, §7.5): no other
// is asked for it.
func TestCancelsOnlyWhatMayBe(t *testing.T) {
	for status, want := range map[string]struct {
		calls int
		kind  providers.ErrorKind
	}{
		"DRAFT": {1, ""}, "SENT": {1, ""}, "VIEWED": {1, ""}, "PARTIALLY_SIGNED": {1, ""}, "CANCELLED": {0, ""},
		"COMPLETED": {0, providers.Invalid}, "DECLINED": {0, providers.Invalid}, "EXPIRED": {0, providers.Invalid},
	} {
		s := newServer(t, map[string]http.HandlerFunc{
			"GET " + oneRoute:              answers(200, isIn(status, "")),
			"POST " + oneRoute + "/cancel": answers(200, isIn("CANCELLED", "")),
		})
		err := newProvider(t, s).Cancel(t.Context(), providers.Ref{ID: requestID})
		if n := s.Count("POST " + oneRoute + "/cancel"); n != want.calls || (err == nil) != (want.kind == "") {
			t.Errorf("%s: %d calls, %v", status, n, err)
		} else if err != nil {
			fake.WantKind(t, err, want.kind, providers.CodeEnded)
		}
	}
}

// Nobody is mailed about a request that has ended, one who is not waited for, or one whose turn
// has not come.
func TestRemindsOnlyWhoIsWaitedFor(t *testing.T) {
	const resend = "POST " + oneRoute + "/resend"
	signer := func(order int, email, status string) string {
		return fmt.Sprintf(`{"attributes":{"name":"A","email":"%s","order":%d,"status":"%s"}}`, email, order, status)
	}
	first := func(status string) string { return signer(1, "livia@example.test", status) }
	second := "," + signer(2, "caio@example.test", "PENDING")
	for name, c := range map[string]struct {
		answer   string
		all, two string // the codes of both calls; empty: the mail goes out
	}{
		"completed":       {isIn("COMPLETED", first("SIGNED")+second), "ended", "ended"},
		"expired":         {isIn("EXPIRED", first("SENT")+second), "ended", "ended"},
		"cancelled":       {isIn("CANCELLED", first("SENT")+second), "ended", "ended"},
		"declined":        {isIn("DECLINED", first("DECLINED")+second), "ended", "ended"},
		"draft":           {isIn("DRAFT", first("PENDING")+second), "ended", "ended"},
		"all have signed": {isIn("PARTIALLY_SIGNED", first("SIGNED")), "not_pending", "not_pending"},
		"not its turn":    {isIn("SENT", first("SENT")+second), "", "not_pending"},
		"its turn":        {isIn("PARTIALLY_SIGNED", first("SIGNED")+second), "", ""},
	} {
		s := newServer(t, map[string]http.HandlerFunc{"GET " + oneRoute: answers(200, c.answer), resend: answers(200, `{"message":"Signature request resent successfully"}`)})
		p, ref, want := newProvider(t, s), providers.Ref{ID: requestID}, 0
		for code, err := range map[string]error{
			"all:" + c.all: p.Remind(t.Context(), ref, fake.Always),
			"two:" + c.two: p.RemindSigner(t.Context(), ref, "caio@example.test", fake.Always),
		} {
			if _, code, _ = strings.Cut(code, ":"); code == "" {
				want++
			}
			if providers.CodeOf(err) != code || (err == nil) != (code == "") {
				t.Errorf("%s: %v, want %q", name, err, code)
			}
		}
		if n := s.Count(resend); n != want {
			t.Errorf("%s: %d reminders, want %d", name, n, want)
		}
	}
}

// A conflict may be with the request of an earlier try: it is looked for before the envelope is
// given up.
func TestAConflictIsLookedInto(t *testing.T) {
	const none, ours = `{"data":[]}`, `{"data":[{"id":"` + requestID + `","attributes":{"businessId":"june/07","status":"SENT"}}]}`
	for body, want := range map[string]providers.ErrorKind{none: providers.Invalid, ours: providers.Ambiguous, `{}`: providers.Ambiguous} {
		s := newServer(t, map[string]http.HandlerFunc{"POST " + requests: answers(409, `{"code":"CONFLICT"}`), "GET " + requests: answers(200, body)})
		fake.WantKind(t, newProvider(t, s).Invite(t.Context(), newJob(lease(), func() {})), want, "CONFLICT")
	}
}

// A request that is only a draft has invited nobody, and may be sent yet: neither is claimed.
func TestADraftIsNotAnInvitation(t *testing.T) {
	item := func(id, status string) string {
		return `{"id":"` + id + `","attributes":{"businessId":"june/07","status":"` + status + `"}}`
	}
	s := newServer(t, map[string]http.HandlerFunc{"POST " + requests: answers(201, isIn("DRAFT", "")), "GET " + requests: answers(200, `{"data":[`+item("a", "DRAFT")+`]}`)})
	p, job := newProvider(t, s), newJob(lease(), func() {})
	fake.WantKind(t, p.Invite(t.Context(), job), providers.Ambiguous, "draft")
	outcome, err := p.Settle(t.Context(), job)
	fake.WantKind(t, err, providers.Transient, "draft")
	if outcome != providers.Unknown {
		t.Error(outcome)
	}
	s.Answer("GET "+requests, 200, `{"data":[`+item("a", "DRAFT")+`,`+item("b", "SENT")+`]}`)
	if outcome, err := p.Settle(t.Context(), job); err != nil || outcome != providers.Invited || job.Ref.ID != "b" {
		t.Errorf("%s %s, %v", outcome, job.Ref.ID, err)
	}
}

// 403 is a missing permission, which is named, or another organization's resource (reference
// §4.2): the latter is one row's, whose configuration or template it is.
func TestForbiddenIsOfTheRowThatNamesAResource(t *testing.T) {
	for _, c := range []struct {
		config, message string
		want            providers.ErrorKind
	}{
		{"", "Access denied", providers.Denied},
		{"2d0c7d0e-6a3f-4d55-8a57-1f6a4b0c9e01", "Access denied", providers.Invalid},
		{"2d0c7d0e-6a3f-4d55-8a57-1f6a4b0c9e01", "Missing permission: ESIGNATURE_CREATE", providers.Denied},
	} {
		s := newServer(t, map[string]http.HandlerFunc{"POST " + requests: answers(403, `{"code":"FORBIDDEN","message":"`+c.message+`","statusCode":403}`)})
		env := lease()
		env.Options[Name]["config_id"] = c.config
		fake.WantKind(t, newProvider(t, s).Invite(t.Context(), newJob(env, func() {})), c.want, "FORBIDDEN")
	}
}

// The days are counted when the request is made: one that was held back for a week does not
// end a week later than asked for, nor is one refused whose last day is tomorrow where it is sent.
func TestDaysAreThoseThatAreLeft(t *testing.T) {
	saoPaulo := time.FixedZone("-03", -3*60*60)
	for _, c := range []struct {
		now  time.Time
		want int // 0: too late
	}{
		{time.Date(2026, 6, 1, 12, 0, 0, 0, saoPaulo), 9},
		{time.Date(2026, 6, 8, 12, 0, 0, 0, saoPaulo), 2},
		{time.Date(2026, 6, 9, 23, 0, 0, 0, saoPaulo), 1}, // in UTC it is the 10th
		{time.Date(2026, 6, 10, 8, 0, 0, 0, saoPaulo), 0},
	} {
		s := newServer(t, map[string]http.HandlerFunc{"POST " + requests: answers(201, made)})
		env := lease()
		env.Expires = providers.Expiry{Date: "2026-06-10"}
		job := newJob(env, func() {})
		job.Now, job.Zone = func() time.Time { return c.now }, saoPaulo
		job.Ref.Steps["expires_in_days"] = "10" // as it was when the envelope was prepared
		err := newProvider(t, s).Invite(t.Context(), job)
		if c.want == 0 {
			fake.WantKind(t, err, providers.Invalid, providers.CodeExpired)
			if len(s.Called()) != 0 {
				t.Errorf("%s: %q", c.now, s.Called())
			}
		} else if err != nil || !strings.Contains(s.Bodies("POST " + requests)[0], fmt.Sprintf(`"expiresInDays":%d,`, c.want)) {
			t.Errorf("%s: %v, sent %s", c.now, err, s.Bodies("POST "+requests))
		}
	}
}

// A token service that says when to come back is not asked before, by nobody.
func TestTokensKeepToRetryAfter(t *testing.T) {
	s := newServer(t, nil)
	s.Routes["POST /oauth/token"] = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "30")
		answers(429, `{"error":"RATE_LIMITED"}`)(w, r)
	}
	p := withCredentials(t, s)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := p.Status(t.Context(), providers.Ref{ID: requestID})
			if err == nil || providers.KindOf(err) != providers.RateLimited {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if n := s.Count("POST /oauth/token"); n != 1 {
		t.Errorf("asked %d times", n)
	}
}
