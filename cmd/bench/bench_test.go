package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/archive/archivetest"
)

// The drain's provider, and the worker that is killed, are this program again in processes of their own.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && (os.Args[1] == quickCommand || os.Args[1] == victimCommand) {
		main()
		return
	}
	os.Exit(m.Run())
}

// Every scenario measures something; what it measures is nobody's to assert. Those that start an S3 server
// name it in this process's environment, so they come one after another.
func TestScenarios(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		if strings.Contains(os.Getenv("CHANCELA_TEST_REQUIRE"), "redis") {
			t.Fatal("redis-server is required and was not found")
		}
		t.Skip("redis-server was not found")
	}
	archivetest.NoAccount(t)
	withBucket := []string{"archive", "bytes", "marks"}
	groups := []string{strings.Join(withBucket, ",")}
	for _, name := range names() {
		if !slices.Contains(withBucket, name) {
			groups = append(groups, name)
		}
	}
	for _, group := range groups {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			short(t, group)
		})
	}
}

func short(t *testing.T, scenarios string) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-json", "-short", "-only", scenarios}, &out, t.Output()); err != nil {
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
		measured[strings.Fields(name)[0]] = true
		// So few envelopes may take less memory than what Redis, or a heap, lets go of meanwhile.
		if r.Unit != "MiB" && r.Unit != "bytes/envelope" && (r.Ours <= 0 || r.Floor <= 0 || r.Ratio <= 0) {
			t.Errorf("%+v", r)
		}
	}
	for name := range strings.SplitSeq(scenarios, ",") {
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
