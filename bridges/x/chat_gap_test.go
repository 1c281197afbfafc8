package x_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// TestSealedMessagesComeInOrder holds that whatever X loses, holds back, tells twice and cuts, each message comes once and in
// its place.
func TestSealedMessagesComeInOrder(t *testing.T) {
	t.Parallel()
	for _, way := range []string{x.Stream, x.Webhook} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s, _ := sealedBy(t, way)
			s.lives(t)
			want := said("message", 60)
			held := false
			for i, words := range want {
				switch rand.N(6) {
				case 0:
					s.sim.LoseEvents(1 + rand.N(2))
				case 1:
					s.sim.DeliverTwice(i%2 == 0)
				case 2:
					held = !held
					s.sim.HoldEvents(held)
				case 3:
					s.sim.DropStreams()
				case 4:
					if err := s.phone.NewKey(s.brand); err != nil {
						t.Fatal(err)
					}
				}
				s.say(t, words)
			}
			s.sim.LoseEvents(0)
			s.sim.HoldEvents(false)
			s.say(t, "the end")
			s.hears(t, append(want, "the end")...)
		})
	}
}

// TestSignsThatComeLiveHideNoGap holds that a read mark, which comes after a message that was lost, is not taken for the end of
// what there is.
func TestSignsThatComeLiveHideNoGap(t *testing.T) {
	t.Parallel()
	s, _ := sealedBy(t, x.Stream)
	s.lives(t)
	s.sim.LoseEvents(1)
	lost := s.say(t, "lost")
	if err := s.phone.Read(s.brand, lost.Sequence); err != nil {
		t.Fatal(err)
	}
	s.event(t, "the read mark", func(ev chat.Event) bool { return ev.What == chat.Read{} && ev.Message == idOf(lost) })
	s.say(t, "next")
	s.hears(t, "lost", "next")
}

// event of the account's conversation with Ann, as X tells it live; n counts from the end.
func (s *sealedScene) told(n int) map[string]string {
	all := s.sim.ChatEvents(s.room())
	return map[string]string{"encoded_event": all[len(all)-n].Encode(), "conversation_id": s.ann + "-" + s.brand}
}

// TestLiveEventsOutOfOrder holds that events that overtake one another come in order when X shows what is in between, and all
// the same when it does not; and that nothing is doubled when it does at last.
func TestLiveEventsOutOfOrder(t *testing.T) {
	t.Parallel()
	for _, broken := range []bool{false, true} {
		s, p := sealedBy(t, x.Webhook)
		s.lives(t)
		s.sim.LoseEvents(1000)
		for _, words := range []string{"one", "two", "three", "four"} {
			s.say(t, words)
		}
		if broken {
			s.sim.Fail(xsim.ChatEvents, xsim.Fault{Status: http.StatusServiceUnavailable, Times: -1})
		}
		for _, n := range []int{2, 4, 1, 3, 1, 2} {
			if status := s.tells(t, p, "chat.received", s.told(n)); status != http.StatusOK {
				t.Errorf("an event was answered with %d", status)
			}
		}
		if !broken {
			s.hears(t, "one", "two", "three", "four")
			continue
		}
		s.hears(t, "three", "one", "four", "two")
		s.sim.ClearFaults()
		s.sim.LoseEvents(0)
		s.say(t, "five")
		s.hears(t, "three", "one", "four", "two", "five")
	}
}

// TestEventThatIsCutOnItsWay holds that X's list is asked for what came live and is no event.
func TestEventThatIsCutOnItsWay(t *testing.T) {
	t.Parallel()
	s, p := sealedBy(t, x.Webhook)
	s.lives(t)
	s.sim.LoseEvents(1)
	s.say(t, "whole")
	cut := s.told(1)
	cut["encoded_event"] = cut["encoded_event"][:len(cut["encoded_event"])/8*4]
	if status := s.tells(t, p, "chat.received", cut); status != http.StatusOK {
		t.Errorf("it was answered with %d", status)
	}
	s.hears(t, "whole")
}

// TestGapThatIsNotFilledIsOwed holds that what X did not show when it was asked for is looked for again, also by a process that
// was not there then.
func TestGapThatIsNotFilledIsOwed(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		s, _ := sealedBy(t, x.Stream)
		s.lives(t)
		s.sim.Fail(xsim.ChatEvents, xsim.Fault{Status: http.StatusServiceUnavailable, Times: -1})
		s.sim.LoseEvents(1)
		s.say(t, "lost")
		s.say(t, "next")
		s.hears(t, "next")
		if restart {
			s.stop(t)
		}
		s.sim.ClearFaults()
		if restart {
			s.run(t)
		}
		s.hears(t, "next", "lost")
		if n := s.sim.Calls(xsim.ActivityStream); n > 1 && !restart {
			t.Errorf("the stream was opened %d times, want that X's list leaves it alone", n)
		}
	}
}

