package telegramsim_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
)

func TestEditingTakesTheKeyboardAway(t *testing.T) {
	t.Parallel()
	w := setup(t)
	keys := args{"inline_keyboard": [][]args{{{"text": "A", "callback_data": "a"}}}}
	sent := ok[id](t, w, "sendMessage", args{"chat_id": ada, "text": "x", "reply_markup": keys}).ID
	ok[id](t, w, "editMessageReplyMarkup", args{"chat_id": ada, "message_id": sent, "reply_markup": args{"inline_keyboard": [][]args{{{"text": "B", "copy_text": args{"text": "c"}}}}}})
	if m, _ := w.Message(ada, sent); len(m.Buttons) != 1 || m.Buttons[0][0].Text != "B" || m.Text != "x" || !m.Edited {
		t.Errorf("with another keyboard = %+v", m)
	}
	ok[id](t, w, "editMessageText", args{"chat_id": ada, "message_id": sent, "text": "y"})
	if m, _ := w.Message(ada, sent); len(m.Buttons) != 0 || m.Text != "y" {
		t.Errorf("without a keyboard = %+v", m)
	}
	if got := w.updates(t); len(got) != 0 {
		t.Errorf("the bot hears of its own edits: %v", got)
	}
}

func TestManagingTopics(t *testing.T) {
	t.Parallel()
	w := setup(t)
	topic := w.CreateTopic(ada, forum, "T")
	said := w.Say(bob, forum, telegramsim.Draft{Text: "x", Thread: topic})
	in := func(method string, more ...args) answer {
		all := args{"chat_id": forum, "message_thread_id": topic}
		for _, m := range more {
			maps.Copy(all, m)
		}
		return w.call(t, method, all)
	}
	for _, method := range []string{"closeForumTopic", "reopenForumTopic", "closeGeneralForumTopic", "reopenGeneralForumTopic", "hideGeneralForumTopic", "unhideGeneralForumTopic"} {
		if got := in(method); !got.OK {
			t.Errorf("%s: %+v", method, got)
		}
		if got := in(method); got.Description != "Bad Request: TOPIC_NOT_MODIFIED" && method != "reopenGeneralForumTopic" {
			t.Errorf("%s again: %+v", method, got)
		}
	}
	if got := in("editForumTopic", args{"name": "U", "icon_custom_emoji_id": "53"}); !got.OK || w.Topics(forum)[0].Name != "U" || w.Topics(forum)[0].Icon != "53" {
		t.Errorf("editForumTopic: %+v, %+v", got, w.Topics(forum))
	}
	if got := in("editForumTopic", args{"name": "U"}); got.Description != "Bad Request: TOPIC_NOT_MODIFIED" {
		t.Errorf("editForumTopic with nothing new: %+v", got)
	}
	if got := in("editGeneralForumTopic", args{"name": "Lobby"}); !got.OK {
		t.Errorf("editGeneralForumTopic: %+v", got)
	}
	must(t, w.Pin(ada, forum, said))
	if got := in("unpinAllForumTopicMessages"); !got.OK {
		t.Errorf("unpinAllForumTopicMessages: %+v", got)
	}
	if m, _ := w.Message(forum, said); m.Pinned {
		t.Error("the message is still pinned")
	}
}

func TestPins(t *testing.T) {
	t.Parallel()
	w := setup(t)
	one, two := w.Say(ada, forum, telegramsim.Draft{Text: "1"}), w.Say(ada, forum, telegramsim.Draft{Text: "2"})
	must(t, w.Pin(ada, forum, one), w.Pin(ada, forum, two))
	ok[bool](t, w, "unpinChatMessage", args{"chat_id": forum})
	pinned := func(id int) bool { m, _ := w.Message(forum, id); return m.Pinned }
	if !pinned(one) || pinned(two) {
		t.Errorf("pinned: %v %v, want the newest off", pinned(one), pinned(two))
	}
	if got := w.call(t, "unpinChatMessage", args{"chat_id": forum, "message_id": two}); got.Description != "Bad Request: message to unpin not found" {
		t.Errorf("unpin again: %+v", got)
	}
	must(t, w.Pin(ada, forum, two), w.Unpin(ada, forum, two))
	ok[bool](t, w, "unpinAllChatMessages", args{"chat_id": forum})
	if pinned(one) || pinned(two) {
		t.Error("something is pinned still")
	}
	if err := w.Pin(bob, forum, one); err == nil {
		t.Error("Bob is no administrator and pinned")
	}
}

