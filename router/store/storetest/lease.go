package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

func leaseOne(w *world) {
	w.admit(to("C1", "a1"), to("C2", "b1"), to("C1", "a2"))
	w.admit(to("C1", "a3"))
	ls := w.lease(10)
	if diff := cmp.Diff([]string{"a1", "b1"}, said(ls)); diff != "" {
		w.Fatalf("leased (-want +got):\n%s", diff)
	}
	is(w, "until", ls[0].Until.Equal(time.Now().Add(time.Minute)), true)
	w.none()
	w.end(ls[0], chat.Sent)
	l := w.only("a2")
	w.none()
	w.end(ls[1], chat.Sent)
	w.end(l, chat.Sent)
	w.end(w.only("a3"), chat.Sent)
	w.none()
	w.admit(to("C1", "a4"))
	w.only("a4")
}

func longestDue(w *world) {
	now := time.Now()
	for i, wait := range []time.Duration{3 * time.Second, time.Second, 0, 2 * time.Second, time.Hour} {
		d := to(fmt.Sprintf("C%d", i), wait.String())
		if wait > 0 {
			d.Due = now.Add(wait)
		}
		w.admit(d)
	}
	w.pass(5 * time.Second)
	if diff := cmp.Diff([]string{"0s", "1s"}, said(w.lease(2))); diff != "" {
		w.Errorf("first leases (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"2s", "3s"}, said(w.lease(10))); diff != "" {
		w.Errorf("further leases (-want +got):\n%s", diff)
	}
	is(w, "leases of none", len(w.lease(0)), 0)
}

// accountsTurns gives one account many lanes and another few: neither waits for the other.
func accountsTurns(w *world) {
	for i := range 8 {
		w.admit(to(fmt.Sprintf("D%d", i), "many"))
	}
	for i := range 3 {
		few := to("", "few")
		few.Lane = chat.Lane(fmt.Sprint("few", i))
		few.Action = chat.Post{To: chat.Conversation{Account: here, ID: chat.ConversationID(fmt.Sprint(i))}, Text: text.Plain("few")}
		w.admit(few)
	}
	got := said(w.lease(2))
	got = append(got, said(w.lease(1))...)
	got = append(got, said(w.lease(1))...)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"few", "few", "many", "many"}, got); diff != "" {
		w.Errorf("four leases (-want +got):\n%s", diff)
	}
}

func excepted(w *world) {
	thread := place("C1")
	thread.Thread = "t"
	inThread := to("C1", "thread")
	inThread.Lane, inThread.Action = chat.LaneTo(thread), chat.Post{To: thread}
	other := to("C3", "other")
	other.Lane, other.Action = "other", chat.Post{To: chat.Conversation{Account: here, ID: "C1"}}
	w.admit(to("C1", "a"), inThread, to("C2", "b"), other)
	lease := func(want store.Want) map[chat.Lane]bool {
		want.Max, want.For = 10, time.Second
		ls, err := w.s.Lease(w.ctx(), want)
		w.must(err)
		got := map[chat.Lane]bool{}
		for _, l := range ls {
			got[l.Lane] = true
		}
		w.pass(2 * time.Second) // the leases end
		return got
	}
	for _, tc := range []struct {
		want  store.Want
		lanes []chat.Lane
	}{
		{store.Want{}, []chat.Lane{chat.LaneTo(place("C1")), chat.LaneTo(thread), chat.LaneTo(place("C2")), "other"}},
		{store.Want{Except: []chat.Account{there}}, []chat.Lane{"other"}},
		{store.Want{Except: []chat.Account{here, "x/unknown"}}, []chat.Lane{chat.LaneTo(place("C1")), chat.LaneTo(thread), chat.LaneTo(place("C2"))}},
		{store.Want{Places: []chat.Conversation{place("C1"), place("C9")}}, []chat.Lane{chat.LaneTo(place("C2")), "other"}},
		{store.Want{Places: []chat.Conversation{place("C2"), {Account: here, ID: "C1"}}}, []chat.Lane{chat.LaneTo(place("C1")), chat.LaneTo(thread)}},
		{store.Want{Except: []chat.Account{here, there}}, nil},
		{store.Want{}, []chat.Lane{chat.LaneTo(place("C1")), chat.LaneTo(thread), chat.LaneTo(place("C2")), "other"}},
	} {
		want := map[chat.Lane]bool{}
		for _, l := range tc.lanes {
			want[l] = true
		}
		if diff := cmp.Diff(want, lease(tc.want)); diff != "" {
			w.Errorf("%+v (-want +got):\n%s", tc.want, diff)
		}
	}
}

