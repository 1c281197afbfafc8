package relay

import (
	"context"
	"fmt"
	"strings"
)

// finding is a line of roost doctor.
type finding struct {
	Grade string `json:"grade"`
	Name  string `json:"name"`
	Text  string `json:"text"`
	Mend  string `json:"mend,omitempty"`
}

// The grades of a finding.
const (
	fine    = "fine"
	warning = "warning"
	broken  = "broken"
)

// check looks whether the account works. Where it is not connected it connects, looks, and goes again; it joins nothing.
func (r *Relay) check(ctx context.Context) (any, error) {
	var all []finding
	l, err := r.link()
	if err != nil {
		if l, err = r.connect(ctx); err == nil {
			defer l.leave()
		}
	}
	if err != nil {
		mend := "look at config.server and config.tls, and whether the server runs"
		if kindOf(err) == loggedOut {
			mend = "mend what the server objects to in the account's config"
		}
		all = append(all, finding{broken, "server", fmt.Sprintf("%s: %v", r.set.Server, err), mend})
	} else {
		all = append(all, finding{fine, "server", "connected to " + r.set.Server, ""})
		all = append(all, l.findings()...)
	}
	return map[string]any{"findings": all}, nil
}

// findings are what there is to say about a connection.
func (l *link) findings() []finding {
	var all []finding
	if nick := l.self(); nick != l.r.set.Nick {
		all = append(all, finding{warning, "nick", "somebody has the nick " + l.r.set.Nick + "; this one is called " + nick, "if it is not Roost itself that runs: see who has it, with /whois"})
	}
	if !*l.r.set.TLS && !l.r.set.here() {
		all = append(all, finding{warning, "tls", "everybody on the way can read along", "set config.tls to true"})
	}
	if l.can("labeled-response") || l.can("echo-message") {
		all = append(all, finding{fine, "confirmed", "the server confirms messages", ""})
	}
	if l.reads() {
		all = append(all, finding{fine, "history", "what is missed is read back", ""})
	} else {
		all = append(all, finding{warning, "history", "the server has no history: what is said while Roost is away is lost", "nothing; or use a server or bouncer that has chathistory"})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.r.set.Channels {
		if r := l.room(c.Name); !r.in && !r.next.IsZero() {
			all = append(all, finding{broken, c.Name, "not in it: " + strings.TrimSpace(r.why), "see that the server lets " + l.nick + " in"})
		}
	}
	return all
}
