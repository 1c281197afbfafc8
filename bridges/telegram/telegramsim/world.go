package telegramsim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
)

const (
	maxRequests = 10_000 // kept in the log of calls
	maxSettled  = 1_000  // confirmed updates kept for Redeliver

	anonymous = 1087968824 // GroupAnonymousBot, as which administrators speak who do not show themselves
)

// obj is a JSON object.
type obj = map[string]any

// world is everything the simulator knows. Methods whose comment does not say otherwise want mu held.
type world struct {
	cfg  Config
	life *simkit.Life // what runs delivers to the webhook

	mu        sync.Mutex
	changes   simkit.Changes
	closed    bool
	base      string // http://host:port
	serial    int64  // the newest made-up id
	lastID    int    // the newest message id of private chats and basic groups, which share one row
	users     map[int64]*User
	userOrder []int64
	photos    map[int64]*file // of users
	chats     map[int64]*chat
	chatOrder []int64
	links     map[string]*connection // business connections
	linkOrder []string
	files     map[string]*file
	queries   []*query
	actions   []Action
	polls     map[string]*poll
	commands  map[string]json.RawMessage
	requests  []Request

	revoked bool
	refused bool
	limits  limiter
	faults  simkit.Faults[Fault]
	queue   queue
	hook    hook
}

// status is what a user is in a chat. https://core.telegram.org/bots/api#chatmember
type status string

const (
	creator       status = "creator"
	administrator status = "administrator"
	member        status = "member"
	left          status = "left"
	kicked        status = "kicked"
)

// chat is a place with messages.
type chat struct {
	Group
	id       int64
	typ      Type
	user     int64       // of a private chat
	link     *connection // of a chat of a business account
	members  map[int64]status
	order    []int64 // of members, as they came
	messages []*message
	byID     map[int]*message
	lastID   int // of a supergroup or channel
	topics   []*topic
	general  topic
	pinned   []int
	upgraded int64 // the supergroup that this group became
	gone     bool  // the group was deleted
	blocked  bool  // the person blocked the bot
	stranger bool  // a person whom the bot knows from a group, but who never started it
	botSpoke bool  // the last bot that spoke here was ours, or none did
}

func newWorld(cfg Config) *world {
	cfg = cfg.withDefaults()
	w := &world{
		cfg:   cfg,
		life:  simkit.NewLife(),
		users: map[int64]*User{}, chats: map[int64]*chat{}, links: map[string]*connection{},
		photos: map[int64]*file{}, files: map[string]*file{}, polls: map[string]*poll{}, commands: map[string]json.RawMessage{},
		queue:  newQueue(),
		limits: limiter{on: cfg.Limits, buckets: map[string]*bucket{}},
	}
	w.hook = newHook()
	w.users[anonymous] = &User{ID: anonymous, First: "Group", Username: "GroupAnonymousBot", Bot: true}
	w.addUser(cfg.Bot)
	return w
}

// shut ends everything that runs.
func (w *world) shut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.closed = true
	w.hook.clear()
	w.life.End()
	w.bump()
}

// bump tells everyone who waits that something changed.
func (w *world) bump() { w.changes.Bump() }

func (w *world) now() time.Time { return w.cfg.Now() }

// newID makes a number up that never repeats and needs more than 32 bits.
func (w *world) newID() int64 {
	w.serial++
	return 5_000_000_000 + w.serial
}

// newKey makes a text up that never repeats.
func (w *world) newKey(prefix string) string {
	w.serial++
	return prefix + strconv.FormatInt(w.serial, 10) + "_" + strconv.FormatUint(rand.Uint64(), 36)
}

