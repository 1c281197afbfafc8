package desk

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// The buttons of a desk. On a card each has the case as its Value; as a command none has.
const (
	buttonClaim   = "claim"
	buttonClose   = "close"
	buttonReopen  = "reopen"
	buttonSnooze  = "snooze"
	buttonBlock   = "block"
	buttonUnblock = "unblock"
	buttonReply   = "reply"
	buttonNote    = "note" // by command only
	buttonBot     = "bot"
	buttonLater   = "later"   // by command only
	buttonNow     = "now"     // now:<token of the scheduled message>
	buttonUnsend  = "unsend"  // unsend:<token of the scheduled message>
	buttonSend    = "send"    // send:<token of the held message>
	buttonKeep    = "keep"    // keep:<token of the held message>
	buttonRetry   = "retry"   // retry:<delivery>
	buttonResend  = "resend"  // resend:<token of the reply that bounced>
	buttonAgain   = "again"   // again:<delivery>
	buttonArrived = "arrived" // arrived:<delivery>
)

// The fields of the forms behind them.
const (
	fieldFor  = "for"
	fieldText = "text"
)

// card is how a case looks on a surface.
func (d Desk) card(c Case, who Contact, on Surface, now time.Time) chat.Card {
	return chat.Card{
		Title:   contactName(who),
		State:   c.mark(),
		Image:   who.Avatar,
		Body:    c.Gist,
		Facts:   facts(c, who),
		Footer:  strings.Join(d.footer(c, who, on, now), " · "),
		Buttons: named(c, d.buttons(c, who, on)),
	}
}

// mark is how the case stands, in one word.
func (c Case) mark() chat.Mark {
	switch {
	case c.State == Closed:
		return chat.MarkClosed
	case c.State == Snoozed:
		return chat.MarkSnoozed
	case !c.Owner.IsZero():
		return chat.MarkClaimed
	}
	return chat.MarkOpen
}

// named makes each button say which case it is about: some platforms don't tell in which thread it was pressed.
func named(c Case, bs []chat.Button) []chat.Button {
	for i := range bs {
		bs[i].Value = string(c.ID)
	}
	return bs
}

func facts(c Case, who Contact) []chat.Fact {
	var fs []chat.Fact
	if who.Handle != "" {
		fs = append(fs, chat.Fact{Name: "Handle", Value: oneLine("@" + strings.TrimPrefix(who.Handle, "@"))})
	}
	fs = append(fs, chat.Fact{Name: "Platform", Value: string(who.Account)})
	if !who.Since.IsZero() {
		fs = append(fs, chat.Fact{Name: "Since", Value: who.Since.UTC().Format(time.DateOnly)})
	}
	if earlier := who.Cases - 1; earlier > 0 {
		fs = append(fs, chat.Fact{Name: "Earlier cases", Value: strconv.Itoa(earlier)})
	}
	for _, p := range who.Last {
		if p.Case != c.ID {
			fs = append(fs, chat.Fact{Name: "Closed " + p.Closed.UTC().Format(time.DateOnly), Value: past(p)})
		}
	}
	return fs
}

func past(p Past) string {
	s := oneLine(p.Gist)
	if p.By != "" {
		s += " (" + text.Name(p.By, nameMax) + ")"
	}
	return strings.TrimSpace(s)
}

func oneLine(s string) string { return text.Snippet(text.Plain(s), gistMax) }

// footer says how the case stands, and what happens to what one writes.
func (d Desk) footer(c Case, who Contact, on Surface, now time.Time) []string {
	parts := []string{stateInWords(c)}
	if who.Blocked {
		parts = append(parts, "blocked")
	}
	switch {
	case !c.Owner.IsZero():
		parts = append(parts, text.Name(c.Owner.Name, nameMax)+"'s")
	case d.botsAnswer(c):
		parts = append(parts, "a bot answers")
	default:
		parts = append(parts, "nobody's yet")
	}
	if !c.Waiting.IsZero() && !d.botsAnswer(c) {
		// Since when, not for how long: a card is not written anew as time goes by.
		parts = append(parts, "waiting since "+clock(c.Waiting, now))
	}
	return append(parts, d.modeInWords(on.Reply))
}

