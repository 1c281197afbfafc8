package desk

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// The bounds of a reply that is sent later, and how many of a case wait at once.
const (
	laterLeast  = time.Minute
	laterMost   = 31 * 24 * time.Hour
	laterAtOnce = 20
)

// Later is a member's message that goes to the contact at a time. Until then its delivery waits in a lane of its own, so
// that other replies go before it.
type Later struct {
	Ref     chat.Ref    `json:"ref"`
	By      Member      `json:"by"`
	Due     time.Time   `json:"due"`
	Span    string      `json:"span,omitempty"` // in how long, as the member said it
	Text    text.Text   `json:"text"`
	Files   []chat.File `json:"files,omitempty"`
	Answers chat.Ref    `json:"answers,omitzero"`
	Quote   *chat.Quote `json:"quote,omitempty"` // how that reads to the contact
	Hops    int         `json:"hops,omitempty"`
	Told    bool        `json:"told,omitempty"` // the team was told that the contact wrote meanwhile
}

func (l Later) message() message {
	return message{
		ref: l.Ref, by: l.By, text: l.Text, files: l.Files, answers: l.Answers, quote: l.Quote, hops: l.Hops, due: l.Due, span: l.Span,
	}
}

// card names the cards that show l.
func (l Later) card() chat.Ref {
	return chat.Ref{Conversation: l.Ref.Conversation, Message: chat.MessageID("later:" + token(l.Ref))}
}

// laterForm is what stands in front of a message that shall be sent later: "later 2h: …", or the command typed as words.
var laterForm = regexp.MustCompile(`^(?i:later\s+([0-9][0-9a-z.]*)\s*:|/later(?:@\S+)?\s+([0-9][0-9a-z.]*):?(?:\s|$))`)

// cutLater takes off the front of t in how long it shall be sent.
func cutLater(t text.Text) (span string, rest text.Text, ok bool) {
	t = t.Trim()
	m := laterForm.FindStringSubmatch(t.Body)
	if m == nil {
		return "", t, false
	}
	return m[1] + m[2], t.Slice(len(m[0]), len(t.Body)).Trim(), true
}

var spanForm = regexp.MustCompile(`^(?:([0-9]{1,4})w)?(?:([0-9]{1,4})d)?(.*)$`)

// errSpan says that something is no length of time.
var errSpan = errors.New("it is a length of time like 30m, 2h30m, 3d or 1w")

// parseSpan reads a length of time as people write it: 90m, 1h30m, 3d, 1w, 1d12h.
func parseSpan(s string) (time.Duration, error) {
	s = strings.ToLower(strings.Join(strings.Fields(s), ""))
	m := spanForm.FindStringSubmatch(s)
	if m == nil || s == "" {
		return 0, errSpan
	}
	const day = 24 * time.Hour
	var d time.Duration
	for i, unit := range []time.Duration{7 * day, day} {
		if m[i+1] != "" {
			n, err := strconv.Atoi(m[i+1])
			if err != nil {
				return 0, errSpan
			}
			d += time.Duration(n) * unit
		}
	}
	if m[3] == "" {
		return d, nil
	}
	rest, err := time.ParseDuration(m[3])
	if err != nil || rest < 0 {
		return 0, errSpan
	}
	return d + rest, nil
}

const noLater = "that is no time to send it in: between a minute and 31 days, please, like 30m, 2h or 3d"

// timed is m with when it shall be sent, if it says so in front; why says why that can't be.
func (s *step) timed(m message, span string) (_ message, why string) {
	d, err := parseSpan(span)
	if err != nil || d < laterLeast || d > laterMost {
		return m, noLater
	}
	m.span, m.due = span, s.now.Add(d).Truncate(time.Second)
	return m, ""
}

// later finds the scheduled message that ref is; negative when it is none.
func (s *step) later(ref chat.Ref) int {
	return slices.IndexFunc(s.Case.Later, func(l Later) bool { return l.Ref.Same(ref) })
}

// laneOut is the lane of what goes to the contact: of a scheduled message, and of what is about it, one of its own.
func (s *step) laneOut(d chat.Delivery) chat.Lane {
	to := chat.LaneTo(d.Action.Target())
	for _, ref := range []chat.Ref{d.Source, d.Of} {
		if !ref.IsZero() && s.later(ref) >= 0 {
			return to + chat.Lane("!later:"+token(ref))
		}
	}
	return to
}

// schedule keeps m until its time has come. Everybody on the desk sees it, and can take it back or send it.
func (s *step) schedule(m message) {
	l := Later{
		Ref: m.ref, By: m.by, Due: m.due, Span: m.span, Text: m.text, Files: m.files, Answers: m.answers, Quote: m.quote, Hops: m.hops,
	}
	s.Case.Later = append(s.Case.Later, l)
	s.memberLine(m, Pending)
	s.leave(m, m.due)
	if !isForm(m.ref) {
		s.mark(m.ref, markLater, false)
	}
	home, ok := s.home(m.ref)
	for _, t := range s.threads() {
		d := chat.Delivery{Source: l.card()}
		if ok && t.Surface == home.Surface {
			d.Answers = beside(m.ref)
		}
		card := s.laterCard(l)
		d.Action = chat.Post{To: t.Surface, Card: &card}
		s.within(t, purposeTell, d)
	}
}

