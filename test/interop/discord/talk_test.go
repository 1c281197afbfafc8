package interop_test

import (
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

// converse plays the people. The bot says of each event what it understood, in the channel where it happened.
func converse(t *testing.T, sim *discordsim.Sim) {
	t.Helper()
	for _, channel := range []string{sim.DM(ada), general} {
		talk(t, sim, channel)
		press(t, sim, channel)
		command(t, sim, channel)
	}
	inThreads(t, sim)
	must(t, sim.Leave(bob, home))
	hears(t, sim, general, "left bob")
	must(t, sim.Join(bob, home))
	hears(t, sim, general, "joined bob")
	for _, in := range sim.Interactions() {
		if !in.Answered || in.Failed != "" {
			t.Errorf("%+v was not answered", in)
		}
	}
	for _, r := range sim.Requests() {
		if r.Status >= 400 {
			t.Errorf("%s was answered %d, code %d: %s", r.Route, r.Status, r.Code, r.Body)
		}
	}
}

func talk(t *testing.T, sim *discordsim.Sim, channel string) {
	t.Helper()
	said := sim.Say(ada, channel, discordsim.Draft{Text: "**hello** <@" + sim.BotUser() + "> 🙂"})
	first := hears(t, sim, channel, "heard **hello** <@"+sim.BotUser()+"> 🙂 @simbot")
	if first.ReplyTo != said {
		t.Errorf("the answer is to %q, want %q", first.ReplyTo, said)
	}
	sim.Say(ada, channel, discordsim.Draft{Text: "see", ReplyTo: said, Files: []discordsim.Upload{
		{Name: "a.txt", Data: []byte("alpha")}, {Name: "b.txt", Data: []byte("beta"), Spoiler: true},
	}})
	hears(t, sim, channel, "heard see [a.txt=alpha] [SPOILER_b.txt=beta] re:**hello** <@"+sim.BotUser()+"> 🙂")
	must(t, sim.Edit(ada, channel, said, "changed"))
	hears(t, sim, channel, "edited changed")
	must(t, sim.React(ada, channel, said, "👍"))
	hears(t, sim, channel, "reacted 👍")
	must(t, sim.Unreact(ada, channel, said, "👍"))
	hears(t, sim, channel, "unreacted 👍")
	must(t, sim.Delete(ada, channel, said))
	hears(t, sim, channel, "deleted "+said)
}

func press(t *testing.T, sim *discordsim.Sim, channel string) {
	t.Helper()
	before := sim.Say(ada, channel, discordsim.Draft{Text: "card"})
	card := hears(t, sim, channel, "card")
	if card.Embeds == nil || card.Components == nil || card.ID < before {
		t.Errorf("the card is %+v", card)
	}
	settle(t, sim, channel, "card shown")
	must(t, sim.Press(ada, channel, card.ID, "ask"))
	until(t, sim, "the form", func(v *discordsim.View) bool { return len(v.Modals(ada)) == 1 })
	form := sim.Modals(ada)[0]
	if form.Title != "Why?" {
		t.Errorf("the form is %+v", form)
	}
	settle(t, sim, channel, "form shown")
	must(t, sim.SubmitModal(ada, form.ID, map[string]string{"reason": "because"}))
	hears(t, sim, channel, "reason: because")
	must(t, sim.Press(ada, channel, card.ID, "pick", "b"))
	if m := hears(t, sim, channel, "picked b"); m.ID != card.ID || !m.Edited {
		t.Errorf("the card after the choice is %+v", m)
	}
	must(t, sim.Press(ada, channel, card.ID, "go"))
	if m := hears(t, sim, channel, "pressed go"); m.ID != card.ID || m.Components != nil {
		t.Errorf("the pressed card is %+v", m)
	}
	if m := hears(t, sim, channel, "only for you"); m.Only != ada {
		t.Errorf("the answer for one is %+v", m)
	}
}

// settle has the bot answer something else, so that it has surely seen what its calls before were answered: nobody presses a button
// or fills in a form before the program that showed it knows that it did.
func settle(t *testing.T, sim *discordsim.Sim, channel, text string) {
	t.Helper()
	sim.Say(ada, channel, discordsim.Draft{Text: text})
	hears(t, sim, channel, "heard "+text)
}

func command(t *testing.T, sim *discordsim.Sim, channel string) {
	t.Helper()
	must(t, sim.Complete(ada, channel, "echo", "text", "hel"))
	until(t, sim, "the choices", func(v *discordsim.View) bool {
		return slices.ContainsFunc(v.Interactions(), func(in discordsim.Interaction) bool { return in.Channel == channel && in.Choices != nil })
	})
	must(t, sim.Slash(ada, channel, "echo", map[string]string{"text": "hello"}))
	if m := hears(t, sim, channel, "echo hello"); m.Kind != 20 {
		t.Errorf("the answer to the command is %+v", m)
	}
	must(t, sim.Slash(ada, channel, "slow", nil))
	hears(t, sim, channel, "slow done")
}

func inThreads(t *testing.T, sim *discordsim.Sim) {
	t.Helper()
	post := sim.ForumPost(bob, support, "Help", discordsim.Draft{Text: "me"}, "open")
	hears(t, sim, post, "thread Help")
	hears(t, sim, post, "heard me")
	sim.Say(bob, post, discordsim.Draft{Text: "more"})
	hears(t, sim, post, "heard more")
	must(t, sim.Archive(post))
	hears(t, sim, general, "archived Help")
	start := sim.Say(ada, general, discordsim.Draft{Text: "a thread please"})
	thread := sim.StartThread(ada, general, start, "Aside")
	hears(t, sim, thread, "thread Aside")
	sim.Say(ada, thread, discordsim.Draft{Text: "aside"})
	hears(t, sim, thread, "heard aside")
}

// resumes cuts the sockets in every way there is: the bot goes on with its session where it can, and misses nothing.
func resumes(t *testing.T, sim *discordsim.Sim) {
	t.Helper()
	before := sim.Identified()
	until(t, sim, "the session", func(v *discordsim.View) bool { return v.Sessions() == 1 })
	dials := len(sim.Calls("GET gateway"))
	sim.DropSockets()
	sim.Say(ada, general, discordsim.Draft{Text: "while away"})
	hears(t, sim, general, "heard while away")
	sim.Reconnect()
	until(t, sim, "the resume that was asked for", func(v *discordsim.View) bool {
		return len(v.Calls("GET gateway")) == dials+2 && v.Sockets() == 1 && v.Sessions() == 1
	})
	sim.Say(ada, general, discordsim.Draft{Text: "on another socket"})
	hears(t, sim, general, "heard on another socket")
	if sim.Identified() != before {
		t.Errorf("%d sessions were started, want %d: the client did not resume", sim.Identified(), before)
	}
	sim.InvalidSession(false)
	until(t, sim, "a new session", func(v *discordsim.View) bool { return v.Identified() == before+1 && v.Sessions() == 1 })
	sim.Say(ada, general, discordsim.Draft{Text: "in a new session"})
	hears(t, sim, general, "heard in a new session")
}
