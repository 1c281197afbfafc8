package telegram_test

import (
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// calls says whether a text mentions somebody by this ID, and where.
func calls(t text.Text, id chat.PersonID) (words string, ok bool) {
	i := slices.IndexFunc(t.Spans, func(s text.Span) bool { return s.Kind == text.Mention && s.ID == string(id) })
	if i < 0 {
		return "", false
	}
	return t.Body[t.Spans[i].Start:t.Spans[i].End], true
}

func TestWhatIsMeantForTheBotIsKnown(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	bots := r.posts(t, chat.Post{To: in(r.room), Text: text.Plain("does anybody know?")})
	bobs := r.says(t, r.bob, r.room, telegramsim.Draft{Text: "I do"})
	for _, tc := range []struct {
		name      string
		draft     telegramsim.Draft
		addressed bool
		mention   string // empty: there is none
	}{
		{"by its name", telegramsim.Draft{Text: "👩‍👩‍👧 hey @SIM_bot, what is on?"}, true, "@SIM_bot"},
		{"beside a picture", telegramsim.Draft{
			Text: "@sim_bot look", Files: []telegramsim.Upload{{Name: "p.png", Type: "image/png", Data: png(), Kind: "photo"}},
		}, true, "@sim_bot"},
		{"by a command", telegramsim.Draft{Text: "/weather@Sim_Bot Rome"}, true, ""},
		{"by an answer", telegramsim.Draft{Text: "so do I", ReplyTo: number(bots)}, true, ""},
		{"by nothing", telegramsim.Draft{Text: "what is on?"}, false, ""},
		{"by a command to all", telegramsim.Draft{Text: "/weather Rome"}, false, ""},
		{"by a command to another", telegramsim.Draft{Text: "/weather@my_sim_bot Rome"}, false, ""},
		{"by another's name", telegramsim.Draft{Text: "hey @bobby, what is on?"}, false, ""},
		{"by a longer name", telegramsim.Draft{Text: "hey @sim_bots, what is on?"}, false, ""},
		{"by code", telegramsim.Draft{Text: "<code>@sim_bot</code> is its name", HTML: true}, false, ""},
		{"by an answer to another", telegramsim.Draft{Text: "please tell", ReplyTo: number(bobs)}, false, ""},
		{"by what is passed on", telegramsim.Draft{Text: "@sim_bot hello", Forward: &telegramsim.Origin{User: r.bob}}, false, "@sim_bot"},
	} {
		id := r.says(t, r.ada, r.room, tc.draft)
		e, p := bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Posted) bool { return e.Message == id })
		words, _ := calls(p.Text, r.Self())
		if e.Addressed != tc.addressed || words != tc.mention {
			t.Errorf("%s: addressed is %v with the mention %q, want %v with %q: %+v", tc.name, e.Addressed, words, tc.addressed, tc.mention, p.Text)
		}
	}
}

func TestAnEditMayMeanTheBot(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	id := r.says(t, r.ada, r.room, telegramsim.Draft{Text: "what is on?"})
	must(t, r.Sim.Edit(r.ada, r.room, number(id), "@sim_bot what is on?"))
	if e, _ := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Edited) bool { return true }); !e.Addressed {
		t.Errorf("the edit is %+v, want it addressed", e)
	}
}

func TestATopicOfTheBotAddressesNobody(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	_, topic, err := r.conn.Open(t.Context(), chat.Open{Key: "k", To: in(r.forum), Title: "A matter", Bare: true})
	must(t, err)
	r.SayIn(t, topic, "said in the topic")
	if e, _ := r.Hears(t, "said in the topic"); e.Addressed || e.Conversation != topic {
		t.Errorf("what is said in the bot's topic is %+v, want it addressed to nobody", e)
	}
}

func TestAnAlbumMayMeanTheBot(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	r.says(t, r.ada, r.room, album("@sim_bot two pictures", 2))
	if e, _ := r.Hears(t, "@sim_bot two pictures"); !e.Addressed {
		t.Errorf("the album is %+v, want it addressed", e)
	}
}
