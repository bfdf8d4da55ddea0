package rest

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
)

// toldHeaders are the headers of an answer that help to understand it.
var toldHeaders = []string{"Content-Type", "Date", "Location", "Retry-After", "Server", "Www-Authenticate", "X-Request-Id", "X-Correlation-Id",
	"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"}

// debugLimit is how much of a masked body is shown, in bytes.
const debugLimit = 4 << 10

// debug shows an answer to who looks for a mistake: secrets and what may be personal
// stand as ***.
func (call *call) debug(answer *http.Response, body []byte) {
	log := call.client.cfg.Log
	if log == nil || !log.Enabled(call.ctx, slog.LevelDebug) {
		return
	}
	attrs := []any{"provider", call.client.cfg.Provider, "call", call.op, "status", answer.StatusCode}
	for _, name := range toldHeaders {
		if v := answer.Header.Get(name); v != "" {
			if name == "Location" {
				v, _, _ = strings.Cut(v, "?")
			}
			attrs = append(attrs, strings.ToLower(name), v)
		}
	}
	log.DebugContext(call.ctx, "answer", append(attrs, "body", Mask(body))...)
}

var (
	plainName  = regexp.MustCompile(`(?i)^(id|identifier|uuid|status|state|code|type|kind|event|engine|level|page|pages|total|pageSize|statusCode|error|errors)$|_id$|Id$|_?at$`)
	plainValue = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_:.+-]{0,63}$`)
)

// Mask is a body with its structure, and with those values only that are surely no
// person's and no secret: numbers below 10000, yes and no, and short words under names
// such as status, code and id. What is no JSON is *** as a whole.
func Mask(body []byte) string {
	var v any
	if len(body) == 0 {
		return ""
	}
	if json.Unmarshal(body, &v) != nil {
		return "***"
	}
	out, err := json.Marshal(masked("", v))
	if err != nil {
		return "***"
	}
	if len(out) > debugLimit {
		return string(out[:debugLimit]) + "…"
	}
	return string(out)
}

func masked(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for member, value := range v {
			v[member] = masked(member, value)
		}
	case []any:
		for i, value := range v {
			v[i] = masked(name, value)
		}
	case string:
		if v != "" && (!plainName.MatchString(name) || secretName.MatchString(name) || !plainValue.MatchString(v)) {
			return "***"
		}
	case float64:
		if (v >= 10000 || v < 0) && !plainName.MatchString(name) {
			return "***"
		}
	}
	return v
}
