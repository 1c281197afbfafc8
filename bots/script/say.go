package script

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
)

// whom is an argument that is a person, or their id.
type whom chat.PersonID

// Unpack reads v.
func (w *whom) Unpack(v starlark.Value) error {
	switch v := v.(type) {
	case starlark.NoneType:
		return nil
	case *person:
		who, err := v.who()
		*w = whom(who.ID)
		return err
	case starlark.String:
		*w = whom(v)
		return nil
	}
	return fmt.Errorf("it is %s and must be a person, like user", article(v))
}

// onlyTo is the argument only=: True for whoever did it, or a person.
type onlyTo struct {
	r  *run
	id *chat.PersonID
}

// Unpack reads v.
func (o onlyTo) Unpack(v starlark.Value) error {
	if yes, ok := v.(starlark.Bool); ok {
		if yes {
			*o.id = o.r.heard.Person.ID
		}
		return nil
	}
	return (*whom)(o.id).Unpack(v)
}

// where is an argument that is a conversation in its text form.
type where chat.Conversation

// Unpack reads v.
func (w *where) Unpack(v starlark.Value) error {
	s, ok := starlark.AsString(v)
	switch {
	case v == starlark.None || ok && s == "":
		return nil
	case !ok:
		return fmt.Errorf("it is %s and must be a conversation, like \"slack/team#C1\"", article(v))
	}
	c, err := chat.ParseConversation(s)
	*w = where(c)
	return err
}

// say is say("text", to=, choices=, files=, only=, reply=, id=).
func (r *run) say(c call) (starlark.Value, error) {
	var m bots.Message
	var id string
	if err := c.unpack(
		"text?", (*said)(&m.Text), "to?", (*where)(&m.To), "choices?", (*choices)(&m.Choices), "files?", (*words)(&m.Files),
		"only?", onlyTo{r, &m.Only}, "reply?", &m.Reply, "id?", &id,
	); err != nil {
		return nil, err
	}
	if err := r.pressable(m.Choices, id); err != nil {
		return nil, err
	}
	ref, err := r.stage.Say(m)
	return message{ref}, r.keep(err)
}

// pressable gives buttons their IDs, and says which one nothing of the script is for.
func (r *run) pressable(list []bots.Choice, id string) error {
	for i := range list {
		b := &list[i]
		if b.ID == "" {
			b.ID = id
		}
		if b.ID == "" {
			b.ID = b.Label
		}
		if !r.script.presses(b.ID) {
			return fmt.Errorf("no on(\"press\", %q, …) is there for the button %q", b.ID, b.Label)
		}
	}
	return nil
}

// presses says whether the script answers to a button.
func (s *Script) presses(id string) bool {
	for i := range s.manifest.Decls {
		d := &s.manifest.Decls[i]
		if d.Kind != kindPress {
			continue
		}
		if head, open := strings.CutSuffix(d.Of, "*"); d.Of == id || open && strings.HasPrefix(id, head) {
			return true
		}
	}
	return false
}

// edit is edit(message, "text", choices=, id=).
func (r *run) edit(c call) (starlark.Value, error) {
	var of message
	var m bots.Message
	var id string
	if err := c.unpack(
		"message", &of, "text", (*said)(&m.Text), "choices?", (*choices)(&m.Choices), "id?", &id,
	); err != nil {
		return nil, err
	}
	if err := r.pressable(m.Choices, id); err != nil {
		return nil, err
	}
	return r.done(r.stage.Edit(of.ref, m))
}

// unsay is delete(message).
func (r *run) unsay(c call) (starlark.Value, error) {
	var of message
	if err := c.unpack("message", &of); err != nil {
		return nil, err
	}
	return r.done(r.stage.Delete(of.ref))
}

// remove is remove(): the message that the event is about goes.
func (r *run) remove(c call) (starlark.Value, error) {
	if err := c.none(); err != nil {
		return nil, err
	}
	return r.done(r.stage.Remove())
}

// react is react("👍"), and unreact("👍").
func (r *run) react(c call) (starlark.Value, error) {
	var emoji string
	if err := c.unpack("emoji", &emoji); err != nil {
		return nil, err
	}
	return r.done(r.stage.React(emoji, c.name == "unreact"))
}

func (r *run) typing(c call) (starlark.Value, error) {
	if err := c.none(); err != nil {
		return nil, err
	}
	r.stage.Typing(r.ctx)
	return starlark.None, nil
}

// handOff is hand_off("reason").
func (r *run) handOff(c call) (starlark.Value, error) {
	var reason string
	if err := c.unpack("reason?", &reason); err != nil {
		return nil, err
	}
	return r.done(r.stage.HandOff(reason))
}

// answers are what ask() can ask for.
var answers = []string{"", "text", "number", "duration", "user"} //nolint:gochecknoglobals // a table

