package sandbox

import (
	"math"
	"time"

	"github.com/chancela/chancela/providers"
)

// bucket is a token bucket: full at first, refilled at the steady rate.
type bucket struct {
	rate   providers.Rate
	tokens float64
	at     time.Time
}

func newBucket(rate providers.Rate, now time.Time) *bucket {
	if rate.Burst < 1 {
		rate.Burst = max(rate.Requests, 1)
	}
	return &bucket{rate: rate, tokens: float64(rate.Burst), at: now}
}

// take takes a token, or says after how many whole seconds there will be one.
func (b *bucket) take(now time.Time) (ok bool, retryAfter int) {
	if b.rate.Requests <= 0 {
		return true, 0
	}
	perSecond := float64(b.rate.Requests) / b.rate.Per.Seconds()
	b.tokens = min(float64(b.rate.Burst), b.tokens+now.Sub(b.at).Seconds()*perSecond)
	b.at = now
	if b.tokens >= 1 {
		b.tokens--
		return true, 0
	}
	return false, max(1, int(math.Ceil((1-b.tokens)/perSecond)))
}
