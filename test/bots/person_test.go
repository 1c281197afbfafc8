package bots_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/test/town"
)

// survey asks twenty questions of all kinds, says words between them, and counts the answers in its state.
const survey = `
def begin(run):
    got = []
    for n in range(20):
        key = "%s-%d" % (run, n)
        if n % 3 == 0:
            say("Note " + key)
        if n % 4 == 1:
            answer = ask("Question " + key, choices = [(word, key + "-" + word) for word in ["one", "two", "three"]])
        elif n % 4 == 2:
            answer = str(int(ask("Question " + key, type = "number")))
        else:
            answer = ask("Question " + key)
        got.append(answer)
        state.person[run] = state.person.get(run, []) + [answer]
        state.bot["all"] = state.bot.get("all", 0) + 1
    used = state.person.pop(run)
    say("Summary %s: %s; %s" % (run, " ".join(got), " ".join(used)))
command("begin <run>", begin)

def total():
    say("Total %d" % state.bot.get("all", 0))
command("total", total)
`

const questions = 20

var words = [...]string{"one", "two", "three"}

// person takes part in one dialog after another.
type person struct {
	at    town.Spot
	name  string
	press func(message, label string) error // nil: there are no buttons
	blind bool                              // nothing can tell whether a post arrived
	runs  []string
	slow  time.Duration // the longest that it took until a question was there
}

// people are one on each platform.
func (s *stage) people() []*person {
	xena := s.X.AddUser(xsim.User{Name: "Xena", Username: "xena"}).ID
	sam := s.Slack.AddUser(slacksim.User{Name: "sam", RealName: "Sam"})
	dora := s.Discord.AddUser(discordsim.User{Name: "dora", GlobalName: "Dora"})
	tess := s.Telegram.AddUser(telegramsim.User{First: "Tess"})
	room := s.Slack.AddChannel(slacksim.Channel{Name: "lounge", Members: []string{sam}})
	dm, private := s.Discord.DM(dora), s.Telegram.Private(tess)
	return []*person{
		{name: "x", at: town.OnX{Sim: s.X, User: xena, Brand: s.Brand}},
		{name: "s", at: town.InSlack{Sim: s.Slack, User: sam, Channel: room}, press: func(message, label string) error {
			for _, m := range s.Slack.Messages(room) {
				if m.TS == message {
					return s.Slack.Press(sam, room, message, find(m.Blocks, label, "action_id"), "")
				}
			}
			return errNoButton
		}},
		{name: "d", at: town.OnDiscord{Sim: s.Discord, User: dora, Channel: dm}, press: func(message, label string) error {
			for _, m := range s.Discord.Messages(dm) {
				if m.ID == message {
					return s.Discord.Press(dora, dm, message, find(m.Components, label, "custom_id"))
				}
			}
			return errNoButton
		}},
		{name: "t", at: town.OnTelegram{Sim: s.Telegram, User: tess, Chat: private}, blind: true, press: func(message, label string) error {
			for _, m := range s.Telegram.Messages(private) {
				for _, row := range m.Buttons {
					for _, b := range row {
						if strconv.Itoa(m.ID) == message && b.Text == label {
							return s.Telegram.Press(tess, private, m.ID, b.Data)
						}
					}
				}
			}
			return errNoButton
		}},
	}
}

var errNoButton = errors.New("there is no such button")

// find gives the field of the innermost object that has a text in it, of a button as Slack and Discord describe one.
func find(raw json.RawMessage, label, field string) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return ""
	}
	return search(v, label, field)
}

func search(v any, label, field string) string {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if found := search(item, label, field); found != "" {
				return found
			}
		}
	case map[string]any:
		if id, ok := v[field].(string); ok && labelled(v, label) {
			return id
		}
		for _, item := range v {
			if found := search(item, label, field); found != "" {
				return found
			}
		}
	}
	return ""
}

func labelled(v map[string]any, label string) bool {
	if text, ok := v["text"].(map[string]any); ok {
		return text["text"] == label
	}
	return v["label"] == label
}

// token is what a message of the bot is known by: its first two words. An answered question has its answer below.
func token(l town.Line) string {
	first, _, _ := strings.Cut(l.Text, "\n")
	fields := strings.Fields(first)
	if len(fields) < 2 {
		return first
	}
	return fields[0] + " " + strings.TrimSuffix(fields[1], ":")
}

// seen finds a message of the bot.
func (p *person) seen(key string) (town.Line, bool) {
	for _, l := range p.at.Lines() {
		if l.Ours && !l.Gone && token(l) == key {
			return l, true
		}
	}
	return town.Line{}, false
}

// wait returns when a message of the bot is there. Every so often it calls again, if that is not nil.
func (p *person) wait(ctx context.Context, key string, again func()) (town.Line, error) {
	began := time.Now()
	for asked := began; ; sleep(ctx, 10*time.Millisecond) {
		if l, ok := p.seen(key); ok {
			p.slow = max(p.slow, time.Since(began))
			return l, nil
		}
		if ctx.Err() != nil {
			return town.Line{}, fmt.Errorf("%s: no %s", p.at.Name(), key)
		}
		if again != nil && time.Since(asked) > pressAgain {
			again()
			asked = time.Now()
		}
	}
}

// pressAgain is when somebody presses a button again because nothing happens: Discord and Slack tell of a press only when
// somebody listens.
const pressAgain = 3 * time.Second

// talk goes through one dialog after another until no more are to be begun.
func (p *person) talk(ctx context.Context, more func() bool) error {
	for more() {
		run := fmt.Sprintf("%s%d", p.name, len(p.runs))
		p.runs = append(p.runs, run)
		if err := p.dialog(ctx, run); err != nil {
			return err
		}
	}
	return nil
}

func (p *person) dialog(ctx context.Context, run string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p.at.Say(town.Draft{Text: "!begin " + run})
	var answers []string
	var again func()
	for n := range questions {
		key := fmt.Sprintf("%s-%d", run, n)
		l, err := p.wait(ctx, "Question "+key, again)
		if err != nil {
			return err
		}
		sleep(ctx, rand.N(60*time.Millisecond))
		again = nil
		answer := fmt.Sprint("a", rand.N(1_000_000))
		switch n % 4 {
		case 1:
			i := rand.N(len(words))
			answer = key + "-" + words[i]
			if p.press == nil {
				p.at.Say(town.Draft{Text: strconv.Itoa(i + 1)})
				break
			}
			if err := p.press(l.ID, words[i]); err != nil {
				return fmt.Errorf("%s: press %s: %w", p.at.Name(), key, err)
			}
			again = func() { _ = p.press(l.ID, words[i]) } // it may have been answered meanwhile
		case 2:
			answer = strconv.Itoa(rand.N(1000))
			p.at.Say(town.Draft{Text: answer})
		default:
			p.at.Say(town.Draft{Text: answer})
		}
		answers = append(answers, answer)
	}
	l, err := p.wait(ctx, "Summary "+run, again)
	if err != nil {
		return err
	}
	all := strings.Join(answers, " ")
	if want := fmt.Sprintf("Summary %s: %s; %s", run, all, all); l.Text != want {
		return fmt.Errorf("%s: the bot says\n%q, want\n%q", p.at.Name(), l.Text, want)
	}
	return nil
}
