package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

func copiesBothSides(w *world) {
	thread := place("C1")
	thread.Thread = "t 1"
	dest := func(c chat.Conversation, m string) chat.Ref {
		return chat.Ref{Conversation: c, Message: chat.MessageID(m)}
	}
	whole := chat.Copy{Source: ref("a"), Dest: dest(thread, "10"), Hops: 1}
	second := chat.Copy{Source: ref("a"), Dest: dest(place("C2"), "22"), Part: 1, Hops: 2}
	first := chat.Copy{Source: ref("a"), Dest: dest(place("C2"), "21"), Hops: 2}
	other := chat.Copy{Source: ref("b"), Dest: dest(place("C3"), "21")}
	for i, cs := range [][]chat.Copy{{second}, {whole}, {first}, {other}} {
		w.admit(to("C1", fmt.Sprint(i)))
		l := w.only(fmt.Sprint(i))
		w.must(w.s.Settle(w.ctx(), store.Settlement{ID: l.ID, Token: l.Token, State: chat.Sent, Copies: cs}))
	}
	w.crash()
	copies := func(r chat.Ref) (cs []chat.Copy) {
		w.read(func(v store.Reader) (err error) {
			cs, err = v.Copies(r)
			return err
		})
		return cs
	}
	in := func(cs []chat.Copy, c chat.Conversation) []chat.Copy {
		return slices.DeleteFunc(slices.Clone(cs), func(x chat.Copy) bool { return x.Dest.Conversation.Place() != c })
	}
	got := copies(ref("a"))
	is(w, "copies of a", len(got), 3)
	if diff := cmp.Diff([]chat.Copy{first, second}, in(got, place("C2"))); diff != "" {
		w.Errorf("copies in C2 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]chat.Copy{whole}, in(got, place("C1"))); diff != "" {
		w.Errorf("copies in C1 (-want +got):\n%s", diff)
	}
	threaded := ref("a")
	threaded.Conversation.Thread = "whatever"
	is(w, "copies of a in a thread", len(copies(threaded)), 3)
	for _, r := range []chat.Ref{dest(thread, "10"), dest(place("C1"), "10")} {
		if diff := cmp.Diff([]chat.Copy{whole}, copies(r)); diff != "" {
			w.Errorf("copies of %s (-want +got):\n%s", r, diff)
		}
	}
	if diff := cmp.Diff([]chat.Copy{second}, copies(dest(place("C2"), "22"))); diff != "" {
		w.Errorf("copies of a part (-want +got):\n%s", diff)
	}
	for _, r := range []chat.Ref{{}, ref("c"), dest(place("C1"), "21"), dest(place("C9"), "10")} {
		is(w, "copies of "+r.String(), len(copies(r)), 0)
	}
}

func settleAllOrNothing(w *world) {
	w.admit(to("C1", "a"), to("C1", "b"))
	l := w.only("a")
	s := store.Settlement{
		ID: l.ID, Token: l.Token, State: chat.Sent, Tried: true,
		Copies: []chat.Copy{{Source: ref("a"), Dest: chat.Ref{Conversation: place("C1"), Message: "1"}}},
	}
	copies := 0
	s.Then = func(v store.View) (store.Changes, error) {
		cs, err := v.Copies(ref("a"))
		copies = len(cs)
		return store.Changes{Deliveries: []chat.Delivery{to("C2", "lost")}}, errors.Join(err, errPlan)
	}
	if err := w.s.Settle(w.ctx(), s); !errors.Is(err, errPlan) {
		w.Errorf("Settle = %v, want the plan's", err)
	}
	is(w, "copies that the plan saw", copies, 1)
	is(w, "state", w.one(l.ID).State, chat.Waiting)
	is(w, "tries", w.one(l.ID).Tries, 0)
	w.none() // the lease goes on
	s.Then = func(v store.View) (store.Changes, error) {
		cs, err := v.Copies(ref("a"))
		return store.Changes{Deliveries: []chat.Delivery{to("C2", fmt.Sprint(len(cs), " copies"))}}, err
	}
	w.must(w.s.Settle(w.ctx(), s))
	w.crash()
	is(w, "tries", w.one(l.ID).Tries, 1)
	if diff := cmp.Diff([]string{"b", "1 copies"}, said(w.lease(10))); diff != "" {
		w.Errorf("leased (-want +got):\n%s", diff)
	}
	if err := w.s.Settle(w.ctx(), store.Settlement{ID: 99, Token: 1, State: chat.Sent}); !errors.Is(err, store.ErrLeaseLost) {
		w.Errorf("Settle of what isn't there = %v, want ErrLeaseLost", err)
	}
}

// settledOnce settles one lease from many goroutines, whose calls wait for the same commit.
func settledOnce(w *world) {
	w.admit(to("C1", "a"))
	l := w.only("a")
	release := w.block()
	var won atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			err := w.s.Settle(w.ctx(), store.Settlement{ID: l.ID, Token: l.Token, State: chat.Waiting, Tried: true})
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, store.ErrLeaseLost) {
				w.Errorf("Settle = %v, want nil or ErrLeaseLost", err)
			}
		})
	}
	synctest.Wait()
	release()
	wg.Wait()
	is(w, "settlements that won", won.Load(), 1)
	is(w, "tries", w.only("a").Tries, 1)
}

