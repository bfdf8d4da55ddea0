package deploy_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/chancela/chancela/jobs/metrics"
	"github.com/chancela/chancela/storage/ledger"
)

// need finds a program, or ends the test: as failed where CHANCELA_TEST_REQUIRE has its
// word.
func need(t *testing.T, word, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		out, _ := exec.Command("go", "env", "GOPATH").Output()
		path, err = exec.LookPath(strings.TrimSpace(string(out)) + "/bin/" + program)
	}
	if err == nil {
		return path
	}
	if slices.Contains(strings.Split(os.Getenv("CHANCELA_TEST_REQUIRE"), ","), word) {
		t.Fatalf("%s is required and was not found", program)
	}
	t.Skipf("%s was not found", program)
	return ""
}

func TestPromtool(t *testing.T) {
	promtool := need(t, "promtool", "promtool")
	for _, args := range [][]string{{"check", "config", "prometheus.yml"}, {"check", "rules", "rules.yml"}, {"test", "rules", "rules_test.yml"}} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = "prometheus"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

var description = regexp.MustCompile(`fqName: "(chancela_[a-z_]+)".*variableLabels: \{([a-z_,]*)\}`)

// defined are the metrics that chancela has, each with its labels.
func defined(t *testing.T) map[string][]string {
	t.Helper()
	m := metrics.New()
	if err := m.Watch(nil, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	ch := make(chan *prometheus.Desc)
	go func() {
		m.Registry().Describe(ch)
		close(ch)
	}()
	all := map[string][]string{}
	for d := range ch {
		if m := description.FindStringSubmatch(d.String()); m != nil {
			all[m[1]] = append(strings.Split(m[2], ","), "le")
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d metrics were found", len(all))
	}
	return all
}

var (
	metricUse = regexp.MustCompile(`(chancela_[a-z_]+)(?:\{([^}]*)\})?`)
	labelUse  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"`)
	grouping  = regexp.MustCompile(`(?:by|on) \(([a-z_, ]+)\)`)
	suffix    = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// metricsExist checks a PromQL expression against what chancela has.
func metricsExist(t *testing.T, defined map[string][]string, expr string) {
	t.Helper()
	uses := metricUse.FindAllStringSubmatch(expr, -1)
	if len(uses) == 0 && !strings.Contains(expr, "ALERTS{") {
		t.Errorf("%s: asks for no metric of chancela", expr)
	}
	var labels []string
	for _, use := range uses {
		have, ok := defined[use[1]]
		if !ok {
			have, ok = defined[suffix.ReplaceAllString(use[1], "")]
		}
		if !ok {
			t.Errorf("%s: there is no metric %s", expr, use[1])
			continue
		}
		labels = append(labels, have...)
		for _, l := range labelUse.FindAllStringSubmatch(use[2], -1) {
			if !slices.Contains(have, l[1]) {
				t.Errorf("%s: %s has no label %s", expr, use[1], l[1])
			}
			if (l[1] == "state" || l[1] == "to") && !slices.Contains(ledger.States, ledger.State(l[2])) {
				t.Errorf("%s: there is no state %s", expr, l[2])
			}
		}
	}
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(g[1], ",") {
			if label = strings.TrimSpace(label); !slices.Contains(labels, label) {
				t.Errorf("%s: no metric here has a label %s", expr, label)
			}
		}
	}
}

func TestRules(t *testing.T) {
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert       string
				Expr        string
				Labels      map[string]string
				Annotations map[string]string
			}
		}
	}
	readYAML(t, "prometheus/rules.yml", &rules)
	tests := string(mustRead(t, "prometheus/rules_test.yml"))
	defined := defined(t)
	n := 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			n++
			metricsExist(t, defined, r.Expr)
			if r.Annotations["summary"] == "" || r.Annotations["action"] == "" || r.Labels["severity"] == "" {
				t.Errorf("%s: want severity, summary and what to do", r.Alert)
			}
			for _, m := range regexp.MustCompile(`"chancela ([a-z]+)`).FindAllStringSubmatch(r.Annotations["action"], -1) {
				understood(t, []string{m[1]})
			}
			if !strings.Contains(tests, r.Alert) {
				t.Errorf("%s has no test", r.Alert)
			}
		}
	}
	if n == 0 {
		t.Error("no rules")
	}
}

func TestDashboard(t *testing.T) {
	var dashboard struct {
		UID        string
		Templating struct {
			List []struct{ Definition string }
		}
		Panels []struct {
			ID         int
			Title      string
			Datasource struct{ UID string }
			GridPos    struct{ X, Y, W, H int }
			Targets    []struct{ Expr, RefID string }
		}
	}
	if err := json.Unmarshal(mustRead(t, "grafana/dashboards/chancela.json"), &dashboard); err != nil {
		t.Fatal(err)
	}
	var sources struct {
		Datasources []struct{ UID string }
	}
	readYAML(t, "grafana/provisioning/datasources/prometheus.yml", &sources)
	defined := defined(t)
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range dashboard.Panels {
		if ids[p.ID] || len(p.Targets) == 0 || p.Datasource.UID != sources.Datasources[0].UID {
			t.Errorf("%s: id taken, nothing asked for, or of an unknown source", p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			metricsExist(t, defined, target.Expr)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x > 23 {
					t.Fatalf("%s lies over %s or beyond the edge", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
	for _, v := range dashboard.Templating.List {
		metricsExist(t, defined, v.Definition)
	}
	if len(dashboard.Panels) < 10 {
		t.Errorf("%d panels", len(dashboard.Panels))
	}
}
