package interop_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// TestRoost lets Alice's app, made of X's own parts, and Roost write to each other.
func TestRoost(t *testing.T) {
	t.Parallel()
	for _, way := range []string{x.Poll, x.Stream} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := meet(t, way)
			var id string
			if s.app.must("newKey", &id, s.brand); id != xchat.ConversationID(s.alice, s.brand) {
				t.Errorf("the conversation is %s", id)
			}
			s.reads(s.brand)
			asked := s.writes(s.brand, "encryptMessage", object{"conversationId": id, "text": "is my order there? 📦"})
			ev, p := s.posted(asked)
			if p.Text.Body != "is my order there? 📦" || !ev.Direct || ev.Conversation != s.talk() || ev.Author.Name != "Alice" {
				t.Errorf("the event is %+v", ev)
			}
			s.answers(id, asked)
			s.changes(id, way)
			s.rotates(id)
			s.secret("order", "tomorrow", "then")
		})
	}
}

// answers has both answer each other, and Alice lie once about what the brand said.
func (s *scene) answers(id string, asked seen) {
	s.Helper()
	post := chat.Post{Key: "answer", To: s.talk(), Text: text.Plain("it will, tomorrow"), ReplyTo: message(asked)}
	answer := s.posts(post, s.brand)
	quoted := seenReply{s.alice, "is my order there? 📦", asked.Sequence}
	if c := answer.Content; c.Text != post.Text.Body || answer.Preview != "valid" || c.Reply != quoted {
		s.Errorf("Alice's app sees %+v, with a preview that is %s", c, answer.Preview)
	}
	thanks := s.writes(s.brand, "encryptReply", object{"conversationId": id, "text": "thanks", "replyToEvent": answer.Sequence})
	if _, p := s.posted(thanks); p.Quote == nil || p.Quote.Text.Body != "it will, tomorrow" || p.ReplyTo != message(answer) {
		s.Errorf("the reply is %+v", p)
	}
	lie := s.writes(s.brand, "encryptReply", object{
		"conversationId": id, "text": "so you said", "replyToEvent": answer.Sequence, "replyToText": "it is free",
	})
	if _, p := s.posted(lie); lie.Preview != "invalid" || p.Quote != nil || p.ReplyTo != "" {
		s.Errorf("the lie is %s to Alice's app, and %+v to Roost", lie.Preview, p)
	}
}

// changes has both edit, react and take back.
func (s *scene) changes(id, way string) {
	s.Helper()
	mine := s.posts(chat.Post{Key: "frist", To: s.talk(), Text: text.Plain("frist")}, s.brand)
	edit := chat.Edit{Key: "first", To: s.talk(), Messages: []chat.MessageID{message(mine)}, Text: text.Plain("first")}
	if got := s.do(edit).Content; got.Type != "edit" || got.New != "first" || got.Target != mine.Sequence {
		s.Errorf("Alice's app sees the edit %+v", got)
	}
	hers := s.writes(s.brand, "encryptMessage", object{"conversationId": id, "text": "helo"})
	s.posted(hers)
	for _, removed := range []bool{false, true} {
		want := map[bool]string{false: "reaction", true: "reactionRemoved"}[removed]
		got := s.do(chat.React{To: s.talk(), Message: message(hers), Emoji: "👍", Remove: removed}).Content
		if got.Type != want || got.Emoji != "👍" || got.Target != hers.Sequence {
			s.Errorf("Alice's app sees the reaction %+v", got)
		}
	}
	gone := s.do(chat.Delete{To: s.talk(), Messages: []chat.MessageID{message(mine)}})
	if gone.Type != "messageDeleted" || !slices.Equal(gone.Deleted, []string{mine.Sequence}) {
		s.Errorf("Alice's app sees the deletion %+v", gone)
	}
	s.writes(s.brand, "encryptEdit", object{"updatedText": "hello", "targetEvent": hers.Sequence})
	s.happens(hers, func(h chat.Happening) bool { e, is := h.(chat.Edited); return is && e.Text.Body == "hello" })
	s.writes(s.brand, "encryptAddReaction", object{"emoji": "🎉", "targetEvent": hers.Sequence})
	s.happens(hers, func(h chat.Happening) bool { return h == chat.Reacted{Emoji: "🎉"} })
	s.writes(s.brand, "encryptRemoveReaction", object{"emoji": "🎉", "targetEvent": hers.Sequence})
	s.happens(hers, func(h chat.Happening) bool { return h == chat.Reacted{Emoji: "🎉", Removed: true} })
	if way == x.Stream { // X lists neither read marks nor who types
		s.app.must("seen", nil, s.brand, hers.Sequence)
		s.happens(hers, func(h chat.Happening) bool { return h == chat.Read{} })
		s.app.must("typing", nil, s.brand)
		s.sink.Until(s.T, "that Alice types", func(all []chat.Event) bool {
			return slices.ContainsFunc(all, func(ev chat.Event) bool { return ev.What == chat.Typing{} && ev.Author.Name == "Alice" })
		})
	}
	s.app.must("erase", nil, s.brand, id, hers.Sequence)
	s.happens(hers, func(h chat.Happening) bool { return h == chat.Deleted{} })
}

