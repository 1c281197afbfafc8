package chat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func errDeadline() error { return context.DeadlineExceeded }

// plain is a connector that can only post. It folds posts with the same key, as a Keyed platform does.
type plain struct {
	traits chat.Traits
	fail   func(chat.Action) error

	took  []chat.Post
	order []chat.MessageID
	says  map[chat.MessageID]string
	keys  map[chat.Key]chat.MessageID
}

func newPlain() *plain {
	return &plain{says: map[chat.MessageID]string{}, keys: map[chat.Key]chat.MessageID{}}
}

func (p *plain) Run(context.Context, chat.Sink) error { return nil }

func (p *plain) Traits() chat.Traits { return p.traits }

func (p *plain) broken(a chat.Action) error {
	if p.fail == nil {
		return nil
	}
	return p.fail(a)
}

func (p *plain) Post(_ context.Context, a chat.Post) (chat.Receipt, error) {
	if err := p.broken(a); err != nil {
		return chat.Receipt{}, err
	}
	if id, ok := p.keys[a.Key]; ok && a.Key != "" {
		return chat.Receipt{Messages: []chat.MessageID{id}}, nil
	}
	p.took = append(p.took, a)
	id := chat.MessageID(fmt.Sprint("m", len(p.order)+1))
	p.order, p.says[id], p.keys[a.Key] = append(p.order, id), a.Text.Body, id
	return chat.Receipt{Messages: []chat.MessageID{id}}, nil
}

// reads is what a reader sees.
func (p *plain) reads() []string {
	var all []string
	for _, id := range p.order {
		if s, ok := p.says[id]; ok {
			all = append(all, s)
		}
	}
	return all
}

// able can do everything.
type able struct{ *plain }

func newAble() able {
	p := newPlain()
	p.traits = chat.Traits{
		Threads: true, Pin: chat.Ability{Out: true}, Edit: chat.Ability{Out: true}, Delete: chat.Ability{Out: true}, React: chat.Ability{Out: true}, Repeat: chat.ReadBack,
	}
	return able{p}
}

func (c able) Edit(_ context.Context, a chat.Edit) (chat.Receipt, error) {
	if err := c.broken(a); err != nil {
		return chat.Receipt{}, err
	}
	if len(a.Messages) != 1 {
		return chat.Receipt{}, errors.New("one message at a time")
	}
	if _, ok := c.says[a.Messages[0]]; !ok {
		return chat.Receipt{}, &chat.Error{Kind: chat.Gone}
	}
	c.says[a.Messages[0]] = a.Text.Body
	return chat.Receipt{Left: []chat.Allowance{{Remaining: 7}}}, nil
}

func (c able) Delete(_ context.Context, a chat.Delete) error {
	if err := c.broken(a); err != nil {
		return err
	}
	for _, id := range a.Messages {
		delete(c.says, id)
	}
	return nil
}

func (c able) Pin(_ context.Context, a chat.Pin) error { return c.broken(a) }

func (c able) React(_ context.Context, a chat.React) error { return c.broken(a) }

func (c able) Open(_ context.Context, a chat.Open) (chat.Receipt, chat.Conversation, error) {
	at := a.To
	at.Thread = "t"
	return chat.Receipt{Messages: []chat.MessageID{"card"}}, at, c.broken(a)
}

func (c able) Find(context.Context, chat.Action, time.Time) (chat.Receipt, bool, error) {
	return chat.Receipt{Messages: []chat.MessageID{"found"}}, true, nil
}

func (c able) Fetch(context.Context, chat.File) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("bytes")), nil
}

func (c able) Check(context.Context) ([]chat.Finding, error) {
	return []chat.Finding{{Grade: chat.Fine}}, nil
}

var to = chat.Conversation{Account: "x/a", ID: "c"}

