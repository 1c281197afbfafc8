package relay

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/plugins/examples/irc/irc"
)

// What a post is given.
const (
	linesMost = 8                // messages for its lines; more lines are packed
	postTime  = 90 * time.Second // until its last line is written; less than limits.time in plugin.yaml
	sayTime   = 20 * time.Second // to be confirmed
	command   = len("PRIVMSG  :")
	lineBytes = 510 // of a line without its end; RFC 1459 §2.3
	userBytes = 11  // of the user and the host in the worst case, while the server has not shown them
	hostBytes = 63
)

// done is what is answered to a post.
type done struct {
	Message  string    `json:"message"`
	Messages []string  `json:"messages,omitempty"` // those behind the first
	At       time.Time `json:"at"`
}

// post writes a text, a message for each of its lines.
func (r *Relay) post(ctx context.Context, params json.RawMessage) (any, error) {
	var p struct {
		Conversation struct {
			ID     string `json:"id"`
			Thread string `json:"thread"`
		} `json:"conversation"`
		Text  string     `json:"text"`
		Spans []irc.Span `json:"spans"`
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, fail(refused, "post: %v", err)
	}
	if p.Conversation.Thread != "" {
		return nil, fail(refused, "IRC has no threads")
	}
	ctx, cancel := context.WithTimeout(ctx, postTime)
	defer cancel()
	l, err := r.link()
	if err != nil {
		return nil, err
	}
	lines := irc.Text{Body: p.Text, Spans: p.Spans}.Messages(l.form(p.Conversation.ID))
	if len(lines) == 0 {
		return nil, fail(refused, "there is nothing in it that IRC can show")
	}
	var out done
	for i, words := range lines {
		id, at, err := r.say(ctx, p.Conversation.ID, words)
		if err != nil {
			return nil, inPart(err, i, len(lines))
		}
		if out.At = at; i == 0 {
			out.Message = id
		} else {
			out.Messages = append(out.Messages, id)
		}
	}
	return out, nil
}

// inPart is what became of a post of which the first n lines have arrived: it must not be posted again as it is.
func inPart(err error, n, of int) error {
	f := asFault(err)
	if n == 0 {
		return f
	}
	kind := uncertain
	if k := kindOf(f); k == refused || k == gone {
		kind = refused
	}
	return fail(kind, "only the first %d of %d lines have arrived: %s", n, of, f.Message)
}

// form is how a text is written in a conversation.
func (l *link) form(to string) irc.Form {
	l.mu.Lock()
	defer l.mu.Unlock()
	prefix := l.prefix
	if prefix == 0 {
		prefix = len(":!@ ") + len(l.nick) + userBytes + hostBytes
	}
	f := irc.Form{Max: lineBytes - prefix - command - len(to), Lines: linesMost}
	if r := l.room(to); r != nil {
		mapping, here := l.support["CASEMAPPING"], map[string]bool{}
		for nick := range r.members {
			here[nick] = true
		}
		f.Nick = func(nick string) bool { return here[irc.Fold(mapping, nick)] }
	}
	return f
}

// await is a message that waits to be confirmed.
type await struct {
	target string // folded
	label  string // empty: the PONG to token confirms it
	token  string
	batch  string // the batch that answers the label
	id     string // the server's; empty: it has told none
	at     time.Time
	err    error
	done   chan struct{}
}

// say writes one message when it is its turn, and waits until the server has taken it. An error of the kind uncertain says
// that it may have arrived; with any other it has not.
func (r *Relay) say(ctx context.Context, to, words string) (id string, at time.Time, err error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return "", at, fail(transient, "too much was to be written before it")
	}
	if !pause(ctx, r.flood.take(time.Now())) {
		return "", at, fail(transient, "too much was to be written before it")
	}
	l, err := r.link()
	if err != nil {
		return "", at, err
	}
	if err := l.reachable(to); err != nil {
		return "", at, err
	}
	return l.say(to, words)
}

func (l *link) say(to, words string) (id string, at time.Time, err error) {
	select {
	case <-l.ended:
		return "", at, fail(transient, "the connection broke before it was written")
	default:
	}
	a, lines := l.expect(to, words)
	defer func() {
		l.mu.Lock()
		l.await = nil
		l.mu.Unlock()
	}()
	err = l.send(lines...)
	switch {
	case errors.Is(err, errNotWritten):
		return "", at, fail(transient, "%v", err)
	case err != nil:
		return "", at, fail(uncertain, "the connection broke while it was written: %v", err)
	}
	late := time.NewTimer(sayTime)
	defer late.Stop()
	select {
	case <-a.done:
	case <-late.C:
		return "", at, fail(uncertain, "the server did not confirm it within %v", sayTime)
	case <-l.ended:
		select {
		case <-a.done:
		default:
			return "", at, fail(uncertain, "the connection broke before the server confirmed it")
		}
	}
	if a.err != nil {
		return "", at, a.err
	}
	return a.id, a.at, nil
}

