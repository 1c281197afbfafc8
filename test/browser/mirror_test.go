package browser_test

import (
	"cmp"
	"strings"
	"testing"
)

// custom is what people on a platform can do, and what is seen there of what others did.
type custom struct {
	bold     string // how bold words are typed; empty: there is no such thing
	marked   string // how bold words are shown
	bearing  bool   // a message bears the name of who wrote it; elsewhere the name stands in front of the text
	emoji    string // the heart, as the platform names it; empty: there are no reactions
	edits    bool   // people can change and delete what they wrote, and so can Roost
	deletion bool   // Roost hears of a deletion; elsewhere there is /delete
}

func customOf(pane string) custom {
	return map[string]custom{
		onX:        {},
		onSlack:    {bold: "*bold*", marked: "strong", bearing: true, emoji: "heart", edits: true, deletion: true},
		onDiscord:  {bold: "**bold**", marked: "strong", bearing: true, emoji: "❤️", edits: true, deletion: true},
		onTelegram: {bold: "**bold**", marked: "strong", emoji: "❤", edits: true},
	}[pane]
}

// What is typed in any pane shows in the other three, and what becomes of it too; where a platform has no such thing, in
// the form that docs/mirror.md says.
func TestMirror(t *testing.T) {
	t.Parallel()
	for _, from := range everywhere() {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			v := open(t)
			v.scene(t, channel)
			mirrorsWords(t, v, from)
			mirrorsReply(t, v, from)
			mirrorsReaction(t, v, from)
			mirrorsPicture(t, v, from)
			if customOf(from).edits {
				mirrorsEdit(t, v, from)
				mirrorsDeletion(t, v, from)
			}
		})
	}
}

// mirrorsWords has somebody say something, with formatting where that can be typed.
func mirrorsWords(t *testing.T, v *visit, from string) {
	t.Helper()
	own := customOf(from)
	words := "Who has the bold key & <tea>?"
	v.says(t, from, strings.Replace(words, "bold", cmp.Or(own.bold, "bold"), 1))
	if own.bold != "" {
		v.sees(t, css("strong", "bold").in(said(from, words)))
	}
	for _, to := range but(from) {
		its := customOf(to)
		if its.bearing {
			v.sees(t, at("name", firstOn(from)).in(told(to, words)))
		} else {
			v.sees(t, told(to, firstOn(from)+": "+words))
		}
		if its.marked != "" && own.bold != "" {
			v.sees(t, css(its.marked, "bold").in(told(to, words)))
		}
	}
	v.sees(t, trip(words, "done"))
}

// mirrorsReply has people answer on every other platform where one can, each way as it is done there.
func mirrorsReply(t *testing.T, v *visit, from string) {
	t.Helper()
	v.says(t, from, "Question of "+from)
	v.carried(t, from, "Question of "+from)
	for _, by := range but(from) {
		if by == onX {
			continue // there are no replies
		}
		answer := "Answer by " + by
		if by == onSlack {
			v.uses(t, "start", said(by, "Question of "+from))
		} else {
			v.uses(t, "answer", said(by, "Question of "+from))
		}
		v.says(t, by, answer)
		for _, to := range but(by) {
			v.seesAnswer(t, by, to, "Question of "+from, answer)
		}
		if by == onSlack {
			v.presses(t, at("back").in(pane(by)))
		}
	}
}

// seesAnswer waits until an answer shows with what it answers: as a reply, a quote, or in the thread that is its twin.
func (v *visit) seesAnswer(t *testing.T, by, to, question, answer string) {
	t.Helper()
	switch {
	case by == onSlack && to == onDiscord:
		v.presses(t, at("open").in(said(to, question)))
		v.sees(t, told(to, answer))
		v.presses(t, at("back").in(pane(to)))
	case by == onSlack:
		v.sees(t, told(to, answer)) // Slack does not tell what the thread hangs on
	case to == onTelegram:
		v.sees(t, at("reply", question).in(told(to, answer)))
	default:
		v.sees(t, told(to, question, answer))
	}
}

// mirrorsReaction has somebody react elsewhere, and take it back.
func mirrorsReaction(t *testing.T, v *visit, from string) {
	t.Helper()
	v.says(t, from, "Cake at four")
	v.carried(t, from, "Cake at four")
	by := onDiscord
	if from == onDiscord {
		by = onSlack
	}
	v.sees(t, said(by, "Cake at four"))
	v.reacts(t, said(by, "Cake at four"), customOf(by).emoji)
	for _, to := range but(by) {
		if name := customOf(to).emoji; name != "" {
			v.sees(t, mark(to, "Cake at four", name))
			continue
		}
		v.sees(t, told(to, "❤️", firstOn(by)))
	}
	v.presses(t, mark(by, "Cake at four", customOf(by).emoji))
	for _, to := range everywhere() {
		if name := customOf(to).emoji; name != "" {
			v.misses(t, mark(to, "Cake at four", name))
		}
	}
}

func mirrorsPicture(t *testing.T, v *visit, from string) {
	t.Helper()
	path, data := picture(t, "pot.png", 48, 32)
	v.sends(t, from, path, "The new pot")
	for _, to := range everywhere() {
		v.shows(t, filed(to, "The new pot"), data)
	}
}

func mirrorsEdit(t *testing.T, v *visit, from string) {
	t.Helper()
	v.says(t, from, "Tea at five")
	for _, to := range but(from) {
		v.sees(t, told(to, "Tea at five"))
	}
	v.edits(t, from, "Tea at five", "Tea at six")
	for _, to := range but(from) {
		if !customOf(to).edits {
			v.sees(t, told(to, "(edited)", "Tea at six"))
			continue
		}
		v.sees(t, told(to, "Tea at six"))
		v.misses(t, told(to, "Tea at five"))
	}
	for _, to := range everywhere() {
		want := 1
		if n := v.counts(t, said(to, "Tea at six")); n != want {
			t.Errorf("%s shows what was edited %d times, want %d", to, n, want)
		}
	}
}

func mirrorsDeletion(t *testing.T, v *visit, from string) {
	t.Helper()
	v.says(t, from, "No tea today")
	for _, to := range but(from) {
		v.sees(t, told(to, "No tea today"))
	}
	if customOf(from).deletion {
		v.deletes(t, from, "No tea today")
	} else {
		v.uses(t, "answer", said(from, "No tea today"))
		v.says(t, from, "/delete")
		v.misses(t, said(from, "No tea today"))
	}
	for _, to := range but(from) {
		if customOf(to).edits {
			v.misses(t, said(to, "No tea today"))
		}
	}
	v.sees(t, told(onX, "No tea today")) // X lets nobody delete what others have
	v.sees(t, told(from, "still shows what was deleted"))
	v.sees(t, trip("deleted a message", "failed"))
}
