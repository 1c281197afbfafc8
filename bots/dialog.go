package bots

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// dialog is a bot in the middle of its code: what it was told, what it asked and everything that it was given since.
type dialog struct {
	Trigger string            `json:"trigger"`
	Args    map[string]string `json:"args,omitempty"`   // as they were written
	People  map[string]Person `json:"people,omitempty"` // those of Args who are persons
	Match   []string          `json:"match,omitempty"`
	Hash    string            `json:"hash,omitempty"` // of the bot that began it
	Key     chat.Key          `json:"key"`            // of the delivery with which it began
	Began   time.Time         `json:"began"`
	Done    int               `json:"done"`
	Asks    int               `json:"asks"`
	Ref     chat.Ref          `json:"ref"` // the message that asks
	Text    string            `json:"text,omitempty"`
	Choices []Choice          `json:"choices,omitempty"`
	Type    ParamKind         `json:"type,omitempty"`
	Timed   bool              `json:"timed,omitempty"` // the question said how long it waits
	Await   bool              `json:"await,omitempty"`
	Data    []byte            `json:"data,omitempty"`
	Said    text.Text         `json:"said,omitzero"`

	hear    []byte // with which it began, as JSON
	key     string // under which it is kept
	raw     []byte // as it was kept; nil: it is new
	entries []entry
}

// defaultTimeout is how long a question waits when it does not say.
const defaultTimeout = 30 * 24 * time.Hour

// dialogKey is the key under which the dialog of somebody in a conversation is kept.
func (h *Host) dialogKey(at chat.Conversation, who chat.PersonID) string {
	return "bot/" + h.cfg.Name + "/dialog/" + at.String() + "|" + string(who)
}

// encode writes d: a line of JSON, one with the event that began it, and its journal behind.
func (d *dialog) encode() ([]byte, error) {
	head, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("write dialog: %w", err)
	}
	return appendJournal(slices.Concat(head, []byte{'\n'}, d.hear, []byte{'\n'}), d.entries)
}

func decodeDialog(key string, raw []byte) (*dialog, error) {
	head, rest, ok := bytes.Cut(raw, []byte{'\n'})
	hear, journal, both := bytes.Cut(rest, []byte{'\n'})
	d := &dialog{key: key, raw: raw, hear: hear}
	if err := json.Unmarshal(head, d); err != nil || !ok || !both {
		return nil, fmt.Errorf("%w: what is kept of it is damaged", ErrDialog)
	}
	var err error
	d.entries, err = decodeJournal(string(journal))
	return d, err
}

// began is the event with which the dialog began, as it is now.
func (r *run) began(d *dialog) (chat.Hear, error) {
	h, err := r.h.begun.of(d)
	if err != nil {
		return h, err
	}
	in := r.in
	h.To, h.Desk, h.Can, h.Event.Hops = in.To, in.Desk, in.Can, in.Event.Hops
	return h, nil
}

// dialog goes on with the dialog that the event is an answer in. done is false when it is none.
func (r *run) dialog(ctx context.Context) (done bool, err error) {
	late := r.lateRef()
	if !r.mayAnswer(late) {
		return false, nil
	}
	key := r.h.dialogKey(r.in.Event.Conversation, r.in.Event.Author.ID)
	raw, err := r.h.cfg.Env.State(ctx, key)
	if err != nil {
		return false, fmt.Errorf("%w: read dialog: %w", ErrAgain, err)
	}
	if raw == nil {
		_, pressed := r.in.Event.What.(chat.Pressed)
		return pressed || late != "", nil // a question of somebody else's, or one that is answered
	}
	d, err := decodeDialog(key, raw)
	if err != nil {
		d = &dialog{key: key, raw: raw}
		r.failed(ctx, r.turn(&Trigger{ID: "dialog"}), d, err)
		return true, nil
	}
	if late != "" && late != d.Ref.String() {
		return true, nil // that question was answered
	}
	if late != "" && !d.Timed {
		r.settle(d, Answer{Late: true})
		r.forget(d)
		r.say(r.v.spec.words(TextLate))
		return true, nil
	}
	return r.goOn(ctx, d, late != "")
}

