package browser_test

import (
	"fmt"
	"testing"
)

const (
	claim   = "Claim"
	closing = "Close"
	reopen  = "Reopen"
	snooze  = "Snooze"
)

// desks are the platforms on which the team answers.
func desks() []string { return []string{onSlack, onDiscord, onTelegram} }

// taken and delivered are the marks on what a member wrote.
func taken(pane string) string {
	return map[string]string{onSlack: "hourglass_flowing_sand", onDiscord: "⏳", onTelegram: "✍"}[pane]
}

func delivered(pane string) string {
	return map[string]string{onSlack: "white_check_mark", onDiscord: "✅", onTelegram: "👌"}[pane]
}

// pressable is a button of a card.
func pressable(in, label string) spot { return at("button").with("data-label", label).in(pane(in)) }

// asks has somebody write to the brand, and waits until the case is at each desk.
func asks(t *testing.T, v *visit, in, name, words string) {
	t.Helper()
	v.goes(t, in, direct)
	v.plays(t, in, name)
	v.says(t, in, words)
	v.sees(t, said(in, words))
	for _, at := range desks() {
		if at == in {
			continue // who writes there has not gone to the desk yet
		}
		v.opens(t, at, name)
		v.sees(t, relayed(at, words))
	}
}

// hears waits until a person has an answer, and its author a mark.
func hears(t *testing.T, v *visit, in, name, words string) {
	t.Helper()
	v.goes(t, in, direct)
	v.plays(t, in, name)
	v.sees(t, told(in, words))
}

// A direct message lands at the desks of all platforms at once, and an answer from any of them reaches the person once.
func TestDesk(t *testing.T) {
	t.Parallel()
	for _, from := range []string{onX, onDiscord, onTelegram} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			v := open(t)
			v.goes(t, from, direct)
			v.presses(t, at("add").in(pane(from)))
			v.types(t, at("joiner").in(pane(from)), "Zoe Park")
			v.hits(t, "Enter")
			v.sees(t, css(`[data-test="person"]:checked`).with("data-name", "Zoe Park").in(pane(from)))
			people := []string{firstOn(from), secondOn(from), "Zoe Park"}
			rounds := 1
			if *long {
				rounds = len(desks()) // till each desk has answered each person
			}
			for round := range rounds {
				for i, name := range people {
					in := desks()[(i+round)%len(desks())]
					asks(t, v, from, name, question(round, name))
					answersFrom(t, v, in, name, round)
				}
			}
			for _, name := range people {
				hears(t, v, from, name, answer(rounds-1, name))
				if n := v.counts(t, told(from)); n != rounds {
					t.Errorf("%s has %d answers, want %d", name, n, rounds)
				}
			}
		})
	}
}

func question(round int, name string) string { return fmt.Sprintf("Question %d of %s", round, name) }

func answer(round int, name string) string { return fmt.Sprintf("Answer %d to %s", round, name) }

// answersFrom has the team answer a case at one desk, and looks for the answer at the others. Whose case it is by then is
// asked first.
func answersFrom(t *testing.T, v *visit, in, name string, round int) {
	t.Helper()
	v.opens(t, in, name)
	v.sees(t, relayed(in, question(round, name)))
	v.says(t, in, answer(round, name))
	if round > 0 {
		v.presses(t, pressable(in, "Send anyway"))
	}
	v.sees(t, mark(in, answer(round, name), delivered(in)))
	v.misses(t, mark(in, answer(round, name), taken(in)))
	for _, other := range desks() {
		if other != in {
			v.opens(t, other, name)
			v.sees(t, told(other, answer(round, name)))
			v.sees(t, told(other, "(team)"))
		}
	}
}

// arrives waits until a reply from Slack is on X and marked so in Slack.
func arrives(t *testing.T, v *visit, words string) {
	t.Helper()
	v.sees(t, told(onX, words))
	v.sees(t, mark(onSlack, words, delivered(onSlack)))
	v.misses(t, mark(onSlack, words, taken(onSlack)))
}

