package bots

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// ErrRunaway marks an error of a bot that used more than it may: time, steps, memory, messages; or whose program died. A bot
// that does so three times in ten minutes is quarantined.
var ErrRunaway = errors.New("the bot ran away")

// ErrAgain marks an error that is not the bot's: the store could not be read, the event had to wait for too long. It shall be
// heard again, and nobody is told.
var ErrAgain = errors.New("the event is to be heard again")

// Config is what a Host needs. The zero value of each field below Env is the default that it names.
type Config struct {
	Name   string
	Bot    Bot
	Source []byte // what Bot was made of: dialogs are bound to it
	Env    Env

	// Load makes a bot of an earlier Source, for the dialogs that were begun with it. nil: they are begun anew.
	Load      func(source []byte) (Bot, error)
	Locale    string            // replaces Spec.Locale; empty: that holds
	Time      time.Duration     // that Bot.Hear may take; default 2 s
	Drain     time.Duration     // how long dialogs go on with an earlier Source; default 24 h
	Rate      Cooldown          // of messages in one talk; default 60 a minute
	Home      chat.Conversation // where schedules and webhooks speak that don't say; zero: nowhere
	Operators chat.Conversation // where people are told what goes wrong; zero: nowhere
}

// What a bot may do before it is quarantined.
const (
	faultsMost   = 3
	faultsWithin = 10 * time.Minute
)

// Host is the connector of a bot. Make it with New. It is safe for concurrent use.
type Host struct {
	cfg     Config
	account chat.Account
	now     atomic.Pointer[version]
	changed chan struct{} // told when the bot was replaced

	recalling sync.Mutex
	recalled  bool // it is known whether there is a quarantine; guarded by recalling

	loading sync.Mutex     // held while an earlier version is loaded
	leaving sync.WaitGroup // of versions that are closed when nothing is under way with them

	begun beginnings // of the dialogs

	mu         sync.Mutex
	sink       chat.Sink // nil while nothing runs
	quarantine string    // why nothing is heard; empty: all is well
	faults     []time.Time
	said       map[chat.Conversation][]time.Time // when messages were said in each talk, of the last Rate.Per; none is empty
	swept      time.Time                         // when those were taken out of said that are old
	told       map[string]time.Time
	earlier    map[string]*version // by hash; those that dialogs go on with
	left       error               // of closing versions that were replaced
}

// version is one text of a bot, ready to run.
type version struct {
	bot    Bot
	spec   *Spec
	source []byte
	hash   string // empty: it has no source
	called *regexp.Regexp
	stored atomic.Bool // its source is kept
	busy   sync.WaitGroup
}

// Caller is a Bot that has something to say unbidden. Calls is called once, before anything else; call has the bot hear an
// event of Kind Sent in the conversation at, with a body of its own, and returns when that is stored. The same key makes the
// same event; an empty one always makes a new one.
type Caller interface {
	Calls(call func(ctx context.Context, at chat.Conversation, key string, body []byte) error)
}

// New makes the Host of a bot. It does no I/O.
func New(cfg Config) (*Host, error) {
	if !nameForm.MatchString(cfg.Name) {
		return nil, fmt.Errorf("%q is no name for a bot: lower-case letters, digits, - and _", cfg.Name)
	}
	if cfg.Time == 0 {
		cfg.Time = 2 * time.Second
	}
	if cfg.Drain == 0 {
		cfg.Drain = 24 * time.Hour
	}
	if cfg.Rate == (Cooldown{}) {
		cfg.Rate = Cooldown{N: 60, Per: time.Minute}
	}
	if cfg.Env.Log == nil {
		cfg.Env.Log = slog.New(slog.DiscardHandler)
	}
	h := &Host{
		cfg: cfg, account: chat.BotAccount(cfg.Name), changed: make(chan struct{}, 1),
		told: map[string]time.Time{}, said: map[chat.Conversation][]time.Time{}, earlier: map[string]*version{},
	}
	return h, h.Replace(cfg.Bot, cfg.Source)
}

// Spec is what the bot declares now.
func (h *Host) Spec() *Spec { return h.now.Load().spec }

// Traits are those of a bot: it takes nothing but what it is told.
func (h *Host) Traits() chat.Traits {
	return chat.Traits{Platform: "Bot", Repeat: chat.Keyed, Pace: chat.Pace{Parallel: 64}}
}

// Post refuses: nobody writes to a bot but by Hear.
func (h *Host) Post(context.Context, chat.Post) (chat.Receipt, error) {
	return chat.Receipt{}, chat.Unsupported("bot: post", "a bot takes no messages")
}

