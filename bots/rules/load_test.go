package rules_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/rules"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// faultsOf are the faults of a file, each as place and words.
func faultsOf(source string) []string {
	_, err := rules.Load("bot.yaml", []byte(source), rules.Options{})
	var all []string
	for _, f := range rules.Faults(err) {
		s := fmt.Sprintf("%d:%d %s: %s", f.Line, f.Column, f.Path, f.Text)
		if f.Hint != "" {
			s += "; " + f.Hint
		}
		all = append(all, s)
	}
	return all
}

func TestFaults(t *testing.T) {
	t.Parallel()
	one := func(rule string) string { return "rules:\n- " + strings.ReplaceAll(rule, "\n", "\n  ") + "\n" }
	for _, tc := range []struct {
		name, source string
		want         []string // each is a part of a fault
	}{
		{"nothing", "", []string{"0:0 : is empty"}},
		{"no rules", "help: x", []string{"1:1 : there are no rules"}},
		{"rules that are no list", "rules: {when: mention, reply: x}", []string{"1:1 rules: wants a list of rules"}},
		{"an unknown key at the top", "rule: []\nrules: []", []string{"1:1 rule: unknown key; did you mean rules?"}},
		{"an unknown action", one("when: mention\nreplay: x"), []string{"3:3 rules[0].replay: unknown key; did you mean reply?"}},
		{"an unknown trigger", one("when: {comand: x}\nreply: x"), []string{"2:10 rules[0].when.comand: unknown key; did you mean command?"}},
		{"an unknown key within", one("when: mention\nreply: {txt: x, text: y}"), []string{"3:11 rules[0].reply.txt: unknown key; did you mean text?"}},
		{"no trigger", one("when: {if: direct}\nreply: x"), []string{"2:3 rules[0].when: acts on nothing; write one of command"}},
		{"no when", one("reply: x"), []string{"2:3 rules[0]: does not say when"}},
		{"two triggers", one("when: {command: x, hook: y}\nreply: x"), []string{"acts on command and hook"}},
		{"an unknown event", one("when: {event: join}\nreply: x"), []string{`2:17 rules[0].when.event: "join" is no event; did you mean joined?`}},
		{"an unknown word", one("when: mentioned\nreply: x"), []string{`2:9 rules[0].when: "mentioned" is nothing that happens; did you mean mention?`}},
		{"nothing done", one("when: mention"), []string{"2:3 rules[0]: does nothing"}},
		{"every fault at once", one("when: {pattern: '('}\nreply: x") + "- when: {command: X}\n  reply: y\n- when: mention\n  reply: '{usr}'\n", []string{"2:20 rules[0].when.pattern: is no pattern: missing closing )", "4:19 rules[1].when.command: \"X\" is no name", "7:11 rules[2].reply: nothing is known of {usr}; did you mean user?"}},
		{"twice", "rules: []\nrules: []", []string{"2:1 rules: written twice, first in line 1"}},
		{"a pattern of 10,000 characters", one("when: {pattern: '" + strings.Repeat("a", 10_000) + "'}\nreply: x"), []string{"2:19 rules[0].when.pattern: is longer than 1000 bytes"}},
		{"a pattern that is no RE2", one("when: {pattern: 'ab(?=c)'}\nreply: x"), []string{"2:22 rules[0].when.pattern: is no pattern: invalid or unsupported Perl syntax: `(?=`"}},
		{"a command that is no usage", one("when: {command: 'order <size'}\nreply: x"), []string{`is no parameter`}},
		{"a command twice", one("when: {command: order}\nreply: x") + one("when: {command: order}\nreply: x")[7:], []string{"4:19 rules[1].when.command: the command order is there twice, first in line 2"}},
		{"an argument with a name that is taken", one("when: {command: 'x <user>'}\nreply: x"), []string{"the name user is taken"}},
		{"a condition that does not compile", one("when: {message: true, if: 'hour < '}\nreply: x"), []string{"2:36 rules[0].when.if: does not compile: unexpected token EOF"}},
		{"a condition with an unknown name", one("when: {message: true, if: hour < 9 and usr == 1}\nreply: x"), []string{"2:42 rules[0].when.if: does not compile: unknown name usr"}},
		{"a condition of several lines", one("when: mention\nif: |\n  hour < 9 and\n    user.nam == ''\nthen: {reply: x}"), []string{"5:12 rules[0].if: does not compile: unknown field nam"}},
		{"a condition that is no condition", one("when: {message: true, if: hour + 1}\nreply: x"), []string{"does not compile: expected bool, but got int"}},
		{"a condition that is too long", one("when: {message: true, if: '" + strings.Repeat("(", 2000) + "'}\nreply: x"), []string{"is longer than 1000 bytes"}},
		{"a condition that is too much", one("when: {message: true, if: '" + strings.Repeat("1+", 450) + "1 > 0'}\nreply: x"), []string{"does not compile: compilation failed: expression exceeds maximum allowed nodes"}},
		{"a condition that reads the clock", one("when: {message: true, if: now().Hour() < 9}\nreply: x"), []string{"does not compile: unknown name now"}},
		{"a loop within a loop", one("when: {message: true, if: 'let a = split(text, \"\"); all(a, any(a, true))'}\nreply: x"), []string{"a loop within a loop is not taken"}},
		{"a text without end", one("when: {message: true, if: 'repeat(text, 1000000) == \"\"'}\nreply: x"), []string{"unknown name repeat"}},
		{"a range", one("when: {message: true, if: 'all(1..1000000, true)'}\nreply: x"), []string{"the operator .. is not there"}},
		{"state by a key that is computed", one("when: {message: true, if: 'person[text] == 1'}\nreply: x"), []string{"2:36 rules[0].when.if: does not compile: the key of person must be a word"}},
		{"all of the state", one("when: {message: true, if: 'len(person) > 0 and person.x'}\nreply: x"), []string{"write person.something"}},
		{"a person in the text of a schedule", one("when: {schedule: 0 9 * * *}\nreply: 'n {person.n}'"), []string{"nobody does this"}},
		{"an unknown place to fill", one("when: {command: 'x <size>'}\nreply: |\n  a\n  b {siz} {size.x} {args.y} {user.age} {person} {texts.no}"), []string{"5:7 rules[0].reply: nothing is known of {siz}; did you mean size?", "{size.x}", "{args.y}", "{user.age}", "{person}; write {person.something}", "there is no {texts.no}"}},
		{"text that is a mapping", one("when: mention\nreply: {user}"), []string{"rules[0].reply.user: unknown key"}},
		{"text that is none", one("when: mention\nreply: true"), []string{"3:10 rules[0].reply: wants text, is true; put it in quotes"}},
		{"an empty text", one("when: mention\nreply: ['', a]"), []string{"3:11 rules[0].reply[0]: is empty"}},
		{"a schedule that never is", one("when: {schedule: 0 9 31 2 *}\nreply: x"), []string{"2:20 rules[0].when.schedule: schedule \"0 9 31 2 *\": never due"}},
		{"a zone in the schedule", one("when: {schedule: 'TZ=UTC 0 9 * * *'}\nreply: x"), []string{"give the zone beside the schedule"}},
		{"no zone", one("when: {schedule: 0 9 * * *, zone: Europe/Berln}\nreply: x"), []string{"Europe/Berln"}},
		{"no policy", one("when: {schedule: 0 9 * * *, missed: never}\nreply: x"), []string{"write skip, once within 1h, or all up to 10"}},
		{"no conversation", one("when: {schedule: 0 9 * * *, to: '#general'}\nreply: x"), []string{"rules[0].when.to: "}},
		{"a zone without a schedule", one("when: {command: x, zone: UTC}\nreply: x"), []string{"is for a schedule alone"}},
		{"a person in a schedule", one("when: {schedule: 0 9 * * *}\nset: {person.n: 1}"), []string{"3:19 rules[0].set.person.n: nobody does this"}},
		{"a question in a schedule", one("when: {schedule: 0 9 * * *}\nask: hm?"), []string{"nobody is there to answer"}},
		{"no cooldown", one("when: {command: x, cooldown: often}\nreply: x"), []string{`"often" is no cooldown`}},
		{"limits that don't hold", one("when: {message: true, if: direct}\nreply: x") + "- when: {pattern: x, roles: [a]}\n  reply: x\n", []string{"4:3 rules[1]: roles and cooldown don't hold behind the rule in line 2"}},
		{"a button that nobody answers to", one("when: mention\nreply: {text: x, choices: [Yes]}"), []string{`3:30 rules[0].reply.choices[0]: nothing answers to the button "Yes"`}},
		{"an edit elsewhere", one("when: mention\nedit: {text: x, to: slack/team#C1}"), []string{"3:19 rules[0].edit.to: unknown key"}},
		{"choices of nothing", one("when: mention\nchoices: [a]"), []string{"these are the choices of no message"}},
		{"no choices", one("when: mention\nask: {question: x, choices: []}"), []string{"wants a list of 1 to 25 choices"}},
		{"a type of choices", one("when: mention\nask: {question: x, choices: [a], type: number}"), []string{"leave type out"}},
		{"no type", one("when: mention\nask: {question: x, type: numbr}"), []string{"did you mean number?"}},
		{"no time", one("when: mention\nask: {question: x, timeout: soon}"), []string{`"soon" is no time`}},
		{"no state", one("when: mention\nset: {count: 1}"), []string{"count is no part of the state"}},
		{"a value that does not compile", one("when: mention\nset: {bot.count: bot.count +}"), []string{"3:30 rules[0].set.bot.count: does not compile"}},
		{"nothing by that name", one("when: mention\nrun: greet") + "define: {great: {reply: x}}", []string{"3:8 rules[0].run: nothing is called greet; did you mean great?"}},
		{"steps that run themselves", one("when: mention\nrun: a") + "define:\n  a: [reply: x, {run: b}]\n  b: {if: direct, then: {run: a}}\n", []string{"runs itself"}},
		{"a rule that runs itself", "rules:\n- name: a\n  when: mention\n  run: a\n", []string{"a runs itself"}},
		{"a name twice", "rules:\n- {name: a, when: mention, reply: x}\n- {name: a, when: joined, reply: x}\n", []string{"the name a is there twice"}},
		{"steps that lie deep", one("when: mention\ndo: " + strings.Repeat("[{if: direct, then: ", 9) + "{reply: x}" + strings.Repeat("}]", 9)), []string{"steps lie more than 8 deep"}},
		{"an if without then", one("when: mention\ndo: {if: direct, reply: x}"), []string{"3:8 rules[0].do.if: if wants then: or else:; a condition of the whole rule stands beside its when:"}},
		{"two conditions", one("when: {message: true, if: direct}\nif: direct\nreply: x"), []string{"2:29 rules[0].when.if: the rule has an if already"}},
		{"then without if", one("when: mention\nthen: {reply: x}"), []string{"there is no if to it"}},
		{"a wake without end", one("when: mention\nwake: {after: later, do: {reply: x}}"), []string{`"later" is no time`}},
		{"a wake without steps", one("when: mention\nwake: {after: 1h}"), []string{"wants after and do"}},
		{"a file outside", one("when: mention\nreply: {text: x, files: [../x]}"), []string{`the file "../x" is not in the bot's folder`}},
		{"aliases", "a: &a [x, x]\nrules: [*a, *a]", []string{"1:4 : anchors, aliases and merge keys are not taken", "2:9", "2:13"}},
		{"deep nesting", "rules: " + strings.Repeat("[", 5000), []string{"too much: more than 32 levels"}},
		{"deep nesting by lines", func() string {
			var b strings.Builder
			for i := range 300 {
				b.WriteString(strings.Repeat(" ", i) + "a:\n")
			}
			return b.String()
		}(), []string{"too much"}},
		{"too large", "rules: []\n#" + strings.Repeat("x", 64<<10), []string{"is too large: more than 65536 bytes"}},
		{"no YAML", "rules: [}", []string{"is no YAML"}},
		{"no text", "rules: \xff", []string{"1:8 : is no text: it is not UTF-8"}},
		{"a second document", "rules: []\n---\nrules: []", []string{"a second document"}},
		{"a tag", "rules: !!binary x", []string{"tags are not taken"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := faultsOf(tc.source)
			for _, want := range tc.want {
				found := false
				for _, g := range got {
					found = found || strings.Contains(g, want)
				}
				if !found {
					t.Errorf("no fault %q in:\n%s", want, strings.Join(got, "\n"))
				}
			}
		})
	}
}

