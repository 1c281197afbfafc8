// Package sdk is for programs in Go that are bots under Roost.
//
//	b := sdk.New("echo")
//	b.Command("echo <text...>", "repeat the text", func(c *sdk.Ctx) error { return c.Reply(c.Arg("text")) })
//	b.Main()
//
// One binary is three things. In a terminal it is a shell, in which one talks to the bot. Under Roost, where its input is a
// pipe, it speaks the protocol of docs/plugins.md. With test FILES… it runs transcripts.
//
// A handler may ask in the middle of its code (Ctx.Ask) and wait for days: it returns the error that Ask gives, and when the
// answer is there it is run again from its beginning, with everything that it was given before given again. So what a
// handler does must depend on nothing but what its Ctx gives. What it was given is kept with the question by Roost.
package sdk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/roost-im/roost/plugins/internal/rpc"
)

// Handler deals with one event. What it does happens when it returns nil, all of it or nothing; what it does before a
// question happens when it returns ErrWaiting, wrapped or not. It may be called from several goroutines at once, for
// different conversations.
type Handler func(c *Ctx) error

// ErrWaiting says that a handler waits for an answer; it returns it.
var ErrWaiting = errors.New("waiting for an answer")

// Bot is a bot that is being made. Its methods but Serve and Main declare what it answers to, before either is called.
type Bot struct {
	name     string
	declared declaration
	handlers map[string]Handler // by kind and trigger

	mu       sync.Mutex
	settings json.RawMessage
	locale   string
}

// declaration is what a Bot answers to initialize: see docs/plugins.md.
type declaration struct {
	API       int        `json:"api"`
	Help      string     `json:"help,omitempty"`
	Parallel  int        `json:"parallel"`
	Machines  bool       `json:"machines,omitempty"`
	Commands  []command  `json:"commands,omitempty"`
	Patterns  []pattern  `json:"patterns,omitempty"`
	Events    []string   `json:"events,omitempty"`
	Buttons   []string   `json:"buttons,omitempty"`
	Schedules []schedule `json:"schedules,omitempty"`
	Hooks     []string   `json:"hooks,omitempty"`
}

type command struct {
	Usage string `json:"usage"`
	Help  string `json:"help,omitempty"`
	rules
}

type pattern struct {
	ID      string `json:"id"`
	Pattern string `json:"pattern"`
	rules
}

type schedule struct {
	ID     string `json:"id"`
	Spec   string `json:"spec"`
	Zone   string `json:"zone,omitempty"`
	Missed string `json:"missed,omitempty"`
	To     string `json:"to,omitempty"`
}

// rules say who may use a command or a pattern, and how often.
type rules struct {
	Roles    []string `json:"roles,omitempty"`
	Cooldown string   `json:"cooldown,omitempty"`
}

// Rule bounds who may use a command or a pattern.
type Rule func(*rules)

// Roles lets only people with one of these roles.
func Roles(roles ...string) Rule { return func(r *rules) { r.Roles = roles } }

// Cooldown lets each person so often: "3/10m" is three times within ten minutes.
func Cooldown(often string) Rule { return func(r *rules) { r.Cooldown = often } }

// parallel is how many events are heard at once.
const parallel = 16

// New makes a bot that answers to nothing yet.
func New(name string) *Bot {
	return &Bot{name: name, declared: declaration{API: 1, Parallel: parallel}, handlers: map[string]Handler{}, settings: json.RawMessage("{}")}
}

func (b *Bot) handle(kind, trigger string, f Handler) {
	key := kind + ":" + trigger
	if b.handlers[key] != nil {
		panic(fmt.Sprintf("sdk: %s %s is there twice", kind, trigger))
	}
	b.handlers[key] = f
}

// Help says in one line what the bot is for.
func (b *Bot) Help(line string) { b.declared.Help = line }

// Machines lets the bot hear what other bots write.
func (b *Bot) Machines() { b.declared.Machines = true }

// Command answers to a command. Its usage is a name and its arguments: "order <size:S|M|L> [<count:number>]".
func (b *Bot) Command(usage, help string, f Handler, rules ...Rule) {
	c := command{Usage: usage, Help: help}
	for _, r := range rules {
		r(&c.rules)
	}
	name, _, _ := strings.Cut(strings.TrimLeft(usage, "/!"), " ")
	b.handle("command", name, f)
	b.declared.Commands = append(b.declared.Commands, c)
}

// Pattern answers to messages that match, as RE2 has it. Ctx.Match gives the match and its groups.
func (b *Bot) Pattern(re string, f Handler, rules ...Rule) {
	p := pattern{ID: re, Pattern: re}
	for _, r := range rules {
		r(&p.rules)
	}
	b.handle("pattern", re, f)
	b.declared.Patterns = append(b.declared.Patterns, p)
}

