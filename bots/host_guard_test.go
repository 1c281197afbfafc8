package bots_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// wild is a bot that does what it is told and should not do.
func wild() *bots.Func {
	return doing(func(ctx context.Context, t *bots.Turn) error {
		if err := sayAll(t, "before"); err != nil {
			return err
		}
		if err := t.Set(ctx, bots.OfBot, "n", []byte("x")); err != nil {
			return err
		}
		switch t.Trigger() {
		case "panic":
			panic("out of tea")
		case "fail":
			return errors.New("no *tea*\nand a long story")
		case "hang":
			<-ctx.Done()
			return ctx.Err()
		case "runaway":
			return fmt.Errorf("%w: it took too many steps", bots.ErrRunaway)
		case "flood":
			for {
				if _, err := t.Say(bots.Message{Text: "x"}); err != nil {
					return err
				}
			}
		}
		return nil
	}, command("panic"), command("fail"), command("hang"), command("runaway"), command("flood"), command("fine"),
		bots.Trigger{ID: "any", Kind: bots.Joined})
}

const locked = toOps + "⛔ The bot order is quarantined, because it did so 3 times within 10m0s: "

// TestQuarantine lets a bot run away three times.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wild())
	const reason = "the bot ran away: it took too many steps"
	w.talk("/runaway", failed+"\n"+unwell+reason, "/runaway", failed, "/fine", "before")
	w.talk("/runaway", failed+"\n"+locked+reason+"\nroost bots resume order lets it go on.")
	if got := w.host.Quarantined(); got != reason {
		t.Errorf("Quarantined = %q", got)
	}
	quiet(t, w, reason)
	w.start(wild()) // as after a restart
	quiet(t, w, reason)

	delete(w.kept, bots.QuarantineKey("order"))
	w.host.Resume()
	w.talk("/fine", "before", "/runaway", failed+"\n"+unwell+reason, "/runaway", failed)
	w.pass(10*time.Minute + time.Second)
	w.talk("/runaway", failed+"\n"+unwell+reason, "/runaway", failed) // the first two are long ago
	if w.host.Quarantined() != "" {
		t.Error("it is quarantined again")
	}
}

// quiet checks that the bot hears nothing.
func quiet(t *testing.T, w *world, reason string) {
	t.Helper()
	_, err := w.host.Hear(t.Context(), w.told(posted("/fine")))
	if e, ok := errors.AsType[*chat.Error](err); !ok || e.Kind != chat.Refused || e.Reason != "the bot is quarantined: "+reason {
		t.Errorf("Hear = %v, want it refused", err)
	}
	if wish := w.host.Wants(w.told(posted("/fine")).Event); wish != (chat.Wish{}) {
		t.Error("it wants to hear")
	}
}

// TestAnotherVersionEndsAQuarantine replaces a bot, and restarts with another one.
func TestAnotherVersionEndsAQuarantine(t *testing.T) {
	t.Parallel()
	source := func(s string) func(*bots.Config) { return func(c *bots.Config) { c.Source = []byte(s) } }
	w := newWorld(t, wild(), source("1"))
	for range 3 {
		w.say("/panic")
	}
	if err := w.host.Replace(wild(), []byte("1")); err != nil || w.host.Quarantined() == "" {
		t.Errorf("the same version ends the quarantine: %v", err)
	}
	if err := w.host.Replace(wild(), []byte("2")); err != nil || w.host.Quarantined() != "" {
		t.Errorf("another version does not end it: %v", err)
	}
	w.talk("/fine", "before")
	w.start(wild(), source("2"))
	w.talk("/fine", "before")
	w.start(wild(), source("1"))
	quiet(t, w, "the bot ran away: panic: out of tea")
}

// TestAQuarantineIsRecalledBeforeAnythingIsHeard has the store fail first.
func TestAQuarantineIsRecalledBeforeAnythingIsHeard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wild())
	w.kept[bots.QuarantineKey("order")] = []byte(`{"reason":"it was bad"}`)
	w.fails = errors.New("the disk is gone")
	if _, err := w.host.Hear(t.Context(), w.told(posted("/fine"))); !errors.Is(err, w.fails) {
		t.Errorf("Hear = %v, want to hear it again", err)
	}
	w.fails = nil
	quiet(t, w, "it was bad")
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		words, want string
	}{
		{"/fail", "no *tea*"},
		{"/panic", "the bot ran away: panic: out of tea"},
		{"/flood", "the bot ran away: too many messages about one event: 20 at most"},
	} {
		w := newWorld(t, wild())
		if w.talk(tc.words, failed+"\n"+unwell+tc.want); w.keys("bot/order/state/") != 0 {
			t.Errorf("after %s a state is kept", tc.words)
		}
		w.talk("/fine", "before")
		w.start(wild(), func(c *bots.Config) { c.Operators = chat.Conversation{} })
		w.talk(tc.words, failed)
		w.desk = "support"
		w.talk(tc.words, failed)
		if h, ok := w.acts[1].(chat.HandOff); !ok || h.At != lounge || h.Reason != "order did not work: "+tc.want {
			t.Errorf("at a desk it did %+v", w.acts)
		}
	}
}

