package script_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/script"
)

const ending = "\ndef f():\n    pass\ncommand(\"f\", f)\n" // of a script that is well but for what stands before

func TestLoadFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, source, want string }{
		{"no parse", "def f(:\n", "bot.star:1:8: got ':', want ')'"},
		{"open text", "x = \"abc\n", "bot.star:1:5: unexpected newline in string"},
		{"indentation", "def f():\nreturn 1\n", "bot.star:2:7: got return, want indent"},
		{"unknown name", "x = 1\ny = lenn(\"\")\n", "bot.star:2:5: undefined: lenn; did you mean len?"},
		{"unknown of ours", "def f(): asc(\"x\")", "bot.star:1:10: undefined: asc; did you mean ask?"},
		{"unknown of its own", "sizes = 1\ny = size", "bot.star:2:5: undefined: size (did you mean sizes?)"},
		{"unknown names", "a1()\nb1()\n", "bot.star:1:1: undefined: a1\nbot.star:2:1: undefined: b1"},
		{"brackets", "x = " + strings.Repeat("(", 5000), "bot.star:1:82: too many brackets within brackets"},
		{"400k brackets", "x = " + strings.Repeat("(", 400_000), "bot.star:1: the script has 400004 bytes, and 65536 at most are read"},
		{"load", `load("x.star", "y")`, "bot.star:1:1: cannot load x.star: a bot is one file: it can't load another one"},
		{"nothing declared", "x = 1\n", "bot.star:1: the script answers to nothing: it needs a command(…), an on(…) or an every(…) at its top level"},
		{"empty", "", "bot.star:1: the script answers to nothing: it needs a command(…), an on(…) or an every(…) at its top level"},
		{"defined twice", "x = 1\nx = 2\n", "bot.star:2:1: cannot reassign global x declared at bot.star:1:1"},

		{"argument", `command("g", print, hepl="x")`, "bot.star:1:8: command has no argument hepl; did you mean help?"},
		{"argument, far down", `command("g", print, cooldwn="x")`, "bot.star:1:8: command has no argument cooldwn; did you mean cooldown?"},
		{"argument type", "def g(): pass\ncommand(3, g)", "bot.star:2:8: command: for parameter usage: got int, want string"},
		{"no function", `command("g", "g")`, "bot.star:1:8: command: for parameter fn: got string, want function"},
		{"roles", "def g(): pass\ncommand(\"g\", g, roles=\"member\")", "bot.star:2:8: command: for parameter \"roles\": it is a text and must be a list of texts, like [\"one\", \"two\"]"},
		{"cooldown", "def g(): pass\ncommand(\"g\", g, cooldown=\"often\")", "bot.star:2:8: \"often\" is no cooldown; it is written like 3/10m: three times within ten minutes"},
		{"usage", "def g(): pass\ncommand(\"g <\", g)", "bot.star:2:8: the usage \"<\" is no parameter; one is written <name>, <name:number>, <name:a|b> or <name...>"},
		{"command twice", "def g(): pass\ncommand(\"g\", g)\ncommand(\"g <g>\", g)", "bot.star:3:8: the command g is there already, in line 2"},
		{"pattern twice", "def g(): pass\non(\"pattern\", \"x\", g)\non(\"pattern\", \"x\", g)", "bot.star:3:3: on(\"pattern\", \"x\") is there already, in line 2"},
		{"message twice", "def g(): pass\non(\"message\", g)\non(\"message\", g)", "bot.star:3:3: on(\"message\") is there already, in line 2"},
		{"cancel", "def g(): pass\ncommand(\"cancel\", g)", "bot.star:2:8: the command cancel is every bot's own: it ends a dialog"},
		{"param nobody gives", "def g(sise): pass\ncommand(\"g <size>\", g)", "bot.star:2:8: g wants sise, which nothing here gives; did you mean size?"},
		{"param not taken", "def g(): pass\ncommand(\"g <size> <n:number>\", g)", "bot.star:2:8: g does not take size; write def g(size, n)"},
		{"star", "def g(*x): pass\ncommand(\"g\", g)", "bot.star:2:8: g has a * among its parameters; a function that is called for an event names each of them"},
		{"on what", "def g(): pass\non(\"mesage\", g)", "bot.star:2:3: on(\"mesage\") is nothing that happens; did you mean message?"},
		{"pattern", "def g(): pass\non(\"pattern\", \"(\", g)", "bot.star:2:3: the pattern: missing closing ): `(`"},
		{"long pattern", "def g(): pass\non(\"pattern\", \"x\" * 10000, g)", "bot.star:2:3: a pattern has 1 to 1000 bytes"},
		{"pattern without", "def g(): pass\non(\"pattern\", g)", "bot.star:2:3: it is written on(\"pattern\", \"…\", fn)"},
		{"mention with", "def g(): pass\non(\"mention\", \"x\", g)", "bot.star:2:3: it is written on(\"mention\", fn)"},
		{"hook", "def g(): pass\non(\"hook\", \"a/b\", g)", "bot.star:2:3: \"a/b\" is no name for a hook: lower-case letters, digits, - and _"},
		{"cron", "def g(): pass\nevery(\"0 9 31 2 *\", g)", "bot.star:2:6: schedule \"0 9 31 2 *\": never due: the month has no such day"},
		{"zone in cron", "def g(): pass\nevery(\"TZ=UTC\", g)", "bot.star:2:6: schedule \"TZ=UTC\": give the zone beside the schedule, not in it"},
		{"missed", "def g(): pass\nevery(\"@daily\", g, missed=\"maybe\")", "bot.star:2:6: missed \"maybe\": write skip, once within 1h, or all up to 10"},
		{"to", "def g(): pass\nevery(\"@daily\", g, to=\"C1\")", "bot.star:2:6: \"C1\": a conversation is written platform/name#id or platform/name#id/thread"},
		{"schedule twice", "def g(): pass\nevery(\"@daily\", g)\nevery(\"@weekly\", g)", "bot.star:3:6: a schedule called g (give this one another name=) is there already, in line 2"},
		{"schedule of a lambda", "every(\"@daily\", lambda: None, name=\"a b\")", "bot.star:1:6: \"a b\" is no name for a schedule: letters, digits, - and _; give it one with name="},
		{"texts", "texts({\"en\": {\"a\": 1}})", "bot.star:1:6: in the texts for en, \"a\": 1 is no text"},
		{"locale", "texts({\"en\": {\"a\": \"b\"}}, locale=\"de\")", "bot.star:1:6: there are no texts for the locale \"de\""},
		{"prefix", "bot(prefixes=[\"a b\"])", "bot.star:1:4: \"a b\" is no prefix for commands: it has no spaces"},
		{"migrate", "def migrate(): pass" + ending, "bot.star:1: migrate takes one argument: the dialog as it was"},

		{"too early", "say(\"x\")", "bot.star:1:4: say works only in a function that is called for an event: at the top of the file nothing has happened yet"},
		{"state too early", "x = state.bot[\"x\"]", "bot.star:1:14: state works only in a function that is called for an event: at the top of the file nothing has happened yet"},
		{"user too early", "x = user.name", "bot.star:1:9: user works only in a function that is called for an event: at the top of the file nothing has happened yet"},
		{"clock too early", "x = time.now()", "bot.star:1:13: now works only in a function that is called for an event: at the top of the file nothing has happened yet"},
		{"recursion", "def g(n): return g(n - 1)\nx = g(3)", "bot.star:1:18: g calls itself, which a script can't do; use a loop"},
		{"change of a copy", "def g():\n    state.bot[\"x\"].append(1)\ncommand(\"g\", g)", "bot.star:2:5: this changes a copy of what is kept: put it into a variable, change that, and write state.…[key] = variable"},
		{"change of a part", "def g():\n    state.bot[\"x\"][\"y\"] = 1\ncommand(\"g\", g)", "bot.star:2:5: this changes a copy of what is kept: put it into a variable, change that, and write state.…[key] = variable"},
		{"fail", "fail(\"no\")", "bot.star:1:5: fail: no"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := script.Load("bot.star", []byte(tc.source), script.Options{})
			if err == nil {
				t.Fatal("it was loaded")
			}
			if got := err.Error(); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if f, ok := errors.AsType[*script.Fault](err); !ok || f.Line < 1 || f.File != "bot.star" {
				t.Errorf("it is %T without a place", err)
			}
		})
	}
}

