package emulate_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestReceive(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l, s := connect(t, w, botToken, signing), &bridgetest.Sink{}
	l.run(t, w, s)

	ts := w.ada.say(t, w.general, "", "hello *there* &amp; you")
	e := hears(t, s, "hello there & you")
	if want := chat.EventID(w.general + ":" + ts); e.ID != want || e.Conversation != l.to || e.Direct {
		t.Errorf("event is %q in %v, want %q in %v", e.ID, e.Conversation, want, l.to)
	}
	if a := e.Author; string(a.ID) != w.ada.id(t) || a.Name != "Ada" || a.Handle != "ada" || a.Bot || a.Self {
		t.Errorf("author is %+v, want Ada", a)
	}
	if p := e.What.(chat.Posted); len(p.Text.Spans) != 1 || p.Text.Spans[0].Kind != text.Bold {
		t.Errorf("text is %+v, want one bold word", p.Text)
	}

	w.bob.say(t, w.general, ts, "in the thread")
	if e := hears(t, s, "in the thread"); e.Conversation != at(w.general, ts) || e.Author.Handle != "bob" {
		t.Errorf("reply is by %+v in %v, want bob in thread %s", e.Author, e.Conversation, ts)
	}

	w.ada.call(t, "chat.update", form{"channel": w.general, "ts": ts, "text": "changed"})
	bridgetest.Happens(t, s, func(e chat.Event, h chat.Edited) bool { return string(e.Message) == ts && h.Text.Body == "changed" })
	w.bob.call(t, "reactions.add", form{"channel": w.general, "timestamp": ts, "name": "tada"})
	w.bob.call(t, "reactions.remove", form{"channel": w.general, "timestamp": ts, "name": "tada"})
	for _, removed := range []bool{false, true} {
		bridgetest.Happens(t, s, func(e chat.Event, h chat.Reacted) bool {
			return string(e.Message) == ts && h.Emoji == "🎉" && h.Removed == removed && string(e.Author.ID) == w.bob.id(t)
		})
	}
	w.ada.call(t, "chat.delete", form{"channel": w.general, "ts": ts})
	bridgetest.Happens(t, s, func(e chat.Event, _ chat.Deleted) bool { return string(e.Message) == ts })

	_, ours := l.do(t, chat.Post{Key: "k-echo", To: l.to, Text: text.Plain("an echo"), Hops: 3})
	if e := hears(t, s, "an echo"); string(e.Message) != ours || !e.Author.Self || e.Hops != 3 {
		t.Errorf("our own post comes back as %+v, want it known as ours with its hops", e)
	}
	r, _ := l.do(t, chat.Post{Key: "k-dm", To: at(w.ada.id(t), ""), Text: text.Plain("hi Ada")})
	w.ada.say(t, string(r.Conversation.ID), "", "hi bot")
	if e := hears(t, s, "hi bot"); !e.Direct || e.Conversation != r.Conversation {
		t.Errorf("direct message is %+v, want it direct in %v", e, r.Conversation)
	}
	if codes := w.app.answered(); len(codes) == 0 || slices.ContainsFunc(codes, func(c int) bool { return c != http.StatusOK }) {
		t.Errorf("events were answered with %v, want 200 each", codes)
	}
}

func TestReceiveFile(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l, s := connect(t, w, botToken, signing), &bridgetest.Sink{}
	l.run(t, w, s)
	w.ada.upload(t, w.general, "notes.txt", "some notes", "") // events can't be rewritten, so there is no comment
	_, p := bridgetest.Happens(t, s, func(_ chat.Event, p chat.Posted) bool { return len(p.Files) > 0 })
	files := p.Files
	if len(files) != 1 || files[0].Name != "notes.txt" || files[0].Type != "text/plain" || files[0].Size != 10 {
		t.Fatalf("files are %+v", files)
	}
	body, err := chat.Fetch(t.Context(), l, files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got := readAll(t, body); string(got) != "some notes" {
		t.Errorf("the file holds %q", got)
	}
}

func TestReceiveWithAnotherSecret(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := connect(t, w, botToken, "not-the-signing-secret")
	l.run(t, w, &bridgetest.Sink{})
	w.ada.say(t, w.general, "", "forged?")
	if codes := w.app.answered(); !slices.Equal(codes, []int{http.StatusUnauthorized}) {
		t.Errorf("the event was answered with %v, want 401 once", codes)
	}
}

func TestCatchUp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l, s := connect(t, w, botToken, signing), &bridgetest.Sink{}
	stop := l.run(t, w, s)
	root := w.ada.say(t, w.general, "", "before")
	w.bob.say(t, w.general, root, "a thread before")
	hears(t, s, "a thread before")
	stop()

	missed := w.ada.say(t, w.general, "", "meanwhile")
	var many []string // more than one page
	for i := range 40 {
		many = append(many, w.ada.say(t, w.general, "", fmt.Sprintf("many %d", i)))
	}
	w.bob.say(t, w.general, root, "a thread meanwhile")
	w.ada.call(t, "chat.update", form{"channel": w.general, "ts": root, "text": "edited meanwhile"})
	w.ada.upload(t, w.general, "missed.txt", "missed", "a file meanwhile")
	heard := len(w.app.answered())

	l.run(t, w, s)
	if e := hears(t, s, "meanwhile"); e.ID != chat.EventID(w.general+":"+missed) || e.Conversation != l.to || e.Author.Name != "Ada" {
		t.Errorf("missed message is %+v", e)
	}
	for i, ts := range many {
		if e := hears(t, s, fmt.Sprintf("many %d", i)); string(e.Message) != ts {
			t.Errorf("missed message %d is %s, want %s", i, e.Message, ts)
		}
	}
	if e := hears(t, s, "a thread meanwhile"); e.Conversation != at(w.general, root) {
		t.Errorf("missed reply is in %v, want thread %s", e.Conversation, root)
	}
	bridgetest.Happens(t, s, func(e chat.Event, h chat.Edited) bool {
		return string(e.Message) == root && h.Text.Body == "edited meanwhile"
	})
	if files := hears(t, s, "a file meanwhile").What.(chat.Posted).Files; len(files) != 1 || files[0].Name != "missed.txt" {
		t.Errorf("missed files are %+v", files)
	}
	if now := len(w.app.answered()); now != heard {
		t.Errorf("%d events came over the web address, want what was missed from the history alone", now-heard)
	}
	w.ada.say(t, w.general, "", "and on")
	hears(t, s, "and on")
}
