package telegram_test

import (
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// forum is the stage's forum as a room, whose topics are the threads. The stage itself is none of bridgetest's Rooms, because
// there a thread hangs on a message, and a topic hangs on none; so what a topic can promise is held here.
type forum struct{ *stage }

var (
	_ bridgetest.Vanishing = forum{}
	_ bridgetest.Expelling = forum{}
)

func (f forum) Room() chat.Conversation { return in(f.forum) }

func (f forum) SayIn(t *testing.T, c chat.Conversation, words string) chat.MessageID {
	t.Helper()
	return f.says(t, f.ada, f.forum, telegramsim.Draft{Text: words, Thread: topicOf(c)})
}

func (f forum) HeardIn(t *testing.T, c chat.Conversation) []bridgetest.Heard {
	t.Helper()
	return f.heard(f.forum, func(m telegramsim.Message) bool { return m.Thread == topicOf(c) })
}

func (f forum) Vanish(t *testing.T, c chat.Conversation) {
	t.Helper()
	if topic := topicOf(c); topic != 0 {
		must(t, f.DeleteTopic(f.ada, f.forum, topic))
		return
	}
	must(t, f.DeleteChat(f.forum))
}

func (f forum) Expel(t *testing.T) {
	t.Helper()
	must(t, f.RemoveBot(f.forum))
}

// topicOf is the number of the topic that a conversation is; 0: it is none.
func topicOf(c chat.Conversation) int { return number(chat.MessageID(c.Thread)) }

// inForum runs a test with each way in.
func inForum(t *testing.T, test func(*testing.T, *run, forum)) {
	t.Helper()
	for name, open := range map[string]func(*testing.T) *run{
		"poll":    func(t *testing.T) *run { t.Helper(); return start(t, telegramsim.Config{}) },
		"webhook": func(t *testing.T) *run { t.Helper(); r, _ := hooked(t); return r },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t)
			test(t, r, forum{r.stage})
		})
	}
}

func TestTopicsAreOpenedAndHeard(t *testing.T) {
	t.Parallel()
	inForum(t, func(t *testing.T, r *run, f forum) {
		t.Helper()
		root := f.SayIn(t, f.Room(), "the root")
		if ev, _ := r.Hears(t, "the root"); ev.Conversation != f.Room() || ev.Root != "" || ev.Direct {
			t.Errorf("the root is in %v, hangs on %q, direct %v; want it in %v", ev.Conversation, ev.Root, ev.Direct, f.Room())
		}
		seen := map[chat.Conversation]bool{}
		for _, tc := range []struct {
			open  chat.Open
			named string
			cards int
		}{
			{chat.Open{Key: "k-1", Title: "The matter", Bare: true, Root: root}, "The matter", 0},
			{chat.Open{Key: "k-2", Title: "Another <!channel> @everyone matter", Bare: true}, "Another ‹!channel› everyone matter", 0},
			{chat.Open{Key: "k-3", Title: "A case", Card: chat.Card{Title: "A case", Body: "of a contact"}}, "A case", 1},
		} {
			tc.open.To = f.Room()
			receipt, topic := r.opens(t, tc.open)
			if topic.Thread == "" || topic.Place() != f.Room() || seen[topic] || len(receipt.Messages) != tc.cards {
				t.Fatalf("%q is %v with %q, want a topic of its own with %d messages", tc.open.Title, topic, receipt.Messages, tc.cards)
			}
			seen[topic] = true
			r.inhabits(t, f, topic, tc.named)
		}
	})
}

// inhabits has both sides speak in a topic, which has that name.
func (r *run) inhabits(t *testing.T, f forum, topic chat.Conversation, name string) {
	t.Helper()
	id := r.posts(t, chat.Post{To: topic, Text: text.Plain("said in " + name)})
	all := f.HeardIn(t, topic)
	if len(all) == 0 {
		t.Fatal("nothing stands in the topic")
	}
	if h := all[len(all)-1]; h.ID != id || h.Text != "said in "+name || len(h.Pings) > 0 {
		t.Errorf("in the topic stands %+v, want what was said", h)
	}
	f.SayIn(t, topic, "answered in "+name)
	ev, _ := r.Hears(t, "answered in "+name)
	if ev.Conversation != topic || ev.Root != "" || ev.Topic != name {
		t.Errorf("the answer is in %v, called %q, and hangs on %q; want %v, called %q", ev.Conversation, ev.Topic, ev.Root, topic, name)
	}
}

func TestWhatIsDeletedMeanwhileIsGone(t *testing.T) {
	t.Parallel()
	inForum(t, func(t *testing.T, r *run, f forum) {
		t.Helper()
		_, topic := r.opens(t, chat.Open{Key: "k-1", To: f.Room(), Title: "Soon gone", Bare: true})
		inTopic := chat.Post{To: topic, Text: text.Plain("anybody there?")}
		inRoom := chat.Post{To: f.Room(), Text: text.Plain("anybody there?")}
		r.posts(t, inTopic)
		f.Vanish(t, topic)
		r.fails(t, inTopic, chat.Gone, "the topic does not exist any more")
		r.posts(t, inRoom) // the forum is still there
		f.Vanish(t, f.Room())
		r.fails(t, inRoom, chat.Gone, "the chat does not exist, or the bot was never in it")
	})
}

func TestABotThatWasThrownOutIsToldSo(t *testing.T) {
	t.Parallel()
	inForum(t, func(t *testing.T, r *run, f forum) {
		t.Helper()
		post := chat.Post{To: f.Room(), Text: text.Plain("still here")}
		r.posts(t, post)
		f.Expel(t)
		r.fails(t, post, chat.Refused, "the bot was removed from this chat; add it again")
	})
}

// fails performs a post that must fail so.
func (r *run) fails(t *testing.T, p chat.Post, kind chat.Kind, reason string) {
	t.Helper()
	if _, err := r.conn.Post(t.Context(), p); chat.KindOf(err) != kind || chat.Reason(err) != reason {
		t.Errorf("post = %v (%v, %q), want %v because %q", err, chat.KindOf(err), chat.Reason(err), kind, reason)
	}
}
