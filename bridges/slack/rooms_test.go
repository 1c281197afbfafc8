package slack_test

import (
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
)

var (
	_ bridgetest.Pinboard  = (*stage)(nil)
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