func TestWhoMayDelete(t *testing.T) {
	t.Parallel()
	w := setup(t)
	theirs := w.Say(bob, forum, telegramsim.Draft{Text: "x"})
	ok[bool](t, w, "deleteMessage", args{"chat_id": forum, "message_id": theirs}) // an administrator
	hers := w.Say(ada, ada, telegramsim.Draft{Text: "x"})
	ok[bool](t, w, "deleteMessage", args{"chat_id": ada, "message_id": hers}) // in a private chat
	foreign := w.Say(bob, small, telegramsim.Draft{Text: "x"})
	if got := w.call(t, "deleteMessage", args{"chat_id": small, "message_id": foreign}); got.Description != "Bad Request: message can't be deleted" {
		t.Errorf("another's message as a plain member: %+v", got)
	}
	must(t, w.Promote(w.Bot().ID, small))
	ok[bool](t, w, "deleteMessage", args{"chat_id": small, "message_id": foreign})
	must(t, w.Demote(w.Bot().ID, small))
	if got := w.updates(t); len(got) == 0 || got[len(got)-1]["my_chat_member"] == nil {
		t.Errorf("updates = %v, want my_chat_member at the end", got)
	}
}

func TestForwardsTellTheirOrigin(t *testing.T) {
	t.Parallel()
	w := setup(t)
	one, two := w.Say(ada, ada, telegramsim.Draft{Text: "1"}), w.Say(ada, news, telegramsim.Draft{Text: "2"})
	sent := ok[map[string]any](t, w, "forwardMessage", args{"chat_id": forum, "from_chat_id": news, "message_id": two})
	if o := sent["forward_origin"].(map[string]any); o["type"] != "channel" || o["message_id"] != float64(two) {
		t.Errorf("origin = %v", o)
	}
	ids := ok[[]id](t, w, "forwardMessages", args{"chat_id": forum, "from_chat_id": ada, "message_ids": []int{one, 999}})
	if len(ids) != 1 {
		t.Fatalf("forwardMessages = %v", ids)
	}
	if m, _ := w.Message(forum, ids[0].ID); m.Text != "1" || !m.Forwarded {
		t.Errorf("Message = %+v", m)
	}
	if got := w.call(t, "editMessageText", args{"chat_id": forum, "message_id": ids[0].ID, "text": "x"}); got.Description != "Bad Request: message can't be edited" {
		t.Errorf("editing a forward: %+v", got)
	}
}

func TestFilesByAddressAndByID(t *testing.T) {
	t.Parallel()
	w := setup(t)
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/a.png" {
			http.NotFound(rw, r)
			return
		}
		_, _ = rw.Write(picture())
	}))
	t.Cleanup(site.Close)
	sent := ok[id](t, w, "sendPhoto", args{"chat_id": ada, "photo": site.URL + "/a.png", "has_spoiler": "true"}).ID
	m, _ := w.Message(ada, sent)
	if !slices.Equal(m.Files[0].Data, picture()) || !m.Files[0].Spoiler {
		t.Errorf("Message = %+v", m)
	}
	if got := w.call(t, "sendPhoto", args{"chat_id": ada, "photo": site.URL + "/b.png"}); got.Description != "Bad Request: failed to get HTTP URL content" {
		t.Errorf("a page that is not there: %+v", got)
	}
	if got := w.call(t, "sendDocument", args{"chat_id": ada, "document": m.Files[0].ID}); got.OK {
		t.Errorf("a photo as a document: %+v", got)
	}
	sound := w.Say(ada, ada, telegramsim.Draft{Files: []telegramsim.Upload{{Name: "a.mp3", Type: "audio/mpeg", Data: []byte("ID3")}}})
	known, _ := w.Message(ada, sound)
	again := ok[map[string]any](t, w, "sendAudio", args{"chat_id": ada, "audio": known.Files[0].ID})
	if again["audio"].(map[string]any)["file_name"] != "a.mp3" {
		t.Errorf("again = %v", again)
	}
}

