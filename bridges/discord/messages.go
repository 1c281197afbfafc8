package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const (
	nameWait  = 2 * time.Second // an event does not wait longer for a name
	nameLife  = time.Hour
	maxPeople = 5000
)

// Types of messages. https://docs.discord.com/developers/resources/message#message-object-message-types
const (
	plainMessage = 0
	came         = 1 // into a thread
	went         = 2
	pinnedNotice = 6
	joinNotice   = 7
	reply        = 19
	command      = 20
	menuCommand  = 23
	lastKnown    = 46
)

// askPerson asks who somebody is.
func (c *Connector) askPerson(ctx context.Context, id string) (user, error) {
	var u user
	_, err := c.call(ctx, request{op: "discord: person", method: http.MethodGet, path: route("users", id)}, &u)
	if err == nil || closed(err) { // asking again for who can't be seen helps nobody
		u.ID = id
		c.people.Put(id, u)
	}
	return u, err
}

// written makes events of a message that was written or changed.
func (in *intake) written(ctx context.Context, d dispatch) ([]chat.Event, error) {
	var m message
	if err := decode(d.raw, &m); err != nil || m.ID == "" || m.Channel == "" {
		return nil, errors.Join(errNoID, err)
	}
	if m.Flags&flagEphemeral != 0 {
		return nil, nil // one person sees it, and it answers a press
	}
	if d.kind == "MESSAGE_CREATE" {
		return in.posted(ctx, m, d)
	}
	return in.changed(ctx, m)
}

// posted makes events of a new message.
func (in *intake) posted(ctx context.Context, m message, d dispatch) ([]chat.Event, error) {
	switch m.Type {
	case plainMessage, reply, command, menuCommand:
		return in.spoken(ctx, m, d)
	case pinnedNotice:
		return in.pinned(ctx, m)
	case joinNotice, came, went:
		return in.moved(ctx, m)
	}
	if m.Type > lastKnown || m.Type < 0 {
		return nil, fmt.Errorf("message of type %d: %w", m.Type, errUnknown)
	}
	return nil, nil // Discord's own notices: boosts, calls, threads that began
}

func (in *intake) spoken(ctx context.Context, m message, d dispatch) ([]chat.Event, error) {
	e, p, err := in.event(ctx, m.Channel, m.ID, nil)
	if err != nil {
		return nil, err
	}
	t, files := in.content(m, p)
	e.ID, e.At, e.Author = chat.EventID(m.ID), at(m.ID), in.author(m)
	if t.Empty() && len(files) == 0 {
		if !e.Author.Self {
			in.c.deps.Skip("empty message", d.raw)
		}
		return nil, nil
	}
	e.What = chat.Posted{Text: t, Files: files, ReplyTo: repliedTo(m), Quote: in.quote(m, p)}
	e.Addressed = in.addressed(m, e.What)
	return []chat.Event{e}, nil
}

// changed is an edit, unless Discord only added a preview or a mark, or told too little to know; then it is asked.
func (in *intake) changed(ctx context.Context, m message) ([]chat.Event, error) {
	if moment(m.Edited).IsZero() {
		return nil, nil
	}
	if m.Content == nil || m.Author == nil {
		ctx, cancel := context.WithTimeout(ctx, lookTime)
		defer cancel()
		whole, err := in.c.message(ctx, m.Channel, m.ID)
		if closed(err) {
			return nil, nil // it is gone by now
		}
		if err != nil {
			return nil, err
		}
		whole.Channel, whole.Guild = m.Channel, m.Guild
		m = whole
	}
	return in.edited(ctx, m)
}

func (in *intake) edited(ctx context.Context, m message) ([]chat.Event, error) {
	edited := moment(m.Edited)
	if edited.IsZero() || !slices.Contains([]int{plainMessage, reply, command, menuCommand}, m.Type) {
		return nil, nil
	}
	e, p, err := in.event(ctx, m.Channel, m.ID, nil)
	if err != nil {
		return nil, err
	}
	t, files := in.content(m, p)
	e.ID = chat.EventID(m.ID + ":edited:" + strconv.FormatInt(edited.UnixMicro(), 10))
	e.At, e.Author = edited, in.author(m)
	e.What = chat.Edited{Text: t, Files: files, ReplyTo: repliedTo(m), Quote: in.quote(m, p)}
	e.Addressed = in.addressed(m, e.What)
	return []chat.Event{e}, nil
}

