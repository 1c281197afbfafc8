package slacksim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/test/specs"
)

// recorded is the folder with Slack's recorded shapes.
func recorded(t *testing.T) string {
	t.Helper()
	dir, err := specs.Find("slack")
	if err != nil {
		t.Skip(specs.Absent)
	}
	return dir
}

func sample(t *testing.T, path ...string) any {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v: %v", path, err)
	}
	return v
}

// differences lists where got has a field that want lacks or a value of another kind. Objects whose keys are data stand as "*".
func differences(at string, want, got any, allowed func(string) bool) []string {
	if got == nil || want == nil || allowed(at) {
		return nil
	}
	var out []string
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %T, want an object", at, got)}
		}
		for k, v := range g {
			example, known := w[k]
			if !known {
				if !allowed(at + "." + k) {
					out = append(out, at+"."+k+" is unknown")
				}
				continue
			}
			out = append(out, differences(at+"."+k, example, v, allowed)...)
		}
	case []any:
		g, ok := got.([]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %T, want an array", at, got)}
		}
		for i, v := range g {
			if len(w) > 0 {
				out = append(out, differences(fmt.Sprintf("%s[%d]", at, i), w[0], v, allowed)...)
			}
		}
	default:
		if fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) {
			out = append(out, fmt.Sprintf("%s is %T, want %T", at, got, want))
		}
	}
	return out
}

