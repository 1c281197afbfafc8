package bots

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// offer is the bot's last message with buttons in a talk. Who sees them as numbered lines presses one by its number or its
// label. The answers to questions are the dialogs'.
type offer struct {
	Ref     chat.Ref      `json:"ref"`
	Buttons []chat.Button `json:"buttons"`
	Since   time.Time     `json:"since"`
}

// offerTime is how long a number still means a button.
const offerTime = 7 * 24 * time.Hour

// labelMax is how long a message may be that is a label, in bytes.
const labelMax = 80

func (h *Host) offerKey(talk chat.Conversation) string {
	return "bot/" + h.cfg.Name + "/offer/" + string(talk.ID)
}

// offer keeps what can be pressed from now on where buttons can't be shown: here, or in another conversation of the mirror.
func (r *run) offer(acts []chat.Act) error {
	here := r.in.Event.Conversation
	if r.in.Can.Cards && r.in.To == r.h.Talk(here.Place()) {
		return nil
	}
	for _, a := range slices.Backward(acts) {
		s, ok := a.(chat.Say)
		if !ok || s.Post.Card == nil || s.Post.To.Place() != here.Place() || s.Post.Card.Buttons[0].ID == askButton {
			continue
		}
		b, err := json.Marshal(offer{Ref: s.Ref, Buttons: s.Post.Card.Buttons, Since: r.h.cfg.Env.Now().UTC()})
		if err != nil {
			return fmt.Errorf("write choices: %w", err)
		}
		r.out.Keep = append(r.out.Keep, chat.Kept{Key: r.h.offerKey(r.in.To), Now: b, Any: true})
		return nil
	}
	return nil
}

// pick makes a number or a label, where buttons can't be shown, the press of a button.
func (r *run) pick(ctx context.Context) error {
	said, ok := r.in.Event.What.(chat.Posted)
	if !ok || r.in.Can.Cards || !r.v.mayPick(r.in.Event) || r.v.matchWords(r.in.Event, said.Text).called() {
		return nil
	}
	raw, err := r.h.cfg.Env.State(ctx, r.h.offerKey(r.in.To))
	if err != nil {
		return fmt.Errorf("%w: read choices: %w", ErrAgain, err)
	}
	var o offer
	if raw == nil || json.Unmarshal(raw, &o) != nil || r.h.cfg.Env.Now().Sub(o.Since) > offerTime {
		return nil // what can't be read is as if it were not there
	}
	if i := o.find(strings.TrimSpace(said.Text.Body)); i >= 0 {
		r.in.Event.What = chat.Pressed{Button: o.Buttons[i].ID, Value: o.Buttons[i].Value}
		r.in.About = o.Ref
	}
	return nil
}

// called says whether a message is a command.
func (m matched) called() bool { return m.help || m.trigger != nil && m.trigger.Command != nil }

// find is the button with this number or label; -1: there is none.
func (o offer) find(words string) int {
	if n, ok := numberOf(words); ok && n >= 1 && n <= len(o.Buttons) {
		return n - 1
	}
	return slices.IndexFunc(o.Buttons, func(b chat.Button) bool { return strings.EqualFold(b.Label, words) })
}

// numberOf reads 2, 2. and 2).
func numberOf(words string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimRight(words, ".)"))
	return n, err == nil
}

// mayPick says whether a message can be the number or the label of a button.
func (v *version) mayPick(ev chat.Event) bool {
	said, ok := ev.What.(chat.Posted)
	if !ok || !slices.ContainsFunc(v.spec.Triggers, func(t Trigger) bool { return t.Button != "" }) {
		return false
	}
	words := strings.TrimSpace(said.Text.Body)
	_, number := numberOf(words)
	return number || ev.Direct && len(words) <= labelMax
}
