package api

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

func marshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// liftText lifts files into a list whose indexes are their names.
func liftText(text string) (out string, files []string, err error) {
	var b bytes.Buffer
	err = extractBase64(&b, strings.NewReader(text), bodyLimits{maxItem, maxMembers}, func(r io.Reader) (string, error) {
		c, err := io.ReadAll(r)
		files = append(files, string(c))
		return strconv.Itoa(len(files) - 1), err
	})
	return b.String(), files, err
}

func TestLift(t *testing.T) {
	for _, c := range []struct{ in, out, files string }{
		{`{"documents":[{"name":"a","content":"QQ=="},{"content":"Qg=="}]}`, `{"documents":[{"name":"a","content":"0"},{"content":"1"}]}`, "A|B"},
		{`{"envelopes":[{"signers":[{"id_front":{"content":"QQ=="}}]}]}`, `{"envelopes":[{"signers":[{"id_front":{"content":"0"}}]}]}`, "A"},
		{`{"meta":{"content":"QQ=="},"content":"x"}`, `{"meta":{"content":"QQ=="},"content":"x"}`, ""},
		{`{"documents":[{"conte\u006et":"Q\u0051=\u003d"}]}`, `{"documents":[{"conte\u006et":"0"}]}`, "A"},
		{"\uFEFF" + `{"documents":[{"content":"QQ"}]}`, `{"documents":[{"content":"0"}]}`, "A"},
		{`{"documents":[{"content":"-_8"}]}`, `{"documents":[{"content":"0"}]}`, "\xfb\xff"},
		{`{"documents":[{"content":"data:application\/pdf;base64,QUI="}]}`, `{"documents":[{"content":"0"}]}`, "AB"},
		{`{"Documents":[{"content":"QQ=="}]}`, `{"Documents":[{"content":"QQ=="}]}`, ""}, // no field of ours
		{`{"documents":["content",{"name":"content","content":"Lz8\/\n"}]}`, `{"documents":["content",{"name":"content","content":"0"}]}`, "/??"},
		{`{"documents":[{"content":null}]}`, `{"documents":[{"content":null}]}`, ""},
		{`{"a":"x\"documents\":[{\"content\":\"QQ==\"}]"}`, `{"a":"x\"documents\":[{\"content\":\"QQ==\"}]"}`, ""},
		{`{"documents":[{"content":""}]}`, `{"documents":[{"content":"0"}]}`, ""},
	} {
		out, files, err := liftText(c.in)
		if err != nil || out != c.out || strings.Join(files, "|") != c.files {
			t.Errorf("%s became %s with %q: %v", c.in, out, files, err)
		}
	}
	for _, bad := range []string{
		`{"documents":[{"content":"Q"}]}`, `{"documents":[{"content":"QR"}]}`, `{"documents":[{"content":"QQ="}]}`, `{"documents":[{"content":"-/8="}]}`,
		`{"documents":[{"content":"data:text/plain,QQ=="}]}`, `{"documents":[{"content":"Q Q="}]}`, `{"documents":[{"content":"QQ==QQ=="}]}`,
		`{"documents":[{"content":"\u00e9"}]}`, `{"documents":[{"content":"QQ==`, `{"documents":[{"content":"\`, strings.Repeat("[", 1000),
		`{"` + strings.Repeat("x", maxName+1) + `":1}`,
	} {
		if out, files, err := liftText(bad); err == nil {
			t.Errorf("%.40s became %.40s with %q", bad, out, files)
		}
	}
}

// FuzzEnvelope holds the extractor against encoding/json: what it takes out is what the
// decoder would have decoded, and nothing else changes.
func FuzzEnvelope(f *testing.F) {
	f.Add(`{"id":"1","documents":[{"name":"a.pdf","content":"QUJD"}],"signers":[{"name":"Ana","id_front":{"name":"x","content":"QQ=="},"id_back":"b.png"}]}`)
	f.Add(`{"documents":[{"content":"Q\u0051=="},"s3://b/k",null],"meta":{"content":"QQ=="}}`)
	f.Add(`{"DOCUMENTS":[{"CONTENT":"QQ=="}],"documents":[]}`)
	f.Add(`{"documents":[{"content":"-_8"},{"content":"data:x/y;base64,QQ=="}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		out, files, err := liftText(text)
		if err != nil {
			return
		}
		var in EnvelopeInput
		if err := readJSON(strings.NewReader(out), &in); err != nil {
			return
		}
		text = strings.TrimPrefix(text, byteOrderMark)
		var want struct {
			Documents []json.RawMessage
		}
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("%q was not JSON, and %q is", text, out)
		}
		for i, raw := range want.Documents {
			var d struct{ Content []byte }
			if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &d) != nil || len(d.Content) == 0 {
				continue // other forms than encoding/json's are in TestLift
			}
			n, err := strconv.Atoi(in.Documents[i].Content)
			if err != nil || n >= len(files) || !reflect.DeepEqual([]byte(files[n]), d.Content) {
				t.Fatalf("%q: document %d is %q", text, i, in.Documents[i].Content)
			}
		}
	})
}
