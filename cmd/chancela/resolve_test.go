package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestReadRulings(t *testing.T) {
	for name, c := range map[string]struct {
		file    string
		notSent bool
		want    []ruling
		says    string
	}{
		"sent":            {"\ufeff1,abc\r\n\n 2 ; def \n3\tghi", false, []ruling{{"1", "abc"}, {"2", "def"}, {"3", "ghi"}}, ""},
		"not sent":        {"1\n2\n", true, []ruling{{"1", ""}, {"2", ""}}, ""},
		"no id of theirs": {"1,abc\n2\n", false, nil, "line 2: want ID,ENVELOPE_ID"},
		"contradiction":   {"1,abc\n", true, nil, "line 1: an id of the provider contradicts"},
		"twice":           {"1,a\n2,b\n1,c\n", false, nil, "line 3: 1 stands in line 1 already"},
		"no id":           {"1,a\n!,b\n", false, nil, "line 2: an envelope's id has"},
		"more columns":    {"1,a,b\n", false, nil, "line 1: want ID,ENVELOPE_ID and nothing more"},
		"empty":           {"\n \n", false, nil, "names no envelope"},
		"one long line":   {strings.Repeat("a", 1<<17), true, nil, "line 1: cannot be read"},
	} {
		path := filepath.Join(t.TempDir(), "ids.csv")
		if err := os.WriteFile(path, []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readRulings(path, c.notSent)
		if c.says == "" && (err != nil || !slices.Equal(got, c.want)) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if c.says != "" && (err == nil || got != nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, %v; want %q", name, got, err, c.says)
		}
	}
}
