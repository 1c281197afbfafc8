package xchat_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

const saidText = "fünf Äpfel"

// quoting is Alice's message, an edit of it, and what Bob may reply to it. Carol reads, who is in the group with them.
type quoting struct {
	world
	original, edit wire.Event
	said           wire.Message
}

func quote(t *testing.T) quoting {
	t.Helper()
	q := quoting{world: setup(t)}
	q.said = wire.Message{
		Text: saidText, Entities: []wire.Entity{{Start: 0, End: 4, Kind: wire.Hashtag}, {Start: 5, End: 9, Kind: wire.Mention}},
		Attachments: []wire.Attachment{{Media: &wire.Media{HashKey: "h1", Kind: wire.Image}}, {Post: &wire.PostRef{ID: "7"}}},
	}
	q.original = q.at(20, q.alice.writes(t, "m1", groupID, q.said, q.key))
	q.edit = q.at(21, q.alice.writes(t, "m2", groupID, wire.Edit{Target: 20, Text: "sechs Äpfel"}, q.key))
	return q
}

// at gives an event another place, which nobody signs.
func (q quoting) at(s wire.Sequence, ev wire.Event) wire.Event {
	ev = bare(ev)
	ev.Sequence = s
	return ev
}

// good is a preview of the original as X's apps make it.
func (q quoting) good() wire.Preview {
	return wire.Preview{
		Sender: "1111", Text: q.said.Text, Entities: q.said.Entities, Attachments: q.said.Attachments, Sequence: 20, ID: "m1",
		Original: &q.original,
	}
}

// reply is what a preview in Bob's reply comes to.
func (q quoting) reply(t *testing.T, p wire.Preview) xchat.Opened {
	t.Helper()
	ev := q.bob.writes(t, "r1", groupID, wire.Message{Text: "yes", Reply: &p}, q.key)
	o, err := q.reader.Open(ev, q.ring)
	if m, ok := o.Content.(wire.Message); err != nil || !ok || m.Text != "yes" {
		t.Fatalf("the reply itself is %v, %v", o, err)
	}
	return o
}

