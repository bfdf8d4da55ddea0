package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A Redis that answers and takes no writes is not ready: readyz says so, and what would
// write is told to come again.
func TestRedisThatRefusesWrites(t *testing.T) {
	db := startRedis(t)
	s := newStackServing(t, listen(t), db, nil)
	s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON("1", pdf("a"))).want(t, http.StatusAccepted, nil)
	set := func(name, value string) {
		t.Helper()
		if err := db.ConfigSet(t.Context(), name, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name       string
		begin, end func()
	}{
		{"OOM", func() { set("maxmemory", "1") }, func() { set("maxmemory", "0") }},
		{"NOREPLICAS", func() { set("min-replicas-to-write", "1") }, func() { set("min-replicas-to-write", "0") }},
		{"READONLY", func() { db.Do(t.Context(), "replicaof", "127.0.0.1", "1") }, func() { db.Do(t.Context(), "replicaof", "no", "one") }},
	} {
		c.begin()
		s.server.ready = readiness{}
		r := s.get("/readyz").want(t, http.StatusServiceUnavailable, nil)
		if !contains(r.body, "does not take what is written") || r.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s", c.name, r.body)
		}
		for _, r := range []reply{
			s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON("2", pdf("a"))),
			s.postJSON("/v1/campaigns", map[string]any{"campaign": "june", "envelopes": []any{envelopeJSON("2", pdf("a"))}}),
			s.postForm("/v1/campaigns", file{"file", "june.csv", csvHead + csvRow("2", "a.pdf")}, file{"d", "a.pdf", pdf("a")}),
			s.postJSON("/v1/campaigns/june/pause", ""), s.postJSON("/v1/campaigns/june/envelopes/1/cancel", ""), s.postJSON("/v1/campaigns/june/cancel", ""),
		} {
			if r.problem(t, http.StatusServiceUnavailable); r.Header.Get("Retry-After") == "" {
				t.Errorf("%s: %s has no Retry-After", c.name, r.Request.URL.Path)
			}
		}
		for _, path := range []string{"/v1/campaigns", "/v1/campaigns/june", "/v1/campaigns/june/envelopes", "/v1/campaigns/june/envelopes/1"} {
			s.get(path).want(t, http.StatusOK, nil) // reading goes on
		}
		c.end()
		s.server.ready = readiness{}
		s.get("/readyz").want(t, http.StatusOK, nil)
		s.postJSON("/v1/campaigns/june/resume", "").want(t, http.StatusOK, nil)
	}
}

// A scrape costs few commands, and the next ones within seconds none.
func TestScrapesAreCheap(t *testing.T) {
	db := startRedis(t)
	s := newStackServing(t, listen(t), db, nil)
	if err := s.server.metrics.Watch(s.client.Ledger(), s.client.TaskQueue(), nil, s.slog); err != nil {
		t.Fatal(err)
	}
	for _, provider := range []string{"certyneo"} {
		e := envelopeJSON("1", pdf("a"))
		e["provider"] = provider
		s.postJSON("/v1/campaigns/june/envelopes", e).want(t, http.StatusAccepted, nil)
	}
	// A queue for each provider and class of work.
	for _, p := range []string{"contraktor", "certyneo", "sdoc", "catalisa", "qisign"} {
		for _, class := range []string{"send", "fetch", "look"} {
			db.SAdd(t.Context(), "asynq:queues", p+"-"+class)
		}
	}
	const fresh = 5 * time.Second // what was read is good for so long
	begun := time.Now()
	before := commands(t, db)
	text := s.get("/metrics").want(t, http.StatusOK, nil).body
	one := commands(t, db) - before
	if one > 130 {
		t.Errorf("a scrape costs %d commands", one)
	}
	for range 20 {
		s.get("/metrics").want(t, http.StatusOK, nil)
	}
	more := commands(t, db) - before - one
	if again := int(time.Since(begun) / fresh); more > again*one+5 { // the counting's own
		t.Errorf("20 more cost %d, with %d reads", more, again)
	}
	if !contains(text, `chancela_queue_tasks{class="send",provider="certyneo"} 1`) || !contains(text, "chancela_redis_up 1") {
		t.Errorf("%s", text)
	}
}

