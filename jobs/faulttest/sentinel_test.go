//go:build linux

package faulttest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// watched is a Redis with a replica, under three Sentinels.
type watched struct {
	t         *testing.T
	servers   map[string]*slot // by address
	sentinels []string
	db        *redis.Client // of whoever is the master
}

const (
	masterName = "chancela"
	replicaKey = "replication"
)

func startWatched(t *testing.T, logs string) *watched {
	t.Helper()
	bin := need(t, "redis-server", "redis")
	w := &watched{t: t, servers: map[string]*slot{}}
	master, replica := freePort(t), freePort(t)
	for n, address := range []string{master, replica} {
		dir := t.TempDir()
		host, port, _ := net.SplitHostPort(address)
		// Replicas come as a user of their own, so that they can be shut out.
		args := []string{"--port", port, "--bind", host, "--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always",
			"--maxmemory-policy", "noeviction", "--masteruser", replicaKey, "--masterauth", replicaKey, "--repl-diskless-sync-delay", "0",
			"--user", replicaKey, "on", ">" + replicaKey, "+psync", "+replconf", "+ping"}
		if n > 0 {
			args = append(args, "--replicaof", strings.Replace(master, ":", " ", 1))
		}
		w.servers[address] = newSlot(t, logs, fmt.Sprint("redis", n+1), func(string) *exec.Cmd { return exec.Command(bin, args...) })
	}
	w.startSentinels(bin, logs, master, replica)
	w.db = redis.NewFailoverClient(&redis.FailoverOptions{MasterName: masterName, SentinelAddrs: w.sentinels, ReadTimeout: time.Minute}) // a copy takes long
	t.Cleanup(func() { w.db.Close() })
	return w
}

// ready waits until the Sentinels know of each other and of a replica that follows.
func (w *watched) ready() {
	w.t.Helper()
	until(w.t, "three Sentinels and a replica that follows", 3*time.Minute, func(ctx context.Context) bool {
		master := ""
		for _, s := range w.sentinels {
			state := w.state(ctx, s)
			if state["num-slaves"] != "1" || state["num-other-sentinels"] != "2" || state["flags"] != "master" || master != "" && state["port"] != master {
				return false
			}
			master = state["port"]
		}
		return strings.Contains(w.db.Info(ctx, "replication").Val(), "state=online")
	})
}

// downAfter is how long a master is silent before it is taken for down.
const downAfter = 3 * time.Second

// cutOffFor is how long the replica may be shut out: when its master is taken for down, and
// it has not followed for more than ten times downAfter, no Sentinel ever elects it.
const cutOffFor = 4 * downAfter

// startSentinels starts three Sentinels that know each other and the replica from their
// files: by themselves they find each other after seconds, and a replica after ten.
func (w *watched) startSentinels(bin, logs, master, replica string) {
	w.t.Helper()
	spaced := func(address string) string { return strings.Replace(address, ":", " ", 1) }
	id := func(n int) string { return fmt.Sprintf("%040d", n+1) }
	for range 3 {
		w.sentinels = append(w.sentinels, freePort(w.t))
	}
	for n, address := range w.sentinels {
		host, port, _ := net.SplitHostPort(address)
		conf := fmt.Sprintf("port %s\nbind %s\nsentinel myid %s\nsentinel monitor %s %s 2\nsentinel down-after-milliseconds %[4]s %[6]d\n"+
			"sentinel failover-timeout %[4]s 4000\nsentinel known-replica %[4]s %[7]s\n", port, host, id(n), masterName, spaced(master), downAfter.Milliseconds(), spaced(replica))
		for other, address := range w.sentinels {
			if other != n {
				conf += fmt.Sprintf("sentinel known-sentinel %s %s %s\n", masterName, spaced(address), id(other))
			}
		}
		file := filepath.Join(w.t.TempDir(), "sentinel.conf")
		if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
			w.t.Fatal(err)
		}
		newSlot(w.t, logs, fmt.Sprint("sentinel", n+1), func(string) *exec.Cmd { return exec.Command(bin, file, "--sentinel") })
	}
}

func (w *watched) url() string {
	return "redis-sentinel://" + strings.Join(w.sentinels, ",") + "/0?master=" + masterName
}

