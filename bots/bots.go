// Package bots is what every kind of bot shares: what a bot declares, what it is told, and what it can do.
//
// A bot is a connector. The router tells it of events by its lanes, one at a time for each talk, and what it makes of one
// event is stored together with the end of the delivery that told it:
//
//	event → router (who listens?) → lane → Host.Hear → match, arguments, dialog → Bot.Hear(Turn) → Outcome → store
//
// So a crash repeats nothing that anybody could see: either everything that a bot did about an event has happened, or
// nothing has and it hears the event again.
//
// What a bot does, it does through its Turn. Everything a Turn gives that could differ the next time (an answer, the
// clock, the state, a web page) is written into the dialog's journal, so a bot that waits for an answer in the middle of
// its code can be run again from its beginning days later and comes to the same place: Ask returns ErrWaiting, the bot
// returns that, and when the answer is there it is called once more, with everything before it replayed.
//
// We chose replay, not a goroutine that waits, because goroutines don't survive a restart; it costs that a bot must be
// deterministic but for what its Turn gives, and that a turn of a dialog costs as much as all turns before it (some
// microseconds each).
//
// The kinds of bot are rules (YAML), script (Starlark), programs (package plugins) and Go code (Func).
package bots

import (
	"context"
	"errors"
	"regexp"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/schedule"
)

// Bot is what a kind of bot must be.
type Bot interface {
	// Spec says what the bot answers to. It does no I/O and is the same whenever it is asked.
	Spec() *Spec
	// Hear makes something of one event. What it does through t happens when it returns nil, and the part before its
	// question when it returns ErrWaiting, wrapped or not; nothing happens when it returns another error. It is called from
	// several goroutines at once, for different talks, and must end soon after ctx does.
	Hear(ctx context.Context, t *Turn) error
}

// ErrWaiting says that a bot waits for an answer. Whoever gets it from a Turn gives it back at once.
var ErrWaiting = errors.New("waiting for an answer")

// Spec is what a bot declares.
type Spec struct {
	Name     string    // of the bot on its platform, as in /order@acme_bot; may be empty
	Help     string    // what it is for, in one line
	Triggers []Trigger // the first that matches an event has it; commands come before all others
	Texts    Texts     // its texts in several languages; may be nil
	Locale   string    // of those texts that it uses; empty: en
	Migrate  bool      // it can take over the dialogs of an earlier version (Migrator)
	Prefixes []string  // what commands begin with; empty: / and !
	Machines bool      // it hears what other bots say
}

// Texts are texts by locale and key: Texts["de"]["greeting"].
type Texts map[string]map[string]string

// Trigger is one thing that a bot answers to. One of Command, Pattern, Kind, Button, Schedule, Hook, Mention and Any is set.
type Trigger struct {
	ID       string         // the bot's own name for it, handed back by Turn.Trigger; unique within the bot
	Command  *Command       // a command: /order large
	Pattern  *regexp.Regexp // words that match; its named groups become arguments
	Mention  bool           // the bot's account is called, or its name, or anything is said to it directly
	Any      bool           // any message
	Kind     Kind           // something else that happens
	Button   string         // a button with this ID was pressed; it ends in * for all that begin so
	Schedule *Schedule
	Hook     string   // a POST to /hooks/bot/NAME/HOOK
	Roles    []string // who may: anybody with one of these roles; empty: everybody
	Cooldown Cooldown
	Help     string // what it does, in one line, for /help; empty: it is not listed
}

// Kind is a kind of event that is no message.
type Kind string

// The kinds of event.
const (
	Edited   Kind = "edited"
	Deleted  Kind = "deleted"
	Reacted  Kind = "reacted"
	Pinned   Kind = "pinned"
	Joined   Kind = "joined"
	Left     Kind = "left"
	Woken    Kind = "woken"    // a Turn.Wake whose time has come
	Answered Kind = "answered" // the answer to a Turn.Await
	Sent     Kind = "sent"     // what the bot's own program asks for unbidden
)

// Schedule is when a bot wakes by itself.
type Schedule struct {
	schedule.Schedule
	Missed schedule.Policy
	To     chat.Conversation // where what it says goes; zero: the bot's first conversation
}

// Cooldown is how often a trigger works for one person: N times within Per. The zero value has no limit.
type Cooldown struct {
	N   int
	Per time.Duration
}

// Person is somebody in a conversation.
type Person struct {
	Account chat.Account  `json:"account"`
	ID      chat.PersonID `json:"id"`
	Name    string        `json:"name,omitempty"`
	Handle  string        `json:"handle,omitempty"`
}

// Message is what a bot says.
type Message struct {
	Text    string            // in Markdown: **bold**, *italic*, `code`, [words](https://…); see Markup
	To      chat.Conversation // where; zero: where the event happened
	Files   []string          // paths below the bot's folder
	Choices []Choice          // buttons, or numbered words where there are none
	Only    chat.PersonID     // shown to this person alone where the platform can
	Reply   bool              // it answers the event's message
}

// Choice is one of several things to press or to answer.
type Choice struct {
	Label string     `json:"label"`
	Value string     `json:"value,omitempty"` // what the bot gets; empty: the label
	ID    string     `json:"id,omitempty"`    // which Trigger.Button it is for; in a Question it is left empty
	Style chat.Style `json:"style,omitempty"`
}

// Question is what a bot asks.
type Question struct {
	Message
	Type    ParamKind     // what the answer must be; empty: any text, or one of the choices
	Timeout time.Duration // after which Answer.Late; 0: 30 days, after which the dialog is over
}

// Answer is what a person answered.
type Answer struct {
	Text  string   // as it was written, or the value of a choice
	Value Value    // as Question.Type wants it
	Ref   chat.Ref // the message
	By    Person
	Late  bool // nobody answered within Question.Timeout
}

// Migrator is a Bot that can take over dialogs of an earlier version of itself.
type Migrator interface {
	// Migrate says which answers the dialog shall be run again with; ok is false when it is to be begun anew.
	Migrate(ctx context.Context, d Past) (answers []string, ok bool, err error)
}

// Past is a dialog that an earlier version of a bot began.
type Past struct {
	Trigger string
	Args    map[string]string // as they were written
	Answers []string
	Began   time.Time
}

// Func is a Bot made of a Spec and a function.
type Func struct {
	Says  Spec
	Hears func(ctx context.Context, t *Turn) error
}

// Spec is Says.
func (f *Func) Spec() *Spec { return &f.Says }

// Hear calls Hears.
func (f *Func) Hear(ctx context.Context, t *Turn) error { return f.Hears(ctx, t) }
