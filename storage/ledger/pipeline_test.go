package ledger

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestAnAbsentKeyHidesNoError(t *testing.T) {
	l, _ := open(t)
	if err := l.db.Set(t.Context(), prefix+"text", "x", 0).Err(); err != nil {
		t.Fatal(err)
	}
	ask := func(keys ...string) error {
		return PipelineError(l.db.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for _, k := range keys {
				p.HGet(t.Context(), prefix+k, "f")
			}
			return nil
		}))
	}
	if err := ask("none", "none"); err != nil {
		t.Errorf("keys that hold nothing: %v", err)
	}
	if err := ask("none", "text"); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Errorf("an error after a key that holds nothing: %v", err)
	}
}
