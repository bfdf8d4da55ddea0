package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"runtime"
	"strings"
	"testing"
)

// An upload is streamed, whatever its form.
func TestUploadsAreNotKept(t *testing.T) {
	const size = 40 << 20
	for name, body := range map[string]io.Reader{
		"base64": io.MultiReader(strings.NewReader(`{"document_type":"pdf", "document_b64" : "`), io.LimitReader(letters{}, size), strings.NewReader(`","name":"x"}`)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		rest, up, present, fileErr, err := readWithFile(body, "document_b64")
		runtime.ReadMemStats(&after)
		if err != nil || fileErr != nil || !present || up.size != size/4*3 {
			t.Fatalf("%s: %+v %v %v", name, up.size, fileErr, err)
		}
		if string(rest) != `{"document_type":"pdf", "document_b64" : "","name":"x"}` {
			t.Errorf("%s: the rest is %s", name, rest)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > size/10 {
			t.Errorf("%s: %d bytes were allocated for %d", name, grown, size)
		}
	}
}

// letters is endless base64.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}

// What is read around the file must be what encoding/json reads.
func FuzzReadWithFile(f *testing.F) {
	for _, seed := range []string{`{"a":"QUJD","b":[1,"x\"y"]}`, `{"a" : "QU\/D"}`, `{"b":"a","a":"","c":{"a":"QQ=="}}`, `{"a":"*"}`, `["a","b"]`, `{"a\u0061":"x"}`, `{`, `{"a":"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rest, up, present, fileErr, err := readWithFile(strings.NewReader(text), "a")
		var whole map[string]any
		if json.Unmarshal([]byte(text), &whole) != nil {
			return
		}
		if err != nil {
			t.Fatalf("valid JSON, but: %v", err)
		}
		var outside map[string]any
		if err := json.Unmarshal(rest, &outside); err != nil {
			t.Fatalf("the rest %q of %q is no JSON: %v", rest, text, err)
		}
		content, isText := whole["a"].(string)
		if isText && !present {
			t.Fatalf("the file in %q was not seen", text)
		}
		if want, err := base64.StdEncoding.DecodeString(content); isText && !strings.Contains(text, "\\") && strings.Count(text, `"a"`) == 1 && fileErr == nil && (err != nil || up.size != int64(len(want))) {
			t.Fatalf("%q: %d bytes, want %d", text, up.size, len(want))
		}
		for name, value := range whole {
			if s, ok := value.(string); ok && name != "a" && outside[name] != s {
				t.Fatalf("%q became %q", s, outside[name])
			}
		}
	})
}
