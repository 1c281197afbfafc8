package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// follow asks for the next delivery under a lease, for a minute.
func (w *world) follow(token int64) (store.Leased, bool) {
	w.Helper()
	l, ok, err := w.s.Follow(w.ctx(), token, time.Minute)
	w.must(err)
	return l, ok
}

// next wants the delivery that posts these words to follow under a lease.
func (w *world) next(token int64, want string) store.Leased {
	w.Helper()
	l, ok := w.follow(token)
	if !ok || words(l.Delivery) != want || l.Token != token {
		w.Fatalf("followed by %q under %d, %t; want %q under %d", words(l.Delivery), l.Token, ok, want, token)
	}
	return l
}

// last wants nothing to follow under a lease.
func (w *world) last(what string, token int64) {
	w.Helper()
	if l, ok := w.follow(token); ok {
		w.Errorf("%s: followed by %q, want nothing", what, words(l.Delivery))
	}
}

// sent settles a delivery as sent.
func sent(l store.Leased) store.Settlement {
	return store.Settlement{ID: l.ID, Token: l.Token, State: chat.Sent, Tried: true}
}

func followGivesTheNext(w *world) {
	late := to("C1", "d")
	late.Due = time.Now().Add(time.Minute)
	w.admit(to("C1", "a"), to("C1", "b"), to("C2", "other"), to("C1", "c"), late, to("C1", "e"))
	ls := w.lease(10)
	a := ls[0]
	b := w.next(a.Token, "b")
	c := w.next(a.Token, "c")
	w.last("not due", a.Token)
	w.last("its lane is empty", ls[1].Token)
	w.must(w.s.Settle(w.ctx(), sent(ls[1])))
	w.none() // the lane is leased
	is(w, "state of what follows", b.State, chat.Waiting)
	w.must(w.s.Begin(w.ctx(), b.ID, b.Token, time.Now()))
	w.must(w.s.Settle(w.ctx(), sent(b)))
	w.none()
	w.last("not due, with one settled", a.Token)
	w.must(w.s.Settle(w.ctx(), sent(a)))
	w.must(w.s.Settle(w.ctx(), sent(c)))
	w.pass(time.Minute)
	w.last("the lease ended with its last delivery", a.Token)
	d := w.only("d")
	is(w, "the token is another", d.Token == a.Token, false)
	e := w.next(d.Token, "e")
	w.admit(to("C1", "f")) // after the others were given
	f := w.next(d.Token, "f")
	w.last("the end of the lane", d.Token)
	w.last("no such lease", d.Token+1)
	w.must(w.s.Settle(w.ctx(), sent(d), sent(e), sent(f)))
	w.none()
	is(w, "sent", w.counts()[chat.Sent], 7)
}

// followedComeBack crashes while deliveries are under a lease: what was not settled is given again, in order.
func followedComeBack(w *world) {
	w.admit(to("C1", "a"), to("C1", "b"), to("C1", "c"), to("C1", "d"))
	a := w.only("a")
	b := w.next(a.Token, "b")
	w.next(a.Token, "c")
	w.must(w.s.Settle(w.ctx(), sent(a), sent(b)))
	w.crash()
	w.last("a lease ends with the process", a.Token)
	c := w.only("c")
	w.none()
	d := w.next(c.Token, "d")
	w.end(d, chat.Sent)
	w.end(c, chat.Sent)
	w.none()
}

// followRenews lets a lease go on for longer than it was given for, until it ends: then the whole lane is lost.
func followRenews(w *world) {
	w.admit(to("C1", "a"), to("C1", "b"), to("C1", "c"), to("C1", "d"))
	a := w.only("a")
	w.pass(40 * time.Second)
	b := w.next(a.Token, "b")
	is(w, "until", b.Until.Equal(time.Now().Add(time.Minute)), true)
	w.pass(40 * time.Second)
	w.none()
	c := w.next(a.Token, "c")
	w.pass(time.Minute - 1)
	w.none()
	w.pass(1)
	w.last("the lease has ended", a.Token)
	w.must(w.s.Settle(w.ctx(), sent(b))) // late, but nobody was given the lane
	again := w.only("a")
	for _, l := range []store.Leased{a, c} {
		if err := w.s.Settle(w.ctx(), sent(l)); !errors.Is(err, store.ErrLeaseLost) {
			w.Errorf("Settle of %s with its lane leased by another = %v, want ErrLeaseLost", words(l.Delivery), err)
		}
	}
	w.last("the lane is another's", a.Token)
	w.next(again.Token, "c")
	w.next(again.Token, "d")
}

