package bots_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/schedule"
	"github.com/roost-im/roost/router/text"
)

// everything answers to one of each, in an order that says nothing of which comes first.
func everything() *bots.Func {
	return replying(func(t *bots.Turn) string {
		words := t.Trigger()
		if t.Text().Body != "" {
			words += " <" + t.Text().Body + ">"
		}
		return words
	},
		bots.Trigger{ID: "hi", Pattern: regexp.MustCompile(`^hi\b`)},
		bots.Trigger{ID: "mention", Mention: true},
		bots.Trigger{ID: "hi again", Pattern: regexp.MustCompile(`hi`)},
		bots.Trigger{ID: "any", Any: true},
		command("size [<of...>]"),
		bots.Trigger{ID: "vote", Button: "vote*"},
		bots.Trigger{ID: "joined", Kind: bots.Joined},
		bots.Trigger{ID: "reacted", Kind: bots.Reacted},
		bots.Trigger{ID: "edited", Kind: bots.Edited},
		bots.Trigger{ID: "deploy", Hook: "deploy"},
		bots.Trigger{ID: "standup", Schedule: &bots.Schedule{}},
		bots.Trigger{ID: "own", Kind: bots.Sent},
	)
}

func TestWhatIsHeard(t *testing.T) {
	t.Parallel()
	mention := text.Text{Body: "@Acme Bot: what else", Spans: []text.Span{{Start: 0, End: 9, Kind: text.Mention, ID: "UBOT"}}}
	for _, tc := range []struct {
		name      string
		what      chat.Happening
		addressed bool
		direct    bool
		want      string
	}{
		{"a command comes before patterns", posted("/size hi"), false, false, "size <hi>"},
		{"another prefix", posted("!size"), false, false, "size"},
		{"in capitals", posted("/SIZE L"), false, false, "size <L>"},
		{"with spaces in front", posted("  /size L"), false, false, "size <L>"},
		{"this bot's own", posted("/size@Acme_Bot L"), false, false, "size <L>"},
		{"another bot's", posted("/size@other_bot hi"), false, false, "hi again </size@other_bot hi>"},
		{"another name, but this bot was meant", posted("/size@other_bot hi"), true, false, "size <hi>"},
		{"called by name", posted("order: size L"), false, false, "size <L>"},
		{"called by name with a prefix", posted("@order, /size L"), false, false, "size <L>"},
		{"called by name in capitals", posted("ORDER size L"), false, false, "size <L>"},
		{"the first pattern that matches", posted("hi there"), false, false, "hi <hi there>"},
		{"the second pattern", posted("oh, hi"), false, false, "hi again <oh, hi>"},
		{"a mention", chat.Posted{Text: mention}, true, false, "mention <what else>"},
		{"no command of ours by name", posted("order, please"), false, false, "mention <please>"},
		{"a name that only begins so", posted("orders are late"), false, false, "any <orders are late>"},
		{"said to it alone", posted("what else"), false, true, "mention <what else>"},
		{"any message", posted("what else"), false, false, "any <what else>"},
		{"a command that there is not", posted("/colour"), false, false, "any </colour>"},
		{"a button", chat.Pressed{Button: "vote-2"}, false, false, "vote"},
		{"a button of nobody", chat.Pressed{Button: "veto"}, false, false, ""},
		{"somebody came", chat.Joined{}, false, false, "joined"},
		{"somebody left", chat.Left{}, false, false, ""},
		{"a reaction", chat.Reacted{Emoji: "👍"}, false, false, "reacted"},
		{"an edit", chat.Edited{Text: text.Plain("what now")}, false, false, "edited <what now>"},
		{"typing", chat.Typing{}, false, false, ""},
		{"what came back", chat.Bounced{Reason: "the mailbox is full"}, false, false, ""},
		{"a webhook", chat.Called{Name: "hook:deploy"}, false, false, "deploy"},
		{"another webhook", chat.Called{Name: "hook:"}, false, false, ""},
		{"a slot", chat.Called{Name: "schedule:standup"}, false, false, "standup"},
		{"its own program", chat.Called{Name: "own:"}, false, false, "own"},
		{"a call of nothing", chat.Called{Name: "wake:x"}, false, false, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := everything()
			b.Says.Name = "acme_bot"
			w := newWorld(t, b)
			w.direct = tc.direct
			in := w.told(tc.what)
			in.Event.Addressed = tc.addressed
			if wish := w.host.Wants(in.Event); wish.Now != (tc.want != "") {
				t.Errorf("Wants = %+v", wish)
			}
			w.deliver(in)
			if got := w.said(); got != tc.want {
				t.Errorf("the bot said %q, want %q", got, tc.want)
			}
		})
	}
}

