package bottest

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Recorder writes a chat from life down as a transcript. People are called alice, bob and so on, wherever their names stand
// in what is said; IDs are left out; the times between what happens are moves of the clock. Make it with NewRecorder.
type Recorder struct {
	w     *world
	in    chat.Conversation
	began bool
	clock time.Time
	names map[chat.PersonID]string
	known []string // names and handles, as people have them, and what each is called here, in turn
	head  []string
	lines []string
}

// NewRecorder records what happens between people and the bot in one conversation.
func NewRecorder(in chat.Conversation) (*Recorder, error) {
	platform := in.Account.Platform()
	if _, ok := Traits(platform); !ok {
		platform = anywhere
	}
	w, err := newWorld(&Transcript{set: newSettings()}, platform, nil, Bot{})
	if err != nil {
		return nil, err
	}
	r := &Recorder{w: w, in: in, names: map[chat.PersonID]string{}}
	if platform != anywhere {
		r.head = append(r.head, "@on "+platform)
	}
	return r, nil
}

// Heard adds what the bot was told of.
func (r *Recorder) Heard(h chat.Hear) {
	ev := h.Event
	if !r.began {
		r.begin(h)
	}
	if c, ok := ev.What.(chat.Called); ok {
		r.called(c, ev.At)
		return
	}
	l := r.does(h)
	if l.verb == "" {
		return
	}
	r.passed(ev.At, time.Minute)
	r.person(ev, l)
}

// does is what a person does, as a transcript has it; the verb is empty when that has no line.
func (r *Recorder) does(h chat.Hear) line {
	ev := h.Event
	switch what := ev.What.(type) {
	case chat.Posted:
		return r.posted(what, h)
	case chat.Edited:
		return line{verb: edits, text: r.said(what.Text, ev)}
	case chat.Deleted:
		return line{verb: deletes}
	case chat.Reacted:
		if what.Removed {
			return line{verb: unreacts, arg: what.Emoji}
		}
		return line{verb: reacts, arg: what.Emoji}
	case chat.Pinned:
		return line{verb: pins}
	case chat.Pressed:
		l := line{verb: presses}
		l.arg, l.count = r.label(h.About, what)
		return l
	case chat.Joined:
		return line{verb: joins}
	case chat.Left:
		return line{verb: leaves}
	case chat.Typing, chat.Read, chat.Bounced, chat.Called:
	}
	return line{}
}

func (r *Recorder) posted(what chat.Posted, h chat.Hear) line {
	l := line{verb: says, text: r.said(what.Text, h.Event)}
	switch {
	case len(what.Files) > 0:
		l.verb, l.arg = sends, "file"
	case h.About.SaidBy() != "":
		l.verb = replies
	}
	return l
}

// begin says where and when the chat is.
func (r *Recorder) begin(h chat.Hear) {
	r.began = true
	r.clock = h.Event.At.UTC().Truncate(time.Second)
	r.head = append(r.head, "@at "+r.clock.Format(time.RFC3339))
	switch {
	case h.Event.Direct:
		r.w.room(r.in).direct = h.Event.Author.ID
	default:
		r.head = append(r.head, "@in #room")
		r.w.set.places["#room"] = r.in
	}
	if h.Desk != "" {
		r.head = append(r.head, "@desk support")
	}
}

// called is what something else than a person wants.
func (r *Recorder) called(c chat.Called, at time.Time) {
	if name, ok := strings.CutPrefix(c.Name, "hook:"); ok {
		r.passed(at, time.Minute)
		r.lines = append(r.lines, spokenBy("hook "+name, r.nameless(string(c.Body))))
		return
	}
	r.passed(at, time.Second)
}

// passed moves the clock, if at least so much time has passed.
func (r *Recorder) passed(at time.Time, least time.Duration) {
	gap := at.Sub(r.clock).Truncate(time.Second)
	if gap < least {
		return
	}
	r.clock = r.clock.Add(gap)
	r.lines = append(r.lines, "@ +"+inUnits(gap))
}

// inUnits is a time as a transcript writes it.
func inUnits(d time.Duration) string {
	const day = 24 * time.Hour
	s := ""
	if d >= day {
		s = fmt.Sprintf("%dd", d/day)
		if d %= day; d == 0 {
			return s
		}
	}
	return s + strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}

