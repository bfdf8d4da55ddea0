package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// described is the OpenAPI document as a client reads it.
type described struct {
	Paths map[string]map[string]struct {
		RequestBody struct {
			Content map[string]struct{ Schema any }
		}
		Responses map[string]struct {
			Content map[string]struct{ Schema any }
		}
	}
	Components struct{ Schemas map[string]map[string]any }

	seen map[string]bool // what was null, and what was not: CampaignStatus.hours null
	mu   sync.Mutex
}

func newDescribed(s *Server) (*described, error) {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/openapi.json", nil))
	d := &described{seen: map[string]bool{}}
	return d, json.Unmarshal(w.Body.Bytes(), d)
}

// route is the address in the document that a request went to.
func (d *described) route(r *http.Request) (string, bool) {
	parts := strings.Split(r.URL.EscapedPath(), "/")
	for path := range d.Paths {
		pattern := strings.Split(path, "/")
		if slices.EqualFunc(pattern, parts, func(p, part string) bool { return p == part || strings.HasPrefix(p, "{") && part != "" }) {
			_, ok := d.Paths[path][strings.ToLower(r.Method)]
			return path, ok
		}
	}
	return "", false
}

// answer tells what of an answer is not as the document says; a request that was taken is judged, too.
func (d *described) answer(r *http.Response, sent, got []byte) (wrong []string) {
	path, ok := d.route(r.Request)
	if !ok {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	op := d.Paths[path][strings.ToLower(r.Request.Method)]
	said, ok := op.Responses[fmt.Sprint(r.StatusCode)]
	if !ok {
		if said, ok = op.Responses[fmt.Sprint(r.StatusCode/100)+"XX"]; !ok {
			return []string{fmt.Sprintf("the status %d", r.StatusCode)}
		}
	}
	check := func(schema any, text []byte) {
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			wrong = append(wrong, err.Error())
			return
		}
		wrong = append(wrong, d.check(schema, v, "", "#")...)
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); strings.HasSuffix(kind, "json") {
		if content, ok := said.Content[kind]; ok {
			check(content.Schema, got)
		} else if len(said.Content) == 0 || said.Content["application/octet-stream"].Schema == nil {
			wrong = append(wrong, "the type "+kind)
		}
	}
	if content, ok := op.RequestBody.Content[r.Request.Header.Get("Content-Type")]; ok && r.StatusCode < 300 && json.Valid(sent) {
		check(content.Schema, sent)
	}
	return wrong
}

// check judges a value by JSON Schema, as much of it as the document uses: of anything else it says so. name is
// that of the schema that the value belongs to.
func (d *described) check(schema, v any, name, at string) (wrong []string) {
	is, ok := schema.(map[string]any)
	if !ok {
		return []string{at + ": no schema"}
	}
	if ref, ok := is["$ref"].(string); ok {
		name = strings.TrimPrefix(ref, "#/components/schemas/")
		return d.check(any(d.Components.Schemas[name]), v, name, at)
	}
	for _, word := range slices.Sorted(maps.Keys(is)) {
		if judge, ok := judges[word]; !ok {
			wrong = append(wrong, at+": the test does not know the word "+word)
		} else if judge != nil {
			wrong = append(wrong, judge(d, is, v, name, at)...)
		}
	}
	return wrong
}

// judges are the words of JSON Schema that are known. Those of nil say nothing that is judged.
var judges map[string]func(d *described, is map[string]any, v any, name, at string) []string

func init() { // it refers to itself
	judges = map[string]func(d *described, is map[string]any, v any, name, at string) []string{
		"description": nil, "contentEncoding": nil, "contentMediaType": nil,
		"type":  judgeType,
		"anyOf": judgeAny, "oneOf": judgeAny,
		"properties": judgeProperties, "additionalProperties": judgeOthers, "required": judgeRequired,
		"items": judgeItems, "minItems": judgeItems, "maxItems": judgeItems,
		"enum": func(_ *described, is map[string]any, v any, _, at string) []string {
			return unless(v == nil || slices.Contains(is["enum"].([]any), v), at, "%v is none of its words", v)
		},
		"minimum": func(_ *described, is map[string]any, v any, _, at string) []string {
			n, ok := v.(float64)
			return unless(!ok || n >= is["minimum"].(float64), at, "%v is too small", v)
		},
		"pattern": func(_ *described, is map[string]any, v any, _, at string) []string {
			text, ok := v.(string)
			return unless(!ok || regexp.MustCompile(is["pattern"].(string)).MatchString(text), at, "%q has another form", text)
		},
		"format": func(_ *described, is map[string]any, v any, _, at string) []string {
			text, ok := v.(string)
			if !ok || is["format"] != "date-time" {
				return nil
			}
			_, err := time.Parse(time.RFC3339, text)
			return unless(err == nil, at, "%q is no time", text)
		},
	}
}

