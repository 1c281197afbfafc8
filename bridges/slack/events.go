package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	slackbot  = "USLACKBOT"
	metaType  = "roost" // event_type of the metadata on what we post
	metaKey   = "key"
	metaHops  = "hops"
	deletedID = "deleted"
	tombstone = "tombstone"
)

var (
	errNoEvent = errors.New("no event in it")
	errUnknown = errors.New("of a kind that is not known")
)

// callback is the envelope of an event: https://docs.slack.dev/apis/events-api/#callback-field
type callback struct {
	Type      string          `json:"type"`
	Challenge string          `json:"challenge"`
	AppID     string          `json:"api_app_id"`
	At        int64           `json:"event_time"`
	Event     json.RawMessage `json:"event"`
}

// inner is the head of every event.
type inner struct {
	Type    string `json:"type"`
	SubType string `json:"subtype"`
}

// messageEvent is an event of type message or app_mention.
type messageEvent struct {
	slackapi.Message
	ChannelType string `json:"channel_type"`
}

// reactionEvent is https://docs.slack.dev/reference/events/reaction_added
type reactionEvent struct {
	User     string `json:"user"`
	Reaction string `json:"reaction"`
	At       string `json:"event_ts"`
	Item     struct {
		Type    string `json:"type"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	} `json:"item"`
}

// decode makes events of the inner event of a callback. It returns none for what concerns nobody, and an error for what it
// can't understand.
func (c *Connector) decode(ctx context.Context, self identity, cb callback) ([]chat.Event, error) {
	var in inner
	if err := json.Unmarshal(cb.Event, &in); err != nil || in.Type == "" {
		return nil, errors.Join(errNoEvent, err)
	}
	switch in.Type {
	case "message", "app_mention":
		var m messageEvent
		if err := json.Unmarshal(cb.Event, &m); err != nil {
			return nil, fmt.Errorf("decode a message: %w", err)
		}
		self.app = cb.AppID
		return c.message(ctx, self, m)
	case "reaction_added", "reaction_removed":
		return c.reaction(ctx, self, cb.Event, in.Type == "reaction_removed")
	case "pin_added", "pin_removed":
		return c.pinned(ctx, self, cb.Event, in.Type == "pin_removed")
	case "member_joined_channel", "member_left_channel":
		return c.member(ctx, self, cb.Event, unix(cb.At))
	case "emoji_changed":
		return nil, c.emojiChanged(cb.Event)
	case "user_change", "channel_rename", "group_rename":
		c.renamed(cb.Event)
		return nil, nil
	case "file_shared", "file_created", "file_change", "file_public", "file_deleted", "file_unshared", "app_home_opened",
		"channel_left", "group_left", "channel_archive", "channel_unarchive",
		"message_metadata_posted", "app_rate_limited":
		return nil, nil
	case "tokens_revoked", "app_uninstalled":
		c.doubt(ctx)
		return nil, nil
	}
	return nil, errUnknown
}

func (c *Connector) renamed(raw json.RawMessage) {
	var e struct {
		User    struct{ ID string } `json:"user"`
		Channel struct{ ID string } `json:"channel"`
	}
	if json.Unmarshal(raw, &e) == nil {
		c.names.known.Forget(firstOf(e.User.ID, e.Channel.ID))
	}
}

// doubt finds out whether the bot token is still valid, which ends Run when it is not: the sockets are opened with another
// token, and would stay.
func (c *Connector) doubt(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if _, err := c.api.AuthTestContext(ctx); err != nil {
		_ = c.fail(call{op: "slack: auth.test"}, err) // it has told Run what matters
	}
}

// message makes events of a message, live or from history; then m.Channel was filled in.
func (c *Connector) message(ctx context.Context, self identity, m messageEvent) ([]chat.Event, error) {
	if m.Channel == "" {
		return nil, errors.New("a message without its channel")
	}
	switch m.SubType {
	case "message_changed":
		return c.changed(ctx, self, m)
	case "message_deleted":
		before := m.PreviousMessage
		if before == nil {
			before = &slackapi.Msg{}
		}
		return c.deleted(ctx, self, m, firstOf(m.DeletedTimestamp, before.Timestamp), before)
	case "", "file_share", "thread_broadcast", "me_message", "bot_message", "file_comment", "assistant_app_thread", "huddle_thread":
		if m.Hidden {
			return nil, nil
		}
		t, files := c.content(ctx, &m.Msg)
		if t.Empty() && len(files) == 0 {
			return nil, nil
		}
		return c.event(ctx, self, &m.Msg, chat.Posted{Text: t, Files: files})
	case "message_replied", tombstone, "channel_join", "channel_leave", "group_join", "group_leave", "channel_topic", "channel_purpose", "channel_name", "channel_archive",
		"channel_unarchive", "group_topic", "group_purpose", "group_name", "group_archive", "group_unarchive", "pinned_item",
		"unpinned_item", "bot_add", "bot_remove", "bot_enable", "bot_disable", "reminder_add", "reply_broadcast",
		"channel_posting_permissions", "channel_convert_to_private", "ekm_access_denied", "joiner_notification",
		"channel_canvas_updated", "sh_room_created", "document_mention", "assistant_thread_started":
		return nil, nil
	}
	return nil, errUnknown
}

// changed is an edit, unless Slack only attached a preview, or put a tombstone in the place of a deleted first message.
func (c *Connector) changed(ctx context.Context, self identity, m messageEvent) ([]chat.Event, error) {
	after, before := m.SubMessage, m.PreviousMessage
	if after == nil {
		return nil, errors.New("an edit without its message")
	}
	after.Channel = m.Channel
	if after.SubType == tombstone {
		if before == nil {
			before = after
		}
		return c.deleted(ctx, self, m, after.Timestamp, before)
	}
	if after.Hidden || (before == nil && after.Edited == nil) || (before != nil && sameWords(before, after)) {
		return nil, nil
	}
	at := firstOf(m.EventTimestamp, m.Timestamp)
	if after.Edited != nil {
		at = after.Edited.Timestamp
	}
	return c.edited(ctx, self, after, at)
}

func (c *Connector) edited(ctx context.Context, self identity, m *slackapi.Msg, at string) ([]chat.Event, error) {
	t, files := c.content(ctx, m)
	events, err := c.event(ctx, self, m, chat.Edited{Text: t, Files: files})
	if err != nil || len(events) == 0 {
		return nil, err
	}
	h := fnv.New32a()
	for _, s := range append([]string{m.Text}, fileIDs(m)...) {
		_, _ = h.Write([]byte(s + "\x00")) // a hash takes every write
	}
	events[0].ID = chat.EventID(fmt.Sprintf("%s:%s:%s:%08x", m.Channel, m.Timestamp, at, h.Sum32()))
	events[0].At = stamp(at)
	return events, nil
}

func (c *Connector) deleted(ctx context.Context, self identity, m messageEvent, ts string, before *slackapi.Msg) ([]chat.Event, error) {
	if ts == "" {
		return nil, errors.New("a deletion without its message")
	}
	before.Channel, before.Timestamp = m.Channel, ts
	events, err := c.event(ctx, self, before, chat.Deleted{})
	if err != nil {
		return nil, err
	}
	events[0].ID = chat.EventID(m.Channel + ":" + ts + ":" + deletedID)
	events[0].At = stamp(firstOf(m.EventTimestamp, m.Timestamp))
	return events, nil
}

// event is what happened with m, by its author, named by its place and ts.
func (c *Connector) event(ctx context.Context, self identity, m *slackapi.Msg, what chat.Happening) ([]chat.Event, error) {
	if m.Timestamp == "" {
		return nil, errors.New("a message without its ts")
	}
	at := c.conversation(m.Channel, m.Timestamp, m.ThreadTimestamp)
	return []chat.Event{{
		ID:           chat.EventID(m.Channel + ":" + m.Timestamp),
		Conversation: at,
		Root:         root(at),
		Message:      chat.MessageID(m.Timestamp),
		Author:       c.author(ctx, self, m),
		At:           stamp(m.Timestamp),
		Direct:       direct(m.Channel),
		Addressed:    bridges.Mentions(what, self.person()),
		Hops:         hops(m.Metadata),
		What:         what,
	}}, nil
}

// direct says whether a channel is between the bot and one person: its ID begins with D.
func direct(channel string) bool { return strings.HasPrefix(channel, "D") }

func (c *Connector) reaction(ctx context.Context, self identity, raw json.RawMessage, removed bool) ([]chat.Event, error) {
	var r reactionEvent
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("decode a reaction: %w", err)
	}
	if r.Item.Type != "message" {
		return nil, nil // on a file: there is no message to show it at
	}
	if r.Item.Channel == "" || r.Item.TS == "" || r.Reaction == "" {
		return nil, errors.New("a reaction without its message")
	}
	emoji, verb := ":"+r.Reaction+":", "added"
	if s, ok := c.emoji.unicode(r.Reaction); ok {
		emoji = s
	}
	if removed {
		verb = "removed"
	}
	id := strings.Join([]string{r.Item.Channel, r.Item.TS, r.Reaction, r.User, verb, r.At}, ":")
	return []chat.Event{{
		ID:           chat.EventID(id),
		Conversation: c.conversation(r.Item.Channel, r.Item.TS, ""),
		Message:      chat.MessageID(r.Item.TS),
		Author:       c.author(ctx, self, &slackapi.Msg{User: r.User}),
		At:           stamp(r.At),
		Direct:       direct(r.Item.Channel),
		What:         chat.Reacted{Emoji: emoji, Removed: removed},
	}}, nil
}

// sameWords says whether nothing that people wrote differs: then Slack changed the message for its own ends.
func sameWords(a, b *slackapi.Msg) bool {
	if a.Text != b.Text || strings.Join(fileIDs(a), " ") != strings.Join(fileIDs(b), " ") {
		return false
	}
	was, errA := json.Marshal(a.Blocks)
	is, errB := json.Marshal(b.Blocks)
	return errA == nil && errB == nil && string(was) == string(is)
}

func fileIDs(m *slackapi.Msg) []string {
	ids := make([]string, 0, len(m.Files))
	for _, f := range m.Files {
		ids = append(ids, f.ID)
	}
	return ids
}

// hops are the routes that a message of ours had passed. Anybody may write such metadata; a lie stops their own message.
func hops(m slackapi.SlackMetadata) int {
	if n, ok := m.EventPayload[metaHops].(float64); ok && m.EventType == metaType && n > 0 && n < 100 {
		return int(n)
	}
	return 0
}

// stamp is the time in a ts, which is seconds and six decimals: as a float it would lose digits. It is zero for what is none.
func stamp(ts string) time.Time {
	sec, frac, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(sec, 10, 64)
	if err != nil {
		return time.Time{}
	}
	us, err := strconv.ParseInt((frac + "000000")[:6], 10, 64)
	if err != nil {
		us = 0
	}
	return unix(s).Add(time.Duration(us) * time.Microsecond)
}

// unix is the time of a count of seconds; zero for a time that can't be written down.
func unix(seconds int64) time.Time {
	const last = 253402300799 // the end of the year 9999
	if seconds < 0 || seconds > last {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// stampOf is t as a ts.
func stampOf(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }
