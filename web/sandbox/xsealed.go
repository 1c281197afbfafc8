package sandbox

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/roost-im/roost/bridges/simkit"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// locks are who has a telephone for encrypted messages on X, and whether they write with it.
type locks struct {
	mu      sync.Mutex
	on      map[string]bool // by user; who is not in it has no telephone
	changes simkit.Changes
}

// set locks what a user writes, or unlocks it. It says whether that changes anything.
func (l *locks) set(user string, on bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.on[user] == on {
		return false
	}
	if l.on == nil {
		l.on = map[string]bool{}
	}
	l.on[user] = on
	l.changes.Bump()
	return true
}

// of says whether what a user writes is encrypted, and whether they have a telephone that shows what is.
func (l *locks) of(user string) (on, phone bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	on, phone = l.on[user]
	return on, phone
}

// holders are those who have a telephone.
func (l *locks) holders() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.on))
}

// changed is closed when the lock of somebody is next another one.
func (l *locks) changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changes.Next()
}

// sealedMark begins the ids of encrypted messages, whose rest is their sequence id.
const sealedMark = "e"

func sealedID(n wire.Sequence) string { return sealedMark + n.String() }

// sequenceOf undoes sealedID; 0 for what is none.
func sequenceOf(id string) wire.Sequence {
	digits, is := strings.CutPrefix(id, sealedMark)
	if !is {
		return 0
	}
	return wire.ParseSequence(digits)
}

// xMoji are the emoji to choose from. X's app takes any.
func xMoji() []string {
	return []string{"❤️", "👍", "😂", "🎉", "🔥", "😮", "😢", "👎"}
}

// lock is the lock of a direct conversation as the page shows it.
func (x *xPane) lock(user string) string {
	if on, _ := x.locks.of(user); on {
		return locked
	}
	return unlocked
}

// turn locks what somebody writes to the brand, or unlocks it. Who does so for the first time gets a telephone.
func (x *xPane) turn(a act) error {
	switch {
	case a.Person == x.brand || x.person(a.Person) == "":
		return errNobody
	case a.Place != a.Person:
		return errCant
	}
	if a.Do == doLock {
		x.sim.Phone(a.Person)
	}
	if !x.locks.set(a.Person, a.Do == doLock) {
		return errAlready
	}
	return nil
}

// between is everything that a person and the brand wrote to each other, encrypted and not, in the order in which X got it.
func (x *xPane) between(user string) []message {
	type placed struct {
		n wire.Sequence // X gives both kinds ids of one count
		message
	}
	var all []placed
	for _, m := range x.messages(x.sim.Conversation(user, x.brand)) {
		all = append(all, placed{wire.ParseSequence(m.ID), m})
	}
	var last wire.Sequence
	for _, h := range x.heard(user) {
		last = cmp.Or(h.Sequence, last) // what has none was given out behind the one before it
		if !h.Deleted && h.Failure == 0 {
			all = append(all, placed{last, x.sealed(h)})
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.n, b.n) })
	out := []message{}
	for _, one := range newest(all, maxMessages) {
		out = append(out, one.message)
	}
	return out
}

// heard is what a person's telephone shows of what they and the brand wrote; nothing when they have none.
func (x *xPane) heard(user string) []xsim.Heard {
	if _, has := x.locks.of(user); !has {
		return nil
	}
	return x.sim.Phone(user).Talk(x.brand)
}

// sealed is an encrypted message as its reader's telephone shows it.
func (x *xPane) sealed(h xsim.Heard) message {
	m := message{
		ID: sealedID(h.Sequence), Name: x.person(h.Sender), App: h.Sender == x.brand, At: h.At, Text: h.Text, Edited: h.Edited, Sealed: true,
	}
	if !m.App {
		m.Who = h.Sender
	}
	if h.Unreadable != "" {
		m.Text, m.Fixed = "This message can't be read: "+h.Unreadable, true
	}
	for _, broken := range h.Broken {
		m.Text = strings.TrimSpace(m.Text + "\nA file can't be read: " + broken)
	}
	for i, f := range h.Files {
		m.Files = append(m.Files, file{
			Name: cmp.Or(f.Name, "no name"), URL: fileURL("x", m.ID+"."+strconv.Itoa(i)), Image: isImage(f.Type), Size: len(f.Data),
		})
	}
	for _, emoji := range slices.Sorted(maps.Keys(h.Reactions)) {
		m.Reactions = append(m.Reactions, reaction{Emoji: emoji, Users: h.Reactions[emoji]})
	}
	if h.Reply != nil {
		m.Reply = x.quoted(*h.Reply)
	}
	return m
}

