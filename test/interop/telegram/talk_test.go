package interop_test

import (
	"testing"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
)

// knows is what a library knows of Telegram; the oldest here is of 2021.
type knows struct {
	topics, reactions, quotes bool
}

// converse plays the people. The bot says of each update what it understood, in the chat where it happened.
func converse(t *testing.T, sim *telegramsim.Sim, k knows) {
	t.Helper()
	privately(t, sim, k)
	press(t, sim)
	inGroups(t, sim)
	if k.reactions {
		said := sim.Say(ada, ada, telegramsim.Draft{Text: "like me"})
		hears(t, sim, ada, "like me|")
		must(t, sim.React(ada, ada, said, "👍"))
		hears(t, sim, ada, "reaction >👍")
		must(t, sim.React(ada, ada, said, "🔥"))
		hears(t, sim, ada, "reaction 👍>🔥")
		must(t, sim.Unreact(ada, ada, said, "🔥"))
		hears(t, sim, ada, "reaction 🔥>")
	}
	if k.topics {
		inTopics(t, sim)
	}
	until(t, sim, "the confirmation of everything", func(v *telegramsim.View) bool { return v.Pending() == 0 })
	for _, r := range sim.Requests() {
		if r.Status >= 400 {
			t.Errorf("%s was answered %d %s: %v", r.Method, r.Status, r.Error, r.Params)
		}
	}
}

func privately(t *testing.T, sim *telegramsim.Sim, k knows) {
	t.Helper()
	sim.Say(ada, ada, telegramsim.Draft{Text: "/start deep link"})
	hears(t, sim, ada, "start deep link")
	said := sim.Say(ada, ada, telegramsim.Draft{Text: "🙂 <b>bold</b> <a href=\"https://example.com/\">link</a> <pre><code class=\"language-go\">x</code></pre>", HTML: true})
	if m := hears(t, sim, ada, "🙂 bold link x|bold@3+4 text_link@8+4 pre@13+1"); m.ReplyTo != said {
		t.Errorf("the answer is to %d, want %d", m.ReplyTo, said)
	}
	must(t, sim.Edit(ada, ada, said, "changed"))
	hears(t, sim, ada, "edited changed")
	sim.Say(ada, ada, telegramsim.Draft{ReplyTo: said, Quote: "hang", Text: "why?"})
	if k.quotes {
		hears(t, sim, ada, "why?||changed|hang")
	} else {
		hears(t, sim, ada, "why?||changed")
	}
	sim.Say(ada, ada, telegramsim.Draft{Text: "see", Files: []telegramsim.Upload{{Name: "a.txt", Data: []byte("letter")}}})
	hears(t, sim, ada, "file a.txt: letter")
	sim.Say(ada, ada, telegramsim.Draft{Text: "two", Album: true, Files: []telegramsim.Upload{{Name: "p.png", Data: picture()}, {Name: "q.png", Data: picture()}}})
	hears(t, sim, ada, "photo 640x400 two")
	hears(t, sim, ada, "photo 640x400")
	sim.Say(ada, ada, telegramsim.Draft{Text: "poll"})
	poll := 0
	until(t, sim, "the poll", func(v *telegramsim.View) bool {
		for _, m := range v.Messages(ada) {
			if m.Kind == "poll" {
				poll = m.ID
			}
		}
		return poll != 0
	})
	must(t, sim.Vote(ada, ada, poll, 1))
	hears(t, sim, ada, "voted 1")
}

func press(t *testing.T, sim *telegramsim.Sim) {
	t.Helper()
	sim.Say(ada, ada, telegramsim.Draft{Text: "keyboard"})
	m := hears(t, sim, ada, "press")
	if len(m.Buttons) != 1 || len(m.Buttons[0]) != 2 || m.Buttons[0][1].URL != "https://example.com/" {
		t.Errorf("the keyboard is %+v", m.Buttons)
	}
	must(t, sim.Press(ada, ada, m.ID, "go:1"))
	if after := hears(t, sim, ada, "pressed go:1"); after.ID != m.ID || !after.Edited || len(after.Buttons) != 0 {
		t.Errorf("the pressed message is %+v", after)
	}
	until(t, sim, "the answer to the press", func(v *telegramsim.View) bool {
		all := v.Answers()
		return len(all) == 1 && all[0].Done && all[0].Text == "done"
	})
}

func inGroups(t *testing.T, sim *telegramsim.Sim) {
	t.Helper()
	sim.Say(bob, small, telegramsim.Draft{Text: "unheard: the bot has privacy"})
	sim.Say(bob, small, telegramsim.Draft{Text: "/start@sim_bot here"})
	hears(t, sim, small, "start here")
	must(t, sim.Join(eve, forum))
	hears(t, sim, forum, "joined Eve")
	said := sim.Say(bob, forum, telegramsim.Draft{Text: "@ada_l https://example.com"})
	hears(t, sim, forum, "@ada_l https://example.com|mention@0+6 url@7+19")
	must(t, sim.Pin(ada, forum, said))
	hears(t, sim, forum, "pinned @ada_l https://example.com")
	must(t, sim.Leave(eve, forum))
	hears(t, sim, forum, "left Eve")
	sim.Say(ada, news, telegramsim.Draft{Text: "extra"})
	hears(t, sim, news, "News: extra")
	if sim.Migrate(small) == 0 {
		t.Error("the group did not migrate")
	}
	hears(t, sim, ada, "migrated -4100000001")
}

func inTopics(t *testing.T, sim *telegramsim.Sim) {
	t.Helper()
	topic := sim.CreateTopic(ada, forum, "Help")
	if m := hears(t, sim, forum, "topic Help"); m.Thread != topic {
		t.Errorf("the answer is in topic %d, want %d", m.Thread, topic)
	}
	said := sim.Say(bob, forum, telegramsim.Draft{Text: "in a topic", Thread: topic})
	if m := hears(t, sim, forum, "in a topic|"); m.Thread != topic || m.ReplyTo != said {
		t.Errorf("the answer is in topic %d to %d, want %d and %d", m.Thread, m.ReplyTo, topic, said)
	}
	must(t, sim.RenameTopic(ada, forum, topic, "Helped"))
	hears(t, sim, forum, "topic now Helped")
	must(t, sim.CloseTopic(ada, forum, topic))
	hears(t, sim, forum, "topic closed")
	must(t, sim.ReopenTopic(ada, forum, topic))
	hears(t, sim, forum, "topic reopened")
}
