package desk

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// heldMost is how many messages of a case wait for a decision at once; what is more stays a note.
const heldMost = 50

// turn is one thing that somebody did in a thread of the case.
type turn struct {
	*step
	in FromMember
	on Surface
	at Thread
	by Member
}

// message is what a member wrote.
type message struct {
	ref     chat.Ref
	by      Member
	text    text.Text
	files   []chat.File
	answers chat.Ref
	quote   *chat.Quote // of that, for the contact
	hops    int
	due     time.Time // when it shall be sent, as span says; zero: at once
	span    string
}

func (m message) empty() bool { return m.text.Empty() && len(m.files) == 0 }

// fromMember follows what somebody did in a thread. What machines do there is not for the contact.
func (s *step) fromMember(in FromMember) {
	ev := in.Event
	at, ok := s.thread(in.Surface)
	if !ok || ev.Author.Self || ev.Author.Bot {
		return
	}
	t := turn{step: s, in: in, on: s.desk.surface(in.Surface), at: at}
	t.by = Member{Account: ev.Conversation.Account, ID: ev.Author.ID, Name: authorName(ev.Author)}
	switch w := ev.What.(type) {
	case chat.Posted:
		t.wrote(w)
	case chat.Edited:
		t.rewrote(w)
	case chat.Deleted:
		t.tookBack()
	case chat.Reacted:
		t.reacted(w)
	case chat.Pressed:
		t.pressed(w)
	case chat.Pinned, chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Bounced, chat.Called:
	}
}

// admits says whether person may answer from this surface.
func (on Surface) admits(person chat.PersonID) bool {
	return person != "" && (len(on.Members) == 0 || slices.Contains(on.Members, person))
}

func (t turn) admitted() bool { return t.on.admits(t.in.Event.Author.ID) }

// hint tells the person whose turn it is something that concerns nobody else.
func (t turn) hint(words string) { t.whisper(t.at, t.in.Event.Author.ID, words) }

const noMember = "you're not a member of this desk, so this stays here"

// message is what the turn's event says, as body.
func (t turn) message(body text.Text, files []chat.File) message {
	return message{ref: t.in.Event.Ref(), by: t.by, text: body, files: files, hops: t.in.Event.Hops}
}

// wrote follows a message in the thread.
func (t turn) wrote(w chat.Posted) {
	m := t.message(w.Text, w.Files)
	m.answers, m.quote = answers(t.in.Event, w, t.in.Answers), t.quoteToContact(t.in.Answered)
	if m.empty() {
		return
	}
	if !t.admitted() {
		t.memberLine(m, Aside)
		t.hint(noMember)
		return
	}
	will, body := t.desk.judge(t.on.Reply, w.Text)
	if m.text = body; m.empty() {
		return
	}
	if span, rest, ok := cutLater(body); ok && will != stays {
		var why string
		if m, why = t.timed(m, span); why != "" || rest.Empty() && len(m.files) == 0 {
			t.note(m)
			t.hint(cmp.Or(why, "there is nothing to send; write it behind the time"))
			return
		}
		m.text = rest
	}
	switch will {
	case stays:
		t.note(m)
	case asks:
		t.offer(m, true)
	case goes:
		t.offer(m, false)
	}
}

// verdict is what shall become of a member's message.
type verdict int

const (
	stays verdict = iota
	asks
	goes
)

// judge says what shall become of a message, and how it reads without its mark.
func (d Desk) judge(m Mode, t text.Text) (verdict, text.Text) {
	if rest, marked := cutMark(t, d.noteMark()); marked {
		return stays, rest
	}
	switch m {
	case Send:
		return goes, t
	case Ask:
		return asks, t
	case Note:
		if rest, marked := cutMark(t, d.sendMark()); marked {
			return goes, rest
		}
	case Alerts:
	}
	return stays, t
}

