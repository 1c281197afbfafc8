package x_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/secretstream"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

const (
	forged   = "chat: the signature does not hold"
	unsigned = "chat: it is not signed"
)

// TestBadEventsAreSkipped holds that what X, or somebody through it, should not have told is skipped with its reason, is taken for
// nobody's words, and keeps nothing else from coming, whichever way it comes.
func TestBadEventsAreSkipped(t *testing.T) {
	t.Parallel()
	contents := func(change func(m *wire.MessageCreate)) func(*wire.Event) {
		return func(ev *wire.Event) {
			m, _ := ev.Detail.(wire.MessageCreate)
			m.Contents = slices.Clone(m.Contents)
			change(&m)
			ev.Detail = m
		}
	}
	renamed := func(ev *wire.Event) { ev.ID += "'" }
	for name, tc := range map[string]struct {
		raw    func(encoded string) string // injected as it is; nil: changes are made
		change func(s *sealedScene) []func(*wire.Event)
		reason string // empty: it is nothing, and is told as nothing
		live   string // the reason by stream, where it is another one
	}{
		"truncated":      {raw: func(s string) string { return s[:len(s)/8*4] }, reason: "chat_event"},
		"no base64":      {raw: func(string) string { return "{}" }, reason: "chat_event"},
		"empty":          {raw: func(string) string { return "AA==" }, reason: "chat_event"},
		"oversized":      {raw: func(s string) string { return strings.Repeat("A", wire.MostEvent+4) + s }, reason: "chat_event"},
		"replayed":       {change: func(*sealedScene) []func(*wire.Event) { return nil }},
		"another's name": {change: func(s *sealedScene) []func(*wire.Event) { return with(func(ev *wire.Event) { ev.Sender = s.bob }) }, reason: forged},
		"nobody's name":  {change: func(*sealedScene) []func(*wire.Event) { return with(func(ev *wire.Event) { ev.Sender = "../me" }) }, reason: forged},
		"our own name": {change: func(s *sealedScene) []func(*wire.Event) {
			return with(func(ev *wire.Event) { ev.Sender, ev.Signature.KeyVersion = s.brand, "5" })
		}, reason: "not listed"},
		"another ID": {change: func(*sealedScene) []func(*wire.Event) { return with(renamed) }, reason: forged},
		"flipped": {change: func(*sealedScene) []func(*wire.Event) {
			return with(renamed, contents(func(m *wire.MessageCreate) { m.Contents[len(m.Contents)/2] ^= 1 }))
		}, reason: forged},
		"too much sealed": {change: func(*sealedScene) []func(*wire.Event) {
			return with(renamed, contents(func(m *wire.MessageCreate) { m.Contents = make([]byte, 1<<20+1) }))
		}, reason: forged},
		"unsigned": {change: func(*sealedScene) []func(*wire.Event) {
			return with(renamed, func(ev *wire.Event) { ev.Signature = wire.Signature{} })
		}, reason: unsigned},
		"in the clear": {change: func(*sealedScene) []func(*wire.Event) {
			return with(renamed, func(ev *wire.Event) {
				ev.Signature, ev.Detail = wire.Signature{}, wire.MessageCreate{Contents: wire.EncodeContent(wire.Message{Text: "trust me"})}
			})
		}, reason: unsigned},
		"with a comma": {change: func(*sealedScene) []func(*wire.Event) {
			return with(func(ev *wire.Event) { ev.ID = "a,b" })
		}, reason: unsigned},
		"of another conversation": {change: func(s *sealedScene) []func(*wire.Event) {
			return with(func(ev *wire.Event) { ev.Conversation = xchat.ConversationID(s.bob, s.brand) })
		}, reason: "chat: of another conversation", live: forged},
		"of others' conversation": {change: func(s *sealedScene) []func(*wire.Event) {
			return with(func(ev *wire.Event) { ev.Conversation = xchat.ConversationID(s.bob, s.ann) })
		}, reason: "chat: of another conversation"},
		"without a place": {change: func(*sealedScene) []func(*wire.Event) { return with(renamed, func(ev *wire.Event) { ev.Sequence = 0 }) }, reason: "chat: it has no place in the conversation"},
		"of no kind": {change: func(*sealedScene) []func(*wire.Event) {
			return with(renamed, func(ev *wire.Event) { ev.Detail = wire.Other{} })
		}, reason: "chat_event"},
		"a deletion by no one": {change: func(*sealedScene) []func(*wire.Event) {
			return with(renamed, func(ev *wire.Event) {
				ev.Detail = wire.MessageDelete{Sequences: []wire.Sequence{ev.Previous}, ForAll: true}
			})
		}, reason: forged},
		"typing by a stranger": {change: func(s *sealedScene) []func(*wire.Event) {
			return with(renamed, func(ev *wire.Event) { ev.Sender, ev.Detail = s.bob, wire.Typing{} })
		}, reason: forged},
		"a group's change here": {change: func(s *sealedScene) []func(*wire.Event) {
			return with(renamed, func(ev *wire.Event) {
				ev.Detail = wire.GroupChange{Kind: wire.GroupMemberAdd, Members: []string{s.bob}}
			})
		}, reason: forged},
	} {
		for _, way := range []string{x.Poll, x.Stream} {
			t.Run(name+" by "+way, func(t *testing.T) {
				t.Parallel()
				s, _ := sealedBy(t, way)
				s.lives(t)
				said := s.say(t, "good")
				s.event(t, "a good message", says("good"))
				all := s.sim.ChatEvents(s.room())
				model := all[len(all)-1]
				if model.Sequence != said.Sequence {
					t.Fatalf("the last event is %d, want %d", model.Sequence, said.Sequence)
				}
				if tc.raw != nil {
					s.sim.Inject(s.room(), tc.raw(model.Encode()))
				} else {
					s.sim.Inject(s.room(), model.Encode(), append(with(s.next()), tc.change(s)...)...)
				}
				switch {
				case strings.Contains(tc.reason, "listed"):
					s.waits(t, 1) // X may list them yet
				case tc.live != "" && way == x.Stream:
					s.skips(t, tc.live)
				case tc.reason != "":
					s.skips(t, tc.reason)
				}
				s.say(t, "still there")
				s.hears(t, "good", "still there")
				for _, ev := range s.sink.Accepted() {
					if _, is := ev.What.(chat.Posted); !is && (ev.What != chat.Typing{} || ev.Author.ID != chat.PersonID(s.ann)) {
						t.Errorf("it became %+v", ev)
					}
				}
			})
		}
	}
}

