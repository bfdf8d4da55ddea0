package ledger

import (
	"strings"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2/server"
)

// An intent counts when it is on the disk, not when Redis has it in memory: WAITAOF follows
// the write, over the same connection, and what it answers decides.
func TestBarrierWaitsForTheDisk(t *testing.T) {
	for _, c := range []struct {
		name    string
		local   int // append-only files of this server that have the write
		durable bool
	}{{"on the disk", 1, true}, {"not on the disk in time", 0, false}} {
		t.Run(c.name, func(t *testing.T) {
			l, clock := open(t)
			l.durability = DurableByWaitAOF
			claim := preparing(t, l, "1")
			var mu sync.Mutex
			var writer *server.Peer
			waits, elsewhere := 0, 0
			clock.m.Server().SetPreHook(func(p *server.Peer, cmd string, _ ...string) bool {
				mu.Lock()
				defer mu.Unlock()
				if strings.HasPrefix(strings.ToUpper(cmd), "EVAL") {
					writer = p
				}
				return false
			})
			err := clock.m.Server().Register("WAITAOF", func(p *server.Peer, _ string, args []string) {
				mu.Lock()
				defer mu.Unlock()
				waits++
				if p != writer || len(args) != 3 || args[0] != "1" {
					elsewhere++
				}
				p.WriteLen(2)
				p.WriteInt(c.local)
				p.WriteInt(0)
			})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := claim.Intend(t.Context()); (err == nil) != c.durable || c.durable && got != IntentOK {
				t.Errorf("%q %v", got, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if waits != 1 || elsewhere > 0 {
				t.Errorf("%d waits, %d of them not for the write", waits, elsewhere)
			}
		})
	}
}

// WAIT speaks of the writes of its own connection: a barrier without a replica must fail,
// not pass.
func TestBarrierFailsWithoutAReplica(t *testing.T) {
	old := New(startRedis(t), NotDurable)
	c := preparing(t, old, "1")
	c.ledger = New(old.db, DurableByReplicas)
	if _, err := c.Intend(t.Context()); err == nil {
		t.Error("an intent that no replica has was called durable")
	}
}
