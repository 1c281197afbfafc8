package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/roost-im/roost/plugins/internal/rpc"
	"github.com/roost-im/roost/router/chat"
)

// Connector is a connector whose program speaks for an account. Make it with NewConnector and Close it. It is safe for
// concurrent use. Which of its abilities work its traits say (chat.Do).
type Connector struct {
	cfg     Config
	account chat.Account
	r       *runner

	mu     sync.Mutex
	told   initialize
	traits *traits
	now    *receiving // nil: it does not run
}

var (
	_ chat.Connector = (*Connector)(nil)
	_ chat.Editor    = (*Connector)(nil)
	_ chat.Deleter   = (*Connector)(nil)
	_ chat.Reactor   = (*Connector)(nil)
	_ chat.Pinner    = (*Connector)(nil)
	_ chat.Opener    = (*Connector)(nil)
	_ chat.Finder    = (*Connector)(nil)
	_ chat.Typer     = (*Connector)(nil)
	_ chat.Checker   = (*Connector)(nil)
	_ io.Closer      = (*Connector)(nil)
)

// receiving is a run of a connector.
type receiving struct {
	s       *session
	accepts chan rpc.Call
}

// What a connector may come to.
const (
	acceptsMax = 64  // accept calls that wait
	eventsMax  = 500 // in one of them
)

// NewConnector starts the program of a connector and asks what it can do. Its error says what is wrong with the manifest, with
// the settings, as the schema or the program have it, or with what the program declares, in plain words; cfg.Settings may hold secrets, and no error shows them. A program that can't be started is no
// error here: each Run tries it again and says why it is not there, and until then what is to be done waits.
func NewConnector(ctx context.Context, account chat.Account, cfg Config) (*Connector, error) {
	m := cfg.Manifest
	if !m.Connector {
		return nil, fmt.Errorf("plugin %s: it is a bot, not a connector; its %s lacks connector: true", m.Name, ManifestName)
	}
	cfg.defaults()
	settings, err := m.Settings(cfg.Settings)
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %w", m.Name, err)
	}
	c := &Connector{cfg: cfg, account: account, r: newRunner(cfg)}
	c.told = initialize{API: []int{API}, Account: string(account), Config: settings, Locale: cfg.Locale}
	c.r.hello, c.r.call = func() initialize { return c.told }, c.called
	c.r.slots, c.r.idle = make(chan struct{}, 1), -1
	wrong := false // what it declares
	c.r.greet = func(result json.RawMessage) error {
		err := c.greet(result)
		wrong = err != nil
		return err
	}
	_, err = c.r.acquire(ctx)
	c.r.greet = c.greet
	if _, refused := errors.AsType[*rpc.Error](err); wrong || refused {
		c.r.close() //nolint:contextcheck // it has its own time to end
		return nil, fmt.Errorf("plugin %s: %w", m.Name, err)
	}
	if err != nil {
		cfg.Log.LogAttrs(ctx, slog.LevelError, "connector not started", slog.String("plugin", m.Name), slog.Any("error", err))
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.traits == nil {
			c.traits = untold(m.Name)
		}
	}
	return c, nil
}

// greet takes the traits; they may be others when the program is started again.
func (c *Connector) greet(result json.RawMessage) error {
	d, err := declares(result)
	if err != nil {
		return err
	}
	t, err := parseTraits(d.Traits)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.traits = t
	return nil
}

// Traits are what the program declared.
func (c *Connector) Traits() chat.Traits { return c.declared().traits() }

func (c *Connector) declared() *traits {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.traits
}

// Close stops the program. It may be called twice.
func (c *Connector) Close() error {
	c.r.close()
	return nil
}

// started is the call that makes a connector receive.
type started struct {
	Cursor *string `json:"cursor"` // the last that was accepted; null: there was none
}