// rotates has Alice give the conversation a new key, under which both write, and answer what was said before it.
func (s *scene) rotates(id string) {
	s.Helper()
	before := s.posts(chat.Post{Key: "before", To: s.talk(), Text: text.Plain("before")}, s.brand)
	s.app.must("newKey", nil, s.brand)
	s.reads(s.brand)
	after := s.writes(s.brand, "encryptMessage", object{"conversationId": id, "text": "and then?"})
	s.posted(after)
	got := s.posts(chat.Post{Key: "after", To: s.talk(), Text: text.Plain("then it is there"), ReplyTo: message(before)}, s.brand)
	if got.Content.Text != "then it is there" || got.KeyVersion != after.KeyVersion || got.KeyVersion == before.KeyVersion {
		s.Errorf("under the new key Alice's app sees %+v, sealed with %s", got.Content, got.KeyVersion)
	}
	if got.Preview != "valid" || got.Content.Reply.Text != "before" || got.Content.Reply.Sequence != before.Sequence {
		s.Errorf("what Roost quotes from under the former key is %s: %+v", got.Preview, got.Content.Reply)
	}
	reply := s.writes(s.brand, "encryptReply", object{"conversationId": id, "text": "good", "replyToEvent": before.Sequence})
	if _, p := s.posted(reply); p.Quote == nil || p.Quote.Text.Body != "before" {
		s.Errorf("the reply over two keys is %+v", p)
	}
}

// secret checks that X holds none of these words.
func (s *scene) secret(words ...string) {
	s.Helper()
	stored := s.Stored()
	if len(stored) == 0 {
		s.Error("X holds nothing at all")
	}
	for _, b := range stored {
		for _, w := range words {
			if bytes.Contains(b, []byte(w)) {
				s.Errorf("X holds %q in the clear", w)
			}
		}
	}
}

// TestRoostBegins has Roost write first, so the conversation's key is Roost's.
func TestRoostBegins(t *testing.T) {
	t.Parallel()
	s := meet(t, x.Poll)
	got := s.posts(chat.Post{Key: "k", To: s.talk(), Text: text.Plain("your order is there")}, s.brand)
	if got.Content.Text != "your order is there" {
		t.Errorf("Alice's app sees %+v", got)
	}
	answer := object{"conversationId": got.Conversation, "text": "thanks", "replyToEvent": got.Sequence}
	thanks := s.writes(s.brand, "encryptReply", answer)
	if _, p := s.posted(thanks); p.Text.Body != "thanks" || p.ReplyTo != message(got) {
		t.Errorf("the answer is %+v", p)
	}
	if thanks.KeyVersion != got.KeyVersion {
		t.Errorf("Alice's app answers with the key %s, want Roost's, %s", thanks.KeyVersion, got.KeyVersion)
	}
}

