package telegram_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// bytesOf is a file's content in memory.
type bytesOf []byte

func (b bytesOf) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b)), nil
}

func file(name, mime string, data []byte) chat.File {
	return chat.File{Name: name, Type: mime, Size: int64(len(data)), Content: bytesOf(data)}
}

func styled() text.Text {
	var b text.Builder
	b.Write("👩‍👩‍👧 ")
	b.Span(text.Bold, text.Attrs{}, func() {
		b.Write("bold ")
		b.Span(text.Italic, text.Attrs{}, func() { b.Write("both") })
	})
	b.Write(" ")
	b.Span(text.Link, text.Attrs{Attr: "https://example.com/[x]"}, func() { b.Write("a [link]") })
	b.Write(" ")
	b.Span(text.Spoiler, text.Attrs{}, func() { b.Write("hidden") })
	b.Write("\n")
	b.Span(text.Pre, text.Attrs{Attr: "go"}, func() { b.Write("x := `@ada`\n```") })
	b.Write("\n")
	b.Span(text.Quote, text.Attrs{}, func() { b.Write("quoted") })
	return b.Text()
}

func TestFormattingGoesOutAndComesBack(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	m := r.message(t, r.ada, r.posts(t, chat.Post{To: r.Talk(), Text: styled()}))
	if m.Text != styled().Body || !m.NoPreview {
		t.Errorf("Telegram holds %q, want %q without a preview", m.Text, styled().Body)
	}
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: m.Text, Entities: m.Entities})
	_, p := r.Hears(t, styled().Body)
	if diff := cmp.Diff(styled(), p.Text); diff != "" {
		t.Errorf("it came back otherwise (-want +got):\n%s", diff)
	}
}

func TestRelayedTextHasNoPower(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	var b text.Builder
	b.Write("@ada /start @bobby, (@ada) é@ada https://example.com/@ada/x https://@ada\n/ban@bobby /usr/bin a@b.example ")
	b.Span(text.Link, text.Attrs{Attr: "tg://user?id=" + decimal(r.ada)}, func() { b.Write("me") })
	b.Span(text.Mention, text.Attrs{ID: decimal(r.ada), Name: "@ada"}, func() { b.Write("@ada") })
	hostile := b.Text()
	card := chat.Card{Title: "@ada", Body: "/start", Facts: []chat.Fact{{Name: "@bobby", Value: "@ada"}}, Footer: "@ada"}
	ids := []chat.MessageID{
		r.posts(t, chat.Post{To: in(r.room), Text: hostile}),
		r.posts(t, chat.Post{To: in(r.room), Card: &card}),
		r.posts(t, chat.Post{To: in(r.room), Text: hostile, Files: []chat.File{file("@ada.png", "image/png", png())}}),
		r.posts(t, chat.Post{To: in(r.room), Text: text.Plain("harmless")}),
	}
	_, err := chat.Do(t.Context(), r.conn, chat.Edit{To: in(r.room), Messages: ids[3:], Text: hostile})
	must(t, err)
	for _, id := range ids {
		m := r.message(t, r.room, id)
		if len(m.Pings) > 0 {
			t.Errorf("%q notifies %v", m.Text+m.Caption, m.Pings)
		}
		for _, e := range m.Entities {
			if slices.Contains([]string{"mention", "text_mention", "bot_command"}, e.Type) {
				t.Errorf("%q has a %s at %d", m.Text+m.Caption, e.Type, e.Offset)
			}
		}
	}
	if m := r.message(t, r.room, ids[0]); !strings.Contains(m.Text, "https://example.com/@ada/x") || !strings.Contains(m.Text, "/usr/bin a@b.example") {
		t.Errorf("addresses and paths are damaged: %q", m.Text)
	}
}