// Run has the program receive until ctx ends. A program that dies is an error; the next Run starts it again.
func (c *Connector) Run(ctx context.Context, sink chat.Sink) error {
	s, err := c.r.acquire(ctx)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was told to end
	}
	if err != nil {
		return fmt.Errorf("plugin %s %w", c.cfg.Manifest.Name, err)
	}
	s.touch()
	cursor, err := sink.Cursor(ctx)
	if err != nil {
		return fmt.Errorf("plugin %s: read the cursor: %w", c.cfg.Manifest.Name, err)
	}
	run := &receiving{s: s, accepts: make(chan rpc.Call, acceptsMax)}
	if !c.runs(run) {
		return fmt.Errorf("plugin %s: it runs already", c.cfg.Manifest.Name)
	}
	defer c.runs(nil)
	var from started
	if cursor != nil {
		from.Cursor = new(string(cursor))
	}
	ended := make(chan rpc.Answer, 1)
	if err := s.peer.Go("run", from, func(a rpc.Answer) { ended <- a }); err != nil {
		return fmt.Errorf("plugin %s %w", c.cfg.Manifest.Name, s.died())
	}
	return c.receive(ctx, sink, run, ended)
}

// runs makes run the one that receives; nil: none does. ok is false when another does.
func (c *Connector) runs(run *receiving) (ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if run != nil && c.now != nil {
		return false
	}
	c.now = run
	return true
}

func (c *Connector) receive(ctx context.Context, sink chat.Sink, run *receiving, ended <-chan rpc.Answer) error {
	for {
		select {
		case call := <-run.accepts:
			run.s.peer.Answer(call, nil, c.accept(ctx, sink, call))
		case a := <-ended:
			return c.over(run.s, a)
		case <-ctx.Done():
			c.runs(nil)
			c.r.finishUp(run.s) //nolint:contextcheck // it has its own time to end
			return nil
		}
	}
}

// over is why a run has ended by itself.
func (c *Connector) over(s *session, a rpc.Answer) error {
	if a.Err == nil {
		return fmt.Errorf("plugin %s: it stopped receiving", c.cfg.Manifest.Name)
	}
	if _, said := errors.AsType[*rpc.Error](a.Err); said {
		return c.declared().problem("run", a.Err)
	}
	return fmt.Errorf("plugin %s %w", c.cfg.Manifest.Name, s.died())
}

// batch is what an accept brings.
type batch struct {
	Events []json.RawMessage `json:"events"`
	Cursor *string           `json:"cursor"`
}

// accept stores a batch, all of it or nothing. Its error is for the program, and names the event that is wrong.
func (c *Connector) accept(ctx context.Context, sink chat.Sink, call rpc.Call) error {
	var b batch
	if err := call.Read(&b); err != nil {
		return err
	}
	if len(b.Events) > eventsMax {
		return refuse("refused", "accept: %d events are too many; %d at most", len(b.Events), eventsMax)
	}
	var all chat.Batch
	for _, raw := range b.Events {
		var h happened
		err := rpc.Strictly(raw, &h)
		var ev chat.Event
		if err == nil {
			ev, err = h.event(c.account, time.Now())
		}
		if err != nil {
			return &rpc.Error{Code: rpc.BadParams, Message: "accept: " + err.Error()}
		}
		all.Events = append(all.Events, ev)
	}
	if b.Cursor != nil {
		all.Cursor = []byte(*b.Cursor)
	}
	if err := sink.Accept(ctx, all); err != nil {
		return refuse("transient", "accept: it could not be stored; send it again")
	}
	return nil
}

// called takes a call of the program.
func (c *Connector) called(s *session, call rpc.Call) {
	c.mu.Lock()
	run := c.now
	c.mu.Unlock()
	switch {
	case call.Method == "log":
		s.peer.Answer(call, nil, s.says.told(call))
	case call.Method != "accept":
		s.peer.Answer(call, nil, &rpc.Error{Code: rpc.NoMethod, Message: "there is no call " + call.Method + " for connectors"})
	case run == nil || run.s != s:
		s.peer.Answer(call, nil, refuse("transient", "accept: nothing is received before run"))
	case len(run.accepts) == acceptsMax:
		s.peer.Answer(call, nil, refuse("transient", "accept: more than %d calls wait; read the answers", acceptsMax))
	default:
		run.accepts <- call
	}
}

