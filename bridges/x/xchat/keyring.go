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

// mostKeys is how many keys of one conversation are held; the oldest go first.
const mostKeys = 1000

// Keyring is the keys of one conversation, by version. The zero value is empty and ready. No verb prints a key. It is safe
// for concurrent use.
type Keyring struct {
	mu   sync.RWMutex
	keys []ConversationKey // oldest first
	mark string            // the newest version whose key change was verified; empty: none
}

// Key is the key of a version.
func (r *Keyring) Key(version string) (ConversationKey, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	i, ok := r.find(version)
	if !ok {
		return ConversationKey{}, false
	}
	return r.keys[i], true
}

// Latest is the key that new messages are sealed with: the newest that somebody of the conversation signed, or, if
// nobody signed any in a way that can be checked, the newest.
func (r *Keyring) Latest() (ConversationKey, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if i, ok := r.find(r.mark); ok {
		return r.keys[i], true
	}
	if len(r.keys) == 0 {
		return ConversationKey{}, false
	}
	return r.keys[len(r.keys)-1], true
}

// Add takes a key of the account's own making, once X has taken its key change. It becomes the latest unless there is a
// newer one.
func (r *Keyring) Add(k ConversationKey) { r.add(k, true) }

// add takes a key; checked says that its key change was verified. changed is false when it was there already, and when a
// verified one of that version is.
func (r *Keyring) add(k ConversationKey, checked bool) (changed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, have := r.find(k.Version)
	raises := checked && (r.mark == "" || newer(k.Version, r.mark))
	switch {
	case !have:
		r.keys = slices.Insert(r.keys, i, k)
		if len(r.keys) > mostKeys {
			r.keys = slices.Delete(r.keys, 0, 1)
		}
	case raises && r.keys[i].secret != k.secret:
		r.keys[i] = k // the one before it was not verified
	case !raises:
		return false
	}
	if raises {
		r.mark = k.Version
	}
	return true
}

// find is the place of a version, or where it belongs; mu is held.
func (r *Keyring) find(version string) (int, bool) {
	return slices.BinarySearchFunc(r.keys, version, func(k ConversationKey, v string) int {
		switch {
		case k.Version == v:
			return 0
		case newer(k.Version, v):
			return 1
		default:
			return -1
		}
	})
}

// ring is how a Keyring is kept.
type ring struct {
	Keys []struct {
		Version string `json:"version"`
		Secret  string `json:"secret"`
	} `json:"keys"`
	Mark string `json:"mark,omitempty"`
}

// Keep is the keyring's keys as they are kept. They are not encrypted.
func (r *Keyring) Keep() ([]byte, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	kept := ring{Mark: r.mark}
	for _, k := range r.keys {
		kept.Keys = append(kept.Keys, struct {
			Version string `json:"version"`
			Secret  string `json:"secret"`
		}{k.Version, base64.StdEncoding.EncodeToString(k.secret[:])})
	}
	return json.Marshal(kept)
}

// ParseKeyring undoes Keep; nothing is an empty keyring.
func ParseKeyring(b []byte) (*Keyring, error) {
	r := &Keyring{}
	if len(b) == 0 {
		return r, nil
	}
	var kept ring
	if json.Unmarshal(b, &kept) != nil {
		return nil, errors.New("xchat: this is no keyring")
	}
	for _, k := range kept.Keys {
		secret, err := decode64(k.Secret)
		if err != nil || !digits(k.Version) {
			return nil, errors.New("xchat: this is no keyring")
		}
		one, err := ParseConversationKey(k.Version, secret)
		if err != nil {
			return nil, err
		}
		r.add(one, false)
	}
	r.mark = kept.Mark
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
