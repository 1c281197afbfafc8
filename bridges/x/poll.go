package x

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/internal/encrypted"
	"github.com/roost-im/roost/router/chat"
)

const (
	overlap = time.Minute // events that show up late, with an ID from before the last one
)

// arrival is what one event of X says: several events when several people came or went, and none when nobody knows its
// kind.
type arrival struct {
	id     api.Snowflake
	events []chat.Event
	kind   string // as X writes it
	raw    []byte
}

// cursor is where polling goes on.
type cursor struct {
	Last string `json:"last"` // the newest event that was accepted
	From string `json:"from"` // where the first start began; nothing before it is ours
}

// mark is a cursor as numbers.
type mark struct{ last, from api.Snowflake }

// until is where a poll ends: a little before the newest event that was accepted.
func (m mark) until() api.Snowflake { return max(m.last.Before(overlap), m.from) }

// encode is the cursor as the store keeps it.
func (m mark) encode() ([]byte, error) {
	return json.Marshal(cursor{Last: m.last.String(), From: m.from.String()})
}

// poll asks for what is new, again and again, until ctx ends or going on is pointless; at once when it is kicked.
func (c *Connector) poll(ctx context.Context, kick <-chan struct{}, catchUp func(context.Context) error) error {
	wait := bridges.Backoff{First: c.pace.first, Most: c.cfg.PollEvery}
	for {
		err := catchUp(ctx)
		if bridges.Pointless(err) {
			return err
		}
		if err != nil {
			next := wait.After(err)
			c.log.LogAttrs(ctx, slog.LevelDebug, "poll put off", slog.String("kind", chat.KindOf(err).String()), slog.Duration("wait", next))
			if err := bridges.Sleep(ctx, next); err != nil {
				return err
			}
			continue
		}
		wait.Reset()
		if err := rest(ctx, kick, c.purse.Pace(c.cfg.PollEvery)); err != nil {
			return err
		}
	}
}

// rest waits for the next poll, or until somebody wants one now.
func rest(ctx context.Context, kick <-chan struct{}, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-kick:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wake asks for a poll of everything now.
func (c *Connector) wake() {
	for _, kick := range []chan struct{}{c.kick, c.chats} {
		select {
		case kick <- struct{}{}:
		default: // somebody did already
		}
	}
}

// catchUp takes in everything that is new. One does it at a time.
func (c *Connector) catchUp(ctx context.Context, sink chat.Sink) error {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	at, err := c.mark(ctx, sink)
	if err != nil {
		return err
	}
	arrived, err := c.dm.after(ctx, at.until())
	if err != nil {
		return err
	}
	if !c.polled && at.last > 0 && at.last.Time().Before(c.now().Add(-reach)) {
		c.log.LogAttrs(ctx, slog.LevelWarn, "messages may be out of reach", slog.Time("since", at.last.Time()))
	}
	c.polled = true
	for batch := range slices.Chunk(arrived, dm.BatchSize) {
		next := mark{last: max(at.last, batch[len(batch)-1].id), from: at.from}
		if err := c.accept(ctx, sink, batch, at, next); err != nil {
			return err
		}
		at = next
	}
	return nil
}

// accept hands a batch over, without what was handed over before.
func (c *Connector) accept(ctx context.Context, sink chat.Sink, batch []arrival, at, next mark) error {
	var fresh []chat.Event
	for _, a := range batch {
		fresh = append(fresh, c.recent.Without(a.events)...)
		unknown := chat.Event{ID: chat.EventID(a.id.String())}
		if len(a.events) == 0 && len(c.recent.Without([]chat.Event{unknown})) > 0 {
			c.skip(a.kind, a.raw)
			c.recent.Add(unknown)
		}
	}
	if len(fresh) == 0 && next == at {
		return nil
	}
	b, err := next.encode()
	if err != nil {
		return err
	}
	return c.hand(ctx, sink, chat.Batch{Events: fresh, Cursor: b})
}

// hand hands classic messages over, if there is anything.
func (c *Connector) hand(ctx context.Context, sink chat.Sink, b chat.Batch) error {
	if len(b.Events) == 0 && b.Cursor == nil {
		return nil
	}
	if err := c.cameBy(ctx, encrypted.ByClassic, b.Events); err != nil {
		return err
	}
	if err := sink.Accept(ctx, b); err != nil {
		return fmt.Errorf("x: accept: %w", err)
	}
	c.recent.Add(b.Events...)
	return nil
}

// mark is where polling goes on. A first start begins when the connector was made, or Backfill days before,
// and says so at once, so that what comes while we are down is not taken for older.
func (c *Connector) mark(ctx context.Context, sink chat.Sink) (mark, error) {
	b, err := sink.Cursor(ctx)
	if err != nil {
		return mark{}, fmt.Errorf("x: cursor: %w", err)
	}
	if b != nil {
		return decodeMark(b)
	}
	first := api.SnowflakeAt(c.made.Add(-time.Duration(c.cfg.Backfill) * 24 * time.Hour))
	if first > 0 {
		first-- // an ID tells milliseconds, and all of the first one is ours
	}
	at := mark{last: first, from: first}
	b, err = at.encode()
	if err != nil {
		return mark{}, err
	}
	if err := sink.Accept(ctx, chat.Batch{Cursor: b}); err != nil {
		return mark{}, fmt.Errorf("x: accept: %w", err)
	}
	return at, nil
}

// decodeMark reads what encode wrote.
func decodeMark(b []byte) (mark, error) {
	var cur cursor
	if err := json.Unmarshal(b, &cur); err != nil {
		return mark{}, fmt.Errorf("x: cursor: %w", err)
	}
	last, ok := api.ParseSnowflake(cur.Last)
	if !ok {
		return mark{}, fmt.Errorf("x: cursor: %q is no event", cur.Last)
	}
	from, _ := api.ParseSnowflake(cur.From)
	return mark{last: last, from: from}, nil
}
