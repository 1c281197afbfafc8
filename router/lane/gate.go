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
	under  int           // requests on the wire
	most   int           // of them at once
	queue  int           // deliveries that wait for a slot
	crowds uint64        // how often all of its requests came to be in use
	slot   chan struct{} // told when a request comes back
	pace   pace
	until  time.Time // nothing is sent before
	why    string    // why it is parked; empty when it isn't
}

type place struct {
	pace pace
	used time.Time
}

// pace lets posts through at a rate. Its zero value has no limit.
type pace struct {
	rate    chat.Rate
	limiter *rate.Limiter
	turn    time.Time // when the next one that has to wait may ask again
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

func (g *gate) returned(n int) {
	g.mu.Lock()
	g.under -= n
	g.mu.Unlock()
	g.opened()
}

// goesOn says whether a lane that just had a request to a place may have its next one without asking the store whose turn
// it is: there is room for one more delivery, and nothing waits or is spared.
func (g *gate) goesOn(to chat.Conversation, most int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, a := g.now(), g.account(to.Account)
	return g.under < most && a.queue == 0 && !now.Before(a.until) && a.pace.empty(now) == 0 && !now.Before(g.shut[to.Place()])
}

// closed lists what the store need not be asked for.
func (g *gate) closed() (accounts []chat.Account, places []chat.Conversation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for name, a := range g.accounts {
		if now.Before(a.until) || a.under+a.queue >= a.most || a.pace.empty(now) > 0 {
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
		if d := max(a.until.Sub(now), a.pace.empty(now)); d > 0 {
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
// back, slot is told of that earlier. crowds is for leave.
func (g *gate) enter(to chat.Conversation, t chat.Traits, paced bool) (crowds uint64, wait time.Duration, slot <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	a, p := g.account(to.Account), g.place(to.Place(), t, now)
	a.heed(t)
	if a.under >= a.most {
		return 0, patience, a.slot
	}
	wait = max(a.until.Sub(now), g.shut[to.Place()].Sub(now), 0)
	if paced {
		wait = max(wait, a.pace.wait(now), p.pace.wait(now))
	}
	if wait > 0 {
		return 0, wait, nil
	}
	if paced {
		a.pace.take(now)
		p.pace.take(now)
		if d := p.pace.empty(now); d > 0 {
			g.close(to.Place(), now.Add(d))
		}
	}
	crowds = a.crowds
	if a.under++; a.under >= a.most {
		a.crowds++
	}
	return crowds, 0, nil
}

// leave ends a request, and says whether all of the account's requests were in use while it was made.
func (g *gate) leave(to chat.Conversation, crowds uint64) (crowded bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.accounts[to.Account]
	a.under--
	select {
	case a.slot <- struct{}{}:
	default:
	}
	return a.crowds != crowds
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
		if a := g.account(to.Account); until.After(a.until) {
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
	a := g.account(name)
	a.why, a.until = why, g.now().Add(probe)
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

// account is what is known of an account, made if there is nothing yet.
func (g *gate) account(name chat.Account) *account {
	a := g.accounts[name]
	if a == nil {
		a = &account{most: parallel, slot: make(chan struct{}, 1)}
		g.accounts[name] = a
	}
	return a
}

// heed takes over what t says about a's pace, which may have changed.
func (a *account) heed(t chat.Traits) {
	a.most = parallel
	if t.Pace.Parallel > 0 {
		a.most = t.Pace.Parallel
	}
	a.pace.set(t.Pace.Account)
}

// place is what is known of a place. Where its platform sets no pace nothing is remembered.
func (g *gate) place(at chat.Conversation, t chat.Traits, now time.Time) *place {
	if t.Pace.Conversation == (chat.Rate{}) {
		return &place{}
	}
	p := g.places[at]
	if p == nil {
		p = &place{}
		g.places[at] = p
	}
	p.pace.set(t.Pace.Conversation)
	p.used = now
	return p
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

// set makes the rate r; what was taken before is forgotten when it was another one.
func (p *pace) set(r chat.Rate) {
	if r == p.rate {
		return
	}
	*p = pace{rate: r}
	if r.Every > 0 && r.Burst > 0 {
		p.limiter = rate.NewLimiter(rate.Every(r.Every), r.Burst)
	}
}

// empty is how long until one more may go; 0 when it may now.
func (p *pace) empty(now time.Time) time.Duration {
	if p.limiter == nil {
		return 0
	}
	tokens := p.limiter.TokensAt(now)
	if tokens >= 1 {
		return 0
	}
	return time.Duration((1-tokens)*float64(p.rate.Every)) + time.Millisecond
}

// wait is like empty, but gives each that has to wait a turn of its own, so that not all of them come back at once to
// find that one may go.
func (p *pace) wait(now time.Time) time.Duration {
	d := p.empty(now)
	if d == 0 {
		return 0
	}
	if first := now.Add(d); p.turn.Before(first) {
		p.turn = first
	}
	turn := p.turn
	p.turn = turn.Add(p.rate.Every)
	return turn.Sub(now)
}

func (p *pace) take(now time.Time) {
	if p.limiter != nil {
		p.limiter.AllowN(now, 1)
	}
}
