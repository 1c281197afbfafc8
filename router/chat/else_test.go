package chat_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// refusing is a connector that can do everything, but in this conversation nothing but post.
func refusing(err error) able {
	c := newAble()
	c.fail = func(a chat.Action) error {
		if _, posts := a.(chat.Post); posts {
			return nil
		}
		return err
	}
	return c
}

func TestWhatOneConversationCantDoBecomesItsElse(t *testing.T) {
	t.Parallel()
	sealed := chat.Unsupported("x: edit", "unencrypted messages can't be changed")
	ms := []chat.MessageID{"m", "n"}
	for _, a := range []func(*chat.Post) chat.Action{
		func(p *chat.Post) chat.Action { return chat.Edit{To: to, Messages: ms, ReplyTo: "m", Else: p} },
		func(p *chat.Post) chat.Action { return chat.Delete{To: to, Messages: ms, Else: p} },
		func(p *chat.Post) chat.Action { return chat.React{To: to, Message: "m", Else: p} },
		func(p *chat.Post) chat.Action { return chat.Pin{To: to, Message: "m", Else: p} },
	} {
		c := refusing(sealed)
		r, err := chat.Do(t.Context(), c, a(&chat.Post{Key: "k-1", To: to, Text: text.Plain("instead")}))
		if err != nil || !slices.Equal(c.reads(), []string{"instead"}) || !slices.Equal(r.Messages, c.order) {
			t.Errorf("%T: %q as %v, %v; want what stands for it", a(nil), c.reads(), r.Messages, err)
			continue
		}
		if p := c.took[0]; p.ReplyTo != "m" || p.Key != "k-1" {
			t.Errorf("%T becomes %+v, want an answer to m with its key", a(nil), p)
		}
		if _, err := chat.Do(t.Context(), c, a(nil)); !errors.Is(err, sealed) || len(c.order) > 1 {
			t.Errorf("%T that nothing stands for: %v, want what the connector says", a(nil), err)
		}
		for _, kind := range []chat.Kind{chat.Transient, chat.Throttled, chat.Uncertain, chat.Refused, chat.Gone, chat.LoggedOut} {
			c := refusing(&chat.Error{Op: "x", Kind: kind})
			if _, err := chat.Do(t.Context(), c, a(&chat.Post{To: to})); chat.KindOf(err) != kind || len(c.order) > 0 {
				t.Errorf("%T that is %v: %v and %d posts, want that and none", a(nil), kind, err, len(c.order))
			}
		}
	}
}

func TestWhatStandsForAnActionIsCutAndQuotes(t *testing.T) {
	t.Parallel()
	c := refusing(chat.Unsupported("x: edit", "no"))
	c.traits.Text.Max = 30
	words := "(edited) one two three four five six seven eight nine"
	r, err := chat.Do(t.Context(), c, chat.Edit{To: to, Messages: []chat.MessageID{"m"}, Else: &chat.Post{
		Key: "k-1", To: to, Text: text.Plain(words), Quote: &chat.Quote{Name: "Bea", Text: text.Plain("what?")},
	}})
	got := c.reads()
	if all := strings.Fields(strings.Join(got, " ")); err != nil || len(got) < 2 || len(r.Messages) != len(got) || strings.Join(all, " ") != "Bea: what? "+words {
		t.Fatalf("it reads %q as %v, %v; want the quote and all of the words, in parts", got, r.Messages, err)
	}
	for i, p := range c.took {
		if c.traits.SizeOf(p.Text) > 30 || i > 0 && p.Key == c.took[0].Key {
			t.Errorf("part %d is %+v", i, p)
		}
	}
	c.traits.Reply = true
	if _, err := chat.Do(t.Context(), c, chat.React{To: to, Message: "m", Else: &chat.Post{To: to, Text: text.Plain("👍"), Quote: &chat.Quote{Name: "Bea"}}}); err != nil {
		t.Fatal(err)
	}
	if p := c.took[len(c.took)-1]; p.Text.Body != "👍" || p.ReplyTo != "m" || p.Quote == nil {
		t.Errorf("where messages can be answered it is %+v", p)
	}
}

// What an edit has done already is not said once more.
func TestAnEditThatHasBegunIsNotPostedInstead(t *testing.T) {
	t.Parallel()
	c := newAble()
	c.order, c.says["m1"], c.says["m2"] = []chat.MessageID{"m1", "m2"}, "one", "two"
	c.fail = func(a chat.Action) error {
		if _, deletes := a.(chat.Delete); deletes {
			return chat.Unsupported("x: delete", "messages can't be deleted here")
		}
		return nil
	}
	_, err := chat.Do(t.Context(), c, chat.Edit{To: to, Messages: c.order, Text: text.Plain("uno"), Else: &chat.Post{To: to, Text: text.Plain("(edited) uno")}})
	if !chat.IsUnsupported(err) || !slices.Equal(c.reads(), []string{"uno", "two"}) {
		t.Errorf("it reads %q, %v; want the new text once, and why the rest is still there", c.reads(), err)
	}
}

func TestAPostThatStandsForAnActionMayFailMidway(t *testing.T) {
	t.Parallel()
	c := newPlain()
	c.traits.Text.Max = 10
	n := 0
	c.fail = func(chat.Action) error {
		if n++; n == 2 {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	edit := chat.Edit{To: to, Messages: []chat.MessageID{"m"}, Else: &chat.Post{Key: "k-1", To: to, Text: text.Plain("one two three")}}
	r, err := chat.Do(t.Context(), c, edit)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !slices.Equal(r.Messages, []chat.MessageID{"m1"}) {
		t.Errorf("it became %v, %v; want the first part and the failure of the second", r.Messages, err)
	}
	r, err = chat.Do(t.Context(), c, edit)
	if got := strings.Join(c.reads(), ""); err != nil || got != "one two three" || len(r.Messages) != len(c.order) {
		t.Errorf("tried again it reads %q as %v, %v; want it whole and once", got, r.Messages, err)
	}
}
