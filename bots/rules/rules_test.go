package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bots/rules"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func said(lines ...string) []string { return lines }

// want fails when the bot did something else.
func want(t *testing.T, got []string, wanted ...string) {
	t.Helper()
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestFirstBot(t *testing.T) {
	t.Parallel()
	const source = `rules:
  - when: {pattern: '(?i)^(hi|hello)\b'}
    reply: 'Hello {user}!'
  - when: {command: 'echo <text...>', help: repeat the text, roles: [member], cooldown: 1/30s}
    reply: '{text}'
  - when: {schedule: '0 9 * * 1-5', zone: Europe/Berlin, to: 'slack/team#C1', missed: once within 1h}
    reply: 'Standup time!'
`
	if n := strings.Count(source, "\n"); n > 9 {
		t.Errorf("the first bot has %d lines, want 9 at most", n)
	}
	w := setup(t, source)
	want(t, w.say("hi there"), "say: Hello Ada *L*!")
	want(t, w.say("nothing"))
	want(t, w.say("/echo x"), "say about m3: Sorry, you may not do that.")
	w.roles = []string{"member"}
	want(t, w.say("/echo *x*\n> y"), "say: *x*\n> y")
	want(t, w.say("!echo again"), "say about m5: That was a bit fast; please try again in 30s.")
	w.n, w.now = w.n+1, w.now.Add(time.Minute)
	want(t, w.say("/echo"), "say about m7: Text is missing. Usage: /echo <text…>")
	want(t, w.say("/help"), "say about m8: What I can do:\n• /echo <text…> repeat the text")
	for _, tr := range w.host.Spec().Triggers {
		if tr.Schedule != nil {
			want(t, w.hear(chat.Called{Name: "schedule:" + tr.ID}), "say: Standup time!")
			next := tr.Schedule.Next(w.now)
			if got := next.UTC().Format(time.RFC3339); got != "2026-03-02T08:00:00Z" {
				t.Errorf("next slot %s", got)
			}
		}
	}
}

const sorry = "say about m1: Das hat leider nicht geklappt. Wer sich um mich kümmert, weiß davon."

func TestActions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, do string
		before   func(*world)
		want     []string
		fails    string
	}{
		{name: "reply", do: `reply: 'a **b** {w}; {user.handle} {user.id}; {platform}; {hour} {weekday}; {args.w}'`, want: said("say: a b w*; ada U1; slack; 7 monday; w*")},
		{name: "reply with a brace of its own", do: `reply: 'a \{w} { w } {} {"x": 1}'`, want: said(`say: a {w} { w } {} {"x": 1}`)},
		{name: "reply in full", do: `reply: {text: Hi, only: true, quote: true, choices: [Yes, {label: 'No, {w}', press: no_1, value: 'v {w}', style: danger}]}`, want: said("say to U1 alone about m1: Hi [Yes|No, w*=v w*]")},
		{name: "reply elsewhere", do: `reply: {text: Hi, to: 'slack/team#C2'}`, before: func(w *world) { w.may.Anywhere = true; w.restart() }, want: said("say to slack/team#C2: Hi")},
		{name: "reply where it may not", do: `reply: {text: Hi, to: 'slack/team#C2'}`, want: said(sorry), fails: "grant it with send:slack/team#C2"},
		{name: "choices behind", do: "reply: Hi\n    choices: [Yes]", want: said("say: Hi [Yes]")},
		{name: "react", do: `react: 👍`, want: said("react 👍")},
		{name: "react off", do: `react: {emoji: 👍, remove: true}`, want: said("react 👍 off")},
		{name: "remove", do: `remove: true`, before: func(w *world) { w.may.Moderate = true; w.restart() }, want: said("remove m1")},
		{name: "in their order", do: "react: a\n    reply: b\n    do: [{react: c}, reply: d]", want: said("react a", "say: b", "react c", "say: d")},
		{name: "set and read", do: "do:\n      - set: {person.n: (person.n ?? 0) + 1, talk.w: upper(w), bot.x: 2.5, bot.y: true}\n      - set: {bot.y: null}\n      - reply: '{person.n} {talk.w} {bot.x} {bot.y}.'", want: said("say: 1 W* 2.5 .")},
		{name: "if", do: "if: w == 'w*' and user.name contains 'Ada'\n    then: {reply: yes it is}\n    else: {reply: no}", want: said("say: yes it is")},
		{name: "else", do: "do: [{if: len(w) > 5, then: [{reply: long}], else: [{reply: short}, {react: x}]}]", want: said("say: short", "react x")},
		{name: "hand off", do: `hand_off: '{user} wants *{w}*'`, before: func(w *world) { w.desk = "support" }, want: said("hand off: Ada *L* wants *w**")},
		{name: "hand off nowhere", do: "reply: x\n    hand_off: y", want: said(sorry), fails: "bot.yaml:4:5: rules[0].hand_off: nobody's desk"},
		{name: "run", do: "run: greet\n    reply: then", want: said("say: Welcome, Ada *L* (w*)", "say: then")},
		{name: "run steps", do: "run: [{reply: a}, {reply: b}]", want: said("say: a", "say: b")},
		{name: "run a rule", do: "run: other", want: said("say: other")},
		{name: "texts", do: `reply: '{texts.hello} {texts.only_en}'`, want: said("say: Hallo Ada *L*! English w*")},
		{name: "edit what was said", do: "reply: one\n    edit: two {w}", want: said("say: one", "edit: two w*")},
		{name: "edit nothing", do: "edit: x", want: said(sorry), fails: "there is no message of the bot's to edit"},
		{name: "a condition that fails", do: "if: int(w) + 1 > 2\n    then: {reply: x}", want: said(sorry), fails: `bot.yaml:3:9: \"int(w) + 1 > 2\"`},
		{name: "state that is not there", do: "set: {person.n: person.n + 1, person.m: 2 - person.m * 3, talk.t: \"'x' + talk.t\"}\n    reply: '{person.n} {person.m} {talk.t}'\n    if: person.z < 1 and person.n >= person.y\n    then: {react: x}", want: said("say: 1 2 x", "react x")},
		{name: "a condition that is nothing", do: "if: person.n\n    then: {reply: x}\n    else: {reply: y}", want: said("say: y")},
		{name: "a state that is not there is false", do: "if: not person.x && !(talk.y || bot.z and person.x)\n    then: {reply: x}\n    else: {reply: y}", want: said("say: x")},
		{name: "a condition that is no condition", do: "do: [{set: {person.n: 3}}, {if: person.n, then: {reply: x}}]", want: said(sorry), fails: `bot.yaml:3:37: \"person.n\"`},
		{name: "a choice without words", do: "reply: {text: x, choices: [{label: '{person.n}', press: 'Yes'}]}", want: said(sorry), fails: "a choice has an empty label"},
		{name: "a choice that is too long", do: "set: {bot.l: 'w + w + w + w + w'}\n    reply: {text: x, choices: [{label: '" + strings.Repeat("{w} ", 70) + "', press: 'Yes'}]}", want: said(sorry), fails: "is longer than 200 bytes"},
		{name: "a file that is not there", do: "reply: {text: x, files: [a.png]}", want: said(sorry), fails: "is not in the bot's folder"},
		{name: "typing", do: "typing: true\n    reply: x", want: said("say: x")},
		{name: "too many steps", do: "run: d1", want: said(sorry), fails: "more than 1000 steps"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, `rules:
  - when: {command: 'do <w>'}
    `+tc.do+`
  - when: {press: 'Yes'}
    reply: pressed
  - when: {press: 'no_*'}
    reply: 'no: {value}'
  - name: other
    when: left
    reply: other
define:
  greet: {reply: 'Welcome, {user} ({w})'}
  d1: [run: d2, run: d2, run: d2, run: d2, run: d2, run: d2]
  d2: [run: d3, run: d3, run: d3, run: d3, run: d3, run: d3]
  d3: [run: d4, run: d4, run: d4, run: d4, run: d4, run: d4]
  d4: [typing: true, typing: true, typing: true, typing: true]
locale: de
texts:
  de: {hello: 'Hallo {user}!'}
  en: {hello: 'Hello!', only_en: 'English {w}'}
`)
			if tc.before != nil {
				tc.before(w)
			}
			want(t, w.say("/do w*"), tc.want...)
			if log := w.log.String(); tc.fails == "" && log != "" || !strings.Contains(log, tc.fails) {
				t.Errorf("log: %s, want %q", log, tc.fails)
			}
		})
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	w := setup(t, `
rules:
  - {when: mention, reply: 'You said {text}'}
  - {when: joined, reply: 'Welcome, {user}'}
  - {when: {event: left}, reply: 'Bye, {user}'}
  - {when: reacted, do: [{if: removed, then: {reply: 'off {emoji}'}, else: {reply: 'on {emoji}'}}]}
  - {when: edited, reply: 'now {text}'}
  - {when: deleted, reply: gone}
  - {when: {event: pinned}, reply: pinned}
  - {when: {press: 'vote_*'}, edit: {text: 'voted {value}', choices: [{label: Again, press: vote_2, value: 2}]}}
  - {when: {hook: ci}, reply: {text: 'ci: {body}', to: 'slack/team#C1'}}
`)
	want(t, w.say("order: hello"), "say: You said hello")
	want(t, w.say("hello"))
	want(t, w.hear(chat.Joined{}), "say: Welcome, Ada *L*")
	want(t, w.hear(chat.Left{}), "say: Bye, Ada *L*")
	want(t, w.hear(chat.Reacted{Emoji: "👍"}), "say: on 👍")
	want(t, w.hear(chat.Reacted{Emoji: "👍", Removed: true}), "say: off 👍")
	want(t, w.hear(chat.Edited{Text: text.Plain("x_y_")}), "say: now x_y_")
	want(t, w.hear(chat.Deleted{}), "say: gone")
	want(t, w.hear(chat.Pinned{}), "say: pinned")
	w.about = w.said
	want(t, w.hear(chat.Pressed{Button: "vote_1", Value: "one"}), "edit: voted one [Again=2]")
	w.about = chat.Ref{}
	want(t, w.hear(chat.Called{Name: "hook:ci", Body: []byte("*red*\x00")}), "say: ci: *red*")
}

