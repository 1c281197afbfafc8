package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/test/leak"
)

// sealed is a stage whose account has keys for encrypted messages, and what was written on it.
type sealed struct {
	*stage

	phone  *xsim.Phone
	thread string // of the case
	said   []string
}

func newSealed(t *testing.T) *sealed {
	t.Helper()
	s := &sealed{stage: newStage(t)}
	s.configure(t, s.accounts(s.loggedIn(), s.slackAccount("")), s.desk())
	s.login(t)
	if r := s.roost(t, "login", "x/acme", "--chat"); r.code != 0 {
		t.Fatalf("login --chat = %d %s%s", r.code, r.out, r.err)
	}
	s.phone = s.x.Phone(s.alice)
	return s
}

// says has Alice do something on her telephone, and notes what she wrote.
func (s *sealed) says(t *testing.T, words string, do func(words string) (xsim.Said, error)) xsim.Said {
	t.Helper()
	s.said = append(s.said, words)
	said, err := do(words)
	if err != nil {
		t.Fatalf("Alice: %q: %v", words, err)
	}
	return said
}

// team has Dana write in the thread of the case.
func (s *sealed) team(words string, files ...slacksim.Upload) (ts string) {
	s.said = append(s.said, words)
	return s.slack.Say(s.dana, s.channel, slacksim.Draft{Text: words, Thread: s.thread, Files: files})
}

// relayed waits for what came from Alice to the thread, and is as ok wants it.
func (s *sealed) relayed(t *testing.T, what string, ok func(*slacksim.View, slacksim.Message) bool) (found slacksim.Message) {
	t.Helper()
	s.inSlack(t, what, func(v *slacksim.View) bool {
		for _, m := range v.Messages(s.channel) {
			if m.Thread != "" && m.Thread != m.TS && ok(v, m) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// heard waits until a message on Alice's telephone is as ok wants it.
func (s *sealed) heard(t *testing.T, what string, ok func(xsim.Heard) bool) (found xsim.Heard) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := s.phone.Wait(ctx, s.brand, func(all []xsim.Heard) bool {
		i := slices.IndexFunc(all, ok)
		if i >= 0 {
			found = all[i]
		}
		return i >= 0
	})
	if err != nil {
		t.Fatalf("on Alice's telephone: no %s within %v: %+v", what, patience, s.phone.Talk(s.brand))
	}
	return found
}

func saying(words string) func(*slacksim.View, slacksim.Message) bool {
	return func(_ *slacksim.View, m slacksim.Message) bool {
		return m.BotID != "" && strings.Contains(m.Text+string(m.Blocks), words)
	}
}

func marked(name, by string) func(slacksim.Reaction) bool {
	return func(r slacksim.Reaction) bool { return r.Name == name && slices.Contains(r.Users, by) }
}

// TestSealedTrip is a case of which X can read nothing: a question and an answer, a reply, and edits, reactions and pictures
// both ways.
func TestSealedTrip(t *testing.T) {
	t.Parallel()
	s := newSealed(t)
	d := s.start(t)
	s.connected(t)
	asked := s.says(t, "Is the jade pot in stock?", func(w string) (xsim.Said, error) { return s.phone.Say(s.brand, w) })
	question := s.relayed(t, "question", saying("Is the jade pot in stock?"))
	s.thread = question.Thread
	if card, ok := s.slack.Message(s.channel, s.thread); !ok || !strings.Contains(card.Text+string(card.Blocks), "Alice Moreau") {
		t.Errorf("the card is %+v, want one that names Alice Moreau", card)
	}
	answer := s.team("There are two of them.")
	told := s.heard(t, "answer", func(h xsim.Heard) bool { return h.Sender == s.brand && h.Text == "There are two of them." })
	s.says(t, "Then keep me one", func(w string) (xsim.Said, error) { return s.phone.Reply(s.brand, told.Sequence, w) })
	kept := s.relayed(t, "reply", saying("Then keep me one"))
	if all := kept.Text + string(kept.Blocks); !strings.Contains(all, "There are two of them.") || !strings.Contains(all, "Dana") {
		t.Errorf("the reply is %s, want that it quotes Dana's answer", all)
	}

	s.says(t, "Is the celadon pot in stock?", func(w string) (xsim.Said, error) { return s.phone.Edit(s.brand, asked.Sequence, w) })
	s.relayed(t, "edited question", saying("Is the celadon pot in stock?"))
	s.said = append(s.said, "There are three of them.")
	if err := s.slack.Edit(s.dana, s.channel, answer, "There are three of them."); err != nil {
		t.Fatal(err)
	}
	s.heard(t, "edited answer", func(h xsim.Heard) bool {
		return h.Sequence == told.Sequence && h.Edited && h.Text == "There are three of them."
	})

	s.says(t, "🎉", func(w string) (xsim.Said, error) { return s.phone.React(s.brand, told.Sequence, w) })
	s.relayed(t, "Alice's reaction", func(_ *slacksim.View, m slacksim.Message) bool {
		return m.TS == answer && slices.ContainsFunc(m.Reactions, marked("tada", s.slack.BotUser()))
	})
	s.said = append(s.said, "❤️")
	if err := s.slack.React(s.dana, s.channel, question.TS, "heart"); err != nil {
		t.Fatal(err)
	}
	s.heard(t, "Dana's reaction", func(h xsim.Heard) bool {
		return h.Sequence == asked.Sequence && slices.ContainsFunc([]string{"❤️", "❤"}, func(e string) bool { return slices.Contains(h.Reactions[e], s.brand) })
	})
	s.pictures(t)
	d.stop(t)
	s.blind(t)
}

// pictures sends one each way.
func (s *sealed) pictures(t *testing.T) {
	t.Helper()
	theirs, ours := noise(1), noise(2)
	for _, picture := range [][]byte{theirs, ours} {
		for piece := range slices.Chunk(picture, 32) { // wherever X cuts it
			s.said = append(s.said, string(piece))
		}
	}
	s.says(t, "This one here", func(w string) (xsim.Said, error) {
		return s.phone.SayWith(s.brand, w, xsim.File{Name: "mine.png", Type: "image/png", Data: theirs})
	})
	s.relayed(t, "Alice's picture", func(v *slacksim.View, m slacksim.Message) bool {
		return slices.ContainsFunc(m.Files, func(f slacksim.File) bool { b, _ := v.FileBytes(f.ID); return bytes.Equal(b, theirs) })
	})
	s.team("That one there", slacksim.Upload{Name: "ours.png", Type: "image/png", Data: ours})
	h := s.heard(t, "Dana's picture", func(h xsim.Heard) bool { return h.Sender == s.brand && len(h.Files) == 1 })
	if h.Text != "That one there" || !bytes.Equal(h.Files[0].Data, ours) || h.Unreadable != "" || len(h.Broken) != 0 {
		t.Errorf("Alice sees %q with %d bytes of %d", h.Text, len(h.Files[0].Data), len(ours))
	}
	for _, h := range s.phone.Talk(s.brand) {
		if h.Reply != nil && h.Reply.Proof != xchat.Proven {
			t.Errorf("Alice sees a quote that is not proven: %+v", h.Reply)
		}
	}
}

// noise is bytes that begin as a PNG does and repeat nothing.
func noise(seed int) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	for i := range 200 {
		b = fmt.Appendf(b, "%d-%x;", i, i*i*(seed+7919))
	}
	return b[:len(b)/32*32]
}

// blind looks for all that was written in all that X holds, and in the classic messages that it can read.
func (s *sealed) blind(t *testing.T) {
	t.Helper()
	if all := s.x.Events(); len(all) != 0 {
		t.Errorf("X can read %+v", all)
	}
	held := s.x.Stored()
	for _, words := range s.said {
		if how := leak.Find(held, []byte(words)); how != "" {
			t.Errorf("X holds %.40q %s", words, how)
		}
	}
	// What stands in the clear is found, so the rest would have been.
	if _, err := s.phone.Group("A name in the clear", s.brand); err != nil {
		t.Fatal(err)
	}
	if leak.Find(s.x.Stored(), []byte("A name in the clear")) == "" {
		t.Errorf("what X holds in the clear is not found among its %d byte strings", len(held))
	}
}
