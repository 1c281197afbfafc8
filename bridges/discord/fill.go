package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	// https://docs.discord.com/developers/resources/message#get-channel-messages
	pageSize = 100
	maxPages = 100 // of one channel after one pause
	editBack = time.Hour
)

// isCall says whether err is one of a call, and not of what it brought.
func isCall(err error) bool {
	_, is := errors.AsType[*chat.Error](err)
	return is
}

// began opens the gaps of a session that was begun anew: where something was said that Discord does not list. Of servers it
// tells by itself, one after another.
func (in *intake) began(ctx context.Context, raw json.RawMessage) error {
	var ready struct {
		Guilds []guild `json:"guilds"`
	}
	if err := decode(raw, &ready); err != nil {
		return err
	}
	clear(in.tide.late)
	clear(in.tide.pending)
	for _, g := range ready.Guilds {
		in.tide.pending[g.ID] = true
	}
	talks, err := in.c.talks.all(ctx)
	if err != nil {
		return err
	}
	for _, t := range talks {
		in.tide.open(t.Channel, in.tide.from(t.Channel))
	}
	return nil
}

// server learns a server, and opens the gaps of its channels in which something was said that was not heard.
func (in *intake) server(g guild) {
	if g.Away {
		return
	}
	in.c.places.learnGuild(g)
	since := flakeAt(moment(g.Joined)) // what was said before the bot came is not its business
	for _, ch := range slices.Concat(g.Channels, g.Threads) {
		if p, _ := in.c.places.known.Get(ch.ID); p.speaks() {
			in.tide.missed(ch.ID, flake(ch.Last), since)
		}
	}
	delete(in.tide.pending, g.ID)
}

// fillOne reads back a channel. It gives up for now when that takes too long or fails; its error is one that ends Run.
func (in *intake) fillOne(ctx context.Context, channel string, most time.Duration) error {
	bounded, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	err := in.readBack(bounded, channel)
	switch {
	case err == nil:
		in.tide.filled(channel)
		in.retry.Reset()
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case chat.KindOf(err) == chat.LoggedOut:
		return err
	case closed(err):
		in.c.log.LogAttrs(ctx, slog.LevelWarn, "history not readable", slog.String("conversation", channel), slog.Any("error", err))
		in.tide.filled(channel)
		return nil
	}
	in.tide.again(channel)
	in.rest = time.Now().Add(in.retry.After(err))
	in.c.log.LogAttrs(ctx, slog.LevelWarn, "catching up put off", slog.String("conversation", channel), slog.Any("error", err))
	return nil
}

// readBack has everything accepted that was written or edited in a channel since its gap. Edits are seen on messages that were
// not older than an hour then.
func (in *intake) readBack(ctx context.Context, channel string) error {
	days, err := in.c.cfg.days()
	if err != nil || days == 0 {
		return err
	}
	from := max(in.tide.gaps[channel], flakeAt(in.c.clock.now(in.c.now()).AddDate(0, 0, -days)))
	after := min(from, max(flakeAt(at(strconv.FormatUint(from, 10)).Add(-editBack)), 1))
	for range maxPages {
		raws, err := in.c.history(ctx, channel, after)
		if err != nil {
			return err
		}
		var b batch
		for _, raw := range raws {
			id, events := in.old(ctx, channel, from, raw)
			after = max(after, id)
			b.add(channel, max(id, from), events)
		}
		if err := in.flush(ctx, &b); err != nil {
			return err
		}
		in.tide.gaps[channel] = max(from, after) // from where to go on, should it end here
		if len(raws) < pageSize {
			return nil
		}
	}
	in.c.log.LogAttrs(ctx, slog.LevelWarn, "more was missed than is read back", slog.String("conversation", channel))
	in.c.deps.Skip("history", []byte(`{"channel":`+strconv.Quote(channel)+`,"cut":true}`))
	return nil
}

// history gives the messages of a channel that follow after, oldest first and each by itself.
func (c *Connector) history(ctx context.Context, channel string, after uint64) ([]json.RawMessage, error) {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}, "after": {strconv.FormatUint(after, 10)}}
	var raws []json.RawMessage
	ask := request{op: "discord: history", method: http.MethodGet, path: route("channels", channel, "messages"), query: query}
	_, err := c.call(ctx, ask, &raws)
	for wait := tries(); err != nil && chat.KindOf(err) == chat.Throttled && bridges.Sleep(ctx, wait.After(err)) == nil; {
		_, err = c.call(ctx, ask, &raws)
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(raws, func(a, b json.RawMessage) int {
		return cmp.Compare(newest(dispatch{raw: a}), newest(dispatch{raw: b}))
	})
	return raws, nil
}

// old makes events of a message from history: that it was written, when that was after from, and that it was edited, when that
// was.
func (in *intake) old(ctx context.Context, channel string, from uint64, raw json.RawMessage) (uint64, []chat.Event) {
	var m message
	if err := decode(raw, &m); err != nil || flake(m.ID) == 0 {
		in.c.deps.Skip("history", raw)
		return newest(dispatch{raw: raw}), nil
	}
	m.Channel = channel
	id := flake(m.ID)
	var events []chat.Event
	if id > from {
		found, err := in.posted(ctx, m, dispatch{raw: raw})
		if err != nil {
			in.c.deps.Skip("history", raw)
			return id, nil
		}
		events = found
	}
	if edited := moment(m.Edited); !edited.IsZero() && flakeAt(edited) >= before(from) {
		if found, err := in.edited(ctx, m); err == nil {
			events = append(events, found...)
		}
	}
	return id, events
}
