package xsim

import (
	"fmt"
	"net/http"
)

// Money is an amount in thousandths of a US dollar: the smallest price of X is 1.
type Money int64

// String writes the amount in dollars.
func (m Money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	return fmt.Sprintf("%s$%d.%03d", sign, m/1000, m%1000)
}

// X's prices. https://docs.x.com/x-api/getting-started/pricing
const (
	priceRead  Money = 10 // a DM event or a user that is told, once per UTC day; a dm.received or chat.received that is delivered
	priceWrite Money = 15 // a call that sends a DM or sets a block
)

// SetCredit gives the app a balance. When calls and events have used it up, everything answers 402; a call that begins
// with something left is done and may leave less than nothing. Without SetCredit nothing ever runs out.
func (s *Sim) SetCredit(m Money) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.credit = &m
	s.bump()
}

// funded refuses a call of an app that has nothing left.
func (c *call) funded() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.credit == nil || *c.credit > 0 || len(c.route.auth) == 0 {
		return nil
	}
	return &problem{
		Title: "Payment Required", Detail: "The app has no credit left.",
		Type: problems + "credits-depleted", Status: http.StatusPaymentRequired,
	}
}

// pay takes money off the balance; mu is held.
func (s *Sim) pay(m Money) {
	s.spent += m
	if s.credit != nil {
		*s.credit -= m
	}
}

// payOnce pays for a resource that is charged once per UTC day; mu is held.
func (s *Sim) payOnce(resource string) { s.payFor(resource, priceRead) }

// payFor is payOnce at a price; mu is held.
func (s *Sim) payFor(resource string, price Money) {
	day := s.cfg.Now().UTC().Format("2006-01-02")
	if day != s.billDay {
		s.billDay = day
		clear(s.billed)
	}
	if !s.billed[resource] {
		s.billed[resource] = true
		s.pay(price)
	}
}
