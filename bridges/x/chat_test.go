package x_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// sealedScene is a scene whose brand has keys for encrypted messages, with Ann's telephone.
type sealedScene struct {
	*scene

	phone         *xsim.Phone
	blob, version string // the brand's keys
}

func setupSealed(t *testing.T) *sealedScene { t.Helper(); return setupSealedOn(t, xsim.Config{}) }

// setupSealedOn is setupSealed with an X that is set so.
func setupSealedOn(t *testing.T, sc xsim.Config) *sealedScene {
	t.Helper()
	s := fast(t, sc)
	done, err := s.open(t).LoginChat(t.Context(), x.ChatLoginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.cfg.PollEvery = 50 * time.Millisecond
	return &sealedScene{scene: s, phone: s.sim.Phone(s.ann), blob: done.Keys.Reveal(), version: done.Version}
}

// streams makes messages come by stream, too.
func (s *sealedScene) streams(t *testing.T) {
	t.Helper()
	s.cfg.Receive, s.cfg.BearerToken = x.Stream, bridges.NewSecret("sim-app-bearer")
}

// begin runs the connector until encrypted messages come in.
func (s *sealedScene) begin(t *testing.T) {
	t.Helper()
	s.run(t)
	for range 100 {
		s.say(t, "hello")
		if s.sink.Within(200*time.Millisecond, func(all []chat.Event) bool { return len(all) > 0 }) {
			s.sink.Forget()
			return
		}
	}
	t.Fatal("nothing comes in")
}

// say has Ann write something encrypted.
func (s *sealedScene) say(t *testing.T, words string) xsim.Said {
	t.Helper()
	said, err := s.phone.Say(s.brand, words)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// sees waits until a message on Ann's telephone is so.
func (s *sealedScene) sees(t *testing.T, what string, so func(xsim.Heard) bool) xsim.Heard {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	if err := s.phone.Wait(ctx, s.brand, func(all []xsim.Heard) bool { return slices.ContainsFunc(all, so) }); err != nil {
		t.Fatalf("Ann does not see %s: %+v", what, s.phone.Talk(s.brand))
	}
	all := s.phone.Talk(s.brand)
	return all[slices.IndexFunc(all, so)]
}

// posts has the connector post.
func (s *sealedScene) posts(t *testing.T, p chat.Post) chat.MessageID {
	t.Helper()
	r, err := s.conn.Post(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Messages) != 1 {
		t.Fatalf("the receipt is %+v", r)
	}
	return r.Messages[0]
}

func idOf(s xsim.Said) chat.MessageID { return chat.MessageID("e" + s.Sequence.String()) }

func TestSealedTextsGoBothWays(t *testing.T) {
	t.Parallel()
	for _, way := range []string{x.Poll, x.Stream} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := setupSealed(t)
			if way == x.Stream {
				s.streams(t)
			}
			s.begin(t)
			said := s.say(t, "is my order there?")
			ev := s.event(t, "the question", func(ev chat.Event) bool { return ev.Message == idOf(said) })
			p, _ := ev.What.(chat.Posted)
			if p.Text.Body != "is my order there?" || !ev.Direct || ev.Conversation != s.talk() || ev.Author.Name != "Ann" || ev.Author.Self {
				t.Errorf("the event is %+v", ev)
			}
			s.posts(t, chat.Post{Key: "k-1", To: s.talk(), Text: text.Plain("it is, see https://example.org/1"), ReplyTo: ev.Message})
			h := s.sees(t, "the answer", func(h xsim.Heard) bool { return h.Sender == s.brand })
			if h.Text != "it is, see https://example.org/1" || h.Reply == nil || h.Reply.Proof != xchat.Proven || h.Reply.Text != "is my order there?" {
				t.Errorf("Ann sees %+v, with %+v", h, h.Reply)
			}
			if _, err := s.phone.Reply(s.brand, h.Sequence, "thanks"); err != nil {
				t.Fatal(err)
			}
			ev = s.event(t, "the thanks", func(ev chat.Event) bool { p, ok := ev.What.(chat.Posted); return ok && p.Text.Body == "thanks" })
			if p, _ := ev.What.(chat.Posted); p.Quote == nil || p.Quote.Text.Body != h.Text || p.ReplyTo == "" {
				t.Errorf("the reply is %+v", ev.What)
			}
			for _, b := range s.sim.Stored() {
				for _, word := range []string{"order there", "example.org", "thanks"} {
					if bytes.Contains(b, []byte(word)) {
						t.Errorf("X holds %q in the clear", word)
					}
				}
			}
		})
	}
}

