package script_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/script"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// failed is what an event's handler failed with, as the log has it.
func (w *world) failed() string {
	_, after, ok := strings.Cut(w.log.String(), "error=")
	if !ok {
		return ""
	}
	after = strings.TrimSpace(after)
	if words, err := strconv.Unquote(after); err == nil {
		return words
	}
	return after
}

func TestEvents(t *testing.T) {
	t.Parallel()
	w := setup(t, `
def pattern(what, rest): return "pattern %s, %s" % (what, rest or None)
def mention(text): return "mention " + text
def message(): return "message " + event.text if event.text.startswith("say ") else None
def vote(value): return user.name + " votes " + value + " with " + event.button
def reacted(emoji, removed): return "%s %s" % (emoji, removed)
def kinds(): return event.kind + " " + str(bool(user))
def hook(body): return event.hook + " " + json.decode(body)["x"]
def cmd(size, n, when, who, why):
    return "%s %s %s %s %s" % (size, n, when, who.name if who else None, why)
on("pattern", r"(?P<what>hi|hello)\b(?P<rest> .*)?", pattern)
on("mention", mention)
on("message", message)
on("press", "vote*", vote)
on("reacted", reacted)
for kind in ["joined", "left", "edited", "deleted", "pinned"]:
    on(kind, kinds)
on("hook", "deploy", hook)
every("0 9 * * *", kinds, to="slack/team#C2", name="morning")
command("cmd [<size:S|M>] [<n:number>] [<when:duration>] [<who:user>] [<why...>]", cmd)
`, may("send:slack/team#C2"))
	w.talk(
		"oh, hello there", "pattern hello,  there", "hi", "pattern hi, None", "bot: are you there?", "mention are you there?",
		"say it", "message say it", "nothing", "", "/cmd", "None None None None None",
		"/cmd m 2 90s @bob so it is", "M 2 1m30s bob so it is", "/cmd s 2,5", "S 2.5 None None None",
	)
	for _, tc := range []struct {
		what chat.Happening
		want string
	}{
		{chat.Pressed{Button: "vote-1", Value: "tea"}, "Ada votes tea with vote-1"},
		{chat.Reacted{Emoji: "👍"}, "👍 False"},
		{chat.Reacted{Emoji: "👍", Removed: true}, "👍 True"},
		{chat.Joined{}, "joined True"},
		{chat.Left{}, "left True"},
		{chat.Edited{Text: text.Plain("x")}, "edited True"},
		{chat.Deleted{}, "deleted True"},
		{chat.Pinned{}, "pinned True"},
		{chat.Called{Name: "hook:deploy", Body: []byte(`{"x": "y"}`)}, "deploy y"},
	} {
		w.hear(tc.what)
		if got := w.said(); got != tc.want {
			t.Errorf("about %T the bot said %q, want %q: %s", tc.what, got, tc.want, w.failed())
		}
	}
	w.hearEvent(chat.Event{Conversation: place, What: chat.Called{Name: "schedule:morning"}})
	if got := w.said(); got != "every False" {
		t.Errorf("on schedule the bot said %q", got)
	}
}