// cutMark takes a mark off the front of t. What can't be seen in front of it doesn't hide it.
func cutMark(t text.Text, mark string) (text.Text, bool) {
	body := strings.TrimLeftFunc(t.Body, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	if !strings.HasPrefix(body, mark) {
		return t, false
	}
	return t.Slice(len(t.Body)-len(body)+len(mark), len(t.Body)).Trim(), true
}

func (d Desk) noteMark() string {
	if d.NoteMark == "" {
		return "//"
	}
	return d.NoteMark
}

func (d Desk) sendMark() string {
	if d.SendMark == "" {
		return "!"
	}
	return d.SendMark
}

// barred says why nothing can be written to the contact; empty when it can.
func (s *step) barred() string {
	switch {
	case s.Contact.Blocked:
		return s.name() + " is blocked, so this stays here; unblock them to answer"
	case s.Contact.At.IsZero():
		return "it isn't known where to write to " + s.name() + ", so this stays here"
	}
	return ""
}

// superseded says why this case can't be opened again; empty when it can, or need not be.
func (t turn) superseded() string {
	if !t.in.Newer || t.Case.State != Closed {
		return ""
	}
	return t.name() + " has a newer case that is open; go on there"
}

// stopped says why m can't go to the contact; empty when it can.
func (t turn) stopped() string {
	if why := t.superseded(); why != "" {
		return why + ". This stays here"
	}
	return t.barred()
}

// offer sends m, or asks first whether it shall go.
func (t turn) offer(m message, first bool) {
	switch why := t.stopped(); {
	case why != "":
		t.note(m)
		t.hint(why)
	case !m.due.IsZero() && len(t.Case.Later) >= laterAtOnce:
		t.note(m)
		t.hint("too many messages are scheduled here, so this stays a note")
	case !t.Case.Owner.IsZero() && !t.Case.Owner.Same(m.by):
		t.hold(m, t.in.Event.Author.ID, "This case is "+text.Name(t.Case.Owner.Name, nameMax)+"'s. Send it to "+t.name()+t.then(m)+" anyway?", "Send anyway")
	case first:
		t.hold(m, t.in.Event.Author.ID, "Send this to "+t.name()+t.then(m)+"?", "Send")
	default:
		t.reply(m)
	}
}

// then is at what time m shall be sent, in words; empty: at once.
func (t turn) then(m message) string {
	if m.due.IsZero() {
		return ""
	}
	return " at " + clock(m.due, t.now)
}

// hold keeps m until somebody decides, and asks one person alone, or everybody when it isn't said whom.
func (t turn) hold(m message, whom chat.PersonID, question, send string) {
	if len(t.Case.Held) >= heldMost {
		t.note(m)
		t.hint("too many messages wait for a decision here, so this stays a note")
		return
	}
	t.Case.Held = append(t.Case.Held, Held{
		Ref: m.ref, By: m.by, Text: m.text, Files: m.files, Answers: m.answers, Quote: m.quote, Hops: m.hops, Due: m.due, Span: m.span,
	})
	t.memberLine(m, Pending)
	t.ask(t.homeOf(m.ref), whom, m.ref, chat.Card{
		Title: question,
		Body:  gist(chat.Posted{Text: m.text, Files: m.files}),
		Buttons: []chat.Button{
			{ID: buttonSend + ":" + token(m.ref), Label: send, Style: chat.Primary},
			{ID: buttonKeep + ":" + token(m.ref), Label: "Keep as note"},
		},
	})
}

// homeOf is the thread in which ref is; the turn's when it isn't known.
func (t turn) homeOf(ref chat.Ref) Thread {
	if home, ok := t.home(ref); ok {
		return home
	}
	return t.at
}

// token is a short name for a held message: some platforms allow a button no more than 64 bytes.
func token(ref chat.Ref) string { return digest(ref.String(), 5) }

func (s *step) held(ref chat.Ref) int {
	return slices.IndexFunc(s.Case.Held, func(h Held) bool { return h.Ref.Same(ref) })
}

// unhold takes a held message out.
func (s *step) unhold(i int) message {
	h := s.Case.Held[i]
	s.Case.Held = slices.Delete(s.Case.Held, i, i+1)
	return message{
		ref: h.Ref, by: h.By, text: h.Text, files: h.Files, answers: h.Answers, quote: h.Quote, hops: h.Hops, due: h.Due, span: h.Span,
	}
}

// memberLine writes m down.
func (s *step) memberLine(m message, way Way) {
	s.line(Line{Ref: m.ref, Way: way, By: m.by.Name, Text: m.text, Files: m.files, Answers: m.answers, Quote: m.quote})
}

// note keeps m inside the team, and shows it in the case's other threads.
func (s *step) note(m message) {
	s.memberLine(m, Aside)
	for _, t := range s.elsewhere(m.ref) {
		s.within(t, purposeShow, chat.Delivery{
			Source: m.ref, Answers: m.answers,
			Action: chat.Post{To: t.Surface, Text: noteText(m), Files: m.files, Quote: m.quote, Hops: m.hops + 1},
		})
	}
}

func noteText(m message) text.Text { return said("📝", m.by.Name, m.text) }

// reply sends m to the contact. The case is then open and somebody's.
func (s *step) reply(m message) {
	if s.Case.State == Closed {
		s.reopen()
		s.remark(m.by.Name, m.by.Name+" answered, so this is open again")
	}
	if s.Case.Owner.IsZero() {
		s.claim(m.by)
	}
	if m.due.After(s.now) {
		s.schedule(m)
		return
	}
	s.answered()
	s.memberLine(m, Out)
	s.leave(m, s.leaves())
	if !isForm(m.ref) {
		s.mark(m.ref, markTaken, false)
	}
	s.showReply(m)
	if isForm(m.ref) { // it is only just being shown
		s.mark(m.ref, markTaken, false)
	}
}

// showReply shows a reply in the case's other threads.
func (s *step) showReply(m message) {
	for _, t := range s.elsewhere(m.ref) {
		s.within(t, purposeShow, chat.Delivery{
			Source: m.ref, Answers: m.answers,
			Action: chat.Post{To: t.Surface, Text: m.text, Files: m.files, Quote: m.quote, As: teamPersona(m.by), Hops: m.hops + 1},
		})
	}
}

func teamPersona(by Member) *chat.Persona { return &chat.Persona{Name: by.Name + " (team)"} }

// leave puts m on its way.
func (s *step) leave(m message, due time.Time) {
	s.outside(purposeReply, chat.Delivery{
		Source: m.ref, Answers: m.answers, Due: due,
		Action: chat.Post{To: s.Contact.At, Text: m.text, Files: m.files, Quote: m.quote, Hops: m.hops + 1},
	})
}

// leaves is when a reply that is made now may leave; zero: at once.
func (s *step) leaves() time.Time {
	if s.desk.Hold <= 0 {
		return time.Time{}
	}
	return s.now.Add(s.desk.Hold)
}

// answered ends the contact's waiting.
func (s *step) answered() { s.Case.Waited, s.Case.Waiting = s.Case.Waiting, time.Time{} }

// unanswered says that the last reply did not get there after all.
func (s *step) unanswered() {
	if s.Case.Waiting.IsZero() && s.Case.State != Closed {
		s.Case.Waiting = s.Case.Waited
	}
}

// claim makes the case by's.
func (s *step) claim(by Member) {
	words := by.Name + " has claimed this"
	if !s.Case.Owner.IsZero() {
		words = by.Name + " has taken this over from " + text.Name(s.Case.Owner.Name, nameMax)
	}
	s.Case.Owner = by
	s.remark(by.Name, words)
}
