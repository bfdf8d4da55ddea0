package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/storage/ledger"
)

// TestMonitor looks at asynqmon in a real browser, over a real Redis with real tasks.
// CHANCELA_TEST_SCREENSHOT keeps the picture for a person to look at.
func TestMonitor(t *testing.T) {
	db := startRedis(t)
	browser := require(t, "browser", "chromium", "chromium-browser", "google-chrome")
	l := listen(t)
	s := newStackServing(t, l, db, func(c *Config) {
		c.Keys = []Key{{Name: "ops", Secret: "monitor-key"}}
		c.Client = jobs.NewClient(jobs.ClientConfig{Redis: db, Barrier: ledger.BarrierNone, Archive: c.Client.Archive(), Providers: c.Providers, Log: c.Log})
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
	picture := os.Getenv("CHANCELA_TEST_SCREENSHOT")
	if picture == "" {
		picture = filepath.Join(t.TempDir(), "monitor.png")
	}
	look := func(path string, more ...string) string {
		t.Helper()
		args := append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + t.TempDir(), "--window-size=1280,900", "--virtual-time-budget=8000"}, more...)
		cmd := exec.CommandContext(t.Context(), browser, append(args, address.String()+path)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, stderr.String())
		}
		return string(out)
	}
	if page := look("/monitor/", "--dump-dom"); !strings.Contains(page, "certyneo-send") {
		t.Errorf("the page of queues does not show the queue: %.2000s", page)
	}
	page := look("/monitor/queues/certyneo-send?status=pending", "--dump-dom")
	if !strings.Contains(page, "june/0001") {
		t.Errorf("the page of tasks does not show the task: %.2000s", page)
	}
	if strings.Contains(page, "ana@example.com") || strings.Contains(page, "52998224725") {
		t.Error("a person is on the page")
	}
	if page := look("/monitor/queues/certyneo-send/tasks/june:0001:1", "--dump-dom"); !strings.Contains(page, "june/0001") {
		t.Errorf("the page of one task does not show it: %.2000s", page)
	}
	look("/monitor/queues/certyneo-send?status=pending", "--screenshot="+picture)
	if info, err := os.Stat(picture); err != nil || info.Size() < 10_000 {
		t.Errorf("no picture: %v", err)
	}
}
