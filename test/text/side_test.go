package text_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// limit is how long anything that should happen may take.
const limit = 20 * time.Second

// side is one platform: a simulator, its connector, and somebody who writes there.
type side struct {
	name string
	to   []chat.Conversation // where it is posted: in the first some times, then in the next
	conn chat.Connector
	say  func(t *testing.T, typed string) chat.MessageID // has the person write
	held func(t *testing.T, m chat.Ref) (message, bool)  // what the simulator holds of a message of the account
	sink bridgetest.Sink

	madeUp string // an ID that is another one each time
	posted int
}

// turns is how many posts go into a conversation before the next: Telegram lets bots write 20 a minute into a group.
const turns = 15

// message is one message as a simulator holds it.
type message struct {
	wire  string   // as the platform stores it, without what is made up anew each time
	reads string   // as a person reads it
	pings []string // whom it notified
}

// run runs the connector until the test ends, and returns when it hears.
func (s *side) run(t *testing.T) {
	t.Helper()
	running := bridgetest.Begin(t, s.conn, &s.sink)
	t.Cleanup(func() {
		if err := running.Stop(); err != nil {
			t.Errorf("%s: Run = %v, want nil", s.name, err)
		}
		chat.Close(s.conn)
	})
	// A connector without a cursor begins at now, whenever that is: say something until it is heard.
	for i := range 20 {
		s.say(t, fmt.Sprint("hello ", i))
		if s.sink.Within(time.Second, func(all []chat.Event) bool { return len(all) > 0 }) {
			return
		}
	}
	t.Fatalf("%s: nothing was heard", s.name)
}

// hears has the person write and gives what the connector makes of it.
func (s *side) hears(t *testing.T, typed string) text.Text {
	t.Helper()
	m := s.say(t, typed)
	var found chat.Posted
	heard := func(all []chat.Event) bool {
		return slices.ContainsFunc(all, func(ev chat.Event) bool {
			p, ok := ev.What.(chat.Posted)
			found = p
			return ok && ev.Message == m
		})
	}
	if !s.sink.Within(limit, heard) {
		t.Fatalf("%s: %.60q was not heard", s.name, typed)
	}
	return found.Text
}

// shows posts a text as a mirror does, and gives what the platform holds of it.
func (s *side) shows(t *testing.T, key chat.Key, x text.Text) []message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var all []message
	for _, p := range chat.Parts(chat.Post{Key: key, Text: x, Number: true}, s.conn.Traits()) {
		p.To = s.to[s.posted/turns%len(s.to)]
		s.posted++
		r, err := chat.Do(ctx, s.conn, p)
		if err != nil {
			t.Fatalf("%s: post %.60q = %v", s.name, p.Text.Body, err)
		}
		m, ok := s.held(t, chat.Ref{Conversation: p.To, Message: r.Messages[0]})
		if !ok {
			t.Fatalf("%s: the receipt names %v, which is not there", s.name, r.Messages)
		}
		all = append(all, m)
	}
	return all
}

// letters is s without white space.
func letters(s string) string { return strings.Join(strings.Fields(s), "") }
