package discord_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const execute = "POST /webhooks/{}/{}"

func persona() *chat.Persona {
	return &chat.Persona{Name: "Bea @everyone", Avatar: "https://example.com/bea.png"}
}

func TestAPersonaIsAWebhook(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	question := r.says(t, r.room, discordsim.Draft{Text: "a question"})
	m := r.posts(t, chat.Post{
		Key: "k-1", To: r.Room(), Text: plain("hi @everyone <@" + r.ada + ">"), As: persona(), ReplyTo: question,
		Quote: &chat.Quote{Name: "Ada", Text: plain("a question")},
	})
	jump := "https://discord.com/channels/" + r.guild + "/" + r.room + "/" + string(question)
	want := "> **Ada**: a question [↩](<" + jump + ">)\nhi @everyone \\<@" + r.ada + ">"
	if m.Webhook == "" || m.AuthorName != "Bea everyone" || m.AvatarURL != "https://example.com/bea.png" || m.Content != want || len(m.Pings) > 0 {
		t.Errorf("the message is %+v, want %q", m, want)
	}
	edit := chat.Edit{Key: "k-2", To: r.Room(), Messages: []chat.MessageID{chat.MessageID(m.ID)}, Text: plain("hi all"), As: persona()}
	if _, err := r.conn.Edit(t.Context(), edit); err != nil {
		t.Fatal(err)
	}
	if m, _ := r.Message(r.room, m.ID); m.Content != "hi all" || len(m.Pings) > 0 {
		t.Errorf("after the edit it is %+v", m)
	}
	e, _ := bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Posted) bool { return string(e.Message) == m.ID })
	if !e.Author.Self {
		t.Error("the webhook's post is not known as the account's own")
	}
	must(t, r.conn.Delete(t.Context(), chat.Delete{To: r.Room(), Messages: []chat.MessageID{chat.MessageID(m.ID)}}))
	if m, _ := r.Message(r.room, m.ID); !m.Deleted {
		t.Error("it is still there")
	}
	if n := len(r.Webhooks()); n != 1 {
		t.Errorf("%d webhooks were made, want one", n)
	}
}

func TestAPersonaInAThread(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	root := r.says(t, r.room, discordsim.Draft{Text: "a root"})
	r.Hears(t, "a root")
	_, thread := r.opens(t, chat.Open{Key: "k-1", To: r.Room(), Title: "T", Bare: true, Root: root})
	m := r.posts(t, chat.Post{Key: "k-2", To: thread, Text: plain("in it"), As: persona()})
	if m.Webhook == "" || m.Channel != string(thread.Thread) {
		t.Errorf("the message is %+v", m)
	}
	again := chat.Edit{To: thread, Messages: []chat.MessageID{chat.MessageID(m.ID)}, Text: plain("still in it"), As: persona()}
	must(t, r.Archive(string(thread.Thread)))
	if _, err := r.conn.Edit(t.Context(), again); err != nil {
		t.Errorf("edit in an archived thread = %v", err)
	}
}

func TestAThreadWhoseRootIsGoneHangsOnNothing(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	root := r.says(t, r.room, discordsim.Draft{Text: "a root"})
	must(t, r.Sim.Delete(r.ada, r.room, string(root)))
	o := chat.Open{Key: "k-1", To: r.Room(), Title: "T", Bare: true, Root: root}
	receipt, thread := r.opens(t, o)
	_, again := r.opens(t, o)
	if len(receipt.Messages) != 0 || thread.Thread == "" || again != thread || len(r.Threads(r.room)) != 1 {
		t.Errorf("opened %v and %v with %v", thread, again, receipt.Messages)
	}
}

func TestAForumsPostIsOpenedOnce(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	r.Sim.Fail("POST /channels/{}/threads", discordsim.Fault{Times: 1, AcceptThenDrop: true})
	o := chat.Open{Key: "k-1", To: r.board(), Title: "T", Bare: true}
	if _, _, err := r.conn.Open(t.Context(), o); chat.KindOf(err) != chat.Uncertain {
		t.Fatalf("open = %v, want Uncertain", err)
	}
	r.opens(t, o)
	r.opens(t, chat.Open{Key: "k-2", To: r.board(), Title: "T", Bare: true}) // of the same name, and another
	if n := len(r.Threads(r.forum)); n != 2 {
		t.Errorf("there are %d posts, want two of two keys", n)
	}
}

