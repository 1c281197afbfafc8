package rules

import (
	"path/filepath"
	"strings"

	"github.com/roost-im/roost/router/chat"
)

// saying are the keys of a message.
func (l *loader) saying(r *reply, in *scope) map[string]func(value) {
	return map[string]func(value){
		"text":    func(v value) { r.texts = l.sayings(v, in) },
		"choices": func(v value) { r.choices = l.choices(v, in, true) },
		"files":   func(v value) { r.files = l.files(v) },
		"only":    func(v value) { r.only = l.yes(v) },
		"quote":   func(v value) { r.quote = l.yes(v) },
		"to":      func(v value) { r.to = l.place(v) },
	}
}

func (l *loader) reply(v value, in *scope) *reply {
	r := &reply{}
	if !v.isMap() {
		r.texts = l.sayings(v, in)
		return r
	}
	v.fields(l.saying(r, in))
	if len(r.texts) == 0 && len(r.files) == 0 {
		v.fault("write text:", "says nothing")
	}
	return r
}

func (l *loader) edit(v value, in *scope) action {
	e := &edit{}
	if !v.isMap() {
		e.texts = l.sayings(v, in)
		return e
	}
	known := l.saying(&e.reply, in)
	for _, key := range []string{"files", "only", "quote", "to"} { // those stay as they are
		delete(known, key)
	}
	v.fields(known)
	if len(e.texts) == 0 {
		v.fault("write text:", "says nothing")
	}
	return e
}

// sayings reads a text, or several of which one is said.
func (l *loader) sayings(v value, in *scope) []words {
	var all []words
	for _, item := range v.list() {
		if s, ok := item.word(); ok && strings.TrimSpace(s) == "" {
			item.fault("", "is empty")
			continue
		}
		all = append(all, l.words(item, in))
	}
	return all
}

func (l *loader) files(v value) []string {
	names := v.words()
	for _, name := range names {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			v.fault("", "the file %q is not in the bot's folder", name)
		}
	}
	return names
}

// choicesMost is how many choices a message may have: what fits on Slack's and Discord's cards.
const choicesMost = 25

// choices reads what can be pressed, or answered.
func (l *loader) choices(v value, in *scope, pressed bool) []choice {
	items := v.list()
	if !v.isList() || len(items) == 0 || len(items) > choicesMost {
		v.fault("write [Yes, No]", "wants a list of 1 to %d choices", choicesMost)
		return nil
	}
	var all []choice
	for _, item := range items {
		all = append(all, l.choice(item, in, pressed))
	}
	return all
}

func (l *loader) choice(v value, in *scope, pressed bool) choice {
	var c choice
	if !v.isMap() {
		c.label = l.words(v, in)
		c.id, _ = v.word()
	} else {
		known := map[string]func(value){
			"label": func(v value) { c.label = l.words(v, in) },
			"value": func(v value) { c.value = l.words(v, in) },
			"style": func(v value) { c.style = l.style(v) },
		}
		if pressed {
			known["press"] = func(v value) { c.id, _ = v.word() }
		}
		v.fields(known)
		if c.label == nil {
			v.fault("", "has no label")
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
		v.fault("write {label: …, press: a_short_name}", "the button wants a name of 1 to %d bytes", idMax)
		return c
	}
	l.buttons = append(l.buttons, button{c.id, v})
	return c
}

func (l *loader) style(v value) chat.Style {
	s, _ := v.word()
	if s != string(chat.Primary) && s != string(chat.Danger) {
		v.fault(nearest(s, []string{string(chat.Primary), string(chat.Danger)}), "%q is no style", s)
	}
	return chat.Style(s)
}

// choicesOf gives choices to the message said just before.
func (l *loader) choicesOf(all []step, e entry, in *scope) {
	if len(all) > 0 {
		switch a := all[len(all)-1].act.(type) {
		case *reply:
			a.choices = l.choices(e.value, in, true)
			return
		case *edit:
			a.choices = l.choices(e.value, in, true)
			return
		case *ask:
			a.choices = l.choices(e.value, in, false)
			return
		}
	}
	l.add(e.at, "write it behind reply: or ask:", "these are the choices of no message")
}
