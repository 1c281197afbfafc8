package slacksim

import (
	"cmp"
	"time"
)

// Config says what workspace and which app are simulated. Every zero field has a working default.
type Config struct {
	BotToken          string // default "xoxb-sim-bot-token"
	AppToken          string // for Socket Mode; default "xapp-sim-app-token"
	SigningSecret     string // signs HTTP events; default "sim-signing-secret"
	VerificationToken string // the deprecated token inside payloads; default "sim-verification-token"
	AppID             string // default "A0SIMAPP001"
	BotID             string // the B… id of the app's bot; default "B0SIMBOT001"
	Team              Team   // default T0SIMTEAM01, "Sim Team", "simteam"
	BotUser           User   // the bot's user; default U0SIMBOT001, "simbot"

	Now    func() time.Time // clock of timestamps and rate limits; default time.Now
	Timing Timing           // how long things take

	Scopes     []string // granted scopes; empty grants AllScopes
	Limits     bool     // enforce the rate limits of each method's tier; default off
	Commercial bool     // with Limits: history and replies once a minute, 15 messages at most
	MaxUpload  int64    // bytes of one uploaded file; default 64 MiB
}

// Timing says how long the simulator waits. Zero fields mean Slack's own values, as far as they are known.
type Timing struct {
	AckWait    time.Duration   // an event must be confirmed within this; default 3 s
	Window     time.Duration   // events are kept this long while no socket is open; default 10 s, negative keeps none
	Retries    []time.Duration // waits before each repeat of an unconfirmed event; default at once, 1 min, 5 min
	PingEvery  time.Duration   // between WebSocket pings; default 5 s
	Grace      time.Duration   // from a disconnect message to the close of the socket; default 10 s
	ShareDelay time.Duration   // from files.completeUploadExternal to the message; default 20 ms
	Trigger    time.Duration   // life of a trigger_id; default 3 s
}

// AllScopes are the scopes that are granted when none are named: all that the methods here need. chat:write.public is not
// among them, so the bot writes only where it is.
func AllScopes() []string {
	return []string{
		"app_mentions:read", "channels:history", "channels:join", "channels:manage", "channels:read", "chat:write", "chat:write.customize",
		"commands", "emoji:read", "files:read", "files:write", "groups:history", "groups:read", "groups:write", "im:history", "im:read",
		"im:write", "mpim:history", "mpim:read", "mpim:write", "pins:read", "pins:write", "reactions:read", "reactions:write", "team:read", "usergroups:read",
		"users.profile:read", "users:read", "users:read.email",
	}
}

// Team is the workspace.
type Team struct {
	ID     string
	Name   string
	Domain string // of <domain>.slack.com
}

// User is a member of the workspace: a person, or another app's bot when Bot is set.
type User struct {
	ID       string // U…; made up when empty
	Name     string // handle, lower case
	RealName string // default Name
	Display  string // what the person wants to be called; many leave it empty
	Avatar   string // image URL; default one that the simulator serves
	Email    string
	TimeZone string // default "Europe/Berlin"
	Bot      bool
	Deleted  bool
}

// Channel is a conversation. The bot is a member of it unless NoBot is set.
type Channel struct {
	ID       string // C…, D… for an IM; made up when empty
	Name     string // without the leading #
	Private  bool
	IM       bool // a direct message between the bot and Members[0]
	Group    bool // a direct message between the bot and several people
	NoBot    bool
	Archived bool
	Topic    string
	Members  []string // user ids besides the bot; empty puts every known person in, except in an IM
}

func (c Config) withDefaults() Config {
	c.BotToken = cmp.Or(c.BotToken, "xoxb-sim-bot-token")
	c.AppToken = cmp.Or(c.AppToken, "xapp-sim-app-token")
	c.SigningSecret = cmp.Or(c.SigningSecret, "sim-signing-secret")
	c.VerificationToken = cmp.Or(c.VerificationToken, "sim-verification-token")
	c.AppID = cmp.Or(c.AppID, "A0SIMAPP001")
	c.BotID = cmp.Or(c.BotID, "B0SIMBOT001")
	c.Team.ID = cmp.Or(c.Team.ID, "T0SIMTEAM01")
	c.Team.Name = cmp.Or(c.Team.Name, "Sim Team")
	c.Team.Domain = cmp.Or(c.Team.Domain, "simteam")
	c.BotUser.ID = cmp.Or(c.BotUser.ID, "U0SIMBOT001")
	c.BotUser.Name = cmp.Or(c.BotUser.Name, "simbot")
	c.BotUser.Bot = true
	c.MaxUpload = cmp.Or(c.MaxUpload, 64<<20)
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Timing = c.Timing.withDefaults()
	return c
}

func (t Timing) withDefaults() Timing {
	t.AckWait = cmp.Or(t.AckWait, 3*time.Second)
	t.Window = cmp.Or(t.Window, 10*time.Second)
	t.PingEvery = cmp.Or(t.PingEvery, 5*time.Second)
	t.Grace = cmp.Or(t.Grace, 10*time.Second)
	t.ShareDelay = cmp.Or(t.ShareDelay, 20*time.Millisecond)
	t.Trigger = cmp.Or(t.Trigger, 3*time.Second)
	if t.Retries == nil {
		// https://docs.slack.dev/apis/events-api/#retries
		t.Retries = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	return t
}
