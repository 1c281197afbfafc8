package bots

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// triggersMost is how many triggers a bot may have.
const triggersMost = 500

// prefixes are what commands begin with when a bot does not say.
func (s *Spec) prefixes() []string {
	if len(s.Prefixes) > 0 {
		return s.Prefixes
	}
	return []string{"/", "!"}
}

// check says what is wrong with a declaration.
func (s *Spec) check() error {
	if len(s.Triggers) > triggersMost {
		return fmt.Errorf("it has more than %d triggers", triggersMost)
	}
	ids, commands := map[string]bool{}, map[string]bool{}
	for _, t := range s.Triggers {
		if t.ID == "" || ids[t.ID] {
			return fmt.Errorf("two triggers are called %q", t.ID)
		}
		ids[t.ID] = true
		if err := t.check(); err != nil {
			return err
		}
		if t.Command == nil {
			continue
		}
		if name := t.Command.Name; commands[name] || slices.Contains(builtIn, name) {
			return fmt.Errorf("the command %s is there twice", name)
		}
		commands[t.Command.Name] = true
	}
	for _, p := range s.Prefixes {
		if p == "" || strings.ContainsFunc(p, unicode.IsSpace) {
			return errors.New("a prefix of commands has no spaces")
		}
	}
	return nil
}

// check says what is wrong with a trigger by itself.
func (t *Trigger) check() error {
	switch n := t.kinds(); {
	case n != 1:
		return fmt.Errorf("the trigger %s is %d kinds of trigger", t.ID, n)
	case len(t.Roles) > 0 && (t.Schedule != nil || t.Hook != ""):
		return fmt.Errorf("the trigger %s is nobody's doing, so nobody's roles count", t.ID)
	}
	return nil
}

// kinds counts what t is.
func (t *Trigger) kinds() int {
	n := 0
	for _, is := range []bool{
		t.Command != nil, t.Pattern != nil, t.Mention, t.Any, t.Kind != "", t.Button != "", t.Schedule != nil, t.Hook != "",
	} {
		if is {
			n++
		}
	}
	return n
}

// The commands that every bot has.
const (
	helpName   = "help"
	cancelName = "cancel"
)

var builtIn = []string{cancelName} //nolint:gochecknoglobals // a table

// matched is what an event hit.
type matched struct {
	trigger *Trigger
	prefix  string    // what the command was called with
	rest    text.Text // what stands behind its name, or all of the message
	groups  []string
	help    bool
	cancel  bool
}