func TestConditions(t *testing.T) {
	t.Parallel()
	w := setup(t, `
zone: Europe/Berlin
rules:
  - when: {command: 'stop [<why...>]', if: why == nil}
    reply: why?
  - when: {command: 'go', if: person.gone ?? false}
    reply: gone already
  - when: {message: true, if: 'text matches "(?i)spam" or hour < 8'}
    react: no
  - when: {pattern: '^(?P<n>\d+)$', if: int(n) > 10}
    reply: '{n} is a lot'
  - when: {pattern: '^\d+$'}
    reply: '{text} is little'
  - when: {message: true, if: 'direct'}
    reply: direct
  - when: joined
    if: 'desk != ""'
    reply: 'desk {desk}'
  - when: joined
    reply: no desk
`)
	want(t, w.say("/stop"), "say: why?")
	want(t, w.say("/stop now"))
	want(t, w.say("/go"))
	want(t, w.say("buy SPAM"), "react no")
	want(t, w.say("11"), "say: 11 is a lot")
	want(t, w.say("9"), "say: 9 is little")
	want(t, w.say("word"))
	w.direct = true
	want(t, w.say("word"), "say: direct")
	want(t, w.hear(chat.Joined{}), "say: no desk")
	w.desk = "support"
	want(t, w.hear(chat.Joined{}), "say: desk support")
	w.desk = ""
	w.now = w.now.Add(-time.Hour) // 07:30 in Berlin
	want(t, w.say("11"), "react no")
}