func waitingLeavesOut(w *world) {
	about := func(where, what, source string) chat.Delivery {
		d := to(where, what)
		d.Source = ref(source)
		return d
	}
	later := about("C5", "not due", "m")
	later.Due = time.Now().Add(time.Hour)
	w.admit(about("C1", "leased", "m"), about("C1", "behind", "m"), about("C2", "tried", "m"), about("C3", "begun", "m"),
		about("C4", "other", "n"), later)
	waiting := func() (out []string) {
		w.read(func(r store.Reader) error {
			threaded := ref("m")
			threaded.Conversation.Thread = "t"
			ds, err := r.Waiting(threaded)
			for _, d := range ds {
				out = append(out, words(d))
			}
			return err
		})
		return out
	}
	want := func(words ...string) {
		w.Helper()
		if diff := cmp.Diff(words, waiting()); diff != "" {
			w.Errorf("waiting (-want +got):\n%s", diff)
		}
	}
	want("leased", "behind", "tried", "begun", "not due")
	for _, l := range w.lease(10) {
		again := store.Settlement{ID: l.ID, Token: l.Token, State: chat.Waiting, Due: time.Now().Add(time.Hour)}
		switch words(l.Delivery) {
		case "leased":
			continue
		case "tried":
			again.Tried = true
		case "begun":
			w.must(w.s.Begin(w.ctx(), l.ID, l.Token, time.Now()))
		}
		w.must(w.s.Settle(w.ctx(), again))
	}
	want("behind", "not due")
	w.pass(2 * time.Minute) // the lease of the first has ended
	want("leased", "behind", "not due")
	w.reopen()
	want("leased", "behind", "not due")
	w.read(func(r store.Reader) error {
		ds, err := r.Waiting(chat.Ref{})
		is(w, "waiting without a source", len(ds), 0)
		return err
	})
}

// cancelledNeverLeaves cancels what a plan sees waiting while others lease it: it is cancelled or leased, never both.
func cancelledNeverLeaves(w *world) {
	const n = 60
	for i := range n {
		w.admit(to(fmt.Sprintf("C%d", i), fmt.Sprint(i)))
	}
	var mu sync.Mutex
	left := map[chat.DeliveryID]bool{}
	var wg sync.WaitGroup
	wg.Go(func() {
		for range n {
			for _, l := range w.lease(1) {
				mu.Lock()
				left[l.ID] = true
				mu.Unlock()
			}
		}
	})
	for i := range n {
		wg.Go(func() {
			err := w.s.Change(w.ctx(), func(v store.View) (ch store.Changes, err error) {
				ds, err := v.Waiting(ref(fmt.Sprint(i)))
				for _, d := range ds {
					ch.Cancel = append(ch.Cancel, d.ID)
				}
				return ch, err
			})
			is(w, "error of Change", err, nil)
		})
	}
	wg.Wait()
	for _, d := range w.find(store.DeliveryFilter{Limit: n}) {
		want := chat.Cancelled
		if left[d.ID] {
			want = chat.Waiting
		}
		is(w, fmt.Sprintf("state of delivery %d", d.ID), d.State, want)
	}
	is(w, "cancelled", w.counts()[chat.Cancelled], n-len(left))
}

