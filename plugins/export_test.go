package plugins

import (
	"time"

	"github.com/roost-im/roost/plugins/internal/rpc"
	"github.com/roost-im/roost/router/chat"
)

// Hasty gives a program this long to answer initialize, and a ping.
func (c *Config) Hasty(start, ping time.Duration) {
	c.pace = usual()
	c.pace.start, c.pace.ping = start, ping
}

// Running says whether the program runs now.
func (p *Program) Running() bool {
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	return p.r.now != nil
}

// EventOf is what an event means that the program of relay/test tells.
func EventOf(raw []byte) (chat.Event, error) {
	var h happened
	if err := rpc.Strictly(raw, &h); err != nil {
		return chat.Event{}, err
	}
	return h.event("relay/test", time.Time{})
}

// Understand reads what a program may write, of any kind.
func Understand(raw []byte) {
	if d, err := declares(raw); err == nil {
		_, _, _ = d.spec("en")
		_, _ = parseTraits(d.Traits)
	}
	if all, err := replies(raw); err == nil {
		for _, w := range all {
			_, _ = w.message()
		}
	}
	var h happened
	if rpc.Strictly(raw, &h) == nil {
		_, _ = h.event("relay/test", time.Time{})
	}
	_, _ = parseRef(string(raw))
	t := &traits{Platform: "Relay"}
	_ = t.problem("post", &rpc.Error{Data: raw})
}