func TestWhatCantBeDoneBecomesItsElseOrIsRefused(t *testing.T) {
	t.Parallel()
	instead := &chat.Post{To: to, Text: text.Plain("instead")}
	for _, a := range []chat.Action{
		chat.Edit{To: to, Messages: []chat.MessageID{"m"}, Else: instead},
		chat.Delete{To: to, Messages: []chat.MessageID{"m"}, Else: instead},
		chat.React{To: to, Message: "m", Else: instead},
		chat.Pin{To: to, Message: "m", Else: instead},
	} {
		unable := newAble()
		unable.traits = chat.Traits{}
		for name, p := range map[string]struct {
			c chat.Connector
			p *plain
		}{"without the method": {func() chat.Connector { p := newPlain(); return p }(), nil}, "not declared": {unable, unable.plain}} {
			if p.p == nil {
				p.p, _ = p.c.(*plain)
			}
			r, err := chat.Do(t.Context(), p.c, a)
			if err != nil || !slices.Equal(p.p.reads(), []string{"instead"}) || len(r.Messages) != 1 {
				t.Errorf("%T %s: %q, %v; want what stands for it", a, name, p.p.reads(), err)
			}
		}
	}
	for _, a := range []chat.Action{
		chat.Edit{To: to, Messages: []chat.MessageID{"m"}}, chat.Delete{To: to}, chat.React{To: to}, chat.Pin{To: to}, chat.Open{To: to},
	} {
		p := newPlain()
		_, err := chat.Do(t.Context(), p, a)
		if !chat.IsUnsupported(err) || chat.KindOf(err) != chat.Refused || len(p.order) > 0 {
			t.Errorf("%T: %v, want refused as unsupported", a, err)
		}
	}
	if _, err := chat.Do(t.Context(), newPlain(), nil); err == nil {
		t.Error("Do of no action = nil")
	}
}

func TestWhatCanBeDoneIsDone(t *testing.T) {
	t.Parallel()
	c := newAble()
	ctx := t.Context()
	if r, err := chat.Do(ctx, c, chat.Post{To: to, Text: text.Plain("hi")}); err != nil || len(r.Messages) != 1 {
		t.Errorf("post: %+v, %v", r, err)
	}
	if r, err := chat.Do(ctx, c, chat.Open{To: to}); err != nil || r.Conversation.Thread != "t" || r.Messages[0] != "card" {
		t.Errorf("open: %+v, %v; want the thread in the receipt", r, err)
	}
	if r, err := chat.Do(ctx, c, chat.Edit{To: to, Messages: []chat.MessageID{"m1"}, Text: text.Plain("ho")}); err != nil || len(r.Left) != 1 || c.says["m1"] != "ho" {
		t.Errorf("edit: %+v, %v", r, err)
	}
	if _, err := chat.Do(ctx, c, chat.React{To: to, Message: "m1"}); err != nil {
		t.Errorf("react: %v", err)
	}
	if _, err := chat.Do(ctx, c, chat.Pin{To: to, Message: "m1"}); err != nil {
		t.Errorf("pin: %v", err)
	}
	if _, err := chat.Do(ctx, c, chat.Delete{To: to, Messages: []chat.MessageID{"m1"}}); err != nil || len(c.says) != 0 {
		t.Errorf("delete: %v, %v", c.says, err)
	}
	if _, err := chat.Do(ctx, c, chat.Edit{To: to}); chat.KindOf(err) != chat.Gone {
		t.Errorf("edit of no message: %v, want gone", err)
	}
}

func TestTheSistersOfDo(t *testing.T) {
	t.Parallel()
	ctx, c, p := t.Context(), newAble(), newPlain()
	if r, found, known, err := chat.Find(ctx, c, chat.Post{}, time.Time{}); !found || !known || err != nil || r.Messages[0] != "found" {
		t.Errorf("Find = %v %v %v %v", r, found, known, err)
	}
	if _, found, known, err := chat.Find(ctx, p, chat.Post{}, time.Time{}); found || known || err != nil {
		t.Errorf("Find without a finder: known %v, found %v, %v; want neither", known, found, err)
	}
	c.traits.Repeat = chat.Blind
	if _, _, known, _ := chat.Find(ctx, c, chat.Post{}, time.Time{}); known {
		t.Error("Find is believed although the traits don't declare it")
	}
	if r, err := chat.Fetch(ctx, c, chat.File{}); err != nil || r == nil {
		t.Errorf("Fetch: %v", err)
	}
	if _, err := chat.Fetch(ctx, p, chat.File{}); !chat.IsUnsupported(err) {
		t.Errorf("Fetch without a fetcher: %v, want unsupported", err)
	}
	if f, err := chat.Check(ctx, c); len(f) != 1 || err != nil {
		t.Errorf("Check = %v, %v", f, err)
	}
	if f, err := chat.Check(ctx, p); f != nil || err != nil {
		t.Errorf("Check without a checker = %v, %v; want nothing", f, err)
	}
}

