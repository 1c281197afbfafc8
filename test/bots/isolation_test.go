package bots_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/test/town"
)

var watch = flag.Duration("isolation", 3*time.Second, "how long others are watched beside bad bots, and before without")

const (
	// most is how much longer others may wait, at the 99th percentile. Where they wait for longer than that without any bad
	// bot, they may wait for twice as long.
	most = 100 * time.Millisecond
	// measured is how often it is measured before that counts: whatever else the machine does holds people up too, and only
	// bad bots do so each time.
	measured = 3
	// turns is how often others are watched without bad bots and beside them.
	turns = 3
	// often is how often people say something to the good bot and in the mirror.
	often = 25 * time.Millisecond
	// provoked is how often each bad bot is told something.
	provoked = 200 * time.Millisecond
)

// bad is a bot that does what none should do.
type bad struct {
	name   string
	config string            // how it is made
	files  map[string]string // by name
	reason string            // what the operators read
	at     town.OnDiscord
}

// A program without a language: it answers initialize, and does something else at the first event.
const shell = `#!/bin/sh
read -r line
id=$(expr "$line" : '{"jsonrpc":"2.0","id":\([0-9]*\)')
echo '{"jsonrpc":"2.0","id":'$id',"result":{"api":1,"events":["message"]}}'
read -r line
`

func badBots() []*bad {
	manifest := func(name, within string) string {
		return "api: 1\nname: " + name + "\nrun: {exec: [./bot.sh]}\nlimits: {time: " + within + "}\n"
	}
	return []*bad{
		{name: "loops", config: "script: loops.star", reason: "is there a loop without an end?", files: map[string]string{"loops.star": `
def hear():
    for a in range(1000000):
        for b in range(1000000):
            pass
on("message", hear)
`}},
		{name: "eats", config: "script: eats.star, worker: true, limits: {memory: 64MiB, time: 10s}", reason: "used more than 64 MiB", files: map[string]string{"eats.star": `
def hear():
    all = ["x" * 1000]
    for a in range(64):
        all = all + all
    return str(len(all))
on("message", hear)
`}},
		{name: "floods", config: "script: floods.star", reason: "it says more than 60 messages within 1m0s", files: map[string]string{"floods.star": `
def hear():
    for a in range(15):
        say("Flood %d" % a)
on("message", hear)
`}},
		{name: "crashes", config: "plugin: crashes", reason: "ended with status 3", files: map[string]string{
			"crashes/plugin.yaml": manifest("crashes", "10s"), "crashes/bot.sh": shell + "exit 3\n",
		}},
		{name: "hangs", config: "plugin: hangs", reason: "within 400ms", files: map[string]string{
			"hangs/plugin.yaml": manifest("hangs", "400ms"), "hangs/bot.sh": shell + "exec sleep 1000\n",
		}},
	}
}

// TestBadBotsHoldNobodyUp has five bad bots in their own conversations, all at once and over and over because an operator lets
// each go on again, while people talk to a good bot and through a mirror in others.
//
//nolint:paralleltest // it measures how long things take
func TestBadBotsHoldNobodyUp(t *testing.T) {
	s := newStage(t)
	sam := s.Slack.AddUser(slacksim.User{Name: "sam", RealName: "Sam"})
	dora := s.Discord.AddUser(discordsim.User{Name: "dora", GlobalName: "Dora"})
	room := func(name string) town.InSlack {
		return town.InSlack{Sim: s.Slack, User: sam, Channel: s.Slack.AddChannel(slacksim.Channel{Name: name, Members: []string{sam}})}
	}
	channel := func(name string) town.OnDiscord {
		return town.OnDiscord{Sim: s.Discord, User: dora, Channel: s.Discord.AddChannel(discordsim.Channel{Guild: s.Guild, Name: name})}
	}
	ops, team, good, lounge := room("ops"), room("lounge"), channel("good"), channel("lounge")
	list := badBots()
	config := fmt.Sprintf("routes:\n  lounge: {mirror: [%q, %q]}\noperators: %q\nbots:\n  good: {script: good.star, in: [%q], limits: {messages: 10000}}\n",
		lounge.Name(), team.Name(), ops.Name(), good.Name())
	s.write(t, "good.star", "def echo(text):\n    return \"Echo \" + text\ncommand(\"echo <text...>\", echo)\n")
	for _, b := range list {
		b.at = channel(b.name)
		config += fmt.Sprintf("  %s: {%s, in: [%q]}\n", b.name, b.config, b.at.Name())
		for name, text := range b.files {
			s.write(t, name, text)
		}
	}
	s.configure(t, map[string]string{town.Discord: "webhooks: off"}, config)
	life := s.start(t)
	if err := s.listens(t.Context()); err != nil {
		t.Fatalf("Roost does not listen: %v", err)
	}
	w := &watching{s: s, good: good, lounge: lounge, team: team}
	w.say(t, "warm", time.Second)
	for n := 1; ; n++ {
		fault := w.compare(t, list, fmt.Sprint(n))
		if fault == "" {
			break
		}
		if t.Log(fault); n == measured {
			t.Error("bad bots make others wait")
			break
		}
	}
	for _, b := range list {
		s.isQuarantined(t, b, ops)
	}
	s.mends(t, list[3])
	life.Terminate(t)
}

