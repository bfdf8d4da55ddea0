package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/language"
)

func TestConfig(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		env  map[string]string
		is   func(*config) bool
		says string // of the error; empty: none
	}{
		"defaults": {nil, func(c *config) bool {
			return c.ArchiveURL == "./archive" && c.Attempts == 25 && c.RetryBase == 2*time.Second && c.RetryMax == 10*time.Minute &&
				c.account("sdoc").Concurrency == 16 && c.account("catalisa").SettleAfter == 15*time.Second && c.account("qisign").Env == "sandbox" && c.HTTPAddr == "127.0.0.1:8080"
		}, ""},
		"empty is not set":   {map[string]string{"CHANCELA_ATTEMPTS": "", "CHANCELA_SDOC_RATE": ""}, func(c *config) bool { return c.Attempts == 25 }, ""},
		"rate":               {map[string]string{"CHANCELA_CERTYNEO_RATE": "100/1m"}, func(c *config) bool { return c.account("certyneo").Rate == rate{100, time.Minute} }, ""},
		"rate by the second": {map[string]string{"CHANCELA_CERTYNEO_RATE": "5/s"}, func(c *config) bool { return c.account("certyneo").Rate == rate{5, time.Second} }, ""},
		"encryption":         {map[string]string{"CHANCELA_S3_SSE": "aws:kms", "CHANCELA_S3_KMS_KEY_ID": "k"}, func(c *config) bool { return c.s3().KMSKeyID == "k" }, ""},
		"no encryption":      {map[string]string{"CHANCELA_S3_SSE": "yes"}, nil, "CHANCELA_S3_SSE"},
		"path style":         {map[string]string{"CHANCELA_S3_PATH_STYLE": "true"}, nil, "CHANCELA_S3_PATH_STYLE"},
		"no rate":            {map[string]string{"CHANCELA_CERTYNEO_RATE": "fast"}, nil, "CHANCELA_CERTYNEO_RATE"},
		"rate of nothing":    {map[string]string{"CHANCELA_CERTYNEO_RATE": "0/1m"}, nil, "CHANCELA_CERTYNEO_RATE"},
		"rate without time":  {map[string]string{"CHANCELA_CERTYNEO_RATE": "100"}, nil, "such as 100/1m"},
		"endless rate":       {map[string]string{"CHANCELA_CERTYNEO_RATE": "9999999999/1ns"}, nil, "CHANCELA_CERTYNEO_RATE"},
		"negative duration":  {map[string]string{"CHANCELA_RETRY_BASE": "-2s"}, nil, "CHANCELA_RETRY_BASE"},
		"number for time":    {map[string]string{"CHANCELA_SDOC_POLL_EVERY": "30"}, nil, "CHANCELA_SDOC_POLL_EVERY"},
		"zero concurrency":   {map[string]string{"CHANCELA_SDOC_CONCURRENCY": "0"}, nil, "CHANCELA_SDOC_CONCURRENCY"},
		"base above most":    {map[string]string{"CHANCELA_RETRY_BASE": "1h"}, nil, "CHANCELA_RETRY_MAX"},
		"environment":        {map[string]string{"CHANCELA_QISIGN_ENV": "staging"}, nil, "neither sandbox nor production"},
		"language":           {map[string]string{"CHANCELA_LANG": "pt-BR", "LANG": "en_US.UTF-8"}, func(c *config) bool { return c.Lang.Tag == language.BrazilianPortuguese }, ""},
		"language by LANG":   {map[string]string{"LANG": "pt_BR.UTF-8"}, func(c *config) bool { return c.Lang.Tag == language.BrazilianPortuguese }, ""},
		"LC_ALL is stronger": {map[string]string{"LANG": "pt_BR.UTF-8", "LC_ALL": "C"}, func(c *config) bool { return c.Lang.Tag == language.English }, ""},
		"other language":     {map[string]string{"CHANCELA_LANG": "pt_BR"}, nil, "CHANCELA_LANG: \"pt_BR\" is neither pt-BR nor en"},
		"address":            {map[string]string{"CHANCELA_SDOC_BASE_URL": "sdocs.example.com"}, nil, "CHANCELA_SDOC_BASE_URL"},
		"log level":          {map[string]string{"CHANCELA_LOG_LEVEL": "loud"}, nil, "CHANCELA_LOG_LEVEL"},
		"marks":              {map[string]string{"CHANCELA_MARKS": "no"}, nil, "want on or off"},
		"risk":               {map[string]string{"CHANCELA_ACCEPT_REDIS_RISK": "true"}, nil, "want yes"},
		"half a client":      {map[string]string{"CHANCELA_CATALISA_CLIENT_ID": "x"}, nil, "CHANCELA_CATALISA_CLIENT_SECRET"},
		"slash at the end":   {map[string]string{"CHANCELA_SDOC_BASE_URL": "http://localhost:9/"}, func(c *config) bool { return c.account("sdoc").BaseURL == "http://localhost:9" }, ""},
		"secret in a file":   {map[string]string{"CHANCELA_SDOC_API_KEY_FILE": file("key", "s3cret\n")}, func(c *config) bool { return c.account("sdoc").APIKey == "s3cret" }, ""},
		"redis in a file":    {map[string]string{"CHANCELA_REDIS_URL_FILE": file("redis", "redis://:pw@h:1/0\n")}, func(c *config) bool { return c.RedisURL == "redis://:pw@h:1/0" }, ""},
		"secret twice":       {map[string]string{"CHANCELA_SDOC_API_KEY_FILE": file("other", "a"), "CHANCELA_SDOC_API_KEY": "b"}, nil, "both set"},
		"no such file":       {map[string]string{"CHANCELA_SDOC_API_KEY_FILE": filepath.Join(dir, "none")}, nil, "CHANCELA_SDOC_API_KEY_FILE"},
		"empty file":         {map[string]string{"CHANCELA_SDOC_API_KEY_FILE": file("empty", "\n")}, nil, "CHANCELA_SDOC_API_KEY_FILE"},
		"public key": {map[string]string{"CHANCELA_CATALISA_WEBHOOK_SECRET": file("pem", "-----BEGIN PUBLIC KEY-----")}, func(c *config) bool {
			return strings.HasPrefix(c.account("catalisa").WebhookSecret.Reveal(), "-----BEGIN")
		}, ""},
		"client id in a file":     {map[string]string{"CHANCELA_CATALISA_CLIENT_ID_FILE": file("id", "i\n"), "CHANCELA_CATALISA_CLIENT_SECRET": "s"}, func(c *config) bool { return c.account("catalisa").own["CLIENT_ID"] == "i" }, ""},
		"no redis":                {map[string]string{"CHANCELA_REDIS_URL": "localhost:6379"}, nil, "CHANCELA_REDIS_URL"},
		"bad escape in redis":     {map[string]string{"CHANCELA_REDIS_URL": "redis://:topsec%ret@h:1"}, nil, "CHANCELA_REDIS_URL"},
		"redis cluster":           {map[string]string{"CHANCELA_REDIS_URL": "redis-cluster://:pw@a:1,b:2"}, func(c *config) bool { return c.RedisURL != "" }, ""},
		"cluster without a port":  {map[string]string{"CHANCELA_REDIS_URL": "redis-cluster://a,b:2"}, func(c *config) bool { return c.RedisURL != "" }, ""},
		"user without password":   {map[string]string{"CHANCELA_REDIS_URL": "redis://topsecret@h"}, nil, "CHANCELA_REDIS_URL"},
		"simulate":                {map[string]string{"CHANCELA_SIMULATE": "true"}, nil, "want yes"},
		"redis socket":            {map[string]string{"CHANCELA_REDIS_URL": "redis-socket:///run/redis.sock?db=3"}, func(c *config) bool { return c.RedisURL != "" }, ""},
		"redis of this machine":   {map[string]string{"CHANCELA_REDIS_URL": "local:./redis"}, func(c *config) bool { return c.RedisURL != "" }, ""},
		"redis of no folder":      {map[string]string{"CHANCELA_REDIS_URL": "local:"}, nil, "CHANCELA_REDIS_URL: want local:PATH"},
		"archive elsewhere":       {map[string]string{"CHANCELA_ARCHIVE_URL": "gs://bucket"}, nil, "CHANCELA_ARCHIVE_URL"},
		"archive without bucket":  {map[string]string{"CHANCELA_ARCHIVE_URL": "s3:///prefix"}, nil, "CHANCELA_ARCHIVE_URL"},
		"listen without a port":   {map[string]string{"CHANCELA_HTTP_ADDR": "127.0.0.1"}, nil, "CHANCELA_HTTP_ADDR"},
		"listen on no port":       {map[string]string{"CHANCELA_HTTP_ADDR": ":99999"}, nil, "CHANCELA_HTTP_ADDR"},
		"listen on all addresses": {map[string]string{"CHANCELA_HTTP_ADDR": ":8080"}, func(c *config) bool { return c.HTTPAddr == ":8080" }, ""},
		"metrics address":         {map[string]string{"CHANCELA_METRICS_ADDR": "foo"}, nil, "CHANCELA_METRICS_ADDR"},
		"key without a name":      {map[string]string{"CHANCELA_API_KEYS": "topsec"}, nil, "CHANCELA_API_KEYS"},
		"no public key":           {map[string]string{"CHANCELA_CATALISA_WEBHOOK_SECRET": "hunter2"}, nil, "CHANCELA_CATALISA_WEBHOOK_SECRET"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseConfig(c.env)
			if c.says == "" {
				if err != nil || !c.is(got) {
					t.Fatalf("got %+v, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want an error with %q", err, c.says)
			}
			if statusOf(err) != exitUsage {
				t.Errorf("exit status %d", statusOf(err))
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
			if strings.Contains(err.Error(), "topsec") {
				t.Errorf("a secret in %v", err)
			}
		})
	}
}

