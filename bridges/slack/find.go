package slack

import (
	"context"
	"encoding/json"
	"time"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/router/chat"
)

const (
	findPage   = 100
	findPages  = 20
	findMargin = 5 * time.Minute // between our clock and Slack's
)

// Find tells whether a Post or an Open arrived, by the key in its metadata, or by its files. Whispers can't be found, because
// no history has them; edits, deletions and reactions may be repeated without asking.
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
	case chat.Edit, chat.Delete, chat.React:
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
		for i := range messages {
			m := &messages[i].Msg
			if m.Metadata.EventPayload[metaKey] == string(key) && m.Metadata.EventType == metaType && mine(self, m) {
				return c.receipt(to, "", m.Timestamp), true, nil
			}
		}
		if next == "" {
			break
		}
		q.cursor = next
	}
	return chat.Receipt{}, false, nil
}

func mine(self identity, m *slackapi.Msg) bool {
	return m.User == self.user || (m.BotID != "" && m.BotID == self.bot)
}

// findFiles asks Slack whether the files of an unanswered post are in the channel.
func (c *Connector) findFiles(ctx context.Context, p chat.Post) (chat.Receipt, bool, error) {
	raw, err := c.deps.Keep.Kept(ctx, "upload/"+string(p.Key))
	if err != nil || raw == nil {
		return chat.Receipt{}, false, err
	}
	var ids []string
	if err := json.Unmarshal(raw, &ids); err != nil || len(ids) == 0 {
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
	_ = c.keepUpload(ctx, p.Key, nil) // what is left over does no harm: the post is there
	return c.receipt(p.To, "", ts), true, nil
}

// query is one page of a channel's history, or of a thread's replies.
type query struct {
	channel, thread string
	oldest, cursor  string
	limit           int
}

// page reads one page, newest first for a channel. next is empty after the last.
func (c *Connector) page(ctx context.Context, q query) (_ []slackapi.Message, next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if q.thread != "" {
		messages, more, next, err := c.api.GetConversationRepliesContext(ctx, &slackapi.GetConversationRepliesParameters{
			ChannelID: q.channel, Timestamp: q.thread, Oldest: q.oldest, Cursor: q.cursor, Limit: q.limit, IncludeAllMetadata: true,
		})
		if err != nil {
			return nil, "", c.fail(call{op: "slack: conversations.replies", scope: chat.ThisAccount}, err)
		}
		if !more {
			next = ""
		}
		return messages, next, nil
	}
	r, err := c.api.GetConversationHistoryContext(ctx, &slackapi.GetConversationHistoryParameters{
		ChannelID: q.channel, Oldest: q.oldest, Cursor: q.cursor, Limit: q.limit, IncludeAllMetadata: true,
	})
	if err != nil {
		return nil, "", c.fail(call{op: "slack: conversations.history", scope: chat.ThisAccount}, err)
	}
	if !r.HasMore {
		return r.Messages, "", nil
	}
	return r.Messages, r.ResponseMetaData.NextCursor, nil
}
