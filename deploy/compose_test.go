// Package deploy_test checks the files of this folder and the compose file: that they say
// what chancela understands, and that the processes they describe bring the sample
// campaign through.
package deploy_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v4"
)

// compose is docker-compose.yml, with the keys that it may use: another one is a mistake.
type compose struct {
	Name     string              `yaml:"name"`
	Base     any                 `yaml:"x-chancela"`
	Engine   any                 `yaml:"x-engine"`
	Services map[string]*service `yaml:"services"`
	Networks map[string]*struct {
		Internal bool `yaml:"internal"`
	} `yaml:"networks"`
	Volumes map[string]any `yaml:"volumes"`
	Secrets map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
}

type service struct {
	Image       string             `yaml:"image"`
	Build       *build             `yaml:"build"`
	Hostname    string             `yaml:"hostname"`
	Entrypoint  []string           `yaml:"entrypoint"`
	Command     []string           `yaml:"command"`
	EnvFile     string             `yaml:"env_file"`
	Environment map[string]string  `yaml:"environment"`
	Secrets     []string           `yaml:"secrets"`
	Volumes     []string           `yaml:"volumes"`
	Tmpfs       []string           `yaml:"tmpfs"`
	Ports       []string           `yaml:"ports"`
	Networks    []string           `yaml:"networks"`
	DependsOn   map[string]depends `yaml:"depends_on"`
	Healthcheck struct {
		Test     []string
		Interval string
		Timeout  string
		Retries  int
	} `yaml:"healthcheck"`
	Restart     string   `yaml:"restart"`
	StopGrace   string   `yaml:"stop_grace_period"`
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
}

type build struct {
	Context    string `yaml:"context"`
	Dockerfile string `yaml:"dockerfile"`
}

type depends struct {
	Condition string `yaml:"condition"`
}

// own tells whether a service is chancela itself.
func (s *service) own() bool { return s.Build != nil }

var withDefault = regexp.MustCompile(`\$\{[A-Z_]+:-([^}]*)\}`)

// readCompose reads the compose file as it is without any variable set.
func readCompose(t *testing.T) *compose {
	t.Helper()
	b, err := os.ReadFile("../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	b = withDefault.ReplaceAll(b, []byte("$1"))
	b = bytes.ReplaceAll(b, []byte("$$"), []byte("$"))
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	c := new(compose)
	if err := d.Decode(c); err != nil {
		t.Fatal(err)
	}
	return c
}

// variables are a service's environment: its file, then its own.
func (s *service) variables(t *testing.T) map[string]string {
	t.Helper()
	env := map[string]string{}
	if s.EnvFile != "" {
		env = readEnv(t, filepath.Join("..", s.EnvFile))
	}
	for name, value := range s.Environment {
		env[name] = value
	}
	return env
}

func readEnv(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	env := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.ContainsAny(line, `"'`) { // quotes mean one thing here and another in systemd
			t.Fatalf("%s: %q is not NAME=VALUE without quotes", file, line)
		}
		env[name] = value
	}
	return env
}

var built string // the folder of the binary; empty: nobody needed it

// binary is chancela, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "chancela-deploy-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "chancela")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, "github.com/chancela/chancela/cmd/chancela")
	build.Stderr = os.Stderr
	return path, build.Run()
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

func chancela(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// understood checks that chancela has a command and its flags.
func understood(t *testing.T, command []string) {
	t.Helper()
	help, err := exec.Command(chancela(t), command[0], "--help").CombinedOutput()
	if err != nil || !bytes.Contains(help, []byte("chancela "+command[0])) {
		t.Errorf("chancela has no command %q", command[0])
	}
	for _, arg := range command[1:] {
		flag, _, _ := strings.Cut(arg, "=")
		if strings.HasPrefix(flag, "--") && !bytes.Contains(help, []byte(flag+" ")) {
			t.Errorf("chancela %s has no flag %s", command[0], flag)
		}
	}
}

// configured checks an environment with chancela itself: every variable known, every value
// good, every secret's file there.
func configured(t *testing.T, env map[string]string) {
	t.Helper()
	cmd := exec.Command(chancela(t), "config")
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("chancela config: %v\n%s", err, out)
	}
	if i := bytes.Index(out, []byte("unknown variable")); i >= 0 {
		t.Errorf("chancela config: %s", out[i:])
	}
}

