package bottest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/schedule"
)

// jack can do everything that a bot can, one word each.
func jack(_ context.Context, b bottest.Bot) (bots.Config, error) {
	if filepath.Base(b.Path) == "missing" {
		return bots.Config{}, errors.New("there is no such bot")
	}
	daily, err := schedule.Parse("0 9 * * *", "Europe/Berlin")
	if err != nil {
		return bots.Config{}, err
	}
	usage := func(s string) *bots.Command {
		c, err := bots.ParseUsage(s)
		if err != nil {
			panic(err)
		}
		return c
	}
	return bots.Config{Name: "jack", Source: []byte(b.Path), Bot: &bots.Func{
		Says: bots.Spec{Triggers: []bots.Trigger{
			{ID: "do", Command: usage("do <what> [<with...>]")},
			{ID: "secret", Command: usage("secret"), Roles: []string{"member"}},
			{ID: "button", Button: "b*"},
			{ID: "hook", Hook: "deploy"},
			{ID: "daily", Schedule: &bots.Schedule{Schedule: daily}},
			{ID: "woken", Kind: bots.Woken},
			{ID: "edited", Kind: bots.Edited},
			{ID: "deleted", Kind: bots.Deleted},
			{ID: "reacted", Kind: bots.Reacted},
			{ID: "pinned", Kind: bots.Pinned},
			{ID: "joined", Kind: bots.Joined},
			{ID: "left", Kind: bots.Left},
			{ID: "mention", Mention: true},
		}},
		Hears: func(ctx context.Context, t *bots.Turn) error { return doOne(ctx, t, b) },
	}}, nil
}

func doOne(ctx context.Context, t *bots.Turn, b bottest.Bot) error {
	say := func(format string, a ...any) error {
		_, err := t.Say(bots.Message{Text: fmt.Sprintf(format, a...)})
		return err
	}
	with := t.Args()["with"].Text
	switch what := t.Args()["what"].Text; {
	case t.Trigger() == "mention" && t.Hear().About.IsZero():
		return say("you called: %s", t.Text().Body)
	case t.Trigger() == "mention":
		return say("you replied")
	case t.Trigger() == "hook":
		return say("hook: %s", t.Hear().Event.What.(chat.Called).Body)
	case t.Trigger() == "reacted":
		r := t.Hear().Event.What.(chat.Reacted)
		return say("reacted %s %v, mine %v", r.Emoji, r.Removed, !t.Hear().About.IsZero())
	case t.Trigger() == "button":
		return say("pressed %s", t.Hear().Event.What.(chat.Pressed).Value)
	case t.Trigger() == "daily":
		if last, err := t.Get(ctx, bots.OfTalk, "last"); err != nil || last != nil {
			return errors.Join(err, say("daily, and not the first word"))
		}
		return say("daily ")
	case t.Trigger() != "do":
		return say("%s %s", t.Trigger(), t.Text().Body)
	case what == "say":
		return say("%s", with)
	case what == "config":
		return say("%s", b.Config[with])
	case what == "files":
		_, err := t.Say(bots.Message{Text: with, Files: []string{"a.pdf", "b.pdf"}})
		return err
	case what == "whisper":
		_, err := t.Say(bots.Message{Text: with, Only: t.Person().ID})
		return err
	case what == "answer":
		_, err := t.Say(bots.Message{Text: with, Reply: true})
		return err
	case what == "to":
		at, words, _ := strings.Cut(with, " ")
		c, err := chat.ParseConversation(at)
		if err != nil {
			return err
		}
		_, err = t.Say(bots.Message{Text: words, To: c})
		return err
	case what == "choices":
		_, err := t.Say(bots.Message{Text: with, Choices: []bots.Choice{{ID: "b1", Label: "One", Value: "1"}, {ID: "b2", Label: "Two"}}})
		return err
	case what == "react":
		return t.React(with, false)
	case what == "unreact":
		return t.React(with, true)
	case what == "remove":
		return t.Remove()
	case what == "handoff":
		return t.HandOff(with)
	case what == "fail":
		return errors.New(with)
	case what == "wake":
		now, err := t.Now()
		if err != nil {
			return err
		}
		d, err := time.ParseDuration(with)
		if err != nil {
			return err
		}
		return t.Wake("w", now.Add(d), nil)
	case what == "get":
		r, err := t.HTTP(ctx, bots.Request{URL: with})
		if err != nil {
			return say("no answer")
		}
		return say("%d %s", r.Status, r.Body)
	case what == "edit" || what == "delete":
		raw, err := t.Get(ctx, bots.OfTalk, "last")
		if err != nil {
			return err
		}
		c, m, _ := strings.Cut(string(raw), "|")
		at, err := chat.ParseConversation(c)
		if err != nil {
			return err
		}
		ref := chat.Ref{Conversation: at, Message: chat.MessageID(m)}
		if what == "delete" {
			return t.Delete(ref)
		}
		return t.Edit(ref, bots.Message{Text: with})
	case what == "keep":
		ref, err := t.Say(bots.Message{Text: with})
		if err != nil {
			return err
		}
		return t.Set(ctx, bots.OfTalk, "last", []byte(ref.String()))
	case what == "count":
		raw, err := t.Get(ctx, bots.OfBot, "n")
		if err != nil {
			return err
		}
		n := append(raw, 'I')
		if err := t.Set(ctx, bots.OfBot, "n", n); err != nil {
			return err
		}
		return say("%s", n)
	}
	return nil
}