func TestQuestionAndAnswer(t *testing.T) {
	t.Parallel()
	v := open(t, longHold)
	v.presses(t, at("hello").in(pane(onX)))
	v.sees(t, relayed(onSlack, "order 1042"))
	asks(t, v, onX, "Bruno Silva", "Is there a shop in Porto?")
	v.sees(t, trip("Is there a shop in Porto?", "done"))
	v.sees(t, step("Is there a shop in Porto?", "going", "from X"))
	v.sees(t, step("Is there a shop in Porto?", "safe", "Stored"))
	v.sees(t, step("Is there a shop in Porto?", "done", "Case opened"))
	v.opens(t, onSlack, "Alice Moreau")
	v.sees(t, told(onSlack, "order 1042"))
	v.misses(t, said(onSlack, "Porto"))

	v.says(t, onSlack, "It left this morning.")
	v.sees(t, mark(onSlack, "It left this morning.", taken(onSlack)))
	v.sees(t, told(onSlack, "Dana Weiss's"))
	v.plays(t, onX, "Alice Moreau")
	if n := v.counts(t, told(onX)); n != 0 {
		t.Errorf("within the hold, X shows %d replies", n)
	}
	arrives(t, v, "It left this morning.")
	v.sees(t, step("It left this morning.", "done", "to Alice Moreau on X after a pause of 8"))
	v.plays(t, onX, "Bruno Silva")
	v.sees(t, said(onX, "Porto"))
	if n := v.counts(t, told(onX)); n != 0 {
		t.Errorf("Bruno sees %d replies that are Alice's", n)
	}
}

// longHold leaves time enough to change one's mind, however slow the machine is.
const longHold = "--hold=8s"

// What is not encrypted can't be changed on X once it is there.
func TestEdit(t *testing.T) {
	t.Parallel()
	v := open(t, longHold)
	asks(t, v, onX, "Bruno Silva", "Which pot should I take?")
	v.says(t, onSlack, "Take the blue one.")
	v.sees(t, mark(onSlack, "Take the blue one.", taken(onSlack)))
	v.edits(t, onSlack, "Take the blue one.", "Take the green one.")
	arrives(t, v, "Take the green one.")

	v.edits(t, onSlack, "Take the green one.", "Take the red one.")
	v.sees(t, told(onSlack, "Bruno Silva still sees the old text"))
	v.sees(t, trip("Take the red one.", "failed"))
	v.says(t, onSlack, "I mean the red one.")
	arrives(t, v, "I mean the red one.")
	// What leaves for one person leaves in order, so whatever else would have left is there by now.
	for words, want := range map[string]int{"": 2, "blue": 0, "green": 1, "Take the red": 0} {
		if n := v.counts(t, told(onX, words)); n != want {
			t.Errorf("X shows %d replies with %q, want %d", n, words, want)
		}
	}
}

// What a member deletes within the hold never leaves. Telegram tells nobody of it, so that there it can't be done.
func TestTakingBack(t *testing.T) {
	t.Parallel()
	for _, in := range []string{onSlack, onDiscord} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			v := open(t, longHold)
			asks(t, v, onX, "Alice Moreau", "Is it in stock?")
			v.says(t, in, "No idea.")
			v.sees(t, mark(in, "No idea.", taken(in)))
			v.deletes(t, in, "No idea.")
			v.sees(t, told(in, "taken back before it left"))
			v.says(t, in, "Yes, twelve tins.")
			v.sees(t, told(onX, "Yes, twelve tins."))
			v.sees(t, mark(in, "Yes, twelve tins.", delivered(in)))
			if n := v.counts(t, told(onX)); n != 1 {
				t.Errorf("X shows %d replies, want the one that was not taken back", n)
			}
		})
	}
}

func TestPictures(t *testing.T) {
	t.Parallel()
	v := open(t)
	path, broken := picture(t, "broken-cup.png", 48, 32)
	v.sends(t, onX, path, "My cup came like this")
	for _, in := range desks() {
		v.opens(t, in, "Alice Moreau")
		v.shows(t, filed(in, "My cup"), broken)
	}
	path, label := picture(t, "label.png", 64, 40)
	v.sends(t, onSlack, path, "Here is a label to send it back")
	arrives(t, v, "Here is a label")
	v.shows(t, filed(onX, "Here is a label"), label)
}

// The card of a case can be pressed at each desk.
func TestButtons(t *testing.T) {
	t.Parallel()
	for _, in := range desks() {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			v := open(t)
			asks(t, v, onX, "Alice Moreau", "I would like another one")
			v.sees(t, told(in, "a bot answers"))
			v.presses(t, pressable(in, claim))
			v.sees(t, told(in, firstOn(in)+"'s"))
			v.sees(t, told(in, firstOn(in)+" has claimed this"))

			v.presses(t, pressable(in, snooze))
			snoozes(t, v, in)
			v.sees(t, told(in, "snoozed until"))
			v.sees(t, told(in, "has snoozed this for 4h"))
			v.misses(t, at("modal"))

			v.presses(t, pressable(in, closing))
			v.misses(t, pressable(in, closing))
			v.presses(t, pressable(in, reopen))
			v.sees(t, pressable(in, closing))
			v.sees(t, told(in, "has opened this again"))
		})
	}
}