func TestComposeIsWhatChancelaUnderstands(t *testing.T) {
	c := readCompose(t)
	secrets, err := filepath.Abs("secrets/sandbox")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range c.Services {
		t.Run(name, func(t *testing.T) {
			for _, secret := range s.Secrets {
				if file := c.Secrets[secret].File; file == "" {
					t.Errorf("secret %s is not declared", secret)
				} else if _, err := os.Stat(filepath.Join("..", file)); err != nil {
					t.Errorf("secret %s: %v", secret, err)
				}
			}
			env := s.variables(t)
			for variable, value := range env {
				if secret, ok := strings.CutPrefix(value, "/run/secrets/"); ok && !slices.Contains(s.Secrets, secret) {
					t.Errorf("%s names the secret %s, which the service does not have", variable, secret)
				}
				env[variable] = strings.Replace(value, "/run/secrets", secrets, 1)
			}
			if !s.own() {
				return
			}
			understood(t, s.Command)
			delete(env, "CHANCELA_REDIS_URL") // config would wait for it
			configured(t, env)
			if _, err := os.Stat(filepath.Join("..", s.Build.Context, s.Build.Dockerfile)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestComposeIsSafe(t *testing.T) {
	c := readCompose(t)
	published := map[string]bool{}
	for name, s := range c.Services {
		if !s.ReadOnly || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: want a read-only root and no new privileges", name)
		}
		for _, n := range s.Networks {
			if _, ok := c.Networks[n]; !ok {
				t.Errorf("%s: network %s is not declared", name, n)
			}
		}
		for _, v := range s.Volumes {
			source, _, _ := strings.Cut(v, ":")
			if strings.HasPrefix(source, ".") {
				if _, err := os.Stat(filepath.Join("..", source)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if !strings.HasSuffix(v, ":ro") {
					t.Errorf("%s may write to %s", name, source)
				}
			} else if _, ok := c.Volumes[source]; !ok {
				t.Errorf("%s: volume %s is not declared", name, source)
			}
		}
		for _, p := range s.Ports {
			published[name] = true
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s: port %s is open to other machines", name, p)
			}
		}
		oneShot := s.Restart == "no"
		if !oneShot && (s.Restart != "unless-stopped" || len(s.Healthcheck.Test) == 0) {
			t.Errorf("%s: want restarts and a health check", name)
		}
		for other, d := range s.DependsOn {
			on, ok := c.Services[other]
			if !ok || d.Condition == "service_healthy" && len(on.Healthcheck.Test) == 0 {
				t.Errorf("%s depends on %s, which has no health check or does not exist", name, other)
			}
		}
		if s.own() && !strings.HasPrefix(s.Image, "chancela") || !s.own() && !regexp.MustCompile(`:v?\d+\.\d+`).MatchString(s.Image) {
			t.Errorf("%s: image %s has no version", name, s.Image)
		}
	}
	if len(published) != 2 || !published["serve"] || !published["grafana"] {
		t.Errorf("published are %v, want serve and grafana", published)
	}
	redis := strings.Join(c.Services["redis"].Command, " ")
	for _, want := range []string{"--appendonly yes", "--appendfsync always", "--maxmemory-policy noeviction"} {
		if !strings.Contains(redis, want) {
			t.Errorf("redis runs without %s", want)
		}
	}
	if !c.Networks["store"].Internal || slices.Contains(c.Services["redis"].Networks, "default") {
		t.Error("redis is to be reached from its own network only")
	}
}