func TestFaultReads(t *testing.T) {
	t.Parallel()
	_, err := rules.Load("hello.yaml", []byte("rules:\n- when: mention\n  replly: x\n"), rules.Options{})
	const want = "rules[0].replly: unknown key at hello.yaml:3:3; did you mean reply?"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestLoadIsBounded holds that no file of 64 KiB takes long.
func TestLoadIsBounded(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"rules":      "rules:\n" + strings.Repeat("- {when: mention, reply: x}\n", 399),
		"keys":       "rules:\n- when: mention\n  set:\n" + manyKeys(3000),
		"holes":      "rules:\n- when: mention\n  reply: '" + strings.Repeat("{user}", 1300) + "'\n",
		"unknown":    "rules:\n- when: mention\n" + strings.Repeat("  x: y\n", 8000),
		"conditions": "rules:\n" + strings.Repeat("- {when: {message: true, if: '"+strings.Repeat("text contains \"a\" or ", 30)+"direct'}, reply: x}\n", 80),
		"patterns":   "rules:\n" + strings.Repeat("- {when: {pattern: '"+strings.Repeat(`(\pL{100}|x)`, 10)+"'}, reply: x}\n", 300),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(source) > 64<<10 {
				t.Fatalf("%d bytes", len(source))
			}
			start := time.Now()
			_, err := rules.Load("bot.yaml", []byte(source), rules.Options{})
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("took %v (%.100v)", d, err)
			} else {
				t.Logf("%d bytes took %v", len(source), d)
			}
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "    bot.k%d: 1\n", i)
	}
	return b.String()
}

