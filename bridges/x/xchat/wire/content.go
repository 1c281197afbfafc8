package wire

import (
	"cmp"
	"fmt"

	"github.com/roost-im/roost/bridges/x/xchat/wire/internal/thrift"
)

// Content is what somebody wrote. It is sealed: the types below are all there are.
//
//sumtype:decl
type Content interface {
	content()
	write(e *thrift.Encoder) // as the one member of the union
}

// The kinds of Content.
type (
	// Message is a message.
	Message struct {
		Text        string
		Entities    []Entity
		Attachments []Attachment
		Reply       *Preview // what it answers; nil: nothing
		Forwarded   *string  // the text that it passes on, of which nobody knows who wrote it
	}
	// Edit says how the message at Target reads now. Its files stay. X can't see what an edit is of, so anybody in the
	// conversation can send one of anybody's message: whoever shows it must see that both have the same sender.
	Edit struct {
		Target   Sequence
		Text     string
		Entities []Entity
	}
	// Reaction puts an emoji on the message at Target, or takes it off.
	Reaction struct {
		Target  Sequence
		Emoji   string
		Removed bool
	}
	// Strange is a kind that we don't use; Member is its number, 0 when there was none.
	Strange struct{ Member int16 }
)

func (Message) content()  {}
func (Edit) content()     {}
func (Reaction) content() {}
func (Strange) content()  {}

// EntityKind is what a range of a text is.
type EntityKind int16

// The kinds of Entity, as X numbers them.
const (
	Hashtag EntityKind = iota + 1
	Cashtag
	Mention
	URL
	Email
	Address
	Phone
)

// Entity marks a range of a text. It carries nothing but its kind. X does not say in which unit Start and End count; they
// agree in all units where what stands before End is ASCII.
type Entity struct {
	Start, End int32
	Kind       EntityKind
}

// The members of the contents' union, and the fields of a message.
const (
	ctMessage, ctReact, ctUnreact, ctEdit                 = 1, 2, 3, 4
	msText, msEntities, msAttachments, msReply, msForward = 1, 2, 3, 4, 6
)

// ParseContent reads what was sealed in a MessageCreate. Its error wraps ErrMalformed, and shows nothing of it.
func ParseContent(plain []byte) (Content, error) {
	d := thrift.NewDecoder(plain)
	var got Content = Strange{}
	d.Fields(func(f thrift.Field) {
		if f.Is(1, thrift.Struct) {
			got = readContent(d)
		}
	})
	if d.Err() != nil {
		return nil, fmt.Errorf("%w content: %w", ErrMalformed, d.Err())
	}
	return got, nil
}

// EncodeContent undoes ParseContent.
func EncodeContent(c Content) []byte {
	var e thrift.Encoder
	e.Struct(1, func() { c.write(&e) })
	return e.End()
}

func readContent(d *thrift.Decoder) Content {
	var got Content
	stranger := d.Union(func(f thrift.Field) bool {
		switch {
		case f.Is(ctMessage, thrift.Struct):
			got = readMessage(d)
		case f.Is(ctReact, thrift.Struct), f.Is(ctUnreact, thrift.Struct):
			got = readReaction(d, f.ID == ctUnreact)
		case f.Is(ctEdit, thrift.Struct):
			got = readEdit(d)
		default:
			return false
		}
		return true
	})
	if got == nil {
		return Strange{Member: stranger}
	}
	return got
}

func readMessage(d *thrift.Decoder) Message {
	var m Message
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(msText, thrift.Binary):
			m.Text = d.Text()
		case f.Is(msEntities, thrift.List):
			m.Entities = readEntities(d)
		case f.Is(msAttachments, thrift.List):
			m.Attachments = readAttachments(d)
		case f.Is(msReply, thrift.Struct):
			m.Reply = readPreview(d)
		case f.Is(msForward, thrift.Struct):
			m.Forwarded = new("")
			d.Fields(func(f thrift.Field) {
				if f.Is(1, thrift.Binary) {
					*m.Forwarded = d.Text()
				}
			})
		}
	})
	return m
}

func (m Message) write(e *thrift.Encoder) {
	e.Struct(ctMessage, func() {
		e.Text(msText, m.Text)
		writeEntities(e, msEntities, m.Entities)
		writeAttachments(e, msAttachments, m.Attachments)
		if m.Reply != nil {
			e.Struct(msReply, func() { m.Reply.fields(e) })
		}
		if m.Forwarded != nil {
			e.Struct(msForward, func() { e.Text(1, *m.Forwarded) })
		}
	})
}

func readReaction(d *thrift.Decoder, removed bool) Reaction {
	r := Reaction{Removed: removed}
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(1, thrift.Binary):
			r.Target = ParseSequence(d.Text())
		case f.Is(2, thrift.Binary):
			r.Emoji = d.Text()
		}
	})
	return r
}

func (r Reaction) write(e *thrift.Encoder) {
	member := int16(ctReact)
	if r.Removed {
		member = ctUnreact
	}
	e.Struct(member, func() {
		e.Text(1, r.Target.String())
		e.Text(2, r.Emoji)
	})
}

func readEdit(d *thrift.Decoder) Edit {
	var m Edit
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(1, thrift.Binary):
			m.Target = ParseSequence(d.Text())
		case f.Is(2, thrift.Binary):
			m.Text = d.Text()
		case f.Is(3, thrift.List):
			m.Entities = readEntities(d)
		}
	})
	return m
}

func (m Edit) write(e *thrift.Encoder) {
	e.Struct(ctEdit, func() {
		e.Text(1, m.Target.String())
		e.Text(2, m.Text)
		writeEntities(e, 3, m.Entities)
	})
}

func (s Strange) write(e *thrift.Encoder) { e.Struct(s.Member, nil) }

func readEntities(d *thrift.Decoder) []Entity {
	var all []Entity
	d.List(thrift.Struct, func() {
		var n Entity
		d.Fields(func(f thrift.Field) {
			switch {
			case f.Is(1, thrift.I32):
				n.Start = d.I32()
			case f.Is(2, thrift.I32):
				n.End = d.I32()
			case f.Is(3, thrift.Struct):
				n.Kind = readKind(d)
			}
		})
		all = append(all, n)
	})
	return all
}

func readKind(d *thrift.Decoder) (got EntityKind) {
	stranger := d.Union(func(f thrift.Field) bool {
		kind := EntityKind(f.ID)
		known := f.Type == thrift.Struct && kind >= Hashtag && kind <= Phone
		if known {
			got = kind
		}
		return known
	})
	return cmp.Or(got, EntityKind(stranger))
}

func writeEntities(e *thrift.Encoder, id int16, all []Entity) {
	if len(all) == 0 {
		return
	}
	e.Structs(id, len(all), func(i int) {
		e.I32(1, all[i].Start)
		e.I32(2, all[i].End)
		e.Struct(3, func() { e.Struct(int16(all[i].Kind), nil) })
	})
}
