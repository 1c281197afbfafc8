package interop_test

import (
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// preview is what an honest reply says of a message, and of its edit, if there is one.
func preview(original wire.Event, said wire.Message, edited *wire.Event, edit wire.Edit) *wire.Preview {
	p := &wire.Preview{
		Sender: original.Sender, Text: said.Text, Entities: said.Entities, Attachments: said.Attachments,
		Sequence: original.Sequence, ID: original.ID, Original: &original, Edited: edited,
	}
	if edited != nil {
		p.Text, p.Entities = edit.Text, edit.Entities
	}
	return p
}

func quoteOf(original wire.Event, text string) xchat.Quoted {
	return xchat.Quoted{Sender: original.Sender, ID: original.ID, Sequence: original.Sequence, Text: text}
}

// TestReply answers messages, edited messages, messages under another key, and replies, from both sides, whoever wrote them.
func TestReply(t *testing.T) {
	t.Parallel()
	for _, first := range sides {
		t.Run("to what was written by "+string(first), func(t *testing.T) {
			t.Parallel()
			onBothSides(t, func(r *room, by side) { r.replies(first, by) })
		})
	}
}

func (r *room) replies(first, by side) {
	r.Helper()
	a, b := r.people[0], r.people[1]
	said := wire.Message{
		Text: "look, #this: ü👍", Entities: []wire.Entity{{Start: 6, End: 11, Kind: wire.Hashtag}},
		Attachments: []wire.Attachment{media(wire.Image), media(wire.GIF)},
	}
	original := r.tell(first, note{from: a, content: said})
	answer := wire.Message{
		Text: "I see", Reply: preview(original, said, nil, wire.Edit{}), Entities: []wire.Entity{{Start: 0, End: 1, Kind: wire.Cashtag}},
	}
	reply := r.tell(by, note{from: b, content: answer, proof: xchat.Proven, quoted: quoteOf(original, said.Text)})

	edit := wire.Edit{Target: original.Sequence, Text: "look, $that", Entities: []wire.Entity{{Start: 6, End: 11, Kind: wire.Cashtag}}}
	edited := r.tell(first, note{from: a, content: edit})
	after := wire.Message{Text: "what is it now?", Reply: preview(original, said, &edited, edit)}
	r.tell(by, note{from: b, content: after, proof: xchat.Proven, quoted: quoteOf(original, edit.Text)})

	again := wire.Message{Reply: preview(reply, answer, nil, wire.Edit{}), Attachments: []wire.Attachment{media(wire.Audio)}}
	r.tell(by, note{from: a, content: again, proof: xchat.Proven, quoted: quoteOf(reply, answer.Text)})

	old := r.changes[0]
	r.rotate(first, a)
	late := wire.Message{Text: "under the new key", Reply: preview(original, said, &edited, edit)}
	own := unparsed(old) // X gives each their own copy of a key alone
	own.Detail = wire.KeyChange{Version: old.Detail.(wire.KeyChange).Version, Keys: without(old.Detail.(wire.KeyChange).Keys, a.User)}
	late.Reply.KeyChanges = []wire.Event{own}
	r.tell(by, note{from: b, content: late, proof: xchat.Proven, quoted: quoteOf(original, edit.Text)})
	late.Reply.KeyChanges = []wire.Event{old}
	n := note{from: b, content: late, proof: xchat.Proven, quoted: quoteOf(original, edit.Text)}
	ev := r.tell(by, n)
	n.key = r.latest(b)
	for _, p := range r.people { // the reply brings the key of what it answers
		r.forget(p, n.key)
		r.check(by.other(), p, ev, n)
	}
}

// forget leaves somebody with one key.
func (r *room) forget(p person, key xchat.ConversationKey) {
	r.rings[p.User] = &xchat.Keyring{}
	r.rings[p.User].Add(key)
	r.keys[p.User] = map[string]octets{key.Version: key.Secret()[:]}
}

// TestForgedReply makes up what a reply says of another message. Both sides give out the reply, and say that its preview is forged.
func TestForgedReply(t *testing.T) {
	t.Parallel()
	onBothSides(t, func(r *room, by side) {
		a, b := r.people[0], r.people[1]
		said := wire.Message{
			Text: "I owe you 10 €", Entities: []wire.Entity{{Start: 10, End: 12, Kind: wire.Cashtag}},
			Attachments: []wire.Attachment{media(wire.Image)},
		}
		original := r.tell(by, note{from: a, content: said})
		tell := func(name string, proof xchat.Proof, text string, change func(*wire.Preview)) {
			p := preview(original, said, nil, wire.Edit{})
			change(p)
			n := note{from: b, content: wire.Message{Text: "you said so", Reply: p}, proof: proof}
			if proof == xchat.Proven {
				n.quoted = quoteOf(original, text)
			}
			if r.tell(by, n); r.Failed() {
				r.Fatalf("%s was read otherwise", name)
			}
		}
		for name, change := range map[string]func(*wire.Preview){
			"text":           func(p *wire.Preview) { p.Text = "I owe you 1000 €" },
			"longer text":    func(p *wire.Preview) { p.Text += "!" },
			"end of text":    func(p *wire.Preview) { p.Text = p.Text[2:] },
			"sender":         func(p *wire.Preview) { p.Sender = b.User },
			"sequence":       func(p *wire.Preview) { p.Sequence++ },
			"entity":         func(p *wire.Preview) { p.Entities = []wire.Entity{{Start: 10, End: 12, Kind: wire.URL}} },
			"entity's range": func(p *wire.Preview) { p.Entities = []wire.Entity{{Start: 10, End: 13, Kind: wire.Cashtag}} },
			"attachment":     func(p *wire.Preview) { p.Attachments = []wire.Attachment{media(wire.GIF)} },
			"its size": func(p *wire.Preview) {
				m := *p.Attachments[0].Media
				m.Size++
				p.Attachments = []wire.Attachment{{Media: &m}}
			},
			"more attachments": func(p *wire.Preview) { p.Attachments = append([]wire.Attachment{media(wire.GIF)}, p.Attachments...) },
		} {
			tell(name, xchat.Forged, "", change)
		}
		tell("no proof", xchat.Unproven, "", func(p *wire.Preview) { p.Original, p.ID = nil, "" })
		tell("no proof of a lie", xchat.Unproven, "", func(p *wire.Preview) { p.Original, p.ID, p.Text = nil, "", "a lie" })
	})
}

// TestForgedByUs makes up what the SDK does not let one make up.
func TestForgedByUs(t *testing.T) {
	t.Parallel()
	r := setup(t, 3).pair()
	a, b := r.people[0], r.people[1]
	elsewhere := r.room(group, a, b)
	elsewhere.changes = r.changes // so its key is newer, and of another version
	elsewhere.rotate(ours, a)
	said := wire.Message{Text: "ü, I owe you 10 €"}
	first := note{from: a, content: said}
	original := r.write(theirs, &first)
	reaction := r.write(theirs, &note{from: a, content: wire.Reaction{Target: original.Sequence, Emoji: "👍"}})
	edit := wire.Edit{Target: original.Sequence, Text: "I owe you nothing"}
	edited := r.write(theirs, &note{from: a, content: edit})
	foreign := r.write(theirs, &note{from: b, content: edit})
	there := elsewhere.write(theirs, &note{from: a, content: said})
	foreignKey := elsewhere.latest(a) // a has both keys
	r.rings[a.User].Add(foreignKey)
	r.keys[a.User][foreignKey.Version] = foreignKey.Secret()[:]
	tampered := unparsed(original)
	tampered.Signature.Value = flip(tampered.Signature.Value)
	inClear := unparsed(original)
	inClear.Detail = wire.MessageCreate{Contents: wire.EncodeContent(said)}
	unknown := unparsed(original)
	unknown.Signature.KeyVersion = "1"
	for _, tc := range []struct {
		name  string
		proof xchat.Proof
		text  string
		p     wire.Preview
	}{
		{"the truth", xchat.Proven, said.Text, *preview(original, said, nil, edit)},
		{"less of it", xchat.Proven, said.Text, wire.Preview{Original: &original}},
		{"its beginning", xchat.Proven, said.Text, wire.Preview{Original: &original, Text: "ü, I"}},
		{"the edit", xchat.Proven, edit.Text, *preview(original, said, &edited, edit)},
		{"the text before the edit", xchat.Forged, "", wire.Preview{Original: &original, Edited: &edited, Text: said.Text}},
		{"somebody else's edit", xchat.Forged, "", *preview(original, said, &foreign, edit)},
		{"a message as the edit", xchat.Forged, "", wire.Preview{Original: &original, Edited: &original, Text: said.Text}},
		{"an edit as the original", xchat.Forged, "", wire.Preview{Original: &edited, Text: edit.Text}},
		{"a reaction", xchat.Forged, "", wire.Preview{Original: &reaction}},
		{"another conversation", xchat.Forged, "", *preview(there, said, nil, edit)},
		{"another conversation's edit", xchat.Forged, "", *preview(original, said, &there, edit)},
		{"another ID", xchat.Forged, "", wire.Preview{Original: &original, ID: edited.ID}},
		{"a tampered signature", xchat.Forged, "", wire.Preview{Original: &tampered, Text: said.Text}},
		{"unknown keys", xchat.Unproven, "", wire.Preview{Original: &unknown, Text: said.Text}},
		{"in the clear", xchat.Forged, "", wire.Preview{Original: &inClear, Text: said.Text}},
	} {
		n := note{from: b, content: wire.Message{Text: "you said so", Reply: &tc.p}, proof: tc.proof}
		if tc.proof == xchat.Proven {
			n.quoted = quoteOf(original, tc.text)
		}
		ev := r.write(ours, &n)
		their := n
		if tc.proof == xchat.Unproven { // the SDK does not tell what can't be proven from what is no proof
			their.proof = xchat.Forged
		}
		r.check(theirs, a, ev, their)
		if o, err := r.reader(a).Open(ev, r.rings[a.User]); err != nil || o.Proof != tc.proof || o.Quoted != n.quoted {
			t.Errorf("%s: we read it with proof %v and %+v, %v", tc.name, o.Proof, o.Quoted, err)
		}
		if t.Failed() {
			t.Fatalf("%s was read otherwise", tc.name)
		}
	}
}

// TestEditOfAnother quotes a message with its writer's edit of another message. The SDK does not look at what the edit is of, and
// calls it valid; we do, because it lets anybody pair a writer's words as they like.
func TestEditOfAnother(t *testing.T) {
	t.Parallel()
	r := setup(t, 2).pair()
	a, b := r.people[0], r.people[1]
	question := r.write(theirs, &note{from: a, content: wire.Message{Text: "shall we?"}})
	other := r.write(theirs, &note{from: a, content: wire.Message{Text: "go?"}})
	edit := wire.Edit{Target: other.Sequence, Text: "I agree"}
	edited := r.write(theirs, &note{from: a, content: edit})
	n := note{from: b, content: wire.Message{Reply: preview(question, wire.Message{}, &edited, edit)}, proof: xchat.Forged}
	ev := r.write(ours, &n)
	r.check(ours, a, ev, n)
	n.proof = xchat.Proven
	r.check(theirs, a, ev, n)
}

// TestCard answers a link that shows pictures, of which we keep the address and the title alone. A preview that claims just those is
// none of the original's attachments to the SDK; so a reply of ours leaves them out, as the connector's do.
func TestCard(t *testing.T) {
	t.Parallel()
	r := setup(t, 2).pair()
	a, b := r.people[0], r.people[1]
	picture := object{"media_hash_key": "h", "filesize_bytes": 5, "filename": "f.png", "width": 5, "height": 4}
	card := object{
		"attachment_type": "url", "url": "https://example.org", "display_title": "An example", "banner_image": picture, "favicon_image": picture,
	}
	key := r.latest(a)
	var p payload
	a.must("encryptMessage", &p, object{
		"conversationId": r.id, "text": "see", "attachments": []object{card}, "conversationKey": octets(key.Secret()[:]),
		"conversationKeyVersion": key.Version,
	})
	m, sig := r.parts(p)
	original := r.deliver(a.User, p.ID, m, sig)
	said := wire.Message{Text: "see", Attachments: []wire.Attachment{{Link: &wire.Link{URL: "https://example.org", Title: "An example"}}}}
	r.check(ours, b, original, note{from: a, content: said, key: key})

	var reply payload
	b.must("encryptReply", &reply, object{
		"conversationId": r.id, "text": "thanks", "replyToEvent": original.Encode(), "conversationKey": octets(key.Secret()[:]),
		"conversationKeyVersion": key.Version,
	})
	m, sig = r.parts(reply)
	thanks := note{from: b, key: key, proof: xchat.Proven, quoted: quoteOf(original, "see")}
	thanks.content = wire.Message{Text: "thanks", Reply: preview(original, said, nil, wire.Edit{})}
	r.check(ours, a, r.deliver(b.User, reply.ID, m, sig), thanks)

	half := note{from: b, proof: xchat.Forged, content: wire.Message{Reply: preview(original, said, nil, wire.Edit{})}}
	r.check(theirs, a, r.write(ours, &half), half)
	said.Attachments = nil
	bare := note{from: b, proof: xchat.Proven, quoted: quoteOf(original, "see"), content: wire.Message{Reply: preview(original, said, nil, wire.Edit{})}}
	r.tell(ours, bare)
}
