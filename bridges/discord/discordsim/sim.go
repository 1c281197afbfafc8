package discordsim

import (
	"fmt"
	"net/http"

	"github.com/roost-im/roost/bridges/simkit"
)

// Sim is one simulated Discord with one application. Its methods may be called from any goroutine.
type Sim struct {
	View

	server simkit.Server
}

// New makes a Discord that holds the bot alone. It serves nothing until Start is called or Handler is mounted.
func New(cfg Config) *Sim {
	w := newWorld(cfg)
	return &Sim{View: View{w: w}, server: simkit.Server{Handler: newServer(w)}}
}

// Handler serves the whole of Discord: /api/, the gateway and the CDN.
func (s *Sim) Handler() http.Handler { return s.server.Handler }

// Start listens on addr, such as "127.0.0.1:0", until Close.
func (s *Sim) Start(addr string) error {
	err := s.server.Start(s.w.hub.life.Context(), addr, func(base string) {
		s.w.mu.Lock()
		defer s.w.mu.Unlock()
		s.w.base = base
	})
	if err != nil {
		return fmt.Errorf("discordsim: %w", err)
	}
	return nil
}

// URL is the base of the simulator, "http://127.0.0.1:PORT"; REST is below URL()+"/api/v10/". It is empty before Start.
func (s *Sim) URL() string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.w.base
}

// Close ends every socket and answer, and returns when they have ended. What was said stays readable.
func (s *Sim) Close() {
	s.w.shut()
	s.server.Close()
	s.w.hub.life.Running.Wait()
}

// Token is the bot's token, without "Bot ".
func (s *Sim) Token() string { return s.w.cfg.Token }

// BotUser is the user id under which the bot speaks.
func (s *Sim) BotUser() string { return s.w.bot() }

// ApplicationID is the id of the application.
func (s *Sim) ApplicationID() string { return s.w.cfg.ApplicationID }

// AddGuild makes a guild and returns its id. A guild with a known id is replaced. The bot hears GUILD_CREATE when it is in it.
func (s *Sim) AddGuild(g Guild) string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	defer s.w.bump()
	return s.w.addGuild(g).ID
}

// AddUser lets a person (or another application's bot) in and returns the id. A user with a known id is replaced.
func (s *Sim) AddUser(u User) string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	defer s.w.bump()
	return s.w.addUser(u)
}

// AddChannel makes a channel and returns its id, or "" when its guild is unknown. A channel with a known id is replaced. The bot
// hears CHANNEL_CREATE.
func (s *Sim) AddChannel(c Channel) string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	defer s.w.bump()
	ch := s.w.addChannel(c)
	if ch == nil {
		return ""
	}
	s.w.channelEvent("CHANNEL_CREATE", ch)
	return ch.ID
}

// DM opens the direct message channel between a person and the bot and returns its id: the same each time, "" when the person is
// unknown.
func (s *Sim) DM(user string) string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if s.w.users[user] == nil || user == s.w.bot() {
		return ""
	}
	return s.w.dm(user).ID
}
