package xsim

import (
	"context"
	"slices"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
)

// View is the reading side of a simulator: what was said, asked, delivered and paid. Each call is a copy of the state
// at that moment.
type View struct{ sim *Sim }

// Media is an attachment as it lies at X.
type Media struct {
	Key, ID string
	Name    string
	Type    string // media type
	Data    []byte // shared, not to be written to
}

// DM is one event of a conversation.
type DM struct {
	ID           string
	Conversation string
	Kind         string // MessageCreate, ParticipantsJoin or ParticipantsLeave
	Sender       string
	Text         string // as it was written
	Wire         string // as the API tells it: with t.co links
	Participants []string
	Media        []Media
	Post         string
	CreatedAt    time.Time
	DeletedFor   []string
	API          bool // posted through the API, not by a person of the simulator
}

func (e *event) public() DM {
	d := DM{
		ID: e.id, Conversation: e.conversation.id, Kind: e.kind, Sender: e.sender, Text: e.written, Wire: e.text,
		Participants: slices.Clone(e.participants), Post: e.post, CreatedAt: e.at, API: e.api,
	}
	for _, m := range e.media {
		d.Media = append(d.Media, Media{Key: m.key, ID: m.id, Name: m.name, Type: m.mime, Data: m.data})
	}
	for user := range e.hidden {
		d.DeletedFor = append(d.DeletedFor, user)
	}
	slices.Sort(d.DeletedFor)
	return d
}

func (v View) pick(keep func(*event) bool) []DM {
	v.sim.mu.Lock()
	defer v.sim.mu.Unlock()
	var out []DM
	for _, e := range v.sim.events {
		if keep(e) {
			out = append(out, e.public())
		}
	}
	return out
}

// Events are all events of all conversations, oldest first.
func (v View) Events() []DM { return v.pick(func(*event) bool { return true }) }

// Conversation is what two users said to each other, oldest first.
func (v View) Conversation(a, b string) []DM {
	id := pairID(a, b)
	return v.pick(func(e *event) bool { return e.conversation.id == id })
}

// Group is what happened in a group, oldest first.
func (v View) Group(id string) []DM {
	return v.pick(func(e *event) bool { return e.conversation.id == id })
}

// Inbox is everything that others wrote where the user was, oldest first, also what the user deleted.
func (v View) Inbox(user string) []DM {
	return v.pick(func(e *event) bool {
		return e.kind == "MessageCreate" && e.sender != user && slices.Contains(e.audience, user)
	})
}

// Members are those who are in a conversation now.
func (v View) Members(conversation string) []string {
	v.sim.mu.Lock()
	defer v.sim.mu.Unlock()
	c := v.sim.conversations[conversation]
	if c == nil {
		return nil
	}
	return slices.Clone(c.members)
}

// Users are all users in the order in which they came.
func (v View) Users() []User {
	v.sim.mu.Lock()
	defer v.sim.mu.Unlock()
	var out []User
	for _, id := range v.sim.order {
		out = append(out, *v.sim.users[id])
	}
	return out
}

// Requests are the last calls, oldest first, at most 2,000.
func (v View) Requests() []Request {
	v.sim.mu.Lock()
	defer v.sim.mu.Unlock()
	return slices.Clone(v.sim.requests)
}

// Calls counts the logged calls of a route.
func (v View) Calls(route Route) int {
	v.sim.mu.Lock()
	defer v.sim.mu.Unlock()
	n := 0
	for _, r := range v.sim.requests {
		if r.Route == route {
			n++
		}
	}
	return n
}

// Streams counts the open activity streams.
func (v View) Streams() int {
	v.sim.mu.Lock()
	defer v.sim.mu.Unlock()
	return len(v.sim.streams)
}

// Subscriptions counts what is subscribed to.
func (v View) Subscriptions() int {
	v.sim.mu.Lock()
	defer v.sim.mu.Unlock()
	return len(v.sim.subscriptions)
}

// Deliveries are the last attempts to call webhooks, oldest first, at most 2,000.
func (v View) Deliveries() []Delivery {
	v.sim.mu.Lock()
	defer v.sim.mu.Unlock()
	return slices.Clone(v.sim.attempts)
}

// Spent is what the calls and events have cost so far.
func (v View) Spent() Money {
	v.sim.mu.Lock()
	defer v.sim.mu.Unlock()
	return v.sim.spent
}

// Changed is closed at the next change of anything that a View shows.
func (v View) Changed() <-chan struct{} {
	v.sim.mu.Lock()
	defer v.sim.mu.Unlock()
	return v.sim.changes.Next()
}

// Wait returns nil as soon as holds says true, which is asked now and after every change, or the context's error.
func (v View) Wait(ctx context.Context, holds func(*View) bool) error {
	if simkit.Wait(ctx, v.Changed, func() bool { return holds(&v) }) != nil {
		return context.Cause(ctx)
	}
	return nil
}
