package webhook_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/router/chat"
)

// TestConformance holds the connector to the promises of every connector, with programs that name messages themselves and
// those that don't, and with readers beside them.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, setup := range map[string]func(*stage){
		"plain":   func(*stage) {},
		"named":   func(s *stage) { s.named, s.inline = true, true },
		"journal": func(s *stage) { s.cfg.Journal, s.cfg.ReadToken = true, bridges.NewSecret(token) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bridgetest.Run(t, func(t *testing.T) bridgetest.Stage {
				t.Helper()
				s := &stage{program: newProgram(t)}
				s.cfg = s.config()
				setup(s)
				return s
			})
		})
	}
}

// stage is a program with Ada, who talks to whoever is behind Roost.
type stage struct {
	*program
	cfg   webhook.Config
	count int
}

func (s *stage) Open(t *testing.T, deps bridges.Deps) chat.Connector {
	t.Helper()
	deps.Mount, deps.Public = s.web.mount, s.web.URL+"/hooks"
	c, err := webhook.New(s.cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { chat.Close(c) })
	return c
}

func (s *stage) Talk() chat.Conversation { return chat.Conversation{Account: account, ID: "room"} }
func (s *stage) Person() chat.PersonID   { return "ada" }

// happens has Ada do something.
func (s *stage) happens(t *testing.T, kind string, more map[string]any) string {
	t.Helper()
	s.say(s.event(t, kind, more))
	return fmt.Sprintf("ev-%d", s.count)
}

// event is the next event.
func (s *stage) event(t *testing.T, kind string, more map[string]any) string {
	t.Helper()
	s.count++
	ev := map[string]any{
		"id": fmt.Sprintf("ev-%d", s.count), "type": kind, "conversation": "room", "direct": true, "at": time.Now().Format(time.RFC3339Nano),
		"author": map[string]any{"id": "ada", "name": "Ada Lovelace"},
	}
	maps.Copy(ev, more)
	body, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func (s *stage) Say(t *testing.T, text string, files ...bridgetest.File) chat.MessageID {
	t.Helper()
	var attached []any
	for _, f := range files {
		attached = append(attached, s.attach(f))
	}
	return chat.MessageID(s.happens(t, "posted", map[string]any{"text": text, "files": attached}))
}

func (s *stage) Edit(t *testing.T, m chat.MessageID, text string) bool {
	t.Helper()
	s.happens(t, "edited", map[string]any{"message": m, "text": text})
	return true
}

func (s *stage) Delete(t *testing.T, m chat.MessageID) bool {
	t.Helper()
	s.happens(t, "deleted", map[string]any{"message": m})
	return true
}

func (s *stage) React(t *testing.T, m chat.MessageID, emoji string) bool {
	t.Helper()
	s.happens(t, "reacted", map[string]any{"message": m, "emoji": emoji})
	return true
}

func (s *stage) Heard(*testing.T) []bridgetest.Heard {
	return s.in(func(h held) bool { return h.in == "room" })
}

func (s *stage) in(so func(held) bool) []bridgetest.Heard {
	s.mu.Lock()
	defer s.mu.Unlock()
	var heard []bridgetest.Heard
	for _, h := range s.heard {
		if so(h) {
			heard = append(heard, h.Heard)
		}
	}
	return heard
}

func (s *stage) Pin(t *testing.T, m chat.MessageID, on bool) bool {
	t.Helper()
	s.happens(t, "pinned", map[string]any{"message": m, "removed": !on})
	return true
}

func (s *stage) Pinned(*testing.T) []chat.MessageID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.pins)
}

func (s *stage) Room() chat.Conversation { return chat.Conversation{Account: account, ID: "lounge"} }

func (s *stage) Buttons(_ *testing.T, _ chat.Conversation, m chat.MessageID) []string {
	var labels []string
	for _, b := range s.buttons(m) {
		labels = append(labels, b.Label)
	}
	return labels
}

// buttons are those of the card of a message.
func (s *stage) buttons(m chat.MessageID) []chat.Button {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.heard, func(h held) bool { return h.ID == m })
	if i < 0 || s.heard[i].card == nil {
		return nil
	}
	return s.heard[i].card.Buttons
}

