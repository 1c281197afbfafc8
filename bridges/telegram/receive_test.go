package telegram_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func png() []byte {
	return []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89" +
		"\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00\x00IEND\xaeB`\x82")
}

func TestWhereAndWhoAMessageIsFrom(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	channel := r.AddGroup(telegramsim.Group{Title: "News", Username: "news", Type: telegramsim.Channel, Admins: []int64{r.ada}})
	topic := r.CreateTopic(r.ada, r.forum, "Parcels")
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "private"})
	r.says(t, r.bob, r.room, telegramsim.Draft{Text: "group"})
	r.says(t, r.bob, r.forum, telegramsim.Draft{Text: "general"})
	r.says(t, r.bob, r.forum, telegramsim.Draft{Text: "topic", Thread: topic})
	r.says(t, r.ada, r.room, telegramsim.Draft{Text: "anonymous", Anonymous: true})
	r.says(t, r.ada, channel, telegramsim.Draft{Text: "channel"})
	ada := chat.Author{ID: chat.PersonID(decimal(r.ada)), Name: "Ada Lovelace", Handle: "ada"}
	bob := chat.Author{ID: chat.PersonID(decimal(r.bob)), Name: "Bob", Handle: "bobby"}
	type where struct {
		At     chat.Conversation
		By     chat.Author
		Direct bool
		Topic  string
	}
	for words, want := range map[string]where{
		"private":   {in(r.ada), ada, true, ""},
		"group":     {in(r.room), bob, false, ""},
		"general":   {in(r.forum), bob, false, ""},
		"topic":     {r.topic(topic), bob, false, "Parcels"},
		"anonymous": {in(r.room), chat.Author{ID: chat.PersonID(decimal(r.room)), Name: "Lounge"}, false, ""},
		"channel":   {in(channel), chat.Author{ID: chat.PersonID(decimal(channel)), Name: "News", Handle: "news"}, false, ""},
	} {
		e, p := r.Hears(t, words)
		if diff := cmp.Diff(want, where{e.Conversation, e.Author, e.Direct, e.Topic}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", words, diff)
		}
		if p.ReplyTo != "" || p.Quote != nil || e.Root != "" {
			t.Errorf("%s answers %q, quotes %v and hangs on %q, want nothing", words, p.ReplyTo, p.Quote, e.Root)
		}
	}
}

func TestATopicIsKnownByItsNameAfterARestart(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	topic := r.CreateTopic(r.ada, r.forum, "Parcels")
	r.says(t, r.bob, r.forum, telegramsim.Draft{Text: "one", Thread: topic})
	r.Hears(t, "one")
	must(t, r.Stop())
	r.again(t)
	r.says(t, r.bob, r.forum, telegramsim.Draft{Text: "two", Thread: topic})
	if e, _ := r.Hears(t, "two"); e.Topic != "Parcels" {
		t.Errorf("the topic is %q, want Parcels", e.Topic)
	}
	must(t, r.RenameTopic(r.ada, r.forum, topic, "Letters"))
	r.says(t, r.bob, r.forum, telegramsim.Draft{Text: "three", Thread: topic})
	if e, _ := r.Hears(t, "three"); e.Topic != "Letters" {
		t.Errorf("the topic is %q, want Letters", e.Topic)
	}
}

func TestAReplyNamesAndQuotesWhatItAnswers(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	topic := r.CreateTopic(r.ada, r.forum, "Parcels")
	first := r.says(t, r.ada, r.forum, telegramsim.Draft{Text: "where is my parcel?", Thread: topic})
	r.says(t, r.bob, r.forum, telegramsim.Draft{Text: "on its way", Thread: topic, ReplyTo: number(first)})
	_, p := r.Hears(t, "on its way")
	if p.ReplyTo != first || p.Quote == nil || p.Quote.Name != "Ada Lovelace" || p.Quote.Text.Body != "where is my parcel?" {
		t.Errorf("it answers %q, %+v", p.ReplyTo, p.Quote)
	}
	r.says(t, r.bob, r.forum, telegramsim.Draft{Text: "a small one?", Thread: topic, ReplyTo: number(first), Quote: "parcel"})
	if _, p = r.Hears(t, "a small one?"); p.Quote == nil || p.Quote.Text.Body != "parcel" {
		t.Errorf("it quotes %+v, want parcel", p.Quote)
	}
	r.says(t, r.ada, r.room, telegramsim.Draft{Text: "see there", ReplyTo: number(first), ReplyChat: r.forum, Quote: "parcel"})
	if _, p = r.Hears(t, "see there"); p.ReplyTo != "" || p.Quote == nil || p.Quote.Text.Body != "parcel" {
		t.Errorf("a reply from elsewhere answers %q, %+v", p.ReplyTo, p.Quote)
	}
}