func cancelReplayConfirm(w *world) {
	states := []chat.State{chat.Held, chat.Rejected, chat.Dead, chat.Sent, chat.Held}
	var all []chat.DeliveryID
	for i, s := range states {
		w.admit(to("C1", fmt.Sprint(i)))
		l := w.only(fmt.Sprint(i))
		w.must(w.s.Begin(w.ctx(), l.ID, l.Token, time.Now()))
		w.must(w.s.Settle(w.ctx(), store.Settlement{ID: l.ID, Token: l.Token, State: s, Tried: true, Reason: "why"}))
		all = append(all, l.ID)
	}
	w.admit(to("C1", "5"), to("C1", "6"))
	leased := w.only("5")
	state := func(id chat.DeliveryID) chat.State { return w.one(id).State }
	w.change(store.Changes{Confirm: append(slices.Clone(all[1:]), leased.ID)})
	is(w, "confirmed", state(all[4]), chat.Sent)
	is(w, "confirmed though rejected", state(all[1]), chat.Rejected)
	w.change(store.Changes{Replay: append(slices.Clone(all), leased.ID)})
	for _, i := range []int{0, 1, 2} {
		is(w, "replayed", state(all[i]), chat.Waiting)
	}
	is(w, "replayed though sent", state(all[3]), chat.Sent)
	w.change(store.Changes{Cancel: []chat.DeliveryID{all[1], all[3], leased.ID}})
	is(w, "cancelled", state(all[1]), chat.Cancelled)
	is(w, "cancelled though sent", state(all[3]), chat.Sent)
	is(w, "cancelled though leased", state(leased.ID), chat.Waiting)
	w.end(leased, chat.Sent)
	w.crash()
	w.end(w.only("6"), chat.Sent) // what is replayed goes to the end of its lane
	l := w.only("0")
	is(w, "tries of a replayed one", l.Tries, 0)
	is(w, "a replayed one was never begun", l.First.IsZero(), true)
	w.crash()
	w.end(w.only("0"), chat.Sent)
	w.end(w.only("2"), chat.Sent)
	w.none()
	w.counts()
	for name, ch := range map[string]store.Changes{
		"Cancel": {Cancel: []chat.DeliveryID{1234}}, "Replay": {Replay: []chat.DeliveryID{1234}}, "Confirm": {Confirm: []chat.DeliveryID{1234}},
	} {
		err := w.s.Change(w.ctx(), func(store.View) (store.Changes, error) { return ch, nil })
		if !errors.Is(err, store.ErrNotFound) {
			w.Errorf("%s of what isn't there = %v, want ErrNotFound", name, err)
		}
	}
}

func deliveriesComeBack(w *world) {
	full := chat.Delivery{
		Lane: "a lane of any name", Source: ref("s"), Part: 1, Parts: 3, Of: ref("of"), Answers: ref("answers"), Within: ref("within"),
		Loose: true, Case: "case1", Purpose: "purpose", Due: time.Now().Add(time.Second).UTC(),
		Action: chat.Post{
			Key: "k", To: place("C1"), ReplyTo: "r", As: &chat.Persona{Name: "Ada", Avatar: "https://a.example/"},
			Text:  text.Text{Body: "bold 👩‍🚀", Spans: []text.Span{{Start: 0, End: 4, Kind: text.Bold}}},
			Files: []chat.File{{Name: "a.png", Type: "image/png", Size: 3, Account: here, Source: "id"}}, Hops: 2,
		},
	}
	small := to("C2", "small")
	small.Due = full.Due
	edit := chat.Delivery{Lane: "e", Action: chat.Edit{To: place("C3"), Text: text.Plain("x"), Else: &chat.Post{To: place("C3")}}}
	want := []chat.Delivery{full, small, edit}
	start := time.Now().UTC()
	w.admit(want...)
	w.pass(time.Second)
	for i := range want {
		want[i].State, want[i].Admitted = chat.Waiting, start
	}
	check := func(got []chat.Delivery) {
		w.Helper()
		slices.SortFunc(got, func(a, b chat.Delivery) int { return int(a.ID - b.ID) })
		for i := range got {
			is(w, "no ID", got[i].ID == 0, false)
			got[i].ID = 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.Errorf("deliveries (-want +got):\n%s", diff)
		}
	}
	var leased []chat.Delivery
	for _, l := range w.lease(10) {
		leased = append(leased, l.Delivery)
	}
	check(leased)
	w.crash()
	leased = nil
	for _, l := range w.lease(10) {
		leased = append(leased, l.Delivery)
	}
	check(leased)
	check(w.find(store.DeliveryFilter{}))
}
