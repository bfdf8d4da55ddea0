package queue

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// Connect opens the Redis of an address: redis:// and rediss://[[user]:password@]host[:port][/db],
// redis-socket:// as asynq reads it, redis-cluster://[[user]:password@]host[:port],host[:port], or
// redis-sentinel://[[user]:password@]host[:port],host[:port][/db]?master=NAME. The port is 6379,
// of Sentinels 26379. User and password are for the Sentinels and for the Redis that they name,
// unless sentinel_username and sentinel_password give the Sentinels others, or none.
// roots are the authorities that TLS trusts; nil for the system's. The caller closes it.
func Connect(address string, roots *x509.CertPool) (redis.UniversalClient, error) {
	if rest, ok := strings.CutPrefix(address, "redis-cluster://"); ok {
		return connectCluster(rest)
	}
	u, err := url.Parse(address)
	if err != nil { // the libraries' errors would repeat the address, and the password in it
		return nil, errors.New("redis address: want redis://[[user]:password@]host[:port][/db], with special characters of the password as %XX")
	}
	if _, has := u.User.Password(); u.User != nil && !has {
		return nil, errors.New("redis address: there is a user and no password before the @; a password alone is :password@")
	}
	if err := checkTail(address, u); err != nil {
		return nil, err
	}
	switch u.Scheme {
	case "redis", "rediss":
		opt, err := redis.ParseURL(address)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("redis address: want %s://[[user]:password@]host[:port][/db] and nothing after that", u.Scheme)
		}
		if opt.TLSConfig != nil {
			opt.TLSConfig.RootCAs = roots
		}
		return redis.NewClient(opt), nil
	case "redis-sentinel":
		opt, err := sentinels(u)
		if err != nil {
			return nil, err
		}
		return redis.NewFailoverClient(opt), nil
	}
	if u.Host == "" && !strings.HasPrefix(u.Scheme, "redis") {
		return nil, errors.New("redis address: it begins with redis:// or rediss://, as in redis://localhost:6379/0")
	}
	opt, err := asynq.ParseRedisURI(address)
	if err != nil {
		return nil, fmt.Errorf("redis address: %s", strings.TrimPrefix(err.Error(), "asynq: "))
	}
	if o, ok := opt.(asynq.RedisClientOpt); ok { // asynq leaves the user out
		o.Username = u.User.Username()
		opt = o
	}
	return opt.MakeRedisClient().(redis.UniversalClient), nil
}

// connectCluster opens a cluster by what stands after redis-cluster://.
func connectCluster(rest string) (redis.UniversalClient, error) {
	opt := &redis.ClusterOptions{}
	if i := strings.LastIndex(rest, "@"); i >= 0 {
		u, err := url.Parse("redis://" + rest[:i] + "@host")
		if err != nil {
			return nil, fmt.Errorf("redis-cluster address: the part before @ is not user:password")
		}
		opt.Username = u.User.Username()
		opt.Password, _ = u.User.Password()
		rest = rest[i+1:]
	}
	for host := range strings.SplitSeq(strings.TrimSuffix(rest, "/"), ",") {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), "6379")
		}
		if strings.HasPrefix(host, ":") || strings.ContainsAny(host, "/?# ") {
			return nil, fmt.Errorf("redis-cluster address: want redis-cluster://host:port,host:port")
		}
		opt.Addrs = append(opt.Addrs, host)
	}
	return redis.NewClusterClient(opt), nil
}

// parameters are what may stand after the question mark of an address, by its scheme. Those
// of redis:// and rediss:// are the client library's own.
var parameters = map[string][]string{"redis-socket": {"db"}, "redis-sentinel": {"master", "sentinel_username", "sentinel_password"}}

// checkTail refuses what stands at the end of an address and would be dropped without a
// word, or contradicts what stands before. Values are not repeated.
func checkTail(address string, u *url.URL) error {
	if strings.Contains(address, "#") {
		return errors.New("redis address: there is a # in it, and what follows it is lost: a # of the password is written %23")
	}
	tcp := u.Scheme == "redis" || u.Scheme == "rediss"
	for name := range u.Query() {
		switch {
		case tcp && name == "db":
			return fmt.Errorf("redis address: the database is the path, as in %s://host:6379/2, and not ?db=2", u.Scheme)
		case !tcp && !slices.Contains(parameters[u.Scheme], name):
			return errors.New("redis address: it has a parameter after the ? that is not known here; a ? of the password is written %3F")
		}
	}
	return nil
}

// sentinels reads the address of a Redis that Sentinels name.
func sentinels(u *url.URL) (*redis.FailoverOptions, error) {
	q := u.Query()
	opt := &redis.FailoverOptions{MasterName: q.Get("master"), Username: u.User.Username()}
	opt.Password, _ = u.User.Password()
	opt.SentinelUsername, opt.SentinelPassword = opt.Username, opt.Password
	if q.Has("sentinel_username") || q.Has("sentinel_password") {
		opt.SentinelUsername, opt.SentinelPassword = q.Get("sentinel_username"), q.Get("sentinel_password")
	}
	for host := range strings.SplitSeq(u.Host, ",") {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), "26379")
		}
		opt.SentinelAddrs = append(opt.SentinelAddrs, host)
	}
	var err error
	if db := strings.Trim(u.Path, "/"); db != "" {
		opt.DB, err = strconv.Atoi(db)
	}
	for name := range q {
		if name != "master" && name != "sentinel_username" && name != "sentinel_password" {
			err = errors.New("unknown")
		}
	}
	if err != nil || opt.DB < 0 || opt.MasterName == "" || slices.Contains(opt.SentinelAddrs, ":26379") {
		return nil, errors.New("redis address: want redis-sentinel://[[user]:password@]host[:port],host[:port][/db]?master=NAME, and sentinel_username and sentinel_password where the Sentinels have others")
	}
	return opt, nil
}
