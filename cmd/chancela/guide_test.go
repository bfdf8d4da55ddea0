package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/providertest"
	"github.com/chancela/chancela/providers/registry"
)

const guides = "../../testdata/guide"

// TestGuide plays every command of the guides, one shell for each guide, and compares what comes
// with what they show. With -update it writes what comes.
func TestGuide(t *testing.T) {
	if os.Getenv("CHANCELA_TEST_GUIDE") == "" || testing.Short() || providertest.Raced {
		t.Skip("plays a whole day twice: CHANCELA_TEST_GUIDE=yes")
	}
	t.Parallel()
	for guide, language := range map[string]string{"GUIDE.md": "en", "GUIA.md": "pt-BR"} {
		t.Run(guide, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(guides, guide)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := newShell(t, language)
			played := s.play(string(text))
			if *update {
				if err := os.WriteFile(file, []byte(played), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			have, want := strings.Split(likened(played), "\n"), strings.Split(likened(string(text)), "\n")
			for i := range max(len(have), len(want)) {
				if i >= len(have) || i >= len(want) || have[i] != want[i] {
					t.Fatalf("%s, line %d: it shows\n\t%s\nand this came\n\t%s\n(write it with -update)\n\n%s",
						guide, i+1, strings.Join(want[min(i, len(want)):min(i+1, len(want))], ""), strings.Join(have[min(i, len(have)):min(i+1, len(have))], ""), played)
				}
			}
		})
	}
}

// What differs from day to day and from machine to machine: times, sizes, how fast it goes, and
// how long a service has been in trouble.
var (
	differs  = regexp.MustCompile(`\d\d?( [A-Z][a-z]{2} |/\d\d/)\d{4} \d\d:\d\d( -03)?|\b\d+([.,]\d+)?(ms|s|m| kB)\b|127\.0\.0\.1:\d+`)
	sometime = regexp.MustCompile(`(?m)^(.* envelopes? (a minute|por minuto).*|certyneo (answers with|responde com) .*)\n`)
)

// likened is a text without it.
func likened(text string) string {
	return differs.ReplaceAllString(sometime.ReplaceAllString(text, ""), "...")
}

// shell is a bash in a folder with the guides' files, where chancela is the program of this test.
type shell struct {
	t     *testing.T
	dir   string
	stdin io.Writer
	lines chan string
}

const prompt = "--end-of-command--"

func newShell(t *testing.T, language string) *shell {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	for _, needed := range []string{"redis-server", "curl"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skipf("there is no %s", needed)
		}
	}
	dir, bin := t.TempDir(), t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(guides)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "documents"), os.DirFS(filepath.Join(samples, "documents"))); err != nil {
		t.Fatal(err)
	}
	program := fmt.Sprintf("#!/bin/sh\n%s=1 exec %q \"$@\"\n", asMain, os.Args[0])
	if err := os.WriteFile(filepath.Join(bin, "chancela"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bash, "--norc", "--noprofile")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "CHANCELA_LANG="+language, "COLUMNS=200", "LC_ALL=C.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	s := &shell{t: t, dir: dir, stdin: stdin, lines: make(chan string, 10_000)}
	go func() {
		defer close(s.lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			s.lines <- scanner.Text()
		}
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) // the whole group: what the guide has started, too
		_ = cmd.Wait()
		for range s.lines { // the last of them has let go of the pipe
		}
		out.Close()
	})
	return s
}

// play is the guide with what its commands have printed.
func (s *shell) play(text string) string {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "```") {
			inside = line == "```console"
		}
		command, isCommand := strings.CutPrefix(line, "$ ")
		if inside && !isCommand && line != "```console" {
			continue // was printed the last time
		}
		b.WriteString(line + "\n")
		if inside && isCommand {
			b.WriteString(s.run(command))
		}
	}
	return b.String()
}

// firstPort is where the guides have the sandbox; here it listens where there is room.
const firstPort = 9100

// ports are the guides' addresses of the sandbox, and the real ones.
func (s *shell) ports() (real, shown *strings.Replacer) {
	var there, back []string
	env, _ := os.ReadFile(filepath.Join(s.dir, "sandbox.env")) // not there before it has begun
	for i, name := range append([]string{"#"}, registry.Names()...) {
		what := regexp.MustCompile(`(?mi)^(?:export chancela_)?` + name + `[ _].*http://(127\.0\.0\.1:\d+)`)
		if found := what.FindSubmatch(env); found != nil {
			address := fmt.Sprintf("127.0.0.1:%d", firstPort+i)
			there, back = append(there, address, string(found[1])), append(back, string(found[1]), address)
		}
	}
	return strings.NewReplacer(there...), strings.NewReplacer(back...)
}

func (s *shell) run(command string) string {
	real, shown := s.ports()
	command = strings.Replace(command, "chancela sandbox", "chancela sandbox --listen-base-port 0", 1)
	command = real.Replace(strings.ReplaceAll(command, "curl ", "curl -sS "))
	fmt.Fprintf(s.stdin, "%s\necho; echo %s\n", command, prompt)
	var b strings.Builder
	late := time.NewTimer(2 * time.Minute)
	defer late.Stop()
	for {
		select {
		case line, open := <-s.lines:
			if !open {
				s.t.Fatalf("the shell has ended at %s:\n%s", command, b.String())
			}
			if line == prompt {
				return shown.Replace(strings.TrimSuffix(b.String(), "\n"))
			}
			b.WriteString(line + "\n")
		case <-late.C:
			s.t.Fatalf("%s does not end:\n%s", command, b.String())
		}
	}
}
