package discord_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestWhatIsMeantForTheBotIsKnown(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	r.says(t, r.room, discordsim.Draft{Text: "what is there"}) // the server is known when it is heard
	r.Hears(t, "what is there")
	n, err := strconv.ParseUint(r.guild, 10, 64)
	must(t, err)
	role := strconv.FormatUint(n+1, 10) // that Discord made for the bot
	bots := r.posts(t, chat.Post{Key: "k-1", To: r.Room(), Text: plain("does anybody know?")})
	hooks := r.posts(t, chat.Post{Key: "k-2", To: r.Room(), Text: plain("Bea knows"), As: persona()})
	adas := r.says(t, r.room, discordsim.Draft{Text: "I do", ReplyTo: bots.ID})
	self := "<@" + r.BotUser() + ">"
	for _, tc := range []struct {
		name               string
		draft              discordsim.Draft
		addressed, mention bool
	}{
		{"by its name", discordsim.Draft{Text: "hey " + self + ", what is on?"}, true, true},
		{"by its role", discordsim.Draft{Text: "<@&" + role + "> what is on?"}, true, true},
		{"by an answer", discordsim.Draft{Text: "so do I", ReplyTo: bots.ID}, true, false},
		{"by a silent answer", discordsim.Draft{Text: "me too", ReplyTo: bots.ID, Silent: true}, true, false},
		{"by nothing", discordsim.Draft{Text: "what is on?"}, false, false},
		{"by all", discordsim.Draft{Text: "@everyone what is on?"}, false, false},
		{"by another's name", discordsim.Draft{Text: "<@" + r.ada + "> what is on?"}, false, false},
		{"by a role of many", discordsim.Draft{Text: "<@&" + r.guild + "> what is on?"}, false, false},
		{"by code", discordsim.Draft{Text: "`" + self + "` calls it"}, false, false},
		{"by an answer to another", discordsim.Draft{Text: "please tell", ReplyTo: string(adas)}, false, false},
		{"by an answer to what bears a name", discordsim.Draft{Text: "ask her", ReplyTo: hooks.ID}, false, false},
	} {
		id := r.says(t, r.room, tc.draft)
		e, p := bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Posted) bool { return e.Message == id })
		mention := slices.ContainsFunc(p.Text.Spans, func(s text.Span) bool { return s.Kind == text.Mention && s.ID == r.BotUser() })
		if e.Addressed != tc.addressed || mention != tc.mention {
			t.Errorf("%s: addressed is %v and mentioned %v, want %v and %v: %+v", tc.name, e.Addressed, mention, tc.addressed, tc.mention, p.Text)
		}
	}
}

func TestWhatIsPassedOnCallsNobody(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	first := r.says(t, r.room, discordsim.Draft{Text: "<@" + r.BotUser() + "> what is on?"})
	e, _ := bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Posted) bool { return e.Message == first })
	forward := r.says(t, r.room, discordsim.Draft{Forward: &discordsim.Forward{Channel: r.room, Message: string(first)}})
	f, _ := bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Posted) bool { return e.Message == forward })
	if !e.Addressed || f.Addressed {
		t.Errorf("a call is addressed %v, and passed on %v; want true and false", e.Addressed, f.Addressed)
	}
}

func TestAnEditMayMeanTheBot(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	id := r.says(t, r.room, discordsim.Draft{Text: "what is on?"})
	must(t, r.Sim.Edit(r.ada, r.room, string(id), "<@"+r.BotUser()+"> what is on?"))
	if e, _ := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Edited) bool { return true }); !e.Addressed {
		t.Errorf("the edit is %+v, want it addressed", e)
	}
}
