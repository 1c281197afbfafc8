package slack_test

import (
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestWhatIsMeantForTheBotIsKnown(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	bots := r.posts(t, chat.Post{To: r.place(), Text: plainText("does anybody know?")})
	self := "<@" + r.BotUser() + ">"
	called := r.says(t, r.room, slacksim.Draft{Text: "hey " + self + ", what is on?"})
	for _, tc := range []struct {
		name               string
		draft              slacksim.Draft
		addressed, mention bool
	}{
		{"by its name", slacksim.Draft{Text: self + " and what else?"}, true, true},
		{"without blocks", slacksim.Draft{Text: self + " and then?", Blocks: []byte("[]")}, true, true},
		{"in a thread", slacksim.Draft{Text: "I don't, " + self, Thread: bots.TS}, true, true},
		{"by nothing", slacksim.Draft{Text: "what is on?"}, false, false},
		{"by nothing in a thread of its", slacksim.Draft{Text: "I do", Thread: bots.TS}, false, false},
		{"by all", slacksim.Draft{Text: "<!channel> what is on?"}, false, false},
		{"by another's name", slacksim.Draft{Text: "<@" + r.ada + "> what is on?"}, false, false},
		{"by what is passed on", slacksim.Draft{Text: "look", Share: string(called)}, false, true},
	} {
		id := r.says(t, r.room, tc.draft)
		e, p := bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Posted) bool { return e.Message == id })
		mention := slices.ContainsFunc(p.Text.Spans, func(s text.Span) bool { return s.Kind == text.Mention && s.ID == r.BotID() })
		if e.Addressed != tc.addressed || mention != tc.mention {
			t.Errorf("%s: addressed is %v and mentioned %v, want %v and %v: %+v", tc.name, e.Addressed, mention, tc.addressed, tc.mention, p.Text)
		}
	}
}

func TestAnEditMayMeanTheBot(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	ts := r.says(t, r.room, slacksim.Draft{Text: "what is on?"})
	must(t, r.Sim.Edit(r.ada, r.room, string(ts), "<@"+r.BotUser()+"> what is on?"))
	if e, _ := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Edited) bool { return true }); !e.Addressed {
		t.Errorf("the edit is %+v, want it addressed", e)
	}
}

// TestAMentionOfABotNamesItsAuthor holds that whoever is mentioned has the ID that they have as an Author: another app's
// user writes as its bot.
func TestAMentionOfABotNamesItsAuthor(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	other := r.AddUser(slacksim.User{Name: "poll", RealName: "Poll", Bot: true})
	must(t, r.Join(other, r.room, ""))
	ts := r.Sim.Say(other, r.room, slacksim.Draft{Text: "vote"})
	said, _ := bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Posted) bool { return string(e.Message) == ts })
	id := r.says(t, r.room, slacksim.Draft{Text: "<@" + other + "> no"})
	e, p := bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Posted) bool { return e.Message == id })
	if e.Addressed || len(p.Text.Spans) != 1 || p.Text.Spans[0].ID != string(said.Author.ID) {
		t.Errorf("the mention is %+v, want one of %v, who is not us", p.Text.Spans, said.Author)
	}
}
