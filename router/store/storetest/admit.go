package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// errPlan is what failing plans return.
var errPlan = errors.New("the plan failed")

func admitTwice(w *world) {
	calls := 0
	plan := func(v store.View, ev chat.Event) (store.Changes, error) {
		calls++
		_, err := v.Copies(ev.Ref())
		return store.Changes{Deliveries: []chat.Delivery{to("C1", string(ev.ID))}}, err
	}
	admit := func(a chat.Account, want int, ids ...string) {
		w.Helper()
		var b chat.Batch
		for _, id := range ids {
			b.Events = append(b.Events, named(id))
		}
		calls = 0
		fresh, err := w.s.Admit(w.ctx(), a, b, plan)
		w.must(err)
		is(w, "fresh", fresh, want)
		is(w, "plans", calls, want)
	}
	admit(here, 1, "a")
	admit(here, 0, "a")
	admit(here, 2, "b", "a", "b", "c")
	admit(there, 1, "a") // another account's event with the same ID is another event
	if diff := cmp.Diff([]chat.EventID{"a", "b", "c", "a"}, w.stored()); diff != "" {
		w.Errorf("events (-want +got):\n%s", diff)
	}
	is(w, "deliveries", len(w.find(store.DeliveryFilter{})), 4)
	w.reopen()
	admit(here, 0, "a", "b", "c")
}

func admitAllOrNothing(w *world) {
	for name, fail := range map[string]func() error{
		"error": func() error { return errPlan },
		"panic": func() error { panic("a plan panics") },
	} {
		failing := func(_ store.View, ev chat.Event) (store.Changes, error) {
			if ev.ID == "bad" {
				return store.Changes{}, fail()
			}
			return store.Changes{Deliveries: []chat.Delivery{to("C1", "x")}, Keep: map[string][]byte{"k": []byte("v")}}, nil
		}
		b := chat.Batch{Events: []chat.Event{named("good"), named("bad"), named("later")}, Cursor: []byte("7")}
		_, err := w.s.Admit(w.ctx(), here, b, failing)
		if err == nil || name == "error" && !errors.Is(err, errPlan) {
			w.Errorf("%s: Admit = %v, want the plan's", name, err)
		}
	}
	_, err := w.s.Admit(w.ctx(), here, chat.Batch{Events: []chat.Event{named("empty")}},
		planning(store.Changes{Deliveries: []chat.Delivery{to("C1", "x"), {Lane: "no action"}}}))
	if err == nil {
		w.Error("a delivery without an action was admitted")
	}
	is(w, "events", len(w.stored()), 0)
	is(w, "deliveries", len(w.find(store.DeliveryFilter{})), 0)
	for _, key := range []string{"k", store.CursorKey(here)} {
		w.read(func(r store.Reader) error {
			if v, err := r.Kept(key); !errors.Is(err, store.ErrNotFound) {
				w.Errorf("kept under %s: %q, %v, want none", key, v, err)
			}
			return nil
		})
	}
	w.none()
}

