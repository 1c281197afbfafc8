package slack

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"time"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	// pageSize is what Slack recommends at most. Apps that are sold outside its Marketplace are given 15 of them:
	// https://docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps
	pageSize     = 200
	fewThreads   = 25 // so many known threads of a channel are asked for one by one
	maxPages     = 100
	listSize     = 200
	maxPlaces    = 1000 // conversations that are read back after a pause
	editsBack    = time.Hour
	batchSize    = 50
	clockMargin  = 10 * time.Second // between our clock and Slack's, and between what two sockets bring
	missingScope = "missing_scope"
)

// fill reads back what was missed, whenever a gap was opened, until ctx ends.
func (in *intake) fill(ctx context.Context) error {
	wait := tries()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-in.tide.more:
		}
		err := in.fillAll(ctx)
		if err == nil {
			wait.Reset()
			continue
		}
		if chat.KindOf(err) == chat.LoggedOut || ctx.Err() != nil {
			return err
		}
		in.c.log.LogAttrs(ctx, slog.LevelWarn, "catching up put off", slog.String("kind", chat.KindOf(err).String()), slog.Any("error", err))
		if bridges.Pointless(err) {
			continue // the gap stays; the next one has it tried again
		}
		if err := wait.Wait(ctx, err); err != nil {
			return err
		}
		in.tide.stir()
	}
}

// fillAll lists the conversations when a gap was opened everywhere, and reads those that have one. When none is left it
// moves the cursor of everything.
func (in *intake) fillAll(ctx context.Context) error {
	opened, unlisted := in.tide.unlisted()
	if unlisted {
		upTo := stampOf(in.c.clock().Add(-clockMargin))
		places, err := in.places(ctx)
		if err != nil {
			return err
		}
		in.tide.list(opened, places, upTo)
	}
	for {
		place, from, ok := in.tide.next()
		if !ok {
			break
		}
		if err := in.readBack(ctx, place, from); err != nil {
			in.tide.again(place)
			return err
		}
		in.tide.filled(place)
	}
	cursor, upTo := in.tide.level()
	if cursor == nil {
		return nil
	}
	if err := in.sink.Accept(ctx, chat.Batch{Cursor: cursor}); err != nil {
		return err
	}
	in.tide.leveled(upTo)
	return nil
}

// places lists the conversations that the bot is in. A kind of them that the token may not see is left out: roost doctor
// tells of it.
func (in *intake) places(ctx context.Context) ([]string, error) {
	var ids []string
	for _, kind := range placeKinds() {
		for cursor := ""; ; {
			found, next, err := in.c.places(ctx, kind, cursor)
			if slackSaid(err) == missingScope {
				break
			}
			if err != nil {
				return nil, err
			}
			ids = append(ids, found...)
			if cursor = next; next == "" || len(ids) >= maxPlaces {
				break
			}
		}
	}
	if len(ids) > maxPlaces {
		in.c.log.LogAttrs(ctx, slog.LevelWarn, "too many conversations to catch up in all", slog.Int("conversations", len(ids)))
		ids = ids[:maxPlaces]
	}
	return ids, nil
}

func placeKinds() []string { return []string{"im", "private_channel", "public_channel", "mpim"} }

// readBack has everything accepted that was written in a channel and its threads after from. Where Slack refuses the history
// there is nothing to wait for: the gap stays, and is logged.
func (in *intake) readBack(ctx context.Context, channel, from string) error {
	from = max(from, stampOf(in.c.clock().Add(-catchUp)))
	// The channel and its threads are read one after another, and something may be written in one that was read already.
	// So the mark moves no further than to when the reading began.
	began := stampOf(in.c.clock().Add(-clockMargin))
	messages, err := in.missed(ctx, channel, from)
	if closed(err) {
		in.c.log.LogAttrs(ctx, slog.LevelWarn, "history not readable", slog.String("conversation", channel), slog.Any("error", err))
		return nil
	}
	if err != nil {
		return err
	}
	var events []chat.Event
	last := ""
	for i := range messages {
		found := in.old(ctx, channel, from, messages[i])
		events = append(events, found...)
		last = max(last, said(found))
		if len(events) < batchSize && i < len(messages)-1 {
			continue
		}
		if err := in.acceptOld(ctx, channel, events, min(last, began)); err != nil {
			return err
		}
		events = nil
	}
	return nil
}

func (in *intake) acceptOld(ctx context.Context, channel string, events []chat.Event, last string) error {
	if len(events) == 0 {
		return nil
	}
	if err := in.c.threads.note(ctx, events); err != nil {
		return err
	}
	b := chat.Batch{Events: events}
	if last != "" {
		b.Cursor = in.tide.read(channel, last)
	}
	if err := in.sink.Accept(ctx, b); err != nil {
		return err
	}
	if last != "" {
		in.tide.reached(channel, last)
	}
	return nil
}

