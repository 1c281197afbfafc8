package route

import (
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Twin is how it stands with the twin of a thread in another conversation.
type Twin int

// The standings of a twin.
const (
	Missing Twin = iota // nobody has asked for it yet
	Asked               // it is on its way, and its first messages may go behind it
	Opened              // it is a copy of its thread
	Refused             // there can't be one: what is said in the thread goes to the conversation itself
)

// TwinKey is the key under which a Result keeps how it stands with a twin: TwinAsked or TwinRefused. It is forgotten when
// the twin is open, because then it is a copy of its thread.
func TwinKey(thread chat.Ref, at chat.Conversation) string {
	return "twin/" + at.String() + "/" + thread.String()
}

// What is kept under a TwinKey.
const (
	TwinAsked   = "asked"
	TwinRefused = "refused"
)

// The purposes of posts that go out once more because the twin that they were meant for is gone: into a new one, and at
// last to the conversation itself.
const (
	anew = Purpose + " anew"
	flat = Purpose + " flat"
)

// twin says where, seen from a leg, the thread is that the event happened in.
func (p *planner) twin(m *Mirror, leg Leg) (Twin, error) {
	if p.thread.IsZero() {
		return Opened, nil
	}
	switch t, known := p.mem.Traits(leg.At.Account); {
	case m.Without.Threads, leg.At.Thread != "", known && !t.Threads:
		return Refused, nil
	}
	twin, err := p.mem.Twin(p.thread, leg.At)
	if twin == Missing && p.thread.Conversation.Place() == leg.At {
		twin = Opened // it is its own twin
	}
	return twin, err
}

// open plans the twin of the event's thread.
func (p *planner) open(leg Leg, title string) {
	p.res.keep(TwinKey(p.thread, leg.At), TwinAsked)
	p.res.Deliveries = append(p.res.Deliveries, opening(p.thread, p.root, leg.At, title))
}

func opening(thread, root chat.Ref, at chat.Conversation, title string) chat.Delivery {
	return chat.Delivery{
		Lane: chat.LaneTo(at), Purpose: Purpose, Source: thread, Of: root, Loose: true,
		Action: chat.Open{To: at, Title: title, Bare: true},
	}
}

const titleMax = 80

// title names a thread: as it is called, or by what is said in it.
func title(topic string, said text.Text) string {
	if topic == "" {
		topic = text.Snippet(said, titleMax)
	}
	if topic == "" {
		topic = "Thread"
	}
	return text.Name(topic, titleMax)
}

func (r *Result) keep(key, value string) {
	if r.Keep == nil {
		r.Keep = map[string][]byte{}
	}
	r.Keep[key] = []byte(value)
}

// Ended says what follows when a mirror's delivery has ended. mine is false when nothing does, and the end is to be treated
// like any other; otherwise there is nothing to tell anybody. made says that it became something, gone that what it was meant
// for is no longer there.
//
// A post whose twin is gone goes out once more behind a new twin, and when that is gone too, to the conversation itself. An
// edit of a message that never was there becomes a message.
func Ended(d chat.Delivery, made, gone bool, mem Memory) (res Result, mine bool, err error) {
	switch a := d.Action.(type) {
	case chat.Open:
		return opened(d, a, made), d.Source.IsThread() && d.Case == "", nil
	case chat.Post:
		if !gone || !d.Within.IsThread() || a.To.Thread == "" || d.Purpose == flat {
			return res, false, nil
		}
		return lost(d, a, mem)
	case chat.Edit:
		return unseen(d, a, gone, mem)
	case chat.Delete, chat.React, chat.Pin, chat.Hear:
	}
	return res, false, nil
}

// opened remembers how the opening of a twin ended. One that was sent and made nothing is in a place without threads.
func opened(d chat.Delivery, a chat.Open, made bool) (res Result) {
	if !d.Source.IsThread() {
		return res
	}
	key := TwinKey(d.Source, a.To)
	if d.State == chat.Sent && !made {
		res.keep(key, TwinRefused)
		return res
	}
	switch d.State {
	case chat.Sent, chat.Dead, chat.Cancelled: // it is there, or shall be tried again with the next post
		res.Keep = map[string][]byte{key: nil}
	case chat.Rejected, chat.Held:
		res.keep(key, TwinRefused)
	case chat.Waiting:
	}
	return res
}

// lost plans a post once more whose thread is gone.
func lost(d chat.Delivery, a chat.Post, mem Memory) (res Result, mine bool, err error) {
	at, err := chat.ParseConversation(string(d.Lane))
	if err != nil {
		return res, false, err
	}
	next := chat.Delivery{
		Lane: d.Lane, Purpose: anew, Source: d.Source, Part: d.Part, Parts: d.Parts, Answers: d.Answers, Within: d.Within, Loose: true,
	}
	twin, err := mem.Twin(d.Within, at)
	if err != nil {
		return res, false, err
	}
	own := d.Within.Conversation.Place() == at
	if own { // nothing can stand in its own place for the thread that all the twins stand for
		res.keep(TwinKey(d.Within, at), TwinRefused)
	}
	if own || twin == Refused || d.Purpose == anew {
		next.Purpose, next.Within, next.Loose = flat, chat.Ref{}, false
	} else if twin != Asked { // others may have been lost with it; the first of them asks for the new one
		res.keep(TwinKey(d.Within, at), TwinAsked)
		res.Deliveries = append(res.Deliveries, opening(d.Within, chat.Ref{}, at, title("", a.Text)))
	}
	a.To, a.Key, a.ReplyTo = at, "", ""
	next.Action = a
	res.Deliveries = append(res.Deliveries, next)
	return res, true, nil
}
