package bots_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
)

// TestWhatATurnTells hears a pattern at a desk.
func TestWhatATurnTells(t *testing.T) {
	t.Parallel()
	w := newWorld(t, replying(func(t *bots.Turn) string {
		return fmt.Sprintf("%s %q %s %v %s", t.Trigger(), t.Match(), t.Desk(), t.Can().Cards, t.Person().Handle)
	}, bots.Trigger{ID: "price", Pattern: regexp.MustCompile(`(?i)price of (\w+)( now)?`)}))
	w.desk = "support"
	w.talk("The PRICE of tea, please", `price ["PRICE of tea" "tea" ""] support true ada`)
}

// TestWhatATurnDoes does one of each that is no message.
func TestWhatATurnDoes(t *testing.T) {
	t.Parallel()
	b := doing(func(_ context.Context, t *bots.Turn) error {
		ref, err := t.Say(bots.Message{Text: "*one*", Reply: true, Only: t.Person().ID})
		return errors.Join(err,
			t.Edit(ref, bots.Message{Text: "two", Choices: []bots.Choice{{Label: "Yes", ID: "y"}}}), t.Delete(ref),
			t.React("👍", false), t.React("👍", true), t.Remove(), t.HandOff(strings.Repeat("x", 300)))
	}, command("go"))
	w := newWorld(t, b, grants("moderate"))
	w.desk = "support"
	if w.say("/go"); len(w.acts) != 7 {
		t.Fatalf("it did %+v", w.acts)
	}
	mine := chat.Ref{Conversation: lounge, Message: "bot:order:k1-0"}
	say, edit, unsay := w.acts[0].(chat.Say), w.acts[1].(chat.Reword), w.acts[2].(chat.Unsay)
	if p := say.Post; say.Ref != mine || p.ReplyTo != "m1" || p.Only != "U1" || p.Text.Body != "one" || len(p.Text.Spans) != 1 {
		t.Errorf("it said %+v", say)
	}
	if edit.Ref != mine || edit.Edit.Text.Body != "two" || edit.Edit.Card == nil || edit.Edit.Card.Buttons[0].ID != "y" {
		t.Errorf("it changed that to %+v", edit)
	}
	if unsay.Ref != mine || w.acts[5].(chat.Unsay).Ref != (chat.Ref{Conversation: lounge, Message: "m1"}) {
		t.Errorf("it took back %+v and %+v", unsay, w.acts[5])
	}
	for i, remove := range []bool{false, true} {
		if r := w.acts[3+i].(chat.Sign).React; r.Remove != remove || r.Emoji != "👍" || r.Message != "m1" || r.To != lounge {
			t.Errorf("it signed %+v", r)
		}
	}
	if h := w.acts[6].(chat.HandOff); h.At != lounge || len(h.Reason) > 203 {
		t.Errorf("it handed off because of %q", h.Reason)
	}
}

// TestAboutNoMessage reacts to what is none.
func TestAboutNoMessage(t *testing.T) {
	t.Parallel()
	for _, do := range []func(t *bots.Turn) error{
		func(t *bots.Turn) error { return t.React("👍", false) }, func(t *bots.Turn) error { return t.Remove() },
	} {
		w := newWorld(t, doing(func(_ context.Context, t *bots.Turn) error { return do(t) }, bots.Trigger{ID: "joined", Kind: bots.Joined}), grants("moderate"))
		in := w.told(chat.Joined{})
		in.Event.Message = ""
		if w.deliver(in); w.said() != unwell+"the bot may not do that: the event is about no message" {
			t.Errorf("the bot said %q", w.said())
		}
	}
}

// TestTypingAndLogAreNotReplayed shows people and operators once what is done once.
func TestTypingAndLogAreNotReplayed(t *testing.T) {
	t.Parallel()
	typed := 0
	b := doing(func(ctx context.Context, t *bots.Turn) error {
		t.Typing(ctx)
		t.Log(ctx, "first line")
		if _, err := t.Ask(bots.Question{Message: bots.Message{Text: "Name?"}}); err != nil {
			return err
		}
		t.Typing(ctx)
		t.Log(ctx, "second line")
		return nil
	}, command("go"))
	w := newWorld(t, b, func(c *bots.Config) { c.Env.Typing = func(context.Context, chat.Conversation) { typed++ } })
	w.talk("/go", "Name?", "Ada", "")
	log := w.log.String()
	if typed != 2 || strings.Count(log, "first line") != 1 || strings.Count(log, "second line") != 1 {
		t.Errorf("it was shown typing %d times, and logged %s", typed, log)
	}
}