// Every variable reaches the struct: the library skips what it cannot set without a word.
func TestEveryVariableIsRead(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(key, []byte("-----BEGIN"), 0o600); err != nil {
		t.Fatal(err)
	}
	base, err := parseConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{"RATE": "7/1s", "BURST": "7", "ENV": "production", "CONCURRENCY": "7", "POLL_EVERY": "7s", "SETTLE_AFTER": "7s",
		"BASE_URL": "http://localhost:7", "WEBHOOK_URL": "http://localhost:7", "IAM_URL": "http://localhost:7", "FILES_URL": "http://localhost:7",
		"NOTIFY_URL": "http://localhost:7", "RETRY_BASE": "7s", "RETRY_MAX": "7m", "ATTEMPTS": "7", "HALT_AFTER": "7", "LOG_LEVEL": "warn", "ACCEPT_REDIS_RISK": "yes", "MARKS": "off", "SIMULATE": "yes", "KEEP_LINKS": "yes",
		"REDIS_URL": "redis://h:7", "API_KEYS": "a:seven", "HTTP_ADDR": ":7", "METRICS_ADDR": ":7", "CA_FILE": rootsFile(t),
		"HTTP_SOURCES": "crm=s3://bucket/x", "TZ": "UTC", "LANG": "pt-BR", "S3_SSE": "AES256", "S3_PATH_STYLE": "yes", "S3_KMS_KEY_ID": "k"}
	for _, f := range fields() {
		env := map[string]string{f.Key: "seven"}
		if v, ok := values[f.OwnKey]; ok {
			env[f.Key] = v
		}
		switch f.Key {
		case "CHANCELA_CATALISA_WEBHOOK_SECRET":
			env[f.Key] = key
		case "CHANCELA_HTTP_SOURCES":
			env["CHANCELA_API_KEYS"] = "crm:k"
		case "CHANCELA_S3_KMS_KEY_ID":
			env["CHANCELA_S3_SSE"] = "aws:kms"
		case "CHANCELA_CATALISA_CLIENT_ID":
			env["CHANCELA_CATALISA_CLIENT_SECRET"] = "s"
		case "CHANCELA_CATALISA_CLIENT_SECRET":
			env["CHANCELA_CATALISA_CLIENT_ID"] = "i"
		}
		c, err := parseConfig(env)
		if err != nil {
			t.Errorf("%s: %v", f.Key, err)
		} else if reflect.DeepEqual(c, base) {
			t.Errorf("%s changes nothing", f.Key)
		}
	}
	if n := len(fields()); n < 60 {
		t.Errorf("only %d variables", n)
	}
}

