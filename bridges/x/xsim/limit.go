package xsim

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// Limit is how often a route may be called by one user, or by the app when it calls for itself.
type Limit struct {
	Window int // in 15 minutes; unlimited when 0
	Day    int // in 24 hours; unlimited when 0
}

// Limits are the rate limits of a simulator.
type Limits struct {
	Unlimited bool            // nothing is limited and no header tells a limit
	Routes    map[Route]Limit // instead of X's published ones
}

const (
	windowLength = 15 * time.Minute
	dayLength    = 24 * time.Hour
)

type windowKey struct {
	who   string // user id, or "" for the app
	route Route
	day   bool
}

type window struct {
	used  int
	reset time.Time
}

// SetLimits replaces the limits and starts all windows anew.
func (s *Sim) SetLimits(l Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.Routes = maps.Clone(l.Routes)
	s.limits = l
	clear(s.windows)
	s.bump()
}

// Remaining is how often a user ("" for the app) may still call a route in this window, counting the day's limit as
// well; -1 when it is not limited.
func (s *Sim) Remaining(user string, route Route) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit, known := s.limits.Routes[route]
	if !known {
		limit = publishedLimits()[route]
	}
	if s.limits.Unlimited || limit == (Limit{}) {
		return -1
	}
	left := -1
	if limit.Window > 0 {
		left = max(0, limit.Window-s.window(windowKey{user, route, false}).used)
	}
	if limit.Day > 0 {
		day := max(0, limit.Day-s.window(windowKey{user, route, true}).used)
		if left < 0 || day < left {
			left = day
		}
	}
	return left
}

// publishedLimits are X's own, per user where there is a user.
// https://docs.x.com/x-api/fundamentals/rate-limits
//
// X publishes none for encrypted chat, so these are the simulator's, and generous; only that public keys are registered
// a few times a day is X's (https://docs.x.com/xchat/getting-started).
func publishedLimits() map[Route]Limit {
	send, read := Limit{Window: 15, Day: 1440}, Limit{Window: 15}
	lookup, chunk, activity, hook := Limit{Window: 900}, Limit{Window: 1875}, Limit{Window: 500}, Limit{Window: 450}
	block, connections := Limit{Window: 10, Day: 400}, Limit{Window: 25}
	chat := Limit{Window: 900}
	return map[Route]Limit{
		UsersMe: {Window: 75}, UsersByIDs: lookup, UserByID: lookup, UsersByNames: lookup, UserByName: lookup,
		DMEvents: read, DMEvent: read, ConversationEvents: read, ParticipantEvents: read,
		SendToParticipant: send, SendToConversation: send, SendToNewGroup: send, DeleteDMEvent: {Window: 300, Day: 1500},
		DownloadDMMedia: {Window: 900}, BlockDMs: block, UnblockDMs: block,
		UploadMedia: {Window: 500}, UploadStatus: {Window: 1000}, UploadInitialize: chunk, UploadAppend: chunk, UploadFinalize: chunk,
		Subscribe: activity, ListSubscriptions: activity, UpdateSubscription: activity, DeleteSubscription: activity,
		DeleteSubscriptions: activity, ActivityStream: hook,
		CreateWebhook: hook, ListWebhooks: hook, ValidateWebhook: hook, DeleteWebhook: hook, ReplayWebhook: {Window: 100},
		ListConnections: connections, CloseConnections: connections, CloseAllConnections: connections, CloseEndpoint: connections,
		Usage:      {Window: 50},
		PublicKeys: chat, PublicKeysByIDs: chat, AddPublicKey: {Day: 5}, ChatConversations: chat, ChatConversation: chat,
		ChatEvents: chat, ChangeChatKey: chat, SendChatMessage: chat, DeleteChatMessages: chat, ReadChat: chat, TypeInChat: chat,
		AddChatMembers: chat, InitializeChatGroup: chat, CreateChatGroup: chat, ChatUploadStart: chunk, ChatUploadAppend: chunk,
		ChatUploadFinish: chunk, DownloadChatMedia: chat,
	}
}

// limitOf is the limit of the call's route.
func (c *call) limitOf() Limit {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l, known := c.limits.Routes[c.route.name]; known {
		return l
	}
	return c.route.limit
}

// window is the running window of a key; mu is held.
func (s *Sim) window(k windowKey) *window {
	now, w := s.cfg.Now(), s.windows[k]
	if w == nil || !now.Before(w.reset) {
		length := windowLength
		if k.day {
			length = dayLength
		}
		w = &window{reset: now.Add(length)}
		s.windows[k] = w
	}
	return w
}

// count takes one call off the windows, writes what is left into the headers, and refuses when there was nothing left.
func (c *call) count() error {
	limit := c.limitOf()
	s := c.Sim
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limits.Unlimited || len(c.route.auth) == 0 {
		return nil
	}
	var short *window
	var day *window
	spentUp := false
	if limit.Window > 0 {
		short = s.window(windowKey{c.who.user, c.route.name, false})
		spentUp = short.used >= limit.Window
	}
	if limit.Day > 0 {
		day = s.window(windowKey{c.who.user, c.route.name, true})
		spentUp = spentUp || day.used >= limit.Day
	}
	h := c.w.Header()
	tell := func(prefix string, w *window, most int) {
		if w == nil {
			return
		}
		if !spentUp {
			w.used++
		}
		h.Set(prefix+"Limit", strconv.Itoa(most))
		h.Set(prefix+"Remaining", strconv.Itoa(max(0, most-w.used)))
		h.Set(prefix+"Reset", unixUp(w.reset))
	}
	tell("X-Rate-Limit-", short, limit.Window)
	tell("X-User-Limit-24hour-", day, limit.Day)
	if spentUp {
		return tooMany("the window is used up")
	}
	return nil
}

func tooMany(why string) *problem {
	p := blank(http.StatusTooManyRequests, "Too Many Requests")
	p.why = why
	return p
}

// unixUp is a time in whole seconds that is not before it.
func unixUp(t time.Time) string {
	return fmt.Sprint(t.Add(time.Second - 1).Unix())
}
