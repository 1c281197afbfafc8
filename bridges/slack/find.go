package slack

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/roost-im/roost/router/chat"
)

const (
	findPage   = 200
	findPages  = 100
	findMargin = 2 * time.Minute // between our clock and Slack's
)

// Find tells whether a Post or an Open arrived, by the key in its metadata, or by its files. Whispers can't be found, because
// no history has them; edits, deletions, reactions and pins may be repeated without asking.
func (c *Connector) Find(ctx context.Context, a chat.Action, since time.Time) (chat.Receipt, bool, error) {
	switch a := a.(type) {
	case chat.Post:
		if len(a.Files) > 0 {
			return c.findFiles(ctx, a)
		}
		if a.Only != "" {
			return chat.Receipt{}, false, nil
		}
		return c.findKey(ctx, a.To, a.Key, since)
	case chat.Open:
		r, found, err := c.findKey(ctx, a.To.Place(), a.Key, since)
		if found {
			r.Conversation = a.To.Place()
			r.Conversation.Thread = chat.ThreadID(r.Messages[0])
		}
		return r, found, err
	case chat.Edit, chat.Delete, chat.React, chat.Pin, chat.Hear:
	}
	return chat.Receipt{}, false, nil
}

func (c *Connector) findKey(ctx context.Context, to chat.Conversation, key chat.Key, since time.Time) (chat.Receipt, bool, error) {
	if key == "" {
		return chat.Receipt{}, false, nil
	}
	self, err := c.whoami(ctx)
	if err != nil {
		return chat.Receipt{}, false, err
	}
	q := query{channel: string(to.ID), thread: string(to.Thread), oldest: stampOf(since.Add(-findMargin)), limit: findPage}
	for range findPages {
		messages, next, err := c.page(ctx, q)
		if err != nil {
			return chat.Receipt{}, false, err
		}
		for _, raw := range messages {
			if ts := keyed(self, key, raw); ts != "" {
				return c.receipt(to, "", ts), true, nil
			}
		}
		if next == "" {
			return chat.Receipt{}, false, nil
		}
		q.cursor = next
	}
	// It may be further on: not to have found it is not to know that it isn't there.
	return chat.Receipt{}, false, &chat.Error{
		Op: "slack: find", Kind: chat.Transient, Reason: "so much was written since that it can't be told whether it arrived",
	}
}

// keyed is the ts of a message of history when it is ours and has this key; empty otherwise. It asks for no more of the
// message than that, because one that is there and not found would be posted again.
func keyed(self identity, key chat.Key, raw json.RawMessage) string {
	var m struct {
		TS       string `json:"ts"`
		User     string `json:"user"`
		BotID    string `json:"bot_id"`
		Metadata struct {
			Type    string         `json:"event_type"`
			Payload map[string]any `json:"event_payload"`
		} `json:"metadata"`
	}
	_ = json.Unmarshal(raw, &m) // what is of another type is left out
	mine := m.User == self.user || (m.BotID != "" && m.BotID == self.bot)
	if mine && m.Metadata.Type == metaType && m.Metadata.Payload[metaKey] == string(key) {
		return m.TS
	}
	return ""
}

// findFiles asks Slack whether the files of an unanswered post are in the channel.
func (c *Connector) findFiles(ctx context.Context, p chat.Post) (chat.Receipt, bool, error) {
	ids, err := c.uploads.of(ctx, p.Key)
	if err != nil || len(ids) == 0 {
		return chat.Receipt{}, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	ts, err := c.shared(ctx, ids[0], string(p.To.ID))
	if err != nil || ts == "" {
		if chat.KindOf(err) == chat.Gone {
			err = nil
		}
		return chat.Receipt{}, false, err
	}
	return c.receipt(p.To, "", ts), true, nil
}

// query is one page of a channel's history, or of a thread's replies.
type query struct {
	channel, thread string
	oldest, cursor  string
	limit           int
}

// form is the query as Slack takes it.
func (q query) form() url.Values {
	form := url.Values{"channel": {q.channel}, "limit": {strconv.Itoa(q.limit)}, "include_all_metadata": {"1"}}
	for name, value := range map[string]string{"ts": q.thread, "oldest": q.oldest, "cursor": q.cursor} {
		if value != "" {
			form.Set(name, value)
		}
	}
	return form
}
