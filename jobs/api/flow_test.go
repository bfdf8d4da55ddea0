package api

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/metrics"
	"github.com/chancela/chancela/jobs/notify"
	"github.com/chancela/chancela/jobs/notify/notifytest"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/jobs/worker"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/scheduler"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/redis/go-redis/v9"
)

const flowKey = "k3y-of-the-flow-test"

// live is a stack with all that it needs: simulators, workers, a scheduler and a
// notifier.
type live struct {
	*stack
	sandbox  *sandbox.Sandbox
	metrics  *metrics.Metrics
	receiver *notifytest.Receiver
}

func newLive(t *testing.T, db redis.UniversalClient) *live {
	t.Helper()
	l := listen(t)
	hooks := map[string]string{}
	for _, p := range []string{"certyneo", "sdoc", "catalisa", "qisign"} {
		hooks[p] = "http://" + l.Addr().String() + "/webhooks/" + p
	}
	ctx, stop := context.WithCancel(context.Background())
	sb, err := sandbox.Start(ctx, sandbox.Options{Simulators: registry.Simulators(), SignAfter: time.Second, Webhooks: hooks, Rates: map[string]providers.Rate{"certyneo": {}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })

	x := &live{sandbox: sb, metrics: metrics.New(), receiver: notifytest.NewReceiver(t, nil)}
	limiters := map[string]*pace.Limiter{}
	var all []providers.Provider
	for _, name := range registry.Names() {
		limiters[name] = pace.NewRedis(db, name, providers.Rate{Requests: 1000, Per: time.Second, Burst: 100})
		all = append(all, simulated(t, sb, name, hooks[name], limiters[name], x.metrics))
	}
	x.stack = newStackServing(t, l, db, func(c *Config) {
		c.Providers, c.Metrics = all, x.metrics
		c.Keys = []Key{{Name: "flow", Secret: flowKey}}
		c.Client = jobs.NewClient(jobs.ClientConfig{Redis: db, Durability: ledger.NotDurable, Archive: c.Client.Archive(), Providers: all, Log: c.Log})
	})
	x.key = flowKey
	if err := x.metrics.Watch(x.client.Ledger(), x.client.TaskQueue(), limiters, x.slog); err != nil {
		t.Fatal(err)
	}
	worker := worker.New(worker.Config{Redis: db, Durability: ledger.NotDurable, Archive: x.archive, Providers: lines(all), RetryBase: 50 * time.Millisecond,
		RetryMax: time.Second, Attempts: 25, Shutdown: 5 * time.Second, Log: x.slog, Hooks: x.metrics.Hooks()})
	clock := scheduler.New(scheduler.Config{Redis: db, Providers: registry.Names(), LookEvery: time.Second, Log: x.slog, Swept: x.metrics.Swept})
	notifier, err := notify.New(notify.Config{Ledger: x.client.Ledger(), URL: x.receiver.URL, Secret: notifytest.Secret, Metrics: x.metrics, Log: x.slog})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.client.Ledger().Notify(ctx, time.Hour); err != nil { // before the first change
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, run := range []func(context.Context) error{worker.Run, clock.Run, notifier.Run} {
		wg.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { stop(); wg.Wait() })
	return x
}

func lines(all []providers.Provider) []worker.ProviderConfig {
	var out []worker.ProviderConfig
	for _, p := range all {
		out = append(out, worker.ProviderConfig{Provider: p, Concurrency: 8, PollEvery: 500 * time.Millisecond, SettleAfter: time.Second})
	}
	return out
}

func simulated(t *testing.T, sb *sandbox.Sandbox, name, hook string, pacer pace.Pacer, m *metrics.Metrics) providers.Provider {
	t.Helper()
	entry, _ := registry.Find(name)
	s, err := entry.Settings(sb.Env())
	if err != nil {
		t.Fatal(err)
	}
	s.Pacer, s.Observe, s.WebhookURL = pacer, m.Observe, hook
	provider, err := entry.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return provider
}

// TestCampaignFlow takes the sample campaign through the API: every row ends, every
// artifact can be fetched and has its hash, every change is told in order, and nothing
// that is logged on the way names a person or shows a key.
func TestCampaignFlow(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	t.Parallel()
	x := newLive(t, startRedis(t))
	const samples = "../../testdata"
	sheet, err := os.ReadFile(filepath.Join(samples, "campaign.csv"))
	if err != nil {
		t.Fatal(err)
	}
	parts := []file{{"file", "campaign.csv", string(sheet)}}
	for _, pattern := range []string{"documents/*", "ids/*"} {
		names, _ := filepath.Glob(filepath.Join(samples, pattern))
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			rel, _ := filepath.Rel(samples, name)
			parts = append(parts, file{"document", filepath.ToSlash(rel), string(b)})
		}
	}
	var got CampaignAccepted
	x.postForm("/v1/campaigns", parts...).want(t, http.StatusAccepted, &got)
	if got.New == 0 || got.Total != int64(got.New) {
		t.Fatalf("%+v", got)
	}
	terminal := func() bool {
		var s CampaignStatus
		x.get("/v1/campaigns/campaign").want(t, http.StatusOK, &s)
		return s.States["queued"]+s.States["preparing"]+s.States["sent"]+s.States["completed"] == 0
	}
	eventually(t, "the campaign ends", terminal)

	var page struct{ Envelopes []jobs.Report }
	x.get("/v1/campaigns/campaign/envelopes?limit=1000").want(t, http.StatusOK, &page)
	archived := 0
	for _, e := range page.Envelopes {
		if e.State == "failed" || e.State == "in_doubt" {
			t.Errorf("%s is %s: %+v", e.ID, e.State, e.Error)
		}
		if e.State != "archived" {
			continue
		}
		archived++
		x.fetch(t, e)
	}
	if archived == 0 {
		t.Error("nothing was archived")
	}

	eventually(t, "all notifications arrive", func() bool {
		for _, e := range page.Envelopes {
			if x.receiver.Last("campaign/"+e.ID) != e.State {
				return false
			}
		}
		return true
	})
	for key, states := range x.receiver.States() {
		if !slices.IsSortedFunc(states, func(a, b string) int {
			return slices.Index(ledger.States, ledger.State(a)) - slices.Index(ledger.States, ledger.State(b))
		}) {
			t.Errorf("%s: told in the order %v", key, states)
		}
	}
	if bad := x.receiver.Bad(); len(bad) > 0 {
		t.Errorf("bad notifications: %q", bad[:min(3, len(bad))])
	}

	checkMetrics(t, x.get("/metrics").want(t, http.StatusOK, nil).body)
	text := string(x.get("/metrics").body)
	for _, want := range []string{`chancela_envelopes{provider="certyneo",state="archived"}`, `chancela_callbacks_total{provider="certyneo",result="taken"}`,
		`chancela_notification_deliveries_total{result="delivered"}`, `chancela_provider_requests_total{class="send",provider="qisign"`, `chancela_rate_allowed{provider="sdoc"} 1000`,
		`chancela_archived_bytes_total{kind="signed_document",provider="contraktor"}`, `chancela_redis_up 1`, `chancela_invite_delay_seconds_count{provider="catalisa"}`} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics have no %s", want)
		}
	}
	grep(t, x.log.String(), sheet, x.sandbox.Env())
}

