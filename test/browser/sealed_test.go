package browser_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/roost-im/roost/test/leak"
)

// sealed is an encrypted message on X; what is not has no lock.
func sealed(words ...string) spot {
	return css(`[data-test="message"]:has([data-test="sealed"])`, words...).in(pane(onX))
}

// locks turns the lock of who writes on X.
func (v *visit) locks(t *testing.T, was, is string) {
	t.Helper()
	v.presses(t, at("lock", was).in(pane(onX)))
	v.sees(t, at("lock", is).in(pane(onX)))
}

const (
	lockOn  = "🔒 Encrypted"
	lockOff = "🔓 Not encrypted"
)

// Alice and the team write to each other so that X can't read it: a question, answers, replies, edits, reactions, pictures
// and deletions, from either side.
func TestSealed(t *testing.T) {
	t.Parallel()
	v := open(t)
	v.sees(t, at("lock", lockOn).in(pane(onX)))
	asks(t, v, onX, "Alice Moreau", "Is the jade pot in stock?")
	v.sees(t, sealed("jade pot"))
	v.says(t, onSlack, "There are two of them.")
	arrives(t, v, "There are two of them.")
	sealsReplies(t, v)
	sealsChanges(t, v)
	pictures := sealsPictures(t, v)
	v.looks(t, "sealed")
	sealsDeletions(t, v)
	if n, all := v.counts(t, sealed()), v.counts(t, said(onX)); n != all || n < 5 {
		t.Errorf("%d of the %d messages on X are encrypted, want all", n, all)
	}
	held := v.held(t)
	for _, words := range []string{
		"jade pot", "There are two of them", "With or without a lid", "With a lid, please", "celadon pot", "There are three of them",
		"🎉", "❤️", "Mine is broken", "Yours will be like this", "Never mind", "We do mind", "pot.png", "new.png",
	} {
		if how := leak.Find(held, []byte(words)); how != "" {
			t.Errorf("X holds %q %s", words, how)
		}
	}
	for _, picture := range pictures {
		for piece := range slices.Chunk(picture, 16) { // wherever X cuts it
			if how := leak.Find(held, piece); how != "" && len(piece) == 16 {
				t.Errorf("X holds a part of a picture %s: %q", how, piece)
			}
		}
	}
}

// sealsReplies has each side answer what the other one wrote. What the team answers stands above its words for Alice, and what
// Alice answers above hers for the team.
func sealsReplies(t *testing.T, v *visit) {
	t.Helper()
	v.opens(t, onDiscord, "Alice Moreau")
	v.uses(t, "answer", relayed(onDiscord, "jade pot"))
	v.says(t, onDiscord, "With or without a lid?")
	v.presses(t, pressable(onDiscord, "Send anyway")) // the case is Dana's
	v.sees(t, at("reply", "jade pot").in(sealed("With or without a lid?")))
	v.sees(t, mark(onDiscord, "With or without a lid?", delivered(onDiscord))) // so Roost knows what is answered
	v.uses(t, "answer", said(onX, "With or without a lid?"))
	v.says(t, onX, "With a lid, please")
	v.sees(t, at("reply", "With or without a lid?").in(sealed("With a lid, please")))
	v.sees(t, relayed(onSlack, "With a lid, please"))
	v.sees(t, at("reply", "With or without a lid?").in(told(onTelegram, "Alice Moreau: With a lid, please")))
}

// sealsChanges has each side edit what it wrote, and react to what the other one wrote.
func sealsChanges(t *testing.T, v *visit) {
	t.Helper()
	v.edits(t, onX, "Is the jade pot in stock?", "Is the celadon pot in stock?")
	v.sees(t, at("edited").in(sealed("celadon pot")))
	v.sees(t, relayed(onSlack, "celadon pot"))
	v.edits(t, onSlack, "There are two of them.", "There are three of them.")
	v.sees(t, at("edited").in(sealed("There are three of them.")))
	v.reacts(t, said(onX, "There are three of them."), "🎉")
	v.sees(t, mark(onSlack, "There are three of them.", "tada"))
	v.reacts(t, relayed(onSlack, "celadon pot"), "heart")
	v.sees(t, mark(onX, "celadon pot", "❤️"))
	v.presses(t, mark(onX, "There are three of them.", "🎉"))
	v.misses(t, mark(onSlack, "There are three of them.", "tada"))
}