// calling matches a bot's name at the beginning of a message: "order, please", "@order: help".
func calling(name string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)^@?` + regexp.QuoteMeta(name) + `(?:[,:!]\s*|\s+|$)`)
}

// match finds what an event hits.
func (v *version) match(ev chat.Event) matched {
	switch w := ev.What.(type) {
	case chat.Posted:
		return v.matchWords(ev, w.Text)
	case chat.Edited:
		return v.matchKind(Edited)
	case chat.Deleted:
		return v.matchKind(Deleted)
	case chat.Reacted:
		return v.matchKind(Reacted)
	case chat.Pinned:
		return v.matchKind(Pinned)
	case chat.Joined:
		return v.matchKind(Joined)
	case chat.Left:
		return v.matchKind(Left)
	case chat.Pressed:
		return v.first(func(t *Trigger) bool { return t.Button != "" && fits(t.Button, w.Button) })
	case chat.Called:
		return v.matchCall(w)
	case chat.Typing, chat.Read, chat.Bounced:
	}
	return matched{}
}

func (v *version) first(f func(*Trigger) bool) matched {
	for i := range v.spec.Triggers {
		if t := &v.spec.Triggers[i]; f(t) {
			return matched{trigger: t}
		}
	}
	return matched{}
}

func (v *version) matchKind(k Kind) matched {
	return v.first(func(t *Trigger) bool { return t.Kind == k })
}

// fits says whether a button is what a trigger says; a star at its end stands for anything.
func fits(pattern, button string) bool {
	if head, open := strings.CutSuffix(pattern, "*"); open {
		return strings.HasPrefix(button, head)
	}
	return pattern == button
}

func (v *version) matchCall(c chat.Called) matched {
	kind, name, _ := strings.Cut(c.Name, ":")
	return v.first(func(t *Trigger) bool {
		switch kind + ":" {
		case scheduleCall:
			return t.Schedule != nil && t.ID == name
		case hookCall:
			return t.Hook == name && name != ""
		case wakeCall:
			return t.Kind == Woken
		case ownCall:
			return t.Kind == Sent
		}
		return false
	})
}

// matchWords finds what a message hits: commands first.
func (v *version) matchWords(ev chat.Event, said text.Text) matched {
	said = said.Trim()
	called, addressed := v.addressed(ev, said)
	if m := v.command(said, called, addressed); m.trigger != nil || m.help {
		return m
	}
	for i := range v.spec.Triggers {
		t := &v.spec.Triggers[i]
		switch {
		case t.Pattern != nil:
			if groups := t.Pattern.FindStringSubmatch(said.Body); groups != nil {
				return matched{trigger: t, rest: said, groups: groups}
			}
		case t.Mention && addressed:
			return matched{trigger: t, rest: called}
		case t.Any:
			return matched{trigger: t, rest: said}
		}
	}
	return matched{rest: said}
}

// addressed says whether a message is meant for the bot, and how it reads without the name that calls it.
func (v *version) addressed(ev chat.Event, said text.Text) (text.Text, bool) {
	if loc := v.called.FindStringIndex(said.Body); loc != nil {
		return said.Slice(loc[1], len(said.Body)).Trim(), true
	}
	if ev.Addressed {
		for _, s := range said.Spans {
			if s.Kind == text.Mention && s.Start == 0 {
				rest := said.Slice(s.End, len(said.Body))
				body := strings.TrimLeft(rest.Body, " ,:")
				return rest.Slice(len(rest.Body)-len(body), len(rest.Body)), true
			}
		}
		return said, true
	}
	return said, ev.Direct
}

// command finds the command that is called: by a prefix, or by its name alone when the bot is called by name before.
func (v *version) command(said, called text.Text, addressed bool) matched {
	for _, p := range v.spec.prefixes() {
		for _, words := range []text.Text{said, called} {
			rest, ok := strings.CutPrefix(words.Body, p)
			if !ok {
				continue
			}
			return v.named(p, words.Slice(len(words.Body)-len(rest), len(words.Body)), addressed)
		}
	}
	if addressed && called.Body != said.Body {
		return v.named(v.spec.prefixes()[0], called, true)
	}
	return matched{}
}

// named finds the command whose name words begin with. Telegram puts the name of the bot that is meant behind it:
// /order@acme_bot. https://core.telegram.org/bots/features#commands
func (v *version) named(prefix string, words text.Text, addressed bool) matched {
	name := words.Body
	if i := strings.IndexFunc(name, unicode.IsSpace); i >= 0 {
		name = name[:i]
	}
	rest := words.Slice(len(name), len(words.Body)).Trim()
	name, of, other := strings.Cut(name, "@")
	if other && !addressed && !strings.EqualFold(of, v.spec.Name) {
		return matched{}
	}
	name = strings.ToLower(name)
	m := v.first(func(t *Trigger) bool { return t.Command != nil && t.Command.Name == name })
	m.prefix, m.rest = prefix, rest
	m.help = m.trigger == nil && name == helpName && v.spec.hasCommands()
	m.cancel = name == cancelName
	return m
}

func (s *Spec) hasCommands() bool {
	return slices.ContainsFunc(s.Triggers, func(t Trigger) bool { return t.Command != nil })
}

// help lists the commands.
func (s *Spec) help() string {
	var b strings.Builder
	if s.Help != "" {
		b.WriteString(Escape(s.Help) + "\n")
	}
	b.WriteString(s.words(TextHelp))
	prefix := s.prefixes()[0]
	for _, t := range s.Triggers {
		switch {
		case t.Command != nil && t.Help != "":
			fmt.Fprintf(&b, "\n• `%s%s` %s", prefix, t.Command.Usage(), Escape(t.Help))
		case t.Command != nil:
			fmt.Fprintf(&b, "\n• `%s%s`", prefix, t.Command.Usage())
		}
	}
	return b.String()
}

// Wants says whether the bot wants to hear of an event. It does no I/O.
func (h *Host) Wants(ev chat.Event) chat.Wish {
	v := h.now.Load()
	if h.Quarantined() != "" || ev.Author.Bot && !v.spec.Machines {
		return chat.Wish{}
	}
	m := v.match(ev)
	w := chat.Wish{Now: m.trigger != nil || m.help || v.always(ev)}
	if _, said := ev.What.(chat.Posted); said {
		w.Kept, w.Named = h.dialogKey(ev.Conversation, ev.Author.ID), m.called()
		w.Idle = !w.Named && m.trigger != nil && (m.trigger.Mention || m.trigger.Pattern != nil && ev.Direct)
	}
	return w
}

// always says whether an event is for the host, whatever the bot declares.
func (v *version) always(ev chat.Event) bool {
	switch w := ev.What.(type) {
	case chat.Posted:
		return v.mayPick(ev)
	case chat.Pressed:
		return w.Button == askButton
	case chat.Called:
		return strings.HasPrefix(w.Name, lateCall)
	case chat.Edited, chat.Deleted, chat.Reacted, chat.Pinned, chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Bounced:
	}
	return false
}