// missed gives the messages of a channel and its threads that were written or edited after from, oldest first. Edits are
// seen on messages of the last hour before from.
func (in *intake) missed(ctx context.Context, channel, from string) ([]slackapi.Message, error) {
	known, err := in.c.threads.in(ctx, channel)
	if err != nil {
		return nil, err
	}
	back := stampOf(stamp(from).Add(-editsBack))
	var roots []string
	if len(known) <= fewThreads {
		roots = known
	} else {
		// The first message of a thread says when it was last answered: reading them all takes fewer calls than asking
		// for each thread.
		back = min(back, stampOf(stamp(slices.Min(known)).Add(-time.Second)))
	}
	all, err := in.pages(ctx, query{channel: channel, oldest: back, limit: pageSize})
	if err != nil {
		return nil, err
	}
	for _, raw := range all {
		if ts := repliedTo(raw, from); ts != "" && !slices.Contains(roots, ts) {
			roots = append(roots, ts)
		}
	}
	for _, root := range roots {
		replies, err := in.pages(ctx, query{channel: channel, thread: root, oldest: from, limit: pageSize})
		if closed(err) {
			continue // the thread was deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = append(all, replies...)
	}
	return in.read(all), nil
}

// repliedTo is the ts of a message that may have been replied to after from; empty otherwise.
func repliedTo(raw json.RawMessage, from string) string {
	var m struct {
		TS      string `json:"ts"`
		Replies int    `json:"reply_count"`
		Latest  string `json:"latest_reply"`
	}
	_ = json.Unmarshal(raw, &m) // what is of another type is left out
	if m.Replies > 0 && (m.Latest == "" || m.Latest > from) {
		return m.TS
	}
	return ""
}

// read decodes messages of history, and puts them into order, each once. One that can't be decoded is counted, and spoils
// no other.
func (in *intake) read(all []json.RawMessage) []slackapi.Message {
	messages := make([]slackapi.Message, 0, len(all))
	for _, raw := range all {
		var m slackapi.Message
		if err := json.Unmarshal(raw, &m); err != nil || m.Timestamp == "" {
			in.c.deps.Skip("history", raw)
			continue
		}
		messages = append(messages, m)
	}
	slices.SortStableFunc(messages, func(a, b slackapi.Message) int { return compare(a.Timestamp, b.Timestamp) })
	return slices.CompactFunc(messages, func(a, b slackapi.Message) bool { return a.Timestamp == b.Timestamp })
}

// closed says whether asking again is pointless.
func closed(err error) bool {
	kind := chat.KindOf(err)
	return kind == chat.Refused || kind == chat.Gone
}

// pages reads all pages of a query, waiting as Slack asks.
func (in *intake) pages(ctx context.Context, q query) ([]json.RawMessage, error) {
	var all []json.RawMessage
	for range maxPages {
		messages, next, err := in.c.page(ctx, q)
		for wait := tries(); err != nil && chat.KindOf(err) == chat.Throttled && wait.Wait(ctx, err) == nil; {
			messages, next, err = in.c.page(ctx, q)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, messages...)
		if q.cursor = next; next == "" {
			return all, nil
		}
	}
	in.c.log.LogAttrs(ctx, slog.LevelWarn, "more was missed than is read back", slog.String("conversation", q.channel),
		slog.String("messages", strconv.Itoa(len(all))))
	in.c.deps.Skip("history", []byte(`{"channel":`+strconv.Quote(q.channel)+`,"cut":true}`))
	return all, nil
}

// old makes events of a message from history: that it was written, when that was after from, and that it was edited, when
// that was.
func (in *intake) old(ctx context.Context, channel, from string, m slackapi.Message) []chat.Event {
	m.Channel = channel
	var events []chat.Event
	if what, is := moves(m.SubType); is {
		if m.Timestamp > from {
			events = in.c.moved(ctx, in.self, &m.Msg, stamp(m.Timestamp), what)
		}
		return events
	}
	if m.Timestamp > from {
		found, err := in.c.message(ctx, in.self, messageEvent{Message: m})
		if err != nil {
			in.c.deps.Skip("history", []byte(strconv.Quote(m.SubType)))
			return nil
		}
		events = found
	}
	if m.Edited == nil || m.SubType == tombstone || stamp(m.Edited.Timestamp).Before(stamp(from).Truncate(time.Second)) {
		return events
	}
	found, err := in.c.edited(ctx, in.self, &m.Msg, m.Edited.Timestamp)
	if err != nil {
		return events
	}
	return append(events, found...)
}
