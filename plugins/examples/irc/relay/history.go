package relay

import (
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/plugins/examples/irc/irc"
)

// catch is a conversation of which is read back what was missed. What is said there meanwhile waits.
// https://ircv3.net/specs/extensions/chathistory
type catch struct {
	home  string
	held  []event
	got   int // messages of the page
	pages int
	last  string // the last message of them
	asked time.Time
}

// What is read back at most, and how long the server may take for a page.
const (
	pageMost  = 100
	pagesMost = 100
	pageTime  = 30 * time.Second
	overlap   = time.Second // two messages may have the same time
)

// directs is where private messages wait until it is known which of them were missed. No conversation is called so.
const directs = " directs"

// reads says whether the server can tell what was missed.
func (l *link) reads() bool {
	return (l.can(capHistory) || l.can(capHistoryDraft)) && l.can("batch") && l.can("server-time") && l.can("message-tags")
}

func (l *link) pageSize() int {
	if n, err := strconv.Atoi(l.isupport("CHATHISTORY")); err == nil && n > 0 && n < pageMost {
		return n
	}
	return pageMost
}

// stamp is a time as the server takes it.
func stamp(t time.Time) string { return "timestamp=" + t.UTC().Format("2006-01-02T15:04:05.000Z") }

// beginCatching asks who has written in private meanwhile. Where nothing was told yet it notes from when on it will be.
func (l *link) beginCatching() error {
	if !l.reads() {
		return nil
	}
	l.r.mu.Lock()
	l.since = l.r.last
	if l.since.IsZero() {
		l.r.last = l.greeted
	}
	l.r.mu.Unlock()
	if l.since.IsZero() {
		l.put(nil)
		return nil
	}
	if !*l.r.set.Direct {
		return nil
	}
	l.catching[directs] = &catch{home: directs, asked: time.Now()}
	return l.write("CHATHISTORY", "TARGETS", stamp(l.since.Add(-overlap)), stamp(l.greeted.Add(time.Minute)), strconv.Itoa(l.pageSize()))
}

// catchUp asks what was said in a conversation meanwhile.
func (l *link) catchUp(home string) error {
	if !l.reads() || l.since.IsZero() || l.catching[home] != nil {
		return nil
	}
	l.catching[home] = &catch{home: home}
	return l.page(l.catching[home], stamp(l.since.Add(-overlap)))
}

// page asks for the next page.
func (l *link) page(c *catch, after string) error {
	c.got, c.asked = 0, time.Now()
	c.pages++
	return l.write("CHATHISTORY", "AFTER", c.home, after, strconv.Itoa(l.pageSize()))
}

// batch takes the beginning or the end of a batch.
func (l *link) batch(m irc.Message) error {
	ref := m.Param(0)
	if ref == "" {
		return nil
	}
	if opens, ok := strings.CutPrefix(ref, "+"); ok {
		home := directs
		if m.Param(1) != "draft/chathistory-targets" {
			if home = l.home(m.Param(2)); home == "" {
				home = l.fold(m.Param(2))
			}
		}
		if c := l.catching[home]; c != nil {
			l.batches[opens] = c
		}
		return nil
	}
	ref = strings.TrimPrefix(ref, "-")
	c := l.batches[ref]
	delete(l.batches, ref)
	switch {
	case c == nil:
		return nil
	case c.home != directs && c.got >= l.pageSize() && c.pages < pagesMost && c.last != "":
		return l.page(c, "msgid="+c.last)
	}
	return l.caught(c)
}

// past takes a line of a batch.
func (l *link) past(c *catch, m irc.Message) error {
	c.got++
	if id := m.Tags["msgid"]; id != "" {
		c.last = id
	}
	switch m.Verb {
	case "CHATHISTORY":
		return l.lists(m)
	case "PRIVMSG", "NOTICE":
		if ev, ok := l.words(m); ok {
			l.put(&ev)
		}
	}
	return nil
}

// lists takes a conversation that the server names because something was said there.
func (l *link) lists(m irc.Message) error {
	if m.Param(0) == "TARGETS" && !l.isChannel(m.Param(1)) {
		l.targets = append(l.targets, l.fold(m.Param(1)))
	}
	return nil
}

// caught ends the reading back of a conversation: what was held is told now.
func (l *link) caught(c *catch) error {
	if l.catching[c.home] != c {
		return nil
	}
	delete(l.catching, c.home)
	if c.home == directs {
		for _, target := range l.targets {
			if err := l.catchUp(target); err != nil {
				return err
			}
		}
	}
	for _, ev := range c.held {
		if err := l.happened(ev); err != nil {
			return err
		}
	}
	if len(l.catching) == 0 {
		l.put(nil)
	}
	return nil
}

// failed takes a FAIL of the server: of CHATHISTORY it ends what was asked.
func (l *link) failed(m irc.Message) error {
	if m.Param(0) != "CHATHISTORY" {
		return nil
	}
	l.r.peer.log("warn", "what was missed is not told: %s", strings.Join(m.Params, " "))
	for _, c := range l.catching {
		asked := c.home == directs && m.Param(2) == "TARGETS"
		for _, p := range m.Params[min(2, len(m.Params)):] {
			asked = asked || l.fold(p) == l.fold(c.home)
		}
		if asked {
			return l.caught(c)
		}
	}
	return nil
}

// lateHistory gives up what the server does not answer.
func (l *link) lateHistory(now time.Time) {
	for _, c := range l.catching {
		if now.Sub(c.asked) > pageTime {
			l.r.peer.log("warn", "%s: the server does not tell what was missed", c.home)
			_ = l.caught(c) // it may ask on; when that breaks the connection is broken
		}
	}
}

// happened tells an event, unless what came before it is still being read back.
func (l *link) happened(ev event) error {
	c := l.catching[ev.Conversation]
	if c == nil && ev.Direct {
		c = l.catching[directs]
	}
	if c != nil {
		c.held = append(c.held, ev)
		return nil
	}
	l.put(&ev)
	return nil
}

// put queues an event, nil for none, with the cursor that holds after it. While something is read back there is none: what
// is missing then must be read again.
func (l *link) put(ev *event) {
	q := queued{event: ev}
	if ev != nil && ev.At.After(l.newest) {
		l.newest = ev.At
	}
	if l.reads() && len(l.catching) == 0 {
		l.r.mu.Lock()
		if l.newest.After(l.r.last) {
			l.r.last = l.newest
		}
		q.cursor = l.r.last.UTC().Format(time.RFC3339Nano)
		l.r.mu.Unlock()
	}
	l.r.queue.put(l.stop, q)
}
