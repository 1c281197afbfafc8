package discord

import (
	"net/http"
	"sync"
	"time"

	"github.com/roost-im/roost/router/chat"
)

const (
	// Discord shuts out an address that has 10,000 calls answered with 401, 403 or 429 within ten minutes, and others may
	// share the address. https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
	mostInvalid   = 2000
	invalidWindow = 10 * time.Minute
	shutTime      = time.Minute // after a 401
)

// guard keeps us from asking Discord again and again for what it refuses.
type guard struct {
	mu      sync.Mutex
	since   time.Time // when the window began
	invalid int       // calls in it that were refused
	out     *chat.Error
	until   time.Time // while out holds
}

// allow returns an error when a call would do harm.
func (g *guard) allow(op string, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.out != nil && now.Before(g.until) {
		return &chat.Error{Op: op, Kind: g.out.Kind, Reason: g.out.Reason}
	}
	if end := g.since.Add(invalidWindow); g.invalid >= mostInvalid && now.Before(end) {
		return &chat.Error{
			Op: op, Kind: chat.Throttled, Wait: end.Sub(now), Scope: chat.ThisAccount,
			Reason: "Discord refused so many calls that the bot pauses before it is shut out",
		}
	}
	return nil
}

// note counts an answer.
func (g *guard) note(status int, now time.Time) {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
	default:
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.since) >= invalidWindow {
		g.since, g.invalid = now, 0
	}
	g.invalid++
}

// shut has every call fail like e for a while.
func (g *guard) shut(e *chat.Error, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.out, g.until = e, now.Add(shutTime)
}

// open ends shut.
func (g *guard) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.out = nil
}
