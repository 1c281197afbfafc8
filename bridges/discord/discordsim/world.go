package discordsim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
)

const (
	maxRequests = 10_000        // kept in the log of calls
	epoch       = 1420070400000 // of snowflakes: the first second of 2015. https://docs.discord.com/developers/reference#snowflakes
)

// obj is a JSON object on its way out.
type obj = map[string]any

// world is all of Discord that the simulator knows. Methods whose comment does not say otherwise want mu held.
type world struct {
	cfg Config

	mu         sync.Mutex
	changes    simkit.Changes
	closed     bool
	base       string // http://host:port, of Start or of the last request
	lastID     uint64 // the newest snowflake given out
	guilds     map[string]*guild
	guildOrder []string
	users      map[string]*User
	userOrder  []string
	channels   map[string]*channel
	chanOrder  []string
	hooks      map[string]*hook
	hookOrder  []string
	files      map[string]*attachment
	commands   []*command
	inter      []*interaction
	modals     []*modal
	requests   []Request
	typings    []Typing // the bot's own
	moderators map[string]bool
	denied     map[string]Permission // by channel: what the bot may not do
	intents    Intent                // privileged intents that are switched on
	revoked    bool
	partial    bool // MESSAGE_UPDATE for embeds lacks all else

	limits limiter
	faults simkit.Faults[Fault]
	hub    hub
}

type guild struct {
	Guild
	bot     bool // the bot is in
	joined  time.Time
	members []member
	emojis  []*emoji
}

type member struct {
	user   string
	joined time.Time
}

// emoji is a custom emoji of a guild.
type emoji struct {
	id, name string
	animated bool
}

func newWorld(cfg Config) *world {
	cfg = cfg.withDefaults()
	w := &world{
		cfg:        cfg,
		guilds:     map[string]*guild{},
		users:      map[string]*User{},
		channels:   map[string]*channel{},
		hooks:      map[string]*hook{},
		files:      map[string]*attachment{},
		moderators: map[string]bool{},
		denied:     map[string]Permission{},
		limits:     newLimiter(cfg.Limits),
		hub:        newHub(),
	}
	for _, in := range cfg.Intents {
		w.intents |= in
	}
	w.addUser(User{ID: w.bot(), Name: cfg.BotName, Bot: true})
	return w
}

// bump tells everyone who waits that something changed.
func (w *world) bump() { w.changes.Bump() }

func (w *world) now() time.Time { return w.cfg.Now() }

// bot is the bot's user id: that of the application, as for every application made since 2016.
func (w *world) bot() string { return w.cfg.ApplicationID }

// newID makes a snowflake that is newer than every other.
func (w *world) newID() string {
	w.lastID = max(uint64(max(w.now().UnixMilli()-epoch, 0))<<22, w.lastID+1)
	return strconv.FormatUint(w.lastID, 10)
}

// number is a snowflake as a number; what is none is 0.
func number(id string) uint64 {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// born is when a snowflake was made.
func born(id string) time.Time {
	return time.UnixMilli(int64(number(id)>>22) + epoch)
}

// stamp writes a time as Discord does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000-07:00") }

// maybe writes a time, or null when there is none.
func maybe(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

// orNull is s, or null when it is empty.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// list is never null in JSON.
func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

// mustJSON encodes what cannot fail: only values that came from JSON or are built of plain types get here.
func mustJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("discordsim: %v", err))
	}
	return raw
}

// later runs do with mu held after a wait, unless the simulator was closed by then. It may be called without mu.
func (w *world) later(wait time.Duration, do func()) *time.Timer {
	return time.AfterFunc(wait, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.closed {
			do()
		}
	})
}

func (w *world) addUser(u User) string {
	if u.ID == "" {
		u.ID = w.newID()
	}
	if u.Name == "" {
		u.Name = "user" + u.ID
	}
	if _, known := w.users[u.ID]; !known {
		w.userOrder = append(w.userOrder, u.ID)
	}
	w.users[u.ID] = &u
	for _, id := range w.guildOrder {
		if u.ID != w.bot() && (u.Guilds == nil || slices.Contains(u.Guilds, id)) {
			w.join(w.guilds[id], u.ID)
		}
	}
	return u.ID
}

func (w *world) addGuild(in Guild) *guild {
	if in.ID == "" {
		in.ID = w.newID()
	}
	g := &guild{Guild: in, joined: w.now()}
	if old := w.guilds[in.ID]; old == nil {
		w.guildOrder = append(w.guildOrder, in.ID)
	} else {
		g.emojis = old.emojis
	}
	w.guilds[in.ID] = g
	for _, id := range w.userOrder {
		u := w.users[id]
		if id != w.bot() && (u.Guilds == nil || slices.Contains(u.Guilds, in.ID)) {
			g.members = append(g.members, member{id, w.now()})
			if g.Owner == "" && !u.Bot {
				g.Owner = id
			}
		}
	}
	if !in.NoBot {
		w.enter(g)
	}
	return g
}

// enter brings the bot into a guild.
func (w *world) enter(g *guild) {
	if g.bot {
		return
	}
	g.bot, g.joined = true, w.now()
	g.members = append(g.members, member{w.bot(), g.joined})
	w.dispatch(event{name: "GUILD_CREATE", need: IntentGuilds, guild: g.ID, build: func(*session) any { return w.wireGuildCreate(g) }})
}

// leave takes the bot out of a guild.
func (w *world) leave(g *guild) {
	if !g.bot {
		return
	}
	w.dispatch(event{name: "GUILD_DELETE", need: IntentGuilds, guild: g.ID, build: func(*session) any { return obj{"id": g.ID} }})
	g.bot = false
	g.members = slices.DeleteFunc(g.members, func(m member) bool { return m.user == w.bot() })
}

func (g *guild) has(user string) bool {
	return slices.ContainsFunc(g.members, func(m member) bool { return m.user == user })
}

// join makes a person a member; the bot hears of it.
func (w *world) join(g *guild, user string) {
	if g.has(user) {
		return
	}
	g.members = append(g.members, member{user, w.now()})
	if g.Owner == "" && !w.users[user].Bot {
		g.Owner = user
	}
	w.dispatch(event{name: "GUILD_MEMBER_ADD", need: IntentMembers, guild: g.ID, build: func(*session) any {
		m := w.wireMember(g, user)
		m["guild_id"] = g.ID
		return m
	}})
}

// part ends a membership; the bot hears of it.
func (w *world) part(g *guild, user string) {
	if !g.has(user) {
		return
	}
	g.members = slices.DeleteFunc(g.members, func(m member) bool { return m.user == user })
	w.dispatch(event{name: "GUILD_MEMBER_REMOVE", need: IntentMembers, guild: g.ID, build: func(*session) any {
		return obj{"guild_id": g.ID, "user": w.wireUser(user)}
	}})
}

// mutual says whether a person shares a guild with the bot.
func (w *world) mutual(user string) bool {
	for _, id := range w.guildOrder {
		if g := w.guilds[id]; g.bot && g.has(user) {
			return true
		}
	}
	return false
}
