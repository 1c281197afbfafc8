package sandbox

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
)

// slackPane shows a simulated Slack workspace.
type slackPane struct {
	outage
	sim   *slacksim.Sim
	desks []string
}

// Slack is the pane of a simulated workspace: all its channels. desks are those in which each message has a thread of its
// own to answer in.
func Slack(sim *slacksim.Sim, desks ...string) Pane { return &slackPane{sim: sim, desks: desks} }

func (s *slackPane) id() string { return "slack" }

func (s *slackPane) changed() []<-chan struct{} {
	return []<-chan struct{}{s.sim.Changed(), s.switched()}
}

func (s *slackPane) show() paneState {
	out := paneState{
		ID: "slack", Name: "Slack", Down: s.is(), Can: []string{doEdit, doDelete, doThread, doPin},
		Picks: []string{"+1", "white_check_mark", "eyes", "tada", "heart", "joy", "pray", "x"},
	}
	for _, u := range s.sim.Users() {
		if !u.Bot && !u.Deleted && u.ID != s.sim.BotUser() {
			out.People = append(out.People, person{ID: u.ID, Name: nameOf(u), Handle: u.Name})
		}
	}
	for _, c := range s.sim.Channels() {
		if !c.IM && !c.Group {
			out.Places = append(out.Places, s.shown(c, out.People))
		}
	}
	for _, v := range s.sim.Views() {
		if v.Type == "modal" {
			out.Forms = append(out.Forms, form{ID: v.ID, Who: v.User, Title: v.Title, Blocks: v.Blocks, Errors: v.Errors})
		}
	}
	return out
}

// shown is a channel with what was said there to all, and to one alone.
func (s *slackPane) shown(c slacksim.Channel, people []person) place {
	p := place{ID: c.ID, Name: "#" + c.Name, Kind: channel, People: whole(people, c.Members), Messages: []message{}}
	if slices.Contains(s.desks, c.ID) {
		p.Kind = desk
	}
	for _, m := range newest(s.sim.Messages(c.ID), maxMessages) {
		if one, ok := s.message(m); ok {
			p.Messages = append(p.Messages, one)
		}
	}
	for _, one := range people {
		p.Messages = append(p.Messages, s.private(one.ID, c.ID)...)
	}
	slices.SortStableFunc(p.Messages, func(a, b message) int { return cmp.Compare(a.ID, b.ID) })
	return p
}

// private are the messages of a channel that one person alone sees.
func (s *slackPane) private(user, channel string) []message {
	var out []message
	for _, m := range newest(s.sim.Ephemerals(user), maxPrivate) {
		if m.Channel != channel {
			continue
		}
		if one, ok := s.message(m); ok {
			one.Only = user
			out = append(out, one)
		}
	}
	return out
}

// message is a message as a person sees it; false for the deleted, and for what Slack says about who came and went.
func (s *slackPane) message(m slacksim.Message) (message, bool) {
	gone := m.Subtype == "tombstone"
	if m.Deleted && !gone || strings.HasPrefix(m.Subtype, "channel_") {
		return message{}, false
	}
	out := message{
		ID: m.TS, App: m.BotID != "", Gone: gone, At: timeOf(m.TS), Text: m.Text, Typed: m.Typed, Blocks: m.Blocks, Edited: m.Edited,
		Pinned: m.Pinned, Name: cmp.Or(m.Username, s.person(m.User), m.User),
	}
	if m.Thread != m.TS {
		out.Thread = m.Thread
	}
	if !out.App {
		out.Who = m.User
	}
	if out.App && m.Username == "" {
		out.Name = "Roost"
	}
	for _, f := range m.Files {
		out.Files = append(out.Files, file{Name: f.Name, URL: fileURL("slack", f.ID), Image: isImage(f.Type), Size: f.Size})
	}
	for _, r := range m.Reactions {
		out.Reactions = append(out.Reactions, reaction{Emoji: r.Name, Users: r.Users})
	}
	return out, true
}

// timeOf is the time in a message's ts.
func timeOf(ts string) time.Time {
	seconds, fraction, _ := strings.Cut(ts, ".")
	sec, _ := strconv.ParseInt(seconds, 10, 64)
	micro, _ := strconv.ParseInt(fraction, 10, 64)
	return time.Unix(sec, micro*int64(time.Microsecond))
}

func nameOf(u slacksim.User) string { return cmp.Or(u.Display, u.RealName, u.Name) }

func (s *slackPane) person(id string) string {
	for _, u := range s.sim.Users() {
		if u.ID == id {
			return nameOf(u)
		}
	}
	return ""
}

func (s *slackPane) place(c chat.Conversation) string {
	found, ok := s.channel(string(c.ID))
	switch {
	case !ok:
		return ""
	case c.Thread != "":
		return "a thread in Slack #" + found.Name
	}
	return "Slack #" + found.Name
}

