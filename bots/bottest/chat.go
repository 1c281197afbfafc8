package bottest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// ChatOptions say with whom a Chat is. Open must be there.
type ChatOptions struct {
	Bot      Bot
	Open     Opener
	Platform string            // empty: one that can do everything
	Set      []string          // directives of before the chat, as in a transcript: "@in #lounge"
	At       time.Time         // when it begins
	Web      http.RoundTripper // fetches pages that no @http has; nil: there are none
	Kept     []byte            // of an earlier Chat; nil: it begins anew
}

// Chat is a chat with a bot, line by line. It is of one goroutine.
type Chat struct {
	w     *world
	lines []string // all of it, as a transcript
}

// Did is one thing that the bot did.
type Did struct {
	Line    string   // as a transcript says it, without its choices
	Choices []string // the labels of its buttons or numbered lines
}

// NewChat begins a chat. The bot's schedules and wakes go by the chat's own clock, which stands still but for @.
func NewChat(ctx context.Context, o ChatOptions) (*Chat, []Did, error) {
	if o.Platform == "" {
		o.Platform = anywhere
	}
	t, err := Parse("chat", []byte(strings.Join(o.Set, "\n")))
	if err != nil {
		return nil, nil, err
	}
	if !o.At.IsZero() {
		t.set.at, t.set.zone = o.At, o.At.Location()
	}
	w, err := newWorld(t, o.Platform, o.Open, o.Bot)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(w.bot.Config, o.Bot.Config)
	w.bot.Locale, w.web.real = o.Bot.Locale, o.Web
	if o.Kept != nil {
		if err := w.recall(o.Kept); err != nil {
			return nil, nil, err
		}
	}
	c := &Chat{w: w}
	if o.Platform != anywhere {
		c.lines = append(c.lines, "@on "+o.Platform)
	}
	c.lines = append(c.lines, o.Set...)
	c.lines = append(c.lines, "@at "+w.now.In(w.set.zone).Format(time.RFC3339), "")
	did, err := c.do(ctx, line{verb: beginning})
	if err == nil && w.clock().Before(o.At) {
		var later []Did
		later, err = c.Line(ctx, "@ "+o.At.Format(time.RFC3339))
		did = append(did, later...)
	}
	return c, did, err
}

// Line lets one line of a transcript happen, and gives what the bot did then. Its error says why that can't be.
func (c *Chat) Line(ctx context.Context, s string) ([]Did, error) {
	first, more, _ := strings.Cut(s, "\n")
	if first = strings.TrimSpace(first); first == "" {
		return nil, nil
	}
	l, _, fault := readLine(first)
	_, setting := settle()[l.verb]
	switch {
	case fault != "":
		return nil, errors.New(fault)
	case l.who == theBot || l.verb == nothing:
		return nil, errors.New("what the bot does is its own affair")
	case setting:
		return nil, fmt.Errorf("%s comes before the chat begins", l.verb)
	}
	if more != "" {
		l.text += "\n" + more
	}
	before := len(c.lines)
	c.lines = append(c.lines, strings.ReplaceAll(first+strings.TrimRight("\n"+more, "\n"), "\n", "\n  "))
	did, err := c.do(ctx, l)
	if err != nil {
		c.lines = c.lines[:before]
	}
	return did, err
}

func (c *Chat) do(ctx context.Context, l line) ([]Did, error) {
	err := c.w.do(ctx, l)
	here := c.w.placed(c.w.here)
	did := make([]Did, 0, len(c.w.did))
	for _, d := range c.w.did {
		if d.aside {
			continue
		}
		c.lines = append(c.lines, d.line(here, true))
		labels := d.labels
		d.labels = nil
		did = append(did, Did{Line: d.line(here, true), Choices: labels})
	}
	return did, err
}

// Now is the time on the chat's clock.
func (c *Chat) Now() time.Time { return c.w.clock().In(c.w.set.zone) }

// Buttons says whether choices are buttons, which are pressed, and not numbered lines, which are answered.
func (c *Chat) Buttons() bool { return c.w.traits.Cards }

// Transcript is the chat as it went, ready to be played.
func (c *Chat) Transcript() string { return strings.Join(c.lines, "\n") + "\n" }

// Close ends the bot.
func (c *Chat) Close() { c.w.stop() }

// remembered is what is left of a chat.
type remembered struct {
	Now    time.Time         `json:"now"`
	Count  int               `json:"count"`
	State  map[string][]byte `json:"state"`
	Cursor []byte            `json:"cursor,omitempty"`
	Wakes  []chat.Wake       `json:"wakes,omitempty"`
}

// Keep is what is left of the chat, for a later one: the bot's state, what it waits for, and the clock.
func (c *Chat) Keep() ([]byte, error) {
	w := c.w
	r := remembered{Now: w.clock(), Count: w.count, State: w.state, Cursor: w.cursor}
	for _, o := range w.wakes {
		r.Wakes = append(r.Wakes, o.Wake)
	}
	return json.Marshal(r)
}

func (w *world) recall(b []byte) error {
	var r remembered
	if err := json.Unmarshal(b, &r); err != nil {
		return fmt.Errorf("what is kept of the chat is damaged: %w", err)
	}
	w.now, w.count, w.cursor = r.Now, r.Count, r.Cursor
	if r.State != nil {
		w.state = r.State
	}
	for i, o := range r.Wakes {
		w.wakes = append(w.wakes, wake{o, i})
	}
	return nil
}
