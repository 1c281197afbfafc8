package telegramsim

import (
	"fmt"
	"net/http"

	"github.com/roost-im/roost/bridges/simkit"
)

// Sim is one simulated Telegram with one bot. Its methods may be called from any goroutine.
type Sim struct {
	View

	server simkit.Server
}

// New makes a Telegram that holds the bot alone. It serves nothing until Start is called or Handler is mounted.
func New(cfg Config) *Sim {
	w := newWorld(cfg)
	return &Sim{View: View{w: w}, server: simkit.Server{Handler: newMux(w)}}
}

// Handler serves /bot<token>/METHOD and /file/bot<token>/<file_path>.
func (s *Sim) Handler() http.Handler { return s.server.Handler }

// Start listens on addr, such as "127.0.0.1:0", until Close.
func (s *Sim) Start(addr string) error {
	err := s.server.Start(s.w.life.Context(), addr, func(base string) {
		s.w.mu.Lock()
		defer s.w.mu.Unlock()
		s.w.base = base
	})
	if err != nil {
		return fmt.Errorf("telegramsim: %w", err)
	}
	return nil
}

// URL is the base that stands for https://api.telegram.org: "http://127.0.0.1:PORT". It is empty before Start.
func (s *Sim) URL() string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.w.base
}

// Close ends every poll and delivery, and returns when they have ended. What was said stays readable.
func (s *Sim) Close() {
	s.w.shut()
	s.server.Close()
	s.w.life.Running.Wait()
}

// Token is the token of the bot.
func (s *Sim) Token() string { return s.w.cfg.Token }

// Bot is the bot as a user.
func (s *Sim) Bot() User { return s.w.cfg.Bot }

// AddUser lets a person (or another bot) in and returns the id. A user with a known id is replaced.
func (s *Sim) AddUser(u User) int64 {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	defer s.w.bump()
	return s.w.addUser(u)
}

// AddGroup makes a group, supergroup or channel without any update and returns its id. One with a known id is replaced.
func (s *Sim) AddGroup(g Group) int64 {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	defer s.w.bump()
	return s.w.addGroup(g).id
}

// Private is the chat between a person and the bot, whose id is the person's. From now on the bot may write there, as after
// /start, of which no update tells. It is 0 when the user is unknown.
func (s *Sim) Private(user int64) int64 {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if s.w.users[user] == nil || user == s.w.cfg.Bot.ID {
		return 0
	}
	defer s.w.bump()
	return s.w.private(user).id
}
