package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const opPost = "discord: post"

// draft is a message on its way out.
type draft struct {
	channel string
	parent  string // the channel that has the webhooks
	hook    hook   // by which it goes; zero: the bot says it itself
	text    text.Text
	files   []chat.File
	card    *chat.Card
	as      *chat.Persona
	ref     string // the message that it answers natively
	key     chat.Key
}

func (d draft) hooked() bool { return d.hook.ID != "" }

// Post writes one message, by a webhook when it bears somebody's name. It returns when Discord has taken it. A post that was
// tried before is looked for first, so that a repeat with the same Key is the same message; where a try by a webhook may still
// be on its way, it is Throttled until it can't be any more.
func (c *Connector) Post(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	d, err := c.draft(ctx, p)
	if err != nil {
		return chat.Receipt{}, err
	}
	body, err := c.compose(ctx, d)
	if err != nil {
		return chat.Receipt{}, err
	}
	before, again, err := c.journal.begin(ctx, c.trying(d.key, d.channel))
	if err != nil {
		return chat.Receipt{}, err
	}
	if again {
		r, found, err := c.tried(ctx, d, body, before)
		if err != nil || found {
			return r, err
		}
	}
	m, header, err := c.send(ctx, d, body)
	return c.settle(ctx, d, m, header, err)
}

// trying is a try that begins now. Until an answer came it may be on its way.
func (c *Connector) trying(key chat.Key, channel string) try {
	const slack = 10 * time.Second // between two clocks
	now := c.now()
	return try{Key: key, Channel: channel, At: now.Unix(), From: flakeAt(c.clock.now(now).Add(-slack)), Open: true}
}

// settle notes how a try ended, also when the caller has given up.
func (c *Connector) settle(ctx context.Context, d draft, m message, header http.Header, err error) (chat.Receipt, error) {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancel()
	if err != nil {
		if noted := c.unsettled(late, d.key, err); noted != nil {
			err = errors.Join(err, noted)
		}
		return chat.Receipt{}, err
	}
	c.authors.Put(m.ID, chat.Author{Self: true, Bot: true})
	noted := c.journal.end(late, d.key, func(t *try) { t.Message, t.Hook, t.Open = m.ID, d.hook.ID, false })
	if noted != nil {
		// The post is there. Should the router ask for it again, it is found by what it says.
		c.log.WarnContext(ctx, "post not written down")
	}
	return receipt(m.ID, header), nil
}

// unsettled notes a try that failed: one that came to nothing is forgotten, any other one is to be looked for.
func (c *Connector) unsettled(ctx context.Context, key chat.Key, err error) error {
	if chat.KindOf(err) != chat.Uncertain {
		return c.journal.forget(ctx, key)
	}
	_, answered := errors.AsType[*problem](err)
	now := c.now().Unix()
	return c.journal.end(ctx, key, func(t *try) { t.Open, t.At = !answered, now })
}

// tried finds what became of an earlier try.
func (c *Connector) tried(ctx context.Context, d draft, body map[string]any, before try) (chat.Receipt, bool, error) {
	if before.Message != "" {
		return receipt(before.Message, nil), true, nil
	}
	before.Channel = d.channel
	m, found, err := c.lookFor(ctx, before, likeness(d, body))
	if err != nil {
		return chat.Receipt{}, false, err
	}
	if found {
		err := c.journal.end(ctx, d.key, func(t *try) { t.Message, t.Hook, t.Open = m.ID, m.Webhook, false })
		return receipt(m.ID, nil), true, err
	}
	// Discord folds what the bot says itself, and not what a webhook says.
	if left := inFlight - c.now().Sub(time.Unix(before.At, 0)); before.Open && d.hooked() && left > 0 {
		return chat.Receipt{}, false, &chat.Error{
			Op: opPost, Kind: chat.Throttled, Wait: left, Reason: "an earlier try may still arrive, so Roost waits before it tries again",
		}
	}
	return chat.Receipt{}, false, nil
}

// receipt tells what a post became, and what Discord said about its limits.
func receipt(id string, h http.Header) chat.Receipt {
	r := chat.Receipt{Messages: []chat.MessageID{chat.MessageID(id)}, At: at(id)}
	left, err := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	if wait := seconds(h.Get("X-RateLimit-Reset-After")); err == nil && wait > 0 {
		r.Left = []chat.Allowance{{Scope: chat.ThisConversation, Remaining: left, Reset: time.Now().Add(wait)}}
	}
	return r
}

