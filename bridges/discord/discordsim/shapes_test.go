package discordsim_test

import (
	"net/http"
	"testing"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

// TestAnswersHaveDiscordsShape calls what the simulator serves; each request and each answer is held against the description.
func TestAnswersHaveDiscordsShape(t *testing.T) {
	t.Parallel()
	described(t)
	w := setup(t)
	question := w.Say(ada, general, discordsim.Draft{
		Text:     "hi <@" + bob + "> @here",
		Files:    []discordsim.Upload{{Name: "a.txt", Data: []byte("a"), Alt: "a letter", Spoiler: true}},
		Stickers: []discordsim.Sticker{{ID: "5", Name: "wave"}}, Poll: &discordsim.Poll{Question: "?", Answers: []string{"a", "b"}},
	})
	w.Say(ada, general, discordsim.Draft{Voice: true, Files: []discordsim.Upload{{Name: "voice.ogg", Data: []byte("OggS")}}})
	w.Say(bob, general, discordsim.Draft{Forward: &discordsim.Forward{Channel: general, Message: question}})
	w.Say(bob, general, discordsim.Draft{Text: "reply", ReplyTo: question})
	w.StartThread(bob, general, question, "thread")
	bare := w.StartThread(bob, general, "", "bare")
	post := w.ForumPost(ada, support, "help", discordsim.Draft{Text: "me"}, "open")
	emoji := w.AddEmoji(home, "roost", true)
	for _, err := range []error{
		w.React(bob, general, question, "👍"), w.React(bob, general, question, "roost:"+emoji), w.Pin(bob, general, question),
		w.Unfurl(general, question, "https://example.org/", "E"), w.Vote(bob, general, question, 1), w.Edit(ada, general, question, "hi"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	dm := w.DM(ada)
	const chg, chs = "/channels/" + general, "/channels/" + support
	_, own := w.raw(t, "POST", chg+"/messages", obj{
		"content": "own", "nonce": "n1", "enforce_nonce": true, "embeds": []obj{{"title": "T", "description": nil, "fields": []obj{{"name": "n", "value": "v"}}}},
		"components": []obj{
			{"type": 1, "components": []obj{{"type": 2, "style": 1, "label": "Go", "custom_id": "go"}, {"type": 2, "style": 5, "label": "L", "url": "https://example.org/"}}},
			{"type": 1, "components": []obj{{"type": 3, "custom_id": "pick", "options": []obj{{"label": "A", "value": "a"}}}}},
		},
		"message_reference": obj{"message_id": question}, "allowed_mentions": obj{"parse": []string{}},
	})
	_, hook := w.raw(t, "POST", chg+"/webhooks", obj{"name": "Relay"})
	token, _ := hook["token"].(string)
	path := "/webhooks/" + id(hook) + "/" + token
	_, said := w.raw(t, "POST", path+"?wait=true", obj{"content": "by hook", "username": "Kay", "avatar_url": "https://example.org/a.png"})
	_, cmd := w.raw(t, "POST", "/applications/"+w.ApplicationID()+"/commands", obj{"name": "ask", "description": "asks", "options": []obj{
		{"type": 3, "name": "what", "description": "what to ask", "required": true},
	}})
	type step struct {
		method, path string
		body         any
		want         int
	}
	for _, s := range []step{
		{"GET", "/gateway", nil, 200},
		{"GET", "/gateway/bot", nil, 200},
		{"GET", "/users/@me", nil, 200},
		{"GET", "/users/" + ada, nil, 200},
		{"PATCH", "/users/@me", obj{"username": "renamed"}, 200},
		{"POST", "/users/@me/channels", obj{"recipient_id": ada}, 200},
		{"GET", "/users/@me/guilds?with_counts=true", nil, 200},
		{"GET", "/oauth2/applications/@me", nil, 200},
		{"GET", "/applications/@me", nil, 200},
		{"GET", "/sticker-packs", nil, 200},
		{"GET", "/guilds/" + home + "?with_counts=true", nil, 200},
		{"GET", "/guilds/" + home + "/channels", nil, 200},
		{"POST", "/guilds/" + home + "/channels", obj{"name": "Made Here", "type": 0}, 201},
		{"GET", "/guilds/" + home + "/members?limit=5", nil, 200},
		{"GET", "/guilds/" + home + "/members/search?query=ad", nil, 200},
		{"GET", "/guilds/" + home + "/members/" + ada, nil, 200},
		{"GET", "/guilds/" + home + "/roles", nil, 200},
		{"GET", "/guilds/" + home + "/emojis", nil, 200},
		{"GET", "/guilds/" + home + "/emojis/" + emoji, nil, 200},
		{"GET", "/guilds/" + home + "/stickers", nil, 200},
		{"GET", "/guilds/" + home + "/webhooks", nil, 200},
		{"GET", "/guilds/" + home + "/threads/active", nil, 200},
		{"GET", chg, nil, 200},
		{"GET", chs, nil, 200},
		{"GET", "/channels/" + dm, nil, 200},
		{"GET", "/channels/" + post, nil, 200},
		{"PATCH", chg, obj{"topic": "new"}, 200},
		{"PATCH", chs, obj{"available_tags": []obj{{"name": "new", "emoji_name": "🎉"}}}, 200},
		{"PATCH", "/channels/" + bare, obj{"archived": true, "locked": true}, 200},
		{"GET", chg + "/threads/archived/public", nil, 200},
		{"GET", chg + "/threads/archived/private", nil, 200},
		{"GET", chg + "/users/@me/threads/archived/private", nil, 200},
		{"PATCH", "/channels/" + bare, obj{"archived": false, "locked": false}, 200},
		{"GET", chg + "/messages?limit=100", nil, 200},
		{"GET", "/channels/" + post + "/messages", nil, 200},
		{"GET", "/channels/" + question + "/messages", nil, 200},
		{"GET", chg + "/messages/" + question, nil, 200},
		{"PATCH", chg + "/messages/" + id(own), obj{"content": "new", "embeds": []obj{}}, 200},
		{"PUT", chg + "/messages/" + id(own) + "/reactions/%F0%9F%8E%89/@me", nil, 204},
		{"PUT", chg + "/messages/" + id(own) + "/reactions/roost:" + emoji + "/@me", nil, 204},
		{"GET", chg + "/messages/" + id(own) + "/reactions/%F0%9F%8E%89", nil, 200},
		{"DELETE", chg + "/messages/" + id(own) + "/reactions/%F0%9F%8E%89/@me", nil, 204},
		{"DELETE", chg + "/messages/" + question + "/reactions/%F0%9F%91%8D/" + bob, nil, 204},
		{"DELETE", chg + "/messages/" + id(own) + "/reactions/roost:" + emoji, nil, 204},
		{"DELETE", chg + "/messages/" + question + "/reactions", nil, 204},
		{"PUT", chg + "/messages/pins/" + id(own), nil, 204},
		{"PUT", chg + "/pins/" + id(said), nil, 204},
		{"GET", chg + "/pins", nil, 200},
		{"GET", chg + "/messages/pins?limit=1", nil, 200},
		{"DELETE", chg + "/messages/pins/" + id(own), nil, 204},
		{"POST", chg + "/typing", nil, 204},
		{"POST", chg + "/messages/" + id(own) + "/threads", obj{"name": "from own"}, 201},
		{"POST", chg + "/threads", obj{"name": "public", "type": 11}, 201},
		{"POST", chg + "/threads", obj{"name": "private"}, 201},
		{"POST", chs + "/threads", obj{"name": "post", "message": obj{"content": "first"}}, 201},
		{"GET", "/channels/" + post + "/thread-members?with_member=true", nil, 200},
		{"PUT", "/channels/" + post + "/thread-members/@me", nil, 204},
		{"GET", "/channels/" + post + "/thread-members/@me", nil, 200},
		{"PUT", "/channels/" + post + "/thread-members/" + bob, nil, 204},
		{"DELETE", "/channels/" + post + "/thread-members/" + bob, nil, 204},
		{"GET", chg + "/polls/" + question + "/answers/1", nil, 200},
		{"GET", chg + "/webhooks", nil, 200},
		{"GET", "/webhooks/" + id(hook), nil, 200},
		{"GET", path, nil, 200},
		{"PATCH", "/webhooks/" + id(hook), obj{"name": "Other"}, 200},
		{"PATCH", path, obj{"name": "Third"}, 200},
		{"POST", path, obj{"content": "quiet"}, 204},
		{"GET", path + "/messages/" + id(said), nil, 200},
		{"PATCH", path + "/messages/" + id(said), obj{"content": "changed"}, 200},
		{"DELETE", path + "/messages/" + id(said), nil, 204},
		{"GET", "/applications/" + w.ApplicationID() + "/commands", nil, 200},
		{"PUT", "/applications/" + w.ApplicationID() + "/guilds/" + home + "/commands", []obj{{"name": "local", "description": "here"}, {"name": "Look", "type": 3}}, 200},
		{"GET", "/applications/" + w.ApplicationID() + "/commands/" + id(cmd), nil, 200},
		{"PATCH", "/applications/" + w.ApplicationID() + "/commands/" + id(cmd), obj{"description": "other"}, 200},
		{"DELETE", "/applications/" + w.ApplicationID() + "/commands/" + id(cmd), nil, 204},
		{"DELETE", path, nil, 204},
		{"DELETE", chg + "/messages/" + id(own), nil, 204},
		{"DELETE", "/channels/" + post, nil, 200},
		{"DELETE", "/channels/" + dm, nil, 200},
		{"DELETE", chg, nil, 200},
		{"DELETE", "/users/@me/guilds/" + home, nil, 204},
	} {
		if status, answer := w.call(t, s.method, s.path, s.body); status != s.want {
			t.Errorf("%s %s = %d %v, want %d", s.method, s.path, status, answer, s.want)
		}
	}
	if n := len(w.Calls(http.MethodPost + " /webhooks/{}/{}")); n != 2 {
		t.Errorf("%d webhook calls, want 2", n)
	}
}