// Fetch opens a file of the bot's folder.
func (h *Host) Fetch(_ context.Context, f chat.File) (io.ReadCloser, error) {
	gone := func(err error) error {
		return &chat.Error{Op: "bot: file", Kind: chat.Gone, Reason: "the bot has no such file", Err: err}
	}
	root, err := os.OpenRoot(h.cfg.Env.Folder)
	if err != nil {
		return nil, gone(err)
	}
	defer func() { _ = root.Close() }()
	info, err := root.Stat(f.Source)
	if err != nil {
		return nil, gone(err)
	}
	if !info.Mode().IsRegular() {
		return nil, gone(fmt.Errorf("%s: %w", f.Source, fs.ErrInvalid))
	}
	file, err := root.Open(f.Source)
	if err != nil {
		return nil, gone(err)
	}
	return file, nil
}

// Hear makes something of an event. Its errors mean that the event shall be heard again, but for those that refuse it: the
// bot is quarantined.
func (h *Host) Hear(ctx context.Context, in chat.Hear) (chat.Outcome, error) {
	if err := h.recall(ctx); err != nil {
		return chat.Outcome{}, fmt.Errorf("recall quarantine: %w", err)
	}
	if reason := h.Quarantined(); reason != "" {
		return chat.Outcome{}, &chat.Error{Op: "bot: hear", Kind: chat.Refused, Reason: "the bot is quarantined: " + reason}
	}
	v := h.enter()
	defer v.busy.Done()
	r := &run{h: h, v: v, in: in}
	if err := r.hear(ctx); err != nil {
		return chat.Outcome{}, err
	}
	return r.out, nil
}

// run is one event on its way through the host.
type run struct {
	h   *Host
	v   *version
	in  chat.Hear
	out chat.Outcome

	drains bool // v is an earlier version, which is kept
}

func (r *run) hear(ctx context.Context) error {
	if done, err := r.dialog(ctx); done || err != nil {
		return err
	}
	if err := r.pick(ctx); err != nil {
		return err
	}
	m := r.v.match(r.in.Event)
	switch {
	case m.help:
		r.say(r.v.spec.help())
		return nil
	case m.trigger == nil:
		return nil
	}
	if r.denied(m.trigger) {
		return nil
	}
	t := r.turn(m.trigger)
	if m.trigger.Command != nil {
		args, err := m.trigger.Command.Parse(m.rest, r.in.Event.Conversation.Account)
		if ue, ok := errors.AsType[*UsageError](err); ok {
			usage := m.prefix + m.trigger.Command.Usage()
			r.say(t.Words(TextUsage, map[string]string{"reason": upper(ue.Reason), "usage": usage}))
			return nil
		}
		t.args = args
	}
	if done, err := r.slowed(ctx, m.trigger); done || err != nil {
		return err
	}
	t.match, t.said = m.groups, m.rest
	return r.play(ctx, t, nil)
}

// turn begins a Turn for the run's event.
func (r *run) turn(trigger *Trigger) *Turn {
	return &Turn{
		env: &r.h.cfg.Env, bot: r.h.cfg.Name, spec: r.v.spec, hear: r.in, trigger: trigger, key: r.in.Key,
	}
}

// play runs the bot, and makes its turn part of the outcome. d is the dialog that goes on; nil: none does.
func (r *run) play(ctx context.Context, t *Turn, d *dialog) error {
	err := r.perform(ctx, t)
	if ctx.Err() != nil {
		return fmt.Errorf("bot %s: %w", r.h.cfg.Name, ctx.Err())
	}
	if err == nil {
		err = r.ended(ctx, t, d)
	}
	if err == nil {
		err = r.offer(t.acts)
	}
	switch {
	case errors.Is(err, ErrAgain):
		return err
	case err != nil:
		r.failed(ctx, t, d, err)
		return nil
	}
	r.out.Acts = append(r.out.Acts, t.acts...)
	for _, k := range slices.Sorted(maps.Keys(t.keep)) {
		r.out.Keep = append(r.out.Keep, *t.keep[k])
	}
	return nil
}

// ended keeps the dialog that t has come to, or forgets the one that it was.
func (r *run) ended(ctx context.Context, t *Turn, d *dialog) error {
	switch {
	case t.waits != nil:
		return r.wait(ctx, t, d)
	case t.pos < len(t.entries) || len(t.inherited) > 0:
		return fmt.Errorf("%w: it asked less than was answered", ErrDialog)
	case d != nil:
		r.forget(d)
	}
	return nil
}