// compare says how much longer others wait beside bad bots, if that is too long.
func (w *watching) compare(t *testing.T, list []*bad, words string) (fault string) {
	t.Helper()
	resumed := make([]int, len(list))
	var idle, beside [2][]time.Duration
	for n := range turns { // in turns, because the machine may have more or less to do besides
		add(&idle, w.say(t, fmt.Sprintf("idle%s-%d-", words, n), *watch/turns))
		ctx, stop := context.WithCancel(t.Context())
		var crowd sync.WaitGroup
		for i, b := range list {
			crowd.Go(func() { b.provoke(ctx) })
			crowd.Go(func() { resumed[i] += w.s.resumes(ctx, b.name) })
		}
		add(&beside, w.say(t, fmt.Sprintf("beside%s-%d-", words, n), *watch/turns))
		stop()
		crowd.Wait()
	}
	for i, what := range []string{"to a good bot", "through a mirror"} {
		a, b := idle[i], beside[i]
		t.Logf("%s: %d messages, p50 %v, p99 %v, at most %v; beside five bad bots p50 %v, p99 %v, at most %v",
			what, len(a), at(a, 50), at(a, 99), at(a, 100), at(b, 50), at(b, 99), at(b, 100))
		if more, may := at(b, 99)-at(a, 99), max(most, at(a, 99)); more > may {
			fault = fmt.Sprintf("%s: others wait %v longer at the 99th percentile, want %v at most", what, more, may)
		}
	}
	t.Logf("the operator let the bad bots go on %v times", resumed)
	return fault
}

func add(to *[2][]time.Duration, more [2][]time.Duration) {
	for i := range to {
		to[i] = append(to[i], more[i]...)
	}
}

// at is a percentile.
func at(took []time.Duration, percent int) time.Duration {
	if len(took) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(took))[(len(took)-1)*percent/100].Round(100 * time.Microsecond)
}

// provoke tells a bad bot something until ctx ends.
func (b *bad) provoke(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		b.at.Say(town.Draft{Text: fmt.Sprintf("Hello %d", n)})
		sleep(ctx, provoked)
	}
}

// resumes lets a bot go on whenever it is quarantined, and says how often that was.
func (s *stage) resumes(ctx context.Context, name string) (n int) {
	for ctx.Err() == nil {
		if out, err := s.command(ctx, "bots", "resume", name); err == nil && strings.Contains(string(out), "goes on") {
			n++
		}
		sleep(ctx, 2*time.Second)
	}
	return n
}

