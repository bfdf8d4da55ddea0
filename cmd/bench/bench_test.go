package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/archive/archivetest"
)

// The drain's provider is this program again, in a process of its own.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == quickCommand {
		main()
		return
	}
	os.Exit(m.Run())
}

// Every scenario measures something; what it measures is nobody's to assert.
func TestScenarios(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		if strings.Contains(os.Getenv("CHANCELA_TEST_REQUIRE"), "redis") {
			t.Fatal("redis-server is required and was not found")
		}
		t.Skip("redis-server was not found")
	}
	archivetest.NoAccount(t)
	var out bytes.Buffer
	args := strings.Fields("-json -enqueue 20 -flow 5 -drain 20 -operations 50 -intents 20 -rows 50 -mib 1 -pace 2s -rounds 1")
	if err := run(t.Context(), args, &out, t.Output()); err != nil {
		t.Fatal(err)
	}
	measured := map[string]bool{}
	for d := json.NewDecoder(&out); ; {
		var r result
		if err := d.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(r.Scenario, ",")
		measured[name] = true
		if r.Unit != "MiB" && (r.Ours <= 0 || r.Floor <= 0 || r.Ratio <= 0) {
			t.Errorf("%+v", r)
		}
	}
	for _, name := range names() {
		if !measured[name] {
			t.Errorf("%s measured nothing", name)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-only", "speed"}, {"-rows", "0"}, {"-pace", "1ms"}, {"now"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}
