package e2e_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// TestTrip is one day of a desk: a question, its card and thread, the answer, files both ways, and how the team sees
// that the answer went.
func TestTrip(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.configure(t, s.accounts(s.loggedIn(), s.slackAccount("")), s.desk()) // X gives attachments to OAuth 2.0 logins
	s.login(t)
	d := s.start(t)
	thread := s.asks(t, "Where is my order?")
	card, ok := s.slack.Message(s.channel, thread)
	if !ok || card.BotID == "" || !strings.Contains(card.Text+string(card.Blocks), "Alice Moreau") {
		t.Errorf("the card is %+v, want one that names Alice Moreau", card)
	}
	answer := s.answers(thread, "It ships tomorrow.")
	s.arrived(t, "It ships tomorrow.")
	s.inSlack(t, "mark on the answer that it was sent", func(v *slacksim.View) bool {
		m, _ := v.Message(s.channel, answer)
		return slices.ContainsFunc(m.Reactions, func(r slacksim.Reaction) bool { return slices.Contains(r.Users, s.slack.BotUser()) })
	})

	picture := draw(t)
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: "This one", Media: []xsim.File{{Name: "tea.png", Type: "image/png", Data: picture}}})
	s.inSlack(t, "picture", func(v *slacksim.View) bool {
		for _, m := range v.Thread(s.channel, thread) {
			for _, f := range m.Files {
				if b, _ := v.FileBytes(f.ID); bytes.Equal(b, picture) {
					return true
				}
			}
		}
		return false
	})
	s.slack.Say(s.dana, s.channel, slacksim.Draft{
		Text: "Here it is", Thread: thread, Files: []slacksim.Upload{{Name: "label.png", Type: "image/png", Data: picture}},
	})
	s.onX(t, "picture", func(v *xsim.View) bool {
		return slices.ContainsFunc(v.Conversation(s.alice, s.brand), func(m xsim.DM) bool {
			return m.API && len(m.Media) == 1 && bytes.Equal(m.Media[0].Data, picture)
		})
	})
	d.stop(t)
}

// TestMirrorTrip carries what a desk's platforms can't both do: edits, reactions and deletions.
func TestMirrorTrip(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	here := s.slack.AddChannel(slacksim.Channel{Name: "here", Members: []string{s.dana}})
	there := s.slack.AddChannel(slacksim.Channel{Name: "there", Members: []string{s.dana}})
	s.configure(t, s.accounts(s.xAccount(""), s.slackAccount("")),
		fmt.Sprintf("routes:\n  lounge: {mirror: [\"slack/team#%s\", \"slack/team#%s\"]}\n", here, there))
	d := s.start(t)
	s.connected(t)
	said := s.slack.Say(s.dana, here, slacksim.Draft{Text: "good morning"})
	var copied slacksim.Message
	in := func(what string, ok func(m slacksim.Message) bool) {
		t.Helper()
		s.inSlack(t, what, func(v *slacksim.View) bool {
			for _, m := range v.Messages(there) {
				if m.BotID != "" && ok(m) {
					copied = m
					return true
				}
			}
			return false
		})
	}
	in("copy", func(m slacksim.Message) bool { return strings.Contains(m.Text, "good morning") })
	if err := s.slack.Edit(s.dana, here, said, "good evening"); err != nil {
		t.Fatal(err)
	}
	in("edited copy", func(m slacksim.Message) bool { return m.TS == copied.TS && strings.Contains(m.Text, "good evening") })
	if err := s.slack.React(s.dana, here, said, "wave"); err != nil {
		t.Fatal(err)
	}
	in("reaction", func(m slacksim.Message) bool {
		return slices.ContainsFunc(m.Reactions, func(r slacksim.Reaction) bool { return r.Name == "wave" })
	})
	if err := s.slack.Delete(s.dana, here, said); err != nil {
		t.Fatal(err)
	}
	s.inSlack(t, "deletion", func(v *slacksim.View) bool {
		m, _ := v.Message(there, copied.TS)
		return m.Deleted
	})
	d.stop(t)
}

// draw makes a small picture.
func draw(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
