package telegramsim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
)

func TestErrorsAreTelegrams(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, func(cfg *telegramsim.Config) { cfg.Now, cfg.MaxDownload = c.now, 1000 })
	fromAda := w.Say(ada, ada, telegramsim.Draft{Text: "hers"})
	inSmall := w.Say(ada, small, telegramsim.Draft{Text: "hers"})
	own := ok[id](t, w, "sendMessage", args{"chat_id": ada, "text": "mine"}).ID
	old := ok[id](t, w, "sendMessage", args{"chat_id": small, "text": "old"}).ID
	photo := ok[id](t, w, "sendPhoto", args{"chat_id": ada, "photo": w.picture(t)}).ID
	closed, gone, open := w.CreateTopic(ada, forum, "closed"), w.CreateTopic(ada, forum, "gone"), w.CreateTopic(ada, forum, "open")
	must(t, w.CloseTopic(ada, forum, closed), w.DeleteTopic(ada, forum, gone))
	big := w.Say(ada, ada, telegramsim.Draft{Files: []telegramsim.Upload{{Name: "big", Data: make([]byte, 1001)}}})
	bigFile, _ := w.Message(ada, big)
	kicked := w.AddGroup(telegramsim.Group{Title: "K", Type: telegramsim.Supergroup, Members: []int64{ada}})
	must(t, w.RemoveBot(kicked))
	w.Private(bob)
	must(t, w.Block(bob))
	plain := w.AddGroup(telegramsim.Group{Title: "P", Forum: true, Members: []int64{ada}})
	w.AddGroup(telegramsim.Group{Title: "M", Type: telegramsim.BasicGroup, Members: []int64{ada, eve}})
	ok[any](t, w, "getChat", args{"chat_id": eve}) // known from a group, so that she may be looked up but not written to
	c.pass(49 * time.Hour)
	for _, tc := range []struct {
		method, want string
		code         int
		args         args
	}{
		{"sendMessage", "Bad Request: chat not found", 400, args{"chat_id": 77, "text": "x"}},
		{"sendMessage", "Bad Request: chat_id is empty", 400, args{"text": "x"}},
		{"sendMessage", "Bad Request: chat not found", 400, args{"chat_id": "@nobody", "text": "x"}},
		{"sendMessage", "Bad Request: message text is empty", 400, args{"chat_id": ada}},
		{"sendMessage", "Bad Request: text must be non-empty", 400, args{"chat_id": ada, "text": " \n "}},
		{"sendMessage", "Bad Request: message is too long", 400, args{"chat_id": ada, "text": strings.Repeat("🙂", 2049)}},
		{"sendMessage", "Bad Request: unsupported parse_mode", 400, args{"chat_id": ada, "text": "x", "parse_mode": "BBCode"}},
		{"sendMessage", "Bad Request: message to be replied not found", 400, args{"chat_id": ada, "text": "x", "reply_parameters": args{"message_id": 9999}}},
		{"sendMessage", "Bad Request: message to be replied not found", 400, args{"chat_id": ada, "text": "x", "reply_to_message_id": 9999}},
		{"sendMessage", "Bad Request: QUOTE_TEXT_INVALID", 400, args{"chat_id": ada, "text": "x", "reply_parameters": args{"message_id": fromAda, "quote": "his"}}},
		{"sendMessage", "Bad Request: message thread not found", 400, args{"chat_id": forum, "text": "x", "message_thread_id": 1}},
		{"sendMessage", "Bad Request: message thread not found", 400, args{"chat_id": forum, "text": "x", "message_thread_id": 4242}},
		{"sendMessage", "Bad Request: TOPIC_DELETED", 400, args{"chat_id": forum, "text": "x", "message_thread_id": gone}},
		{"sendMessage", "Forbidden: bot was blocked by the user", 403, args{"chat_id": bob, "text": "x"}},
		{"sendMessage", "Forbidden: bot was kicked from the supergroup chat", 403, args{"chat_id": kicked, "text": "x"}},
		{"sendMessage", "Forbidden: bot can't initiate conversation with a user", 403, args{"chat_id": eve, "text": "x"}},
		{"sendMessage", "Bad Request: BUTTON_DATA_INVALID", 400, args{"chat_id": ada, "text": "x", "reply_markup": args{"inline_keyboard": [][]args{{{"text": "b", "callback_data": strings.Repeat("x", 65)}}}}}},
		{"sendMessage", "Bad Request: object expected as reply markup", 400, args{"chat_id": ada, "text": "x", "reply_markup": []int{1}}},
		{"sendMessage", "Bad Request: business connection not found", 400, args{"business_connection_id": "no", "chat_id": ada, "text": "x"}},
		{"sendPhoto", "Bad Request: there is no photo in the request", 400, args{"chat_id": ada}},
		{"sendPhoto", "Bad Request: wrong file identifier/HTTP URL specified", 400, args{"chat_id": ada, "photo": "nonsense"}},
		{"sendPhoto", "Bad Request: failed to get HTTP URL content", 400, args{"chat_id": ada, "photo": "https://example.org/a.png"}},
		{"sendPhoto", "Bad Request: message caption is too long", 400, args{"chat_id": ada, "photo": w.picture(t), "caption": strings.Repeat("x", 1025)}},
		{"sendMediaGroup", "Bad Request: there are not enough messages to send as an album", 400, args{"chat_id": ada, "media": []args{{"type": "photo", "media": "x"}}}},
		{"editMessageText", "Bad Request: message to edit not found", 400, args{"chat_id": ada, "message_id": 9999, "text": "x"}},
		{"editMessageText", "Bad Request: message can't be edited", 400, args{"chat_id": ada, "message_id": fromAda, "text": "x"}},
		{"editMessageText", "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message", 400, args{"chat_id": ada, "message_id": own, "text": "mine"}},
		{"editMessageText", "Bad Request: there is no text in the message to edit", 400, args{"chat_id": ada, "message_id": photo, "text": "x"}},
		{"editMessageCaption", "Bad Request: there is no caption in the message to edit", 400, args{"chat_id": ada, "message_id": own, "caption": "x"}},
		{"deleteMessage", "Bad Request: message to delete not found", 400, args{"chat_id": ada, "message_id": 9999}},
		{"deleteMessage", "Bad Request: message can't be deleted for everyone", 400, args{"chat_id": small, "message_id": old}},
		{"setMessageReaction", "Bad Request: REACTION_INVALID", 400, args{"chat_id": ada, "message_id": fromAda, "reaction": []args{{"type": "emoji", "emoji": "🥑"}}}},
		{"setMessageReaction", "Bad Request: REACTIONS_TOO_MANY", 400, args{"chat_id": ada, "message_id": fromAda, "reaction": []args{{"type": "emoji", "emoji": "👍"}, {"type": "emoji", "emoji": "👎"}}}},
		{"setMessageReaction", "Bad Request: message to react not found", 400, args{"chat_id": ada, "message_id": 9999}},
		{"pinChatMessage", "Bad Request: not enough rights to manage pinned messages in the chat", 400, args{"chat_id": small, "message_id": inSmall}},
		{"getFile", "Bad Request: file is too big", 400, args{"file_id": bigFile.Files[0].ID}},
		{"getFile", "Bad Request: wrong file_id or the file is temporarily unavailable", 400, args{"file_id": "x"}},
		{"createForumTopic", "Bad Request: the chat is not a forum", 400, args{"chat_id": small, "name": "x"}},
		{"createForumTopic", "Bad Request: not enough rights to manage topics in the chat", 400, args{"chat_id": plain, "name": "x"}},
		{"reopenForumTopic", "Bad Request: TOPIC_NOT_MODIFIED", 400, args{"chat_id": forum, "message_thread_id": open}},
		{"answerCallbackQuery", "Bad Request: query is too old and response timeout expired or query ID is invalid", 400, args{"callback_query_id": "1"}},
		{"getChatMember", "Bad Request: PARTICIPANT_ID_INVALID", 400, args{"chat_id": forum, "user_id": 12}},
		{"getChatMember", "Bad Request: member not found", 400, args{"chat_id": small, "user_id": eve}},
		{"getChatAdministrators", "Bad Request: there are no administrators in the private chat", 400, args{"chat_id": ada}},
		{"setWebhook", "Bad Request: bad webhook: An HTTPS URL must be provided for webhook", 400, args{"url": "http://example.org"}},
		{"setWebhook", "Bad Request: secret token contains unallowed characters", 400, args{"url": "https://example.org", "secret_token": "a b"}},
		{"setMyCommands", "Bad Request: BOT_COMMAND_INVALID", 400, args{"commands": []args{{"command": "Ä", "description": "x"}}}},
		{"setMyCommands", "Bad Request: can't change commands in channel chats", 400, args{"commands": []args{}, "scope": args{"type": "chat", "chat_id": news}}},
		{"getMyCommands", "Bad Request: chat not found", 400, args{"scope": args{"type": "chat", "chat_id": 99}}},
		{"deleteMyCommands", "Bad Request: unsupported scope type specified", 400, args{"scope": args{"type": "somewhere"}}},
		{"getMyCommands", "Bad Request: can't use specified scope in private chats", 400, args{"scope": args{"type": "chat_member", "chat_id": ada, "user_id": ada}}},
		{"sendTelepathy", "Not Found", 404, nil},
	} {
		got := w.call(t, tc.method, tc.args)
		if got.OK || got.ErrorCode != tc.code || got.Description != tc.want {
			t.Errorf("%s(%v) = %d %q, want %d %q", tc.method, tc.args, got.ErrorCode, got.Description, tc.code, tc.want)
		}
	}
}

