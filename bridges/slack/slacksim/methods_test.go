package slacksim_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/roost-im/roost/bridges/slack/slacksim"
)

func TestWhoAmI(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	who := must(w.api.AuthTestContext(ctx))(t)
	if who.UserID != w.BotUser() || who.BotID != w.BotID() || who.TeamID != w.TeamID() {
		t.Errorf("auth.test = %+v", who)
	}
	bot := must(w.api.GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: w.BotID()}))(t)
	if bot.UserID != w.BotUser() || bot.AppID != w.AppID() {
		t.Errorf("bots.info = %+v", bot)
	}
	if team := must(w.api.GetTeamInfoContext(ctx))(t); team.ID != w.TeamID() || team.Domain != "simteam" {
		t.Errorf("team.info = %+v", team)
	}
	w.AddEmoji("roost", "https://example.org/roost.png")
	if emoji := must(w.api.GetEmojiContext(ctx))(t); emoji["roost"] != "https://example.org/roost.png" {
		t.Errorf("emoji.list = %v", emoji)
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	user := must(w.api.GetUserInfoContext(ctx, ada))(t)
	if user.Profile.DisplayName != "Ada" || user.RealName != "Ada Lovelace" || user.Profile.Email != "ada@example.org" {
		t.Errorf("users.info = %+v", user)
	}
	if found := must(w.api.GetUserByEmailContext(ctx, "ADA@example.org"))(t); found.ID != ada {
		t.Errorf("users.lookupByEmail = %s", found.ID)
	}
	if profile := must(w.api.GetUserProfileContext(ctx, &slack.GetUserProfileParameters{UserID: bob}))(t); profile.RealName != "Bob" {
		t.Errorf("users.profile.get = %+v", profile)
	}
	for range 5 {
		w.AddUser(slacksim.User{})
	}
	all := must(w.api.GetUsersContext(ctx, slack.GetUsersOptionLimit(3)))(t)
	ids := map[string]bool{}
	for _, u := range all {
		ids[u.ID] = true
	}
	if len(all) != 8 || len(ids) != 8 || !ids[ada] {
		t.Errorf("users.list gave %d users, %d different ones", len(all), len(ids))
	}
	group := w.AddUserGroup(slacksim.UserGroup{Name: "Team", Handle: "team", Users: []string{ada, bob}})
	groups := must(w.api.GetUserGroupsContext(ctx, slack.GetUserGroupsOptionIncludeUsers(true)))(t)
	if len(groups) != 1 || groups[0].ID != group || !slices.Equal(groups[0].Users, []string{ada, bob}) {
		t.Errorf("usergroups.list = %+v", groups)
	}
	if members := must(w.api.GetUserGroupMembersContext(ctx, group))(t); !slices.Equal(members, []string{ada, bob}) {
		t.Errorf("usergroups.users.list = %v", members)
	}
}

func TestConversations(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	info := must(w.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: secret, IncludeNumMembers: true}))(t)
	if !info.IsPrivate || info.NumMembers != 2 || info.Name != "secret" {
		t.Errorf("conversations.info = %+v", info)
	}
	channels, cursor, err := w.api.GetConversationsContext(ctx, &slack.GetConversationsParameters{Types: []string{"public_channel", "private_channel", "im"}, Limit: 3})
	if err != nil || len(channels) != 3 || cursor == "" {
		t.Errorf("conversations.list = %d channels, cursor %q, %v", len(channels), cursor, err)
	}
	members, _, err := w.api.GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{ChannelID: general})
	if err != nil || len(members) != 3 {
		t.Errorf("conversations.members = %v, %v", members, err)
	}
	dm, noOp, _, err := w.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{ada}, ReturnIM: true})
	if err != nil || dm.ID != private || !noOp || dm.User != ada {
		t.Errorf("conversations.open = %+v, %v, %v", dm, noOp, err)
	}
	made := must(w.api.CreateConversationContext(ctx, slack.CreateConversationParams{ChannelName: "made"}))(t)
	if _, err := w.api.InviteUsersToConversationContext(ctx, made.ID, bob); err != nil {
		t.Errorf("conversations.invite: %v", err)
	}
	if renamed := must(w.api.RenameConversationContext(ctx, made.ID, "named"))(t); renamed.Name != "named" {
		t.Errorf("conversations.rename = %+v", renamed)
	}
	if _, err := w.api.LeaveConversationContext(ctx, made.ID); err != nil {
		t.Errorf("conversations.leave: %v", err)
	}
	if _, _, _, err := w.api.JoinConversationContext(ctx, made.ID); err != nil {
		t.Errorf("conversations.join: %v", err)
	}
	if err := w.api.MarkConversationContext(ctx, made.ID, "1700000000.000000"); err != nil {
		t.Errorf("conversations.mark: %v", err)
	}
	if err := w.api.ArchiveConversationContext(ctx, made.ID); err != nil {
		t.Errorf("conversations.archive: %v", err)
	}
	if _, _, err := w.api.PostMessageContext(ctx, made.ID, slack.MsgOptionText("x", false)); err == nil || err.Error() != "is_archived" {
		t.Errorf("posting to an archived channel: %v", err)
	}
	mine, _, err := w.api.GetConversationsForUserContext(ctx, &slack.GetConversationsForUserParameters{UserID: bob, Types: []string{"public_channel"}, ExcludeArchived: true})
	if err != nil || len(mine) != 2 {
		t.Errorf("users.conversations = %+v, %v", mine, err)
	}
}