// putOffAmongOthers puts one delivery of a lease off: those behind it wait for it, and nothing is skipped.
func putOffAmongOthers(w *world) {
	w.admit(to("C1", "a"), to("C1", "b"), to("C1", "c"))
	a := w.only("a")
	b := w.next(a.Token, "b")
	again := store.Settlement{ID: b.ID, Token: b.Token, State: chat.Waiting, Due: time.Now().Add(time.Second), Tried: true}
	w.must(w.s.Settle(w.ctx(), again))
	w.last("the next one was put off", a.Token)
	if err := w.s.Settle(w.ctx(), again); !errors.Is(err, store.ErrLeaseLost) {
		w.Errorf("Settle of what was put off = %v, want ErrLeaseLost", err)
	}
	w.end(a, chat.Sent)
	w.none()
	w.pass(time.Second)
	b = w.only("b")
	is(w, "tries", b.Tries, 1)
	c := w.next(b.Token, "c")
	again.Token, again.Due = b.Token, time.Time{}
	w.must(w.s.Settle(w.ctx(), again))
	w.none() // c is leased
	b = w.next(b.Token, "b")
	w.last("all are given", b.Token)
	w.must(w.s.Settle(w.ctx(), sent(b), sent(c)))
	w.none()
}

// settleSeveral settles deliveries of two lanes in one call.
func settleSeveral(w *world) {
	w.must(w.s.Settle(w.ctx()))
	w.admit(to("C1", "a"), to("C1", "b"), to("C2", "c"))
	ls := w.lease(2)
	a, b, c := ls[0], w.next(ls[0].Token, "b"), ls[1]
	var seen []chat.Copy
	copied := func(l store.Leased) store.Settlement {
		s := sent(l)
		s.Copies = []chat.Copy{{Source: l.Source, Dest: chat.Ref{Conversation: l.Action.Target(), Message: "m"}}}
		return s
	}
	ss := []store.Settlement{copied(a), copied(b), copied(c)}
	ss[1].Then = func(v store.View) (store.Changes, error) {
		first, err := v.Copies(a.Source)
		later, errLater := v.Copies(c.Source)
		seen = append(slices.Clone(first), later...)
		return store.Changes{Deliveries: []chat.Delivery{to("C3", "then")}}, errors.Join(err, errLater)
	}
	bad := slices.Clone(ss)
	bad[2].Then = func(store.View) (store.Changes, error) { return store.Changes{}, errPlan }
	if err := w.s.Settle(w.ctx(), bad...); !errors.Is(err, errPlan) {
		w.Errorf("Settle = %v, want the plan's error", err)
	}
	for _, twice := range [][]store.Settlement{{ss[0], ss[1], ss[0]}, {ss[0], {ID: c.ID, Token: c.Token + 1, State: chat.Sent}}} {
		if err := w.s.Settle(w.ctx(), twice...); !errors.Is(err, store.ErrLeaseLost) {
			w.Errorf("Settle with one that is lost = %v, want ErrLeaseLost", err)
		}
	}
	is(w, "waiting", w.counts()[chat.Waiting], 3)
	w.none() // all leases go on
	w.must(w.s.Settle(w.ctx(), ss...))
	if diff := cmp.Diff(ss[0].Copies, seen); diff != "" {
		w.Errorf("what follows from the second saw other copies than the first's (-want +got):\n%s", diff)
	}
	w.crash()
	w.only("then")
	is(w, "sent", w.counts()[chat.Sent], 3)
}

// followLeavesOutWhatPlansHold cancels what waits behind a leased delivery while its lane runs ahead: what is cancelled
// never leaves, and what left is not cancelled.
func followLeavesOutWhatPlansHold(w *world) {
	w.admit(to("C1", "a"), to("C1", "b"), to("C1", "c"), to("C1", "d"))
	a := w.only("a")
	b := w.next(a.Token, "b")
	w.change(store.Changes{Cancel: []chat.DeliveryID{a.ID, b.ID, b.ID + 1}})
	is(w, "cancelled", w.counts()[chat.Cancelled], 1)
	w.next(a.Token, "d")
	w.read(func(r store.Reader) error {
		for _, name := range []string{"b", "c", "d"} {
			ds, err := r.Waiting(ref(name))
			if err != nil {
				return err
			}
			is(w, "waiting "+name, len(ds), 0)
		}
		return nil
	})
	w.admit(to("C1", "e"), to("C1", "f"))
	err := w.s.Change(w.ctx(), func(v store.View) (ch store.Changes, err error) {
		ds, err := v.Waiting(ref("e"))
		w.last("a plan has seen it waiting", a.Token)
		for _, d := range ds {
			ch.Cancel = append(ch.Cancel, d.ID)
		}
		return ch, err
	})
	w.must(err)
	w.next(a.Token, "f")
	is(w, "cancelled", w.counts()[chat.Cancelled], 2)
}