func TestActs(t *testing.T) {
	t.Parallel()
	w := setup(t, `
def go():
    m = say("one", choices=["A", ("B", "b"), button("C", id="x", style="danger")], id="vote")
    edit(m, "two", choices=["A"], id="vote")
    edit(m.id, "three")
    delete(m)
    say("only", only=True)
    say("away", to="slack/team#C2")
    react("👍")
    unreact("👎")
    remove()
    typing()
    log("x", 1, [2])
    print("y")
on("press", "vote", go)
on("press", "x*", go)
command("go", go)
`, may("moderate", "send:slack/team#C2"))
	w.hear(chat.Posted{Text: text.Plain("/go")})
	ref := chat.Key("k1").Said("bot/bot", place, 0)
	m1 := chat.MessageID("m1")
	want := []chat.Act{
		chat.Say{Ref: ref, Post: chat.Post{To: place, Text: text.Plain("one"), Card: &chat.Card{Numbered: true, Buttons: []chat.Button{
			{ID: "vote", Label: "A", Value: "A"}, {ID: "vote", Label: "B", Value: "b"}, {ID: "x", Label: "C", Value: "C", Style: chat.Danger},
		}}}},
		chat.Reword{Ref: ref, Edit: chat.Edit{To: place, Text: text.Plain("two"), Card: &chat.Card{
			Numbered: true, Buttons: []chat.Button{{ID: "vote", Label: "A", Value: "A"}},
		}}},
		chat.Reword{Ref: ref, Edit: chat.Edit{To: place, Text: text.Plain("three")}},
		chat.Unsay{Ref: ref},
		chat.Say{Ref: chat.Key("k1").Said("bot/bot", place, 1), Post: chat.Post{To: place, Text: text.Plain("only"), Only: "U1"}},
		chat.Say{
			Ref:  chat.Key("k1").Said("bot/bot", chat.Conversation{Account: "slack/team", ID: "C2"}, 2),
			Post: chat.Post{To: chat.Conversation{Account: "slack/team", ID: "C2"}, Text: text.Plain("away")},
		},
		chat.Sign{React: chat.React{To: place, Message: m1, Emoji: "👍"}},
		chat.Sign{React: chat.React{To: place, Message: m1, Emoji: "👎", Remove: true}},
		chat.Unsay{Ref: chat.Ref{Conversation: place, Message: m1}},
	}
	if d := cmp.Diff(want, w.acts); d != "" {
		t.Error(d, w.failed())
	}
	if got := w.log.String(); !strings.Contains(got, `line="x 1 [2]"`) || !strings.Contains(got, "line=y") {
		t.Errorf("the log is %s", got)
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	w := setup(t, `
def put(key, value):
    state.person[key] = json.decode(value)
    state.talk[key] = state.person[key]
    state.bot[key] = state.talk[key]
def get(key):
    return "%r %r %r" % (state.person.get(key), state.talk.get(key, "none"), key in state.bot)
def take(key):
    return repr(state.person.pop(key, "none"))
def add(n):
    state.bot["list"] = state.bot.get("list", []) + [n]
    return str(state.bot["list"])
def who():
    state.bot["who"] = user
    m = say("x")
    state.bot["m"] = m
    return str(state.bot["who"]) + " " + str(state.bot["m"] == m.id)
command("put <key> <value...>", put)
command("get <key>", get)
command("take <key>", take)
command("add <n:number>", add)
command("who", who)
`)
	big := "123456789012345678901234567890"
	for _, v := range []string{`1`, `"x"`, `1.0`, `-2.5`, `1e+100`, `true`, `null`, `[1, [], {}]`, `{"a": {"b": [1, "2"]}}`, big, `"\u0000\"é"`} {
		w.talk("/put k "+v, "")
		got := w.say("/get k")
		want, _, _ := strings.Cut(got, " True")
		if w.failed() != "" || !strings.HasSuffix(got, " True") || strings.Contains(want, "none") {
			t.Errorf("%s: %s %s", v, got, w.failed())
		}
	}
	w.talk(
		"/put k 5", "", "/take k", "5", "/take k", `"none"`, "/get k", "None 5 True",
		"/add 1", "[1]", "/add 2", "[1, 2]",
		"/who", "x\n{\"account\": \"slack/team\", \"handle\": \"ada\", \"id\": \"U1\", \"name\": \"Ada\"} True",
	)
}

func TestLater(t *testing.T) {
	t.Parallel()
	const source = `
def remind(when, what):
    later(when, due, what, [1, {"a": None}])
    return "In " + str(when)
def due(what, more, n=3):
    say("%s, %s: %s %s %d" % (user.name, here, what, more, n))
    again = ask("Again?")
    return "So " + again
def name(): later(now() + time.hour, due, "named", None, name="one")
def stop(): cancel("one")
command("remind <when:duration> <what...>", remind)
command("name", name)
command("stop", stop)
`
	w := setup(t, source)
	w.talk("/remind 2h milk", "In 2h0m0s")
	w.wake(time.Hour)
	if len(w.wakes) != 1 {
		t.Fatalf("%d wakes are left", len(w.wakes))
	}
	w.start(load(t, source), source)
	w.wake(time.Hour)
	if got := w.said(); got != "Ada, slack/team#C1: milk [1, {\"a\": None}] 3\nAgain?" {
		t.Fatalf("the bot said %q: %s", got, w.failed())
	}
	w.talk("no", "So no")
	w.wakes = map[string]chat.Wake{}
	w.talk("/name", "", "/name", "")
	if len(w.wakes) != 1 {
		t.Errorf("%d wakes of one name", len(w.wakes))
	}
	w.talk("/stop", "")
	if len(w.wakes) != 0 {
		t.Errorf("%d wakes are left", len(w.wakes))
	}
	w.talk("/remind 1h x", "In 1h0m0s")
	without := "def f(): pass\ncommand(\"f\", f)"
	w.start(load(t, without), without)
	w.wake(2 * time.Hour)
	if got := w.failed(); !strings.HasPrefix(got, "bot.star:1: later() has put off due, and the script has no such function any more") {
		t.Errorf("it failed with %q", got)
	}
}

func TestReplayIsTheSame(t *testing.T) {
	t.Parallel()
	w := setup(t, `
def go():
    a = [random(1000000), random(1000000), choice([1, 2, 3, 4, 5, 6, 7]), str(now()), state.bot.get("n", 0)]
    state.bot["n"] = state.bot.get("n", 0) + 1
    log("before")
    def inner():
        return [ask("Q?") for i in range(2)]
    got = inner()
    b = [random(1000000), state.bot["n"]]
    say("%s %s %s" % (a, got, b))
    return str(now() - time.parse_time(a[3].replace(" ", "T", 1).replace(" +0000 UTC", "Z")))
command("go", go)
def once(): return "%d %d %d" % (random(1000000), random(1000000), random(1000000))
command("once", once)
`)
	w.talk("/go", "Q?")
	first := w.kept
	w.now = w.now.Add(time.Hour)
	w.talk("x", "Q?")
	w.now = w.now.Add(time.Hour)
	got := w.say("y")
	if !strings.Contains(got, `2026-03-02 12:00:00 +0000 UTC", 0] ["x", "y"] [`) || !strings.HasSuffix(got, ", 1]\n2h0m0s") {
		t.Errorf("the bot said %q: %s (%v)", got, w.failed(), first)
	}
	if n := strings.Count(w.log.String(), "line=before"); n != 1 {
		t.Errorf("it was logged %d times", n)
	}
	if a, b := w.say("/once"), w.say("/once"); a == b {
		t.Errorf("two events are given the same numbers, %s", a)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	w := setup(t, `
def go():
    a = ask("Q?", timeout="10m")
    if a == None:
        return "Late."
    b = confirm("Sure?", timeout="1h")
    return "b is %s" % b
command("go", go)
`)
	w.talk("/go", "Q?")
	w.wake(10 * time.Minute)
	if got := w.said(); got != "Late." {
		t.Fatalf("the bot said %q: %s", got, w.failed())
	}
	w.talk("/go", "Q?", "x", "Sure? [Yes] [No]")
	w.wake(time.Hour)
	if got := w.said(); got != "b is None" {
		t.Errorf("the bot said %q", got)
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	w := setup(t, `
texts({"en": {"hi": "Hi {name}, {n}", "only": "English"}, "de": {"hi": "Hallo {name}, {n}", "yes": "Ja", "no": "Nein"}}, locale="de")
def hi(name): return t("hi", name=name, n=3)
def only(): return t("only") + " " + t("Dear {name}!", name="*x*")
def sure(): return str(confirm("Q?"))
command("hi <name>", hi)
command("only", only)
command("sure", sure)
`)
	w.talk("/hi *x*", "Hallo *x*, 3", "/only", "English Dear *x*!", "/sure", "Q? [Ja] [Nein]", "ja", "True")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	source := `
def f(): return "%s %s %s" % (config["n"] + 1, config["list"], config.get("x", "none"))
command(config["command"], f)
`
	s, err := script.Load("bot.star", []byte(source), script.Options{Config: map[string]any{
		"command": "go", "n": 41, "list": []any{"a", 1.5, true, nil},
	}})
	if err != nil {
		t.Fatal(err)
	}
	setupBot(t, s, source).talk("/go", `42 ["a", 1.5, True, None] none`)
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	s := load(t, `
def migrate(old):
    if old.trigger == "command:order" and old.args["size"] == "S" and old.began.year == 2026:
        return ["x"] + old.answers[:1]
    if old.trigger == "bad":
        return 3
command("f", lambda: None)
`)
	past := bots.Past{
		Trigger: "command:order", Args: map[string]string{"size": "S"}, Answers: []string{"a", "b"}, Began: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	answers, ok, err := s.Migrate(t.Context(), past)
	if d := cmp.Diff([]string{"x", "a"}, answers); d != "" || !ok || err != nil {
		t.Error(d, ok, err)
	}
	past.Args["size"] = "M"
	if answers, ok, err := s.Migrate(t.Context(), past); ok || err != nil {
		t.Error(answers, ok, err)
	}
	past.Trigger = "bad"
	if _, _, err := s.Migrate(t.Context(), past); err == nil || err.Error() != "bot.star:2:1: migrate returned an int; it returns a list of texts, or None" {
		t.Error(err)
	}
}

// hearing is a bot that looks what the script's Hear gives.
type hearing struct {
	*script.Script
	err chan error
}

func (h hearing) Hear(ctx context.Context, t *bots.Turn) error {
	err := h.Script.Hear(ctx, t)
	h.err <- err
	return err
}

// TestParallel has several goroutines run one script, each for a person of its own.
func TestParallel(t *testing.T) {
	t.Parallel()
	source := `
top = {"x": [1, 2, 3]}
def f(n):
    state.person["n"] = n
    total = 0
    for i in range(100): total += len(top["x"]) + random(3)
    return "%s %s %s %s" % (user.id, state.person["n"], event.text, here)
command("f <n:number>", f)
`
	w := setup(t, source, func(c *bots.Config) { c.Rate = bots.Cooldown{N: 1 << 20, Per: time.Minute} })
	synctest.Test(t, func(t *testing.T) {
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := range 50 {
					at := chat.Conversation{Account: "slack/team", ID: chat.ConversationID(rune('A' + g))}
					id := string(rune('a' + g))
					out, err := w.host.Hear(t.Context(), chat.Hear{Key: "k", Event: chat.Event{
						Conversation: at, Author: chat.Author{ID: chat.PersonID(id)}, What: chat.Posted{Text: text.Plain("/f " + id[:0] + string(rune('0'+i%10)))},
					}})
					if err != nil || len(out.Acts) != 1 {
						t.Error(out, err)
						return
					}
					n := string(rune('0' + i%10))
					say, _ := out.Acts[0].(chat.Say)
					if want := id + " " + n + " " + n + " " + at.String(); say.Post.Text.Body != want {
						t.Errorf("the bot said %q, want %q", say.Post.Text.Body, want)
					}
				}
			})
		}
		wg.Wait()
	})
}
