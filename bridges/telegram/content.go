package telegram

import (
	"fmt"
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// content is what a message says to people.
type content struct {
	text  text.Text
	files []chat.File
}

// empty says whether there is nothing to tell.
func (k content) empty() bool { return k.text.IsZero() && len(k.files) == 0 }

// content is what m says, with who wrote it first in front if it was forwarded.
func (c *Connector) content(m *message) content {
	k := content{text: firstText(c.readText(m.Text, m.Entities), c.readText(m.Caption, m.CaptionEnts))}
	k.files = c.files(m.media, m.ID, m.Spoiler)
	if m.Rich != nil {
		words, shows := m.Rich.rich()
		k.text = firstText(words, k.text)
		for _, one := range shows {
			k.files = append(k.files, c.files(one, m.ID, m.Spoiler)...)
		}
	}
	if line := m.line(); line != "" {
		k.text = joined(text.Plain(line), k.text)
	}
	if from := m.Origin.name(); from != "" && !m.Automatic && !k.empty() {
		var b text.Builder
		b.Span(text.Italic, text.Attrs{}, func() { b.Write("Forwarded from " + text.Name(from, maxName)) })
		k.text = joined(b.Text(), k.text)
	}
	return k
}

// maxName is how much of a name is shown within a text, in graphemes.
const maxName = 64

func firstText(all ...text.Text) text.Text {
	for _, t := range all {
		if !t.IsZero() {
			return t
		}
	}
	return text.Text{}
}

// joined puts texts on lines of their own.
func joined(all ...text.Text) text.Text {
	var out text.Text
	for _, t := range all {
		switch {
		case t.IsZero():
		case out.IsZero():
			out = t
		default:
			out = text.Join(out, text.Plain("\n"), t)
		}
	}
	return out
}

// files are the attachments of a message, by their file_id: their addresses hold the token.
func (c *Connector) files(m media, id int64, spoiler bool) []chat.File {
	var all []chat.File
	add := func(source, name, mime string, size int64, alt string) {
		all = append(all, chat.File{
			Name: text.Clean(name), Type: mime, Size: max(size, 0), Alt: alt, Spoiler: spoiler,
			Account: c.deps.Account, Source: source,
		})
	}
	one := func(d *document, name, mime string) {
		if d != nil && d.FileID != "" {
			add(d.FileID, firstOf(d.Name, name), firstOf(d.Type, mime), d.Size, "")
		}
	}
	named := func(kind, end string) string { return fmt.Sprintf("%s_%d.%s", kind, id, end) }
	one(m.Animation, named("animation", "mp4"), "video/mp4")
	one(m.Audio, named("audio", "mp3"), "audio/mpeg")
	if m.Animation == nil { // of which the document is another form
		one(m.Document, named("file", "bin"), "")
	}
	one(m.LivePhoto, named("live_photo", "mp4"), "video/mp4")
	if largest := largest(m.Photo); largest.FileID != "" {
		add(largest.FileID, named("photo", "jpg"), "image/jpeg", largest.Size, "")
	}
	if s := m.Sticker; s != nil && s.FileID != "" {
		end, mime := s.form()
		add(s.FileID, named("sticker", end), mime, s.Size, s.Emoji)
	}
	one(m.Video, named("video", "mp4"), "video/mp4")
	one(m.VideoNote, named("video_note", "mp4"), "video/mp4")
	one(m.Voice, named("voice", "ogg"), "audio/ogg")
	return all
}

// form is the ending and the type of a sticker's file. https://core.telegram.org/stickers
func (s *sticker) form() (end, mime string) {
	switch {
	case s.Animated:
		return "tgs", "application/x-tgsticker"
	case s.Video:
		return "webm", "video/webm"
	}
	return "webp", "image/webp"
}

func largest(sizes []photoSize) photoSize {
	var most photoSize
	for _, s := range sizes {
		if most.FileID == "" || s.Width*s.Height > most.Width*most.Height {
			most = s
		}
	}
	return most
}

// line is what has no file and no text, in words.
func (t *talk) line() string {
	switch {
	case t.Poll != nil:
		return t.Poll.line()
	case t.Checklist != nil:
		return t.Checklist.line()
	case t.Venue != nil: // of which the location is another form
		return strings.Join([]string{"📍 " + t.Venue.Title, t.Venue.Address, t.Venue.Location.address()}, "\n")
	case t.Location != nil:
		return "📍 " + t.Location.address()
	case t.Contact != nil:
		return "👤 " + strings.TrimSpace(t.Contact.First+" "+t.Contact.Last) + ", " + t.Contact.Phone
	case t.Dice != nil:
		return fmt.Sprintf("%s %d", t.Dice.Emoji, t.Dice.Value)
	case t.Story != nil:
		return "(a story of " + t.Story.Chat.name() + ", which bots can't see)"
	case t.Game != nil:
		return strings.TrimSpace("🎮 " + t.Game.Title + "\n" + t.Game.Description)
	case t.Invoice != nil:
		return strings.TrimSpace("🧾 " + t.Invoice.Title + "\n" + t.Invoice.Description)
	case t.PaidMedia != nil:
		return "(media that must be paid for)"
	case t.Giveaway != nil:
		return "(a giveaway)"
	}
	return ""
}

func (p *poll) line() string {
	lines := []string{"📊 " + p.Question}
	for _, o := range p.Options {
		lines = append(lines, "• "+o.Text)
	}
	return strings.Join(lines, "\n")
}

func (l *checklist) line() string {
	lines := []string{"☑️ " + l.Title}
	for _, t := range l.Tasks {
		mark := "☐ "
		if t.Done != 0 {
			mark = "☑ "
		}
		lines = append(lines, mark+t.Text)
	}
	return strings.Join(lines, "\n")
}

// address is a place on a map that everybody can open.
func (l location) address() string {
	return fmt.Sprintf("%.5f, %.5f https://www.openstreetmap.org/?mlat=%.5f&mlon=%.5f", l.Latitude, l.Longitude, l.Latitude, l.Longitude)
}

// name is how a chat is called.
func (k chatInfo) name() string {
	return firstOf(k.Title, strings.TrimSpace(k.First+" "+k.Last), k.Username)
}

// name is who wrote a forwarded message; empty when it is not known.
func (o *origin) name() string {
	switch {
	case o == nil:
		return ""
	case o.Sender != nil:
		return o.Sender.name()
	case o.Hidden != "":
		return o.Hidden
	case o.Chat != nil:
		return o.Chat.name()
	case o.SenderChat != nil:
		return o.SenderChat.name()
	}
	return ""
}

// gist is what a message says in one line, for a quote of it.
func (c *Connector) gist(k content) text.Text {
	if !k.text.Empty() || len(k.files) == 0 {
		return k.text
	}
	return text.Plain("(" + k.files[0].Name + ")")
}

// quote is how the message reads that m answers; nil when it answers none.
func (c *Connector) quote(m *message) *chat.Quote {
	var q chat.Quote
	switch {
	case m.ReplyTo != nil && !m.opensTopic():
		q.Name = c.authorOf(m.ReplyTo).Name
		q.Text = c.gist(c.content(m.ReplyTo))
	case m.External != nil:
		q.Name = m.External.Origin.name()
		q.Text = c.gist(content{text: text.Plain(m.External.line()), files: c.files(m.External.media, 0, false)})
	case m.ToStory != nil:
		q.Name, q.Text = m.ToStory.Chat.name(), text.Plain("(a story)")
	default:
		return nil
	}
	if m.Quote != nil && m.Quote.Text != "" {
		q.Text = c.readText(m.Quote.Text, m.Quote.Entities)
	}
	return &q
}

// opensTopic says whether m answers only the notice that began its topic: every message of a topic does that answers no
// other one.
func (m *message) opensTopic() bool {
	return m.ReplyTo != nil && m.Topical && m.ReplyTo.ID == m.Thread
}
