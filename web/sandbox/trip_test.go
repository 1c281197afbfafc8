package sandbox_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

var began = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func after(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }

// wrote is Alice's message.
func (w *world) wrote(id, words string) *chat.Event {
	return &chat.Event{
		ID: chat.EventID(id), Conversation: chat.Conversation{Account: "x/acmetea", ID: chat.ConversationID(w.first[onX].person)},
		Message: chat.MessageID("m" + id), Author: chat.Author{ID: chat.PersonID(w.first[onX].person), Name: "somebody"}, Direct: true,
		What: chat.Posted{Text: text.Plain(words)},
	}
}

func (w *world) thread() chat.Conversation {
	return chat.Conversation{Account: "slack/team", ID: chat.ConversationID(w.first[onSlack].place), Thread: "1.000000"}
}

// received tells of an event that was received and stored a millisecond later.
func (w *world) received(ev *chat.Event, at int) {
	w.page.Watch(router.Step{At: after(at), What: router.Received, Event: ev})
	w.page.Watch(router.Step{At: after(at + 1), Took: time.Millisecond, What: router.Admitted, Event: ev})
}

func (w *world) tried(d chat.Delivery, at int, kind string) {
	w.page.Watch(router.Step{At: after(at), What: kind, Delivery: &d, Reason: d.Reason})
}

func TestTripOfMessage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ev := w.wrote("1", "Where is my tea?")
	w.received(ev, 0)
	d := chat.Delivery{ID: 5, Source: ev.Ref(), Action: chat.Post{To: w.thread()}, Admitted: after(1), State: chat.Waiting, Reason: "slow down", Due: after(2009), Tries: 1}
	w.tried(d, 9, "throttled")
	if got := w.state().Trips[0].Outcome; got != "waiting" {
		t.Errorf("outcome after a refusal = %s, want waiting", got)
	}
	d.State, d.Tries, d.Reason = chat.Sent, 2, ""
	w.tried(d, 2012, "sent")
	trips := w.state().Trips
	if len(trips) != 1 {
		t.Fatalf("trips = %+v, want one", trips)
	}
	got := trips[0]
	if got.Who != "Alice Moreau" || got.What != "wrote" || got.Text != "Where is my tea?" || got.Platform != "x" || got.Outcome != "done" {
		t.Errorf("trip = %+v", got)
	}
	want := []string{
		"0 Received from X", "1 Stored and confirmed to X",
		"9 Put off (throttled) a thread in Slack #lounge: slow down · try 1, next in 2.0 s", "2012 Delivered to a thread in Slack #lounge",
	}
	for i, s := range got.Steps {
		if line := fmt.Sprintf("%d %s %s", s.MS, s.Title, s.Detail); i >= len(want) || line != want[i] {
			t.Errorf("step %d = %q, want one of %q", i, line, want)
		}
	}
	if len(got.Steps) != len(want) {
		t.Errorf("%d steps, want %d", len(got.Steps), len(want))
	}
}

func TestDeliveriesJoinTripsThatMadeThem(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first, second := w.wrote("1", "one"), w.wrote("2", "two")
	w.received(first, 0)
	w.received(second, 100)
	reaction := chat.React{To: first.Conversation, Message: first.Message, Emoji: "✅"}
	for _, tc := range []struct {
		name string
		d    chat.Delivery
		want int64 // id of the trip
	}{
		{"made while the second was stored", chat.Delivery{ID: 1, Action: chat.Open{To: w.thread().Place()}, Admitted: after(101), Case: "c"}, 2},
		{"seen before", chat.Delivery{ID: 1, Action: chat.Open{To: w.thread().Place()}, Admitted: after(0)}, 2},
		{"about the first", chat.Delivery{ID: 2, Source: first.Ref(), Action: chat.Post{To: w.thread()}, Admitted: after(3000)}, 1},
		{"mark on the first", chat.Delivery{ID: 3, Action: reaction, Admitted: after(3000)}, 1},
		{"of a case that has just moved", chat.Delivery{ID: 4, Action: chat.Edit{To: w.thread(), Card: &chat.Card{}}, Admitted: after(4100), Case: "c"}, 2},
		{"of a case much later", chat.Delivery{ID: 5, Action: chat.Post{To: w.thread(), Text: text.Plain("still there?")}, Admitted: after(99_000), Case: "c"}, 3},
	} {
		tc.d.State = chat.Sent
		w.tried(tc.d, 4000, "sent")
		var latest shownTrip
		for _, tr := range w.state().Trips {
			if tr.Seq > latest.Seq {
				latest = tr
			}
		}
		if latest.ID != tc.want {
			t.Errorf("%s: went to trip %d, want %d", tc.name, latest.ID, tc.want)
		}
	}
	if own := w.state().Trips[0]; own.Who != "Roost" || own.Text != "still there?" {
		t.Errorf("what Roost does by itself = %+v", own)
	}
}

