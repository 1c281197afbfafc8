package emulate_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// only gives the bot's message at ts, which must be there.
func (w *workspace) only(t *testing.T, channel, ts string) message {
	t.Helper()
	m, ok := w.bot.message(t, channel, ts)
	if !ok {
		t.Fatalf("there is no message %s in %s", ts, channel)
	}
	if m.User != botUser {
		t.Errorf("message %s is by %s, want the bot %s", ts, m.User, botUser)
	}
	return m
}

func TestPost(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := connect(t, w, botToken, signing)

	bold := text.Text{Body: "hello <world> & all", Spans: []text.Span{{Kind: text.Bold, Start: 0, End: 5}}}
	r, ts := l.do(t, chat.Post{Key: "k-text", To: l.to, Text: bold, Hops: 2})
	m := w.only(t, w.general, ts)
	if want := "*hello* &lt;world&gt; &amp; all"; m.Text != want {
		t.Errorf("text is %q, want %q", m.Text, want)
	}
	if len(m.Blocks) != 1 || m.Blocks[0].Type != "rich_text" {
		t.Errorf("blocks are %+v, want one rich_text", m.Blocks)
	}
	if m.Metadata.Type != "roost" || m.Metadata.Payload["key"] != "k-text" || m.Metadata.Payload["hops"] != 2.0 {
		t.Errorf("metadata is %+v, want the key and the hops", m.Metadata)
	}
	if since := time.Since(r.At).Abs(); since > time.Minute || !r.Conversation.IsZero() {
		t.Errorf("receipt is %+v", r)
	}

	_, reply := l.do(t, chat.Post{Key: "k-reply", To: at(w.general, ts), Text: text.Plain("in the thread")})
	if m := w.only(t, w.general, reply); m.Thread != ts || m.Text != "in the thread" {
		t.Errorf("reply is %+v, want it in thread %s", m, ts)
	}

	_, ts = l.do(t, chat.Post{
		Key: "k-as", To: l.to, Text: text.Plain("relayed"), As: &chat.Persona{Name: "Grace", Avatar: "https://example.com/grace.png"},
	})
	if m := w.only(t, w.general, ts); m.Username != "Grace" || m.Icon != "https://example.com/grace.png" {
		t.Errorf("persona is %q with %q", m.Username, m.Icon)
	}
}

func TestPostCard(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := connect(t, w, botToken, signing)
	_, ts := l.do(t, chat.Post{Key: "k-card", To: l.to, Card: &chat.Card{
		Title: "New member", Body: "wants in", Facts: []chat.Fact{{Name: "Followers", Value: "12"}}, Footer: "desk",
		Buttons: []chat.Button{
			{ID: "yes", Label: "Let in", Value: "42", Style: chat.Primary},
			{ID: "no", Label: "Turn away", Value: "43", Style: chat.Danger, Ask: "Really?"},
		},
	}})
	m := w.only(t, w.general, ts)
	var kinds []string
	for _, b := range m.Blocks {
		kinds = append(kinds, b.Type)
	}
	if want := []string{"header", "section", "context", "actions"}; !slices.Equal(kinds, want) {
		t.Fatalf("blocks are %v, want %v", kinds, want)
	}
	buttons := m.Blocks[3].Elements
	if len(buttons) != 2 || buttons[0].Value != "42" || buttons[0].Style != "primary" || buttons[1].Value != "43" || buttons[1].Style != "danger" {
		t.Errorf("buttons are %+v", buttons)
	}
	if m.Text == "" {
		t.Error("the card has no text for notifications")
	}
}

func TestPostToOnePerson(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := connect(t, w, botToken, signing)
	ada := w.ada.id(t)

	r, ts := l.do(t, chat.Post{Key: "k-dm", To: at(ada, ""), Text: text.Plain("between us")})
	talk := string(r.Conversation.ID)
	if talk == "" || talk[0] != 'D' {
		t.Fatalf("receipt names %v, want the direct conversation", r.Conversation)
	}
	if m := w.only(t, talk, ts); m.Text != "between us" {
		t.Errorf("direct message is %+v", m)
	}

	before := len(w.ada.history(t, w.general))
	if _, ts := l.do(t, chat.Post{To: l.to, Text: text.Plain("psst"), Only: chat.PersonID(ada)}); ts == "" {
		t.Error("the whisper has no ts")
	}
	if after := len(w.ada.history(t, w.general)); after != before {
		t.Errorf("the channel has %d messages after a whisper, want %d", after, before)
	}
}

