package lane

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/roost-im/roost/router/chat"
)

const (
	// patience is how long a delivery waits for the gate while it is leased; after that it goes back to the store.
	patience = 5 * time.Second
	// probe is how long an account stays parked before one delivery is let through to see whether it works again.
	probe = 10 * time.Minute
	// parallel is how many requests an account makes at once when its traits don't say.
	parallel = 16
	// forget is after how long without use a place's pace is forgotten.
	forget = time.Hour
)

// gate knows what may not be sent just now, and why.
type gate struct {
	now    func() time.Time
	opened func() // called, without the lock, when something may be sent that could not

	mu       sync.Mutex
	under    int // deliveries leased and not settled
	accounts map[chat.Account]*account
	places   map[chat.Conversation]*place    // those with a pace of their own
	shut     map[chat.Conversation]time.Time // places that open at a time
	swept    time.Time
}

type account struct {
	under int           // requests on the wire
	most  int           // of them at once
	queue int           // deliveries that wait for a slot
	slot  chan struct{} // told when a request comes back
	pace  *rate.Limiter // nil: no limit
	until time.Time     // nothing is sent before
	why   string        // why it is parked; empty when it isn't
}

type place struct {
	pace *rate.Limiter
	used time.Time
}

func newGate(now func() time.Time, opened func()) *gate {
	return &gate{
		now: now, opened: opened,
		accounts: map[chat.Account]*account{}, places: map[chat.Conversation]*place{},
		shut: map[chat.Conversation]time.Time{}, swept: now(),
	}
}

// room is how many more deliveries may be under way.
func (g *gate) room(most int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return most - g.under
}

func (g *gate) taken() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.under++
}

func (g *gate) returned() {
	g.mu.Lock()
	g.under--
	g.mu.Unlock()
	g.opened()
}

// closed lists what the store need not be asked for.
func (g *gate) closed() (accounts []chat.Account, places []chat.Conversation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for name, a := range g.accounts {
		if now.Before(a.until) || a.under+a.queue >= a.most || empty(a.pace, now) > 0 {
			accounts = append(accounts, name)
		}
	}
	for at, until := range g.shut {
		if now.Before(until) {
			places = append(places, at)
			continue
		}
		delete(g.shut, at)
	}
	g.sweep(now)
	return accounts, places
}

// opens is how long it takes until something that is closed now opens by itself.
func (g *gate) opens() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, soonest := g.now(), probe
	for _, a := range g.accounts {
		if d := max(a.until.Sub(now), empty(a.pace, now)); d > 0 {
			soonest = min(soonest, d)
		}
	}
	for _, until := range g.shut {
		soonest = min(soonest, max(until.Sub(now), 0))
	}
	return soonest
}

// enter asks for one request to a place. It returns 0 when the request may be made, after which leave must be called,
// and otherwise how long to wait before asking again. When all that is missing is one of the account's requests coming
// back, slot is told of that earlier.
func (g *gate) enter(to chat.Conversation, t chat.Traits, paced bool) (wait time.Duration, slot <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	a, pace := g.account(to.Account, t), g.pace(to.Place(), t, now)
	if a.under >= a.most {
		return patience, a.slot
	}
	wait = max(a.until.Sub(now), g.shut[to.Place()].Sub(now), 0)
	if paced {
		wait = max(wait, empty(a.pace, now), empty(pace, now))
	}
	if wait > 0 {
		return wait, nil
	}
	if paced {
		take(a.pace, now)
		take(pace, now)
		if d := empty(pace, now); d > 0 {
			g.close(to.Place(), now.Add(d))
		}
	}
	a.under++
	return 0, nil
}

func (g *gate) leave(to chat.Conversation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.accounts[to.Account]
	a.under--
	select {
	case a.slot <- struct{}{}:
	default:
	}
}

// queued counts a delivery that waits for a slot of its account: n is 1 when it begins to wait and -1 when it ends.
func (g *gate) queued(name chat.Account, n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.accounts[name].queue += n
}

// pause spares a place or its whole account until a time.
func (g *gate) pause(to chat.Conversation, s chat.Scope, until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s == chat.ThisAccount {
		if a := g.accounts[to.Account]; a != nil && until.After(a.until) {
			a.until = until
		}
		return
	}
	g.close(to.Place(), until)
}

func (g *gate) close(at chat.Conversation, until time.Time) {
	if until.After(g.shut[at]) {
		g.shut[at] = until
	}
}

// park stops an account until resume, or until it is probed.
func (g *gate) park(name chat.Account, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if a := g.accounts[name]; a != nil {
		a.why, a.until = why, g.now().Add(probe)
	}
}

func (g *gate) resume(name chat.Account) {
	g.mu.Lock()
	if a := g.accounts[name]; a != nil && a.why != "" {
		a.why, a.until = "", time.Time{}
	}
	g.mu.Unlock()
	g.opened()
}

func (g *gate) parked(name chat.Account) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if a := g.accounts[name]; a != nil {
		return a.why
	}
	return ""
}

func (g *gate) account(name chat.Account, t chat.Traits) *account {
	a := g.accounts[name]
	if a == nil {
		a = &account{slot: make(chan struct{}, 1), pace: limiter(t.Pace.Account)}
		g.accounts[name] = a
	}
	a.most = parallel
	if t.Pace.Parallel > 0 {
		a.most = t.Pace.Parallel
	}
	return a
}

// pace is the limiter of a place; nil when its platform sets no limit there.
func (g *gate) pace(at chat.Conversation, t chat.Traits, now time.Time) *rate.Limiter {
	if t.Pace.Conversation == (chat.Rate{}) {
		return nil
	}
	p := g.places[at]
	if p == nil {
		p = &place{pace: limiter(t.Pace.Conversation)}
		g.places[at] = p
	}
	p.used = now
	return p.pace
}

// sweep forgets places that nothing was sent to for a while, so that the gate stays small.
func (g *gate) sweep(now time.Time) {
	if now.Sub(g.swept) < forget {
		return
	}
	g.swept = now
	for at, p := range g.places {
		if now.Sub(p.used) > forget {
			delete(g.places, at)
		}
	}
}

func limiter(r chat.Rate) *rate.Limiter {
	if r.Every <= 0 || r.Burst <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Every(r.Every), r.Burst)
}

// empty is how long until l gives a token; 0 when it has one.
func empty(l *rate.Limiter, now time.Time) time.Duration {
	if l == nil {
		return 0
	}
	tokens := l.TokensAt(now)
	if tokens >= 1 {
		return 0
	}
	return time.Duration((1-tokens)/float64(l.Limit())*float64(time.Second)) + time.Millisecond
}

func take(l *rate.Limiter, now time.Time) {
	if l != nil {
		l.AllowN(now, 1)
	}
}
