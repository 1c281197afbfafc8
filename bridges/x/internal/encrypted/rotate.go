package encrypted

import (
	"context"
	"net/http"
	"strconv"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

// key is the key that the conversation is written with. One that has none is given one.
func (t *Transport) key(ctx context.Context, one *talk) (xchat.ConversationKey, error) {
	if k, ok := one.ring.Latest(); ok {
		return k, nil
	}
	if err := t.learn(ctx, one); err != nil {
		return xchat.ConversationKey{}, err
	}
	if k, ok := one.ring.Latest(); ok {
		return k, nil
	}
	if isGroup(one.id) {
		return xchat.ConversationKey{}, &chat.Error{Op: "x: post", Kind: chat.Refused, Reason: "the group's key has not reached this account"}
	}
	return t.rotate(ctx, one)
}

// learn adopts the keys that X has for the conversation, and keeps them.
func (t *Transport) learn(ctx context.Context, one *talk) error {
	var changes []wire.Event
	err := t.walk(ctx, one.id, 1, func(page chatEvents) bool {
		changes = page.keyChanges()
		return true
	})
	if err != nil && chat.KindOf(err) == chat.Gone {
		return nil // nobody has written there yet
	}
	if err != nil {
		return err
	}
	for _, ev := range changes {
		_, err := t.adopt(ctx, one, ev)
		if err := t.unless(ctx, ev, err); err != nil {
			return err
		}
	}
	return t.keepKeys(ctx, one)
}

// keepKeys keeps a talk because its keys are others now.
func (t *Transport) keepKeys(ctx context.Context, one *talk) error {
	one.mu.Lock()
	defer one.mu.Unlock()
	return t.talks.save(ctx, one)
}

// rotate gives a conversation of two people a new key. When X does not take it, somebody may have been quicker, whose key is
// as good. https://docs.x.com/x-api/chat/initialize-conversation-keys
func (t *Transport) rotate(ctx context.Context, one *talk) (xchat.ConversationKey, error) {
	peer := t.path(one.id)
	people, missing, err := t.members(ctx, t.own.user, peer)
	if err != nil {
		return xchat.ConversationKey{}, err
	}
	if missing != "" {
		return xchat.ConversationKey{}, &chat.Error{Op: "x: post", Kind: chat.Refused, Reason: "this person can't be written to in an encrypted way", Err: errNoKeys}
	}
	before, _ := one.ring.Latest()
	made, err := t.author.Rotate(t.id(""), one.id, t.nextVersion(before), people)
	if err != nil {
		return xchat.ConversationKey{}, &chat.Error{Op: "x: post", Kind: chat.Refused, Err: err}
	}
	r := api.Request{Op: "x: set key", Method: http.MethodPost, Path: "/2/chat/conversations/" + peer + "/keys", JSON: made}
	if _, err := t.a.API.Call(ctx, r, nil); err != nil {
		if chat.KindOf(err) == chat.Refused && t.learn(ctx, one) == nil {
			if k, ok := one.ring.Latest(); ok && k.Version != before.Version {
				return k, nil
			}
		}
		return xchat.ConversationKey{}, err // if X has it, it comes back as a key change that we can read
	}
	one.ring.Add(made.Key)
	return made.Key, t.keepKeys(ctx, one)
}

// nextVersion is the moment as the version of a key, and newer than the one before it: somebody's clock may be ahead.
func (t *Transport) nextVersion(before xchat.ConversationKey) string {
	last, _ := strconv.ParseInt(before.Version, 10, 64) // 0: there was none
	return strconv.FormatInt(max(t.a.Now().UnixMilli(), last+1), 10)
}

// mend does what lets a message pass that X did not carry on, if anything does. A key that is newer than ours and that X does
// not give us is replaced where that is ours to do.
func (t *Transport) mend(ctx context.Context, one *talk, failure wire.FailureType) (mended bool, err error) {
	if failure != wire.NonLatestKeyVersion && failure != wire.RecipientKeyChanged {
		return false, nil
	}
	before, _ := one.ring.Latest()
	if failure == wire.NonLatestKeyVersion || isGroup(one.id) {
		if err := t.learn(ctx, one); err != nil {
			return false, err
		}
		if k, ok := one.ring.Latest(); ok && k.Version != before.Version {
			return true, nil
		}
	}
	if isGroup(one.id) {
		return false, nil
	}
	_, err = t.rotate(ctx, one)
	return err == nil, err
}
