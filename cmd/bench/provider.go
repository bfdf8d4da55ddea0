package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// fileSize is the size of each of the two files that the quick provider has of an envelope.
const fileSize = 20 << 10

// serveQuick is a provider that costs next to nothing: the routes of Certyneo that an envelope
// uses, with an answer for everything and no memory. It runs in a process of its own, so that its
// CPU is not counted, prints its address and ends with its standard input.
func serveQuick(stdin io.Reader, stdout io.Writer, size int) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, l.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		l.Close()
	}()
	if err := http.Serve(l, quickRoutes(size)); !strings.Contains(err.Error(), "use of closed") {
		return err
	}
	return nil
}

func quickRoutes(size int) *http.ServeMux {
	var made atomic.Int64
	file := append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte("x"), size-9-6)...)
	file = append(file, "%%EOF\n"...)
	say := func(w http.ResponseWriter, kind string, body []byte) {
		w.Header()["Content-Type"] = []string{kind}
		_, _ = w.Write(body)
	}
	create := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
		say(w, "application/json", fmt.Appendf(nil, `{"id":"%08d-0000-4000-8000-000000000000"}`, made.Add(1)))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /documents", create)
	mux.HandleFunc("POST /envelopes", create)
	mux.HandleFunc("POST /envelopes/{id}/send", func(w http.ResponseWriter, r *http.Request) {
		say(w, "application/json", []byte(`{"status":"SENT"}`))
	})
	mux.HandleFunc("GET /envelopes", func(w http.ResponseWriter, r *http.Request) {
		say(w, "application/json", []byte(`{"data":[],"pagination":{"total":0,"pageSize":100,"pages":0}}`))
	})
	mux.HandleFunc("GET /envelopes/{id}", func(w http.ResponseWriter, r *http.Request) {
		say(w, "application/json", fmt.Appendf(nil, `{"id":%q,"status":"COMPLETED","completedAt":"2026-06-02T09:00:00Z","recipients":[{"email":"ana@example.com","name":"Ana Prova da Silva","role":"SIGNER","status":"SIGNED","signedAt":"2026-06-02T09:00:00Z"}]}`, r.PathValue("id")))
	})
	pdf := func(w http.ResponseWriter, r *http.Request) { say(w, "application/pdf", file) }
	mux.HandleFunc("GET /envelopes/{id}/signed-document", pdf)
	mux.HandleFunc("GET /envelopes/{id}/audit-trail", pdf)
	return mux
}

// startQuick starts the quick provider, with files of a size, and returns its address.
func startQuick(ctx context.Context, size int) (base string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	s, err := start(ctx, self, nil, quickCommand, strconv.Itoa(size))
	if err != nil {
		return "", nil, err
	}
	err = s.until(ctx, func() error {
		address, whole := strings.CutSuffix(s.said.String(), "\n")
		if !whole {
			return fmt.Errorf("no address yet")
		}
		base = "http://" + address
		return nil
	})
	if err != nil {
		s.stop()
		return "", nil, err
	}
	return base, s.stop, nil
}

// quickCommand is the argument that makes this program the quick provider.
const quickCommand = "quick-provider"

// endpoints are the six calls of one envelope by hand.
type endpoints struct {
	base   string
	client *http.Client
}

func newEndpoints(base string) endpoints {
	return endpoints{base, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute}}
}

func (e endpoints) call(ctx context.Context, method, path, kind, body string) (*http.Response, error) {
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, e.base+path, r)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return e.do(req)
}

func (e endpoints) do(req *http.Request) (*http.Response, error) {
	req.Header.Set("Authorization", "Bearer key")
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 {
		resp.Body.Close()
		return nil, fmt.Errorf("%s %s: %s", req.Method, req.URL.Path, resp.Status)
	}
	return resp, nil
}
