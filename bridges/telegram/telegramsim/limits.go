package telegramsim

import (
	"math"
	"strings"
	"time"
)

// limiter holds a token bucket for the bot and for each chat. https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
type limiter struct {
	on      bool
	buckets map[string]*bucket
}

type bucket struct {
	left float64
	at   time.Time
}

// take counts a message that is sent, and asks for a wait where there are too many.
func (l *limiter) take(w *world, c *call) error {
	name := strings.ToLower(c.method)
	sends := strings.HasPrefix(name, "send") && name != "sendchataction" || strings.HasPrefix(name, "copy") || strings.HasPrefix(name, "forward")
	if !l.on || !sends {
		return nil
	}
	chat := c.str("chat_id")
	rules := []struct {
		key         string
		rate, burst float64 // a second
	}{{"", 30, 30}, {"chat " + chat, 1, 3}}
	if ch, err := w.place(c.str("chat_id")); err == nil && ch.isGroup() {
		rules[1].rate, rules[1].burst = 20.0/60, 20
	}
	for _, r := range rules {
		if wait := l.wait(r.key, r.rate, r.burst, w.now()); wait > 0 {
			return tooMany(wait)
		}
	}
	return nil
}

// wait takes one from a bucket, or says for how many seconds it is empty.
func (l *limiter) wait(key string, rate, burst float64, now time.Time) int {
	b := l.buckets[key]
	if b == nil {
		b = &bucket{left: burst, at: now}
		l.buckets[key] = b
	}
	b.left = min(burst, b.left+now.Sub(b.at).Seconds()*rate)
	b.at = now
	if b.left < 1 {
		return max(1, int(math.Ceil((1-b.left)/rate)))
	}
	b.left--
	return 0
}
