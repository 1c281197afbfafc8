package browser_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

const (
	claim   = "claim"
	closing = "close"
	reopen  = "reopen"
	snooze  = "snooze"

	hourglass = "hourglass_flowing_sand" // taken
	tick      = "white_check_mark"       // delivered
)

// said is a message in the open thread.
func said(words string) spot { return at("slack-message", words) }

// mark is an emoji on a message in the open thread.
func mark(words, name string) spot {
	return at("slack-reaction").with("data-name", name).in(said(words))
}

func button(action string) spot {
	return at("slack-button").with("data-action", action).in(at("slack-card"))
}

// trip is how the page tells what became of a message, with a step of it.
func trip(words, outcome string) spot { return at("trip", words).with("data-outcome", outcome) }

func step(words, mark, detail string) spot {
	return at("trip-step", detail).with("data-mark", mark).in(at("trip", words))
}

// asks has Alice begin a case, with a thread that is open.
func asks(t *testing.T, v *visit, words string) {
	t.Helper()
	v.writes(t, "x-input", words)
	v.sees(t, at("x-said", words))
	v.sees(t, at("slack-card", "Alice Moreau", "@alice"))
	v.sees(t, said(words))
}

// arrives waits until a reply is on X and marked so in Slack.
func arrives(t *testing.T, v *visit, words string) {
	t.Helper()
	v.sees(t, at("x-reply", words))
	v.sees(t, mark(words, tick))
	v.misses(t, mark(words, hourglass))
}

func TestQuestionAndAnswer(t *testing.T) {
	t.Parallel()
	v := open(t)
	asks(t, v, "Where is my oolong?")
	v.sees(t, trip("Where is my oolong?", "done"))
	v.sees(t, step("Where is my oolong?", "going", "from X"))
	v.sees(t, step("Where is my oolong?", "safe", "Stored"))
	v.sees(t, step("Where is my oolong?", "done", "Case opened"))

	v.presses(t, at("x-person").with("data-name", "Bruno Silva"))
	v.writes(t, "x-input", "Do you ship to Porto?")
	bruno, alice := at("slack-card", "Bruno Silva"), at("slack-card", "Alice Moreau")
	v.presses(t, at("slack-open").in(bruno))
	v.sees(t, said("Do you ship to Porto?"))
	v.presses(t, at("slack-open").in(alice))
	v.sees(t, said("Where is my oolong?"))
	v.misses(t, said("Do you ship to Porto?"))

	v.writes(t, "slack-input", "It left this morning.")
	v.sees(t, mark("It left this morning.", hourglass))
	v.sees(t, at("slack-card", "Alice Moreau", "Dana Weiss's"))
	v.presses(t, at("x-person").with("data-name", "Alice Moreau"))
	if n := v.counts(t, at("x-reply")); n != 0 {
		t.Errorf("within the hold, X shows %d replies", n)
	}
	arrives(t, v, "It left this morning.")
	v.sees(t, step("It left this morning.", "done", "to Alice Moreau on X after a pause of 3"))
	v.presses(t, at("x-person").with("data-name", "Bruno Silva"))
	v.sees(t, at("x-said", "Porto"))
	if n := v.counts(t, at("x-reply")); n != 0 {
		t.Errorf("Bruno sees %d replies that are Alice's", n)
	}
}

// edits has Dana change a message of hers.
func edits(t *testing.T, v *visit, from, to string) {
	t.Helper()
	v.presses(t, at("slack-edit").in(said(from)))
	v.sees(t, at("slack-input", from))
	v.types(t, at("slack-input"), to)
	v.presses(t, at("slack-send", "Save"))
	v.sees(t, said(to))
}

func TestEdit(t *testing.T) {
	t.Parallel()
	v := open(t)
	asks(t, v, "Which pot should I take?")
	v.writes(t, "slack-input", "Take the blue one.")
	v.sees(t, mark("Take the blue one.", hourglass))
	edits(t, v, "Take the blue one.", "Take the green one.")
	arrives(t, v, "Take the green one.")

	edits(t, v, "Take the green one.", "Take the red one.")
	v.sees(t, said("Alice Moreau still sees the old text"))
	v.sees(t, said("can't be edited"))
	v.sees(t, trip("Take the red one.", "failed"))

	v.writes(t, "slack-input", "I mean the red one.")
	arrives(t, v, "I mean the red one.")
	// What leaves for one person leaves in order, so whatever else would have left is there by now.
	for words, want := range map[string]int{"": 2, "blue": 0, "green": 1, "Take the red": 0} {
		if n := v.counts(t, at("x-reply", words)); n != want {
			t.Errorf("X shows %d replies with %q, want %d", n, words, want)
		}
	}
}

func TestTakingBack(t *testing.T) {
	t.Parallel()
	v := open(t)
	asks(t, v, "Is it in stock?")
	v.writes(t, "slack-input", "No idea.")
	v.sees(t, mark("No idea.", hourglass))
	v.presses(t, at("slack-delete").in(said("No idea.")))
	v.presses(t, at("confirm-yes"))
	v.misses(t, said("No idea."))
	v.sees(t, at("slack-ephemeral", "taken back before it left"))
	v.writes(t, "slack-input", "Yes, twelve tins.")
	arrives(t, v, "Yes, twelve tins.")
	if n := v.counts(t, at("x-reply")); n != 1 {
		t.Errorf("X shows %d replies, want the one that was not taken back", n)
	}
}