// expect notes that a message is about to be written, and gives what is to be written.
func (l *link) expect(to, words string) (*await, []irc.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrote++
	name := l.name + "-said-" + strconv.Itoa(l.wrote)
	a := &await{target: irc.Fold(l.support["CASEMAPPING"], to), id: name, at: time.Now().UTC(), done: make(chan struct{})}
	m := irc.Message{Verb: "PRIVMSG", Params: []string{to, words}}
	l.await = a
	if l.caps["labeled-response"] && l.caps["batch"] {
		a.label = "r" + strconv.Itoa(l.wrote)
		m.Tags = map[string]string{"label": a.label}
		return a, []irc.Message{m}
	}
	a.token = name
	return a, []irc.Message{m, {Verb: "PING", Params: []string{a.token}}}
}

// resolves takes a line that answers what was written last; ok is false for all others.
func (l *link) resolves(m irc.Message) (ok bool) {
	own := l.mine(irc.ParseSource(m.Source).Nick)
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.await
	switch {
	case a == nil || a.over():
		return false
	case a.label != "":
		return l.labeled(a, m)
	}
	return l.fenced(a, m, own)
}

// fenced takes a line where a PING stands behind each message.
func (l *link) fenced(a *await, m irc.Message, own bool) bool {
	about := len(m.Params) > 0 && irc.Fold(l.support["CASEMAPPING"], m.Param(0)) == a.target
	switch {
	case m.Verb == "PONG" && slices.Contains(m.Params, a.token):
		close(a.done)
	case m.Verb == "PRIVMSG" && own && about && m.Tags["batch"] == "":
		l.echoed(a, m)
	case l.objects(a, m):
		a.err = l.refusal(m)
	default:
		return false
	}
	return true
}

func (a *await) over() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// labeled takes a line where the server answers to labels. https://ircv3.net/specs/extensions/labeled-response
func (l *link) labeled(a *await, m irc.Message) bool {
	switch {
	case m.Tags["label"] == a.label && m.Verb == "BATCH":
		a.batch = strings.TrimPrefix(m.Param(0), "+")
	case m.Tags["label"] == a.label:
		l.settle(a, m)
		close(a.done)
	case a.batch != "" && m.Tags["batch"] == a.batch:
		l.settle(a, m)
	case a.batch != "" && m.Verb == "BATCH" && m.Param(0) == "-"+a.batch:
		close(a.done)
	default:
		return false
	}
	return true
}

// settle takes an answer to a message: its echo, a refusal, or a word about it such as that somebody is away.
func (l *link) settle(a *await, m irc.Message) {
	switch {
	case m.Verb == "PRIVMSG":
		l.echoed(a, m)
	case m.Verb == "FAIL", len(m.Verb) == 3 && m.Verb >= "400" && m.Verb <= "599":
		a.err = l.refusal(m)
	}
}

// echoed takes the echo of a message. https://ircv3.net/specs/extensions/echo-message
func (l *link) echoed(a *await, m irc.Message) {
	if id := m.Tags["msgid"]; id != "" {
		a.id = id
	}
	if t, err := time.Parse(time.RFC3339Nano, m.Tags["time"]); err == nil {
		a.at = t.UTC()
	}
}

// objects says whether a line is an error about the message that was just written.
func (l *link) objects(a *await, m irc.Message) bool {
	switch m.Verb {
	case "263", "411", "412", "413", "414", "415":
		return true
	case "401", "402", "403", "404", "405", "407", "408", "437", "439", "442", "477", "486", "489", "492", "531", "716":
		return irc.Fold(l.support["CASEMAPPING"], m.Param(1)) == a.target
	case "FAIL":
		return m.Param(0) == "PRIVMSG"
	}
	return false
}

// triedAgain is how long to wait when the server says that it is too much.
const triedAgain = 30

// refusal is what a server's error means for a message. https://modern.ircdocs.horse/#numerics
func (l *link) refusal(m irc.Message) error {
	says := irc.Read(m.Last()).Body
	channel := m.Param(1) != "" && l.room(m.Param(1)) != nil
	switch m.Verb {
	case "263", "439":
		f := fail(throttled, "the server says: %s", says)
		f.Data.Wait, f.Data.Scope = triedAgain, "account"
		return f
	case "401":
		if !channel {
			return fail(refused, "%s is not on IRC now", m.Param(1))
		}
		return fail(gone, "there is no channel %s", m.Param(1))
	case "403":
		return fail(gone, "there is no channel %s", m.Param(1))
	case "437", "442":
		return fail(transient, "the server says: %s", says)
	}
	return fail(refused, "the server says: %s", says)
}

// reachable says why nothing can be written somewhere; nil when it can be tried.
func (l *link) reachable(to string) error {
	if strings.ContainsAny(to, " ,\r\n\x00\x07") || to == "" {
		return fail(refused, "%q is the name of nothing on IRC", to)
	}
	if !l.isChannel(to) {
		if strings.ContainsAny(to, ":!@*?$%&~") {
			return fail(refused, "%q is nobody's nick", to)
		}
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.room(to)
	switch {
	case r == nil:
		return fail(refused, "%s is not among the channels of the settings", to)
	case !r.in:
		return fail(r.kind, "not in %s: %s", to, r.why)
	}
	return nil
}
