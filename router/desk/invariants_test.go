package desk_test

import (
	"encoding/json"
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
)

// fataler is what testing.T and rapid.T share.
type fataler interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

var _ fataler = (*testing.T)(nil)

// clone is a copy of v that shares nothing with it.
func clone[T any](t fataler, v T) T {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("marshal %T: %v", v, err)
	}
	var c T
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatalf("unmarshal %T: %v", v, err)
	}
	return c
}

// valid checks what holds of every result.
func valid(t fataler, res desk.Result) {
	t.Helper()
	validCase(t, res.Case)
	if n := len(res.Contact.Last); n > 3 {
		t.Errorf("the contact is remembered by %d cases, want 3 at most", n)
	}
	for _, d := range res.Deliveries {
		validDelivery(t, res.Case, d)
	}
	seen := map[chat.Ref]bool{}
	for _, l := range res.Lines {
		if l.Ref.IsZero() || l.Case != res.Case.ID || l.At.IsZero() || l.Way == "" {
			t.Errorf("line %+v lacks its ref, case, time or way", l)
		}
		if seen[l.Ref] {
			t.Errorf("two lines have the ref %s", l.Ref)
		}
		seen[l.Ref] = true
	}
}

func validCase(t fataler, c desk.Case) {
	t.Helper()
	switch c.State {
	case desk.Open, desk.Snoozed, desk.Closed:
	default:
		t.Errorf("state is %q", c.State)
	}
	if c.Closed.IsZero() != (c.State != desk.Closed) {
		t.Errorf("state is %s, closed %v", c.State, c.Closed)
	}
	if c.Until.IsZero() != (c.State != desk.Snoozed) {
		t.Errorf("state is %s, until %v", c.State, c.Until)
	}
	if len(c.Later) > 20 {
		t.Errorf("%d messages are scheduled, want 20 at most", len(c.Later))
	}
	waits := map[chat.Ref]bool{}
	for _, h := range c.Held {
		waits[h.Ref] = true
	}
	for _, l := range c.Later {
		if waits[l.Ref] || l.Due.IsZero() || l.By.IsZero() {
			t.Errorf("scheduled %+v is there twice, or lacks its time or author", l)
		}
		waits[l.Ref] = true
	}
	surfaces := map[chat.Conversation]bool{}
	for _, th := range c.Threads {
		if surfaces[th.Surface] {
			t.Errorf("the case has two threads on %s", th.Surface)
		}
		surfaces[th.Surface] = true
		if len(th.Healed) > 3 {
			t.Errorf("a thread was opened again %d times within an hour", len(th.Healed))
		}
	}
}

func validDelivery(t fataler, c desk.Case, d chat.Delivery) {
	t.Helper()
	if d.Case != c.ID || d.Lane == "" || d.Purpose == "" || d.Action == nil {
		t.Fatalf("delivery %+v lacks its case, lane, purpose or action", d)
	}
	if d.ID != 0 || d.State != "" || !d.Admitted.IsZero() || d.Tries != 0 {
		t.Errorf("delivery %+v has what only the store gives", d)
	}
	if d.Action.Target().IsZero() {
		t.Errorf("delivery %+v goes nowhere", d)
	}
	if _, _, err := chat.EncodeAction(d.Action); err != nil {
		t.Errorf("delivery %+v can't be stored: %v", d, err)
	}
	validCard(t, d.Action)
	if d.Purpose == "show" && !stood(d.Action) {
		t.Errorf("nothing stands for %+v where it can't be done", d)
	}
	if d.Within.IsZero() {
		return
	}
	for _, th := range c.Threads {
		if d.Within == c.CardRef(th) && d.Lane == chat.LaneWithin(th.Surface, c.ID) && d.Action.Target() == th.Surface {
			return
		}
	}
	t.Errorf("delivery %+v is within no thread of the case", d)
}

// stood says whether the team is told of a in another way where it can't be done. That a reply was deleted is no news.
func stood(a chat.Action) bool {
	switch a := a.(type) {
	case chat.Edit:
		return a.Else != nil
	case chat.React:
		return a.Else != nil
	case chat.Post, chat.Delete, chat.Pin, chat.Open, chat.Hear:
	}
	return true
}

// validCard holds cards to what Slack, Discord and Telegram show: five buttons in a row, with values of 200 bytes.
func validCard(t fataler, a chat.Action) {
	t.Helper()
	var card *chat.Card
	switch a := a.(type) {
	case chat.Open:
		card = &a.Card
	case chat.Post:
		card = a.Card
	case chat.Edit:
		card = a.Card
	case chat.Delete, chat.React, chat.Pin, chat.Hear:
	}
	if card == nil {
		return
	}
	seen := map[string]bool{}
	for _, b := range card.Buttons {
		if seen[b.ID] || b.Label == "" || len(b.Value) > 200 {
			t.Errorf("button %+v of %+v", b, card.Buttons)
		}
		seen[b.ID] = true
	}
	if len(card.Buttons) > 5 {
		t.Errorf("a card has %d buttons, want 5 at most", len(card.Buttons))
	}
}
