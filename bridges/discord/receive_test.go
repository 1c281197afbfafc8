package discord_test

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestWhatIsSaidInThreadsNamesThem(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	root := r.says(t, r.room, discordsim.Draft{Text: "a root"})
	thread := r.StartThread(r.ada, r.room, string(root), "On the root")
	loose := r.StartThread(r.ada, r.room, "", "Loose")
	post := r.ForumPost(r.ada, r.forum, "A post", discordsim.Draft{Text: "first words"})
	r.says(t, thread, discordsim.Draft{Text: "on it"})
	r.says(t, loose, discordsim.Draft{Text: "on nothing"})
	for words, want := range map[string]chat.Event{
		"on it":       {Conversation: chat.Conversation{Account: account, ID: r.Room().ID, Thread: chat.ThreadID(thread)}, Topic: "On the root", Root: root},
		"on nothing":  {Conversation: chat.Conversation{Account: account, ID: r.Room().ID, Thread: chat.ThreadID(loose)}, Topic: "Loose"},
		"first words": {Conversation: chat.Conversation{Account: account, ID: r.board().ID, Thread: chat.ThreadID(post)}, Topic: "A post"},
	} {
		got, _ := r.Hears(t, words)
		if got.Conversation != want.Conversation || got.Topic != want.Topic || got.Root != want.Root || got.Direct {
			t.Errorf("%q came as %+v, want %+v", words, got, want)
		}
	}
}

func TestEditsComeAndPreviewsDoNot(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	id := r.says(t, r.room, discordsim.Draft{Text: "see https://example.com"})
	must(t, r.Unfurl(r.room, string(id), "https://example.com", "Example"))
	must(t, r.Sim.Edit(r.ada, r.room, string(id), "see **it**"))
	e, edited := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Edited) bool { return true })
	if e.Message != id || edited.Text.Body != "see it" || !strings.HasPrefix(string(e.ID), string(id)+":edited:") {
		t.Errorf("the edit is %+v %+v", e, edited)
	}
}

func TestManyDeletionsAreAsManyEvents(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	r.SetModerator(r.ada)
	one, two := r.says(t, r.room, discordsim.Draft{Text: "one"}), r.says(t, r.room, discordsim.Draft{Text: "two"})
	r.Hears(t, "two")
	must(t, r.BulkDelete(r.ada, r.room, string(one), string(two)))
	for _, id := range []chat.MessageID{one, two} {
		e, _ := bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Deleted) bool { return e.Message == id })
		if e.Author.ID != r.Person() {
			t.Errorf("the deletion names %+v, want who wrote it", e.Author)
		}
	}
}

func TestReactionsWithEmojiOfTheServer(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	emoji := r.AddEmoji(r.guild, "parrot", true)
	id := r.says(t, r.room, discordsim.Draft{Text: "nice <a:parrot:" + emoji + ">"})
	_, p := r.Hears(t, "nice :parrot:")
	if len(p.Text.Spans) != 1 || p.Text.Spans[0].Kind != text.Emoji {
		t.Errorf("the text is %+v, want an emoji", p.Text)
	}
	must(t, r.Sim.React(r.ada, r.room, string(id), "parrot:"+emoji))
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, h chat.Reacted) bool { return h.Emoji == ":parrot:" && !h.Removed })
	must(t, r.Unreact(r.ada, r.room, string(id), "parrot:"+emoji))
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, h chat.Reacted) bool { return h.Emoji == ":parrot:" && h.Removed })
	must(t, r.conn.React(t.Context(), chat.React{To: r.Room(), Message: id, Emoji: ":parrot:"}))
	if got, ok := r.conn.Traits().Emoji(":parrot:"); got != ":parrot:" || !ok {
		t.Errorf("nearest = %q, %v", got, ok)
	}
	err := r.conn.React(t.Context(), chat.React{To: r.Room(), Message: id, Emoji: ":unheard_of:"})
	if chat.KindOf(err) != chat.Refused {
		t.Errorf("react with what no server has = %v, want Refused", err)
	}
	out := r.posts(t, chat.Post{Key: "k-1", To: r.Room(), Text: p.Text})
	if out.Content != "nice <a:parrot:"+emoji+">" {
		t.Errorf("it went out as %q", out.Content)
	}
}

func TestAPinThatIsTakenOffIsFound(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	one, two := r.says(t, r.room, discordsim.Draft{Text: "one"}), r.says(t, r.room, discordsim.Draft{Text: "two"})
	for _, id := range []chat.MessageID{one, two} {
		must(t, r.Sim.Pin(r.ada, r.room, string(id)))
		e, _ := bridgetest.Happens(t, r.Sink, func(e chat.Event, p chat.Pinned) bool { return e.Message == id && !p.Removed })
		if e.Author.ID != r.Person() {
			t.Errorf("the pin is by %+v", e.Author)
		}
	}
	r.says(t, r.room, discordsim.Draft{Text: "after the pins"})
	r.Hears(t, "after the pins")
	must(t, r.conn.Pin(t.Context(), chat.Pin{To: r.Room(), Message: two, Remove: true}))
	must(t, r.Unpin(r.ada, r.room, string(one)))
	bridgetest.Happens(t, r.Sink, func(e chat.Event, p chat.Pinned) bool { return e.Message == one && p.Removed })
	for _, e := range r.Until(t, "everything", func([]chat.Event) bool { return true }) {
		if p, ok := e.What.(chat.Pinned); ok && p.Removed && e.Message == two {
			t.Error("the account's own unpinning came as somebody else's")
		}
	}
}

