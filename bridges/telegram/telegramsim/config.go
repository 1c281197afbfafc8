package telegramsim

import (
	"cmp"
	"time"
)

// Config says what the simulated Telegram is like. The zero value of each field is its default.
type Config struct {
	Token string // of the bot; default "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
	Bot   User   // default id: the number before the colon of Token; default name "Sim Bot", username "sim_bot"

	Now    func() time.Time // clock of dates and rate limits; default time.Now
	Timing Timing           // how long things take

	Limits  bool  // enforce the rate limits: 30 messages a second, one a second in a chat, 20 a minute in a group; default off
	Privacy *bool // privacy mode: in groups the bot sees only what is meant for it, unless it is an administrator; default true
	SeeBots bool  // the bot sees what other bots say in groups; default off

	MaxUpload   int64 // bytes of one uploaded file; default 50 MB
	MaxDownload int64 // bytes of one file that getFile serves; default 20 MB
}

// Timing says how long the simulator waits. Zero fields mean Telegram's own values, as far as they are known.
type Timing struct {
	MaxPoll    time.Duration // the longest getUpdates waits; default 50 s
	Conflict   time.Duration // the second of two conflicts within this time is told after it; default 3 s, negative never waits
	Keep       time.Duration // updates are kept this long; default 24 h
	Link       time.Duration // a file_path is good for this long; default 1 h
	Query      time.Duration // a callback query can be answered this long; default 15 min
	Retry      time.Duration // before a webhook is tried again, doubled at each failure up to a minute; default 1 s
	Hook       time.Duration // a webhook must answer within this; default 60 s
	DeleteOld  time.Duration // messages older than this cannot be deleted; default 48 h
	BusinessIn time.Duration // a bot answers for a business account only where someone wrote within this; default 24 h
}

// User is a person, or another bot when Bot is set.
type User struct {
	ID       int64 // made up when 0
	First    string
	Last     string
	Username string // without the leading @
	Language string // IETF tag, such as "en"
	Bot      bool
	Premium  bool
	Photo    []byte // a profile photo: JPEG, PNG or GIF
}

// Type is the kind of a chat.
type Type string

// The types of chats that can be added. A private chat comes with Sim.Private.
const (
	BasicGroup Type = "group"
	Supergroup Type = "supergroup"
	Channel    Type = "channel"
	private    Type = "private"
)

// Group is a basic group, a supergroup or a channel. The bot is a member of it unless NoBot is set.
type Group struct {
	ID       int64 // made up when 0
	Title    string
	Type     Type    // default BasicGroup, or Supergroup when Forum is set or there is a Username
	Forum    bool    // topics are on
	Username string  // without the leading @
	Members  []int64 // unknown ones are added as people
	Admins   []int64 // members who may do everything; the first is the owner
	BotAdmin bool    // the bot is an administrator; it always is in a channel
	NoBot    bool
}

func (c Config) withDefaults() Config {
	c.Token = cmp.Or(c.Token, "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw")
	c.Bot.ID = cmp.Or(c.Bot.ID, tokenID(c.Token), 110201543)
	c.Bot.First = cmp.Or(c.Bot.First, "Sim Bot")
	c.Bot.Username = cmp.Or(c.Bot.Username, "sim_bot")
	c.Bot.Bot = true
	c.MaxUpload = cmp.Or(c.MaxUpload, 50<<20)
	c.MaxDownload = cmp.Or(c.MaxDownload, 20<<20)
	if c.Privacy == nil {
		c.Privacy = new(true)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Timing = c.Timing.withDefaults()
	return c
}

func (t Timing) withDefaults() Timing {
	t.MaxPoll = cmp.Or(t.MaxPoll, 50*time.Second)
	t.Conflict = cmp.Or(t.Conflict, 3*time.Second)
	t.Keep = cmp.Or(t.Keep, 24*time.Hour)
	t.Link = cmp.Or(t.Link, time.Hour)
	t.Query = cmp.Or(t.Query, 15*time.Minute)
	t.Retry = cmp.Or(t.Retry, time.Second)
	t.Hook = cmp.Or(t.Hook, time.Minute)
	t.DeleteOld = cmp.Or(t.DeleteOld, 48*time.Hour)
	t.BusinessIn = cmp.Or(t.BusinessIn, 24*time.Hour)
	return t
}
