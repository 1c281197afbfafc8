package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func errDeadline() error { return context.DeadlineExceeded }

// plain is a connector that can only post. It folds posts with the same key, as a Keyed platform does.
type plain struct {
	traits chat.Traits
	fail   func(chat.Action) error

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
		Threads: true, Edit: chat.Ability{Out: true}, Delete: chat.Ability{Out: true}, React: chat.Ability{Out: true}, Repeat: chat.ReadBack,
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
	} {
		unable := newAble()
		unable.traits = chat.Traits{}
		for name, p := range map[string]struct {
			c chat.Connector
			p *plain
		}{"not implemented": {func() chat.Connector { p := newPlain(); return p }(), nil}, "not declared": {unable, unable.plain}} {
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
		chat.Edit{To: to, Messages: []chat.MessageID{"m"}}, chat.Delete{To: to}, chat.React{To: to}, chat.Open{To: to},
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

func TestPartsFitAndLoseNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tr := chat.Traits{
			Text:  text.Limit{Max: rapid.IntRange(30, 200).Draw(t, "max"), Unit: rapid.SampledFrom([]text.Unit{text.Runes, text.UTF16, text.Graphemes, text.Bytes, text.Weighted}).Draw(t, "unit")},
			Files: chat.FileTraits{Count: rapid.IntRange(0, 4).Draw(t, "count")},
		}
		p := posts().Draw(t, "post")
		p.Key = chat.Delivery{ID: chat.DeliveryID(rapid.Int64Range(1, 1<<62).Draw(t, "id"))}.Key("abcdefgh")
		parts := chat.Parts(p, tr)
		var body strings.Builder
		var names []string
		keys := map[chat.Key]bool{}
		for i, x := range parts {
			body.WriteString(x.Text.Body + " ")
			for _, f := range x.Files {
				names = append(names, f.Name)
			}
			if keys[x.Key] || len(x.Key) > 25 || x.Key == "" {
				t.Fatalf("part %d has key %q: empty, longer than 25 or used twice", i, x.Key)
			}
			keys[x.Key] = true
			if n := tr.SizeOf(x.Text); n > tr.Text.Max {
				t.Fatalf("part %d takes %d of %d", i, n, tr.Text.Max)
			}
			if tr.Files.Count > 0 && len(x.Files) > tr.Files.Count {
				t.Fatalf("part %d has %d files, %d are allowed", i, len(x.Files), tr.Files.Count)
			}
			if len(parts) > 1 && x.Text.Empty() && len(x.Files) == 0 {
				t.Fatalf("part %d of %d is empty", i, len(parts))
			}
			if i > 0 && (x.ReplyTo != "" || x.Card != nil) || i == 0 && (x.ReplyTo != p.ReplyTo || x.Card != p.Card) {
				t.Fatalf("part %d replies or has a card: only the first does", i)
			}
			if x.To != p.To || x.As != p.As || x.Only != p.Only || x.Hops != p.Hops {
				t.Fatalf("part %d goes elsewhere or by another name", i)
			}
		}
		if parts[0].Key != p.Key {
			t.Fatalf("the first part's key is %q, want %q", parts[0].Key, p.Key)
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := squeeze(body.String()), squeeze(p.Text.Body); got != want {
			t.Fatalf("the parts read %q, want %q", got, want)
		}
		var want []string
		for _, f := range p.Files {
			want = append(want, f.Name)
		}
		if !slices.Equal(names, want) {
			t.Fatalf("files %q, want %q", names, want)
		}
	})
}

func TestPartsOfFilesAlone(t *testing.T) {
	t.Parallel()
	p := chat.Post{Key: "w-1", To: to, Files: make([]chat.File, 5)}
	got := chat.Parts(p, chat.Traits{Files: chat.FileTraits{Count: 2}})
	if len(got) != 3 || len(got[0].Files) != 2 || len(got[2].Files) != 1 {
		t.Errorf("%d parts, want three with 2, 2 and 1 files", len(got))
	}
	if got := chat.Parts(p, chat.Traits{}); len(got) != 1 || len(got[0].Files) != 5 {
		t.Errorf("where no files are taken: %d parts, want one that still has them all", len(got))
	}
	p.Key = ""
	for i, x := range chat.Parts(p, chat.Traits{Files: chat.FileTraits{Count: 2}}) {
		if x.Key != "" {
			t.Errorf("part %d of a post without a key has key %q", i, x.Key)
		}
	}
}

func TestManyPartsHaveKeysApart(t *testing.T) {
	t.Parallel()
	for _, id := range []chat.DeliveryID{1, 1 << 62} {
		p := chat.Post{Key: chat.Delivery{ID: id}.Key("abcdefgh"), Text: text.Plain(strings.Repeat("word ", 20_000))}
		keys := map[chat.Key]bool{}
		parts := chat.Parts(p, chat.Traits{Text: text.Limit{Max: 50}})
		for _, x := range parts {
			if len(x.Key) > 25 {
				t.Fatalf("key %q is longer than 25", x.Key)
			}
			keys[x.Key] = true
		}
		if len(parts) < 1000 || len(keys) != len(parts) {
			t.Errorf("%d parts have %d keys, want one each", len(parts), len(keys))
		}
	}
}

func TestActionsReadBackWhatTheyWrite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := actions().Draw(t, "action")
		name, body, err := chat.EncodeAction(a)
		if err != nil {
			t.Fatal(err)
		}
		got, err := chat.DecodeAction(name, body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, got, cmpopts.EquateEmpty()); diff != "" || name != chat.ActionName(got) {
			t.Fatalf("%s (-wrote +read):\n%s", name, diff)
		}
		if got.Target() != a.Target() {
			t.Fatalf("target %v, want %v", got.Target(), a.Target())
		}
	})
	if _, _, err := chat.EncodeAction(nil); err == nil {
		t.Error("EncodeAction(nil) = nil error")
	}
	if _, err := chat.DecodeAction("dance", nil); err == nil {
		t.Error("DecodeAction of an unknown name = nil error")
	}
	if _, err := chat.DecodeAction("post", []byte("{")); err == nil {
		t.Error("DecodeAction of half a body = nil error")
	}
}

func TestEventsReadBackWhatTheyWrite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ev := events().Draw(t, "event")
		b, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		var got chat.Event
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(ev, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s (-wrote +read):\n%s", b, diff)
		}
	})
	var ev chat.Event
	for _, s := range []string{`{}`, `{"kind":"dance"}`, `{"kind":"posted","what":3}`, `[`} {
		if err := json.Unmarshal([]byte(s), &ev); err == nil {
			t.Errorf("Unmarshal(%s) = nil error", s)
		}
	}
	if _, err := json.Marshal(chat.Event{}); err == nil {
		t.Error("Marshal of an event without a happening = nil error")
	}
}