func TestPreviews(t *testing.T) {
	t.Parallel()
	q := quote(t)
	unlisted, second := newPerson(t, "4444"), xchat.NewConversationKey("1700000000001")
	with := func(change func(p *wire.Preview)) wire.Preview { p := q.good(); change(&p); return p }
	original := func(ev wire.Event) wire.Preview {
		return with(func(p *wire.Preview) { p.Original = &ev; p.Sender, p.ID = "", "" })
	}
	altered := func(change func(ev *wire.Event)) wire.Preview {
		ev := q.original
		change(&ev)
		return original(ev)
	}
	edited := func(ev wire.Event, text string) wire.Preview {
		return with(func(p *wire.Preview) { p.Edited = &ev; p.Text = text; p.Entities = nil })
	}
	sealed := q.alice.writes(t, "m1", groupID, q.said, second)
	change := q.alice.changes(t, groupID, second, q.bob)
	brought := func(changes ...wire.Event) wire.Preview {
		return with(func(p *wire.Preview) { p.Original = &sealed; p.KeyChanges = changes })
	}
	inTheClear := q.alice.Sign(q.alice.event("m1", groupID, wire.MessageCreate{Contents: wire.EncodeContent(q.said)}), 7, nil)
	nested := q.alice.writes(t, "m1", groupID, wire.Message{Text: saidText, Reply: &wire.Preview{Text: "made up", Original: &inTheClear}}, q.key)
	for _, tc := range []struct {
		name string
		p    wire.Preview
		want xchat.Proof
		text string // as it is quoted
	}{
		{"as it was", q.good(), xchat.Proven, saidText},
		{"nothing but the original", wire.Preview{Original: &q.original}, xchat.Proven, saidText},
		{"cut after a character", with(func(p *wire.Preview) { p.Text = "fünf Ä" }), xchat.Proven, saidText},
		{"cut inside a character", with(func(p *wire.Preview) { p.Text = "fünf \xc3" }), xchat.Forged, ""},
		{"cut with an ellipsis", with(func(p *wire.Preview) { p.Text = "fünf…" }), xchat.Forged, ""},
		{"longer", with(func(p *wire.Preview) { p.Text += "!" }), xchat.Forged, ""},
		{"other words", with(func(p *wire.Preview) { p.Text = "zehn" }), xchat.Forged, ""},
		{"another sender", with(func(p *wire.Preview) { p.Sender = "2222" }), xchat.Forged, ""},
		{"another place", with(func(p *wire.Preview) { p.Sequence = 19 }), xchat.Forged, ""},
		{"another ID", with(func(p *wire.Preview) { p.ID = "m2" }), xchat.Forged, ""},
		{"fewer entities, in another order", with(func(p *wire.Preview) { p.Entities = []wire.Entity{p.Entities[1]} }), xchat.Proven, saidText},
		{"another entity", with(func(p *wire.Preview) { p.Entities = []wire.Entity{{Start: 0, End: 4, Kind: wire.URL}} }), xchat.Forged, ""},
		{"fewer attachments", with(func(p *wire.Preview) { p.Attachments = p.Attachments[1:] }), xchat.Proven, saidText},
		{"another attachment", with(func(p *wire.Preview) {
			p.Attachments = []wire.Attachment{{Media: &wire.Media{HashKey: "h2", Kind: wire.Image}}}
		}), xchat.Forged, ""},
		{"no original", with(func(p *wire.Preview) { p.Original = nil }), xchat.Unproven, ""},
		{"an edit, and no original", with(func(p *wire.Preview) { p.Original = nil; p.Edited = &q.edit }), xchat.Unproven, ""},
		{"an original that is an edit", original(q.edit), xchat.Forged, ""},
		{"an original that is a reaction", original(q.alice.writes(t, "m3", groupID, wire.Reaction{Target: 1, Emoji: "x"}, q.key)), xchat.Forged, ""},
		{"an original that is no message", original(q.alice.Sign(q.alice.event("m3", groupID, wire.MarkRead{Until: 7}), 7, nil)), xchat.Forged, ""},
		{"an empty original", original(wire.Event{}), xchat.Forged, ""},
		{"an unsigned original", altered(func(ev *wire.Event) { ev.Signature = wire.Signature{} }), xchat.Forged, ""},
		{"an original in the clear", original(inTheClear), xchat.Forged, ""},
		{"an original of somebody else", altered(func(ev *wire.Event) { ev.Sender = "2222" }), xchat.Forged, ""},
		{"an original of another name", altered(func(ev *wire.Event) { ev.ID = "m9" }), xchat.Forged, ""},
		{"an original that is said to be of here", altered(func(ev *wire.Event) { *ev = q.alice.writes(t, "m1", "g4444", q.said, q.key); ev.Conversation = groupID }), xchat.Forged, ""},
		{"an original of another conversation", original(q.alice.writes(t, "m1", "g4444", q.said, q.key)), xchat.Forged, ""},
		{"an original without conversation", altered(func(ev *wire.Event) { ev.Conversation = "" }), xchat.Forged, ""},
		{"an original of a stranger, with keys of no one here", original(unlisted.writes(t, "m1", groupID, q.said, q.key)), xchat.Unproven, ""},
		{"an original with a reply in it", original(nested), xchat.Forged, ""}, // the attachments are not hers
		{"edited", edited(q.edit, "sechs Äpfel"), xchat.Proven, "sechs Äpfel"},
		{"edited, and it says the former text", edited(q.edit, saidText), xchat.Forged, ""},
		{"edited by an edit of another message", edited(q.alice.writes(t, "m2", groupID, wire.Edit{Target: 19, Text: "I quit"}, q.key), "I quit"), xchat.Forged, ""},
		{"edited by somebody else", edited(q.bob.writes(t, "m2", groupID, wire.Edit{Target: 20, Text: "I quit"}, q.key), "I quit"), xchat.Forged, ""},
		{"edited elsewhere", edited(q.alice.writes(t, "m2", "g4444", wire.Edit{Target: 20, Text: "I quit"}, q.key), "I quit"), xchat.Forged, ""},
		{"edited by a message", edited(q.alice.writes(t, "m2", groupID, wire.Message{Text: "I quit"}, q.key), "I quit"), xchat.Forged, ""},
		{"edited without a signature", edited(q.alice.event("m2", groupID, wire.MessageCreate{}), "I quit"), xchat.Forged, ""},
		{"of a key that is not here", brought(), xchat.Unproven, ""},
		{"of a key that it brings", brought(change), xchat.Proven, saidText},
		{"of a key that it brings among others", brought(q.alice.changes(t, groupID, xchat.NewConversationKey("8"), q.bob), change), xchat.Proven, saidText},
		{"of a key that it brings from elsewhere", brought(q.alice.changes(t, "g4444", second, q.bob)), xchat.Unproven, ""},
		{"of a key that it brings forged", brought(q.mallory.SignText(bare(change), []byte("x"), "7")), xchat.Unproven, ""},
		{"of another key that it brings", brought(q.alice.changes(t, groupID, xchat.NewConversationKey(second.Version), q.bob)), xchat.Forged, ""},
		{"of a key that it brings too late", brought(append(slices.Repeat([]wire.Event{q.mallory.SignText(bare(change), nil, "7")}, xchat.MostBrought), change)...), xchat.Unproven, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o := q.reply(t, tc.p)
			if o.Proof != tc.want || o.Quoted.Text != tc.text {
				t.Errorf("it is %d and quotes %q, want %d and %q", o.Proof, o.Quoted.Text, tc.want, tc.text)
			}
			if proven := o.Proof == xchat.Proven; proven != (o.Quoted.Sender == "1111") || proven != (o.Quoted.ID == "m1") {
				t.Errorf("it quotes %+v", o.Quoted)
			}
			if _, ok := q.ring.Key(second.Version); ok {
				t.Error("a key that a reply brought is in the ring")
			}
		})
	}
}

