package bridgetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// ErrFull is what a Sink and a Keeper answer when they were told to fail.
var ErrFull = errors.New("the disk is full")

// Sink is a store in memory, as a connector sees one: it remembers what it accepted, and the same event again is harmless.
// The zero value is ready, and its methods may be called at once.
type Sink struct {
	mu      sync.Mutex
	seen    map[chat.EventID]bool
	events  []chat.Event
	batches []chat.Batch
	cursor  []byte
	refuse  func(chat.Batch) error // asked before anything is stored; nil: nothing is refused
	changed chan struct{}          // closed when something was accepted; nil: nobody waits
}

// Accept stores the batch, unless it is refused or ctx is over.
func (s *Sink) Accept(ctx context.Context, b chat.Batch) error {
	s.mu.Lock()
	refuse := s.refuse
	s.mu.Unlock()
	if refuse != nil {
		if err := refuse(b); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, b)
	for _, ev := range b.Events {
		if !s.seen[ev.ID] {
			s.remember(ev)
		}
	}
	if b.Cursor != nil {
		s.cursor = slices.Clone(b.Cursor)
	}
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
	return nil
}

func (s *Sink) remember(ev chat.Event) {
	if s.seen == nil {
		s.seen = map[chat.EventID]bool{}
	}
	s.seen[ev.ID] = true
	s.events = append(s.events, ev)
}

// Cursor is the last one accepted.
func (s *Sink) Cursor(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.cursor), nil
}

// Rewind makes cursor the last one accepted; nil: none was.
func (s *Sink) Rewind(cursor []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cursor = slices.Clone(cursor)
}

// Refuse has Accept ask f from now on, and store nothing where it answers an error. nil ends it.
func (s *Sink) Refuse(f func(chat.Batch) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = f
}

// Full refuses the next n batches that have events, with ErrFull.
func (s *Sink) Full(n int) {
	var mu sync.Mutex
	s.Refuse(func(b chat.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		if n == 0 || len(b.Events) == 0 {
			return nil
		}
		n--
		return ErrFull
	})
}

// Events are those accepted, each once, in the order in which they came.
func (s *Sink) Events() []chat.Event {
	events, _ := s.look()
	return events
}

// Accepted are all events that ever were, each as often as it came.
func (s *Sink) Accepted() []chat.Event {
	var all []chat.Event
	for _, b := range s.Batches() {
		all = append(all, b.Events...)
	}
	return all
}

// Batches are those accepted.
func (s *Sink) Batches() []chat.Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.batches)
}

// Forget leaves Events empty. What was there is not there again when it comes again.
func (s *Sink) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = nil
}

// look gives the events, and what is closed as soon as there are more.
func (s *Sink) look() ([]chat.Event, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return slices.Clone(s.events), s.changed
}

// Within says whether the events are so before d is over. It looks whenever something was accepted.
func (s *Sink) Within(d time.Duration, so func([]chat.Event) bool) bool {
	late := time.NewTimer(d)
	defer late.Stop()
	for {
		events, changed := s.look()
		if so(events) {
			return true
		}
		select {
		case <-changed:
		case <-late.C:
			return so(s.Events())
		}
	}
}

// Until waits until the events are so, and returns them. The test fails when they aren't in time; what names what is
// waited for.
func (s *Sink) Until(t *testing.T, what string, so func([]chat.Event) bool) []chat.Event {
	t.Helper()
	var found []chat.Event
	if !s.Within(limit, func(events []chat.Event) bool { found = events; return so(events) }) {
		t.Fatalf("%s did not come; received %q: %+v", what, Said(found), found)
	}
	return found
}

// Hears waits for a message with exactly these words.
func (s *Sink) Hears(t *testing.T, words string) (chat.Event, chat.Posted) {
	t.Helper()
	var p chat.Posted
	ev := s.first(t, fmt.Sprintf("%q", words), func(ev chat.Event) (ok bool) {
		p, ok = ev.What.(chat.Posted)
		return ok && p.Text.Body == words
	})
	return ev, p
}

// first waits for an event that is so.
func (s *Sink) first(t *testing.T, what string, so func(chat.Event) bool) chat.Event {
	t.Helper()
	var i int
	events := s.Until(t, what, func(events []chat.Event) bool {
		i = slices.IndexFunc(events, so)
		return i >= 0
	})
	return events[i]
}

// Happens waits for an event whose happening is so.
func Happens[T chat.Happening](t *testing.T, s *Sink, so func(chat.Event, T) bool) (chat.Event, T) {
	t.Helper()
	var what T
	ev := s.first(t, chat.HappeningName(what), func(ev chat.Event) (ok bool) {
		what, ok = ev.What.(T)
		return ok && so(ev, what)
	})
	return ev, what
}

// Said lists the texts of what was posted.
func Said(events []chat.Event) []string {
	var texts []string
	for _, ev := range events {
		if p, ok := ev.What.(chat.Posted); ok {
			texts = append(texts, p.Text.Body)
		}
	}
	return texts
}

// Keeper keeps values in memory. The zero value is ready, and its methods may be called at once.
type Keeper struct {
	mu     sync.Mutex
	values map[string][]byte
	refuse func(key string, write bool) error // asked before anything is read or written; nil: nothing is refused
}

// Kept is the value under key.
func (k *Keeper) Kept(_ context.Context, key string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refuse != nil {
		if err := k.refuse(key, false); err != nil {
			return nil, err
		}
	}
	return slices.Clone(k.values[key]), nil
}

// Keep replaces the value under key; nil removes it.
func (k *Keeper) Keep(_ context.Context, key string, value []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refuse != nil {
		if err := k.refuse(key, true); err != nil {
			return err
		}
	}
	if value == nil {
		delete(k.values, key)
		return nil
	}
	if k.values == nil {
		k.values = map[string][]byte{}
	}
	k.values[key] = slices.Clone(value)
	return nil
}

// Refuse has Kept and Keep ask f from now on, and do nothing where it answers an error. nil ends it.
func (k *Keeper) Refuse(f func(key string, write bool) error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refuse = f
}

// Forget leaves nothing kept.
func (k *Keeper) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.values = nil
}