func TestSealedMessagesChange(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.streams(t)
	s.begin(t)
	mine := s.posts(t, chat.Post{Key: "k-1", To: s.talk(), Text: text.Plain("frist")})
	if _, err := chat.Do(t.Context(), s.conn, chat.Edit{Key: "k-2", To: s.talk(), Messages: []chat.MessageID{mine}, Text: text.Plain("first")}); err != nil {
		t.Fatal(err)
	}
	s.sees(t, "the edit", func(h xsim.Heard) bool { return h.Text == "first" && h.Edited })
	hers := s.say(t, "hi")
	s.event(t, "hi", func(ev chat.Event) bool { return ev.Message == idOf(hers) })
	if _, err := chat.Do(t.Context(), s.conn, chat.React{To: s.talk(), Message: idOf(hers), Emoji: "👍"}); err != nil {
		t.Fatal(err)
	}
	s.sees(t, "the thumb", func(h xsim.Heard) bool { return slices.Contains(h.Reactions["👍"], s.brand) })
	if _, err := chat.Do(t.Context(), s.conn, chat.Delete{To: s.talk(), Messages: []chat.MessageID{mine}}); err != nil {
		t.Fatal(err)
	}
	s.sees(t, "the deletion", func(h xsim.Heard) bool { return h.Deleted })

	must := func(_ xsim.Said, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.phone.Edit(s.brand, hers.Sequence, "hello there"))
	must(s.phone.React(s.brand, hers.Sequence, "🎉"))
	must(s.phone.Unreact(s.brand, hers.Sequence, "🎉"))
	if err := s.phone.Read(s.brand, hers.Sequence); err != nil {
		t.Fatal(err)
	}
	if err := s.phone.Typing(s.brand); err != nil {
		t.Fatal(err)
	}
	if err := s.phone.Delete(s.brand, true, hers.Sequence); err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]chat.Happening{
		"edit": chat.Edited{Text: text.Plain("hello there")}, "reaction": chat.Reacted{Emoji: "🎉"},
		"no reaction": chat.Reacted{Emoji: "🎉", Removed: true}, "read": chat.Read{}, "deletion": chat.Deleted{},
	} {
		s.event(t, what, func(ev chat.Event) bool { return ev.Message == idOf(hers) && same(ev.What, want) })
	}
	s.event(t, "typing", func(ev chat.Event) bool { return same(ev.What, chat.Typing{}) && ev.Author.ID == chat.PersonID(s.ann) })
	if err := chat.Type(t.Context(), s.conn, s.talk()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	if err := s.phone.Wait(ctx, s.brand, func([]xsim.Heard) bool { return s.phone.Signals(s.brand).Typing[s.brand] > 0 }); err != nil {
		t.Error("Ann does not see the account type")
	}
}

// same says whether two happenings say the same.
func same(a, b chat.Happening) bool {
	ea, oka := a.(chat.Edited)
	eb, okb := b.(chat.Edited)
	if oka && okb {
		return ea.Text.Body == eb.Text.Body
	}
	return !oka && !okb && a == b
}

