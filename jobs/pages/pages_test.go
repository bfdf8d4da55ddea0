package pages

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/storage/ledger"
)

func envelope(id string) jobs.Envelope {
	return jobs.Envelope{ID: id, Subject: "Lease " + id, Signers: person1("Ana Souza", "ana@example.com")}
}

// keys of the tests: one for all, one with a prefix, and one that may look.
func keys() []api.Key {
	return []api.Key{{Name: "crm", Secret: "key-of-crm"}, {Name: "hr", Prefix: "hr-", Secret: "key-of-hr"}, {Name: "ops", Secret: "key-of-ops", ReadOnly: true}}
}

func TestOpenOnThisMachine(t *testing.T) {
	s := newSite(t)
	s.visitor().get("/").want(t, http.StatusOK, "Send your first campaign")
}

func TestSignIn(t *testing.T) {
	s := newSite(t, keys()...)
	s.enqueue("june", envelope("1"), ledger.Queued)
	v := s.visitor()
	res := v.get("/campaigns/june?x=1")
	res.want(t, http.StatusOK, "Sign in", `value="/campaigns/june?x=1"`)
	v.post("/sign-in", "/sign-in", url.Values{"key": {"wrong"}}).want(t, http.StatusForbidden, "Nobody has this key", "<title>Error: ")
	res = v.post("/sign-in", "/sign-in", url.Values{"key": {" key-of-crm "}, "next": {"/campaigns/june"}})
	res.want(t, http.StatusOK, "<h1>june</h1>", "crm")
	v.post("/", "/sign-out", nil).want(t, http.StatusOK, "Sign in")
	v.get("/").want(t, http.StatusOK, `name="key"`)
	if log := s.log.String(); !strings.Contains(log, `"msg":"signed in","key":"crm"`) || strings.Contains(log, "key-of-crm") {
		t.Errorf("the log says %s", log)
	}
}

// TestSignInStaysHere: another site cannot choose where somebody goes after signing in.
func TestSignInStaysHere(t *testing.T) {
	for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)", ""} {
		if got := local(next); got != "/" {
			t.Errorf("%q leads to %q", next, got)
		}
	}
	if got := local("/campaigns/june?state=sent"); got != "/campaigns/june?state=sent" {
		t.Errorf("got %q", got)
	}
}

// TestPrefix: a key with a prefix sees its campaigns on every page, and learns of no other.
func TestPrefix(t *testing.T) {
	s := newSite(t, keys()...)
	s.enqueue("hr-june", envelope("1"), ledger.Queued)
	s.enqueue("secret-june", envelope("1"), ledger.Queued)
	v := s.visitor()
	v.signIn("key-of-hr")
	home := v.get("/")
	home.want(t, http.StatusOK, "hr-june")
	if strings.Contains(home.text, "secret") || strings.Contains(home.text, "/monitor/") {
		t.Error("the first page shows what is others'")
	}
	v.get("/campaigns/hr-june").want(t, http.StatusOK)
	for _, path := range []string{"", "/envelopes", "/envelopes/1", "/envelopes/1/files/manifest.json", "/pause", "/envelopes/1/resolve"} {
		v.get("/campaigns/secret-june"+path).want(t, http.StatusForbidden, "begin with hr-")
	}
	for _, path := range []string{"/live/campaigns/secret-june", "/live/campaigns/secret-june/envelopes/1", "/monitor/"} {
		if res := v.get(path); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s answers %d", path, res.StatusCode)
		}
	}
	v.post("/campaigns/hr-june/pause", "/campaigns/secret-june/pause", nil).want(t, http.StatusForbidden)
	if c, err := s.client.Ledger().Campaign(t.Context(), "secret-june"); err != nil || c.Paused {
		t.Errorf("it is paused: %v %v", c.Paused, err)
	}
}

// TestReadOnly: who may only look sees no button, and a form that is sent all the same does
// nothing.
func TestReadOnly(t *testing.T) {
	s := newSite(t, keys()...)
	s.enqueue("june", envelope("1"), ledger.InDoubt)
	s.enqueue("june", envelope("2"), ledger.Queued)
	v := s.visitor()
	v.signIn("key-of-ops")
	page := v.get("/campaigns/june")
	page.want(t, http.StatusOK, "may look only")
	for _, link := range []string{"/campaigns/june/pause", "/campaigns/june/cancel", `href="/send"`} {
		if strings.Contains(page.text, link) {
			t.Errorf("the page offers %s", link)
		}
	}
	for _, path := range []string{"/campaigns/june/pause", "/campaigns/june/envelopes/1/resolve", "/campaigns/june/envelopes/2/cancel"} {
		v.get(path).want(t, http.StatusForbidden, "The key ops may look, and change nothing")
		v.post("/campaigns/june", path, url.Values{"answer": {"not_sent"}, "sure": {"yes"}}).want(t, http.StatusForbidden)
	}
	if r, err := s.client.Ledger().Get(t.Context(), "june/1"); err != nil || r.State != ledger.InDoubt {
		t.Errorf("%v %v", r, err)
	}
}

// TestForeignForm: a form that is not of a page of ours does nothing, whatever cookie the
// browser sends with it.
func TestForeignForm(t *testing.T) {
	s := newSite(t, keys()...)
	s.enqueue("june", envelope("1"), ledger.Queued)
	v := s.visitor()
	v.signIn("key-of-crm")
	for _, body := range []string{"", "form=", "form=0123456789abcdef"} {
		v.do(http.MethodPost, "/campaigns/june/pause", "application/x-www-form-urlencoded", body).want(t, http.StatusForbidden, "load the page again")
	}
	other := s.visitor()
	other.signIn("key-of-crm")
	form := other.token("/campaigns/june/pause")
	v.do(http.MethodPost, "/campaigns/june/pause", "application/x-www-form-urlencoded", "form="+form).want(t, http.StatusForbidden)
	if c, err := s.client.Ledger().Campaign(t.Context(), "june"); err != nil || c.Paused {
		t.Errorf("it is paused: %v", err)
	}
}

func TestPauseAndResume(t *testing.T) {
	s := newSite(t, keys()...)
	s.enqueue("june", envelope("1"), ledger.Queued)
	v := s.visitor()
	v.signIn("key-of-crm")
	v.get("/campaigns/june/pause").want(t, http.StatusOK, "Pause june?", "1 envelope that is not sent yet waits")
	v.post("/campaigns/june/pause", "/campaigns/june/pause", nil).want(t, http.StatusOK, "Paused. 1 envelope waits.", "What is held back")
	v.get("/campaigns/june/envelopes/1").want(t, http.StatusOK, "Its campaign is paused")
	v.post("/campaigns/june/resume", "/campaigns/june/resume", nil).want(t, http.StatusOK, "Resumed.")
	if log := s.log.String(); !strings.Contains(log, `"msg":"action","key":"crm","action":"pause","campaign":"june"`) {
		t.Errorf("the log says %s", log)
	}
}

func TestRetryOfOneReason(t *testing.T) {
	s := newSite(t, keys()...)
	s.enqueue("june", envelope("1"), ledger.Failed)
	s.enqueue("june", envelope("2"), ledger.Queued)
	v := s.visitor()
	v.signIn("key-of-crm")
	v.get("/campaigns/june").want(t, http.StatusOK, "bad_phone", "where the account or the service was at fault, retry", "/campaigns/june/retry?code=bad_phone&amp;provider=certyneo")
	v.get("/campaigns/june/retry?code=other").want(t, http.StatusOK, "nothing left")
	v.post("/campaigns/june/retry?code=bad_phone", "/campaigns/june/retry", url.Values{"code": {"bad_phone"}}).want(t, http.StatusOK, "1 envelope is tried again")
}

func TestResolve(t *testing.T) {
	s := newSite(t, keys()...)
	s.enqueue("june", envelope("1"), ledger.InDoubt)
	s.enqueue("june", envelope("2"), ledger.InDoubt)
	v := s.visitor()
	v.signIn("key-of-crm")
	path := "/campaigns/june/envelopes/1/resolve"
	v.get("/campaigns/june/envelopes/1").want(t, http.StatusOK, "Was it sent?", path)
	v.get(path).want(t, http.StatusOK, "Lease 1", "ana@example.com", "certyneo")
	v.post(path, path, nil).want(t, http.StatusUnprocessableEntity, "Choose one of the two answers", "<title>Error: ")
	v.post(path, path, url.Values{"answer": {"sent"}}).want(t, http.StatusUnprocessableEntity, "Give the id")
	v.post(path, path, url.Values{"answer": {"not_sent"}}).want(t, http.StatusUnprocessableEntity, "Say that you have looked")
	v.post(path, path, url.Values{"answer": {"not_sent"}, "sure": {"yes"}}).want(t, http.StatusOK, "Settled.", "queued")
	path = "/campaigns/june/envelopes/2/resolve"
	v.post(path, path, url.Values{"answer": {"sent"}, "envelope": {" env_1 "}}).want(t, http.StatusOK, "Settled.", "not confirmed by the provider")
	v.post("/campaigns/june/pause", path, url.Values{"answer": {"not_sent"}, "sure": {"yes"}})
	path = "/campaigns/june/envelopes/1/resolve"
	v.post("/campaigns/june/pause", path, url.Values{"answer": {"sent"}, "envelope": {"env_2"}}).want(t, http.StatusConflict)
}