func TestAReplyIsOne(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	topic := r.topic(r.CreateTopic(r.ada, r.forum, "T"))
	first := r.posts(t, chat.Post{To: topic, Text: text.Plain("one")})
	m := r.message(t, r.forum, r.posts(t, chat.Post{To: topic, Text: text.Plain("two"), ReplyTo: first, Quote: &chat.Quote{Text: text.Plain("one")}}))
	if m.ReplyTo != number(first) || m.Text != "two" || m.Thread != number(chat.MessageID(topic.Thread)) {
		t.Errorf("the reply is %+v", m)
	}
	if m := r.message(t, r.forum, r.posts(t, chat.Post{To: topic, Text: text.Plain("three"), ReplyTo: "9999"})); m.Text != "three" {
		t.Errorf("a reply to nothing is %+v", m)
	}
	general := in(r.forum)
	general.Thread = "1"
	if m := r.message(t, r.forum, r.posts(t, chat.Post{To: general, Text: text.Plain("general")})); m.Text != "general" {
		t.Errorf("in the General topic stands %+v", m)
	}
}

func TestFilesGoOutInTheirForms(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	for _, tc := range []struct {
		name, mime, want string
		size             int
	}{
		{"a.png", "image/png", "photo", 100},
		{"big.jpg", "image/jpeg", "document", 11 << 20},
		{"a.svg", "image/svg+xml", "document", 100},
		{"a.gif", "image/gif", "animation", 100},
		{"a.mp4", "video/mp4", "video", 100},
		{"a.mov", "video/quicktime", "document", 100},
		{"a.mp3", "audio/mpeg", "audio", 100},
		{"a.ogg", "audio/ogg; codecs=opus", "voice", 100},
		{"a.pdf", "application/pdf", "document", 100},
		{"a.txt", "", "document", 1},
	} {
		data := append(png(), make([]byte, tc.size)...)
		f := file(tc.name, tc.mime, data)
		f.Spoiler = true
		m := r.message(t, r.ada, r.posts(t, chat.Post{To: r.Talk(), Text: text.Plain("see *" + tc.name), Files: []chat.File{f}}))
		if m.Kind != tc.want || m.Caption != "see *"+tc.name || !bytes.Equal(m.Files[0].Data, data) {
			t.Errorf("%s went as %q with caption %q and %d bytes, want %q", tc.name, m.Kind, m.Caption, m.Files[0].Size, tc.want)
		}
		if hides := slices.Contains([]string{"photo", "video", "animation"}, tc.want); m.Files[0].Spoiler != hides {
			t.Errorf("%s is hidden: %v, want %v", tc.name, m.Files[0].Spoiler, hides)
		}
	}
}

func TestAPictureThatIsNoneGoesAsADocument(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	r.Sim.Fail("sendPhoto", telegramsim.Fault{Times: 1, Error: "Bad Request: PHOTO_INVALID_DIMENSIONS"})
	m := r.message(t, r.ada, r.posts(t, chat.Post{To: r.Talk(), Files: []chat.File{file("a.png", "image/png", png())}}))
	if m.Kind != "document" {
		t.Errorf("it went as %q, want document", m.Kind)
	}
}

