package slack_test

import (
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestPinsComeInAndGoOut(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	m := r.says(t, r.room, slacksim.Draft{Text: "keep this"})
	must(t, r.Sim.Pin(r.ada, r.room, string(m)))
	e, _ := bridgetest.Happens(t, r.Sink, func(_ chat.Event, h chat.Pinned) bool { return !h.Removed })
	if e.Message != m || e.Conversation != r.place() || e.Author.ID != r.Person() || e.At.IsZero() {
		t.Errorf("the pin is %+v, want Ada's on %v", e, m)
	}
	must(t, r.Unpin(r.ada, r.room, string(m)))
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, h chat.Pinned) bool { return h.Removed })

	pin := chat.Pin{To: r.place(), Message: m}
	for _, remove := range []bool{false, true} {
		pin.Remove = remove
		for range 2 { // done already is done
			if _, err := chat.Do(t.Context(), r.conn, pin); err != nil {
				t.Errorf("pin with remove %v = %v", remove, err)
			}
		}
		if held, _ := r.Message(r.room, string(m)); held.Pinned == remove {
			t.Errorf("after a pin with remove %v pinned is %v", remove, held.Pinned)
		}
	}
	bridgetest.Happens(t, r.Sink, func(e chat.Event, h chat.Pinned) bool { return h.Removed && e.Author.Self })
	pin.Message = "1.000001"
	if _, err := chat.Do(t.Context(), r.conn, pin); chat.KindOf(err) != chat.Gone {
		t.Errorf("pinning what is not there = %v, want Gone", err)
	}
}

func TestAThreadHangsOnItsRoot(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	root := r.says(t, r.room, slacksim.Draft{Text: "root"})
	open := chat.Open{Key: "k-1", To: r.place(), Title: "Plans", Bare: true, Root: root}
	for range 2 { // the second time it is there already
		receipt, err := chat.Do(t.Context(), r.conn, open)
		if err != nil || len(receipt.Messages) != 0 || receipt.Conversation.Thread != chat.ThreadID(root) {
			t.Fatalf("open = %+v, %v; want the root's thread, and nothing written", receipt, err)
		}
	}
	r.says(t, r.room, slacksim.Draft{Text: "reply", Thread: string(root), Broadcast: true})
	e := r.hears(t, "reply")
	if e.Root != root || e.Conversation.Thread != chat.ThreadID(root) || e.Topic != "" {
		t.Errorf("the reply is in %v, hangs on %q and is called %q", e.Conversation, e.Root, e.Topic)
	}
	if e := r.hears(t, "root"); e.Root != "" {
		t.Errorf("the root hangs on %q, want nothing", e.Root)
	}
	// A reply is no root: the thread that it is in is meant.
	open.Root = e.Message
	receipt, err := chat.Do(t.Context(), r.conn, open)
	if err != nil || receipt.Conversation.Thread != chat.ThreadID(root) {
		t.Errorf("a thread on a reply = %v, %v; want the thread of its root", receipt.Conversation, err)
	}
	// One that was deleted leaves a tombstone, on which nobody can answer.
	must(t, r.Sim.Delete(r.ada, r.room, string(root)))
	open.Root = root
	receipt, err = chat.Do(t.Context(), r.conn, open)
	if err != nil || len(receipt.Messages) != 1 {
		t.Fatalf("a thread on what was deleted = %+v, %v; want one with a message of its own", receipt, err)
	}
	if m, _ := r.Message(r.room, string(receipt.Messages[0])); m.Text != "🧵 Plans" {
		t.Errorf("it begins with %q, want its title", m.Text)
	}
}

func TestABareThreadIsReadBackAfterAPause(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	root := r.says(t, r.room, slacksim.Draft{Text: "an old root"})
	r.hears(t, "an old root")
	_, err := chat.Do(t.Context(), r.conn, chat.Open{To: r.place(), Bare: true, Root: root})
	must(t, err)
	must(t, r.Stop())
	r.says(t, r.room, slacksim.Draft{Text: "while away", Thread: string(root)})
	r.again(t)
	if e := r.hears(t, "while away"); e.Root != root {
		t.Errorf("what was missed hangs on %q, want %q", e.Root, root)
	}
}