func TestWhatHasNoTextIsTold(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	r.says(t, r.ada, r.ada, telegramsim.Draft{Poll: &telegramsim.Poll{Question: "Tea?", Options: []string{"yes", "no"}}})
	r.Hears(t, "📊 Tea?\n• yes\n• no")
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "old news", Forward: &telegramsim.Origin{Name: "Zoe"}})
	_, p := r.Hears(t, "Forwarded from Zoe\nold news")
	if len(p.Text.Spans) != 1 || p.Text.Spans[0].Kind != text.Italic {
		t.Errorf("forwarded as %+v, want its origin in italics", p.Text)
	}
	r.says(t, r.ada, r.ada, telegramsim.Draft{Sticker: "🎉"})
	_, p = bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Posted) bool { return len(p.Files) == 1 })
	if f := p.Files[0]; !strings.HasPrefix(f.Name, "sticker_") || f.Alt != "🎉" || f.Type != "image/webp" {
		t.Errorf("the sticker is %+v", f)
	}
	r.says(t, r.ada, r.ada, telegramsim.Draft{Voice: []byte("OggS voice")})
	_, p = bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Posted) bool {
		return len(p.Files) == 1 && strings.HasPrefix(p.Files[0].Name, "voice_")
	})
	if p.Files[0].Type != "audio/ogg" {
		t.Errorf("the voice note is %+v", p.Files[0])
	}
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "look", Files: []telegramsim.Upload{{Name: "x.png", Data: png(), Kind: "photo", Spoiler: true}}})
	if _, p = r.Hears(t, "look"); len(p.Files) != 1 || !p.Files[0].Spoiler {
		t.Errorf("the hidden photo is %+v", p.Files)
	}
}

func album(caption string, n int) telegramsim.Draft {
	d := telegramsim.Draft{Text: caption, Album: true}
	for range n {
		d.Files = append(d.Files, telegramsim.Upload{Name: "p.png", Type: "image/png", Data: png(), Kind: "photo"})
	}
	return d
}

func albumID(first chat.MessageID, n int) chat.MessageID {
	var ids []string
	for i := range n {
		ids = append(ids, decimal(number(first)+i))
	}
	return chat.MessageID(strings.Join(ids, ","))
}

func TestAnAlbumIsOneMessage(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	first := r.says(t, r.ada, r.ada, album("three pictures", 3))
	e, p := r.Hears(t, "three pictures")
	if e.Message != albumID(first, 3) || len(p.Files) != 3 {
		t.Errorf("the album is %q with %d files, want %q with 3", e.Message, len(p.Files), albumID(first, 3))
	}
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "the second one", ReplyTo: number(first) + 1})
	if _, p := r.Hears(t, "the second one"); p.ReplyTo != e.Message {
		t.Errorf("a reply to one of its pictures answers %q, want %q", p.ReplyTo, e.Message)
	}
	must(t, r.Stop())
	r.again(t)
	must(t, r.Sim.React(r.ada, r.ada, number(first)+2, "👍"))
	if re, _ := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Reacted) bool { return true }); re.Message != e.Message {
		t.Errorf("a reaction to one of its pictures is on %q, want %q", re.Message, e.Message)
	}
	must(t, r.Sim.Edit(r.ada, r.ada, number(first), "better words"))
	ed, what := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Edited) bool { return true })
	if ed.Message != e.Message || what.Text.Body != "better words" {
		t.Errorf("edited as %q: %q", ed.Message, what.Text.Body)
	}
}

func TestAnAlbumKeepsItsPlace(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "before"})
	r.says(t, r.ada, r.ada, album("pictures", 2))
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "after"})
	r.Hears(t, "after")
	var order []string
	for _, e := range r.Until(t, "all", func(es []chat.Event) bool { return len(es) >= 3 }) {
		order = append(order, e.What.(chat.Posted).Text.Body)
	}
	if want := []string{"before", "pictures", "after"}; !slices.Equal(order, want) {
		t.Errorf("it came as %q, want %q", order, want)
	}
}

func TestAnAlbumOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	r.Refuse(func(b chat.Batch) error {
		if len(b.Events) > 0 {
			return bridgetest.ErrFull
		}
		return nil
	})
	first := r.says(t, r.ada, r.ada, album("pictures", 2))
	r.sees(t, "all taken", func(v *telegramsim.View) bool { return v.Pending() == 0 })
	must(t, r.Stop())
	r.Refuse(nil)
	r.again(t)
	if e, p := r.Hears(t, "pictures"); e.Message != albumID(first, 2) || len(p.Files) != 2 {
		t.Errorf("the album is %q with %d files", e.Message, len(p.Files))
	}
	r.Sim.Redeliver(2)
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "after"})
	r.Hears(t, "after")
	if n := len(r.Until(t, "all", func([]chat.Event) bool { return true })); n != 2 {
		t.Errorf("%d events came, want the album once and what was said behind it", n)
	}
}

func TestReactionsAreDifferences(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	m := r.says(t, r.bob, r.room, telegramsim.Draft{Text: "hi"})
	must(t, r.Sim.React(r.ada, r.room, number(m), "❤"))
	must(t, r.Sim.React(r.ada, r.room, number(m), "👍"))
	must(t, r.Unreact(r.ada, r.room, number(m), "👍"))
	var got []chat.Reacted
	for _, e := range r.Until(t, "reactions", func(es []chat.Event) bool { return len(es) >= 5 }) {
		if x, ok := e.What.(chat.Reacted); ok {
			got = append(got, x)
			if e.Message != m || e.Conversation != in(r.room) || e.Author.Name != "Ada Lovelace" {
				t.Errorf("reacted as %+v", e)
			}
		}
	}
	want := []chat.Reacted{{Emoji: "❤️"}, {Emoji: "❤️", Removed: true}, {Emoji: "👍"}, {Emoji: "👍", Removed: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reactions (-want +got):\n%s", diff)
	}
}

func TestPeopleComeAndGo(t *testing.T) {
	t.Parallel()
	r := prepare(t, telegramsim.Config{})
	r.cfg.ChatMembers = true
	r.again(t)
	zoe := r.AddUser(telegramsim.User{First: "Zoe"})
	must(t, r.Join(zoe, r.room))
	bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Joined) bool { return e.Author.Name == "Zoe" && e.Conversation == in(r.room) })
	must(t, r.Leave(zoe, r.room))
	bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Left) bool { return e.Author.Name == "Zoe" && !e.Direct })
	must(t, r.Block(r.ada))
	bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Left) bool { return e.Author.Name == "Ada Lovelace" && e.Direct })
	must(t, r.Unblock(r.ada))
	bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Joined) bool { return e.Author.Name == "Ada Lovelace" && e.Direct })
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "done"})
	r.Hears(t, "done")
	r.Until(t, "each once", func(es []chat.Event) bool {
		n := 0
		for _, e := range es {
			if name := chat.HappeningName(e.What); name == "joined" || name == "left" {
				n++
			}
		}
		if n != 4 {
			t.Errorf("people came and went %d times, want 4", n)
		}
		return true
	})
}

func TestAPinIsTold(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	m := r.says(t, r.bob, r.room, telegramsim.Draft{Text: "important"})
	must(t, r.Sim.Pin(r.ada, r.room, number(m)))
	e, p := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Pinned) bool { return true })
	if e.Message != m || e.Author.Name != "Ada Lovelace" || p.Removed {
		t.Errorf("pinned as %+v", e)
	}
}

