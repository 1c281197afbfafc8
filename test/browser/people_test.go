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

// The panes.
const (
	onX        = "x"
	onSlack    = "slack"
	onDiscord  = "discord"
	onTelegram = "telegram"
)

// everywhere are all of them, in the order of the page.
func everywhere() []string { return []string{onX, onSlack, onDiscord, onTelegram} }

// but are all panes but one.
func but(one string) []string {
	var others []string
	for _, p := range everywhere() {
		if p != one {
			others = append(others, p)
		}
	}
	return others
}

// The kinds of place in a pane.
const (
	direct  = "direct"
	channel = "channel"
	desk    = "desk"
)

// Who is there first, on each platform.
func firstOn(pane string) string {
	return map[string]string{onX: "Alice Moreau", onSlack: "Dana Weiss", onDiscord: "Carol Jensen", onTelegram: "Grace Okafor"}[pane]
}

func secondOn(pane string) string {
	return map[string]string{onX: "Bruno Silva", onSlack: "Eli Novak", onDiscord: "Femi Adeyemi", onTelegram: "Hugo Brandt"}[pane]
}

func css(selector string, words ...string) spot { return spot{CSS: selector, Words: words} }

// pane is the pane of a platform.
func pane(name string) spot { return at("pane").with("data-pane", name) }

// said is a message that a pane shows.
func said(in string, words ...string) spot { return at("message", words...).in(pane(in)) }

// told is one that Roost brought there.
func told(in string, words ...string) spot { return said(in, words...).with("data-app", "") }

// relayed is one that is no card: a card repeats the words that it opens with, and its buttons know their case once the
// first message has followed.
func relayed(in string, words ...string) spot {
	return css(`[data-test="message"][data-app]:not(:has(.b-actions))`, words...).in(pane(in))
}

// filed is one with files; the card of a case repeats its words without them.
func filed(in string, words ...string) spot {
	return css(`[data-test="message"]:has(.files)`, words...).in(pane(in))
}

// mark is an emoji on a message.
func mark(in, words, name string) spot {
	return at("reaction").with("data-name", name).in(said(in, words))
}

// trip is how the page tells what became of a message; step is a step of it.
func trip(words, outcome string) spot { return at("trip", words).with("data-outcome", outcome) }

func step(words, mark, detail string) spot {
	return at("trip-step", detail).with("data-mark", mark).in(at("trip", words))
}

// carried waits until Roost has written down that a message of the channel is everywhere. What is done to a copy before
// that is about a message that Roost does not know.
func (v *visit) carried(t *testing.T, from, words string) {
	t.Helper()
	for _, to := range but(from) {
		place := map[string]string{onX: "to the group on X", onSlack: "to Slack #lounge", onDiscord: "to Discord #lounge", onTelegram: "to Lounge on Telegram"}[to]
		v.sees(t, step(words, "done", place))
	}
}

// scene moves all panes to a desk or to the mirrored channel.
func (v *visit) scene(t *testing.T, kind string) {
	t.Helper()
	v.presses(t, at("scene-"+kind))
	v.sees(t, at("scene-"+kind).with("aria-pressed", "true"))
}

// goes opens a place of a pane.
func (v *visit) goes(t *testing.T, in, kind string) {
	t.Helper()
	tab := at("tab").with("data-kind", kind).in(pane(in))
	v.presses(t, tab)
	v.sees(t, tab.with("aria-pressed", "true"))
}

// plays makes somebody the one who writes in a pane.
func (v *visit) plays(t *testing.T, in, name string) {
	t.Helper()
	v.presses(t, at("person").with("data-name", name).in(pane(in)))
	v.sees(t, css(`[data-test="person"]:checked`).with("data-name", name).in(pane(in)))
}

// says types words into a pane and sends them with the Enter key. Nothing stays in the input.
func (v *visit) says(t *testing.T, in, words string) {
	t.Helper()
	v.types(t, at("input").in(pane(in)), words)
	v.hits(t, "Enter")
	v.until(t, "empty input", fmt.Sprintf(`hands.find(%s).value === ""`, at("input").in(pane(in))))
}

// sends has a person send a file with words.
func (v *visit) sends(t *testing.T, in, path, words string) {
	t.Helper()
	v.attaches(t, in, path)
	v.sees(t, css(".file-name", filepath.Base(path)).in(pane(in)))
	v.says(t, in, words)
	v.misses(t, css(".file-name", filepath.Base(path)).in(pane(in)))
}

// uses presses one of the tools of a message, which are there once one points at it.
func (v *visit) uses(t *testing.T, tool string, message spot) {
	t.Helper()
	v.until(t, tool+" of "+message.String(), fmt.Sprintf("hands.point(%s) && hands.press(%s)", message, at(tool).in(message)))
}

// reacts picks an emoji for a message.
func (v *visit) reacts(t *testing.T, message spot, emoji string) {
	t.Helper()
	v.uses(t, "pick", message)
	v.presses(t, at("emoji").with("data-name", emoji).in(message))
}

// edits puts other words into a message.
func (v *visit) edits(t *testing.T, in, from, to string) {
	t.Helper()
	v.uses(t, "edit", said(in, from))
	v.sees(t, at("input", from).in(pane(in)))
	v.types(t, at("input").in(pane(in)), to)
	v.presses(t, at("send", "Save").in(pane(in)))
	v.sees(t, said(in, to))
}

// deletes takes a message away.
func (v *visit) deletes(t *testing.T, in, words string) {
	t.Helper()
	v.uses(t, "delete", said(in, words))
	v.presses(t, at("confirm-yes"))
	v.misses(t, said(in, words))
}

// opens opens the case of somebody at a desk, once it is there. Until then another one may be open.
func (v *visit) opens(t *testing.T, in, name string) {
	t.Helper()
	v.goes(t, in, desk)
	open, card, back := at("thread-name", name).in(pane(in)), css(".card", name).in(pane(in)), at("back").in(pane(in))
	v.until(t, "case of "+name+" on "+in, fmt.Sprintf("hands.find(%s) || void (hands.press(%s) || hands.press(%s))", open, at("open").in(card), back))
}

// picture makes a picture file of a size.
func picture(t *testing.T, name string, width, height int) (path string, data []byte) {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, b.Bytes()
}

// shows waits until a picture is painted, and compares it to the file that was sent.
func (v *visit) shows(t *testing.T, s spot, sent []byte) {
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
