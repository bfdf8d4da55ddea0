package jobs

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// Connect opens the Redis of an address: redis:// and rediss://[[user]:password@]host[:port][/db],
// redis-socket:// and redis-sentinel:// as asynq reads them, or
// redis-cluster://[[user]:password@]host[:port],host[:port]. The port is 6379, of Sentinels 26379.
// The caller closes it.
func Connect(address string) (redis.UniversalClient, error) {
	if rest, ok := strings.CutPrefix(address, "redis-cluster://"); ok {
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
	u, err := url.Parse(address)
	if err != nil { // the libraries' errors would repeat the address, and the password in it
		return nil, errors.New("redis address: want redis://[[user]:password@]host[:port][/db], with special characters of the password as %XX")
	}
	if _, has := u.User.Password(); u.User != nil && !has {
		return nil, errors.New("redis address: there is a user and no password before the @; a password alone is :password@")
	}
	switch u.Scheme {
	case "redis", "rediss":
		opt, err := redis.ParseURL(address)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("redis address: want %s://[[user]:password@]host[:port][/db]", u.Scheme)
		}
		return redis.NewClient(opt), nil
	}
	if u.Host == "" && !strings.HasPrefix(u.Scheme, "redis") {
		return nil, errors.New("redis address: it begins with redis:// or rediss://, as in redis://localhost:6379/0")
	}
	opt, err := asynq.ParseRedisURI(address)
	if err != nil {
		return nil, fmt.Errorf("redis address: %s", strings.TrimPrefix(err.Error(), "asynq: "))
	}
	switch o := opt.(type) { // asynq leaves the user out, and the port as it is
	case asynq.RedisClientOpt:
		o.Username = u.User.Username()
		opt = o
	case asynq.RedisFailoverClientOpt:
		o.SentinelUsername = u.User.Username()
		for i, host := range o.SentinelAddrs {
			if _, _, err := net.SplitHostPort(host); err != nil {
				o.SentinelAddrs[i] = net.JoinHostPort(strings.Trim(host, "[]"), "26379")
			}
		}
		if o.MasterName == "" {
			return nil, errors.New("redis address: want redis-sentinel://host,host?master=NAME")
		}
		opt = o
	}
	return opt.MakeRedisClient().(redis.UniversalClient), nil
}
