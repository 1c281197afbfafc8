package bots

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/roost-im/roost/router/chat"
)

// Quarantined is why the bot hears nothing; empty when it does.
func (h *Host) Quarantined() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.quarantine
}

// fault counts a runaway, and says whether it was one too many.
func (h *Host) fault(now time.Time, reason string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(slices.DeleteFunc(h.faults, func(t time.Time) bool { return now.Sub(t) > faultsWithin }), now)
	if len(h.faults) < faultsMost {
		return false
	}
	h.quarantine = reason
	return true
}

// tells says whether the operators are to be told of reason: not what they were told a while ago.
func (h *Host) tells(reason string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k, t := range h.told {
		if now.Sub(t) > faultsWithin {
			delete(h.told, k)
		}
	}
	_, told := h.told[reason]
	if !told {
		h.told[reason] = now
	}
	return !told
}

// flooded counts n messages in a talk, and gives an ErrRunaway when they are too many. Each talk counts for itself: a bot
// that many people speak to says much.
func (h *Host) flooded(talk chat.Conversation, n int, now time.Time) error {
	if n == 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	old := func(t time.Time) bool { return now.Sub(t) > h.cfg.Rate.Per }
	if old(h.swept) { // not at each message: there may be many talks
		maps.DeleteFunc(h.said, func(_ chat.Conversation, said []time.Time) bool { return old(said[len(said)-1]) })
		h.swept = now
	}
	said := slices.DeleteFunc(h.said[talk], old)
	if len(said)+n > h.cfg.Rate.N {
		return fmt.Errorf("%w: it says more than %d messages within %v in one conversation", ErrRunaway, h.cfg.Rate.N, h.cfg.Rate.Per)
	}
	for range n {
		said = append(said, now)
	}
	h.said[talk] = said
	return nil
}

// safely turns a panic of a bot into an error.
func safely(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: panic: %v\n%s", ErrRunaway, p, debug.Stack())
		}
	}()
	return f()
}

// quarantined is how a quarantine is kept.
type quarantined struct {
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	Hash   string    `json:"hash,omitempty"` // of the version that is in it
}

// QuarantineKey is the key under which it is kept that a bot is quarantined. Removing it, and Resume, lets the bot go on.
func QuarantineKey(name string) string { return "bot/" + name + "/quarantine" }

func (h *Host) quarantineKept(reason string, now time.Time) chat.Kept {
	b, err := json.Marshal(quarantined{Reason: reason, Since: now, Hash: h.now.Load().hash})
	if err != nil {
		b = []byte("{}")
	}
	return chat.Kept{Key: QuarantineKey(h.cfg.Name), Now: b, Any: true}
}

// recall puts the bot into the quarantine again in which it was before a restart, unless it has changed since. It does so
// once.
func (h *Host) recall(ctx context.Context) error {
	h.recalling.Lock()
	defer h.recalling.Unlock()
	if h.recalled {
		return nil
	}
	b, err := h.cfg.Env.State(ctx, QuarantineKey(h.cfg.Name))
	if err != nil {
		return err
	}
	h.recalled = true
	var q quarantined
	if b == nil || json.Unmarshal(b, &q) != nil || q.Hash != h.now.Load().hash {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.quarantine = q.Reason
	return nil
}

// Resume ends a quarantine.
func (h *Host) Resume() {
	h.recalling.Lock()
	h.recalled = true
	h.recalling.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.quarantine, h.faults = "", nil
}

// cool counts one use of a trigger by somebody, and says how long they have to wait; 0: not at all.
func (r *run) cool(ctx context.Context, trigger *Trigger, who Person) (time.Duration, error) {
	c := trigger.Cooldown
	if c.N <= 0 || c.Per <= 0 {
		return 0, nil
	}
	key := "bot/" + r.h.cfg.Name + "/cool/" + trigger.ID + "/" + personKey(who.Account, who.ID)
	was, err := r.h.cfg.Env.State(ctx, key)
	if err != nil {
		return 0, fmt.Errorf("%w: read cooldown: %w", ErrAgain, err)
	}
	var used []time.Time
	if was != nil {
		_ = json.Unmarshal(was, &used) // what can't be read is as if it were not there
	}
	now := r.h.cfg.Env.Now().UTC()
	used = slices.DeleteFunc(used, func(t time.Time) bool { return now.Sub(t) >= c.Per })
	if len(used) >= c.N {
		return used[0].Add(c.Per).Sub(now), nil
	}
	b, err := json.Marshal(append(used, now))
	if err != nil {
		return 0, err
	}
	r.out.Keep = append(r.out.Keep, chat.Kept{Key: key, Was: was, Now: b})
	return 0, nil
}

// ParseCooldown reads "3/10m": three times within ten minutes. Empty is none.
func ParseCooldown(s string) (Cooldown, error) {
	if s == "" {
		return Cooldown{}, nil
	}
	var c Cooldown
	n, per, ok := strings.Cut(s, "/")
	_, err := fmt.Sscanf(n+"\n", "%d\n", &c.N)
	d, timed := parseDuration(per)
	if !ok || err != nil || c.N < 1 || c.N > 1000 || !timed {
		return Cooldown{}, fmt.Errorf("%q is no cooldown; it is written like 3/10m: three times within ten minutes", s)
	}
	c.Per = d
	return c, nil
}

// inWords is a time to wait, as people say it.
func inWords(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Second:
		return "1s"
	case d > time.Hour:
		d = d.Round(time.Minute)
	}
	s := d.String()
	s = strings.TrimSuffix(s, "m0s") + map[bool]string{true: "m"}[strings.HasSuffix(s, "m0s")]
	return strings.TrimSuffix(s, "h0m") + map[bool]string{true: "h"}[strings.HasSuffix(s, "h0m")]
}

// upper begins s with a capital.
func upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