// state is what a Sentinel knows of the master.
func (w *watched) state(ctx context.Context, sentinel string) map[string]string {
	s := redis.NewSentinelClient(&redis.Options{Addr: sentinel})
	defer s.Close()
	return s.Master(ctx, masterName).Val()
}

// master is the one that the first Sentinel names.
func (w *watched) master(ctx context.Context) string {
	state := w.state(ctx, w.sentinels[0])
	return net.JoinHostPort(state["ip"], state["port"])
}

// cutOff keeps the replica from following: what the master acknowledges from now on is
// lost with it.
func (w *watched) cutOff(ctx context.Context) {
	w.t.Helper()
	db := redis.NewClient(&redis.Options{Addr: w.master(ctx)})
	defer db.Close()
	for _, command := range [][]any{{"ACL", "SETUSER", replicaKey, "off"}, {"CLIENT", "KILL", "TYPE", "replica"}} {
		if err := db.Do(ctx, command...).Err(); err != nil {
			w.t.Fatal(command, err)
		}
	}
}

// letIn ends what cutOff has begun, at a server that was the master then: one that was not
// started anew would let nobody follow when it is the master again.
func (w *watched) letIn(server string) {
	w.t.Helper()
	db := redis.NewClient(&redis.Options{Addr: server})
	defer db.Close()
	until(w.t, "the old master answers", time.Minute, func(ctx context.Context) bool {
		return db.Do(ctx, "ACL", "SETUSER", replicaKey, "on").Err() == nil
	})
}

// failOver ends the master, or (partition) freezes it until another one is there, and then
// lets it go on: it still takes itself for the master.
func (w *watched) failOver(ctx context.Context, partition bool) {
	w.t.Helper()
	old := w.master(ctx)
	s := w.servers[old]
	up := func() { s.signal(syscall.SIGCONT) }
	if partition {
		s.signal(syscall.SIGSTOP)
	} else {
		up = s.keepDown(ctx)
	}
	until(w.t, "another master", 3*time.Minute, func(ctx context.Context) bool {
		for _, sentinel := range w.sentinels {
			state := w.state(ctx, sentinel)
			if net.JoinHostPort(state["ip"], state["port"]) == old {
				return false
			}
		}
		return w.db.Set(ctx, "{chancela}:writable", 1, time.Minute).Err() == nil
	})
	up()
	w.letIn(old)
}

// copyAll reads all keys, what they hold and when they end at one moment, as a copy on disk has
// them. One that never ends has 0.
var copyAll = redis.NewScript(`local all, now = {}, redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  for _, v in ipairs({key, redis.call('DUMP', key), left < 0 and '0' or string.format('%.0f', now + left)}) do all[#all + 1] = v end
end
return all`)

// kept is what a key holds, and when it ends.
type kept struct {
	dump string
	ends int64
}

// snapshot keeps all that the master holds.
func (w *watched) snapshot(ctx context.Context) map[string]kept {
	w.t.Helper()
	all, err := copyAll.Run(ctx, w.db, nil).StringSlice()
	if err != nil || len(all) == 0 {
		w.t.Fatal(len(all), err)
	}
	keys := make(map[string]kept, len(all)/3)
	for i := 0; i < len(all); i += 3 {
		ends, err := strconv.ParseInt(all[i+2], 10, 64)
		if err != nil {
			w.t.Fatal(err)
		}
		keys[all[i]] = kept{all[i+1], ends}
	}
	return keys
}

// setBack makes the master hold what it held.
func (w *watched) setBack(ctx context.Context, keys map[string]kept) {
	w.t.Helper()
	w.empty(ctx)
	now := time.Now()
	_, err := w.db.Pipelined(ctx, func(p redis.Pipeliner) error {
		for key, was := range keys {
			ttl := time.Duration(0)
			if was.ends > 0 { // what has ended meanwhile ends at once
				ttl = max(time.UnixMilli(was.ends).Sub(now), time.Millisecond)
			}
			p.Restore(ctx, key, ttl, was.dump)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *watched) empty(ctx context.Context) {
	w.t.Helper()
	if err := w.db.FlushAll(ctx).Err(); err != nil {
		w.t.Fatal(err)
	}
}
