package jobs

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// Connect opens the Redis of an address: redis://, rediss://, redis-socket://,
// redis-sentinel:// as asynq reads them, or redis-cluster://[user:password@]host:port,host:port.
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
				return nil, fmt.Errorf("redis-cluster address: want redis-cluster://host:port,host:port")
			}
			opt.Addrs = append(opt.Addrs, host)
		}
		return redis.NewClusterClient(opt), nil
	}
	if _, err := url.Parse(address); err != nil { // asynq's error would repeat the address, and the password in it
		return nil, fmt.Errorf("redis address: want redis://[user:password@]host:port/db, with special characters of the password as %%XX")
	}
	opt, err := asynq.ParseRedisURI(address)
	if err != nil {
		return nil, fmt.Errorf("redis address: %s", strings.TrimPrefix(err.Error(), "asynq: "))
	}
	return opt.MakeRedisClient().(redis.UniversalClient), nil
}