func TestPostEditDelete(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	_, ts, err := w.api.PostMessageContext(ctx, general, slack.MsgOptionText("one & <two>", false),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "roost", EventPayload: map[string]any{"key": "k1"}}))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := w.Message(general, ts)
	if m.Text != "one &amp; &lt;two&gt;" || m.BotID != w.BotID() || m.Metadata == nil || string(m.Metadata.EventPayload) != `{"key":"k1"}` {
		t.Errorf("stored %+v", m)
	}
	if _, _, text, err := w.api.UpdateMessageContext(ctx, general, ts, slack.MsgOptionText("changed", false)); err != nil || text != "changed" {
		t.Errorf("chat.update = %q, %v", text, err)
	}
	if m, _ := w.Message(general, ts); !m.Edited || m.Text != "changed" || m.Metadata == nil {
		t.Errorf("after the update: %+v", m)
	}
	link := must(w.api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: general, Ts: ts}))(t)
	if want := "https://simteam.slack.com/archives/" + general + "/p" + strings.Replace(ts, ".", "", 1); link != want {
		t.Errorf("permalink = %s, want %s", link, want)
	}
	if _, _, err := w.api.DeleteMessageContext(ctx, general, ts); err != nil {
		t.Errorf("chat.delete: %v", err)
	}
	if m, _ := w.Message(general, ts); !m.Deleted {
		t.Errorf("after the delete: %+v", m)
	}
	if _, err := w.api.PostEphemeralContext(ctx, general, ada, slack.MsgOptionText("psst", false)); err != nil {
		t.Errorf("chat.postEphemeral: %v", err)
	}
	if e := w.Ephemerals(ada); len(e) != 1 || e[0].Text != "psst" || len(w.Ephemerals(bob)) != 0 {
		t.Errorf("ephemerals = %+v", e)
	}
}

func TestPersonaAndThread(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	root := w.Say(ada, general, slacksim.Draft{Text: "root"})
	_, ts, err := w.api.PostMessageContext(ctx, general, slack.MsgOptionText("reply", false), slack.MsgOptionTS(root), slack.MsgOptionBroadcast(),
		slack.MsgOptionUsername("Kay"), slack.MsgOptionIconURL("https://example.org/k.png"))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := w.Message(general, ts)
	if m.Thread != root || m.Username != "Kay" || m.IconURL != "https://example.org/k.png" || m.User != "" {
		t.Errorf("stored %+v", m)
	}
	w.SetScopes("chat:write")
	_, ts, err = w.api.PostMessageContext(ctx, general, slack.MsgOptionText("plain", false), slack.MsgOptionUsername("Kay"))
	if m, _ := w.Message(general, ts); err != nil || m.Username != "" || m.User != w.BotUser() {
		t.Errorf("without chat:write.customize: %+v, %v", m, err)
	}
}

func TestHistoryPages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	var want []string
	for range 7 {
		want = append(want, w.Say(ada, general, slacksim.Draft{Text: "m"}))
	}
	w.Say(bob, general, slacksim.Draft{Text: "hidden in the thread", Thread: want[0]})
	shown := w.Say(bob, general, slacksim.Draft{Text: "shown too", Thread: want[0], Broadcast: true})
	want = append(want, shown)
	var got []string
	for cursor := ""; ; {
		page := must(w.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: general, Limit: 3, Cursor: cursor}))(t)
		for _, m := range page.Messages {
			got = append(got, m.Timestamp)
		}
		if cursor = page.ResponseMetaData.NextCursor; cursor == "" {
			break
		}
	}
	slices.Reverse(got)
	if !slices.Equal(got, want) {
		t.Errorf("history = %v, want %v", got, want)
	}
	part := must(w.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: general, Oldest: want[2], Latest: want[4]}))(t)
	if len(part.Messages) != 1 || part.Messages[0].Timestamp != want[3] {
		t.Errorf("between two stamps: %d messages", len(part.Messages))
	}
	part = must(w.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: general, Oldest: want[2], Latest: want[4], Inclusive: true}))(t)
	if len(part.Messages) != 3 {
		t.Errorf("inclusive: %d messages, want 3", len(part.Messages))
	}
}

