package interop_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

var (
	messages = flag.Int("messages", 10_000, "how many random messages are written")
	seedFlag = flag.Uint64("seed", 0, "where chance begins; 0: anywhere")
)

// seed is where chance begins. It is shown when the test fails.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := *seedFlag
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("to do the same again: -seed %d -messages %d", s, *messages)
	return s
}

const (
	workers = 2   // each with an SDK of its own
	perRoom = 100 // messages
	// largest is how many bytes an event has that is quoted: a chain of replies holds all of itself.
	largest = 100_000
)

// TestRandom writes random messages, half of them from each side, and reads each on the other side.
func TestRandom(t *testing.T) {
	t.Parallel()
	s := seed(t)
	for worker := range workers {
		t.Run(fmt.Sprintf("worker %d", worker), func(t *testing.T) {
			t.Parallel()
			w := setup(t, len(users))
			for k := worker; k*perRoom < *messages; k += workers {
				c := w.chance(rand.New(rand.NewPCG(s, uint64(k))))
				c.talk(min(perRoom, *messages-k*perRoom), fmt.Sprintf("seed %d, room %d", s, k))
			}
		})
	}
}

// chance is a room in which people write at random.
type chance struct {
	*room
	*rand.Rand
	written []spoken
}

// spoken is a message in a room.
type spoken struct {
	ev     wire.Event
	said   wire.Message
	edited *wire.Event // its last edit, if there is one
	edit   wire.Edit
}

// chance makes a room of some of the people.
func (w *world) chance(rnd *rand.Rand) *chance {
	people := slices.Clone(w.people)
	rnd.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
	people = people[:2+rnd.IntN(len(people)-1)]
	id := fmt.Sprintf("g18934%013d", rnd.Int64N(1e13))
	if len(people) == 2 && rnd.IntN(3) > 0 {
		id = xchat.ConversationID(people[0].User, people[1].User)
	}
	return &chance{room: w.room(id, people...), Rand: rnd}
}

func (c *chance) person() person { return c.people[c.IntN(len(c.people))] }

func (c *chance) side() side { return sides[c.IntN(len(sides))] }

// talk writes n messages and reads them: each of the SDK's by somebody on our side at once, and all of ours by somebody on the
// SDK's side in the end.
func (c *chance) talk(n int, name string) {
	c.Helper()
	var read []letter
	for i := range n {
		if i == 0 || c.IntN(60) == 0 {
			c.newKey(c.side(), c.person())
		}
		by, reader := sides[i%2], c.person()
		said := c.note(by)
		ev := c.write(by, &said)
		if by == theirs {
			c.check(ours, reader, ev, said)
		} else {
			read = append(read, letter{ev, said})
		}
		c.remember(ev, said)
		if c.Failed() {
			c.Fatalf("%s, message %d, by %s", name, i, by)
		}
	}
	c.readAll(c.person(), read)
	if c.Failed() {
		c.Fatalf("%s, read by the SDK", name)
	}
}

// newKey gives the room a new key, which everybody adopts on our side.
func (c *chance) newKey(by side, from person) {
	c.Helper()
	ev := c.happen(from, c.prepare(by, from).Actions[0])
	c.changes = append(c.changes, ev)
	for _, p := range c.people {
		if added, err := c.reader(p).Adopt(ev, c.rings[p.User]); !added || err != nil {
			c.Fatalf("%s adopts %s: %v, %v", p.User, ev.ID, added, err)
		}
	}
}

// letter is something that somebody of the SDK's side reads.
type letter struct {
	ev wire.Event
	note
}

// readAll has the SDK read it all at once, with the key changes before it.
func (c *chance) readAll(p person, all []letter) {
	c.Helper()
	events := slices.Clone(c.changes)
	for _, l := range all {
		events = append(events, l.ev)
	}
	got := c.batch(p, events...)
	if len(got.Errors) > 0 || len(got.Messages) != len(events) {
		c.Fatalf("the SDK reads %d of %d: %v", len(got.Messages), len(events), got.Errors)
	}
	for i, l := range all {
		one := got.Messages[len(c.changes)+i]
		if one.Original != l.ev.Encode() {
			c.Fatal("the SDK gives out another event")
		}
		c.compare(one.Event, l.ev, l.note)
	}
}

// remember keeps what can be answered and edited.
func (c *chance) remember(ev wire.Event, n note) {
	switch said := n.content.(type) {
	case wire.Message:
		if len(ev.Encode()) < largest {
			c.written = append(c.written, spoken{ev: ev, said: said})
		}
	case wire.Edit:
		i := slices.IndexFunc(c.written, func(s spoken) bool { return s.ev.Sequence == said.Target })
		c.written[i].edited, c.written[i].edit = &ev, said
	case wire.Reaction, wire.Strange:
	}
}

// note is something at random that a side can write.
func (c *chance) note(by side) note {
	n := note{from: c.person()}
	about := -1
	if len(c.written) > 0 {
		about = c.IntN(len(c.written))
	}
	switch k := c.IntN(100); {
	case k < 15 && about >= 0:
		s := c.written[about]
		n.content = wire.Reaction{Target: s.ev.Sequence, Emoji: c.emoji(), Removed: c.IntN(3) == 0}
		n.target = c.maybe(s.ev)
	case k < 30 && about >= 0:
		s := c.written[about]
		n.from = c.byID(s.ev.Sender)
		n.content = wire.Edit{Target: s.ev.Sequence, Text: c.text(), Entities: c.entities()}
		n.target = c.maybe(s.ev)
	case k < 60 && about >= 0:
		m := c.message(by)
		n.silent, n.ttl = c.IntN(4) == 0, c.ttl()
		m.Reply = c.quoteAtRandom(by, &n, c.written[about])
		n.content = m
	default:
		n.content, n.silent, n.ttl = c.message(by), c.IntN(4) == 0, c.ttl()
	}
	return n
}

