package rest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/chancela/chancela/providers"
)

// zeros opens a file of n bytes.
func zeros(n int64) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(zeroReader{}, n)), nil
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func read(t *testing.T, b Body) string {
	t.Helper()
	r, err := b.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := iotest.TestReader(r, mustRead(t, b)); err != nil {
		t.Error(err)
	}
	return string(mustRead(t, b))
}

func mustRead(t *testing.T, b Body) []byte {
	t.Helper()
	r, err := b.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil || int64(len(content)) != b.Size() {
		t.Fatalf("%d bytes, said %d, %v", len(content), b.Size(), err)
	}
	return content
}

func text(s string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
}

func TestBase64JSON(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 4, 12287, 12288, 12289, 100_000} {
		file := strings.Repeat("Ω", n)[:n]
		in := map[string]any{"base64": "MARK", "name": `a"MARKER<é>`}
		b := Base64JSON(in, "MARK", int64(n), text(file))
		var out struct{ Base64, Name string }
		if err := json.Unmarshal([]byte(read(t, b)), &out); err != nil {
			t.Fatal(err)
		}
		if got, err := base64.StdEncoding.DecodeString(out.Base64); string(got) != file || err != nil || out.Name != in["name"] {
			t.Errorf("%d bytes: %d, %v, %q", n, len(got), err, out.Name)
		}
		if b.ContentType() != "application/json" {
			t.Error(b.ContentType())
		}
	}
	for _, v := range []any{map[string]string{"a": "x"}, []string{"MARK", "MARK"}, make(chan int)} {
		if _, err := Base64JSON(v, "MARK", 0, text("")).Open(t.Context()); err == nil {
			t.Errorf("%v was taken", v)
		}
	}
	if _, err := JSONBody(make(chan int)).Open(t.Context()); err == nil {
		t.Error("a channel as JSON")
	}
}

func TestMultipart(t *testing.T) {
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength <= 0 {
			t.Errorf("length %d", r.ContentLength)
		}
		file, header, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		b, _ := io.ReadAll(file)
		if string(b) != "%PDF" || header.Filename != `contrato "á".pdf` || header.Header.Get("Content-Type") != "application/pdf" ||
			r.FormValue("a") != "1" || r.FormValue("b") != "ç\r\n" {
			t.Errorf("%q %+v %v", b, header, r.Form)
		}
	})
	body := Multipart(map[string]string{"b": "ç\r\n", "a": "1"}, Part{"file", `contrato "á".pdf`, "application/pdf", 4, text("%PDF")})
	read(t, body)
	if err := c.JSON(t.Context(), Request{Method: "POST", Path: "/files", Body: body}, nil); err != nil {
		t.Error(err)
	}
}

// A file that is not as long as it was said to be is not sent as something else.
func TestWrongLength(t *testing.T) {
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		if b, err := io.ReadAll(r.Body); err == nil {
			t.Errorf("%d bytes arrived as a whole body", len(b))
		}
	})
	for _, size := range []int64{3, 5, 100_000} {
		for _, body := range []Body{
			Raw("application/pdf", size, text("%PDF")),
			Base64JSON("MARK", "MARK", size, text("%PDF")),
			Multipart(nil, Part{"file", "a.pdf", "", size, text("%PDF")}),
		} {
			err := c.JSON(t.Context(), Request{Method: "POST", Path: "/files", Body: body}, nil)
			if e := providerError(t, err); e.Kind != providers.Transient {
				t.Errorf("%d: %v", size, err)
			}
		}
	}
}

func TestBodyThatCannotBeOpened(t *testing.T) {
	gone := errors.New("the archive is away")
	pacer := &turns{}
	c := serve(t, Config{Pacer: pacer}, func(http.ResponseWriter, *http.Request) { t.Error("was asked") })
	_, err := c.Do(t.Context(), Request{Method: "POST", Path: "/x", Before: commit, Body: Raw("", 4, func(context.Context) (io.ReadCloser, error) { return nil, gone })})
	if e := providerError(t, err); e.Kind != providers.Transient || !errors.Is(err, gone) || len(pacer.taken) > 0 {
		t.Errorf("%v, %d turns", err, len(pacer.taken))
	}
}

// closed counts opened and closed files.
func TestBodiesAreClosed(t *testing.T) {
	file := &closing{}
	open := func(context.Context) (io.ReadCloser, error) {
		*file = closing{Reader: bytes.NewReader(make([]byte, 100))}
		return file, nil
	}
	stop := errors.New("stop")
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	for name, request := range map[string]Request{
		"sent":    {Method: "POST", Path: "/x"},
		"refused": {Method: "POST", Path: "/x", Before: func(context.Context) error { return stop }},
		"no turn": {Method: "POST", Path: "/x", Class: "none"},
	} {
		c.cfg.Pacer = &turns{}
		if request.Class == "none" {
			c.cfg.Pacer = &turns{err: stop}
		}
		request.Body = Raw("", 100, open)
		_ = c.JSON(t.Context(), request, nil)
		if !file.closed {
			t.Errorf("%s: the file was left open", name)
		}
	}
}

func TestLargeBodiesAreStreamed(t *testing.T) {
	var got int64
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) { got, _ = io.Copy(io.Discard, r.Body) })
	const pdf = 50 << 20
	for name, body := range map[string]Body{
		"multipart": Multipart(nil, Part{"file", "a.pdf", "application/pdf", pdf, zeros(pdf)}),
		"base64":    Base64JSON(map[string]string{"base64": "MARK"}, "MARK", 13<<20, zeros(13<<20)),
		"raw":       Raw("application/pdf", pdf, zeros(pdf)),
	} {
		for _, before := range []func(context.Context) error{nil, commit} {
			var err error
			n := allocates(func() {
				err = c.JSON(t.Context(), Request{Method: "POST", Path: "/x", Body: body, Before: before}, nil)
			})
			if err != nil || got != body.Size() {
				t.Fatalf("%s: %d of %d bytes, %v", name, got, body.Size(), err)
			}
			if n > 1<<20 {
				t.Errorf("%s: %d bytes allocated for a body of %d", name, n, got)
			}
		}
	}
}