// TestRoostFiles sends a file each way, larger than one piece of an upload.
func TestRoostFiles(t *testing.T) {
	t.Parallel()
	s := meet(t, x.Poll)
	var id, hash string
	s.app.must("newKey", &id, s.brand)
	version := s.last(s.brand).KeyVersion
	data := bytes.Repeat([]byte("a picture, more or less "), 170_000)
	s.app.must("upload", &hash, id, version, octets(data))
	hers := s.writes(s.brand, "encryptMessage", object{"conversationId": id, "text": "look", "attachments": []object{{
		"attachment_type": "media", "media_hash_key": hash, "width": 640, "height": 480, "filesize_bytes": len(data),
		"filename": "cat.png", "media_type": 1,
	}}})
	_, p := s.posted(hers)
	if len(p.Files) != 1 || p.Files[0].Name != "cat.png" || p.Files[0].Type != "image/png" || p.Files[0].Size != int64(len(data)) {
		t.Fatalf("the files are %+v", p.Files)
	}
	r, err := chat.Fetch(t.Context(), s.conn, p.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) || r.Close() != nil {
		t.Errorf("Roost fetched %d bytes of %d, %v", len(got), len(data), err)
	}
	mine := s.posts(chat.Post{Key: "k", To: s.talk(), Text: text.Plain("nice"), Files: []chat.File{
		{Name: "dog.png", Type: "image/png", Size: int64(len(data)), Content: content(data)},
	}}, s.brand)
	want := seenFile{Kind: "media", Type: "image", Name: "dog.png", Size: int64(len(data))}
	if len(mine.Attachments) == 1 {
		want.Hash = mine.Attachments[0].Hash // X chose it
	}
	if !slices.Equal(mine.Attachments, []seenFile{want}) {
		t.Fatalf("Alice's app sees the files %+v, want %+v", mine.Attachments, want)
	}
	var got octets
	if s.app.must("download", &got, id, mine.KeyVersion, want.Hash); !bytes.Equal(got, data) {
		t.Errorf("Alice's app fetched %d bytes of %d", len(got), len(data))
	}
	s.secret("a picture, more")
}

// content is the bytes of a file.
type content []byte

// Open gives them.
func (c content) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(c)), nil
}

// TestRoostGroup has Alice's app make a group with the brand, and bring Carol in, whose telephone is a simulated one.
func TestRoostGroup(t *testing.T) {
	t.Parallel()
	s := meet(t, x.Poll)
	carol := s.Phone(s.carol)
	var id string
	s.app.must("newGroup", &id, "Tea", s.brand)
	s.reads(id)
	said := s.writes(id, "encryptMessage", object{"conversationId": id, "text": "hello, brand"})
	ev, p := s.posted(said)
	if p.Text.Body != "hello, brand" || ev.Direct || ev.Conversation != (chat.Conversation{Account: account, ID: chat.ConversationID(id)}) {
		t.Errorf("the event is %+v", ev)
	}
	got := s.posts(chat.Post{Key: "k", To: ev.Conversation, Text: text.Plain("hello, Alice"), ReplyTo: ev.Message}, id)
	if got.Content.Text != "hello, Alice" || got.Preview != "valid" {
		t.Errorf("Alice's app sees %+v", got)
	}
	s.app.must("join", nil, id, "Tea", s.carol, s.brand)
	s.reads(id, s.carol)
	welcome := s.writes(id, "encryptMessage", object{"conversationId": id, "text": "hello, Carol"})
	s.posted(welcome)
	if welcome.KeyVersion == said.KeyVersion {
		t.Error("the group has no new key")
	}
	s.posts(chat.Post{Key: "l", To: ev.Conversation, Text: text.Plain("hello, all")}, id, s.carol)
	var heard []string
	for _, h := range carol.Talk(id) {
		heard = append(heard, h.Text)
	}
	if want := []string{"hello, Carol", "hello, all"}; !slices.Equal(heard, want) {
		t.Errorf("Carol hears %q, want %q", heard, want)
	}
	if _, err := carol.Say(id, "hello, both"); err != nil {
		t.Fatal(err)
	}
	if last := s.last(id, s.carol); last.Content.Text != "hello, both" || last.Sender != s.carol {
		t.Errorf("Alice's app sees %+v", last)
	}
}
