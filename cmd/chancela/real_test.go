package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What means a real provider is never answered by a simulator.
func TestRealSettingsWithoutTheirKeyAreRefused(t *testing.T) {
	file := someOf(t, "june.csv", "cer-001")
	for name, c := range map[string]struct {
		env  map[string]string
		says []string
	}{
		"mistyped":        {map[string]string{"CHANCELA_CERTYNEO_ENV": "production", "CHANCELA_CERTYNEO_APIKEY": "topsecret"}, []string{"CHANCELA_CERTYNEO_APIKEY", "CHANCELA_CERTYNEO_API_KEY"}},
		"in other words":  {map[string]string{"CHANCELA_CERTYNEO_TOKEN": "topsecret"}, []string{"CHANCELA_CERTYNEO_TOKEN", "CHANCELA_CERTYNEO_"}},
		"lower case":      {map[string]string{"chancela_certyneo_api_key": "topsecret"}, []string{"chancela_certyneo_api_key", "CHANCELA_CERTYNEO_API_KEY"}},
		"another prefix":  {map[string]string{"CHANCELLA_QISIGN_API_KEY": "topsecret"}, []string{"CHANCELLA_QISIGN_API_KEY", "CHANCELA_QISIGN_API_KEY"}},
		"swapped letters": {map[string]string{"CHANCELA_SDCO_API_KEY": "topsecret"}, []string{"CHANCELA_SDOC_API_KEY"}},
		"redis":           {map[string]string{"CHANCELA_REDIS": "redis://h"}, []string{"CHANCELA_REDIS", "CHANCELA_REDIS_URL"}},
		"production":      {map[string]string{"CHANCELA_CERTYNEO_ENV": "production"}, []string{"CHANCELA_CERTYNEO_ENV=production", "CHANCELA_CERTYNEO_API_KEY"}},
		"an address":      {map[string]string{"CHANCELA_SDOC_BASE_URL": "https://sdoc.example"}, []string{"CHANCELA_SDOC_BASE_URL", "CHANCELA_SDOC_API_KEY"}},
		"another address": {map[string]string{"CHANCELA_CATALISA_IAM_URL": "https://iam.example"}, []string{"CHANCELA_CATALISA_IAM_URL"}},
		"a secret":        {map[string]string{"CHANCELA_QISIGN_WEBHOOK_SECRET": "topsecret"}, []string{"CHANCELA_QISIGN_WEBHOOK_SECRET", "CHANCELA_QISIGN_API_KEY"}},
		"a receiver":      {map[string]string{"CHANCELA_QISIGN_WEBHOOK_URL": "https://us.example"}, []string{"CHANCELA_QISIGN_WEBHOOK_URL"}},
		"an empty key":    {map[string]string{"CHANCELA_CERTYNEO_API_KEY": ""}, []string{"CHANCELA_CERTYNEO_API_KEY", "empty"}},
		"nobody asked":    {map[string]string{"CHANCELA_REDIS_URL": "redis://127.0.0.1:1"}, []string{"CHANCELA_SIMULATE=yes", "_API_KEY"}},
		"both":            {map[string]string{"CHANCELA_SIMULATE": "yes", "CHANCELA_CERTYNEO_API_KEY": "topsecret", "CHANCELA_REDIS_URL": "redis://h"}, []string{"CHANCELA_SIMULATE", "CHANCELA_CERTYNEO_API_KEY"}},
		"told by anybody": {map[string]string{"CHANCELA_NOTIFY_URL": "https://hooks.example/x"}, []string{"CHANCELA_NOTIFY_URL", "CHANCELA_NOTIFY_SECRET"}},
		"nobody to tell":  {map[string]string{"CHANCELA_NOTIFY_SECRET": "topsecret"}, []string{"CHANCELA_NOTIFY_SECRET", "CHANCELA_NOTIFY_URL"}},
		"both, in words":  {map[string]string{"CHANCELA_SIMULATE": "yes", "CHANCELA_CERTYNEO_ENV": "production"}, []string{"CHANCELA_CERTYNEO_ENV"}},
		"plain http for real": {map[string]string{"CHANCELA_QISIGN_API_KEY": "topsecret", "CHANCELA_QISIGN_ENV": "production", "CHANCELA_QISIGN_BASE_URL": "http://qi.example", "CHANCELA_REDIS_URL": "redis://h"},
			[]string{"CHANCELA_QISIGN_BASE_URL", "https"}},
		"half a simulator": {map[string]string{"CHANCELA_CATALISA_CLIENT_ID": "i", "CHANCELA_CATALISA_CLIENT_SECRET": "topsecret", "CHANCELA_CATALISA_BASE_URL": "http://127.0.0.1:1", "CHANCELA_REDIS_URL": "redis://h"},
			[]string{"CHANCELA_CATALISA_IAM_URL"}},
	} {
		t.Run(name, func(t *testing.T) {
			archive := filepath.Join(t.TempDir(), "archive")
			c.env["CHANCELA_ARCHIVE_URL"] = archive
			r := invoke(t, c.env, "run", file).want(t, exitUsage)
			for _, want := range c.says {
				if !strings.Contains(r.stderr, want) {
					t.Errorf("%q does not say %q", r.stderr, want)
				}
			}
			if strings.Contains(r.stderr, "topsecret") || strings.Count(strings.TrimSpace(r.stderr), "\n") > 0 {
				t.Errorf("stderr: %s", r.stderr)
			}
			if _, err := os.Stat(archive); err == nil {
				t.Error("the archive was made")
			}
		})
	}
}

