package bots

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// look is how often the clock is looked at: it may be put forward, or the machine may have slept.
const look = time.Second

// Run fires the bot's schedules until ctx ends. Each slot is an event with an ID of its own, and how far the schedules are is
// stored with it, so it fires once however often it is tried.
func (h *Host) Run(ctx context.Context, sink chat.Sink) error {
	end, err := h.Begin(ctx, sink)
	if err != nil {
		return err
	}
	defer end()
	for ctx.Err() == nil {
		next, err := h.Fire(ctx, sink)
		if err != nil && ctx.Err() == nil {
			return err
		}
		wait := time.Hour
		if !next.IsZero() {
			wait = min(max(next.Sub(h.cfg.Env.Now()), time.Millisecond), look)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-h.changed:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return nil
}

// Begin makes the bot ready to be called (Call, Hook, its own program) until end, and recalls what it was in before. It is for
// those who fire its schedules themselves (Fire); Run does all of it.
func (h *Host) Begin(ctx context.Context, sink chat.Sink) (end func(), err error) {
	if err := h.recall(ctx); err != nil {
		return nil, fmt.Errorf("recall quarantine: %w", err)
	}
	h.setSink(sink)
	return func() { h.setSink(nil) }, nil
}

func (h *Host) setSink(sink chat.Sink) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sink = sink
}

// Fire fires the slots that are due, and says when the next one is; zero: never. Run does it all the time.
func (h *Host) Fire(ctx context.Context, sink chat.Sink) (next time.Time, err error) {
	now := h.cfg.Env.Now()
	var seen map[string]int64 // until when, in seconds, each schedule is seen to
	var events []chat.Event
	changed := false
	for t := range h.now.Load().spec.schedules() {
		if seen == nil {
			if seen, err = h.seen(ctx, sink); err != nil {
				return next, err
			}
		}
		fired, news := h.due(ctx, t, seen, now)
		events, changed = append(events, fired...), changed || news
		if due := t.Schedule.Next(now); !due.IsZero() && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	if !changed {
		return next, nil
	}
	cursor, err := json.Marshal(seen)
	if err != nil {
		return next, err
	}
	return next, sink.Accept(ctx, chat.Batch{Events: events, Cursor: cursor})
}

// due are the slots of a schedule that are due, and are noted in seen; changed says whether that was.
func (h *Host) due(ctx context.Context, t *Trigger, seen map[string]int64, now time.Time) (events []chat.Event, changed bool) {
	last, known := seen[t.ID]
	if !known { // what was before it was there is none of its business
		seen[t.ID] = now.Unix()
		return nil, true
	}
	slots, dropped := t.Schedule.Due(time.Unix(last, 0), now, t.Schedule.Missed)
	if dropped > 0 {
		h.cfg.Env.Log.LogAttrs(ctx, slog.LevelWarn, "slots missed", slog.String("schedule", t.ID), slog.Int("missed", dropped))
	}
	if len(slots) == 0 && dropped == 0 {
		return nil, false
	}
	seen[t.ID] = max(last, now.Unix())
	for _, slot := range slots {
		events = append(events, h.slot(t, slot))
	}
	return events, true
}

// schedules are the triggers that are schedules.
func (s *Spec) schedules() iter.Seq[*Trigger] {
	return func(yield func(*Trigger) bool) {
		for i := range s.Triggers {
			if t := &s.Triggers[i]; t.Schedule != nil && !yield(t) {
				return
			}
		}
	}
}

// seen reads how far the schedules are.
func (h *Host) seen(ctx context.Context, sink chat.Sink) (map[string]int64, error) {
	seen := map[string]int64{}
	raw, err := sink.Cursor(ctx)
	if err != nil {
		return nil, fmt.Errorf("read how far the schedules are: %w", err)
	}
	if raw != nil {
		_ = json.Unmarshal(raw, &seen) // what can't be read is as if it were not there
	}
	return seen, nil
}

func (h *Host) slot(t *Trigger, slot time.Time) chat.Event {
	to := t.Schedule.To
	if to.IsZero() {
		to = h.cfg.Home
	}
	at := slot.UTC().Format(time.RFC3339)
	return h.call(to, scheduleCall+t.ID, chat.EventID(scheduleCall+t.ID+"@"+at), []byte(at), slot)
}

// call is an event by which something calls the bot about a conversation.
func (h *Host) call(about chat.Conversation, name string, id chat.EventID, body []byte, at time.Time) chat.Event {
	return chat.Event{
		ID: id, Conversation: h.Talk(about), At: at, What: chat.Called{Name: name, Body: body},
	}
}

// nowhere is the talk of what calls a bot about no conversation.
const nowhere = "-"

// Talk is the conversation of the bot's own account in which it is told about another one.
func (h *Host) Talk(about chat.Conversation) chat.Conversation {
	id := chat.ConversationID(about.String())
	if id == "" {
		id = nowhere
	}
	return chat.Conversation{Account: h.account, ID: id}
}

// errStopped says that a bot does not run.
var errStopped = errors.New("the bot is not running")

// callOwn has the bot's own program heard.
func (h *Host) callOwn(ctx context.Context, at chat.Conversation, key string, body []byte) error {
	return h.Call(ctx, at, ownCall, key, body)
}

// Hook has the bot hear of a webhook's call (hook is its name), and returns when that is stored. The same key makes the
// same event; an empty one always makes a new one.
func (h *Host) Hook(ctx context.Context, hook, key string, body []byte) error {
	return h.Call(ctx, h.cfg.Home, hookCall+hook, key, body)
}

// Call has the bot hear of a call by name about a conversation, and returns when that is stored.
func (h *Host) Call(ctx context.Context, at chat.Conversation, name, key string, body []byte) error {
	h.mu.Lock()
	sink := h.sink
	h.mu.Unlock()
	if sink == nil {
		return errStopped
	}
	if key == "" {
		key = rand.Text()
	}
	ev := h.call(at, name, chat.EventID(name+"@"+key), body, h.cfg.Env.Now())
	return sink.Accept(ctx, chat.Batch{Events: []chat.Event{ev}})
}
