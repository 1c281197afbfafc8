package slacksim

import (
	"math"
	"time"
)

// tier is how often a method may be called. https://docs.slack.dev/apis/web-api/rate-limits
type tier int

const (
	tierNone tier = iota
	tier1
	tier2
	tier3
	tier4
	tierAuth // auth.test: hundreds a minute
	tierLink // chat.getPermalink: hundreds a minute
	tierPost // chat.postMessage: about one a second in each channel
	tierFew  // history and replies of commercial apps outside the Marketplace
)

// perMinute is what each tier allows; a bucket holds a minute's worth, but for posting, where it holds a short burst.
func (t tier) perMinute() (rate, burst float64) {
	switch t {
	case tier1, tierFew:
		return 1, 1
	case tier2:
		return 20, 20
	case tier3:
		return 50, 50
	case tier4:
		return 100, 100
	case tierAuth, tierLink:
		return 600, 600
	case tierPost:
		return 60, 3
	case tierNone:
	}
	return math.Inf(1), math.Inf(1)
}

// rateLimited asks the caller to wait so many seconds.
type rateLimited struct{ wait int }

func (*rateLimited) Error() string { return "ratelimited" }

// limiter holds a token bucket for each method, and for each channel where messages are posted.
type limiter struct {
	on         bool
	commercial bool
	buckets    map[string]*bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func newLimiter(cfg Config) limiter {
	return limiter{on: cfg.Limits, commercial: cfg.Commercial, buckets: map[string]*bucket{}}
}

func (l *limiter) take(c *call, t tier, now time.Time) error {
	if !l.on {
		return nil
	}
	key := c.method
	switch {
	case t == tierPost:
		key += " " + c.str("channel")
	case l.commercial && (c.method == "conversations.history" || c.method == "conversations.replies"):
		t = tierFew
	}
	rate, burst := t.perMinute()
	if math.IsInf(rate, 1) {
		return nil
	}
	b := l.buckets[key]
	if b == nil {
		b = &bucket{left: burst, at: now}
		l.buckets[key] = b
	}
	b.left = min(burst, b.left+now.Sub(b.at).Minutes()*rate)
	b.at = now
	if b.left < 1 {
		return &rateLimited{wait: max(1, int(math.Ceil((1-b.left)/rate*60)))}
	}
	b.left--
	return nil
}
