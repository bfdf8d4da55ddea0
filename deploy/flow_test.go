package deploy_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The compose file's processes bring the sample campaign through: where no Docker can be
// had, this is "docker compose up".
func TestSampleCampaign(t *testing.T) {
	if testing.Short() {
		t.Skip("starts eight processes")
	}
	need(t, "redis", "redis-server")
	need(t, "s3", "versitygw")
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s := newStack(t, readCompose(t))

	for _, name := range []string{"redis", "s3", "sandbox"} {
		s.start(name, name)
	}
	for _, name := range []string{"redis", "s3", "sandbox"} {
		s.healthy(ctx, name, name)
	}
	s.start("serve", "serve")
	s.start("work", "work 1") // --scale work=2
	s.start("work", "work 2")
	s.start("schedule", "schedule")
	for as, service := range map[string]string{"serve": "serve", "work 1": "work", "work 2": "work", "schedule": "schedule"} {
		s.healthy(ctx, service, as)
	}
	sample := s.start("sample", "sample")
	select {
	case <-sample.ended:
		if sample.err != nil {
			t.Fatalf("sample: %v\n%s", sample.err, sample.log.tail())
		}
	case <-ctx.Done():
		t.Fatal("sample does not end")
	}

	a := apiOf(t, s)
	want := rows(t)
	var last struct {
		Total  int
		States map[string]int
	}
	s.until(ctx, "the sample campaign is through", func() error {
		a.json(ctx, "/v1/campaigns/campaign", &last)
		open := 0
		for _, state := range []string{"queued", "preparing", "sent", "completed"} {
			open += last.States[state]
		}
		if last.Total != want || open > 0 {
			return fmt.Errorf("%v of %d envelopes", last.States, want)
		}
		return nil
	})
	if last.States["archived"] < want*3/4 || last.States["failed"]+last.States["in_doubt"] > 0 {
		t.Errorf("the campaign ended with %v", last.States)
	}
	a.artifactsAreRight(ctx)
	a.observed(ctx)
}

// rows is how many envelopes the sample has.
func rows(t *testing.T) int {
	t.Helper()
	f, err := os.Open("../testdata/campaign.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return len(all) - 1
}

// client is a program that uses serve.
type client struct {
	t    *testing.T
	base string
	key  string
}

func apiOf(t *testing.T, s *stack) *client {
	_, key, _ := strings.Cut(strings.TrimSpace(string(mustRead(t, "secrets/sandbox/api_keys"))), ":")
	return &client{t, "http://" + s.server, key}
}

func (c *client) get(ctx context.Context, path, key string) (int, []byte) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := http.DefaultClient.Do(req) // a redirect to the bucket is followed
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, b
}

func (c *client) json(ctx context.Context, path string, into any) {
	c.t.Helper()
	status, b := c.get(ctx, path, c.key)
	if status != http.StatusOK {
		c.t.Fatalf("%s: %d %s", path, status, b)
	}
	if err := json.Unmarshal(b, into); err != nil {
		c.t.Fatalf("%s: %v", path, err)
	}
}

// artifactsAreRight downloads a file of every kind and provider and compares hashes.
func (c *client) artifactsAreRight(ctx context.Context) {
	c.t.Helper()
	var page struct {
		Envelopes []struct {
			ID, Provider string
			Artifacts    []struct{ Kind, Key, SHA256 string }
		}
	}
	c.json(ctx, "/v1/campaigns/campaign/envelopes?state=archived", &page)
	seen := map[string]bool{}
	for _, e := range page.Envelopes {
		for _, a := range e.Artifacts {
			kind := e.Provider + " " + a.Kind
			if seen[kind] {
				continue
			}
			seen[kind] = true
			name := a.Key[strings.LastIndexByte(a.Key, '/')+1:]
			status, b := c.get(ctx, "/v1/campaigns/campaign/envelopes/"+e.ID+"/artifacts/"+name, c.key)
			sum := sha256.Sum256(b)
			if status != http.StatusOK || hex.EncodeToString(sum[:]) != a.SHA256 {
				c.t.Errorf("%s of %s: %d, %d bytes, not what the report says", a.Kind, e.ID, status, len(b))
			}
		}
	}
	for _, kind := range []string{"contraktor signed_document", "certyneo signed_document", "sdoc signed_document", "catalisa signed_document",
		"qisign dossier", "qisign face"} { // QI Sign offers no signed document apart from the dossier
		if !seen[kind] {
			c.t.Errorf("no %s was seen", kind)
		}
	}
}

// observed looks at what operators look at.
func (c *client) observed(ctx context.Context) {
	c.t.Helper()
	if status, _ := c.get(ctx, "/v1/campaigns", ""); status != http.StatusUnauthorized {
		c.t.Errorf("without a key: %d", status)
	}
	if status, b := c.get(ctx, "/readyz", ""); status != http.StatusOK || !bytes.Contains(b, []byte(`"ready"`)) {
		c.t.Errorf("readyz: %d %s", status, b)
	}
	status, b := c.get(ctx, "/metrics", "")
	for _, want := range []string{`chancela_redis_durability{barrier="appendfsync always"} 1`, `chancela_envelopes{provider="sdoc",state="archived"}`, "chancela_rate_used{"} {
		if status != http.StatusOK || !bytes.Contains(b, []byte(want)) {
			c.t.Errorf("metrics: %d, without %s", status, want)
		}
	}
	if promtool, err := exec.LookPath("promtool"); err == nil {
		cmd := exec.Command(promtool, "check", "metrics")
		cmd.Stdin = bytes.NewReader(b)
		if out, err := cmd.CombinedOutput(); err != nil {
			c.t.Errorf("promtool check metrics: %v\n%s", err, out)
		}
	}
}
