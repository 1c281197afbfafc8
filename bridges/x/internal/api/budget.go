package api

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	keepSpent = "spent"
	mostPaid  = 20_000 // events and profiles of a day that are remembered as paid
	dayForm   = time.DateOnly
)

// Budget is what the account may use in one UTC day. Zero is no limit.
type Budget struct {
	Reads int
	Sends int
	USD   float64
}

// Prices are what X charges in US dollars.
type Prices struct {
	Send    float64
	Event   float64
	Profile float64
}

// Spent is what the account used on one UTC day.
type Spent struct {
	Day   string  `json:"day"`
	Reads int     `json:"reads"`
	Sends int     `json:"sends"`
	USD   float64 `json:"usd"`
}

// Purse counts what the account uses, and stops it at its budget. It is safe for concurrent use.
type Purse struct {
	budget Budget
	prices Prices
	keep   bridges.Keeper
	now    func() time.Time

	mu     sync.Mutex
	loaded bool
	used   Spent
	paid   map[string]bool // what was paid today and costs nothing more; a restart forgets it, so it counts too much, never too little
}

// NewPurse counts by what is kept, in keep.
func NewPurse(most Budget, each Prices, keep bridges.Keeper, now func() time.Time) *Purse {
	return &Purse{budget: most, prices: each, keep: keep, now: now}
}

// Send takes one message from the budget. It returns a Throttled error when the day's budget is used up.
func (p *Purse) Send(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.today(ctx); err != nil {
		return err
	}
	if b := p.budget.Sends; b > 0 && p.used.Sends >= b {
		return p.over("x: post", fmt.Sprintf("the day's budget of %d messages on X is used up", b))
	}
	if b := p.budget.USD; b > 0 && p.used.USD+p.prices.Send > b {
		return p.over("x: post", fmt.Sprintf("the day's budget of %.2f US dollars on X is used up", b))
	}
	before := p.used
	p.used.Sends++
	p.used.USD += p.prices.Send
	return p.saveOr(ctx, before)
}

// Unsend puts a message back that X did not take.
func (p *Purse) Unsend(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used.Sends == 0 {
		return
	}
	p.used.Sends--
	p.used.USD = max(p.used.USD-p.prices.Send, 0)
	_ = p.save(ctx) // the next change saves it too
}

// Read takes one reading call from the budget. It returns a Throttled error when the day's budget is used up.
func (p *Purse) Read(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.today(ctx); err != nil {
		return err
	}
	if b := p.budget.Reads; b > 0 && p.used.Reads >= b {
		return p.over("x: read", fmt.Sprintf("the day's budget of %d calls to X is used up", b))
	}
	if b := p.budget.USD; b > 0 && p.used.USD >= b {
		return p.over("x: read", fmt.Sprintf("the day's budget of %.2f US dollars on X is used up", b))
	}
	before := p.used
	p.used.Reads++
	return p.saveOr(ctx, before)
}

// Shown counts what an answer showed: each event and each profile is charged once a day.
func (p *Purse) Shown(ctx context.Context, events, profiles []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.today(ctx) != nil {
		return // the next call says so
	}
	before := p.used.USD
	pay := func(kind string, ids []string, price float64) {
		for _, id := range ids {
			if p.paid[kind+id] {
				continue
			}
			if len(p.paid) < mostPaid {
				p.paid[kind+id] = true
			}
			p.used.USD += price
		}
	}
	pay("e", events, p.prices.Event)
	pay("p", profiles, p.prices.Profile)
	if p.used.USD != before {
		_ = p.save(ctx) // the next call saves it too
	}
}

// Pace stretches the time between two polls so that the calls that are left last until the day ends.
func (p *Purse) Pace(every time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.budget.Reads == 0 || p.used.Day != p.now().UTC().Format(dayForm) {
		return every
	}
	left := p.budget.Reads - p.used.Reads
	if left <= 0 {
		return p.rest()
	}
	return max(every, p.rest()/time.Duration(left))
}

// State is what was used today.
func (p *Purse) State(ctx context.Context) (Spent, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.today(ctx)
	return p.used, err
}

// today loads what was used, and starts anew on a new day.
func (p *Purse) today(ctx context.Context) error {
	if !p.loaded {
		b, err := p.keep.Kept(ctx, keepSpent)
		if err != nil {
			return fmt.Errorf("x: load budget: %w", err)
		}
		if b != nil {
			_ = json.Unmarshal(b, &p.used) // an unreadable count is a new one
		}
		p.loaded = true
	}
	day := p.now().UTC().Format(dayForm)
	if p.used.Day != day {
		p.used = Spent{Day: day}
		p.paid = nil
	}
	if p.paid == nil {
		p.paid = map[string]bool{}
	}
	return nil
}

// saveOr keeps what was used, or goes back to what was used before.
func (p *Purse) saveOr(ctx context.Context, before Spent) error {
	err := p.save(ctx)
	if err != nil {
		p.used = before
	}
	return err
}

// save keeps what was used.
func (p *Purse) save(ctx context.Context) error {
	b, err := json.Marshal(p.used)
	if err == nil {
		err = p.keep.Keep(ctx, keepSpent, b)
	}
	if err != nil {
		return fmt.Errorf("x: keep budget: %w", err)
	}
	return nil
}

// over is the error of a budget that is used up.
func (p *Purse) over(op, reason string) error {
	return &chat.Error{Op: op, Kind: chat.Throttled, Scope: chat.ThisAccount, Wait: p.rest(), Reason: reason}
}

// rest is how long the UTC day still lasts.
func (p *Purse) rest() time.Duration {
	now := p.now().UTC()
	return now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now)
}