// isQuarantined provokes a bad bot until it is quarantined, and checks that the operators read why. A worker that was ended
// often rests for up to half a minute before it is started again.
func (s *stage) isQuarantined(t *testing.T, b *bad, ops town.InSlack) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for s.quarantine(t, b.name) == "" {
		b.at.Say(town.Draft{Text: "Hello again"})
		sleep(ctx, provoked)
		if ctx.Err() != nil {
			t.Errorf("%s is not quarantined", b.name)
			return
		}
	}
	heading := "The bot *" + b.name + "* is quarantined"
	told := slices.ContainsFunc(ops.Lines(), func(l town.Line) bool {
		return l.Ours && strings.Contains(l.Text, heading) && strings.Contains(l.Text, b.reason)
	})
	if !told {
		t.Errorf("of %s the operators do not read that it is quarantined because of %q", b.name, b.reason)
	}
	for _, l := range ops.Lines() {
		if strings.Contains(l.Text, heading) {
			t.Logf("%s: %s", b.name, l.Text)
			return
		}
	}
}

// quarantine is why a bot is quarantined, as "roost bots" says.
func (s *stage) quarantine(t *testing.T, name string) string {
	t.Helper()
	out, err := s.command(t.Context(), "bots", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct{ Name, Quarantined string }
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Name == name {
			return r.Quarantined
		}
	}
	t.Fatalf("roost bots does not list %s: %s", name, out)
	return ""
}

// mends writes a program that does what it should in the place of a quarantined one.
func (s *stage) mends(t *testing.T, b *bad) {
	t.Helper()
	s.write(t, b.name+"/bot.sh", shell+`
while true; do
	id=$(expr "$line" : '{"jsonrpc":"2.0","id":\([0-9]*\)')
	echo '{"jsonrpc":"2.0","id":'$id',"result":{"reply":"I am well"}}'
	read -r line || exit 0
done
`)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for s.quarantine(t, b.name) != "" {
		if sleep(ctx, provoked); ctx.Err() != nil {
			t.Fatalf("%s was mended and is still quarantined", b.name)
		}
	}
	b.at.Say(town.Draft{Text: "How are you?"})
	if err := s.Discord.Wait(ctx, func(v *discordsim.View) bool {
		return slices.ContainsFunc(v.Messages(b.at.Channel), func(m discordsim.Message) bool { return m.Content == "I am well" })
	}); err != nil {
		t.Errorf("%s was mended and says nothing", b.name)
	}
}

// watching is people who talk to a good bot and in a mirror, and look at the clock.
type watching struct {
	s            *stage
	good, lounge town.OnDiscord
	team         town.InSlack
	read         [2]int // how many messages of the good bot's channel, and of the team's, were looked at
}

// say says something every so often, and gives how long it took until the bot had answered, and until the copy was there.
func (w *watching) say(t *testing.T, words string, long time.Duration) (took [2][]time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), long+30*time.Second)
	defer cancel()
	count := int(long / often)
	var mu sync.Mutex
	began := map[string]time.Time{}
	// here notes when a message is there that was said just now.
	here := func(i int, text string) {
		mu.Lock()
		defer mu.Unlock()
		if at, ok := began[text[strings.LastIndexByte(text, ' ')+1:]]; ok {
			took[i] = append(took[i], time.Since(at))
		}
	}
	var readers sync.WaitGroup
	readers.Go(func() {
		w.fails(t, words, w.s.Discord.Wait(ctx, func(v *discordsim.View) bool {
			all := v.Messages(w.good.Channel)
			for _, m := range all[w.read[0]:] {
				if strings.HasPrefix(m.Content, "Echo ") {
					here(0, m.Content)
				}
			}
			w.read[0] = len(all)
			return len(took[0]) == count
		}))
	})
	readers.Go(func() {
		w.fails(t, words, w.s.Slack.Wait(ctx, func(v *slacksim.View) bool {
			all := v.Messages(w.team.Channel)
			for _, m := range all[w.read[1]:] {
				here(1, m.Text)
			}
			w.read[1] = len(all)
			return len(took[1]) == count
		}))
	})
	tick := time.NewTicker(often)
	defer tick.Stop()
	for n := range count {
		key := fmt.Sprint(words, n)
		mu.Lock()
		began[key] = time.Now()
		mu.Unlock()
		w.good.Say(town.Draft{Text: "!echo " + key})
		w.lounge.Say(town.Draft{Text: key})
		<-tick.C
	}
	readers.Wait()
	return took
}

func (w *watching) fails(t *testing.T, words string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: not all is answered: %v", words, err)
	}
}