// person writes what a person does.
func (r *Recorder) person(ev chat.Event, l line) {
	s := r.name(ev.Author)
	if l.verb != says {
		s += " " + l.verb
	}
	if l.count > 1 {
		s += fmt.Sprintf(" %d:", l.count)
	}
	if l.arg != "" {
		s += " " + l.arg
	}
	if l.text != "" || l.verb == says || l.verb == edits || l.verb == replies {
		s = spokenBy(s, l.text)
	}
	r.lines = append(r.lines, s)
	if _, posted := ev.What.(chat.Posted); posted {
		room := r.w.room(r.in)
		room.messages = append(room.messages, &message{ref: ev.Ref(), id: ev.Message, by: ev.Author.ID})
	}
}

// spokenBy is a message of somebody, on as many lines as it takes.
func spokenBy(who, words string) string {
	return who + ": " + strings.ReplaceAll(strings.TrimSpace(words), "\n", "\n  ")
}

// label is the label of the button that was pressed, and of which message of the bot it is.
func (r *Recorder) label(about chat.Ref, p chat.Pressed) (string, int) {
	m, n := r.w.find(about)
	if m == nil {
		return p.Button, 1
	}
	for _, b := range m.were {
		if b.ID == p.Button && b.Value == p.Value {
			return "[" + b.Label + "]", n
		}
	}
	return p.Button, n
}

// stageNames are what people are called, in the order in which they come.
func stageNames() []string {
	return []string{"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"}
}

// name is what somebody is called here.
func (r *Recorder) name(a chat.Author) string {
	if n, ok := r.names[a.ID]; ok {
		return n
	}
	n := fmt.Sprintf("person%d", len(r.names)+1)
	if stage := stageNames(); len(r.names) < len(stage) {
		n = stage[len(r.names)]
	}
	r.names[a.ID] = n
	r.w.people[a.ID] = chat.Author{ID: a.ID, Name: n}
	for _, is := range append([]string{a.Name, a.Handle, string(a.ID)}, strings.Fields(a.Name)...) {
		if utf8.RuneCountInString(is) >= nameLeast {
			r.known = append(r.known, is, n)
		}
	}
	return n
}

// nameLeast is how many letters a name has at least that is looked for in what is said.
const nameLeast = 3

// said is what a person said, with mentions as a transcript writes them.
func (r *Recorder) said(t text.Text, ev chat.Event) string {
	r.name(ev.Author)
	var b strings.Builder
	from := 0
	for _, s := range t.Spans {
		if s.Kind != text.Mention || s.Start < from {
			continue
		}
		b.WriteString(t.Body[from:s.Start])
		who, ok := r.names[chat.PersonID(s.ID)]
		switch {
		case ok:
		case ev.Addressed:
			who = theBot
		default:
			who = r.name(chat.Author{ID: chat.PersonID(s.ID), Name: s.Name})
		}
		b.WriteString("@" + who)
		from = s.End
	}
	b.WriteString(t.Body[from:])
	return r.nameless(b.String())
}

// nameless is s with the names of people as they are called here.
func (r *Recorder) nameless(s string) string {
	for i := 0; i < len(r.known); i += 2 {
		s = replaceWord(s, r.known[i], r.known[i+1])
	}
	return s
}

// replaceWord puts another word in the place of one, wherever it stands alone.
func replaceWord(s, old, by string) string {
	var b strings.Builder
	for {
		i := strings.Index(strings.ToLower(s), strings.ToLower(old))
		if i < 0 || len(strings.ToLower(s)) != len(s) || i+len(old) > len(s) {
			b.WriteString(s)
			return b.String()
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+len(old):])
		b.WriteString(s[:i])
		if i > 0 && isLetter(before) || i+len(old) < len(s) && isLetter(after) {
			b.WriteString(s[i : i+len(old)])
		} else {
			b.WriteString(by)
		}
		s = s[i+len(old):]
	}
}

func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

// Did adds what the bot did.
func (r *Recorder) Did(a chat.Act) {
	r.w.did = nil
	r.w.one(a, "support")
	r.w.here = r.in
	for _, d := range r.w.did {
		if d.aside {
			continue
		}
		d.words = text.Plain(r.nameless(plainly(d.words)))
		d.labels = slices.Clone(d.labels)
		r.lines = append(r.lines, d.line(r.w.placed(r.in), true))
	}
}

// Transcript is what was recorded.
func (r *Recorder) Transcript() string {
	return strings.Join(r.head, "\n") + "\n\n" + strings.Join(r.lines, "\n") + "\n"
}