func TestDeleteIsForAuthorsAndAdministrators(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	m := r.says(t, r.ada, r.room, telegramsim.Draft{Text: "a secret"})
	c := r.says(t, r.bob, r.room, telegramsim.Draft{Text: "/delete", ReplyTo: number(m)})
	r.sees(t, "the refusal", func(v *telegramsim.View) bool {
		all := v.Messages(r.room)
		last := all[len(all)-1]
		return last.ReplyTo == number(c) && strings.Contains(last.Text, "administrator")
	})
	own := r.says(t, r.bob, r.room, telegramsim.Draft{Text: "my own"})
	r.says(t, r.bob, r.room, telegramsim.Draft{Text: "/delete@SIM_bot", ReplyTo: number(own)})
	bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Deleted) bool { return e.Message == own })
	other := r.says(t, r.bob, r.room, telegramsim.Draft{Text: "rude"})
	command := r.says(t, r.ada, r.room, telegramsim.Draft{Text: "/delete", ReplyTo: number(other)})
	e, _ := bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Deleted) bool { return e.Message == other })
	if e.Author.Name != "Ada Lovelace" {
		t.Errorf("deleted by %+v, want Ada", e.Author)
	}
	r.sees(t, "both vanish", func(v *telegramsim.View) bool {
		a, _ := v.Message(r.room, number(other))
		b, _ := v.Message(r.room, number(command))
		return a.Deleted && b.Deleted
	})
	r.Until(t, "no more", func(es []chat.Event) bool {
		for _, e := range es {
			if _, ok := e.What.(chat.Deleted); ok && e.Message == m {
				t.Error("Bob had Ada's message deleted")
			}
		}
		return true
	})
}

func TestABusinessAccountsChatsAreItsOwn(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	connection := r.Connect(r.bob)
	zoe := r.AddUser(telegramsim.User{First: "Zoe"})
	id := r.BusinessSay(zoe, r.bob, telegramsim.Draft{Text: "are you open?"})
	e, _ := r.Hears(t, "are you open?")
	if want := chat.ConversationID("biz:" + connection + ":" + decimal(zoe)); e.Conversation.ID != want || !e.Direct || e.Author.Self || e.Author.Name != "Zoe" {
		t.Errorf("it came as %+v, want from Zoe in %s", e, want)
	}
	m := r.posts(t, chat.Post{To: e.Conversation, Text: text.Plain("until six"), ReplyTo: e.Message})
	all := r.BusinessMessages(connection, zoe)
	if last := all[len(all)-1]; last.Text != "until six" || last.ReplyTo != id {
		t.Errorf("the answer is %+v", last)
	}
	if r.BusinessReply(r.bob, zoe, telegramsim.Draft{Text: "or seven"}) == 0 {
		t.Fatal("Bob could not write")
	}
	if e, _ := r.Hears(t, "or seven"); !e.Author.Self {
		t.Errorf("what the account itself wrote is %+v, want Self", e.Author)
	}
	must(t, r.Sim.Delete(zoe, r.bob, id))
	if d, _ := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Deleted) bool { return true }); d.Message != e.Message || d.Conversation != e.Conversation {
		t.Errorf("deleted as %+v, want %q", d, e.Message)
	}
	_, err := chat.Do(t.Context(), r.conn, chat.Edit{To: e.Conversation, Messages: []chat.MessageID{m}, Text: text.Plain("until eight")})
	must(t, err)
	if _, err := chat.Do(t.Context(), r.conn, chat.React{To: e.Conversation, Message: e.Message, Emoji: "👍"}); !chat.IsUnsupported(err) {
		t.Errorf("react = %v, want unsupported", err)
	}
}

func TestAFileThatIsTooLargeIsSaidToBe(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{MaxDownload: 1 << 20})
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "big", Files: []telegramsim.Upload{{Name: "b.bin", Data: make([]byte, 2<<20), Kind: "document"}}})
	_, p := r.Hears(t, "big")
	_, err := chat.Fetch(t.Context(), r.conn, p.Files[0])
	if chat.KindOf(err) != chat.Refused || chat.Reason(err) != "Telegram gives bots files up to 20 MB" {
		t.Errorf("fetch = %v", err)
	}
	p.Files[0].Size = 21 << 20
	before := len(r.Requests())
	if _, err := chat.Fetch(t.Context(), r.conn, p.Files[0]); chat.KindOf(err) != chat.Refused || len(r.Calls("getFile")) != 1 {
		t.Errorf("fetch = %v after %d calls, want Refused without asking", err, len(r.Requests())-before)
	}
	p.Files[0].Source, p.Files[0].Size = "no-such-file", 0
	if _, err := chat.Fetch(t.Context(), r.conn, p.Files[0]); chat.KindOf(err) != chat.Gone {
		t.Errorf("fetch of nothing = %v, want Gone", err)
	}
}
