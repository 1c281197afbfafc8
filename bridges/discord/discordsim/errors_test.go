package discordsim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

func TestErrorsAreDiscords(t *testing.T) {
	t.Parallel()
	w := setup(t)
	msg := w.Say(ada, general, discordsim.Draft{Text: "x"})
	shut := w.AddUser(discordsim.User{Name: "shut", NoDMs: true})
	alone := w.AddUser(discordsim.User{Name: "alone", Guilds: []string{}})
	private := w.AddChannel(discordsim.Channel{Guild: home, Name: "secret"})
	w.SetPermission(private, discordsim.PermView, false)
	readOnly := w.AddChannel(discordsim.Channel{Guild: home, Name: "rules"})
	w.SetPermission(readOnly, discordsim.PermSend|discordsim.PermManageWebhooks|discordsim.PermAddReactions, false)
	ruled := w.Say(ada, readOnly, discordsim.Draft{Text: "rule"})
	threaded := w.Say(ada, general, discordsim.Draft{Text: "y"})
	thread := w.StartThread(ada, general, threaded, "t")
	w.SetPermission(thread, discordsim.PermManageThreads, false)
	if err := w.Lock(thread); err != nil {
		t.Fatal(err)
	}
	_, hook := w.raw(t, "POST", "/channels/"+general+"/webhooks", obj{"name": "Relay"})
	hooked := "/webhooks/" + id(hook) + "/" + hook["token"].(string)
	_, posts := w.raw(t, "POST", "/channels/"+support+"/webhooks", obj{"name": "Posts"})
	posted := "/webhooks/" + id(posts) + "/" + posts["token"].(string)
	const chg = "/channels/" + general + "/messages"
	say := obj{"content": "x"}
	for _, tc := range []struct {
		method, path string
		body         any
		status, code int
		at           string // of an Invalid Form Body
	}{
		{"GET", "/nowhere", nil, 404, 0, ""},
		{"PUT", "/users/@me", nil, 405, 0, ""},
		{"GET", "/channels/77", nil, 404, 10003, ""},
		{"GET", "/channels/abc", nil, 400, 50035, "channel_id"},
		{"GET", chg + "/77", nil, 404, 10008, ""},
		{"GET", "/users/77", nil, 404, 10013, ""},
		{"GET", "/guilds/77", nil, 404, 10004, ""},
		{"GET", "/guilds/" + home + "/members/" + alone, nil, 404, 10007, ""},
		{"GET", "/webhooks/77", nil, 404, 10015, ""},
		{"POST", "/webhooks/77/x", say, 404, 10015, ""},
		{"POST", "/webhooks/" + id(hook) + "/wrong", say, 401, 50027, ""},
		{"GET", "/channels/" + private, nil, 403, 50001, ""},
		{"POST", "/channels/" + readOnly + "/messages", say, 403, 50013, ""},
		{"POST", "/channels/" + readOnly + "/webhooks", obj{"name": "N"}, 403, 50013, ""},
		{"PUT", "/channels/" + readOnly + "/messages/" + ruled + "/reactions/%F0%9F%91%8D/@me", nil, 403, 50013, ""},
		{"PUT", chg + "/" + msg + "/reactions/nonsense/@me", nil, 400, 10014, ""},
		{"PATCH", chg + "/" + msg, say, 403, 50005, ""},
		{"POST", chg, obj{}, 400, 50006, ""},
		{"POST", chg, obj{"content": "  \n "}, 400, 50006, ""},
		{"POST", chg, obj{"content": strings.Repeat("é", 2001)}, 400, 50035, "content"},
		{"POST", chg, obj{"content": 7}, 400, 50035, "content"},
		{"POST", chg, obj{"content": "x", "nonce": strings.Repeat("n", 26)}, 400, 50035, "nonce"},
		{"POST", chg, obj{"embeds": []obj{{"title": strings.Repeat("t", 257)}}}, 400, 50035, "embeds.0.title"},
		{"POST", chg, obj{"embeds": []obj{{"title": "t", "image": obj{"url": "nope"}}}}, 400, 50035, "embeds.0.image"},
		{"POST", chg, obj{"content": "x", "components": []obj{{"type": 2, "custom_id": "b"}}}, 400, 50035, "components.0.type"},
		{"POST", chg, obj{"content": "x", "message_reference": obj{"message_id": "77"}}, 400, 50035, "message_reference"},
		{"POST", chg, obj{"content": "x", "allowed_mentions": obj{"parse": []string{"users"}, "users": []string{ada}}}, 400, 50035, "allowed_mentions"},
		{"POST", chg, obj{"content": "x", "attachments": []obj{{"id": "0"}}}, 400, 50035, "attachments.0.id"},
		{"POST", "/channels/" + support + "/messages", say, 400, 50008, ""},
		{"POST", "/channels/" + w.DM(shut) + "/messages", say, 403, 50007, ""},
		{"POST", "/channels/" + w.DM(alone) + "/messages", say, 403, 50278, ""},
		{"POST", "/users/@me/channels", obj{"recipient_id": "77"}, 400, 50033, ""},
		{"POST", "/channels/" + thread + "/messages", say, 400, 160005, ""},
		{"POST", chg + "/" + threaded + "/threads", obj{"name": "n"}, 400, 160004, ""},
		{"POST", "/channels/" + general + "/threads", obj{"name": ""}, 400, 50035, "name"},
		{"POST", "/channels/" + support + "/threads", obj{"name": "n"}, 400, 50035, "message"},
		{"POST", "/channels/" + thread + "/webhooks", obj{"name": "n"}, 400, 50024, ""},
		{"POST", "/channels/" + general + "/webhooks", obj{"name": "Discord Relay"}, 400, 50035, "name"},
		{"POST", hooked, obj{"content": "x", "username": "Clyde"}, 400, 50035, "username"},
		{"POST", hooked, obj{"content": "x", "thread_name": "t"}, 400, 220003, ""},
		{"POST", posted, say, 400, 220001, ""},
		{"POST", posted + "?thread_id=" + thread, obj{"content": "x", "thread_name": "t"}, 400, 220002, ""},
		{"POST", hooked + "?thread_id=77", say, 404, 10003, ""},
		{"POST", chg + "/" + msg + "/crosspost", nil, 400, 50024, ""},
		{"POST", chg + "/bulk-delete", obj{"messages": []string{msg}}, 400, 50016, ""},
		{"DELETE", "/channels/" + w.DM(ada) + "/messages/" + w.Say(ada, w.DM(ada), discordsim.Draft{Text: "hers"}), nil, 403, 50003, ""},
		{"POST", "/interactions/1/x/callback", obj{"type": 4, "data": say}, 404, 10062, ""},
		{"GET", "/applications/" + w.ApplicationID() + "/commands/77", nil, 404, 10063, ""},
		{"POST", "/applications/" + w.ApplicationID() + "/commands", obj{"name": "Bad Name", "description": "d"}, 400, 50035, "name"},
		{"GET", chg + "?limit=101", nil, 400, 50035, "limit"},
	} {
		status, e := w.raw(t, tc.method, tc.path, tc.body)
		if code, _ := e["code"].(float64); status != tc.status || int(code) != tc.code {
			t.Errorf("%s %s %v = %d %v, want %d with %d", tc.method, tc.path, tc.body, status, e, tc.status, tc.code)
		}
		if tc.at != "" && !named(e, tc.at) {
			t.Errorf("%s %s: %v does not name %s", tc.method, tc.path, e["errors"], tc.at)
		}
	}
}