func TestWhatMessagesCarryBesideText(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	original := r.says(t, r.dm, discordsim.Draft{Text: "the *original*"})
	r.says(t, r.room, discordsim.Draft{Forward: &discordsim.Forward{Channel: r.dm, Message: string(original)}})
	e, p := bridgetest.Happens(t, r.Sink, func(e chat.Event, p chat.Posted) bool {
		return e.Conversation == r.Room() && p.Text.Body == "the original"
	})
	if e.Author.ID != r.Person() || len(p.Text.Spans) == 0 || p.Text.Spans[0].Kind != text.Quote {
		t.Errorf("the forward is %+v by %v, want a quote", p.Text, e.Author.ID)
	}
	r.says(t, r.room, discordsim.Draft{Poll: &discordsim.Poll{Question: "Tea?", Answers: []string{"yes", "no"}}})
	r.Hears(t, "📊 Tea?\nyes\nno")
	r.says(t, r.room, discordsim.Draft{Stickers: []discordsim.Sticker{{ID: "77", Name: "hello", Format: 1}}})
	_, p = bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Posted) bool { return len(p.Files) == 1 && p.Text.Empty() })
	if p.Files[0].Name != "hello.png" {
		t.Errorf("the sticker is %+v", p.Files[0])
	}
	r.says(t, r.room, discordsim.Draft{Text: "hidden", Files: []discordsim.Upload{{Name: "a b.png", Alt: "a picture", Spoiler: true, Data: []byte("bytes")}}})
	_, p = r.Hears(t, "hidden")
	if f := p.Files[0]; !f.Spoiler || f.Alt != "a picture" || strings.HasPrefix(f.Name, "SPOILER_") {
		t.Errorf("the file is %+v, want a spoiler", f)
	}
}

func TestAFileIsFetchedAfterItsLinkExpired(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64 // of the simulator's clock
	r := start(t, discordsim.Config{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	r.says(t, r.room, discordsim.Draft{Text: "see", Files: []discordsim.Upload{{Name: "a.txt", Data: []byte("the bytes")}}})
	_, p := r.Hears(t, "see")
	ahead.Store(int64(25 * time.Hour))
	body, err := r.conn.Fetch(t.Context(), p.Files[0])
	must(t, err)
	defer func() { _ = body.Close() }()
	if b, err := io.ReadAll(body); err != nil || string(b) != "the bytes" {
		t.Errorf("fetched %q, %v", b, err)
	}
	if calls := r.Calls("POST /attachments/refresh-urls"); len(calls) != 1 {
		t.Errorf("a new address was asked for %d times, want once", len(calls))
	}
}

func TestAPauseIsReadBackWhole(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	thread := r.ForumPost(r.ada, r.forum, "A post", discordsim.Draft{Text: "in the post"})
	early := r.says(t, r.room, discordsim.Draft{Text: "early"})
	r.Hears(t, "in the post")
	r.Hears(t, "early")
	must(t, r.Stop())
	var want []string
	for i := range 230 {
		want = append(want, fmt.Sprintf("missed %d", i))
		r.says(t, r.room, discordsim.Draft{Text: want[i]})
	}
	must(t, r.Sim.Edit(r.ada, r.room, string(early), "edited meanwhile"))
	r.says(t, thread, discordsim.Draft{Text: "missed in the post"})
	must(t, r.Archive(thread))
	r.again(t)
	r.says(t, r.room, discordsim.Draft{Text: "live again"})
	r.Hears(t, "live again")
	r.Hears(t, "missed in the post")
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, h chat.Edited) bool { return h.Text.Body == "edited meanwhile" })
	var got []string
	for _, s := range bridgetest.Said(r.Until(t, "everything", func([]chat.Event) bool { return true })) {
		if strings.HasPrefix(s, "missed ") && s != "missed in the post" || s == "live again" {
			got = append(got, s)
		}
	}
	if g, w := strings.Join(got, "|"), strings.Join(append(want, "live again"), "|"); g != w {
		t.Errorf("received %s", g)
	}
}

func TestWhoIsTypingAndWhoJoins(t *testing.T) {
	t.Parallel()
	r := prepare(t, discordsim.Config{})
	r.cfg.Members = true
	r.again(t)
	must(t, r.Type(r.ada, r.dm))
	e, _ := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Typing) bool { return true })
	if e.Author.ID != r.Person() || e.Conversation != r.Talk() {
		t.Errorf("typing is %+v", e)
	}
}