// working is the run that can do something, which counts as one of its works from now on; nil when none can.
func (c *Connector) working() *receiving {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now == nil || !c.now.s.alive() {
		return nil
	}
	c.now.s.works.Add(1)
	return c.now
}

// perform has the program do something and gives its answer. A program that does not answer leaves it uncertain.
func (c *Connector) perform(ctx context.Context, op string, params any) (took, error) {
	t, run := c.declared(), c.working()
	if run == nil {
		return took{}, &chat.Error{Op: t.Platform + ": " + op, Kind: chat.Transient, Reason: "the connector is not running"}
	}
	defer run.s.works.Done()
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Manifest.Limits.time())
	defer cancel()
	raw, err := run.s.peer.Call(ctx, op, params)
	if errors.Is(err, rpc.ErrStopped) {
		return took{}, &chat.Error{Op: t.Platform + ": " + op, Kind: chat.Transient, Err: err}
	}
	if err != nil {
		return took{}, t.problem(op, err)
	}
	var r took
	if len(raw) == 0 || string(raw) == "null" {
		return r, nil
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, t.problem(op, fmt.Errorf("answered wrongly: %w", err))
	}
	return r, nil
}

// Post has the program write one message.
func (c *Connector) Post(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	r, err := c.perform(ctx, "post", c.declared().post(p))
	if err != nil {
		return chat.Receipt{}, err
	}
	out := r.receipt(c.account)
	if len(out.Messages) == 0 {
		return out, c.declared().problem("post", errors.New("answered without a message"))
	}
	return out, nil
}

// Edit has the program change a message.
func (c *Connector) Edit(ctx context.Context, e chat.Edit) (chat.Receipt, error) {
	d := c.declared().post(chat.Post{Key: e.Key, To: e.To, Text: e.Text, ReplyTo: e.ReplyTo, Quote: e.Quote, As: e.As, Card: e.Card})
	if len(e.Messages) > 0 {
		d.Message = e.Messages[0]
	}
	r, err := c.perform(ctx, "edit", d)
	return r.receipt(c.account), err
}

// Delete has the program take messages back.
func (c *Connector) Delete(ctx context.Context, d chat.Delete) error {
	_, err := c.perform(ctx, "delete", deedOf{Conversation: spotOf(d.To), Messages: d.Messages})
	return err
}

// React has the program put an emoji on a message, or take it off.
func (c *Connector) React(ctx context.Context, r chat.React) error {
	_, err := c.perform(ctx, "react", deedOf{Conversation: spotOf(r.To), Message: r.Message, Emoji: r.Emoji, Remove: r.Remove})
	return err
}

// Pin has the program pin a message, or take the pin off.
func (c *Connector) Pin(ctx context.Context, p chat.Pin) error {
	_, err := c.perform(ctx, "pin", deedOf{Conversation: spotOf(p.To), Message: p.Message, Remove: p.Remove})
	return err
}

// Type has the program show that the account is writing.
func (c *Connector) Type(ctx context.Context, at chat.Conversation) error {
	_, err := c.perform(ctx, "type", deedOf{Conversation: spotOf(at)})
	return err
}

// Open has the program start a thread.
func (c *Connector) Open(ctx context.Context, o chat.Open) (chat.Receipt, chat.Conversation, error) {
	d := c.declared().post(chat.Post{Key: o.Key, To: o.To, Card: &o.Card})
	d.Title, d.Bare, d.Root = o.Title, o.Bare, o.Root
	r, err := c.perform(ctx, "open", d)
	if err != nil {
		return chat.Receipt{}, chat.Conversation{}, err
	}
	out := r.receipt(c.account)
	if out.Conversation.IsZero() {
		return out, out.Conversation, c.declared().problem("open", errors.New("answered without a conversation"))
	}
	return out, out.Conversation, nil
}
