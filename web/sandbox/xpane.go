package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// xPane shows a simulated X: what each person and the brand write to each other, and a group. What a person writes to the
// brand is encrypted when their lock is on; what was written so they see on their telephone, and can change.
type xPane struct {
	outage
	sim          *xsim.Sim
	brand, group string
	locks        locks
}

// X is the pane of a simulated X. brand is the user that Roost speaks for; group, if it is not empty, a group that it is in;
// sealed are users who write to the brand encrypted to begin with.
func X(sim *xsim.Sim, brand, group string, sealed ...string) Pane {
	x := &xPane{sim: sim, brand: brand, group: group}
	for _, user := range sealed {
		sim.Phone(user)
		x.locks.set(user, true)
	}
	return x
}

func (x *xPane) id() string { return "x" }

func (x *xPane) changed() []<-chan struct{} {
	return []<-chan struct{}{x.sim.Changed(), x.switched(), x.locks.changed()}
}

func (x *xPane) show() paneState {
	s := paneState{
		ID: "x", Name: "X", Picks: xMoji(), Can: []string{doEdit, doDelete, doReply}, Held: "/held/x", Down: x.is(),
		Types: "image/png,image/jpeg,image/gif,image/webp,video/mp4",
	}
	with := cmp.Or(x.person(x.brand), "the brand")
	var all []string
	for _, u := range x.people() {
		s.People = append(s.People, person{ID: u.ID, Name: u.Name, Handle: u.Username})
		all = append(all, u.ID)
		s.Places = append(s.Places, place{
			ID: u.ID, Name: u.Name, Kind: direct, With: with, People: []string{u.ID}, Lock: x.lock(u.ID), Messages: x.between(u.ID),
		})
	}
	if x.group != "" {
		members := slices.DeleteFunc(x.sim.Members(x.group), func(id string) bool { return !slices.Contains(all, id) })
		s.Places = append(s.Places, place{
			ID: x.group, Name: "Group", Kind: channel, People: whole(s.People, members), Messages: x.messages(x.sim.Group(x.group)),
		})
	}
	return s
}

// people are all users but the brand.
func (x *xPane) people() []xsim.User {
	return slices.DeleteFunc(slices.Clone(x.sim.Users()), func(u xsim.User) bool { return u.ID == x.brand })
}

// messages are those that are not encrypted. Nothing can be done to them.
func (x *xPane) messages(all []xsim.DM) []message {
	out := []message{}
	for _, d := range newest(all, maxMessages) {
		if d.Kind != "MessageCreate" {
			continue
		}
		m := message{ID: d.ID, Name: x.person(d.Sender), Text: d.Text, At: d.CreatedAt, App: d.Sender == x.brand, Fixed: true}
		if !m.App {
			m.Who = d.Sender
		}
		for i, f := range d.Media {
			m.Files = append(m.Files, file{
				Name: cmp.Or(f.Name, "no name"), URL: fileURL("x", d.ID+"."+strconv.Itoa(i)), Image: isImage(f.Type), Size: len(f.Data),
			})
		}
		out = append(out, m)
	}
	return out
}

func (x *xPane) person(id string) string {
	for _, u := range x.sim.Users() {
		if u.ID == id {
			return u.Name
		}
	}
	return ""
}

func (x *xPane) place(c chat.Conversation) string {
	if string(c.ID) == x.group {
		return "the group on X"
	}
	if name := x.person(string(c.ID)); name != "" {
		return name + " on X"
	}
	return ""
}

func (x *xPane) do(a act) (string, error) {
	switch a.Do {
	case doSay:
		return x.say(a)
	case doJoin:
		return x.join(a.Text)
	case doLock, doUnlock:
		return "", x.turn(a)
	case doEdit, doDelete, doReact, doUnreact:
		return "", x.change(a)
	}
	return "", errCant
}

func (x *xPane) say(a act) (string, error) {
	if a.Person == x.brand || x.person(a.Person) == "" {
		return "", errNobody
	}
	d := xsim.Draft{Text: a.Text}
	for _, f := range a.files {
		if !isImage(f.kind) && f.kind != "video/mp4" {
			return "", errKind
		}
		d.Media = append(d.Media, xsim.File{Name: f.name, Type: f.kind, Data: f.data})
	}
	switch {
	case a.Place == a.Person && x.seals(a):
		return x.whisper(a, d.Media)
	case a.Place == a.Person:
		return x.sim.Say(a.Person, x.brand, d), nil
	case a.Place == x.group && slices.Contains(x.sim.Members(x.group), a.Person):
		return x.sim.SayGroup(x.group, a.Person, d), nil
	}
	return "", errNotThere
}

// join adds somebody to X, and to the group.
func (x *xPane) join(words string) (string, error) {
	name, ok := label(words)
	switch {
	case !ok:
		return "", errName
	case len(x.sim.Users()) >= maxPeople:
		return "", errFull
	}
	u := x.sim.AddUser(xsim.User{Name: name, Username: x.handle(name)})
	if x.group != "" {
		x.sim.Join(x.group, x.brand, u.ID)
	}
	return u.ID, nil
}

// handle makes a username that nobody has; empty when name gives none, and the simulator makes one up.
func (x *xPane) handle(name string) string {
	handle := strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	handle = handle[:min(15, len(handle))]
	for _, u := range x.sim.Users() {
		if strings.EqualFold(u.Username, handle) {
			return ""
		}
	}
	return handle
}

func (x *xPane) file(id string) (attachment, bool) {
	event, number, _ := strings.Cut(id, ".")
	index, err := strconv.Atoi(number)
	if err == nil && sequenceOf(event) != 0 {
		return x.sealedFile(event, index)
	}
	for _, d := range x.sim.Events() {
		if err == nil && d.ID == event && index >= 0 && index < len(d.Media) {
			m := d.Media[index]
			return attachment{name: m.Name, kind: m.Type, data: m.Data}, true
		}
	}
	return attachment{}, false
}

func (x *xPane) down(on bool) {
	x.set(on, func() {
		x.sim.ClearFaults()
		if on {
			x.sim.Fail(xsim.AnyRoute, xsim.Fault{Times: -1, Status: http.StatusServiceUnavailable})
		}
	})
}

func (x *xPane) busy() { x.fail(xsim.Fault{Status: http.StatusServiceUnavailable}) }

func (x *xPane) slow() { x.fail(xsim.Fault{Throttle: true, Reset: throttledFor}) }

// fail lets the next direct message misbehave, and the next encrypted one, and the next one to the group.
func (x *xPane) fail(f xsim.Fault) {
	x.sim.Fail(xsim.SendToParticipant, f)
	x.sim.Fail(xsim.SendToConversation, f)
	x.sim.Fail(xsim.SendChatMessage, f)
}

func (x *xPane) cut() { x.sim.DropStreams() }
