package discord

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// interaction is what Discord tells of a press, of a filled form or of a slash command.
// https://docs.discord.com/developers/interactions/receiving-and-responding
type interaction struct {
	ID      string   `json:"id"`
	Type    int      `json:"type"`
	Token   string   `json:"token"`
	Channel string   `json:"channel_id"`
	Where   *channel `json:"channel"`
	Guild   string   `json:"guild_id"`
	Member  *member  `json:"member"`
	User    *user    `json:"user"`
	Message *message `json:"message"`
	Data    struct {
		CustomID   string          `json:"custom_id"`
		Components json.RawMessage `json:"components"`
		Name       string          `json:"name"` // of a command
		Options    []given         `json:"options"`
		Resolved   resolved        `json:"resolved"`
	} `json:"data"`
}

// Types of interactions, and of answers to them.
const (
	commandType   = 2
	pressedType   = 3
	submittedType = 5

	answerMessage = 4
	answerLater   = 6 // nothing changes
	answerUpdate  = 7
	answerModal   = 9

	answerTime = 2500 * time.Millisecond // Discord waits three seconds
	maxHeading = 45                      // of a modal and its labels
	maxInput   = 4000
	maxChoices = 25
	maxChoice  = 100
	maxAsk     = 1000
)

// interaction takes one press, filled form or command: it is accepted first, and answered then, so that nobody sees it succeed who
// would press in vain. What can't be understood is counted.
func (in *intake) interaction(ctx context.Context, d dispatch) {
	var i interaction
	takes := map[int]func(context.Context, interaction) error{
		commandType: in.commanded, pressedType: in.pressed, submittedType: in.pressed,
	}
	if err := decode(d.raw, &i); err != nil || i.ID == "" || i.Token == "" || takes[i.Type] == nil {
		in.c.deps.Skip(d.kind, d.raw)
		return
	}
	if i.Where != nil && i.Where.ID != "" && i.Where.Type != typeForum {
		if _, fresh := in.c.places.known.Get(i.Where.ID); !fresh {
			in.c.places.learn(*i.Where, i.Guild)
		}
	}
	if err := takes[i.Type](ctx, i); err != nil {
		if errors.Is(err, errUnknown) {
			in.c.deps.Skip(d.kind, d.raw)
			return
		}
		in.c.log.LogAttrs(ctx, slog.LevelWarn, "press not answered", slog.Any("error", err))
	}
}

func (in *intake) pressed(ctx context.Context, i interaction) error {
	mark, rest, _ := strings.Cut(i.Data.CustomID, ":")
	name, message, _ := strings.Cut(rest, ":")
	if message == "" && i.Message != nil {
		message = i.Message.ID
	}
	if known := []string{pressMark, formMark, askMark, filledMark, yesMark, noMark}; !slices.Contains(known, mark) || name == "" || message == "" {
		return errUnknown
	}
	b, ok, err := in.c.buttons.Button(ctx, name)
	if err != nil {
		return errors.Join(err, in.tell(ctx, i, "Roost could not look that up. Please try again."))
	}
	if !ok {
		return in.tell(ctx, i, "This button is from before Roost was set up anew, so nobody knows any more what it was for.")
	}
	switch mark {
	case formMark:
		return in.reply(ctx, i, answerModal, modal(b, filledMark+":"+name+":"+message))
	case askMark:
		return in.reply(ctx, i, answerMessage, question(b, name, message))
	case noMark:
		return in.reply(ctx, i, answerUpdate, map[string]any{"content": "Cancelled.", "components": []any{}})
	}
	return in.press(ctx, i, b, message)
}

// press has a press accepted, and says then that it was.
func (in *intake) press(ctx context.Context, i interaction, b chat.Button, message string) error {
	what := chat.Pressed{Button: b.ID, Value: b.Value}
	if i.Type == submittedType {
		what.Fields = filled(b.Form, i.Data.Components)
	}
	if err := in.accept(ctx, i, message, what); err != nil {
		return errors.Join(err, in.tell(ctx, i, notTaken))
	}
	if strings.HasPrefix(i.Data.CustomID, yesMark+":") {
		return in.reply(ctx, i, answerUpdate, map[string]any{"content": "✓ " + plain(b.Label, maxLabel), "components": []any{}})
	}
	return in.reply(ctx, i, answerLater, nil)
}

// accept has a press or a command accepted. What is said to bots is meant for the account.
func (in *intake) accept(ctx context.Context, i interaction, message string, what chat.Happening) error {
	within, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	e, _, err := in.event(within, i.Channel, message, what)
	if err != nil {
		return err
	}
	e.ID, e.At = chat.EventID("press:"+i.ID), at(i.ID)
	if slashed(e.Message) {
		e.Addressed = true
		if err := in.remember(within, []chat.Event{e}); err != nil {
			return err
		}
	}
	switch {
	case i.Member != nil && i.Member.User != nil:
		e.Author = in.person(*i.Member.User, i.Member)
	case i.User != nil:
		e.Author = in.person(*i.User, nil)
	}
	return in.sink.Accept(within, chat.Batch{Events: []chat.Event{e}})
}

