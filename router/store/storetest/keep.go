package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

// state is everything that a store shows, for comparing before and after.
type state struct {
	Word       string
	Events     []store.Stored
	Deliveries []chat.Delivery
	Count      map[chat.State]int
	Copies     []chat.Copy
	Reactions  []chat.Reaction
	Journal    []store.JournalEntry
	Cases      []desk.Case
	Contact    desk.Contact
	Lines      []desk.Line
	Found      []desk.Line
	Kept       []byte
}

// fill stores something of everything.
func (w *world) fill() {
	w.Helper()
	_, err := w.s.Admit(w.ctx(), here, chat.Batch{Events: []chat.Event{named("a"), named("b")}, Cursor: []byte("1")},
		func(_ store.View, ev chat.Event) (store.Changes, error) {
			return store.Changes{
				Deliveries: []chat.Delivery{to("C1", string(ev.ID)), to("C2", string(ev.ID))},
				Lines:      []desk.Line{line("c", string(ev.ID), "line "+string(ev.ID))},
				Cases:      []desk.Case{caseOf("c", desk.Open)},
				React:      []chat.Reaction{reaction("a", chat.PersonID(ev.ID), "C1", "👍")},
				Journal:    []store.JournalEntry{{Account: here, Key: string(ev.ID), Body: []byte("body")}},
				Contacts:   []store.KnownContact{{Desk: "support", Contact: desk.Contact{Identity: ada}}},
			}, nil
		})
	w.must(err)
	ls := w.lease(2)
	is(w, "leased", len(ls), 2)
	w.must(w.s.Settle(w.ctx(), store.Settlement{
		ID: ls[0].ID, Token: ls[0].Token, State: chat.Sent, Tried: true,
		Copies: []chat.Copy{{Source: ref("a"), Dest: chat.Ref{Conversation: place("C1"), Message: "1"}}},
	}))
	w.end(ls[1], chat.Held)
}

func (w *world) state() (s state) {
	w.Helper()
	s.Word = w.s.Word()
	w.read(func(r store.Reader) error {
		var errs [10]error
		s.Events, errs[0] = r.Events(0, 100)
		s.Deliveries, errs[1] = r.Deliveries(store.DeliveryFilter{})
		s.Count, errs[2] = r.Count()
		s.Copies, errs[3] = r.Copies(ref("a"))
		s.Cases, errs[4] = r.Cases(store.CaseFilter{})
		s.Contact, errs[5] = r.Contact("support", ada)
		s.Lines, errs[6] = r.Lines("c", 100)
		s.Found, errs[7] = r.Search("line", 100)
		s.Reactions, errs[8] = r.Reactions(ref("a"))
		s.Journal, errs[9] = r.Journal(here, 0, 0)
		var err error
		s.Kept, err = r.Kept(store.CursorKey(here))
		return errors.Join(append(errs[:], err)...)
	})
	return s
}

