package encrypted

import (
	"net/url"
	"strings"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const (
	mostAttached = 20 // of what hangs on a message is shown; X's own apps attach ten
	mostEmoji    = 64 // bytes of a reaction; a family of four is 25
)

// says is what an opened message says, and which message that is about; nil for kinds that nobody needs.
func (t *Transport) says(ev wire.Event, o xchat.Opened) (chat.Happening, chat.MessageID) {
	switch c := o.Content.(type) {
	case wire.Message:
		return t.posted(ev, o, c), messageID(ev.Sequence)
	case wire.Edit:
		if c.Target == 0 {
			return nil, ""
		}
		return chat.Edited{Text: t.text(c.Text)}, messageID(c.Target)
	case wire.Reaction:
		if c.Emoji == "" || len(c.Emoji) > mostEmoji || c.Target == 0 {
			return nil, ""
		}
		return chat.Reacted{Emoji: text.Clean(c.Emoji), Removed: c.Removed}, messageID(c.Target)
	case wire.Strange:
		t.odd("chat_content", []byte(ev.Encode()))
	}
	return nil, ""
}

// posted is a message with its files, and with what it answers as far as that is proven.
func (t *Transport) posted(ev wire.Event, o xchat.Opened, m wire.Message) chat.Posted {
	p := chat.Posted{}
	var body string
	p.Files, body = t.attached(ev, o.Key, m)
	if m.Forwarded != nil {
		body = dm.Lines("forwarded: "+*m.Forwarded, body)
	}
	if m.Reply != nil {
		switch o.Proof {
		case xchat.Proven:
			name := t.a.People.Author(o.Quoted.Sender).Name
			p.ReplyTo, p.Quote = messageID(o.Quoted.Sequence), &chat.Quote{Name: name, Text: text.Plain(o.Quoted.Text)}
		case xchat.Unproven:
			p.ReplyTo = messageID(m.Reply.Sequence)
		case xchat.Forged:
			body = dm.Lines("(quotes what nobody is known to have written: “"+m.Reply.Text+"”)", body)
		}
	}
	p.Text = t.text(body)
	return p
}

// attached is a message's files, and its words with what is told of the rest that hangs on it.
func (t *Transport) attached(ev wire.Event, key xchat.ConversationKey, m wire.Message) (files []chat.File, body string) {
	body = m.Text
	strange := len(m.Attachments) > mostAttached
	for _, a := range m.Attachments[:min(len(m.Attachments), mostAttached)] {
		switch {
		case a.Media != nil:
			files = append(files, t.file(ev, key, *a.Media))
		case a.Post != nil:
			body = withLink(body, postLink(*a.Post))
		case a.Link != nil:
			body = withLink(body, a.Link.URL)
		default:
			strange = true
		}
	}
	if strange {
		body = dm.Lines(body, "(with something that only X's own apps show)")
	}
	return files, body
}

// text is what was written; X's messages have no formatting, and no mentions of their own.
func (t *Transport) text(s string) text.Text {
	self := t.as()
	return dm.Mentioning(text.Plain(s), self.Handle, self.ID)
}

// withLink is a text with a link below it, unless it is there already.
func withLink(body, link string) string {
	if link == "" || strings.Contains(body, link) {
		return body
	}
	return dm.Lines(body, link)
}

// postLink is where a post can be seen.
func postLink(p wire.PostRef) string {
	if p.URL != "" {
		return p.URL
	}
	if _, ok := api.ParseSnowflake(p.ID); ok {
		return "https://x.com/i/status/" + p.ID
	}
	return ""
}

// linkEntities marks the links in what is written, so that X's apps make them clickable. X does not say in which unit places
// count, so only what stands behind nothing but ASCII is marked.
func linkEntities(body string) []wire.Entity {
	var all []wire.Entity
	for at := 0; at < len(body); {
		end := len(body)
		if i := strings.IndexAny(body[at:], " \n\t"); i >= 0 {
			end = at + i
		}
		if !ascii(body[at:end]) {
			break
		}
		if u, err := url.Parse(body[at:end]); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
			all = append(all, wire.Entity{Start: int32(at), End: int32(end), Kind: wire.URL}) //nolint:gosec // of 10,000 at most
		}
		at = end + 1
	}
	return all
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
