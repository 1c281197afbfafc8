package discordsim_test

import (
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

func TestForumPosts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, everything)
	forum := w.Channels()[slices.IndexFunc(w.Channels(), func(ch discordsim.Channel) bool { return ch.ID == support })]
	if !slices.Equal(forum.Tags, []string{"open", "closed"}) || len(forum.TagIDs) != 2 {
		t.Fatalf("forum = %+v", forum)
	}
	status, post := w.raw(t, "POST", "/channels/"+support+"/threads", obj{
		"name": "Case 1", "applied_tags": []string{forum.TagIDs[0]}, "message": obj{"content": "card", "allowed_mentions": obj{"parse": []string{}}},
	})
	if status != 201 || id(post["message"].(obj)) != id(post) || post["message_count"] != 0.0 {
		t.Errorf("post = %d %v", status, post)
	}
	if ev := c.event("THREAD_CREATE"); id(ev) != id(post) || ev["newly_created"] != true || ev["member"] == nil {
		t.Errorf("THREAD_CREATE = %v", ev)
	}
	if ev := c.event("MESSAGE_CREATE"); ev["channel_id"] != id(post) || ev["guild_id"] != home {
		t.Errorf("MESSAGE_CREATE = %v", ev)
	}
	said := w.Say(ada, id(post), discordsim.Draft{Text: "me too"})
	if ev := c.event("MESSAGE_CREATE"); id(ev) != said || ev["position"] != 1.0 || ev["channel_type"] != 11.0 {
		t.Errorf("MESSAGE_CREATE = %v", ev)
	}
	hers := w.ForumPost(ada, support, "Help", discordsim.Draft{Text: "please"}, "closed")
	if ev := c.event("THREAD_CREATE"); id(ev) != hers || ev["member"] != nil || ev["owner_id"] != ada {
		t.Errorf("THREAD_CREATE = %v", ev)
	}
	if ev := c.event("MESSAGE_CREATE"); id(ev) != hers || ev["content"] != "please" {
		t.Errorf("the first message of another's post = %v", ev)
	}
	status, changed := w.raw(t, "PATCH", "/channels/"+hers, obj{"name": "Helped", "applied_tags": []string{}, "archived": true, "locked": true})
	if status != 200 || changed["name"] != "Helped" || changed["thread_metadata"].(obj)["locked"] != true {
		t.Errorf("PATCH = %d %v", status, changed)
	}
	c.event("THREAD_UPDATE")
	if got := w.Threads(support); len(got) != 2 || !got[1].Archived || !got[1].Locked || got[1].Name != "Helped" || len(got[0].Applied) != 1 {
		t.Errorf("threads = %+v", got)
	}
	if got := w.Say(ada, hers, discordsim.Draft{Text: "no"}); got != "" {
		t.Error("a person writes into a locked thread")
	}
	w.SetModerator(bob)
	if got := w.Say(bob, hers, discordsim.Draft{Text: "yes"}); got == "" {
		t.Error("a moderator can not write into a locked thread")
	}
	w.DeleteChannel(hers)
	if ev := c.event("THREAD_DELETE"); id(ev) != hers || ev["parent_id"] != support {
		t.Errorf("THREAD_DELETE = %v", ev)
	}
}

func TestThreadsWakeUp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, everything)
	question := w.Say(ada, general, discordsim.Draft{Text: "q"})
	status, th := w.raw(t, "POST", "/channels/"+general+"/messages/"+question+"/threads", obj{"name": "answers", "auto_archive_duration": 60})
	if status != 201 || id(th) != question {
		t.Fatalf("thread = %d %v", status, th)
	}
	c.event("THREAD_CREATE")
	if ev := c.event("MESSAGE_UPDATE"); id(ev) != question || ev["thread"] == nil || ev["flags"] != 32.0 || ev["edited_timestamp"] != nil {
		t.Errorf("MESSAGE_UPDATE = %v", ev)
	}
	if ev := c.event("MESSAGE_CREATE"); ev["type"] != 21.0 || id(ev["referenced_message"].(obj)) != question {
		t.Errorf("the start of a thread = %v", ev)
	}
	if err := w.Archive(question); err != nil {
		t.Fatal(err)
	}
	if ev := c.event("THREAD_UPDATE"); ev["thread_metadata"].(obj)["archived"] != true {
		t.Errorf("THREAD_UPDATE = %v", ev)
	}
	if status, e := w.raw(t, "PATCH", "/channels/"+question, obj{"name": "n"}); status != 400 || e["code"] != 50083.0 {
		t.Errorf("rename of an archived thread = %d %v", status, e)
	}
	if status, _ := w.raw(t, "POST", "/channels/"+question+"/messages", obj{"content": "a"}); status != 200 {
		t.Errorf("post = %d", status)
	}
	if ev := c.event("THREAD_UPDATE"); ev["thread_metadata"].(obj)["archived"] != false {
		t.Errorf("THREAD_UPDATE = %v", ev)
	}
	c.event("THREAD_MEMBER_UPDATE")
	w.SetPermission(general, discordsim.PermView, false)
	w.SetPermission(general, discordsim.PermView, true)
	if ev := c.event("THREAD_LIST_SYNC"); len(ev["threads"].([]any)) != 1 || len(ev["members"].([]any)) != 1 {
		t.Errorf("THREAD_LIST_SYNC = %v", ev)
	}
	if err := w.RemoveFromThread(w.BotUser(), question); err != nil {
		t.Fatal(err)
	}
	if ev := c.event("THREAD_MEMBERS_UPDATE"); ev["removed_member_ids"].([]any)[0] != w.BotUser() {
		t.Errorf("THREAD_MEMBERS_UPDATE = %v", ev)
	}
	heard := w.Say(bob, question, discordsim.Draft{Text: "still heard"})
	if ev := c.event("MESSAGE_CREATE"); id(ev) != heard {
		t.Errorf("in a thread that the bot left = %v", ev)
	}
}

