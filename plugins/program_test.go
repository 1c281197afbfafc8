package plugins_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/plugins"
)

func TestReplies(t *testing.T) {
	t.Parallel()
	w := setup(t, plugins.Config{Manifest: own(t, "obey")})
	for _, tc := range []struct{ say, want string }{
		{`reply "hi"`, "hi"},
		{`reply null`, ""},
		{`reply []`, ""},
		{`reply ["a", {"text": "b"}]`, "a\nb"},
		{`reply {"text": "Which?", "choices": ["S", {"label": "M", "value": "m", "id": "x"}]}`, "Which? [S] [M]"},
		{`result {}`, ""},
		{`result null`, ""},
		{`result {"reply": "x", "more": 1}`, "x"},
	} {
		if got := w.say(tc.say); got != tc.want {
			t.Errorf("%s: it says %q, want %q", tc.say, got, tc.want)
		}
	}
}

func TestWrongAnswersAreSaidToBeWrong(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ say, want string }{
		{`result 42`, `it answered an event wrongly: its result is a number; it can be {} or {"reply": "…"}`},
		{`result "hi"`, `its result is a string`},
		{`reply 42`, "reply is a number; it can be a text, a message or a list of these"},
		{`reply [[1]]`, "a reply in a list is a list"},
		{`reply {"txt": "x"}`, `unknown key "txt"`},
		{`reply {"text": 7}`, "text is a number; that does not fit"},
		{`reply {"text": "x", "to": "slack/other#C9"}`, "grant it with send:slack/other#C9"},
		{`reply {"text": "x", "to": "nowhere"}`, "a conversation is written platform/name#id"},
		{`reply {"text": "x", "files": ["../etc/passwd"]}`, "is not in the bot's folder"},
	} {
		t.Run(tc.say, func(t *testing.T) {
			t.Parallel()
			w := setup(t, plugins.Config{Manifest: own(t, "obey")})
			got := w.say(tc.say)
			if !strings.Contains(got, "slack/team#ops: ") || !strings.Contains(got, tc.want) {
				t.Errorf("it says %q, want the operators to read %q", got, tc.want)
			}
			if got := w.say(`reply "on"`); got != "on" {
				t.Errorf("then it says %q, want on", got)
			}
		})
	}
}

func TestMisbehaviourEndsWithAReason(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ say, want string }{
		{"die", "ended with status 3; its last words: out of coffee"},
		{"hang", "did not answer an event within 300ms"},
		{"long", "wrote a line that is too long: more than 1048576 bytes"},
		{"close", "closed its output"},
		{"flood", "wrote more than can be read: more than 100 lines a second that nobody asked for"},
		{"calls", ""}, // more than 2000 calls a second; on a slow machine it is found sooner that it reads no answer
		{"deaf", "did not read what it was told"},
	} {
		t.Run(tc.say, func(t *testing.T) {
			t.Parallel()
			limits := "limits: {time: 20s}"
			if tc.say == "hang" {
				limits = "limits: {time: 300ms}"
			}
			w := setup(t, plugins.Config{Manifest: own(t, "misbehave", limits)})
			got := w.say(tc.say)
			calls := strings.Contains(got, "more than 2000 calls a second") || strings.Contains(got, "did not read what it was told")
			if !strings.Contains(got, tc.want) || tc.say == "calls" && !calls {
				t.Errorf("it says %q, want the operators to read %q", got, tc.want)
			}
			if got := w.say("hello"); tc.say == "hang" && got != "fine" {
				t.Errorf("then it says %q, want fine", got)
			}
		})
	}
}

func TestThreeDeathsAreQuarantine(t *testing.T) {
	t.Parallel()
	w := setup(t, plugins.Config{Manifest: own(t, "misbehave")})
	var got string
	for range 3 {
		if w.Host.Quarantined() == "" {
			got = w.say("die")
		}
	}
	if want := "out of coffee"; !strings.Contains(w.Host.Quarantined(), want) {
		t.Errorf("it is quarantined because %q, want %q; it said %q", w.Host.Quarantined(), want, got)
	}
	w.Host.Resume()
	for range 2 { // what it did before is forgotten when it is told again and again
		w.say("hello")
	}
	if got := w.say("hello"); got != "fine" {
		t.Errorf("then it says %q, want fine", got)
	}
}

func TestAnEventIsToldOnceMoreAfterADeath(t *testing.T) {
	t.Parallel()
	w := setup(t, plugins.Config{Manifest: own(t, "misbehave")})
	if got, want := w.say("die once"), "before\nattempt 2"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if got := w.Log.String(); !strings.Contains(got, `line="out of coffee"`) {
		t.Errorf("its last words are not in the log: %s", got)
	}
}

