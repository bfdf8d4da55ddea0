package ledger

import (
	"maps"
	"strconv"
)

func (x Reason) fields() map[string]string {
	return map[string]string{fieldErrorCode: x.Code, fieldError: x.Message, fieldExplanation: x.Explanation}
}

func stepFields(steps map[string]string) map[string]string {
	out := make(map[string]string, len(steps))
	for step, result := range steps {
		out[stepPrefix+step] = result
	}
	return out
}

// with joins fields into one map.
func with(fields ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, f := range fields {
		maps.Copy(out, f)
	}
	return out
}

func attempts(n int) map[string]string { return map[string]string{fieldAttempts: strconv.Itoa(n)} }