func orderSurvives(w *world) {
	now := time.Now()
	late := to("C1", "1")
	late.Due = now.Add(time.Second)
	w.admit(late, to("C1", "2"), to("C1", "3")) // later ones are due earlier, and wait all the same
	w.none()
	w.pass(time.Second)
	for try := range 3 {
		l := w.only("1")
		is(w, "tries", l.Tries, try)
		w.must(w.s.Settle(w.ctx(), store.Settlement{
			ID: l.ID, Token: l.Token, State: chat.Waiting, Due: time.Now().Add(time.Minute), Tried: true, Reason: "not yet",
		}))
		w.none()
		w.pass(59 * time.Second)
		w.none()
		w.pass(time.Second)
	}
	is(w, "reason", w.one(1).Reason, "not yet")
	w.crash()
	for _, want := range []string{"1", "2", "3"} {
		w.end(w.only(want), chat.Sent)
	}
	w.none()
}

func makeWay(w *world) {
	states := []chat.State{chat.Held, chat.Rejected, chat.Dead, chat.Sent}
	for i := range states {
		w.admit(to("C1", fmt.Sprint(i)))
	}
	cancelled := to("C1", "cancelled")
	w.admit(cancelled, to("C1", "last"))
	w.change(store.Changes{Cancel: []chat.DeliveryID{w.find(store.DeliveryFilter{Limit: 2})[1].ID}})
	for i, s := range states {
		l := w.only(fmt.Sprint(i))
		w.end(l, s)
		is(w, "state", w.one(l.ID).State, s)
	}
	w.end(w.only("last"), chat.Sent)
	w.none()
	is(w, "waiting", w.counts()[chat.Waiting], 0)
	w.reopen()
	w.none()
}

func expiredLease(w *world) {
	w.admit(to("C1", "a"), to("C1", "b"))
	first := w.only("a")
	w.pass(time.Minute - 1)
	w.none()
	w.pass(1)
	second := w.only("a")
	is(w, "tokens are the same", first.Token == second.Token, false)
	late := store.Settlement{
		ID: first.ID, Token: first.Token, State: chat.Sent, Tried: true,
		Copies: []chat.Copy{{Source: ref("a"), Dest: chat.Ref{Conversation: place("C1"), Message: "late"}}},
		Then: func(store.View) (store.Changes, error) {
			return store.Changes{Deliveries: []chat.Delivery{to("C2", "late")}}, nil
		},
	}
	if err := w.s.Settle(w.ctx(), late); !errors.Is(err, store.ErrLeaseLost) {
		w.Errorf("late Settle = %v, want ErrLeaseLost", err)
	}
	if err := w.s.Begin(w.ctx(), first.ID, first.Token, time.Now()); !errors.Is(err, store.ErrLeaseLost) {
		w.Errorf("late Begin = %v, want ErrLeaseLost", err)
	}
	d := w.one(first.ID)
	is(w, "state", d.State, chat.Waiting)
	is(w, "tries", d.Tries, 0)
	is(w, "first is zero", d.First.IsZero(), true)
	is(w, "deliveries", len(w.find(store.DeliveryFilter{})), 2)
	w.pass(time.Hour)
	w.end(second, chat.Sent) // it has ended, but nobody was given it since
	if err := w.s.Settle(w.ctx(), store.Settlement{ID: second.ID, Token: second.Token, State: chat.Sent}); !errors.Is(err, store.ErrLeaseLost) {
		w.Errorf("second Settle of a lease = %v, want ErrLeaseLost", err)
	}
	held := w.only("b")
	w.crash()
	if err := w.s.Settle(w.ctx(), store.Settlement{ID: held.ID, Token: held.Token, State: chat.Sent}); err != nil && !errors.Is(err, store.ErrLeaseLost) {
		w.Errorf("Settle after a crash = %v, want nil or ErrLeaseLost", err)
	}
}

