package xsim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// File is an attachment as a person sends it.
type File struct {
	Name string
	Type string // media type, e.g. "image/png"
	Data []byte
}

// Draft is what a person writes.
type Draft struct {
	Text  string
	Media []File
	Post  string // id of a post that is shared with it
}

// conversation is a place where messages appear.
type conversation struct {
	id      string
	group   bool
	members []string // those who are in it now
}

// event is one thing that happened in a conversation.
type event struct {
	id, kind     string // kind is MessageCreate, ParticipantsJoin or ParticipantsLeave
	conversation *conversation
	sender       string
	written      string // as the sender typed it
	text         string // as the API tells it: with short links
	links        []link
	media        []*media
	participants []string
	post         string
	at           time.Time
	audience     []string        // who was there
	hidden       map[string]bool // who deleted it for themselves
	api          bool            // came through the API
}

// visible says whether a user may still look the event up.
func (e *event) visible(user string, oldest time.Time) bool {
	return slices.Contains(e.audience, user) && !e.hidden[user] && !e.at.Before(oldest)
}

// pairID names the conversation of two users: the smaller id first, as numbers.
func pairID(a, b string) string {
	if !numberLess(a, b) {
		a, b = b, a
	}
	return a + "-" + b
}

// numberLess compares two decimal ids as numbers.
func numberLess(a, b string) bool {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// pair is the conversation of two users, opened when there is none; mu is held.
func (s *Sim) pair(a, b string) *conversation {
	id := pairID(a, b)
	c := s.conversations[id]
	if c == nil {
		c = &conversation{id: id, members: []string{a, b}}
		s.conversations[id] = c
	}
	return c
}

// Say lets a person write a direct message and tells its event id. It panics when one of the two does not exist; a block
// does not hold a person back here, so that late messages can be played.
func (s *Sim) Say(from, to string, d Draft) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustUser(from)
	s.mustUser(to)
	return s.write(s.pair(from, to), from, d).id
}

// NewGroup opens a group conversation and tells its id.
func (s *Sim) NewGroup(from string, participants ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.openGroup(from, participants).id
}

func (s *Sim) openGroup(from string, participants []string) *conversation {
	members := []string{from}
	for _, p := range participants {
		s.mustUser(p)
		if !slices.Contains(members, p) {
			members = append(members, p)
		}
	}
	s.mustUser(from)
	c := &conversation{id: s.nextID(), group: true, members: members}
	s.conversations[c.id] = c
	s.bump()
	return c
}

// SayGroup lets a member write into a group and tells the event's id. It panics when there is no such group.
func (s *Sim) SayGroup(group, from string, d Draft) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(s.mustGroup(group), from, d).id
}

func (s *Sim) mustGroup(id string) *conversation {
	c := s.conversations[id]
	if c == nil || !c.group {
		panic("xsim: no group " + id)
	}
	return c
}

// write adds a person's message; mu is held.
func (s *Sim) write(c *conversation, from string, d Draft) *event {
	var items []*media
	for _, f := range d.Media {
		items = append(items, s.keep(from, f))
	}
	return s.post(c, &event{sender: from, written: d.Text, media: items, post: d.Post})
}

// post adds a message to its conversation and tells everyone; mu is held.
func (s *Sim) post(c *conversation, e *event) *event {
	e.kind = "MessageCreate"
	s.add(c, e)
	e.text, e.links = shorten(e.written, e.id, len(e.media) > 0)
	if !c.group {
		s.tellMessage(e)
	}
	s.bump()
	return e
}

// add puts an event into its conversation under a new id; mu is held.
func (s *Sim) add(c *conversation, e *event) {
	e.id, e.at, e.conversation = s.nextID(), s.cfg.Now(), c
	e.audience, e.hidden = slices.Clone(c.members), map[string]bool{}
	s.events = append(s.events, e)
	s.byID[e.id] = e
}

// Join brings users into a group; by is the member who asked them in.
func (s *Sim) Join(group, by string, users ...string) (eventID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.mustGroup(group)
	for _, u := range users {
		s.mustUser(u)
		if !slices.Contains(c.members, u) {
			c.members = append(c.members, u)
		}
	}
	e := &event{kind: "ParticipantsJoin", sender: by, participants: slices.Clone(users)}
	s.add(c, e)
	s.bump()
	return e.id
}

// Leave takes users out of a group. They still find what was said before.
func (s *Sim) Leave(group string, users ...string) (eventID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.mustGroup(group)
	e := &event{kind: "ParticipantsLeave", participants: slices.Clone(users)}
	s.add(c, e)
	c.members = slices.DeleteFunc(c.members, func(m string) bool { return slices.Contains(users, m) })
	s.bump()
	return e.id
}

// Typing shows to that from is typing.
func (s *Sim) Typing(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustUser(from)
	s.mustUser(to)
	s.emit("dm.indicate_typing", to, object{
		"direct_message_indicate_typing_events": []object{s.signal(from, to)}, "users": s.profiles(from, to),
	})
	s.bump()
}

// Read tells to that from has read everything that to wrote so far. It tells nothing when to wrote nothing.
func (s *Sim) Read(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustUser(from)
	s.mustUser(to)
	id := pairID(from, to)
	for _, e := range slices.Backward(s.events) {
		if e.conversation.id != id || e.sender != to {
			continue
		}
		mark := s.signal(from, to)
		mark["last_read_event_id"] = e.id
		s.emit("dm.read", to, object{"direct_message_mark_read_events": []object{mark}, "users": s.profiles(from, to)})
		s.bump()
		return
	}
}

// signal is the part that typing and reading share; mu is held.
func (s *Sim) signal(from, to string) object {
	return object{
		"created_timestamp": fmt.Sprint(s.cfg.Now().UnixMilli()), "sender_id": from, "target": object{"recipient_id": to},
	}
}
