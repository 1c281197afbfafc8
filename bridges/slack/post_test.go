package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
)

func TestAPostBearsItsPersonaAndItsKey(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	m := r.posts(t, chat.Post{
		Key: "k-7", To: r.place(), Text: plainText("https://example.com says hi"), Hops: 2,
		As: &chat.Persona{Name: "Ada <!channel> @here", Avatar: "https://example.com/a.png"},
	})
	if strings.ContainsAny(m.Username, "<>@") || !strings.Contains(m.Username, "Ada") || m.IconURL != "https://example.com/a.png" {
		t.Errorf("it bears %q and %q", m.Username, m.IconURL)
	}
	if m.Metadata == nil || m.Metadata.EventType != "roost" || !strings.Contains(string(m.Metadata.EventPayload), "k-7") {
		t.Errorf("its metadata is %+v, want the key in it", m.Metadata)
	}
	form := r.Calls("chat.postMessage")[0].Form
	for key, want := range map[string]string{"unfurl_links": "false", "unfurl_media": "false", "link_names": "false", "parse": "none"} {
		if got := form.Get(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	e := r.hears(t, "https://example.com says hi")
	if !e.Author.Self {
		t.Error("our own post is not known as ours")
	}
}

func TestAReplyGoesIntoItsThread(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	root := r.says(t, r.room, slacksim.Draft{Text: "root"})
	to := r.place()
	to.Thread = chat.ThreadID(root)
	if m := r.posts(t, chat.Post{To: to, Text: plainText("in it")}); m.Thread != string(root) {
		t.Errorf("the reply is in thread %q, want %q", m.Thread, root)
	}
	if e := r.hears(t, "in it"); e.Conversation != to {
		t.Errorf("the echo is in %v, want %v", e.Conversation, to)
	}
}

func TestAPostIntoADeletedThreadIsTakenBack(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	root := r.says(t, r.room, slacksim.Draft{Text: "root"})
	must(t, r.Sim.Delete(r.ada, r.room, string(root)))
	to := r.place()
	to.Thread = chat.ThreadID(root)
	_, err := r.conn.Post(t.Context(), chat.Post{To: to, Text: plainText("too late")})
	if chat.KindOf(err) != chat.Gone {
		t.Errorf("post = %v, want Gone", err)
	}
	for _, m := range r.Messages(r.room) {
		if strings.Contains(m.Text, "too late") && !m.Deleted {
			t.Errorf("the post stands in the channel: %+v", m)
		}
	}
}

func TestAWhisperIsSeenByOne(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	_, err := r.conn.Post(t.Context(), chat.Post{To: r.place(), Only: r.Person(), Text: plainText("psst")})
	must(t, err)
	seen := r.Ephemerals(r.ada)
	if len(seen) != 1 || seen[0].Text != "psst" {
		t.Errorf("she sees %+v, want the whisper", seen)
	}
	if n := len(r.Messages(r.room)); n != 0 {
		t.Errorf("everybody sees %d messages, want none", n)
	}
}

func TestAnOpenedThreadIsFoundAgain(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	since := time.Now()
	r.Sim.Fail("chat.postMessage", slacksim.Fault{AcceptThenDrop: true, Times: 1})
	open := chat.Open{Key: "k-1", To: r.place(), Title: "Case 1", Card: chat.Card{Body: "hello"}}
	_, err := chat.Do(t.Context(), r.conn, open)
	if chat.KindOf(err) != chat.Uncertain {
		t.Fatalf("open = %v, want Uncertain", err)
	}
	receipt, found, known, err := chat.Find(t.Context(), r.conn, open, since)
	if err != nil || !found || !known {
		t.Fatalf("find = %v, found %v, known %v", err, found, known)
	}
	if receipt.Conversation.Thread != chat.ThreadID(receipt.Messages[0]) || receipt.Conversation.Place() != r.place() {
		t.Errorf("it was found in %v as %v", receipt.Conversation, receipt.Messages)
	}
	reply := chat.Post{Key: "k-2", To: receipt.Conversation, Text: plainText("and more")}
	m := r.posts(t, reply)
	again, found, _, err := chat.Find(t.Context(), r.conn, reply, since)
	if err != nil || !found || string(again.Messages[0]) != m.TS {
		t.Errorf("find in a thread = %v, %v, %v; want %v", again, found, err, m.TS)
	}
}

func TestFilesGoOutAsOneMessage(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{Timing: slacksim.Timing{ShareDelay: 300 * time.Millisecond}})
	root := r.says(t, r.room, slacksim.Draft{Text: "root"})
	to := r.place()
	to.Thread = chat.ThreadID(root)
	m := r.posts(t, chat.Post{
		Key: "k-1", To: to, Text: plainText("look: <!channel> & more"), As: &chat.Persona{Name: "Grace"},
		Files: []chat.File{
			{Name: "a.txt", Type: "text/plain", Content: content("first"), Alt: "the first"},
			{Name: "../b.txt", Type: "text/plain", Size: 6, Content: content("second")},
		},
	})
	if m.Thread != string(root) || len(m.Files) != 2 || m.Text != "*Grace*: look: &lt;!channel&gt; &amp; more" {
		t.Errorf("the message is %+v", m)
	}
	for i, want := range []string{"first", "second"} {
		if b, _ := r.FileBytes(m.Files[i].ID); string(b) != want {
			t.Errorf("file %d is %q, want %q", i, b, want)
		}
	}
	if name := m.Files[1].Name; strings.Contains(name, "/") {
		t.Errorf("the file's name is %q", name)
	}
}

func TestUnansweredFilesAreFound(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	p := chat.Post{Key: "k-1", To: r.place(), Files: []chat.File{{Name: "a.txt", Size: 1, Content: content("a")}}}
	r.Sim.Fail("files.completeUploadExternal", slacksim.Fault{AcceptThenDrop: true, Times: 1})
	since := time.Now()
	if _, err := r.conn.Post(t.Context(), p); chat.KindOf(err) != chat.Uncertain {
		t.Fatalf("post = %v, want Uncertain", err)
	}
	r.sees(t, func(v *slacksim.View) bool { return len(v.Messages(r.room)) == 1 })
	receipt, found, _, err := chat.Find(t.Context(), r.conn, p, since)
	if err != nil || !found || string(receipt.Messages[0]) != r.Messages(r.room)[0].TS {
		t.Errorf("find = %v, %v, %v; want the message", receipt, found, err)
	}
	r.Sim.Fail("upload", slacksim.Fault{AcceptThenDrop: true, Times: 1})
	p.Key = "k-2"
	if _, err := r.conn.Post(t.Context(), p); chat.KindOf(err) != chat.Transient {
		t.Errorf("post = %v, want Transient: nobody has seen the file", err)
	}
}

// TestAnsweredFilesAreFound looks for a post that was answered twice over: Roost may end before the answer is stored, and
// again before what was found is.
func TestAnsweredFilesAreFound(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	p := chat.Post{Key: "k-1", To: r.place(), Files: []chat.File{{Name: "a.txt", Size: 1, Content: content("a")}}}
	since := time.Now()
	posted, err := r.conn.Post(t.Context(), p)
	must(t, err)
	for range 2 {
		receipt, found, _, err := chat.Find(t.Context(), r.conn, p, since)
		if err != nil || !found || receipt.Messages[0] != posted.Messages[0] {
			t.Errorf("find = %v, %v, %v; want %v", receipt, found, err, posted.Messages)
		}
	}
}

func TestFilesThatSlackWontTake(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	for name, f := range map[string]chat.File{
		"empty": {Name: "e", Content: content("")}, "gone": {Name: "g", Size: 5}, "huge": {Name: "h", Size: 2 << 30, Content: content("x")},
	} {
		_, err := r.conn.Post(t.Context(), chat.Post{To: r.place(), Files: []chat.File{f}})
		if chat.KindOf(err) != chat.Refused || chat.Reason(err) == "" {
			t.Errorf("%s: post = %v, want Refused with a reason", name, err)
		}
	}
}

func TestAFileIsFetchedFromSlackAlone(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	r.says(t, r.room, slacksim.Draft{Text: "see", Files: []slacksim.Upload{{Name: "x.txt", Type: "text/plain", Data: []byte("inside"), Alt: "an x"}}})
	e := r.hears(t, "see")
	f := e.What.(chat.Posted).Files[0]
	if f.Name != "x.txt" || f.Size != 6 || f.Alt != "an x" || !strings.HasPrefix(f.Type, "text/plain") {
		t.Errorf("the file is %+v", f)
	}
	body, err := r.conn.Fetch(t.Context(), f)
	must(t, err)
	b, err := io.ReadAll(body)
	must(t, err)
	must(t, body.Close())
	if string(b) != "inside" {
		t.Errorf("fetched %q, want %q", b, "inside")
	}

	for _, source := range []string{"https://evil.example/x", "http://files.slack.com/x", "https://slack.com.evil.example/x", "::"} {
		f.Source = source
		if _, err := r.conn.Fetch(t.Context(), f); chat.KindOf(err) != chat.Refused {
			t.Errorf("fetch from %q = %v, want Refused", source, err)
		}
	}
	r.SetScopes("chat:write")
	f = e.What.(chat.Posted).Files[0]
	if _, err := r.conn.Fetch(t.Context(), f); chat.KindOf(err) != chat.Refused || !strings.Contains(chat.Reason(err), "files:read") {
		t.Errorf("fetch without the scope = %v, want Refused and its name", err)
	}
}

func TestWhatWasDoneAlreadyIsDone(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	m := r.posts(t, chat.Post{To: r.place(), Text: plainText("here")})
	id := chat.MessageID(m.TS)
	for range 2 {
		must(t, r.conn.React(t.Context(), chat.React{To: r.place(), Message: id, Emoji: "⏳"}))
	}
	for range 2 {
		must(t, r.conn.React(t.Context(), chat.React{To: r.place(), Message: id, Emoji: "⏳", Remove: true}))
	}
	if err := r.conn.React(t.Context(), chat.React{To: r.place(), Message: id, Emoji: "no emoji"}); chat.KindOf(err) != chat.Refused {
		t.Errorf("react with words = %v, want Refused", err)
	}
	for range 2 {
		must(t, r.conn.Delete(t.Context(), chat.Delete{To: r.place(), Messages: []chat.MessageID{id}}))
	}
	_, err := r.conn.Edit(t.Context(), chat.Edit{To: r.place(), Messages: []chat.MessageID{id}, Text: plainText("late")})
	if chat.KindOf(err) != chat.Gone {
		t.Errorf("edit of a deleted message = %v, want Gone", err)
	}
}

func TestWhatSlackSaysHasItsKind(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	for _, tc := range []struct {
		fault  slacksim.Fault
		want   chat.Kind
		reason string
	}{
		{slacksim.Fault{Error: "channel_not_found"}, chat.Gone, "channel"},
		{slacksim.Fault{Error: "thread_not_found"}, chat.Gone, "thread"},
		{slacksim.Fault{Error: "is_archived"}, chat.Refused, "archived"},
		{slacksim.Fault{Error: "not_in_channel"}, chat.Refused, "invite"},
		{slacksim.Fault{Error: "msg_too_long"}, chat.Refused, "too long"},
		{slacksim.Fault{Error: "missing_scope"}, chat.Refused, "scope"},
		{slacksim.Fault{Error: "some_new_error"}, chat.Refused, "some new error"},
		{slacksim.Fault{Error: "ratelimited"}, chat.Throttled, "slow down"},
		{slacksim.Fault{Error: "fatal_error"}, chat.Uncertain, ""},
		{slacksim.Fault{Status: 502}, chat.Uncertain, ""},
		{slacksim.Fault{Status: 400}, chat.Refused, ""},
	} {
		tc.fault.Times = 1
		r.Sim.Fail("chat.postMessage", tc.fault)
		_, err := r.conn.Post(t.Context(), chat.Post{To: r.place(), Text: plainText("x")})
		if chat.KindOf(err) != tc.want || !strings.Contains(chat.Reason(err), tc.reason) {
			t.Errorf("%+v: post = %v (%q), want %v and %q", tc.fault, err, chat.Reason(err), tc.want, tc.reason)
		}
	}
	r.Sim.Fail("chat.update", slacksim.Fault{Status: 502, Times: 1})
	_, err := r.conn.Edit(t.Context(), chat.Edit{To: r.place(), Messages: []chat.MessageID{"1.1"}, Text: plainText("x")})
	if chat.KindOf(err) != chat.Transient {
		t.Errorf("edit = %v, want Transient: it may be repeated", err)
	}
}

func TestAWorkspaceThatCantBeReachedIsTransient(t *testing.T) {
	t.Parallel()
	s := newStage(t, slacksim.Config{})
	c := s.connect(t, s.config(), depsOf())
	s.Close()
	_, err := c.Post(t.Context(), chat.Post{To: s.Talk(), Text: plainText("hello")})
	if chat.KindOf(err) != chat.Transient {
		t.Errorf("post = %v, want Transient", err)
	}
}

func TestEmptyPostsAreRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t, slacksim.Config{})
	c := s.connect(t, s.config(), depsOf())
	if _, err := c.Post(t.Context(), chat.Post{To: s.Talk(), Text: plainText(" \n")}); chat.KindOf(err) != chat.Refused {
		t.Errorf("post = %v, want Refused", err)
	}
}

// content is a file's bytes in memory.
type content string

func (c content) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader([]byte(c))), nil
}

// blocksOf decodes the blocks of a message, to look into.
func blocksOf(t *testing.T, m slacksim.Message) []map[string]any {
	t.Helper()
	var blocks []map[string]any
	must(t, json.Unmarshal(m.Blocks, &blocks))
	return blocks
}
