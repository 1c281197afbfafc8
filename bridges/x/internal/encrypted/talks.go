package encrypted

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"weak"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/xchat"
)

const (
	keepTalk    = "chat/talk/"   // and the conversation's ID
	keepWaiting = "chat/waiting" // the conversations in which something waits, or is owed
	mostOpen    = 256            // talks that stay in memory although nobody uses them
)

// keptTalk is how a talk is kept. Keeper encrypts it.
type keptTalk struct {
	place

	Ring json.RawMessage `json:"ring,omitempty"`
}

// talks is the conversations that are known. It is safe for concurrent use.
//
// There is one copy of a talk as long as anybody uses it, and no more of them than are used and the last mostOpen: open
// finds a talk without holding it, and last holds some.
type talks struct {
	keep bridges.Keeper
	log  *slog.Logger

	mu      sync.Mutex
	open    map[string]weak.Pointer[talk]
	sweep   int // how many of open there may be before those that are gone are taken out
	last    [mostOpen]*talk
	next    int      // in last
	waiting []string // IDs; nil: not loaded yet
}

// talk is the conversation of an ID; one that is not known begins empty.
func (t *talks) talk(ctx context.Context, id string) (*talk, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one := t.open[id].Value(); one != nil {
		return one, nil
	}
	b, err := t.keep.Kept(ctx, keepTalk+id)
	if err != nil {
		return nil, fmt.Errorf("x: load conversation: %w", err)
	}
	one := &talk{id: id, ring: &xchat.Keyring{}, turn: make(chan struct{}, 1)}
	if b != nil && !one.restore(b) {
		// X has everything that is in it, and what comes again is stored once.
		t.log.LogAttrs(ctx, slog.LevelError, "encrypted conversation can't be read, and begins anew", slog.String("conversation", id))
	}
	t.hold(one)
	return one, nil
}

// restore reads what was kept. ok is false when that can't be read; the talk is then empty.
func (one *talk) restore(b []byte) (ok bool) {
	var kept keptTalk
	if json.Unmarshal(b, &kept) != nil {
		return false
	}
	ring, err := xchat.ParseKeyring(kept.Ring)
	if err != nil {
		return false
	}
	one.ring, one.at, one.kept = ring, kept.place, sha256.Sum256(b)
	return true
}

// hold puts a talk among those that can be found; mu is held.
func (t *talks) hold(one *talk) {
	if t.open == nil {
		t.open = map[string]weak.Pointer[talk]{}
	}
	if len(t.open) >= t.sweep {
		for id, p := range t.open {
			if p.Value() == nil {
				delete(t.open, id)
			}
		}
		t.sweep = 2*len(t.open) + mostOpen
	}
	t.open[one.id] = weak.Make(one)
	t.last[t.next] = one
	t.next = (t.next + 1) % mostOpen
}

// settle makes a place, which was worked on while one had the turn, that of a talk, and keeps it. When it can't be kept,
// nothing has changed but for keys, which are good for reading all the same.
func (t *talks) settle(ctx context.Context, one *talk, next place) error {
	one.mu.Lock()
	defer one.mu.Unlock()
	before := one.at
	one.at = next.after(before)
	if err := t.save(ctx, one); err != nil {
		one.at = before
		return err
	}
	return nil
}

// save keeps a talk as it is, if it is not kept so already; its mu is held.
func (t *talks) save(ctx context.Context, one *talk) error {
	ring, err := one.ring.Keep()
	if err != nil {
		return err
	}
	b, err := json.Marshal(keptTalk{place: one.at, Ring: ring})
	if err != nil {
		return fmt.Errorf("x: keep conversation: %w", err)
	}
	// What waits is noted first: a talk that is looked at in vain harms nothing, and one that nobody looks at does.
	waits := len(one.at.Waiting) > 0 || one.at.Owed
	if waits {
		if err := t.note(ctx, one.id, true); err != nil {
			return err
		}
	}
	if sum := sha256.Sum256(b); sum != one.kept {
		if err := t.keep.Keep(ctx, keepTalk+one.id, b); err != nil {
			return fmt.Errorf("x: keep conversation: %w", err)
		}
		one.kept = sum
	}
	if !waits {
		return t.note(ctx, one.id, false)
	}
	return nil
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
	if err := dm.KeepJSON(ctx, t.keep, keepWaiting, all); err != nil {
		return err
	}
	t.waiting = all
	return nil
}

// waits is the conversations in which something waits, or is owed.
func (t *talks) waits(ctx context.Context) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.load(ctx)
	return slices.Clone(t.waiting), err
}

// locked is in how many conversations there are messages that wait for a key.
func (t *talks) locked(ctx context.Context) (n int, err error) {
	all, err := t.waits(ctx)
	for _, id := range all {
		one, wrong := t.talk(ctx, id)
		if wrong != nil {
			return n, wrong
		}
		if len(one.place().Waiting) > 0 {
			n++
		}
	}
	return n, err
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
	all := []string{}
	if b != nil {
		_ = json.Unmarshal(b, &all) // what is unreadable is found again when its key comes
	}
	t.waiting = append([]string{}, all...)
	return nil
}