func TestSealedFilesGoBothWays(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	data := bytes.Repeat([]byte("a picture, more or less "), 170_000)
	if _, err := s.phone.SayWith(s.brand, "look", xsim.File{Name: "cat.png", Type: "image/png", Data: data}); err != nil {
		t.Fatal(err)
	}
	ev := s.event(t, "the picture", func(ev chat.Event) bool { p, ok := ev.What.(chat.Posted); return ok && len(p.Files) == 1 })
	f := ev.What.(chat.Posted).Files[0] //nolint:forcetypeassert // it is one
	if f.Name != "cat.png" || f.Type != "image/png" || f.Size != int64(len(data)) {
		t.Errorf("the file is %+v", f)
	}
	r, err := chat.Fetch(t.Context(), s.conn, f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, data) || r.Close() != nil {
		t.Errorf("fetched %d bytes of %d, %v", len(got), len(data), err)
	}
	s.posts(t, chat.Post{Key: "k", To: s.talk(), Text: text.Plain("nice"), Files: []chat.File{
		{Name: "dog.png", Type: "image/png", Size: int64(len(data)), Content: content(data)},
	}})
	h := s.sees(t, "the answer's picture", func(h xsim.Heard) bool { return h.Sender == s.brand && len(h.Files) == 1 })
	if h.Files[0].Name != "dog.png" || !bytes.Equal(h.Files[0].Data, data) {
		t.Errorf("Ann got %s with %d bytes", h.Files[0].Name, len(h.Files[0].Data))
	}
	for _, b := range s.sim.Stored() {
		if bytes.Contains(b, []byte("a picture, more")) {
			t.Error("X holds the picture in the clear")
		}
	}
}

// TestForgedQuoteIsNobodysWords holds that what a reply says of another message is nobody's words unless it brings the original.
func TestForgedQuoteIsNobodysWords(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	s.posts(t, chat.Post{Key: "k", To: s.talk(), Text: text.Plain("it costs 10")})
	mine := s.sees(t, "the price", func(h xsim.Heard) bool { return h.Sender == s.brand })
	if _, err := s.phone.Forge(s.brand, mine.Sequence, "it is free", "so you said"); err != nil {
		t.Fatal(err)
	}
	ev := s.event(t, "the forgery", func(ev chat.Event) bool { return !ev.Author.Self && ev.Message != "" && posted(ev) != "hello" })
	p, _ := ev.What.(chat.Posted)
	if want := "(quotes what nobody is known to have written: “it is free”)\nso you said"; p.Text.Body != want || p.Quote != nil || p.ReplyTo != "" {
		t.Errorf("the reply is %+v, want %q without a quote", p, want)
	}
	reply := wire.Message{Text: "without a proof", Reply: &wire.Preview{Sender: s.brand, Sequence: mine.Sequence, Text: "it is free"}}
	said := must(t)(s.phone.Post(s.brand, reply))
	ev = s.event(t, "the other one", func(ev chat.Event) bool { return ev.Message == idOf(said) })
	p, _ = ev.What.(chat.Posted)
	if p.Text.Body != "without a proof" || p.Quote != nil || p.ReplyTo != chat.MessageID("e"+mine.Sequence.String()) || ev.Addressed {
		t.Errorf("the reply is %+v, addressed to the account: %v; want that it answers the message, and quotes nothing", p, ev.Addressed)
	}
}

func posted(ev chat.Event) string {
	p, _ := ev.What.(chat.Posted)
	return p.Text.Body
}

func TestFailuresAreToldInPlainWords(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	for _, tc := range []struct {
		failure wire.FailureType
		kind    chat.Kind
		words   string
	}{
		{wire.RecipientNotTrusted, chat.Refused, "this person has not accepted messages from the account yet: they must follow it or write to it first"},
		{wire.ContentsTooLarge, chat.Refused, "the message is too long for X"},
		{wire.TooManyMessages, chat.Throttled, "X takes no more messages from the account for now"},
		{wire.FlaggedAsSpam, chat.Refused, "X took the message for spam"},
		{wire.GenericError, chat.Transient, "X could not carry the message on"},
		{wire.SignatureNotVerified, chat.Refused, "X does not accept the account's signature; run roost doctor"},
		{wire.FailureType(99), chat.Refused, "X did not accept the message"},
	} {
		s.sim.FailChat(tc.failure)
		_, err := s.conn.Post(t.Context(), s.post("k", "hi"))
		if chat.KindOf(err) != tc.kind || chat.Reason(err) != tc.words {
			t.Errorf("failure %d = %v (%v), want %q (%v)", tc.failure, chat.Reason(err), chat.KindOf(err), tc.words, tc.kind)
		}
	}
	s.posts(t, s.post("k", "hi")) // the same key goes when X takes it
	s.sees(t, "hi", func(h xsim.Heard) bool { return h.Text == "hi" })
}
