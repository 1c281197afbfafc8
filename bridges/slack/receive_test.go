package slack_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
)

func TestAnEventIsConfirmedOnlyAfterItWasAccepted(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	asked, let := make(chan struct{}, 10), make(chan struct{})
	r.Refuse(func(b chat.Batch) error {
		if len(b.Events) > 0 {
			asked <- struct{}{}
			<-let
		}
		return nil
	})
	before := r.Mail().Acked
	r.Say(t, "wait for me")
	<-asked
	if got := r.Mail(); got.Acked != before || got.Waiting == 0 {
		t.Errorf("while Accept works mail is %+v, want %d confirmed and one waiting", got, before)
	}
	close(let)
	r.sees(t, func(v *slacksim.View) bool { return v.Mail().Acked > before })
}

func TestWhatWasNotAcceptedComesAgainInOrder(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	var mu sync.Mutex
	left := 3
	r.Refuse(func(b chat.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		if len(b.Events) == 0 || left == 0 {
			return nil
		}
		left--
		return bridgetest.ErrFull
	})
	var want []string
	for i := range 6 {
		want = append(want, fmt.Sprint("message ", i))
		r.Say(t, want[i])
	}
	events := r.Until(t, "all", func(e []chat.Event) bool { return len(bridgetest.Said(e)) >= len(want) })
	if got := bridgetest.Said(events); !slices.Equal(got, want) {
		t.Errorf("accepted %q, want %q", got, want)
	}
}

func TestTheCursorNeverPassesWhatWasNotAccepted(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{Timing: slacksim.Timing{Retries: []time.Duration{}}})
	refused := make(chan struct{}, 100)
	r.Refuse(func(b chat.Batch) error {
		if slices.Contains(bridgetest.Said(b.Events), "never") {
			select {
			case refused <- struct{}{}:
			default:
			}
			return bridgetest.ErrFull
		}
		return nil
	})
	r.Say(t, "never")
	<-refused
	r.says(t, r.room, slacksim.Draft{Text: "elsewhere"})
	r.hears(t, "elsewhere")
	if err := r.Stop(); err != nil {
		t.Fatalf("Run = %v, want nil", err)
	}
	r.Refuse(nil)
	r.again(t)
	r.hears(t, "never")
}

func TestADownTimeIsCaughtUp(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	root := r.says(t, r.room, slacksim.Draft{Text: "root"})
	r.says(t, r.room, slacksim.Draft{Text: "reply", Thread: string(root)})
	r.hears(t, "reply")
	edited := r.Say(t, "a tpyo")
	r.hears(t, "a tpyo")
	r.sees(t, func(v *slacksim.View) bool { return v.Mail().Waiting == 0 })
	must(t, r.Stop())

	var want []string
	for i := range 40 { // several pages
		want = append(want, fmt.Sprint("missed ", i))
		r.says(t, r.room, slacksim.Draft{Text: want[i]})
	}
	r.says(t, r.room, slacksim.Draft{Text: "missed reply", Thread: string(root)})
	fresh := r.says(t, r.room, slacksim.Draft{Text: "fresh root"})
	r.says(t, r.room, slacksim.Draft{Text: "fresh reply", Thread: string(fresh)})
	r.Edit(t, edited, "a typo")
	r.again(t)

	e := r.hears(t, "missed reply")
	if e.Conversation.Thread != chat.ThreadID(root) {
		t.Errorf("the missed reply is in thread %q, want %q", e.Conversation.Thread, root)
	}
	if e := r.hears(t, "fresh reply"); e.Conversation.Thread != chat.ThreadID(fresh) {
		t.Errorf("the fresh reply is in thread %q, want %q", e.Conversation.Thread, fresh)
	}
	if e := r.hears(t, "fresh root"); e.Conversation.Thread != "" || e.Direct {
		t.Errorf("the fresh root is in %v, direct %v; want the channel", e.Conversation, e.Direct)
	}
	_, h := bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Edited) bool { return e.Message == edited })
	if h.Text.Body != "a typo" {
		t.Errorf("the missed edit reads %q, want %q", h.Text.Body, "a typo")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.Events()
	got := slices.DeleteFunc(bridgetest.Said(events), func(s string) bool { return !slices.Contains(want, s) })
	if !slices.Equal(got, want) {
		t.Errorf("caught up %q, want %q", got, want)
	}
}

