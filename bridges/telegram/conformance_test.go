package telegram_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
)

// TestConformance holds the connector to the promises of every connector, with each way in.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) bridgetest.Stage{
		"poll":    func(t *testing.T) bridgetest.Stage { t.Helper(); return newStage(t, telegramsim.Config{}) },
		"webhook": func(t *testing.T) bridgetest.Stage { t.Helper(); return newHookStage(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bridgetest.Run(t, open)
		})
	}
}

const account = chat.Account("telegram/bot")

// What every stage has besides, whichever way it receives.
var (
	_ bridgetest.Pinboard  = (*stage)(nil)
	_ bridgetest.Answering = (*stage)(nil)
	_ bridgetest.Pressing  = (*stage)(nil)
	_ bridgetest.Watching  = (*stage)(nil)
)

// stage is a Telegram with Ada, who talks to the bot, and a forum in which the bot is an administrator.
type stage struct {
	*telegramsim.Sim
	ada, bob    int64
	room, forum int64
}

func newStage(t *testing.T, cfg telegramsim.Config) *stage {
	t.Helper()
	if cfg.Privacy == nil {
		cfg.Privacy = new(bool)
	}
	if cfg.Timing.Conflict == 0 {
		cfg.Timing.Conflict = -1
	}
	if cfg.Timing.Retry == 0 {
		cfg.Timing.Retry = 50 * time.Millisecond
	}
	s := &stage{Sim: telegramsim.New(cfg)}
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.ada = s.AddUser(telegramsim.User{First: "Ada", Last: "Lovelace", Username: "ada"})
	s.bob = s.AddUser(telegramsim.User{First: "Bob", Username: "bobby"})
	s.Private(s.ada)
	s.room = s.AddGroup(telegramsim.Group{Title: "Lounge", Members: []int64{s.ada, s.bob}, Admins: []int64{s.ada}, BotAdmin: true})
	s.forum = s.AddGroup(telegramsim.Group{Title: "Support", Forum: true, Members: []int64{s.ada, s.bob}, Admins: []int64{s.ada}, BotAdmin: true})
	return s
}

func (s *stage) config() telegram.Config {
	return telegram.Config{Token: bridges.NewSecret(s.Token()), APIURL: s.URL()}
}

func (s *stage) Open(t *testing.T, deps bridges.Deps) chat.Connector {
	t.Helper()
	return connect(t, s.config(), deps)
}

func connect(t *testing.T, cfg telegram.Config, deps bridges.Deps) *telegram.Connector {
	t.Helper()
	c, err := telegram.New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { chat.Close(c) })
	return c
}

func in(id int64) chat.Conversation {
	return chat.Conversation{Account: account, ID: chat.ConversationID(decimal(id))}
}

func decimal[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }

func number(m chat.MessageID) int {
	n, _ := strconv.Atoi(string(m))
	return n
}

func (s *stage) Talk() chat.Conversation { return in(s.ada) }
func (s *stage) Person() chat.PersonID   { return chat.PersonID(decimal(s.ada)) }

func (s *stage) Say(t *testing.T, text string, files ...bridgetest.File) chat.MessageID {
	t.Helper()
	d := telegramsim.Draft{Text: text}
	for _, f := range files {
		d.Files = append(d.Files, telegramsim.Upload{Name: f.Name, Type: f.Type, Data: f.Data})
	}
	return s.says(t, s.ada, s.ada, d)
}

func (s *stage) says(t *testing.T, who, where int64, d telegramsim.Draft) chat.MessageID {
	t.Helper()
	id := s.Sim.Say(who, where, d)
	if id == 0 {
		t.Fatalf("nobody could say %q", d.Text)
	}
	return chat.MessageID(decimal(id))
}

func (s *stage) Edit(t *testing.T, m chat.MessageID, text string) bool {
	t.Helper()
	must(t, s.Sim.Edit(s.ada, s.ada, number(m), text))
	return true
}

// Delete has the person answer the message with the command, because Telegram tells bots of no deletion.
func (s *stage) Delete(t *testing.T, m chat.MessageID) bool {
	t.Helper()
	s.says(t, s.ada, s.ada, telegramsim.Draft{Text: "/delete", ReplyTo: number(m)})
	return true
}

func (s *stage) React(t *testing.T, m chat.MessageID, emoji string) bool {
	t.Helper()
	must(t, s.Sim.React(s.ada, s.ada, number(m), emoji))
	return true
}

func (s *stage) Heard(t *testing.T) []bridgetest.Heard {
	t.Helper()
	return s.heard(s.ada, func(telegramsim.Message) bool { return true })
}

// heard is what the bot wrote in a chat, where it is so; what Telegram tells in its name, as of a pin, is none of it.
func (s *stage) heard(where int64, so func(telegramsim.Message) bool) []bridgetest.Heard {
	var heard []bridgetest.Heard
	for _, m := range s.Messages(where) {
		if m.From != s.Bot().ID || service(m) || !so(m) {
			continue
		}
		h := bridgetest.Heard{ID: chat.MessageID(decimal(m.ID)), Text: readable(m), Wire: m.Text, Gone: m.Deleted}
		if m.ReplyTo != 0 {
			h.ReplyTo = chat.MessageID(decimal(m.ReplyTo))
		}
		for _, f := range m.Files {
			h.Files = append(h.Files, bridgetest.File{Name: f.Name, Type: f.Type, Data: f.Data})
		}
		for _, r := range m.Reactions {
			h.Reactions = append(h.Reactions, r.Emoji)
		}
		for _, id := range m.Pings {
			h.Pings = append(h.Pings, decimal(id))
		}
		heard = append(heard, h)
	}
	return heard
}

