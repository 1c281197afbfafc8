package slack

import (
	"context"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// author is who wrote m. Our own bot is known by its user, its bot or its app. Another bot is named by its B… ID, which it
// keeps whether it writes under its own name or another one.
func (c *Connector) author(ctx context.Context, self identity, m *slackapi.Msg) chat.Author {
	p := c.writer(ctx, m)
	a := chat.Author{
		ID: chat.PersonID(firstOf(m.User, m.BotID)), Name: firstOf(m.Username, p.name), Handle: p.handle, Avatar: p.avatar,
		Self: self.wrote(m),
	}
	if m.Icons != nil {
		a.Avatar = firstOf(m.Icons.IconURL, a.Avatar)
	}
	a.Bot = a.Self || p.bot || m.BotID != "" || m.SubType == "bot_message"
	// A person's message that an app wrote for them has a bot too, and is theirs.
	if id := firstOf(m.BotID, p.botID); id != "" && (p.bot || p.name == "") {
		a.ID = chat.PersonID(id)
	}
	return a
}

// authorID is the ID that messages of a user have as their Author's: a bot's user writes as the bot.
func (c *Connector) authorID(ctx context.Context, user string) string {
	c.mu.Lock()
	self := c.self
	c.mu.Unlock()
	if self != nil && user == self.user {
		return self.person()
	}
	if p := c.names.of(ctx, user); p.bot && p.botID != "" {
		return p.botID
	}
	return user
}

// person is the ID that the account has as an Author.
func (i identity) person() string { return firstOf(i.bot, i.user) }

// wrote says whether m is ours.
func (i identity) wrote(m *slackapi.Msg) bool {
	return m.User == i.user || (m.BotID != "" && m.BotID == i.bot) || (i.app != "" && m.BotProfile != nil && m.BotProfile.AppID == i.app)
}

// writer is what is known of whoever wrote m. Nobody is asked for a bot that says who it is.
func (c *Connector) writer(ctx context.Context, m *slackapi.Msg) person {
	p := c.names.of(ctx, m.User)
	if b := m.BotProfile; b != nil && p.name == "" {
		p.name, p.bot = b.Name, true
	}
	if m.User == "" && m.BotID != "" && m.Username == "" && p.name == "" {
		p = c.names.ofBot(ctx, m.BotID)
	}
	return p
}

// content is what a message says and carries. Files that Slack only links to become links, and a message that is passed on
// with it is quoted.
func (c *Connector) content(ctx context.Context, m *slackapi.Msg) (text.Text, []chat.File) {
	words := c.reader(ctx).message(m)
	if m.SubType == "me_message" {
		var b text.Builder
		b.Span(text.Italic, text.Attrs{}, func() { b.Write(words.Body) })
		words = b.Text()
	}
	lines := []text.Text{words}
	links, files := c.attached(m.Files)
	lines = append(lines, links...)
	for _, a := range m.Attachments {
		if !a.IsShare {
			continue
		}
		links, more := c.attached(a.Files)
		lines = append(append(lines, c.passedOn(ctx, a)), links...)
		files = append(files, more...)
	}
	return joined(lines), files
}

// joined is lines of text, without those that are empty.
func joined(lines []text.Text) text.Text {
	var parts []text.Text
	for _, l := range lines {
		if l.IsZero() {
			continue
		}
		if len(parts) > 0 {
			parts = append(parts, text.Plain("\n"))
		}
		parts = append(parts, l)
	}
	return text.Join(parts...)
}

// attached is what is attached: links to the files that are elsewhere, and those that Slack holds.
func (c *Connector) attached(all []slackapi.File) (links []text.Text, files []chat.File) {
	for _, f := range all {
		switch {
		case f.Mode == tombstone || f.Mode == "hidden_by_limit":
		case f.IsExternal:
			var b text.Builder
			b.Span(text.Link, text.Attrs{Attr: f.URLPrivate}, func() { b.Write(firstOf(f.Title, f.Name, f.URLPrivate)) })
			links = append(links, b.Text())
		default:
			files = append(files, c.file(f))
		}
	}
	return links, files
}

// passedOn is a message that somebody passed on with theirs, as a quote.
func (c *Connector) passedOn(ctx context.Context, a slackapi.Attachment) text.Text {
	words := c.reader(ctx).mrkdwn(firstOf(a.Text, a.Fallback))
	if words.Empty() && a.AuthorName == "" {
		return text.Text{}
	}
	var b text.Builder
	b.Span(text.Quote, text.Attrs{}, func() {
		if a.AuthorName != "" {
			b.Span(text.Bold, text.Attrs{}, func() { b.Write(text.Name(a.AuthorName, maxName)) })
			b.Write(": ")
		}
		b.Add(words)
	})
	return b.Text()
}