func TestCatchingUpWaitsWhenSlackSaysSo(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	r.Say(t, "before")
	r.hears(t, "before")
	must(t, r.Stop())
	r.Say(t, "missed")
	r.Sim.Fail("conversations.history", slacksim.Fault{Throttle: time.Second, Times: 2})
	r.Sim.Fail("users.conversations", slacksim.Fault{Status: 503, Times: 1})
	r.again(t)
	r.hears(t, "missed")
}

func TestASecondDeliveryHasTheSameIDs(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	m := r.Say(t, "once")
	r.Edit(t, m, "once more")
	r.React(t, m, "👍")
	bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Reacted) bool { return true })
	bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Edited) bool { return true })
	r.sees(t, func(v *slacksim.View) bool { return v.Mail().Waiting == 0 })
	before := r.Events()
	if n := r.Sim.Redeliver(3); n != 3 {
		t.Fatalf("redelivered %d events, want 3", n)
	}
	acked := r.Mail().Acked
	r.sees(t, func(v *slacksim.View) bool { return v.Mail().Acked >= acked && v.Mail().Waiting == 0 })
	r.Say(t, "last")
	r.hears(t, "last")
	after, batches := r.Events(), r.Batches()
	if len(after) != len(before)+1 {
		t.Errorf("there are %d events, want %d: the same ones had other IDs", len(after), len(before)+1)
	}
	accepted := 0
	for _, b := range batches {
		accepted += len(b.Events)
	}
	if accepted < len(after)+3 {
		t.Errorf("%d events were accepted, want %d and the three that were delivered again", accepted, len(after))
	}
}

func TestAMentionIsTheMessageItself(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	m := r.says(t, r.room, slacksim.Draft{Text: "<@" + r.BotUser() + "> hello <!here>"})
	e := r.hears(t, "@simbot hello @here")
	if want := chat.EventID(r.room + ":" + string(m)); e.ID != want {
		t.Errorf("the event is %q, want %q", e.ID, want)
	}
	r.sees(t, func(v *slacksim.View) bool { return v.Mail().Waiting == 0 })
	if events := r.Events(); len(bridgetest.Said(events)) != 1 {
		t.Errorf("heard %q, want one message", bridgetest.Said(events))
	}
}

func TestWhoWroteIsKnown(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	bot := r.AddUser(slacksim.User{Name: "otherbot", RealName: "Other Bot", Bot: true})
	r.says(t, r.room, slacksim.Draft{Text: "by a person"})
	r.Sim.Say(bot, r.room, slacksim.Draft{Text: "by a bot"})
	r.posts(t, chat.Post{To: r.place(), Text: plainText("by us"), As: &chat.Persona{Name: "Grace", Avatar: "https://example.com/g.png"}})
	for _, tc := range []struct {
		words, name string
		bot, self   bool
	}{
		{"by a person", "Ada Lovelace", false, false},
		{"by a bot", "Other Bot", true, false},
		{"by us", "Grace", true, true},
	} {
		e := r.hears(t, tc.words)
		if e.Author.Bot != tc.bot || e.Author.Self != tc.self || e.Author.Name != tc.name || e.Author.ID == "" {
			t.Errorf("%q is by %+v, want name %q, bot %v, self %v", tc.words, e.Author, tc.name, tc.bot, tc.self)
		}
	}
}

func TestWhatPeopleDoToMessages(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	root := r.says(t, r.room, slacksim.Draft{Text: "see https://example.com"})
	r.says(t, r.room, slacksim.Draft{Text: "a reply", Thread: string(root)})
	r.hears(t, "a reply")
	must(t, r.Unfurl(r.room, string(root), "https://example.com", "Example"))
	must(t, r.Sim.React(r.ada, r.room, string(root), "wave::skin-tone-3"))
	must(t, r.Unreact(r.ada, r.room, string(root), "wave::skin-tone-3"))
	must(t, r.Sim.React(r.ada, r.room, string(root), "partyparrot"))
	must(t, r.Sim.Delete(r.ada, r.room, string(root))) // leaves a tombstone

	_, h := bridgetest.Happens(t, r.Sink, func(_ chat.Event, h chat.Reacted) bool { return h.Removed })
	if h.Emoji != "👋🏼" {
		t.Errorf("the emoji is %q, want a waving hand with a skin tone", h.Emoji)
	}
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, h chat.Reacted) bool { return h.Emoji == ":partyparrot:" })
	e, _ := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Deleted) bool { return true })
	if want := chat.EventID(r.room + ":" + string(root) + ":deleted"); e.ID != want || e.Message != root {
		t.Errorf("the deletion is %q of %q, want %q of %q", e.ID, e.Message, want, root)
	}
	events := r.Events()
	for _, e := range events {
		if _, edited := e.What.(chat.Edited); edited {
			t.Errorf("a preview counted as an edit: %+v", e)
		}
	}
}

