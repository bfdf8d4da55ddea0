package api

import (
	"net/http"

	"github.com/hibiken/asynqmon"
	"github.com/redis/go-redis/v9"
)

// connection lets asynqmon use the connection that is there. asynqmon closes it only in
// its handler's Close, which is not called.
type connection struct{ db redis.UniversalClient }

// MakeRedisClient implements asynq.RedisConnOpt.
func (c connection) MakeRedisClient() any { return c.db }

// monitor is asynqmon at /monitor/, to look at only: its "archive all" would strand
// tasks until the sweeper finds them. Payloads hold keys and are shown as they are.
func monitor(db redis.UniversalClient) http.Handler {
	h := asynqmon.New(asynqmon.Options{RootPath: "/monitor", RedisConnOpt: connection{db}, ReadOnly: true})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			problem(http.StatusMethodNotAllowed, "asynqmon is read-only here").with("Allow", "GET, HEAD").write(w)
			return
		}
		// Nothing of the page is loaded from elsewhere, and no other page may frame it.
		w.Header().Set("Content-Security-Policy",
			"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'")
		w.Header().Set("Referrer-Policy", "same-origin")
		h.ServeHTTP(w, r)
	})
}
