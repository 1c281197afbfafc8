package crash_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/test/town"
)

var (
	kills = flag.Int("kills", 0, "how often each test kills Roost; 0: as often as it does by itself")
	hooks = flag.Bool("webhooks", false, "write on Discord by webhooks, whose posts in doubt wait for a minute")
)

const (
	usually  = 100 // kills
	contacts = 6
	pause    = 600 * time.Millisecond // between two messages of one person, on average
	patience = 3 * time.Minute        // until everything has arrived after the last kill
)

// crowd is everybody who writes.
type crowd struct {
	talkers []*talker
	talks   []*talk
}

// TestKilled kills Roost at random instants while people on four platforms write, and checks that every message stands once
// wherever it should, in the order in which it was written, and as it was changed.
func TestKilled(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	c := s.crowd()
	life := s.start(t)
	s.begins(t, c)
	ctx, stop := context.WithCancel(t.Context())
	var people sync.WaitGroup
	for _, k := range c.talkers {
		people.Go(func() { k.talk(ctx) })
	}
	for _, k := range c.talks {
		people.Go(func() { k.asks(ctx) })
		people.Go(func() { k.answers(ctx) })
	}
	counted, idle, most := 0, 0, cmp.Or(*kills, usually)
	for counted < most {
		sleep(ctx, 150*time.Millisecond+rand.N(600*time.Millisecond))
		busy := c.underWay(s)
		life.Kill(t)
		if busy {
			counted++
		} else if idle++; idle > most+20 {
			t.Fatalf("%d kills found nothing under way", idle)
		}
		life = s.start(t)
	}
	stop()
	people.Wait()
	a := s.settles(t, c)
	life.Terminate(t)
	t.Logf("%d kills with work under way (%d without): %d messages and changes where they should be, each once and in order; "+
		"%d posts to Telegram held, of which %d had arrived; %d changes of which nobody was told, %d of them in Slack; %d late",
		counted, idle, a.right, a.held, a.arrived, a.missed, a.unheard, a.late)
}

// crowd lets the people in who write: one in each leg of the mirror, and contacts, whom the team answers on the surfaces in
// turn.
func (s *stage) crowd() *crowd {
	c := &crowd{}
	for i, at := range s.legs {
		c.talkers = append(c.talkers, &talker{at: at, name: string(rune('p' + i))})
	}
	for i := range contacts {
		home := s.surfaces[(i+i/len(s.surfaces))%len(s.surfaces)]
		c.talks = append(c.talks, &talk{name: fmt.Sprintf("c%d", i), contact: s.guest(), home: home})
	}
	return c
}

// begins returns when Roost receives on every platform and each contact's case is open on every surface. An account that
// never ran begins with what is written from then on, so what is counted may only be written afterwards.
func (s *stage) begins(t *testing.T, c *crowd) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Listening(ctx); err != nil {
		t.Fatalf("Roost does not listen: %v", err)
	}
	for _, leg := range s.legs[:3] { // Telegram keeps what nobody took
		s.heard(ctx, t, leg, s.legs[3])
	}
	for _, k := range c.talks {
		k.ask()
		for _, at := range s.surfaces {
			until(ctx, t, "case of "+k.name+" in "+at.Name(), func() bool { return threadOf(at, k.asked[0]) != "" })
		}
	}
}

// heard repeats a word in one leg until it stands in another one.
func (s *stage) heard(ctx context.Context, t *testing.T, from, to town.Spot) {
	t.Helper()
	hello := "hello" + from.Name()
	until(ctx, t, "word from "+from.Name(), func() bool {
		from.Say(town.Draft{Text: hello})
		sleep(ctx, 100*time.Millisecond)
		for _, l := range to.Lines() {
			if l.Ours && l.Token() == hello {
				return true
			}
		}
		return false
	})
}

// until asks again and again whether something is so.
func until(ctx context.Context, t *testing.T, what string, ok func() bool) {
	t.Helper()
	for !ok() {
		if ctx.Err() != nil {
			t.Fatalf("no %s", what)
		}
		sleep(ctx, 50*time.Millisecond)
	}
}

// underWay says whether something that was written lately has not arrived.
func (c *crowd) underWay(s *stage) bool {
	a := newAudit(ledger{})
	for _, k := range c.talkers {
		k.mu.Lock()
		said := k.said[max(0, len(k.said)-3):]
		to := s.legs[0]
		if to.Name() == k.at.Name() {
			to = s.legs[1]
		}
		if n := len(said); n > 0 && said[n-1].change == unchanged && len(a.ours(to, said[n-1].token)) == 0 {
			k.mu.Unlock()
			return true
		}
		k.mu.Unlock()
	}
	for _, k := range c.talks {
		k.mu.Lock()
		asked, answer := lately(k.asked), lately(k.answer)
		k.mu.Unlock()
		for _, token := range asked {
			if len(a.ours(s.surfaces[0], token)) == 0 {
				return true
			}
		}
		for _, token := range answer {
			if len(a.ours(k.contact, token)) == 0 {
				return true
			}
		}
	}
	return false
}

func lately(tokens []string) []string { return tokens[max(0, len(tokens)-3):] }

// settles waits until everything has arrived and nothing waits any more.
func (s *stage) settles(t *testing.T, c *crowd) *audit {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Listening(ctx); err != nil {
		t.Fatalf("Roost does not listen: %v", err)
	}
	began := time.Now()
	for quiet := 0; ; {
		a := s.audit(t, c)
		waiting := a.ledger.Count["waiting"] + s.Slack.Mail().Waiting
		if waiting == 0 && len(a.faults) == 0 {
			t.Logf("after the last kill it took %v until nothing waited", time.Since(began).Round(time.Second))
			return a
		}
		if waiting == 0 {
			quiet++
		}
		if ctx.Err() != nil || quiet > 10 {
			a.tell(t, waiting)
			return a
		}
		sleep(ctx, time.Second)
	}
}

// audit compares what everybody said with what stands everywhere now.
func (s *stage) audit(t *testing.T, c *crowd) *audit {
	t.Helper()
	a := newAudit(s.ledger(t))
	for _, k := range c.talkers {
		for _, to := range s.legs {
			if to.Name() != k.at.Name() {
				a.mirrored(k, to)
			}
		}
	}
	for _, k := range c.talks {
		a.desked(k, s.surfaces)
	}
	mail := s.Slack.Mail()
	if most := mail.Lost * (len(s.legs) - 1); a.unheard > most {
		a.fault("%d changes made in Slack are missing, and Slack gave up on %d events", a.unheard, mail.Lost)
	}
	return a
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
