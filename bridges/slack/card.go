package slack

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/router/chat"
)

// Limits of Block Kit, in characters or pieces: https://docs.slack.dev/reference/block-kit
const (
	maxHeader  = 150
	maxSection = 3000
	maxField   = 2000
	maxFields  = 10
	maxContext = 2000
	maxButtons = 25
	maxLabel   = 75
	maxValue   = 2000
	maxTitle   = 24 // of a modal, and of its buttons
	maxPrivate = 3000
	maxBlocks  = 50
	maxChoices = 100
	maxInput   = 3000
)

// The action IDs of our buttons are a mark, the button's place on the card and its ID. The mark says what its value is.
const (
	pressMark = "p" // the value is the button's
	formMark  = "f" // the value is a pressed
)

// pressed is what a button with a form carries, so that it can be asked for after a restart; and what a modal carries.
type pressed struct {
	Value   string     `json:"v,omitempty"`
	Form    *chat.Form `json:"f,omitempty"`
	Button  string     `json:"b,omitempty"`
	Channel string     `json:"c,omitempty"`
	Thread  string     `json:"t,omitempty"`
	Message string     `json:"m,omitempty"`
}

// cardBlocks is a card as Block Kit; what it does not have leaves no block. Text that is too long for its place is clipped:
// the card as a whole stays readable.
func cardBlocks(card chat.Card) ([]slackapi.Block, error) {
	var blocks []slackapi.Block
	if card.Title != "" {
		blocks = append(blocks, slackapi.NewHeaderBlock(plain(card.Title, maxHeader)))
	}
	blocks = append(blocks, sections(card)...)
	if card.Footer != "" {
		blocks = append(blocks, slackapi.NewContextBlock("", plain(card.Footer, maxContext)))
	}
	if len(card.Buttons) > maxButtons {
		return nil, refused(fmt.Sprintf("a card takes %d buttons", maxButtons))
	}
	if len(card.Buttons) > 0 {
		buttons := make([]slackapi.BlockElement, 0, len(card.Buttons))
		for i, b := range card.Buttons {
			built, err := button(i, b)
			if err != nil {
				return nil, err
			}
			buttons = append(buttons, built)
		}
		blocks = append(blocks, slackapi.NewActionBlock("", buttons...))
	}
	if len(blocks) > maxBlocks {
		return nil, refused("the card has more facts than Slack shows")
	}
	return blocks, nil
}

// sections are the body with the picture, and the facts by tens.
func sections(card chat.Card) []slackapi.Block {
	var picture *slackapi.Accessory
	if strings.HasPrefix(card.Image, "https://") || strings.HasPrefix(card.Image, "http://") {
		picture = slackapi.NewAccessory(slackapi.NewImageBlockElement(card.Image, clip(firstOf(card.Title, "picture"), maxField)))
	}
	var fields []*slackapi.TextBlockObject
	for _, f := range card.Facts {
		label, value := escape(clip(f.Name, maxLabel)), clip(f.Value, maxField/6) // an escape is six times as long at most
		fields = append(fields, slackapi.NewTextBlockObject(slackapi.MarkdownType, "*"+label+"*\n"+escape(value), false, true))
	}
	var blocks []slackapi.Block
	first := fields[:min(maxFields, len(fields))]
	if card.Body != "" || len(first) > 0 {
		var body *slackapi.TextBlockObject
		if card.Body != "" {
			body = plain(card.Body, maxSection)
		}
		blocks = append(blocks, slackapi.NewSectionBlock(body, first, picture))
	}
	for rest := fields[len(first):]; len(rest) > 0; {
		n := min(maxFields, len(rest))
		blocks = append(blocks, slackapi.NewSectionBlock(nil, rest[:n], nil))
		rest = rest[n:]
	}
	return blocks
}