func TestAlbumsAreOneMessage(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	photo, video, pdf := file("a.png", "image/png", png()), file("b.mp4", "video/mp4", []byte("mp4")), file("c.pdf", "application/pdf", []byte("%PDF"))
	for _, tc := range []struct {
		files []chat.File
		kinds []string
	}{
		{[]chat.File{photo, video}, []string{"photo", "video"}},
		{[]chat.File{photo, pdf}, []string{"document", "document"}},
	} {
		id := r.posts(t, chat.Post{To: r.Talk(), Text: text.Plain("all of them"), Files: tc.files})
		first, second, _ := strings.Cut(string(id), ",")
		a, b := r.message(t, r.ada, chat.MessageID(first)), r.message(t, r.ada, chat.MessageID(second))
		if a.Album == "" || a.Album != b.Album || !slices.Equal([]string{a.Kind, b.Kind}, tc.kinds) || a.Caption+b.Caption != "all of them" {
			t.Errorf("%q is %+v and %+v, want an album of %v", id, a, b, tc.kinds)
		}
		r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "re " + second, ReplyTo: number(chat.MessageID(second))})
		if _, p := r.Hears(t, "re "+second); p.ReplyTo != id {
			t.Errorf("a reply to the second answers %q, want %q", p.ReplyTo, id)
		}
		_, err := chat.Do(t.Context(), r.conn, chat.Edit{To: r.Talk(), Messages: []chat.MessageID{id}, Text: text.Plain("changed")})
		must(t, err)
		if a := r.message(t, r.ada, chat.MessageID(first)); a.Caption != "changed" {
			t.Errorf("its caption is %q, want changed", a.Caption)
		}
		_, err = chat.Do(t.Context(), r.conn, chat.Delete{To: r.Talk(), Messages: []chat.MessageID{id}})
		must(t, err)
		if !r.message(t, r.ada, chat.MessageID(first)).Deleted || !r.message(t, r.ada, chat.MessageID(second)).Deleted {
			t.Error("a part of the album is left")
		}
	}
}

func TestLongTextGoesBehindFiles(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	long := strings.Repeat("word ", 300) + "end"
	p := chat.Post{Key: "k-1", To: r.Talk(), Text: text.Plain(long), Files: []chat.File{file("a.png", "image/png", png())}}
	r.Sim.Fail("sendMessage", telegramsim.Fault{Times: 1, Throttle: time.Second})
	if _, err := r.conn.Post(t.Context(), p); chat.KindOf(err) != chat.Throttled {
		t.Fatalf("post = %v, want Throttled", err)
	}
	id := r.posts(t, p)
	photo, words, ok := strings.Cut(string(id), "+")
	if n := len(r.Calls("sendPhoto")); n != 1 || !ok {
		t.Fatalf("%q after %d uploads, want one and both messages", id, n)
	}
	if m := r.message(t, r.ada, chat.MessageID(words)); m.Text != long {
		t.Errorf("behind the photo stands %q", m.Text)
	}
	_, err := chat.Do(t.Context(), r.conn, chat.Edit{To: r.Talk(), Messages: []chat.MessageID{id}, Text: text.Plain("short")})
	must(t, err)
	if m := r.message(t, r.ada, chat.MessageID(words)); m.Text != "short" {
		t.Errorf("the text reads %q, want short", m.Text)
	}
	must(t, r.Sim.React(r.ada, r.ada, number(chat.MessageID(photo)), "👍"))
	if e, _ := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Reacted) bool { return true }); e.Message != id {
		t.Errorf("reacted to %q, want %q", e.Message, id)
	}
}

func TestACaptionIsEditedAndHasItsLimit(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	id := r.posts(t, chat.Post{To: r.Talk(), Text: text.Plain("one"), Files: []chat.File{file("a.png", "image/png", png())}})
	change := func(words string) error {
		_, err := chat.Do(t.Context(), r.conn, chat.Edit{To: r.Talk(), Messages: []chat.MessageID{id}, Text: text.Plain(words)})
		return err
	}
	must(t, change("two"))
	must(t, change("two"))
	if m := r.message(t, r.ada, id); m.Caption != "two" {
		t.Errorf("the caption is %q, want two", m.Caption)
	}
	if err := change(strings.Repeat("x", 1025)); chat.KindOf(err) != chat.Refused {
		t.Errorf("a caption of 1,025 characters = %v, want Refused", err)
	}
}

