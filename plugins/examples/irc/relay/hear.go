package relay

import (
	"strconv"
	"time"

	"github.com/roost-im/roost/plugins/examples/irc/irc"
)

// author is who sent a line. Somebody who is logged in is known by their account, anybody else by user and host, which
// stay when the nick changes. https://ircv3.net/specs/extensions/account-tag
func (l *link) author(m irc.Message) author {
	who := irc.ParseSource(m.Source)
	by := author{ID: m.Tags["account"], Name: who.Nick, Handle: who.Nick, Self: l.mine(who.Nick)}
	_, by.Bot = m.Tags["bot"]
	switch {
	case by.ID != "":
	case who.Host != "":
		by.ID = who.User + "@" + who.Host
	default:
		by.ID = l.unknown(who.Nick)
	}
	return by
}

// unknown is the ID of somebody of whom nothing but the nick is known. No account and no user@host has a slash first.
func (l *link) unknown(nick string) string { return "/" + l.fold(nick) }

// event is an event about a line, with an ID that is the server's where it gives one.
func (l *link) event(m irc.Message, kind, home string, by author) event {
	ev := event{ID: m.Tags["msgid"], Kind: kind, Conversation: home, Author: by, At: l.at(m)}
	if ev.ID == "" {
		l.count++
		ev.ID = l.name + "-" + strconv.Itoa(l.count)
	}
	if kind == posted {
		ev.Message = ev.ID
		return ev
	}
	ev.ID += "/" + kind + "/" + home
	return ev
}

const posted = "posted"

// at is when the server says that something happened. https://ircv3.net/specs/extensions/server-time
func (l *link) at(m irc.Message) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, m.Tags["time"]); err == nil {
		return t.UTC()
	}
	return time.Now().UTC()
}

// said takes a message.
func (l *link) said(m irc.Message) error {
	if ev, ok := l.words(m); ok {
		return l.happened(ev)
	}
	return nil
}

// words is a message as an event; ok is false for what is not told: what is for programs, what services and servers say in
// private, what is for the operators of a channel alone, and what is said where the settings don't have us.
func (l *link) words(m irc.Message) (ev event, ok bool) {
	target, by := m.Param(0), l.author(m)
	said, ok := irc.Said(m.Last())
	if !ok || said.Body == "" || len(m.Params) < 2 {
		return event{}, false
	}
	notice := m.Verb == "NOTICE"
	by.Bot = by.Bot || notice
	home, direct := l.home(target), false
	if home == "" {
		server := irc.ParseSource(m.Source).Host == "" && m.Tags["account"] == ""
		if l.isChannel(target) || notice || server || !*l.r.set.Direct {
			return event{}, false
		}
		home, direct = l.partner(target, by), true
	}
	if home == "" {
		return event{}, false
	}
	ev = l.event(m, posted, home, by)
	ev.Direct, ev.Text, ev.Spans, ev.ReplyTo = direct, said.Body, said.Spans, m.Tags["+draft/reply"]
	return ev, true
}

// partner is with whom a private message is; empty when that is nobody.
func (l *link) partner(target string, by author) string {
	switch {
	case l.mine(target) && !by.Self:
		return l.fold(by.Name)
	case by.Self && !l.mine(target):
		return l.fold(target)
	}
	return ""
}
