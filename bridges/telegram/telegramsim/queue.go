package telegramsim

import (
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// queue keeps the updates until the bot confirms them.
type queue struct {
	first   int // the lowest id given out
	next    int // id of the next update
	waiting []*update
	held    []*update
	settled []*update // confirmed, newest last
	hold    bool
	allowed map[string]bool // sticky: the kinds last asked for
	chosen  []string        // allowed_updates as they were given, nil for the default set

	poll       *openPoll
	lastOffset int
	lastPoll   time.Time
	conflicted time.Time // until when a further conflict is told late
}

// update is one update on its way.
type update struct {
	id    int
	kind  string
	lane  string // updates with the same lane are posted to a webhook in order
	body  json.RawMessage
	at    time.Time
	fail  time.Duration
	busy  bool
	again bool // sent once more whatever the offset
}

// openPoll is a getUpdates that waits.
type openPoll struct {
	woken chan struct{}
	ended chan error // holds one
}

func newQueue() queue {
	start := 300_000_000 + rand.IntN(600_000_000)
	return queue{first: start, next: start, allowed: defaultKinds()}
}

// kinds are all updates that this simulator sends; false for those that must be asked for.
// https://core.telegram.org/bots/api#getupdates
func kinds() map[string]bool {
	return map[string]bool{
		"message": true, "edited_message": true, "channel_post": true, "edited_channel_post": true, "business_connection": true,
		"business_message": true, "edited_business_message": true, "deleted_business_messages": true, "guest_message": true,
		"message_reaction": false, "message_reaction_count": false, "inline_query": true, "chosen_inline_result": true,
		"callback_query": true, "shipping_query": true, "pre_checkout_query": true, "purchased_paid_media": true, "poll": true,
		"poll_answer": true, "my_chat_member": true, "chat_member": false, "chat_join_request": true, "chat_boost": true,
		"removed_chat_boost": true, "managed_bot": true,
	}
}

func defaultKinds() map[string]bool {
	all := kinds()
	maps.DeleteFunc(all, func(_ string, byDefault bool) bool { return !byDefault })
	return all
}

// allow takes over allowed_updates: absent keeps what was asked for before, an empty list means the default set.
func (q *queue) allow(c *call) {
	raw := c.str("allowed_updates")
	var list []string
	if raw == "" || json.Unmarshal([]byte(raw), &list) != nil {
		return
	}
	chosen := map[string]bool{}
	all := kinds()
	for _, k := range list {
		if _, known := all[k]; known {
			chosen[k] = true
		}
	}
	q.allowed, q.chosen = chosen, slices.Sorted(maps.Keys(chosen))
	if len(chosen) == 0 {
		q.allowed, q.chosen = defaultKinds(), nil
	}
}

// emit queues an update when the bot asked for its kind.
func (w *world) emit(kind string, c *chat, body any) {
	if w.queue.allowed[kind] && !w.closed && !w.revoked {
		lane := ""
		if c != nil {
			lane = strconv.FormatInt(c.id, 10)
		}
		w.enqueue(kind, lane, body)
	}
}

func (w *world) enqueue(kind, lane string, body any) {
	q := &w.queue
	u := &update{id: q.next, kind: kind, lane: lane, body: mustJSON(body), at: w.now()}
	q.next++
	if q.hold {
		q.held = append(q.held, u)
		return
	}
	q.waiting = append(q.waiting, u)
	w.wake()
}

// wake tells the poll or the webhook that there is something to fetch.
func (w *world) wake() {
	if p := w.queue.poll; p != nil {
		select {
		case p.woken <- struct{}{}:
		default: // woken already
		}
	}
	w.pump()
	w.bump()
}

// endPoll ends the poll that waits.
func (q *queue) endPoll(reason error) {
	if q.poll != nil {
		q.poll.ended <- reason
		q.poll = nil
	}
}

// getUpdates is https://core.telegram.org/bots/api#getupdates. It takes mu itself, since it waits.
func (w *world) getUpdates(ctx context.Context, c *call) (json.RawMessage, error) {
	w.mu.Lock()
	if w.hook.url != "" {
		late := w.conflict()
		w.mu.Unlock()
		w.life.Pause(ctx, late)
		return nil, conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
	}
	w.queue.allow(c)
	p := &openPoll{woken: make(chan struct{}, 1), ended: make(chan error, 1)}
	limit := 100
	if c.has("limit") {
		limit = min(max(1, c.number("limit")), 100)
	}
	timeout := time.Duration(min(max(0, c.number("timeout")), 3600)) * time.Second
	timeout, limit = w.slowed(c.number("offset"), min(timeout, w.cfg.Timing.MaxPoll), limit)
	got := w.fetch(c.number("offset"), limit)
	if len(got) > 0 || timeout == 0 {
		w.mu.Unlock()
		return mustJSON(got), nil
	}
	// One that waits ends another that waits; one that is answered at once does not.
	w.queue.endPoll(conflict("terminated by other getUpdates request; make sure that only one bot instance is running"))
	w.queue.poll = p
	w.bump()
	w.mu.Unlock()
	return w.await(ctx, p, c.number("offset"), limit, timeout)
}

// await waits for the first update, the end of the poll or its timeout. mu is not held.
func (w *world) await(ctx context.Context, p *openPoll, offset, limit int, timeout time.Duration) (json.RawMessage, error) {
	t := time.NewTimer(timeout)
	defer t.Stop()
	over := false
	for {
		select {
		case err := <-p.ended:
			if asAPI(err).code == http.StatusConflict {
				w.mu.Lock()
				late := w.conflict()
				w.mu.Unlock()
				w.life.Pause(ctx, late)
			}
			return nil, err
		case <-ctx.Done():
			w.leave(p)
			return nil, errDropped
		case <-w.life.Ended():
			return nil, errDropped
		case <-t.C:
			over = true
		case <-p.woken:
		}
		if got, done := w.tryFetch(p, max(0, offset), limit, over); done {
			return got, nil
		}
	}
}

// tryFetch ends a poll when there are updates, or when its time is over. mu is not held.
func (w *world) tryFetch(p *openPoll, offset, limit int, over bool) (json.RawMessage, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queue.poll != p {
		return nil, false // p.ended says why
	}
	got := w.fetch(offset, limit)
	if len(got) == 0 && !over {
		return nil, false
	}
	w.queue.poll = nil
	w.bump()
	return mustJSON(got), true
}

// leave forgets a poll whose caller went away. mu is not held.
func (w *world) leave(p *openPoll) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queue.poll == p {
		w.queue.poll = nil
		w.bump()
	}
}