func TestRepliesPages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	want := []string{w.Say(ada, general, slacksim.Draft{Text: "root"})}
	for range 5 {
		want = append(want, w.Say(bob, general, slacksim.Draft{Text: "r", Thread: want[0]}))
	}
	var got []string
	for cursor, more := "", true; more; {
		page, hasMore, next, err := w.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: general, Timestamp: want[0], Limit: 2, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page {
			got = append(got, m.Timestamp)
		}
		cursor, more = next, hasMore
	}
	if !slices.Equal(got, want) {
		t.Errorf("replies = %v, want %v", got, want)
	}
	late, _, _, err := w.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: general, Timestamp: want[0], Oldest: want[4]})
	if err != nil || len(late) != 2 || late[0].ReplyCount != 5 || late[1].Timestamp != want[5] {
		t.Errorf("after %s: %+v, %v", want[4], late, err)
	}
}

func TestReactions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	ts := w.Say(ada, general, slacksim.Draft{Text: "x"})
	item := slack.NewRefToMessage(general, ts)
	if err := w.api.AddReactionContext(ctx, "tada", item); err != nil {
		t.Fatal(err)
	}
	if err := w.api.AddReactionContext(ctx, "tada", item); err == nil || err.Error() != "already_reacted" {
		t.Errorf("the second reaction: %v", err)
	}
	if err := w.React(bob, general, ts, "tada"); err != nil {
		t.Error(err)
	}
	got := must(w.api.GetReactionsContext(ctx, item, slack.NewGetReactionsParameters()))(t)
	if len(got.Reactions) != 1 || got.Reactions[0].Count != 2 {
		t.Errorf("reactions.get = %+v", got)
	}
	listed, _, err := w.api.ListReactionsContext(ctx, slack.ListReactionsParameters{User: bob})
	if err != nil || len(listed) != 1 {
		t.Errorf("reactions.list = %+v, %v", listed, err)
	}
	if err := w.api.RemoveReactionContext(ctx, "tada", item); err != nil {
		t.Error(err)
	}
	if err := w.api.RemoveReactionContext(ctx, "tada", item); err == nil || err.Error() != "no_reaction" {
		t.Errorf("the second removal: %v", err)
	}
	if m, _ := w.Message(general, ts); len(m.Reactions) != 1 || !slices.Equal(m.Reactions[0].Users, []string{bob}) {
		t.Errorf("left: %+v", m.Reactions)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	data := bytes.Repeat([]byte("0123456789"), 1000)
	up := must(w.api.UploadFileContext(ctx, slack.UploadFileParameters{
		Reader: bytes.NewReader(data), FileSize: len(data), Filename: "a b.txt", Title: "T", Channel: general, InitialComment: "look",
	}))(t)
	w.until(t, "the share", func(v *slacksim.View) bool { return len(v.Messages(general)) == 1 })
	m := w.Messages(general)[0]
	if m.Subtype != "file_share" || m.Text != "look" || len(m.Files) != 1 || m.Files[0].ID != up.ID || m.Files[0].Title != "T" {
		t.Errorf("shared %+v", m)
	}
	info, _, _, err := w.api.GetFileInfoContext(ctx, up.ID, 0, 0)
	if err != nil || info.Size != len(data) || info.Mimetype != "text/plain" || info.Shares.Public[general][0].Ts != m.TS {
		t.Errorf("files.info = %+v, %v", info, err)
	}
	var got bytes.Buffer
	if err := w.api.GetFileContext(ctx, info.URLPrivateDownload, &got); err != nil || !bytes.Equal(got.Bytes(), data) {
		t.Errorf("downloaded %d bytes, %v", got.Len(), err)
	}
	stranger := client(w.Sim, "xoxb-other")
	if err := stranger.GetFileContext(ctx, info.URLPrivate, &got); err == nil || !strings.Contains(err.Error(), "sign-in") {
		t.Errorf("download by a stranger: %v", err)
	}
	w.Say(ada, general, slacksim.Draft{Text: "mine", Files: []slacksim.Upload{{Name: "p.png", Data: []byte("\x89PNG\r\n\x1a\n")}}})
	files, _, err := w.api.GetFilesContext(ctx, slack.GetFilesParameters{Channel: general, Count: 10, Page: 1})
	if err != nil || len(files) != 2 || files[0].Mimetype != "image/png" {
		t.Errorf("files.list = %+v, %v", files, err)
	}
	if err := w.api.DeleteFileContext(ctx, up.ID); err != nil {
		t.Error(err)
	}
	if _, _, _, err := w.api.GetFileInfoContext(ctx, up.ID, 0, 0); err == nil || err.Error() != "file_deleted" {
		t.Errorf("a deleted file: %v", err)
	}
}
