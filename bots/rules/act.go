package rules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
)

// action is what a step does. Its errors are told with the step's place.
type action interface {
	do(ctx context.Context, p *play) error
}

// message fills a message in.
func (p *play) message(ctx context.Context, r *reply) (bots.Message, error) {
	m := bots.Message{To: r.to, Files: r.files, Reply: r.quote}
	if r.only {
		m.Only = p.turn.Person().ID
	}
	var err error
	switch n := len(r.texts); n {
	case 0:
	case 1:
		m.Text, err = p.say(ctx, r.texts[0])
	default:
		if p.rand == nil {
			p.rand = p.turn.Rand()
		}
		m.Text, err = p.say(ctx, r.texts[p.rand.IntN(n)])
	}
	if err != nil {
		return m, err
	}
	for _, c := range r.choices {
		choice, err := p.choice(ctx, c)
		if err != nil {
			return m, err
		}
		m.Choices = append(m.Choices, choice)
	}
	return m, nil
}

// valueMax is how long the value of a button may be, in bytes.
const valueMax = 200

func (p *play) choice(ctx context.Context, c choice) (bots.Choice, error) {
	out := bots.Choice{ID: c.id, Style: c.style}
	var err error
	if out.Label, err = p.plain(ctx, c.label); err != nil {
		return out, err
	}
	if out.Value, err = p.plain(ctx, c.value); err != nil {
		return out, err
	}
	switch {
	case strings.TrimSpace(out.Label) == "":
		return out, errors.New("a choice has an empty label")
	case len(out.Label) > valueMax || len(out.Value) > valueMax:
		return out, fmt.Errorf("the choice %q is longer than %d bytes", short(out.Label), valueMax)
	}
	return out, nil
}

func (r *reply) do(ctx context.Context, p *play) error {
	m, err := p.message(ctx, r)
	if err == nil {
		p.said, err = p.turn.Say(m)
	}
	return err
}

// do makes the message that was said last read otherwise, or the bot's message that the event is about.
func (e *edit) do(ctx context.Context, p *play) error {
	of := p.said
	if of.IsZero() {
		of = p.turn.Hear().About
	}
	if of.IsZero() {
		return errors.New("there is no message of the bot's to edit")
	}
	m, err := p.message(ctx, &e.reply)
	if err != nil {
		return err
	}
	return p.turn.Edit(of, m)
}

func (a *ask) do(ctx context.Context, p *play) error {
	m, err := p.message(ctx, &a.reply)
	if err != nil {
		return err
	}
	answer, err := p.turn.Ask(bots.Question{Message: m, Type: a.kind, Timeout: a.timeout})
	if err != nil {
		return err
	}
	p.now = time.Time{}
	if answer.Late {
		delete(p.vars, a.as)
		if len(a.late) > 0 {
			err = p.do(ctx, a.late)
		} else {
			_, err = p.turn.Say(bots.Message{Text: p.turn.Words(bots.TextLate, nil)})
		}
		if err != nil {
			return err
		}
		return errEnd
	}
	p.vars[a.as] = answer.Text
	if a.kind != "" {
		p.vars[a.as] = meant(answer.Value)
	}
	return nil
}

func (r *react) do(_ context.Context, p *play) error { return p.turn.React(r.emoji, r.remove) }

func (s sets) do(ctx context.Context, p *play) error { return p.do(ctx, s) }

func (s *set) do(ctx context.Context, p *play) error {
	v := s.value
	if s.expr != nil {
		var err error
		if v, err = p.eval(ctx, s.expr); err != nil {
			return err
		}
	}
	if v == nil {
		return p.turn.Set(ctx, s.scope, s.key, nil)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("can't be kept: %w", err)
	}
	return p.turn.Set(ctx, s.scope, s.key, b)
}

func (h *handOff) do(ctx context.Context, p *play) error {
	reason, err := p.plain(ctx, h.reason)
	if err != nil {
		return err
	}
	return p.turn.HandOff(reason)
}

func (r *run) do(ctx context.Context, p *play) error { return p.do(ctx, r.steps.steps) }

func (*remove) do(_ context.Context, p *play) error { return p.turn.Remove() }

func (*typing) do(ctx context.Context, p *play) error {
	p.turn.Typing(ctx)
	return nil
}

func (b *branch) do(ctx context.Context, p *play) error {
	holds, err := p.holds(ctx, b.cond)
	if err != nil {
		return err
	}
	if holds {
		return p.do(ctx, b.then)
	}
	return p.do(ctx, b.otherwise)
}

// alarm is what a rule remembers until it wakes.
type alarm struct {
	ID   string         `json:"id"`
	Text string         `json:"text,omitempty"`
	Vars map[string]any `json:"vars,omitempty"`
}

func (w *wake) do(ctx context.Context, p *play) error {
	after, err := p.plain(ctx, w.after)
	if err != nil {
		return err
	}
	d, err := parseDuration(after)
	if err != nil {
		return err
	}
	now, err := p.turn.Now()
	if err != nil {
		return err
	}
	a := alarm{ID: w.id, Text: p.turn.Text().Body, Vars: map[string]any{}}
	for name, v := range p.vars {
		if d, ok := v.(time.Duration); ok {
			v = brief(d)
		}
		a.Vars[name] = v
	}
	data, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("can't be kept: %w", err)
	}
	name := "as " + w.as
	if w.as == "" {
		p.wakes++
		name = fmt.Sprintf("%s-%d", p.turn.Hear().Key, p.wakes)
	}
	return p.turn.Wake(name, now.Add(d), data)
}

func (u *unwake) do(_ context.Context, p *play) error { return p.turn.Unwake("as " + u.as) }

// woken does what was to be done later.
func (b *bot) woken(ctx context.Context, t *bots.Turn) error {
	called, ok := t.Hear().Event.What.(chat.Called)
	if !ok {
		return nil
	}
	var a alarm
	if err := json.Unmarshal(called.Body, &a); err != nil {
		return fmt.Errorf("%s: what was to be done later can't be read: %w", b.file, err)
	}
	w := b.wakes[a.ID]
	if w == nil {
		return fmt.Errorf("%s has no longer what was to be done later; give a wake a name (as), so that a changed file finds it", b.file)
	}
	p := &play{bot: b, turn: t, vars: map[string]any{"text": a.Text}, args: map[string]any{}}
	for name, v := range a.Vars {
		p.vars[name], p.args[name] = v, v
	}
	return p.run(ctx, w.steps)
}
