//go:build linux

package faulttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
)

// simulatorsVariable makes this test's binary run the simulators: a process of their own
// that outlives all others and counts. Its value is simulatorOptions as JSON.
const simulatorsVariable = "FAULTTEST_SIMULATORS"

type simulatorOptions struct {
	Seed      uint64
	SignAfter time.Duration
	Webhooks  map[string]string
}

// published is what the process says on its first line.
type published struct {
	Env     map[string]string
	Control string // the sandbox's own
	Log     string // what only this test wants to know
	SDoc    string // sDoc's address; with /from/PROCESS it is the same, and tells who asks
}

// solicitation is one inviting request to sDoc and what became of it.
type solicitation struct {
	Key     string
	Process string
	At      time.Time
	Ended   time.Time
	Status  int // 0: the connection was broken
}

// simulate is the process: it ends when its standard input does.
func simulate() int {
	var o simulatorOptions
	err := json.Unmarshal([]byte(os.Getenv(simulatorsVariable)), &o)
	if err == nil {
		err = runSimulators(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func runSimulators(o simulatorOptions) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := sandbox.Start(ctx, sandbox.Options{Simulators: registry.Simulators(), SignAfter: o.SignAfter, Seed: o.Seed, Webhooks: o.Webhooks,
		WebhookFaults: sandbox.WebhookFaults{Duplicate: 0.1, Lose: 0.1, Forge: 0.1},
		Rates:         map[string]providers.Rate{"certyneo": {}}})
	if err != nil {
		return err
	}
	defer s.Close()

	w := &witness{sdoc: s.Handler("sdoc")}
	mux := http.NewServeMux()
	mux.Handle("/from/{process}/", w)
	mux.HandleFunc("GET /solicitations", func(rw http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(rw).Encode(w.all()) })
	mux.HandleFunc("GET /invited/{campaign}", func(rw http.ResponseWriter, r *http.Request) {
		n := 0
		for _, e := range s.Books() {
			if e.Invitations > 0 && strings.HasSuffix(e.Title, " of "+r.PathValue("campaign")) {
				n++
			}
		}
		_ = json.NewEncoder(rw).Encode(n)
	})
	mux.HandleFunc("GET /struck", func(rw http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(rw).Encode(s.Struck()) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	defer server.Close()
	go func() { _ = server.Serve(l) }()

	own := "http://" + l.Addr().String()
	base, err := url.Parse(s.Env()["CHANCELA_SDOC_BASE_URL"])
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(published{s.Env(), s.URL(sandbox.Control), own, own + "/from/%s" + base.Path}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// witness stands in front of sDoc's simulator and notes the solicitations.
type witness struct {
	sdoc http.Handler
	mu   sync.Mutex
	seen []*solicitation
}

func (w *witness) all() []solicitation {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]solicitation, len(w.seen))
	for i, s := range w.seen {
		out[i] = *s
	}
	return out
}

func (w *witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	process := r.PathValue("process")
	r.URL.Path = strings.TrimPrefix(r.URL.Path, "/from/"+process)
	r.URL.RawPath = ""
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/solicitation") {
		w.sdoc.ServeHTTP(rw, r)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		panic(http.ErrAbortHandler) // it never arrived whole
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var in struct{ Callback string }
	_ = json.Unmarshal(body, &in) // the simulator judges it
	s := &solicitation{Process: process, At: time.Now()}
	if u, err := url.Parse(in.Callback); err == nil {
		s.Key = u.Query().Get("envelope")
	}
	w.mu.Lock()
	w.seen = append(w.seen, s)
	w.mu.Unlock()
	noted := &statusWriter{ResponseWriter: rw}
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		s.Ended = time.Now()
		s.Status = noted.status
	}()
	w.sdoc.ServeHTTP(noted, r)
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// simulators is the process as the test sees it.
type simulators struct{ published }

func startSimulators(t *testing.T, o simulatorOptions) *simulators {
	t.Helper()
	options, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), simulatorsVariable+"="+string(options))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	s := &simulators{}
	if err := json.NewDecoder(out).Decode(&s.published); err != nil {
		t.Fatal("the simulators do not start: ", err)
	}
	return s
}

func get[T any](t *testing.T, address string) T {
	t.Helper()
	var v T
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&v); err != nil {
		t.Fatal(address, ": ", err)
	}
	return v
}

// invited is how many envelopes of a campaign have reached their people.
func (s *simulators) invited(t *testing.T, campaign string) int {
	t.Helper()
	return get[int](t, s.Log+"/invited/"+campaign)
}

// set changes the rates of faults.
func (s *simulators) set(t *testing.T, f sandbox.Faults, slowFor time.Duration) {
	t.Helper()
	body, err := json.Marshal(struct {
		sandbox.Faults
		SlowFor string `json:"slow_for"`
	}{f, slowFor.String()})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPut, s.Control+"/faults", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("faults are refused: %s", answer.Status)
	}
}
