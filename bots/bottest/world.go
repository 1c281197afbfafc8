package bottest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
)

// Bot is what a transcript wants to talk to.
type Bot struct {
	Path   string            // of the bot, or of the transcript without .chat when nothing lies beside it
	Locale string            // of its texts; empty: its own
	Config map[string]string // its settings, as the transcript says them, but for places: those by their full names
}

// Opener makes a bot: Config.Name, Bot, Source and Load, and of Env what the bot itself says (May, Folder). The rest is the
// transcript's.
type Opener func(ctx context.Context, b Bot) (bots.Config, error)

// world is where a chat takes place: the platform, the store and the clock of one bot, all of them in memory.
type world struct {
	set      settings
	platform string
	traits   chat.Traits
	account  chat.Account
	open     Opener
	bot      Bot
	web      *web

	host *bots.Host
	end  func() // ends its time
	name string

	mu       sync.Mutex
	now      time.Time
	state    map[string][]byte
	failing  bool // the next look at the state fails
	queue    []chat.Event
	heard    map[chat.EventID]bool
	cursor   []byte
	troubles []string // what went wrong within the bot

	next    time.Time // when the next slot of a schedule is due; zero: never
	wakes   []wake
	pending []chat.Hear // what came while nothing ran
	down    bool
	crash   bool
	muted   map[chat.Conversation]bool
	roles   map[chat.PersonID][]string
	rooms   map[chat.Conversation]*room
	people  map[chat.PersonID]chat.Author
	here    chat.Conversation // where something happened last
	did     []done
	count   int
}

// room is what was said in a conversation.
type room struct {
	direct   chat.PersonID
	messages []*message
}

// message is one that was said.
type message struct {
	ref     chat.Ref // as the bot knows it
	id      chat.MessageID
	by      chat.PersonID // empty: the bot
	words   string
	buttons []chat.Button
	were    []chat.Button // its buttons, also when they were taken off
	choices []string      // as they are shown, buttons or not
	gone    bool
}

// wake is a chat.Wake that waits.
type wake struct {
	chat.Wake
	seq int
}

func newWorld(t *Transcript, platform string, open Opener, b Bot) (*world, error) {
	traits, ok := Traits(platform)
	if !ok {
		return nil, fmt.Errorf("there is no platform %s", platform)
	}
	for _, c := range t.set.can {
		name, not := strings.CutPrefix(c, "!")
		abilities()[name](&traits, !not)
	}
	w := &world{
		set: t.set, platform: platform, traits: traits, account: chat.Account(platform + "/test"), open: open, bot: b, web: &web{},
		now: t.set.at, state: map[string][]byte{}, heard: map[chat.EventID]bool{}, muted: map[chat.Conversation]bool{},
		roles: map[chat.PersonID][]string{}, rooms: map[chat.Conversation]*room{}, people: map[chat.PersonID]chat.Author{},
	}
	w.bot.Locale, w.bot.Config = t.set.locale, map[string]string{}
	for name, value := range t.set.config {
		if c, err := w.conversation(value); err == nil && strings.HasPrefix(value, "#") {
			value = c.String() // a bot knows conversations by their full names
		}
		w.bot.Config[name] = value
	}
	return w, nil
}

// start makes the bot's host, as a new process does, and fires what is due.
func (w *world) start(ctx context.Context) error {
	cfg, err := w.config(ctx)
	if err != nil {
		return err
	}
	h, err := bots.New(cfg)
	if err != nil {
		return fmt.Errorf("%s: %w", w.bot.Path, err)
	}
	if w.end, err = h.Begin(ctx, w); err != nil {
		return err
	}
	w.host, w.name, w.down = h, cfg.Name, false
	return w.fire(ctx)
}

// config is the bot's, in this world.
func (w *world) config(ctx context.Context) (bots.Config, error) {
	cfg, err := w.open(ctx, w.bot)
	if err != nil {
		return cfg, err
	}
	may, err := bots.ParseMay(w.granted())
	if err != nil {
		return cfg, fmt.Errorf("@may: %w", err)
	}
	e := &cfg.Env
	e.May.Sends, e.May.Hosts = append(e.May.Sends, may.Sends...), append(e.May.Hosts, may.Hosts...)
	e.May.Secrets = append(e.May.Secrets, may.Secrets...)
	e.May.Moderate, e.May.Anywhere = e.May.Moderate || may.Moderate, e.May.Anywhere || may.Anywhere
	e.State, e.Now = w.get, w.clock
	e.Roles = func(who bots.Person) []string { return w.roles[who.ID] }
	e.Secret = func(name string) (string, bool) {
		s, ok := w.set.secrets[name]
		return s, ok
	}
	e.Client = &http.Client{Transport: w.web}
	e.Log = slog.New(ear{w})
	for _, p := range []struct {
		place string
		into  *chat.Conversation
	}{{w.set.home, &cfg.Home}, {w.set.operators, &cfg.Operators}} {
		if p.place == "" {
			continue
		}
		if *p.into, err = w.conversation(p.place); err != nil {
			return cfg, err
		}
	}
	return cfg, nil
}

