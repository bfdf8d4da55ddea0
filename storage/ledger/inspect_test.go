package ledger

import (
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/redistest"
)

// other is a server of another make: what it answers to INFO by section, and whether it
// shows its configuration and knows WAITAOF.
type other struct {
	info    map[string]string
	config  map[string]string
	waitaof bool
}

func (o other) start(t *testing.T) redis.UniversalClient {
	t.Helper()
	s, err := server.NewServer("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	answer := func(name string, f server.Cmd) {
		if err := s.Register(name, f); err != nil {
			t.Fatal(err)
		}
	}
	answer("INFO", func(p *server.Peer, _ string, args []string) {
		switch {
		case o.info == nil:
			p.WriteError("NOPERM User app has no permissions to run the 'info' command")
		case len(args) > 1: // Redis 6.2, KeyDB, Kvrocks
			p.WriteError("ERR syntax error")
		default:
			p.WriteBulk(o.info[args[0]])
		}
	})
	answer("CONFIG", func(p *server.Peer, _ string, args []string) {
		if o.config == nil {
			p.WriteError("NOPERM User app has no permissions to run the 'config' command")
			return
		}
		value, ok := o.config[args[1]]
		if !ok {
			p.WriteLen(0)
			return
		}
		p.WriteLen(2)
		p.WriteBulk(args[1])
		p.WriteBulk(value)
	})
	if o.waitaof {
		answer("WAITAOF", func(p *server.Peer, _ string, _ []string) {
			p.WriteLen(2)
			p.WriteInt(1)
			p.WriteInt(0)
		})
	}
	db := redis.NewClient(&redis.Options{Addr: s.Addr().String(), Protocol: 2, DisableIdentity: true})
	t.Cleanup(func() { db.Close() })
	return db
}

// A server is used for what it can do, whatever its make and whatever it may not tell; what
// cannot be known is said, and never taken for durable.
func TestInspectOtherServers(t *testing.T) {
	always := map[string]string{"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "always"}
	everysec := map[string]string{"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec"}
	info := func(version, aof string) map[string]string {
		return map[string]string{
			"server": "# Server\r\nredis_version:" + version + "\r\n", "persistence": "# Persistence\r\naof_enabled:" + aof + "\r\n",
			"replication": "# Replication\r\nrole:master\r\nconnected_slaves:0\r\n",
		}
	}
	for name, c := range map[string]struct {
		server  other
		want    Durability
		version string
		warns   string
	}{
		"6.2":                       {other{info("6.2.14", "1"), always, false}, DurableByAOF, "6.2.14", ""},
		"6.2 every second":          {other{info("6.2.14", "1"), everysec, false}, NotDurable, "6.2.14", "once a second"},
		"keydb":                     {other{info("6.3.4", "1"), always, false}, DurableByAOF, "6.3.4", ""},
		"kvrocks":                   {other{map[string]string{"server": "# Server\r\nredis_version:4.0.0\r\nkvrocks_version:2.9.0\r\n"}, map[string]string{}, false}, NotDurable, "Kvrocks 2.9.0", "does not tell how it keeps"},
		"info forbidden":            {other{nil, always, false}, DurableByAOF, "unknown", "its version"},
		"info and config forbidden": {other{nil, nil, false}, NotDurable, "unknown", "does not tell how it keeps"},
		"both, and it waits":        {other{nil, nil, true}, DurableByWaitAOF, "unknown", "its version"},
		"7.2 that waits":            {other{info("7.2.4", "1"), everysec, true}, DurableByWaitAOF, "7.2.4", ""},
		"7.2 that must not wait":    {other{info("7.2.4", "1"), everysec, false}, NotDurable, "7.2.4", "allow WAITAOF"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Inspect(t.Context(), c.server.start(t))
			if err != nil || s.Durability != c.want || s.Version != c.version {
				t.Errorf("got %+v, %v", s, err)
			}
			if all := lang.Join(s.Warnings, "; ").String(); !strings.Contains(all, c.warns) || c.warns == "" && all != "" {
				t.Errorf("warnings: %s", all)
			}
		})
	}
	if _, err := Inspect(t.Context(), other{info: info("5.0.7", "1"), config: always}.start(t)); err == nil {
		t.Error("5.0 is taken")
	}
}

// A server that has no such section of INFO says so in words of its own, without a code.
func TestInspectWithoutSections(t *testing.T) {
	db := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	defer db.Close()
	s, err := Inspect(t.Context(), db)
	if err != nil || s.Version != "unknown" || s.Durability != NotDurable || !strings.Contains(lang.Join(s.Warnings, "; ").String(), "does not tell its version") {
		t.Errorf("%+v %v", s, err)
	}
}

// WAITAOF speaks of one connection: on a cluster it would be chosen, and every intent fail.
func TestAClusterIsNotWaitedFor(t *testing.T) {
	db := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{miniredis.RunT(t).Addr()}})
	t.Cleanup(func() { db.Close() })
	in := inspection{ctx: t.Context(), db: db, info: map[string]string{"aof_enabled": "1", "connected_slaves": "1"}}
	if b, why := in.durability(); b != NotDurable || !strings.Contains(why.String(), "Cluster") || !strings.Contains(why.String(), "appendfsync always") {
		t.Errorf("%s: %s", b, why)
	}
}

// startRedis runs a real server with the given settings.
func startRedis(t *testing.T, settings ...string) *redis.Client {
	t.Helper()
	db := redis.NewClient(&redis.Options{Network: "unix", Addr: redistest.Start(t, settings...), MaxRetries: -1})
	t.Cleanup(func() { db.Close() })
	return db
}

func TestInspectChoosesTheBarrier(t *testing.T) {
	for _, c := range []struct {
		settings string
		want     Durability
		warns    bool
		refused  bool
	}{
		{"--appendonly yes --appendfsync always", DurableByAOF, false, false},
		{"--appendonly no", NotDurable, true, false},
		{"--appendonly yes --appendfsync always --maxmemory-policy allkeys-lru", "", false, true},
	} {
		s, err := Inspect(t.Context(), startRedis(t, strings.Fields(c.settings)...))
		if (err != nil) != c.refused {
			t.Errorf("%s: %v", c.settings, err)
		}
		if err == nil && (s.Durability != c.want || len(s.Warnings) > 0 != c.warns) {
			t.Errorf("%s: %+v", c.settings, s)
		}
	}
	// appendfsync everysec: from 7.2 on WAITAOF, before that nothing.
	s, err := Inspect(t.Context(), startRedis(t, "--appendonly", "yes", "--appendfsync", "everysec"))
	if err != nil {
		t.Fatal(err)
	}
	want := NotDurable
	if atLeast(s.Version, 7, 2) {
		want = DurableByWaitAOF
	}
	if s.Durability != want {
		t.Errorf("redis %s: %q, want %q", s.Version, s.Durability, want)
	}
}
