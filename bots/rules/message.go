package rules

import (
	"path/filepath"
	"strings"

	"github.com/roost-im/roost/configs/strict"
	"github.com/roost-im/roost/router/chat"
)

// saying are the keys of a message.
func (l *loader) saying(r *reply, in *scope) map[string]func(strict.Value) {
	return map[string]func(strict.Value){
		"text":    func(v strict.Value) { r.texts = l.sayings(v, in) },
		"choices": func(v strict.Value) { r.choices = l.choices(v, in, true) },
		"files":   func(v strict.Value) { r.files = l.files(v) },
		"only":    func(v strict.Value) { r.only = l.yes(v) },
		"quote":   func(v strict.Value) { r.quote = l.yes(v) },
		"to":      func(v strict.Value) { r.to = l.place(v) },
	}
}

func (l *loader) reply(v strict.Value, in *scope) *reply {
	r := &reply{}
	if v.Kind() != strict.Table {
		r.texts = l.sayings(v, in)
		return r
	}
	fields(v, l.saying(r, in))
	if len(r.texts) == 0 && len(r.files) == 0 {
		v.Fault("write text:", "says nothing")
	}
	return r
}

func (l *loader) edit(v strict.Value, in *scope) action {
	e := &edit{}
	if v.Kind() != strict.Table {
		e.texts = l.sayings(v, in)
		return e
	}
	known := l.saying(&e.reply, in)
	for _, key := range []string{"files", "only", "quote", "to"} { // those stay as they are
		delete(known, key)
	}
	fields(v, known)
	if len(e.texts) == 0 {
		v.Fault("write text:", "says nothing")
	}
	return e
}

// sayings reads a text, or several of which one is said.
func (l *loader) sayings(v strict.Value, in *scope) []words {
	var all []words
	for _, item := range itemsOf(v) {
		if s, ok := textOf(item); ok && strings.TrimSpace(s) == "" {
			item.Fault("", "is empty")
			continue
		}
		all = append(all, l.words(item, in))
	}
	return all
}

func (l *loader) files(v strict.Value) []string {
	names := textsOf(v)
	for _, name := range names {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			v.Fault("", "the file %q is not in the bot's folder", name)
		}
	}
	return names
}

// choicesMost is how many choices a message may have: what fits on Slack's and Discord's cards.
const choicesMost = 25

// choices reads what can be pressed, or answered.
func (l *loader) choices(v strict.Value, in *scope, pressed bool) []choice {
	items := itemsOf(v)
	if v.Kind() != strict.List || len(items) == 0 || len(items) > choicesMost {
		v.Fault("write [Yes, No]", "wants a list of 1 to %d choices", choicesMost)
		return nil
	}
	var all []choice
	for _, item := range items {
		all = append(all, l.choice(item, in, pressed))
	}
	return all
}

func (l *loader) choice(v strict.Value, in *scope, pressed bool) choice {
	var c choice
	if v.Kind() != strict.Table {
		c.label = l.words(v, in)
		c.id, _ = textOf(v)
	} else {
		known := map[string]func(strict.Value){
			"label": func(v strict.Value) { c.label = l.words(v, in) },
			"value": func(v strict.Value) { c.value = l.words(v, in) },
			"style": func(v strict.Value) { c.style = l.style(v) },
		}
		if pressed {
			known["press"] = func(v strict.Value) { c.id, _ = textOf(v) }
		}
		fields(v, known)
		if c.label == nil {
			v.Fault("", "has no label")
		}
		if c.id == "" && len(c.label) == 1 {
			c.id = c.label[0].text
		}
	}
	if !pressed {
		c.id = ""
		return c
	}
	const idMax = 60
	if c.id == "" || len(c.id) > idMax {
		v.Fault("write {label: …, press: a_short_name}", "the button wants a name of 1 to %d bytes", idMax)
		return c
	}
	l.buttons = append(l.buttons, button{c.id, v})
	return c
}

func (l *loader) style(v strict.Value) chat.Style {
	s, _ := textOf(v)
	if s != string(chat.Primary) && s != string(chat.Danger) {
		v.Fault(strict.DidYouMean(s, []string{string(chat.Primary), string(chat.Danger)}), "%q is no style", s)
	}
	return chat.Style(s)
}

// choicesOf gives choices to the message said just before.
func (l *loader) choicesOf(all []step, e strict.Entry, in *scope) {
	if len(all) > 0 {
		switch a := all[len(all)-1].act.(type) {
		case *reply:
			a.choices = l.choices(e.Value, in, true)
			return
		case *edit:
			a.choices = l.choices(e.Value, in, true)
			return
		case *ask:
			a.choices = l.choices(e.Value, in, false)
			return
		}
	}
	l.Fault(e.At, "write it behind reply: or ask:", "these are the choices of no message")
}
