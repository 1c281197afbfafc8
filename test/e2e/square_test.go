package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/test/town"
)

// square is where people of all four platforms meet: a contact on X, Discord and Telegram, and a team of one on Slack, Discord
// and Telegram, each with a place for a desk and a lounge.
type square struct {
	*stage
	town  *town.Town
	extra map[string]string // settings of accounts

	contacts map[string]town.Spot // by account
	desks    map[string]town.Spot
	lounges  map[string]town.Spot
}

func newSquare(t *testing.T) *square {
	t.Helper()
	w, err := town.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	q := &square{stage: &stage{dir: t.TempDir()}, town: w, extra: map[string]string{town.Telegram: "group_minute: 1000"}}
	dana := w.Slack.AddUser(slacksim.User{Name: "dana", RealName: "Dana"})
	dora := w.Discord.AddUser(discordsim.User{Name: "dora", GlobalName: "Dora"})
	tess := w.Telegram.AddUser(telegramsim.User{First: "Tess"})
	alice := w.X.AddUser(xsim.User{Name: "Alice", Username: "alice"}).ID
	bruno := w.Discord.AddUser(discordsim.User{Name: "bruno", GlobalName: "Bruno"})
	carla := w.Telegram.AddUser(telegramsim.User{First: "Carla"})
	members := []int64{tess}
	q.contacts = map[string]town.Spot{
		town.X:        town.OnX{Sim: w.X, User: alice, Brand: w.Brand},
		town.Discord:  town.OnDiscord{Sim: w.Discord, User: bruno, Channel: w.Discord.DM(bruno)},
		town.Telegram: town.OnTelegram{Sim: w.Telegram, User: carla, Chat: w.Telegram.Private(carla)},
	}
	q.desks = map[string]town.Spot{
		town.Slack:   town.InSlack{Sim: w.Slack, User: dana, Channel: w.Slack.AddChannel(slacksim.Channel{Name: "support", Members: []string{dana}})},
		town.Discord: town.OnDiscord{Sim: w.Discord, User: dora, Channel: w.Discord.AddChannel(discordsim.Channel{Guild: w.Guild, Name: "support", Type: discordsim.ChannelForum})},
		town.Telegram: town.OnTelegram{Sim: w.Telegram, User: tess, Chat: w.Telegram.AddGroup(telegramsim.Group{
			Title: "Support", Forum: true, Members: members, Admins: members, BotAdmin: true,
		})},
	}
	q.lounges = map[string]town.Spot{
		town.Slack:   town.InSlack{Sim: w.Slack, User: dana, Channel: w.Slack.AddChannel(slacksim.Channel{Name: "lounge", Members: []string{dana}})},
		town.Discord: town.OnDiscord{Sim: w.Discord, User: dora, Channel: w.Discord.AddChannel(discordsim.Channel{Guild: w.Guild, Name: "lounge"})},
		town.Telegram: town.OnTelegram{Sim: w.Telegram, User: tess, Chat: w.Telegram.AddGroup(telegramsim.Group{
			Title: "Lounge", Type: telegramsim.Supergroup, Members: members, Admins: members, BotAdmin: true,
		})},
	}
	return q
}

// opens configures all accounts with these routes, and runs Roost.
func (q *square) opens(t *testing.T, routes string) *daemon {
	t.Helper()
	q.sets(t, routes)
	d := q.start(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := q.town.Listening(ctx); err != nil {
		t.Fatalf("Roost does not listen: %v", err)
	}
	return d
}

// sets writes the configuration.
func (q *square) sets(t *testing.T, routes string) {
	t.Helper()
	q.configure(t, q.town.Accounts(q.extra)+"routes:\n"+routes, "delivery: {tries: 3, longest: 1s}")
}

// desk is the route of a desk on all surfaces.
func (q *square) desk() string {
	return fmt.Sprintf("  support: {desk: {from: [%s, %s, %s], on: [%q, %q, %q], reply: send, hold: 0s}}\n",
		town.X, town.Discord, town.Telegram, q.desks[town.Slack].Name(), q.desks[town.Discord].Name(), q.desks[town.Telegram].Name())
}

// mirror is the route of a mirror of these places.
func mirror(name string, places ...town.Spot) string {
	names := make([]string, 0, len(places))
	for _, p := range places {
		names = append(names, fmt.Sprintf("%q", p.Name()))
	}
	return fmt.Sprintf("  %s: {mirror: [%s]}\n", name, strings.Join(names, ", "))
}

// stands waits until Roost shows a message that ends with a word, and gives it.
func (q *square) stands(t *testing.T, at town.Spot, word string) town.Line {
	t.Helper()
	var found town.Line
	q.sees(t, fmt.Sprintf("%q in %s", word, at.Name()), func() bool {
		for _, l := range at.Lines() {
			if l.Ours && !l.Gone && l.Token() == word {
				found = l
				return true
			}
		}
		return false
	})
	return found
}

// sees looks again after every change on any platform until something is so.
func (q *square) sees(t *testing.T, what string, ok func() bool) {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		x, slack, discord, telegram := q.town.X.Changed(), q.town.Slack.Changed(), q.town.Discord.Changed(), q.town.Telegram.Changed()
		if ok() {
			return
		}
		select {
		case <-x:
		case <-slack:
		case <-discord:
		case <-telegram:
		case <-timer.C:
			t.Fatalf("no %s within %v", what, patience)
		}
	}
}

// count is how often Roost shows a message that ends with a word.
func count(at town.Spot, word string) int {
	n := 0
	for _, l := range at.Lines() {
		if l.Ours && !l.Gone && l.Token() == word {
			n++
		}
	}
	return n
}

// says whether any message of Roost in a place has words in it.
func says(at town.Spot, words string) bool {
	for _, l := range at.Lines() {
		if l.Ours && !l.Gone && strings.Contains(l.Text, words) {
			return true
		}
	}
	return false
}
