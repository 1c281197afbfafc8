package bots_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/bots"
)

// textual is a bot made of a source: a line for each question that it asks. It says all answers in the end, and its first
// question is the version's name.
func textual(source []byte) (bots.Bot, error) {
	questions := strings.Split(string(source), "\n")
	if questions[0] == "broken" {
		return nil, errors.New("line 1: broken")
	}
	return doing(func(ctx context.Context, t *bots.Turn) error {
		if _, err := t.Get(ctx, bots.OfBot, "n"); err != nil { // so that the journal has more than answers
			return err
		}
		var answers []string
		for i, q := range questions {
			if err := sayAll(t, fmt.Sprint("(", i, ")")); err != nil {
				return err
			}
			a, err := t.Ask(bots.Question{Message: bots.Message{Text: q}})
			if err != nil {
				return err
			}
			answers = append(answers, a.Text)
		}
		return sayAll(t, questions[0]+" "+strings.Join(answers, " "))
	}, command("order")), nil
}

// migrating is a textual bot that takes over dialogs.
type migrating struct {
	bots.Bot
	takes func(bots.Past) ([]string, bool, error)
}

func (m migrating) Spec() *bots.Spec {
	s := *m.Bot.Spec()
	s.Migrate = true
	return &s
}

func (m migrating) Migrate(_ context.Context, d bots.Past) ([]string, bool, error) { return m.takes(d) }

func sourced(source string) func(*bots.Config) {
	return func(c *bots.Config) { c.Source, c.Load = []byte(source), textual }
}

func made(tb testing.TB, source string) bots.Bot {
	tb.Helper()
	b, err := textual([]byte(source))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

const (
	v1      = "v1?\nName?\nColour?"
	v2      = "v2?\nName?"
	changed = "I have been changed meanwhile, so we begin anew."
)

// TestDialogsGoOnWithTheSourceThatBeganThem replaces a bot in the middle of dialogs: in the same process, and over restarts.
func TestDialogsGoOnWithTheSourceThatBeganThem(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]func(w *world){
		"at once": func(w *world) {
			if err := w.host.Replace(made(w.tb, v2), []byte(v2)); err != nil {
				w.tb.Fatal(err)
			}
		},
		"after a restart": func(w *world) { w.start(made(w.tb, v2), sourced(v2)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, made(t, v1), sourced(v1))
			w.talk("/order", "(0)\nv1?", "a", "(1)\nName?")
			replace(w)
			w.talk("b", "(2)\nColour?")
			w.start(made(t, v2), sourced(v2))
			w.talk("c", "v1? a b c", "/order", "(0)\nv2?", "x", "(1)\nName?", "y", "v2? x y")
			if w.dialogs() != 0 {
				t.Error("a dialog goes on")
			}
		})
	}
}

// TestDrainEnds counts from when it was first seen that there is a newer version, however often Roost was restarted since.
func TestDrainEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, made(t, v1), sourced(v1))
	w.talk("/order", "(0)\nv1?")
	w.pass(100 * time.Hour)
	w.start(made(t, v2), sourced(v2))
	w.talk("a", "(1)\nName?")
	w.pass(13 * time.Hour)
	w.start(made(t, v2), sourced(v2))
	w.talk("b", "(2)\nColour?")
	w.pass(11*time.Hour + time.Second)
	w.start(made(t, v2), sourced(v2))
	w.talk("c", changed+"\n(0)\nv2?", "d", "(1)\nName?", "e", "v2? d e")
	if n := w.keys("bot/order/source/"); n != 1 {
		t.Errorf("%d sources are kept, want that of the present version alone", n)
	}
}

// TestGoingBackToAnEarlierSource brings a version back whose time had begun to run.
func TestGoingBackToAnEarlierSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, made(t, v1), sourced(v1))
	w.talk("/order", "(0)\nv1?")
	w.start(made(t, v2), sourced(v2))
	w.talk("a", "(1)\nName?")
	w.pass(23 * time.Hour)
	w.start(made(t, v1), sourced(v1))
	w.talk("b", "(2)\nColour?")
	w.pass(23 * time.Hour)
	w.start(made(t, v2), sourced(v2))
	w.talk("c", "v1? a b c")
}

func TestAnEarlierSourceThatCantBeLoaded(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*bots.Config){
		"no Load": func(c *bots.Config) { c.Source = []byte(v2) },
		"bad Load": func(c *bots.Config) {
			c.Source, c.Load = []byte(v2), func([]byte) (bots.Bot, error) { return nil, errors.New("too old") }
		},
		"no Drain": func(c *bots.Config) {
			sourced(v2)(c)
			c.Drain = time.Nanosecond
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, made(t, v1), sourced(v1))
			w.talk("/order", "(0)\nv1?", "a", "(1)\nName?")
			w.start(made(t, v2), set)
			if name == "no Drain" {
				w.talk("b", "(2)\nColour?")
				w.pass(time.Second)
			}
			w.talk("c", changed+"\n(0)\nv2?", "d", "(1)\nName?", "e", "v2? d e")
		})
	}
}

func TestACommandThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, made(t, v1), sourced(v1))
	w.talk("/order", "(0)\nv1?")
	w.start(replying(func(*bots.Turn) string { return "pong" }, command("ping")), func(c *bots.Config) { c.Source = []byte("ping") })
	w.talk("a", changed, "a", "")
	if w.dialogs() != 0 {
		t.Error("the dialog goes on")
	}
}

