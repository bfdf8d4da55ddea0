package deploy_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
)

// object is what the checks look at in a Kubernetes object.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	Spec     struct {
		Replicas int
		Selector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		}
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct {
				Grace    int `yaml:"terminationGracePeriodSeconds"`
				Security struct {
					RunAsNonRoot bool `yaml:"runAsNonRoot"`
				} `yaml:"securityContext"`
				Containers []container
				Volumes    []struct{ Name string }
			}
		}
	}
}

type container struct {
	Name      string
	Image     string
	Args      []string
	Env       []struct{ Name, Value string }
	Ports     []struct{ Name string }
	Readiness *probe `yaml:"readinessProbe"`
	Liveness  *probe `yaml:"livenessProbe"`
	Startup   *probe `yaml:"startupProbe"`
	Security  struct {
		Escalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnly   bool  `yaml:"readOnlyRootFilesystem"`
	} `yaml:"securityContext"`
	Mounts []struct{ Name string } `yaml:"volumeMounts"`
}

type probe struct {
	Exec    *struct{ Command []string }
	HTTPGet *struct{ Path, Port string } `yaml:"httpGet"`
}

type kustomization struct {
	Resources []string
	Configs   []struct{ Envs []string }  `yaml:"configMapGenerator"`
	Secrets   []struct{ Files []string } `yaml:"secretGenerator"`
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func readObjects(t *testing.T, file string) []object {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []object
	for d := yaml.NewDecoder(bytes.NewReader(b)); ; {
		var o object
		err := d.Decode(&o)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, o)
	}
}

// placeholders makes a file for every secret that an environment names.
func placeholders(t *testing.T, env map[string]string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	for name, value := range env {
		if !strings.HasPrefix(name, "CHANCELA_") || !strings.HasSuffix(name, "_FILE") {
			continue
		}
		file := filepath.Join(dir, filepath.Base(value))
		if err := os.WriteFile(file, []byte("name:value\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		env[name] = file
	}
	delete(env, "CHANCELA_REDIS_URL_FILE") // config would want to reach it
	return env
}

func TestKubernetes(t *testing.T) {
	var k kustomization
	readYAML(t, "kubernetes/kustomization.yaml", &k)
	files, _ := filepath.Glob("kubernetes/*.yaml")
	for _, f := range files {
		if name := filepath.Base(f); name != "kustomization.yaml" && !slices.Contains(k.Resources, name) {
			t.Errorf("%s is no resource of the kustomization", name)
		}
	}
	var secrets []string
	for _, s := range k.Secrets {
		secrets = append(secrets, s.Files...)
	}
	common := readEnv(t, filepath.Join("kubernetes", k.Configs[0].Envs[0]))

	var deployments, budgets []string
	for _, file := range k.Resources {
		for _, o := range readObjects(t, filepath.Join("kubernetes", file)) {
			name, pod := o.Metadata.Name, o.Spec.Template.Spec
			switch o.Kind {
			case "PodDisruptionBudget":
				budgets = append(budgets, name)
				continue
			case "Deployment", "StatefulSet":
			default:
				continue
			}
			t.Run(name, func(t *testing.T) {
				if o.Spec.Selector.MatchLabels["app.kubernetes.io/name"] != o.Spec.Template.Metadata.Labels["app.kubernetes.io/name"] {
					t.Error("the selector does not select the pods")
				}
				c := pod.Containers[0]
				if !pod.Security.RunAsNonRoot || !c.Security.ReadOnly || c.Security.Escalation == nil || *c.Security.Escalation {
					t.Error("want a user, a read-only root and no escalation")
				}
				if c.Readiness == nil {
					t.Error("no readiness probe")
				}
				for _, m := range c.Mounts {
					if !slices.ContainsFunc(pod.Volumes, func(v struct{ Name string }) bool { return v.Name == m.Name }) && o.Kind == "Deployment" {
						t.Errorf("there is no volume %s", m.Name)
					}
				}
				if o.Kind == "StatefulSet" {
					if args := strings.Join(c.Args, " "); !strings.Contains(args, "--appendonly yes --appendfsync always --maxmemory-policy noeviction") {
						t.Errorf("redis runs with %s", args)
					}
					return
				}
				deployments = append(deployments, name)
				understood(t, c.Args)
				env := map[string]string{}
				for n, v := range common {
					env[n] = v
				}
				for _, e := range c.Env {
					env[e.Name] = e.Value
				}
				for n, v := range env {
					if file, ok := strings.CutPrefix(v, "/run/secrets/chancela/"); ok && !slices.Contains(secrets, "secrets/"+file) {
						t.Errorf("%s: no secret %s is generated", n, file)
					}
				}
				configured(t, placeholders(t, env))
				if name == "work" && pod.Grace <= 75 {
					t.Errorf("a worker takes 75 s to end and is killed after %d", pod.Grace)
				}
			})
		}
	}
	slices.Sort(deployments)
	slices.Sort(budgets)
	if want := []string{"schedule", "serve", "work"}; !slices.Equal(deployments, want) || !slices.Equal(budgets, want) {
		t.Errorf("deployments %v with budgets %v, want %v", deployments, budgets, want)
	}
}

func TestSystemd(t *testing.T) {
	unit, err := os.ReadFile("systemd/chancela@.service")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(unit, []byte("ExecStart=/usr/local/bin/chancela %i\n")) || !bytes.Contains(unit, []byte("TimeoutStopSec=90\n")) {
		t.Error("the unit does not run chancela, or does not give a worker its time to end")
	}
	for _, m := range regexp.MustCompile(`chancela@([a-z]+)`).FindAllSubmatch(slices.Concat(unit, mustRead(t, "README.md")), -1) {
		understood(t, []string{string(m[1])})
	}
	env := readEnv(t, "systemd/chancela.env")
	drop := string(mustRead(t, "systemd/chancela@.service.d/secrets.conf"))
	for _, m := range regexp.MustCompile(`(?m)^Environment=([A-Z0-9_]+)=%d/(.+)$`).FindAllStringSubmatch(drop, -1) {
		env[m[1]] = m[2]
		if !strings.Contains(drop, "LoadCredential="+m[2]+":") {
			t.Errorf("%s names the credential %s, which is not loaded", m[1], m[2])
		}
	}
	configured(t, placeholders(t, env))
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The keys in the repository are those of the simulators, and only those.
func TestSandboxKeys(t *testing.T) {
	s, err := sandbox.Start(t.Context(), sandbox.Options{Simulators: registry.Simulators(), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	have := readEnv(t, "sandbox.env")
	for name, want := range s.Env() {
		value := have[name]
		if file := have[name+"_FILE"]; file != "" {
			value = strings.TrimSpace(string(mustRead(t, filepath.Join("secrets/sandbox", filepath.Base(file)))))
		}
		if strings.HasSuffix(name, "_URL") { // another host, the same path
			_, value, _ = strings.Cut(strings.TrimPrefix(value, "http://"), ":")
			value = strings.TrimLeft(value, "0123456789")
			_, want, _ = strings.Cut(strings.TrimPrefix(want, "http://"), ":")
			want = strings.TrimLeft(want, "0123456789")
		}
		if value != want {
			t.Errorf("%s is %q, the sandbox has %q", name, value, want)
		}
	}
}