func TestWorstDeliveryDecidesOutcome(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ev := w.wrote("1", "x")
	w.received(ev, 0)
	lost := chat.Delivery{ID: 1, Source: ev.Ref(), Action: chat.Post{To: ev.Conversation}, State: chat.Rejected, Reason: "blocked"}
	w.tried(lost, 2, chat.Refused.String())
	w.tried(chat.Delivery{ID: 2, Source: ev.Ref(), Action: chat.React{To: w.thread(), Emoji: "❌"}, State: chat.Sent}, 3, "sent")
	got := w.state().Trips[0]
	if got.Outcome != "failed" || got.Steps[2].Title != "Refused" || got.Steps[2].Detail != "Alice Moreau on X: blocked" {
		t.Errorf("trip = %+v, want it failed", got)
	}
}

func TestPauseIsTold(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ev := w.wrote("1", "x")
	w.received(ev, 0)
	w.tried(chat.Delivery{ID: 1, Source: ev.Ref(), Action: chat.Post{To: ev.Conversation}, Admitted: after(0), State: chat.Sent}, 3000, "sent")
	if s := w.state().Trips[0].Steps[2]; s.Pause != 3000 || s.Detail != "to Alice Moreau on X after a pause of 3.0 s" {
		t.Errorf("step = %+v, want a pause of three seconds", s)
	}
}

func TestEveryHappeningHasWords(t *testing.T) {
	t.Parallel()
	w := setup(t)
	file := []chat.File{{Name: "tea.png"}}
	for i, tc := range []struct {
		what        chat.Happening
		says, words string
	}{
		{chat.Posted{Files: file}, "wrote", "a file: tea.png"},
		{chat.Edited{Text: text.Plain("x"), Files: file}, "edited", "x (with a file)"},
		{chat.Deleted{}, "deleted a message", ""},
		{chat.Reacted{Emoji: "🎉"}, "reacted with 🎉", ""},
		{chat.Reacted{Emoji: "🎉", Removed: true}, "took back 🎉", ""},
		{chat.Pressed{Button: "claim"}, "pressed", "claim"},
		{chat.Joined{}, "joined", ""},
		{chat.Left{}, "left", ""},
		{chat.Typing{}, "is typing", ""},
		{chat.Read{}, "has read it", ""},
		{chat.Bounced{Reason: "the mailbox is full"}, "did not get a message", "the mailbox is full"},
	} {
		w.page.Watch(router.Step{At: began, What: router.Received, Event: &chat.Event{
			ID: chat.EventID(fmt.Sprint(i)), Conversation: w.thread(), Author: chat.Author{ID: chat.PersonID(w.first[onSlack].person)}, What: tc.what,
		}})
		if got := w.state().Trips[0]; got.What != tc.says || got.Text != tc.words || got.Who != "Dana Weiss" {
			t.Errorf("%T is told as %q %q by %s, want %q %q by Dana Weiss", tc.what, got.What, got.Text, got.Who, tc.says, tc.words)
		}
	}
}

func TestOwnEchoesBeginNoTrip(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ev := w.wrote("1", "x")
	ev.Author.Self = true
	w.received(ev, 0)
	w.page.Watch(router.Step{At: began, What: router.Admitted, Event: w.wrote("2", "never received")})
	w.page.Watch(router.Step{At: began, What: "nothing", Reason: errors.ErrUnsupported.Error()})
	if got := w.state().Trips; len(got) != 0 {
		t.Errorf("trips = %+v, want none", got)
	}
}

func TestTripsAreBounded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i := range 250 {
		w.received(w.wrote(fmt.Sprint(i), "x"), i*10)
	}
	ev := w.wrote("long", "x")
	w.received(ev, 9000)
	for i := range 100 {
		w.tried(chat.Delivery{ID: 7, Source: ev.Ref(), Action: chat.Post{To: w.thread()}, State: chat.Waiting, Tries: i + 1}, 9000+i, "transient")
	}
	trips := w.state().Trips
	if len(trips) != 200 || trips[0].ID != 251 || trips[199].ID != 52 {
		t.Errorf("%d trips from %d to %d, want the last 200, newest first", len(trips), trips[0].ID, trips[len(trips)-1].ID)
	}
	if steps := trips[0].Steps; len(steps) != 60 || steps[0].Title != "Received" || steps[59].MS != 99 {
		t.Errorf("%d steps, the last at %d ms; want 60 with the first and the last of them", len(steps), steps[len(steps)-1].MS)
	}
}

