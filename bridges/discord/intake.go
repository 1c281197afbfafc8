package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	maxQueue   = 4096 // while so much waits the socket is not read
	maxBatch   = 50
	maxPresses = 16              // presses in the works
	gapWait    = 5 * time.Second // how long live events wait for what was missed before them
)

// intake takes in what the gateway brings: one thing after another, in the order in which it came.
type intake struct {
	c       *Connector
	self    identity
	sink    chat.Sink
	tide    *tide
	queue   chan dispatch
	presses chan dispatch
	retry   bridges.Backoff // of gaps that could not be filled
	rest    time.Time       // until when they are left alone
}

func (c *Connector) newIntake(ctx context.Context, sink chat.Sink) (*intake, error) {
	self, err := c.whoami(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.hooks.load(ctx); err != nil {
		return nil, err
	}
	stored, err := sink.Cursor(ctx)
	if err != nil {
		return nil, fmt.Errorf("discord: %w", err)
	}
	t, err := newTide(stored, flakeAt(c.clock.now(c.now())))
	if err != nil {
		return nil, err
	}
	if len(stored) == 0 { // from now on nothing is missed
		if err := sink.Accept(ctx, chat.Batch{Cursor: t.with(nil)}); err != nil {
			return nil, fmt.Errorf("discord: %w", err)
		}
	}
	return &intake{
		c: c, self: self, sink: sink, tide: t, retry: tries(),
		queue: make(chan dispatch, maxQueue), presses: make(chan dispatch, maxPresses),
	}, nil
}

func (in *intake) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	way := gateway{c: in.c, push: in.push}
	g.Go(func() error { return way.receive(ctx) })
	g.Go(func() error { return in.work(ctx) })
	g.Go(func() error { in.c.signs().Follow(ctx); return nil })
	for range maxPresses {
		g.Go(func() error { return in.answer(ctx) })
	}
	return g.Wait()
}

// push queues what the gateway brought; it blocks while too much waits.
func (in *intake) push(ctx context.Context, d dispatch) {
	queue := in.queue
	if d.kind == "INTERACTION_CREATE" {
		queue = in.presses
	}
	select {
	case queue <- d:
	case <-ctx.Done():
	}
}

// answer takes presses of buttons, for which people wait.
func (in *intake) answer(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case d := <-in.presses:
			in.interaction(ctx, d)
		}
	}
}

// work takes what is queued, and fills gaps while nothing is.
func (in *intake) work(ctx context.Context) error {
	for ctx.Err() == nil {
		if d, ok := in.waiting(); ok {
			if err := in.take(ctx, d); err != nil {
				return err
			}
			continue
		}
		if channel, ok := in.tide.next(); ok && in.rested() {
			if err := in.fillOne(ctx, channel, callTime); err != nil {
				return err
			}
			continue
		}
		if err := in.wait(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// waiting gives what is queued, if anything is.
func (in *intake) waiting() (d dispatch, ok bool) {
	select {
	case d = <-in.queue:
		return d, true
	default:
		return d, false
	}
}

// wait returns when something was queued and taken, or there may be a gap to fill.
func (in *intake) wait(ctx context.Context) error {
	timer := time.NewTimer(in.idle())
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	case d := <-in.queue:
		return in.take(ctx, d)
	}
}

// rested says whether gaps may be tried again.
func (in *intake) rested() bool { return !time.Now().Before(in.rest) }

// idle is how long to wait when nothing is queued.
func (in *intake) idle() time.Duration {
	if _, ok := in.tide.next(); ok {
		return max(time.Until(in.rest), time.Millisecond)
	}
	return time.Hour
}

// batch is what is accepted together.
type batch struct {
	events []chat.Event
	marks  map[string]uint64 // by channel, the last message in it
}

func (b *batch) add(channel string, last uint64, events []chat.Event) {
	b.events = append(b.events, events...)
	if last > 0 && channel != "" {
		if b.marks == nil {
			b.marks = map[string]uint64{}
		}
		b.marks[channel] = max(b.marks[channel], last)
	}
}

// take takes one dispatch and what is queued behind it. It returns when all of it was accepted.
func (in *intake) take(ctx context.Context, d dispatch) error {
	var b batch
	for ok := true; ok; {
		if err := in.add(ctx, &b, d); err != nil {
			return err
		}
		if len(b.events) >= maxBatch {
			break
		}
		d, ok = in.waiting()
	}
	return in.flush(ctx, &b)
}

// add puts what a dispatch says into a batch, after what was missed in its channel.
func (in *intake) add(ctx context.Context, b *batch, d dispatch) error {
	channel := where(d)
	if in.tide.waits(channel) {
		if err := in.flush(ctx, b); err != nil {
			return err
		}
		if err := in.fillOne(ctx, channel, gapWait); err != nil {
			return err
		}
	}
	events, err := in.events(ctx, d)
	if err != nil && d.kind == "READY" {
		return err
	}
	if err != nil {
		in.lost(ctx, d, channel, err)
	}
	last := uint64(0)
	if _, gap := in.tide.gaps[channel]; d.kind == "MESSAGE_CREATE" && err == nil && !gap { // with a gap the mark stays where that begins
		last = newest(d)
	}
	b.add(channel, last, events)
	return nil
}

// lost has what could not be understood counted, and what could not be asked for read back.
func (in *intake) lost(ctx context.Context, d dispatch, channel string, err error) {
	if ctx.Err() != nil {
		return
	}
	if chat.KindOf(err) == chat.Transient && d.kind == "MESSAGE_CREATE" && channel != "" && isCall(err) {
		in.tide.open(channel, in.tide.from(channel))
		in.tide.late[channel] = true
		return
	}
	in.c.deps.Skip(d.kind, d.raw)
}

// flush has a batch accepted, however often that takes.
func (in *intake) flush(ctx context.Context, b *batch) error {
	if len(b.events) == 0 && len(b.marks) == 0 {
		return nil
	}
	accepted := chat.Batch{Events: b.events}
	if len(b.marks) > 0 {
		accepted.Cursor = in.tide.with(b.marks)
	}
	wait := tries()
	for {
		err := in.remember(ctx, b.events)
		if err == nil {
			err = in.sink.Accept(ctx, accepted)
		}
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		in.c.log.LogAttrs(ctx, slog.LevelWarn, "events not accepted yet", slog.Any("error", err))
		if err := bridges.Sleep(ctx, wait.After(err)); err != nil {
			return err
		}
	}
	in.tide.reached(b.marks)
	*b = batch{}
	return nil
}

// remember keeps what is needed later to know what was said where, and by whom.
func (in *intake) remember(ctx context.Context, events []chat.Event) error {
	for _, e := range events {
		if _, ok := e.What.(chat.Posted); !ok {
			continue
		}
		in.c.authors.Put(string(e.Message), e.Author)
		if e.Direct || e.Conversation.Thread != "" {
			if err := in.c.talks.join(ctx, channelOf(e.Conversation), flake(strings.TrimPrefix(string(e.Message), slashMark))); err != nil {
				return err
			}
		}
	}
	return nil
}

// where is the channel that a dispatch is about; empty when it is about none.
func where(d dispatch) string {
	var e struct {
		Channel string `json:"channel_id"`
	}
	_ = json.Unmarshal(d.raw, &e) // then it is about none
	return e.Channel
}

// newest is the message that a dispatch brought.
func newest(d dispatch) uint64 {
	var e struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(d.raw, &e) // then there is none
	return flake(e.ID)
}
