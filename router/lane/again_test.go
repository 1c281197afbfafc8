package lane_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/store"
)

// hearer is a bot that notes what it hears.
type hearer struct {
	*platform
	mu    sync.Mutex
	heard []string
}

func (h *hearer) Hear(_ context.Context, in chat.Hear) (chat.Outcome, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard = append(h.heard, string(in.Event.ID))
	return chat.Outcome{}, nil
}

// until has what events came to stored once they were heard so often.
func (h *hearer) until(w *world, times map[chat.EventID]int) func(store.View, lane.End) (store.Changes, error) {
	return func(_ store.View, e lane.End) (store.Changes, error) {
		if in, ok := e.Delivery.Action.(chat.Hear); ok {
			h.mu.Lock()
			defer h.mu.Unlock()
			n := 0
			for _, id := range h.heard {
				if id == string(in.Event.ID) {
					n++
				}
			}
			if n < times[in.Event.ID] {
				return store.Changes{}, fmt.Errorf("state: %w", lane.ErrAgain)
			}
		}
		w.ends <- e
		return store.Changes{}, nil
	}
}

func hear(to chat.Conversation, id string) chat.Delivery {
	ev := chat.Event{ID: chat.EventID(id), Conversation: at("x"), What: chat.Joined{}}
	return chat.Delivery{Lane: chat.LaneTo(to), Action: chat.Hear{To: to, Event: ev}}
}

// What was decided on something that holds no more is decided anew, before anything behind it in its lane is heard.
func TestWhatIsHeardAgainComesBeforeWhatIsBehindIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &hearer{platform: newPlatform()}
		w := newWorld(t, h)
		w.cfg.Ended = h.until(w, map[chat.EventID]int{"1": 3, "3": 2})
		w.admit(t, hear(at("bot"), "1"), hear(at("bot"), "2"), hear(at("bot"), "3"), hear(at("bot"), "4"))
		w.run(t)
		for _, e := range w.sent(t, 4) {
			if e.Delivery.Tries != 1 {
				t.Errorf("%v counts %d tries, want one: it did not fail", e.Delivery.ID, e.Delivery.Tries)
			}
		}
		want := []string{"1", "1", "1", "2", "3", "3", "4"}
		if !slices.Equal(h.heard, want) {
			t.Errorf("heard %s, want %s", strings.Join(h.heard, " "), strings.Join(want, " "))
		}
	})
}

// The settlement of several at once is taken apart where one of them must be tried again.
func TestOthersAreNotHeldUpByWhatIsHeardAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &hearer{platform: newPlatform()}
		w := newWorld(t, h)
		w.cfg.Ended = h.until(w, map[chat.EventID]int{"1": 2})
		s := slowly(w)
		w.admit(t, post(at("bot"), "a"), post(at("bot"), "b"), hear(at("bot"), "1"), post(at("bot"), "c"), post(at("bot"), "d"))
		w.run(t)
		synctest.Wait()
		close(s.release)
		w.sent(t, 5)
		synctest.Wait()
		if got := h.taken(); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
			t.Errorf("posted %q, want each once and in order", got)
		}
		if !slices.Equal(h.heard, []string{"1", "1"}) {
			t.Errorf("heard %q, want the event twice", h.heard)
		}
		if ds := w.waiting(t); len(ds) != 0 {
			t.Errorf("%d wait, want none", len(ds))
		}
	})
}