func TestConfigCommandHidesSecrets(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CHANCELA_SDOC_API_KEY": "topsecret", "CHANCELA_SDOC_ENV": "production", "CHANCELA_REDIS_URL": "redis://user:topsecret@127.0.0.1:1/0",
		"CHANCELA_API_KEYS": "shop:topsecret", "CHANCELA_SDOC_RATE": "3/1s", "CHANCELA_SDCO_RATE": "3/1s",
		"CHANCELA_NOTIFY_URL": "https://hooks.example/x?token=topsecret", "HTTPS_PROXY": "http://user:topsecret@proxy.example:3128"}
	r := invoke(t, env, "config").want(t, exitUsage)
	if strings.Contains(r.stdout+r.stderr, "topsecret") {
		t.Errorf("a secret is shown:\n%s", r.stdout)
	}
	for _, want := range []string{"redis://***@127.0.0.1:1/0", "unknown variable: CHANCELA_SDCO_RATE",
		"refused: CHANCELA_SDCO_RATE is not known: is CHANCELA_SDOC_RATE meant?", "https://hooks.example/x?***", "HTTPS_PROXY: http://***@proxy.example:3128"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("missing %q in:\n%s", want, r.stdout)
		}
	}
	delete(env, "CHANCELA_REDIS_URL")
	defaults := maps.Clone(env)
	clear(defaults)
	golden(t, "config", invoke(t, defaults, "config").want(t, exitOK).stdout)
}

// A rate of one's own comes with the documented bucket, or with none.
func TestPace(t *testing.T) {
	for env, want := range map[string]string{"CERTYNEO_": "200 of 100/1m", "CERTYNEO_RATE=60/1m": "200 of 60/1m", "CERTYNEO_BURST=5": "5 of 100/1m",
		"SDOC_": "10 of 10/1s", "SDOC_RATE=5/1s": "1 of 5/1s"} {
		name, value, _ := strings.Cut(env, "=")
		set := map[string]string{}
		if value != "" {
			set["CHANCELA_"+name] = value
		}
		c, err := loadConfig(set)
		if err != nil {
			t.Fatal(err)
		}
		provider, _, _ := strings.Cut(name, "_")
		judges, err := c.judges([]string{strings.ToLower(provider)})
		if err != nil {
			t.Fatal(err)
		}
		r := c.pace(judges[0].Info())
		if got := fmt.Sprintf("%d of %s", r.Burst, rate{r.Requests, r.Per}); got != want {
			t.Errorf("%q: %s, want %s", env, got, want)
		}
	}
}