// Each transcript here must fail, with these words.
func TestFails(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, chat, want string }{
		{"words", "alice: /do say hi\nbot: ho", "2 | bot: ho\n+       | bot: hi"},
		{"silent", "alice: /do nothing\nbot: hi", "does not do what is written"},
		{"spoke", "alice: /do say hi", "not written down"},
		{"spoke after nothing", "alice: /do say hi\nnothing", "+       | bot: hi"},
		{"pattern", "alice: /do say hi\nbot: /^ho/", "bot: hi"},
		{"order", "alice: /do say a\nbot: b\nbot: a", "- "},
		{"marks", "alice: /do say **a**\nbot: *a*", "bot: a"},
		{"place", "@in #room\nalice: /do say a\nbot@alice: a", "+       | bot: a"},
		{"choices missing", "alice: /do choices ?\nbot: ?", "[One] [Two]"},
		{"choices other", "alice: /do choices ?\nbot: ? [One] [Three]", "[One] [Two]"},
		{"choices none", "alice: /do say ?\nbot: ? [One]", "bot: ?"},
		{"lines where there are buttons", "alice: /do choices ?\nbot: ?\n  1. One\n  2. Two", "[One] [Two]"},
		{"reaction", "alice: /do react 👍\nbot reacts 👎", "bot reacts 👍"},
		{"reaction off", "alice: /do unreact 👍\nbot reacts 👍", "bot unreacts 👍"},
		{"edit", "alice: /do keep a\nbot: a\nalice: /do edit b\nbot: b", "bot edits: b"},
		{"edit of another", "alice: /do keep a\nbot: a\nalice: /do edit b\nbot edits 2: b", "+       | bot edits: b"},
		{"delete", "alice: /do keep a\nbot: a\nalice: /do delete\nnothing", "bot deletes"},
		{"edit where none is", "@on x\nalice: /do keep a\nbot: a\nalice: /do edit b\nbot edits: b", "X can't do that"},
		{"hand off", "@desk help\nalice: /do handoff stuck\nbot hands off: other", "bot hands off: stuck"},
		{"file", "alice: /do files a\nbot sends a.pdf: a", "fails"},
		{"whisper", "alice: /do whisper a\nbot: a", "bot whispers alice: a"},
		{"failure", "alice: /do fail broken", "bot fails: broken"},
		{"removal", "@may moderate\nalice: /do remove", "bot removes"},
		{"clock goes back", "alice: /do nothing\n@ 2020-01-01", "can't go back: it is 2026-01-05 09:00:00 UTC"},
		{"wake", "alice: /do wake 2h\n@ +1h\nbot: woken", "does not do"},
		{"no button", "alice presses One", `no message of the bot here has a button "One"`},
		{"no choice", "@on x\nalice picks One", `no message of the bot here has a choice "One"`},
		{"nothing said", "alice edits: a", "alice has said nothing here"},
		{"no message", "alice reacts 👍", "no message here"},
		{"no reply", "alice replies: a", "no message of the bot"},
		{"direct of another", "alice@bob: hi", "can't be in the direct conversation of bob"},
		{"stopped hook", "@stop\nhook deploy: x", "stopped"},
		{"no bot", "@bot missing\nalice: hi", "there is no such bot"},
		{"role", "@role bob member\nalice: /secret\nbot: secret", "you may not do that"},
		{"crash repeats nothing", "@crash\nalice: /do count\nbot: I\nbot: I", "- "},
		{"schedule", "@at 2026-03-28 08:00 Europe/Berlin\n@home #room\n@ +1h", "bot@#room: daily"},
		{"not read", "alice hello", "alice can't do \"hello\""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := play(t, tc.chat, bottest.Options{})
			if got := r.Results[0].Failure; r.Failed != 1 || !strings.Contains(got, tc.want) {
				t.Errorf("failed %d with\n%s\nwant it to say\n%s", r.Failed, got, tc.want)
			}
		})
	}
}