func stateInWords(c Case) string {
	if c.State == Snoozed {
		return "snoozed until " + c.Until.UTC().Format("2006-01-02 15:04") + " UTC"
	}
	return string(c.State)
}

func (d Desk) modeInWords(m Mode) string {
	switch m {
	case Send:
		return "what you write here goes to the contact · " + d.noteMark() + " makes a note"
	case Ask:
		return "what you write here goes to the contact once you say so · " + d.noteMark() + " makes a note"
	case Note:
		return "what you write here stays here · " + d.sendMark() + " in front sends it to the contact"
	case Alerts:
	}
	return "what you write here stays here"
}

// clock is a time of day, with its day when that is not today.
func clock(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04 UTC")
	}
	return t.Format("2006-01-02 15:04 UTC")
}

// short is a duration as people say it; less than a minute is nothing.
func short(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return ""
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < day && d%time.Hour < time.Minute:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d < day:
		return fmt.Sprintf("%dh %dm", d/time.Hour, d%time.Hour/time.Minute)
	case d%day < time.Hour:
		return fmt.Sprintf("%dd", d/day)
	}
	return fmt.Sprintf("%dd %dh", d/day, d%day/time.Hour)
}

// buttons are five at most: some platforms show no more in one row.
func (d Desk) buttons(c Case, who Contact, on Surface) []chat.Button {
	var bs []chat.Button
	switch c.State {
	case Closed:
		bs = append(bs, chat.Button{ID: buttonReopen, Label: "Reopen", Style: chat.Primary})
	case Snoozed:
		bs = append(bs, claimButton(c), chat.Button{ID: buttonClose, Label: "Close"}, chat.Button{ID: buttonReopen, Label: "Wake"})
	case Open:
		bs = append(bs, claimButton(c), chat.Button{ID: buttonClose, Label: "Close"}, snoozeButton())
	}
	if on.Reply == Note && c.State != Closed && !who.Blocked {
		bs = append(bs, replyButton(who))
	}
	if d.Bots && c.WithPeople() && c.State == Open && len(bs) < 4 {
		bs = append(bs, chat.Button{ID: buttonBot, Label: "Give to bot"})
	}
	if who.Blocked {
		return append(bs, chat.Button{ID: buttonUnblock, Label: "Unblock"})
	}
	return append(bs, chat.Button{
		ID: buttonBlock, Label: "Block", Style: chat.Danger,
		Ask: "Block " + contactName(who) + "? What they write will not be shown until somebody unblocks them.",
	})
}

// botsAnswer says whether bots answer the contact of c, and not people.
func (d Desk) botsAnswer(c Case) bool { return d.Bots && !c.WithPeople() && c.State == Open }

func claimButton(c Case) chat.Button {
	if c.Owner.IsZero() {
		return chat.Button{ID: buttonClaim, Label: "Claim", Style: chat.Primary}
	}
	return chat.Button{ID: buttonClaim, Label: "Take over"}
}

func snoozeButton() chat.Button {
	return chat.Button{ID: buttonSnooze, Label: "Snooze", Form: &chat.Form{
		Title: "Snooze", Submit: "Snooze",
		Fields: []chat.Field{{ID: fieldFor, Label: "For how long?", Initial: "24h", Choices: []chat.Choice{
			{Value: "1h", Label: "1 hour"},
			{Value: "4h", Label: "4 hours"},
			{Value: "24h", Label: "until this time tomorrow"},
			{Value: "72h", Label: "3 days"},
			{Value: "168h", Label: "a week"},
		}}},
	}}
}

func replyButton(who Contact) chat.Button {
	return chat.Button{ID: buttonReply, Label: "Reply", Form: textForm("Reply", "Send", "To "+contactName(who))}
}
