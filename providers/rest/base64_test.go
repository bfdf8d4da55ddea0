package rest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

func TestBase64Field(t *testing.T) {
	for name, tc := range map[string]struct{ in, want, err string }{
		"plain":            {in: `{"result":{"base64":"aGVsbG8="}}`, want: "hello"},
		"fields around":    {in: ` { "error" : false, "n":[1,{"x":[]}], "result" : { "name":"a\"b", "base64" : "aGVsbG8=" , "z":null } , "m":"x" } `, want: "hello"},
		"empty":            {in: `{"result":{"base64":""}}`, want: ""},
		"escapes":          {in: `{"result":{"base64":"\u002B\/8\u003d"}}`, want: "\xfb\xff"},
		"lines":            {in: `{"result":{"base64":"aGVs\r\nbG8=\n"}}`, want: "hello"},
		"lures":            {in: `{"base64":"AAAA","x":{"result":{"base64":"AAAA"}},"result":{"x":{"base64":"AAAA"},"base64":"aGVsbG8="}}`, want: "hello"},
		"wrong, then good": {in: `{"result":null,"result":{"base64":"aGVsbG8="}}`, want: "hello"},
		"escaped key":      {in: `{"r\u0065sult":{"base64":"aGVsbG8="}}`, want: "hello"},
		"missing":          {in: `{"result":{"name":"x"}}`, err: "no text in its field result.base64"},
		"no object":        {in: `{"result":"x"}`, err: "no text"},
		"null":             {in: `{"result":{"base64":null}}`, err: "no text"},
		"number":           {in: `{"result":{"base64":12}}`, err: "no text"},
		"array":            {in: `[{"result":{"base64":"AAAA"}}]`, err: "not JSON"},
		"nothing":          {in: ``, err: "cut"},
		"cut before":       {in: `{"result":`, err: "cut"},
		"cut inside":       {in: `{"result":{"base64":"aGVsbG8=`, err: "cut"},
		"cut behind":       {in: `{"result":{"base64":"aGVsbG8="}`, err: "cut"},
		"rubbish behind":   {in: `{"result":{"base64":"aGVsbG8="}} x`, err: "not JSON"},
		"twice":            {in: `{"result":{"base64":"aGVsbG8=","base64":"AAAA"}}`, err: "twice"},
		"half a quantum":   {in: `{"result":{"base64":"aGVsb"}}`, err: "malformed"},
		"no padding":       {in: `{"result":{"base64":"aGVsbG8"}}`, err: "malformed"},
		"behind padding":   {in: `{"result":{"base64":"aGVsbG8=AAAA"}}`, err: "behind its end"},
		"not base64":       {in: `{"result":{"base64":"Maria Silva"}}`, err: "malformed"},
		"control":          {in: "{\"result\":{\"base64\":\"aGVs\x01\"}}", err: "not JSON"},
		"bad escape":       {in: `{"result":{"base64":"\u00e9"}}`, err: "not JSON"},
		"comma":            {in: `{"a":1,}`, err: "not JSON"},
		"no comma":         {in: `{"a":1 "b":2}`, err: "not JSON"},
		"bad literal":      {in: `{"a":nul}`, err: "not JSON"},
		"deep":             {in: `{"a":` + strings.Repeat("[", 1000), err: "too deeply"},
		"deep objects":     {in: strings.Repeat(`{"a":`, 1000), err: "too deeply"},
		"long number":      {in: `{"a":` + strings.Repeat("9", 1<<20), err: "too long"},
		"long key":         {in: `{"` + strings.Repeat("k", 1<<20) + `":1}`, err: "too long"},
		"large":            {in: `{"a":"` + strings.Repeat("k", 5<<20) + `","result":{"base64":"AAAA"}}`, err: "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, slow := range []bool{false, true} {
				var in io.Reader = strings.NewReader(tc.in)
				if slow && len(tc.in) < 10000 {
					in = iotest.OneByteReader(in)
				}
				got, err := readField(in, nil)
				if tc.err == "" {
					if err != nil || got != tc.want {
						t.Errorf("got %q, %v", got, err)
					}
				} else if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got %q, %v, want an error with %q", got, err, tc.err)
				}
				if err != nil && strings.Contains(err.Error(), "Silva") {
					t.Error("the error quotes the answer")
				}
			}
		})
	}
}