func TestADeletedWebhookIsMadeAnew(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	one := r.posts(t, chat.Post{Key: "k-1", To: r.Room(), Text: plain("one"), As: persona()})
	r.DeleteWebhook(one.Webhook)
	two := r.posts(t, chat.Post{Key: "k-2", To: r.Room(), Text: plain("two"), As: persona()})
	if two.Webhook == "" || two.Webhook == one.Webhook {
		t.Errorf("the second is by %q, the first by %q", two.Webhook, one.Webhook)
	}
	edit := chat.Edit{To: r.Room(), Messages: []chat.MessageID{chat.MessageID(one.ID)}, Text: plain("changed"), As: persona()}
	if _, err := r.conn.Edit(t.Context(), edit); chat.KindOf(err) != chat.Refused && chat.KindOf(err) != chat.Gone {
		t.Errorf("edit of what a deleted webhook wrote = %v, want Refused", err)
	}
}

func TestWithoutWebhooksTheNameStandsInFront(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	r.SetPermission(r.room, discordsim.PermManageWebhooks, false)
	m := r.posts(t, chat.Post{Key: "k-1", To: r.Room(), Text: plain("hello"), As: persona()})
	if m.Webhook != "" || m.Content != "**Bea everyone**: hello" {
		t.Errorf("the message is %q by webhook %q", m.Content, m.Webhook)
	}
	long := r.posts(t, chat.Post{Key: "k-2", To: r.Room(), Text: plain(strings.Repeat("word ", 399)), As: persona()})
	if strings.Contains(long.Content, "Bea") || !strings.Contains(string(long.Embeds), "Bea everyone") {
		t.Errorf("the long message is %.40q with %s", long.Content, long.Embeds)
	}
}

// TestAWebhooksPostIsNeverDoubled has a post's answer lost, and asks for it again as a lane does, also from another process.
func TestAWebhooksPostIsNeverDoubled(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	p := chat.Post{Key: "k-1", To: r.Room(), Text: plain("  once *only* "), As: persona()}
	r.posts(t, chat.Post{Key: "k-0", To: r.Room(), Text: p.Text, As: persona()}) // says the same, and is another
	r.Sim.Fail(execute, discordsim.Fault{Times: 1, AcceptThenDrop: true})
	if _, err := r.conn.Post(t.Context(), p); chat.KindOf(err) != chat.Uncertain {
		t.Fatalf("post = %v, want Uncertain", err)
	}
	must(t, r.Stop())
	r.again(t)
	first := r.posts(t, p)
	if second := r.posts(t, p); second.ID != first.ID {
		t.Errorf("the same key gave %s and %s", first.ID, second.ID)
	}
	if n := r.count(r.room, `once \*only\*`); n != 2 {
		t.Errorf("there are %d messages, want two of two keys", n)
	}
}

func TestAWebhooksPostThatMayBeOnItsWayIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	r.posts(t, chat.Post{Key: "k-0", To: r.Room(), Text: plain("before"), As: persona()})
	r.Sim.Fail(execute, discordsim.Fault{Times: 1, Hang: true})
	p := chat.Post{Key: "k-1", To: r.Room(), Text: plain("late"), As: persona()}
	ctx, cancel := contextFor(t, 300*time.Millisecond)
	defer cancel()
	if _, err := r.conn.Post(ctx, p); chat.KindOf(err) != chat.Uncertain {
		t.Fatalf("post = %v, want Uncertain", err)
	}
	if _, err := r.conn.Post(t.Context(), p); chat.KindOf(err) != chat.Throttled {
		t.Fatalf("post = %v, want Throttled", err)
	}
	r.passes(2 * time.Minute)
	r.posts(t, p)
	if n := r.count(r.room, "late"); n != 1 {
		t.Errorf("there are %d messages, want one", n)
	}
}

func TestABotsPostIsNeverDoubled(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{Timing: discordsim.Timing{Nonce: time.Nanosecond}}) // Discord forgets nonces at once
	p := chat.Post{Key: "k-1", To: r.Room(), Text: plain("once")}
	r.post(discordsim.Fault{AcceptThenDrop: true})
	if _, err := r.conn.Post(t.Context(), p); chat.KindOf(err) != chat.Uncertain {
		t.Fatalf("post = %v, want Uncertain", err)
	}
	r.posts(t, p)
	r.posts(t, p)
	if n := r.count(r.room, "once"); n != 1 {
		t.Errorf("there are %d messages, want one", n)
	}
}

func TestFilesBearANameToo(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	m := r.posts(t, chat.Post{Key: "k-1", To: r.Room(), Text: text.Text{}, As: persona(), Files: []chat.File{
		{Name: "a/b \"c\".txt", Alt: "letters", Spoiler: true, Content: data("abc")}, {Name: "d.txt", Content: data("d")},
	}})
	if len(m.Attachments) != 2 || m.Webhook == "" {
		t.Fatalf("the message is %+v", m)
	}
	if a := m.Attachments[0]; string(a.Data) != "abc" || a.Alt != "letters" || !a.Spoiler {
		t.Errorf("the first file is %+v", a)
	}
}