// draft says how a post is said: by whom, and what before it.
func (c *Connector) draft(ctx context.Context, p chat.Post) (draft, error) {
	d := draft{
		channel: channelOf(p.To), parent: string(p.To.ID), text: p.Text, files: p.Files, card: p.Card, key: p.Key,
	}
	if p.As != nil && p.Card == nil {
		h, ok, err := c.hookFor(ctx, p.To)
		if err != nil {
			return draft{}, err
		}
		if ok {
			d.hook, d.as = h, p.As
		} else {
			d = prefixed(d, p.As)
		}
	}
	return c.answering(ctx, d, p.To, p.ReplyTo, p.Quote)
}

// answering has d answer a message: natively when the bot says it itself, as a line above it when a webhook does.
func (c *Connector) answering(ctx context.Context, d draft, to chat.Conversation, m chat.MessageID, q *chat.Quote) (draft, error) {
	if slashed(m) && d.hooked() && q != nil {
		d.text = text.Join(quoteLine(q, ""), d.text)
	}
	if m == "" || slashed(m) {
		return d, nil
	}
	home, err := c.home(ctx, to, m)
	if err != nil {
		return d, err
	}
	switch {
	case d.hooked():
		p, err := c.places.of(ctx, home)
		if err != nil && !closed(err) {
			return d, err
		}
		d.text = text.Join(quoteLine(q, "https://discord.com/channels/"+firstOf(p.guild, "@me")+"/"+home+"/"+string(m)), d.text)
	case home == d.channel:
		d.ref = string(m)
	}
	return d, nil
}

// quoteLine is a line that says what is answered, with a link to it if there is one.
func quoteLine(q *chat.Quote, jump string) text.Text {
	if q == nil {
		q = &chat.Quote{}
	}
	line := q.Line()
	var b text.Builder
	b.Span(text.Quote, text.Attrs{}, func() {
		words := unquoted(line).Trim()
		b.Add(words)
		if jump == "" {
			return
		}
		if !words.Empty() {
			b.Write(" ")
		}
		b.Span(text.Link, text.Attrs{Attr: jump}, func() { b.Write("↩") })
	})
	b.Write("\n")
	return b.Text()
}

// prefixed has d say whose words they are, where it can't bear their name. Where the name would make it too long, it stands in
// an embed below.
func prefixed(d draft, as *chat.Persona) draft {
	var b text.Builder
	if as.Prefix != "" {
		b.Write(as.Prefix)
	} else {
		b.Span(text.Bold, text.Attrs{}, func() { b.Write(text.Name(as.Name, maxName)) })
		b.Write(": ")
	}
	b.Add(d.text)
	if whole := b.Text(); size(whole) <= maxText {
		d.text = whole
		return d
	}
	d.as = as
	return d
}

// hookFor is the webhook for a conversation; ok is false where there can be none.
func (c *Connector) hookFor(ctx context.Context, to chat.Conversation) (hook, bool, error) {
	if c.cfg.Webhooks == webhooksOff {
		return hook{}, false, nil
	}
	p, err := c.places.of(ctx, string(to.ID))
	if err != nil || p.dm() {
		return hook{}, false, err
	}
	return c.hooks.in(ctx, string(to.ID))
}

// compose is the JSON of a message. It never mentions anybody.
func (c *Connector) compose(ctx context.Context, d draft) (map[string]any, error) {
	body := map[string]any{
		"content":          markdown(d.text, c.emojisFor(d.parent)),
		"allowed_mentions": map[string]any{"parse": []string{}, "replied_user": false},
	}
	if d.card != nil {
		if err := c.addCard(ctx, body, *d.card); err != nil {
			return nil, err
		}
	}
	if d.text.Empty() {
		body["content"] = ""
		if body["embeds"] == nil && len(d.files) == 0 {
			return nil, refused(opPost, "there is nothing to say")
		}
	}
	switch {
	case d.hooked():
		body["username"] = hookUser(d.as.Name)
		if picture := avatarOf(d.as); picture != "" {
			body["avatar_url"] = picture
		}
	case d.as != nil:
		body["embeds"] = []any{map[string]any{"author": map[string]string{"name": text.Name(d.as.Name, maxName)}}}
	}
	if d.ref != "" {
		body["message_reference"] = map[string]any{"message_id": d.ref, "fail_if_not_exists": false}
	}
	return body, nil
}