func TestReaction(t *testing.T) {
	t.Parallel()
	v := open(t)
	asks(t, v, "Thank you, it came!")
	v.presses(t, at("slack-pick").in(said("Thank you, it came!")))
	v.presses(t, at("slack-emoji").with("data-name", "heart"))
	v.sees(t, mark("Thank you, it came!", "heart"))
	v.sees(t, step("reacted with", "failed", "there are no reactions here"))
	v.presses(t, mark("Thank you, it came!", "heart"))
	v.misses(t, mark("Thank you, it came!", "heart"))
}

// picture makes a picture file of a size.
func picture(t *testing.T, name string, width, height int) (path string, data []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, b.Bytes()
}

// shows waits until a picture is painted, and compares it to the file that was sent.
func shows(t *testing.T, v *visit, s spot, sent []byte) {
	t.Helper()
	v.sees(t, s)
	v.until(t, "picture in "+s.String(), fmt.Sprintf("hands.picture(%s)", s))
	got, err := v.ask(fmt.Sprintf("hands.bytes(%s)", s))
	if err != nil {
		t.Fatal(err)
	}
	if got != hex.EncodeToString(sent) {
		t.Errorf("the picture in %s has %d bytes, and they are not the %d that were sent", s, len(got)/2, len(sent))
	}
}

func TestPictures(t *testing.T) {
	t.Parallel()
	v := open(t)
	path, broken := picture(t, "broken-cup.png", 48, 32)
	v.attaches(t, "x-file", path)
	v.types(t, at("x-input"), "My cup came like this")
	v.presses(t, at("x-send"))
	shows(t, v, at("x-said", "My cup"), broken)
	shows(t, v, said("My cup"), broken)

	path, label := picture(t, "label.png", 64, 40)
	v.attaches(t, "slack-file", path)
	v.types(t, at("slack-input"), "Here is a label to send it back")
	v.presses(t, at("slack-send"))
	shows(t, v, said("Here is a label"), label)
	arrives(t, v, "Here is a label")
	shows(t, v, at("x-reply", "Here is a label"), label)
}

func TestButtons(t *testing.T) {
	t.Parallel()
	v := open(t)
	asks(t, v, "I would like a refund")
	v.sees(t, at("slack-card", "nobody's yet"))
	v.presses(t, button(claim))
	v.sees(t, at("slack-card", "Dana Weiss's"))
	v.sees(t, said("Dana Weiss has claimed this"))

	v.presses(t, button(snooze))
	v.sees(t, at("slack-modal", "For how long?"))
	v.chooses(t, at("modal-field"), "4h")
	v.presses(t, at("modal-submit"))
	v.sees(t, at("slack-card", "snoozed until"))
	v.sees(t, said("has snoozed this for 4h"))
	v.misses(t, at("slack-modal"))

	v.presses(t, button(closing))
	v.sees(t, at("slack-card", "closed"))
	v.misses(t, button(closing))
	v.presses(t, button(reopen))
	v.sees(t, button(closing))
	v.sees(t, said("has opened this again"))
}

func TestColleague(t *testing.T) {
	t.Parallel()
	v := open(t)
	asks(t, v, "Are you still there?")
	v.presses(t, button(claim))
	v.sees(t, at("slack-card", "Dana Weiss's"))
	v.presses(t, at("slack-member").with("data-name", "Eli Novak"))
	v.writes(t, "slack-input", "We are!")
	ask := at("slack-button").with("data-action", "send")
	v.sees(t, ask)
	if n := v.counts(t, mark("We are!", hourglass)); n != 0 {
		t.Error("a reply to a colleague's case is on its way before anybody said so")
	}
	v.presses(t, ask)
	arrives(t, v, "We are!")
}

func TestNote(t *testing.T) {
	t.Parallel()
	v := open(t)
	asks(t, v, "Can I pay by card?")
	v.writes(t, "slack-input", "// she always pays late")
	v.sees(t, said("she always pays late"))
	v.sees(t, step("she always pays late", "safe", "Stored"))
	v.writes(t, "slack-input", "You can.")
	arrives(t, v, "You can.")
	if n := v.counts(t, at("x-reply")); n != 1 {
		t.Errorf("X shows %d replies, want the one that is no note", n)
	}
	if n := v.counts(t, step("she always pays late", "done", "on X")); n != 0 {
		t.Error("the note has travelled to X")
	}
}

func TestPlatformDown(t *testing.T) {
	t.Parallel()
	v := open(t)
	asks(t, v, "When do you open?")
	down := at("fault-x-down")
	v.presses(t, down)
	v.sees(t, down.with("aria-pressed", "true"))
	v.writes(t, "slack-input", "At nine.")
	v.sees(t, trip("At nine.", "waiting"))
	v.sees(t, step("At nine.", "waiting", "Put off"))
	v.sees(t, mark("At nine.", hourglass))
	if n := v.counts(t, at("x-reply")); n != 0 {
		t.Errorf("X is down and shows %d replies", n)
	}
	v.presses(t, down)
	v.sees(t, down.with("aria-pressed", "false"))
	arrives(t, v, "At nine.")
	v.sees(t, trip("At nine.", "done"))
	if n := v.counts(t, at("x-reply")); n != 1 {
		t.Errorf("X shows %d replies, want one", n)
	}
}
