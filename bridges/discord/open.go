package discord

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const (
	opOpen     = "discord: open"
	maxThread  = 100   // characters of a thread's name
	archiveIn  = 10080 // minutes without a message after which Discord archives a thread: a week, the longest there is
	namelessly = "Thread"
)

// Open starts a thread: a forum's post whose first message is the card, or a thread that hangs on the card or on the message
// Root. A thread that the message has already counts as opened, and so does one that an earlier try opened.
func (c *Connector) Open(ctx context.Context, o chat.Open) (chat.Receipt, chat.Conversation, error) {
	p, err := c.places.of(ctx, string(o.To.ID))
	if err != nil {
		return chat.Receipt{}, chat.Conversation{}, err
	}
	switch {
	case p.dm() && o.Bare:
		return chat.Receipt{}, o.To.Place(), nil
	case p.dm():
		return chat.Receipt{}, chat.Conversation{}, chat.Unsupported(opOpen, "there are no threads in direct messages")
	case p.forum():
		return c.openPost(ctx, o, p)
	case !o.Bare:
		return c.openOnCard(ctx, o)
	case o.Root != "" && !slashed(o.Root):
		r, conv, err := c.openOn(ctx, o, string(o.Root), chat.Receipt{})
		if !rootless(err) {
			return r, conv, err
		}
	}
	return c.openLoose(ctx, o, p)
}

// rootless says whether a message is gone, or of a kind that no thread can hang on.
func rootless(err error) bool {
	const systemMessage, badType = 50021, 50068
	return slices.Contains([]int{unknownMessage, systemMessage, badType}, said(err))
}

// openOnCard posts the card into the channel and has the thread hang on it.
func (c *Connector) openOnCard(ctx context.Context, o chat.Open) (chat.Receipt, chat.Conversation, error) {
	card := o.Card
	card.Title = firstOf(card.Title, o.Title)
	r, err := c.Post(ctx, chat.Post{Key: o.Key, To: o.To.Place(), Card: &card})
	if err != nil {
		return chat.Receipt{}, chat.Conversation{}, err
	}
	return c.openOn(ctx, o, string(r.Messages[0]), r)
}

// openOn starts a thread on a message.
func (c *Connector) openOn(ctx context.Context, o chat.Open, message string, r chat.Receipt) (chat.Receipt, chat.Conversation, error) {
	var ch channel
	_, err := c.call(ctx, request{
		op: opOpen, method: http.MethodPost, path: route("channels", string(o.To.ID), "messages", message, "threads"),
		body: map[string]any{"name": threadName(o.Title), "auto_archive_duration": archiveIn},
	}, &ch)
	switch {
	case said(err) == hasThread: // it has the message's id
		ch = channel{ID: message}
	case err != nil:
		return chat.Receipt{}, chat.Conversation{}, err
	default:
		p := c.places.learn(ch, "")
		p.root, p.rooted = message, true
		c.places.known.Put(p.id, p)
	}
	return r, c.opened(ctx, o, firstOf(ch.ID, message)), nil
}

// opened is the conversation of a thread that was opened. It is remembered, so that a pause is read back in it even when it is
// archived by then.
func (c *Connector) opened(ctx context.Context, o chat.Open, thread string) chat.Conversation {
	conv := o.To.Place()
	conv.Thread = chat.ThreadID(thread)
	if err := c.talks.join(ctx, thread, flake(thread)); err != nil {
		c.log.WarnContext(ctx, "thread not remembered")
	}
	return conv
}

