// Package route answers one question: where does an event go?
//
// A mirror shows the same talk in several conversations, its legs. Table.Plan turns an event in one of them into
// deliveries to the others:
//
//	Event → Family (what is it about, originally?) → filters → for each other leg: thread, name, action → Result
//
// It is pure: what it must know of what was before it asks of a Memory, which the store's view answers, and what must be
// remembered is in the Result.
//
// A message is known by its original. What happens to a copy happens to the original and to all its other copies, so
// whoever takes a copy back takes the message back everywhere. A thread's twins elsewhere are its copies likewise.
package route

import (
	"fmt"
	"slices"

	"github.com/roost-im/roost/router/chat"
)

// MaxHops is how many routes a message may pass. One that has passed so many goes no further, whatever loop it is in.
const MaxHops = 3

// Mirror is N conversations that show the same talk, each of another place: what is known of copies does not tell two
// threads of one place apart. The zero value of each field below Legs is the default.
type Mirror struct {
	Name    string
	Legs    []Leg
	Names   Names    // how authors are shown
	Bots    []string // names, handles or IDs of the bots that are carried, or AllBots; none by default
	Skip    Filter   // what is not carried
	Only    Filter   // what alone is carried
	Joins   bool     // say who joined and who left
	Without Without  // what is not carried that otherwise is
}

// Leg is one conversation of a mirror.
type Leg struct {
	At     chat.Conversation
	Silent bool     // nothing is taken from here
	Deaf   bool     // nothing is brought here
	Bots   []string // replaces the mirror's Bots here; nil: those hold
}

// AllBots among Bots stands for every bot.
const AllBots = "all"

// Without says which happenings a mirror does not carry, and Threads that what is said in threads goes to the
// conversations themselves, as answers to what the threads hang on.
type Without struct{ Edits, Deletes, Reactions, Pins, Threads bool }

// Memory is what a plan must know of what was before.
type Memory interface {
	// Family finds the message or the thread that ref is a copy of.
	Family(ref chat.Ref) (Kin, error)
	// Twin says how it stands with the twin of a thread in another conversation. The thread is no twin itself.
	Twin(thread chat.Ref, at chat.Conversation) (Twin, error)
	// Parts says of how many messages the copy of a message in a conversation is; 0 when it has none there.
	Parts(original chat.Ref, at chat.Conversation) (int, error)
	// Reactions lists the reactions to a message that is no copy, oldest first.
	Reactions(original chat.Ref) ([]chat.Reaction, error)
	// Traits are those of an account; ok is false when they are not known.
	Traits(a chat.Account) (t chat.Traits, ok bool)
}

// Kin is where a message comes from.
type Kin struct {
	Original chat.Ref // what it is a copy of; itself when it is none
	Hops     int      // how many routes it had passed when we posted it
}

// Result is what follows from an event.
type Result struct {
	Deliveries []chat.Delivery
	Why        []string          // for each mirror that the event is in and that brings it nowhere, the reason
	Keep       map[string][]byte // to be kept; nil values are forgotten
	React      []chat.Reaction   // to be remembered
	Unreact    []chat.Reaction   // to be forgotten
}

// Table finds the mirrors that a conversation is in.
type Table struct {
	mirrors []Mirror
	at      map[chat.Conversation][]int
}

// NewTable indexes mirrors.
func NewTable(mirrors []Mirror) *Table {
	t := &Table{mirrors: mirrors, at: map[chat.Conversation][]int{}}
	for i, m := range mirrors {
		for _, leg := range m.Legs {
			t.at[leg.At] = append(t.at[leg.At], i)
		}
	}
	return t
}

// First is the first conversation of a mirror.
func (t *Table) First(name string) (chat.Conversation, bool) {
	for _, m := range t.mirrors {
		if m.Name == name && len(m.Legs) > 0 {
			return m.Legs[0].At, true
		}
	}
	return chat.Conversation{}, false
}

// Leg is the leg that conv belongs to: itself, or its place for a thread that is no leg of its own.
func (t *Table) Leg(conv chat.Conversation) chat.Conversation {
	if len(t.at[conv]) > 0 {
		return conv
	}
	return conv.Place()
}

// Names lists the mirrors that conv is in.
func (t *Table) Names(conv chat.Conversation) []string {
	var names []string
	for _, i := range t.at[t.Leg(conv)] {
		names = append(names, t.mirrors[i].Name)
	}
	return names
}

// Plan says what follows from ev. However many mirrors it is in, it is brought to a conversation once.
func (t *Table) Plan(ev chat.Event, mem Memory) (Result, error) {
	at := t.Leg(ev.Conversation)
	in := t.at[at]
	if len(in) == 0 {
		return Result{}, nil
	}
	p := &planner{ev: ev, from: at, mem: mem}
	if err := p.look(); err != nil {
		return Result{}, err
	}
	for _, i := range in {
		m := &t.mirrors[i]
		if reason := p.stopped(m); reason != "" {
			p.res.Why = append(p.res.Why, m.Name+": "+reason)
			continue
		}
		for _, leg := range m.Legs {
			if leg.At == at || leg.Deaf || slices.Contains(p.brought, leg.At) {
				continue
			}
			p.brought = append(p.brought, leg.At)
			if err := p.bring(m, leg); err != nil {
				return Result{}, err
			}
		}
	}
	err := p.finish()
	return p.res, err
}