// leasersNeverShare empties lanes with many leasers, some of whom let their leases go on.
func leasersNeverShare(w *world) {
	const lanes, each, leasers = 20, 12, 8
	var batch []chat.Delivery
	for i := range lanes * each {
		batch = append(batch, to(fmt.Sprintf("C%d", i%lanes), fmt.Sprint(i)))
	}
	w.admit(batch...)
	var mu sync.Mutex
	held, last, sent := map[chat.Lane]bool{}, map[chat.Lane]chat.DeliveryID{}, 0
	take := func(l store.Leased) {
		mu.Lock()
		defer mu.Unlock()
		is(w, "leased already: "+string(l.Lane), held[l.Lane], false)
		is(w, "in order: "+string(l.Lane), l.ID > last[l.Lane], true)
		held[l.Lane], last[l.Lane] = true, l.ID
	}
	// The lane counts as free before Settle is called: its next delivery may be leased before Settle has returned.
	give := func(l store.Leased) (all bool) {
		mu.Lock()
		held[l.Lane] = false
		sent++
		all = sent == lanes*each
		mu.Unlock()
		w.end(l, chat.Sent)
		return all
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range leasers {
		wg.Go(func() {
			for {
				woken := w.s.Woken()
				ls, err := w.s.Lease(w.ctx(), store.Want{Max: 3, For: time.Hour})
				is(w, "error of Lease", err, nil)
				for _, l := range ls {
					take(l)
				}
				for _, l := range ls {
					if give(l) {
						close(done)
					}
				}
				if len(ls) > 0 {
					continue
				}
				select {
				case <-woken:
				case <-done:
					return
				}
			}
		})
	}
	wg.Wait()
	is(w, "sent", w.counts()[chat.Sent], lanes*each)
}

func beginRemembered(w *world) {
	w.admit(to("C1", "a"))
	l := w.only("a")
	at := time.Now().Add(time.Second).UTC()
	w.must(w.s.Begin(w.ctx(), l.ID, l.Token, at.Add(-time.Hour)))
	w.must(w.s.Begin(w.ctx(), l.ID, l.Token, at))
	w.none() // the lease goes on
	if err := w.s.Begin(w.ctx(), l.ID, l.Token+1, at); !errors.Is(err, store.ErrLeaseLost) {
		w.Errorf("Begin with another token = %v, want ErrLeaseLost", err)
	}
	w.crash()
	l = w.only("a")
	is(w, "first after a crash", l.First, at)
	is(w, "tries", l.Tries, 0)
	again := store.Settlement{ID: l.ID, Token: l.Token, State: chat.Waiting}
	w.must(w.s.Settle(w.ctx(), again))
	l = w.only("a")
	is(w, "first after a try in doubt", l.First, at)
	again.Token, again.Clear = l.Token, true
	w.must(w.s.Settle(w.ctx(), again))
	l = w.only("a")
	is(w, "first was forgotten", l.First.IsZero(), true)
}

// changed reports whether a channel is closed once everything has come to rest.
func changed(woken <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-woken:
		return true
	default:
		return false
	}
}

func wokenByChanges(w *world) {
	woken := w.s.Woken()
	w.admit(to("C1", "a"), to("C1", "b"))
	is(w, "woken by Admit", changed(woken), true)
	l := w.only("a")
	woken = w.s.Woken()
	w.none()
	w.end(l, chat.Dead)
	is(w, "woken by Settle", changed(woken), true)
	b := w.only("b")
	woken = w.s.Woken()
	w.change(store.Changes{Deliveries: []chat.Delivery{to("C2", "c")}})
	is(w, "woken by Change", changed(woken), true)
	w.end(w.only("c"), chat.Sent)
	w.end(b, chat.Sent)
	woken = w.s.Woken()
	w.change(store.Changes{Replay: []chat.DeliveryID{l.ID}})
	is(w, "woken by a replay", changed(woken), true)
	w.only("a")
}

func wokenWhenDue(w *world) {
	start := time.Now()
	late := to("C1", "a")
	late.Due = start.Add(time.Hour)
	w.admit(late)
	until := func(what string, woken <-chan struct{}, at time.Time) {
		w.Helper()
		for time.Now().Before(at) && len(w.lease(1)) == 0 {
			select {
			case <-woken:
				woken = w.s.Woken() // it may be closed without cause
			case <-time.After(time.Until(at) + time.Second):
			}
		}
		is(w, what, time.Since(start), at.Sub(start))
	}
	until("woken when due", w.s.Woken(), start.Add(time.Hour))
	woken := w.s.Woken()
	w.only("a")
	until("woken when the lease ends", woken, start.Add(time.Hour+time.Minute))
	l := w.only("a")
	woken = w.s.Woken()
	w.must(w.s.Settle(w.ctx(), store.Settlement{ID: l.ID, Token: l.Token, State: chat.Waiting, Due: time.Now().Add(time.Second)}))
	until("woken when it is due again", woken, start.Add(time.Hour+time.Minute+time.Second))
	w.only("a")
}
