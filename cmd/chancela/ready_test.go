package main

import (
	"net"
	"strings"
	"testing"
)

// A command that cannot have its port does not say that it is ready.
func TestReadyIsSaidWithThePort(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address, archive := redisServer(t, true), t.TempDir()
	for command, env := range map[string]map[string]string{
		"up":       {"CHANCELA_HTTP_ADDR": taken.Addr().String()},
		"serve":    {"CHANCELA_HTTP_ADDR": "0.0.0.0:0"}, // without keys
		"work":     {"CHANCELA_METRICS_ADDR": taken.Addr().String()},
		"schedule": {"CHANCELA_METRICS_ADDR": taken.Addr().String()},
	} {
		env["CHANCELA_REDIS_URL"], env["CHANCELA_SIMULATE"], env["CHANCELA_ARCHIVE_URL"] = address, "yes", archive
		r := invoke(t, env, command).want(t, exitUsage)
		if strings.Contains(r.stderr, `"ready"`) {
			t.Errorf("%s: %s", command, r.stderr)
		}
	}
}