func TestABareThreadWithoutRootBeginsWithItsTitle(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	for title, want := range map[string]string{"<!channel> *Plans*\nfor & May": "🧵 &lt;!channel&gt; *Plans* for &amp; May", " ": "🧵 Thread"} {
		receipt, err := chat.Do(t.Context(), r.conn, chat.Open{To: r.place(), Title: title, Bare: true})
		if err != nil || receipt.Conversation.Thread != chat.ThreadID(receipt.Messages[0]) {
			t.Fatalf("open = %+v, %v", receipt, err)
		}
		if m, _ := r.Message(r.room, string(receipt.Messages[0])); m.Text != want || len(pings(m)) > 0 {
			t.Errorf("the thread begins with %q, want %q", m.Text, want)
		}
	}
}

func TestWhoComesAndGoes(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	bob := r.AddUser(slacksim.User{Name: "bob", RealName: "Bob"})
	must(t, r.Join(bob, r.room, r.ada))
	bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Joined) bool { return e.Author.Name == "Bob" })
	must(t, r.Leave(bob, r.room))
	bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Left) bool { return e.Author.ID == chat.PersonID(bob) })
	other := r.AddChannel(slacksim.Channel{Name: "other", Members: []string{r.ada}, NoBot: true})
	must(t, r.AddBot(other))
	r.says(t, other, slacksim.Draft{Text: "welcome"})
	r.hears(t, "welcome")
	r.sees(t, func(v *slacksim.View) bool { return v.Mail().Waiting == 0 })
	must(t, r.Stop())
	cat := r.AddUser(slacksim.User{Name: "cat", RealName: "Cat"})
	must(t, r.Join(cat, r.room, ""))
	r.again(t)
	bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Joined) bool { return e.Author.Name == "Cat" })
	r.Say(t, "and now")
	r.hears(t, "and now")
	events := r.Events()
	joined := map[chat.PersonID]int{}
	for _, e := range events {
		if _, is := e.What.(chat.Joined); is {
			joined[e.Author.ID]++
		}
	}
	if len(joined) != 2 || joined[chat.PersonID(bob)] != 1 || joined[chat.PersonID(cat)] != 1 {
		t.Errorf("%v joined, want Bob and Cat once each and not the bot", joined)
	}
}

func TestAFileKeepsItsAuthorsNameWhenItsWordsChange(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	as := &chat.Persona{Name: "Grace"}
	quote := &chat.Quote{Name: "Ada", Text: plainText("where is it?")}
	m := r.posts(t, chat.Post{
		Key: "k-1", To: r.place(), Text: plainText("look"), As: as, Quote: quote,
		Files: []chat.File{{Name: "a.png", Spoiler: true, Content: content("first")}, {Name: "b.png", Content: content("second")}},
	})
	if want := "*Grace*:\n&gt; *Ada*: where is it?\nlook"; m.Text != want {
		t.Errorf("it says %q, want %q", m.Text, want)
	}
	if m.Files[0].Name != "SPOILER_a.png" || m.Files[1].Name != "b.png" {
		t.Errorf("the files are %q and %q", m.Files[0].Name, m.Files[1].Name)
	}
	edit := chat.Edit{To: r.place(), Messages: []chat.MessageID{chat.MessageID(m.TS)}, Text: plainText("look <!here>"), As: as}
	_, err := chat.Do(t.Context(), r.conn, edit)
	must(t, err)
	if m, _ = r.Message(r.room, m.TS); m.Text != "*Grace*: look &lt;!here&gt;" || len(m.Files) != 2 || len(pings(m)) > 0 {
		t.Errorf("after the edit it is %+v", m)
	}
	edit.Messages = []chat.MessageID{"1.000001"}
	if _, err := chat.Do(t.Context(), r.conn, edit); chat.KindOf(err) != chat.Gone {
		t.Errorf("an edit of what is not there = %v, want Gone", err)
	}
}