func TestLoadEndless(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"while True: pass\n", "x = [i for i in range(1000000000)]\n", "for i in range(1 << 40): pass\n"} {
		_, err := script.Load("bot.star", []byte(source), script.Options{Steps: 10_000})
		if !errors.Is(err, bots.ErrRunaway) || !strings.Contains(err.Error(), "it did more than 10000 steps; is there a loop without an end?") {
			t.Errorf("%q: %v", source, err)
		}
	}
}

func TestSpec(t *testing.T) {
	t.Parallel()
	s := load(t, `
def f(): pass
def g(what): pass
bot(help="it does this", prefixes=["!"], machines=True)
texts({"en": {"hi": "Hello"}, "de": {"hi": "Hallo"}}, locale="de")
command("go", f, help="goes", roles=["member", "owner"], cooldown="2/1m")
for word in ["hi", "hello"]:
    on("pattern", "(?P<what>" + word + ")", g)
on("mention", f)
on("press", "vote*", f)
on("hook", "deploy", f)
on("joined", f)
every("0 9 * * 1-5", f, tz="Europe/Berlin", to="slack/team#C1", missed="skip")
def migrate(old): return None
`)
	spec := s.Spec()
	ids := make([]string, 0, len(spec.Triggers))
	for _, tr := range spec.Triggers {
		ids = append(ids, tr.ID)
	}
	want := []string{
		"command:go", "pattern:(?P<what>hi)", "pattern:(?P<what>hello)", "on:mention", "press:vote*", "hook:deploy", "on:joined", "f", "later",
	}
	if d := cmp.Diff(want, ids); d != "" {
		t.Error(d)
	}
	if c := spec.Triggers[0]; c.Help != "goes" || c.Cooldown.N != 2 || cmp.Diff([]string{"member", "owner"}, c.Roles) != "" {
		t.Errorf("the command is %+v", c)
	}
	if e := spec.Triggers[7].Schedule; e == nil || e.To.String() != "slack/team#C1" || e.Missed.String() != "skip" {
		t.Errorf("the schedule is %+v", spec.Triggers[7])
	}
	if spec.Help != "it does this" || spec.Locale != "de" || !spec.Migrate || !spec.Machines || spec.Prefixes[0] != "!" {
		t.Errorf("the rest is %+v", spec)
	}
}

func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		order, "def f(): return 1\ncommand(\"f\", f)", "x = ((((", "load(\"a\", \"b\")", "on(\"pattern\", \"(a{1000}){1000}\", 1)",
		"texts({1: 2})", "x = \"a\" * 1000000", "state.bot[\"x\"][\"y\"] = 1", "every(\"@every 1s\", 1)", "x = [[]] * 9\nx[0].append(x)\nprint(x)",
		"config[\"x\"] = 1", "http.get(\"x\")", "while 1: pass", "user == 3", "def f(user): pass\nevery(\"* * * * *\", f)",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		s, err := script.Load("bot.star", source, script.Options{Steps: 1000})
		if err != nil {
			if f, ok := errors.AsType[*script.Fault](err); !ok || f.Line < 1 || f.Reason == "" {
				t.Fatalf("%v has no place or no reason", err)
			}
			return
		}
		if _, err := bots.New(bots.Config{Name: "bot", Bot: s, Source: source}); err != nil {
			t.Fatalf("it is loaded and can't be a bot: %v", err)
		}
	})
}
