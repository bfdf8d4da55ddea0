package deploy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestBackupRestoreUpgrade does what README.md says about backups and upgrades, in the
// middle of the sample campaign: everything is stopped in that order, copied, lost,
// brought back from the copy and started again, as with a new version. Nobody is invited
// twice, every envelope ends, and the restored archive verifies.
func TestBackupRestoreUpgrade(t *testing.T) {
	if testing.Short() {
		t.Skip("starts eight processes")
	}
	need(t, "redis", "redis-server")
	need(t, "s3", "versitygw")
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s := newStack(t, readCompose(t))
	up := func(names ...string) {
		for _, name := range names {
			s.start(name, name)
		}
		for _, name := range names {
			s.healthy(ctx, name, name)
		}
	}
	up("redis", "s3", "sandbox")
	up("serve", "work", "schedule")
	sample := s.start("sample", "sample")
	select {
	case <-sample.ended:
	case <-ctx.Done():
		t.Fatal("sample does not end")
	}
	a := apiOf(t, s)
	open := func() (open, archived int) {
		var c struct{ States map[string]int }
		a.json(ctx, "/v1/campaigns/campaign", &c)
		for _, state := range []string{"queued", "preparing", "sent", "completed"} {
			open += c.States[state]
		}
		return open, c.States["archived"]
	}
	s.until(ctx, "the campaign is under way", func() error {
		o, n := open()
		if n < 5 {
			return fmt.Errorf("%d open, %d archived", o, n)
		}
		t.Logf("stopped with %d open, %d archived", o, n)
		return nil
	})

	// Whoever writes first, then what is written to.
	for _, name := range []string{"work", "schedule", "serve", "s3", "redis"} {
		s.running[name].stop()
		delete(s.running, name)
	}
	delete(s.running, "sample")
	for _, volume := range []string{"redis", "s3"} {
		kept, lost := filepath.Join(s.folder, "backup-"+volume), filepath.Join(s.folder, volume)
		copyFolder(t, lost, kept)
		if err := os.RemoveAll(lost); err != nil {
			t.Fatal(err)
		}
		copyFolder(t, kept, lost)
	}
	up("redis", "s3")
	up("serve", "work", "schedule")

	s.until(ctx, "the restored campaign is through", func() error {
		if o, n := open(); o > 0 {
			return fmt.Errorf("%d open, %d archived", o, n)
		}
		return nil
	})
	invitedOnce(ctx, t, s)
	verify := exec.CommandContext(ctx, chancela(t), "verify", "campaign")
	verify.Env, verify.Dir = s.environment("work", "verify"), s.folder
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("verify: %v\n%s", err, out)
	}
}

func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("copying %s: %v\n%s", from, err, out)
	}
}

// invitedOnce asks the simulators how often the people of each envelope were invited.
func invitedOnce(ctx context.Context, t *testing.T, s *stack) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.base["sandbox:9100"]+"/books", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var books []struct {
		Title       string // every row of the sample has its own
		Invitations int
	}
	if err := json.NewDecoder(resp.Body).Decode(&books); err != nil {
		t.Fatal(err)
	}
	invited := map[string]int{}
	for _, e := range books {
		invited[e.Title] += e.Invitations
	}
	if len(invited) < rows(t) {
		t.Errorf("%d envelopes at the providers, want %d", len(invited), rows(t))
	}
	for title, n := range invited {
		if n != 1 {
			t.Errorf("%s: invited %d times", title, n)
		}
	}
}
