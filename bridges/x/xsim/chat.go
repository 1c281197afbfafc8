package xsim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// chats is what X holds of encrypted chats: public keys, sealed events and sealed files. Sim.mu guards it.
type chats struct {
	keys      map[string][]registered // by user, oldest first
	directory *xchat.Directory        // the same
	rooms     map[string]*room        // by canonical id
	reserved  map[string]string       // ids of groups that are not made yet: by whom
	blobs     map[string]*blob        // by hash key
	stances   map[[2]string]stance    // what a user does with what another writes
	since     map[[2]string]int       // from which place on
	withheld  map[[2]string]bool      // user and conversation whose key changes wait
	inboxes   map[string][]mail       // of those who have a telephone
	phones    map[string]*Phone
	failures  []wire.FailureType // what the next messages are answered with
	placed    int                // entries so far
	salt      string             // of conversation tokens

	repeats, late, inline, both, ownIDs, everyKey, colons bool // switches; see chatplay.go
}

func newChats() chats {
	return chats{
		keys: map[string][]registered{}, directory: &xchat.Directory{}, rooms: map[string]*room{}, reserved: map[string]string{},
		blobs: map[string]*blob{}, stances: map[[2]string]stance{}, since: map[[2]string]int{}, withheld: map[[2]string]bool{},
		inboxes: map[string][]mail{}, phones: map[string]*Phone{}, salt: secret(16),
	}
}

// stance is what a user does with what another writes first.
type stance int

const (
	trusting    stance = iota
	requesting         // it waits as a message request
	distrusting        // it is answered with a failure
)

// room is one encrypted conversation.
type room struct {
	id               string // a:b or g and digits
	members, admins  []string
	title, avatar    string // as the client gave them
	ttl              int64  // milliseconds
	created, updated time.Time
	version          string // of the newest key
	entries          []*entry
	last             wire.Sequence // of the newest event that everybody sees
	told             map[[2]string]bool
	foreign          bool // something was injected, so any token may come back
}

func (r *room) group() bool { return strings.HasPrefix(r.id, "g") }

// path is the room's id as paths and activity events have it.
func (r *room) path() string { return strings.ReplaceAll(r.id, ":", "-") }

// others are the members but one.
func (r *room) others(user string) []string {
	return slices.DeleteFunc(slices.Clone(r.members), func(m string) bool { return m == user })
}

// knows says whether a user is in the room, or was.
func (r *room) knows(user string) bool {
	return slices.Contains(r.members, user) || r.find(func(e *entry) bool { return slices.Contains(e.audience, user) }) != nil
}

// entry is one event of a room, as X holds it.
type entry struct {
	room       *room
	place      int        // larger is later; cursors name it
	ev         wire.Event // without what is each receiver's own
	raw        string     // of an injected event, which is given out as it is
	posted     string     // what the client sent, to know it again
	age        int        // of the token
	audience   []string
	hidden     map[string]bool // who deleted it for themselves
	missed     map[string]bool // from whom it is withheld
	gone       bool            // deleted for everybody
	superseded bool            // an edit stands for it
	fleeting   bool            // told, and in no list
}

// change is the key change that an entry is.
func (e *entry) change() (wire.KeyChange, bool) {
	k, is := e.ev.Detail.(wire.KeyChange)
	return k, is
}

// canonical is the id of a conversation as events carry it, from what stands in a path; empty for what is none.
func canonical(id, self string) string {
	if strings.HasPrefix(id, "g") && isID(id[1:]) {
		return id
	}
	a, b, pair := strings.Cut(id, "-")
	if !isID(a) || pair && !isID(b) {
		return ""
	}
	return xchat.ConversationID(id, self)
}

// place finds the conversation that a path names; nil when it has not begun. mu is held.
func (c *call) place() (id string, r *room, err error) {
	raw := c.r.PathValue("id")
	if id = canonical(raw, c.who.user); id == "" {
		return "", nil, invalid("id", raw, "This is neither a user's id nor that of a conversation.")
	}
	r, err = c.enter(id, c.who.user)
	return id, r, err
}

// begun finds the conversation that a path names, which must have begun; mu is held.
func (c *call) begun() (*room, error) {
	id, r, err := c.place()
	if err == nil && r == nil {
		err = notFound("conversation", "id", id)
	}
	return r, err
}

