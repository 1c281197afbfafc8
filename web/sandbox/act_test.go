package sandbox_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const png = "\x89PNG\r\n\x1a\n and what else a picture has"

// hearts are how the platforms with reactions name one.
func hearts() map[string]string {
	return map[string]string{onSlack: "heart", onDiscord: "❤️", onTelegram: "❤"}
}

func TestSayInChannel(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, pane := range everywhere() {
		id := w.does(pane, "say", fields{"text": "Hello <b>there</b> & you"})
		m, ok := w.message(pane, id)
		said := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(m.Text)
		if !ok || said != "Hello <b>there</b> & you" || m.Who != w.first[pane].person || m.App || m.Name == "" || m.Thread != "" {
			t.Errorf("%s shows %+v", pane, m)
		}
	}
}

func TestSayToBrand(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, pane := range []string{onX, onDiscord, onTelegram} {
		var to string
		for _, p := range w.pane(pane).Places {
			if p.Kind == "direct" && p.People[0] == w.first[pane].person {
				to = p.ID
			}
		}
		id := w.does(pane, "say", fields{"place": to, "text": "Where is my tea?"})
		if m, ok := w.messageIn(pane, to, id); !ok || m.Text != "Where is my tea?" {
			t.Errorf("%s shows %+v", pane, m)
		}
		if _, ok := w.message(pane, id); ok && pane != onTelegram { // whose ids are those of each chat
			t.Errorf("%s shows it in the channel too", pane)
		}
	}
	if got := w.x.Conversation(w.first[onX].person, w.brand); len(got) != 1 || got[0].Text != "Where is my tea?" {
		t.Errorf("the brand has %+v", got)
	}
}

func TestReplies(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, pane := range []string{onDiscord, onTelegram} {
		question := w.does(pane, "say", fields{"text": "Who comes?"})
		answer := w.does(pane, "say", fields{"text": "Me", "message": question, "person": w.second[pane]})
		if m, _ := w.message(pane, answer); m.Reply == nil || m.Reply.Text != "Who comes?" || m.Reply.Name == "" {
			t.Errorf("%s shows %+v, want a reply to the question", pane, m)
		}
		w.does(pane, "delete", fields{"message": question})
		if m, ok := w.message(pane, answer); !ok || (pane == onDiscord && m.Reply.Text != "a message that is gone") {
			t.Errorf("when the question is gone, %s shows %+v", pane, m)
		}
	}
}

func TestThreads(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, pane := range []string{onSlack, onDiscord} {
		root := w.does(pane, "say", fields{"text": "A long story"})
		for _, words := range []string{"It began", "It went on"} {
			id := w.does(pane, "say", fields{"text": words, "thread": root})
			if m, ok := w.message(pane, id); !ok || m.Thread != root || m.Text != words {
				t.Errorf("%s shows %+v, want it in the thread %s", pane, m, root)
			}
			w.does(pane, "edit", fields{"thread": root, "message": id, "text": words + "!"})
			w.does(pane, "react", fields{"thread": root, "message": id, "emoji": hearts()[pane]})
			if m, _ := w.message(pane, id); m.Text != words+"!" || len(m.Reactions) != 1 {
				t.Errorf("%s shows %+v, want it edited, with a heart", pane, m)
			}
		}
		w.does(pane, "edit", fields{"thread": root, "message": root, "text": "A short story"})
		if m, _ := w.message(pane, root); m.Text != "A short story" || m.Thread != "" {
			t.Errorf("%s: what the thread hangs on is %+v", pane, m)
		}
		if threads := w.place(pane, w.first[pane].place).Threads; len(threads) != 0 {
			t.Errorf("%s: a thread that hangs on a message is listed: %+v", pane, threads)
		}
	}
}

func TestForumsAndTopics(t *testing.T) {
	t.Parallel()
	w := setup(t)
	post := w.discord.ForumPost(w.first[onDiscord].person, w.desks[onDiscord], "Alice Moreau", draftOfDiscord("Hi"), "open")
	topic := w.telegram.CreateTopic(number(t, w.first[onTelegram].person), number(t, w.desks[onTelegram]), "Alice Moreau")
	threads := map[string]string{onDiscord: post, onTelegram: written(int64(topic))}
	for pane, id := range threads {
		desk := w.place(pane, w.desks[pane])
		if desk.Kind != "desk" || len(desk.Threads) != 1 || desk.Threads[0].ID != id || desk.Threads[0].Name != "Alice Moreau" {
			t.Errorf("%s shows the desk %+v", pane, desk)
		}
		said := w.does(pane, "say", fields{"place": w.desks[pane], "thread": id, "text": "On its way"})
		if m, ok := w.messageIn(pane, w.desks[pane], said); !ok || m.Thread != id || m.Reply != nil {
			t.Errorf("%s shows %+v, want it in the thread", pane, m)
		}
	}
	if tags := w.place(onDiscord, w.desks[onDiscord]).Threads[0].Tags; !slices.Equal(tags, []string{"open"}) {
		t.Errorf("tags = %q, want open", tags)
	}
	must(t, w.discord.Lock(post))
	if !w.place(onDiscord, w.desks[onDiscord]).Threads[0].Closed {
		t.Error("a locked post is not shown as closed")
	}
	body := fields{"place": w.desks[onDiscord], "thread": post, "text": "x"}
	if status, answer := w.act(onDiscord, "say", body); status != http.StatusConflict {
		t.Errorf("say in a locked post = %d %s, want 409", status, answer)
	}
}