// openPost starts a post in a forum. It has its own first message, whose id is that of the post.
func (c *Connector) openPost(ctx context.Context, o chat.Open, forum place) (chat.Receipt, chat.Conversation, error) {
	d := draft{channel: forum.id, parent: forum.id}
	if o.Bare {
		d.text = text.Plain(firstOf(o.Title, namelessly))
	} else {
		card := o.Card
		card.Title = firstOf(card.Title, o.Title)
		d.card = &card
	}
	first, err := c.compose(ctx, d)
	if err != nil {
		return chat.Receipt{}, chat.Conversation{}, err
	}
	body := map[string]any{"name": threadName(o.Title), "auto_archive_duration": archiveIn, "message": first}
	if !o.Bare {
		applied, err := c.tagged(ctx, forum, nil, o.Card.State)
		if err != nil {
			return chat.Receipt{}, chat.Conversation{}, err
		}
		if len(applied) > 0 {
			body["applied_tags"] = applied
		}
	}
	id, err := c.startThread(ctx, o, forum, body)
	if err != nil {
		return chat.Receipt{}, chat.Conversation{}, err
	}
	return receipt(id, nil), c.opened(ctx, o, id), nil
}

// openLoose starts a thread that hangs on no message.
func (c *Connector) openLoose(ctx context.Context, o chat.Open, parent place) (chat.Receipt, chat.Conversation, error) {
	kind := typeThread
	if parent.kind == typeAnnouncement {
		kind = typeNewsThread
	}
	id, err := c.startThread(ctx, o, parent, map[string]any{"name": threadName(o.Title), "auto_archive_duration": archiveIn, "type": kind})
	if err != nil {
		return chat.Receipt{}, chat.Conversation{}, err
	}
	return chat.Receipt{}, c.opened(ctx, o, id), nil
}

// startThread starts a thread that an earlier try did not start.
func (c *Connector) startThread(ctx context.Context, o chat.Open, parent place, body map[string]any) (string, error) {
	before, again, err := c.journal.begin(ctx, c.trying(o.Key, parent.id))
	if err != nil {
		return "", err
	}
	if again {
		id := before.Thread
		if id == "" {
			if id, err = c.threadOf(ctx, parent, threadName(o.Title), before.From); err != nil {
				return "", err
			}
		}
		if id != "" {
			return id, c.journal.end(ctx, o.Key, func(t *try) { t.Thread, t.Message, t.Open = id, id, false })
		}
	}
	var ch channel
	_, err = c.call(ctx, request{op: opOpen, method: http.MethodPost, path: route("channels", parent.id, "threads"), body: body, once: true}, &ch)
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancel()
	if err == nil && ch.ID == "" {
		err = &chat.Error{Op: opOpen, Kind: chat.Uncertain, Err: errNoID}
	}
	if err != nil {
		if noted := c.unsettled(late, o.Key, err); noted != nil {
			return "", fmt.Errorf("%w; %w", err, noted)
		}
		return "", err
	}
	c.places.learn(ch, parent.guild)
	return ch.ID, c.journal.end(late, o.Key, func(t *try) { t.Thread, t.Message, t.Open = ch.ID, ch.ID, false })
}

// threadOf finds a thread that an earlier try started: ours, by its name, and known to be of no other Open.
func (c *Connector) threadOf(ctx context.Context, parent place, name string, from uint64) (string, error) {
	self, err := c.whoami(ctx)
	if err != nil {
		return "", err
	}
	var active struct {
		Threads []channel `json:"threads"`
	}
	_, err = c.call(ctx, request{op: "discord: threads", method: http.MethodGet, path: route("guilds", parent.guild, "threads", "active")}, &active)
	if err != nil {
		return "", err
	}
	slices.SortFunc(active.Threads, func(a, b channel) int { return int(flake(a.ID)>>22) - int(flake(b.ID)>>22) })
	for _, t := range active.Threads {
		if t.Parent != parent.id || t.Owner != self.user || t.Name != name || flake(t.ID) < from {
			continue
		}
		taken, err := c.journal.claimed(ctx, t.ID)
		if err != nil {
			return "", err
		}
		if !taken {
			return t.ID, nil
		}
	}
	return "", nil
}

// threadName is a title as a thread may bear it.
func threadName(title string) string {
	if title == "" {
		title = namelessly
	}
	name := text.Name(title, maxThread)
	for text.Cautious.Len(name) > maxThread {
		r := []rune(name)
		name = string(r[:len(r)-1])
	}
	return name
}