// failingCalls lets many calls share commits while every third fails after it has stored something.
func failingCalls(w *world) {
	const calls = 90
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			b := chat.Batch{Events: []chat.Event{named(fmt.Sprintf("e%d", i)), named(fmt.Sprintf("f%d", i))}}
			_, err := w.s.Admit(w.ctx(), here, b, func(_ store.View, ev chat.Event) (store.Changes, error) {
				if i%3 == 0 && ev.ID[0] == 'f' {
					return store.Changes{}, errPlan
				}
				return store.Changes{Deliveries: []chat.Delivery{to(fmt.Sprintf("C%d", i), string(ev.ID))}}, nil
			})
			if failed := err != nil; failed != (i%3 == 0) || failed && !errors.Is(err, errPlan) {
				w.Errorf("call %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	is(w, "events", len(w.stored()), calls/3*2*2)
	is(w, "waiting", w.counts()[chat.Waiting], calls/3*2*2)
	ls := w.lease(calls)
	is(w, "lanes", len(ls), calls/3*2)
	seen := map[chat.DeliveryID]bool{}
	for _, d := range w.find(store.DeliveryFilter{Limit: 1000}) {
		if seen[d.ID] {
			w.Errorf("delivery %d is there twice", d.ID)
		}
		seen[d.ID] = true
	}
}

// cancelledCalls cancels a call while it waits behind another one.
func cancelledCalls(w *world) {
	ctx, cancel := context.WithCancel(w.ctx())
	cancel()
	if _, err := w.s.Admit(ctx, here, chat.Batch{Events: []chat.Event{named("a")}}, planning(store.Changes{})); !errors.Is(err, context.Canceled) {
		w.Errorf("Admit with an ended context = %v", err)
	}
	ctx, cancel = context.WithCancel(w.ctx())
	release := w.block()
	var wg sync.WaitGroup
	var err error
	wg.Go(func() {
		_, err = w.s.Admit(ctx, here, chat.Batch{Events: []chat.Event{named("b")}}, planning(store.Changes{}))
	})
	synctest.Wait()
	cancel()
	release()
	wg.Wait()
	if stored := len(w.stored()); (err == nil) != (stored == 1) {
		w.Errorf("Admit = %v, but %d events are stored", err, stored)
	}
}

// block keeps the store busy with a Change until release is called, which returns after the Change.
func (w *world) block() (release func()) {
	busy, released := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	wg.Go(func() {
		err := w.s.Change(w.ctx(), func(store.View) (store.Changes, error) {
			once.Do(func() { close(busy) })
			<-released
			return store.Changes{}, nil
		})
		is(w, "error of Change", err, nil)
	})
	<-busy
	return func() {
		close(released)
		wg.Wait()
	}
}

func cursorMoves(w *world) {
	cursor := func() (c string) {
		w.read(func(r store.Reader) error {
			b, err := r.Kept(store.CursorKey(here))
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			c = string(b)
			return err
		})
		return c
	}
	admit := func(b chat.Batch, plan store.Plan) error {
		_, err := w.s.Admit(w.ctx(), here, b, plan)
		return err
	}
	w.must(admit(chat.Batch{Events: []chat.Event{named("a")}, Cursor: []byte("1")}, planning(store.Changes{})))
	is(w, "cursor", cursor(), "1")
	w.must(admit(chat.Batch{Events: []chat.Event{named("b")}}, planning(store.Changes{})))
	is(w, "cursor after a batch without one", cursor(), "1")
	w.must(admit(chat.Batch{Cursor: []byte("2")}, planning(store.Changes{})))
	is(w, "cursor after a batch without events", cursor(), "2")
	err := admit(chat.Batch{Events: []chat.Event{named("c")}, Cursor: []byte("3")},
		func(store.View, chat.Event) (store.Changes, error) { return store.Changes{}, errPlan })
	if !errors.Is(err, errPlan) {
		w.Errorf("Admit = %v, want the plan's", err)
	}
	is(w, "cursor after a batch that failed", cursor(), "2")
	w.crash()
	is(w, "cursor after a crash", cursor(), "2")
	is(w, "events after a crash", len(w.stored()), 2)
}

func plansSee(w *world) {
	b := chat.Batch{Events: []chat.Event{named("a"), named("b"), named("c")}}
	var seen []string
	_, err := w.s.Admit(w.ctx(), here, b, func(v store.View, ev chat.Event) (store.Changes, error) {
		if ev.ID == "a" {
			seen = nil // a plan may run more than once, and the last run counts
		}
		last, err := v.Kept("last")
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return store.Changes{}, err
		}
		waiting, err := v.Waiting(ref("x"))
		seen = append(seen, fmt.Sprintf("%s %d", last, len(waiting)))
		return store.Changes{
			Keep: map[string][]byte{"last": []byte(ev.ID)}, Deliveries: []chat.Delivery{to("C1", "x")},
		}, err
	})
	w.must(err)
	if diff := cmp.Diff([]string{" 0", "a 1", "b 2"}, seen); diff != "" {
		w.Errorf("what plans saw (-want +got):\n%s", diff)
	}
}

func keptValues(w *world) {
	w.change(store.Changes{Keep: map[string][]byte{"a": []byte("1"), "b": {}, "c": {0, 255}}})
	w.change(store.Changes{Keep: map[string][]byte{"a": []byte("2"), "c": nil, "never": nil}})
	w.reopen()
	w.read(func(r store.Reader) error {
		for key, want := range map[string]string{"a": "2", "b": ""} {
			if got, err := r.Kept(key); err != nil || string(got) != want {
				w.Errorf("kept under %s: %q, %v, want %q", key, got, err, want)
			}
		}
		if _, err := r.Kept("c"); !errors.Is(err, store.ErrNotFound) {
			w.Errorf("a removed value: %v", err)
		}
		return nil
	})
}
