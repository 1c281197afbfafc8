package crash_test

import (
	"cmp"
	"context"
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/test/lifetest"
)

var seed = flag.Uint64("seed", 0, "what happens in encrypted chats; 0: something else each time")

const (
	sealedUsually  = 20 // kills
	sealedPatience = 2 * time.Minute
	longest        = 30 // things that happen at X, at most, until a trap is given up
)

// TestSealedChatsSurviveKills kills Roost in the middle of calls to X, and elsewhere, while people on X write to it in
// encrypted chats, and in the clear, to a desk and in a group that is mirrored. X makes a second message of one that is posted
// twice. Every message must stand once wherever it should, in order, as it was changed, verified.
func TestSealedChatsSurviveKills(t *testing.T) {
	t.Parallel()
	from := *seed
	if from == 0 {
		from = rand.Uint64()
	}
	most := cmp.Or(*kills, sealedUsually)
	ctx, cancel := context.WithTimeout(t.Context(), sealedPatience+time.Duration(most)*10*time.Second)
	defer cancel()
	s := newSealed(t, rand.New(rand.NewPCG(from, 0)).IntN)
	t.Logf("seed %d; X has these habits: %s", from, strings.Join(s.habits, ", "))
	life := s.start(t)
	s.opens(ctx, t)
	counted, idle := 0, 0
	for counted < most {
		pause := pick(s.dice, []chance[int]{{2, 6}, {1, 15}}) // some lives are short, some are longer
		for range 2 + s.dice(9) {
			s.happens()
			s.ticks(ctx, t, s.dice(pause))
		}
		s.strike(ctx, t, life)
		if s.crowd.underWay(s.stage) {
			counted++
		} else if idle++; idle > most+20 {
			t.Fatalf("seed %d: %d kills found nothing under way", from, idle)
		}
		for range s.dice(6) {
			s.happens() // nobody is there to hear of it
		}
		life = s.start(t)
	}
	s.calms()
	life.Kill(t)
	life = s.start(t) // it looks anew for the keys that it did not get
	a := s.rests(t)
	life.Terminate(t)
	if t.Failed() {
		t.Logf("seed %d", from)
		return
	}
	t.Logf("seed %d: %d kills with work under way (%d without): %s; %d messages and changes where they should be, each once, "+
		"verified and in order; %d changes of which nobody was told, %d of them in Slack; %d late; %s",
		from, counted, idle, s.where(), a.right, a.missed, a.unheard, a.late, s.traffic())
}

// strike kills a life: in the middle of a call to X, or when something has happened elsewhere.
func (s *sealed) strike(ctx context.Context, t *testing.T, life *lifetest.Life) {
	t.Helper()
	if s.dice(100) < 20 {
		for range 1 + s.dice(6) {
			select {
			case <-s.Slack.Changed():
			case <-s.Discord.Changed():
			case <-s.X.Changed():
			case <-ctx.Done():
				t.Fatal("nothing happens any more")
			}
		}
		life.Kill(t)
		s.ends["elsewhere"]++
		return
	}
	at := moment(s.dice(3))
	h := pick(s.dice, s.hunts())
	j := s.trap.set(h.prey, s.dice(h.left), at)
	for range h.left {
		h.lure()
	}
	name := [...]string{unheard: "before a call to X", unsaid: "in one that X had done", answered: "after one"}[at]
	for waited := 0; ; waited++ {
		happened := s.X.Changed()
		if waited == longest {
			name = "at no call"
			break
		}
		select {
		case <-j.sprung:
		case <-happened:
			continue
		case <-ctx.Done():
			t.Fatal("nothing happens any more")
		}
		break
	}
	life.Kill(t)
	s.trap.clear()
	s.ends[name]++
}

// rests waits until everything has arrived and nothing waits any more, and some more, so that what is doubled shows.
func (s *sealed) rests(t *testing.T) *audit {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), sealedPatience)
	defer cancel()
	if err := s.Listening(ctx); err != nil {
		t.Fatalf("Roost does not listen: %v", err)
	}
	began, calm := time.Now(), 0
	for {
		looks := s.trap.looks()
		a := s.review(t)
		waiting := a.ledger.Count["waiting"] + s.Slack.Mail().Waiting
		if waiting == 0 {
			calm++
		}
		switch {
		case waiting == 0 && len(a.faults) == 0 && calm > 2:
			t.Logf("after the last kill it took %v until nothing waited", time.Since(began).Round(time.Second))
			return a
		case ctx.Err() != nil || calm > 15:
			a.tell(t, waiting)
			return a
		}
		_ = s.X.Wait(ctx, func(*xsim.View) bool { return s.trap.looks() > looks })
	}
}

// review is an audit that looks at the telephones, too.
func (s *sealed) review(t *testing.T) *audit {
	t.Helper()
	a := s.audit(t, s.crowd)
	for _, p := range s.phones {
		a.phone(s, p)
	}
	return a
}

// phone checks what a telephone shows: that everything on it is verified and whole, that what the team wrote was posted once,
// and that it shows the same of the group as another one.
func (a *audit) phone(s *sealed, p *xsim.Phone) {
	posted := map[string]int{}
	for _, in := range []string{s.Brand, s.group} {
		all := p.Talk(in)
		if len(all) == 0 {
			continue
		}
		for _, ev := range s.X.ChatEvents(all[0].Conversation) {
			if ev.Sender == s.Brand {
				posted[ev.ID]++
			}
		}
		for _, m := range all {
			if m.Unreadable != "" || len(m.Broken) > 0 || m.Failure != 0 {
				a.fault("%s: a message of %s can't be read: %s %s %d", m.Conversation, m.Sender, m.Unreadable, m.Broken, m.Failure)
			}
			if n := posted[m.MessageID]; m.Sender == s.Brand && !m.Deleted && n != 1 {
				a.fault("%s: %q was posted %d times", m.Conversation, m.Text, n)
			}
		}
	}
	if mine, first := words(p, s), words(s.phones[0], s); mine != first {
		a.fault("in the group, one telephone shows\n%s\nand another\n%s", mine, first)
	}
}

// words is what a telephone shows of the team in the group.
func words(p *xsim.Phone, s *sealed) string {
	var b strings.Builder
	for _, m := range p.Talk(s.group) {
		if m.Sender == s.Brand && !m.Deleted {
			b.WriteString(m.Text + "\n")
		}
	}
	return b.String()
}