// laterCard shows a message that waits for its time.
func (s *step) laterCard(l Later) chat.Card {
	return chat.Card{
		Title:  "⏰ To be sent to " + s.name() + " at " + clock(l.Due, s.now),
		Body:   gist(chat.Posted{Text: l.Text, Files: l.Files}),
		Footer: text.Name(l.By.Name, nameMax),
		Buttons: named(s.Case, []chat.Button{
			{ID: buttonNow + ":" + token(l.Ref), Label: "Send now"},
			{ID: buttonUnsend + ":" + token(l.Ref), Label: "Cancel"},
		}),
	}
}

// recard makes the cards of a scheduled message read otherwise.
func (s *step) recard(l Later, card chat.Card) {
	for _, t := range s.threads() {
		s.within(t, purposeCard, chat.Delivery{Of: l.card(), Action: chat.Edit{To: t.Surface, Card: &card}})
	}
}

// unschedule forgets that a message waits for its time; title says why, where it was shown.
func (s *step) unschedule(i int, title string) Later {
	l := s.Case.Later[i]
	s.Case.Later = slices.Delete(s.Case.Later, i, i+1)
	if !isForm(l.Ref) {
		s.mark(l.Ref, markLater, true)
	}
	s.recard(l, chat.Card{Title: title, Body: gist(chat.Posted{Text: l.Text, Files: l.Files}), Footer: text.Name(l.By.Name, nameMax)})
	return l
}

// departed follows a scheduled message whose time has come: it is a reply like any other.
func (s *step) departed(i int) {
	m := s.unschedule(i, "⏰ Sent to "+s.name()+" at "+clock(s.now, s.now)).message()
	if s.Case.State != Closed {
		s.answered()
	}
	s.memberLine(m, Out)
	s.showReply(m)
}

// remindLater tells, once, that something scheduled still waits although the contact has written.
func (s *step) remindLater() {
	for i := range s.Case.Later {
		l := &s.Case.Later[i]
		if l.Told {
			continue
		}
		l.Told = true
		if t, ok := s.home(l.Ref); ok {
			words := text.Name(l.By.Name, nameMax) + "'s message is still to be sent at " + clock(l.Due, s.now)
			s.within(t, purposeTell, chat.Delivery{Answers: beside(l.Ref), Action: chat.Post{To: t.Surface, Text: italic("⏰ " + words)}})
		}
	}
}

// waits says whether a scheduled message has not left yet.
func (t turn) waits(ref chat.Ref) bool {
	return slices.ContainsFunc(t.in.Pending, func(p chat.Ref) bool { return p.Same(ref) })
}

// pressedLater follows the command for a message that is sent later.
func (t turn) pressedLater(span, words string) {
	m := t.filled(words)
	if m.empty() {
		return
	}
	if t.on.Reply == Alerts {
		t.note(m)
		return
	}
	m, why := t.timed(m, span)
	if why != "" {
		t.hint(why)
		return
	}
	t.offer(m, false)
}

// decideLater sends a scheduled message now, or takes it back.
func (t turn) decideLater(which string, send bool) {
	i := slices.IndexFunc(t.Case.Later, func(l Later) bool { return token(l.Ref) == which })
	if i < 0 {
		return // it has left, or was taken back
	}
	ref := t.Case.Later[i].Ref
	if !t.waits(ref) {
		t.hint("it is being sent right now")
		return
	}
	if why := t.stopped(); send && why != "" {
		t.hint(why)
		return
	}
	t.Cancel = append(t.Cancel, ref)
	if !send {
		m := t.unschedule(i, "Cancelled by "+t.by.Name).message()
		t.memberLine(m, Aside)
		return
	}
	m := t.unschedule(i, "Sent by "+t.by.Name).message()
	m.due = time.Time{}
	t.reply(m)
}

// reschedule changes a scheduled message before it leaves, and when it does if that is said anew.
func (t turn) reschedule(i int, m message, note bool) {
	l := t.Case.Later[i]
	t.Cancel = append(t.Cancel, l.Ref)
	if why := t.barred(); note || why != "" {
		t.unschedule(i, "Not sent: it is a note now")
		t.note(m)
		if why != "" {
			t.hint(why)
		}
		return
	}
	if m.span != "" && m.span != l.Span {
		if again, why := t.timed(m, m.span); why != "" {
			t.hint(why)
		} else {
			l.Span, l.Due = again.span, again.due
		}
	}
	l.Text, l.Files = m.text, m.files
	t.Case.Later[i] = l
	m = l.message()
	t.memberLine(m, Pending)
	t.leave(m, l.Due)
	t.recard(l, t.laterCard(l))
}

// shelve keeps what is scheduled until somebody decides, because something has happened that its author did not know.
func (t turn) shelve(what string) {
	for _, l := range slices.Clone(t.Case.Later) {
		if !t.waits(l.Ref) {
			continue
		}
		t.Cancel = append(t.Cancel, l.Ref)
		m := t.unschedule(t.later(l.Ref), "Not sent: "+what).message()
		t.hold(m, "", "This was to be sent to "+t.name()+" at "+clock(l.Due, t.now)+", but "+what+". Send it all the same?", "Send it")
	}
}
