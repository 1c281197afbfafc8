package telegram_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
	"github.com/roost-im/roost/test/specs"
)

// described is Telegram's Bot API as it is published: its methods and types by name.
type described struct {
	Methods, Types map[string]struct {
		Fields []struct {
			Name     string
			Required bool
			Types    []string
		}
	}
}

func describe(t *testing.T) described {
	t.Helper()
	path, err := specs.Find("telegram", "api.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip(specs.Absent)
	}
	must(t, err)
	raw, err := os.ReadFile(path)
	must(t, err)
	var d described
	must(t, json.Unmarshal(raw, &d))
	return d
}

// object checks that a JSON object has only fields that its type knows, and all that it needs.
func (d described) object(t *testing.T, kind string, raw []byte) {
	t.Helper()
	var got map[string]json.RawMessage
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Errorf("%s: %v", kind, err)
		return
	}
	var names []string
	for _, f := range d.Types[kind].Fields {
		names = append(names, f.Name)
		if _, ok := got[f.Name]; f.Required && !ok {
			t.Errorf("%s lacks %s", kind, f.Name)
		}
	}
	for name := range got {
		if !slices.Contains(names, name) {
			t.Errorf("%s has no field %s", kind, name)
		}
	}
}

func (d described) list(t *testing.T, kind, raw string) {
	t.Helper()
	var all []json.RawMessage
	must(t, json.Unmarshal([]byte(raw), &all))
	for _, one := range all {
		d.object(t, kind, one)
	}
}

// everything has a connector do all that it can.
func (r *run) everything(t *testing.T) {
	t.Helper()
	c := card()
	c.State = chat.MarkOpen
	receipt, opened := r.opens(t, chat.Open{Key: "k", To: in(r.forum), Title: "Jane", Card: c})
	c.State = chat.MarkClosed
	photo, pdf := file("a.png", "image/png", png()), file("c.pdf", "application/pdf", []byte("%PDF"))
	photo.Spoiler = true
	one := r.posts(t, chat.Post{To: in(r.room), Text: styled()})
	for _, a := range []chat.Action{
		chat.Edit{To: opened, Messages: receipt.Messages, Card: &c},
		chat.Post{To: in(r.room), Text: styled(), ReplyTo: one, Files: []chat.File{photo}},
		chat.Post{To: in(r.room), Text: styled(), Files: []chat.File{photo, photo}},
		chat.Post{To: in(r.room), Text: styled(), Files: []chat.File{photo, pdf}},
		chat.React{To: in(r.room), Message: one, Emoji: "👍"},
		chat.React{To: in(r.room), Message: one, Emoji: "👍", Remove: true},
		chat.Pin{To: in(r.room), Message: one},
		chat.Pin{To: in(r.room), Message: one, Remove: true},
		chat.Edit{To: in(r.room), Messages: []chat.MessageID{one}, Text: text.Plain("new")},
		chat.Delete{To: in(r.room), Messages: []chat.MessageID{one}},
	} {
		if _, err := chat.Do(t.Context(), r.conn, a); err != nil {
			t.Errorf("%s = %v", chat.ActionName(a), err)
		}
	}
	id := r.posts(t, chat.Post{To: in(r.room), Card: &c})
	r.presses(t, r.bob, r.room, id, "Block")
	r.shows(t, r.room, id, "Block", "Cancel")
	r.presses(t, r.bob, r.room, id, "Cancel")
	r.shows(t, r.room, id, plainButtons...)
	r.presses(t, r.bob, r.room, id, "Reply")
	r.asked(t, r.room, "To Jane")
	_, err := chat.Check(t.Context(), r.conn)
	must(t, err)
}

func TestWhatIsSentIsInTelegramsDescription(t *testing.T) {
	t.Parallel()
	d := describe(t)
	r, topic := desked(t)
	r.everything(t)
	r.orders(t, topic, "/claim")
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Pressed) bool { return p.Button == "claim" })
	r.sees(t, "the commands", func(v *telegramsim.View) bool { return len(v.Calls("setMyCommands")) > 0 })
	called := map[string]bool{}
	for _, req := range r.Requests() {
		if req.Method == "download" {
			continue
		}
		called[req.Method] = true
		m, ok := d.Methods[req.Method]
		if !ok {
			t.Errorf("there is no method %s", req.Method)
		}
		var names []string
		for _, f := range m.Fields {
			names = append(names, f.Name)
			_, given := req.Params[f.Name]
			attached := len(req.Files) > 0 && slices.Contains(f.Types, "InputFile")
			if f.Required && !given && !attached {
				t.Errorf("%s lacks %s", req.Method, f.Name)
			}
		}
		for name, value := range req.Params {
			if !slices.Contains(names, name) {
				t.Errorf("%s has no parameter %s", req.Method, name)
			}
			switch name {
			case "entities", "caption_entities":
				d.list(t, "MessageEntity", value)
			case "reply_parameters":
				d.object(t, "ReplyParameters", []byte(value))
			case "commands":
				d.list(t, "BotCommand", value)
			case "scope":
				d.object(t, "BotCommandScopeChat", []byte(value))
			case "link_preview_options":
				d.object(t, "LinkPreviewOptions", []byte(value))
			case "reaction":
				d.list(t, "ReactionTypeEmoji", value)
			case "reply_markup":
				kind := "InlineKeyboardMarkup"
				if strings.Contains(value, "force_reply") {
					kind = "ForceReply"
				}
				d.object(t, kind, []byte(value))
			}
		}
	}
	if len(called) < 15 {
		t.Errorf("only %d methods were called: %v", len(called), called)
	}
}

func TestTheUpdatesThatAreAskedForExist(t *testing.T) {
	t.Parallel()
	d := describe(t)
	r := prepare(t, telegramsim.Config{})
	r.cfg.ChatMembers = true
	for _, kind := range connect(t, r.cfg, r.deps).Kinds() {
		if !slices.ContainsFunc(d.Types["Update"].Fields, func(f struct {
			Name     string
			Required bool
			Types    []string
		},
		) bool {
			return f.Name == kind
		}) {
			t.Errorf("there is no update %s", kind)
		}
	}
}