// Two things that happen to one message at once are told apart by what was done.
func TestDeliveriesJoinTripsWhoseEventTheyCarryOn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	edited, pinned := w.wrote("1", "one"), w.wrote("2", "two")
	pinned.Message = edited.Message
	edited.What, pinned.What = chat.Edited{Text: text.Plain("one!")}, chat.Pinned{}
	for i, ev := range []*chat.Event{edited, pinned} {
		w.page.Watch(router.Step{At: after(i), What: router.Received, Event: ev})
	}
	for i, ev := range []*chat.Event{edited, pinned} {
		w.page.Watch(router.Step{At: after(10 + i), What: router.Admitted, Event: ev})
	}
	to := w.thread()
	w.tried(chat.Delivery{ID: 1, Of: edited.Ref(), Action: chat.Edit{To: to, Text: text.Plain("one!")}, Admitted: after(9), State: chat.Sent}, 20, "sent")
	w.tried(chat.Delivery{ID: 2, Of: edited.Ref(), Action: chat.Pin{To: to}, Admitted: after(9), State: chat.Sent}, 21, "sent")
	for _, got := range w.state().Trips {
		want := map[string]string{"edited": "Updated", "pinned a message": "Pinned"}[got.What]
		if len(got.Steps) != 3 || got.Steps[2].Title != want {
			t.Errorf("%s has the steps %+v, want the last to be %s", got.What, got.Steps, want)
		}
	}
}

// A place without threads takes what is said in one itself; that is no failure.
func TestThreadThatCanNotBeOpened(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ev := w.wrote("1", "in a thread")
	w.received(ev, 0)
	open := chat.Delivery{ID: 1, Source: ev.Ref(), Action: chat.Open{To: w.thread().Place(), Bare: true}, Loose: true, State: chat.Rejected, Reason: "no topics"}
	w.tried(open, 2, chat.Refused.String())
	w.tried(chat.Delivery{ID: 2, Source: ev.Ref(), Action: chat.Post{To: w.thread().Place()}, State: chat.Sent}, 3, "sent")
	got := w.state().Trips[0]
	if got.Outcome != "done" || got.Steps[2].Title != "No thread" || !strings.Contains(got.Steps[2].Detail, "Slack #lounge has none") {
		t.Errorf("trip = %+v, want it done", got)
	}
	open.ID, open.State = 3, chat.Sent
	w.tried(open, 4, "sent")
	if got := w.state().Trips[0].Steps[4].Title; got != "Asked for a thread" {
		t.Errorf("a thread without a card is told as %q", got)
	}
}

// bots are steps of a bot that is told of Alice's message, asks her something, and lets a desk see it.
func (w *world) botAsks(ev *chat.Event, at int) {
	bot := chat.BotAccount("order")
	hear := chat.Hear{To: chat.Conversation{Account: bot, ID: chat.ConversationID(ev.Conversation.String())}, Event: *ev, Desk: "support"}
	said := chat.Key("k").Said(bot, ev.Conversation, 0)
	w.page.Watch(router.Step{At: after(at + 4), Took: 2 * time.Millisecond, What: "sent", Delivery: &chat.Delivery{
		ID: chat.DeliveryID(at + 1), Action: hear, Admitted: after(at), State: chat.Sent, Purpose: "hear",
	}}) // its end is stored after what follows, however long that takes
	for i, to := range []chat.Conversation{ev.Conversation, w.thread()} {
		w.tried(chat.Delivery{
			ID: chat.DeliveryID(at + 2 + i), Source: said, Action: chat.Post{To: to, Text: text.Plain("Which size?")}, Admitted: after(at + 3), State: chat.Sent,
		}, at+9+i, "sent")
	}
}

func TestBotsAreNamed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first, second := w.wrote("1", "/order"), w.wrote("2", "Medium")
	w.received(first, 0)
	w.received(second, 20_000)
	w.botAsks(second, 20_002)
	w.botAsks(first, 2)
	trips := w.state().Trips
	if len(trips) != 2 {
		t.Fatalf("%d trips, want two", len(trips))
	}
	for _, tr := range trips {
		var got []string
		for _, s := range tr.Steps {
			got = append(got, strings.TrimSpace(s.Title+" "+s.Detail))
		}
		want := []string{
			"Received from X", "Stored and confirmed to X", "The bot order heard it", "order said “Which size?” to Alice Moreau on X",
			"Shown what order said, in a thread in Slack #lounge",
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has the steps %q, want %q", tr.Text, got, want)
		}
	}
}

