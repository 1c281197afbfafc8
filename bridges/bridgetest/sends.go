package bridgetest

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

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func filesIn(t *testing.T, w *world) {
	w.ready(t)
	for _, f := range []File{
		{Name: "dot.png", Type: "image/png", Data: png()},
		{Name: "large.png", Type: "image/png", Data: append(png(), bytes.Repeat([]byte{7}, 1<<20)...)},
	} {
		w.Say(t, "see "+f.Name, f)
		if !w.sink.Within(limit, func(events []chat.Event) bool { return len(files(events)) > 0 }) {
			t.Fatalf("%s did not come", f.Name)
		}
		got := files(w.sink.Events())[0]
		w.sink.Forget()
		if got.Account != w.Talk().Account || got.Source == "" {
			t.Errorf("%s came as %+v, without an account or a source", f.Name, got)
		}
		if b := w.fetched(t, got); !bytes.Equal(b, f.Data) {
			t.Errorf("%s came with %d bytes, want %d", f.Name, len(b), len(f.Data))
		}
	}
}

func (w *world) fetched(t *testing.T, f chat.File) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	r, err := chat.Fetch(ctx, w.conn, f)
	w.note(err)
	if err != nil {
		t.Fatalf("fetch %s: %v", f.Name, err)
	}
	b, err := io.ReadAll(r)
	if err := r.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err != nil {
		t.Fatalf("read %s: %v", f.Name, err)
	}
	return b
}

func files(events []chat.Event) []chat.File {
	for _, ev := range events {
		if p, ok := ev.What.(chat.Posted); ok && len(p.Files) > 0 {
			return p.Files
		}
	}
	return nil
}

// png is a picture of one pixel.
func png() []byte {
	return []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89" +
		"\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00\x00IEND\xaeB`\x82")
}

// post posts x, in as many messages as it takes, and gives back what the platform holds of it then.
func (w *world) post(t *testing.T, key chat.Key, x text.Text, attached ...chat.File) []Heard {
	t.Helper()
	before := len(w.Heard(t))
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var ids []chat.MessageID
	for _, p := range chat.Parts(chat.Post{Key: key, To: w.Talk(), Text: x, Files: attached}, w.conn.Traits()) {
		r, err := w.do(ctx, p)
		if err != nil {
			t.Fatalf("post %.40q: %v", p.Text.Body, err)
		}
		if len(r.Messages) == 0 {
			t.Fatalf("post %.40q: the receipt names no message", p.Text.Body)
		}
		ids = append(ids, r.Messages...)
	}
	heard := w.Heard(t)[before:]
	var got []chat.MessageID
	for _, h := range heard {
		got = append(got, h.ID)
	}
	if diff := cmp.Diff(ids, got); diff != "" {
		t.Fatalf("the receipts name other messages than the platform holds (-receipts +platform):\n%s", diff)
	}
	return heard
}

func posts(t *testing.T, w *world) {
	heard := w.post(t, "k-1", text.Plain("good morning"))
	if len(heard) != 1 || heard[0].Text != "good morning" {
		t.Fatalf("the person read %+v, want good morning", heard)
	}
}

// hardTexts are texts that naive connectors damage, or that gain power by moving.
func hardTexts(t *testing.T, w *world) {
	for i, s := range []string{
		"a < b & c > d &amp; &lt;",
		"*not bold* _not italic_ ~not struck~ `no code` > no quote",
		"<!channel> <!here> <!everyone> <@U012345> <@&42> @everyone @here @channel <#C0123|x>",
		"line one\nline two\n\nline four",
		"👩‍👩‍👧‍👦 🏳️‍🌈 é e\u0301 你好 مرحبا שלום",
		"https://example.com/?a=1&b=<2>",
		"# not a heading\n- no list\n1. nor this\n> no quote",
		"\u202eevil\u202c and \u2067isolated\u2069",
	} {
		heard := w.post(t, chat.Key(fmt.Sprintf("k-%d", i)), text.Plain(s))
		var got strings.Builder
		for _, h := range heard {
			got.WriteString(h.Text)
			if len(h.Pings) > 0 {
				t.Errorf("%q notified %q", s, h.Pings)
			}
		}
		if want := text.Plain(s).Body; got.String() != want {
			t.Errorf("the person read %q, want %q", got.String(), want)
		}
	}
	var b text.Builder
	b.Write("a ")
	b.Span(text.Bold, text.Attrs{}, func() { b.Write("bold & <strong>") })
	b.Write(" and ")
	b.Span(text.Code, text.Attrs{}, func() { b.Write("code") })
	if heard := w.post(t, "k-f", b.Text()); heard[0].Text != "a bold & <strong> and code" {
		t.Errorf("the person read %q, want the same characters", heard[0].Text)
	}
}

