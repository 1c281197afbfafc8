package router_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/schedule"
)

// watchful is an office whose team is reminded every quarter of an hour of whoever waits for half an hour.
func watchful(t *testing.T, to string, bots ...*bot) (w *world, x, slack *town) {
	t.Helper()
	every, err := schedule.Parse("*/15 * * * *", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	x, slack = newTown("x/acme"), newTown("slack/team")
	d := support(x.account, 0, slack.place("C1"))
	d.Remind = desk.Remind{After: 30 * time.Minute, Every: every}
	if to != "" {
		d.Remind.To = slack.place(to)
	}
	setup := router.Setup{Desks: []router.Desk{d}}
	for _, b := range bots {
		setup.Bots = append(setup.Bots, b.in(router.Bot{Routes: []string{"support"}}))
	}
	return newBotWorld(t, setup, bots, x, slack), x, slack
}

// nags counts the reminders in a place.
func (m *town) nags(at chat.Conversation) (all []string) {
	for _, s := range m.in(at) {
		if strings.HasPrefix(s, "⏰") {
			all = append(all, s)
		}
	}
	return all
}

func TestATeamIsRemindedOfWhoeverWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := watchful(t, "C9")
		place, list := slack.place("C1"), slack.place("C9")
		pass(7 * time.Minute)
		w.says(t, x, "Jane", x.place("dm-jane"), "hi")
		pass(time.Minute)
		w.says(t, x, "Joe", x.place("dm-joe"), "hello")
		pass(36 * time.Minute)
		if got := append(slack.nags(place), slack.nags(list)...); len(got) != 0 {
			t.Errorf("before the slot they are reminded: %q", got)
		}
		pass(2 * time.Minute)
		reads(t, slack, list, "⏰ 2 people wait for an answer:\n• Jane (x/acme) for 38m · nobody's yet\n• Joe (x/acme) for 37m · nobody's yet")
		if got := slack.nags(place); len(got) != 2 {
			t.Errorf("the threads read %q, want one reminder each", got)
		}
		w.says(t, slack, "Ann", slack.thread(t), "hello Joe")
		pass(2 * time.Hour)
		if n := len(slack.nags(place)) + len(slack.nags(list)); n != 3 {
			t.Errorf("two hours later there are %d reminders, want three", n)
		}
		w.says(t, x, "Joe", x.place("dm-joe"), "another thing")
		pass(time.Hour)
		if got := slack.nags(list); len(got) != 2 || !strings.Contains(got[1], "Joe") || !strings.Contains(got[1], "Ann's") {
			t.Errorf("the list reads %q, want Joe again, who is Ann's", got)
		}
	})
}

// Each slot is seen to once, whenever the router is stopped; what was missed for longer than an hour is given up.
func TestRemindersOverRestarts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		down time.Duration
		want int // right after the start
	}{
		{40 * time.Minute, 1},
		{24*time.Hour + time.Minute, 1}, // a minute ago there was a slot
	} {
		t.Run(tc.down.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, x, slack := watchful(t, "")
				w.says(t, x, "Jane", x.place("dm-jane"), "hi")
				w.stop(t)
				pass(tc.down)
				for range 3 {
					w.run(t)
					pass(10 * time.Second)
					w.stop(t)
				}
				if got := slack.nags(slack.place("C1")); len(got) != tc.want {
					t.Errorf("after %v it reads %q, want %d reminders", tc.down, got, tc.want)
				}
				w.run(t)
				pass(time.Hour)
				if got := slack.nags(slack.place("C1")); len(got) != 1 {
					t.Errorf("an hour later it reads %q, want one", got)
				}
			})
		})
	}
}

func TestAMissedReminderIsGivenUpAfterAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := watchful(t, "")
		rarely, err := schedule.Parse("0 */3 * * *", "")
		if err != nil {
			t.Fatal(err)
		}
		w.setup.Desks[0].Remind.Every = rarely
		if err := w.router.Apply(w.setup); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		w.says(t, x, "Jane", x.place("dm-jane"), "hi")
		w.stop(t)
		pass(4*time.Hour + 30*time.Minute)
		w.run(t)
		pass(time.Hour)
		if got := slack.nags(slack.place("C1")); len(got) != 0 {
			t.Errorf("an hour and a half late it reads %q, want nothing before the next slot", got)
		}
		pass(time.Hour)
		if got := slack.nags(slack.place("C1")); len(got) != 1 {
			t.Errorf("at the next slot it reads %q, want one reminder", got)
		}
	})
}

func TestNobodyIsRemindedWhileABotAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("mute", func(h chat.Hear) []chat.Act {
			if briefly(h) == "a person" {
				return []chat.Act{chat.HandOff{At: h.Event.Conversation}}
			}
			return nil
		})
		w, x, slack := watchful(t, "", b)
		w.says(t, x, "Jane", x.place("dm-jane"), "hi")
		pass(3 * time.Hour)
		if got := slack.nags(slack.place("C1")); len(got) != 0 {
			t.Errorf("it reads %q, want nothing: a bot has the case", got)
		}
		w.says(t, x, "Jane", x.place("dm-jane"), "a person")
		pass(time.Hour)
		if got := slack.nags(slack.place("C1")); len(got) != 1 {
			t.Errorf("it reads %q, want one reminder", got)
		}
	})
}

// However many wait, one slot reminds of some hundreds, and the next one of the others.
func TestManyWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, x, slack := watchful(t, "C9")
		const all = 205
		for n := range all {
			who := fmt.Sprint("p", n)
			if _, err := x.says(t.Context(), who, x.place("dm-"+who), posted("hi")); err != nil {
				t.Fatal(err)
			}
		}
		pass(32 * time.Minute)
		if got := slack.nags(slack.place("C9")); len(got) != 1 || !strings.HasPrefix(got[0], "⏰ 200 people") {
			t.Errorf("it reads %q, want 200 people", got)
		}
		pass(15 * time.Minute)
		if got := slack.nags(slack.place("C9")); len(got) != 2 || !strings.HasPrefix(got[1], "⏰ 5 people") {
			t.Errorf("it reads %q, want the other five", got)
		}
		if n := len(slack.nags(slack.place("C1"))); n != all {
			t.Errorf("%d reminders in the threads, want %d", n, all)
		}
	})
}