// TestAgainUndoes has a bot begin anew in the middle of an event.
func TestAgainUndoes(t *testing.T) {
	t.Parallel()
	b := doing(func(ctx context.Context, t *bots.Turn) error {
		first := t.Rand().Uint64()
		if err := errors.Join(sayAll(t, "a", "b"), t.Set(ctx, bots.OfBot, "x", []byte("1")), t.Await(bots.Question{Message: bots.Message{Text: "?"}}, nil)); err != nil {
			return err
		}
		t.Again()
		return sayAll(t, fmt.Sprint("c ", t.Rand().Uint64() == first))
	}, command("go"))
	w := newWorld(t, b)
	if w.talk("/go", "c true"); w.asks.Message != "bot:order:k1-0" || len(w.kept) != 0 {
		t.Errorf("it said %v and kept %q", w.asks, w.kept)
	}
}

func TestChoicesThatCantBeShown(t *testing.T) {
	t.Parallel()
	var many []bots.Choice
	for i := range 26 {
		many = append(many, bots.Choice{Label: fmt.Sprint(i)})
	}
	for want, choices := range map[string][]bots.Choice{
		"more than 25 choices": many, "a choice without a label": {{Label: " "}}, `two choices are called "yes"`: {{Label: "Yes"}, {Label: "yes"}},
		"the value of a choice has 200 bytes at most": {{Label: "x", Value: strings.Repeat("x", 201)}},
	} {
		for _, ask := range []bool{true, false} {
			w := newWorld(t, doing(func(_ context.Context, t *bots.Turn) (err error) {
				m := bots.Message{Text: "Which?", Choices: choices}
				if ask {
					_, err = t.Ask(bots.Question{Message: m})
				} else {
					_, err = t.Say(m)
				}
				return err
			}, command("go")))
			w.talk("/go", failed+"\n"+unwell+"the bot may not do that: "+want)
		}
	}
}

// TestNumbersAreButtons votes where there are no buttons.
func TestNumbersAreButtons(t *testing.T) {
	t.Parallel()
	b := doing(func(_ context.Context, t *bots.Turn) error {
		switch t.Trigger() {
		case "poll":
			_, err := t.Say(bots.Message{Text: "What?", Choices: []bots.Choice{{Label: "Tea", ID: "vote-t"}, {Label: "Coffee", Value: "c", ID: "vote-c"}}})
			return err
		case "ask":
			a, err := t.Ask(bots.Question{Message: bots.Message{Text: "How many?"}})
			if err != nil {
				return err
			}
			return sayAll(t, "answered "+a.Text)
		}
		press, _ := t.Hear().Event.What.(chat.Pressed)
		return sayAll(t, press.Button+" "+press.Value)
	}, command("poll"), command("ask"), bots.Trigger{ID: "vote", Button: "vote-*"})
	w := newWorld(t, b)
	w.can.Cards = false
	w.talk("2", "", "/poll", "What? [Tea] [Coffee]", "2", "vote-c c", "1.", "vote-t Tea", "3", "", "tea", "")
	w.who = chat.Author{ID: "U2"}
	w.start(b)
	w.talk("2)", "vote-c c", "/ask", "How many?", "2", "answered 2", "2", "vote-c c")
	w.direct = true
	w.talk("coffee", "vote-c c", "coffee please", "")
	w.pass(7*24*time.Hour + time.Second)
	w.talk("2", "")
	w.can.Cards = true
	w.talk("/poll", "What? [Tea] [Coffee]", "2", "")
}

func TestParseCooldown(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bots.Cooldown{
		"": {}, "3/10m": {N: 3, Per: 10 * time.Minute}, "1/30s": {N: 1, Per: 30 * time.Second}, "1000/1w": {N: 1000, Per: 7 * 24 * time.Hour},
	} {
		if got, err := bots.ParseCooldown(s); err != nil || got != want {
			t.Errorf("ParseCooldown(%q) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"3", "/", "3/", "/1m", "0/1m", "-1/1m", "1001/1m", "3/1", "3/1m/1m", "3x/1m", "3.5/1m", "3/-1m", "99999999999999999999/1m"} {
		if got, err := bots.ParseCooldown(s); err == nil {
			t.Errorf("ParseCooldown(%q) = %v", s, got)
		}
	}
}

func TestABotTakesNoMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, everything())
	if _, err := w.host.Post(t.Context(), chat.Post{}); chat.KindOf(err) != chat.Refused {
		t.Errorf("Post = %v", err)
	}
	if traits := w.host.Traits(); traits.Repeat != chat.Keyed {
		t.Errorf("Traits = %+v", traits)
	}
}
