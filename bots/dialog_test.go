package bots_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// asking is a bot that asks q at /order and says what it was answered.
func asking(q bots.Question) *bots.Func {
	return doing(func(_ context.Context, t *bots.Turn) error {
		a, err := t.Ask(q)
		if err != nil {
			return err
		}
		return sayAll(t, fmt.Sprintf("%s late=%v", a.Text, a.Late))
	}, command("order"), bots.Trigger{ID: "any", Pattern: greeted()})
}

func sizes() []bots.Choice {
	return []bots.Choice{{Label: "Small", Value: "S"}, {Label: "Medium", Value: "M"}, {Label: "Smallest"}, {Label: "2"}}
}

func TestChoicesAreMatched(t *testing.T) {
	t.Parallel()
	const again = "Please answer with one of: Small, Medium, Smallest, 2"
	for _, tc := range []struct {
		words, want string
		numbered    bool
	}{
		{words: "1", want: "S late=false"},
		{words: "3.", want: "Smallest late=false"},
		{words: " 3) ", want: "Smallest late=false"},
		{words: "0", want: again},
		{words: "5", want: again},
		{words: "small", want: "S late=false"},
		{words: "m", want: "M late=false"},
		{words: "Me", want: "M late=false"},
		{words: "smalle", want: "Smallest late=false"},
		{words: "sm", want: again},
		{words: "large", want: again},
		{words: " ", want: again},
		{words: "2", want: "2 late=false"},
		{words: "2", want: "M late=false", numbered: true},
	} {
		t.Run(tc.words, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, asking(bots.Question{Message: bots.Message{Text: "Which?", Choices: sizes()}}))
			w.can.Cards = !tc.numbered
			w.talk("/order", "Which? [Small] [Medium] [Smallest] [2]", tc.words, tc.want)
			if done := tc.want != again; done != (w.dialogs() == 0) {
				t.Errorf("%d dialogs are under way", w.dialogs())
			}
		})
	}
}

func TestTheButtonsOfAnAnsweredQuestionGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, asking(bots.Question{Message: bots.Message{Text: "Which?", Choices: sizes()}}))
	w.say("/order")
	question := w.asks
	if got := w.press(question, "M"); got != "M late=false" {
		t.Errorf("the bot said %q", got)
	}
	edit, ok := w.acts[0].(chat.Reword)
	if !ok || edit.Ref != question || edit.Edit.Card != nil || edit.Edit.Text.Body != "Which?\n→ Medium" {
		t.Errorf("the question was changed so: %+v", w.acts[0])
	}
	w.can.Cards = false
	w.say("/order")
	w.say("1")
	if _, ok := w.acts[0].(chat.Reword); ok {
		t.Error("a question without buttons was changed")
	}
}

func TestOldButtonsDoNothing(t *testing.T) {
	t.Parallel()
	yes := []bots.Choice{{Label: "Yes"}, {Label: "No"}}
	b := doing(func(_ context.Context, t *bots.Turn) error {
		first, err := t.Ask(bots.Question{Message: bots.Message{Text: "First?", Choices: yes}})
		if err != nil {
			return err
		}
		second, err := t.Ask(bots.Question{Message: bots.Message{Text: "Second?", Choices: yes}})
		if err != nil {
			return err
		}
		return sayAll(t, first.Text+" "+second.Text)
	}, command("order"))
	w := newWorld(t, b)
	if w.say("/order"); w.press(chat.Ref{}, "Maybe") != "" {
		t.Error("a value that is no choice was taken")
	}
	first := w.asks
	if got := w.press(first, "Yes"); got != "Second? [Yes] [No]" {
		t.Errorf("the bot said %q", got)
	}
	if got := w.press(first, "No"); got != "" || len(w.acts) > 0 {
		t.Errorf("to the button of the first question again the bot said %q", got)
	}
	second := w.asks
	w.who = chat.Author{ID: "U2", Name: "Bea"}
	if got := w.press(second, "No"); got != "" || len(w.acts) > 0 {
		t.Errorf("to somebody else's press the bot said %q", got)
	}
	w.who = ada()
	if got := w.press(second, "No"); got != "Yes No" {
		t.Errorf("the bot said %q", got)
	}
	if got := w.press(second, "No"); got != "" || len(w.acts) > 0 {
		t.Errorf("when all was over the bot said %q", got)
	}
}