// TestOwedConversationFarDown holds that what X did not show is looked for again in a conversation that is further down in its list
// than it is asked for what is new.
func TestOwedConversationFarDown(t *testing.T) {
	t.Parallel()
	s, v := valved(t)
	c := s.timed()
	s.begin(t)
	s.stop(t)
	s.say(t, "owed")
	must(t)(s.sim.Phone(s.bob).Say(s.brand, "from Bob"))
	failing := s.eventsPath()
	one := func(w http.ResponseWriter, r *http.Request) bool { // conversation a page
		if q := r.URL.Query(); r.URL.Path == "/2/chat/conversations" {
			q.Set("max_results", "1")
			r.URL.RawQuery = q.Encode()
		}
		return r.URL.Path == failing && refused(w, http.StatusServiceUnavailable)
	}
	v.set(one)
	s.run(t)
	s.event(t, "Bob", says("from Bob"))
	c.forward(2 * time.Minute) // nobody thinks any more that more could have happened there
	polls := s.sim.Calls(xsim.ChatConversations)
	s.awaits(t, "more polls", func() bool { return s.sim.Calls(xsim.ChatConversations) > polls+4 })
	s.stop(t)
	v.set(func(w http.ResponseWriter, r *http.Request) bool { return r.URL.Path != failing && one(w, r) })
	s.run(t)
	s.event(t, "what was owed", says("owed"))
}

// TestManySealedPages holds that more than a page comes whole and in order.
func TestManySealedPages(t *testing.T) {
	t.Parallel()
	for _, inline := range []bool{false, true} {
		s := setupSealed(t)
		s.sim.KeysInline(inline)
		s.begin(t)
		s.stop(t)
		want := said("message", 350)
		for i, words := range want {
			if i%100 == 50 {
				if err := s.phone.NewKey(s.brand); err != nil {
					t.Fatal(err)
				}
			}
			s.say(t, words)
		}
		s.run(t)
		s.hears(t, want...)
	}
}

// TestFirstStartTakesNoFormerSealedMessages holds that what was written before the first start is not ours, unless it was asked
// for, and that its keys are.
func TestFirstStartTakesNoFormerSealedMessages(t *testing.T) {
	t.Parallel()
	for _, inline := range []bool{false, true} {
		for backfill, want := range [][]string{{"new"}, {"old", "new"}} {
			s := setupSealed(t)
			s.sim.KeysInline(inline)
			s.say(t, "old")
			s.cfg.Backfill = backfill
			if backfill == 0 {
				s.timed().forward(2 * time.Millisecond) // X counts in milliseconds
			}
			s.run(t)
			s.awaits(t, "a poll", func() bool { return s.sim.Calls(xsim.ChatConversations) > 1 })
			s.say(t, "new")
			s.hears(t, want...)
		}
	}
}

// TestChangesWithinASecond holds that a message is not missed that came in the second in which the conversation was read, and that
// what was read is not read for ever, whatever the clock here says.
func TestChangesWithinASecond(t *testing.T) {
	t.Parallel()
	coarse := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/2/chat/conversations" {
				next.ServeHTTP(w, r)
				return
			}
			rewrite(next, w, r, func(body string) string { return updated.ReplaceAllString(body, `${1}000Z"`) })
		})
	}
	for _, wrong := range []time.Duration{0, 30 * time.Minute, -30 * time.Minute} {
		s := setupSealedOn(t, xsim.Config{Wrap: coarse})
		s.cfg.Backfill = 1 // of whatever day it is here
		c := s.timed()
		c.forward(wrong)
		s.begin(t)
		for _, words := range said("message", 20) {
			s.say(t, words)
			s.event(t, words, says(words))
		}
		polls := func(n int) {
			t.Helper()
			before := s.sim.Calls(xsim.ChatConversations)
			s.awaits(t, "polls", func() bool { return s.sim.Calls(xsim.ChatConversations) >= before+n })
		}
		for range 2 {
			c.forward(40 * time.Second)
			polls(2)
		}
		before := s.sim.Calls(xsim.ChatEvents)
		polls(5)
		if n := s.sim.Calls(xsim.ChatEvents) - before; n > 0 {
			t.Errorf("with a clock that is %v ahead, what was read was read again %d times", wrong, n)
		}
		s.stop(t)
	}
}