func TestAPersonasPostIsEditedAndDeleted(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	as := &chat.Persona{Name: "Grace"}
	m := r.posts(t, chat.Post{Key: "k-1", To: r.place(), Text: plainText("frist"), As: as})
	at := []chat.MessageID{chat.MessageID(m.TS)}
	_, err := chat.Do(t.Context(), r.conn, chat.Edit{To: r.place(), Messages: at, Text: plainText("first"), As: as})
	must(t, err)
	if m, _ = r.Message(r.room, m.TS); m.Text != "first" || m.Username != "Grace" {
		t.Errorf("it says %q by %q", m.Text, m.Username)
	}
	_, err = chat.Do(t.Context(), r.conn, chat.Delete{To: r.place(), Messages: at})
	must(t, err)
	if m, _ = r.Message(r.room, m.TS); !m.Deleted {
		t.Error("it is still there")
	}
}

func TestAQuoteIsABlockOfItsOwn(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	m := r.posts(t, chat.Post{
		To: r.place(), Text: plainText("yes"), ReplyTo: "ignored", Quote: &chat.Quote{Name: "Ada <!channel>", Text: plainText("shall we?")},
	})
	if want := "&gt; *Ada ‹!channel›*: shall we?\nyes"; m.Text != want {
		t.Errorf("it says %q, want %q", m.Text, want)
	}
	if !strings.Contains(string(m.Blocks), "rich_text_quote") {
		t.Errorf("its blocks are %s, want a quote among them", m.Blocks)
	}
}

func TestABotIsTheSameUnderAnyName(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	ci := r.AddUser(slacksim.User{Name: "ci", RealName: "CI", Bot: true})
	m := r.Sim.Say(ci, r.room, slacksim.Draft{Text: "plainly"})
	r.Sim.Say(ci, r.room, slacksim.Draft{Text: "dressed up", Username: "Builder", Files: []slacksim.Upload{{Name: "log.txt", Data: []byte("log")}}})
	must(t, r.Sim.React(ci, r.room, m, "tada"))
	plain, dressed := r.hears(t, "plainly"), r.hears(t, "dressed up")
	reacted, _ := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Reacted) bool { return true })
	for _, e := range []chat.Event{plain, dressed, reacted} {
		if e.Author.ID != chat.PersonID("B"+ci[1:]) || !e.Author.Bot || e.Author.Self {
			t.Errorf("the author is %+v, want the bot under its own ID", e.Author)
		}
	}
	if plain.Author.Name != "CI" || dressed.Author.Name != "Builder" {
		t.Errorf("the names are %q and %q", plain.Author.Name, dressed.Author.Name)
	}
	if p, ok := dressed.What.(chat.Posted); !ok || len(p.Files) != 1 {
		t.Errorf("the bot's message is %+v, want one file with it", dressed.What)
	}
}

func TestWhatIsPassedOnIsQuoted(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	old := r.says(t, r.room, slacksim.Draft{Text: "the *news*"})
	r.says(t, r.room, slacksim.Draft{Text: "see", Share: string(old)})
	e := r.hears(t, "see\nAda Lovelace: the news")
	p, ok := e.What.(chat.Posted)
	if !ok || len(p.Text.Spans) == 0 || p.Text.Spans[0].Kind != text.Quote {
		t.Errorf("it reads %+v, want a quote in it", e.What)
	}
	r.says(t, r.room, slacksim.Draft{Share: string(old)})
	r.hears(t, "Ada Lovelace: the news")
}

