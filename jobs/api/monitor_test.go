package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/storage/ledger"
)

// TestMonitor looks at asynqmon in a real browser, over a real Redis with real tasks.
// CHANCELA_TEST_SCREENSHOT keeps the picture for a person to look at.
func TestMonitor(t *testing.T) {
	t.Parallel()
	b, db := startBrowser(t), startRedis(t)
	l := listen(t)
	s := newStackServing(t, l, db, func(c *Config) {
		c.Keys = []Key{{Name: "ops", Secret: "monitor-key"}}
		c.Client = jobs.NewClient(jobs.ClientConfig{Redis: db, Durability: ledger.NotDurable, Archive: c.Client.Archive(), Providers: c.Providers, Log: c.Log})
	})
	s.key = "monitor-key"
	for _, id := range []string{"0001", "0002", "0003"} {
		s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON(id, pdf("a"))).want(t, http.StatusAccepted, nil)
	}
	var queues struct {
		Queues []struct {
			Queue string
			Size  int
		}
	}
	s.get("/monitor/api/queues").want(t, http.StatusOK, &queues)
	if len(queues.Queues) != 1 || queues.Queues[0].Queue != "certyneo-send" || queues.Queues[0].Size != 3 {
		t.Errorf("%+v", queues)
	}
	var tasks struct {
		Tasks []struct{ ID, Payload string }
	}
	s.get("/monitor/api/queues/certyneo-send/pending_tasks").want(t, http.StatusOK, &tasks)
	if len(tasks.Tasks) != 3 {
		t.Errorf("%+v", tasks)
	}
	for _, task := range tasks.Tasks {
		s.get("/monitor/api/queues/certyneo-send/tasks/"+task.ID).want(t, http.StatusOK, nil)
		var payload map[string]any
		if err := json.Unmarshal([]byte(task.Payload), &payload); err != nil || len(payload) != 2 || payload["key"] == nil || payload["gen"] == nil {
			t.Errorf("a task's payload shows %s: %v", task.Payload, err)
		}
	}
	s.do(http.MethodDelete, "/monitor/api/queues/certyneo-send", "", nil).problem(t, http.StatusMethodNotAllowed)

	address, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword("anybody", "monitor-key")
	b.shows(address.String()+"/monitor/", "certyneo-send")
	b.shows(address.String()+"/monitor/queues/certyneo-send/tasks/june:0001:1", "june/0001")
	page := b.shows(address.String()+"/monitor/queues/certyneo-send?status=pending", "june/0001")
	if strings.Contains(page, "ana@example.com") || strings.Contains(page, "52998224725") {
		t.Error("a person is on the page")
	}
	if name := os.Getenv("CHANCELA_TEST_SCREENSHOT"); name != "" {
		if err := os.WriteFile(name, b.picture(), 0o600); err != nil {
			t.Error(err)
		}
	}
}