func TestAnswersThatDoNotFit(t *testing.T) {
	t.Parallel()
	b := doing(func(_ context.Context, t *bots.Turn) error {
		n, err := t.Ask(bots.Question{Message: bots.Message{Text: "How many?"}, Type: bots.NumberParam})
		if err != nil {
			return err
		}
		who, err := t.Ask(bots.Question{Message: bots.Message{Text: "For whom?"}, Type: bots.UserParam})
		if err != nil {
			return err
		}
		in, err := t.Ask(bots.Question{Message: bots.Message{Text: "When?"}, Type: bots.DurationParam})
		if err != nil {
			return err
		}
		return sayAll(t, fmt.Sprintf("%v for %s (%s) in %v, says %s", n.Value.Number, who.Value.Person.Name, who.Value.Person.ID, in.Value.Duration, in.By.Handle))
	}, command("order"))
	w := newWorld(t, b)
	w.talk("/order", "How many?", "a few", `"a few" is no number. Please try again.`, "3", "For whom?")
	w.talk("Bea", `"Bea" is nobody that I know; mention them with @. Please try again.`)
	w.hear(chat.Posted{Text: text.Text{Body: "@Bea Bird", Spans: []text.Span{{Start: 0, End: 9, Kind: text.Mention, ID: "U2"}}}})
	w.talk("2h", "3 for Bea Bird (U2) in 2h0m0s, says ada")
}

// TestArgumentsAreThereAgain mentions somebody of two words in a command that asks.
func TestArgumentsAreThereAgain(t *testing.T) {
	t.Parallel()
	b := doing(func(_ context.Context, t *bots.Turn) error {
		why, err := t.Ask(bots.Question{Message: bots.Message{Text: "Why?"}})
		if err != nil {
			return err
		}
		who := t.Args()["who"].Person
		return sayAll(t, fmt.Sprintf("%s (%s) %v: %s <%s>", who.Name, who.ID, t.Args()["n"].Number, why.Text, t.Text().Body))
	}, command("thank <who:user> <n:number>"))
	w := newWorld(t, b)
	w.hear(chat.Posted{Text: text.Text{
		Body: "/thank @Bea Bird 3", Spans: []text.Span{{Start: 7, End: 16, Kind: text.Mention, ID: "U2"}},
	}})
	w.start(b)
	w.talk("because", "Bea Bird (U2) 3: because <@Bea Bird 3>")
}

func TestCancel(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"/cancel", "!CANCEL ", "/cancel@acme_bot", "order: cancel", "@order cancel"} {
		b := asking(bots.Question{Message: bots.Message{Text: "Name?"}})
		b.Says.Name = "acme_bot"
		w := newWorld(t, b)
		w.talk("/order", "Name?", words, "All right, I have put that away.")
		if w.dialogs() != 0 || len(w.wakes) != 0 {
			t.Errorf("after %s %d dialogs and %d wakes are there", words, w.dialogs(), len(w.wakes))
		}
		if w.talk("/cancel", ""); len(w.acts) != 0 {
			t.Errorf("nothing to cancel, and it did %v", w.acts)
		}
	}
}

// TestWhoseAnswer has two people, two places and a command in the middle of dialogs.
func TestWhoseAnswer(t *testing.T) {
	t.Parallel()
	b := doing(func(_ context.Context, t *bots.Turn) error {
		if t.Trigger() == "ping" {
			return sayAll(t, "pong")
		}
		a, err := t.Ask(bots.Question{Message: bots.Message{Text: "Name?"}})
		if err != nil {
			return err
		}
		return sayAll(t, "Hello "+a.Text)
	}, command("order"), command("ping"), bots.Trigger{ID: "pattern", Pattern: greeted()})
	w := newWorld(t, b)
	w.talk("/order", "Name?", "/ping", "pong", "/help", "What I can do:\n• /order does order\n• /ping does ping")
	if wish := w.host.Wants(w.told(posted("Ada")).Event); wish.Now || w.kept[wish.Kept] == nil {
		t.Errorf("Wants = %+v, of which nothing is kept", wish)
	}
	w.who = chat.Author{ID: "U2"}
	w.talk("/order", "Name?")
	w.talk("Bea", "Hello Bea")
	w.who = ada()
	w.talk("hi", "Hello hi", "hi", "Name?") // the pattern begins one too
	w.talk("/order", "Name?")               // a new dialog takes the old one's place
	if w.dialogs() != 1 || len(w.wakes) != 1 {
		t.Errorf("%d dialogs and %d wakes are there, want 1 each", w.dialogs(), len(w.wakes))
	}
}