// raw calls a method with a form and gives the decoded answer.
func (w world) raw(t *testing.T, method string, args ...string) map[string]any {
	t.Helper()
	form := strings.NewReplacer("+", "%2B").Replace(strings.Join(args, "&"))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL()+"/api/"+method, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	token := w.BotToken()
	if method == "apps.connections.open" {
		token = w.AppToken()
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return out
}

func TestAnswersHaveSlacksShape(t *testing.T) {
	t.Parallel()
	dir := recorded(t)
	w := setup(t)
	w.AddEmoji("roost", "https://example.org/roost.png")
	w.AddUserGroup(slacksim.UserGroup{ID: "S0GROUP0001", Name: "G", Handle: "g", Users: []string{ada}})
	ts := w.Say(ada, general, slacksim.Draft{Text: "x"})
	own := w.raw(t, "chat.postMessage", "channel="+general, "text=own")["ts"].(string)
	up := w.raw(t, "files.getUploadURLExternal", "filename=a.txt", "length=3")
	upload, err := http.NewRequestWithContext(t.Context(), http.MethodPost, up["upload_url"].(string), strings.NewReader("abc"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(upload)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	calls := [][]string{
		{"api.test", "foo=bar"},
		{"auth.test"},
		{"apps.connections.open"},
		{"bots.info", "bot=" + w.BotID()},
		{"team.info"},
		{"emoji.list"},
		{"users.info", "user=" + ada},
		{"users.list"},
		{"users.profile.get", "user=" + ada},
		{"users.lookupByEmail", "email=ada@example.org"},
		{"users.conversations", "types=public_channel,private_channel,im"},
		{"usergroups.list", "include_users=1"},
		{"usergroups.users.list", "usergroup=S0GROUP0001"},
		{"conversations.info", "channel=" + general, "include_num_members=1"},
		{"conversations.list", "types=public_channel,private_channel,im"},
		{"conversations.members", "channel=" + general},
		{"conversations.create", "name=made"},
		{"conversations.rename", "channel=" + support, "name=renamed"},
		{"conversations.join", "channel=" + general},
		{"conversations.mark", "channel=" + general, "ts=" + ts},
		{"chat.postEphemeral", "channel=" + general, "user=" + ada, "text=x"},
		{"chat.getPermalink", "channel=" + general, "message_ts=" + ts},
		{"reactions.add", "channel=" + general, "timestamp=" + ts, "name=tada"},
		{"reactions.remove", "channel=" + general, "timestamp=" + ts, "name=tada"},
		{"pins.add", "channel=" + general, "timestamp=" + ts},
		{"pins.remove", "channel=" + general, "timestamp=" + ts},
		{"files.getUploadURLExternal", "filename=b.txt", "length=1"},
		{"files.completeUploadExternal", `files=[{"id":"` + up["file_id"].(string) + `"}]`, "channel_id=" + general},
		{"files.delete", "file=" + up["file_id"].(string)},
		{"chat.delete", "channel=" + general, "ts=" + own},
		{"conversations.archive", "channel=" + support},
	}
	data := map[string]bool{"emoji.list.emoji": true, "api.test.args": true, "conversations.join.warning": true}
	for _, call := range calls {
		got := w.raw(t, call[0], call[1:]...)
		if got["ok"] != true {
			t.Errorf("%s = %v", call[0], got)
			continue
		}
		path := filepath.Join(dir, "api", call[0]+".json")
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s has no recorded shape", call[0])
			continue
		}
		for _, d := range differences(call[0], sample(t, path), any(got), func(at string) bool { return data[at] }) {
			t.Error(d)
		}
	}
}

// TestMessagesHaveSlacksShape looks at the answers whose recordings are too large to be among the shapes: their messages and files are
// compared with the recorded events and with the last published description.
func TestMessagesHaveSlacksShape(t *testing.T) {
	t.Parallel()
	dir := recorded(t)
	w := setup(t)
	known := knownMessage(t, dir)
	w.messagesKnown(t, known)
}

// knownMessage joins the fields that messages have in the recorded events.
func knownMessage(t *testing.T, dir string) map[string]any {
	t.Helper()
	known := map[string]any{}
	for _, event := range []string{"Message", "MessageBot", "MessageFileShare", "MessageThreadBroadcast", "MessageChannelJoin"} {
		merge(known, sample(t, dir, "events", event+"Payload.json").(map[string]any)["event"])
	}
	merge(known, sample(t, dir, "events", "MessageChangedPayload.json").(map[string]any)["event"].(map[string]any)["message"])
	known["root"] = known
	api := sample(t, dir, "slack_web_openapi_v2_without_examples.2021.json").(map[string]any)
	merge(known, map[string]any{
		"app_id": "", "icons": map[string]any{"image_36": "", "image_48": "", "image_72": "", "emoji": ""},
		"reactions": []any{map[string]any{"name": "", "users": []any{""}, "count": 1.0}}, "reply_users": []any{""},
	})
	// These are in every recorded webhook of an app's message and in the published description.
	if described := fmt.Sprint(api["definitions"].(map[string]any)["objs_message"]); !strings.Contains(described, "reply_users") || !strings.Contains(described, "reactions") {
		t.Error("the published description of a message lacks reactions or reply_users")
	}
	return known
}

func (w world) messagesKnown(t *testing.T, known map[string]any) {
	t.Helper()
	root := w.Say(ada, general, slacksim.Draft{Text: "root", Files: []slacksim.Upload{{Name: "a.txt", Data: []byte("a")}}})
	w.raw(t, "chat.postMessage", "channel="+general, "text=reply", "thread_ts="+root, "reply_broadcast=1")
	w.raw(t, "chat.postMessage", "channel="+general, "text=persona", "username=Kay", "icon_emoji=cat", `metadata={"event_type":"e","event_payload":{}}`)
	w.raw(t, "reactions.add", "channel="+general, "timestamp="+root, "name=tada")
	own := w.raw(t, "chat.postMessage", "channel="+general, "text=own")
	messages := []any{own["message"], w.raw(t, "chat.update", "channel="+general, "ts="+own["ts"].(string), "text=new")["message"]}
	messages = append(messages, w.raw(t, "conversations.history", "channel="+general, "include_all_metadata=1")["messages"].([]any)...)
	messages = append(messages, w.raw(t, "conversations.replies", "channel="+general, "ts="+root)["messages"].([]any)...)
	messages = append(messages, w.raw(t, "reactions.get", "channel="+general, "timestamp="+root)["message"])
	if len(messages) != 9 {
		t.Errorf("%d messages to compare, want 9", len(messages))
	}
	for _, m := range messages {
		for _, d := range differences("message", known, m, loose) {
			t.Error(d)
		}
	}
}

// merge adds what from has to the fields of into.
func merge(into, from any) {
	maps.Copy(into.(map[string]any), from.(map[string]any))
}

// loose are the parts of messages whose shape is the app's own or that no recording holds.
func loose(at string) bool {
	tail := at[strings.LastIndexByte(at, '.')+1:]
	if strings.Contains(at, ".blocks") || strings.Contains(at, ".shares.") {
		return true
	}
	// event_payload is the app's own; user_id of a bot profile is newer than the recordings; the contexts are in recorded webhooks;
	// event_ts is on every event by the documentation of the wrapper; status_emoji_display_info is recorded in users.info.
	return slices.Contains([]string{
		"event_payload", "user_id", "context_team_id", "context_enterprise_id", "event_ts", "status_emoji_display_info",
	}, tail)
}

func TestEventsHaveSlacksShape(t *testing.T) {
	t.Parallel()
	dir := recorded(t)
	w := setup(t)
	box := newMailbox(t)
	if err := w.SetEventsURL(box.URL); err != nil {
		t.Fatal(err)
	}
	ts := w.Say(ada, general, slacksim.Draft{Text: "hi <@" + w.BotUser() + ">"})
	reply := w.Say(ada, general, slacksim.Draft{Text: "b", Thread: ts, Broadcast: true})
	w.Say(ada, general, slacksim.Draft{Files: []slacksim.Upload{{Name: "a.txt", Data: []byte("a")}}})
	w.raw(t, "chat.postMessage", "channel="+general, "text=x", "username=Kay", "icon_emoji=cat")
	steps := []error{
		w.Edit(ada, general, reply, "c"), w.Delete(ada, general, reply), w.React(bob, general, ts, "tada"), w.Unreact(bob, general, ts, "tada"),
		w.Pin(bob, general, ts), w.Unpin(bob, general, ts),
		w.Unfurl(general, ts, "https://example.org", "E"), w.Leave(bob, support), w.Join(bob, support, ada), w.OpenHome(ada),
		w.Rename(support, "other"), w.Archive(ada, support), w.DeleteChannel(support), w.ChangeUser(slacksim.User{ID: bob, Name: "rob"}),
	}
	for i, err := range steps {
		if err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
	w.Revoke()
	files := map[string]string{
		"message": "Message", "message/thread_broadcast": "MessageThreadBroadcast", "message/file_share": "MessageFileShare",
		"message/bot_message": "MessageBot", "message/message_changed": "MessageChanged", "message/message_deleted": "MessageDeleted",
		"message/channel_join": "MessageChannelJoin", "app_mention": "AppMention", "reaction_added": "ReactionAdded",
		"reaction_removed": "ReactionRemoved", "member_joined_channel": "MemberJoinedChannel", "member_left_channel": "MemberLeftChannel",
		"channel_archive": "ChannelArchive", "channel_deleted": "ChannelDeleted", "channel_rename": "ChannelRename",
		"pin_added": "PinAdded", "pin_removed": "PinRemoved", "file_shared": "FileShared", "app_home_opened": "AppHomeOpened", "user_change": "UserChange",
		"tokens_revoked": "TokensRevoked", "app_uninstalled": "AppUninstalled",
	}
	known := knownMessage(t, dir)
	seen := map[string]bool{}
	ids := map[string]bool{}
	for _, body := range box.wait(t, 23) {
		var got map[string]any
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&got); err != nil {
			t.Fatal(err)
		}
		event := got["event"].(map[string]any)
		kind := event["type"].(string)
		if sub, ok := event["subtype"].(string); ok {
			kind += "/" + sub
		}
		name, recorded := files[kind]
		if !recorded {
			t.Errorf("an event without a recording: %s", kind)
			continue
		}
		seen[kind] = true
		if id := got["event_id"].(string); ids[id] {
			t.Errorf("event_id %s came twice", id)
		} else {
			ids[id] = true
		}
		want := sample(t, dir, "events", name+"Payload.json").(map[string]any)
		if event["type"] == "message" && strings.HasSuffix(kind, "ed") {
			inside := want["event"].(map[string]any)
			inside["message"], inside["previous_message"] = known, known
		} else if event["type"] == "message" {
			merge(want["event"], known)
		}
		for _, d := range differences(kind, any(want), any(got), loose) {
			t.Error(d)
		}
	}
	for kind := range files {
		if !seen[kind] {
			t.Errorf("%s never came", kind)
		}
	}
}

func TestTiersAreSlacks(t *testing.T) {
	t.Parallel()
	tiers := sample(t, recorded(t), "rate_limit_tiers.json").(map[string]any)
	served := slacksim.Tiers()
	if len(served) < 45 {
		t.Errorf("only %d methods are served", len(served))
	}
	for method, tier := range served {
		if want := tiers[method]; want != tier {
			t.Errorf("%s is %s, want %v", method, tier, want)
		}
	}
}
