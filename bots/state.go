package bots

import (
	"context"
	"fmt"

	"github.com/roost-im/roost/router/chat"
)

// Scope says whose a part of a bot's state is.
type Scope string

// The scopes of state.
const (
	OfPerson Scope = "person" // of the person who did it, wherever they are on their account
	OfTalk   Scope = "talk"   // of the conversation, or of all conversations of a mirror
	OfBot    Scope = "bot"
)

// What state may come to.
const (
	stateKeyMax   = 100      // bytes
	stateValueMax = 64 << 10 // bytes
)

func (t *Turn) stateKey(s Scope, key string) (string, error) {
	if key == "" || len(key) > stateKeyMax {
		return "", fmt.Errorf("%w: a key of state has 1 to %d bytes", ErrMayNot, stateKeyMax)
	}
	at := "bot/" + t.bot + "/state/"
	switch s {
	case OfPerson:
		return at + "p/" + personKey(t.Here().Account, t.hear.Event.Author.ID) + "/" + key, nil
	case OfTalk:
		return at + "t/" + t.hear.To.String() + "/" + key, nil
	case OfBot:
		return at + "b/" + key, nil
	}
	return "", fmt.Errorf("%w: %q is no scope: person, talk or bot", ErrMayNot, s)
}

func personKey(a chat.Account, id chat.PersonID) string {
	return chat.Conversation{Account: a, ID: chat.ConversationID(id)}.String()
}

// Get reads a value of the bot's state; nil when there is none.
func (t *Turn) Get(ctx context.Context, s Scope, key string) ([]byte, error) {
	at, err := t.stateKey(s, key)
	if err != nil {
		return nil, err
	}
	v, again, err := t.replayed(opState)
	if err != nil {
		return nil, err
	}
	if !again {
		k, err := t.kept(ctx, at)
		if err != nil {
			return nil, err
		}
		if v = ""; k.Now != nil {
			v = "=" + string(k.Now)
		}
		t.given(opState, v)
	}
	if v == "" {
		return nil, nil
	}
	return []byte(v[1:]), nil
}

// Set changes a value of the bot's state; nil removes it.
func (t *Turn) Set(ctx context.Context, s Scope, key string, value []byte) error {
	at, err := t.stateKey(s, key)
	if err != nil {
		return err
	}
	if len(value) > stateValueMax {
		return fmt.Errorf("%w: a value of state has %d bytes at most", ErrMayNot, stateValueMax)
	}
	if !t.counts() {
		return nil
	}
	k, err := t.kept(ctx, at)
	if err == nil {
		k.Now = value
	}
	return err
}

// kept is a value as it was read and as it shall be.
func (t *Turn) kept(ctx context.Context, key string) (*chat.Kept, error) {
	if k := t.keep[key]; k != nil {
		return k, nil
	}
	was, err := t.env.State(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("%w: read state: %w", ErrAgain, err)
	}
	if t.keep == nil {
		t.keep = map[string]*chat.Kept{}
	}
	k := &chat.Kept{Key: key, Was: was, Now: was}
	t.keep[key] = k
	return k, nil
}