func TestHiddenChannelIsNotHeard(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, everything)
	c.event("GUILD_CREATE")
	w.SetPermission(general, discordsim.PermView, false)
	w.Say(ada, general, discordsim.Draft{Text: "unheard"})
	heard := w.Say(ada, news, discordsim.Draft{Text: "heard"})
	if f := c.read(); f["t"] != "MESSAGE_CREATE" || id(f["d"].(obj)) != heard {
		t.Errorf("first event = %v", f)
	}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, everything&^discordsim.IntentMessageContent)
	_, hook := w.raw(t, "POST", "/channels/"+general+"/webhooks", obj{"name": "Relay"})
	if ev := c.event("WEBHOOKS_UPDATE"); ev["channel_id"] != general {
		t.Errorf("WEBHOOKS_UPDATE = %v", ev)
	}
	path := "/webhooks/" + id(hook) + "/" + hook["token"].(string)
	status, said := w.raw(t, "POST", path+"?wait=true", obj{
		"content": "hello @everyone <@" + ada + ">", "username": "Kay", "avatar_url": "https://example.org/k.png", "allowed_mentions": obj{"parse": []string{}},
	})
	if status != 200 || said["webhook_id"] != id(hook) || said["author"].(obj)["username"] != "Kay" || said["mention_everyone"] != false {
		t.Errorf("execute = %d %v", status, said)
	}
	if ev := c.event("MESSAGE_CREATE"); ev["webhook_id"] != id(hook) || ev["content"] == "" || ev["application_id"] != w.ApplicationID() || ev["member"] != nil {
		t.Errorf("MESSAGE_CREATE = %v", ev)
	}
	if m, _ := w.Message(general, id(said)); m.AuthorName != "Kay" || m.AvatarURL != "https://example.org/k.png" || m.Webhook != id(hook) || len(m.Pings) != 0 {
		t.Errorf("message = %+v", m)
	}
	theirs, token := w.AddWebhook(general, "Theirs")
	w.raw(t, "POST", "/webhooks/"+theirs+"/"+token, obj{"content": "from elsewhere"})
	if ev := c.event("MESSAGE_CREATE"); ev["webhook_id"] != theirs || ev["content"] != "" {
		t.Errorf("another's webhook without the content intent = %v", ev)
	}
	thread := w.StartThread(ada, general, "", "t")
	if status, m := w.raw(t, "POST", path+"?wait=true&thread_id="+thread, obj{"content": "in thread"}); status != 200 || m["channel_id"] != thread {
		t.Errorf("in a thread = %d %v", status, m)
	}
	_, posts := w.raw(t, "POST", "/channels/"+support+"/webhooks", obj{"name": "Posts"})
	status, post := w.raw(t, "POST", "/webhooks/"+id(posts)+"/"+posts["token"].(string)+"?wait=true", obj{"content": "first", "thread_name": "New"})
	if status != 200 || post["channel_id"] != id(post) || len(w.Threads(support)) != 1 {
		t.Errorf("post by webhook = %d %v", status, post)
	}
	w.DeleteWebhook(id(hook))
	if status, e := w.raw(t, "POST", path, obj{"content": "x"}); status != 404 || e["code"] != 10015.0 {
		t.Errorf("deleted = %d %v", status, e)
	}
	if got := w.Webhooks(); len(got) != 2 || got[0].ID != theirs || got[0].Own || !got[1].Own {
		t.Errorf("webhooks = %+v", got)
	}
}