func longText(t *testing.T, w *world) {
	most := w.conn.Traits().Text.Max
	if most == 0 {
		return // the platform sets no limit
	}
	var long strings.Builder
	for i := 0; long.Len() < 2*most+most/2; i++ {
		fmt.Fprintf(&long, "Sentence number %d of a long story. ", i)
	}
	want := strings.TrimSpace(long.String())
	heard := w.post(t, "k-1", text.Plain(want))
	if len(heard) < 2 {
		t.Fatalf("%d characters became %d messages, want several", len(want), len(heard))
	}
	var got []string
	for _, h := range heard {
		got = append(got, strings.Fields(h.Text)...)
	}
	if !slices.Equal(got, strings.Fields(want)) {
		t.Error("the parts don't join to the whole")
	}
}

func filesOut(t *testing.T, w *world) {
	traits := w.conn.Traits().Files
	if traits.Count == 0 {
		return // the platform takes no files
	}
	small := png()
	large := append(png(), bytes.Repeat([]byte{9}, 3<<20)...)
	for i, b := range [][]byte{small, large} {
		name := fmt.Sprintf("picture%d.png", i)
		f := chat.File{Name: name, Type: "image/png", Size: int64(len(b)), Content: data(b)}
		heard := w.post(t, chat.Key(fmt.Sprintf("k-%d", i)), text.Plain("look at "+name), f)
		var got []File
		for _, h := range heard {
			got = append(got, h.Files...)
		}
		if len(got) != 1 || !bytes.Equal(got[0].Data, b) {
			t.Fatalf("%s: the platform holds %d files, want one of %d bytes", name, len(got), len(b))
		}
	}
}