// ask is ask("text", choices=, type=, timeout=, files=, only=, reply=).
func (r *run) ask(c call) (starlark.Value, error) {
	q, err := r.question(c)
	if err != nil {
		return nil, err
	}
	a, err := r.stage.Ask(q)
	switch {
	case err != nil:
		return nil, r.keep(err)
	case a.Late:
		return starlark.None, nil
	case q.Type == "":
		return starlark.String(a.Text), nil
	}
	return paramValue(a.Value), nil
}

// question is what ask() asks. A dialog that goes on asks everything again, so the plain case takes a short way.
func (r *run) question(c call) (bots.Question, error) {
	if len(c.args) == 1 && len(c.kwargs) == 0 {
		if text, ok := c.args[0].(starlark.String); ok {
			return bots.Question{Message: bots.Message{Text: string(text)}}, nil
		}
	}
	return r.longQuestion(c)
}

func (r *run) longQuestion(c call) (bots.Question, error) {
	var q bots.Question
	var kind string
	if err := c.unpack(
		"text", (*said)(&q.Text), "choices?", (*choices)(&q.Choices), "type?", &kind, "timeout?", (*duration)(&q.Timeout),
		"files?", (*words)(&q.Files), "only?", onlyTo{r, &q.Only}, "reply?", &q.Reply,
	); err != nil {
		return q, err
	}
	if kind != "text" {
		q.Type = bots.ParamKind(kind)
	}
	return q, asked(kind, q.Choices)
}

// asked says what is wrong with a question.
func asked(kind string, list []bots.Choice) error {
	if kind != "" && len(list) > 0 {
		return errors.New("a question has choices or a type, not both")
	}
	if slices.Contains(answers, kind) {
		return nil
	}
	return fmt.Errorf("%q is no type of answer%s", kind, didYouMean(kind, answers[1:]))
}

// confirm is confirm("text", yes=, no=, timeout=).
func (r *run) confirm(c call) (starlark.Value, error) {
	var q bots.Question
	var yes, no string
	if err := c.unpack(
		"text", (*said)(&q.Text), "yes?", &yes, "no?", &no, "timeout?", (*duration)(&q.Timeout),
	); err != nil {
		return nil, err
	}
	q.Choices = []bots.Choice{
		{Label: r.wordOr(yes, "yes", "Yes"), Value: "yes"}, {Label: r.wordOr(no, "no", "No"), Value: "no"},
	}
	a, err := r.stage.Ask(q)
	switch {
	case err != nil:
		return nil, r.keep(err)
	case a.Late:
		return starlark.None, nil
	}
	return starlark.Bool(a.Text == "yes"), nil
}

// wordOr is a word that was given, or the script's own text for key, or another one.
func (r *run) wordOr(given, key, or string) string {
	if given != "" {
		return given
	}
	if w := r.stage.Words(key, nil); w != key {
		return w
	}
	return or
}

// text is t("key", name=value, …).
func (r *run) text(c call) (starlark.Value, error) {
	short := call{thread: c.thread, name: c.name, args: c.args}
	var key string
	if err := short.unpack("key", &key); err != nil {
		return nil, err
	}
	vars := make(map[string]string, len(c.kwargs))
	for _, kw := range c.kwargs {
		name, _ := starlark.AsString(kw[0])
		if s, ok := starlark.AsString(kw[1]); ok {
			vars[name] = s
			continue
		}
		vars[name] = kw[1].String()
	}
	return starlark.String(r.stage.Words(key, vars)), nil
}

// log is log("text", …).
func (r *run) log(c call) (starlark.Value, error) {
	var b strings.Builder
	for i, v := range c.args {
		if i > 0 {
			b.WriteByte(' ')
		}
		if s, ok := starlark.AsString(v); ok {
			b.WriteString(s)
			continue
		}
		b.WriteString(v.String())
	}
	r.stage.Log(r.ctx, b.String())
	return starlark.None, nil
}

// now is now().
func (r *run) now(c call) (starlark.Value, error) {
	if err := c.none(); err != nil {
		return nil, err
	}
	now, err := r.stage.Now()
	return startime.Time(now), r.keep(err)
}

// random is random(n): a whole number from 0 up to n-1.
func (r *run) random(c call) (starlark.Value, error) {
	var n int64
	if err := c.unpack("n", &n); err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, fmt.Errorf("random(%d): it must be 1 or more", n)
	}
	return starlark.MakeInt64(r.dice().Int64N(n)), nil
}

// choice is choice(list): one of several things.
func (r *run) choice(c call) (starlark.Value, error) {
	var of starlark.Indexable
	var v starlark.Value
	if err := c.unpack("of", &v); err != nil {
		return nil, err
	}
	of, ok := v.(starlark.Indexable)
	if !ok || of.Len() == 0 {
		return nil, fmt.Errorf("%s is no list with anything in it", v.String())
	}
	return of.Index(r.dice().IntN(of.Len())), nil
}

// dice are the numbers of this run, one after the other.
func (r *run) dice() interface {
	Int64N(n int64) int64
	IntN(n int) int
} {
	if r.rand == nil {
		r.rand = r.stage.Rand()
	}
	return r.rand
}
