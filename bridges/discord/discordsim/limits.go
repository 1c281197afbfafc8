package discordsim

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// limiter counts calls in fixed windows: one for each route and its channel, guild or webhook, and one for all.
// https://docs.discord.com/developers/topics/rate-limits
type limiter struct {
	on      bool
	windows map[string]*window
}

type window struct {
	used  int
	until time.Time
}

// rateState is what the headers of an answer tell.
type rateState struct {
	limit, left int
	until       time.Time
	after       time.Duration
	bucket      string
}

// rateLimited asks the caller to wait.
type rateLimited struct {
	wait   time.Duration
	scope  string // user, global or shared
	status rateState
	html   bool
}

func (*rateLimited) Error() string { return "429: You are being rate limited." }

const (
	globalLimit  = 50 // a second
	globalWindow = time.Second
)

func newLimiter(on bool) limiter { return limiter{on: on, windows: map[string]*window{}} }

// quota is what a route allows. Discord publishes no table; these are the values its answers carried when people looked.
func quota(route string) (int, time.Duration) {
	switch {
	case strings.HasPrefix(route, "POST /channels/{}/messages"), strings.HasPrefix(route, "PATCH /channels/{}/messages"),
		strings.HasPrefix(route, "DELETE /channels/{}/messages/{}"), route == "POST /channels/{}/typing":
		if strings.Contains(route, "/reactions") {
			return 1, 250 * time.Millisecond
		}
		return 5, 5 * time.Second
	case strings.Contains(route, "/reactions/"):
		return 1, 250 * time.Millisecond
	case strings.HasPrefix(route, "POST /webhooks"), strings.Contains(route, "/webhooks/{}/{}/messages"):
		return 5, 2 * time.Second
	case strings.HasSuffix(route, "/threads"):
		return 50, 5 * time.Minute
	case strings.HasSuffix(route, "/pins/{}"):
		return 5, 5 * time.Second
	default:
		return 50, time.Second
	}
}

// take counts a call; it is refused when the limits are on and used up.
func (l *limiter) take(c *call, now time.Time) error {
	most, span := quota(c.route)
	key := strings.Join([]string{c.route, c.args["channel"], c.args["guild"], c.args["hook"]}, " ")
	win := l.window(key, span, now)
	c.rate = rateState{limit: most, left: max(0, most-win.used-1), until: win.until, after: win.until.Sub(now), bucket: hash(c.route)}
	if !l.on {
		if win.used++; win.used >= most {
			win.used = 0 // the headers never ask a client to wait when the limits are not enforced
		}
		c.rate.left = max(1, c.rate.left)
		return nil
	}
	if !strings.HasPrefix(c.route, "POST /interactions") {
		all := l.window("", globalWindow, now)
		if all.used >= globalLimit {
			return &rateLimited{wait: all.until.Sub(now), scope: "global"}
		}
		all.used++
	}
	if win.used >= most {
		return &rateLimited{wait: win.until.Sub(now), scope: "user", status: c.rate}
	}
	win.used++
	return nil
}

func (l *limiter) window(key string, span time.Duration, now time.Time) *window {
	win := l.windows[key]
	if win == nil || !now.Before(win.until) {
		win = &window{until: now.Add(span)}
		l.windows[key] = win
	}
	return win
}

// tell writes the headers of the window.
func (r rateState) tell(h http.Header) {
	if r.bucket == "" {
		return
	}
	h.Set("X-RateLimit-Limit", strconv.Itoa(r.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(r.left))
	h.Set("X-RateLimit-Reset", seconds(time.Duration(r.until.UnixNano())))
	h.Set("X-RateLimit-Reset-After", seconds(r.after))
	h.Set("X-RateLimit-Bucket", r.bucket)
}

// seconds writes a duration with milliseconds.
func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

// throttle answers 429; as HTML it is Cloudflare's page, which has no JSON. mu is not held.
func (w *world) throttle(rw http.ResponseWriter, c *call, slow *rateLimited) {
	w.log(c, http.StatusTooManyRequests, 0)
	h := rw.Header()
	h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(slow.wait.Seconds())))))
	if slow.html {
		h.Set("Content-Type", "text/html; charset=UTF-8")
		h.Set("Server", "cloudflare")
		rw.WriteHeader(http.StatusTooManyRequests)
		_, _ = rw.Write([]byte("<!doctype html><html><head><title>Access denied</title></head><body>Error 1015: You are being rate limited</body></html>\n"))
		return
	}
	slow.status.tell(h)
	h.Set("X-RateLimit-Scope", slow.scope)
	if slow.scope == "global" {
		h.Set("X-RateLimit-Global", "true")
	}
	if slow.status.bucket != "" {
		h.Set("X-RateLimit-Remaining", "0")
		h.Set("X-RateLimit-Reset-After", seconds(slow.wait))
	}
	h.Set("Via", "1.1 discordsim") // clients take a 429 without it for Cloudflare's
	h.Set("Content-Type", "application/json")
	rw.WriteHeader(http.StatusTooManyRequests)
	_ = json.NewEncoder(rw).Encode(obj{
		"message": "You are being rate limited.", "retry_after": slow.wait.Seconds(), "global": slow.scope == "global",
	})
}

// Limit switches the enforcement of rate limits.
func (s *Sim) Limit(on bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.limits.on = on
	clear(s.w.limits.windows)
}
