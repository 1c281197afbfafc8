package chat

import (
	"fmt"

	"github.com/roost-im/roost/router/text"
)

// How much of a quoted message and of its author's name is shown, in graphemes.
const (
	quoteMax     = 120
	quoteNameMax = 40
)

// Quoted is p with its Quote in front of its text: how a reply reads where it can't be one. The quote is as long as there
// is room for in one message of a platform with traits t; where there is none, it goes. A post without a Quote is returned
// as it is.
func (t Traits) Quoted(p Post) Post {
	q := p.Quote
	if q == nil {
		return p
	}
	p.Quote = nil
	for _, limit := range []int{quoteMax, quoteMax / 4, 1} {
		with := text.Join(q.line(limit), p.Text)
		if t.Text.Max == 0 || t.SizeOf(with) <= t.Text.Max {
			p.Text = with
			return p
		}
	}
	return p
}

// Line is the quote as a line of its own: the name, and as much of the text as fits on it.
func (q *Quote) Line() text.Text { return q.line(quoteMax) }

func (q *Quote) line(limit int) text.Text {
	var b text.Builder
	b.Span(text.Quote, text.Attrs{}, func() {
		if q.Name != "" {
			b.Span(text.Bold, text.Attrs{}, func() { b.Write(text.Name(q.Name, quoteNameMax)) })
			b.Write(": ")
		}
		b.Write(text.Snippet(q.Text, limit))
	})
	b.Write("\n")
	return b.Text()
}

// linkRoom is what a connector may put beside a quote: a link to the message.
const linkRoom = 120

// Parts cuts a post into the messages that a platform with traits t takes for it, in order: text within its limit, files
// within its count. All parts but the first have keys of their own, made from p.Key if there is one. A post that fits is
// returned as it is; one that has a Quote leaves room for it. The first part has the files, so that another text leaves
// them alone; those that are too many for it follow after the text. Files that are too big or of a kind that t does not take are
// the caller's care (FileTraits.Limit); where t takes none at all, all of them are on the first part.
func Parts(p Post, t Traits) []Post {
	most := t.room(p)
	if (len(p.Files) <= t.Files.Count || t.Files.Count <= 0) && (most == 0 || t.SizeOf(p.Text) <= most) {
		return []Post{p}
	}
	first := p
	first.Text, first.Files = text.Text{}, nil
	parts := []Post{first}
	for _, x := range t.cut(p, most) {
		if !parts[0].Text.Empty() {
			parts = append(parts, first)
		}
		parts[len(parts)-1].Text = x
	}
	parts = withFiles(parts, p, t.Files.Count)
	for i := range parts[1:] {
		parts[i+1].Key = p.Key.part(i + 1)
		parts[i+1].ReplyTo, parts[i+1].Quote = "", nil
		parts[i+1].Card = nil
	}
	// What can be pressed or answered stands below all of the words.
	if last := lastWords(parts); p.Card != nil && p.Card.Numbered && last > 0 {
		parts[0].Card, parts[last].Card = nil, p.Card
	}
	return parts
}

// lastWords is the last part that has a text.
func lastWords(parts []Post) int {
	for i := len(parts) - 1; i > 0; i-- {
		if !parts[i].Text.Empty() {
			return i
		}
	}
	return 0
}

// room is how much text a message of p may have; 0 is no limit. A quote never takes more than half of it.
func (t Traits) room(p Post) int {
	if p.Quote == nil || t.Text.Max == 0 {
		return t.Text.Max
	}
	return max(t.Text.Max-t.SizeOf(p.Quote.Line())-linkRoom, t.Text.Max/2)
}

// numberRoom is what the longest number takes.
const numberRoom = len(" (999/999)")

// cut splits the text of p into what one message each can have; none of it is empty.
func (t Traits) cut(p Post, most int) []text.Text {
	if most == 0 {
		return []text.Text{p.Text}
	}
	numbered := p.Number && most > 4*numberRoom && t.SizeOf(p.Text) > most
	if numbered {
		most -= numberRoom
	}
	var cut []text.Text
	for _, x := range text.Split(p.Text, t.SizeOf, most) {
		if !x.Empty() {
			cut = append(cut, x)
		}
	}
	if numbered && len(cut) > 1 {
		for i := range cut {
			cut[i] = text.Join(cut[i].Trim(), text.Plain(fmt.Sprintf(" (%d/%d)", i+1, len(cut))))
		}
	}
	return cut
}

// withFiles puts the files on the first part of the text, and what is too much for it on as many further messages as that
// needs behind the text.
func withFiles(parts []Post, p Post, count int) []Post {
	files := p.Files
	if count <= 0 {
		count = len(files)
	}
	n := min(count, len(files))
	parts[0].Files, files = files[:n], files[n:]
	for len(files) > 0 {
		n = min(count, len(files))
		more := p
		more.Text, more.Files = text.Text{}, files[:n]
		parts, files = append(parts, more), files[n:]
	}
	return parts
}