func TestEditDeleteReact(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := connect(t, w, botToken, signing)
	_, ts := l.do(t, chat.Post{Key: "k-1", To: l.to, Text: text.Plain("first")})
	ours := []chat.MessageID{chat.MessageID(ts)}

	if _, edited := l.do(t, chat.Edit{To: l.to, Messages: ours, Text: text.Plain("second")}); edited != ts {
		t.Errorf("the receipt of the edit names %q, want %q", edited, ts)
	}
	if m := w.only(t, w.general, ts); m.Text != "second" || m.Edited == nil {
		t.Errorf("edited message is %+v", m)
	}

	react := chat.React{To: l.to, Message: ours[0], Emoji: "👍"}
	for range 2 { // the second is done already
		l.do(t, react)
		if m := w.only(t, w.general, ts); len(m.Reactions) != 1 || m.Reactions[0].Name != "+1" || !slices.Equal(m.Reactions[0].Users, []string{botUser}) {
			t.Errorf("reactions are %+v, want the bot's +1", m.Reactions)
		}
	}
	react.Remove = true
	for range 2 {
		l.do(t, react)
		if m := w.only(t, w.general, ts); len(m.Reactions) != 0 {
			t.Errorf("reactions are %+v, want none", m.Reactions)
		}
	}

	for range 2 {
		l.do(t, chat.Delete{To: l.to, Messages: ours})
		if m, there := w.bot.message(t, w.general, ts); there {
			t.Errorf("message %+v is there after its deletion", m)
		}
	}
}

func TestOpenAndFind(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := connect(t, w, botToken, signing)
	since := time.Now()

	open := chat.Open{Key: "k-open", To: l.to, Title: "A case", Card: chat.Card{Body: "somebody asks"}}
	r, ts := l.do(t, open)
	if want := at(w.general, ts); r.Conversation != want {
		t.Errorf("opened %v, want %v", r.Conversation, want)
	}
	if m := w.only(t, w.general, ts); len(m.Blocks) == 0 || m.Blocks[0].Type != "header" {
		t.Errorf("the card of the thread is %+v, want a header with its title", m.Blocks)
	}
	if got, found, _, err := chat.Find(t.Context(), l, open, since); err != nil || !found || got.Conversation != r.Conversation {
		t.Errorf("Find of the thread gives %+v, %v, %v; want %v", got, found, err, r.Conversation)
	}

	for i, to := range []chat.Conversation{l.to, r.Conversation} {
		p := chat.Post{Key: chat.Key(fmt.Sprintf("k-post-%d", i)), To: to, Text: text.Plain("did it arrive?")}
		if got, found, _, err := chat.Find(t.Context(), l, p, since); err != nil || found {
			t.Errorf("%v: before it was posted Find gives %+v, %v, %v", to, got, found, err)
		}
		l.wire.losing("chat.postMessage")
		if _, err := chat.Do(t.Context(), l, p); chat.KindOf(err) != chat.Uncertain {
			t.Fatalf("%v: a post whose answer was lost is %v: %v; want uncertain", to, chat.KindOf(err), err)
		}
		got, found, known, err := chat.Find(t.Context(), l, p, since)
		if err != nil || !found || !known || len(got.Messages) != 1 {
			t.Fatalf("%v: Find gives %+v, %v, %v, %v", to, got, found, known, err)
		}
		if m := w.only(t, w.general, string(got.Messages[0])); m.Text != p.Text.Body || m.Thread != string(to.Thread) {
			t.Errorf("%v: found %+v", to, m)
		}
		p.Key = "k-other"
		if got, found, _, err := chat.Find(t.Context(), l, p, since); err != nil || found {
			t.Errorf("%v: Find by another key gives %+v, %v, %v", to, got, found, err)
		}
	}
}

func TestFilesOut(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := connect(t, w, botToken, signing)
	_, root := l.do(t, chat.Post{Key: "k-root", To: l.to, Text: text.Plain("files, please")})

	p := chat.Post{
		Key: "k-files", To: at(w.general, root), Text: text.Plain("here & there"),
		Files: []chat.File{
			{Name: "a.txt", Type: "text/plain", Content: content("alpha"), Alt: "the first"},
			{Name: "b.bin", Size: 4, Content: content("beta")},
		},
	}
	_, ts := l.do(t, p)
	m := w.only(t, w.general, ts)
	if m.SubType != "file_share" || m.Thread != root || m.Text != "here &amp; there" || len(m.Files) != 2 {
		t.Fatalf("message of the files is %+v", m)
	}
	if f := m.Files[0]; f.Name != "a.txt" || f.Size != 5 || f.Where == "" {
		t.Errorf("first file is %+v", f)
	}
	if f := m.Files[1]; f.Name != "b.bin" || f.Size != 4 {
		t.Errorf("second file is %+v", f)
	}
	got, err := chat.Fetch(t.Context(), l, chat.File{Name: "b.bin", Account: "slack/team", Source: m.Files[1].Where})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if raw := readAll(t, got); string(raw) != "beta" {
		t.Errorf("second file holds %q, want %q", raw, "beta")
	}

	p.Key, p.To, p.Files = "k-lost", l.to, p.Files[:1]
	l.wire.losing("files.completeUploadExternal")
	if _, err := chat.Do(t.Context(), l, p); chat.KindOf(err) != chat.Uncertain {
		t.Fatalf("files whose answer was lost are %v: %v; want uncertain", chat.KindOf(err), err)
	}
	r, found, _, err := chat.Find(t.Context(), l, p, time.Now())
	if err != nil || !found || len(r.Messages) != 1 {
		t.Fatalf("Find of the files gives %+v, %v, %v", r, found, err)
	}
	if m := w.only(t, w.general, string(r.Messages[0])); len(m.Files) != 1 || m.Files[0].Name != "a.txt" {
		t.Errorf("found %+v", m)
	}
}