// named says whether the tree of an Invalid Form Body has a fault at a path.
func named(e obj, path string) bool {
	at, _ := e["errors"].(obj)
	for part := range strings.SplitSeq(path, ".") {
		at, _ = at[part].(obj)
	}
	return at["_errors"] != nil
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := setup(t)
	get := func(token string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL()+"/api/users/@me", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for token, want := range map[string]int{"": 401, "Bot x": 401, w.Token(): 401, "Bot " + w.Token(): 200} {
		if got := get(token); got != want {
			t.Errorf("with %q: %d, want %d", token, got, want)
		}
	}
	w.Revoke()
	if got := get("Bot " + w.Token()); got != 401 {
		t.Errorf("revoked: %d", got)
	}
	w.Restore()
	if got := get("Bot " + w.Token()); got != 200 {
		t.Errorf("restored: %d", got)
	}
}

// form makes a multipart body of payload_json and files.
func form(t *testing.T, payload any, files ...string) (string, *bytes.Buffer) {
	t.Helper()
	var buf bytes.Buffer
	mw := multipart.NewWriter(&buf)
	raw := must(json.Marshal(payload))(t)
	if err := mw.WriteField("payload_json", string(raw)); err != nil {
		t.Fatal(err)
	}
	for i, data := range files {
		part := must(mw.CreateFormFile(fmt.Sprintf("files[%d]", i), fmt.Sprintf("f%d.txt", i)))(t)
		_, _ = part.Write([]byte(data))
	}
	_ = mw.Close()
	return mw.FormDataContentType(), &buf
}

func TestUploads(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *discordsim.Config) { c.MaxUpload = 100 })
	const chg = "/channels/" + general + "/messages"
	kind, body := form(t, obj{"content": "two", "attachments": []obj{{"id": 1, "description": "second"}}}, "aaa", "bbb")
	status, answer := w.do(t, "POST", chg, kind, body)
	m := answer.(obj)
	files := m["attachments"].([]any)
	if status != 200 || len(files) != 2 || files[0].(obj)["description"] != "second" {
		t.Fatalf("upload = %d %v", status, m)
	}
	kept := id(files[1].(obj))
	status, m = w.raw(t, "PATCH", chg+"/"+id(m), obj{"content": "one", "attachments": []obj{{"id": kept}}})
	if left := m["attachments"].([]any); status != 200 || len(left) != 1 || id(left[0].(obj)) != kept {
		t.Errorf("edit with a list = %d %v", status, m["attachments"])
	}
	if _, m = w.raw(t, "PATCH", chg+"/"+id(m), obj{"content": "still one"}); len(m["attachments"].([]any)) != 1 {
		t.Errorf("edit without a list = %v", m["attachments"])
	}
	kind, body = form(t, obj{}, strings.Repeat("x", 101))
	if status, e := w.do(t, "POST", chg, kind, body); status != 413 || e.(obj)["code"] != 40005.0 {
		t.Errorf("too large = %d %v", status, e)
	}
	if seen := w.Messages(general); len(seen) != 1 || string(seen[0].Attachments[0].Data) != "aaa" {
		t.Errorf("messages = %+v", seen)
	}
}