func TestSpec(t *testing.T) {
	t.Parallel()
	b, err := rules.Load("bot.yaml", []byte(`
help: does things
locale: de
prefixes: ['.']
machines: true
texts: {de: {usage: 'So: {usage}'}}
rules:
- {when: {command: /x, help: about x}, reply: x}
- {when: {pattern: a}, reply: x}
- {when: {pattern: a}, reply: x}
- {when: {schedule: '@daily'}, reply: x}
- {name: last, when: message, wake: {after: 1h, do: {reply: x}}}
`), rules.Options{Locale: "fr"})
	if err != nil {
		t.Fatal(err)
	}
	spec := b.Spec()
	ids := []string{}
	for _, tr := range spec.Triggers {
		ids = append(ids, tr.ID)
	}
	if diff := cmp.Diff([]string{"command:x", "pattern:ca978112ca1b", "pattern:ca978112ca1b#2", "schedule:87c7bc67453d", "rule:last", "woken"}, ids); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if spec.Help != "does things" || spec.Locale != "fr" || spec.Prefixes[0] != "." || !spec.Machines || spec.Texts["de"][bots.TextUsage] == "" {
		t.Errorf("%+v", spec)
	}
}

func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		"", order, "rules:\n- when: {pattern: '(?P<n>.)', if: n == 'a'}\n  reply: ['{n}', {text: x}]\n", "rules: [{when: joined, wake: {after: 1h, do: [{run: a}]}}]\ndefine: {a: {reply: x}}",
		"texts: {en: {a: '{user}'}}\nrules:\n- when: {press: 'a*'}\n  edit: '{texts.a}'\n  choices: [a, {label: b, press: ab}]\n", "rules:\n- when: {schedule: '@daily', to: 'x/y#z'}\n  set: {talk.n: 1}\n",
		"rules: [{when: {command: 'a <b> [<c...>]'}, if: c != nil, then: {ask: {question: '?', as: d}}, else: {hand_off: '{d}'}}]",
	} {
		f.Add([]byte(s), "/a b")
		f.Add([]byte(s), "/order M")
	}
	f.Fuzz(func(t *testing.T, source []byte, words string) {
		b, err := rules.Load("bot.yaml", source, rules.Options{})
		if (b == nil) == (err == nil) {
			t.Fatalf("Load = %v, %v", b, err)
		}
		if err != nil {
			if len(rules.Faults(err)) == 0 {
				t.Errorf("no fault in %v", err)
			}
			return
		}
		var log bytes.Buffer
		h, err := bots.New(bots.Config{Name: "bot", Bot: b, Env: bots.Env{
			State: func(context.Context, string) ([]byte, error) { return nil, nil },
			Now:   func() time.Time { return time.Unix(1e9, 0) },
			Log:   slog.New(slog.NewTextHandler(&log, nil)),
		}})
		if err != nil {
			if !strings.Contains(err.Error(), "prefix") {
				t.Errorf("a file that loads is refused by its host: %v", err)
			}
			return
		}
		for _, what := range []chat.Happening{chat.Posted{Text: text.Plain(words)}, chat.Joined{}, chat.Pressed{Button: words, Value: words}} {
			in := chat.Hear{Key: "k", To: chat.Conversation{Account: "bot/bot", ID: "x"}, Event: chat.Event{
				ID: "e", Conversation: place, Message: "m", Author: chat.Author{ID: "U1", Name: words}, What: what,
			}}
			if _, err := h.Hear(t.Context(), in); err != nil || strings.Contains(log.String(), "panic") {
				t.Errorf("Hear: %v %s", err, log.String())
			}
		}
	})
}
