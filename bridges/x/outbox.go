package x

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/router/chat"
)

const (
	keepOutbox = "chat/out/" // and the post's key
	keepOuts   = "chat/outs" // the keys, oldest first
	mostOuts   = mostClaims
)

// outbox is what was sealed and signed to be sent, so that a try after the first one sends the very same bytes. It is safe
// for concurrent use.
type outbox struct {
	keep bridges.Keeper

	mu  sync.Mutex
	all []chat.Key // nil: not loaded yet
}

// letter is a sealed message on its way to a conversation.
type letter struct {
	Conversation string        `json:"conversation"`
	Payload      xchat.Payload `json:"payload"`
}

// letter is what was sealed for a post; nil when nothing was.
func (o *outbox) letter(ctx context.Context, key chat.Key) (*letter, error) {
	if key == "" {
		return nil, nil //nolint:nilnil // a post without a key is sealed anew
	}
	b, err := o.keep.Kept(ctx, keepOutbox+string(key))
	if err != nil {
		return nil, fmt.Errorf("x: load sealed message: %w", err)
	}
	var l letter
	if b == nil || json.Unmarshal(b, &l) != nil {
		return nil, nil //nolint:nilnil // what is unreadable was not sent by this version
	}
	return &l, nil
}

// put keeps what was sealed for a post, and forgets the oldest.
func (o *outbox) put(ctx context.Context, key chat.Key, l letter) error {
	if key == "" {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.load(ctx); err != nil {
		return err
	}
	if err := keepJSON(ctx, o.keep, keepOutbox+string(key), l); err != nil {
		return err
	}
	if slices.Contains(o.all, key) {
		return nil
	}
	all := append(slices.Clone(o.all), key)
	for len(all) > mostOuts {
		if err := o.keep.Keep(ctx, keepOutbox+string(all[0]), nil); err != nil {
			return fmt.Errorf("x: forget sealed message: %w", err)
		}
		all = all[1:]
	}
	if err := keepJSON(ctx, o.keep, keepOuts, all); err != nil {
		return err
	}
	o.all = all
	return nil
}

// drop forgets what X refused: it is sealed anew when it is tried again.
func (o *outbox) drop(ctx context.Context, key chat.Key) error {
	if key == "" {
		return nil
	}
	if err := o.keep.Keep(ctx, keepOutbox+string(key), nil); err != nil {
		return fmt.Errorf("x: forget sealed message: %w", err)
	}
	return nil
}

// load reads which keys there are; mu is held.
func (o *outbox) load(ctx context.Context) error {
	if o.all != nil {
		return nil
	}
	b, err := o.keep.Kept(ctx, keepOuts)
	if err != nil {
		return fmt.Errorf("x: load sealed messages: %w", err)
	}
	o.all = []chat.Key{}
	if b != nil {
		_ = json.Unmarshal(b, &o.all) // unreadable: they stay for good, which harms nothing
	}
	return nil
}
