package text_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

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
	sink *sink

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
	s.sink = newSink()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.conn.Run(ctx, s.sink) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%s: Run = %v, want nil", s.name, err)
		}
		chat.Close(s.conn)
	})
	// A connector without a cursor begins at now, whenever that is: say something until it is heard.
	for i := range 20 {
		s.say(t, fmt.Sprint("hello ", i))
		if s.sink.within(time.Second, func() bool { return s.sink.any() }) {
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
	heard := func() bool {
		p, ok := s.sink.posted(m)
		found = p
		return ok
	}
	if !s.sink.within(limit, heard) {
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

// sink remembers what was accepted.
type sink struct {
	mu      sync.Mutex
	events  []chat.Event
	changed chan struct{}
}

func newSink() *sink { return &sink{changed: make(chan struct{})} }

// Accept stores the batch.
func (s *sink) Accept(_ context.Context, b chat.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, b.Events...)
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// Cursor is nothing: everything is heard from now on.
func (s *sink) Cursor(context.Context) ([]byte, error) { return nil, nil }

// within says whether done holds before d is over. It looks whenever something was accepted.
func (s *sink) within(d time.Duration, done func() bool) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if done() {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return done()
		}
	}
}

// any says whether anything was posted.
func (s *sink) any() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events) > 0
}

// posted is what was heard of a message.
func (s *sink) posted(m chat.MessageID) (chat.Posted, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if p, ok := e.What.(chat.Posted); ok && e.Message == m {
			return p, true
		}
	}
	return chat.Posted{}, false
}

// keeper keeps values in memory.
type keeper struct {
	mu     sync.Mutex
	values map[string][]byte
}

// Kept is the value under key.
func (k *keeper) Kept(_ context.Context, key string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.values[key], nil
}

// Keep replaces the value under key.
func (k *keeper) Keep(_ context.Context, key string, value []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.values == nil {
		k.values = map[string][]byte{}
	}
	k.values[key] = value
	return nil
}

// letters is s without white space.
func letters(s string) string { return strings.Join(strings.Fields(s), "") }
