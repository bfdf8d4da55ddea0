package ledger

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers/lang"
)

// Server is what Inspect found.
type Server struct {
	Version    string
	Durability Durability
	// Warnings are what an operator should change; the program goes on.
	Warnings []lang.Text
}

// Inspect looks whether a Redis can carry the ledger: version 6.2 or newer, no eviction,
// and how durable its writes are. An error means that it cannot. What the server does not
// tell is a warning, and no barrier is taken for granted: whether WAITAOF and WAIT may be
// used is tried.
func Inspect(ctx context.Context, db redis.UniversalClient) (Server, error) {
	in := inspection{ctx: ctx, db: db, info: map[string]string{}}
	s := Server{Durability: NotDurable}
	// One section a call: Redis before 7.0, KeyDB and Kvrocks take no more.
	for _, section := range []string{"server", "persistence", "replication"} {
		if err := in.read(section); err != nil {
			return s, lang.Errorf("redis does not answer: %w", err)
		}
	}
	warn := func(text lang.Text) { s.Warnings = append(s.Warnings, text) }

	s.Version = in.info["redis_version"]
	switch kvrocks := in.info["kvrocks_version"]; {
	case kvrocks != "": // names the version of Redis that its protocol is like
		s.Version = "Kvrocks " + kvrocks
	case s.Version == "":
		s.Version = "unknown"
		warn(lang.Of("redis does not tell its version (INFO is forbidden, or has none): make sure that it is 6.2 or newer"))
	case !atLeast(s.Version, 6, 2):
		return s, lang.Errorf("redis %s is too old: 6.2 or newer is needed", s.Version)
	}
	if policy := in.config("maxmemory-policy"); policy == "" {
		warn(lang.Of("redis does not show its configuration: make sure that maxmemory-policy is noeviction"))
	} else if policy != "noeviction" {
		return s, lang.Errorf("redis has maxmemory-policy %s and may drop envelopes when memory is short: set it to noeviction", policy)
	}
	var why lang.Text
	if s.Durability, why = in.durability(); !why.IsZero() {
		warn(why)
	}
	return s, nil
}

// inspection is what a server tells of itself.
type inspection struct {
	ctx  context.Context
	db   redis.UniversalClient
	info map[string]string
}

// read reads one section of INFO. That it is forbidden or unknown is no error.
func (in *inspection) read(section string) error {
	sections, err := in.db.InfoMap(in.ctx, section).Result()
	if err != nil && !forbidden(err) {
		return err
	}
	for _, fields := range sections {
		for name, value := range fields {
			in.info[name] = value
		}
	}
	return nil
}

// forbidden tells whether the server answers and will not do it: by its ACL, by its
// operator, or because it does not know the command or the section. Other answers begin
// with a code of their own (LOADING, NOAUTH): those are not about the command.
func forbidden(err error) bool {
	_, answered := errors.AsType[redis.Error](err)
	code, _, _ := strings.Cut(err.Error(), " ")
	return answered && (code == "NOPERM" || code == "ERR" || code != strings.ToUpper(code))
}

// config is a setting of the server; empty when it is not shown.
func (in *inspection) config(name string) string {
	m, err := in.db.ConfigGet(in.ctx, name).Result()
	if err != nil {
		return ""
	}
	return m[name]
}

// durability is the best way to make a write durable, and what the operator should change.
func (in *inspection) durability() (Durability, lang.Text) {
	aof, told := in.info["aof_enabled"]
	if !told {
		aof = map[string]string{"yes": "1", "no": "0"}[in.config("appendonly")]
	}
	if aof == "1" && in.config("appendfsync") == "always" {
		return DurableByAOF, lang.Text{}
	}
	if _, single := in.db.(*redis.Client); single { // both speak of one connection's writes
		if aof != "0" && in.acknowledges("WAITAOF", 1, 0, 1) >= 0 {
			return DurableByWaitAOF, lang.Text{}
		}
		if in.info["connected_slaves"] != "0" && in.acknowledges("WAIT", 1, 100) > 0 {
			return DurableByReplicas, lang.Text{}
		}
	}
	if _, cluster := in.db.(*redis.ClusterClient); cluster && aof == "1" {
		return NotDurable, lang.Of("a Redis Cluster that writes its append-only file once a second cannot be waited for (WAITAOF speaks of one connection's writes): set appendfsync always on every node")
	}
	switch aof {
	case "1":
		return NotDurable, lang.Of("redis writes its append-only file once a second, as far as it tells: set appendfsync always, or use 7.2+ (and allow WAITAOF), so that no invitation can be forgotten in a crash")
	case "0":
		return NotDurable, lang.Of("redis keeps no append-only file: set appendonly yes and appendfsync always, so that no invitation can be forgotten in a crash")
	}
	return NotDurable, lang.Of("redis does not tell how it keeps what is written: allow INFO, or CONFIG GET, so that chancela can see that no invitation can be forgotten in a crash")
}

// acknowledges is what WAIT or WAITAOF answers; -1 when it cannot be used.
func (in *inspection) acknowledges(command ...any) int64 {
	n, err := acknowledged(in.db.Do(in.ctx, command...))
	if err != nil {
		return -1
	}
	return n
}

func atLeast(version string, major, minor int) bool {
	a, rest, _ := strings.Cut(version, ".")
	b, _, _ := strings.Cut(rest, ".")
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return x > major || x == major && y >= minor
}