// What a bot does unasked is a trip of its own, in its name.
func TestBotsAreNamedForWhatTheyDoByThemselves(t *testing.T) {
	t.Parallel()
	w := setup(t)
	bot := chat.BotAccount("reminder")
	talk := chat.Conversation{Account: bot, ID: chat.ConversationID(w.thread().Place().String())}
	w.page.Watch(router.Step{At: after(0), What: router.Received, Event: &chat.Event{ID: "s1", Conversation: talk, What: chat.Called{Name: "schedule:tea"}}})
	w.page.Watch(router.Step{At: after(1), What: router.Admitted, Event: &chat.Event{ID: "s1", Conversation: talk, What: chat.Called{Name: "schedule:tea"}}})
	called := chat.Hear{To: talk, Event: chat.Event{ID: "s1", Conversation: w.thread().Place(), What: chat.Called{Name: "schedule:tea"}}}
	w.page.Watch(router.Step{At: after(3), What: "sent", Delivery: &chat.Delivery{ID: 1, Action: called, Admitted: after(1), State: chat.Sent}})
	woken := chat.Hear{To: talk, Event: chat.Event{Conversation: w.thread().Place(), What: chat.Called{Name: "wake"}}}
	w.page.Watch(router.Step{At: after(9_000_000), Took: time.Millisecond, What: "sent", Delivery: &chat.Delivery{
		ID: 2, Action: woken, Admitted: after(3), State: chat.Sent, Source: chat.WakeRef(talk, "tea"),
	}})
	trips := w.state().Trips
	if len(trips) != 2 {
		t.Fatalf("trips = %+v, want two", trips)
	}
	if tr := trips[1]; tr.Who != "The bot reminder" || tr.What != "was called" || tr.Text != "schedule:tea" || len(tr.Steps) != 3 || tr.Steps[2].Title != "The bot reminder heard it" {
		t.Errorf("a schedule is told as %+v", tr)
	}
	if tr := trips[0]; tr.Who != "The bot reminder" || tr.What != "woke up" || tr.Steps[0].MS != 1 {
		t.Errorf("a wake is told as %+v", tr)
	}
}

// Where the end of a bot's telling is told after what the bot said, it is one trip all the same.
func TestBotsWordsFindTheirTripBeforeItsTelling(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ev := w.wrote("1", "/order")
	w.received(ev, 0)
	said := chat.Key("k").Said(chat.BotAccount("order"), ev.Conversation, 0)
	w.tried(chat.Delivery{ID: 5, Source: said, Action: chat.Post{To: ev.Conversation, Text: text.Plain("Hm")}, Admitted: after(30), State: chat.Sent}, 40, "sent")
	if trips := w.state().Trips; len(trips) != 1 || len(trips[0].Steps) != 3 {
		t.Errorf("trips = %+v, want one with three steps", trips)
	}
}

// Who is fast presses a button before it is told that the platform has it.
func TestPressIsToldByLabelThatIsKnownLater(t *testing.T) {
	t.Parallel()
	w := setup(t)
	at := w.thread()
	press := &chat.Event{ID: "p", Conversation: at, What: chat.Pressed{Button: "ask", Value: "1"}}
	w.page.Watch(router.Step{At: after(0), What: router.Received, Event: press})
	before := w.state().Trips[0]
	for i, label := range []string{"Small", "Another question"} {
		card := &chat.Card{Buttons: []chat.Button{{ID: "ask", Value: "1", Label: label}}}
		w.tried(chat.Delivery{ID: chat.DeliveryID(i + 1), Action: chat.Post{To: at, Card: card}, State: chat.Sent, Admitted: after(9000)}, 9000+i, "sent")
	}
	trips := w.state().Trips
	if got := trips[len(trips)-1]; before.Text != "ask" || got.Text != "Small" || got.Seq <= before.Seq {
		t.Errorf("the press was told as %q and is told as %q, want ask and Small", before.Text, got.Text)
	}
}

// A press is told by what the button says, as far as that is known.
func TestPressIsToldByLabel(t *testing.T) {
	t.Parallel()
	w := setup(t)
	at := w.thread()
	card := &chat.Card{Buttons: []chat.Button{{ID: "ask", Value: "1", Label: "Small"}, {ID: "ask", Value: "2", Label: "Large"}}}
	w.tried(chat.Delivery{ID: 1, Action: chat.Post{To: at, Card: card}, State: chat.Sent}, 0, "sent")
	for i, tc := range []struct {
		pressed chat.Pressed
		want    string
	}{
		{chat.Pressed{Button: "ask", Value: "2"}, "Large"},
		{chat.Pressed{Button: "ask", Value: "3"}, "ask"},
	} {
		w.page.Watch(router.Step{At: after(i), What: router.Received, Event: &chat.Event{ID: chat.EventID(fmt.Sprint(i)), Conversation: at, What: tc.pressed}})
		if got := w.state().Trips[0]; got.What != "pressed" || got.Text != tc.want {
			t.Errorf("%+v is told as %q %q, want %q", tc.pressed, got.What, got.Text, tc.want)
		}
	}
}
