// Package wiretest draws contents and events at random, for tests of whoever reads and writes them.
//
// What it draws is as reading gives it: lists that are empty are nil, times are whole milliseconds in UTC, and texts are
// UTF-8. So what is written and read again must be equal.
package wiretest

import (
	"math"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// Content draws any Content.
func Content() *rapid.Generator[wire.Content] {
	return rapid.Custom(func(t *rapid.T) wire.Content {
		switch rapid.IntRange(0, 5).Draw(t, "content") {
		case 0:
			return wire.Edit{Target: sequence(t), Text: text(t), Entities: entities(t)}
		case 1:
			return wire.Reaction{Target: sequence(t), Emoji: text(t), Removed: rapid.Bool().Draw(t, "removed")}
		case 2:
			return wire.Strange{Member: stranger(t, 0, 5, 16, 99, -7)}
		default:
			return message(t)
		}
	})
}

// sequence is any Sequence.
func sequence(t *rapid.T) wire.Sequence { return wire.Sequence(rapid.Uint64().Draw(t, "sequence")) }

func message(t *rapid.T) wire.Message {
	m := wire.Message{Text: text(t), Entities: entities(t), Attachments: attachments(t)}
	if rapid.Bool().Draw(t, "is reply") {
		m.Reply = preview(t)
	}
	if rapid.Bool().Draw(t, "is forwarded") {
		m.Forwarded = new(text(t))
	}
	return m
}

func preview(t *rapid.T) *wire.Preview {
	p := &wire.Preview{Text: text(t), Entities: entities(t), Attachments: attachments(t), Sequence: sequence(t), ID: text(t)}
	if rapid.Bool().Draw(t, "has sender") {
		p.Sender = strconv.FormatInt(rapid.Int64().Draw(t, "sender"), 10)
	}
	if rapid.Bool().Draw(t, "has original") {
		p.Original = new(Event().Draw(t, "original"))
	}
	if rapid.Bool().Draw(t, "has edit") {
		p.Edited = new(Event().Draw(t, "edit"))
	}
	p.KeyChanges = some(t, func(t *rapid.T) wire.Event { return Event().Draw(t, "key change") })
	return p
}

// Event draws any event.
func Event() *rapid.Generator[wire.Event] {
	return rapid.Custom(func(t *rapid.T) wire.Event {
		ev := wire.Event{
			Sequence: sequence(t), Previous: sequence(t), ID: text(t), Sender: text(t),
			Conversation: text(t), Token: text(t), At: moment(t), Detail: Detail().Draw(t, "detail"), Untrusted: rapid.Bool().Draw(t, "untrusted"),
		}
		if rapid.Bool().Draw(t, "is signed") {
			ev.Signature = wire.Signature{Value: octets(t), KeyVersion: text(t), Version: text(t)}
		}
		return ev
	})
}

// Detail draws any Detail.
func Detail() *rapid.Generator[wire.Detail] {
	return rapid.Custom(func(t *rapid.T) wire.Detail {
		switch rapid.IntRange(0, 8).Draw(t, "detail") {
		case 0:
			return wire.KeyChange{Version: text(t), Keys: some(t, func(t *rapid.T) wire.WrappedKey {
				return wire.WrappedKey{User: text(t), Key: text(t), PublicKeyVersion: text(t)}
			})}
		case 1:
			return wire.MessageDelete{ForAll: rapid.Bool().Draw(t, "for all"), Sequences: some(t, sequence)}
		case 2:
			return wire.MarkRead{Until: sequence(t), At: moment(t)}
		case 3:
			return wire.Typing{}
		case 4:
			return wire.Failure{Type: wire.FailureType(rapid.Int32().Draw(t, "failure"))}
		case 5:
			return group(t)
		case 6:
			return wire.TTLChange{TTL: span(t)}
		case 7:
			return wire.Other{Member: stranger(t, 0, 4, 8, 9, 10, 13, 14, 99, -7)}
		default:
			return wire.MessageCreate{Contents: octets(t), KeyVersion: text(t), Notify: rapid.Bool().Draw(t, "notify"), TTL: span(t), Request: rapid.Bool().Draw(t, "request")}
		}
	})
}

func group(t *rapid.T) wire.GroupChange {
	g := wire.GroupChange{Kind: wire.GroupKind(rapid.Int16Range(int16(wire.GroupCreate), int16(wire.GroupMemberLeave)).Draw(t, "kind"))}
	switch g.Kind {
	case wire.GroupCreate:
		g.Members, g.Admins, g.Title, g.Avatar = texts(t), texts(t), maybe(t, text), maybe(t, text)
		g.KeyVersion, g.Legacy, g.TTL = text(t), maybe(t, truth), maybe(t, number)
	case wire.GroupMemberAdd:
		g.Members, g.Current, g.Admins, g.Pending = texts(t), texts(t), texts(t), texts(t)
		g.Title, g.Avatar, g.KeyVersion, g.TTL, g.Screen = maybe(t, text), maybe(t, text), text(t), maybe(t, number), maybe(t, truth)
		g.Invite = maybe(t, func(t *rapid.T) wire.Invite {
			return wire.Invite{URL: text(t), Affiliate: text(t), Expires: maybe(t, number)}
		})
	case wire.GroupTitle:
		g.Title, g.KeyVersion = maybe(t, text), text(t)
	case wire.GroupAvatar:
		g.Avatar, g.KeyVersion = maybe(t, text), text(t)
	case wire.GroupAdminAdd, wire.GroupAdminRemove, wire.GroupMemberLeave:
		g.Members = texts(t)
	}
	return g
}

func entities(t *rapid.T) []wire.Entity {
	return some(t, func(t *rapid.T) wire.Entity {
		kind := rapid.Int16Range(int16(wire.Hashtag), int16(wire.Phone)).Draw(t, "kind")
		return wire.Entity{Start: rapid.Int32().Draw(t, "start"), End: rapid.Int32().Draw(t, "end"), Kind: wire.EntityKind(kind)}
	})
}

func attachments(t *rapid.T) []wire.Attachment {
	return some(t, func(t *rapid.T) wire.Attachment {
		switch rapid.IntRange(0, 4).Draw(t, "attachment") {
		case 0:
			return wire.Attachment{Post: &wire.PostRef{ID: text(t), URL: text(t)}}
		case 1:
			return wire.Attachment{Link: &wire.Link{URL: text(t), Title: text(t)}}
		case 2:
			return wire.Attachment{Member: stranger(t, 0, 4, 6, 99, -7)}
		default:
			size := rapid.Int64Range(0, math.MaxInt64)
			return wire.Attachment{Media: &wire.Media{
				HashKey: text(t), Width: size.Draw(t, "width"), Height: size.Draw(t, "height"), Kind: wire.MediaKind(rapid.Int32().Draw(t, "kind")),
				Duration: span(t), Size: size.Draw(t, "size"), Name: text(t), ID: text(t),
			}}
		}
	})
}

// text is short, as most are, and often empty.
func text(t *rapid.T) string { return rapid.StringN(0, 12, -1).Draw(t, "text") }

func texts(t *rapid.T) []string { return some(t, text) }

// octets is at least one.
func octets(t *rapid.T) []byte { return rapid.SliceOfN(rapid.Byte(), 1, 80).Draw(t, "bytes") }

func truth(t *rapid.T) bool { return rapid.Bool().Draw(t, "truth") }

func number(t *rapid.T) int64 { return rapid.Int64().Draw(t, "number") }

// moment is a time, or none.
func moment(t *rapid.T) time.Time {
	if n := rapid.Int64Range(0, 1<<45).Draw(t, "milliseconds"); n > 0 {
		return time.UnixMilli(n).UTC()
	}
	return time.Time{}
}

// span is a time to live, or none.
func span(t *rapid.T) time.Duration {
	return time.Duration(rapid.Int64Range(0, 1<<42).Draw(t, "milliseconds")) * time.Millisecond
}

// stranger is the number of a kind that is not used.
func stranger(t *rapid.T, all ...int16) int16 { return rapid.SampledFrom(all).Draw(t, "member") }

// maybe is something, or nil.
func maybe[T any](t *rapid.T, draw func(*rapid.T) T) *T {
	if !rapid.Bool().Draw(t, "is there") {
		return nil
	}
	return new(draw(t))
}

// some is a few, or nil.
func some[T any](t *rapid.T, draw func(*rapid.T) T) []T {
	var all []T
	for range rapid.IntRange(0, 3).Draw(t, "how many") {
		all = append(all, draw(t))
	}
	return all
}
