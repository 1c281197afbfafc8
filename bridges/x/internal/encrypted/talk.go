package encrypted

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

const (
	mostWaiting = 200     // messages of one conversation that wait for a key; what is more stays at X, unread
	mostHeld    = 4 << 20 // bytes of them
)

// Way is the kind of direct message that a conversation goes by.
type Way string

// The ways; the zero value is that nobody has written yet.
const (
	ByClassic Way = "classic"
	ByChat    Way = "chat"
)

// talk is one encrypted conversation, as far as it must not be forgotten.
type talk struct {
	id   string // as events carry it: A:B, or a group's
	ring *xchat.Keyring
	turn chan struct{} // holds one: whose turn it is to take in what came

	mu     sync.Mutex
	at     place
	kept   [32]byte  // the sum of what was kept last
	looked time.Time // when it was last asked for although X told of no change
}

// begin waits for the turn to take something in; end gives it back.
func (one *talk) begin(ctx context.Context) error {
	select {
	case one.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (one *talk) end() { <-one.turn }

// place is a copy of where the talk has come to.
func (one *talk) place() place {
	one.mu.Lock()
	defer one.mu.Unlock()
	return one.at.clone()
}

// goes says how the talk goes on, before that is kept.
func (one *talk) goes(next place) {
	one.mu.Lock()
	defer one.mu.Unlock()
	next = next.after(one.at)
	one.at.Way, one.at.WayAt, one.at.TTL, one.at.Token = next.Way, next.WayAt, next.TTL, next.Token
}

// place is where a talk has come to. Whoever has the turn changes it, but for how people wrote and what was marked, which
// whoever writes changes, too.
type place struct {
	Last    wire.Sequence `json:"last,omitempty"`    // everything up to this event was taken in
	Seen    time.Time     `json:"seen,omitzero"`     // X's time of the last change when everything was read
	SeenAt  time.Time     `json:"seen_at,omitzero"`  // and ours, when X told of it first
	Owed    bool          `json:"owed,omitempty"`    // something is at X that was not taken in, and X need not tell of it again
	Way     Way           `json:"way,omitempty"`     // by which the other one wrote last
	WayAt   time.Time     `json:"way_at,omitzero"`   // and when
	TTL     time.Duration `json:"ttl,omitempty"`     // how long messages live
	Token   string        `json:"token,omitempty"`   // X wants it back
	Marked  wire.Sequence `json:"marked,omitempty"`  // read up to here, as X was told
	Waiting []waiting     `json:"waiting,omitempty"` // oldest first
	Bygone  []bygone      `json:"bygone,omitempty"`  // oldest first
	Wrote   []wrote       `json:"wrote,omitempty"`   // who wrote what, oldest first
}

// waiting is a message whose key has not come yet, or something that waits for such a message, or for us.
type waiting struct {
	Event string    `json:"event"` // as X gave it
	Since time.Time `json:"since"`
	Told  bool      `json:"told,omitempty"`  // the team knows that there is something
	Quiet bool      `json:"quiet,omitempty"` // and need not know
}

// clone is a place that can be changed by itself.
func (p place) clone() place {
	p.Waiting, p.Bygone, p.Wrote = slices.Clone(p.Waiting), slices.Clone(p.Bygone), slices.Clone(p.Wrote)
	return p
}

const (
	changeRoom = time.Minute    // for which what was read is read again: X counts changes in seconds, and there may be more in one
	mostSkew   = 24 * time.Hour // between X's clock and ours; what changed longer ago than that changed not just now
)

// misses says whether X tells of a change that was not read, or not for certain. Our clock is held against itself alone.
func (p place) misses(changed, now time.Time) bool {
	return changed.IsZero() || changed.After(p.Seen) || now.Sub(p.SeenAt) < changeRoom && p.SeenAt.Sub(changed) < mostSkew
}

// after is p with what was changed meanwhile by those who had no turn.
func (p place) after(now place) place {
	if now.WayAt.After(p.WayAt) || p.Way == "" {
		p.Way, p.WayAt = now.Way, now.WayAt
	}
	p.Marked = max(p.Marked, now.Marked)
	return p
}

// full says that nothing more of so many bytes can wait.
func (p place) full(more int) bool {
	size := more
	for _, w := range p.Waiting {
		size += len(w.Event)
	}
	return len(p.Waiting) >= mostWaiting || size > mostHeld
}

// wait is for how long nobody looks again for what a message waits for: the longer it has waited, the rarer it is.
func (p place) wait(now time.Time) time.Duration {
	var newest time.Time
	for _, w := range p.Waiting {
		if w.Since.After(newest) {
			newest = w.Since
		}
	}
	age := now.Sub(newest)
	if age < tellAfter {
		return 0
	}
	return min(age/10, rarestLook)
}

// rarestLook is how often at least somebody looks for what a message waits for.
const rarestLook = 6 * time.Hour

// due says whether it is time to ask for a talk of which X tells no change, and notes that it is done.
func (one *talk) due(now time.Time) bool {
	one.mu.Lock()
	defer one.mu.Unlock()
	if !one.at.Owed && now.Sub(one.looked) < one.at.wait(now) {
		return false
	}
	one.looked = now
	return true
}

// isGroup says whether an ID is that of an encrypted group: g and a number.
func isGroup(id string) bool {
	rest, group := strings.CutPrefix(id, "g")
	_, number := api.ParseSnowflake(rest)
	return group && number
}

// ours is a conversation's ID as events carry it, from any of the ways in which X writes it. ok is false for what is neither
// a group's nor that of the account and another one.
func (t *Transport) ours(id string) (canonical string, ok bool) {
	id = xchat.ConversationID(id, t.own.user)
	a, b, pair := strings.Cut(id, ":")
	if !pair {
		return id, isGroup(id)
	}
	_, oka := api.ParseSnowflake(a)
	_, okb := api.ParseSnowflake(b)
	return id, oka && okb && (a == t.own.user || b == t.own.user)
}

// within says whether an event is of a conversation, by its own word, which its writer signs.
func (t *Transport) within(ev wire.Event, id string) bool {
	own, ok := t.ours(ev.Conversation)
	return ok && own == id
}

// belongs says whether somebody can have written in a conversation. Who is in a group is X's to say.
func belongs(user, conversation string) bool {
	if _, ok := api.ParseSnowflake(user); !ok {
		return false
	}
	a, b, pair := strings.Cut(conversation, ":")
	return !pair || user == a || user == b
}

// pathID is a conversation as the paths of X's API have it.
func pathID(id string) string { return strings.ReplaceAll(id, ":", "-") }

const chatMark = "e" // before IDs of encrypted messages, whose numbers could be those of classic ones

// messageID is the message at a place of an encrypted conversation.
func messageID(s wire.Sequence) chat.MessageID {
	if s == 0 {
		return ""
	}
	return chat.MessageID(chatMark + s.String())
}

// SequenceOf undoes messageID; ok is false for a classic message.
func SequenceOf(id chat.MessageID) (s wire.Sequence, ok bool) {
	rest, ok := strings.CutPrefix(string(id), chatMark)
	s = wire.ParseSequence(rest)
	return s, ok && s != 0
}
