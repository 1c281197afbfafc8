package sandbox_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// told is one event of the stream.
type told struct{ name, id, data string }

// listen opens the stream and gives a function that waits for the next event.
func (w *world) listen(query, last string) func() told {
	w.t.Helper()
	r, err := http.NewRequestWithContext(soon(w.t), http.MethodGet, w.srv.URL+"/events"+query, http.NoBody)
	must(w.t, err)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	res, err := w.client.Do(r)
	must(w.t, err)
	w.t.Cleanup(func() { _ = res.Body.Close() })
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		w.t.Fatalf("content type = %q", got)
	}
	lines := bufio.NewScanner(res.Body)
	return func() told {
		w.t.Helper()
		var e told
		for lines.Scan() {
			key, value, _ := strings.Cut(lines.Text(), ": ")
			switch key {
			case "event":
				e.name = value
			case "id":
				e.id = value
			case "data":
				e.data = value
			case "":
				if e.name != "" {
					return e
				}
			}
		}
		w.t.Fatalf("the stream ended: %v", lines.Err())
		return e
	}
}

// nextTrip skips hints.
func nextTrip(t *testing.T, next func() told) (shownTrip, told) {
	t.Helper()
	for {
		e := next()
		if e.name != "trip" {
			continue
		}
		var trip shownTrip
		must(t, json.Unmarshal([]byte(e.data), &trip))
		return trip, e
	}
}

func TestEventsTellTripsAndChanges(t *testing.T) {
	t.Parallel()
	w := setup(t)
	next := w.listen("?after="+w.state().Seq, "")
	if e := next(); e.name != "state" || e.id == "" {
		t.Fatalf("the first event = %+v, want state with an id", e)
	}
	for _, pane := range everywhere() {
		w.does(pane, "say", fields{"text": "x"})
		if e := next(); e.name != "state" {
			t.Errorf("after a word on %s = %+v, want state", pane, e)
		}
	}
	w.received(w.wrote("1", "hello"), 0)
	if trip, e := nextTrip(t, next); trip.Text != "hello" || e.id == "" {
		t.Errorf("after a step = %+v %+v, want the trip and an id", trip, e)
	}
	w.post("/faults", fields{"pane": onX, "fault": "down", "on": true})
	for next().name != "state" {
		continue
	}
	if !w.pane(onX).Down {
		t.Error("the hint came before the fault")
	}
}

func TestEventsResumeWhereTheyStopped(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.received(w.wrote("1", "one"), 0)
	next := w.listen("", "")
	_, first := nextTrip(t, next)
	w.received(w.wrote("2", "two"), 10)
	w.received(w.wrote("3", "three"), 20)

	next = w.listen("?after=ignored", first.id)
	if e := next(); e.name != "state" || e.id != first.id {
		t.Errorf("a resumed stream begins with %+v, want state and the id it has seen", e)
	}
	for _, want := range []string{"two", "three"} {
		if trip, _ := nextTrip(t, next); trip.Text != want {
			t.Errorf("missed trip = %q, want %q", trip.Text, want)
		}
	}
	w.received(w.wrote("4", "four"), 30)
	if trip, _ := nextTrip(t, next); trip.Text != "four" {
		t.Errorf("after what was missed comes %q, want four", trip.Text)
	}
}

func TestEventsOfAnotherRunBeginAnew(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.received(w.wrote("1", "one"), 0)
	boot, _, _ := strings.Cut(w.state().Seq, "-")
	for _, mark := range []string{"OTHERRUN-1", boot + "-99", boot + "--1", boot + "-x", "garbage"} {
		next := w.listen("", mark)
		if e := next(); e.name != "reset" {
			t.Errorf("%s: begins with %+v, want reset", mark, e)
		}
		if trip, _ := nextTrip(t, next); trip.Text != "one" {
			t.Errorf("%s: then %q, want all trips", mark, trip.Text)
		}
	}
}

func TestWatchWaitsForNobody(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.listen("", "") // and never reads on
	for i := range 5000 {
		w.received(w.wrote(fmt.Sprint(i), strings.Repeat("long words ", 20)), i)
	}
	if got := len(w.state().Trips); got != 200 {
		t.Errorf("%d trips, want 200", got)
	}
}

// Who looks changes nothing: otherwise a page would be told to look again, for ever.
func TestLookingIsNoChange(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	for _, pane := range everywhere() {
		s.does(pane, "say", fields{"text": "x"})
	}
	s.says("hello")
	s.state()
	changed := map[string]<-chan struct{}{
		onX: s.x.Changed(), onSlack: s.slack.Changed(), onDiscord: s.discord.Changed(), onTelegram: s.telegram.Changed(),
	}
	s.state()
	s.get("/held/x")
	for pane, c := range changed {
		select {
		case <-c:
			t.Errorf("%s says that it changed, because somebody looked", pane)
		default:
		}
	}
}