func TestCommandsAndActions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ok[bool](t, w, "setMyCommands", args{"commands": []args{{"command": "help", "description": "Helps"}}})
	ok[bool](t, w, "setMyCommands", args{"commands": []args{}, "scope": args{"type": "all_private_chats"}})
	if got := string(w.Commands()); got != `[{"command":"help","description":"Helps"}]` {
		t.Errorf("Commands = %s", got)
	}
	for _, scope := range []args{{"type": "all_group_chats"}, {"type": "chat", "chat_id": small}} {
		ok[bool](t, w, "setMyCommands", args{"commands": []args{{"command": scope["type"], "description": "x"}}, "scope": scope})
	}
	for chat, want := range map[int64]string{ada: "help", forum: "all_group_chats", small: "chat"} {
		if got := string(w.Menu(chat)); !strings.Contains(got, `"`+want+`"`) {
			t.Errorf("in %d people are offered %s, want %s", chat, got, want)
		}
	}
	ok[bool](t, w, "deleteMyCommands", args{"scope": args{"type": "chat", "chat_id": small}})
	if got := string(w.Menu(small)); !strings.Contains(got, "all_group_chats") {
		t.Errorf("in the small group people are offered %s", got)
	}
	ok[bool](t, w, "sendChatAction", args{"chat_id": ada, "action": "typing"})
	if got := w.Actions(); len(got) != 1 || got[0].Chat != ada || got[0].Name != "typing" {
		t.Errorf("Actions = %+v", got)
	}
	if users := w.Users(); len(users) != 4 || users[0].ID != w.Bot().ID || users[1].Username != "ada_l" {
		t.Errorf("Users = %+v", users)
	}
}

func TestBusinessMessagesMayBeReadAndDeleted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	connection := w.Connect(bob)
	said := w.BusinessSay(ada, bob, telegramsim.Draft{Text: "x"})
	on := args{"business_connection_id": connection, "chat_id": ada, "message_id": said, "message_ids": []int{said}}
	ok[bool](t, w, "readBusinessMessage", on)
	ok[bool](t, w, "deleteBusinessMessages", on)
	if m, found := w.Message(ada, said); !found || !m.Deleted || m.Business != connection {
		t.Errorf("Message = %+v", m)
	}
	if got := w.call(t, "readBusinessMessage", on); got.OK {
		t.Error("a deleted message was read")
	}
}

func TestMembersWhoWereNotAdded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	group := w.AddGroup(telegramsim.Group{Admins: []int64{77}, Members: []int64{78}})
	if w.Say(78, group, telegramsim.Draft{Text: "/hi"}) == 0 {
		t.Error("a member was refused")
	}
	must(t, w.RemoveBot(group))
	got := w.updates(t)
	if len(got) != 2 || got[1]["my_chat_member"].(map[string]any)["from"].(map[string]any)["first_name"] != "User 77" {
		t.Errorf("updates = %v", got)
	}
}

func TestBotsSeeBotsWhenTold(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *telegramsim.Config) { c.SeeBots = true })
	other := w.AddUser(telegramsim.User{First: "Other", Bot: true})
	must(t, w.Join(other, forum))
	w.updates(t)
	w.Say(other, forum, telegramsim.Draft{Text: "beep"})
	if got := w.only(t, "message"); got["from"].(map[string]any)["is_bot"] != true {
		t.Errorf("update = %v", got)
	}
}
