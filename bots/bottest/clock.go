package bottest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// wakesMost is how often a bot may wake within one step of a transcript.
const wakesMost = 10_000

var errSleepless = fmt.Errorf("the bot wakes by itself more than %d times", wakesMost)

// advance moves the clock, and lets everything happen that is due until then, in order.
func (w *world) advance(ctx context.Context, to time.Time) error {
	for range wakesMost {
		if err := cmp.Or(ctx.Err(), w.drain(ctx)); err != nil {
			return err
		}
		due, ok := w.due()
		if !ok || due.After(to) {
			w.setClock(to)
			return nil
		}
		if due.After(w.clock()) {
			w.setClock(due)
		}
		if err := w.happen(ctx); err != nil {
			return err
		}
	}
	return errSleepless
}

func (w *world) setClock(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = now
}

// due is when the next thing happens by itself.
func (w *world) due() (due time.Time, ok bool) {
	if w.down {
		return time.Time{}, false
	}
	due, ok = w.next, !w.next.IsZero()
	for _, o := range w.wakes {
		if !ok || o.Due.Before(due) {
			due, ok = o.Due, true
		}
	}
	return due, ok
}

// happen lets one thing happen that is due.
func (w *world) happen(ctx context.Context) error {
	now := w.clock()
	if !w.next.IsZero() && !w.next.After(now) && !slices.ContainsFunc(w.wakes, func(o wake) bool { return o.Due.Before(w.next) }) {
		return w.fire(ctx)
	}
	first := -1
	for i, o := range w.wakes {
		if first < 0 || o.Due.Before(w.wakes[first].Due) || o.Due.Equal(w.wakes[first].Due) && o.seq < w.wakes[first].seq {
			first = i
		}
	}
	o := w.wakes[first]
	w.wakes = slices.Delete(w.wakes, first, first+1)
	w.here = o.Hear.Event.Conversation
	return w.tell(ctx, o.Hear)
}

// fire lets the bot's schedules do what is due.
func (w *world) fire(ctx context.Context) error {
	next, err := w.host.Fire(ctx, w)
	if err != nil {
		return err
	}
	w.next = next
	return w.drain(ctx)
}

// drain tells the bot of what its own schedules, webhooks and program want.
func (w *world) drain(ctx context.Context) error {
	for !w.down {
		w.mu.Lock()
		if len(w.queue) == 0 {
			w.mu.Unlock()
			return nil
		}
		ev := w.queue[0]
		w.queue = w.queue[1:]
		w.mu.Unlock()
		h := chat.Hear{To: ev.Conversation, Event: ev}
		at, err := w.about(ev.Conversation.ID)
		if h.Event.Conversation = at; err == nil {
			h.Can, h.To = chat.CanOf(w.traitsOf(at)), w.talk(at)
			w.asContact(&h)
		}
		if err := w.tell(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

// asContact makes a call about the conversation of a desk's contact one by the contact.
func (w *world) asContact(h *chat.Hear) {
	if who := w.room(h.Event.Conversation).direct; who != "" && w.set.desk != "" {
		h.Desk, h.Event.Direct, h.Event.Author = w.set.desk, true, w.person(who)
	}
}

// about is the conversation that a talk means: of a mirror, its first one.
func (w *world) about(talk chat.ConversationID) (chat.Conversation, error) {
	if places := w.set.mirrors[string(talk)]; len(places) > 0 {
		return w.conversation(places[0])
	}
	return chat.ParseConversation(string(talk))
}

// restart makes the bot's host anew, and lets happen what could not while nothing ran.
func (w *world) restart(ctx context.Context) error {
	w.stop()
	if err := w.start(ctx); err != nil {
		return err
	}
	pending := w.pending
	w.pending = nil
	for _, h := range pending {
		if err := w.hear(ctx, h); err != nil {
			return err
		}
	}
	return nil
}
