package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers"
)

// toldIn are the members that hold a service's words, in the order in which they are
// read. Where none of them does, every text of the answer is taken.
var toldIn = []string{"message", "error_description", "error", "title", "description", "translation", "detail", "details", "errors", "reason"}

const mostTold = 12 // texts of one explanation

var (
	// constant is a code or another word for programs.
	constant = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$|^[a-z0-9]+(_[a-z0-9]+)+$`)
	// secretName is a member whose value is nobody's to read.
	secretName = regexp.MustCompile(`(?i)token|secret|passw|authori[sz]ation|api_?key|signature|base64|_b64|url|link`)
)

// explanation is what an error's body says in words, of whatever form it is: no service
// documents all of its forms. Pages are left out: they are a proxy's or a server's.
func explanation(body []byte, secrets ...providers.Secret) providers.Secret {
	body = bytes.TrimSpace(body)
	var told []string
	var answer any
	switch err := json.Unmarshal(body, &answer); {
	case err == nil:
		told = toldBy(answer)
	case len(body) > 0 && !bytes.ContainsAny(body[:1], `<{["`):
		told = []string{string(body)}
	}
	text := strings.Join(told, "; ")
	for _, s := range secrets {
		if len(s) >= 8 {
			text = strings.ReplaceAll(text, s.Reveal(), "***")
		}
	}
	return providers.Secret(providers.CleanExplanation(text))
}

func toldBy(answer any) []string {
	var told []string
	if object, ok := answer.(map[string]any); ok {
		for _, name := range toldIn {
			told = texts(told, "", object[name])
		}
	}
	if told == nil {
		told = texts(nil, "", answer)
	}
	return told
}

// texts are the words in a value, each after the field that it is about.
func texts(told []string, field string, value any) []string {
	switch value := value.(type) {
	case string:
		s := strings.TrimSpace(value)
		if s == "" || constant.MatchString(s) || len(told) >= mostTold {
			return told
		}
		if field != "" {
			s = field + ": " + s
		}
		if !slices.Contains(told, s) {
			told = append(told, s)
		}
	case []any:
		for _, v := range value {
			told = texts(told, field, v)
		}
	case map[string]any:
		if name, ok := value["field"].(string); ok { // {"field": "title", "message": "too short"}
			field = name
		}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			switch {
			case secretName.MatchString(name) || name == "field":
			case ofItsParent(name, value[name]):
				told = texts(told, field, value[name])
			case field == "":
				told = texts(told, name, value[name])
			default:
				told = texts(told, fmt.Sprintf("%s.%s", field, name), value[name])
			}
		}
	}
	return told
}

// ofItsParent tells whether a member's words are about what it is a member of, not about a
// field of its own name.
func ofItsParent(name string, value any) bool {
	_, text := value.(string)
	return text && slices.Contains(toldIn, name) || strings.HasPrefix(name, "_") || name == "errors" || name == "details"
}

// Explanation is what the body of a refusal says in words, for a service that refuses
// with a 2xx.
func (c *Client) Explanation(body []byte) providers.Secret { return explanation(body, c.cfg.Key) }
