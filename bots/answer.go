package bots

import (
	"slices"
	"strconv"
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// written understands what somebody wrote as the answer a in a dialog. over says that it is none: it ended the dialog, or did
// not fit, and then it is done with; or it is a command, and then it is not.
func (r *run) written(d *dialog, said text.Text, a *Answer) (over, done bool) {
	m := r.v.matchWords(r.in.Event, said)
	switch {
	case r.v.cancels(r.in.Event, said):
		r.forget(d)
		r.say(r.v.spec.words(TextCancel))
		return true, true
	case m.help || m.trigger != nil && m.trigger.Command != nil:
		return true, false
	}
	var wrong string
	if a.Text, a.Value, wrong = d.answer(said, r.in, r.v.spec); wrong != "" {
		r.say(wrong)
		return true, true
	}
	return false, false
}

// cancels says whether a message is the command that ends a dialog.
func (v *version) cancels(ev chat.Event, said text.Text) bool {
	said = said.Trim()
	called, addressed := v.addressed(ev, said)
	return v.command(said, called, addressed).cancel
}

// answer understands what was written for an answer; wrong is what to say when it does not fit.
func (d *dialog) answer(said text.Text, in chat.Hear, spec *Spec) (words string, value Value, wrong string) {
	body := strings.TrimSpace(said.Body)
	if len(d.Choices) > 0 {
		if i := d.choice(body, !in.Can.Cards); i >= 0 {
			return d.Choices[i].value(), Value{}, ""
		}
		labels := make([]string, 0, len(d.Choices))
		for _, c := range d.Choices {
			labels = append(labels, c.Label)
		}
		return "", Value{}, Fill(spec.words(TextChoose), map[string]string{"choices": strings.Join(labels, ", ")})
	}
	if d.Type == "" {
		return said.Body, Value{}, ""
	}
	value, err := Param{Name: "answer", Kind: d.Type}.Value(said, in.Event.Conversation.Account)
	if err != nil {
		return "", Value{}, Fill(spec.words(TextMisfit), map[string]string{"reason": upper(err.Error())})
	}
	return said.Body, value, ""
}

// has says whether a value is that of one of the choices.
func (d *dialog) has(value string) bool {
	return slices.ContainsFunc(d.Choices, func(c Choice) bool { return c.value() == value })
}

// choice finds the choice that is named by its number, its label or its value, or by the beginning of one label alone. Where
// the choices are shown with numbers, a number is that before anything else.
func (d *dialog) choice(body string, numbered bool) int {
	number := -1
	if n, err := strconv.Atoi(strings.TrimRight(body, ".) ")); err == nil && n >= 1 && n <= len(d.Choices) {
		number = n - 1
	}
	named := slices.IndexFunc(d.Choices, func(c Choice) bool {
		return strings.EqualFold(c.Label, body) || strings.EqualFold(c.value(), body)
	})
	switch {
	case number >= 0 && (numbered || named < 0):
		return number
	case named >= 0:
		return named
	}
	return d.begins(strings.ToLower(body))
}

// begins finds the one choice whose label begins so.
func (d *dialog) begins(low string) int {
	found := -1
	for i, c := range d.Choices {
		if low == "" || !strings.HasPrefix(strings.ToLower(c.Label), low) {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}