const order = `
rules:
  - when: {command: 'order [<size:S|M|L>]'}
    do:
      - if: size == nil
        then:
          ask: {question: 'Which size, {user}?', choices: [S, M, {label: Large, value: L}], as: size}
      - ask: {question: 'How many {size}?', type: number, as: count, timeout: 1h, late: {reply: 'Too late for {size}.'}}
      - set: {person.orders: (person.orders ?? 0) + count}
      - if: count > 100
        then: {ask: Really?}
      - reply: 'Ordered {count} × {size} at {hour}; {person.orders} in all. {answer}'
`

func TestDialog(t *testing.T) {
	t.Parallel()
	w := setup(t, order)
	want(t, w.say("/order"), "say: Which size, Ada *L*? [S|M|Large=L]")
	w.restart()
	want(t, w.say("huge"), "say about m2: Please answer with one of: S, M, Large")
	want(t, w.say("3"), "edit: Which size, Ada *L*?\n→ Large", "say: How many L?")
	want(t, w.say("7"), "say: Ordered 7 × L at 7; 7 in all. ")
}

func TestDialogInTheEnd(t *testing.T) {
	t.Parallel()
	w := setup(t, order)
	want(t, w.say("/order m"), "say: How many M?")
	w.restart()
	want(t, w.say("a few"), `say about m2: "a few" is no number. Please try again.`)
	w.restart()
	w.now = w.now.Add(30 * time.Minute)
	want(t, w.say("2"), "say: Ordered 2 × M at 8; 2 in all. ")
	want(t, w.say("/order S"), "say: How many S?")
	want(t, w.say("101"), "say: Really?")
	w.restart()
	want(t, w.say("*yes*"), "say: Ordered 101 × S at 8; 103 in all. *yes*")
	want(t, w.say("/order S"), "say: How many S?")
	want(t, w.pass(2*time.Hour), "say: Too late for S.")
	want(t, w.say("5"))
}

