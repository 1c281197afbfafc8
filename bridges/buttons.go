package bridges

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// Buttons remembers the buttons of cards under short names, for platforms whose buttons hold a few bytes only and tell no
// more than those when they are pressed. The same button always has the same name, and a name outlives a restart. It is
// safe for concurrent use.
type Buttons struct {
	keep  Keeper
	known *Cache[chat.Button]
}

const (
	buttonsMost = 1000
	buttonsLife = 24 * time.Hour
	buttonAt    = "button/"
)

// NewButtons makes Buttons that are kept in keep.
func NewButtons(keep Keeper, now func() time.Time) *Buttons {
	return &Buttons{keep: keep, known: NewCache[chat.Button](buttonsMost, buttonsLife, now)}
}

// Name gives the name of b, 16 letters and digits, and remembers it.
func (s *Buttons) Name(ctx context.Context, b chat.Button) (string, error) {
	body, err := json.Marshal(b)
	if err != nil {
		return "", fmt.Errorf("button %s: %w", b.ID, err)
	}
	sum := sha256.Sum256(body)
	name := base32.StdEncoding.EncodeToString(sum[:10])
	if _, fresh := s.known.Get(name); fresh {
		return name, nil
	}
	if err := s.keep.Keep(ctx, buttonAt+name, body); err != nil {
		return "", fmt.Errorf("remember button %s: %w", b.ID, err)
	}
	s.known.Put(name, b)
	return name, nil
}

// Button finds the button of a name; ok is false when there never was one.
func (s *Buttons) Button(ctx context.Context, name string) (b chat.Button, ok bool, err error) {
	if b, fresh := s.known.Get(name); fresh {
		return b, true, nil
	}
	body, err := s.keep.Kept(ctx, buttonAt+name)
	if err != nil || body == nil {
		return b, false, err
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return b, false, fmt.Errorf("button %s: %w", name, err)
	}
	s.known.Put(name, b)
	return b, true, nil
}
