package slacksim_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"github.com/roost-im/roost/bridges/slack/slacksim"
)

func TestUsersAreListed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var names []string
	for _, u := range w.Users() {
		names = append(names, u.Name)
	}
	if want := []string{"simbot", "ada", "bob"}; !slices.Equal(names, want) {
		t.Errorf("listed %q, want %q", names, want)
	}
}

func TestDeletedParent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, nil)
	lonely := w.Say(ada, general, slacksim.Draft{Text: "lonely"})
	root := w.Say(ada, general, slacksim.Draft{Text: "root"})
	reply := w.Say(bob, general, slacksim.Draft{Text: "reply", Thread: root})
	for _, ts := range []string{lonely, root} {
		if err := w.Delete(ada, general, ts); err != nil {
			t.Fatal(err)
		}
	}
	got := l.next(t, 5)
	if ev := inner[*slackevents.MessageEvent](t, got[3]); ev.SubType != "message_deleted" || ev.PreviousMessage.Text != "lonely" || ev.DeletedTimeStamp != lonely {
		t.Errorf("deleting a message = %+v", ev)
	}
	if ev := inner[*slackevents.MessageEvent](t, got[4]); ev.SubType != "message_changed" || ev.Message.SubType != "tombstone" {
		t.Errorf("deleting a parent = %+v", ev)
	}
	_, ts, err := w.api.PostMessageContext(t.Context(), general, slack.MsgOptionText("x", false), slack.MsgOptionTS(lonely))
	if m, _ := w.Message(general, ts); err != nil || m.Thread != "" {
		t.Errorf("a reply to a deleted message = %+v, %v", m, err)
	}
	if thread := w.Thread(general, root); len(thread) != 2 || thread[0].Subtype != "tombstone" || thread[1].TS != reply {
		t.Errorf("thread under a tombstone = %+v", thread)
	}
	if err := w.Delete(bob, general, reply); err != nil {
		t.Fatal(err)
	}
	if m, _ := w.Message(general, root); m.Replies != 0 || m.Thread != "" {
		t.Errorf("after the last reply: %+v", m)
	}
}

func TestEditAndUnfurl(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, nil)
	ts := w.Say(ada, general, slacksim.Draft{Text: "one"})
	if err := w.Edit(ada, general, ts, "two <3"); err != nil {
		t.Fatal(err)
	}
	if err := w.Unfurl(general, ts, "https://example.org", "Example"); err != nil {
		t.Fatal(err)
	}
	got := l.next(t, 3)
	edit, unfurl := inner[*slackevents.MessageEvent](t, got[1]), inner[*slackevents.MessageEvent](t, got[2])
	if edit.Message.Text != "two &lt;3" || edit.PreviousMessage.Text != "one" || edit.Message.Edited == nil {
		t.Errorf("edit = %+v", edit.Message)
	}
	if unfurl.Message.Text != unfurl.PreviousMessage.Text || len(unfurl.Message.Attachments) != 1 {
		t.Errorf("unfurl = %+v", unfurl.Message)
	}
}

func TestPeopleMayNotDoEverything(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ts := w.Say(ada, general, slacksim.Draft{Text: "one"})
	for _, tc := range []struct {
		name string
		err  error
		want error
	}{
		{"edit another's", w.Edit(bob, general, ts, "x"), slacksim.ErrNotAuthor},
		{"delete another's", w.Delete(bob, general, ts), slacksim.ErrNotAuthor},
		{"edit nothing", w.Edit(ada, general, "1.0", "x"), slacksim.ErrNoMessage},
		{"no channel", w.React(ada, "C404", ts, "tada"), slacksim.ErrNoChannel},
		{"no user", w.React("U404", general, ts, "tada"), slacksim.ErrNoUser},
		{"no reaction", w.Unreact(ada, general, ts, "tada"), slacksim.ErrNothingToUndo},
		{"first reaction", w.React(ada, general, ts, "tada"), nil},
		{"second reaction", w.React(ada, general, ts, "tada"), slacksim.ErrReacted},
		{"no view", w.SubmitView(ada, "V404", nil), slacksim.ErrNoView},
		{"unknown user", w.ChangeUser(slacksim.User{ID: "U404"}), slacksim.ErrNoUser},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, tc.err, tc.want)
		}
	}
	if ts := w.Say("U404", general, slacksim.Draft{Text: "x"}); ts != "" {
		t.Errorf("a stranger spoke at %s", ts)
	}
}

func TestStampsNeverCollide(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var all []string
	for range 500 {
		all = append(all, w.Say(ada, general, slacksim.Draft{Text: "x"}), w.Say(ada, support, slacksim.Draft{Text: "x"}))
	}
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error("timestamps are not strictly increasing")
	}
	if _, frac, _ := strings.Cut(all[0], "."); len(frac) != 6 {
		t.Errorf("ts = %s", all[0])
	}
}

func TestDirectMessageHasNoMention(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, nil)
	w.Say(ada, private, slacksim.Draft{Text: "<@" + w.BotUser() + "> hi"})
	w.Say(bob, general, slacksim.Draft{Text: "next"})
	got := l.next(t, 2)
	if a, b := inner[*slackevents.MessageEvent](t, got[0]), inner[*slackevents.MessageEvent](t, got[1]); a.ChannelType != "im" || b.Text != "next" {
		t.Errorf("heard %+v and %+v", a, b)
	}
}
