package sandbox_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/web/sandbox"
)

// controlled lets the page order a process about, and gives what it was told to do.
func (w *world) controlled() <-chan string {
	orders := make(chan string, 10)
	w.page.Control(func() { orders <- "kill" }, func() { orders <- "start" })
	return orders
}

func TestRoostIsKilledAndStarted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if got := w.state().Roost; got != nil {
		t.Errorf("without control: %+v, want nothing", got)
	}
	if status, _ := w.post("/roost", fields{"do": "kill"}); status != http.StatusNotFound {
		t.Errorf("kill without control = %d, want 404", status)
	}
	orders := w.controlled()
	again := time.Now().Add(time.Minute).UTC()
	for _, tc := range []struct {
		now   sandbox.Process
		do    string
		want  int
		order string
	}{
		{sandbox.Process{State: sandbox.Starting, PID: 4}, "start", http.StatusNoContent, ""},
		{sandbox.Process{State: sandbox.Starting, PID: 4}, "kill", http.StatusNoContent, "kill"},
		{sandbox.Process{State: sandbox.Running, PID: 4}, "start", http.StatusNoContent, ""},
		{sandbox.Process{State: sandbox.Running, PID: 4}, "kill", http.StatusNoContent, "kill"},
		{sandbox.Process{State: sandbox.Killed, Again: again}, "kill", http.StatusNoContent, ""},
		{sandbox.Process{State: sandbox.Killed, Again: again}, "start", http.StatusNoContent, "start"},
		{sandbox.Process{State: sandbox.Running, PID: 5}, "dance", http.StatusBadRequest, ""},
	} {
		w.page.Stands(tc.now)
		if got := w.state().Roost; got == nil || got.State != string(tc.now.State) || got.PID != tc.now.PID || !got.Again.Equal(tc.now.Again) {
			t.Errorf("the page shows %+v, want %+v", got, tc.now)
		}
		if status, body := w.post("/roost", fields{"do": tc.do}); status != tc.want {
			t.Errorf("%s while %s = %d %s, want %d", tc.do, tc.now.State, status, body, tc.want)
		}
		got := ""
		select {
		case got = <-orders:
		default:
		}
		if got != tc.order {
			t.Errorf("%s while %s orders %q, want %q", tc.do, tc.now.State, got, tc.order)
		}
	}
	if status, _, _ := w.get("/roost"); status != http.StatusMethodNotAllowed {
		t.Errorf("GET /roost = %d, want 405", status)
	}
}

func TestEndOfRoostIsLineAmongTrips(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.controlled()
	w.page.Stands(sandbox.Process{State: sandbox.Running, PID: 4})
	if got := w.state().Trips; len(got) != 0 {
		t.Fatalf("that it runs is told: %+v", got)
	}
	w.received(w.wrote("1", "one"), 0)
	next := w.listen("", w.state().Seq)
	next() // the beginning
	w.page.Stands(sandbox.Process{State: sandbox.Killed})
	if trip, _ := nextTrip(t, next); !trip.Line || trip.What != "Roost was killed" {
		t.Errorf("the stream tells %+v", trip)
	}
	w.page.Stands(sandbox.Process{State: sandbox.Starting, PID: 5})
	w.page.Stands(sandbox.Process{State: sandbox.Running, PID: 5})
	w.page.Missed(3)
	var lines []string
	for _, tr := range w.state().Trips {
		lines = append(lines, tr.What)
	}
	if want := []string{"The page fell behind", "Roost is back", "Roost was killed", "wrote"}; !slices.Equal(lines, want) {
		t.Errorf("the trips are %q, want %q", lines, want)
	}
	if back := w.state().Trips[1]; !strings.HasPrefix(back.Text, "after 0.0 s") || !strings.HasSuffix(back.Text, "as process 5") {
		t.Errorf("that it is back is told as %q", back.Text)
	}
}

// A delivery of what happened before a line is no part of the line.
func TestLineTakesNoDeliveries(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ev := w.wrote("1", "one")
	w.received(ev, 0)
	w.page.Stands(sandbox.Process{State: sandbox.Killed})
	w.tried(chat.Delivery{ID: 1, Action: chat.Post{To: w.thread()}, Admitted: after(1), State: chat.Sent}, 4000, "sent")
	w.tried(chat.Delivery{ID: 2, Action: chat.Post{To: w.thread()}, Admitted: after(90_000), State: chat.Sent}, 90_001, "sent")
	trips := w.state().Trips
	if len(trips) != 3 || len(trips[1].Steps) != 0 || len(trips[2].Steps) != 3 {
		t.Errorf("trips = %+v, want that of the event with its delivery, a line, and one of Roost alone", trips)
	}
}

// What could not be confirmed comes again, and is the same trip.
func TestEventThatComesAgainIsSameTrip(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ev := w.wrote("1", "one")
	w.page.Watch(router.Step{At: after(0), What: router.Received, Event: ev})
	w.received(ev, 15_000)
	trips := w.state().Trips
	if len(trips) != 1 || trips[0].Outcome != "safe" {
		t.Fatalf("trips = %+v, want one that is safe", trips)
	}
	if got := trips[0].Steps; len(got) != 3 || got[1].Title != "Received" || got[1].MS != 15_000 {
		t.Errorf("steps = %+v, want it received twice", got)
	}
}