// perform has the bot hear, within its time and with no more messages than it may say.
func (r *run) perform(ctx context.Context, t *Turn) error {
	within, cancel := context.WithTimeout(ctx, r.h.cfg.Time)
	defer cancel()
	err := safely(func() error { return r.v.bot.Hear(within, t) })
	switch {
	case err == nil || errors.Is(err, ErrWaiting):
		return r.h.flooded(r.in.To, t.sends, r.h.cfg.Env.Now())
	case errors.Is(err, ErrAgain), errors.Is(err, ErrRunaway): // it knows better why than that its time was over
		return err
	case within.Err() != nil:
		return fmt.Errorf("%w: it did not end within %v", ErrRunaway, r.h.cfg.Time)
	case errors.Is(err, ErrTooMany):
		return fmt.Errorf("%w: %w", ErrRunaway, err)
	}
	return err
}

// say has the host itself say something about the event.
func (r *run) say(words string) {
	if words == "" || r.in.Event.Conversation.IsZero() {
		return
	}
	ref := r.in.Key.Said(r.h.account, r.in.Event.Conversation, 1000+len(r.out.Acts))
	r.out.Acts = append(r.out.Acts, chat.Say{Ref: ref, Post: chat.Post{
		To: r.in.Event.Conversation, Text: Markup(words), ReplyTo: r.replyTo(),
	}})
}

// replyTo is the message that the host's words answer: in a talk of several people it must be clear to whom it speaks.
func (r *run) replyTo() chat.MessageID {
	if _, posted := r.in.Event.What.(chat.Posted); posted && !r.in.Event.Direct {
		return r.in.Event.Message
	}
	return ""
}

// denied says no to people who may not use a trigger.
func (r *run) denied(trigger *Trigger) bool {
	if len(trigger.Roles) == 0 || r.h.has(personOf(r.in.Event), trigger.Roles) {
		return false
	}
	if trigger.Command != nil || trigger.Button != "" { // who only said something is not told what they did not ask for
		r.say(r.v.spec.words(TextDenied))
	}
	return true
}

// slowed asks people for patience who use a trigger too often. done says that it did.
func (r *run) slowed(ctx context.Context, trigger *Trigger) (done bool, err error) {
	wait, err := r.cool(ctx, trigger, personOf(r.in.Event))
	if err != nil || wait <= 0 {
		return false, err
	}
	r.say(Fill(r.v.spec.words(TextSlow), map[string]string{"wait": inWords(wait)}))
	return true, nil
}

// has says whether somebody has one of several roles. Nobody has any where nothing tells.
func (h *Host) has(who Person, roles []string) bool {
	if h.cfg.Env.Roles == nil || who.ID == "" {
		return false
	}
	return slices.ContainsFunc(h.cfg.Env.Roles(who), func(r string) bool { return slices.Contains(roles, r) })
}

// failed makes what the bot did undone, tells the person that it did not work and the operators why. A runaway is a
// fault; after a few of them the bot is quarantined.
func (r *run) failed(ctx context.Context, t *Turn, d *dialog, err error) {
	h, now := r.h, r.h.cfg.Env.Now()
	reason := text.Snippet(text.Plain(firstLine(err.Error())), 300)
	h.cfg.Env.Log.LogAttrs(ctx, slog.LevelError, "bot failed",
		slog.String("trigger", t.trigger.ID), slog.Any("error", err))
	r.out = chat.Outcome{}
	if d != nil {
		r.forget(d)
	}
	if t.trigger.Command != nil || t.trigger.Mention || t.trigger.Button != "" || d != nil || r.in.Event.Direct {
		r.say(r.v.spec.words(TextFailed))
	}
	if r.in.Desk != "" {
		r.out.Acts = append(r.out.Acts, chat.HandOff{At: r.in.Event.Conversation, Reason: h.cfg.Name + " did not work: " + reason})
	}
	words := fmt.Sprintf("⚠️ The bot **%s** did not work: %s", Escape(h.cfg.Name), Escape(reason))
	if errors.Is(err, ErrRunaway) && h.fault(now, reason) {
		words = fmt.Sprintf("⛔ The bot **%s** is quarantined, because it did so %d times within %v: %s\n`roost bots resume %s` lets it go on.",
			Escape(h.cfg.Name), faultsMost, faultsWithin, Escape(reason), h.cfg.Name)
		r.out.Keep = append(r.out.Keep, h.quarantineKept(reason, now))
	} else if !h.tells(reason, now) {
		return
	}
	if to := h.cfg.Operators; !to.IsZero() {
		r.out.Acts = append(r.out.Acts, chat.Say{
			Ref: r.in.Key.Said(h.account, to, 2000), Post: chat.Post{To: to, Text: Markup(words)},
		})
	}
}
