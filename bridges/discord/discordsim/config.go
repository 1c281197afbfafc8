package discordsim

import (
	"cmp"
	"encoding/base64"
	"time"
)

// Config says which application is simulated and how its Discord behaves. Every zero field has a working default.
type Config struct {
	ApplicationID string // also the user id of the bot; default "1100000000000000001"
	Token         string // default one in Discord's form, made of the application's id
	PublicKey     string // the application's verify_key, 64 hexadecimal digits
	BotName       string // default "simbot"

	Intents []Intent // privileged intents that are switched on for the application; nil switches all on, an empty slice none

	Now    func() time.Time // clock of ids, timestamps and rate limits; default time.Now
	Timing Timing           // how long things take

	Limits    bool  // enforce the rate limits of each route, the global one and the pace of IDENTIFY; default off
	MaxUpload int64 // bytes of one attachment; default 10 MiB
}

// Timing says how long the simulator waits. Zero fields mean Discord's own values, as far as they are known.
type Timing struct {
	Heartbeat time.Duration // heartbeat_interval; default 41.25 s
	Missed    time.Duration // a socket without a heartbeat for so long is closed with 4009; default one and a half intervals
	Resume    time.Duration // a session without a socket is kept for so long; default 3 min
	Grace     time.Duration // from op 7 to the close of the socket; default 10 s
	Answer    time.Duration // an interaction must be answered within this; default 3 s
	Token     time.Duration // life of an interaction's token; default 15 min
	Link      time.Duration // life of an attachment's address; default 24 h
	Nonce     time.Duration // for so long a nonce with enforce_nonce finds the earlier message; default 5 min
}

// Intent is one bit of the gateway's intents. https://docs.discord.com/developers/events/gateway#list-of-intents
type Intent uint64

// The intents that the simulator has events for.
const (
	IntentGuilds          Intent = 1 << 0
	IntentMembers         Intent = 1 << 1 // privileged
	IntentExpressions     Intent = 1 << 3
	IntentWebhooks        Intent = 1 << 5
	IntentPresences       Intent = 1 << 8 // privileged
	IntentMessages        Intent = 1 << 9
	IntentReactions       Intent = 1 << 10
	IntentTyping          Intent = 1 << 11
	IntentDirectMessages  Intent = 1 << 12
	IntentDirectReactions Intent = 1 << 13
	IntentDirectTyping    Intent = 1 << 14
	IntentMessageContent  Intent = 1 << 15 // privileged
	IntentPolls           Intent = 1 << 24
	IntentDirectPolls     Intent = 1 << 25
	privileged                   = IntentMembers | IntentPresences | IntentMessageContent
	knownIntents          Intent = 1<<17 - 1 | 3<<20 | 3<<24
	intentGuildsOrMembers        = IntentGuilds | IntentMembers
	noIntent              Intent = 0
)

// Permission is one or more bits of what the bot may do. https://docs.discord.com/developers/topics/permissions
type Permission uint64

// The permissions that the simulator asks for.
const (
	PermManageChannels Permission = 1 << 4
	PermAddReactions   Permission = 1 << 6
	PermView           Permission = 1 << 10
	PermSend           Permission = 1 << 11
	PermManageMessages Permission = 1 << 13
	PermEmbedLinks     Permission = 1 << 14
	PermAttachFiles    Permission = 1 << 15
	PermReadHistory    Permission = 1 << 16
	PermMentionAll     Permission = 1 << 17
	PermManageWebhooks Permission = 1 << 29
	PermManageThreads  Permission = 1 << 34
	PermPublicThreads  Permission = 1 << 35
	PermPrivateThreads Permission = 1 << 36
	PermSendInThreads  Permission = 1 << 38
	PermVoiceMessages  Permission = 1 << 46
	PermPolls          Permission = 1 << 49
	PermPin            Permission = 1 << 51
	permAdministrator  Permission = 1 << 3
	permEverything     Permission = 1<<53 - 1
)

