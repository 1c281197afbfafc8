package sandbox

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const snippet = 90 // characters of a message in its trip

// tripJSON is a trip as the page shows it.
type tripJSON struct {
	ID       int64      `json:"id"`
	Seq      int64      `json:"seq"` // grows with each change
	At       time.Time  `json:"at"`
	Platform string     `json:"platform"`
	Who      string     `json:"who"`
	What     string     `json:"what"`
	Text     string     `json:"text"`
	Outcome  string     `json:"outcome"`
	Steps    []stepJSON `json:"steps"`
	Line     bool       `json:"line,omitempty"` // no trip: something that happened to Roost itself
}

// stepJSON is one step of it.
type stepJSON struct {
	MS     int64  `json:"ms"` // since the trip began
	Mark   string `json:"mark"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
	Pause  int64  `json:"pause,omitempty"` // ms before the first try
}

// The marks of a step, and the outcomes of a trip.
const (
	going   = "going"   // came in
	safe    = "safe"    // stored
	done    = "done"    // taken by the platform
	waiting = "waiting" // to be tried again
	failed  = "failed"  // a person must act, or never
)

// shown puts a trip into words.
func (p *Page) shown(tr trip) tripJSON {
	out := tripJSON{
		ID: tr.id, Seq: tr.seq, At: tr.began, Platform: tr.account.Platform(), What: tr.what, Text: tr.text,
		Who: p.author(tr), Outcome: going, Steps: []stepJSON{}, Line: tr.line,
	}
	ended := map[chat.DeliveryID]string{} // how the last try of each ended
	for _, s := range tr.steps {
		one := p.step(s)
		one.MS = s.at.Sub(tr.began).Milliseconds()
		out.Steps = append(out.Steps, one)
		if s.delivery == 0 {
			out.Outcome = one.Mark
			continue
		}
		ended[s.delivery] = one.Mark
	}
	marks := slices.Collect(maps.Values(ended))
	for _, mark := range []string{done, waiting, failed} { // the worst counts
		if slices.Contains(marks, mark) {
			out.Outcome = mark
		}
	}
	return out
}

// author prefers the name that the rest of the page shows.
func (p *Page) author(tr trip) string {
	if pane, ok := p.pane(tr.account.Platform()); ok {
		if name := pane.person(string(tr.author.ID)); name != "" {
			return name
		}
	}
	if tr.account.IsBot() {
		return cmp.Or(tr.author.Name, botName(tr.account))
	}
	return cmp.Or(tr.author.Name, string(tr.author.ID))
}

func (p *Page) step(s step) stepJSON {
	place := p.place(s.to)
	switch s.kind {
	case router.Received:
		return stepJSON{Mark: going, Title: "Received", Detail: "from " + platformName(s.to.Account.Platform())}
	case router.Admitted:
		return stepJSON{Mark: safe, Title: "Stored", Detail: confirmed(s)}
	case string(chat.Sent):
		out := stepJSON{Mark: done, Title: s.title, Detail: where(s, place), Pause: s.pause.Milliseconds()}
		if s.pause > 0 {
			out.Detail += " after a pause of " + seconds(s.pause)
		}
		return out
	}
	if s.loose && s.state == chat.Rejected {
		return stepJSON{Mark: done, Title: "No thread", Detail: place + " has none, so it is said there itself"}
	}
	out := stepJSON{Mark: failed, Title: failureInWords(s), Detail: place + ": " + s.reason}
	if s.state == chat.Waiting {
		out.Mark = waiting
		out.Detail += fmt.Sprintf(" · try %d, next in %s", max(1, s.try), seconds(s.due.Sub(s.at)))
	}
	return out
}

func confirmed(s step) string {
	if s.to.Account.IsBot() {
		return ""
	}
	return "and confirmed to " + platformName(s.to.Account.Platform())
}

// where says where a delivery went: the channel or person for what is new, the platform for what only changes.
func where(s step, place string) string {
	switch s.action {
	case "hear":
		return ""
	case "post":
		return cmp.Or(s.words, "to ") + place
	case "open":
		return "in " + place
	}
	return "on " + platformName(s.to.Account.Platform())
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", max(0, d.Seconds())) }

func failureInWords(s step) string {
	switch s.state {
	case chat.Waiting:
		return "Put off (" + s.kind + ")"
	case chat.Held:
		return "Held (" + s.kind + ")"
	case chat.Dead:
		return "Given up (" + s.kind + ")"
	case chat.Cancelled:
		return "Taken back"
	case chat.Sent, chat.Rejected:
	}
	if s.kind == chat.Refused.String() {
		return "Refused"
	}
	return "Refused (" + s.kind + ")"
}

// speaker is the bot whose message a delivery carries, rewords or takes back; empty when it is nobody's.
func speaker(d *chat.Delivery) chat.Account {
	switch d.Action.(type) {
	case chat.Edit, chat.Delete:
		return d.Of.SaidBy()
	case chat.Post:
		return d.Source.SaidBy()
	case chat.React, chat.Pin, chat.Open, chat.Hear:
	}
	return ""
}

// shownOf says whether a delivery lets others see what a bot did elsewhere.
func shownOf(d *chat.Delivery) bool {
	return speaker(d) != "" && d.Action.Target().Place() != cmp.Or(d.Source, d.Of).Conversation.Place()
}

// spoken is what a bot says by a delivery, or whose words others see.
func spoken(d *chat.Delivery) string {
	a, ok := d.Action.(chat.Post)
	switch {
	case !ok || speaker(d) == "":
		return ""
	case shownOf(d):
		return "what " + speaker(d).Name() + " said, in "
	}
	return "“" + said(a.Text, a.Files) + "” to "
}

func botName(a chat.Account) string { return "The bot " + a.Name() }

// title is what a delivery did when it was sent.
func title(d *chat.Delivery) string {
	if h, ok := d.Action.(chat.Hear); ok {
		return botName(h.To.Account) + " heard it"
	}
	by := speaker(d)
	what := map[string]string{"post": " said", "edit": " reworded it", "delete": " took it back"}[chat.ActionName(d.Action)]
	if by == "" || what == "" || shownOf(d) {
		return did(d)
	}
	return by.Name() + what
}

// did is what a delivery did, whoever wanted it.
func did(d *chat.Delivery) string {
	either := func(holds bool, yes, no string) string { return map[bool]string{true: yes, false: no}[holds] }
	switch a := d.Action.(type) {
	case chat.Post:
		return either(shownOf(d), "Shown", "Delivered")
	case chat.Open:
		return either(a.Bare, "Asked for a thread", "Case opened") // there may be no thread
	case chat.Edit:
		return either(a.Card != nil && speaker(d) == "", "Card updated", "Updated")
	case chat.Delete:
		return "Deleted"
	case chat.React:
		return either(a.Remove, "Unmarked ", "Marked ") + a.Emoji
	case chat.Pin:
		return either(a.Remove, "Unpinned", "Pinned")
	case chat.Hear: // its title says it
	}
	return "Done"
}

// alone says what Roost does when no event is known that made it.
func alone(a chat.Action) (what, words string) {
	switch a := a.(type) {
	case chat.Post:
		return "wrote", said(a.Text, a.Files)
	case chat.Hear:
		return "woke up", ""
	case chat.Edit, chat.Delete, chat.React, chat.Pin, chat.Open:
	}
	return "brought something up to date", ""
}

// inWords says what happened, and with which words.
func inWords(h chat.Happening) (what, words string) {
	switch h := h.(type) {
	case chat.Posted:
		return "wrote", said(h.Text, h.Files)
	case chat.Edited:
		return "edited", said(h.Text, h.Files)
	case chat.Deleted:
		return "deleted a message", ""
	case chat.Reacted:
		return map[bool]string{true: "took back ", false: "reacted with "}[h.Removed] + h.Emoji, ""
	case chat.Pinned:
		return map[bool]string{true: "took a pin off", false: "pinned a message"}[h.Removed], ""
	case chat.Pressed:
		return "pressed", h.Button
	case chat.Bounced:
		return "did not get a message", h.Reason
	case chat.Called:
		return "was called", h.Name
	case chat.Joined, chat.Left, chat.Typing, chat.Read:
		return sign(h), ""
	}
	return "did something", ""
}

// sign says what happened without any words.
func sign(h chat.Happening) string {
	switch h.(type) {
	case chat.Joined:
		return "joined"
	case chat.Left:
		return "left"
	case chat.Typing:
		return "is typing"
	default:
		return "has read it"
	}
}

func said(t text.Text, files []chat.File) string {
	words := text.Snippet(t, snippet)
	switch {
	case len(files) == 0:
		return words
	case words == "":
		return "a file: " + text.Snippet(text.Plain(files[0].Name), snippet)
	}
	return words + " (with a file)"
}

func platformName(platform string) string {
	switch platform {
	case "x":
		return "X"
	case "slack":
		return "Slack"
	case "discord":
		return "Discord"
	case "telegram":
		return "Telegram"
	case chat.BotPlatform:
		return "its own clock or a webhook"
	}
	return platform
}

// place names a conversation as a person would.
func (p *Page) place(c chat.Conversation) string {
	if c.Account.IsBot() {
		return "the bot " + c.Account.Name()
	}
	if pane, ok := p.pane(c.Account.Platform()); ok {
		if name := pane.place(c); name != "" {
			return name
		}
	}
	return c.String()
}
