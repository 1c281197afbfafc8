package crash_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"sync"

	"github.com/roost-im/roost/test/town"
)

// change is what a person did to a message after they had said it.
type change int

const (
	unchanged change = iota
	edited
	deleted
	reacted
)

// said is one message of somebody in the mirror.
type said struct {
	id, token string
	aside     bool // in a thread, which is a conversation with an order of its own
	file      bool
	change    change
}

// after is the token of a message once it was edited.
func (m said) after() string { return m.token + "v2" }

// talker is a person who talks in one leg of the mirror.
type talker struct {
	at   town.Spot
	name string

	mu   sync.Mutex
	said []said
}

// talk talks until ctx ends.
func (k *talker) talk(ctx context.Context) {
	for ctx.Err() == nil {
		k.mu.Lock()
		k.act(rand.IntN)
		k.mu.Unlock()
		sleep(ctx, rand.N(2*pause))
	}
}

// act says something new, or changes something that was said lately and not changed yet, as the dice fall.
func (k *talker) act(dice func(n int) int) {
	roll, n := dice(100), len(k.said)
	if _, ok := k.at.(town.Changer); !ok || roll < 70 || n == 0 {
		k.post(roll)
		return
	}
	m := &k.said[n-1-dice(min(n, 5))]
	if m.change != unchanged {
		k.post(roll)
		return
	}
	k.changes(m, roll)
}

func (k *talker) post(roll int) {
	m := said{token: fmt.Sprintf("%s%d", k.name, len(k.said))}
	d := town.Draft{Text: "this is " + m.token}
	_, alive := k.at.(town.Changer)
	switch n := len(k.said); {
	case !alive:
	case roll < 8 && n > 0 && k.said[n-1].change != deleted:
		d.Answers = k.said[n-1].id
		_, m.aside = k.at.(town.InSlack) // where answers make threads
	case roll < 14:
		d.File, m.file = picture(len(k.said)), true
	}
	if m.id = k.at.Say(d); m.id != "" {
		k.said = append(k.said, m)
	}
}

// picture is a small one, each with its own size: X takes no other files.
func picture(n int) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 8+n%100, 8+n/100))) // a buffer takes it
	return b.Bytes()
}

func (k *talker) changes(m *said, roll int) {
	remover, removes := k.at.(town.Remover)
	switch {
	case roll < 80 && removes && !m.file:
		if remover.Remove(m.id) == nil {
			m.change = deleted
		}
	case roll < 90 && !m.file:
		if k.at.(town.Changer).Edit(m.id, "this is "+m.after()) == nil {
			m.change = edited
		}
	default:
		if k.at.(town.Changer).React(m.id) == nil {
			m.change = reacted
		}
	}
}

// mirrored checks that what was said in one leg stands in another one: once, in order, and as it was changed.
func (a *audit) mirrored(k *talker, to town.Spot) {
	last := -1
	for n, m := range k.said {
		a.carried(k.at, m, to)
		if i, ok := a.at(to, m.token); ok && m.change != edited && !m.aside {
			if i < last {
				a.disorder(k.at, to, m.token)
			}
			last = i
		}
		if len(a.ours(k.at, m.token)) > 0 {
			a.fault("%s: %s came back (message %d)", to.Name(), m.token, n)
		}
	}
}

// carried checks one message. Discord tells of changes only to a session that lives, and Slack gives up on an event that it
// can't deliver for too long, while its history tells of words alone; a change that nobody was told of can't be known, so
// what was said there may stand as it was.
func (a *audit) carried(from town.Spot, m said, to town.Spot) {
	_, deaf := from.(town.OnDiscord)
	if _, forgets := from.(town.InSlack); forgets {
		deaf = true
		defer func(before int) { a.unheard += a.missed - before }(a.missed)
	}
	_, rigid := to.(town.OnX) // takes neither edits nor deletions nor reactions
	before, after := a.ours(to, m.token), a.ours(to, m.after())
	switch {
	case a.excused(to, m.token), m.change == edited && a.excused(to, m.after()): // it may have been read back after the edit
	case m.change == edited && rigid && len(before) == 0 && len(after) == 2:
		a.right += 2 // Roost read it back after the edit, and then heard of the edit
	case m.change == edited && rigid:
		a.count(to, m.after(), len(after), deaf)
		a.count(to, m.token, len(before), deaf && len(after) == 1)
	case m.change == edited && deaf && len(after) == 0:
		a.missed++
		a.count(to, m.token, len(before), false)
	case m.change == edited:
		a.count(to, m.after(), len(after), false)
		a.none(to, m.token, len(before), "was edited")
	case m.change == deleted && rigid:
		a.count(to, m.token, len(before), deaf)
	case m.change == deleted && deaf:
		a.missed += len(before)
	case m.change == deleted:
		a.none(to, m.token, len(before), "was deleted")
	default:
		a.count(to, m.token, len(before), false)
		a.dressed(m, to, before, deaf)
	}
}

// dressed checks the file and the reaction of a copy.
func (a *audit) dressed(m said, to town.Spot, copies []town.Line, deaf bool) {
	_, rigid := to.(town.OnX)
	if len(copies) != 1 {
		return
	}
	if c := copies[0]; m.file != (c.Files == 1) {
		a.fault("%s: %s has %d files", to.Name(), m.token, c.Files)
	}
	switch c := copies[0]; {
	case m.change == reacted && !rigid && c.Marks == 0 && deaf:
		a.missed++
	case m.change == reacted && !rigid && c.Marks != 1:
		a.fault("%s: %s has %d reactions, want 1", to.Name(), m.token, c.Marks)
	case m.change != reacted && c.Marks != 0:
		a.fault("%s: %s has a reaction that nobody made", to.Name(), m.token)
	}
}