func posted(words string) chat.Posted { return chat.Posted{Text: text.Plain(words)} }

func TestMachinesAreHeardOnlyByWhoWants(t *testing.T) {
	t.Parallel()
	b := everything()
	w := newWorld(t, b)
	w.who.Bot = true
	if wish := w.host.Wants(w.told(posted("/size")).Event); wish != (chat.Wish{}) {
		t.Error("a bot wants to hear what another bot says")
	}
	b.Says.Machines = true
	w.start(b)
	if wish := w.host.Wants(w.told(posted("/size")).Event); !wish.Now {
		t.Error("a bot that hears machines does not want to")
	}
}

func TestPrefixes(t *testing.T) {
	t.Parallel()
	b := replying(func(*bots.Turn) string { return "yes" }, command("size <of>"))
	b.Says.Prefixes = []string{"?", "::"}
	w := newWorld(t, b)
	w.talk("?size L", "yes", "::size L", "yes", "/size L", "", "::size", "Of is missing. Usage: ::size <of>")
}

func TestArguments(t *testing.T) {
	t.Parallel()
	b := replying(func(t *bots.Turn) string {
		a := t.Args()
		return fmt.Sprintf("%s %v %v %q %s", a["size"].Text, a["n"].Number, a["in"].Duration, a["why"].Text, a["for"].Person.ID)
	}, command("order <size:S|M|L> <n:number> <in:duration> [<for:user>] [<why...>]"))
	w := newWorld(t, b)
	w.talk(
		"/order m 2,5 1d2h", `M 2.5 26h0m0s "" `,
		"/order", "Size is missing. Usage: /order <S|M|L> <n> <in> [for] [why…]",
		"!order XL 1 1h", `"XL" is none of S, M, L. Usage: !order <S|M|L> <n> <in> [for] [why…]`,
		"order: order S many 1h", `"many" is no number. Usage: /order <S|M|L> <n> <in> [for] [why…]`,
		"/order S 1 later", `"later" is no time; it is written like 90s, 20m, 2h30m or 3d. Usage: /order <S|M|L> <n> <in> [for] [why…]`,
	)
	w.hear(chat.Posted{Text: text.Text{
		Body: "/order L 1 90s @Bea Bird it is hers", Spans: []text.Span{{Start: 15, End: 24, Kind: text.Mention, ID: "U2"}},
	}})
	if got := w.said(); got != `L 1 1m30s "it is hers" U2` {
		t.Errorf("the bot said %q", got)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	hidden := command("secret")
	hidden.Help = ""
	b := replying(func(*bots.Turn) string { return "?" }, command("order <size:S|M> [<why...>]"), hidden)
	b.Says.Help = "Takes *orders*."
	w := newWorld(t, b)
	const want = "Takes *orders*.\nWhat I can do:\n• /order <S|M> [why…] does order\n• /secret"
	w.talk("/help", want, "order: help", want, "order help", want)
	own := replying(func(*bots.Turn) string { return "my own" }, command("help [<with>]"))
	w.start(own)
	w.talk("/help", "my own")
	w.start(replying(func(*bots.Turn) string { return "any" }, bots.Trigger{ID: "any", Any: true}))
	w.talk("/help", "any")
}

func TestRolesAreDeniedUnlessGiven(t *testing.T) {
	t.Parallel()
	staff := command("stop")
	staff.Roles = []string{"staff", "owner"}
	b := replying(func(*bots.Turn) string { return "stopped" }, staff)
	const denied = "Sorry, you may not do that."
	for _, tc := range []struct {
		name  string
		roles func(bots.Person) []string
		who   chat.PersonID
		want  string
	}{
		{"nothing knows of roles", nil, "U1", denied},
		{"no role", func(bots.Person) []string { return nil }, "U1", denied},
		{"another role", func(bots.Person) []string { return []string{"guest"} }, "U1", denied},
		{"one of them", func(bots.Person) []string { return []string{"guest", "owner"} }, "U1", "stopped"},
		{"nobody", func(bots.Person) []string { return []string{"owner"} }, "", denied},
		{"by ID and account", func(p bots.Person) []string {
			if p.ID == "U1" && p.Account == "slack/team" {
				return []string{"staff"}
			}
			return nil
		}, "U1", "stopped"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, b, func(c *bots.Config) { c.Env.Roles = tc.roles })
			w.who = chat.Author{ID: tc.who, Name: "owner", Handle: "staff"}
			w.talk("/stop", tc.want)
		})
	}
}