// sealsPictures has each side send one, and gives what was sent.
func sealsPictures(t *testing.T, v *visit) [][]byte {
	t.Helper()
	path, theirs := picture(t, "pot.png", 48, 32)
	v.sends(t, onX, path, "Mine is broken")
	v.shows(t, filed(onSlack, "Mine is broken"), theirs)
	path, ours := picture(t, "new.png", 64, 40)
	v.sends(t, onSlack, path, "Yours will be like this")
	v.shows(t, filed(onX, "Yours will be like this"), ours)
	v.sees(t, sealed("Yours will be like this"))
	return [][]byte{theirs, ours}
}

// sealsDeletions has each side take something back.
func sealsDeletions(t *testing.T, v *visit) {
	t.Helper()
	v.says(t, onX, "Never mind")
	v.sees(t, relayed(onSlack, "Never mind"))
	v.deletes(t, onX, "Never mind")
	v.sees(t, told(onSlack, "deleted by the contact"))
	v.says(t, onSlack, "We do mind")
	arrives(t, v, "We do mind")
	v.deletes(t, onSlack, "We do mind")
	v.misses(t, told(onX, "We do mind"))
}

// held is everything that X has of encrypted messages, as the page shows it.
func (v *visit) held(t *testing.T) [][]byte {
	t.Helper()
	text, err := v.ask(`fetch(document.querySelector('[data-test="sealed"]').href).then((r) => r.text())`)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		b, err := strconv.Unquote(strings.TrimSuffix(line, "\n"))
		if err != nil {
			t.Fatalf("what X holds has the line %q: %v", line, err)
		}
		all = append(all, []byte(b))
	}
	kind := []byte(`"event_type":"chat.received"`)
	if !slices.ContainsFunc(all, func(b []byte) bool { return bytes.Contains(b, kind) }) {
		t.Errorf("what X holds are %d byte strings, and no message among them", len(all))
	}
	return all
}

// Whoever turns the lock writes so that X can read it, and is answered in the same way; the list has both.
func TestLock(t *testing.T) {
	t.Parallel()
	v := open(t)
	asks(t, v, onX, "Alice Moreau", "Which tea is this?")
	v.locks(t, lockOn, lockOff)
	v.says(t, onX, "I mean the green one")
	v.sees(t, relayed(onSlack, "I mean the green one"))
	v.says(t, onSlack, "It is sencha.")
	arrives(t, v, "It is sencha.")
	v.locks(t, lockOff, lockOn)
	v.says(t, onX, "Ah, good to know")
	v.sees(t, relayed(onSlack, "Ah, good to know"))
	v.says(t, onSlack, "It is from Uji.")
	arrives(t, v, "It is from Uji.")
	for words, want := range map[string]int{"Which tea": 1, "green one": 0, "sencha": 0, "good to know": 1, "Uji": 1} {
		if n := v.counts(t, sealed(words)); n != want || v.counts(t, said(onX, words)) != 1 {
			t.Errorf("X shows %q %d times encrypted, want %d", words, n, want)
		}
	}
	v.plays(t, onX, "Bruno Silva")
	v.sees(t, at("lock", lockOff).in(pane(onX)))
	if err := v.do(window(1280, 720)); err != nil { // a laptop, where the lock finds no room beside the people
		t.Fatal(err)
	}
	v.until(t, "people of X in one row", `new Set(Array.from(document.querySelectorAll('[data-pane="x"] .chip'), (c) => c.offsetTop)).size === 1`)
	v.scene(t, channel)
	v.misses(t, at("lock").in(pane(onX)))
}
