package xsim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// Phone is a person's own app for encrypted chats. Keys and plaintext are in it and nowhere else: it seals and signs what
// it gives to X, and verifies and opens what X gives to it. Conversations are named by the other user's id, or by a group's.
// All methods are safe for concurrent use.
type Phone struct {
	sim  *Sim
	user string

	mu     sync.Mutex      // guards everything below; it is taken before Sim.mu
	selves []*xchat.Reader // one for each version of the person's keys, newest last
	rings  map[string]*xchat.Keyring
	talks  map[string]*talk // by canonical id
	read   int              // how much of the inbox was read
	late   []mail           // what a key is missing for
}

// Said is what became of something that a Phone wrote.
type Said struct {
	Conversation string // canonical
	MessageID    string
	Sequence     wire.Sequence
}

// Quote is what a reply says of the message that it answers.
type Quote struct {
	Sender    string
	MessageID string
	Sequence  wire.Sequence
	Text      string // of the original when Proof is Proven; otherwise what the reply makes of it, not to be believed
	Proof     xchat.Proof
}

// Heard is one message as a Phone shows it.
type Heard struct {
	Conversation string // canonical
	Sender       string
	MessageID    string
	Sequence     wire.Sequence
	At           time.Time
	Text         string
	Edited       bool
	Deleted      bool
	Reactions    map[string][]string // who put an emoji on it, by emoji
	Reply        *Quote              // what it answers; nil: nothing
	Files        []File              // with their plaintext
	Broken       []string            // names of files that are not there or do not hold
	Failure      wire.FailureType    // why X did not carry it on; 0: it did
	Unreadable   string              // why the message is not shown; empty when it is
}

// Signals are what people in a conversation show without writing.
type Signals struct {
	Read   map[string]wire.Sequence // up to where somebody has read
	Typing map[string]int           // how often somebody was seen writing
}

// Phone is a user's telephone: made, with keys that are registered at X, when it is asked for the first time. It panics when
// there is no such user.
func (s *Sim) Phone(user string) *Phone {
	s.mu.Lock()
	s.mustUser(user)
	p := s.chats.phones[user]
	if p == nil {
		p = &Phone{sim: s, user: user, rings: map[string]*xchat.Keyring{}, talks: map[string]*talk{}}
		s.chats.phones[user] = p
		s.fill(user)
	}
	s.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.selves) == 0 {
		if err := p.register(); err != nil {
			panic(err) // new keys are sound
		}
	}
	return p
}

// fill puts what was written before into a new telephone's inbox; mu is held.
func (s *Sim) fill(user string) {
	var all []*entry
	for _, r := range s.chats.rooms {
		for _, e := range r.entries {
			if s.shows(e, user) {
				all = append(all, e)
			}
		}
	}
	slices.SortFunc(all, func(a, b *entry) int { return a.place - b.place })
	for _, e := range all {
		s.chats.inboxes[user] = append(s.chats.inboxes[user], mail{conversation: e.room.id, event: s.encoded(e, user)})
	}
}

// User is whose telephone it is.
func (p *Phone) User() string { return p.user }

// Register makes new keys for the person and registers them at X. What was sealed for the old ones can still be read.
func (p *Phone) Register() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.catchUp()
	return p.register()
}

// register is Register; p.mu is held.
func (p *Phone) register() error {
	keys, err := xchat.NewKeys()
	if err != nil {
		return fmt.Errorf("xsim: phone of %s: %w", p.user, err)
	}
	s := p.sim
	body, err := keys.Registration(strconv.FormatInt(s.cfg.Now().UnixMilli(), 10))
	if err != nil {
		return fmt.Errorf("xsim: phone of %s: %w", p.user, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	version, err := s.register(p.user, body)
	if err != nil {
		return fmt.Errorf("xsim: phone of %s: %w", p.user, err)
	}
	p.selves = append(p.selves, &xchat.Reader{Keys: keys, User: p.user, Version: version, Directory: s.chats.directory})
	s.bump()
	return nil
}

// Public is the person's newest public keys, whose fingerprint people compare.
func (p *Phone) Public() xchat.PublicKeys {
	p.mu.Lock()
	defer p.mu.Unlock()
	me := p.self()
	out := me.Keys.Public()
	out.User, out.Version = me.User, me.Version
	return out
}

// self is the person with the newest keys; p.mu is held.
func (p *Phone) self() *xchat.Reader { return p.selves[len(p.selves)-1] }

// author is who writes; p.mu is held.
func (p *Phone) author() xchat.Author {
	me := p.self()
	return xchat.Author{Keys: me.Keys, User: me.User, Version: me.Version}
}

// ring is the keys of a conversation; p.mu is held.
func (p *Phone) ring(id string) *xchat.Keyring {
	if p.rings[id] == nil {
		p.rings[id] = &xchat.Keyring{}
	}
	return p.rings[id]
}

// Talk is everything in a conversation as the person sees it, in the order in which X gave it: decrypted and verified, or
// with the reason why not.
func (p *Phone) Talk(with string) []Heard {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.catchUp()
	t := p.talks[roomID(with, p.user)]
	if t == nil {
		return nil
	}
	var out []Heard
	for _, l := range t.lines {
		out = append(out, l.copy())
	}
	return out
}

// Signals are the read marks of a conversation, and who was seen writing there.
func (p *Phone) Signals(with string) Signals {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.catchUp()
	out := Signals{Read: map[string]wire.Sequence{}, Typing: map[string]int{}}
	if t := p.talks[roomID(with, p.user)]; t != nil {
		maps.Copy(out.Read, t.read)
		maps.Copy(out.Typing, t.typing)
	}
	return out
}

// Wait returns nil as soon as holds says true of what a conversation shows, which is asked now and after every change, or
// the context's error.
func (p *Phone) Wait(ctx context.Context, with string, holds func([]Heard) bool) error {
	if simkit.Wait(ctx, p.sim.Changed, func() bool { return holds(p.Talk(with)) }) != nil {
		return context.Cause(ctx)
	}
	return nil
}

// settle lets all telephones read what has come.
func (s *Sim) settle() {
	s.mu.Lock()
	var all []*Phone
	for _, p := range s.chats.phones {
		all = append(all, p)
	}
	s.mu.Unlock()
	for _, p := range all {
		p.mu.Lock()
		if len(p.selves) > 0 {
			p.catchUp()
		}
		p.mu.Unlock()
	}
}

// errUnknown says that a telephone does not show such a message.
var errUnknown = errors.New("there is no such message")
