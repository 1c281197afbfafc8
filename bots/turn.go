package bots

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Turn is one event for a bot, and everything that the bot can do about it. It is of one Hear call and one goroutine.
//
// What its methods do happens when Hear has returned, all of it or nothing. In a dialog that is run again everything up to
// the new answer is replayed: the methods give what they gave before and do nothing.
type Turn struct {
	env     *Env
	bot     string // its name
	spec    *Spec
	hear    chat.Hear
	trigger *Trigger
	args    Args
	match   []string  // groups of a pattern
	said    text.Text // what was written, without a command's name

	key     chat.Key // of the delivery with which the dialog began
	entries []entry  // what was given
	pos     int      // how many of them were given again
	done    int      // how many acts were done before
	count   int      // how many were done
	sends   int      // how many messages were said in this run
	asks    int      // how many messages were asked for, replayed ones included

	inherited []string // answers that an earlier version of the bot got; what is done before the last of them is not done again
	rand      *rand.Rand

	acts   []chat.Act
	keep   map[string]*chat.Kept
	waits  *waiting
	handed bool

	answer *Answer // of Await
	data   []byte
}

// Errors that a bot may get from its Turn.
var (
	ErrMayNot  = errors.New("the bot may not do that") // its manifest or configuration does not allow it
	ErrTooMany = errors.New("too many messages about one event")
	ErrNoDesk  = errors.New("nobody's desk is here to hand off to")
)

// Trigger is the ID of the trigger that the event hit; of a dialog, the one with which it began.
func (t *Turn) Trigger() string { return t.trigger.ID }

// Args are the arguments of a command.
func (t *Turn) Args() Args { return t.args }

// Match are the groups of a pattern: the whole match first, then each group; nil for other triggers. Their names are
// those of Trigger.Pattern.
func (t *Turn) Match() []string { return t.match }

// Hear is the event as the router told it; of a dialog, the one with which it began.
func (t *Turn) Hear() chat.Hear { return t.hear }

// Person is who did it.
func (t *Turn) Person() Person { return personOf(t.hear.Event) }

// Here is where it happened.
func (t *Turn) Here() chat.Conversation { return t.hear.Event.Conversation }

// Can says what can be done where it happened.
func (t *Turn) Can() chat.Can { return t.hear.Can }

// Desk is the desk whose contact did it; empty: none.
func (t *Turn) Desk() string { return t.hear.Desk }

// Text is what was written, without the name of a command or of the bot in front; of an edit, how it reads now; empty when
// the event is neither.
func (t *Turn) Text() text.Text {
	if e, ok := t.hear.Event.What.(chat.Edited); ok {
		return e.Text
	}
	return t.said
}

func personOf(ev chat.Event) Person {
	a := ev.Author
	return Person{Account: ev.Conversation.Account, ID: a.ID, Name: a.Name, Handle: a.Handle}
}

// replayed gives the next thing that was given before, if there is one.
func (t *Turn) replayed(op byte) (string, bool, error) {
	if t.pos >= len(t.entries) {
		return "", false, nil
	}
	e := t.entries[t.pos]
	if e.op != op {
		return "", false, fmt.Errorf("%w: it did something else than before", ErrDialog)
	}
	t.pos++
	return e.value, true, nil
}

// given writes down what is given for the first time.
func (t *Turn) given(op byte, value string) {
	t.entries = append(t.entries, entry{op, value})
	t.pos = len(t.entries)
}

// act does a, unless that was done before.
func (t *Turn) act(a chat.Act) {
	if t.counts() {
		t.acts = append(t.acts, a)
	}
}

// counts counts one thing that is to be done, and says whether it was not done before.
func (t *Turn) counts() bool {
	t.count++
	return t.fresh(t.count)
}

// fresh says whether the nth thing that is done was not done before.
func (t *Turn) fresh(n int) bool { return n > t.done && len(t.inherited) == 0 }

// Now is the time.
func (t *Turn) Now() (time.Time, error) {
	s, again, err := t.replayed(opNow)
	if err != nil {
		return time.Time{}, err
	}
	if again {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return time.Time{}, fmt.Errorf("%w: its journal is damaged", ErrDialog)
		}
		return time.Unix(0, n).UTC(), nil
	}
	now := t.env.Now().UTC()
	t.given(opNow, strconv.FormatInt(now.UnixNano(), 10))
	return now, nil
}

// Rand is a source of numbers that nobody can guess beforehand and that gives the same ones when the event is heard again.
func (t *Turn) Rand() *rand.Rand {
	if t.rand == nil {
		h := fnv.New64a()
		_, _ = h.Write([]byte(t.bot + string(t.key)))
		t.rand = rand.New(rand.NewPCG(h.Sum64(), t.env.Seed))
	}
	return t.rand
}