// Names that somebody else has set stop nothing.
func TestStrangeNamesStopNothing(t *testing.T) {
	env := map[string]string{"CHANCELA_IMAGE": "x", "CHANCELA_ENV": "x", "CHANCELA_SECRETS": "x", "CHANCELA_PORT": "1", "CHANCE_OF_RAIN": "1",
		"CHANCELA_REDIS_SERVICE_HOST": "10.0.0.1", "CHANCELA_REDIS_SERVICE_PORT_REDIS": "6379", "CHANCELA_REDIS_PORT": "tcp://10.0.0.1:6379", "CHANCELA_REDIS_PORT_6379_TCP_ADDR": "10.0.0.1"}
	if all := mistakes(env); len(all) > 0 {
		t.Errorf("%v", all)
	}
	if _, err := loadConfig(env); err != nil {
		t.Error(err)
	}
	for name := range known() {
		if meant := mistakes(map[string]string{name: "x"}); len(meant) > 0 {
			t.Errorf("%v", meant)
		}
	}
}

// Names in words of one's own are found by their words: those of another name, of another
// provider, or what names begin with.
func TestNearNames(t *testing.T) {
	for name, want := range map[string]string{
		"CHANCELA_SDOC_KEY": "CHANCELA_SDOC_API_KEY", "CHANCELA_SDOC_URL": "CHANCELA_SDOC_BASE_URL CHANCELA_SDOC_WEBHOOK_URL",
		"CHANCELA_SDOC_TOKEN":       "CHANCELA_SDOC_API_KEY",
		"CHANCELA_SDOC_SECRET_FILE": "CHANCELA_SDOC_WEBHOOK_SECRET_FILE", "CHANCELA_CATALISA_CLIENT": "CHANCELA_CATALISA_CLIENT_ID CHANCELA_CATALISA_CLIENT_SECRET",
		"CHANCELA_SDOC_CLIENT_ID": "CHANCELA_CATALISA_CLIENT_ID", "CHANCELA_QISIGN_IAM_URL": "CHANCELA_CATALISA_IAM_URL",
		"CHANCELA_WEBHOOK_SECRET": "CHANCELA_CONTRAKTOR_WEBHOOK_SECRET CHANCELA_CERTYNEO_WEBHOOK_SECRET CHANCELA_SDOC_WEBHOOK_SECRET",
		"CHANCELA_RATE":           "CHANCELA_CONTRAKTOR_RATE CHANCELA_CERTYNEO_RATE CHANCELA_SDOC_RATE",
		"CHANCELA_REDIS_URI":      "CHANCELA_REDIS_URL", "CHANCELA_REDIS_ADDRESS": "CHANCELA_REDIS_URL", "CHANCELA_ARCHIVE_BUCKET": "CHANCELA_ARCHIVE_URL",
		"CHANCELA_NOTIFICATION_URL": "CHANCELA_NOTIFY_URL", "CHANCELA_METRICS_LISTEN": "CHANCELA_METRICS_ADDR", "CHANCELA_KEYS": "CHANCELA_API_KEYS",
		"CHANCELA_KEY": "CHANCELA_CONTRAKTOR_API_KEY CHANCELA_CERTYNEO_API_KEY CHANCELA_SDOC_API_KEY", "CHANCELLA_SDCO_TOKEN": "CHANCELA_SDOC_API_KEY",
		"CHANCELA_VERSION": "", "CHANCELA_DATA_DIR": "", "CHANCELA_DATABASE_URL": "", "CHANCELA_DEBUG": "",
	} {
		var got []string
		for _, m := range mistakes(map[string]string{name: "topsecret"}) {
			got = append(got, m.meant...)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// A simulator's address is one on this machine, or one that is said to be.
func TestWhatIsReal(t *testing.T) {
	for address, want := range map[string]bool{"": true, "https://qi.example": true, "http://qi.example": true, "http://sandbox:9105": true, "http://10.0.0.1": true,
		"http://127.0.0.1:1": false, "https://localhost:1": false, "http://[::1]:1": false} {
		c, err := parseConfig(map[string]string{"CHANCELA_QISIGN_API_KEY": "k", "CHANCELA_QISIGN_BASE_URL": address})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.isReal("qisign"); got != want {
			t.Errorf("%q is real: %v", address, got)
		}
	}
	c, err := loadConfig(map[string]string{"CHANCELA_SIMULATE": "yes", "CHANCELA_QISIGN_API_KEY": "k", "CHANCELA_QISIGN_BASE_URL": "http://sandbox:9105"})
	if err != nil || c.isReal("qisign") {
		t.Errorf("one that is said to be a simulator: %v", err)
	}
}
