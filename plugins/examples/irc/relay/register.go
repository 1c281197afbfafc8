package relay

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/roost-im/roost/plugins/examples/irc/irc"
)

// wanted are the capabilities that are used where the server has them. https://ircv3.net/irc/
func wanted() []string {
	return []string{
		"message-tags", "server-time", "batch", "echo-message", "labeled-response", "account-tag", "userhost-in-names",
		capHistory, capHistoryDraft, capPlayback,
	}
}

// The names of the capability to read back what was said. Without playback some servers tell of joins in it as if somebody
// had said so. https://ircv3.net/specs/extensions/chathistory
const (
	capHistory      = "chathistory"
	capHistoryDraft = "draft/chathistory"
	capPlayback     = "draft/event-playback"
)

// nickTries is how many nicks are tried: the wanted one, and with more and more _ behind it.
const nickTries = 5

// registration is how far it is.
type registration struct {
	l        *link
	offered  []string
	loggedIn bool
	tries    int
	done     bool
}

// register makes the server know us. Its error is a fault with the kind loggedOut where a person must act.
func (l *link) register() error {
	set := l.r.set
	lines := []irc.Message{{Verb: "CAP", Params: []string{"LS", "302"}}}
	if set.Password != "" {
		lines = append(lines, irc.Message{Verb: "PASS", Params: []string{set.Password}})
	}
	lines = append(lines, irc.Message{Verb: "NICK", Params: []string{set.Nick}},
		irc.Message{Verb: "USER", Params: []string{set.User, "0", "*", set.Name}})
	if err := l.send(lines...); err != nil {
		return err
	}
	g := &registration{l: l, tries: 1}
	steps := g.steps()
	for !g.done {
		m, err := l.read()
		if err != nil {
			return fmt.Errorf("the connection broke: %w", err)
		}
		if step := steps[m.Verb]; step != nil {
			if err := step(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// steps are what is done about each kind of line until the server has greeted.
func (g *registration) steps() map[string]func(irc.Message) error {
	l := g.l
	stop := func(kind, what string) func(irc.Message) error {
		return func(m irc.Message) error { return fail(kind, "%s: %s", what, irc.Read(m.Last()).Body) }
	}
	ready := func(irc.Message) error { g.done = true; return nil }
	return map[string]func(irc.Message) error{
		"PING": func(m irc.Message) error { return l.write("PONG", m.Params...) },
		"CAP":  g.capability,
		"AUTHENTICATE": func(m irc.Message) error {
			if m.Param(0) != "+" {
				return nil
			}
			return g.authenticate()
		},
		"903": func(irc.Message) error { g.loggedIn = true; return l.write("CAP", "END") },
		"902": stop(loggedOut, "the SASL login does not work"),
		"904": stop(loggedOut, "the SASL login does not work"),
		"905": stop(loggedOut, "the SASL login does not work"),
		"906": stop(loggedOut, "the SASL login does not work"),
		"432": stop(loggedOut, "the server does not take the nick "+l.r.set.Nick),
		"433": g.otherNick, "436": g.otherNick, "437": g.otherNick,
		"464":   stop(loggedOut, "the server does not take the password"),
		"465":   stop(loggedOut, "the server has banned this account"),
		"ERROR": stop(transient, "the server says"),
		"001":   g.welcome, "005": l.supports, "376": ready, "422": ready,
	}
}

// capability takes what the server says about capabilities.
func (g *registration) capability(m irc.Message) error {
	switch m.Param(1) {
	case "LS":
		for c := range strings.FieldsSeq(m.Last()) {
			name, _, _ := strings.Cut(c, "=")
			g.offered = append(g.offered, name)
		}
		if m.Param(2) == "*" && len(m.Params) > 3 {
			return nil // more of it comes
		}
		return g.request()
	case "ACK":
		g.l.mu.Lock()
		for c := range strings.FieldsSeq(m.Last()) {
			g.l.caps[c] = true
		}
		g.l.mu.Unlock()
		if g.l.r.set.SASL != nil && g.l.can("sasl") {
			return g.l.write("AUTHENTICATE", "PLAIN")
		}
		return g.l.write("CAP", "END")
	case "NAK":
		return g.l.write("CAP", "END")
	}
	return nil
}

func (g *registration) request() error {
	var ask []string
	for _, c := range wanted() {
		if slices.Contains(g.offered, c) {
			ask = append(ask, c)
		}
	}
	if g.l.r.set.SASL != nil && slices.Contains(g.offered, "sasl") {
		ask = append(ask, "sasl")
	}
	if len(ask) == 0 {
		return g.l.write("CAP", "END")
	}
	return g.l.write("CAP", "REQ", strings.Join(ask, " "))
}

// authenticate writes the login in pieces of 400 bytes. https://ircv3.net/specs/extensions/sasl-3.1
func (g *registration) authenticate() error {
	const piece = 400
	sasl := g.l.r.set.SASL
	if sasl == nil {
		return errors.New("the server wants a login that nobody asked for")
	}
	words := base64.StdEncoding.EncodeToString([]byte("\x00" + sasl.User + "\x00" + sasl.Password))
	for len(words) >= piece {
		if err := g.l.write("AUTHENTICATE", words[:piece]); err != nil {
			return err
		}
		words = words[piece:]
	}
	if words == "" {
		words = "+"
	}
	return g.l.write("AUTHENTICATE", words)
}

// otherNick asks for the next nick when somebody has the one before.
func (g *registration) otherNick(m irc.Message) error {
	if g.tries++; g.tries > nickTries {
		return fmt.Errorf("the nick %s and those like it are taken: %s", g.l.r.set.Nick, irc.Read(m.Last()).Body)
	}
	return g.l.write("NICK", g.l.r.set.Nick+strings.Repeat("_", g.tries-1))
}

// welcome is the server's greeting.
func (g *registration) welcome(m irc.Message) error {
	if g.l.r.set.SASL != nil && !g.loggedIn {
		return fail(transient, "the server offers no SASL login now")
	}
	g.l.greeted = g.l.at(m)
	g.l.mu.Lock()
	g.l.nick = m.Param(0)
	g.l.mu.Unlock()
	return nil
}
