package desk

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// lastMost is how many closed cases a contact is remembered by.
const lastMost = 3

// The bounds of a snooze.
const (
	snoozeLeast = time.Minute
	snoozeMost  = 366 * 24 * time.Hour
)

// commanded follows an emoji on the card.
func (t turn) commanded(w chat.Reacted) {
	var do func()
	switch strings.TrimRight(w.Emoji, "\ufe0f") {
	case "👀":
		do = t.pressedClaim
	case "✅":
		do = t.pressedClose
	case "💤":
		do = func() { t.snooze(24 * time.Hour) }
	case "🤖":
		do = t.pressedBot
	}
	switch {
	case do == nil || w.Removed:
	case !t.admitted():
		t.hint("you're not a member of this desk, so this changes nothing")
	default:
		do()
	}
}

// pressed follows a button.
func (t turn) pressed(w chat.Pressed) {
	if !t.admitted() {
		t.hint("you're not a member of this desk, so this changes nothing")
		return
	}
	verb, about, _ := strings.Cut(w.Button, ":")
	switch verb {
	case buttonClaim:
		t.pressedClaim()
	case buttonClose:
		t.pressedClose()
	case buttonReopen:
		t.pressedReopen()
	case buttonBot:
		t.pressedBot()
	case buttonSnooze:
		t.pressedSnooze(cmp.Or(w.Fields[fieldFor], w.Value))
	case buttonBlock, buttonUnblock:
		t.block(verb == buttonBlock)
	default:
		t.pressedOn(verb, about, w.Fields)
	}
}

// pressedOn follows a button that concerns a message: one that its form makes, or one that it names.
func (t turn) pressedOn(verb, about string, fields map[string]string) {
	switch verb {
	case buttonReply:
		t.pressedReply(fields[fieldText])
	case buttonNote:
		t.pressedNote(fields[fieldText])
	case buttonLater:
		t.pressedLater(fields[fieldFor], fields[fieldText])
	case buttonNow, buttonUnsend:
		t.decideLater(about, verb == buttonNow)
	case buttonSend, buttonKeep:
		t.decide(about, verb == buttonSend)
	case buttonResend:
		t.sendAnew(about)
	case buttonRetry, buttonAgain, buttonArrived:
		t.settle(about, verb)
	}
}

func (t turn) pressedClaim() {
	if !t.Case.Owner.Same(t.by) {
		t.claim(t.by)
	}
}

func (t turn) pressedClose() {
	if t.Case.State == Closed {
		return
	}
	t.Case.State, t.Case.Closed, t.Case.Until = Closed, t.now, time.Time{}
	t.Case.Waiting, t.Case.Waited, t.Case.Handed = time.Time{}, time.Time{}, time.Time{}
	p := Past{Case: t.Case.ID, Closed: t.now, By: t.by.Name, Gist: t.Case.Gist}
	others := slices.DeleteFunc(t.Contact.Last, func(p Past) bool { return p.Case == t.Case.ID })
	t.Contact.Last = slices.Insert(others, 0, p)
	t.Contact.Last = t.Contact.Last[:min(len(t.Contact.Last), lastMost)]
	t.remark(t.by.Name, t.by.Name+" has closed this")
	t.shelve("this is closed")
}

func (t turn) pressedReopen() {
	if t.Case.State == Open {
		return
	}
	if why := t.superseded(); why != "" {
		t.hint(why)
		return
	}
	t.reopen()
	t.remark(t.by.Name, t.by.Name+" has opened this again")
}

func (t turn) pressedSnooze(how string) {
	d, err := parseSpan(how)
	if err != nil || d < snoozeLeast || d > snoozeMost {
		t.hint("that is no time to snooze for: between a minute and a year, please")
		return
	}
	t.snooze(d)
}

func (t turn) snooze(d time.Duration) {
	until := t.now.Add(d)
	switch {
	case t.Case.State == Closed:
		t.hint("this is closed; reopen it first")
		return
	case t.Case.State == Snoozed && until.Sub(t.Case.Until).Abs() < time.Minute:
		return // pressed twice
	}
	t.Case.State, t.Case.Until = Snoozed, until
	t.remark(t.by.Name, t.by.Name+" has snoozed this for "+short(d))
}

func (t turn) block(on bool) {
	if t.Contact.Blocked == on {
		return
	}
	t.Contact.Blocked = on
	words := " has unblocked "
	if on {
		words = " has blocked "
		t.Case.Waiting, t.Case.Waited = time.Time{}, time.Time{}
	}
	t.remark(t.by.Name, t.by.Name+words+t.name())
	if on {
		t.shelve("they are blocked")
	}
}

// pressedReply follows the form behind Reply. Pressing Send there is the decision, whatever the mode; except where nothing
// may go out.
func (t turn) pressedReply(words string) {
	m := t.filled(words)
	if m.empty() {
		return
	}
	if rest, marked := cutMark(m.text, t.desk.noteMark()); marked || t.on.Reply == Alerts {
		if m.text = rest; !m.empty() {
			t.note(m)
		}
		return
	}
	t.offer(m, false)
}

// pressedNote follows the command for a note. The mark of one is not needed there, and does not hurt.
func (t turn) pressedNote(words string) {
	m := t.filled(words)
	if m.text, _ = cutMark(m.text, t.desk.noteMark()); !m.empty() {
		t.note(m)
	}
}

// filled is the message that a form made.
func (t turn) filled(words string) message {
	m := t.message(text.Plain(words).Trim(), nil)
	m.ref = formed(t.in.Event)
	return m
}

// decide sends a held message, or keeps it as a note.
func (t turn) decide(which string, send bool) {
	i := slices.IndexFunc(t.Case.Held, func(h Held) bool { return token(h.Ref) == which })
	if i < 0 {
		return // decided already
	}
	m := t.unhold(i)
	why := t.stopped()
	if send && why == "" {
		t.reply(m)
		return
	}
	t.note(m)
	if send {
		t.hint(why)
	}
}

// settle follows what a member says about a reply that did not arrive, or perhaps didn't.
func (t turn) settle(which, verb string) {
	id, err := strconv.ParseInt(which, 10, 64)
	i := slices.IndexFunc(t.Case.Trouble, func(x Trouble) bool { return int64(x.Delivery) == id })
	if err != nil || id <= 0 || i < 0 || t.Case.Trouble[i].Again || t.Case.Trouble[i].Unsure != (verb != buttonRetry) {
		return // settled already
	}
	x := t.Case.Trouble[i]
	mark := markFailed
	if x.Unsure {
		mark = markUnsure
	}
	if verb == buttonArrived {
		t.Confirm = append(t.Confirm, x.Delivery)
		t.Case.Trouble = slices.Delete(t.Case.Trouble, i, i+1)
		t.mark(x.Reply, mark, true)
		if !t.troubled(x.Reply) {
			t.mark(x.Reply, markSent, false)
		}
		return
	}
	if why := t.barred(); why != "" {
		t.hint(why)
		return
	}
	t.Replay = append(t.Replay, x.Delivery)
	t.Case.Trouble[i].Again = true
	t.answered()
	t.swap(x.Reply, mark, markTaken)
}