func with(changes ...func(*wire.Event)) []func(*wire.Event) { return changes }

// TestOddContents holds that what somebody did sign, and is odd all the same, does no harm.
func TestOddContents(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	write := func(c wire.Content) xsim.Said { return must(t)(s.phone.Post(s.brand, c)) }
	write(wire.Strange{Member: 13})
	s.skips(t, "chat_content")
	write(wire.Edit{Target: 0, Text: "of nothing"})
	write(wire.Reaction{Target: 0, Emoji: "👍"})
	write(wire.Reaction{Target: 5, Emoji: strings.Repeat("👍", 100)})
	write(wire.Edit{Target: 12345, Text: "of nobody knows what"})
	ev := s.event(t, "the edit", func(ev chat.Event) bool { _, is := ev.What.(chat.Edited); return is })
	if e, _ := ev.What.(chat.Edited); ev.Message != "e12345" || e.Text.Body != "of nobody knows what" {
		t.Errorf("the edit is %+v", ev)
	}
	m := wire.Message{Text: "see", Attachments: []wire.Attachment{
		{Media: &wire.Media{HashKey: "../../2/users/me", Name: "../../etc/pass\nwd\u202e.png", Size: 1 << 40, Kind: wire.Image}},
		{Media: &wire.Media{Name: "..", Kind: wire.Video}},
		{Member: 9},
		{Member: 9},
		{Post: &wire.PostRef{ID: "../x"}},
		{Post: &wire.PostRef{ID: "77"}},
		{Link: &wire.Link{URL: "https://example.org/1"}},
	}}
	for range 1000 {
		m.Attachments = append(m.Attachments, wire.Attachment{Media: &wire.Media{HashKey: "abc", Name: "more.png"}})
	}
	id := idOf(write(m))
	ev = s.event(t, "the message", func(ev chat.Event) bool { return ev.Message == id })
	p, _ := ev.What.(chat.Posted)
	if want := "see\nhttps://x.com/i/status/77\nhttps://example.org/1\n(with something that only X's own apps show)"; p.Text.Body != want {
		t.Errorf("it reads %q, want %q", p.Text.Body, want)
	}
	if len(p.Files) != 15 || p.Files[0].Name != "passwd.png" || p.Files[1].Name != "video.mp4" {
		t.Errorf("it has %d files %.2v", len(p.Files), p.Files)
	}
	for _, f := range p.Files[:2] {
		if _, err := chat.Fetch(t.Context(), s.conn, f); chat.KindOf(err) != chat.Gone {
			t.Errorf("a file at %q = %v, want that it is gone", f.Source, err)
		}
	}
	s.say(t, "still there")
	s.event(t, "the next message", says("still there"))
	for _, ev := range s.sink.Events() {
		if r, is := ev.What.(chat.Reacted); is {
			t.Errorf("a reaction came: %+v", r)
		}
	}
}