// Each transcript here must pass.
func TestPasses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, chat string }{
		{"nothing", "alice: /do nothing\nnothing"},
		{"plain for marks", "alice: /do say **a** b\nbot: a b"},
		{"marks", "alice: /do say **a** *b*\nbot: **a** b"},
		{"lists", "alice: /do say - a\n  - b\nbot: • a\n  • b"},
		{"empty lines", "alice: /do say a\n\n  b\nbot: a\n\n  b\n\nalice: /do nothing"},
		{"pattern", "alice: /do say abc\nbot: /^a.c$/"},
		{"slashes", "alice: /do say /a/\nbot: /^/a/$/"},
		{"brackets are words", "alice: /do say a [b]\nbot: a [b]"},
		{"choices", "alice: /do choices ?\nbot: ? [One] [Two]\nalice presses One\nbot: pressed 1\nalice picks [Two]\nbot: pressed Two"},
		{"choices below", "alice: /do choices ?\nbot: ?\n  [One]\n  [Two]"},
		{"choices without buttons", "@on x\nalice: /do choices ?\nbot: ?\n  1. One\n  2. Two"},
		{"choices anywhere", "@on x, slack\nalice: /do choices ?\nbot: ? [One] [Two]"},
		{"choices by number and label", "@on x\nalice: /do choices ?\nbot: ? [One] [Two]\nalice: 1\nbot: pressed 1\n@restart\nalice: two\nbot: pressed Two\nalice picks One\nbot: pressed 1\nalice: 3\nbot: you called: 3\nalice: /do say 1\nbot: 1\n@stop\n@ +8d\n@ +3h\n@restart\nalice: 1\nbot: you called: 1"},
		{"choices by number in a mirror", "@mirror m #a x/t#b\nalice@#a: /do choices ?\nbot: ? [One] [Two]\nalice@#a: 2\nnothing\nbob@x/t#b: 2\nbot: pressed Two\nbob@x/t#c: 2\nnothing"},
		{"a schedule in a mirror", "@mirror m #a x/t#b\n@home #a\nbob@x/t#b: /do keep old\nbot: old\n@ 09:00\nbot@#a: daily, and not the first word\nalice@#a: /do edit new\nnothing\nalice@#a: /do keep old\nbot: old\nbob@x/t#b: /do edit new\nbot@#a edits: new"},
		{"an older button", "alice: /do keep a\nbot: a\nalice: /do choices ?\nbot: ? [One] [Two]\nalice: /do say b\nbot: b\nalice presses 2: One\nbot: pressed 1"},
		{"edit", "alice: /do keep a\nbot: a\nalice: /do say b\nbot: b\nalice: /do edit c\nbot edits 2: c\nalice: /do delete\nbot deletes 2"},
		{"edit where some can't", "@on x telegram\nalice: /do keep a\nbot: a\nalice: /do edit b\nbot edits: b\nalice: /do react 👍\nbot reacts 👍"},
		{"files", "@cannot cards\nalice sends a.jpg b.jpg: /do say nice\nbot: nice"},
		{"no files", "alice: /do files x\nbot fails\nbot: /^Sorry/"},
		{"whisper", "alice: /do whisper a\nbot whispers alice: a"},
		{"answer", "@in #room\nalice: /do answer a\nbot: a\nalice: /do answer a\nbot replies: a"},
		{"places", "@place #ops slack/team#C1\n@may send:#ops\nalice: /do to slack/team#C1 hi\nbot@#ops: hi\nbob@#ops: /do say a\nbot: a\nalice: /do to slack/team#C1/t1 hi\nbot@#ops/t1: hi\ncarol@slack/team#C2: /do say b\nbot: b"},
		{"mention", "@in #room\nalice: hi\nalice: @bot, hi\nbot: you called: hi\nalice replies: yes\nbot: you replied\nalice@alice: yo\nbot: you called: yo"},
		{"people do", "alice: /do say a\nbot: a\nalice edits: b\nbot: edited b\nalice reacts ❤️\nbot: /^reacted ❤️ false, mine true/\nalice unreacts ❤️ \nbot: /true, mine true/\nalice pins\nbot: pinned\nalice deletes\nbot: deleted\nalice joins\nbot: joined\nalice leaves\nbot: left"},
		{"handoff", "@desk help\nalice: /do handoff stuck\nbot hands off: stuck\nalice: /do say a\nnothing\n@handback\nalice: /do say a\nbot: a"},
		{"failure", "alice: /do fail broken\nbot fails: /brok/\nbot: Sorry, that did not work. The people who look after me know about it."},
		{"operators", "@operators #ops\nalice: /do fail broken\nbot fails: broken\nbot: /^Sorry/\nbot@#ops: /broken/"},
		{"config", "@config a = b c\nalice: /do config a\nbot: b c"},
		{"web", "@may http:a.example\n@http GET https://a.example/x -> 200 {\"a\":1}\n@http GET https://a.example/x -> 500\n@http GET https://a.example/x -> fails\nalice: /do get https://a.example/x\nbot: 200 {\"a\":1}\nalice: /do get https://a.example/x\nbot: 500\nalice: /do get https://a.example/x\nbot: no answer\nalice: /do get https://a.example/y\nbot: no answer\nalice: /do get https://b.example/x\nbot: no answer"},
		{"web in lines", "@may http:a.example\n@http GET https://a.example/x -> 200\n  a\n  b\nalice: /do get https://a.example/x\nbot: 200 a\n  b"},
		{"hook", "@home #room\nhook deploy: {\"a\": 1}\nbot@#room: hook: {\"a\": 1}"},
		{"role", "@role alice member\nalice: /secret\nbot: secret"},
		{"state survives", "alice: /do count\nbot: I\n@restart\nalice: /do count\nbot: II\n@crash\nalice: /do count\nbot: III\n@fail state\nalice: /do count\nbot: IIII"},
		{"wakes in order", "alice: /do wake 2h\nbob: /do wake 1h\n@restart\n@ +2h\nbot@bob: woken\nbot@alice: woken"},
		{"a wake while it is down", "alice: /do wake 1h\n@stop\nalice: /do say a\n@ +3h\n@restart\nbot@alice: a\nbot@alice: woken"},
		{"schedule in spring", "@at 2026-03-28 08:00 Europe/Berlin\n@home #room\n@ +1d\nbot@#room: daily\nbot@#room: daily\n@ 09:00\nbot@#room: daily\n@restart\nnothing"},
		{"schedule missed", "@at 2026-03-28 08:00 Europe/Berlin\n@home #room\n@stop\n@ 09:30\n@restart\nbot@#room: daily\n@stop\n@ +1d\n@ +3h\n@restart\nnothing"},
		{"long", "@on discord\nalice: /do say " + strings.Repeat("word ", 500) + "\nbot: /^word/\nbot: /word$/"},
		{"windows", "\ufeffalice: /do say a\r\nbot: a\r\n"},
		{"another version", "alice: /do say a\nbot: a\n@replace other\nalice: /do say a\nbot: a\n@stop\n@replace jack\n@restart\nalice: /do say b\nbot: b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := play(t, tc.chat, bottest.Options{})
			for _, res := range r.Results {
				if res.Failure != "" {
					t.Errorf("%s", res.Failure)
				}
			}
			if len(r.Results) == 0 {
				t.Error("nothing was played")
			}
		})
	}
}

// play plays one chat against jack.
func play(t *testing.T, transcript string, o bottest.Options) bottest.Report {
	t.Helper()
	file := filepath.Join(t.TempDir(), "jack.chat")
	if err := os.WriteFile(file, []byte(transcript), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Files, o.Open = []string{file}, jack
	r, err := bottest.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