// mayAnswer says whether the event can be an answer, or says that there is none.
func (r *run) mayAnswer(late string) bool {
	switch w := r.in.Event.What.(type) {
	case chat.Posted:
		return true
	case chat.Pressed:
		return w.Button == askButton
	case chat.Called:
		return late != ""
	case chat.Edited, chat.Deleted, chat.Reacted, chat.Pinned, chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Bounced:
	}
	return false
}

// lateRef is the question that was not answered in time; empty when the event does not say so.
func (r *run) lateRef() string {
	if c, ok := r.in.Event.What.(chat.Called); ok && strings.HasPrefix(c.Name, lateCall) {
		return string(c.Body)
	}
	return ""
}

// goOn gives a dialog the answer that the event is.
func (r *run) goOn(ctx context.Context, d *dialog, late bool) (done bool, err error) {
	a := Answer{By: personOf(r.in.Event), Ref: r.in.Event.Ref(), Late: late}
	switch w := r.in.Event.What.(type) {
	case chat.Pressed:
		if !d.has(w.Value) || !r.in.About.IsZero() && !r.in.About.Same(d.Ref) {
			return true, nil // the button of an earlier question
		}
		a.Text = w.Value
	case chat.Posted:
		if over, done := r.written(d, w.Text, &a); over {
			return done, nil
		}
	case chat.Called, chat.Edited, chat.Deleted, chat.Reacted, chat.Pinned, chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Bounced:
	}
	r.settle(d, a)
	if d.Await {
		return true, r.answered(ctx, d, a)
	}
	return true, r.resume(ctx, d, a)
}

// settle takes the buttons off a question that is answered.
func (r *run) settle(d *dialog, a Answer) {
	if len(d.Choices) == 0 || !r.in.Can.Cards || !r.in.Can.Edit {
		return
	}
	words := d.Text
	if i := slices.IndexFunc(d.Choices, func(c Choice) bool { return c.value() == a.Text }); i >= 0 && !a.Late {
		words += "\n→ **" + Escape(d.Choices[i].Label) + "**"
	}
	r.out.Acts = append(r.out.Acts, chat.Reword{Ref: d.Ref, Edit: chat.Edit{To: d.Ref.Conversation, Text: Markup(words)}})
}

// answered gives an answer to a bot that can't be run again.
func (r *run) answered(ctx context.Context, d *dialog, a Answer) error {
	m := r.v.matchKind(Answered)
	if m.trigger == nil {
		r.forget(d)
		return nil
	}
	t := r.turn(m.trigger)
	t.answer, t.data, t.said = &a, d.Data, text.Plain(a.Text)
	return r.play(ctx, t, d)
}

// resume runs a bot again with one answer more.
func (r *run) resume(ctx context.Context, d *dialog, a Answer) error {
	began, err := r.began(d)
	if err != nil {
		r.failed(ctx, r.turn(&Trigger{ID: d.Trigger}), d, err)
		return nil
	}
	how, err := r.versionFor(ctx, d, append(d.entries, entry{opAnswer, packAnswer(a, personOf(began.Event))}))
	if err != nil {
		return err
	}
	if how.drains {
		defer how.version.busy.Done()
	}
	v := how.version
	trigger := v.byID(d.Trigger)
	if trigger == nil {
		r.forget(d)
		r.say(r.v.spec.words(TextChanged))
		return nil
	}
	t := &Turn{
		env: &r.h.cfg.Env, bot: r.h.cfg.Name, spec: v.spec, hear: began, trigger: trigger, match: d.Match, said: d.Said,
		key: d.Key, entries: how.entries, inherited: how.inherited, done: d.Done,
	}
	if how.anew || len(how.inherited) > 0 { // what the version before said is none of this one's
		t.key, t.done = r.in.Key, 0
	}
	if how.anew {
		r.say(r.v.spec.words(TextChanged))
	}
	t.args = t.argsOf(d)
	r.v, r.drains = how.version, how.drains
	return r.play(ctx, t, d)
}