func TestLateAnswers(t *testing.T) {
	t.Parallel()
	q := bots.Question{Message: bots.Message{Text: "Which?", Choices: sizes()}, Timeout: time.Hour}
	w := newWorld(t, asking(q))
	w.talk("/order", "Which? [Small] [Medium] [Smallest] [2]")
	if w.sleep(time.Hour - time.Second); len(w.acts) > 0 {
		t.Errorf("too early: %v", w.acts)
	}
	w.start(asking(q))
	if w.sleep(time.Second); w.said() != " late=true" {
		t.Errorf("after an hour the bot said %q", w.said())
	}
	if edit, ok := w.acts[0].(chat.Reword); !ok || edit.Edit.Text.Body != "Which?" {
		t.Errorf("the buttons of the question are still there: %v", w.acts)
	}
	w.talk("/order", "Which? [Small] [Medium] [Smallest] [2]", "m", "M late=false")
	if w.sleep(48 * time.Hour); len(w.acts) > 0 || w.dialogs() > 0 {
		t.Errorf("it was answered, and then the bot did %v", w.acts)
	}
}

// TestTheWakeOfAnAnsweredQuestionDoesNothing has a wake on its way while the question is answered.
func TestTheWakeOfAnAnsweredQuestionDoesNothing(t *testing.T) {
	t.Parallel()
	b := doing(func(_ context.Context, t *bots.Turn) error {
		for _, q := range []string{"First?", "Second?"} {
			a, err := t.Ask(bots.Question{Message: bots.Message{Text: q}, Timeout: time.Hour})
			if err != nil {
				return err
			}
			if a.Late {
				return sayAll(t, "late")
			}
		}
		return sayAll(t, "done")
	}, command("order"))
	w := newWorld(t, b)
	w.say("/order")
	var late chat.Wake
	for _, wake := range w.wakes {
		late = wake
	}
	late.Hear.Key = "k99"
	w.talk("a", "Second?")
	if w.deliver(late.Hear); len(w.acts) > 0 || w.dialogs() != 1 {
		t.Errorf("the wake of the first question did %v", w.acts)
	}
	w.talk("b", "done")
	if w.deliver(late.Hear); len(w.acts) > 0 {
		t.Errorf("after all was over the wake did %v", w.acts)
	}
}

func TestAQuestionThatDoesNotSayWaitsThirtyDays(t *testing.T) {
	t.Parallel()
	heard := 0
	b := doing(func(_ context.Context, t *bots.Turn) error {
		heard++
		_, err := t.Ask(bots.Question{Message: bots.Message{Text: "Name?"}})
		return err
	}, command("order"))
	w := newWorld(t, b)
	w.say("/order")
	w.sleep(30*24*time.Hour - time.Second)
	if w.dialogs() != 1 {
		t.Fatal("it is over too early")
	}
	w.sleep(time.Second)
	if w.said() != reminded || w.dialogs() != 0 || heard != 1 {
		t.Errorf("after 30 days it said %q, and the bot was run %d times", w.said(), heard)
	}
}

// TestReplayGivesTheSame compares what a bot sees when it is run again with what it saw before, over a restart.
func TestReplayGivesTheSame(t *testing.T) {
	t.Parallel()
	var seen []string
	b := doing(func(ctx context.Context, t *bots.Turn) error {
		now, err := t.Now()
		if err != nil {
			return err
		}
		was, err := t.Get(ctx, bots.OfPerson, "n")
		if err != nil {
			return err
		}
		if err := t.Set(ctx, bots.OfPerson, "n", append(was, 'x')); err != nil {
			return err
		}
		is, err := t.Get(ctx, bots.OfPerson, "n")
		if err != nil {
			return err
		}
		dice := fmt.Sprint(t.Rand().IntN(1e9), t.Rand().IntN(1e9))
		ref, err := t.Say(bots.Message{Text: "Before."})
		if err != nil {
			return err
		}
		if err := t.React("👍", false); err != nil {
			return err
		}
		a, err := t.Ask(bots.Question{Message: bots.Message{Text: "Name?"}})
		seen = append(seen, fmt.Sprint(now, string(was), string(is), dice, ref, t.Hear().Event.ID, t.Person(), t.Trigger()))
		if err != nil {
			return err
		}
		later, err := t.Now()
		if err != nil {
			return err
		}
		last, err := t.Get(ctx, bots.OfPerson, "n")
		if err != nil {
			return err
		}
		if err := t.Edit(ref, bots.Message{Text: "After."}); err != nil {
			return err
		}
		return sayAll(t, fmt.Sprintf("%s from %s, %v later, %s", a.Text, a.By.Name, later.Sub(now), last))
	}, command("order"))
	w := newWorld(t, b)
	w.talk("/order", "Before.\nName?")
	w.pass(time.Hour)
	w.kept["bot/order/state/p/slack/team#U1/n"] = []byte("changed")
	w.start(b)
	w.talk("Ada", "Ada from Ada, 1h0m0s later, changed")
	if len(seen) != 2 || seen[0] != seen[1] {
		t.Errorf("it saw\n%s", strings.Join(seen, "\n"))
	}
	if first, second, _ := strings.Cut(strings.Fields(seen[0])[4], " "); first == second {
		t.Errorf("chance gave %s twice", first)
	}
	if edit, ok := w.acts[0].(chat.Reword); len(w.acts) != 2 || !ok || edit.Ref.Message != "bot:order:k1-0" {
		t.Errorf("in the end it did %+v", w.acts)
	}
}