// emojisFor finds the custom emoji that can be shown in a channel.
func (c *Connector) emojisFor(channel string) emojis {
	p, _ := c.places.known.Get(channel)
	return func(name string) (string, bool) {
		e, ok := c.places.emoji(p.guild, name)
		if !ok {
			return "", false
		}
		mark := ""
		if e.Animated {
			mark = "a"
		}
		return fmt.Sprintf("<%s:%s:%s>", mark, e.Name, e.ID), true
	}
}

// send makes the call. A webhook that somebody deleted is made anew, once.
func (c *Connector) send(ctx context.Context, d draft, body map[string]any) (message, http.Header, error) {
	m, h, err := c.sendOnce(ctx, d, body)
	if code := said(err); d.hooked() && (code == unknownWebhook || code == badHookToken) {
		if err := c.hooks.gone(ctx, d.hook.ID); err != nil {
			return message{}, nil, err
		}
		next, ok, again := c.hooks.in(ctx, d.parent)
		if again != nil || !ok {
			return message{}, nil, errors.Join(err, again)
		}
		d.hook = next
		m, h, err = c.sendOnce(ctx, d, body)
	}
	return m, h, err
}

func (c *Connector) sendOnce(ctx context.Context, d draft, body map[string]any) (message, http.Header, error) {
	r := request{op: opPost, method: http.MethodPost, path: route("channels", d.channel, "messages"), body: body, once: true}
	if d.hooked() {
		r.path, r.query = route("webhooks", d.hook.ID, d.hook.Token), url.Values{"wait": {"true"}}
		if d.channel != d.parent {
			r.query.Set("thread_id", d.channel)
		}
	} else if d.key != "" {
		body["nonce"], body["enforce_nonce"] = string(d.key), true
	}
	if len(d.files) > 0 {
		r.form = &form{files: d.files, most: c.cfg.maxFile()}
		body["attachments"] = r.form.about()
	}
	var m message
	h, err := c.call(ctx, r, &m)
	if err == nil && m.ID == "" {
		err = &chat.Error{Op: opPost, Kind: chat.Uncertain, Err: errNoID}
	}
	return m, h, err
}

// traces are what a message is known again by.
type traces struct {
	content, title, name string
	files                int
}

func likeness(d draft, body map[string]any) traces {
	l := traces{files: len(d.files)}
	l.content, _ = body["content"].(string)
	l.content = strings.TrimSpace(l.content)
	if d.card != nil {
		l.title = cardTitle(*d.card)
	}
	l.name, _ = body["username"].(string)
	return l
}

// lookFor finds a message that an earlier try became: one of ours that says the same, came after the try began and is known to
// be of no other post.
func (c *Connector) lookFor(ctx context.Context, t try, want traces) (message, bool, error) {
	const pages = 5
	self, err := c.whoami(ctx)
	if err != nil {
		return message{}, false, err
	}
	after := t.From
	for range pages {
		raws, err := c.history(ctx, t.Channel, after)
		if err != nil {
			return message{}, false, err
		}
		for _, raw := range raws {
			var m message
			if decode(raw, &m) != nil || flake(m.ID) == 0 {
				continue
			}
			after = max(after, flake(m.ID))
			if !c.ours(m, self) || !want.like(m) {
				continue
			}
			taken, err := c.journal.claimed(ctx, m.ID)
			if err != nil || !taken {
				return m, err == nil, err
			}
		}
		if len(raws) < pageSize {
			break
		}
	}
	return message{}, false, nil
}

// ours says whether the account wrote m, itself or by a webhook.
func (c *Connector) ours(m message, self identity) bool {
	return m.Author != nil && m.Author.ID == self.user || m.Webhook != "" && (c.hooks.own(m.Webhook) || m.Application == self.app)
}

func (l traces) like(m message) bool {
	content := ""
	if m.Content != nil {
		content = strings.TrimSpace(*m.Content)
	}
	if content != l.content || len(m.Attachments) != l.files {
		return false
	}
	if l.name != "" && (m.Webhook == "" || m.Author == nil || m.Author.Username != l.name) {
		return false
	}
	return l.title == "" || strings.Contains(string(m.Embeds), l.title)
}