// readable is what a person reads: a joiner can't be seen.
func readable(m telegramsim.Message) string {
	return strings.ReplaceAll(m.Text+m.Caption, "\u2060", "")
}

// Pin has the person pin a message. That a pin was taken off Telegram tells nobody.
func (s *stage) Pin(t *testing.T, m chat.MessageID, on bool) bool {
	t.Helper()
	if on {
		must(t, s.Sim.Pin(s.ada, s.ada, number(m)))
	} else {
		must(t, s.Unpin(s.ada, s.ada, number(m)))
	}
	return on
}

func (s *stage) Pinned(*testing.T) []chat.MessageID {
	var pinned []chat.MessageID
	for _, m := range s.Messages(s.ada) {
		if m.Pinned {
			pinned = append(pinned, chat.MessageID(decimal(m.ID)))
		}
	}
	return pinned
}

func (s *stage) Answer(t *testing.T, to chat.MessageID, text string) chat.MessageID {
	t.Helper()
	return s.says(t, s.ada, s.ada, telegramsim.Draft{Text: text, ReplyTo: number(to)})
}

func (s *stage) Buttons(_ *testing.T, in chat.Conversation, m chat.MessageID) []string {
	shown, _ := s.Message(chatOf(in), number(m))
	return labels(shown)
}

// Press returns when no clock is on the button any more.
func (s *stage) Press(t *testing.T, in chat.Conversation, m chat.MessageID, label string) {
	t.Helper()
	shown, _ := s.Message(chatOf(in), number(m))
	for _, b := range slices.Concat(shown.Buttons...) {
		if b.Text == label {
			must(t, s.Sim.Press(s.ada, chatOf(in), number(m), b.Data))
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	must(t, s.Wait(ctx, func(v *telegramsim.View) bool {
		return !slices.ContainsFunc(v.Answers(), func(a telegramsim.Answer) bool { return !a.Done })
	}))
}

// chatOf is the number of a conversation's chat.
func chatOf(c chat.Conversation) int64 {
	n, _ := strconv.ParseInt(string(c.ID), 10, 64)
	return n
}

// Typings counts by chat and topic.
func (s *stage) Typings(_ *testing.T, in chat.Conversation) int {
	n := 0
	for _, a := range s.Actions() {
		if decimal(a.Chat) == string(in.ID) && a.Thread == topicOf(in) && a.Name == "typing" {
			n++
		}
	}
	return n
}

func (s *stage) Lose(*testing.T) bool {
	s.Sim.Fail("download", telegramsim.Fault{Status: http.StatusNotFound})
	return true
}

// service says whether a message is Telegram's own word about something that was done.
func service(m telegramsim.Message) bool {
	return m.Kind == "pinned_message" || m.Kind == "forum_topic_created"
}

func (s *stage) Drop(*testing.T)              { s.DropPolls() }
func (s *stage) Down(_ *testing.T, down bool) { s.Refuse(down) }
func (s *stage) Revoke(*testing.T)            { s.Sim.Revoke() }
func (s *stage) Redeliver(t *testing.T) {
	t.Helper()
	if s.Sim.Redeliver(3) == 0 {
		t.Error("nothing could be delivered again")
	}
}

func (s *stage) Throttle(_ *testing.T, wait time.Duration) { s.post(telegramsim.Fault{Throttle: wait}) }

func (s *stage) Fail(_ *testing.T, status int) { s.post(telegramsim.Fault{Status: status}) }
func (s *stage) Swallow(*testing.T)            { s.post(telegramsim.Fault{AcceptThenDrop: true}) }
func (s *stage) Hang(*testing.T)               { s.post(telegramsim.Fault{Hang: true}) }

func (s *stage) post(f telegramsim.Fault) {
	f.Times = 1
	s.Sim.Fail("sendMessage", f)
}

func (s *stage) Odd(*testing.T) { s.Sim.Odd() }

func (s *stage) Secrets() []string { return []string{s.Token(), hookSecret} }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const hookSecret = "the-webhook-secret"

// hookStage is a Telegram that calls.
type hookStage struct {
	*stage
	web *web
}

func newHookStage(t *testing.T) *hookStage {
	t.Helper()
	return &hookStage{stage: newStage(t, telegramsim.Config{}), web: newWeb(t)}
}

func (s *hookStage) Open(t *testing.T, deps bridges.Deps) chat.Connector {
	t.Helper()
	deps.Mount, deps.Public = s.web.mount, s.web.URL
	cfg := s.config()
	cfg.Receive, cfg.Secret = telegram.Webhook, bridges.NewSecret(hookSecret)
	return connect(t, cfg, deps)
}

// Drop cuts the connections over which Telegram calls.
func (s *hookStage) Drop(*testing.T) { s.web.CloseClientConnections() }

// Down answers Telegram that nobody is here.
func (s *hookStage) Down(_ *testing.T, down bool) { s.web.serve(down) }

// web is a web server whose paths come and go.
type web struct {
	*httptest.Server
	mu       sync.Mutex
	handlers map[string]http.Handler
	down     bool
}

func newWeb(t *testing.T) *web {
	t.Helper()
	w := &web{handlers: map[string]http.Handler{}}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		h, down := w.handlers[r.URL.Path], w.down
		w.mu.Unlock()
		if down || h == nil {
			http.Error(rw, "nobody is here", http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.Close)
	return w
}

// serve answers 503 while down.
func (w *web) serve(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

func (w *web) mount(path string, h http.Handler) (func(), error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.handlers[path] = h
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.handlers, path)
	}, nil
}