// lanesRunAhead empties lanes with leasers that run ahead and settle some at a time, while others cancel: each lane leaves
// in order, nothing leaves twice, and what was cancelled doesn't leave at all.
func lanesRunAhead(w *world) {
	const lanes, each, leasers = 5, 40, 4
	var batch []chat.Delivery
	for i := range lanes * each {
		batch = append(batch, to(fmt.Sprintf("C%d", i%lanes), fmt.Sprint(i)))
	}
	w.admit(batch...)
	var mu sync.Mutex
	order := map[chat.Lane][]chat.DeliveryID{}
	left := map[chat.DeliveryID]bool{}
	leave := func(l store.Leased) {
		mu.Lock()
		defer mu.Unlock()
		is(w, fmt.Sprintf("delivery %d left before", l.ID), left[l.ID], false)
		left[l.ID], order[l.Lane] = true, append(order[l.Lane], l.ID)
	}
	var wg sync.WaitGroup
	for range leasers {
		wg.Go(func() {
			for {
				woken := w.s.Woken()
				ls, err := w.s.Lease(w.ctx(), store.Want{Max: 1, For: time.Hour})
				is(w, "error of Lease", err, nil)
				for _, l := range ls {
					w.runAhead(l, leave)
				}
				if len(ls) > 0 {
					continue
				}
				if w.counts()[chat.Waiting] == 0 {
					return
				}
				<-woken
			}
		})
	}
	for i := range lanes * each / 4 {
		wg.Go(func() {
			err := w.s.Change(w.ctx(), func(v store.View) (ch store.Changes, err error) {
				ds, err := v.Waiting(ref(fmt.Sprint(4 * i)))
				for _, d := range ds {
					ch.Cancel = append(ch.Cancel, d.ID)
				}
				return ch, err
			})
			is(w, "error of Change", err, nil)
		})
	}
	wg.Wait()
	for l, ids := range order {
		is(w, "in order: "+string(l), slices.IsSorted(ids), true)
	}
	n := w.counts()
	is(w, "sent", n[chat.Sent], len(left))
	is(w, "sent or cancelled", n[chat.Sent]+n[chat.Cancelled], lanes*each)
}

// runAhead takes a lane as far as it goes, and settles four at a time, the next being given already.
func (w *world) runAhead(l store.Leased, leave func(store.Leased)) {
	var done []store.Settlement
	for ok := true; ok; {
		leave(l)
		done = append(done, sent(l))
		if l, ok = w.follow(l.Token); len(done) == 4 || !ok {
			is(w, "error of Settle", w.s.Settle(w.ctx(), done...), nil)
			done = nil
		}
	}
}

// follows asks the store for more of a lane that was leased, and the model too.
func (x *machine) follows(s step) error {
	l, ok := x.picked(s)
	if !ok {
		return nil
	}
	want := x.m.behind(l.Token)
	got, ok, err := x.s.Follow(x.ctx(), l.Token, time.Minute)
	if err != nil || ok != (want != nil) || ok && got.ID != want.id {
		return fmt.Errorf("follow %d: %d, %t, %w; want %+v", l.ID, got.ID, ok, err, want)
	}
	if !ok {
		return nil
	}
	if err := want.is(got.Delivery); err != nil {
		return err
	}
	x.m.leases[got.ID] = got
	for id, l := range x.m.leases {
		if l.Token == got.Token {
			l.Until = got.Until
			x.m.leases[id] = l
		}
	}
	x.given = append(x.given, got)
	return nil
}

// behind is what may follow under a lease; nil when nothing may.
func (m *model) behind(token int64) *modelled {
	lane := ""
	for id, l := range m.leases {
		if d := m.find(id); l.Token == token && m.leased(d) {
			lane = d.lane
		}
	}
	for _, d := range m.queue {
		if lane != "" && d.lane == lane && d.state == chat.Waiting && !m.leased(d) {
			if d.due.After(time.Now()) {
				return nil
			}
			return d
		}
	}
	return nil
}
