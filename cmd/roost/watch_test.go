package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// steps are one of each kind.
func steps() []router.Step {
	at := time.Date(2026, 5, 4, 12, 0, 0, 7, time.UTC)
	dm := chat.Conversation{Account: "telegram/bot", ID: "7"}
	ev := chat.Event{
		ID: "e1", Conversation: dm, Message: "m1", Author: chat.Author{ID: "7", Name: "Grace"}, At: at, Direct: true,
		What: chat.Posted{Text: text.Plain("/order")},
	}
	hear := chat.Hear{To: chat.Conversation{Account: "bot/order", ID: "telegram/bot#7"}, Event: ev, Desk: "support"}
	post := chat.Post{To: dm, Text: text.Plain("Which size?"), Card: &chat.Card{Numbered: true, Buttons: []chat.Button{{ID: "1", Label: "Small"}}}}
	said := chat.Key("k").Said("bot/order", dm, 0)
	return []router.Step{
		{At: at, What: router.Received, Event: &ev},
		{At: at, Took: time.Millisecond, What: router.Admitted, Event: &ev},
		{At: at, What: "sent", Delivery: &chat.Delivery{ID: 1, Lane: "bot", Action: hear, State: chat.Sent, Admitted: at, Purpose: "hear"}},
		{At: at, What: "throttled", Reason: "slow down", Delivery: &chat.Delivery{
			ID: 2, Action: post, Source: said, Case: "c1", State: chat.Waiting, Due: at.Add(time.Second), Tries: 2, Reason: "slow down", Admitted: at,
		}},
		{At: at, What: "nothing"},
	}
}

func TestStepsCrossTheSocketWhole(t *testing.T) {
	t.Parallel()
	for _, want := range steps() {
		line, err := encodeStep(want)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(line), "\n"); n != 1 {
			t.Errorf("%s takes %d lines", want.What, n)
		}
		got, lost, err := decodeStep(line)
		if err != nil || lost != 0 {
			t.Fatalf("decode %s: %d lost, %v", line, lost, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.What, diff)
		}
	}
}

func FuzzDecodeStep(f *testing.F) {
	for _, s := range steps() {
		line, err := encodeStep(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Add([]byte(`{"lost":3}`))
	f.Add([]byte(`{"delivery":{"Name":"hear","Action":{"event":{"kind":"?"}}}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		s, _, err := decodeStep(line)
		if err != nil || s.Delivery == nil && s.Event == nil {
			return
		}
		again, err := encodeStep(s)
		if err != nil {
			t.Fatalf("%s was read and can't be written: %v", line, err)
		}
		if _, _, err := decodeStep(again); err != nil {
			t.Errorf("%s can't be read: %v", again, err)
		}
	})
}

// watching serves w and gives a client of it.
func watching(t *testing.T, w *watchers) *client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.ServeHTTP(rw, r) }))
	t.Cleanup(srv.Close)
	t.Cleanup(w.end)
	to := srv.Listener.Addr().String()
	c := &http.Client{Transport: redirected{to}, Timeout: 30 * time.Second}
	return &client{c}
}

// redirected asks one address, whatever a request names.
type redirected struct{ to string }

func (r redirected) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Host = r.to
	return http.DefaultTransport.RoundTrip(req)
}

func TestWatcherIsToldEverythingFromItsBeginningOn(t *testing.T) {
	t.Parallel()
	w := newWatchers()
	w.Watch(steps()[0]) // nobody is there
	c := watching(t, w)
	var got []router.Step
	err := c.watch(t.Context(), func() {
		for _, s := range steps() {
			w.Watch(s)
		}
	}, func(s router.Step) {
		if got = append(got, s); len(got) == len(steps()) {
			w.end()
		}
	}, func(n int) { t.Errorf("%d steps were lost", n) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(steps(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A watcher that reads nothing holds up nobody, and is told what it has missed.
func TestSlowWatcherLosesSteps(t *testing.T) {
	t.Parallel()
	w := newWatchers()
	c := watching(t, w)
	const told = 10 * watchBehind
	read, lost := 0, 0
	count := func(n *int, more int) {
		*n += more
		if read+lost == told {
			w.end()
		}
	}
	err := c.watch(t.Context(), func() {
		for range told {
			w.Watch(steps()[3])
		}
	}, func(router.Step) { count(&read, 1) }, func(n int) { count(&lost, n) })
	if err != nil {
		t.Fatal(err)
	}
	if lost == 0 || read < watchBehind || read+lost != told {
		t.Errorf("%d were read and %d lost of %d", read, lost, told)
	}
}

func TestRelayWaitsForWhoMustWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		w := newWatchers()
		w.must = stop
		runs := false
		ended := make(chan error, 1)
		go func() {
			ended <- w.relay(ctx, func(ctx context.Context) error {
				runs = true
				<-ctx.Done()
				return nil
			})
		}()
		synctest.Wait()
		if runs {
			t.Fatal("it relays while nobody watches")
		}
		_, leave := w.join()
		_, other := w.join()
		synctest.Wait()
		if !runs {
			t.Fatal("it does not relay though somebody watches")
		}
		other()
		synctest.Wait()
		if ctx.Err() != nil {
			t.Fatal("it stops when a second watcher leaves")
		}
		leave()
		if err := <-ended; err != nil || !errors.Is(ctx.Err(), context.Canceled) {
			t.Errorf("when the watcher has left: %v, and the rest goes on (%v)", err, ctx.Err())
		}
	})
}

func TestRelayWaitsNotForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatchers()
		w.must = func() {}
		err := w.relay(t.Context(), func(context.Context) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "nobody has watched for 30s") {
			t.Errorf("err = %v", err)
		}
	})
}