// tokenID is the id of the bot that a token belongs to, 0 when it has none.
func tokenID(token string) int64 {
	id, _, _ := strings.Cut(token, ":")
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func (w *world) addUser(u User) int64 {
	if u.ID == 0 {
		u.ID = w.newID()
	}
	if u.First == "" {
		u.First = "User " + strconv.FormatInt(u.ID, 10)
	}
	if len(u.Photo) > 0 {
		w.photos[u.ID] = w.keep(Upload{Kind: "photo", Data: u.Photo}, nil)
	}
	if _, known := w.users[u.ID]; !known {
		w.userOrder = append(w.userOrder, u.ID)
	}
	w.users[u.ID] = &u
	return u.ID
}

func (w *world) addGroup(g Group) *chat {
	g = w.completed(g)
	c := w.addChat(&chat{Group: g, id: g.ID, typ: g.Type})
	for _, id := range slices.Concat(g.Admins, g.Members) {
		if w.users[id] == nil {
			w.addUser(User{ID: id})
		}
	}
	for i, id := range g.Admins {
		c.set(id, administrator)
		if i == 0 {
			c.set(id, creator)
		}
	}
	for _, id := range g.Members {
		if !c.has(id) {
			c.set(id, member)
		}
	}
	if !g.NoBot {
		c.set(w.cfg.Bot.ID, member)
		if g.BotAdmin || g.Type == Channel {
			c.set(w.cfg.Bot.ID, administrator)
		}
	}
	return c
}

// completed gives a group what was left out.
func (w *world) completed(g Group) Group {
	if g.Type == "" {
		g.Type = BasicGroup
		if g.Forum || g.Username != "" {
			g.Type = Supergroup
		}
	}
	if g.ID == 0 {
		g.ID = -w.newID()
		if g.Type != BasicGroup {
			g.ID -= 1_000_000_000_000
		}
	}
	if g.Title == "" {
		g.Title = "Chat " + strconv.FormatInt(g.ID, 10)
	}
	return g
}

func (w *world) addChat(c *chat) *chat {
	c.members, c.byID, c.botSpoke = map[int64]status{}, map[int]*message{}, true
	c.lastID = generalTopic // the first message of a supergroup tells of its making
	c.general = topic{id: generalTopic, name: "General", color: topicBlue}
	if c.link != nil {
		return c
	}
	if _, known := w.chats[c.id]; !known {
		w.chatOrder = append(w.chatOrder, c.id)
	}
	w.chats[c.id] = c
	return c
}

// private finds or starts the chat between a person and the bot.
func (w *world) private(user int64) *chat {
	if c := w.chats[user]; c != nil {
		return c
	}
	c := w.addChat(&chat{id: user, typ: private, user: user})
	c.set(user, member)
	c.set(w.cfg.Bot.ID, member)
	return c
}

func (c *chat) set(user int64, s status) {
	if _, known := c.members[user]; !known {
		c.order = append(c.order, user)
	}
	c.members[user] = s
}

// has says whether a user is in the chat.
func (c *chat) has(user int64) bool {
	s := c.members[user]
	return s != "" && s != left && s != kicked
}

func (c *chat) admin(user int64) bool {
	return c.members[user] == administrator || c.members[user] == creator
}

func (c *chat) isGroup() bool { return c.typ == BasicGroup || c.typ == Supergroup }

// find gives a message that was not deleted, nil when there is none.
func (c *chat) find(id int) *message {
	if m := c.byID[id]; m != nil && !m.deleted {
		return m
	}
	return nil
}

// nextID numbers a message: per chat in supergroups and channels, in one row everywhere else.
func (w *world) nextID(c *chat) int {
	if c.typ == Supergroup || c.typ == Channel {
		c.lastID++
		return c.lastID
	}
	w.lastID++
	return w.lastID
}

// named finds a public chat or a person by username, without @ and in any case.
func (w *world) named(name string) *chat {
	for _, id := range w.chatOrder {
		if c := w.chats[id]; c.Username != "" && strings.EqualFold(c.Username, name) {
			return c
		}
	}
	return nil
}

func (w *world) userNamed(name string) *User {
	i := slices.IndexFunc(w.userOrder, func(id int64) bool { return strings.EqualFold(w.users[id].Username, name) })
	if i < 0 || name == "" {
		return nil
	}
	return w.users[w.userOrder[i]]
}

// last adds to a log and keeps it from growing for ever.
func last[T any](list []T, v T) []T {
	if len(list) >= maxRequests {
		list = slices.Delete(list, 0, len(list)-maxRequests+1)
	}
	return append(list, v)
}

// mustJSON encodes what the simulator itself built.
func mustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("telegramsim: encode %T: %v", v, err)) // only a value of ours that JSON cannot hold
	}
	return b
}