// TestStateIsAsItWasRead has two events that change the same value at once: the router lets only one of them.
func TestStateIsAsItWasRead(t *testing.T) {
	t.Parallel()
	b := doing(func(ctx context.Context, t *bots.Turn) error {
		n, err := t.Get(ctx, bots.OfBot, "n")
		if err != nil {
			return err
		}
		return t.Set(ctx, bots.OfBot, "n", append(n, 'x'))
	}, command("count"))
	w := newWorld(t, b)
	w.say("/count")
	out, err := w.host.Hear(t.Context(), w.told(posted("/count")))
	if err != nil || len(out.Keep) != 1 {
		t.Fatalf("Hear = %+v, %v", out, err)
	}
	if k := out.Keep[0]; k.Any || string(k.Was) != "x" || string(k.Now) != "xx" || k.Key != "bot/order/state/b/n" {
		t.Errorf("it keeps %+v", k)
	}
	w.fails = errors.New("the disk is gone")
	if _, err := w.host.Hear(t.Context(), w.told(posted("/count"))); !errors.Is(err, w.fails) {
		t.Errorf("Hear = %v, want to hear it again", err)
	}
}

func TestADialogThatDoesSomethingElse(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]func(t *bots.Turn) error{
		"asks for the clock": func(t *bots.Turn) error {
			_, err := t.Now()
			return err
		},
		"ends": func(*bots.Turn) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runs := 0
			b := doing(func(_ context.Context, t *bots.Turn) error {
				if runs++; runs > 1 {
					return second(t)
				}
				_, err := t.Ask(bots.Question{Message: bots.Message{Text: "Name?"}})
				return err
			}, command("order"))
			w := newWorld(t, b)
			w.talk("/order", "Name?")
			got := w.say("Ada")
			if !strings.HasPrefix(got, failed+"\n"+unwell+"the dialog can't go on: ") || w.dialogs() != 0 {
				t.Errorf("the bot said %q, and %d dialogs go on", got, w.dialogs())
			}
			if w.host.Quarantined() != "" {
				t.Error("it is quarantined for that")
			}
		})
	}
}

// TestDialogsThatAreTooLong asks for ever, and remembers too much.
func TestDialogsThatAreTooLong(t *testing.T) {
	t.Parallel()
	b := doing(func(_ context.Context, t *bots.Turn) error {
		for {
			if _, err := t.Ask(bots.Question{Message: bots.Message{Text: "And?"}}); err != nil {
				return err
			}
		}
	}, command("order"))
	w := newWorld(t, b)
	w.say("/order")
	for i := range 200 {
		w.pass(2 * time.Second)
		if got := w.say("x"); got != "And?" {
			t.Fatalf("after answer %d the bot said %q", i+1, got)
		}
	}
	if got := w.say("x"); got != failed+"\n"+unwell+"the dialog can't go on: it has more than 200 answers" || w.dialogs() != 0 {
		t.Errorf("after 201 answers the bot said %q", got)
	}
	w.say("/order")
	long := strings.Repeat("x", 20<<10)
	w.talk(long, "And?", long, "And?", long, "And?",
		long, failed+"\n"+unwell+"the dialog can't go on: what it remembers is more than 65536 bytes")
}

