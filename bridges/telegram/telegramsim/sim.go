package telegramsim

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Sim is one simulated Telegram with one bot. Its methods may be called from any goroutine.
type Sim struct {
	View

	handler http.Handler
	server  *http.Server
	served  chan struct{}
}

// New makes a Telegram that holds the bot alone. It serves nothing until Start is called or Handler is mounted.
func New(cfg Config) *Sim {
	w := newWorld(cfg)
	return &Sim{View: View{w: w}, handler: newMux(w)}
}

// Handler serves /bot<token>/METHOD and /file/bot<token>/<file_path>.
func (s *Sim) Handler() http.Handler { return s.handler }

// Start listens on addr, such as "127.0.0.1:0", until Close.
func (s *Sim) Start(addr string) error {
	if s.server != nil {
		return errors.New("telegramsim: started twice")
	}
	ln, err := new(net.ListenConfig).Listen(s.w.life(), "tcp", addr)
	if err != nil {
		return fmt.Errorf("telegramsim: %w", err)
	}
	s.w.mu.Lock()
	s.w.base = "http://" + ln.Addr().String()
	s.w.mu.Unlock()
	s.server = &http.Server{Handler: s.handler, ReadHeaderTimeout: 10 * time.Second}
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		_ = s.server.Serve(ln) // ends with ErrServerClosed at Close
	}()
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
	if s.server != nil {
		_ = s.server.Close()
		<-s.served
	}
	s.w.running.Wait()
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