func (s *slackPane) channel(id string) (slacksim.Channel, bool) {
	for _, c := range s.sim.Channels() {
		if c.ID == id {
			return c, true
		}
	}
	return slacksim.Channel{}, false
}

// do acts as a person who is in the channel.
func (s *slackPane) do(a act) (string, error) {
	switch a.Do {
	case doSubmit:
		return "", ofSlack(s.sim.SubmitView(a.Person, a.Form, a.Values))
	case doDismiss:
		return "", ofSlack(s.sim.CloseView(a.Person, a.Form))
	case doJoin:
		return s.join(a.Text)
	}
	c, ok := s.channel(a.Place)
	if !ok {
		return "", errNotThere
	}
	if a.Person == s.sim.BotUser() || !slices.Contains(c.Members, a.Person) {
		return "", errNobody
	}
	if a.Do == doSay {
		return s.say(a)
	}
	return "", ofSlack(s.change(a))
}

// join adds somebody to the workspace and all its channels.
func (s *slackPane) join(words string) (string, error) {
	name, ok := label(words)
	switch {
	case !ok:
		return "", errName
	case len(s.sim.Users()) >= maxPeople:
		return "", errFull
	}
	id := s.sim.AddUser(slacksim.User{Name: strings.ToLower(strings.ReplaceAll(name, " ", ".")), RealName: name})
	for _, c := range s.sim.Channels() {
		if !c.IM && !c.Group {
			_ = s.sim.Join(id, c.ID, "") // they may be in already
		}
	}
	return id, nil
}

func (s *slackPane) say(a act) (string, error) {
	d := slacksim.Draft{Text: a.Text, Thread: a.Thread}
	if a.Thread != "" {
		if m, known := s.sim.Message(a.Place, a.Thread); !known || m.Deleted && m.Subtype != "tombstone" {
			return "", errNotThere
		}
	}
	for _, f := range a.files {
		d.Files = append(d.Files, slacksim.Upload{Name: f.name, Type: f.kind, Data: f.data})
	}
	if ts := s.sim.Say(a.Person, a.Place, d); ts != "" {
		return ts, nil
	}
	return "", errRefused
}

// change does something to a message.
func (s *slackPane) change(a act) error {
	switch a.Do {
	case doEdit:
		return s.sim.Edit(a.Person, a.Place, a.Message, a.Text)
	case doDelete:
		return s.sim.Delete(a.Person, a.Place, a.Message)
	case doReact, doUnreact:
		if !emojiName(a.Emoji) {
			return errEmoji
		}
		if a.Do == doUnreact {
			return s.sim.Unreact(a.Person, a.Place, a.Message, a.Emoji)
		}
		return s.sim.React(a.Person, a.Place, a.Message, a.Emoji)
	case doPin:
		return s.sim.Pin(a.Person, a.Place, a.Message)
	case doUnpin:
		return s.sim.Unpin(a.Person, a.Place, a.Message)
	case doPress:
		return s.sim.Press(a.Person, a.Place, a.Message, a.Button, a.Value)
	}
	return errCant
}

// ofSlack is an error of the simulator in the page's words.
func ofSlack(err error) error {
	switch {
	case err == nil, errors.Is(err, errEmoji), errors.Is(err, errCant):
		return err
	case errors.Is(err, slacksim.ErrNotAuthor):
		return errForeign
	case errors.Is(err, slacksim.ErrReacted), errors.Is(err, slacksim.ErrNothingToUndo),
		errors.Is(err, slacksim.ErrPinned), errors.Is(err, slacksim.ErrNotPinned):
		return errAlready
	}
	return errNotThere
}

func emojiName(s string) bool {
	return s != "" && len(s) <= 100 && !strings.ContainsFunc(s, func(r rune) bool {
		return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-+:", r)
	})
}

func (s *slackPane) file(id string) (attachment, bool) {
	for _, c := range s.sim.Channels() {
		for _, m := range s.sim.Messages(c.ID) {
			for _, f := range m.Files {
				if f.ID != id {
					continue
				}
				data, ok := s.sim.FileBytes(id)
				return attachment{name: f.Name, kind: f.Type, data: data}, ok
			}
		}
	}
	return attachment{}, false
}

func (s *slackPane) down(on bool) {
	s.set(on, func() {
		s.sim.Mend()
		if on {
			s.sim.Fail("", slacksim.Fault{Status: http.StatusServiceUnavailable})
		}
	})
}

func (s *slackPane) busy() {
	s.sim.Fail("chat.postMessage", slacksim.Fault{Times: 1, Status: http.StatusServiceUnavailable})
}

func (s *slackPane) slow() {
	s.sim.Fail("chat.postMessage", slacksim.Fault{Times: 1, Throttle: throttledFor})
}

func (s *slackPane) cut() { s.sim.DropSockets() }