// Guild is a server. The bot is in it unless NoBot is set.
type Guild struct {
	ID    string // digits; made up when empty
	Name  string
	Owner string // user id; default the first person
	NoBot bool
}

// User is a person, or another application's bot when Bot is set.
type User struct {
	ID         string // digits; made up when empty
	Name       string // handle, lower case; default "user" and the id
	GlobalName string // what is shown; "" shows Name
	Avatar     string // hash of the picture; "" is a default picture
	Bot        bool
	NoDMs      bool     // takes no direct messages from the bot: 50007
	Guilds     []string // member of these; nil of every guild, also of later ones
}

// ChannelType is what a channel is, as Discord numbers it.
type ChannelType int

// The types of channels. Threads and DMs come about by themselves.
const (
	ChannelText               ChannelType = 0
	ChannelDM                 ChannelType = 1
	ChannelVoice              ChannelType = 2
	ChannelCategory           ChannelType = 4
	ChannelAnnouncement       ChannelType = 5
	ChannelAnnouncementThread ChannelType = 10
	ChannelPublicThread       ChannelType = 11
	ChannelPrivateThread      ChannelType = 12
	ChannelStage              ChannelType = 13
	ChannelForum              ChannelType = 15
	ChannelMedia              ChannelType = 16
)

// Channel is a channel of a guild, a thread or a DM.
type Channel struct {
	ID      string // digits; made up when empty
	Guild   string // default the first guild, which is made when there is none; "" in a DM
	Name    string
	Type    ChannelType
	Parent  string // the category, or the channel of a thread
	Topic   string
	Tags    []string // names of the tags of a forum
	TagIDs  []string // their ids, as View gives them
	Private bool     // everyone but the bot and Members is shut out
	Members []string // of a private channel, a thread or a DM
	Slow    int      // seconds between two messages of a person, as rate_limit_per_user tells; bots are exempt
	NeedTag bool     // a post in this forum must have a tag
	Applied []string // ids of the tags of a post, as View gives them

	Owner            string // who started the thread
	Archived, Locked bool
}

func (c Config) withDefaults() Config {
	c.ApplicationID = cmp.Or(c.ApplicationID, "1100000000000000001")
	c.Token = cmp.Or(c.Token, base64.RawStdEncoding.EncodeToString([]byte(c.ApplicationID))+".GsimuA.simulated-bot-token-000000000000000000")
	c.PublicKey = cmp.Or(c.PublicKey, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
	c.BotName = cmp.Or(c.BotName, "simbot")
	c.MaxUpload = cmp.Or(c.MaxUpload, 10<<20)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Intents == nil {
		c.Intents = []Intent{privileged}
	}
	c.Timing = c.Timing.withDefaults()
	return c
}

func (t Timing) withDefaults() Timing {
	t.Heartbeat = cmp.Or(t.Heartbeat, 41250*time.Millisecond)
	t.Missed = cmp.Or(t.Missed, t.Heartbeat*3/2)
	t.Resume = cmp.Or(t.Resume, 3*time.Minute)
	t.Grace = cmp.Or(t.Grace, 10*time.Second)
	t.Answer = cmp.Or(t.Answer, 3*time.Second)
	t.Token = cmp.Or(t.Token, 15*time.Minute)
	t.Link = cmp.Or(t.Link, 24*time.Hour)
	t.Nonce = cmp.Or(t.Nonce, 5*time.Minute)
	return t
}

// thread says whether a channel is a thread of any type.
func (t ChannelType) thread() bool {
	return t == ChannelAnnouncementThread || t == ChannelPublicThread || t == ChannelPrivateThread
}

// forum says whether a channel holds posts and no messages of its own.
func (t ChannelType) forum() bool { return t == ChannelForum || t == ChannelMedia }

// texty says whether messages can be written into a channel.
func (t ChannelType) texty() bool { return !t.forum() && t != ChannelCategory }