// reply answers an interaction.
func (in *intake) reply(ctx context.Context, i interaction, kind int, data any) error {
	body := map[string]any{"type": kind}
	if data != nil {
		body["data"] = data
	}
	_, err := in.c.call(ctx, request{
		op: "discord: answer a press", method: http.MethodPost, path: route("interactions", i.ID, i.Token, "callback"), body: body,
	}, nil)
	if said(err) == acknowledged {
		return nil
	}
	return err
}

// tell answers with a sentence that only the person who pressed sees.
func (in *intake) tell(ctx context.Context, i interaction, sentence string) error {
	return in.reply(ctx, i, answerMessage, map[string]any{"content": sentence, "flags": flagEphemeral})
}

// question asks whether a press is meant, with buttons that only the person who pressed sees.
func question(b chat.Button, name, message string) map[string]any {
	style := b.Style
	if style == "" {
		style = chat.Primary
	}
	return map[string]any{
		"content": plain(b.Ask, maxAsk), "flags": flagEphemeral, "allowed_mentions": map[string]any{"parse": []string{}},
		"components": []any{actionRow(
			button(yesMark+":"+name+":"+message, b.Label, style), button(noMark+":"+name+":"+message, "Cancel", ""),
		)},
	}
}

// modal is a form, five questions at most. https://docs.discord.com/developers/components/using-modal-components
func modal(b chat.Button, id string) map[string]any {
	var inputs []any
	for n, f := range b.Form.Fields[:min(maxRow, len(b.Form.Fields))] {
		inputs = append(inputs, map[string]any{"type": 18, "label": clip(firstOf(f.Label, "–"), maxHeading), "component": input(n, f)})
	}
	return map[string]any{"custom_id": id, "title": clip(firstOf(b.Form.Title, b.Label, "Form"), maxHeading), "components": inputs}
}

// input is one question. Its custom ID is its place in the form, and a choice's value its place among the choices, because both
// may be longer than Discord takes.
func input(n int, f chat.Field) map[string]any {
	in := map[string]any{"custom_id": strconv.Itoa(n), "required": !f.Optional}
	if len(f.Choices) == 0 {
		in["type"], in["style"], in["max_length"] = 4, 1, maxInput
		if f.Long {
			in["style"] = 2
		}
		if f.Initial != "" {
			in["value"] = clip(f.Initial, maxInput)
		}
		return in
	}
	var options []any
	for i, choice := range f.Choices[:min(maxChoices, len(f.Choices))] {
		options = append(options, map[string]any{
			"label": clip(firstOf(choice.Label, choice.Value), maxChoice), "value": strconv.Itoa(i), "default": choice.Value == f.Initial,
		})
	}
	in["type"], in["options"] = 3, options
	if f.Optional {
		in["min_values"] = 0
	}
	return in
}

// answer is what a modal's component holds, or what lies in it: a label has one component, a row several.
type answer struct {
	CustomID string   `json:"custom_id"`
	Value    string   `json:"value"`
	Values   []string `json:"values"`
	Inside   *answer  `json:"component"`
	Row      []answer `json:"components"`
}

// filled is what a person filled in, by the fields' own IDs.
func filled(form *chat.Form, raw json.RawMessage) map[string]string {
	fields := map[string]string{}
	var list []answer
	if form == nil || len(raw) == 0 || decode(raw, &list) != nil {
		return fields
	}
	var walk func(a answer, depth int)
	walk = func(a answer, depth int) {
		if id, value, ok := a.of(form); ok {
			fields[id] = value
		}
		if depth > maxDepth {
			return
		}
		if a.Inside != nil {
			walk(*a.Inside, depth+1)
		}
		for _, inside := range a.Row {
			walk(inside, depth+1)
		}
	}
	for _, a := range list {
		walk(a, 0)
	}
	return fields
}

// of is the field that a answers, and with what.
func (a answer) of(form *chat.Form) (id, value string, ok bool) {
	n, err := strconv.Atoi(a.CustomID)
	if err != nil || n < 0 || n >= len(form.Fields) {
		return "", "", false
	}
	f := form.Fields[n]
	if len(f.Choices) == 0 {
		return f.ID, a.Value, true
	}
	if len(a.Values) > 0 {
		if i, err := strconv.Atoi(a.Values[0]); err == nil && i >= 0 && i < len(f.Choices) {
			value = f.Choices[i].Value
		}
	}
	return f.ID, value, true
}
