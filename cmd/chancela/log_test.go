package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// TestInfoIsForOperators: of what goes well standard error has a line for the campaign, and none for
// an envelope; what needs somebody stands there still.
func TestInfoIsForOperators(t *testing.T) {
	t.Parallel()
	file := someOf(t, "june.csv", "cer-001", "cer-002", "sdo-001", "cat-001", "qis-001")
	r := invoke(t, map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "a")}, "run", file).want(t, exitOK)
	ended := 0
	for line := range strings.Lines(r.stderr) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var x struct{ Level, Msg, ID string }
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		if x.Level == "INFO" && x.ID != "" || x.Level == "DEBUG" {
			t.Errorf("a line about one envelope: %s", line)
		}
		if x.Msg == "campaign ended" {
			ended++
			if !strings.Contains(line, `"campaign":"june","envelopes":5,"archived":5`) {
				t.Error(line)
			}
		}
	}
	if ended != 1 {
		t.Errorf("the end is told %d times: %s", ended, r.stderr)
	}
}
