package encrypted

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Edit makes a message read differently: X is given a message that says so.
func (t *Transport) Edit(ctx context.Context, a chat.Edit, target wire.Sequence) (chat.Receipt, error) {
	body := dm.Write(chat.Post{To: a.To, Text: a.Text, Card: a.Card})
	switch n := text.Cautious.Len(body); {
	case n > dm.MostText:
		return chat.Receipt{}, &chat.Error{Op: "x: edit", Kind: chat.Refused, Reason: "the message is longer than the 10,000 characters that X takes"}
	case n == 0:
		return chat.Receipt{}, &chat.Error{Op: "x: edit", Kind: chat.Refused, Reason: "the message is empty"}
	}
	r, err := t.deliver(ctx, a.Key, a.To, func(context.Context, *talk, xchat.ConversationKey) (wire.Content, error) {
		return wire.Edit{Target: target, Text: body, Entities: linkEntities(body)}, nil
	})
	r.Messages = a.Messages
	return r, err
}

// React puts an emoji on a message, or takes it off. Doing it twice comes to the same.
func (t *Transport) React(ctx context.Context, a chat.React, target wire.Sequence) error {
	_, err := t.deliver(ctx, "", a.To, func(context.Context, *talk, xchat.ConversationKey) (wire.Content, error) {
		return wire.Reaction{Target: target, Emoji: a.Emoji, Removed: a.Remove}, nil
	})
	return err
}

// Delete takes messages back for everybody.
func (t *Transport) Delete(ctx context.Context, a chat.Delete, targets []wire.Sequence) error {
	one, err := t.conversation(ctx, a.To)
	if err != nil {
		return err
	}
	err = t.erase(ctx, one.id, targets...)
	if err == nil || chat.KindOf(err) != chat.Gone {
		return err
	}
	if len(targets) == 1 {
		return nil // it is not there any more
	}
	for _, s := range targets { // one of them is not there, and X has deleted none
		if err := t.erase(ctx, one.id, s); err != nil && chat.KindOf(err) != chat.Gone {
			return err
		}
	}
	return nil
}

// erase has X delete messages. https://docs.x.com/x-api/chat/delete-messages
func (t *Transport) erase(ctx context.Context, id string, targets ...wire.Sequence) error {
	act, err := t.author.Delete(t.id(""), id, targets, true)
	if err != nil {
		return &chat.Error{Op: "x: delete", Kind: chat.Refused, Err: err}
	}
	body := map[string]any{"delete_message_action": "delete_for_all", "action_signatures": []xchat.Action{act}}
	ids := make([]string, len(targets))
	for i, s := range targets {
		ids[i] = s.String()
	}
	body["sequence_ids"] = ids
	r := api.Request{Op: "x: delete", Method: http.MethodPost, Path: "/2/chat/conversations/" + t.path(id) + "/messages/delete", JSON: body}
	_, err = t.a.API.Call(ctx, r, nil)
	return err
}

// Typing shows that the account is writing. Where nobody has written yet, there is nothing to show it in.
func (t *Transport) Typing(ctx context.Context, at chat.Conversation) error {
	one, err := t.conversation(ctx, at)
	if err != nil {
		return err
	}
	r := api.Request{Op: "x: type", Method: http.MethodPost, Path: "/2/chat/conversations/" + t.path(one.id) + "/typing"}
	if _, err = t.a.API.Call(ctx, r, nil); err != nil && chat.KindOf(err) == chat.Gone {
		return nil
	}
	return err
}

// markRead tells X that what was answered is read, while nobody waits for it. That X does not take it harms nothing.
func (t *Transport) markRead(ctx context.Context, one *talk) {
	one.mu.Lock()
	until, marked := one.at.Last, one.at.Marked
	one.at.Marked = max(until, marked)
	one.mu.Unlock()
	if until <= marked {
		return
	}
	body := map[string]string{"seen_until_sequence_id": until.String()}
	r := api.Request{Op: "x: mark read", Method: http.MethodPost, Path: "/2/chat/conversations/" + t.path(one.id) + "/read", JSON: body}
	t.a.Errand(ctx, func(ctx context.Context) { _, _ = t.a.API.Call(ctx, r, nil) })
}

// errDistrust says that the other one has not accepted the account yet.
var errDistrust = errors.New("the person has not accepted the conversation")

// failed is why X did not carry a message on, in plain words. https://docs.x.com/xchat/xchat-xdk
func failed(f wire.FailureType) error {
	refused := func(reason string) error { return &chat.Error{Op: "x: post", Kind: chat.Refused, Reason: reason} }
	switch f {
	case wire.RecipientNotTrusted:
		return &chat.Error{
			Op: "x: post", Kind: chat.Refused, Err: errDistrust,
			Reason: "this person has not accepted messages from the account yet: they must follow it or write to it first",
		}
	case wire.ContentsTooLarge:
		return refused("the message is too long for X")
	case wire.TooManyMessages, wire.RateLimitUpsell:
		return &chat.Error{Op: "x: post", Kind: chat.Throttled, Scope: chat.ThisAccount, Wait: api.Window, Reason: "X takes no more messages from the account for now"}
	case wire.OnlyEncryptedAllowed:
		return refused(api.OnlyEncrypted)
	case wire.FlaggedAsSpam:
		return refused("X took the message for spam")
	case wire.SenderNotGroupMember:
		return refused("the account is not in this group any more")
	case wire.RequesterNotAdmin:
		return refused("only the group's admins may do this")
	case wire.InvalidSenderSignature, wire.SignatureNotVerified, wire.InvalidSignatureVersion:
		return refused("X does not accept the account's signature; run roost doctor")
	case wire.NonLatestKeyVersion, wire.RecipientKeyChanged:
		return &chat.Error{Op: "x: post", Kind: chat.Transient, Reason: "the conversation's key changes just now"}
	case wire.InternalError, wire.GenericError:
		return &chat.Error{Op: "x: post", Kind: chat.Transient, Wait: time.Minute, Reason: "X could not carry the message on"}
	case wire.EmptyDetail, wire.InvalidPINRequest, wire.TooManyPins:
	}
	return refused("X did not accept the message")
}
