package slack_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
)

var (
	_ bridgetest.Pinboard  = (*stage)(nil)
	_ bridgetest.Pressing  = (*stage)(nil)
	_ bridgetest.Vanishing = (*stage)(nil)
	_ bridgetest.Expelling = (*stage)(nil)
	_ bridgetest.Vanishing = (*hookStage)(nil)
)

func (s *stage) Pin(t *testing.T, m chat.MessageID, on bool) bool {
	t.Helper()
	if on {
		must(t, s.Sim.Pin(s.ada, s.im, string(m)))
	} else {
		must(t, s.Unpin(s.ada, s.im, string(m)))
	}
	return true
}

func (s *stage) Buttons(t *testing.T, in chat.Conversation, m chat.MessageID) []string {
	t.Helper()
	shown, _ := s.Message(string(in.ID), string(m))
	var labels []string
	for _, b := range buttonsOf(t, shown) {
		labels = append(labels, b.Text.Text)
	}
	return labels
}

// Press returns when Slack has the confirmation for which the person waits.
func (s *stage) Press(t *testing.T, in chat.Conversation, m chat.MessageID, label string) {
	t.Helper()
	shown, _ := s.Message(string(in.ID), string(m))
	for _, b := range buttonsOf(t, shown) {
		if b.Text.Text == label {
			must(t, s.Sim.Press(s.ada, string(in.ID), string(m), b.ActionID, ""))
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	must(t, s.Wait(ctx, func(v *slacksim.View) bool {
		return !slices.ContainsFunc(v.Interactions(), func(i slacksim.Interaction) bool { return !i.Acked })
	}))
}

// shownButton is a button as Slack holds it.
type shownButton struct {
	Text     struct{ Text string }
	ActionID string `json:"action_id"`
}

// buttonsOf are the buttons of a message.
func buttonsOf(t *testing.T, m slacksim.Message) (all []shownButton) {
	t.Helper()
	var blocks []struct {
		Type     string
		Elements json.RawMessage
	}
	must(t, json.Unmarshal(m.Blocks, &blocks))
	for _, b := range blocks {
		var some []shownButton
		if b.Type == "actions" {
			must(t, json.Unmarshal(b.Elements, &some))
		}
		all = append(all, some...)
	}
	return all
}

func (s *stage) Pinned(*testing.T) []chat.MessageID {
	var all []chat.MessageID
	for _, m := range s.Messages(s.im) {
		if m.Pinned {
			all = append(all, chat.MessageID(m.TS))
		}
	}
	return all
}

func (s *stage) Room() chat.Conversation {
	return chat.Conversation{Account: account, ID: chat.ConversationID(s.room)}
}

func (s *stage) SayIn(t *testing.T, in chat.Conversation, text string) chat.MessageID {
	t.Helper()
	return s.says(t, string(in.ID), slacksim.Draft{Text: text, Thread: string(in.Thread)})
}

// Self is the bot, as which the bot's user writes.
func (s *stage) Self() chat.PersonID { return chat.PersonID(s.BotID()) }

func (s *stage) Call(t *testing.T, called bool, words string) chat.MessageID {
	t.Helper()
	if called {
		words = "<@" + s.BotUser() + "> " + words
	}
	return s.says(t, s.room, slacksim.Draft{Text: words})
}

func (s *stage) HeardIn(t *testing.T, in chat.Conversation) []bridgetest.Heard {
	t.Helper()
	return s.heardIn(t, string(in.ID), func(m slacksim.Message) bool { return in.Thread == "" || m.Thread == string(in.Thread) })
}

// Vanish deletes a channel, or all messages of a thread, because a reply that is left keeps it open.
func (s *stage) Vanish(t *testing.T, c chat.Conversation) {
	t.Helper()
	if c.Thread == "" {
		must(t, s.DeleteChannel(string(c.ID)))
		return
	}
	must(t, s.DeleteThread(string(c.ID), string(c.Thread)))
}

func (s *stage) Expel(t *testing.T) {
	t.Helper()
	must(t, s.RemoveBot(s.room))
}

func (s *stage) Lose(t *testing.T) bool {
	t.Helper()
	for _, m := range s.Messages(s.im) {
		for _, f := range m.Files {
			if f.User != s.BotUser() {
				must(t, s.DeleteFile(f.ID))
			}
		}
	}
	return true
}