// granted are the grants of the transcript, its places by their names.
func (w *world) granted() []string {
	grants := slices.Clone(w.set.grants)
	for i, g := range grants {
		if place, ok := strings.CutPrefix(g, "send:#"); ok {
			if c, err := w.conversation("#" + place); err == nil {
				grants[i] = "send:" + c.String()
			}
		}
	}
	return grants
}

// stop ends the process.
func (w *world) stop() {
	if w.host != nil {
		w.end()
		_ = w.host.Close() // a process that dies can't say so
		w.host = nil
	}
	w.down = true
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

var errInjected = errors.New("the store failed, as the transcript wants")

func (w *world) get(_ context.Context, key string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failing {
		w.failing = false
		return nil, errInjected
	}
	return bytes.Clone(w.state[key]), nil
}

// Accept stores events, each once.
func (w *world) Accept(_ context.Context, b chat.Batch) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ev := range b.Events {
		if !w.heard[ev.ID] {
			w.heard[ev.ID] = true
			w.queue = append(w.queue, ev)
		}
	}
	if b.Cursor != nil {
		w.cursor = b.Cursor
	}
	return nil
}

// Cursor is what was stored with the last events.
func (w *world) Cursor(context.Context) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cursor, nil
}

// ear hears what goes wrong within a bot.
type ear struct{ w *world }

func (e ear) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (e ear) WithAttrs([]slog.Attr) slog.Handler           { return e }
func (e ear) WithGroup(string) slog.Handler                { return e }

func (e ear) Handle(_ context.Context, r slog.Record) error {
	words := r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "error" {
			words = a.Value.String()
		}
		return true
	})
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	e.w.troubles = append(e.w.troubles, words)
	return nil
}

// conversation is the one that a place means: #lounge, #lounge/thread, a person's name, or the text form of one.
func (w *world) conversation(place string) (chat.Conversation, error) {
	if c, ok := w.set.places[place]; ok {
		return c, nil
	}
	name, thread, threaded := strings.Cut(place, "/")
	if c, ok := w.set.places[name]; ok && threaded {
		c.Thread = chat.ThreadID(thread)
		return c, nil
	}
	if rest, ok := strings.CutPrefix(name, "#"); ok && rest != "" && !strings.Contains(rest, "#") {
		return chat.Conversation{Account: w.account, ID: chat.ConversationID(rest), Thread: chat.ThreadID(thread)}, nil
	}
	if strings.Contains(place, "#") {
		return chat.ParseConversation(place)
	}
	if nameForm.FindString(place) != place {
		return chat.Conversation{}, fmt.Errorf("%q is no place; one is written #lounge, or a person's name", place)
	}
	c := chat.Conversation{Account: w.account, ID: chat.ConversationID(personID(place))}
	w.room(c).direct = personID(place)
	return c, nil
}

// placed is how a transcript names a conversation.
func (w *world) placed(c chat.Conversation) string {
	for name, is := range w.set.places {
		switch {
		case is == c:
			return name
		case is == c.Place():
			return name + "/" + string(c.Thread)
		}
	}
	if r := w.rooms[c]; r != nil && r.direct != "" {
		return w.person(r.direct).Name
	}
	name := "#" + string(c.ID)
	if c.Thread != "" {
		name += "/" + string(c.Thread)
	}
	if back, err := w.conversation(name); err == nil && back == c && c.Account == w.account {
		return name
	}
	return c.String()
}

func personID(name string) chat.PersonID { return chat.PersonID(strings.ToLower(name)) }

func (w *world) person(id chat.PersonID) chat.Author {
	if a, ok := w.people[id]; ok {
		return a
	}
	return chat.Author{ID: id, Name: string(id), Handle: string(id)}
}

func (w *world) room(c chat.Conversation) *room {
	r := w.rooms[c]
	if r == nil {
		r = &room{}
		w.rooms[c] = r
	}
	return r
}

func (w *world) id(mark string) string {
	w.count++
	return mark + strconv.Itoa(w.count)
}

// talk is the conversation of the bot's account in which it is told of a place.
func (w *world) talk(at chat.Conversation) chat.Conversation {
	for name, places := range w.set.mirrors {
		for _, p := range places {
			if c, err := w.conversation(p); err == nil && c == at.Place() {
				return chat.Conversation{Account: chat.BotAccount(w.name), ID: chat.ConversationID(name)}
			}
		}
	}
	return w.host.Talk(at.Place())
}
