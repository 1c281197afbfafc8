package browser_test

import (
	"testing"
)

// process is Roost as the header of the page shows it.
func process(state string) spot { return at("roost").with("data-state", state) }

// kills ends Roost, and waits until the page says so.
func (v *visit) kills(t *testing.T) {
	t.Helper()
	v.presses(t, at("roost-do", "Kill Roost"))
	v.sees(t, process("killed"))
	v.sees(t, at("trip-line", "Roost was killed"))
}

// starts has Roost come back before it does so by itself.
func (v *visit) starts(t *testing.T) {
	t.Helper()
	v.until(t, "running Roost", `hands.find(`+process("running").String()+`) || void hands.press(`+at("roost-do", "Start").String()+`)`)
	v.sees(t, at("trip-line", "Roost is back"))
}

// An order begun on Telegram goes on where it was though Roost was killed in the middle of it, each question is asked once,
// and the team sees all of it until somebody takes over.
func TestOrderOutlivesRoost(t *testing.T) {
	t.Parallel()
	v := open(t)
	v.goes(t, onTelegram, direct)
	v.plays(t, onTelegram, "Grace Okafor")
	v.says(t, onTelegram, "/order")
	v.sees(t, told(onTelegram, "Which size?"))
	v.sees(t, step("/order", "done", "The bot order heard it"))
	v.sees(t, step("/order", "done", "order said “Which size?” to Grace Okafor on Telegram"))
	for _, in := range []string{onSlack, onDiscord} {
		v.opens(t, in, "Grace Okafor")
		v.sees(t, told(in, "order (bot)", "Which size?", "2. M, 17 €"))
	}
	v.looks(t, "order-1-asked")
	v.presses(t, pressable(onTelegram, "M, 17 €"))
	v.sees(t, told(onTelegram, "Which size?", "→ M, 17 €"))
	v.sees(t, told(onTelegram, "How many?"))
	v.misses(t, pressable(onTelegram, "M, 17 €"))
	v.sees(t, told(onSlack, "How many?"))
	v.looks(t, "order-2-pressed")

	v.kills(t)
	v.says(t, onTelegram, "2")
	v.looks(t, "order-3-killed")
	if n := v.counts(t, told(onTelegram)); n != 2 {
		t.Errorf("while Roost is killed Telegram shows %d messages of it, want 2", n)
	}
	v.starts(t)
	v.sees(t, told(onTelegram, "Which name shall be on them?"))
	v.looks(t, "order-4-back")
	v.says(t, onTelegram, "Grace & Co")
	v.sees(t, told(onTelegram, "2 × M with “Grace & Co”, that is 34 €. Order?"))
	v.looks(t, "order-5-confirm")
	v.presses(t, pressable(onTelegram, "Yes"))
	v.sees(t, told(onTelegram, "Ordered: 2 × M with “Grace & Co”"))
	for _, question := range []string{"Which size?", "How many?", "Which name", "Order?", "Ordered:"} {
		if n := v.counts(t, told(onTelegram, question)); n != 1 {
			t.Errorf("Telegram shows %q %d times", question, n)
		}
	}
	for _, in := range []string{onSlack, onDiscord} {
		v.opens(t, in, "Grace Okafor")
		v.sees(t, told(in, "order (bot)", "Which name"))
		v.sees(t, told(in, "Ordered: 2 × M"))
	}
	v.looks(t, "order-6-ordered")

	v.presses(t, pressable(onSlack, claim))
	v.sees(t, told(onSlack, "Dana Weiss has claimed this"))
	v.says(t, onTelegram, "/order")
	v.says(t, onTelegram, "Are you still there?")
	v.sees(t, relayed(onSlack, "Are you still there?"))
	v.says(t, onSlack, "I am Dana.")
	v.sees(t, told(onTelegram, "I am Dana."))
	if n := v.counts(t, told(onTelegram, "Which size?")); n != 1 {
		t.Errorf("the bot asks %d times though Dana has the case", n)
	}
	v.looks(t, "order-7-claimed")
}

// A bot's question is answered with buttons where there are some, and with a number where there are none.
func TestQuestionsEverywhere(t *testing.T) {
	t.Parallel()
	for _, in := range []string{onX, onDiscord, onTelegram} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			v := open(t)
			v.goes(t, in, direct)
			v.says(t, in, "/order")
			if in == onX {
				v.sees(t, told(in, "Which size?", "1. S, 15 €", "3. L, 19 €"))
				v.says(t, in, "3")
			} else {
				v.presses(t, pressable(in, "L, 19 €"))
				v.sees(t, trip("L, 19 €", "done"))
			}
			v.sees(t, told(in, "How many?"))
			v.says(t, in, "0")
			v.sees(t, told(in, "Please begin again"))
			v.says(t, in, "When will my parcel be here? I want to talk to a person.")
			v.sees(t, told(in, "A person will be with you soon."))
			v.opens(t, onSlack, firstOn(in))
			v.sees(t, told(onSlack, "faq hands this over to you"))
			v.looks(t, "question-"+in)
		})
	}
}

// A poll in the mirrored channel has buttons on each platform that has some, and the votes of all are counted together.
func TestPoll(t *testing.T) {
	t.Parallel()
	v := open(t)
	v.scene(t, channel)
	v.says(t, onSlack, "/poll Where do we eat? | Pizza | Curry")
	v.sees(t, told(onX, "Where do we eat?", "1. Pizza", "2. Curry"))
	for i, in := range []string{onDiscord, onTelegram, onSlack} {
		v.presses(t, pressable(in, []string{"Pizza", "Curry", "Curry"}[i]))
		v.sees(t, trip([]string{"Pizza", "Curry", "Curry"}[i], "done"))
	}
	v.says(t, onX, "2")
	for _, in := range []string{onSlack, onDiscord, onTelegram} {
		v.sees(t, told(in, "Where do we eat?", "Pizza: 1", "Curry: 3"))
	}
	v.looks(t, "poll")
}
