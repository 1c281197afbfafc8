package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/router/chat"
)

// interaction makes events of a pressed button or a filled form. A button with a form makes none yet: its modal is opened at
// once, because the trigger that allows it lives for three seconds.
func (c *Connector) interaction(ctx context.Context, self identity, raw []byte) ([]chat.Event, error) {
	var in slackapi.InteractionCallback
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("decode an interaction: %w", err)
	}
	if in.Type == slackapi.InteractionTypeBlockActions {
		return c.press(ctx, self, in)
	}
	if in.Type == slackapi.InteractionTypeViewSubmission {
		return c.filled(ctx, self, in)
	}
	return nil, errUnknown
}

func (c *Connector) press(ctx context.Context, self identity, in slackapi.InteractionCallback) ([]chat.Event, error) {
	var events []chat.Event
	channel := firstOf(in.Container.ChannelID, in.Channel.ID)
	ts := firstOf(in.Container.MessageTs, in.Message.Timestamp)
	thread := firstOf(in.Container.ThreadTs, in.Message.ThreadTimestamp)
	for _, a := range in.ActionCallback.BlockActions {
		id, form, ok := pressedButton(a.ActionID)
		if !ok || channel == "" || ts == "" {
			return nil, errUnknown
		}
		if form {
			if err := c.ask(ctx, in, id, a.Value, pressed{Channel: channel, Thread: thread, Message: ts}); err != nil {
				return nil, err
			}
			continue
		}
		events = append(events, chat.Event{
			ID:           chat.EventID(fmt.Sprintf("press:%s:%s:%s:%s", channel, ts, in.User.ID, a.ActionTs)),
			Conversation: c.conversation(channel, ts, thread),
			Message:      chat.MessageID(ts),
			Root:         root(c.conversation(channel, ts, thread)),
			Author:       c.presser(ctx, self, in.User),
			At:           stamp(a.ActionTs),
			Direct:       direct(channel),
			What:         chat.Pressed{Button: id, Value: a.Value},
		})
	}
	return events, nil
}

// ask opens the form of a button.
func (c *Connector) ask(ctx context.Context, in slackapi.InteractionCallback, button, value string, at pressed) error {
	var carried pressed
	if err := json.Unmarshal([]byte(value), &carried); err != nil || carried.Form == nil {
		return errors.Join(errUnknown, err)
	}
	at.Button, at.Value = button, carried.Value
	view, err := modal(*carried.Form, at)
	if err != nil {
		return errors.Join(errUnknown, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err = c.api.OpenViewContext(ctx, in.TriggerID, view)
	switch slackSaid(err) {
	case "expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged":
		return nil // too late, or open already: the person presses again
	}
	if err != nil {
		return c.fail(call{op: "slack: views.open", scope: chat.ThisAccount}, err)
	}
	return nil
}

// filled is the press of a button whose form was filled.
func (c *Connector) filled(ctx context.Context, self identity, in slackapi.InteractionCallback) ([]chat.Event, error) {
	var at pressed
	if err := json.Unmarshal([]byte(in.View.PrivateMetadata), &at); err != nil || in.View.CallbackID != metaType || at.Message == "" {
		return nil, errors.Join(errUnknown, err)
	}
	fields := map[string]string{}
	if in.View.State != nil {
		for id, inputs := range in.View.State.Values {
			fields[id] = firstOf(inputs[fieldAction].Value, inputs[fieldAction].SelectedOption.Value)
		}
	}
	return []chat.Event{{
		ID:           chat.EventID(fmt.Sprintf("press:%s:%s", in.View.ID, firstOf(in.View.Hash, in.Hash))),
		Conversation: c.conversation(at.Channel, at.Message, at.Thread),
		Message:      chat.MessageID(at.Message),
		Root:         root(c.conversation(at.Channel, at.Message, at.Thread)),
		Author:       c.presser(ctx, self, in.User),
		At:           c.clock().UTC(),
		Direct:       direct(at.Channel),
		What:         chat.Pressed{Button: at.Button, Value: at.Value, Fields: fields},
	}}, nil
}

func (c *Connector) presser(ctx context.Context, self identity, u slackapi.User) chat.Author {
	a := c.author(ctx, self, &slackapi.Msg{User: u.ID})
	a.Name = firstOf(a.Name, u.Name)
	return a
}
