package sandbox

import (
	"cmp"
	"fmt"
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
}

// stepJSON is one step of it.
type stepJSON struct {
	MS     int64  `json:"ms"` // since the trip began
	Mark   string `json:"mark"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
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
		Who: cmp.Or(tr.author.Name, p.personName(tr.account.Platform(), string(tr.author.ID))), Outcome: going,
	}
	for _, s := range tr.steps {
		one := p.step(s)
		one.MS = s.at.Sub(tr.began).Milliseconds()
		out.Outcome = one.Mark
		out.Steps = append(out.Steps, one)
	}
	return out
}

func (p *Page) step(s step) stepJSON {
	place := p.place(s.to)
	switch s.kind {
	case router.Received:
		return stepJSON{Mark: going, Title: "Received", Detail: "from " + place}
	case router.Admitted:
		return stepJSON{Mark: safe, Title: "Stored", Detail: "on disk, confirmed to " + platformName(s.to.Account.Platform())}
	case string(chat.Sent):
		return stepJSON{Mark: done, Title: actionInWords(s), Detail: "on " + place + took(s)}
	}
	out := stepJSON{Mark: failed, Title: failureInWords(s), Detail: place + ": " + s.reason}
	if s.state == chat.Waiting {
		out.Mark = waiting
		out.Detail += fmt.Sprintf(" · try %d, next in %s", max(1, s.try), wait(s.due.Sub(s.at)))
	}
	return out
}

func took(s step) string { return fmt.Sprintf(" · took %d ms", s.took.Milliseconds()) }

func wait(d time.Duration) string { return fmt.Sprintf("%.1f s", max(0, d.Seconds())) }

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
	return "Refused (" + s.kind + ")"
}

func actionInWords(s step) string {
	switch s.action {
	case "open":
		return "Case opened"
	case "edit":
		return "Edited"
	case "delete":
		return "Deleted"
	case "react":
		return "Marked " + s.emoji
	}
	return "Delivered"
}

func emojiOf(a chat.Action) string {
	r, ok := a.(chat.React)
	if !ok {
		return ""
	}
	if r.Remove {
		return "no more " + r.Emoji
	}
	return r.Emoji
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
		if h.Removed {
			return "took back " + h.Emoji, ""
		}
		return "reacted with " + h.Emoji, ""
	case chat.Pressed:
		return "pressed", h.Button
	case chat.Joined:
		return "joined", ""
	case chat.Left:
		return "left", ""
	case chat.Typing:
		return "is typing", ""
	case chat.Read:
		return "has read it", ""
	}
	return "did something", ""
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
	}
	return platform
}

// place names a conversation as a person would.
func (p *Page) place(c chat.Conversation) string {
	platform := c.Account.Platform()
	switch {
	case platform == "x":
		return "X, to " + p.personName(platform, string(c.ID))
	case platform == "slack" && string(c.ID) == p.cfg.Channel && c.Thread != "":
		return "Slack #" + p.channelName() + ", thread"
	case platform == "slack" && string(c.ID) == p.cfg.Channel:
		return "Slack #" + p.channelName()
	}
	return c.String()
}
