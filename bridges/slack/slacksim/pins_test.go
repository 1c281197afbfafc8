package slacksim_test

import (
	"errors"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"github.com/roost-im/roost/bridges/slack/slacksim"
)

func TestPeoplePin(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, nil)
	ts := w.Say(ada, general, slacksim.Draft{Text: "keep this"})
	l.next(t, 1)
	if err := w.Pin(bob, general, ts); err != nil {
		t.Fatal(err)
	}
	if m, _ := w.Message(general, ts); !m.Pinned {
		t.Error("the message is not pinned")
	}
	added := inner[*slackevents.PinAddedEvent](t, l.next(t, 1)[1])
	if added.User != bob || added.Channel != general || added.Item.Message == nil || added.Item.Message.Timestamp != ts {
		t.Errorf("the app heard %+v", added)
	}
	if err := w.Pin(ada, general, ts); !errors.Is(err, slacksim.ErrPinned) {
		t.Errorf("pinning again = %v, want ErrPinned", err)
	}
	items, _, err := w.api.ListPinsContext(t.Context(), general)
	if err != nil || len(items) != 1 || items[0].Message == nil || items[0].Message.Timestamp != ts {
		t.Errorf("pins.list = %+v, %v", items, err)
	}
	if err := w.Unpin(ada, general, ts); err != nil {
		t.Fatal(err)
	}
	if removed := inner[*slackevents.PinRemovedEvent](t, l.next(t, 1)[2]); removed.User != ada {
		t.Errorf("the app heard %+v", removed)
	}
	if err := w.Unpin(ada, general, ts); !errors.Is(err, slacksim.ErrNotPinned) {
		t.Errorf("unpinning again = %v, want ErrNotPinned", err)
	}
	if err := w.Pin("U0NOBODY", general, ts); !errors.Is(err, slacksim.ErrNoUser) {
		t.Errorf("pinning as nobody = %v, want ErrNoUser", err)
	}
}

func TestTheAppPins(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	ts := w.Say(ada, general, slacksim.Draft{Text: "keep this"})
	item := slack.NewRefToMessage(general, ts)
	said := func(want string, err error) {
		t.Helper()
		if (err == nil && want != "") || (err != nil && err.Error() != want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	said("", w.api.AddPinContext(ctx, general, item))
	said("already_pinned", w.api.AddPinContext(ctx, general, item))
	said("", w.api.RemovePinContext(ctx, general, item))
	said("no_pin", w.api.RemovePinContext(ctx, general, item))
	said("no_item_specified", w.api.AddPinContext(ctx, general, slack.ItemRef{}))
	said("bad_timestamp", w.api.AddPinContext(ctx, general, slack.NewRefToMessage(general, "soon")))
	said("message_not_found", w.api.AddPinContext(ctx, general, slack.NewRefToMessage(general, "1.000001")))
	said("channel_not_found", w.api.AddPinContext(ctx, "C0NOWHERE", item))
	said("", w.api.AddPinContext(ctx, general, item))
	if err := w.Delete(ada, general, ts); err != nil {
		t.Fatal(err)
	}
	if items, _, err := w.api.ListPinsContext(ctx, general); err != nil || len(items) != 0 {
		t.Errorf("after the message was deleted pins.list = %+v, %v", items, err)
	}
	if err := w.RemoveBot(general); err != nil {
		t.Fatal(err)
	}
	said("not_in_channel", w.api.AddPinContext(ctx, general, item))
}

func TestAnotherAppMayBearAName(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ci := w.AddUser(slacksim.User{Name: "ci", RealName: "CI", Bot: true})
	old := w.Say(ada, general, slacksim.Draft{Text: "said before"})
	ts := w.Say(ci, general, slacksim.Draft{Text: "built", Username: "Builder", Share: old})
	m, _ := w.Message(general, ts)
	if m.Username != "Builder" || m.User != "" || m.BotID == "" || m.Subtype != "bot_message" {
		t.Errorf("the message is %+v, want one of a bot named Builder", m)
	}
	if len(m.Attachments) == 0 {
		t.Error("what was shared is not attached")
	}
}

func TestDeletedThreadIsGone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := w.Say(ada, general, slacksim.Draft{Text: "root"})
	w.Say(bob, general, slacksim.Draft{Text: "reply", Thread: root})
	if err := w.DeleteThread(general, root); err != nil {
		t.Fatal(err)
	}
	for _, m := range w.Messages(general) {
		if !m.Deleted {
			t.Errorf("%q is still there", m.Text)
		}
	}
	if err := w.DeleteThread(general, root); !errors.Is(err, slacksim.ErrNoMessage) {
		t.Errorf("deleting again = %v, want ErrNoMessage", err)
	}
}

func TestDeletedFileIsGone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ts := w.Say(ada, general, slacksim.Draft{Files: []slacksim.Upload{{Name: "a.txt", Data: []byte("a")}}})
	m, _ := w.Message(general, ts)
	if err := w.DeleteFile(m.Files[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.FileBytes(m.Files[0].ID); ok {
		t.Error("the bytes are still there")
	}
	if err := w.DeleteFile(m.Files[0].ID); !errors.Is(err, slacksim.ErrNoFile) {
		t.Errorf("deleting again = %v, want ErrNoFile", err)
	}
}