func TestStrayLinesDoNoHarm(t *testing.T) {
	t.Parallel()
	w := setup(t, plugins.Config{Manifest: own(t, "misbehave")})
	for _, tc := range []struct{ say, want, log string }{
		{"print", "fine", `line="hello from print" why="it is no message"`},
		{"twice", "once", `why="it answers a call a second time"`},
		{"unknown", "fine", `why="it answers a call that nobody made"`},
	} {
		if got := w.say(tc.say); got != tc.want {
			t.Errorf("%s: it says %q, want %q", tc.say, got, tc.want)
		}
		if got := w.say("hello"); got != "fine" {
			t.Errorf("after %s it says %q, want fine", tc.say, got)
		}
		if got := w.Log.String(); !strings.Contains(got, tc.log) {
			t.Errorf("after %s the log lacks %s: %s", tc.say, tc.log, got)
		}
	}
}

func TestAnErrorOfTheProgramIsTheEvents(t *testing.T) {
	t.Parallel()
	w := setup(t, plugins.Config{Manifest: own(t, "obey")})
	if got := w.say("error 2"); !strings.Contains(got, "it says: the shop is closed") { // initialize was call 1
		t.Errorf("it says %q, want the operators to read that the shop is closed", got)
	}
}

func TestTheEnvironmentIsEmpty(t *testing.T) {
	t.Setenv("ROOST_TEST_SECRET", "hunter2")
	w := setup(t, plugins.Config{Manifest: own(t, "misbehave")})
	got := w.say("environment")
	if strings.Contains(got, "hunter2") || strings.Contains(got, "HOME=") {
		t.Errorf("its environment is %s, want PATH and what the manifest names", got)
	}
	for _, want := range []string{"PATH=", asProgram + "=misbehave"} {
		if !strings.Contains(got, want) {
			t.Errorf("its environment is %s, want %s in it", got, want)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	const eats = `import sys, json
all = []
for line in sys.stdin:
    m = json.loads(line)
    while m["params"]["text"] == "eat":
        all.append(b"x" * (1 << 20))
    print(json.dumps({"id": m["id"], "result": {}}), flush=True)
`
	m, err := plugins.Open(folder(t, "api: 1\nname: eats\nrun: {exec: [python3, eats.py]}\nlimits: {memory: 256MiB, time: 30s}\n", map[string]string{"eats.py": eats}))
	if err != nil {
		t.Fatal(err)
	}
	w := setup(t, plugins.Config{Manifest: m})
	if got := w.say("eat"); !strings.Contains(got, "ended with status 1; its last words: MemoryError") {
		t.Errorf("it says %q, want a MemoryError", got)
	}
}

func TestWhatDoesNotStartSaysWhy(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ program, declares, want string }{
		{"stillborn", "", "plugin bot: ended with status 1; its last words: no such module: coffee"},
		{"mute", "", "did not answer initialize within"},
		{"declares", `{"api": 2}`, "answered initialize wrongly: it speaks api 2, Roost speaks api 1"},
		{"declares", `7`, "its result is a number; it can be an object"},
		{"declares", `{"comands": []}`, `unknown key "comands"`},
		{"declares", `{"commands": [{"usage": "Order <"}]}`, `the command "Order <": "Order" is no name`},
		{"declares", `{"commands": [{"usage": "a", "cooldown": "often"}]}`, `"often" is no cooldown`},
		{"declares", `{"commands": [{"usage": "a"}, {"usage": "a"}]}`, `the command "a" is there twice`},
		{"declares", `{"patterns": [{"pattern": "("}]}`, `the pattern "("`},
		{"declares", fmt.Sprintf(`{"patterns": [{"pattern": %q}]}`, strings.Repeat("a", 10000)), "has 10000 bytes; it can have 1 to 1000"},
		{"declares", `{"events": ["messages"]}`, `there is no event "messages"; it can be message,`},
		{"declares", `{"schedules": [{"spec": "0 9 31 2 *"}]}`, "the schedule 0 9 31 2 *"},
		{"declares", `{"schedules": [{"spec": "TZ=UTC"}]}`, "the schedule TZ=UTC"},
		{"declares", `{"parallel": 1000}`, "parallel is 1000; it can be 1 to 64"},
	} {
		t.Run(tc.program+tc.declares[:min(len(tc.declares), 40)], func(t *testing.T) {
			t.Parallel()
			m := own(t, tc.program)
			m.Env["DECLARES"] = tc.declares
			cfg := plugins.Config{Manifest: m}
			if tc.program == "mute" {
				cfg.Hasty(300*time.Millisecond, time.Minute)
			}
			_, err := plugins.New(t.Context(), cfg)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("New says %v, want %s", err, tc.want)
			}
		})
	}
	m := own(t, "echo")
	m.Exec = []string{"no-such-program"}
	if _, err := plugins.New(t.Context(), plugins.Config{Manifest: m}); err == nil || !strings.Contains(err.Error(), "did not start: start no-such-program:") {
		t.Errorf("New says %v, want that there is no such program", err)
	}
}
