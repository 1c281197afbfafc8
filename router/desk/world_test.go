package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/text"
)

// The places of the scenarios.
var (
	dm       = chat.Conversation{Account: "x/acme", ID: "jane"}
	slack    = chat.Conversation{Account: "slack/team", ID: "C1"}
	telegram = chat.Conversation{Account: "telegram/bot", ID: "-100"}
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// world plays a case against a desk: the contact and the members say something, and the script looks at what follows.
type world struct {
	t     *testing.T
	desk  desk.Desk
	c     desk.Case
	who   desk.Contact
	now   time.Time
	n     int
	res   desk.Result
	lines map[chat.Ref]desk.Line
}

// oneSurface is a world whose desk shows on Slack, in this mode; ann and bob are its members.
func oneSurface(t *testing.T, m desk.Mode) *world {
	t.Helper()
	return newWorld(t, desk.Desk{
		Name: "support", Hold: 5 * time.Second, Revive: 24 * time.Hour,
		Surfaces: []desk.Surface{{At: slack, Reply: m, Members: []chat.PersonID{"ann", "bob"}}},
	})
}

// twoSurfaces shows on Telegram too, where nobody's message goes out without a mark.
func twoSurfaces(t *testing.T, m desk.Mode) *world {
	t.Helper()
	w := oneSurface(t, m)
	w.desk.Surfaces = append(w.desk.Surfaces, desk.Surface{At: telegram, Reply: desk.Note})
	return w
}

func newWorld(t *testing.T, d desk.Desk) *world {
	t.Helper()
	if err := d.Validate(); err != nil {
		t.Fatalf("Validate() = %v", err)
	}
	return &world{
		t: t, desk: d, now: noon, lines: map[chat.Ref]desk.Line{},
		who: desk.Contact{Identity: desk.Identity{Account: dm.Account, Person: "jane"}},
	}
}

// begun is a world in which the contact has said hi, and all threads are open.
func begun(w *world) *world {
	w.t.Helper()
	w.says("hi")
	w.openAll()
	return w
}

func (w *world) event(at chat.Conversation, who chat.PersonID, id chat.MessageID, what chat.Happening) chat.Event {
	w.n++
	names := map[chat.PersonID]string{"jane": "Jane", "ann": "Ann", "bob": "Bob", "eve": "Eve"}
	return chat.Event{
		ID: chat.EventID(fmt.Sprintf("e%d", w.n)), Conversation: at, Message: id, At: w.now, What: what,
		Author: chat.Author{ID: who, Name: names[who]},
	}
}

func posted(words string) chat.Posted { return chat.Posted{Text: text.Plain(words)} }

// says lets the contact write; the message is named like what it says.
func (w *world) says(words string) {
	w.t.Helper()
	w.contact(chat.MessageID(words), posted(words))
}

// contact lets the contact do something.
func (w *world) contact(id chat.MessageID, what chat.Happening, with ...func(*desk.FromContact)) {
	w.t.Helper()
	in := desk.FromContact{Event: w.event(dm, "jane", id, what)}
	in.Was = w.lines[in.Event.Ref()]
	for _, f := range with {
		f(&in)
	}
	if w.desk.Takes(w.c, in, w.now) {
		w.step(in)
		return
	}
	id2 := desk.NewCaseID(dm.Account, in.Event.ID)
	w.keep(w.desk.Begin(id2, w.who, in, w.now))
}

// thread is where the case is shown on a surface.
func (w *world) thread(surface chat.Conversation) chat.Conversation {
	for _, t := range w.c.Threads {
		if t.Surface == surface {
			surface.Thread = chat.ThreadID(fmt.Sprintf("t%d-%s", t.Turn, w.c.ID))
		}
	}
	return surface
}

// writes lets a member write in the Slack thread.
func (w *world) writes(who chat.PersonID, words string) {
	w.t.Helper()
	w.member(who, chat.MessageID(words), posted(words))
}

// member lets somebody do something in the Slack thread.
func (w *world) member(who chat.PersonID, id chat.MessageID, what chat.Happening, with ...func(*desk.FromMember)) {
	w.t.Helper()
	in := desk.FromMember{Event: w.event(w.thread(slack), who, id, what), Surface: slack}
	in.Was = w.lines[in.Event.Ref()]
	in.Bounced = bounced(w.c, w.lines)
	for _, f := range with {
		f(&in)
	}
	w.step(in)
}

// bounced are the lines of the replies of a case that bounced, as far as they are known.
func bounced(c desk.Case, lines map[chat.Ref]desk.Line) (all []desk.Line) {
	for _, x := range c.Trouble {
		if l, ok := lines[x.Reply]; ok && x.Delivery == 0 {
			all = append(all, l)
		}
	}
	return all
}

func undoable(in *desk.FromMember)   { in.Undoable, in.Due = true, noon.Add(3*time.Second) }
func onTelegram(in *desk.FromMember) { in.Surface = telegram }

// press lets a member press a button.
func (w *world) press(who chat.PersonID, button string, fields ...string) {
	w.t.Helper()
	p := chat.Pressed{Button: button, Value: string(w.c.ID), Fields: map[string]string{}}
	for i := 0; i+1 < len(fields); i += 2 {
		p.Fields[fields[i]] = fields[i+1]
	}
	w.member(who, "card", p)
}

// offered finds the button that begins with verb in what followed last.
func (w *world) offered(verb string) string {
	w.t.Helper()
	for _, d := range w.res.Deliveries {
		p, ok := d.Action.(chat.Post)
		if !ok || p.Card == nil {
			continue
		}
		for _, b := range p.Card.Buttons {
			if strings.HasPrefix(b.ID, verb+":") {
				return b.ID
			}
		}
	}
	w.t.Fatalf("no button %s was offered in %v", verb, w.trace())
	return ""
}

// step takes one step, twice, and keeps what follows.
func (w *world) step(in desk.Input) {
	w.t.Helper()
	before, who := clone(w.t, w.c), clone(w.t, w.who)
	res := w.desk.Step(w.c, w.who, in, w.now)
	again := w.desk.Step(w.c, w.who, in, w.now)
	if diff := cmp.Diff(res, again); diff != "" {
		w.t.Errorf("the same step came to something else (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(before, clone(w.t, w.c)) + cmp.Diff(who, clone(w.t, w.who)); diff != "" {
		w.t.Errorf("a step changed what it was given (-before +after):\n%s", diff)
	}
	w.keep(res)
}

func (w *world) keep(res desk.Result) {
	w.t.Helper()
	w.res, w.c, w.who = res, res.Case, res.Contact
	for _, l := range res.Lines {
		w.lines[l.Ref] = l
	}
	valid(w.t, res)
}

// made finds the first delivery of what followed last that begins like this.
func (w *world) made(reads string) chat.Delivery {
	w.t.Helper()
	for _, d := range w.res.Deliveries {
		if strings.HasPrefix(w.read(d), reads) {
			d.ID = 7
			return d
		}
	}
	w.t.Fatalf("no delivery reads %q, only\n%s", reads, strings.Join(w.trace(), "\n"))
	return chat.Delivery{}
}

// ends settles a delivery.
func (w *world) ends(d chat.Delivery, st chat.State, reason string) {
	w.t.Helper()
	d.State, d.Reason = st, reason
	w.step(desk.Ended{Delivery: d})
}

// vanishes settles a delivery as one whose thread or message is gone.
func (w *world) vanishes(d chat.Delivery) {
	w.t.Helper()
	d.State, d.Reason = chat.Rejected, "it is gone"
	var history []desk.Line
	for _, l := range w.lines {
		if l.Way == desk.In {
			history = append(history, l)
		}
	}
	w.step(desk.Ended{Delivery: d, Gone: true, History: history})
}

// openAll settles the openings among what followed last, and then those made by that.
func (w *world) openAll() {
	w.t.Helper()
	was := w.res
	for _, d := range was.Deliveries {
		if o, ok := d.Action.(chat.Open); ok {
			d.State = chat.Sent
			card := chat.Ref{Conversation: w.thread(o.To), Message: "card"}
			w.step(desk.Ended{Delivery: d, Copies: []chat.Copy{{Source: d.Source, Dest: card}}})
		}
	}
	w.res = was
}

// expect compares what followed last.
func (w *world) expect(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.trace()); diff != "" {
		w.t.Errorf("what follows differs (-want +got):\n%s", diff)
	}
}

// wrote compares the lines written last.
func (w *world) wrote(want ...string) {
	w.t.Helper()
	var got []string
	for _, l := range w.res.Lines {
		s := string(l.Way) + " " + l.By + ": " + l.Text.Body
		if l.Gone {
			s += " (gone)"
		}
		got = append(got, s)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("the lines differ (-want +got):\n%s", diff)
	}
}

func (w *world) trace() []string {
	var lines []string
	for _, d := range w.res.Deliveries {
		lines = append(lines, w.read(d))
	}
	return lines
}

// read is a delivery in one line.
func (w *world) read(d chat.Delivery) string {
	s := d.Action.Target().Account.Platform() + " "
	switch a := d.Action.(type) {
	case chat.Open:
		s += "open " + a.Title + " " + ids(a.Card.Buttons)
	case chat.Post:
		s += readPost(a)
	case chat.Edit:
		if a.Card != nil {
			footer, _, ofCase := strings.Cut(a.Card.Footer, " · what")
			if !ofCase {
				footer = a.Card.Title + ":"
			}
			return s + "card " + footer + " " + ids(a.Card.Buttons)
		}
		s += "edit" + name(a.As) + ": " + quoting(a.Quote) + a.Text.Body
	case chat.Delete:
		s += "delete"
	case chat.React:
		sign := "+"
		if a.Remove {
			sign = "-"
		}
		s += sign + a.Emoji + " " + string(a.Message)
	case chat.Pin:
		s += "pin " + string(a.Message)
	case chat.Hear:
		s += "hear"
	}
	if !d.Of.IsZero() {
		s += " of " + string(d.Of.Message)
	}
	if !d.Due.IsZero() {
		s += " at +" + d.Due.Sub(noon).String()
	}
	return strings.TrimSpace(s)
}

func readPost(p chat.Post) string {
	s := "post" + name(p.As)
	if p.Only != "" {
		s = "whisper to " + string(p.Only)
	}
	if p.Card != nil {
		return s + ": " + p.Card.Title + " " + ids(p.Card.Buttons)
	}
	s += ": " + quoting(p.Quote) + p.Text.Body
	for _, f := range p.Files {
		s += " [" + f.Name + "]"
	}
	return s
}

func name(as *chat.Persona) string {
	if as == nil {
		return ""
	}
	return " as " + as.Name
}

func ids(bs []chat.Button) string {
	var s []string
	for _, b := range bs {
		verb, _, _ := strings.Cut(b.ID, ":")
		s = append(s, verb)
	}
	return "[" + strings.Join(s, " ") + "]"
}

// quoting is what stands in front of an answer.
func quoting(q *chat.Quote) string {
	if q == nil {
		return ""
	}
	return "«" + strings.TrimPrefix(q.Name+": ", ": ") + q.Text.Body + "» "
}