// quoted is what a message answers. Only what is proven is shown as somebody's words.
func (x *xPane) quoted(q xsim.Quote) *quoted {
	if q.Proof != xchat.Proven {
		return &quoted{Name: "A quote", Text: "that nobody is known to have written"}
	}
	return &quoted{Name: x.person(q.Sender), Text: cmp.Or(q.Text, "a file")}
}

// seals says whether what somebody says is encrypted: because they want so, or because it answers what is.
func (x *xPane) seals(a act) bool {
	on, _ := x.locks.of(a.Person)
	return on || sequenceOf(a.Message) != 0
}

// whisper says something to the brand that X can't read.
func (x *xPane) whisper(a act, files []xsim.File) (string, error) {
	var said xsim.Said
	var err error
	phone := x.sim.Phone(a.Person)
	if a.Message == "" {
		said, err = phone.SayWith(x.brand, a.Text, files...)
	} else {
		target, there := x.find(a)
		if !there || target.Unreadable != "" {
			return "", errNotThere
		}
		said, err = phone.ReplyWith(x.brand, target.Sequence, a.Text, files...)
	}
	if err != nil {
		return "", ofPhone(err)
	}
	return sealedID(said.Sequence), nil
}

// find is the encrypted message that somebody does something with; false when their telephone does not show it.
func (x *xPane) find(a act) (xsim.Heard, bool) {
	n := sequenceOf(a.Message)
	for _, h := range x.heard(a.Person) {
		if n != 0 && h.Sequence == n && !h.Deleted && h.Failure == 0 && a.Place == a.Person {
			return h, true
		}
	}
	return xsim.Heard{}, false
}

// change does something to an encrypted message. X has no such thing for others.
func (x *xPane) change(a act) error {
	if sequenceOf(a.Message) == 0 {
		return errCant
	}
	target, there := x.find(a)
	if !there {
		return errNotThere
	}
	phone, n := x.sim.Phone(a.Person), target.Sequence
	if (a.Do == doEdit || a.Do == doDelete) && target.Sender != a.Person {
		return errForeign
	}
	var err error
	switch a.Do {
	case doEdit:
		_, err = phone.Edit(x.brand, n, a.Text)
	case doDelete:
		err = phone.Delete(x.brand, true, n)
	default:
		err = x.react(a, phone, target)
	}
	return ofPhone(err)
}

// react puts an emoji on a message, or takes it off.
func (x *xPane) react(a act, phone *xsim.Phone, target xsim.Heard) error {
	users, known := target.Reactions[a.Emoji]
	mine := slices.Contains(users, a.Person)
	var err error
	switch {
	case mine == (a.Do == doReact):
		return errAlready
	case a.Do == doUnreact:
		_, err = phone.Unreact(x.brand, target.Sequence, a.Emoji)
	case !known && !slices.Contains(xMoji(), a.Emoji):
		return errEmoji
	default:
		_, err = phone.React(x.brand, target.Sequence, a.Emoji)
	}
	return err
}

// ofPhone is an error of a telephone in the page's words.
func ofPhone(err error) error {
	if _, refused := errors.AsType[*xsim.RefusedError](err); refused {
		return errRefused
	}
	return err
}

// sealedFile is a file of an encrypted message, as the telephones of those who can read it show it.
func (x *xPane) sealedFile(message string, index int) (attachment, bool) {
	n := sequenceOf(message)
	for _, user := range x.locks.holders() {
		for _, h := range x.heard(user) {
			if h.Sequence == n && n != 0 && index >= 0 && index < len(h.Files) {
				f := h.Files[index]
				return attachment{name: f.Name, kind: f.Type, data: f.Data}, true
			}
		}
	}
	return attachment{}, false
}

// held is everything that X has of encrypted messages.
func (x *xPane) held() [][]byte { return x.sim.Stored() }