func TestReminder(t *testing.T) {
	t.Parallel()
	w := setup(t, `
rules:
  - when: {command: 'remind <when:duration> <what...>'}
    do:
      - reply: 'I will in {when}.'
      - wake: {after: '{when}', do: {reply: '{user}: {what} ({when})'}}
  - when: {command: nag}
    wake: {after: 1h, as: nag, do: [{reply: nag}, {run: again}]}
  - when: {command: quiet}
    unwake: nag
define:
  again: {reply: and again}
`)
	want(t, w.say("/remind 2h *tea*"), "say: I will in 2h.", "wake in 2h0m0s")
	want(t, w.say("/remind 3h cake"), "say: I will in 3h.", "wake in 3h0m0s")
	w.restart()
	want(t, w.pass(2*time.Hour), "say: Ada *L*: *tea* (2h)")
	want(t, w.pass(time.Hour), "say: Ada *L*: cake (3h)")
	want(t, w.say("/nag"), "wake in 1h0m0s")
	want(t, w.say("/quiet"))
	want(t, w.pass(time.Hour))
	want(t, w.say("/nag"), "wake in 1h0m0s")
	w.source = "rules:\n- when: joined\n  wake: {after: 1d, as: nag, do: {reply: new nag}}\n"
	w.restart()
	want(t, w.pass(time.Hour), "say: new nag")
	w.source = "rules:\n- {when: joined, reply: x}\n"
	want(t, w.hear(chat.Joined{}), "wake in 24h0m0s")
	w.restart()
	w.pass(24 * time.Hour)
	if log := w.log.String(); !strings.Contains(log, "has no longer what was to be done later") {
		t.Errorf("log: %s", log)
	}
}

func TestAskingLater(t *testing.T) {
	t.Parallel()
	w := setup(t, `
rules:
  - when: {command: 'later <what>'}
    wake: {after: 1h, do: [{ask: {question: '{what}?', as: so}}, {reply: '{what}: {so}'}]}
  - when: {pattern: '(?P<n>[0-9]+)', if: int(n) > 5}
    do: [{ask: 'Sure about {n}?'}, {reply: '{n} {answer}'}]
  - when: {pattern: '(?P<m>[0-9]+)'}
    do: [{ask: 'Sure of {m}?'}, {reply: '{m} {answer}'}]
`)
	want(t, w.say("/later tea"), "wake in 1h0m0s")
	want(t, w.pass(time.Hour), "say: tea?")
	w.restart()
	want(t, w.say("yes"), "say: tea: yes")
	want(t, w.say("7"), "say: Sure about 7?")
	w.restart()
	want(t, w.say("yes"), "say: 7 yes")
	want(t, w.say("3"), "say: Sure of 3?")
	w.restart()
	want(t, w.say("no"), "say: 3 no")
}

func TestOneOfSeveral(t *testing.T) {
	t.Parallel()
	w := setup(t, "rules:\n- when: {command: x}\n  reply: [a, b, c]\n")
	seen := map[string]int{}
	for range 60 {
		seen[w.say("/x")[0]]++
		w.now = w.now.Add(time.Minute)
	}
	if len(seen) != 3 {
		t.Errorf("said %v, want each of three", seen)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	const source = `rules:
  - when: mention
    if: 'hour < config.opens'
    reply: '{config.shop} opens at {config.opens}.'
  - when: mention
    reply: 'Welcome to {config.shop}.'
`
	w := setupWith(t, source, map[string]any{"shop": "Acme *Tea*", "opens": 9.0})
	w.direct = true
	want(t, w.say("hello"), "say: Acme *Tea* opens at 9.")
	w.config["opens"] = 7.0
	w.restart()
	want(t, w.say("hello"), "say: Welcome to Acme *Tea*.")
	_, err := rules.Load("bot.yaml", []byte(strings.ReplaceAll(source, "config.shop", "config.shopp")), rules.Options{
		Config: map[string]any{"shop": "x", "opens": 9.0},
	})
	if err == nil || !strings.Contains(err.Error(), "did you mean shop?") {
		t.Errorf("Load = %v, want that config.shopp is config.shop", err)
	}
}