func (w *world) same(after func()) {
	w.Helper()
	w.fill()
	before := w.state()
	is(w, "events", len(before.Events), 2)
	is(w, "copies", len(before.Copies), 1)
	is(w, "reactions", len(before.Reactions), 2)
	is(w, "entries", len(before.Journal), 2)
	is(w, "lines", len(before.Found), 2)
	after()
	if diff := cmp.Diff(before, w.state()); diff != "" {
		w.Errorf("state (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"b", "b"}, said(w.lease(10))); diff != "" {
		w.Errorf("leased (-want +got):\n%s", diff)
	}
}

func crashKeeps(w *world) { w.same(w.crash) }

func reopening(w *world) { w.same(w.reopen) }

func closed(w *world) {
	woken := w.s.Woken()
	w.must(w.s.Close())
	w.must(w.s.Close())
	is(w, "woken by Close", changed(woken), true)
	is(w, "woken after Close", changed(w.s.Woken()), true)
	_, errAdmit := w.s.Admit(w.ctx(), here, chat.Batch{}, planning(store.Changes{}))
	_, errLease := w.s.Lease(w.ctx(), store.Want{Max: 1})
	_, _, errFollow := w.s.Follow(w.ctx(), 1, time.Minute)
	_, errSweep := w.s.Sweep(w.ctx(), store.Retention{Now: time.Now(), Events: time.Hour})
	for name, err := range map[string]error{
		"Admit": errAdmit, "Lease": errLease, "Follow": errFollow, "Sweep": errSweep,
		"Change": w.s.Change(w.ctx(), func(store.View) (store.Changes, error) { return store.Changes{}, nil }),
		"Settle": w.s.Settle(w.ctx(), store.Settlement{}),
		"Begin":  w.s.Begin(w.ctx(), 1, 1, time.Now()),
		"Read":   w.s.Read(w.ctx(), func(store.Reader) error { return nil }),
		"Backup": w.s.Backup(w.ctx(), "nowhere"),
	} {
		if !errors.Is(err, store.ErrClosed) {
			w.Errorf("%s on a closed store = %v, want ErrClosed", name, err)
		}
	}
}

func consistentReads(w *world) {
	w.admit(to("C1", "a"))
	w.read(func(r store.Reader) error {
		before, err := r.Count()
		w.admit(to("C1", "b"))
		after, errAfter := r.Count()
		ds, errList := r.Deliveries(store.DeliveryFilter{})
		is(w, "waiting before", before[chat.Waiting], 1)
		is(w, "waiting after", after[chat.Waiting], 1)
		is(w, "deliveries", len(ds), 1)
		return errors.Join(err, errAfter, errList)
	})
	is(w, "waiting in another read", w.counts()[chat.Waiting], 2)
	if err := w.s.Read(w.ctx(), func(store.Reader) error { return errPlan }); !errors.Is(err, errPlan) {
		w.Errorf("Read = %v, want the error of f", err)
	}
}

func reportsFilter(w *world) {
	withFile := to("C1", "file")
	withFile.Action = chat.Post{To: place("C1"), Text: text.Plain("file"), Files: []chat.File{{Name: "f"}}}
	ofCase := to("C2", "case")
	ofCase.Case = "c1"
	home := to("C3", "home")
	home.Action, home.Lane = chat.Post{To: ref("").Conversation, Text: text.Plain("home")}, "home"
	w.admit(withFile, ofCase, home, to("C4", "plain"))
	for _, l := range w.lease(10) {
		if said := words(l.Delivery); said == "file" || said == "case" {
			w.end(l, chat.Dead)
		}
	}
	for name, tc := range map[string]struct {
		f    store.DeliveryFilter
		want []string
	}{
		"all":     {store.DeliveryFilter{}, []string{"plain", "home", "case", "file"}},
		"limit":   {store.DeliveryFilter{Limit: 2}, []string{"plain", "home"}},
		"ids":     {store.DeliveryFilter{IDs: []chat.DeliveryID{1, 4, 99}}, []string{"plain", "file"}},
		"dead":    {store.DeliveryFilter{States: []chat.State{chat.Dead, chat.Held}}, []string{"case", "file"}},
		"waiting": {store.DeliveryFilter{States: []chat.State{chat.Waiting}}, []string{"plain", "home"}},
		"account": {store.DeliveryFilter{Account: here}, []string{"home"}},
		"unknown": {store.DeliveryFilter{Account: "x/unknown"}, []string{}},
		"case":    {store.DeliveryFilter{Case: "c1"}, []string{"case"}},
		"files":   {store.DeliveryFilter{Files: true}, []string{"file"}},
		"several": {store.DeliveryFilter{Account: there, States: []chat.State{chat.Dead}, Files: true}, []string{"file"}},
	} {
		got := []string{}
		for _, d := range w.find(tc.f) {
			got = append(got, words(d))
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			w.Errorf("deliveries, %s (-want +got):\n%s", name, diff)
		}
	}
	w.casesFilter()
	w.read(func(r store.Reader) error {
		first, err := r.Events(0, 1)
		if err != nil || len(first) != 1 {
			return fmt.Errorf("events: %d, %w", len(first), err)
		}
		if diff := cmp.Diff(named("event-1"), first[0].Event); diff != "" {
			w.Errorf("event (-want +got):\n%s", diff)
		}
		further, err := r.Events(first[0].Seq, 10)
		is(w, "events after the last", len(further), 0)
		return err
	})
}

func (w *world) casesFilter() {
	w.Helper()
	now := time.Now()
	for i, until := range []time.Duration{0, time.Hour, 2 * time.Hour} {
		c := caseOf(fmt.Sprint(i), desk.Open)
		c.Contact.Person = chat.PersonID(fmt.Sprint(i))
		if until > 0 {
			c.State, c.Until = desk.Snoozed, now.Add(until)
		}
		w.change(store.Changes{Cases: []desk.Case{c}})
	}
	sales := caseOf("3", desk.Closed)
	sales.Desk = "sales"
	again := caseOf("0", desk.Open)
	again.Contact.Person = "0"
	w.change(store.Changes{Cases: []desk.Case{sales}})
	w.change(store.Changes{Cases: []desk.Case{again}})
	for name, tc := range map[string]struct {
		f    store.CaseFilter
		want []chat.CaseID
	}{
		"all":    {store.CaseFilter{}, []chat.CaseID{"0", "3", "2", "1"}},
		"limit":  {store.CaseFilter{Limit: 1}, []chat.CaseID{"0"}},
		"desk":   {store.CaseFilter{Desk: "sales"}, []chat.CaseID{"3"}},
		"states": {store.CaseFilter{States: []desk.State{desk.Open, desk.Closed}}, []chat.CaseID{"0", "3"}},
		"due":    {store.CaseFilter{Due: now.Add(time.Hour)}, []chat.CaseID{"1"}},
	} {
		w.read(func(r store.Reader) error {
			cs, err := r.Cases(tc.f)
			got := []chat.CaseID{}
			for _, c := range cs {
				got = append(got, c.ID)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				w.Errorf("cases, %s (-want +got):\n%s", name, diff)
			}
			return err
		})
	}
}

const day = 24 * time.Hour

// age stores one delivery of each state, each with a copy, a reaction and an entry in the journal, an open and
// a closed case.
func (w *world) age(round string) {
	w.Helper()
	for i, s := range []chat.State{chat.Sent, chat.Rejected, chat.Dead, chat.Held, chat.Waiting} {
		where := fmt.Sprintf("%s-%d", round, i)
		w.admit(to(where, where))
		l := w.only(where)
		w.must(w.s.Settle(w.ctx(), store.Settlement{
			ID: l.ID, Token: l.Token, State: s, Due: time.Now().Add(1000 * day),
			Copies: []chat.Copy{{Source: ref(where), Dest: chat.Ref{Conversation: place(where), Message: "1"}}},
		}))
	}
	thread, twin := place(round), place(round+"-twin")
	thread.Thread, twin.Thread = "t", "t2"
	w.admit(to(round+"-thread", round+"-thread"))
	l := w.only(round + "-thread")
	w.must(w.s.Settle(w.ctx(), store.Settlement{
		ID: l.ID, Token: l.Token, State: chat.Sent, Copies: []chat.Copy{{Source: thread.ThreadRef(), Dest: twin.ThreadRef()}},
	}))
	done, open := caseOf(round+"-closed", desk.Closed), caseOf(round+"-open", desk.Open)
	done.Closed = time.Now()
	done.Threads = []desk.Thread{{Surface: place("C"), At: place(round)}}
	open.Contact.Person = chat.PersonID(round)
	w.change(store.Changes{Cases: []desk.Case{done, open}, Lines: []desk.Line{
		line(string(done.ID), "", "swept"), line(string(open.ID), "", "stays"),
	}})
	w.change(store.Changes{
		React: []chat.Reaction{reaction("m", "ada", round, "👍")}, Journal: []store.JournalEntry{{Account: here, Key: round}},
	})
}

// size is how much there is of everything.
type size struct {
	Sent, Rejected, Dead, Held, Waiting, Events, Journal, Copies, Twins, Reactions, Cases, Swept, Stays int
}

func (w *world) size() (n size) {
	w.Helper()
	c := w.counts()
	n = size{Sent: c[chat.Sent], Rejected: c[chat.Rejected], Dead: c[chat.Dead], Held: c[chat.Held], Waiting: c[chat.Waiting]}
	n.Events, n.Journal, n.Reactions = len(w.stored()), len(w.journal(here, 0, 0)), len(w.reactions(ref("m")))
	w.read(func(r store.Reader) error {
		for i := range 10 {
			cs, err := r.Copies(ref(fmt.Sprintf("%s-%d", []string{"old", "young"}[i/5], i%5)))
			if n.Copies += len(cs); err != nil {
				return err
			}
		}
		for _, round := range []string{"old", "young"} {
			thread := place(round)
			thread.Thread = "t"
			cs, err := r.Copies(thread.ThreadRef())
			if n.Twins += len(cs); err != nil {
				return err
			}
		}
		cs, errCases := r.Cases(store.CaseFilter{})
		swept, errSwept := r.Search("swept", 100)
		stays, errStays := r.Search("stays", 100)
		n.Cases, n.Swept, n.Stays = len(cs), len(swept), len(stays)
		return errors.Join(errCases, errSwept, errStays)
	})
	return n
}

// sweepRemoves ages some of everything, adds as much that is young, and sweeps kind by kind.
func sweepRemoves(w *world) {
	w.age("old")
	w.pass(10 * day)
	w.age("young")
	w.pass(day)
	want := size{4, 2, 2, 2, 2, 12, 2, 10, 2, 2, 4, 2, 2}
	is(w, "before", w.size(), want)
	sweep := func(what string, r store.Retention) {
		w.Helper()
		r.Now = time.Now()
		before := w.size()
		n, err := w.s.Sweep(w.ctx(), r)
		w.must(err)
		is(w, what, w.size(), want)
		is(w, what+": rows went", n > 0, before != want)
	}
	sweep("nothing asked", store.Retention{})
	sweep("nothing that old", store.Retention{Deliveries: 12 * day, Events: 12 * day, Copies: 12 * day, Cases: 12 * day})
	want.Sent, want.Rejected, want.Dead = 2, 1, 1
	sweep("deliveries", store.Retention{Deliveries: 5 * day})
	want.Events, want.Journal = 6, 1
	sweep("events", store.Retention{Events: 5 * day})
	want.Copies, want.Reactions = 5, 1
	sweep("copies", store.Retention{Copies: 5 * day})
	want.Cases, want.Swept = 3, 1
	sweep("cases", store.Retention{Cases: 5 * day})
	w.caseAt(place("old"), "")
	w.caseAt(place("young"), "young-closed")
	w.reopen()
	is(w, "after reopening", w.size(), want)
	w.change(store.Changes{Journal: []store.JournalEntry{{Account: here, Key: "young"}, {Account: here, Key: "old"}}})
	if diff := cmp.Diff([]string{"young", "old"}, keys(w, w.journal(here, 0, 0))); diff != "" {
		w.Errorf("a key that was swept is appended again (-want +got):\n%s", diff)
	}
}

// numbersOnce sweeps everything and looks that new deliveries, events and entries get new numbers, even after a crash.
func numbersOnce(w *world) {
	w.admit(to("C1", "a"))
	l := w.only("a")
	w.end(l, chat.Sent)
	w.change(store.Changes{Journal: []store.JournalEntry{{Account: here, Key: "a"}}})
	noted := w.journal(here, 0, 1)[0].Seq
	var seq int64
	w.read(func(r store.Reader) error {
		es, err := r.Events(0, 1)
		seq = es[0].Seq
		return err
	})
	w.pass(time.Hour)
	all := store.Retention{Now: time.Now(), Deliveries: time.Minute, Events: time.Minute, Copies: time.Minute, Cases: time.Minute}
	_, err := w.s.Sweep(w.ctx(), all)
	w.must(err)
	is(w, "deliveries", len(w.find(store.DeliveryFilter{})), 0)
	w.crash()
	w.admit(to("C1", "b"))
	is(w, "new ID is above the old one", w.only("b").ID > l.ID, true)
	w.read(func(r store.Reader) error {
		es, err := r.Events(seq, 10)
		is(w, "events behind the swept one", len(es), 1)
		return err
	})
	w.change(store.Changes{Journal: []store.JournalEntry{{Account: here, Key: "a"}}})
	is(w, "entries behind the swept one", len(w.journal(here, noted, 10)), 1)
	word := w.s.Word()
	is(w, "length of the word", len(word) > 0 && len(word) <= 8, true)
	for _, r := range word {
		is(w, "letter of the word "+word, r >= 'a' && r <= 'z' || r >= '0' && r <= '9', true)
	}
}
