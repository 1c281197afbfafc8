package x_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// TestReplies holds that an answer shows what it answers: proven where it can be, and in its own words where it can't.
func TestReplies(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	quote := &chat.Quote{Name: "Ann", Text: text.Plain("what she said")}
	answer := func(key chat.Key, to chat.MessageID) xsim.Heard {
		t.Helper()
		p := s.post(key, "answer "+string(key))
		p.ReplyTo, p.Quote = to, quote
		s.posts(t, p)
		return s.sees(t, "answer "+string(key), func(h xsim.Heard) bool { return strings.HasSuffix(h.Text, "answer "+string(key)) })
	}
	proven := func(h xsim.Heard, words string) {
		t.Helper()
		if h.Reply == nil || h.Reply.Proof != xchat.Proven || h.Reply.Text != words || strings.Contains(h.Text, "she said") {
			t.Errorf("the answer is %+v with %+v, want that it proves %q", h, h.Reply, words)
		}
	}
	told := func(h xsim.Heard) {
		t.Helper()
		if h.Reply != nil || !strings.HasPrefix(h.Text, "> Ann: what she said\n") {
			t.Errorf("the answer is %+v with %+v, want the quote in its words", h, h.Reply)
		}
	}
	first := s.say(t, "frist")
	s.event(t, "the first", says("frist"))
	proven(answer("k-1", idOf(first)), "frist")
	must(t)(s.phone.Edit(s.brand, first.Sequence, "first"))
	s.event(t, "the edit", func(ev chat.Event) bool { _, is := ev.What.(chat.Edited); return is })
	proven(answer("k-2", idOf(first)), "first")
	told(answer("k-3", "e12345"))
	told(answer("k-4", "12345"))
	long := s.say(t, strings.Repeat("a long story, ", 2000))
	s.event(t, "the story", func(ev chat.Event) bool { return ev.Message == idOf(long) })
	told(answer("k-5", idOf(long)))
	second := s.say(t, "second")
	s.event(t, "the second", says("second"))
	s.restart(t)
	proven(answer("k-6", idOf(second)), "second") // looked up
	if err := s.phone.NewKey(s.brand); err != nil {
		t.Fatal(err)
	}
	third := s.say(t, "third")
	s.event(t, "the third", says("third"))
	proven(answer("k-7", idOf(second)), "second") // it is sealed with a former key
	proven(answer("k-8", idOf(third)), "third")
	s.restart(t)
	proven(answer("k-9", idOf(second)), "second") // both it and the change of the key are looked up
}

// TestAnswersOfAnswers holds that a talk in which each answers the other can go on for as long as they like.
func TestAnswersOfAnswers(t *testing.T) {
	t.Parallel()
	s := setupSealedOn(t, xsim.Config{ChatContents: 64 << 10})
	s.begin(t)
	said := s.say(t, "0")
	for i := 1; i < 40; i++ {
		s.event(t, "a question", func(ev chat.Event) bool { return ev.Message == idOf(said) })
		p := s.post(chat.Key(fmt.Sprint("k", i)), fmt.Sprintf("answer %d %s", i, strings.Repeat("x", 2000)))
		p.ReplyTo = idOf(said)
		s.posts(t, p)
		h := s.sees(t, "an answer", func(h xsim.Heard) bool { return strings.Contains(h.Text, fmt.Sprintf("answer %d ", i)) })
		said = must(t)(s.phone.Reply(s.brand, h.Sequence, fmt.Sprint(i)))
	}
}

// TestClassicMessagesDontChange holds that what was written in the clear is neither edited, deleted nor reacted to, and that what is
// put in its place is posted.
func TestClassicMessagesDontChange(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	id := s.sim.Say(s.ann, s.brand, xsim.Draft{Text: "in the clear"})
	s.event(t, "the classic message", says("in the clear"))
	r, err := s.conn.Post(t.Context(), s.post("k-1", "in the clear, too"))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []chat.Action{
		chat.Edit{Key: "k-2", To: s.talk(), Messages: r.Messages, Text: text.Plain("changed")},
		chat.Delete{To: s.talk(), Messages: r.Messages},
		chat.React{To: s.talk(), Message: chat.MessageID(id), Emoji: "👍"},
	} {
		if _, err := chat.Do(t.Context(), s.conn, a); !chat.IsUnsupported(err) {
			t.Errorf("%T = %v, want ErrUnsupported", a, err)
		}
	}
	instead := s.post("k-3", "(edited) changed")
	if _, err := chat.Do(t.Context(), s.conn, chat.Edit{Key: "k-3", To: s.talk(), Messages: r.Messages, Text: text.Plain("changed"), Else: &instead}); err != nil {
		t.Error(err)
	}
	all := s.sim.Conversation(s.brand, s.ann)
	if last := all[len(all)-1]; last.Text != "(edited) changed" || last.Sender != s.brand {
		t.Errorf("the last message is %+v", last)
	}
	if _, err := chat.Do(t.Context(), s.conn, chat.Edit{Key: "k-4", To: s.talk(), Messages: []chat.MessageID{"e1"}}); chat.KindOf(err) != chat.Refused || chat.Reason(err) != "the message is empty" {
		t.Errorf("an edit to nothing = %v", err)
	}
}

// TestDeletingWhatIsPartlyGone holds that the rest of a message goes although some of it is gone.
func TestDeletingWhatIsPartlyGone(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	one, two := s.posts(t, s.post("k-1", "one")), s.posts(t, s.post("k-2", "two"))
	if _, err := chat.Do(t.Context(), s.conn, chat.Delete{To: s.talk(), Messages: []chat.MessageID{one, "e12345", two}}); err != nil {
		t.Fatal(err)
	}
	for _, h := range s.phone.Talk(s.brand) {
		if h.Sender == s.brand && !h.Deleted {
			t.Errorf("%q is still there", h.Text)
		}
	}
}