// Press returns when Roost has taken the event.
func (s *stage) Press(t *testing.T, in chat.Conversation, m chat.MessageID, label string) {
	t.Helper()
	for _, b := range s.buttons(m) {
		if b.Label != label {
			continue
		}
		if status, said := s.call(t.Context(), s.event(t, "pressed", map[string]any{
			"conversation": in.ID, "thread": in.Thread, "message": m, "button": b.ID, "value": b.Value, "direct": in == s.Talk(),
		})); status != http.StatusOK {
			t.Errorf("the press was answered %d %s", status, said)
		}
	}
}

func (s *stage) SayIn(t *testing.T, in chat.Conversation, text string) chat.MessageID {
	t.Helper()
	s.mu.Lock()
	about := s.topics[string(in.Thread)]
	s.mu.Unlock()
	return chat.MessageID(s.happens(t, "posted", map[string]any{
		"conversation": in.ID, "thread": in.Thread, "topic": about.name, "root": about.root, "text": text, "direct": false,
	}))
}

// Self is what the program calls the account. Roost knows of no ID of its own here.
func (s *stage) Self() chat.PersonID { return "us" }

func (s *stage) Call(t *testing.T, called bool, words string) chat.MessageID {
	t.Helper()
	more := map[string]any{"conversation": "lounge", "direct": false, "text": words}
	if called {
		more["text"], more["addressed"] = "@us "+words, true
		more["spans"] = []any{map[string]any{"start": 0, "end": 3, "kind": "mention", "id": "us", "name": "us"}}
	}
	return chat.MessageID(s.happens(t, "posted", more))
}

func (s *stage) HeardIn(_ *testing.T, in chat.Conversation) []bridgetest.Heard {
	return s.in(func(h held) bool {
		return h.in == string(in.ID) && (in.Thread == "" || h.thread == string(in.Thread))
	})
}

func (s *stage) Vanish(t *testing.T, c chat.Conversation) {
	t.Helper()
	s.close(c, "it was deleted yesterday")
}

func (s *stage) Expel(t *testing.T) {
	t.Helper()
	s.close(s.Room(), "the account was taken out of this room")
}

func (s *stage) close(c chat.Conversation, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	place := string(c.ID)
	if c.Thread != "" {
		place += "/" + string(c.Thread)
	}
	s.gone[place] = why
}

func (s *stage) Answer(t *testing.T, to chat.MessageID, text string) chat.MessageID {
	t.Helper()
	return chat.MessageID(s.happens(t, "posted", map[string]any{"text": text, "reply_to": to}))
}

// Lose has the program forget its files. Those that came with their event can't get lost.
func (s *stage) Lose(*testing.T) bool {
	if s.inline {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.files)
	return true
}

func (s *stage) Drop(*testing.T) { s.web.CloseClientConnections() }

func (s *stage) Down(_ *testing.T, down bool) {
	s.web.mu.Lock()
	defer s.web.mu.Unlock()
	s.web.down = down
}

func (s *stage) next(f func(w http.ResponseWriter, r *http.Request, take func())) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *stage) Throttle(_ *testing.T, wait time.Duration) {
	s.next(func(w http.ResponseWriter, _ *http.Request, _ func()) {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
		w.WriteHeader(http.StatusTooManyRequests)
	})
}

func (s *stage) Fail(_ *testing.T, status int) {
	s.next(func(w http.ResponseWriter, _ *http.Request, _ func()) { w.WriteHeader(status) })
}

// Swallow cuts a new connection: on one that was used before, net/http repeats by itself what has an Idempotency-Key.
func (s *stage) Swallow(*testing.T) {
	s.CloseClientConnections()
	s.next(func(_ http.ResponseWriter, _ *http.Request, take func()) {
		take()
		panic(http.ErrAbortHandler)
	})
}

func (s *stage) Hang(*testing.T) {
	s.next(func(_ http.ResponseWriter, r *http.Request, _ func()) { <-r.Context().Done() })
}

func (s *stage) Revoke(*testing.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logged = true
}

func (s *stage) Redeliver(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	if last == "" {
		t.Error("nothing could be delivered again")
	}
	s.say(last)
}

func (s *stage) Odd(t *testing.T) {
	t.Helper()
	s.happens(t, "waved", nil)
}

func (s *stage) Secrets() []string { return []string{secret, token} }