func readField(in io.Reader, judge func(map[string]any) error) (string, error) {
	body := &closing{Reader: in}
	r, err := Base64Answer(body, judge, "result", "base64")
	if err != nil {
		if !body.closed {
			return "", errors.New("the body was left open")
		}
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

func TestBase64AnswerJudges(t *testing.T) {
	verdict := errors.New("INTEGRATION_X")
	for _, in := range []string{
		`{"error":true,"detail":{"code":"X"},"count":3,"result":{"base64":"aGVsbG8=","name":"n"}}`,
		`{"result":{"name":"n","base64":"aGVsbG8="},"count":3,"detail":{"code":"X"},"error":true}`,
		`{"result":{"name":"n","base64":null},"count":3,"detail":{"code":"X"},"error":true}`,
		`{"error":true,"count":3,"detail":{"code":"X"},"result":{"name":"n"}}`,
	} {
		calls := 0
		_, err := readField(strings.NewReader(in), func(fields map[string]any) error {
			calls++
			if fields["error"] == true && fields["detail.code"] == "X" && fields["count"] == json.Number("3") && fields["result.name"] == "n" {
				return verdict
			}
			return fmt.Errorf("fields %v", fields)
		})
		if err != verdict || calls != 1 {
			t.Errorf("%s: %v after %d calls", in, err, calls)
		}
	}
	got, err := readField(strings.NewReader(`{"error":false,"result":{"base64":"aGVsbG8="}}`), func(map[string]any) error { return nil })
	if got != "hello" || err != nil {
		t.Error(got, err)
	}
}

// repeated gives head, n times piece, tail.
func repeated(head, piece string, n int, tail string) io.Reader {
	readers := []io.Reader{strings.NewReader(head)}
	for range n {
		readers = append(readers, strings.NewReader(piece))
	}
	return io.MultiReader(append(readers, strings.NewReader(tail))...)
}

func TestBase64FieldInConstantMemory(t *testing.T) {
	piece := strings.Repeat("QUJD", 64<<10) // 256 KiB
	in := repeated(`{"error":false,"result":{"base64":"`, piece, 52, `"}}`)
	var n int64
	allocated := allocates(func() {
		r, err := Base64Answer(io.NopCloser(in), nil, "result", "base64")
		if err != nil {
			t.Fatal(err)
		}
		if n, err = io.Copy(io.Discard, r); err != nil {
			t.Fatal(err)
		}
	})
	if n != 52*(192<<10) {
		t.Errorf("read %d bytes", n)
	}
	if allocated > 256<<10 {
		t.Errorf("allocated %d bytes for a file of %d", allocated, n)
	}
}

// allocates is how many bytes f allocates in total, freed or not.
func allocates(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func FuzzBase64Field(f *testing.F) {
	for _, s := range []string{
		`{"result":{"base64":"aGVsbG8="}}`, `{"error":true,"message":"x","result":null}`,
		`{"result":{"base64":"\u002B\/8="},"a":[1,2.5e3,{"b":false}]}`, `{"result":{"base64":"a`, `{"":{}}`, `[]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := readField(bytes.NewReader(in), nil)
		if err != nil {
			return
		}
		// What the stream accepts, encoding/json accepts with the same value.
		var answer map[string]json.RawMessage
		if e := json.Unmarshal(in, &answer); e != nil {
			t.Fatalf("accepted %q: %v", in, e)
		}
		if bytes.Count(in, []byte("base64")) != 1 || bytes.Count(in, []byte("result")) != 1 || bytes.ContainsRune(in, '\\') {
			return // the same key twice means something else there
		}
		var v struct{ Result struct{ Base64 string } }
		_ = json.Unmarshal(in, &v)
		want, e := base64.StdEncoding.DecodeString(v.Result.Base64)
		if e != nil || string(want) != got {
			t.Fatalf("%q: got %q, want %q, %v", in, got, want, e)
		}
	})
}
