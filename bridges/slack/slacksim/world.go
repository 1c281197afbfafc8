package slacksim

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
)

const (
	maxRequests = 10_000 // kept in the log of API calls
	maxSettled  = 1_000  // confirmed events kept for Redeliver
)

// world is the workspace and everything the simulator knows. Methods whose comment does not say otherwise want mu held.
type world struct {
	cfg Config

	mu         sync.Mutex
	changes    simkit.Changes
	closed     bool
	base       string // http://host:port, of Start or of the last request
	lastMicro  int64  // the newest timestamp given out
	serial     uint64 // the newest made-up id
	users      map[string]*User
	userOrder  []string
	channels   map[string]*channel
	chanOrder  []string
	files      map[string]*file
	fileOrder  []string
	uploads    map[string]string // upload ticket -> file id
	ephemerals []*ephemeral
	modals     []*modal
	homes      map[string]*modal // by user
	triggers   map[string]*trigger
	hooks      map[string]*hook
	groups     []UserGroup
	emoji      map[string]string
	requests   []Request
	inter      []*Interaction

	rev     string // the error every token gets, "" while they are good
	scopes  []string
	limits  limiter
	faults  simkit.Faults[Fault]
	courier courier
}

type channel struct {
	Channel
	created  int64
	creator  string
	members  []string // with the bot, when it is in
	messages []*message
	byTS     map[string]*message
	lastRead string
	pins     []string // ts of what is pinned, oldest first
}

type ephemeral struct {
	user string
	msg  *message
}

func newWorld(cfg Config) *world {
	cfg = cfg.withDefaults()
	w := &world{
		cfg:      cfg,
		users:    map[string]*User{},
		channels: map[string]*channel{},
		files:    map[string]*file{},
		uploads:  map[string]string{},
		homes:    map[string]*modal{},
		triggers: map[string]*trigger{},
		hooks:    map[string]*hook{},
		emoji:    map[string]string{},
		scopes:   slices.Clone(cfg.Scopes),
	}
	w.limits = newLimiter(cfg)
	w.courier = newCourier()
	bot := cfg.BotUser
	w.addUser(bot)
	return w
}

// bump tells everyone who waits that something changed.
func (w *world) bump() { w.changes.Bump() }

// stamp gives a timestamp that no other message or event has: Slack's ts is unique per channel, ours per workspace.
func (w *world) stamp() string {
	micro := max(w.cfg.Now().UnixMicro(), w.lastMicro+1)
	w.lastMicro = micro
	return fmt.Sprintf("%d.%06d", micro/1e6, micro%1e6)
}

func (w *world) now() time.Time { return w.cfg.Now() }

// newID makes an id of 11 characters up: the prefix, then digits and capital letters that never repeat.
func (w *world) newID(prefix string) string {
	w.serial++
	n := strings.ToUpper(strconv.FormatUint(w.serial, 36))
	return prefix + strings.Repeat("0", max(1, 11-len(prefix)-len(n))) + n
}

// newUUID makes a random identifier in the form of client_msg_id and envelope_id.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
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
		u.ID = w.newID("U")
	}
	if u.Name == "" {
		u.Name = strings.ToLower(u.ID)
	}
	if u.RealName == "" {
		u.RealName = u.Name
	}
	if u.TimeZone == "" {
		u.TimeZone = "Europe/Berlin"
	}
	if _, known := w.users[u.ID]; !known {
		w.userOrder = append(w.userOrder, u.ID)
	}
	w.users[u.ID] = &u
	return u.ID
}

func (w *world) addChannel(c Channel, creator string) *channel {
	if c.ID == "" {
		prefix := "C"
		if c.IM {
			prefix = "D"
		}
		c.ID = w.newID(prefix)
	}
	ch := &channel{Channel: c, created: w.now().Unix(), creator: creator, byTS: map[string]*message{}, lastRead: "0000000000.000000"}
	ch.members = slices.Clone(c.Members)
	if len(ch.members) == 0 && !c.IM {
		for _, id := range w.userOrder {
			if !w.users[id].Bot {
				ch.members = append(ch.members, id)
			}
		}
	}
	if !c.NoBot && !slices.Contains(ch.members, w.cfg.BotUser.ID) {
		ch.members = append(ch.members, w.cfg.BotUser.ID)
	}
	if _, known := w.channels[c.ID]; !known {
		w.chanOrder = append(w.chanOrder, c.ID)
	}
	w.channels[c.ID] = ch
	return ch
}

func (ch *channel) has(user string) bool { return slices.Contains(ch.members, user) }

func (ch *channel) find(ts string) *message {
	if m := ch.byTS[ts]; m != nil && !m.deleted {
		return m
	}
	return nil
}

// kind is the word that scopes and channel_type use: "channels" and "channel", and so on.
func (ch *channel) kind() (scope, event string) {
	switch {
	case ch.IM:
		return "im", "im"
	case ch.Group:
		return "mpim", "mpim"
	case ch.Private:
		return "groups", "group"
	default:
		return "channels", "channel"
	}
}

// replies are the messages of a thread without its parent, oldest first.
func (ch *channel) replies(parent string) []*message {
	var out []*message
	for _, m := range ch.messages {
		if !m.deleted && m.ThreadTS == parent && m.TS != parent {
			out = append(out, m)
		}
	}
	return out
}

// direct finds or opens the direct message between the bot and a person.
func (w *world) direct(user string) (ch *channel, opened bool) {
	for _, id := range w.chanOrder {
		if c := w.channels[id]; c != nil && c.IM && c.has(user) {
			return c, false
		}
	}
	return w.addChannel(Channel{IM: true, Members: []string{user}}, user), true
}

// prune drops what is old from a map of short-lived things once it has grown large.
func prune[V any](m map[string]V, old func(V) bool) {
	if len(m) >= maxRequests {
		maps.DeleteFunc(m, func(_ string, v V) bool { return old(v) })
	}
}

// mustJSON encodes what the simulator itself built.
func mustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("slacksim: encode %T: %v", v, err)) // only a type of ours that JSON cannot hold
	}
	return b
}
