package relay

import (
	"strings"
	"time"

	"github.com/roost-im/roost/plugins/examples/irc/irc"
)

// room is a channel of the settings.
type room struct {
	channel

	in      bool
	kind    string // of what a post comes to while we are not in
	why     string
	next    time.Time // when to ask to be let in again
	wait    time.Duration
	members map[string]string // their IDs by their folded nicks; empty: not known
}

// The times between two attempts to be let in: twice as long each, from the first to the last.
const (
	joinFirst  = 5 * time.Second
	joinMost   = 5 * time.Minute
	joinAnswer = 30 * time.Second // to be answered at all
)

// furnish notes the channels of the settings. It must be done before anything is posted.
func (l *link) furnish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.r.set.Channels {
		l.rooms[irc.Fold(l.support["CASEMAPPING"], c.Name)] = &room{channel: c, kind: transient, why: "the server was asked to be let in", wait: joinFirst}
	}
}

// joinAll asks to be let in where we are not.
func (l *link) joinAll(now time.Time) error {
	var asks []channel
	l.mu.Lock()
	for _, c := range l.r.set.Channels {
		if r := l.room(c.Name); !r.in && !now.Before(r.next) {
			r.next = now.Add(joinAnswer)
			asks = append(asks, r.channel)
		}
	}
	l.mu.Unlock()
	for _, c := range asks {
		params := []string{c.Name}
		if c.Key != "" {
			params = append(params, c.Key)
		}
		if err := l.write("JOIN", params...); err != nil {
			return err
		}
	}
	return nil
}

// room is what is known of a channel; nil when the settings don't have it. l.mu is held.
func (l *link) room(name string) *room { return l.rooms[irc.Fold(l.support["CASEMAPPING"], name)] }

// home is the name of a channel as the settings write it; empty when they don't have it.
func (l *link) home(name string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.room(name); r != nil {
		return r.Name
	}
	return ""
}

// out notes that we are not in a channel.
func (l *link) out(name, kind, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.room(name)
	if r == nil {
		return
	}
	r.in, r.kind, r.why, r.members = false, kind, why, nil
	r.next, r.wait = time.Now().Add(r.wait), min(2*r.wait, joinMost)
}

// joined takes a JOIN.
func (l *link) joined(m irc.Message) error {
	name, who := m.Param(0), irc.ParseSource(m.Source)
	home := l.home(name)
	if l.mine(who.Nick) {
		l.learn(len(m.Source) + len(": "))
		if home == "" { // somebody else's idea
			return l.write("PART", name)
		}
		l.mu.Lock()
		r := l.room(name)
		r.in, r.why, r.wait, r.members = true, "", joinFirst, map[string]string{}
		l.mu.Unlock()
		l.r.peer.log("info", "in %s", home)
		return l.catchUp(home)
	}
	if home == "" {
		return nil
	}
	by := l.author(m)
	l.member(name, who.Nick, by.ID)
	return l.happened(l.event(m, "joined", home, by))
}

// member notes that somebody is in a channel.
func (l *link) member(channel, nick, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.room(channel); r != nil && r.in {
		r.members[irc.Fold(l.support["CASEMAPPING"], nick)] = id
	}
}

// lose notes that somebody is in a channel no more, and says whether they were, and their ID.
func (l *link) lose(r *room, nick string) (id string, was bool) {
	nick = irc.Fold(l.support["CASEMAPPING"], nick)
	id, was = r.members[nick]
	delete(r.members, nick)
	return id, was
}

// parted takes a PART.
func (l *link) parted(m irc.Message) error {
	who := irc.ParseSource(m.Source)
	if l.mine(who.Nick) {
		l.out(m.Param(0), transient, "the server has put us out")
		return nil
	}
	return l.left(m, m.Param(0), l.author(m))
}

// kicked takes a KICK.
func (l *link) kicked(m irc.Message) error {
	nick := m.Param(1)
	if l.mine(nick) {
		l.r.peer.log("warn", "kicked from %s by %s: %s", m.Param(0), irc.ParseSource(m.Source).Nick, irc.Read(m.Last()).Body)
		l.out(m.Param(0), transient, "we were kicked: "+irc.Read(m.Last()).Body)
		return nil
	}
	return l.left(m, m.Param(0), author{ID: l.unknown(nick), Name: nick, Handle: nick})
}

// left tells that somebody has left a channel.
func (l *link) left(m irc.Message, channel string, by author) error {
	home := l.home(channel)
	if home == "" {
		return nil
	}
	l.mu.Lock()
	id, _ := l.lose(l.room(channel), by.Name)
	l.mu.Unlock()
	if id != "" {
		by.ID = id
	}
	return l.happened(l.event(m, "left", home, by))
}

// quitted takes a QUIT: who quits leaves all channels.
func (l *link) quitted(m irc.Message) error {
	by := l.author(m)
	var were []string
	l.mu.Lock()
	for _, c := range l.r.set.Channels {
		if r := l.room(c.Name); r != nil {
			if _, was := l.lose(r, by.Name); was {
				were = append(were, r.Name)
			}
		}
	}
	l.mu.Unlock()
	for _, home := range were {
		if err := l.happened(l.event(m, "left", home, by)); err != nil {
			return err
		}
	}
	if l.fold(by.Name) == l.fold(l.r.set.Nick) {
		return l.write("NICK", l.r.set.Nick)
	}
	return nil
}

// isNow takes a NICK: somebody has another name.
func (l *link) isNow(m irc.Message) error {
	old, now := irc.ParseSource(m.Source).Nick, m.Param(0)
	own := l.mine(old)
	l.mu.Lock()
	defer l.mu.Unlock()
	if own {
		l.nick, l.prefix = now, 0
	}
	for _, r := range l.rooms {
		if id, was := l.lose(r, old); was {
			r.members[irc.Fold(l.support["CASEMAPPING"], now)] = id
		}
	}
	return nil
}

// names takes a line of RPL_NAMREPLY: who is in a channel.
func (l *link) names(m irc.Message) error {
	marks := "~&@%+!"
	if _, signs, ok := strings.Cut(l.isupport("PREFIX"), ")"); ok {
		marks = signs
	}
	for name := range strings.FieldsSeq(m.Last()) {
		who := irc.ParseSource(strings.TrimLeft(name, marks))
		id := ""
		if who.Host != "" {
			id = who.User + "@" + who.Host
		}
		l.member(m.Param(len(m.Params)-2), who.Nick, id)
	}
	return nil
}

// notIn takes a refusal to let us in. Some servers use the same numbers for messages: those have been taken before.
func (l *link) notIn(m irc.Message) error {
	name := m.Param(1)
	l.mu.Lock()
	r := l.room(name)
	in := r == nil || r.in
	l.mu.Unlock()
	if in {
		return nil
	}
	kind := refused
	switch m.Verb {
	case "403", "476":
		kind = gone
	case "437", "471":
		kind = transient
	}
	why := irc.Read(m.Last()).Body
	l.r.peer.log("warn", "not let into %s: %s", name, why)
	l.out(name, kind, why)
	return nil
}

// forwarded takes ERR_LINKCHANNEL: the server sends us to another channel than we asked for.
func (l *link) forwarded(m irc.Message) error {
	l.r.peer.log("warn", "not let into %s: the server forwards to %s", m.Param(1), m.Param(2))
	l.out(m.Param(1), refused, "the server forwards to "+m.Param(2))
	return nil
}
