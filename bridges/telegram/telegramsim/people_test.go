package telegramsim_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
)

func TestPrivacyModeShowsWhatIsMeant(t *testing.T) {
	t.Parallel()
	w := setup(t)
	other := w.AddUser(telegramsim.User{First: "Other", Username: "other_bot", Bot: true})
	must(t, w.Join(other, small))
	mine := ok[id](t, w, "sendMessage", args{"chat_id": small, "text": "mine"}).ID
	w.updates(t)
	for _, tc := range []struct {
		text  string
		reply int
		by    int64
		seen  bool
	}{
		{"plain talk", 0, bob, false},
		{"/help", 0, bob, true},
		{"/help@sim_bot", 0, bob, true},
		{"/help@other_bot", 0, bob, false},
		{"hey @SIM_BOT", 0, bob, true},
		{"hey @sim_botany", 0, bob, false},
		{"an answer", mine, bob, true},
		{"@sim_bot from a bot", 0, other, false},
		{"/help", 0, bob, false}, // now the other bot spoke last
	} {
		w.Say(tc.by, small, telegramsim.Draft{Text: tc.text, ReplyTo: tc.reply})
		if got := w.updates(t); (len(got) == 1) != tc.seen {
			t.Errorf("%q: updates %v, want seen %v", tc.text, got, tc.seen)
		}
	}
	w.Say(bob, forum, telegramsim.Draft{Text: "to an administrator"})
	w.only(t, "message")
	open := setup(t, func(c *telegramsim.Config) { c.Privacy = new(false) })
	open.Say(bob, small, telegramsim.Draft{Text: "plain talk"})
	open.only(t, "message")
}

func TestEntitiesAreCountedInUTF16(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Say(ada, ada, telegramsim.Draft{Text: "🙂🙂 <b>bold 🙂</b> @ada_l /do #tag https://example.org/a?b=c. a@b.example", HTML: true})
	got := w.only(t, "message")
	text := got["text"].(string)
	var parts []string
	for _, e := range got["entities"].([]any) {
		e := e.(map[string]any)
		parts = append(parts, e["type"].(string)+" "+cut(text, int(e["offset"].(float64)), int(e["length"].(float64))))
	}
	want := []string{"bold bold 🙂", "mention @ada_l", "bot_command /do", "hashtag #tag", "url https://example.org/a?b=c", "email a@b.example"}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Error(diff)
	}
}

func TestRepliesAndQuotes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	said := w.Say(ada, ada, telegramsim.Draft{Text: "🙂 one two"})
	sent := ok[map[string]any](t, w, "sendMessage", args{"chat_id": ada, "text": "x", "reply_parameters": args{"message_id": said, "quote": "two"}})
	quote := sent["quote"].(map[string]any)
	if quote["text"] != "two" || quote["position"] != 7.0 || sent["reply_to_message"].(map[string]any)["text"] != "🙂 one two" {
		t.Errorf("sent = %v", sent)
	}
	ok[id](t, w, "sendMessage", args{"chat_id": ada, "text": "x", "reply_parameters": args{"message_id": 999, "allow_sending_without_reply": true}})
	away := ok[map[string]any](t, w, "sendMessage", args{"chat_id": forum, "text": "x", "reply_parameters": args{"message_id": said, "chat_id": ada}})
	if away["external_reply"] == nil || away["reply_to_message"] != nil {
		t.Errorf("a reply to another chat = %v", away)
	}
	if m, _ := w.Message(ada, int(sent["message_id"].(float64))); m.ReplyTo != said || m.Quote != "two" {
		t.Errorf("Message = %+v", m)
	}
}

