package bridgetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func threads(t *testing.T, w *world) {
	if !w.conn.Traits().Threads {
		if err := w.try(t, chat.Open{Key: "k-1", To: w.Talk(), Title: "A case"}); !chat.IsUnsupported(err) {
			t.Errorf("open = %v, want ErrUnsupported", err)
		}
		return
	}
	rooms := needs[Rooms](t, w, "its connector's Traits say that threads can be opened")
	w.ready(t)
	first := w.rooted(t, rooms)
	second := w.done(t, chat.Open{Key: "k-3", To: rooms.Room(), Title: "Another <!channel> @everyone matter", Bare: true})
	w.inhabited(t, rooms, second.Conversation, "k-4")
	w.spoken(t, rooms, second.Conversation, "", "Another", "matter")
	third := w.done(t, chat.Open{Key: "k-5", To: rooms.Room(), Title: "A case", Card: chat.Card{Title: "A case", Body: "of a contact"}})
	w.inhabited(t, rooms, third.Conversation, "k-6")
	w.spoken(t, rooms, third.Conversation, "", "A case")
	if len(third.Messages) != 1 {
		t.Errorf("the receipt of a card names %q, want one message", third.Messages)
	}
	if second.Conversation == first || third.Conversation == second.Conversation || third.Conversation == first {
		t.Errorf("the threads are %v, %v and %v, want three", first, second.Conversation, third.Conversation)
	}
}

// rooted opens a thread on a message of the person, has both speak in it, and gives it back.
func (w *world) rooted(t *testing.T, rooms Rooms) chat.Conversation {
	t.Helper()
	root := rooms.SayIn(t, rooms.Room(), "the root")
	if ev := w.heard(t, "the root"); ev.Conversation != rooms.Room() || ev.Root != "" || ev.Direct {
		t.Errorf("the root is in %v, hangs on %q, direct %v; want it in %v", ev.Conversation, ev.Root, ev.Direct, rooms.Room())
	}
	open := chat.Open{Key: "k-1", To: rooms.Room(), Title: "The matter", Bare: true, Root: root}
	opened := w.done(t, open)
	if _, none := rooms.(Unrooted); none || len(opened.Messages) > 0 {
		root = "" // it hangs on nothing, or on what had to be written for it
	} else if again := w.done(t, open); again.Conversation != opened.Conversation {
		t.Errorf("opened again it is %v, want %v", again.Conversation, opened.Conversation)
	}
	w.inhabited(t, rooms, opened.Conversation, "k-2")
	w.spoken(t, rooms, opened.Conversation, root, "The matter")
	return opened.Conversation
}

// inhabited checks that c is a thread in the room and that the account can write in it, and gives it back.
func (w *world) inhabited(t *testing.T, rooms Rooms, c chat.Conversation, key chat.Key) chat.Conversation {
	t.Helper()
	if c.Thread == "" || c.Place() != rooms.Room().Place() {
		t.Fatalf("what was opened is %v, want a thread in %v", c, rooms.Room())
	}
	id := w.posted(t, chat.Post{Key: key, To: c, Text: text.Plain("said in the thread")})
	h := among(rooms.HeardIn(t, c), id)
	if h.Text != "said in the thread" || len(h.Pings) > 0 {
		t.Errorf("in the thread stands %+v, want what was said", h)
	}
	return c
}

// spoken has the person write in a thread, which hangs on root if that is known, and is called by these words if by any.
func (w *world) spoken(t *testing.T, rooms Rooms, thread chat.Conversation, root chat.MessageID, called ...string) {
	t.Helper()
	words := "in the thread " + called[0]
	rooms.SayIn(t, thread, words)
	ev := w.heard(t, words)
	if ev.Conversation != thread || (root != "" && ev.Root != root) {
		t.Errorf("what is said in it is in %v and hangs on %q, want %v and %q", ev.Conversation, ev.Root, thread, root)
	}
	if _, none := rooms.(Unrooted); none && (ev.Root != "" || ev.Topic == "") {
		t.Errorf("it is called %q and hangs on %q, want a name and no message", ev.Topic, ev.Root)
	}
	if ev.Topic != "" {
		reads(t, ev.Topic, called...)
	}
}

func vanished(t *testing.T, w *world) {
	stage, ok := unlessLasting[Vanishing](t, w)
	if !ok {
		return
	}
	w.ready(t)
	post := chat.Post{Key: "k-1", To: stage.Room(), Text: text.Plain("anybody there?")}
	if w.conn.Traits().Threads {
		root := stage.SayIn(t, stage.Room(), "the root")
		w.heard(t, "the root")
		thread := w.done(t, chat.Open{Key: "k-2", To: stage.Room(), Title: "Soon gone", Bare: true, Root: root}).Conversation
		post.To = w.inhabited(t, stage, thread, "k-3")
		stage.Vanish(t, thread)
		w.clearly(t, "a post into a deleted thread", w.try(t, post), chat.Gone)
		post.To = stage.Room()
		w.posted(t, post) // the room is still there
	}
	stage.Vanish(t, stage.Room())
	post.Key = "k-4"
	w.clearly(t, "a post into a deleted room", w.try(t, post), chat.Gone)
}

func expelled(t *testing.T, w *world) {
	stage, ok := unlessLasting[Expelling](t, w)
	if !ok {
		return
	}
	post := chat.Post{Key: "k-1", To: stage.Room(), Text: text.Plain("still here")}
	w.posted(t, post)
	stage.Expel(t)
	post.Key = "k-2"
	w.clearly(t, "a post after being taken out", w.try(t, post), chat.Refused, chat.Gone)
}

// heard waits for a message that reads so, and gives its event.
func (w *world) heard(t *testing.T, words string) chat.Event {
	t.Helper()
	return w.happens(t, words, func(ev chat.Event) bool {
		p, ok := ev.What.(chat.Posted)
		return ok && p.Text.Body == words
	})
}

// clearly checks that err is of one of the kinds, and that its reason says more than the kind does.
func (w *world) clearly(t *testing.T, what string, err error, kinds ...chat.Kind) {
	t.Helper()
	kind := chat.KindOf(err)
	if err == nil || !slices.Contains(kinds, kind) {
		t.Errorf("%s = %v (%v), want %v", what, err, kind, kinds)
		return
	}
	if reason := chat.Reason(err); reason == chat.Reason(&chat.Error{Kind: kind}) {
		t.Errorf("%s: the reason is %q, which does not say why", what, reason)
	}
}

// among gives one of several messages; one that is gone may not be there any more at all.
func among(all []Heard, id chat.MessageID) Heard {
	for _, h := range all {
		if h.ID == id {
			return h
		}
	}
	return Heard{ID: id, Gone: true}
}

// reads checks that the words stand in s in this order.
func reads(t *testing.T, s string, words ...string) {
	t.Helper()
	rest := s
	for _, word := range words {
		_, after, found := strings.Cut(rest, word)
		if !found {
			t.Errorf("it reads %q, want %q in this order", s, words)
			return
		}
		rest = after
	}
}
