package telegram_test

import (
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
)

var (
	_ bridgetest.Unrooted  = (*stage)(nil)
	_ bridgetest.Vanishing = (*stage)(nil)
	_ bridgetest.Expelling = (*stage)(nil)
	_ bridgetest.Unrooted  = (*hookStage)(nil)
)

// Room is the forum, whose topics are the threads.
func (s *stage) Room() chat.Conversation { return in(s.forum) }

// Unrooted says that a topic hangs on no message.
func (s *stage) Unrooted() {}

func (s *stage) SayIn(t *testing.T, c chat.Conversation, words string) chat.MessageID {
	t.Helper()
	return s.says(t, s.ada, s.forum, telegramsim.Draft{Text: words, Thread: topicOf(c)})
}

func (s *stage) HeardIn(t *testing.T, c chat.Conversation) []bridgetest.Heard {
	t.Helper()
	return s.heard(s.forum, func(m telegramsim.Message) bool { return m.Thread == topicOf(c) })
}

func (s *stage) Self() chat.PersonID { return chat.PersonID(decimal(s.Bot().ID)) }

func (s *stage) Call(t *testing.T, called bool, words string) chat.MessageID {
	t.Helper()
	if called {
		words = "@" + s.Bot().Username + " " + words
	}
	return s.says(t, s.ada, s.forum, telegramsim.Draft{Text: words})
}

func (s *stage) Vanish(t *testing.T, c chat.Conversation) {
	t.Helper()
	if topic := topicOf(c); topic != 0 {
		must(t, s.DeleteTopic(s.ada, s.forum, topic))
		return
	}
	must(t, s.DeleteChat(s.forum))
}

func (s *stage) Expel(t *testing.T) {
	t.Helper()
	must(t, s.RemoveBot(s.forum))
}

// topicOf is the number of the topic that a conversation is; 0: it is none.
func topicOf(c chat.Conversation) int { return number(chat.MessageID(c.Thread)) }