func TestForumTopics(t *testing.T) {
	t.Parallel()
	w := setup(t)
	topic := ok[map[string]any](t, w, "createForumTopic", args{"chat_id": forum, "name": "Help"})
	in := int(topic["message_thread_id"].(float64))
	if made := w.only(t, "message"); made["forum_topic_created"] == nil || made["message_thread_id"] != float64(in) {
		t.Errorf("the bot's own topic = %v", made)
	}
	w.Say(bob, forum, telegramsim.Draft{Text: "x", Thread: in})
	got := w.only(t, "message")
	if got["is_topic_message"] != true || got["message_thread_id"] != float64(in) || got["reply_to_message"].(map[string]any)["forum_topic_created"] == nil {
		t.Errorf("in a topic = %v", got)
	}
	w.Say(bob, forum, telegramsim.Draft{Text: "x"})
	if got := w.only(t, "message"); got["is_topic_message"] != nil || got["message_thread_id"] != nil {
		t.Errorf("in General = %v", got)
	}
	must(t, w.CloseTopic(ada, forum, in))
	if got := w.only(t, "message"); got["forum_topic_closed"] == nil {
		t.Errorf("closed = %v", got)
	}
	if w.Say(bob, forum, telegramsim.Draft{Text: "x", Thread: in}) != 0 {
		t.Error("Bob wrote in a closed topic")
	}
	ok[bool](t, w, "deleteForumTopic", args{"chat_id": forum, "message_thread_id": in})
	if got := w.updates(t); len(got) != 0 {
		t.Errorf("a deleted topic is told: %v", got)
	}
	want := []telegramsim.Topic{{ID: in, Name: "Help", Color: 0x6FB9F0, Closed: true, Deleted: true}}
	if diff := cmp.Diff(want, w.Topics(forum)); diff != "" {
		t.Error(diff)
	}
	for _, m := range w.Messages(forum) {
		if m.Thread == in && !m.Deleted {
			t.Errorf("a message of a deleted topic is left: %+v", m)
		}
	}
	if err := w.RenameTopic(ada, forum, in, "x"); !errors.Is(err, telegramsim.ErrNoTopic) {
		t.Errorf("RenameTopic = %v", err)
	}
}

func TestAlbumsAreSeveralUpdates(t *testing.T) {
	t.Parallel()
	w := setup(t)
	files := []telegramsim.Upload{{Name: "a.png", Data: picture()}, {Name: "b.png", Data: picture(), Spoiler: true}}
	w.Say(ada, ada, telegramsim.Draft{Text: "both", Files: files, Album: true})
	got := w.updates(t)
	if len(got) != 2 {
		t.Fatalf("updates = %v", got)
	}
	first, second := got[0]["message"].(map[string]any), got[1]["message"].(map[string]any)
	if first["media_group_id"] == nil || first["media_group_id"] != second["media_group_id"] || first["caption"] != "both" || second["caption"] != nil {
		t.Errorf("album = %v, %v", first, second)
	}
	sizes := second["photo"].([]any)
	if len(sizes) != 2 || second["has_media_spoiler"] != true {
		t.Fatalf("second = %v", second)
	}
	large := sizes[1].(map[string]any)
	if large["width"] != 640.0 || sizes[0].(map[string]any)["width"] != 320.0 {
		t.Errorf("sizes = %v", sizes)
	}
	path := ok[struct {
		Path string `json:"file_path"`
	}](t, w, "getFile", args{"file_id": large["file_id"]}).Path
	if data := w.download(t, path); !slices.Equal(data, picture()) {
		t.Errorf("downloaded %d bytes of %d", len(data), len(picture()))
	}
}

func TestAnonymousAdministratorsAndChannels(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Say(ada, forum, telegramsim.Draft{Text: "x", Anonymous: true})
	got := w.only(t, "message")
	if got["from"].(map[string]any)["username"] != "GroupAnonymousBot" || got["sender_chat"].(map[string]any)["id"] != float64(forum) {
		t.Errorf("anonymous = %v", got)
	}
	if w.Say(bob, forum, telegramsim.Draft{Text: "x", Anonymous: true}) != 0 || w.Say(bob, news, telegramsim.Draft{Text: "x"}) != 0 {
		t.Error("Bob is no administrator and wrote as one")
	}
	w.Say(ada, news, telegramsim.Draft{Text: "x"})
	if post := w.only(t, "channel_post"); post["from"] != nil || post["sender_chat"].(map[string]any)["title"] != "News" {
		t.Errorf("channel post = %v", post)
	}
	if sent := ok[map[string]any](t, w, "sendMessage", args{"chat_id": "@sim_news", "text": "x"}); sent["from"] != nil {
		t.Errorf("the bot's post = %v", sent)
	}
}

func TestDeletingSaysNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	said := w.Say(ada, ada, telegramsim.Draft{Text: "x"})
	w.updates(t)
	must(t, w.Delete(ada, ada, said))
	if got := w.updates(t); len(got) != 0 {
		t.Errorf("updates = %v", got)
	}
	if m, _ := w.Message(ada, said); !m.Deleted {
		t.Errorf("Message = %+v", m)
	}
	if err := w.Edit(ada, ada, said, "y"); !errors.Is(err, telegramsim.ErrNoMessage) {
		t.Errorf("Edit of a deleted message = %v", err)
	}
	other := w.Say(bob, small, telegramsim.Draft{Text: "x"})
	if err := w.Edit(ada, small, other, "y"); !errors.Is(err, telegramsim.ErrNotAuthor) {
		t.Errorf("Edit of another's message = %v", err)
	}
}