func button(i int, b chat.Button) (*slackapi.ButtonBlockElement, error) {
	mark, value := pressMark, b.Value
	if b.Form != nil {
		raw, err := json.Marshal(pressed{Value: b.Value, Form: b.Form})
		if err != nil {
			return nil, err
		}
		mark, value = formMark, string(raw)
	}
	if utf8.RuneCountInString(value) > maxValue {
		return nil, refused(fmt.Sprintf("the button %q carries more than Slack takes", b.Label))
	}
	built := slackapi.NewButtonBlockElement(fmt.Sprintf("%s%d:%s", mark, i, b.ID), value, plain(b.Label, maxLabel))
	switch b.Style {
	case chat.Primary:
		built.Style = slackapi.StylePrimary
	case chat.Danger:
		built.Style = slackapi.StyleDanger
	}
	if b.Ask != "" {
		built.Confirm = slackapi.NewConfirmationBlockObject(
			plain(b.Label, 100), plain(b.Ask, 300), plain(b.Label, 30), plain("Cancel", 30))
	}
	return built, nil
}

// pressedButton reads a button's action ID back. ok is false for what no card of ours has.
func pressedButton(actionID string) (id string, form, ok bool) {
	head, id, found := strings.Cut(actionID, ":")
	if !found || len(head) < 2 || strings.Trim(head[1:], "0123456789") != "" {
		return "", false, false
	}
	return id, head[:1] == formMark, head[:1] == formMark || head[:1] == pressMark
}

// modal is a form as a view. What it carries in private metadata makes its answer complete without any memory here.
func modal(form chat.Form, carried pressed) (slackapi.ModalViewRequest, error) {
	raw, err := json.Marshal(carried)
	if err != nil {
		return slackapi.ModalViewRequest{}, err
	}
	if utf8.RuneCount(raw) > maxPrivate {
		return slackapi.ModalViewRequest{}, refused("the button carries more than Slack takes")
	}
	var blocks []slackapi.Block
	for _, f := range form.Fields {
		in := slackapi.NewInputBlock(f.ID, plain(f.Label, maxField), nil, input(f))
		in.Optional = f.Optional
		blocks = append(blocks, in)
	}
	return slackapi.ModalViewRequest{
		Type: slackapi.VTModal, CallbackID: metaType, PrivateMetadata: string(raw),
		Title: plain(firstOf(form.Title, "Form"), maxTitle), Submit: plain(firstOf(form.Submit, "Send"), maxTitle), Close: plain("Cancel", maxTitle),
		Blocks: slackapi.Blocks{BlockSet: blocks},
	}, nil
}

const fieldAction = "value" // the action ID of every input; its block ID is the field's ID

func input(f chat.Field) slackapi.BlockElement {
	if len(f.Choices) == 0 {
		in := slackapi.NewPlainTextInputBlockElement(nil, fieldAction)
		in.Multiline, in.InitialValue = f.Long, clip(f.Initial, maxInput)
		return in
	}
	var options []*slackapi.OptionBlockObject
	var initial *slackapi.OptionBlockObject
	for _, choice := range f.Choices[:min(maxChoices, len(f.Choices))] {
		o := slackapi.NewOptionBlockObject(choice.Value, plain(choice.Label, maxLabel), nil)
		if choice.Value == f.Initial {
			initial = o
		}
		options = append(options, o)
	}
	sel := slackapi.NewOptionsSelectBlockElement(slackapi.OptTypeStatic, nil, fieldAction, options...)
	sel.InitialOption = initial
	return sel
}

// plain is a text in which nothing is formatting.
func plain(s string, most int) *slackapi.TextBlockObject {
	return &slackapi.TextBlockObject{Type: slackapi.PlainTextType, Text: clip(firstOf(s, "–"), most)}
}

// clip cuts s to at most most characters.
func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	r := []rune(s)
	return string(r[:most-1]) + "…"
}

func refused(reason string) error {
	return &chat.Error{Op: "slack: post", Kind: chat.Refused, Reason: reason}
}
