package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// errUnknown is what a wire event is that nothing here understands.
var errUnknown = errors.New("not understood")

// intake takes updates in, one after another.
type intake struct {
	c    *Connector
	sink chat.Sink
	held *held // albums that are not whole yet
	due  chan struct{}

	mu   sync.Mutex
	mark mark
	shut bool // nothing is taken any more
}

func (c *Connector) newIntake(ctx context.Context, sink chat.Sink) (*intake, error) {
	stored, err := sink.Cursor(ctx)
	if err != nil {
		return nil, fmt.Errorf("telegram: %w", err)
	}
	m, err := readMark(stored, c.now())
	if err != nil {
		return nil, err
	}
	in := &intake{c: c, sink: sink, mark: m, held: &held{keep: c.deps.Keep, now: c.now}, due: make(chan struct{}, 1)}
	return in, in.held.load(ctx)
}

// next is the offset to go on from; 0 when it is not known.
func (in *intake) next() int64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.mark.Next
}

// batch is what becomes of updates.
type batch struct {
	events []chat.Event
	mark   mark                    // where to go on; its zero value leaves the cursor
	albums []*album                // that events were made of
	after  []func(context.Context) // what is done once the events are accepted: answers to people
}

// then adds what is done once the events are accepted. It is tried once: whoever misses it presses again.
func (b *batch) then(do func(context.Context)) { b.after = append(b.after, do) }

// take has what updates say accepted, together with the offset behind them. What can't be understood is counted and
// confirmed.
func (in *intake) take(ctx context.Context, updates []json.RawMessage) error {
	if _, err := in.c.whoami(ctx); err != nil {
		return err
	}
	b, err := in.takeIn(ctx, updates)
	if err != nil {
		return err
	}
	for _, do := range b.after {
		do(ctx)
	}
	return nil
}

func (in *intake) takeIn(ctx context.Context, updates []json.RawMessage) (b batch, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.shut {
		return b, context.Canceled
	}
	if err := in.readAll(ctx, updates, &b); err != nil {
		return b, err
	}
	return b, in.accept(ctx, &b)
}

// close returns when nothing is taken any more.
func (in *intake) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.shut = true
}

func (in *intake) readAll(ctx context.Context, updates []json.RawMessage, b *batch) error {
	for _, raw := range updates {
		var head struct {
			ID int64 `json:"update_id"`
		}
		if json.Unmarshal(raw, &head) == nil && head.ID > 0 {
			b.mark = mark{Next: head.ID + 1, At: in.c.now()}
		}
		err := in.read(ctx, raw, b)
		if errors.Is(err, errUnknown) {
			in.c.deps.Skip(kindOf(raw), raw)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// kindOf names the kind of an update: its one field beside the number.
func kindOf(raw []byte) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return "update"
	}
	delete(fields, "update_id")
	return firstOf(strings.Join(slices.Sorted(maps.Keys(fields)), ","), "update")
}

// accept has a batch accepted, and then forgets what was held for it. The caller holds the lock.
func (in *intake) accept(ctx context.Context, b *batch) error {
	out := chat.Batch{Events: b.events}
	if b.mark != (mark{}) {
		out.Cursor = b.mark.bytes()
	}
	if len(out.Events) > 0 || out.Cursor != nil {
		if err := in.sink.Accept(ctx, out); err != nil {
			return err
		}
	}
	if out.Cursor != nil {
		in.mark = b.mark
	}
	return in.held.forget(ctx, b.albums)
}

// release has albums accepted that are whole: after a while nothing more belongs to them.
func (in *intake) release(ctx context.Context) error {
	wait := tries()
	for {
		if err := in.await(ctx); err != nil {
			return err
		}
		err := in.releaseDue(ctx)
		if err == nil {
			wait.Reset()
			continue
		}
		in.c.log.LogAttrs(ctx, slog.LevelWarn, "album not accepted", slog.Any("error", err))
		if err := bridges.Sleep(ctx, wait.After(err)); err != nil {
			return err
		}
	}
}

// await waits until an album is due.
func (in *intake) await(ctx context.Context) error {
	for {
		in.mu.Lock()
		wait, waits := in.held.wait()
		in.mu.Unlock()
		if waits && wait <= 0 {
			return ctx.Err()
		}
		if !waits {
			wait = idle
		}
		if err := in.pause(ctx, wait); err != nil {
			return err
		}
	}
}

// idle is how long nothing is looked at while there is no album; poke ends it.
const idle = time.Hour

func (in *intake) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-in.due:
	case <-ctx.Done():
	}
	return ctx.Err()
}

func (in *intake) releaseDue(ctx context.Context) error {
	if _, err := in.c.whoami(ctx); err != nil {
		return err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	var b batch
	for _, a := range in.held.whole() {
		if err := in.tell(ctx, a, &b); err != nil {
			return err
		}
	}
	return in.accept(ctx, &b)
}

// poke has release look again.
func (in *intake) poke() {
	select {
	case in.due <- struct{}{}:
	default:
	}
}
