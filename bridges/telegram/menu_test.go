package telegram_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
)

// offers waits until people are offered these commands in a chat.
func (r *run) offers(t *testing.T, chat int64, want ...string) {
	t.Helper()
	var got []string
	r.sees(t, fmt.Sprintf("%v in %d", want, chat), func(v *telegramsim.View) bool {
		got = nil
		var list []struct{ Command string }
		if raw := v.Menu(chat); raw != nil && json.Unmarshal(raw, &list) != nil {
			return false
		}
		for _, c := range list {
			got = append(got, c.Command)
		}
		return cmp.Equal(got, want)
	})
}

// deskNames are the commands of the desk.
func deskNames() []string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.Name)
	}
	return names
}

// within is a thread of a group.
func within(group int64, thread string) chat.Conversation {
	c := in(group)
	c.Thread = chat.ThreadID(thread)
	return c
}

func TestBotsCommandsAreShownWhereTheyListen(t *testing.T) {
	t.Parallel()
	r := prepare(t, telegramsim.Config{})
	cafe := r.AddGroup(telegramsim.Group{Title: "Cafe", Members: []int64{r.ada}})
	bar := r.AddGroup(telegramsim.Group{Title: "Bar", Members: []int64{r.ada}})
	news := r.AddGroup(telegramsim.Group{Title: "News", Type: telegramsim.Channel, BotAdmin: true})
	r.deps.Commands, r.deps.Surfaces = commands(), []chat.Conversation{in(r.forum)}
	r.deps.Menu = &bridges.Menu{}
	r.again(t)
	r.offers(t, r.forum, deskNames()...)
	all := []bridges.BotCommand{
		{Name: "order", Help: "order a shirt", In: []chat.Conversation{in(r.room), in(r.forum)}},
		{Name: "stand-up", In: []chat.Conversation{in(r.room)}}, // Telegram has no such names
		{Name: "claim", In: []chat.Conversation{in(r.room)}},
		{Name: "talk", Help: strings.Repeat("🙂", 200), Direct: true},
		{Name: "all", Everywhere: true},
		{Name: "order", Help: "another one", In: []chat.Conversation{in(r.room), within(cafe, "7")}},
		{Name: "mine", In: []chat.Conversation{in(r.bob), {Account: account, ID: "biz:x:5"}, {Account: account, ID: "no chat"}, in(news)}},
	}
	r.Private(r.bob)
	r.deps.Menu.Set(all)
	r.offers(t, r.room, "order", "claim", "all")
	r.offers(t, cafe, "all", "order")
	r.offers(t, bar, "all")
	r.offers(t, r.ada, "talk", "all")
	r.offers(t, r.bob, "talk", "all", "mine")
	r.offers(t, r.forum, deskNames()...) // what is said there is for the desk alone
	var list []struct{ Command, Description string }
	if err := json.Unmarshal(r.Menu(r.room), &list); err != nil || list[0].Description != "order a shirt" || list[1].Description != "claim" {
		t.Errorf("%+v, %v; want their descriptions, or their names", list, err)
	}
	if err := json.Unmarshal(r.Menu(r.ada), &list); err != nil || !strings.HasSuffix(list[0].Description, "🙂…") {
		t.Errorf("%+v, %v; want a description that was clipped", list, err)
	}

	// Nothing is set again that is there, and all is taken away in the end.
	must(t, r.Stop())
	sets := len(r.Calls("setMyCommands"))
	reads := len(r.Calls("getMyCommands"))
	r.again(t)
	r.sees(t, "all looked at", func(v *telegramsim.View) bool { return len(v.Calls("getMyCommands")) >= reads+7 })
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "still there?"})
	r.Hears(t, "still there?")
	if n := len(r.Calls("setMyCommands")); n != sets {
		t.Errorf("the same commands were set %d times more", n-sets)
	}
	r.deps.Menu.Set(all[:1])
	r.offers(t, r.room, "order")
	r.offers(t, r.ada)
	r.offers(t, r.bob)
	r.offers(t, cafe)
	r.deps.Menu.Set(nil)
	r.offers(t, r.room)
	r.offers(t, r.forum, deskNames()...)
}

func TestTooManyCommandsAreNotAllShown(t *testing.T) {
	t.Parallel()
	r := prepare(t, telegramsim.Config{})
	r.deps.Menu = &bridges.Menu{}
	var many []bridges.BotCommand
	for i := range 120 {
		many = append(many, bridges.BotCommand{Name: fmt.Sprintf("c%d", i), Everywhere: true})
	}
	r.deps.Menu.Set(many)
	r.again(t)
	var want []string
	for _, c := range many[:100] {
		want = append(want, c.Name)
	}
	r.offers(t, r.room, want...)
	r.offers(t, r.ada, want...)
}

// TestABotsCommandIsAMessage has people choose from the menu: in groups that adds the name of the bot.
func TestABotsCommandIsAMessage(t *testing.T) {
	t.Parallel()
	r, topic := desked(t)
	name := r.Bot().Username
	for _, tc := range []struct {
		words     string
		at        int64
		thread    int
		addressed bool
	}{
		{"/order large", r.room, 0, false},
		{"/order@" + name + " large", r.room, 0, true},
		{"/order@" + strings.ToUpper(name), r.room, 0, true},
		{"/order@another_bot large", r.room, 0, false},
		{"/order", r.bob, 0, false},
		{"/claim", r.bob, 0, false},                                                          // no desk is there
		{"/order@" + name + " 2", r.forum, number(chat.MessageID(topic.Thread)), true},       // no command of the desk's
		{"/claim@another_bot too", r.forum, number(chat.MessageID(topic.Thread)), false},     // somebody else's
		{"/stand-up@" + name + " now", r.forum, number(chat.MessageID(topic.Thread)), false}, // Telegram sees /stand
	} {
		r.Private(r.bob)
		r.says(t, r.bob, tc.at, telegramsim.Draft{Text: tc.words, Thread: tc.thread})
		e, _ := r.Hears(t, tc.words)
		if e.Addressed != tc.addressed || e.Direct != (tc.at == r.bob) || e.Message == "" {
			t.Errorf("%q came as %+v, want it addressed: %v", tc.words, e, tc.addressed)
		}
	}
}
