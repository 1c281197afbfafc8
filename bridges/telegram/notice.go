package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/roost-im/roost/router/chat"
)

// topic is what is known of a topic.
type topic struct {
	name  string    // without the sign of its state
	state chat.Mark // that we gave it last
	named string    // as we named it last, with the sign
}

func topicKey(at place) string { return fmt.Sprintf("%d/%d", at.chat, at.thread) }

// topicOf is the name of the topic that m is in; empty when it is not known.
func (c *Connector) topicOf(at place, m *message) string {
	if at.thread == 0 {
		return ""
	}
	if r := m.ReplyTo; r != nil && r.TopicCreated != nil {
		c.topicNamed(at, r.TopicCreated.Name, false)
	}
	known, _ := c.topics.Get(topicKey(at))
	return known.name
}

// topicNamed remembers the name of a topic. Only news replace a name that is known: what a topic was called when it was made
// may be old.
func (c *Connector) topicNamed(at place, name string, news bool) {
	known, _ := c.topics.Get(topicKey(at))
	if name == "" || (!news && known.name != "") {
		return
	}
	known.name = unsigned(name)
	c.topics.Put(topicKey(at), known)
}

// notice adds what a service message says. done is false for what somebody wrote.
func (in *intake) notice(ctx context.Context, m *message, b *batch) (done bool, err error) {
	switch {
	case m.MovedTo != 0:
		return true, in.c.noteMove(ctx, m.Chat.ID, m.MovedTo)
	case m.MovedFrom != 0:
		return true, in.c.noteMove(ctx, m.MovedFrom, m.Chat.ID)
	case m.Pinned != nil:
		return true, in.pinned(ctx, m, b)
	case len(m.Joined) > 0:
		return true, in.joined(ctx, m, b)
	case m.Gone != nil:
		return true, in.come(ctx, m.passing(m.Gone, chat.Left{}), b)
	case m.TopicCreated != nil:
		in.c.topicNamed(m.place(), m.TopicCreated.Name, true)
		return true, nil
	case m.TopicEdited != nil:
		in.c.topicNamed(m.place(), m.TopicEdited.Name, true)
		return true, nil
	}
	return false, nil
}

// isNotice says whether a message without content is one of Telegram's own notices, of which there is nothing to tell.
// https://core.telegram.org/bots/api#message
func isNotice(raw json.RawMessage) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return false
	}
	known := []string{
		"new_chat_title", "new_chat_photo", "delete_chat_photo", "group_chat_created", "supergroup_chat_created",
		"channel_chat_created", "message_auto_delete_timer_changed", "successful_payment", "refunded_payment", "users_shared",
		"chat_shared", "gift", "unique_gift", "gift_upgrade_sent", "connected_website", "write_access_allowed", "passport_data",
		"proximity_alert_triggered", "boost_added", "chat_background_set", "checklist_tasks_done", "checklist_tasks_added",
		"direct_message_price_changed", "forum_topic_closed", "forum_topic_reopened", "general_forum_topic_hidden",
		"general_forum_topic_unhidden", "giveaway_created", "giveaway_winners", "giveaway_completed", "paid_message_price_changed",
		"video_chat_scheduled", "video_chat_started", "video_chat_ended", "video_chat_participants_invited", "web_app_data",
		"chat_owner_left", "chat_owner_changed", "new_chat_members", "left_chat_member", "pinned_message",
	}
	return slices.ContainsFunc(slices.Collect(maps.Keys(fields)), func(k string) bool {
		return slices.Contains(known, k) || strings.HasPrefix(k, "suggested_post_") && k != "suggested_post_info"
	})
}

// pinned adds that a message was pinned. That a pin was taken off is told to nobody.
func (in *intake) pinned(ctx context.Context, m *message, b *batch) error {
	ev, err := in.event(ctx, m)
	if err != nil {
		return err
	}
	ev.ID = chat.EventID("s:" + m.place().key() + ":" + decimal(m.ID))
	if ev.Message, err = in.c.name(ctx, m.place(), m.Pinned.ID); err != nil {
		return err
	}
	ev.What = chat.Pinned{}
	b.events = append(b.events, ev)
	return nil
}

func (in *intake) joined(ctx context.Context, m *message, b *batch) error {
	for i := range m.Joined {
		if err := in.come(ctx, m.passing(&m.Joined[i], chat.Joined{}), b); err != nil {
			return err
		}
	}
	return nil
}

// passing is somebody's coming or going.
type passing struct {
	at   chatInfo
	date int64
	who  *user
	what chat.Happening
}

func (m *message) passing(who *user, what chat.Happening) passing {
	return passing{at: m.Chat, date: m.Date, who: who, what: what}
}

// come adds that somebody came or went. What the bot itself does is no news.
func (in *intake) come(ctx context.Context, p passing, b *batch) error {
	if p.who.ID == in.c.selfID() {
		return nil
	}
	conv, err := in.c.conversation(ctx, place{chat: p.at.ID})
	if err != nil {
		return err
	}
	b.events = append(b.events, chat.Event{
		ID:           chat.EventID(fmt.Sprintf("j:%d:%d:%d:%s", p.at.ID, p.who.ID, p.date, chat.HappeningName(p.what))),
		Conversation: conv, Author: in.c.author(p.who), At: moment(p.date), Direct: p.at.Type == privateChat, What: p.what,
	})
	return nil
}

// moved adds that somebody came or went, where Telegram shows no notice of it.
func (in *intake) moved(ctx context.Context, u *memberUpdate, b *batch) error {
	switch was, is := u.Old.here(), u.New.here(); {
	case is && !was:
		return in.come(ctx, passing{u.Chat, u.Date, &u.New.User, chat.Joined{}}, b)
	case was && !is:
		return in.come(ctx, passing{u.Chat, u.Date, &u.New.User, chat.Left{}}, b)
	}
	return nil
}

// self notes where the bot is, and adds that a person has blocked it or lets it write again.
func (in *intake) self(ctx context.Context, number int64, u *memberUpdate, b *batch) error {
	if u.Chat.Type != privateChat {
		return in.c.places.note(ctx, seat{Chat: u.Chat.ID, Title: u.Chat.name()}, u.New.here())
	}
	was, is := u.Old.here(), u.New.here()
	if was == is {
		return nil
	}
	var what chat.Happening = chat.Left{}
	if is {
		what = chat.Joined{}
	}
	before := len(b.events)
	err := in.come(ctx, passing{u.Chat, u.Date, &u.From, what}, b)
	for i := range b.events[before:] {
		b.events[before+i].ID += chat.EventID(":" + decimal(number)) // one may block and unblock within a second
	}
	return err
}

// remember notes a group or channel in which something was heard.
func (c *Connector) remember(ctx context.Context, at chatInfo) error {
	if at.Type == privateChat {
		return nil
	}
	return c.places.note(ctx, seat{Chat: at.ID, Title: at.name()}, true)
}