// commands is how many a Redis has carried out.
func commands(t *testing.T, db redis.UniversalClient) int {
	t.Helper()
	info, err := db.Info(t.Context(), "stats").Result()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(info, "total_commands_processed:")
	n, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, "\r\n", 2)[0]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPagesOfCampaigns(t *testing.T) {
	s := keyed(t, nil)
	s.key = "key-of-all"
	var want []string
	for i := range 7 {
		for _, prefix := range []string{"a-", "hr-"} {
			name := fmt.Sprint(prefix, i)
			s.postJSON("/v1/campaigns/"+name+"/envelopes", envelopeJSON("1", pdf("a"))).want(t, http.StatusAccepted, nil)
			want = append(want, name)
		}
	}
	pages := func(key string, limit int) (names []string) {
		s.key = key
		for cursor, n := "", 0; ; n++ {
			var page struct {
				Campaigns []CampaignStatus
				Next      *string
			}
			s.get(fmt.Sprintf("/v1/campaigns?limit=%d&cursor=%s", limit, cursor)).want(t, http.StatusOK, &page)
			if len(page.Campaigns) > limit || n > 20 {
				t.Fatalf("page %d has %d campaigns", n, len(page.Campaigns))
			}
			for _, c := range page.Campaigns {
				if c.Total != 1 {
					t.Errorf("%+v", c)
				}
				names = append(names, c.Campaign)
			}
			if page.Next == nil {
				return names
			}
			cursor = *page.Next
		}
	}
	for _, limit := range []int{1, 3, 14, 100} {
		if got := pages("key-of-all", limit); len(got) != len(want) || !sameSet(got, want) {
			t.Errorf("pages of %d: %v", limit, got)
		}
		if got := pages("key-of-hr", limit); len(got) != 7 || strings.Contains(fmt.Sprint(got), "a-") {
			t.Errorf("pages of %d for a key with a prefix: %v", limit, got)
		}
	}
	for _, query := range []string{"limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=1~", "cursor=~a", "cursor=1~..%2Fx"} {
		s.get("/v1/campaigns?"+query).problem(t, http.StatusBadRequest)
	}
}

func sameSet(a, b []string) bool {
	count := map[string]int{}
	for i := range a {
		count[a[i]]++
		count[b[i]]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

func TestIdempotencyKey(t *testing.T) {
	s := newStack(t, nil)
	send := func(key string) reply {
		req := s.request(http.MethodPost, "/v1/campaigns/june/envelopes", marshal(t, envelopeJSON("1", pdf("a"))))
		req.Header.Set("Idempotency-Key", key)
		return s.send(req)
	}
	send("8e03978e-40d5-43dd-bc93-6894a57f9324").want(t, http.StatusAccepted, nil)
	send("8e03978e-40d5-43dd-bc93-6894a57f9324").want(t, http.StatusOK, nil)
	for _, bad := range []string{"", strings.Repeat("x", 256), "é"} {
		send(bad).problem(t, http.StatusBadRequest)
	}
	if n := s.total("june"); n != 1 {
		t.Errorf("%d envelopes", n)
	}
}

// Anybody may send forged callbacks and wrong keys: they fill no log.
func TestForgeriesAreSampledInTheLog(t *testing.T) {
	s := keyed(t, nil)
	for range 200 {
		s.postJSON("/webhooks/certyneo", `{"event":"x"}`).problem(t, http.StatusUnauthorized)
		s.get("/v1/campaigns").problem(t, http.StatusUnauthorized)
	}
	lines := 0
	for line := range strings.Lines(s.log.String()) {
		if !strings.Contains(line, `"level":"DEBUG"`) {
			lines++
		}
	}
	if lines > 2*sampleFirst+5 {
		t.Errorf("%d lines above debug", lines)
	}
	if text := s.get("/metrics").body; !contains(text, `chancela_callbacks_total{provider="certyneo",result="forged"} 200`) {
		t.Error("they are not counted")
	}
}
