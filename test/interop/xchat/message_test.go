package interop_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// onBothSides runs a test in a room of two for each side that writes.
func onBothSides(t *testing.T, f func(r *room, by side)) {
	t.Helper()
	for _, by := range sides {
		t.Run("by "+string(by), func(t *testing.T) {
			t.Parallel()
			f(setup(t, 2).pair(), by)
		})
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		"nothing":       "",
		"ASCII":         "hello",
		"lines":         "one\r\ntwo\n\n\tthree",
		"a NUL":         "a\x00b",
		"emoji":         "👩‍👩‍👧‍👦🏴‍☠️🇺🇳",
		"right to left": "שלום עולם \u202eمرحبا\u202c",
		"combining":     "e\u0301 \u1100\u1161\u11a8",
		"no characters": "\ufffd\ufeff\uffff",
		"far away":      "\U0010ffff\U000f0000",
		"JSON":          `{"a":"\u0000"}</script>`,
		"commas":        "MessageCreateEvent,1,2,3",
		"long":          strings.Repeat("é", 10000),
	}
	onBothSides(t, func(r *room, by side) {
		for name, text := range texts {
			for i, from := range r.people {
				r.tell(by, note{from: from, content: wire.Message{Text: text}, silent: i == 1})
			}
			if r.Failed() {
				r.Fatalf("%s was read otherwise", name)
			}
		}
		for _, ttl := range []time.Duration{time.Millisecond, time.Minute, 400 * 24 * time.Hour} {
			r.tell(by, note{from: r.people[0], content: wire.Message{Text: "for a while"}, ttl: ttl})
		}
	})
}

// entities are one of each kind.
func entities() []wire.Entity {
	var all []wire.Entity
	for k := wire.Hashtag; k <= wire.Phone; k++ {
		all = append(all, wire.Entity{Start: int32(k), End: int32(k) + 3, Kind: k})
	}
	return all
}

func TestEntities(t *testing.T) {
	t.Parallel()
	onBothSides(t, func(r *room, by side) {
		for _, all := range [][]wire.Entity{
			entities(),
			{{Start: 0, End: 0, Kind: wire.URL}},
			{{Start: 5, End: 2, Kind: wire.Mention}, {Start: 1 << 30, End: 1<<31 - 1, Kind: wire.Email}},
		} {
			r.tell(by, note{from: r.people[1], content: wire.Message{Text: "#a $b @c d.e f@g h +1", Entities: all}})
			r.tell(by, note{from: r.people[1], content: wire.Edit{Target: 7, Text: "#a $b @c d.e f@g h +1", Entities: all}})
		}
	})
}

func media(kind wire.MediaKind) wire.Attachment {
	return wire.Attachment{Media: &wire.Media{
		HashKey: "h4sh/+=" + string(rune('a'+kind)), Width: 1920, Height: 1080, Kind: kind, Size: 123456789, Name: "ein Bild, ü.png",
	}}
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	film := media(wire.Video)
	film.Media.Duration = 90*time.Second + 5*time.Millisecond
	large := media(wire.Image)
	large.Media.Width, large.Media.Height, large.Media.Size = 1<<40, 1, 1<<52
	empty := wire.Attachment{Media: &wire.Media{Kind: wire.GIF}}
	cases := map[string][]wire.Attachment{
		"image":          {media(wire.Image)},
		"gif":            {media(wire.GIF)},
		"video":          {film},
		"audio":          {media(wire.Audio)},
		"document":       {media(wire.Document)},
		"svg":            {media(wire.SVG)},
		"large":          {large},
		"empty":          {empty},
		"two":            {film, media(wire.GIF)},
		"ten":            {film, film, film, film, film, film, film, film, film, large},
		"link":           {{Link: &wire.Link{URL: "https://example.org/?a=ü", Title: "Ein Titel, der lang ist"}}},
		"bare link":      {{Link: &wire.Link{URL: "https://example.org"}}},
		"post":           {{Post: &wire.PostRef{ID: "1893412345678901234"}}},
		"post's URL":     {{Post: &wire.PostRef{URL: "https://x.com/a/status/1"}}},
		"both of a post": {{Post: &wire.PostRef{ID: "1", URL: "https://x.com/a/status/1"}}},
	}
	onBothSides(t, func(r *room, by side) {
		for name, all := range cases {
			for _, text := range []string{"", "see"} {
				r.tell(by, note{from: r.people[0], content: wire.Message{Text: text, Attachments: all}})
			}
			if r.Failed() {
				r.Fatalf("%s was read otherwise", name)
			}
		}
	})
}

func TestEditsAndReactions(t *testing.T) {
	t.Parallel()
	onBothSides(t, func(r *room, by side) {
		a, b := r.people[0], r.people[1]
		ev := r.tell(by, note{from: a, content: wire.Message{Text: "helo"}})
		for _, target := range []*wire.Event{nil, &ev} {
			edit := wire.Edit{Target: ev.Sequence, Text: "hello @b", Entities: []wire.Entity{{Start: 6, End: 8, Kind: wire.Mention}}}
			r.tell(by, note{from: a, target: target, content: edit})
			r.tell(by, note{from: a, target: target, content: wire.Edit{Target: ev.Sequence}})
			for _, emoji := range []string{"❤️", "👩🏽‍🚀", "not one"} {
				r.tell(by, note{from: b, target: target, content: wire.Reaction{Target: ev.Sequence, Emoji: emoji}})
				r.tell(by, note{from: b, target: target, content: wire.Reaction{Target: ev.Sequence, Emoji: emoji, Removed: true}})
			}
		}
	})
}