func TestBotOutsideAdministratorsIsBoundByTopics(t *testing.T) {
	t.Parallel()
	w := setup(t)
	plain := w.AddGroup(telegramsim.Group{Title: "P", Forum: true, Admins: []int64{ada}})
	topic := w.CreateTopic(ada, plain, "T")
	must(t, w.CloseTopic(ada, plain, topic))
	if got := w.call(t, "sendMessage", args{"chat_id": plain, "text": "x", "message_thread_id": topic}); got.Description != "Bad Request: TOPIC_CLOSED" {
		t.Errorf("in a closed topic: %+v", got)
	}
	must(t, w.Promote(w.Bot().ID, plain))
	ok[id](t, w, "sendMessage", args{"chat_id": plain, "text": "x", "message_thread_id": topic})
}

func TestMigratedGroupNamesItsSupergroup(t *testing.T) {
	t.Parallel()
	w := setup(t)
	super := w.Migrate(small)
	got := w.call(t, "sendMessage", args{"chat_id": small, "text": "x"})
	if got.Description != "Bad Request: group chat was upgraded to a supergroup chat" || got.Parameters.Migrate != super || super >= -1_000_000_000_000 {
		t.Errorf("send to the old group = %+v, want the id %d", got, super)
	}
	all := w.updates(t)
	if len(all) != 2 {
		t.Fatalf("updates = %v, want migrate_to_chat_id and migrate_from_chat_id", all)
	}
	to, from := all[0]["message"].(map[string]any), all[1]["message"].(map[string]any)
	if int64(to["migrate_to_chat_id"].(float64)) != super || int64(from["migrate_from_chat_id"].(float64)) != small {
		t.Errorf("updates = %v", all)
	}
	ok[id](t, w, "sendMessage", args{"chat_id": super, "text": "x"})
	if w.Say(bob, small, telegramsim.Draft{Text: "x"}) != 0 || w.Say(bob, super, telegramsim.Draft{Text: "x"}) == 0 {
		t.Error("people write in the old group, or not in the new one")
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for path, want := range map[string]int{
		"/bot" + w.Token() + "/getMe": 200, "/bot" + w.Token() + "/GETME": 200, "/botnonsense/getMe": 404, "/": 404, "/bot" + w.Token(): 404,
		"/bot1234:wrong/getMe": 401, "/file/bot1234:wrong/x": 401, "/file/bot" + w.Token() + "/x": 404,
	} {
		if got := w.status(t, path); got != want {
			t.Errorf("GET %s = %d, want %d", path, got, want)
		}
	}
	w.Revoke()
	if got := w.call(t, "getMe", nil); got.ErrorCode != 401 || got.Description != "Unauthorized" {
		t.Errorf("with a revoked token: %+v", got)
	}
	w.Restore()
	ok[any](t, w, "getMe", nil)
}