// enter finds a conversation that a user is in, or was; nil when it has not begun. mu is held.
func (s *Sim) enter(id, user string) (*room, error) {
	a, b, pair := strings.Cut(id, ":")
	r := s.chats.rooms[id]
	switch {
	case pair && user != a && user != b, a == b:
		return nil, forbidden("You are not in this conversation.")
	case pair && (s.users[a] == nil || s.users[b] == nil):
		return nil, notFound("user", "id", strings.Trim(strings.ReplaceAll(id, user, ""), ":"))
	case !pair && r == nil:
		return nil, notFound("conversation", "id", id)
	}
	return r, nil
}

// open makes a conversation; mu is held.
func (s *Sim) open(id string, members []string) *room {
	now := s.cfg.Now()
	r := &room{id: id, members: members, created: now, updated: now, told: map[[2]string]bool{}}
	s.chats.rooms[id] = r
	return r
}

// tokenTurns is after how many events a conversation's token is another one.
const tokenTurns = 10

// chatToken is what X calls a user's conversation token, at an age; mu is held.
func (s *Sim) chatToken(r *room, user string, age int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %d", s.chats.salt, r.id, user, age))
	return "sim." + hex.EncodeToString(sum[:16])
}

// knowsToken says whether a conversation token was ever given to a user; mu is held.
func (s *Sim) knowsToken(r *room, user, token string) bool {
	if token == "" || r.foreign {
		return true
	}
	for age := range len(r.entries)/tokenTurns + 1 {
		if s.chatToken(r, user, age) == token {
			return true
		}
	}
	return false
}

// put adds an event to its room and tells it to its audience; nobody named is everybody. Only what everybody sees is part
// of the chain of previous events. mu is held.
func (s *Sim) put(r *room, e *entry) *entry {
	shared := e.audience == nil
	if shared {
		e.audience = slices.Clone(r.members)
	}
	now := s.cfg.Now()
	e.room, e.hidden, e.age = r, map[string]bool{}, len(r.entries)/tokenTurns
	e.ev.Conversation, e.ev.At = r.id, now.UTC()
	if !e.fleeting {
		e.ev.Previous = r.last
	}
	if _, typing := e.ev.Detail.(wire.Typing); !typing {
		e.ev.Sequence = wire.ParseSequence(s.nextID())
	}
	if shared && !e.fleeting {
		r.last = e.ev.Sequence
	}
	s.lay(e, now)
	return e
}

// lay puts an event at the end of its room and hands it on; mu is held.
func (s *Sim) lay(e *entry, now time.Time) {
	s.chats.placed++
	e.place = s.chats.placed
	if !e.fleeting {
		e.room.entries = append(e.room.entries, e)
		e.room.updated = now
	}
	for _, user := range e.audience {
		s.pass(e, user)
	}
	s.bump()
}

// encoded is an event as one user is given it; mu is held.
func (s *Sim) encoded(e *entry, user string) string {
	if e.raw != "" {
		return e.raw
	}
	ev := e.ev
	ev.Token = s.chatToken(e.room, user, e.age)
	ev.Untrusted = s.stance(e.room, user) != trusting
	return ev.Encode()
}

// stance is what a user does with a conversation; mu is held.
func (s *Sim) stance(r *room, user string) stance {
	if r.group() {
		return trusting
	}
	return s.chats.stances[[2]string{user, r.others(user)[0]}]
}

// accept lets a user trust the other of a conversation, and tells what waited; mu is held.
func (s *Sim) accept(user, other string) {
	key := [2]string{user, other}
	was := s.chats.stances[key]
	delete(s.chats.stances, key)
	r := s.chats.rooms[xchat.ConversationID(other, user)]
	if was != requesting || r == nil {
		return
	}
	for _, e := range r.entries {
		if e.place > s.chats.since[key] && slices.Contains(e.audience, user) {
			s.tell(e, user)
		}
	}
}

// withholds says whether an event is a key change that a user must wait for; mu is held.
func (s *Sim) withholds(e *entry, user string) bool {
	_, is := e.change()
	return is && s.chats.withheld[[2]string{user, e.room.id}]
}

// shows says whether a lookup shows an event to a user; mu is held.
func (s *Sim) shows(e *entry, user string) bool {
	return slices.Contains(e.audience, user) && !e.hidden[user] && !e.gone && (!e.superseded || s.chats.both) &&
		!s.withholds(e, user)
}
