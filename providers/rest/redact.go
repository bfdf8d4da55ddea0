package rest

import (
	"bytes"
	"encoding/json"
)

// Redact is a JSON text without the members of the given names, at any depth: what
// goes into a manifest must not let its reader act in a signer's name. A text that
// is no JSON comes back empty.
func Redact(raw json.RawMessage, names ...string) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // long numbers stay as they are
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	drop(v, names)
	clean, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return clean
}

func drop(v any, names []string) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range names {
			delete(v, name)
		}
		for _, member := range v {
			drop(member, names)
		}
	case []any:
		for _, element := range v {
			drop(element, names)
		}
	}
}