func TestCooldown(t *testing.T) {
	t.Parallel()
	slow := command("roll <n:number>")
	slow.Cooldown = bots.Cooldown{N: 2, Per: 10 * time.Minute}
	b := replying(func(*bots.Turn) string { return "rolled" }, slow)
	w := newWorld(t, b)
	w.talk("/roll 6", "rolled", "/roll", "N is missing. Usage: /roll <n>", "/roll 6", "rolled")
	w.talk("/roll 6", "That was a bit fast; please try again in 10m.")
	w.who = chat.Author{ID: "U2"}
	w.talk("/roll 6", "rolled")
	w.who = ada()
	w.pass(4*time.Minute + 30*time.Second)
	w.start(b) // it is kept
	w.talk("/roll 6", "That was a bit fast; please try again in 5m30s.")
	w.pass(5*time.Minute + 30*time.Second)
	w.talk("/roll 6", "rolled", "/roll 6", "rolled", "/roll 6", "That was a bit fast; please try again in 10m.")
}

func TestLocales(t *testing.T) {
	t.Parallel()
	b := replying(func(t *bots.Turn) string { return t.Words("hello", map[string]string{"name": "*A*"}) }, command("hello"), command("size <of>"))
	b.Says.Texts = bots.Texts{"en": {"hello": "Hello {name}!", bots.TextNoHelp: "x"}, "de": {"hello": "Hallo *{name}*!"}, "tlh": {bots.TextUsage: "{usage}, {reason}!"}}
	for locale, want := range map[string][2]string{
		"":    {"Hello *A*!", "Of is missing. Usage: /size <of>"},
		"de":  {"Hallo *A*!", "Of is missing. So geht es: /size <of>"},
		"tlh": {"Hello *A*!", "/size <of>, Of is missing!"},
		"fr":  {"Hello *A*!", "Of is missing. Usage: /size <of>"},
	} {
		w := newWorld(t, b, func(c *bots.Config) { c.Locale = locale })
		w.talk("/hello", want[0], "/size", want[1])
	}
	if got := newWorld(t, b).host.Spec().Locale; got != "" {
		t.Errorf("the bot's own declaration has the locale %q", got)
	}
}

func TestBadDeclarations(t *testing.T) {
	t.Parallel()
	nothing := func(context.Context, *bots.Turn) error { return nil }
	var many []bots.Trigger
	for i := range 501 {
		many = append(many, bots.Trigger{ID: fmt.Sprint(i), Any: true})
	}
	twice := command("a")
	twice.ID = "b"
	for want, triggers := range map[string][]bots.Trigger{
		`two triggers are called "a"`:         {command("a"), command("a")},
		`two triggers are called ""`:          {{Any: true}},
		"the command a is there twice":        {command("a"), twice},
		"the command cancel is there twice":   {command("cancel")},
		"the trigger x is 0 kinds of trigger": {{ID: "x"}},
		"the trigger x is 2 kinds of trigger": {{ID: "x", Any: true, Schedule: &bots.Schedule{Schedule: schedule.Schedule{}}}},
		"it has more than 500 triggers":       many,
	} {
		_, err := bots.New(bots.Config{Name: "order", Bot: doing(nothing, triggers...)})
		if err == nil || err.Error() != want {
			t.Errorf("New = %v, want %s", err, want)
		}
	}
	for _, name := range []string{"", "Order", "a b", "9", strings.Repeat("a", 33)} {
		if _, err := bots.New(bots.Config{Name: name, Bot: doing(nothing)}); err == nil {
			t.Errorf("New takes the name %q", name)
		}
	}
	b := doing(nothing)
	b.Says.Prefixes = []string{"hey bot "}
	if _, err := bots.New(bots.Config{Name: "order", Bot: b}); err == nil {
		t.Error("New takes a prefix with a space")
	}
}