// TestMigrate has a version take over dialogs of the one before: what was asked is not asked again.
func TestMigrate(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		takes func(bots.Past) ([]string, bool, error)
		want  string
	}{
		"all answers": {
			func(p bots.Past) ([]string, bool, error) { return p.Answers, true, nil },
			"(2)\nNumber?",
		},
		"one answer of two": {
			func(p bots.Past) ([]string, bool, error) { return p.Answers[:1], true, nil },
			"(1)\nName?",
		},
		"to the end": {
			func(p bots.Past) ([]string, bool, error) {
				return append(p.Answers, p.Trigger, p.Args["of"]), true, nil
			},
			"v3? a b order L",
		},
		"too many": {
			func(bots.Past) ([]string, bool, error) { return make([]string, 9), true, nil },
			failed + "\n" + unwell + "the dialog can't go on: it asked less than was answered",
		},
		"none":  {func(bots.Past) ([]string, bool, error) { return nil, true, nil }, changed + "\n(0)\nv3?"},
		"no":    {func(bots.Past) ([]string, bool, error) { return []string{"x"}, false, nil }, changed + "\n(0)\nv3?"},
		"fails": {func(bots.Past) ([]string, bool, error) { return nil, true, errors.New("x") }, changed + "\n(0)\nv3?"},
		"panic": {func(p bots.Past) ([]string, bool, error) { return p.Answers[7:], true, nil }, changed + "\n(0)\nv3?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const v3 = "v3?\nName?\nNumber?\nColour?"
			older := made(t, v1).(*bots.Func)
			older.Says.Triggers[0] = command("order <of>")
			w := newWorld(t, older, func(c *bots.Config) { c.Source = []byte(v1) })
			w.talk("/order L", "(0)\nv1?", "a", "(1)\nName?")
			newer := made(t, v3).(*bots.Func)
			newer.Says.Triggers[0] = command("order <of>")
			set := func(c *bots.Config) { c.Source = []byte(v3) }
			w.start(migrating{newer, tc.takes}, set)
			if got := w.say("b"); got != tc.want {
				t.Fatalf("the bot said %q, want %q", got, tc.want)
			}
			if name == "all answers" {
				w.start(migrating{newer, tc.takes}, set) // it goes on as its own
				w.talk("c", "(3)\nColour?", "d", "v3? a b c d")
			}
		})
	}
}

func TestABadVersionNeverReplacesAGoodOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, made(t, v1), sourced(v1))
	w.talk("/order", "(0)\nv1?")
	if err := w.host.Replace(doing(nil, command("a"), command("a")), []byte("x")); err == nil {
		t.Fatal("Replace takes a bad declaration")
	}
	w.talk("a", "(1)\nName?", "/order", "(0)\nv1?")
}

// closing is a bot that must be closed, once and when it does nothing any more.
type closing struct {
	bots.Bot
	t      testing.TB
	began  chan struct{} // told when it hears; nil: nobody wants to know
	goOn   chan struct{}
	busy   atomic.Int32
	closed atomic.Int32
}

func (c *closing) Hear(ctx context.Context, t *bots.Turn) error {
	c.busy.Add(1)
	defer c.busy.Add(-1)
	if c.closed.Load() > 0 {
		c.t.Error("a bot hears that is closed")
	}
	if c.began != nil {
		c.began <- struct{}{}
		<-c.goOn
	}
	return c.Bot.Hear(ctx, t)
}

func (c *closing) Close() error {
	c.closed.Add(1)
	if c.busy.Load() > 0 {
		c.t.Error("a bot is closed that is at work")
	}
	return nil
}

// TestVersionsAreClosed replaces a bot that is at work, and has an earlier version come back for a dialog until its time is
// over.
func TestVersionsAreClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all []*closing
		load := func(source []byte) (bots.Bot, error) {
			b, err := textual(source)
			c := &closing{Bot: b, t: t}
			all = append(all, c)
			return c, err
		}
		first := &closing{Bot: made(t, v1), t: t, began: make(chan struct{}), goOn: make(chan struct{})}
		w := newWorld(t, first, func(c *bots.Config) { c.Source, c.Load = []byte(v1), load })
		in := w.told(posted("/order"))
		go func() { <-first.began; first.goOn <- struct{}{} }()
		w.deliver(in)
		done := make(chan error)
		go func() {
			_, err := w.host.Hear(t.Context(), w.told(posted("/order")))
			done <- err
		}()
		<-first.began
		second, err := load([]byte(v2))
		if err == nil {
			err = w.host.Replace(second, []byte(v2))
		}
		if err != nil {
			t.Fatal(err)
		}
		if synctest.Wait(); first.closed.Load() != 0 {
			t.Error("it is closed at once")
		}
		first.goOn <- struct{}{}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if synctest.Wait(); first.closed.Load() != 1 {
			t.Errorf("it was closed %d times", first.closed.Load())
		}
		w.talk("a", "(1)\nName?", "b", "(2)\nColour?") // its source is loaded, once
		w.pass(25 * time.Hour)
		w.talk("c", changed+"\n(0)\nv2?")
		if synctest.Wait(); len(all) != 2 || all[1].closed.Load() != 1 {
			t.Errorf("%d versions were loaded; the earlier one was closed %d times", len(all), all[1].closed.Load())
		}
		if err := w.host.Close(); err != nil || all[0].closed.Load() != 1 {
			t.Errorf("Close = %v; the present one was closed %d times", err, all[0].closed.Load())
		}
	})
}

// TestABotWithoutASource is another one whenever it is replaced.
func TestABotWithoutASource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wild())
	for range 3 {
		w.say("/panic")
	}
	if w.host.Quarantined() == "" {
		t.Fatal("it is not quarantined")
	}
	if err := w.host.Replace(wild(), nil); err != nil || w.host.Quarantined() != "" {
		t.Errorf("it is still quarantined: %v", err)
	}
}