func TestEditReactPinDelete(t *testing.T) {
	t.Parallel()
	for pane, heart := range hearts() {
		t.Run(pane, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			id := w.does(pane, "say", fields{"text": "Today"})
			other := fields{"person": w.second[pane]}
			for _, st := range []struct {
				name, do string
				more     fields
				want     int
			}{
				{"edit", "edit", fields{"text": "Tomorrow"}, http.StatusOK},
				{"edit another's", "edit", fields{"text": "Never", "person": w.second[pane]}, http.StatusForbidden},
				{"edit to nothing", "edit", fields{"text": " \n"}, http.StatusBadRequest},
				{"react", "react", fields{"emoji": heart}, http.StatusOK},
				{"take another's back", "unreact", fields{"emoji": heart, "person": w.second[pane]}, http.StatusConflict},
				{"pin", "pin", nil, http.StatusOK},
				{"delete another's", "delete", other, http.StatusForbidden},
				{"dance", "dance", nil, http.StatusBadRequest},
			} {
				body := fields{"message": id}
				maps.Copy(body, st.more)
				if got, answer := w.act(pane, st.do, body); got != st.want {
					t.Errorf("%s: %d %s, want %d", st.name, got, answer, st.want)
				}
			}
			m, _ := w.message(pane, id)
			if m.Text != "Tomorrow" || !m.Edited || !m.Pinned || len(m.Reactions) != 1 || m.Reactions[0].Emoji != heart || !slices.Equal(m.Reactions[0].Users, []string{w.first[pane].person}) {
				t.Errorf("message = %+v, want it edited and pinned, with one heart", m)
			}
			w.does(pane, "unreact", fields{"message": id, "emoji": heart})
			w.does(pane, "unpin", fields{"message": id})
			if m, _ := w.message(pane, id); m.Pinned || len(m.Reactions) != 0 {
				t.Errorf("message = %+v, want no pin and no heart", m)
			}
			w.does(pane, "delete", fields{"message": id})
			if m, ok := w.message(pane, id); ok {
				t.Errorf("what was deleted is shown: %+v", m)
			}
		})
	}
}

func TestFormattingTypedIntoTelegram(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for typed, want := range map[string]struct {
		text  string
		kinds []string
	}{
		"plain * words_ | here":       {"plain * words_ | here", nil},
		"**bold** and __it__":         {"bold and it", []string{"bold 0 4", "italic 9 2"}},
		"🎉 ~~no~~ `a**b**`":           {"🎉 no a**b**", []string{"strikethrough 3 2", "code 6 6"}},
		"||a **b** c||":               {"a b c", []string{"spoiler 0 5", "bold 2 1"}},
		"**open":                      {"**open", nil},
		"**** and ** **":              {"**** and ** **", nil},
		"```x := 1```":                {"x := 1", []string{"pre 0 6"}},
		"**a** **b** __c **d** e__ f": {"a b c d e f", []string{"bold 0 1", "bold 2 1", "italic 4 5", "bold 6 1"}},
	} {
		m, _ := w.message(onTelegram, w.does(onTelegram, "say", fields{"text": typed}))
		var kinds []string
		for _, e := range m.Entities {
			kinds = append(kinds, strings.Join([]string{e.Kind, written(int64(e.Offset)), written(int64(e.Length))}, " "))
		}
		if m.Text != want.text || !slices.Equal(kinds, want.kinds) {
			t.Errorf("%q becomes %q %q, want %q %q", typed, m.Text, kinds, want.text, want.kinds)
		}
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	for _, pane := range everywhere() {
		t.Run(pane, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			for _, name := range []string{"  Zoë   Park ", "李雷"} {
				id := w.does(pane, "join", fields{"text": name})
				w.does(pane, "say", fields{"person": id, "text": "I am new"})
			}
			p := w.pane(pane)
			if len(p.People) != 4 || p.People[2].Name != "Zoë Park" {
				t.Errorf("people = %+v, want Zoë Park among four", p.People)
			}
			for _, name := range []string{"", " \t", strings.Repeat("n", 41), "a\x00b"} {
				if status, _ := w.act(pane, "join", fields{"text": name}); status != http.StatusBadRequest {
					t.Errorf("join as %q = %d, want 400", name, status)
				}
			}
			for range 20 {
				if status, _ := w.act(pane, "join", fields{"text": "One more"}); status == http.StatusConflict {
					return
				}
			}
			t.Error("more than twenty people were taken")
		})
	}
}

func TestHandlesOnXAreTheirOwners(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, name := range []string{"Zoë Park", "Alice Moreau", "alice", "李雷"} {
		w.does(onX, "join", fields{"text": name})
	}
	handles := map[string]bool{}
	for _, p := range w.pane(onX).People {
		if p.Handle == "" || handles[p.Handle] {
			t.Errorf("%s has the handle %q, which is nothing, or somebody else's", p.Name, p.Handle)
		}
		handles[p.Handle] = true
	}
	if !handles["zopark"] {
		t.Errorf("handles = %v, want zopark among them", handles)
	}
}

func TestXHasNoSuchThing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.does(onX, "say", fields{"text": "for good"})
	_, _, before := w.get("/state")
	for _, do := range []string{"edit", "delete", "react", "unreact", "pin", "unpin", "press", "submit", "dismiss"} {
		status, body := w.act(onX, do, fields{"message": id, "text": "x", "emoji": "❤️"})
		if status != http.StatusBadRequest || !strings.Contains(body, "can't do this here") {
			t.Errorf("%s = %d %s, want 400 and why", do, status, body)
		}
	}
	if _, _, after := w.get("/state"); after != before {
		t.Errorf("state changed from\n%s to\n%s", before, after)
	}
}