const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`

// TestHostileTexts: what people and providers write is shown, and is never a part of a page.
func TestHostileTexts(t *testing.T) {
	s := newSite(t)
	e := envelope("1")
	e.Subject, e.Message, e.Signers = hostile, hostile, person1(hostile, hostile)
	e.Meta = map[string]string{hostile: hostile}
	e.Documents = []jobs.Document{{Name: hostile}}
	s.enqueue("june", e, ledger.Failed)
	e.ID = "2"
	s.enqueue("june", e, ledger.InDoubt)
	v := s.visitor()
	for _, lang := range []string{"en", "pt-BR"} {
		v.lang = lang
		for _, path := range []string{"/campaigns/june", "/campaigns/june/envelopes", "/campaigns/june/envelopes?state=failed&q=" + url.QueryEscape(hostile), "/campaigns/june/envelopes/1",
			"/campaigns/june/envelopes/2/resolve", "/campaigns/june/envelopes/1/retry", "/campaigns/june/retry?code=" + url.QueryEscape(hostile), "/campaigns/june?done=pause&n=" + url.QueryEscape(hostile),
			"/campaigns/" + url.PathEscape(hostile), "/?cursor=" + url.QueryEscape(hostile), "/campaigns/june/envelopes?cursor=" + url.QueryEscape(hostile) + "&provider=" + url.QueryEscape(hostile)} {
			res := v.get(path)
			if strings.Contains(res.text, "<script>alert") || strings.Contains(res.text, "<img") || strings.Contains(res.text, "<b onmouseover") {
				t.Errorf("%s has it as it is", path)
			}
			if policy := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self';") || strings.Contains(policy, "unsafe") {
				t.Errorf("%s: the policy is %q", path, policy)
			}
			if strings.Contains(res.text, " style=") || strings.Contains(res.text, " onclick=") {
				t.Errorf("%s has a style or a script of its own, which the policy stops", path)
			}
		}
	}
	v.get("/campaigns/june/envelopes/1").want(t, http.StatusOK, "&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;b onmouseover=alert(1)&gt;no&lt;/b&gt;")
}

func TestLanguages(t *testing.T) {
	s := newSite(t)
	s.enqueue("june", envelope("1"), ledger.Queued)
	for accept, want := range map[string]string{"pt-BR,pt;q=0.9,en;q=0.5": `lang="pt-BR"`, "pt": `lang="pt-BR"`, "en-GB": `lang="en"`, "de": `lang="en"`, "": `lang="en"`, "pt-PT": `lang="pt-BR"`} {
		v := s.visitor()
		v.lang = accept
		v.get("/campaigns/june").want(t, http.StatusOK, "<html "+want)
	}
	v := s.visitor()
	v.lang = "pt-BR"
	v.get("/campaigns/june/envelopes?state=queued").want(t, http.StatusOK, "na fila", "Situação")
}

// TestSearch finds envelopes by what stands in them, and keeps the filters in the address.
func TestSearch(t *testing.T) {
	s := newSite(t)
	for _, id := range []string{"1", "2", "3"} {
		s.enqueue("june", envelope(id), ledger.Queued)
	}
	s.enqueue("june", jobs.Envelope{ID: "4", Subject: "Locação", Signers: person1("Úrsula Ipê", "u@example.com")}, ledger.Failed)
	v := s.visitor()
	res := v.get("/campaigns/june/envelopes?q=ursula")
	res.want(t, http.StatusOK, "/campaigns/june/envelopes/4", "“ursula”")
	if strings.Contains(res.text, "/campaigns/june/envelopes/1\"") {
		t.Error("others are found, too")
	}
	v.get("/campaigns/june/envelopes?state=stuck&provider=certyneo&code=bad_phone").want(t, http.StatusOK, "/campaigns/june/envelopes/4", `href="?code=bad_phone&amp;provider=certyneo"`)
	v.get("/campaigns/june/envelopes?q=nobody").want(t, http.StatusOK, "Nothing matches")
}

// TestLive: a page that is open hears of a change.
func TestLive(t *testing.T) {
	s := newSite(t)
	s.enqueue("june", envelope("1"), ledger.Queued)
	v := s.visitor()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/live/campaigns/june", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := v.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	until := func(text string) {
		t.Helper()
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "data: ") && strings.Contains(lines.Text(), text) {
				return
			}
		}
		t.Fatalf("the stream ends without %q: %v", text, lines.Err())
	}
	until("0 of 1 archived")
	if _, err := s.client.Pause(t.Context(), "june"); err != nil {
		t.Fatal(err)
	}
	until("The campaign is paused")
	s.pages.Close()
	for lines.Scan() { // the rest, and then the end: a server that stops does not wait for it
	}
}

// TestLiveKeepsTheActions: what comes after the page was loaded offers the same as the page.
func TestLiveKeepsTheActions(t *testing.T) {
	s := newSite(t, keys()...)
	s.enqueue("june", envelope("1"), ledger.InDoubt)
	for key, offered := range map[string]bool{"key-of-crm": true, "key-of-ops": false} {
		v := s.visitor()
		v.signIn(key)
		ctx, stop := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/live/campaigns/june/envelopes/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := v.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var part strings.Builder
		lines := bufio.NewScanner(res.Body)
		for lines.Scan() && (part.Len() == 0 || lines.Text() != "") {
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				part.WriteString(text)
			}
		}
		if got := strings.Contains(part.String(), "/campaigns/june/envelopes/1/resolve"); part.Len() == 0 || got != offered {
			t.Errorf("%s: the action is offered: %v, want %v, in %d bytes", key, got, offered, part.Len())
		}
		stop()
		res.Body.Close()
	}
}

func TestSpeedAndFunnel(t *testing.T) {
	now := time.Now()
	course := []ledger.Moment{
		{At: now.Add(-time.Hour), Groups: map[ledger.Group]int64{ledger.GroupWaiting: 100}},
		{At: now.Add(-30 * time.Second), Groups: map[ledger.Group]int64{ledger.GroupWaiting: 80, ledger.GroupSent: 20}},
	}
	if got := speed(course, now); got < 9.9 || got > 10.1 { // 20 in the last two minutes
		t.Errorf("%v a minute, want 10", got)
	}
	if got := speed(course[:1], now); got != 0 {
		t.Errorf("%v a minute", got)
	}
	steps := funnel(ledger.Campaign{Total: 10, States: map[ledger.State]int64{ledger.Archived: 3, ledger.Completed: 1, ledger.Sent: 2, ledger.Declined: 1, ledger.Failed: 3}})
	for i, want := range []int64{10, 7, 4, 3} {
		if steps[i].Envelopes != want {
			t.Errorf("step %s has %d, want %d", steps[i].Name, steps[i].Envelopes, want)
		}
	}
}

func TestNumbersOfALanguage(t *testing.T) {
	s := newSite(t)
	en, pt := s.pages.choose("en"), s.pages.choose("pt-BR")
	if got := en.num(12345) + " " + pt.num(12345); got != "12,345 12.345" {
		t.Error(got)
	}
	if got := en.percent(999, 1000) + " " + pt.percent(9999, 10000) + " " + en.percent(1, 100000) + " " + en.percent(5, 5) + " " + en.percent(52, 60); got != "99.9% 99,9% 0.1% 100% 86.7%" {
		t.Error(got)
	}
	if got := pt.about(90*time.Second) + ", " + en.about(time.Minute) + ", " + pt.about(49*time.Hour); got != "2 minutos, 1 minute, 2 dias" {
		t.Error(got)
	}
}

// TestCourseRows: rows of one minute say the second.
func TestCourseRows(t *testing.T) {
	w := newSite(t).pages.choose("en")
	at := time.Date(2026, 11, 20, 19, 57, 0, 0, time.UTC)
	var course []ledger.Moment
	for i := range 48 {
		course = append(course, ledger.Moment{At: at.Add(time.Duration(i) * time.Second)})
	}
	rows := w.courseRows(course)
	if n := len(rows); n != 24 || rows[0].When != "20 Nov 2026 19:57:01" || rows[n-1].When != "20 Nov 2026 19:57:47" {
		t.Errorf("%+v", rows)
	}
	if rows := w.courseRows(course[:1]); len(rows) != 1 || rows[0].When != "20 Nov 2026 19:57" {
		t.Errorf("%+v", rows)
	}
}

// TestFirstFormIsEmpty: what a newcomer finds in the form is what he is to fill in.
func TestFirstFormIsEmpty(t *testing.T) {
	page := newSite(t).visitor().get("/").text
	if !strings.Contains(page, `name="first" inputmode="numeric" value=""`) || strings.Contains(page, `id="hours" open`) {
		t.Error("the form is filled in")
	}
}