// TestWhoIsToldOfAFailure: people who asked for nothing are not.
func TestWhoIsToldOfAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, doing(func(context.Context, *bots.Turn) error { return errors.New("no tea") }, bots.Trigger{ID: "joined", Kind: bots.Joined}))
	w.hear(chat.Joined{})
	if got := w.said(); got != unwell+"no tea" {
		t.Errorf("the bot said %q", got)
	}
	for range 5 { // the operators are told at most every ten minutes
		w.pass(3 * time.Minute)
		w.hear(chat.Joined{})
		if got, again := w.said(), w.now.Minute() == 12; (got != "") != again {
			t.Errorf("at %v the bot said %q", w.now, got)
		}
	}
	w.direct = true
	w.hear(chat.Joined{})
	if got := w.said(); got != failed {
		t.Errorf("to somebody alone the bot said %q", got)
	}
}

func TestTimeLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, wild(), func(c *bots.Config) { c.Time = 3 * time.Second })
		began := time.Now()
		w.talk("/hang", failed+"\n"+unwell+"the bot ran away: it did not end within 3s")
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("it took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := w.host.Hear(ctx, w.told(posted("/hang"))); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Hear = %v, want to hear it again because Roost stops", err)
		}
	})
}

// TestFlood counts messages over events.
func TestFlood(t *testing.T) {
	t.Parallel()
	b := doing(func(_ context.Context, t *bots.Turn) error {
		return sayAll(t, strings.Split(strings.Repeat("x ", int(t.Args()["n"].Number)-1)+"x", " ")...)
	}, command("say <n:number>"))
	lines := func(n int) string { return strings.Repeat("x\n", n-1) + "x" }
	w := newWorld(t, b)
	w.talk("/say 20", lines(20), "/say 20", lines(20), "/say 19", lines(19), "/say 1", "x")
	w.talk("/say 1", failed+"\n"+unwell+"the bot ran away: it says more than 60 messages within 1m0s in one conversation")
	elsewhere := w.told(chat.Posted{Text: text.Plain("/say 20")}) // another talk counts for itself
	elsewhere.To, elsewhere.Event.Conversation.ID = w.host.Talk(ops), ops.ID
	if w.deliver(elsewhere); strings.Count(w.said(), ": x") != 20 {
		t.Errorf("elsewhere the bot said %q, want 20 lines", w.said())
	}
	w.pass(time.Minute + time.Second)
	w.talk("/say 20", lines(20))
	w.start(b, func(c *bots.Config) { c.Rate = bots.Cooldown{N: 2, Per: time.Hour} })
	w.talk("/say 3", failed+"\n"+unwell+"the bot ran away: it says more than 2 messages within 1h0m0s in one conversation", "/say 2", lines(2))
}

// TestADialogIsNoFlood says little at a time, however much is replayed.
func TestADialogIsNoFlood(t *testing.T) {
	t.Parallel()
	b := doing(func(_ context.Context, t *bots.Turn) error {
		for range 30 {
			if err := sayAll(t, "a", "b"); err != nil {
				return err
			}
			if _, err := t.Ask(bots.Question{Message: bots.Message{Text: "c"}}); err != nil {
				return err
			}
		}
		return sayAll(t, "done")
	}, command("go"))
	w := newWorld(t, b)
	w.say("/go")
	for range 29 {
		w.pass(10 * time.Second)
		w.talk("x", "a\nb\nc")
	}
	w.talk("x", "done")
}

// TestHeardAgain hears an event again that a bot could not be told of, and says nothing about it.
func TestHeardAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, doing(func(ctx context.Context, _ *bots.Turn) error {
		<-ctx.Done() // it waited for others
		return fmt.Errorf("busy: %w: %w", bots.ErrAgain, ctx.Err())
	}, command("go")), func(c *bots.Config) { c.Time = time.Millisecond })
	for range 5 {
		out, err := w.host.Hear(t.Context(), w.told(chat.Posted{Text: text.Plain("/go")}))
		if !errors.Is(err, bots.ErrAgain) || chat.KindOf(err) != chat.Transient || len(out.Acts)+len(out.Keep) > 0 {
			t.Fatalf("Hear = %v, %v; want nothing, and that it is to be heard again", out, err)
		}
	}
	if reason := w.host.Quarantined(); reason != "" {
		t.Errorf("quarantined: %s", reason)
	}
}

// TestRolesAreToldOfToWhoAsked says no to a command, and nothing to words that merely fit.
func TestRolesAreToldOfToWhoAsked(t *testing.T) {
	t.Parallel()
	c := command("go")
	c.Roles = []string{"admin"}
	w := newWorld(t, doing(func(_ context.Context, t *bots.Turn) error { return sayAll(t, "done") }, c,
		bots.Trigger{ID: "hi", Pattern: regexp.MustCompile("^hi$"), Roles: []string{"admin"}}))
	w.talk("hi", "", "/go", "Sorry, you may not do that.")
	w.host = nil
	w.start(doing(func(_ context.Context, t *bots.Turn) error { return sayAll(t, "done") }, c,
		bots.Trigger{ID: "hi", Pattern: regexp.MustCompile("^hi$"), Roles: []string{"admin"}}),
		func(c *bots.Config) { c.Env.Roles = func(bots.Person) []string { return []string{"admin"} } })
	w.talk("hi", "done", "/go", "done")
	_, err := bots.New(bots.Config{Name: "order", Bot: doing(nil, bots.Trigger{ID: "h", Hook: "paid", Roles: []string{"admin"}})})
	if err == nil || !strings.Contains(err.Error(), "nobody's roles count") {
		t.Errorf("New = %v, want that a webhook has no roles", err)
	}
}
