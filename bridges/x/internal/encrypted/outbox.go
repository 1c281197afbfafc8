package encrypted

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/router/chat"
)

const (
	keepOutbox = "chat/out/" // and the message's ID
	keepOuts   = "chat/outs" // the IDs, oldest first
	mostOuts   = 512
)

// outbox is what was sealed and signed to be sent, so that a try after the first one sends the very same bytes. It is safe
// for concurrent use.
type outbox struct {
	keep bridges.Keeper

	mu  sync.Mutex
	all []string // nil: not loaded yet
}

// letter is a sealed message on its way to a conversation.
type letter struct {
	Conversation string         `json:"conversation"`
	Payload      xchat.Payload  `json:"payload"`
	Message      chat.MessageID `json:"message,omitempty"` // what it became; empty: X has not said
	At           time.Time      `json:"at,omitzero"`       // and when
	Loose        bool           `json:"-"`                 // another try may seal it anew, so it is not kept
}

// receipt is that of a letter that is known to have arrived.
func (l letter) receipt() chat.Receipt {
	return chat.Receipt{Messages: []chat.MessageID{l.Message}, At: l.At}
}

// letter is what was sealed under a message's ID; nil when nothing was.
func (o *outbox) letter(ctx context.Context, id string) (*letter, error) {
	b, err := o.keep.Kept(ctx, keepOutbox+id)
	if err != nil {
		return nil, fmt.Errorf("x: load sealed message: %w", err)
	}
	var l letter
	if b == nil || json.Unmarshal(b, &l) != nil {
		return nil, nil //nolint:nilnil // what is unreadable was not sent by this version
	}
	return &l, nil
}

// put keeps what was sealed, and forgets the oldest.
func (o *outbox) put(ctx context.Context, l letter) error {
	id := l.Payload.MessageID
	if l.Loose {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.load(ctx); err != nil {
		return err
	}
	if err := dm.KeepJSON(ctx, o.keep, keepOutbox+id, l); err != nil {
		return err
	}
	if slices.Contains(o.all, id) {
		return nil
	}
	all := append(slices.Clone(o.all), id)
	for len(all) > mostOuts {
		if err := o.keep.Keep(ctx, keepOutbox+all[0], nil); err != nil {
			return fmt.Errorf("x: forget sealed message: %w", err)
		}
		all = all[1:]
	}
	if err := dm.KeepJSON(ctx, o.keep, keepOuts, all); err != nil {
		return err
	}
	o.all = all
	return nil
}

// drop forgets what X refused: it is sealed anew when it is tried again.
func (o *outbox) drop(ctx context.Context, id string) error {
	if err := o.keep.Keep(ctx, keepOutbox+id, nil); err != nil {
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
	o.all = []string{}
	if b != nil {
		_ = json.Unmarshal(b, &o.all) // unreadable: they stay for good, which harms nothing
	}
	return nil
}
