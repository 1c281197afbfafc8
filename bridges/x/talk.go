package x

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

const (
	keepTalk    = "chat/talk/"   // and the conversation's ID
	keepWaiting = "chat/waiting" // the conversations in which something waits
	mostWaiting = 200            // messages of one conversation that wait for a key; what is more stays at X, unread
)

// way is the kind of direct message that a conversation goes by.
type way string

// The ways; the zero value is that nobody has written yet.
const (
	byClassic way = "classic"
	byChat    way = "chat"
)

// talk is one encrypted conversation, as far as it must not be forgotten. It is one at a time that takes in what came.
type talk struct {
	id string // as events carry it: A:B, or a group's

	mu   sync.Mutex
	ring *xchat.Keyring
	at   place
}

// place is where a talk has come to.
type place struct {
	Last    wire.Sequence `json:"last,omitempty"`    // the newest event that was taken in
	Seen    time.Time     `json:"seen,omitzero"`     // X's time of the last change when everything was read
	SeenAt  time.Time     `json:"seen_at,omitzero"`  // and ours
	Way     way           `json:"way,omitempty"`     // by which the other one wrote last
	WayAt   time.Time     `json:"way_at,omitzero"`   // and when
	TTL     time.Duration `json:"ttl,omitempty"`     // how long messages live
	Token   string        `json:"token,omitempty"`   // X wants it back
	Marked  wire.Sequence `json:"marked,omitempty"`  // read up to here, as X was told
	Waiting []waiting     `json:"waiting,omitempty"` // oldest first
	Bygone  []bygone      `json:"bygone,omitempty"`  // oldest first
	Wrote   []wrote       `json:"wrote,omitempty"`   // who wrote what, oldest first
}

// waiting is a message whose key has not come yet.
type waiting struct {
	Event string    `json:"event"` // as X gave it
	Since time.Time `json:"since"`
	Told  bool      `json:"told,omitempty"` // the team knows that there is something
}

// clone is a place that can be changed by itself.
func (p place) clone() place {
	p.Waiting, p.Bygone, p.Wrote = slices.Clone(p.Waiting), slices.Clone(p.Bygone), slices.Clone(p.Wrote)
	return p
}

// same says whether there is nothing to be kept anew. Where something waits there is.
func (p place) same(o place) bool {
	return p.Last == o.Last && p.Seen.Equal(o.Seen) && p.SeenAt.Equal(o.SeenAt) && p.sameWay(o) &&
		len(p.Waiting) == 0 && len(o.Waiting) == 0 && slices.Equal(p.Bygone, o.Bygone) && slices.Equal(p.Wrote, o.Wrote)
}

func (p place) sameWay(o place) bool {
	return p.Way == o.Way && p.WayAt.Equal(o.WayAt) && p.TTL == o.TTL && p.Token == o.Token
}

// keptTalk is how a talk is kept. Keeper encrypts it.
type keptTalk struct {
	place

	Ring json.RawMessage `json:"ring,omitempty"`
}

// talks is the conversations that are known. It is safe for concurrent use.
type talks struct {
	keep bridges.Keeper

	mu      sync.Mutex
	open    map[string]*talk
	waiting []string // IDs; nil: not loaded yet
}

// talk is the conversation of an ID; one that is not known begins empty.
func (t *talks) talk(ctx context.Context, id string) (*talk, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one := t.open[id]; one != nil {
		return one, nil
	}
	b, err := t.keep.Kept(ctx, keepTalk+id)
	if err != nil {
		return nil, fmt.Errorf("x: load conversation: %w", err)
	}
	one := &talk{id: id, ring: &xchat.Keyring{}}
	if b != nil {
		var kept keptTalk
		if err := json.Unmarshal(b, &kept); err != nil {
			return nil, fmt.Errorf("x: load conversation %s: it can't be read", id)
		}
		if one.ring, err = xchat.ParseKeyring(kept.Ring); err != nil {
			return nil, fmt.Errorf("x: load conversation %s: %w", id, err)
		}
		one.at = kept.place
	}
	if t.open == nil {
		t.open = map[string]*talk{}
	}
	t.open[id] = one
	return one, nil
}

// save keeps a talk as it is; its mu is held.
func (t *talks) save(ctx context.Context, one *talk) error {
	ring, err := one.ring.Keep()
	if err == nil {
		err = keepJSON(ctx, t.keep, keepTalk+one.id, keptTalk{place: one.at, Ring: ring})
	}
	if err != nil {
		return err
	}
	return t.note(ctx, one.id, len(one.at.Waiting) > 0)
}

// note remembers whether something waits in a conversation.
func (t *talks) note(ctx context.Context, id string, waits bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(ctx); err != nil {
		return err
	}
	if slices.Contains(t.waiting, id) == waits {
		return nil
	}
	all := slices.DeleteFunc(slices.Clone(t.waiting), func(o string) bool { return o == id })
	if waits {
		all = append(all, id)
	}
	if err := keepJSON(ctx, t.keep, keepWaiting, all); err != nil {
		return err
	}
	t.waiting = all
	return nil
}

// waits is the conversations in which something waits.
func (t *talks) waits(ctx context.Context) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.load(ctx)
	return slices.Clone(t.waiting), err
}

// load reads which conversations wait; mu is held.
func (t *talks) load(ctx context.Context) error {
	if t.waiting != nil {
		return nil
	}
	b, err := t.keep.Kept(ctx, keepWaiting)
	if err != nil {
		return fmt.Errorf("x: load what waits: %w", err)
	}
	t.waiting = []string{}
	if b != nil {
		_ = json.Unmarshal(b, &t.waiting) // what is unreadable is found again when its key comes
	}
	return nil
}

// isGroup says whether an ID is that of an encrypted group.
func isGroup(id string) bool { return strings.HasPrefix(id, "g") }

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

// sequenceOf undoes messageID; ok is false for a classic message.
func sequenceOf(id chat.MessageID) (s wire.Sequence, ok bool) {
	rest, ok := strings.CutPrefix(string(id), chatMark)
	s = wire.ParseSequence(rest)
	return s, ok && s != 0
}
