package xchat

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// mostKeys is how many keys of one conversation are held. Those of which least is known go first, of them the oldest; so
// what strangers make puts out no key that somebody signed.
const mostKeys = 1000

// trust is what is known of who made a key.
type trust int

const (
	readOnly trust = iota // its signer is not listed: it opens messages, which have signatures of their own
	former                // it was signed in a way that does not cover the key itself
	checked               // its signer had the key and signed it, or it is our own
)

// held is a key in a Keyring.
type held struct {
	ConversationKey

	trust trust
}

// Keyring is the keys of one conversation, by version. The zero value is empty and ready. No verb prints a key. It is safe
// for concurrent use.
type Keyring struct {
	mu   sync.RWMutex
	keys []held // oldest first
}

// Key is the key of a version.
func (r *Keyring) Key(version string) (ConversationKey, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	i, ok := r.find(version)
	if !ok {
		return ConversationKey{}, false
	}
	return r.keys[i].ConversationKey, true
}

// Latest is the key that new messages are sealed with: the newest that its maker signed. Keys from before the signature
// covered the key itself (version 6) count only where there is none such. A key whose signer is not listed never counts. So
// once there is a Latest that is signed as it is today, it never becomes an older one, whatever is adopted.
func (r *Keyring) Latest() (ConversationKey, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if i := r.latest(); i >= 0 {
		return r.keys[i].ConversationKey, true
	}
	return ConversationKey{}, false
}

// latest is the place of Latest, or -1; mu is held.
func (r *Keyring) latest() int {
	best := -1
	for i, k := range r.keys {
		if k.trust > readOnly && (best < 0 || k.trust >= r.keys[best].trust) {
			best = i
		}
	}
	return best
}

// Add takes a key of the account's own making, once X has taken its key change. It becomes the latest unless there is a
// newer one. The zero value is no key, and is not taken.
func (r *Keyring) Add(k ConversationKey) {
	if !k.IsZero() {
		r.add(held{k, checked})
	}
}

// add takes a key. Of two keys of one version the better known stays, and of two that are known as well, the first.
// changed is false when nothing is another one now.
func (r *Keyring) add(k held) (changed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, have := r.find(k.Version)
	if have {
		if changed = k.trust > r.keys[i].trust; changed {
			r.keys[i] = k
		}
		return changed
	}
	r.keys = slices.Insert(r.keys, i, k)
	if len(r.keys) <= mostKeys {
		return true
	}
	least := 0
	for j, k := range r.keys {
		if k.trust < r.keys[least].trust {
			least = j
		}
	}
	r.keys = slices.Delete(r.keys, least, least+1)
	return i != least
}

// find is the place of a version, or where it belongs; mu is held.
func (r *Keyring) find(version string) (int, bool) {
	return slices.BinarySearchFunc(r.keys, version, func(k held, v string) int { return compareVersions(k.Version, v) })
}

// ErrKeyring says that bytes are no keyring.
var ErrKeyring = errors.New("xchat: this is no keyring")

// ring is how a Keyring is kept.
type ring struct {
	Keys []keptKey `json:"keys"`
}

type keptKey struct {
	Version string `json:"version"`
	Secret  string `json:"secret"`
	Trust   trust  `json:"trust,omitempty"`
}

// Keep is the keyring's keys as they are kept. They are not encrypted.
func (r *Keyring) Keep() ([]byte, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	kept := ring{Keys: make([]keptKey, len(r.keys))}
	for i, k := range r.keys {
		kept.Keys[i] = keptKey{Version: k.Version, Secret: base64.StdEncoding.EncodeToString(k.Secret()[:]), Trust: k.trust}
	}
	return json.Marshal(kept)
}

// ParseKeyring undoes Keep; nothing is an empty keyring. Its error is ErrKeyring.
func ParseKeyring(b []byte) (*Keyring, error) {
	r := &Keyring{}
	if len(b) == 0 {
		return r, nil
	}
	var kept ring
	if json.Unmarshal(b, &kept) != nil {
		return nil, ErrKeyring // the cause may show what is in it
	}
	for _, k := range kept.Keys {
		secret, err := decode64(k.Secret)
		if err != nil || !digits(k.Version) || k.Trust < readOnly || k.Trust > checked {
			return nil, ErrKeyring
		}
		one, err := ParseConversationKey(k.Version, secret)
		if err != nil {
			return nil, ErrKeyring
		}
		r.add(held{one, k.Trust})
	}
	return r, nil
}

// String shows how many keys there are.
func (r *Keyring) String() string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return fmt.Sprintf("keyring of %d", len(r.keys))
}

// Format is String for every verb.
func (r *Keyring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }
