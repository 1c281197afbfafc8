package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/roost-im/roost/router/chat"
)

const maxPins = 250 // of a channel: code 30003 of https://docs.discord.com/developers/topics/opcodes-and-status-codes#json

// pins makes events of the pins that were taken off: Discord says only that something changed, so they are listed and compared
// with those that were there before. That one was put on a message of Discord's own tells; see pinned.
func (in *intake) pins(ctx context.Context, d dispatch) ([]chat.Event, error) {
	channel := where(d)
	if channel == "" {
		return nil, errNoID
	}
	in.c.pinMu.Lock()
	defer in.c.pinMu.Unlock()
	before, known, err := in.c.keptPins(ctx, channel)
	if err != nil {
		return nil, err
	}
	now, err := in.c.listPins(ctx, channel)
	if closed(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var events []chat.Event
	for _, id := range before {
		if !known || slices.Contains(now, id) {
			continue
		}
		e, _, err := in.event(ctx, channel, id, chat.Pinned{Removed: true})
		if err != nil {
			return nil, err
		}
		e.ID, e.At = numbered(d, id, "unpinned"), in.clock()
		events = append(events, e)
	}
	if slices.Equal(before, now) && known {
		return events, nil
	}
	return events, in.c.keepPins(ctx, channel, now)
}

// listPins lists the messages that are pinned in a channel, in order of their ids.
func (c *Connector) listPins(ctx context.Context, channel string) ([]string, error) {
	type page struct {
		Items []struct {
			At      string `json:"pinned_at"`
			Message struct {
				ID string `json:"id"`
			} `json:"message"`
		} `json:"items"`
		More bool `json:"has_more"`
	}
	ids := []string{}
	query := url.Values{"limit": {"50"}}
	for len(ids) < maxPins {
		ctx, cancel := context.WithTimeout(ctx, lookTime)
		var p page
		_, err := c.call(ctx, request{op: "discord: pins", method: http.MethodGet, path: route("channels", channel, "messages", "pins"), query: query}, &p)
		cancel()
		if err != nil {
			return nil, err
		}
		for _, one := range p.Items {
			ids = append(ids, one.Message.ID)
			query.Set("before", one.At)
		}
		if !p.More || len(p.Items) == 0 {
			break
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

func pinsKey(channel string) string { return "pins/" + channel }

// keptPins are the pins that a channel had; known is false when nobody looked before.
func (c *Connector) keptPins(ctx context.Context, channel string) (ids []string, known bool, err error) {
	raw, err := c.deps.Keep.Kept(ctx, pinsKey(channel))
	if err != nil {
		return nil, false, fmt.Errorf("discord: recall the pins: %w", err)
	}
	if raw == nil || json.Unmarshal(raw, &ids) != nil {
		return nil, false, nil
	}
	return ids, true, nil
}

func (c *Connector) keepPins(ctx context.Context, channel string, ids []string) error {
	raw, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	if err := c.deps.Keep.Keep(ctx, pinsKey(channel), raw); err != nil {
		return fmt.Errorf("discord: keep the pins: %w", err)
	}
	return nil
}

// unpinning says that the account itself is about to take a pin off.
func (c *Connector) unpinning(ctx context.Context, channel, id string) error {
	c.pinMu.Lock()
	defer c.pinMu.Unlock()
	ids, known, err := c.keptPins(ctx, channel)
	if err != nil || !known || !slices.Contains(ids, id) {
		return err
	}
	return c.keepPins(ctx, channel, slices.DeleteFunc(ids, func(x string) bool { return x == id }))
}
