package script_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/script"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, body, want string }{
		{"argument", `say("x", chioces=[])`, "bot.star:3:8: say has no argument chioces; did you mean choices?"},
		{"argument at the end", `say("x", replay=True)`, "bot.star:3:8: say has no argument replay; did you mean reply?"},
		{"type", `say(3)`, `bot.star:3:8: say: for parameter text: it is an int and must be a text; str() makes one`},
		{"place", `say("x", to="C1")`, `bot.star:3:8: say: for parameter "to": "C1": a conversation is written platform/name#id or platform/name#id/thread`},
		{"may not", `say("x", to="slack/team#C9")`, "bot.star:3:8: the bot may not do that: send to slack/team#C9; grant it with send:slack/team#C9"},
		{"empty", `say("")`, "bot.star:3:8: the bot may not do that: the message is empty"},
		{"button", `say("x", choices=["A"])`, `bot.star:3:8: no on("press", "A", …) is there for the button "A"`},
		{"choice", `ask("x", choices=[1])`, `bot.star:3:8: ask: for parameter "choices": 1 is no choice; one is a text, a pair (label, value) or a button()`},
		{"question", `ask("x", type="numbr")`, `bot.star:3:8: "numbr" is no type of answer; did you mean number?`},
		{"question both", `ask("x", type="number", choices=["1"])`, "bot.star:3:8: a question has choices or a type, not both"},
		{"timeout", `ask("x", timeout="soon")`, `bot.star:3:8: ask: for parameter "timeout": "soon" is no time; it is written like 90s, 20m, 2h30m or 3d`},
		{"timeout type", `ask("x", timeout=3)`, `bot.star:3:8: ask: for parameter "timeout": an int is no time span; it is written like "90s", "20m", "2h30m" or "3d"`},
		{"desk", `hand_off("x")`, "bot.star:3:13: nobody's desk is here to hand off to"},
		{"secret", `secret("X")`, "bot.star:3:11: the bot may not do that: use the secret X; grant it with secret:X"},
		{"host", `http.get("https://x.example")`, "bot.star:3:13: the bot may not do that: fetch from x.example; grant it with http:x.example"},
		{"web address", `http.post("file:///etc/passwd")`, `bot.star:3:14: the bot may not do that: fetch "file:///etc/passwd", which is no web address`},
		{"header", `http.get("https://x.example", headers={"a": 1})`, `bot.star:3:13: headers are texts by name; "a": 1 is none`},
		{"http.get has no body", `http.get("https://x.example", body="x")`, "bot.star:3:13: http.get has no argument body; there is url, headers"},
		{"keep a function", `state.bot["f"] = f`, `bot.star:3:14: state.bot["f"]: a function is no plain data: texts, numbers, True, False, None, and lists and dicts of them`},
		{"keep by number", `state.bot[1] = 2`, "bot.star:3:14: state.bot is kept by names, which are texts; 1 is an int"},
		{"keep a number's key", `state.bot["x"] = {1: 2}`, `bot.star:3:14: state.bot["x"]: the key 1 is an int; keys of what is kept are texts`},
		{"keep infinity", `state.bot["x"] = float("inf")`, `bot.star:3:14: state.bot["x"]: +inf can't be kept`},
		{"keep a long name", `state.bot["x" * 200] = 1`, "bot.star:3:14: the bot may not do that: a key of state has 1 to 100 bytes"},
		{"keep a lot", `state.bot["x"] = "x" * 100000`, "bot.star:3:14: the bot may not do that: a value of state has 65536 bytes at most"},
		{"keep what is in itself", "x = []; x.append(x); state.bot[\"x\"] = x", `bot.star:3:35: state.bot["x"]: there are more than 64 lists or dicts within one another`},
		{"nothing kept", `state.bot["x"]`, `bot.star:3:14: key "x" not in state`},
		{"change config", `config["x"] = 1`, "bot.star:3:11: cannot insert into frozen hash table: what is made at the top of the file can't be changed later; keep what changes in state"},
		{"change a global", `top.append(1)`, "bot.star:3:15: append: cannot append to frozen list: what is made at the top of the file can't be changed later; keep what changes in state"},
		{"declare", `command("x", f)`, "bot.star:3:12: command belongs at the top of the file, not into a function that is called later"},
		{"later what", `later("2h")`, `bot.star:3:10: it is written later("2h", fn, …)`},
		{"later lambda", `later("2h", lambda: None)`, "bot.star:3:10: lambda is no function of the top of the file, so it could not be found again later"},
		{"later arguments", `later("2h", f, 1)`, "bot.star:3:10: f can't be called with 1 arguments"},
		{"later before", `later("-2h", f)`, `bot.star:3:10: "-2h" is no time; it is written like 90s, 20m, 2h30m or 3d`},
		{"random", `random(0)`, "bot.star:3:11: random(0): it must be 1 or more"},
		{"choice of none", `choice([])`, "bot.star:3:11: [] is no list with anything in it"},
		{"returned", `return 3`, "bot.star:2:1: f returned an int; a handler returns a text, which is said, or nothing"},
		{"no such", `user.nam`, "bot.star:3:9: person has no .nam field or method (did you mean .name?)"},
		{"no message", `edit("x", "y")`, `bot.star:3:9: edit: for parameter message: "x" is no message`},
		{"not its message", `edit("slack/team#C1|m1", "y")`, "bot.star:3:9: the bot may not do that: edit a message of somebody else"},
		{"style", `button("x", style="red")`, `bot.star:3:11: "red" is no style of a button; it can be primary or danger`},
		{"many", "for i in range(30): say(\"x\")", "the bot ran away: bot.star:3:28: too many messages about one event: 20 at most"},
		{"endless", "while True: pass", "bot.star:2:1: it did more than 1000000 steps; is there a loop without an end?"},
		{"self", "f()", "bot.star:3:5: f calls itself, which a script can't do; use a loop"},
		{"division", "1 // 0", "bot.star:3:7: floored division by zero"},
		{"lost", "max([1, 2], key=lambda x: secret(\"X\"))", "bot.star:3:37: the bot may not do that: use the secret X; grant it with secret:X"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, "top = []\ndef f():\n    "+tc.body+"\ncommand(\"f\", f)\n")
			if got := w.say("/f"); got != "Sorry, that did not work. The people who look after me know about it." {
				t.Errorf("the bot said %q", got)
			}
			if got := w.failed(); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			for key := range w.kept {
				if strings.Contains(key, "/state/") {
					t.Errorf("%s is kept", key)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	source := `
def loop():
    while True: pass
def wait():
    return ask("Q?")
def nap():
    max([1, 2], key=lambda x: ask("Q?"))
command("loop", loop)
command("wait", wait)
command("nap", nap)
command("may", lambda: remove())
command("desk", lambda: hand_off("x"))
`
	h := hearing{load(t, source), make(chan error, 1)}
	w := setupBot(t, h, source)
	for words, want := range map[string]error{
		"/loop": bots.ErrRunaway, "/wait": bots.ErrWaiting, "/nap": bots.ErrWaiting, "/may": bots.ErrMayNot, "/desk": bots.ErrNoDesk,
	} {
		w.say(words)
		if err := <-h.err; !errors.Is(err, want) {
			t.Errorf("%s: %v", words, err)
		}
		w.say("/cancel")
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	source := "def f():\n    while True: pass\ncommand(\"f\", f)"
	s, err := script.Load("bot.star", []byte(source), script.Options{Steps: 1 << 62})
	if err != nil {
		t.Fatal(err)
	}
	h := hearing{s, make(chan error, 1)}
	w := setupBot(t, h, source, func(c *bots.Config) { c.Time = 20 * time.Millisecond })
	began := time.Now()
	w.say("/f")
	if err := <-h.err; !errors.Is(err, bots.ErrRunaway) || err.Error() != "bot.star:1:1: it did not end in time" {
		t.Error(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}