func TestTheWorkspacesOwnEmoji(t *testing.T) {
	t.Parallel()
	s := newStage(t, slacksim.Config{})
	s.AddEmoji("partyparrot", "https://emoji.example/partyparrot.gif")
	s.AddEmoji("partybird", "alias:partyparrot")
	s.AddEmoji("partyloop", "alias:partyloop")
	r := &run{stage: s, Sink: &bridgetest.Sink{}}
	r.cfg, r.deps = s.config(), depsOf()
	r.again(t)
	r.sees(t, func(v *slacksim.View) bool { return len(v.Calls("emoji.list")) == 1 })
	nearest := func(emoji string) string {
		shown, _ := r.conn.Traits().Emoji(emoji)
		return shown
	}
	slack.LearnEmoji(t.Context(), r.conn, nil)
	for emoji, want := range map[string]string{
		"👍": "👍", "👍🏽": "👍🏽", ":+1:": "👍", "❤": "❤️", ":partyparrot:": ":partyparrot:", ":partybird:": ":partybird:", ":partyloop:": ":partyloop:",
		":unknown:": "", "👨🏿‍👩🏻‍👦🏽": "👨‍👩‍👦", "not an emoji": "",
	} {
		if got := nearest(emoji); got != want {
			t.Errorf("the nearest to %q is %q, want %q", emoji, got, want)
		}
	}
	r.says(t, r.room, slacksim.Draft{Text: "a :partybird: here"})
	e := r.hears(t, "a :partybird: here")
	p, ok := e.What.(chat.Posted)
	if !ok || len(p.Text.Spans) != 1 || p.Text.Spans[0].Kind != text.Emoji || p.Text.Spans[0].Attr != "https://emoji.example/partyparrot.gif" {
		t.Errorf("it reads %+v, want an emoji with its picture", e.What)
	}
	m := r.says(t, r.room, slacksim.Draft{Text: "react"})
	must(t, r.conn.React(t.Context(), chat.React{To: r.place(), Message: m, Emoji: ":partyparrot:"}))
	if held, _ := r.Message(r.room, string(m)); len(held.Reactions) != 1 || held.Reactions[0].Name != "partyparrot" {
		t.Errorf("the reactions are %+v, want the partyparrot", held.Reactions)
	}
}

func TestEmojiComeAndGo(t *testing.T) {
	t.Parallel()
	c := alone(t)
	tell := func(event string) {
		t.Helper()
		must(t, slack.Take(t.Context(), c, &bridgetest.Sink{}, "events_api", []byte(`{"type":"event_callback","event":`+event+`}`)))
	}
	knows := func(name string, want bool) {
		t.Helper()
		if _, ok := c.Traits().Emoji(":" + name + ":"); ok != want {
			t.Errorf("knows %s is %v, want %v", name, ok, want)
		}
	}
	tell(`{"type":"emoji_changed","subtype":"add","name":"early","value":"https://e.example/1.png"}`)
	knows("early", false) // all of them are asked for first
	slack.LearnEmoji(t.Context(), c, map[string]string{"old": "https://e.example/0.png"})
	tell(`{"type":"emoji_changed","subtype":"add","name":"partyparrot","value":"https://e.example/1.png"}`)
	knows("partyparrot", true)
	tell(`{"type":"emoji_changed","subtype":"rename","old_name":"partyparrot","new_name":"partybird","value":"https://e.example/1.png"}`)
	knows("partyparrot", false)
	knows("partybird", true)
	tell(`{"type":"emoji_changed","subtype":"remove","names":["old","partybird"]}`)
	knows("partybird", false)
	knows("old", false)
}

func TestTheBotOfAWebhookIsAskedForItsName(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	ci := r.AddUser(slacksim.User{Name: "ci", RealName: "CI", Bot: true})
	must(t, slack.Take(t.Context(), r.conn, r.Sink, "events_api", []byte(`{"type":"event_callback","event":{"type":"message","subtype":"bot_message","channel":"`+
		r.room+`","bot_id":"B`+ci[1:]+`","text":"built","ts":"1700000000.000001"}}`)))
	if e := r.hears(t, "built"); e.Author.Name != "CI" || !e.Author.Bot {
		t.Errorf("the author is %+v, want the bot by its name", e.Author)
	}
}