func TestFilesThatCantGoAreRefusedWithAReason(t *testing.T) {
	t.Parallel()
	r := prepare(t, telegramsim.Config{})
	r.cfg.MaxUpload = 1 << 20
	r.again(t)
	unsized := file("u.bin", "", make([]byte, 2<<20))
	unsized.Size = 0
	for want, f := range map[string]chat.File{
		`"big.bin" is larger than the 1 MB that Telegram takes`: file("big.bin", "", make([]byte, 1<<20+1)),
		`"u.bin" is larger than the 1 MB that Telegram takes`:   unsized,
		`Telegram takes no empty file, and "none.txt" is one`:   file("none.txt", "", nil),
		`the bytes of "lost.txt" are not there any more`:        {Name: "lost.txt", Size: 5},
	} {
		_, err := r.conn.Post(t.Context(), chat.Post{To: r.Talk(), Files: []chat.File{f}})
		if chat.KindOf(err) != chat.Refused || chat.Reason(err) != want {
			t.Errorf("post %s = %v, want %q", f.Name, err, want)
		}
	}
	exact := file("exact.bin", "", make([]byte, 1<<20))
	r.posts(t, chat.Post{To: r.Talk(), Files: []chat.File{exact}})
}

func TestABotHasOneReaction(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	m := r.says(t, r.bob, r.room, telegramsim.Draft{Text: "hi"})
	react := func(emoji string, remove bool, want string) {
		t.Helper()
		_, err := chat.Do(t.Context(), r.conn, chat.React{To: in(r.room), Message: m, Emoji: emoji, Remove: remove})
		must(t, err)
		var got string
		for _, x := range r.message(t, r.room, m).Reactions {
			got += x.Emoji
		}
		if got != want {
			t.Errorf("after %s (remove %v) the message has %q, want %q", emoji, remove, got, want)
		}
	}
	react("⏳", false, "✍")
	react("⏳", true, "")
	react("✅", false, "👌")
	react("👁", false, "👀")
	react("✅", true, "👀")
	react("👁️", true, "")
	if _, err := chat.Do(t.Context(), r.conn, chat.React{To: in(r.room), Message: m, Emoji: ":party:"}); chat.KindOf(err) != chat.Refused {
		t.Errorf("an emoji like none = %v, want Refused", err)
	}
}

func TestPinsAreSetAndTakenOff(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	m := r.posts(t, chat.Post{To: in(r.room), Text: text.Plain("rules")})
	for _, remove := range []bool{false, false, true, true} {
		_, err := chat.Do(t.Context(), r.conn, chat.Pin{To: in(r.room), Message: m, Remove: remove})
		must(t, err)
		if got := r.message(t, r.room, m).Pinned; got == remove {
			t.Errorf("pinned is %v after remove %v", got, remove)
		}
	}
}