func unless(ok bool, at, format string, args ...any) []string {
	if ok {
		return nil
	}
	return []string{at + ": " + fmt.Sprintf(format, args...)}
}

func judgeType(_ *described, is map[string]any, v any, _, at string) []string {
	kinds, ok := is["type"].([]any)
	if !ok {
		kinds = []any{is["type"]}
	}
	kind := "object"
	switch x := v.(type) {
	case nil:
		kind = "null"
	case bool:
		kind = "boolean"
	case string:
		kind = "string"
	case []any:
		kind = "array"
	case float64:
		kind = "number"
		if x == float64(int64(x)) && slices.Contains(kinds, any("integer")) {
			kind = "integer"
		}
	}
	return unless(slices.Contains(kinds, any(kind)), at, "is %s, not %v", kind, kinds)
}

func judgeAny(d *described, is map[string]any, v any, name, at string) (wrong []string) {
	list, ok := is["anyOf"].([]any)
	if !ok {
		list = is["oneOf"].([]any)
	}
	for _, one := range list {
		w := d.check(one, v, name, at)
		if len(w) == 0 {
			return nil
		}
		wrong = append(wrong, w...)
	}
	return wrong
}

func judgeProperties(d *described, is map[string]any, v any, name, at string) (wrong []string) {
	o, _ := v.(map[string]any)
	for key, schema := range is["properties"].(map[string]any) {
		value, there := o[key]
		if !there {
			continue
		}
		if mayBeNull(schema) {
			what := "told"
			if value == nil {
				what = "null"
			}
			d.seen[name+"."+key+" "+what] = true
		}
		wrong = append(wrong, d.check(schema, value, name, at+"/"+key)...)
	}
	return wrong
}

func mayBeNull(schema any) bool {
	is := schema.(map[string]any)
	kinds, _ := is["type"].([]any)
	choices, _ := is["anyOf"].([]any)
	return slices.Contains(kinds, any("null")) || slices.ContainsFunc(choices, func(c any) bool { return c.(map[string]any)["type"] == "null" })
}

func judgeOthers(d *described, is map[string]any, v any, name, at string) (wrong []string) {
	o, _ := v.(map[string]any)
	known, _ := is["properties"].(map[string]any)
	for key, value := range o {
		if _, ok := known[key]; ok || is["additionalProperties"] == true {
			continue
		}
		if is["additionalProperties"] == false {
			wrong = append(wrong, at+"/"+key+": is not described")
			continue
		}
		wrong = append(wrong, d.check(is["additionalProperties"], value, name, at+"/"+key)...)
	}
	return wrong
}

func judgeRequired(_ *described, is map[string]any, v any, _, at string) (wrong []string) {
	o, ok := v.(map[string]any)
	for _, key := range is["required"].([]any) {
		if _, there := o[key.(string)]; ok && !there {
			wrong = append(wrong, at+"/"+key.(string)+": is missing")
		}
	}
	return wrong
}

func judgeItems(d *described, is map[string]any, v any, name, at string) (wrong []string) {
	list, ok := v.([]any)
	if least, bound := is["minItems"].(float64); ok && bound && len(list) < int(least) {
		wrong = append(wrong, at+": has too few")
	}
	if most, bound := is["maxItems"].(float64); ok && bound && len(list) > int(most) {
		wrong = append(wrong, at+": has too many")
	}
	for i, x := range list {
		wrong = append(wrong, d.check(is["items"], x, name, fmt.Sprintf("%s/%d", at, i))...)
	}
	return wrong
}

// The judge that all answers of these tests pass finds what is wrong.
func TestDescribedJudges(t *testing.T) {
	d, err := newDescribed(newStack(t, nil).server)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{"campaigns":[],"next":null}`: "",
		`{"campaigns":[],"next":7}`:    "#/next: is number, not [string null]",
		`{"campaigns":null,"next":""}`: "#/campaigns: is null, not [array]",
		`{"next":null}`:                "#/campaigns: is missing",
		`[]`:                           "#: is array, not [object]",
	} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(d.check(map[string]any{"$ref": "#/components/schemas/CampaignList"}, v, "", "#"), "; "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	if got := d.check(map[string]any{"maximum": 1.0}, 2.0, "", "#"); len(got) != 1 {
		t.Errorf("an unknown word is passed over: %q", got)
	}
}