// TestNobodyEditsOthersWords holds that an edit is its writer's, which X can't see to.
func TestNobodyEditsOthersWords(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		s := setupSealed(t)
		s.sim.KeepEdited(true)
		s.begin(t)
		mine, _ := strings.CutPrefix(string(s.posts(t, s.post("k", "it costs 10"))), "e")
		s.event(t, "the echo", func(ev chat.Event) bool { return ev.Author.Self && posted(ev) == "it costs 10" })
		if restart {
			s.restart(t)
		}
		must(t)(s.phone.Edit(s.brand, wire.ParseSequence(mine), "it is free"))
		s.skips(t, "chat: it edits somebody else's message")
		s.say(t, "so?")
		s.event(t, "the next message", says("so?"))
		s.silent(t, "the edit", func(ev chat.Event) bool { _, is := ev.What.(chat.Edited); return is })
	}
}

// TestEditsInGroups holds that an edit of what was not taken in comes in a group, too, where X lists it in place of the message; and
// that nobody edits what somebody else wrote so long ago that nobody remembers who it was.
func TestEditsInGroups(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	bob := s.sim.Phone(s.bob)
	id, err := s.phone.Group("tea", s.brand, s.bob)
	if err != nil {
		t.Fatal(err)
	}
	old := must(t)(s.phone.Say(id, "old"))
	s.event(t, "the old message", says("old"))
	s.stop(t)
	said := must(t)(bob.Say(id, "frist"))
	must(t)(bob.Edit(id, said.Sequence, "first"))
	s.run(t)
	ev := s.event(t, "the edit", func(ev chat.Event) bool { _, is := ev.What.(chat.Edited); return is })
	if e, _ := ev.What.(chat.Edited); ev.Message != idOf(said) || e.Text.Body != "first" || ev.Author.ID != chat.PersonID(s.bob) {
		t.Errorf("the edit is %+v", ev)
	}
	s.stop(t)
	for range 120 {
		must(t)(s.phone.Say(id, "more"))
	}
	s.run(t)
	must(t)(bob.Edit(id, old.Sequence, "never said"))
	s.skips(t, "chat: it edits somebody else's message")
}