// TestReceivingIsMendedWhereverItEnds ends the process at each of its steps while messages come in, and starts it again: all of
// them come, in order, and the store has each once.
func TestReceivingIsMendedWhereverItEnds(t *testing.T) {
	t.Parallel()
	for _, way := range []string{x.Poll, x.Stream} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s, _ := sealedBy(t, way)
			s.begin(t)
			s.stop(t)
			healthy, keep, sink := s.deps.Client, s.keep, s.sink
			var want []string
			for steps := 0; ; steps++ {
				if err := s.phone.NewKey(s.brand); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					want = append(want, said("message", len(want)+1)[len(want)])
					s.say(t, want[len(want)-1])
				}
				m := &mortal{left: steps}
				s.deps.Keep, s.deps.Client = mortalDisk{m, keep}, &http.Client{Transport: mortalNet{m, healthy.Transport}}
				running := bridgetest.Begin(t, s.open(t), mortalSink{m, sink})
				s.awaits(t, "the end", func() bool {
					return m.isDead() || slices.Contains(bridgetest.Said(sink.Events()), want[len(want)-1])
				})
				_ = running.Stop()
				lived := !m.isDead()
				s.deps.Keep, s.deps.Client = keep, healthy
				s.run(t)
				s.hears(t, want...)
				s.stop(t)
				if lived {
					t.Logf("it came through after %d steps", steps)
					if steps < 20 {
						t.Errorf("after %d steps there was nothing more to end", steps)
					}
					return
				}
			}
		})
	}
}

// heir is a sink that asks for the files of what it stores in the name of a process that begins just then.
type heir struct {
	chat.Sink

	begin func() *x.Connector
	told  func(name string, err error)
}

// Accept stores, and then fetches.
func (h heir) Accept(ctx context.Context, b chat.Batch) error {
	if err := h.Sink.Accept(ctx, b); err != nil {
		return err
	}
	for _, ev := range b.Events {
		p, _ := ev.What.(chat.Posted)
		for _, f := range p.Files {
			r, err := chat.Fetch(ctx, h.begin(), f)
			if err == nil {
				_, err = io.Copy(io.Discard, r)
				_ = r.Close()
			}
			h.told(f.Name, err)
		}
	}
	return nil
}

// TestFilesOutliveTheirProcess holds that the key of a file is on disk before the message is that it hangs on: it may be fetched by
// another process, which begins before anything else was kept.
func TestFilesOutliveTheirProcess(t *testing.T) {
	t.Parallel()
	for _, way := range []string{x.Poll, x.Stream} {
		s, _ := sealedBy(t, way)
		s.lives(t)
		s.stop(t)
		fetched := make(chan string, 10)
		told := func(name string, err error) { fetched <- fmt.Sprint(name, " ", err) }
		running := bridgetest.Begin(t, s.open(t), heir{s.sink, func() *x.Connector { return s.open(t) }, told})
		if err := s.phone.NewKey(s.brand); err != nil {
			t.Fatal(err)
		}
		must(t)(s.phone.SayWith(s.brand, "look", xsim.File{Name: "cat.png", Type: "image/png", Data: []byte("a cat")}))
		s.event(t, "the picture", says("look"))
		if got := <-fetched; got != "cat.png <nil>" {
			t.Errorf("by %s: %s, want that it can be read", way, got)
		}
		_ = running.Stop()
	}
}

// TestWhatCantBeKeptComesAgain holds that a message whose place could not be kept is there after a restart, once where the store
// is the same, and once more where it is another one; and that the disk ends nothing.
func TestWhatCantBeKeptComesAgain(t *testing.T) {
	t.Parallel()
	for _, fresh := range []bool{false, true} {
		s := setupSealed(t)
		s.begin(t)
		s.stop(t)
		s.keep.Refuse(unwritable("chat/talk/" + s.room()))
		s.run(t)
		s.say(t, "kept where?")
		s.hears(t, "kept where?") // the store has it, and its place is not kept
		s.stop(t)
		s.keep.Refuse(lost("chat/talk/" + s.room()))
		s.run(t)
		polls := s.sim.Calls(xsim.ChatConversations)
		s.awaits(t, "polls in vain", func() bool { return s.sim.Calls(xsim.ChatConversations) > polls+2 })
		s.stop(t)
		s.keep.Refuse(nil)
		if fresh {
			s.sink = &bridgetest.Sink{}
		}
		s.run(t)
		s.hears(t, "kept where?")
		s.say(t, "more")
		s.hears(t, "kept where?", "more")
	}
}

// TestTalkThatCantBeReadBeginsAnew holds that a place that is no place any more takes nothing with it.
func TestTalkThatCantBeReadBeginsAnew(t *testing.T) {
	t.Parallel()
	for _, kept := range []string{`{"last":`, `{"last":7,"ring":{"keys":[{"version":"1","secret":"eA=="}]}}`, `[]`} {
		s := setupSealed(t)
		s.begin(t)
		s.stop(t)
		if err := s.keep.Keep(t.Context(), "chat/talk/"+s.room(), []byte(kept)); err != nil {
			t.Fatal(err)
		}
		s.say(t, "still there?")
		s.run(t)
		s.hears(t, "still there?")
		s.posts(t, s.post("k", "yes"))
		s.sees(t, "the answer", func(h xsim.Heard) bool { return h.Text == "yes" })
	}
}
