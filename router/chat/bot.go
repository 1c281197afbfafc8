package chat

import (
	"fmt"
	"strings"
	"time"
)

// Hear tells a bot of an event. To is of the bot's own account, and its ID is the talk: the name of a mirror, or the text
// form of the place where the event happened. So what is said in one talk comes to a bot in order, one at a time.
type Hear struct {
	Key   Key          `json:"key,omitempty"`
	To    Conversation `json:"to"`
	Event Event        `json:"event"`
	About Ref          `json:"about,omitzero"` // the bot's own message that the event is about or answers; zero: none
	Desk  string       `json:"desk,omitempty"` // the desk whose contact did it; empty: none
	Can   Can          `json:"can,omitzero"`
}

// Can says what a bot can do in a conversation, as its platform allows it.
type Can struct {
	Cards   bool `json:"cards,omitempty"` // buttons are shown as such; elsewhere they are numbered words
	Edit    bool `json:"edit,omitempty"`
	Delete  bool `json:"delete,omitempty"`
	React   bool `json:"react,omitempty"`
	Reply   bool `json:"reply,omitempty"`
	Threads bool `json:"threads,omitempty"`
	Typing  bool `json:"typing,omitempty"`
	Files   bool `json:"files,omitempty"`
}

// Wish says whether a bot wants to hear of an event.
type Wish struct {
	Now   bool   // it does
	Named bool   // it is told by its name or by a command of its own, so nobody else is meant
	Idle  bool   // it does because nobody else seems to be meant: not when another bot is, or waits for an answer
	Kept  string // it does when something is kept under this key: it waits for an answer of this person
}

// CanOf is what a bot can do on an account with traits t.
func CanOf(t Traits) Can {
	return Can{
		Cards: t.Cards, Edit: t.Edit.Out, Delete: t.Delete.Out, React: t.React.Out, Reply: t.Reply,
		Threads: t.Threads, Typing: t.Types, Files: t.Files.Count > 0,
	}
}

// Outcome is what a bot makes of what it heard. It is stored together with the end of the delivery that told it: after a
// crash either all of it has happened or nothing has, and then the bot hears the event again.
type Outcome struct {
	Acts []Act
	Keep []Kept
}

// Kept is a value that a bot read, and what it shall be. When it is no longer what was read nothing of the outcome
// happens, and the bot hears the event again.
type Kept struct {
	Key string
	Was []byte // nil: there was none
	Now []byte // nil: there shall be none
	Any bool   // it does not matter what it was
}

// Act is one thing that a bot does. It is sealed: the types below are all there are. A message of a bot is named by a Ref
// of its own making (Key.Said), which stands for the message as long as it is remembered.
//
//sumtype:decl
type Act interface{ act() }

// The kinds of Act.
type (
	// Say posts a message, which is Ref from now on. Post.To may be any conversation that an account has. A Post with a
	// Card whose Buttons its platform can't show has numbered words instead.
	Say struct {
		Ref  Ref
		Post Post
	}
	// Reword makes the bot's message Ref read otherwise; where nothing can be edited nothing happens.
	Reword struct {
		Ref  Ref
		Edit Edit
	}
	// Unsay takes the bot's message Ref back; where nothing can be deleted nothing happens.
	Unsay struct{ Ref Ref }
	// Sign puts an emoji on a message of somebody, or takes it off; where there are no reactions nothing happens.
	Sign struct{ React React }
	// HandOff gives the case of the contact at At to the people of its desk: they are told why, and bots no longer hear
	// what the contact says until a member gives the case back.
	HandOff struct {
		At     Conversation
		Reason string
	}
	// HandBack makes bots hear what the contact at At says again.
	HandBack struct{ At Conversation }
	// Wake tells the bot of Hear at a time, once. One of the same Name that still waits is replaced. It may come while
	// something else is heard in the same talk.
	Wake struct {
		Name string
		Due  time.Time
		Hear Hear
	}
	// Unwake takes a Wake back that still waits.
	Unwake struct {
		Talk Conversation // where Wake.Hear.To was
		Name string
	}
)

func (Say) act()      {}
func (Reword) act()   {}
func (Unsay) act()    {}
func (Sign) act()     {}
func (HandOff) act()  {}
func (HandBack) act() {}
func (Wake) act()     {}
func (Unwake) act()   {}

// saidMark begins the message of a Ref that a bot made.
const saidMark = "bot:"

// Said names the nth message that a bot posts at when it was told with key k.
func (k Key) Said(bot Account, at Conversation, n int) Ref {
	return Ref{Conversation: at, Message: MessageID(fmt.Sprintf("%s%s:%s-%d", saidMark, bot.Name(), k, n))}
}

// SaidBy is the account of the bot that made r; empty when none did.
func (r Ref) SaidBy() Account {
	rest, ok := strings.CutPrefix(string(r.Message), saidMark)
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, ":")
	return BotAccount(name)
}

// BotPlatform is the platform of bots: their accounts are bot/name.
const BotPlatform = "bot"

// BotAccount is the account of the bot called name.
func BotAccount(name string) Account { return Account(BotPlatform + "/" + name) }

// IsBot says whether a is the account of a bot of ours.
func (a Account) IsBot() bool { return a.Platform() == BotPlatform }

// WakeRef names a Wake of a bot.
func WakeRef(talk Conversation, name string) Ref {
	return Ref{Conversation: talk, Message: MessageID("wake:" + name)}
}
