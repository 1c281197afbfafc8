package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
)

func TestTheTeamIsRemindedOnceOfWhoeverWaits(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.desk.Remind.After = 30 * time.Minute
	nags := func(after time.Duration, want ...string) {
		t.Helper()
		w.now = w.now.Add(after)
		w.step(desk.Nag{})
		w.expect(want...)
	}
	nags(29 * time.Minute)
	nags(time.Minute, "slack post: ⏰ Jane has been waiting for 30m · nobody's yet", "telegram post: ⏰ Jane has been waiting for 30m · nobody's yet")
	w.wrote("remark : ⏰ Jane has been waiting for 30m · nobody's yet")
	w.says("hello?")
	nags(24 * time.Hour)
	w.writes("ann", "here")
	nags(time.Hour)
	w.says("and now?")
	nags(90*time.Minute, "slack post: ⏰ Jane has been waiting for 1h 30m · Ann's", "telegram post: ⏰ Jane has been waiting for 1h 30m · Ann's")
	nags(time.Hour)
}

func TestNobodyIsRemindedOf(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(w *world){
		"a snoozed case": func(w *world) { w.press("ann", "snooze", "for", "72h") },
		"a closed case":  func(w *world) { w.press("ann", "close") },
		"somebody who is blocked": func(w *world) {
			w.press("ann", "block")
		},
		"somebody who was answered": func(w *world) { w.writes("ann", "here") },
		"somebody whom bots answer": func(w *world) { w.desk.Bots = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begun(oneSurface(t, desk.Send))
			before(w)
			w.now = w.now.Add(24 * time.Hour)
			if w.desk.Overdue(w.c, w.now) {
				t.Errorf("the case %+v is overdue", w.c)
			}
			w.step(desk.Nag{})
			w.expect()
			w.wrote()
		})
	}
	w := begun(oneSurface(t, desk.Send))
	w.desk.Bots = true
	w.step(desk.FromBot{Bot: "helper", Key: "k", Acts: []chat.Act{chat.HandOff{At: dm}}})
	w.now = w.now.Add(time.Hour)
	if !w.desk.Overdue(w.c, w.now) {
		t.Errorf("a case that a bot handed off is not overdue: %+v", w.c)
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	waiter := func(name string, since time.Duration, owner string) desk.Waiter {
		id := desk.Identity{Account: "x/acme", Person: chat.PersonID(name)}
		c := desk.Case{Contact: id, State: desk.Open, Waiting: noon.Add(-since)}
		if owner != "" {
			c.Owner = desk.Member{ID: "o", Name: owner}
		}
		return desk.Waiter{Case: c, Contact: desk.Contact{Identity: id, Name: name}}
	}
	if got, want := desk.Summary([]desk.Waiter{waiter("Jane\n• Eve", 0, "")}, noon).Body,
		"⏰ 1 person waits for an answer:\n• Jane • Eve (x/acme) for 1m · nobody's yet"; got != want {
		t.Errorf("Summary = %q, want %q", got, want)
	}
	var ws []desk.Waiter
	for n := range 20 {
		ws = append(ws, waiter(fmt.Sprint("P", n), time.Duration(n+1)*time.Hour, "Ann"))
	}
	lines := strings.Split(desk.Summary(ws, noon).Body, "\n")
	if len(lines) != 17 || lines[0] != "⏰ 20 people wait for an answer:" || lines[1] != "• P19 (x/acme) for 20h · Ann's" || lines[16] != "… and 5 more" {
		t.Errorf("Summary = %q, want the fifteen who wait longest, and how many more", lines)
	}
}