// TestOnlyOurs are contents that the SDK reads and can't write.
func TestOnlyOurs(t *testing.T) {
	t.Parallel()
	r := setup(t, 2).pair()
	a := r.people[0]
	r.tell(ours, note{from: a, content: wire.Message{Text: "see", Forwarded: new("somebody's words, ü")}})
	r.tell(ours, note{from: a, content: wire.Strange{Member: 99}})
	one := media(wire.Document)
	one.Media.ID = "1893412345678901234"
	r.tell(ours, note{from: a, content: wire.Message{Attachments: []wire.Attachment{one}}})
	odd := note{from: a, content: wire.Message{Text: "no UTF-8: \xff\xc3, and on"}}
	said := r.write(ours, &odd)
	odd.content = wire.Message{Text: "no UTF-8: \ufffd, and on"}
	r.check(theirs, a, said, odd)
	n := note{from: a, content: wire.Message{Text: "with a card from the future", Attachments: []wire.Attachment{{Member: 99}}}}
	ev := r.write(ours, &n)
	var got struct {
		Content struct {
			Text        string
			Attachments []any
		}
	}
	a.must("decryptEvent", &got, ev.Encode(), r.keys[a.User], r.signers())
	if got.Content.Text != "with a card from the future" || len(got.Content.Attachments) != 0 {
		t.Errorf("the SDK reads %+v, want the text alone", got.Content)
	}
}

// TestBadMessages changes one thing of a message after the other. Both sides refuse it, and we say why.
func TestBadMessages(t *testing.T) {
	t.Parallel()
	w := setup(t, 3)
	r := w.pair()
	a, b, stranger := w.people[0], w.people[1], w.people[2]
	type (
		ev = *wire.Event
		mc = *wire.MessageCreate
	)
	for _, by := range sides {
		n := note{from: a, content: wire.Message{Text: "secret"}}
		good := r.write(by, &n)
		r.check(by.other(), b, good, n)
		sealed := r.seal(by, note{from: a, content: n.content, key: xchat.NewConversationKey(n.key.Version)})
		other, sig := r.parts(sealed)
		for _, tc := range []struct {
			name   string
			want   error
			change func(ev, mc)
		}{
			{"sealed bytes", xchat.ErrForged, func(_ ev, m mc) { m.Contents = flip(m.Contents) }},
			{"length", xchat.ErrForged, func(_ ev, m mc) { m.Contents = m.Contents[1:] }},
			{"length: none", xchat.ErrForged, func(_ ev, m mc) { m.Contents = nil }},
			{"key version", xchat.ErrForged, func(_ ev, m mc) { m.KeyVersion += "0" }},
			{"key version: none", xchat.ErrUnsigned, func(_ ev, m mc) { m.KeyVersion = "" }},
			{"ID", xchat.ErrForged, func(e ev, _ mc) { e.ID = "1" }},
			{"ID: none", xchat.ErrUnsigned, func(e ev, _ mc) { e.ID = "" }},
			{"ID with a comma", xchat.ErrUnsigned, func(e ev, _ mc) { e.ID += "," }},
			{"sender", xchat.ErrForged, func(e ev, _ mc) { e.Sender, e.Signature.KeyVersion = b.User, b.Version }},
			{"sender: a stranger", xchat.ErrForged, func(e ev, _ mc) {
				e.Sender, e.Signature.KeyVersion = stranger.User, stranger.Version
			}},
			{"sender: none", xchat.ErrForged, func(e ev, _ mc) { e.Sender = "" }},
			{"conversation", xchat.ErrForged, func(e ev, _ mc) { e.Conversation = group }},
			{"conversation: none", xchat.ErrForged, func(e ev, _ mc) { e.Conversation = "" }},
			{"conversation: with a dash", xchat.ErrForged, func(e ev, _ mc) { e.Conversation = "22-1111111111" }},
			{"signature", xchat.ErrForged, func(e ev, _ mc) { e.Signature.Value = flip(e.Signature.Value) }},
			{"signature: half", xchat.ErrForged, func(e ev, _ mc) { e.Signature.Value = e.Signature.Value[:32] }},
			{"signature: zeros", xchat.ErrForged, func(e ev, _ mc) { e.Signature.Value = make([]byte, 64) }},
			{"signature: none", xchat.ErrUnsigned, func(e ev, _ mc) { e.Signature = wire.Signature{} }},
			{"signature: outdated", xchat.ErrUnsigned, func(e ev, _ mc) { e.Signature.Version = "1" }},
			{"public keys", xchat.ErrNoSigner, func(e ev, _ mc) { e.Signature.KeyVersion += "0" }},
			{"key", xchat.ErrSealed, func(e ev, m mc) { e.ID, *m, e.Signature = sealed.ID, other, sig }},
		} {
			e, m := unparsed(good), good.Detail.(wire.MessageCreate)
			tc.change(&e, &m)
			e.Detail = m
			r.refused(b, e, string(by)+": another "+tc.name, tc.want)
		}
		r.noKey(good)
	}
}