func TestBusinessAccounts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	connection := w.Connect(bob)
	first := w.BusinessSay(ada, bob, telegramsim.Draft{Text: "for sale?"})
	got := w.updates(t)
	said := got[1]["business_message"].(map[string]any)
	if said["business_connection_id"] != connection || said["chat"].(map[string]any)["id"] != float64(ada) {
		t.Errorf("business message = %v", said)
	}
	sent := ok[map[string]any](t, w, "sendMessage", args{"business_connection_id": connection, "chat_id": ada, "text": "yes", "reply_parameters": args{"message_id": first}})
	if sent["from"].(map[string]any)["id"] != float64(bob) || sent["sender_business_bot"] == nil {
		t.Errorf("answer = %v", sent)
	}
	ok[id](t, w, "editMessageText", args{"business_connection_id": connection, "chat_id": ada, "message_id": sent["message_id"], "text": "no"})
	all := w.BusinessMessages(connection, ada)
	if len(all) != 2 || all[1].Text != "no" || all[1].ReplyTo != first || len(w.Messages(ada)) != 0 {
		t.Errorf("messages = %+v, in the bot's own chat %+v", all, w.Messages(ada))
	}
	must(t, w.Delete(ada, ada, first))
	if gone := w.only(t, "deleted_business_messages"); gone["message_ids"].([]any)[0] != float64(first) {
		t.Errorf("deleted = %v", gone)
	}
	must(t, w.Disconnect(bob))
	refused := w.call(t, "sendMessage", args{"business_connection_id": connection, "chat_id": ada, "text": "x"})
	if refused.Description != "Bad Request: BUSINESS_CONNECTION_INVALID" {
		t.Errorf("after Disconnect: %+v", refused)
	}
}

func TestViewTellsWhatThePersonSees(t *testing.T) {
	t.Parallel()
	w := setup(t)
	said := w.Say(bob, forum, telegramsim.Draft{Text: "hi"})
	sent := ok[id](t, w, "sendMessage", args{
		"chat_id": forum, "text": "hello @ada_l and <a href=\"tg://user?id=5100000002\">Bob</a>", "parse_mode": "HTML", "disable_notification": true,
		"disable_web_page_preview": true, "reply_to_message_id": said,
		"reply_markup": args{"inline_keyboard": [][]args{{{"text": "A", "callback_data": "a"}}, {}, {{"text": "B", "url": "https://example.org"}}}},
	}).ID
	ok[bool](t, w, "setMessageReaction", args{"chat_id": forum, "message_id": said, "reaction": []args{{"type": "emoji", "emoji": "👀"}}})
	ok[bool](t, w, "setMessageReaction", args{"chat_id": forum, "message_id": said, "reaction": []args{{"type": "emoji", "emoji": "👍"}}})
	ok[bool](t, w, "pinChatMessage", args{"chat_id": forum, "message_id": sent})
	m, _ := w.Message(forum, sent)
	m.Entities, m.At = nil, time.Time{}
	want := telegramsim.Message{
		ID: sent, Chat: forum, From: w.Bot().ID, FromName: "Sim Bot", Text: "hello @ada_l and Bob", ReplyTo: said, Pings: []int64{ada, bob},
		Buttons: [][]telegramsim.Button{{{Text: "A", Data: "a"}}, {{Text: "B", URL: "https://example.org"}}}, Silent: true, NoPreview: true, Pinned: true,
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	theirs, _ := w.Message(forum, said)
	if diff := cmp.Diff([]telegramsim.Reaction{{Emoji: "👍", Users: []int64{w.Bot().ID}}}, theirs.Reactions); diff != "" {
		t.Error(diff)
	}
	if err := w.Press(bob, forum, sent, "nothing"); !errors.Is(err, telegramsim.ErrNoButton) {
		t.Errorf("Press = %v", err)
	}
	chats := w.Chats()
	if len(chats) != 3 || !slices.Equal(chats[0].Members, []int64{bob}) || !slices.Equal(chats[0].Admins, []int64{ada}) || !chats[0].BotAdmin {
		t.Errorf("Chats = %+v", chats)
	}
	calls := w.Calls("sendMessage")
	if len(calls) != 1 || calls[0].Params["parse_mode"] != "HTML" || calls[0].Status != 200 {
		t.Errorf("Calls = %+v", calls)
	}
}