func conflict(text string) error {
	return &apiError{code: http.StatusConflict, text: "Conflict: " + text}
}

// conflict says for how long the next conflict is kept back: only the second one within a while.
func (w *world) conflict() time.Duration {
	now := w.now()
	if now.Before(w.queue.conflicted) {
		return w.cfg.Timing.Conflict
	}
	w.queue.conflicted = now.Add(w.cfg.Timing.Conflict)
	return 0
}

// slowed is how the server treats the same offset again and again, when limits are enforced.
func (w *world) slowed(offset int, timeout time.Duration, limit int) (time.Duration, int) {
	q := &w.queue
	now := w.now()
	since := now.Sub(q.lastPoll)
	same := w.limits.on && offset == q.lastOffset && !q.lastPoll.IsZero()
	q.lastOffset, q.lastPoll = offset, now
	if same && since < 3*time.Second {
		timeout = max(timeout, 3*time.Second)
	}
	if same && since < time.Second/2 {
		limit = 1
	}
	return timeout, limit
}

// fetch confirms what is before the offset and gives what comes next. A negative offset forgets all but the last updates; one that
// is not in the queue's range means its head.
func (w *world) fetch(offset, limit int) []obj {
	q := &w.queue
	w.expire()
	switch {
	case offset < 0 && len(q.waiting)+offset > 0:
		last := q.waiting[len(q.waiting)+offset].id
		w.confirm(func(u *update) bool { return u.id < last })
	case offset > 0 && offset <= q.next:
		w.confirm(func(u *update) bool { return u.id < offset && !u.again })
	}
	out := []obj{}
	for _, u := range q.waiting[:min(limit, len(q.waiting))] {
		u.again = false
		out = append(out, obj{"update_id": u.id, u.kind: u.body})
	}
	return out
}

// confirm moves updates to those that are settled.
func (w *world) confirm(done func(*update) bool) {
	q := &w.queue
	before := len(q.waiting)
	for _, u := range q.waiting {
		if done(u) {
			q.settled = append(q.settled, u)
		}
	}
	q.waiting = slices.DeleteFunc(q.waiting, done)
	if len(q.settled) > maxSettled {
		q.settled = slices.Clone(q.settled[len(q.settled)-maxSettled:])
	}
	if len(q.waiting) != before {
		w.bump()
	}
}

// expire forgets updates that nobody fetched for too long.
func (w *world) expire() {
	old := w.now().Add(-w.cfg.Timing.Keep)
	w.queue.waiting = slices.DeleteFunc(w.queue.waiting, func(u *update) bool { return u.at.Before(old) })
}