// However often an edit fails and is repeated, in the end a reader sees the new text, whole and once, whether it has
// fewer, as many or more parts than before.
func TestAnEditOfSplitMessagesComesOutWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newAble()
		c.traits.Text.Max = 10
		var ids []chat.MessageID
		for _, p := range chat.Parts(chat.Post{Key: "w-1", To: to, Text: text.Plain(numbers(rapid.IntRange(1, 40).Draw(t, "before")))}, c.traits) {
			r, err := chat.Do(context.Background(), c, p)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, r.Messages...)
		}
		failures := rapid.SliceOfN(rapid.Bool(), 0, 12).Draw(t, "failures")
		c.fail = func(chat.Action) error {
			if len(failures) == 0 {
				return nil
			}
			fails := failures[0]
			failures = failures[1:]
			if fails {
				return errors.New("no luck")
			}
			return nil
		}
		after := text.Plain(numbers(rapid.IntRange(1, 40).Draw(t, "after")))
		edit := chat.Edit{Key: "w-2", To: to, Messages: ids, Text: after}
		r, err := chat.Do(context.Background(), c, edit)
		for err != nil {
			r, err = chat.Do(context.Background(), c, edit)
		}
		if got := strings.Join(c.reads(), ""); got != after.Body {
			t.Fatalf("it reads %q, want %q", c.reads(), after.Body)
		}
		if len(r.Messages) != len(c.reads()) {
			t.Fatalf("the receipt lists %v, want the %d parts that are left", r.Messages, len(c.reads()))
		}
	})
}

func TestAnEditLeavesFilesAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newAble()
		c.traits.Text.Max, c.traits.Files.Count = 10, 2
		files := make([]chat.File, rapid.IntRange(1, 7).Draw(t, "files"))
		held := map[chat.MessageID]int{}
		var ids []chat.MessageID
		for _, p := range chat.Parts(chat.Post{Key: "w-1", To: to, Text: text.Plain(numbers(rapid.IntRange(1, 20).Draw(t, "before"))), Files: files}, c.traits) {
			r, err := chat.Do(context.Background(), c, p)
			if err != nil {
				t.Fatal(err)
			}
			ids, held[r.Messages[0]] = append(ids, r.Messages...), len(p.Files)
		}
		after := text.Plain(numbers(rapid.IntRange(1, 20).Draw(t, "after")))
		r, err := chat.Do(context.Background(), c, chat.Edit{Key: "w-2", To: to, Messages: ids, Text: after, Files: len(files)})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(c.reads(), ""); got != after.Body {
			t.Fatalf("it reads %q, want %q", c.reads(), after.Body)
		}
		left := 0
		for id := range c.says {
			left += held[id]
		}
		if left != len(files) || len(r.Messages) != len(c.says) {
			t.Fatalf("%d of %d files are left, and the receipt lists %v of %d messages", left, len(files), r.Messages, len(c.says))
		}
	})
}

func TestAnEditPutsAPartBackThatIsGone(t *testing.T) {
	t.Parallel()
	c := newAble()
	c.traits.Text.Max = 4
	c.order, c.says["m1"] = []chat.MessageID{"m1", "m2"}, "one "
	r, err := chat.Do(t.Context(), c, chat.Edit{Key: "w-1", To: to, Messages: []chat.MessageID{"m1", "m2"}, Text: text.Plain("uno dos")})
	if err != nil || !slices.Equal(c.reads(), []string{"uno ", "dos"}) || !slices.Equal(r.Messages, []chat.MessageID{"m1", "m3"}) {
		t.Errorf("it reads %q as %v, %v; want uno and dos", c.reads(), r.Messages, err)
	}
	delete(c.says, "m1")
	if _, err := chat.Do(t.Context(), c, chat.Edit{To: to, Messages: []chat.MessageID{"m1"}, Text: text.Plain("x")}); chat.KindOf(err) != chat.Gone {
		t.Errorf("the whole message gone: %v, want gone", err)
	}
}

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d ", i)
	}
	return strings.TrimSpace(b.String())
}