// pinned is the event of Discord's own message that something was pinned.
func (in *intake) pinned(ctx context.Context, m message) ([]chat.Event, error) {
	if m.Reference == nil || m.Reference.Message == "" {
		return nil, errNoID
	}
	e, _, err := in.event(ctx, firstOf(m.Reference.Channel, m.Channel), m.Reference.Message, chat.Pinned{})
	if err != nil {
		return nil, err
	}
	e.ID, e.At, e.Author = chat.EventID(m.ID), at(m.ID), in.author(m)
	return []chat.Event{e}, nil
}

// moved is the event of Discord's own message that somebody joined the server, or came into a thread or was put out of it.
func (in *intake) moved(ctx context.Context, m message) ([]chat.Event, error) {
	if m.Type == joinNotice && in.c.cfg.Members {
		return nil, nil // the gateway tells by itself
	}
	var what chat.Happening = chat.Joined{}
	if m.Type == went {
		what = chat.Left{}
	}
	e, _, err := in.event(ctx, m.Channel, "", what)
	if err != nil {
		return nil, err
	}
	e.ID, e.At, e.Author = chat.EventID(m.ID), at(m.ID), in.author(m)
	if m.Type != joinNotice {
		if len(m.Mentions) == 0 {
			return nil, nil
		}
		e.Author = in.person(m.Mentions[0].user, m.Mentions[0].Member)
	}
	return []chat.Event{e}, nil
}

// repliedTo is the message that m answers; empty when it answers none, or one of another channel.
func repliedTo(m message) chat.MessageID {
	if m.Type != reply || m.Reference == nil || m.Reference.Type != 0 {
		return ""
	}
	return chat.MessageID(m.Reference.Message)
}

// addressed says whether a message is meant for the bot: it mentions it, or the role that Discord made for it, or answers what it
// wrote. What bears somebody's name a webhook wrote, and who answers that means them.
func (in *intake) addressed(m message, what chat.Happening) bool {
	re := m.Referenced
	answered := repliedTo(m) != "" && re != nil && re.Author != nil && re.Author.ID == in.self.user
	return answered || bridges.Mentions(what, in.self.user)
}

// quote is how the message reads that m answers.
func (in *intake) quote(m message, p place) *chat.Quote {
	if repliedTo(m) == "" || m.Referenced == nil {
		return nil
	}
	t, files := in.content(*m.Referenced, p)
	if t.Empty() && len(files) > 0 {
		t = text.Plain(files[0].Name)
	}
	return &chat.Quote{Name: in.author(*m.Referenced).Name, Text: t}
}

// content is what a message says and carries.
func (in *intake) content(m message, p place) (text.Text, []chat.File) {
	var b text.Builder
	some := false
	add := func(t text.Text) {
		if t.Empty() {
			return
		}
		if some {
			b.Write("\n")
		}
		some = true
		b.Add(t)
	}
	names := in.names(m, p)
	if m.Content != nil {
		add(read(*m.Content, names))
	}
	files := in.files(m)
	for _, s := range m.Snapshots {
		s.Message.Channel, s.Message.ID = m.Channel, m.ID
		quoted, more := in.content(s.Message, p)
		files = append(files, more...)
		add(quotation(quoted))
	}
	if m.Flags&flagComponents != 0 {
		add(displayed(m.Components, names))
	}
	add(poll(m.Poll))
	for _, s := range m.Stickers {
		if s.Format == lottie {
			add(text.Plain("[sticker: " + s.Name + "]"))
		}
	}
	if !some && len(files) == 0 {
		add(embedded(m.Embeds, names))
	}
	return b.Text(), files
}

// names is what the ids in m's text stand for.
func (in *intake) names(m message, p place) names {
	guild := firstOf(m.Guild, p.guild)
	return names{
		person: func(id string) string {
			for _, u := range m.Mentions {
				if u.ID == id {
					return in.person(u.user, u.Member).Name
				}
			}
			return ""
		},
		role: func(id string) string { return in.c.places.role(guild, id) },
		bot:  func(role string) string { return in.c.places.bot(guild, role) },
		channel: func(id string) string {
			ch, _ := in.c.places.known.Get(id)
			return ch.name
		},
	}
}

// quotation is t as a quote.
func quotation(t text.Text) text.Text {
	var b text.Builder
	b.Span(text.Quote, text.Attrs{}, func() { b.Add(unquoted(t)) })
	return b.Text()
}

// unquoted is t without quotes, which don't lie in one another.
func unquoted(t text.Text) text.Text {
	t.Spans = slices.DeleteFunc(slices.Clone(t.Spans), func(s text.Span) bool { return s.Kind == text.Quote })
	return t
}