// fetch downloads every artifact of an envelope and its manifest.
func (x *live) fetch(t *testing.T, e jobs.Report) {
	t.Helper()
	base := "/v1/campaigns/campaign/envelopes/" + e.ID + "/artifacts/"
	for _, a := range e.Artifacts {
		r := x.get(base+path.Base(a.Key)).want(t, http.StatusOK, nil)
		sum := sha256.Sum256(r.body)
		if got := hex.EncodeToString(sum[:]); got != a.SHA256 || int64(len(r.body)) != a.Size {
			t.Errorf("%s: %d bytes with %s, want %d with %s", a.Key, len(r.body), got, a.Size, a.SHA256)
		}
		if r.Header.Get("Content-Type") != a.ContentType || r.Header.Get("ETag") != `"`+a.SHA256+`"` || !strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment; filename=") {
			t.Errorf("%s: %v", a.Key, r.Header)
		}
	}
	var m report.Manifest
	x.get(base+report.ManifestName).want(t, http.StatusOK, &m)
	if len(m.Artifacts) != len(e.Artifacts) || len(m.Artifacts) == 0 {
		t.Errorf("%s: the manifest has %d artifacts, the report %d", e.ID, len(m.Artifacts), len(e.Artifacts))
	}
	x.get(base+"nothing.pdf").problem(t, http.StatusNotFound)
}

// grep looks for people and secrets in what was logged.
func grep(t *testing.T, log string, sheet []byte, env map[string]string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(sheet), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	forbidden := map[string]string{flowKey: "the API key", notifytest.Secret: "the secret of notifications"}
	for name, value := range env {
		if strings.HasSuffix(name, "_KEY") || strings.HasSuffix(name, "_SECRET") {
			forbidden[value] = name
		}
	}
	for i, column := range rows[0] {
		_, part, signer := strings.Cut(column, ".")
		if !signer || !slices.Contains([]string{"name", "email", "phone", "document", "birthdate"}, part) {
			continue
		}
		for _, row := range rows[1:] {
			forbidden[row[i]] = column
			forbidden[providers.CleanTaxID(row[i])] = column
		}
	}
	delete(forbidden, "")
	if len(forbidden) < 50 {
		t.Fatalf("only %d things to look for", len(forbidden))
	}
	for value, what := range forbidden {
		if i := strings.Index(log, value); i >= 0 {
			line := log[strings.LastIndex(log[:i], "\n")+1:]
			line, _, _ = strings.Cut(line, "\n")
			t.Errorf("%s is in the log: %s", what, line)
		}
	}
	if !strings.Contains(log, `"msg":"http"`) || !strings.Contains(log, `"state":"archived"`) || !strings.Contains(log, `"key":"flow"`) {
		t.Error("the log does not tell what happened")
	}
}