// TestAwait asks in a bot that can't be run again.
func TestAwait(t *testing.T) {
	t.Parallel()
	b := doing(func(_ context.Context, t *bots.Turn) error {
		a, data := t.Answer()
		switch {
		case a == nil:
			return t.Await(bots.Question{Message: bots.Message{Text: "For whom?"}, Type: bots.UserParam, Timeout: time.Hour}, []byte("1"))
		case string(data) == "1" && !a.Late:
			if err := sayAll(t, fmt.Sprintf("%s (%s), asked by %s", a.Value.Person.Name, a.Value.Person.ID, t.Person().Name)); err != nil {
				return err
			}
			return t.Await(bots.Question{Message: bots.Message{Text: "Sure?", Choices: []bots.Choice{{Label: "Yes"}}}}, []byte("2"))
		}
		return sayAll(t, fmt.Sprintf("%q %q late=%v", data, a.Text, a.Late))
	}, command("order"), bots.Trigger{ID: "answered", Kind: bots.Answered})
	w := newWorld(t, b)
	w.talk("/order", "For whom?", "Bea", `"Bea" is nobody that I know; mention them with @. Please try again.`)
	w.start(b)
	w.hear(chat.Posted{Text: text.Text{Body: "@Bea Bird", Spans: []text.Span{{Start: 0, End: 9, Kind: text.Mention, ID: "U2"}}}})
	if got := w.said(); got != "Bea Bird (U2), asked by Ada\nSure? [Yes]" {
		t.Fatalf("the bot said %q", got)
	}
	w.talk("y", `"2" "Yes" late=false`)
	if w.say("/order"); w.dialogs() != 1 {
		t.Fatal("no dialog is under way")
	}
	if w.sleep(time.Hour); w.said() != `"1" "" late=true` || w.dialogs() != 0 {
		t.Errorf("after an hour the bot said %q", w.said())
	}
}

func TestAwaitOfABotThatDoesNotListen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, doing(func(_ context.Context, t *bots.Turn) error {
		return t.Await(bots.Question{Message: bots.Message{Text: "Name?"}}, nil)
	}, command("order")))
	w.talk("/order", "Name?", "Ada", "")
	if w.dialogs() != 0 {
		t.Error("the dialog is still there")
	}
	w.start(doing(func(_ context.Context, t *bots.Turn) error {
		return t.Await(bots.Question{Message: bots.Message{Text: "Name?"}}, make([]byte, 65<<10))
	}, command("order")))
	if got := w.say("/order"); !strings.Contains(got, "what it remembers is more than 65536 bytes") {
		t.Errorf("the bot said %q", got)
	}
}

func TestWakes(t *testing.T) {
	t.Parallel()
	b := doing(func(_ context.Context, t *bots.Turn) error {
		switch t.Trigger() {
		case "later":
			return t.Wake("tea", t.Hear().Event.At.Add(t.Args()["in"].Duration), []byte(t.Args()["what"].Text))
		case "never":
			return t.Unwake("tea")
		case "far":
			return t.Wake("tea", t.Hear().Event.At.AddDate(11, 0, 0), nil)
		case "nameless":
			return t.Wake("", t.Hear().Event.At, nil)
		}
		call, _ := t.Hear().Event.What.(chat.Called)
		return sayAll(t, fmt.Sprintf("%s for %s", call.Body, t.Person().Name))
	}, command("later <in:duration> <what...>"), command("never"), command("far"), command("nameless"),
		bots.Trigger{ID: "woken", Kind: bots.Woken})
	w := newWorld(t, b)
	w.talk("/later 2h tea", "", "/later 3h more tea", "")
	w.who = chat.Author{ID: "U2"}
	w.start(b)
	if w.sleep(2 * time.Hour); len(w.acts) > 0 {
		t.Errorf("the wake that was replaced did %v", w.acts)
	}
	if w.sleep(time.Hour); w.said() != "more tea for Ada" {
		t.Errorf("the bot said %q", w.said())
	}
	w.talk("/later 1h tea", "", "/never", "")
	if w.sleep(time.Hour); len(w.acts) > 0 {
		t.Errorf("the wake that was taken back did %v", w.acts)
	}
	for words, want := range map[string]string{
		"/far": "wake in more than ten years", "/nameless": "the name of a wake has 1 to 100 bytes",
	} {
		if got := w.say(words); !strings.Contains(got, want) {
			t.Errorf("to %s the bot said %q", words, got)
		}
	}
}

// TestWhatIsKeptOfADialogMayBeDamaged has the store give something that is no dialog.
func TestWhatIsKeptOfADialogMayBeDamaged(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "{}", "{}\nx", "{}\na5:x", "null\n", `{"hear":null}` + "\n", "\x00\n"} {
		w := newWorld(t, asking(bots.Question{Message: bots.Message{Text: "Name?"}}))
		w.say("/order")
		for key := range w.kept {
			if strings.Contains(key, "/dialog/") {
				w.kept[key] = []byte(raw)
			}
		}
		if got := w.say("Ada"); !strings.HasPrefix(got, failed) && got != "I have been changed meanwhile, so we begin anew." || w.dialogs() != 0 {
			t.Errorf("with %q the bot said %q, and %d dialogs go on", raw, got, w.dialogs())
		}
		w.talk("/order", "Name?", "Ada", "Ada late=false")
	}
}
