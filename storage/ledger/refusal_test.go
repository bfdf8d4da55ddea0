package ledger

import (
	"errors"
	"strings"
	"testing"
)

func TestRefusal(t *testing.T) {
	for text, want := range map[string]string{
		"OOM command not allowed when used memory > 'maxmemory'.":                                                   "more memory",
		"ledger: recording june/1: OOM command not allowed when used memory > 'maxmemory'. script: abc, on @user:1": "more memory",
		"ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed when used memory":         "more memory",
		"UNKNOWN: redis eval error: READONLY You can't write against a read only replica.":                          "name the primary",
		"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.":          "disk",
		"BUSYGROUP Consumer Group name already exists":                                                              "",
		"the campaign MOOM command not allowed":                                                                     "",
		"ERR unknown command":                                                                                       "",
	} {
		if got := Refusal(errors.New(text)); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	if got := Refusal(nil); got != "" {
		t.Errorf("nothing is wrong: %q", got)
	}
}