// argsOf understands a dialog's arguments again.
func (t *Turn) argsOf(d *dialog) Args {
	if t.trigger.Command == nil {
		return nil
	}
	args := Args{}
	for _, p := range t.trigger.Command.Params {
		w, ok := d.Args[p.Name]
		if !ok {
			continue
		}
		if who, known := d.People[p.Name]; known && p.Kind == UserParam {
			args[p.Name] = Value{Kind: UserParam, Text: w, Person: who}
			continue
		}
		if v, err := p.Value(text.Plain(w), t.Here().Account); err == nil {
			args[p.Name] = v
		}
	}
	return args
}

func (v *version) byID(id string) *Trigger {
	return v.first(func(t *Trigger) bool { return t.ID == id }).trigger
}

// wait keeps a dialog that waits for an answer; was is what it was before, nil: it begins.
func (r *run) wait(ctx context.Context, t *Turn, was *dialog) error {
	d, err := r.waiting(t, was)
	if err != nil {
		return err
	}
	now, err := d.encode()
	if err != nil {
		return err
	}
	k := chat.Kept{Key: d.key, Now: now, Any: was == nil}
	if was != nil {
		k.Was = was.raw
	}
	r.out.Keep = append(r.out.Keep, k)
	t.acts = append(t.acts, r.wakeLate(d, t.waits.Question.Timeout))
	if r.drains {
		return nil
	}
	return r.keepSource(ctx)
}

// waiting is the dialog that t has come to.
func (r *run) waiting(t *Turn, was *dialog) (*dialog, error) {
	q := t.waits.Question
	d := &dialog{
		Trigger: t.trigger.ID, Match: t.match, Said: t.said, Hash: r.v.hash, Key: t.key, Began: r.h.cfg.Env.Now().UTC(),
		Done: t.count, Asks: t.asks, Ref: t.waits.Ref, Text: q.Text, Choices: q.Choices, Type: q.Type, Timed: q.Timeout > 0,
		Await: t.waits.Await, Data: t.waits.Data, entries: t.entries,
		key: r.h.dialogKey(r.in.Event.Conversation, r.in.Event.Author.ID),
	}
	if len(t.args) > 0 {
		d.Args, d.People = map[string]string{}, map[string]Person{}
	}
	for name, v := range t.args {
		if d.Args[name] = v.Text; v.Kind == UserParam {
			d.People[name] = v.Person
		}
	}
	if was != nil {
		d.Began, d.hear = was.Began, was.hear
	}
	if t.waits.Await {
		d.entries, d.hear = nil, nil
	}
	if d.hear != nil {
		return d, nil
	}
	var err error
	if d.hear, err = json.Marshal(t.hear); err != nil {
		return nil, fmt.Errorf("write dialog: %w", err)
	}
	return d, nil
}

// lateName names the wake of a dialog's question.
func (r *run) lateName() string {
	return lateCall + r.in.Event.Conversation.String() + "|" + string(r.in.Event.Author.ID)
}

func (r *run) wakeLate(d *dialog, timeout time.Duration) chat.Act {
	if timeout <= 0 || timeout > longestDuration {
		timeout = defaultTimeout
	}
	t := Turn{hear: r.in}
	return t.wake(r.lateName(), r.h.cfg.Env.Now().Add(timeout), []byte(d.Ref.String()))
}

// forget ends a dialog.
func (r *run) forget(d *dialog) {
	r.out.Keep = append(r.out.Keep, chat.Kept{Key: d.key, Was: d.raw})
	r.out.Acts = append(r.out.Acts, chat.Unwake{Talk: r.in.To, Name: r.lateName()})
}