func abilities(t *testing.T, w *world) {
	heard := w.post(t, "k-1", text.Plain("to be changed"))
	to, id := w.Talk(), heard[0].ID
	traits := w.conn.Traits()
	for _, tc := range []struct {
		name string
		able bool
		a    chat.Action
		done func(Heard) bool
	}{
		{"react", traits.React.Out, chat.React{To: to, Message: id, Emoji: "👍"}, func(h Heard) bool { return slices.Contains(h.Reactions, "👍") }},
		{"react again", traits.React.Out, chat.React{To: to, Message: id, Emoji: "👍"}, func(h Heard) bool { return slices.Contains(h.Reactions, "👍") }},
		{"unreact", traits.React.Out, chat.React{To: to, Message: id, Emoji: "👍", Remove: true}, func(h Heard) bool { return len(h.Reactions) == 0 }},
		{"unreact again", traits.React.Out, chat.React{To: to, Message: id, Emoji: "👍", Remove: true}, func(h Heard) bool { return len(h.Reactions) == 0 }},
		{"edit", traits.Edit.Out, chat.Edit{Key: "k-2", To: to, Messages: []chat.MessageID{id}, Text: text.Plain("changed")}, func(h Heard) bool { return h.Text == "changed" }},
		{"delete", traits.Delete.Out, chat.Delete{To: to, Messages: []chat.MessageID{id}}, func(h Heard) bool { return h.Gone }},
		{"delete again", traits.Delete.Out, chat.Delete{To: to, Messages: []chat.MessageID{id}}, func(h Heard) bool { return h.Gone }},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		_, err := w.do(ctx, tc.a)
		cancel()
		if !tc.able {
			if !chat.IsUnsupported(err) {
				t.Errorf("%s = %v, want ErrUnsupported", tc.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s = %v", tc.name, err)
			continue
		}
		if h := w.held(t, id); !tc.done(h) {
			t.Errorf("%s left %+v", tc.name, h)
		}
	}
}

// held is what the platform holds of one message; a message that is gone may be there no more at all.
func (w *world) held(t *testing.T, id chat.MessageID) Heard {
	t.Helper()
	for _, h := range w.Heard(t) {
		if h.ID == id {
			return h
		}
	}
	return Heard{ID: id, Gone: true}
}

// one tries to post and gives the error.
func (w *world) one(t *testing.T, said string, within time.Duration) (chat.Action, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	p := chat.Post{Key: "k-1", To: w.Talk(), Text: text.Plain(said)}
	_, err := w.do(ctx, p)
	return p, err
}

func throttled(t *testing.T, w *world) {
	w.Throttle(t, 7*time.Second)
	_, err := w.one(t, "too fast", limit)
	if k := chat.KindOf(err); k != chat.Throttled {
		t.Fatalf("post = %v (%v), want Throttled", err, k)
	}
	if wait := waitOf(err); wait < 5*time.Second || wait > 9*time.Second {
		t.Errorf("the wait is %v, want about 7 s", wait)
	}
	if n := len(w.Heard(t)); n != 0 {
		t.Errorf("%d messages were posted while throttled", n)
	}
}

func swallowed(t *testing.T, w *world) {
	since := time.Now().Add(-time.Second)
	w.post(t, "k-0", text.Plain("the same words"))
	w.Swallow(t)
	p, err := w.one(t, "the same words", limit)
	if k := chat.KindOf(err); k != chat.Uncertain {
		t.Fatalf("post = %v (%v), want Uncertain", err, k)
	}
	w.finds(t, p, since, true)
	again := p.(chat.Post)
	again.Key = "k-2"
	w.finds(t, again, since, false)
}

// finds asks whether p arrived, where the connector can tell.
func (w *world) finds(t *testing.T, p chat.Action, since time.Time, want bool) {
	t.Helper()
	if w.conn.Traits().Repeat == chat.Keyed {
		if _, err := w.do(t.Context(), p); err != nil {
			t.Fatalf("the same key again = %v", err)
		}
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	r, found, known, err := chat.Find(ctx, w.conn, p, since)
	w.note(err)
	if err != nil {
		t.Fatalf("find = %v", err)
	}
	if w.conn.Traits().Repeat == chat.ReadBack && !known {
		t.Fatal("the connector can't find its posts, and its Traits say that it can")
	}
	if known && found != want {
		t.Fatalf("found = %v, want %v", found, want)
	}
	if heard := w.Heard(t); found && (len(r.Messages) != 1 || r.Messages[0] != heard[len(heard)-1].ID) {
		t.Errorf("found %v, want %v", r.Messages, heard[len(heard)-1].ID)
	}
}

func hanging(t *testing.T, w *world) {
	since := time.Now().Add(-time.Second)
	w.Hang(t)
	p, err := w.one(t, "into the void", 2*time.Second)
	if k := chat.KindOf(err); k != chat.Uncertain {
		t.Fatalf("post = %v (%v), want Uncertain", err, k)
	}
	if w.conn.Traits().Repeat == chat.ReadBack {
		w.finds(t, p, since, false)
	}
}

func failing(t *testing.T, w *world) {
	w.Fail(t, 503)
	_, err := w.one(t, "at a bad time", limit)
	if k := chat.KindOf(err); k != chat.Transient && k != chat.Uncertain {
		t.Fatalf("post = %v (%v), want Transient or Uncertain", err, k)
	}
	if _, err := w.one(t, "at a bad time", limit); err != nil {
		t.Errorf("the next try = %v", err)
	}
}

func revoked(t *testing.T, w *world) {
	w.ready(t)
	w.Revoke(t)
	if _, err := w.one(t, "who am I", limit); chat.KindOf(err) != chat.LoggedOut {
		t.Errorf("post = %v (%v), want LoggedOut", err, chat.KindOf(err))
	}
	w.Drop(t)
	err := w.running.Over(t)
	w.note(err)
	if chat.KindOf(err) != chat.LoggedOut {
		t.Errorf("Run with a revoked token = %v (%v), want LoggedOut", err, chat.KindOf(err))
	}
}