func TestTwoEditsWithinASecondAreTwo(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	m := r.Say(t, "one")
	r.Edit(t, m, "two")
	r.Edit(t, m, "three")
	for _, want := range []string{"two", "three"} {
		bridgetest.Happens(t, r.Sink, func(_ chat.Event, h chat.Edited) bool { return h.Text.Body == want })
	}
}

func TestPeopleComeAndGo(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	bob := r.AddUser(slacksim.User{Name: "bob", RealName: "Bob"})
	must(t, r.Join(bob, r.room, r.ada))
	e, _ := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Joined) bool { return true })
	if e.Author.ID != chat.PersonID(bob) || e.Conversation != r.place() {
		t.Errorf("%v joined %v, want %v in %v", e.Author.ID, e.Conversation, bob, r.place())
	}
	r.sees(t, func(v *slacksim.View) bool { return v.Mail().Waiting == 0 })
	events := r.Events()
	if n := len(slices.DeleteFunc(events, func(e chat.Event) bool { _, is := e.What.(chat.Joined); return !is })); n != 1 {
		t.Errorf("%d people joined, want one", n)
	}
}

func TestARenewedSocketLosesNothing(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{Timing: slacksim.Timing{Grace: 50 * time.Millisecond}})
	var want []string
	for i := range 10 {
		if i%3 == 0 {
			r.Disconnect("refresh_requested")
		}
		want = append(want, fmt.Sprint("message ", i))
		r.Say(t, want[i])
	}
	events := r.Until(t, "all", func(e []chat.Event) bool { return len(bridgetest.Said(e)) >= len(want) })
	if got := bridgetest.Said(events); !slices.Equal(got, want) {
		t.Errorf("heard %q, want %q", got, want)
	}
}

func TestAnUninstalledAppEndsTheRun(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	r.Say(t, "hello")
	r.hears(t, "hello")
	r.Sim.Revoke()
	r.Sim.Say(r.ada, r.im, slacksim.Draft{Text: "anybody there?"})
	_, err := r.conn.Post(t.Context(), chat.Post{To: r.Talk(), Text: plainText("no")})
	if chat.KindOf(err) != chat.LoggedOut {
		t.Errorf("post = %v, want LoggedOut", err)
	}
	if err := r.Over(t); chat.KindOf(err) != chat.LoggedOut {
		t.Errorf("Run = %v, want LoggedOut", err)
	}
}

func TestANameIsAskedForOnce(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	for i := range 5 {
		r.Say(t, fmt.Sprint("message ", i))
		r.hears(t, fmt.Sprint("message ", i))
	}
	if n := len(r.Calls("users.info")); n != 1 {
		t.Errorf("users.info was asked %d times, want once", n)
	}
	must(t, r.ChangeUser(slacksim.User{ID: r.ada, Name: "countess"}))
	r.sees(t, func(v *slacksim.View) bool { return v.Mail().Waiting == 0 })
	r.Say(t, "renamed")
	if e := r.hears(t, "renamed"); e.Author.Name != "countess" {
		t.Errorf("after a change the author is %q, want countess", e.Author.Name)
	}
}

func TestAMessageIsHeardWithoutItsAuthorsName(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	r.Sim.Fail("users.info", slacksim.Fault{Error: "missing_scope"})
	r.Say(t, "who am I")
	if e := r.hears(t, "who am I"); e.Author.ID != r.Person() || e.Author.Name != "" {
		t.Errorf("the author is %+v, want Ada without a name", e.Author)
	}
}
