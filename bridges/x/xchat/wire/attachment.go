package wire

import (
	"time"

	"github.com/roost-im/roost/bridges/x/xchat/wire/internal/thrift"
)

// MediaKind is what a Media is, as X numbers it.
type MediaKind int32

// The kinds of Media.
const (
	Image MediaKind = iota + 1
	GIF
	Video
	Audio
	Document
	SVG
)

// Attachment hangs on a message. One of Media, Post and Link is set, or Member, the number of a kind that we don't use.
type Attachment struct {
	Media  *Media
	Post   *PostRef
	Link   *Link
	Member int16
}

// Media is a file that lies at X, sealed with the key of its message.
type Media struct {
	HashKey       string
	Width, Height int64 // pixels
	Kind          MediaKind
	Duration      time.Duration
	Size          int64 // bytes
	Name          string
	ID            string
}

// PostRef is a post on X.
type PostRef struct{ ID, URL string }

// Link is a web address with a title.
type Link struct{ URL, Title string }

// The members of the attachments' union.
const atMedia, atPost, atLink = 1, 2, 3

func readAttachments(d *thrift.Decoder) []Attachment {
	var all []Attachment
	d.List(thrift.Struct, func() {
		all = append(all, readAttachment(d))
	})
	return all
}

func readAttachment(d *thrift.Decoder) Attachment {
	var a Attachment
	stranger := d.Union(func(f thrift.Field) bool {
		switch {
		case f.Is(atMedia, thrift.Struct):
			a.Media = readMedia(d)
		case f.Is(atPost, thrift.Struct):
			a.Post = readPost(d)
		case f.Is(atLink, thrift.Struct):
			a.Link = readLink(d)
		default:
			return false
		}
		return true
	})
	if a == (Attachment{}) {
		a.Member = stranger
	}
	return a
}

func writeAttachments(e *thrift.Encoder, id int16, all []Attachment) {
	if len(all) == 0 {
		return
	}
	e.Structs(id, len(all), func(i int) {
		switch a := all[i]; {
		case a.Media != nil:
			e.Struct(atMedia, func() { a.Media.fields(e) })
		case a.Post != nil:
			e.Struct(atPost, func() {
				text(e, 1, a.Post.ID)
				text(e, 2, a.Post.URL)
			})
		case a.Link != nil:
			e.Struct(atLink, func() {
				text(e, 1, a.Link.URL)
				text(e, 4, a.Link.Title)
			})
		default:
			e.Struct(a.Member, nil)
		}
	})
}

func readMedia(d *thrift.Decoder) *Media {
	var m Media
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(1, thrift.Binary):
			m.HashKey = d.Text()
		case f.Is(2, thrift.Struct):
			m.Width, m.Height = readDimensions(d)
		case f.Is(3, thrift.I32):
			m.Kind = MediaKind(d.I32())
		case f.Is(4, thrift.I64):
			m.Duration = millis(d.I64())
		case f.Is(5, thrift.I64):
			m.Size = max(d.I64(), 0)
		case f.Is(6, thrift.Binary):
			m.Name = d.Text()
		case f.Is(7, thrift.Binary):
			m.ID = d.Text()
		}
	})
	return &m
}

func readDimensions(d *thrift.Decoder) (width, height int64) {
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(1, thrift.I64):
			width = max(d.I64(), 0)
		case f.Is(2, thrift.I64):
			height = max(d.I64(), 0)
		}
	})
	return width, height
}

func (m *Media) fields(e *thrift.Encoder) {
	e.Text(1, m.HashKey)
	e.Struct(2, func() {
		e.I64(1, m.Width)
		e.I64(2, m.Height)
	})
	e.I32(3, int32(m.Kind))
	if m.Duration > 0 {
		e.I64(4, m.Duration.Milliseconds())
	}
	e.I64(5, m.Size)
	e.Text(6, m.Name)
	text(e, 7, m.ID)
}

func readPost(d *thrift.Decoder) *PostRef {
	var p PostRef
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(1, thrift.Binary):
			p.ID = d.Text()
		case f.Is(2, thrift.Binary):
			p.URL = d.Text()
		}
	})
	return &p
}

func readLink(d *thrift.Decoder) *Link {
	var l Link
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(1, thrift.Binary):
			l.URL = d.Text()
		case f.Is(4, thrift.Binary):
			l.Title = d.Text()
		}
	})
	return &l
}