// TestFilesThatAreCut holds that whoever reads a file hears that it is not whole, or not what was sent, and that another try is of no
// use.
func TestFilesThatAreCut(t *testing.T) {
	t.Parallel()
	var change func([]byte) []byte
	broken := false // the connection breaks off
	wrap := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case !strings.HasPrefix(r.URL.Path, "/2/chat/media/") || r.Method != http.MethodGet || change == nil && !broken:
				next.ServeHTTP(w, r)
				return
			case broken:
				rec := httptest.NewRecorder()
				next.ServeHTTP(rec, r)
				w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
				w.Header().Set("Content-Length", strconv.Itoa(rec.Body.Len()))
				_, _ = w.Write(rec.Body.Bytes()[:rec.Body.Len()/2])
				return
			}
			rewrite(next, w, r, func(body string) string { return string(change([]byte(body))) })
		})
	}
	s := setupSealedOn(t, xsim.Config{Wrap: wrap})
	s.begin(t)
	data := bytes.Repeat([]byte("a picture, more or less "), 1000)
	must(t)(s.phone.SayWith(s.brand, "look", xsim.File{Name: "cat.png", Type: "image/png", Data: data}))
	ev := s.event(t, "the picture", func(ev chat.Event) bool { p, ok := ev.What.(chat.Posted); return ok && len(p.Files) == 1 })
	f := ev.What.(chat.Posted).Files[0] //nolint:forcetypeassert // it is one
	const cut, changed = "X gives only a part of it", "X gives something else than was sent"
	for _, tc := range []struct {
		name   string
		change func([]byte) []byte
		want   error
		reason string
	}{
		{"whole", nil, nil, ""},
		{"cut in the middle", func(b []byte) []byte { return b[:len(b)/2] }, secretstream.ErrTruncated, cut},
		{"cut between two pieces", func(b []byte) []byte { return b[:24+3*(1024+17)] }, secretstream.ErrTruncated, cut},
		{"nothing but its head", func(b []byte) []byte { return b[:24] }, secretstream.ErrTruncated, cut},
		{"nothing", func([]byte) []byte { return nil }, secretstream.ErrTruncated, cut},
		{"changed", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }, secretstream.ErrCorrupt, changed},
		{"lengthened", func(b []byte) []byte { return append(b, b...) }, secretstream.ErrCorrupt, changed},
	} {
		change = tc.change
		r, err := chat.Fetch(t.Context(), s.conn, f)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		got, err := io.ReadAll(r)
		if !errors.Is(err, tc.want) || tc.want == nil && !bytes.Equal(got, data) || !bytes.HasPrefix(data, got) {
			t.Errorf("%s: read %d bytes, %v; want %v", tc.name, len(got), err, tc.want)
		}
		if tc.want != nil && (chat.KindOf(err) != chat.Refused || chat.Reason(err) != tc.reason) { // the words beside it don't wait for it
			t.Errorf("%s: %v, %q; want Refused, %q", tc.name, chat.KindOf(err), chat.Reason(err), tc.reason)
		}
		if err := r.Close(); err != nil {
			t.Errorf("%s: close: %v", tc.name, err)
		}
	}
	broken = true
	r, err := chat.Fetch(t.Context(), s.conn, f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); err == nil || chat.KindOf(err) != chat.Transient {
		t.Errorf("a connection that breaks off = %v, want Transient", err)
	}
	_ = r.Close()
}

// TestStrangersAreNotLookedUp holds that a message has no more people looked up than it needs, whomever it names.
func TestStrangersAreNotLookedUp(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	s.sim.Phone(s.bob)
	group, err := s.phone.Group("tea", s.brand)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		to   string
		most int
	}{{s.brand, 1}, {group, 5}} {
		first := must(t)(s.phone.Say(tc.to, "first"))
		s.event(t, "the first", func(ev chat.Event) bool { return ev.Message == idOf(first) })
		all := s.sim.ChatEvents(first.Conversation)
		original := xsim.Fresh(all[len(all)-1])
		original.Signature.KeyVersion = "5" // which is not listed, so it could be proven yet
		m, _ := original.Detail.(wire.MessageCreate)
		p := &wire.Preview{Text: "first", Sequence: first.Sequence, Original: &original}
		for i := range 100 {
			p.KeyChanges = append(p.KeyChanges, wire.Event{
				ID: "k", Sender: strconv.Itoa(1234500 + i), Conversation: first.Conversation, Detail: wire.KeyChange{Version: m.KeyVersion},
			})
		}
		calls := s.sim.Calls(xsim.PublicKeys)
		reply := must(t)(s.phone.Post(tc.to, wire.Message{Text: "so you said", Reply: p}))
		s.event(t, "the reply", func(ev chat.Event) bool { return ev.Message == idOf(reply) })
		if n := s.sim.Calls(xsim.PublicKeys) - calls; n > tc.most {
			t.Errorf("%d people's keys were looked up, want %d at most", n, tc.most)
		}
	}
}
