// Package plugins has programs in any language as bots, and as connectors.
//
// A plugin is a folder with a plugin.yaml, the Manifest. Its program is started with the folder as its working directory, and
// host and program speak JSON-RPC 2.0 in lines over the program's standard input and output:
//
//	bots.Host → Program.Hear → event → program … program → send, ask, state.set, … → bots.Turn
//	program → reply → bots.Turn → Outcome
//
// docs/plugins.md is the protocol as a stranger would implement it. Every call of the host has a text, which is empty where
// nothing was written: so a program that looks at nothing but the text, and answers {} or {"reply": "…"}, is a bot.
//
// A program that declares no more is told one thing at a time, and reads nothing between an event and its answer but the
// answers to its own calls. What it does during an event happens when it has answered it, all of it or nothing (bots.Turn).
//
// We chose processes and lines, not a library for plugins, because any language can do it in six lines, a crash is nobody
// else's, and a child can be made to end with its host; it costs some tens of microseconds for each event, and that a
// program is trusted with what its user may do on the machine: only its environment and its memory are bounded here.
package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
)

// Config is what a plugin needs. The zero value of each field below Manifest is the default that it names.
type Config struct {
	Manifest *Manifest
	Settings any    // its settings, which its manifest's schema allows; default: none
	Name     string // of the bot; default: the manifest's
	Locale   string // of its texts; default: en
	Log      *slog.Logger
	// Serve is the program itself, which then runs in this process: tests and shells do so. It reads in until that ends.
	// nil: the manifest's program is started.
	Serve func(ctx context.Context, in io.Reader, out io.Writer) error

	pace pace
}

// Program is a bot whose mind is a program. It is safe for concurrent use.
type Program struct {
	cfg  Config
	r    *runner
	does map[string]deed

	declared []byte // the answer to the first initialize
	spec     *bots.Spec
	names    map[string]wants // by the ID of a trigger

	mu       sync.Mutex
	settings json.RawMessage
	unbidden func(ctx context.Context, at chat.Conversation, key string, body []byte) error // nil: nobody listens
}

var (
	_ bots.Bot    = (*Program)(nil)
	_ bots.Caller = (*Program)(nil)
	_ io.Closer   = (*Program)(nil)
)

// New starts a plugin's program and asks what it declares. The program is stopped when it has been idle, and started again
// when it is needed. Its error says what is wrong with the settings or the program, in plain words. Close the Program.
func New(ctx context.Context, cfg Config) (*Program, error) {
	m := cfg.Manifest
	if m.Connector {
		return nil, fmt.Errorf("plugin %s: it is a connector, not a bot", m.Name)
	}
	cfg.defaults()
	settings, err := m.Settings(cfg.Settings)
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %w", m.Name, err)
	}
	p := &Program{cfg: cfg, settings: settings, does: deeds()}
	p.r = newRunner(cfg)
	p.r.hello, p.r.greet, p.r.call = p.hello, p.greet, p.called
	if _, err := p.r.acquire(ctx); err != nil {
		p.r.close() //nolint:contextcheck // it has its own time to end
		return nil, fmt.Errorf("plugin %s: %w", m.Name, err)
	}
	return p, nil
}

func (c *Config) defaults() {
	if c.Name == "" {
		c.Name = c.Manifest.Name
	}
	if c.Locale == "" {
		c.Locale = "en"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.pace == (pace{}) {
		c.pace = usual()
	}
}

// Spec is what the program declared.
func (p *Program) Spec() *bots.Spec { return p.spec }

// Time is how long Hear may take: an event may have to wait for others, and is told twice when the program dies.
func (p *Program) Time() time.Duration { return 3*p.cfg.Manifest.Limits.time() + p.r.pace.start }

// Calls is told how to be heard unbidden.
func (p *Program) Calls(call func(ctx context.Context, at chat.Conversation, key string, body []byte) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unbidden = call
}

// Configure gives the program other settings. When they don't fit the manifest's schema, or the program refuses them, the
// error says why and the old ones stay.
func (p *Program) Configure(ctx context.Context, settings any) error {
	raw, err := p.cfg.Manifest.Settings(settings)
	if err != nil {
		return fmt.Errorf("plugin %s: %w", p.cfg.Manifest.Name, err)
	}
	s, err := p.r.acquire(ctx)
	if err == nil {
		err = p.take(ctx)
	}
	if err != nil {
		return fmt.Errorf("plugin %s: %w", p.cfg.Manifest.Name, err)
	}
	defer p.release()
	within, cancel := context.WithTimeout(ctx, p.cfg.Manifest.Limits.time())
	defer cancel()
	if _, err := s.peer.Call(within, "config", configure{Config: raw}); err != nil {
		return fmt.Errorf("plugin %s: config: %w", p.cfg.Manifest.Name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings = raw
	return nil
}

// Close stops the program. It may be called twice.
func (p *Program) Close() error {
	p.r.close()
	return nil
}

func (p *Program) hello() initialize {
	p.mu.Lock()
	defer p.mu.Unlock()
	return initialize{API: []int{API}, Bot: p.cfg.Name, Config: p.settings, Locale: p.cfg.Locale}
}

// greet takes what the program declares: the first time for good, later only to see that it is the same.
func (p *Program) greet(result json.RawMessage) error {
	if p.spec != nil {
		if string(result) != string(p.declared) {
			p.cfg.Log.LogAttrs(context.Background(), slog.LevelWarn, "plugin declares something else than when it was loaded")
		}
		return nil
	}
	d, err := declares(result)
	if err != nil {
		return err
	}
	spec, names, err := d.spec(p.cfg.Locale)
	if err != nil {
		return err
	}
	p.declared, p.spec, p.names = slices.Clone(result), spec, names
	p.r.slots = make(chan struct{}, max(d.Parallel, 1))
	return nil
}

// take waits until the program may be told one more thing; release lets the next one go.
func (p *Program) take(ctx context.Context) error {
	select {
	case p.r.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Program) release() { <-p.r.slots }

// Hear tells the program of an event and does what it answers and what it calls for until then. When the program dies on
// the way it is started again and told once more; when it dies again, or does not answer in time, the error is a
// bots.ErrRunaway. It is a bots.ErrAgain when the events before took all of the time.
func (p *Program) Hear(ctx context.Context, t *bots.Turn) error {
	if w, ok := p.names[t.Trigger()]; ok && w.kind == string(bots.Sent) {
		return p.sent(ctx, t)
	}
	if err := p.take(ctx); err != nil {
		return fmt.Errorf("plugin %s: waited for the events before: %w: %w", p.cfg.Manifest.Name, bots.ErrAgain, err)
	}
	abandoned, err := p.try(ctx, t, 1)
	if d, died := errors.AsType[*death](err); died && !d.final {
		t.Again()
		abandoned, err = p.try(ctx, t, 2)
	}
	if !abandoned {
		p.release()
	}
	if _, died := errors.AsType[*death](err); died {
		return fmt.Errorf("%w: the plugin %s %w", bots.ErrRunaway, p.cfg.Manifest.Name, err)
	}
	if err != nil {
		return fmt.Errorf("plugin %s: %w", p.cfg.Manifest.Name, err)
	}
	return nil
}

// try tells the program of an event, as tell does.
func (p *Program) try(ctx context.Context, t *bots.Turn, attempt int) (abandoned bool, err error) {
	s, err := p.r.acquire(ctx)
	if err != nil {
		return false, err
	}
	return p.tell(ctx, s, t, attempt)
}
