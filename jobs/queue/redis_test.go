package queue

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestConnect(t *testing.T) {
	for address, want := range map[string]redis.Options{
		"redis://host":                               {Addr: "host:6379"},
		"redis://app:s%40cret@host/3":                {Addr: "host:6379", Username: "app", Password: "s@cret", DB: 3},
		"redis://:secret@host:1":                     {Addr: "host:1", Password: "secret"},
		"redis://[::1]":                              {Addr: "[::1]:6379"},
		"rediss://app:secret@host:2/0":               {Addr: "host:2", Username: "app", Password: "secret"},
		"redis-socket://app:secret@/run/r.sock?db=3": {Addr: "/run/r.sock", Username: "app", Password: "secret", DB: 3},
	} {
		db, err := Connect(address, nil)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		o := db.(*redis.Client).Options()
		if o.Addr != want.Addr || o.Username != want.Username || o.Password != want.Password || o.DB != want.DB || (o.TLSConfig != nil) != strings.HasPrefix(address, "rediss:") {
			t.Errorf("%s: %s, user %q, password %q, db %d", address, o.Addr, o.Username, o.Password, o.DB)
		}
		db.Close()
	}
	for _, address := range []string{"redis-cluster://app:secret@a,b:2", "redis-sentinel://:secret@a,b:2?master=m"} {
		db, err := Connect(address, nil)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if c, ok := db.(*redis.ClusterClient); ok && strings.Join(c.Options().Addrs, " ") != "a:6379 b:2" {
			t.Errorf("%s: %v", address, c.Options().Addrs)
		}
		db.Close()
	}
	for _, address := range []string{
		"localhost:6379", "redis://", "redis://host/hunter2", "redis://app/hunter2@host", "redis://hunter2@host", "redis://:hunter2%zz@host",
		"redis://host:port", "redis-sentinel://a,b", "redis-sentinel://?master=m", "redis-sentinel://a/hunter2?master=m", "redis-sentinel://a?master=m&pasword=hunter2",
		"redis-cluster://", "http://host", "redis://host?hunter2=1",
		"redis://host/1?db=2", "redis://host?db=2", "redis://host/1#hunter2", "redis://:a#hunter2@host", "redis://host/1#",
		"redis-socket:///run/r.sock?bd=3", "redis-socket:///run/r.sock#hunter2", "redis-sentinel://a?master=m#hunter2", "redis-cluster://a,b/?db=2",
	} {
		if db, err := Connect(address, nil); err == nil {
			db.Close()
			t.Errorf("%s is taken", address)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a secret in %v", err)
		}
	}
}

// User and password are for the Sentinels and for their Redis; the Sentinels may have
// others, or none.
func TestConnectThroughSentinels(t *testing.T) {
	for address, want := range map[string]redis.FailoverOptions{
		"redis-sentinel://a,b:2?master=m": {SentinelAddrs: []string{"a:26379", "b:2"}},
		"redis-sentinel://[::1]?master=m": {SentinelAddrs: []string{"[::1]:26379"}},
		"redis-sentinel://app:s%40cret@a/3?master=m": {SentinelAddrs: []string{"a:26379"}, DB: 3,
			Username: "app", Password: "s@cret", SentinelUsername: "app", SentinelPassword: "s@cret"},
		"redis-sentinel://:secret@a?master=m":                                              {SentinelAddrs: []string{"a:26379"}, Password: "secret", SentinelPassword: "secret"},
		"redis-sentinel://:secret@a?master=m&sentinel_password=":                           {SentinelAddrs: []string{"a:26379"}, Password: "secret"},
		"redis-sentinel://a?master=m&sentinel_password=other":                              {SentinelAddrs: []string{"a:26379"}, SentinelPassword: "other"},
		"redis-sentinel://u:p@a?master=m&sentinel_username=other&sentinel_password=an%26d": {SentinelAddrs: []string{"a:26379"}, Username: "u", Password: "p", SentinelUsername: "other", SentinelPassword: "an&d"},
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		want.MasterName = "m"
		got, err := sentinels(u)
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, %v", address, got, err)
		}
	}
}