func TestWhatTelegramSaysHasAKindAndAReason(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	for _, tc := range []struct {
		code   int
		said   string
		kind   chat.Kind
		reason string
	}{
		{403, "Forbidden: bot was blocked by the user", chat.Refused, "this person blocked the bot"},
		{403, "Forbidden: user is deactivated", chat.Gone, "this person's account does not exist any more"},
		{403, "Forbidden: bot was kicked from the supergroup chat", chat.Refused, "the bot was removed from this chat; add it again"},
		{403, "Forbidden: bot can't initiate conversation with a user", chat.Refused, "this person has not written to the bot yet; they must press Start first"},
		{400, "Bad Request: chat not found", chat.Gone, "the chat does not exist, or the bot was never in it"},
		{400, "Bad Request: message thread not found", chat.Gone, "the topic does not exist any more"},
		{400, "Bad Request: TOPIC_DELETED", chat.Gone, "the topic does not exist any more"},
		{400, "Bad Request: not enough rights to send text messages to the chat", chat.Refused, "the bot lacks a right here; make it an administrator"},
		{400, "Bad Request: something nobody has heard of", chat.Refused, "Telegram says: something nobody has heard of"},
		{404, "Not Found: method not found", chat.Refused, "the Bot API server is too old for that"},
		{500, "Internal Server Error", chat.Uncertain, "the platform did not answer, so it may or may not have arrived"},
		{409, "Conflict: terminated by other getUpdates request", chat.Transient, "another program reads this bot's messages with the same token; stop it, or make a bot for each"},
	} {
		r.Sim.Fail("sendMessage", telegramsim.Fault{Times: 1, Status: tc.code, Error: tc.said})
		_, err := r.conn.Post(t.Context(), chat.Post{To: r.Talk(), Text: text.Plain("x")})
		if chat.KindOf(err) != tc.kind || chat.Reason(err) != tc.reason {
			t.Errorf("%q = %v: %q, want %v: %q", tc.said, chat.KindOf(err), chat.Reason(err), tc.kind, tc.reason)
		}
	}
	r.Sim.Fail("sendMessage", telegramsim.Fault{Times: 1, HTML: true, Status: 502})
	if _, err := r.conn.Post(t.Context(), chat.Post{To: r.Talk(), Text: text.Plain("x")}); chat.KindOf(err) != chat.Uncertain {
		t.Errorf("a proxy's page = %v, want Uncertain", err)
	}
	r.Sim.Fail("sendPhoto", telegramsim.Fault{Times: 1, Throttle: 9 * time.Second})
	_, err := r.conn.Post(t.Context(), chat.Post{To: r.Talk(), Files: []chat.File{file("a.png", "image/png", png())}})
	if chat.KindOf(err) != chat.Throttled {
		t.Errorf("a throttled upload = %v, want Throttled", err)
	}
	for _, id := range []chat.ConversationID{"lounge", "biz:x", "biz::5", "0"} {
		to := chat.Conversation{Account: account, ID: id}
		if _, err := r.conn.Post(t.Context(), chat.Post{To: to, Text: text.Plain("x")}); chat.KindOf(err) != chat.Refused {
			t.Errorf("post to %q = %v, want Refused", id, err)
		}
	}
	if _, err := r.conn.Post(t.Context(), chat.Post{To: r.Talk(), Text: text.Plain(" \n ")}); chat.KindOf(err) != chat.Refused {
		t.Errorf("nothing to say = %v, want Refused", err)
	}
}

func TestFormattingThatTelegramCantReadGoesWithoutIt(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	r.Sim.Fail("sendMessage", telegramsim.Fault{Times: 1, Error: "Bad Request: can't parse entities: too strange"})
	if m := r.message(t, r.ada, r.posts(t, chat.Post{To: r.Talk(), Text: styled()})); m.Text != styled().Body || slices.ContainsFunc(m.Entities, func(e telegramsim.Entity) bool { return e.Type == "bold" }) {
		t.Errorf("it reads %q with %v", m.Text, m.Entities)
	}
}

func TestAGroupGetsNoMoreThanTelegramTakes(t *testing.T) {
	t.Parallel()
	now := time.Now()
	r := prepare(t, telegramsim.Config{Limits: false})
	r.deps.Now = func() time.Time { return now }
	c := connect(t, r.cfg, r.deps)
	for i := range 20 {
		if _, err := c.Post(t.Context(), chat.Post{To: in(r.room), Text: text.Plain(fmt.Sprint(i))}); err != nil {
			t.Fatalf("post %d = %v", i, err)
		}
		now = now.Add(time.Second)
	}
	_, err := c.Post(t.Context(), chat.Post{To: in(r.room), Text: text.Plain("too much")})
	e := asError(t, err)
	if e.Kind != chat.Throttled || e.Wait != 40*time.Second || e.Scope != chat.ThisConversation {
		t.Errorf("the 21st = %v after %v, want Throttled for 40 s", err, e.Wait)
	}
	if _, err := c.Post(t.Context(), chat.Post{To: in(r.forum), Text: text.Plain("elsewhere")}); err != nil {
		t.Errorf("another group = %v", err)
	}
	now = now.Add(e.Wait)
	if _, err := c.Post(t.Context(), chat.Post{To: in(r.room), Text: text.Plain("later")}); err != nil {
		t.Errorf("after the wait = %v", err)
	}
}