// What a reply's original says of its own place is not signed, so an edit of another message of hers can be put to it. The
// words are hers all the same, and the ID is the original's.
func TestPreviewWithTheWrongPlace(t *testing.T) {
	t.Parallel()
	q := quote(t)
	elsewhere := q.at(30, q.original)
	edit := q.alice.writes(t, "m2", groupID, wire.Edit{Target: 30, Text: "hers, of another message"}, q.key)
	o := q.reply(t, wire.Preview{Text: "hers", Original: &elsewhere, Edited: &edit})
	if o.Proof != xchat.Proven || o.Quoted.ID != "m1" || o.Quoted.Sender != "1111" || o.Quoted.Sequence != 30 {
		t.Errorf("it is %d and quotes %+v", o.Proof, o.Quoted)
	}
}

// A preview within a preview is not looked at, and so deep that it can't be read it spoils the reply.
func TestNestedPreviews(t *testing.T) {
	t.Parallel()
	q := quote(t)
	p := q.good()
	for range 5 {
		ev := q.alice.writes(t, "m1", groupID, wire.Message{Text: saidText, Reply: &p}, q.key)
		p = wire.Preview{Text: saidText, Original: &ev}
	}
	if o := q.reply(t, p); o.Proof != xchat.Proven {
		t.Errorf("a preview in a preview makes it %d", o.Proof)
	}
	ev := q.bob.Sign(q.bob.event("r", groupID, wire.MessageCreate{Contents: q.key.Seal(deep(33)), KeyVersion: q.key.Version}), 7, nil)
	if _, err := q.reader.Open(ev, q.ring); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("too deep: %v, want ErrMalformed", err)
	}
}

// A message that is no reply, and one that does not say what it answers, prove nothing.
func TestNoPreview(t *testing.T) {
	t.Parallel()
	q := quote(t)
	for _, c := range []wire.Content{wire.Message{Text: "a"}, wire.Message{Text: "a", Reply: &wire.Preview{}}, wire.Edit{Target: 1}, wire.Strange{Member: 13}} {
		o, err := q.reader.Open(q.bob.writes(t, "r", groupID, c, q.key), q.ring)
		if err != nil || o.Proof != xchat.Unproven || o.Quoted != (xchat.Quoted{}) {
			t.Errorf("%T: %v, it is %d and quotes %+v", c, err, o.Proof, o.Quoted)
		}
	}
}

// A reply brings the change of a key that it quotes under only when everybody will believe that change.
func TestChangesThatAReplyCanBring(t *testing.T) {
	t.Parallel()
	w := setup(t)
	unlisted, key := newPerson(t, "4444"), xchat.NewConversationKey("1700000000005")
	another := w.alice.changes(t, pairID, xchat.NewConversationKey(key.Version), w.alice, w.bob)
	for _, tc := range []struct {
		name string
		ev   wire.Event
		want bool
	}{
		{"as X passes it on", w.alice.changes(t, pairID, key, w.bob), true},
		{"of the account's own", w.bob.changes(t, pairID, key, w.alice, w.bob), true},
		{"not for the account", w.alice.changes(t, pairID, key, w.alice), false},
		{"signed as it was before", given(t, w.alice.Sign(w.alice.change(t, pairID, key, w.bob), 5, &key)), false},
		{"by somebody who is not listed", unlisted.changes(t, groupID, key, w.bob), false},
		{"by a stranger", w.mallory.changes(t, pairID, key, w.bob), false},
		{"of another key", another, false},
		{"no change", w.says(t, "m", wire.Message{Text: "hi"}), false},
	} {
		if got := w.reader.Gives(tc.ev, key); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}