// planner plans one event.
type planner struct {
	ev      chat.Event
	from    chat.Conversation // the leg that it happened in
	mem     Memory
	name    string          // of the author, once it was asked for; see who
	kin     Kin             // of the message
	answers chat.Ref        // the original of what it replies to
	quote   *chat.Quote     // how that reads
	thread  chat.Ref        // the original of the thread that it is in; zero: it is in none, or that is the leg
	root    chat.Ref        // the original of what the thread hangs on
	before  []chat.Reaction // to the original, before the event
	after   []chat.Reaction // and after it
	brought []chat.Conversation
	carried bool // a mirror takes the event
	res     Result
}

// look asks the memory what the event is about.
func (p *planner) look() (err error) {
	p.kin = Kin{Original: p.ev.Ref()}
	// What a person just wrote can't be a copy of anything; everything else may be.
	if _, fresh := p.ev.What.(chat.Posted); p.ev.Message != "" && (!fresh || p.ev.Author.Bot) {
		if p.kin, err = p.mem.Family(p.ev.Ref()); err != nil {
			return err
		}
	}
	p.ev.Hops = max(p.ev.Hops, p.kin.Hops)
	if err := p.lookAround(); err != nil {
		return err
	}
	switch w := p.ev.What.(type) {
	case chat.Posted:
		return p.reply(w.ReplyTo, w.Quote)
	case chat.Edited:
		return p.reply(w.ReplyTo, w.Quote)
	case chat.Reacted:
		return p.recount(w)
	case chat.Deleted, chat.Pinned, chat.Pressed, chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Bounced, chat.Called:
	}
	return nil
}

// lookAround finds the original of the thread that the event is in, and of what that hangs on.
func (p *planner) lookAround() error {
	if p.ev.Conversation == p.from {
		return nil
	}
	kin, err := p.mem.Family(p.ev.Conversation.ThreadRef())
	if err != nil {
		return err
	}
	p.thread = kin.Original
	if p.ev.Root == "" {
		return nil
	}
	kin, err = p.mem.Family(chat.Ref{Conversation: p.from, Message: p.ev.Root})
	p.root = kin.Original
	return err
}

// reply finds the original of what the message replies to, and how that is quoted.
func (p *planner) reply(to chat.MessageID, quote *chat.Quote) error {
	if to == "" {
		return nil
	}
	kin, err := p.mem.Family(chat.Ref{Conversation: p.ev.Conversation, Message: to})
	if err != nil {
		return err
	}
	p.answers = kin.Original
	if quote == nil {
		return nil
	}
	q := chat.Quote{Name: person(quote.Name), Text: quote.Text}
	// A copy that could not bear its author's name has it in front of its text, and is by us.
	t, known := p.mem.Traits(p.ev.Conversation.Account)
	if mine := kin.Original.Conversation.Place() != p.ev.Conversation.Place(); mine && known && !t.Persona {
		q.Name = ""
	}
	p.quote = &q
	return nil
}

// stopped says why a mirror brings the event nowhere; empty when it does, or when there is nothing to bring.
func (p *planner) stopped(m *Mirror) string {
	if p.ev.Hops >= MaxHops && !isDeleted(p.ev) { // what is taken back is taken back to the end
		return fmt.Sprintf("it has passed %d routes already", p.ev.Hops)
	}
	i := slices.IndexFunc(m.Legs, func(l Leg) bool { return l.At == p.from })
	leg := m.Legs[i]
	if leg.Silent {
		return "nothing is taken from " + leg.At.String()
	}
	if p.ev.Author.Bot && !named(p.ev.Author, m.bots(leg)) {
		return "bots are not carried"
	}
	if reason := m.leavesOut(p.ev.What); reason != "" {
		return reason
	}
	if what := m.Skip.hit(p.ev); what != "" {
		return what + " is skipped"
	}
	if what := m.Only.miss(p.ev); what != "" {
		return what + " is not among what alone is carried"
	}
	return ""
}

func (m *Mirror) bots(l Leg) []string {
	if l.Bots != nil {
		return l.Bots
	}
	return m.Bots
}

// leavesOut says that a mirror does not carry such happenings; empty when it does, or when none does.
func (m *Mirror) leavesOut(h chat.Happening) string {
	switch h.(type) {
	case chat.Edited:
		return unless(!m.Without.Edits, "edits")
	case chat.Deleted:
		return unless(!m.Without.Deletes, "deletions")
	case chat.Reacted:
		return unless(!m.Without.Reactions, "reactions")
	case chat.Pinned:
		return unless(!m.Without.Pins, "pins")
	case chat.Joined, chat.Left:
		return unless(m.Joins, "joins")
	case chat.Posted, chat.Pressed, chat.Typing, chat.Read, chat.Bounced, chat.Called:
	}
	return ""
}

func unless(carried bool, what string) string {
	if carried {
		return ""
	}
	return what + " are not carried"
}