// snoozes answers for how long: in a form where there are forms, with buttons where there are none.
func snoozes(t *testing.T, v *visit, in string) {
	t.Helper()
	if in == onTelegram {
		v.presses(t, pressable(in, "4 hours"))
		return
	}
	v.sees(t, at("modal", "For how long?"))
	v.presses(t, at("modal-cancel"))
	v.misses(t, at("modal"))
	v.presses(t, pressable(in, snooze))
	v.sees(t, at("modal", "For how long?"))
	v.chooses(t, at("field"), "4 hours")
	v.presses(t, at("modal-submit"))
}

func TestColleague(t *testing.T) {
	t.Parallel()
	v := open(t)
	asks(t, v, onX, "Alice Moreau", "Are you still there?")
	v.presses(t, pressable(onSlack, claim))
	v.sees(t, told(onSlack, "Dana Weiss's"))
	v.plays(t, onSlack, "Eli Novak")
	v.says(t, onSlack, "We are!")
	ask := at("button").with("data-action", "send").in(pane(onSlack))
	v.sees(t, ask)
	if n := v.counts(t, mark(onSlack, "We are!", taken(onSlack))); n != 0 {
		t.Error("a reply to a colleague's case is on its way before anybody said so")
	}
	v.presses(t, ask)
	arrives(t, v, "We are!")
}

func TestNote(t *testing.T) {
	t.Parallel()
	v := open(t)
	asks(t, v, onX, "Alice Moreau", "Can I pay by card?")
	v.says(t, onSlack, "// she always pays late")
	v.sees(t, told(onDiscord, "she always pays late"))
	v.sees(t, told(onTelegram, "she always pays late"))
	v.says(t, onSlack, "You can.")
	arrives(t, v, "You can.")
	if n := v.counts(t, told(onX)); n != 1 {
		t.Errorf("X shows %d replies, want the one that is no note", n)
	}
	if n := v.counts(t, step("she always pays late", "done", "on X")); n != 0 {
		t.Error("the note has travelled to X")
	}
}

// breaks presses a button under "Make it hard".
func (v *visit) breaks(t *testing.T, in, fault string) spot {
	t.Helper()
	if v.counts(t, css(".faults[open]")) == 0 {
		v.presses(t, css(".faults summary"))
	}
	s := at("fault").with("data-pane", in).with("data-fault", fault)
	v.presses(t, s)
	return s
}

func TestPlatformDown(t *testing.T) {
	t.Parallel()
	v := open(t)
	asks(t, v, onX, "Alice Moreau", "How early may I call?")
	down := v.breaks(t, onX, "down")
	v.sees(t, down.with("aria-pressed", "true"))
	v.says(t, onSlack, "At nine.")
	v.sees(t, trip("At nine.", "waiting"))
	v.sees(t, step("At nine.", "waiting", "Put off"))
	v.sees(t, mark(onSlack, "At nine.", taken(onSlack)))
	if n := v.counts(t, told(onX)); n != 0 {
		t.Errorf("X is down and shows %d replies", n)
	}
	v.presses(t, down)
	v.sees(t, down.with("aria-pressed", "false"))
	arrives(t, v, "At nine.")
	v.sees(t, trip("At nine.", "done"))
	if n := v.counts(t, told(onX)); n != 1 {
		t.Errorf("X shows %d replies, want one", n)
	}
}

// A platform that asks to slow down gets what was said when it may be said, and once.
func TestSlowDown(t *testing.T) {
	t.Parallel()
	v := open(t)
	v.scene(t, channel)
	v.breaks(t, onTelegram, "slow")
	v.says(t, onSlack, "First")
	v.says(t, onSlack, "Second")
	v.sees(t, step("First", "waiting", "Put off (throttled)"))
	v.sees(t, told(onDiscord, "Second")) // nobody else waits
	v.sees(t, told(onTelegram, "Dana Weiss: First"))
	v.sees(t, told(onTelegram, "Dana Weiss: Second"))
	if n := v.counts(t, told(onTelegram)); n != 2 {
		t.Errorf("Telegram shows %d messages, want 2", n)
	}
}