func (c *chance) byID(user string) person {
	return c.people[slices.IndexFunc(c.people, func(p person) bool { return p.User == user })]
}

func (c *chance) maybe(ev wire.Event) *wire.Event {
	if c.IntN(2) == 0 {
		return nil
	}
	return &ev
}

func (c *chance) ttl() time.Duration {
	if c.IntN(4) > 0 {
		return 0
	}
	return time.Duration(1+c.Int64N(1e10)) * time.Millisecond
}

// quoteAtRandom is an honest preview, an unproven one, or a forged one, and notes which.
func (c *chance) quoteAtRandom(by side, n *note, s spoken) *wire.Preview {
	edited, text := s.edited, s.edit.Text
	if edited == nil || c.IntN(3) == 0 {
		edited, text = nil, s.said.Text
	}
	p := preview(s.ev, s.said, edited, s.edit)
	n.proof, n.quoted = xchat.Proven, quoteOf(s.ev, text)
	switch c.IntN(8) {
	case 0:
		n.proof, n.quoted = xchat.Unproven, xchat.Quoted{}
		p.Original, p.Edited, p.ID = nil, nil, ""
		if by == theirs && named(p.Attachments) {
			p.Attachments = nil
		}
		return p
	case 1:
		n.proof, n.quoted = xchat.Forged, xchat.Quoted{}
		p.Text += c.emoji()
	}
	for _, ev := range c.changes {
		version, newest := ev.Detail.(wire.KeyChange).Version, c.latest(n.from).Version
		if version != newest && (version == keyVersion(s.ev) || edited != nil && version == keyVersion(*edited)) {
			p.KeyChanges = append(p.KeyChanges, ev)
		}
	}
	return p
}

func keyVersion(ev wire.Event) string { return ev.Detail.(wire.MessageCreate).KeyVersion }

func (c *chance) message(by side) wire.Message {
	return wire.Message{Text: c.text(), Entities: c.entities(), Attachments: c.attachments(by)}
}

func (c *chance) entities() []wire.Entity {
	var all []wire.Entity
	for range max(0, c.IntN(8)-4) {
		kind := wire.Hashtag + wire.EntityKind(c.IntN(int(wire.Phone)))
		all = append(all, wire.Entity{Start: c.Int32N(10_000), End: c.Int32N(10_000), Kind: kind})
	}
	return all
}

// attachments are some that X lets stand beside each other.
func (c *chance) attachments(by side) []wire.Attachment {
	switch c.IntN(12) {
	case 0, 1:
		var all []wire.Attachment
		for range 1 + c.IntN(10) {
			all = append(all, c.media(by, wire.Image+wire.MediaKind(c.IntN(3))))
		}
		return all
	case 2:
		return []wire.Attachment{c.media(by, wire.Audio+wire.MediaKind(c.IntN(3)))}
	case 3:
		return []wire.Attachment{{Link: &wire.Link{URL: "https://example.org/" + c.some(30), Title: c.some(30)}}}
	case 4:
		return []wire.Attachment{{Post: &wire.PostRef{ID: fmt.Sprint(c.Uint64()), URL: c.some(20)}}}
	}
	return nil
}

func (c *chance) media(by side, kind wire.MediaKind) wire.Attachment {
	m := wire.Media{
		HashKey: c.some(20), Name: c.some(40), Kind: kind, Width: c.Int64N(1 << 20), Height: c.Int64N(1 << 20), Size: c.Int64N(1 << 50),
		Duration: time.Duration(c.Int64N(1e7)) * time.Millisecond,
	}
	if by == ours && c.IntN(2) == 0 {
		m.ID = fmt.Sprint(c.Uint64())
	}
	return wire.Attachment{Media: &m}
}

// text is mostly short, sometimes long, and at most as long as X takes.
func (c *chance) text() string {
	switch c.IntN(50) {
	case 0:
		return c.some(10_000)
	case 1, 2, 3:
		return c.some(2000)
	default:
		return c.some(150)
	}
}

// some are up to most characters of one or more kinds.
func (c *chance) some(most int) string {
	n := c.IntN(most + 1)
	all := make([]rune, 0, n+16)
	for len(all) < n {
		of := alphabets[c.IntN(len(alphabets))]
		for range min(1+c.IntN(40), n-len(all)) {
			all = append(all, of[0]+c.Int32N(of[1]-of[0]+1))
		}
		if c.IntN(4) == 0 {
			all = append(all, []rune(c.emoji())...)
		}
	}
	return string(all[:n])
}

// alphabets are the first and last character of some kinds of text.
var alphabets = [][2]rune{
	{' ', '~'},
	{' ', '~'},
	{'a', 'z'},
	{0, 0x1f},
	{0x7f, 0xff},
	{0x300, 0x36f},
	{'א', 'ת'},
	{0x600, 0x6ff},
	{0x900, 0x97f},
	{0x200b, 0x202f},
	{0x2066, 0x2069},
	{0x4e00, 0x9fff},
	{0xac00, 0xd7a3},
	{0xe000, 0xf8ff},
	{0xfff0, 0xffff},
	{0x1f300, 0x1faff},
	{0x10fff0, 0x10ffff},
}

func (c *chance) emoji() string {
	all := []string{"❤️", "👍🏿", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇺🇳", "1️⃣", "🎉", "x", "\u200f"}
	return all[c.IntN(len(all))]
}
