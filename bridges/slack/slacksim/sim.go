package slacksim

import (
	"fmt"
	"net/http"

	"github.com/roost-im/roost/bridges/simkit"
)

// Sim is one simulated workspace with one app installed. Its methods may be called from any goroutine.
type Sim struct {
	View

	server simkit.Server
}

// New makes a workspace that holds the bot alone. It serves nothing until Start is called or Handler is mounted.
func New(cfg Config) *Sim {
	w := newWorld(cfg)
	return &Sim{View: View{w: w}, server: simkit.Server{Handler: newMux(w)}}
}

// Handler serves the whole of Slack: /api/, the sockets, uploads, downloads and response URLs.
func (s *Sim) Handler() http.Handler { return s.server.Handler }

// Start listens on addr, such as "127.0.0.1:0", until Close.
func (s *Sim) Start(addr string) error {
	err := s.server.Start(s.w.courier.life.Context(), addr, func(base string) {
		s.w.mu.Lock()
		defer s.w.mu.Unlock()
		s.w.base = base
	})
	if err != nil {
		return fmt.Errorf("slacksim: %w", err)
	}
	return nil
}

// URL is the base of the workspace, "http://127.0.0.1:PORT"; the Web API is below URL()+"/api/". It is empty before Start.
func (s *Sim) URL() string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.w.base
}

// Close ends every socket, answer and delivery, and returns when they have ended. What was said stays readable.
func (s *Sim) Close() {
	s.w.shut()
	s.server.Close()
	s.w.courier.life.Running.Wait()
}

// BotToken is the token the app calls the Web API with.
func (s *Sim) BotToken() string { return s.w.cfg.BotToken }

// AppToken is the token the app opens sockets with.
func (s *Sim) AppToken() string { return s.w.cfg.AppToken }

// SigningSecret is the secret that signs HTTP events.
func (s *Sim) SigningSecret() string { return s.w.cfg.SigningSecret }

// BotUser is the user id under which the app speaks.
func (s *Sim) BotUser() string { return s.w.cfg.BotUser.ID }

// BotID is the B… id of the app's bot.
func (s *Sim) BotID() string { return s.w.cfg.BotID }

// AppID is the A… id of the app.
func (s *Sim) AppID() string { return s.w.cfg.AppID }

// TeamID is the T… id of the workspace.
func (s *Sim) TeamID() string { return s.w.cfg.Team.ID }

// AddUser lets a person (or another app's bot) in and returns the id. A user with a known id is replaced.
func (s *Sim) AddUser(u User) string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	defer s.w.bump()
	return s.w.addUser(u)
}

// ChangeUser replaces a known user's data; the app hears user_change.
func (s *Sim) ChangeUser(u User) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if s.w.users[u.ID] == nil {
		return fmt.Errorf("%w: %s", ErrNoUser, u.ID)
	}
	defer s.w.bump()
	s.w.addUser(u)
	ts := s.w.stamp()
	s.w.emit(u.ID, obj{"type": "user_change", "user": s.w.wireUser(s.w.users[u.ID]), "cache_ts": s.w.now().Unix(), "event_ts": ts})
	return nil
}

// AddChannel makes a conversation without any event and returns its id. A channel with a known id is replaced.
func (s *Sim) AddChannel(c Channel) string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	defer s.w.bump()
	creator := s.w.cfg.BotUser.ID
	if len(c.Members) > 0 {
		creator = c.Members[0]
	}
	return s.w.addChannel(c, creator).ID
}

// AddEmoji puts a custom emoji into emoji.list: an image URL, or "alias:name".
func (s *Sim) AddEmoji(name, target string) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.emoji[name] = target
}

// UserGroup is a group of people who can be mentioned together.
type UserGroup struct {
	ID     string // S…; made up when empty
	Name   string
	Handle string
	Users  []string
}

// AddUserGroup makes a user group and returns its id.
func (s *Sim) AddUserGroup(g UserGroup) string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if g.ID == "" {
		g.ID = s.w.newID("S")
	}
	s.w.groups = append(s.w.groups, g)
	return g.ID
}