// On answers to a kind of event: message, mention, edited, deleted, reacted, pinned, joined or left.
func (b *Bot) On(kind string, f Handler) {
	b.handle(kind, "", f)
	b.declared.Events = append(b.declared.Events, kind)
}

// Every wakes the bot by a schedule in a time zone: "0 9 * * 1-5", "Europe/Berlin". to is the conversation in which it then is;
// empty: the bot's home.
func (b *Bot) Every(spec, zone, to string, f Handler) {
	b.handle("schedule", spec, f)
	b.declared.Schedules = append(b.declared.Schedules, schedule{ID: spec, Spec: spec, Zone: zone, To: to})
}

// Button answers to a button of the bot's messages (Choice.ID). An id that ends in * stands for all that begin so.
func (b *Bot) Button(id string, f Handler) {
	b.handle("pressed", id, f)
	b.declared.Buttons = append(b.declared.Buttons, id)
}

// Hook answers to a POST to /hooks/bot/NAME/HOOK. Ctx.Text is its body.
func (b *Bot) Hook(name string, f Handler) {
	b.handle("hook", name, f)
	b.declared.Hooks = append(b.declared.Hooks, name)
}

// Woken answers to Ctx.Wake by its name.
func (b *Bot) Woken(name string, f Handler) { b.handle("woken", name, f) }

// handler is who deals with an event; nil: nobody.
func (b *Bot) handler(ev *event) Handler {
	if f := b.handlers[ev.Kind+":"+ev.Trigger]; f != nil {
		return f
	}
	if ev.Kind == "pressed" {
		for _, id := range slices.SortedFunc(slices.Values(b.declared.Buttons), func(x, y string) int { return cmp.Compare(len(y), len(x)) }) {
			if head, open := strings.CutSuffix(id, "*"); open && strings.HasPrefix(ev.Trigger, head) {
				return b.handlers["pressed:"+id]
			}
		}
	}
	return nil
}

// Serve speaks the protocol until in ends or ctx does, or it is told to shut down. It returns when all handlers have.
func (b *Bot) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{b: b}
	s.peer = rpc.New(rpc.Config{
		In: in, Out: out, Stray: func([]byte, string) {}, Abort: cancel,
		Call: func(c rpc.Call) { s.called(ctx, c) },
	})
	stop := context.AfterFunc(ctx, func() { _ = s.peer.Fail(rpc.ErrStopped) })
	defer stop()
	err := s.peer.Run()
	s.all.Wait()
	if errors.Is(err, rpc.ErrSilent) || errors.Is(err, rpc.ErrStopped) {
		return nil
	}
	return err
}

// server is one run of a bot.
type server struct {
	b    *Bot
	peer *rpc.Peer
	all  sync.WaitGroup
}

// called takes a call of the host.
func (s *server) called(ctx context.Context, c rpc.Call) {
	switch c.Method {
	case "initialize":
		s.peer.Answer(c, s.b.declared, s.b.configure(c))
	case "config":
		s.peer.Answer(c, nil, s.b.configure(c))
	case "event":
		s.all.Go(func() { s.event(ctx, c) })
	case "ping", "shutdown":
		s.peer.Answer(c, nil, nil)
	default:
		s.peer.Answer(c, nil, &rpc.Error{Code: rpc.NoMethod, Message: "there is no call " + c.Method})
	}
}

func (b *Bot) configure(c rpc.Call) error {
	var p struct {
		Config json.RawMessage `json:"config"`
		Locale string          `json:"locale"`
	}
	if err := json.Unmarshal(c.Params, &p); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settings = p.Config
	if p.Locale != "" {
		b.locale = p.Locale
	}
	return nil
}

// event has a handler deal with an event, and answers it.
func (s *server) event(ctx context.Context, c rpc.Call) {
	ev := &event{}
	err := json.Unmarshal(c.Params, ev)
	var cx *Ctx
	if err == nil {
		cx, err = s.context(ctx, ev)
	}
	if err == nil {
		err = s.run(cx)
	}
	if errors.Is(err, ErrWaiting) {
		err = nil
	}
	s.peer.Answer(c, nil, err)
}

// run turns a handler's panic into an error: of one event, not of all that are heard.
func (s *server) run(cx *Ctx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	f := s.b.handler(cx.ev)
	if f == nil {
		if cx.ev.Kind == "woken" {
			return nil
		}
		return fmt.Errorf("nobody answers to %s %s", cx.ev.Kind, cx.ev.Trigger)
	}
	return f(cx)
}
