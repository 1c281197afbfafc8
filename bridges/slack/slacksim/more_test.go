package slacksim_test

import (
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/roost-im/roost/bridges/slack/slacksim"
)

func TestEphemeralButton(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, nil)
	button := slack.NewButtonBlockElement("go", "v1", slack.NewTextBlockObject(slack.PlainTextType, "Go", false, false))
	ts := must(w.api.PostEphemeralContext(t.Context(), general, ada, slack.MsgOptionText("psst", false), slack.MsgOptionBlocks(slack.NewActionBlock("row", button))))(t)
	if err := w.Press(bob, general, ts, "go", ""); err == nil {
		t.Error("somebody else pressed a button only ada sees")
	}
	if err := w.Press(ada, general, ts, "go", ""); err != nil {
		t.Fatal(err)
	}
	cb := interaction(t, l.next(t, 1)[0])
	if !cb.Container.IsEphemeral || cb.Message.Timestamp != "" {
		t.Errorf("callback = %+v", cb)
	}
	if err := slack.PostWebhookContext(t.Context(), cb.ResponseURL, &slack.WebhookMessage{Text: "changed", ReplaceOriginal: true}); err != nil {
		t.Fatal(err)
	}
	if e := w.Ephemerals(ada); len(e) != 1 || e[0].Text != "changed" {
		t.Errorf("replaced = %+v", e)
	}
	if err := slack.PostWebhookContext(t.Context(), cb.ResponseURL, &slack.WebhookMessage{DeleteOriginal: true}); err != nil {
		t.Fatal(err)
	}
	if e := w.Ephemerals(ada); len(e) != 1 || !e[0].Deleted {
		t.Errorf("deleted = %+v", e)
	}
	for _, body := range []string{"{", "{}", `{"text":"x","blocks":[{"type":"poem"}]}`} {
		resp := w.post(t, cb.ResponseURL, body)
		if resp != http.StatusBadRequest {
			t.Errorf("%s is answered %d", body, resp)
		}
	}
	if got := w.post(t, w.URL()+"/hooks/actions/none", `{"text":"x"}`); got != http.StatusNotFound {
		t.Errorf("an unknown response_url answers %d", got)
	}
}

// post posts JSON and gives the status.
func (w world) post(t *testing.T, address, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestMenus(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, nil)
	option := `"options":[{"text":{"type":"plain_text","text":"One"},"value":"1"},{"text":{"type":"plain_text","text":"Two"},"value":"2"}]`
	for i, tc := range []struct{ kind, more, value, want string }{
		{"static_select", option, "2", `"selected_option":{"text":{"text":"Two","type":"plain_text"},"value":"2"}`},
		{"radio_buttons", option, "", `"selected_option":null`},
		{"checkboxes", option, "1,2", `"selected_options":[{"text":{"text":"One","type":"plain_text"},"value":"1"},{"text":{"text":"Two","type":"plain_text"},"value":"2"}]`},
		{"overflow", option, "1", `"selected_option":{"text":{"text":"One","type":"plain_text"},"value":"1"}`},
		{"external_select", `"min_query_length":1`, "x", `"selected_option":{"text":{"emoji":true,"text":"x","type":"plain_text"},"value":"x"}`},
		{"users_select", `"a":1`, ada, `"selected_user":"` + ada + `"`},
		{"multi_users_select", `"a":1`, ada + "," + bob, `"selected_users":["` + ada + `","` + bob + `"]`},
		{"conversations_select", `"a":1`, general, `"selected_conversation":"` + general + `"`},
		{"multi_conversations_select", `"a":1`, general, `"selected_conversations":["` + general + `"]`},
		{"channels_select", `"a":1`, general, `"selected_channel":"` + general + `"`},
		{"datepicker", `"a":1`, "2026-11-22", `"selected_date":"2026-11-22"`},
		{"timepicker", `"a":1`, "12:30", `"selected_time":"12:30"`},
		{"plain_text_input", `"a":1`, "typed", `"value":"typed"`},
	} {
		posted := w.raw(t, "chat.postMessage", "channel="+general, "text=menu", fmt.Sprintf(`blocks=[{"type":"actions","elements":[{"type":%q,"action_id":"a",%s}]}]`, tc.kind, tc.more))
		if posted["ok"] != true {
			t.Errorf("%s: %v", tc.kind, posted)
			continue
		}
		if err := w.Press(ada, general, posted["ts"].(string), "a", tc.value); err != nil {
			t.Fatal(err)
		}
		all := l.next(t, 2)
		if len(all) != 2*(i+1) {
			t.Fatalf("%d events came", len(all))
		}
		raw := string(all[2*i+1].Request.Payload)
		if !strings.Contains(raw, tc.want) {
			t.Errorf("%s: %s lacks %s", tc.kind, raw, tc.want)
		}
	}
}

func TestUnansweredPressFails(t *testing.T) {
	t.Parallel()
	w := setup(t, quick)
	w.Slash(ada, general, "/nobody", "")
	w.until(t, "the failure", func(v *slacksim.View) bool { return v.Interactions()[0].Failed != "" })
	l := w.listen(t, func(int, socketmode.Event) (any, bool) { return nil, false })
	w.Slash(ada, general, "/ignored", "")
	l.next(t, 1)
	w.until(t, "the failure", func(v *slacksim.View) bool { in := v.Interactions(); return in[1].Failed != "" && !in[1].Acked })
}

func TestBlocksOfEveryKind(t *testing.T) {
	t.Parallel()
	w := setup(t)
	text := `{"type":"mrkdwn","text":"x"}`
	plain := `{"type":"plain_text","text":"x"}`
	long := strings.Repeat("y", 160)
	for _, tc := range []struct{ block, problem string }{
		{`{"type":"divider"}`, ""},
		{`{"type":"header","text":` + plain + `}`, ""},
		{`{"type":"header","text":{"type":"plain_text","text":"` + long + `"}}`, "must be less than 151 characters [json-pointer:/blocks/0/text/text]"},
		{`{"type":"header","text":` + text + `}`, `must be a valid text type, not "mrkdwn" [json-pointer:/blocks/0/text/type]`},
		{`{"type":"section","fields":[` + text + `]}`, ""},
		{`{"type":"section","fields":[` + strings.Repeat(text+",", 10) + text + `]}`, "no more than 10 items allowed [json-pointer:/blocks/0/fields]"},
		{`{"type":"section"}`, "must define either `fields` or `text` [json-pointer:/blocks/0]"},
		{`{"type":"section","text":"x"}`, "must be a text object [json-pointer:/blocks/0/text]"},
		{`{"type":"section","text":{"type":"mrkdwn","text":""}}`, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"},
		{`{"type":"context","elements":[` + text + `]}`, ""},
		{`{"type":"context","elements":[]}`, "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"},
		{`{"type":"image","image_url":"https://example.org/x.png","alt_text":"x"}`, ""},
		{`{"type":"image","image_url":"https://example.org/x.png"}`, "missing required field: alt_text [json-pointer:/blocks/0]"},
		{`{"type":"image","alt_text":"x"}`, "must define either `image_url` or `slack_file` [json-pointer:/blocks/0]"},
		{`{"type":"input","label":` + plain + `}`, "missing required field: element [json-pointer:/blocks/0]"},
		{`{"type":"markdown","text":"**x**"}`, ""},
		{`{"type":"rich_text","elements":[]}`, ""},
		{`{"type":"divider","block_id":"` + strings.Repeat("i", 256) + `"}`, "must be less than 256 characters [json-pointer:/blocks/0/block_id]"},
		{`{"type":"divider","block_id":"i"},{"type":"divider","block_id":"i"}`, "`block_id` i already exists [json-pointer:/blocks/1/block_id]"},
		{`{}`, "missing required field: type [json-pointer:/blocks/0]"},
		{`{"type":"actions","elements":[{"type":"button","style":"pink","text":` + plain + `}]}`, "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]"},
		{`{"type":"actions","elements":[{"type":"static_select","options":[]}]}`, "no fewer than 1 items allowed [json-pointer:/blocks/0/elements/0/options]"},
	} {
		got := w.raw(t, "chat.postMessage", "channel="+general, "blocks=["+tc.block+"]")
		if tc.problem == "" {
			if got["ok"] != true {
				t.Errorf("%s: %v", tc.block, got)
			}
			continue
		}
		problems, _ := got["errors"].([]any)
		if got["error"] != "invalid_blocks" || !slices.Contains(problems, any(tc.problem)) {
			t.Errorf("%s: %v, want %s", tc.block, got, tc.problem)
		}
	}
}

func TestOpenKinds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	fresh := w.raw(t, "conversations.open", "users="+bob)
	again := w.raw(t, "conversations.open", "users="+bob)
	if id := fresh["channel"].(map[string]any)["id"]; fresh["already_open"] != false || again["already_open"] != true || again["channel"].(map[string]any)["id"] != id {
		t.Errorf("opened %v, then %v", fresh, again)
	}
	group := w.raw(t, "conversations.open", "users="+ada+","+bob)["channel"].(map[string]any)
	same := w.raw(t, "conversations.open", "users="+bob+","+ada)["channel"].(map[string]any)
	if group["is_mpim"] != true || group["id"] != same["id"] {
		t.Errorf("group = %v, then %v", group, same)
	}
	if got := w.raw(t, "chat.postMessage", "channel="+ada, "text=x"); got["channel"] != private {
		t.Errorf("posting to a user = %v", got)
	}
	if got := w.raw(t, "chat.postMessage", "channel=#general", "text=x"); got["channel"] != general {
		t.Errorf("posting to a name = %v", got)
	}
	if got := w.raw(t, "chat.postMessage", "channel="+general, "markdown_text=**x**", "text=y"); got["error"] != "markdown_text_conflict" {
		t.Errorf("markdown and text = %v", got)
	}
	if n := len(w.Channels()); n != 6 {
		t.Errorf("%d channels", n)
	}
}

func TestOtherBots(t *testing.T) {
	t.Parallel()
	w := setup(t)
	other := w.AddUser(slacksim.User{ID: "U0OTHERBOT1", Name: "other", Bot: true})
	ts := w.Say(other, general, slacksim.Draft{Text: "beep"})
	if m, _ := w.Message(general, ts); m.BotID != "B0OTHERBOT1" {
		t.Errorf("message = %+v", m)
	}
	if got := w.raw(t, "bots.info", "bot=B0OTHERBOT1"); got["ok"] != true || got["bot"].(map[string]any)["user_id"] != other {
		t.Errorf("bots.info = %v", got)
	}
	if got := w.raw(t, "bots.info", "bot=B404"); got["error"] != "bot_not_found" {
		t.Errorf("bots.info of nobody = %v", got)
	}
}

func TestAuthRevoke(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if got := w.raw(t, "auth.revoke", "test=1"); got["revoked"] != false {
		t.Errorf("a test = %v", got)
	}
	if got := w.raw(t, "auth.revoke"); got["revoked"] != true {
		t.Errorf("auth.revoke = %v", got)
	}
	if got := w.raw(t, "auth.test"); got["error"] != "token_revoked" {
		t.Errorf("auth.test = %v", got)
	}
	if got := w.raw(t, "apps.connections.open"); got["error"] != "token_revoked" {
		t.Errorf("apps.connections.open = %v", got)
	}
}

func TestHandlerAlone(t *testing.T) {
	t.Parallel()
	sim := slacksim.New(slacksim.Config{})
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(func() { sim.Close(); server.Close() })
	api := slack.New(sim.BotToken(), slack.OptionAPIURL(server.URL+"/api/"))
	me := must(api.GetUserInfoContext(t.Context(), sim.BotUser()))(t)
	if !strings.HasPrefix(me.Profile.Image48, server.URL) {
		t.Fatalf("avatar is at %s", me.Profile.Image48)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, me.Profile.Image48, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := png.Decode(resp.Body); err != nil {
		t.Errorf("avatar: %v", err)
	}
}

func TestSocketTickets(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	dial := func(address string) (*websocket.Conn, int) {
		conn, resp, err := websocket.Dial(ctx, address, nil) //nolint:bodyclose // Dial's callers never need to
		if err != nil && resp == nil {
			t.Fatal(err)
		}
		return conn, resp.StatusCode
	}
	open := func() string { return w.raw(t, "apps.connections.open")["url"].(string) }
	address := open()
	first, _ := dial(address)
	defer func() { _ = first.CloseNow() }()
	w.until(t, "the first socket", func(v *slacksim.View) bool { return v.Sockets() == 1 })
	if _, status := dial(address); status != http.StatusForbidden {
		t.Errorf("a used ticket answers %d", status)
	}
	for range 9 {
		conn, _ := dial(open())
		defer func() { _ = conn.CloseNow() }()
	}
	w.until(t, "ten sockets", func(v *slacksim.View) bool { return v.Sockets() == 10 })
	eleventh, _ := dial(open())
	defer func() { _ = eleventh.CloseNow() }()
	_, frame, err := eleventh.Read(ctx)
	var message struct{ Type, Reason string }
	if err != nil || json.Unmarshal(frame, &message) != nil || message.Reason != "too_many_websockets" {
		t.Errorf("the eleventh socket heard %s, %v", frame, err)
	}
	_, hello, err := first.Read(ctx)
	if err != nil || !strings.Contains(string(hello), `"num_connections":1`) || !strings.Contains(string(hello), `"debug_info"`) {
		t.Errorf("hello = %s, %v", hello, err)
	}
}

func TestTriggerExpires(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	w := setup(t, func(c *slacksim.Config) { c.Now = func() time.Time { return now } })
	trigger := w.NewTrigger(ada)
	now = now.Add(4 * time.Second)
	if _, err := w.api.OpenViewContext(t.Context(), trigger, modal("Late")); err == nil || err.Error() != "expired_trigger_id" {
		t.Errorf("a late view: %v", err)
	}
}

func TestUploadFaults(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *slacksim.Config) { c.MaxUpload = 10 })
	up := func(data string) error {
		_, err := w.api.UploadFileContext(t.Context(), slack.UploadFileParameters{Reader: strings.NewReader(data), FileSize: len(data), Filename: "a.txt", Channel: general})
		return err
	}
	if err := up("this is too long"); err == nil || !strings.Contains(err.Error(), "file_upload_size_restricted") {
		t.Errorf("a large file: %v", err)
	}
	w.Fail("upload", slacksim.Fault{Times: 1, Status: http.StatusBadGateway})
	if err := up("x"); err == nil {
		t.Error("a failed upload went unnoticed")
	}
	w.Fail("upload", slacksim.Fault{Times: 1, AcceptThenDrop: true})
	if err := up("x"); err == nil {
		t.Error("a dropped upload went unnoticed")
	}
	if err := up("x"); err != nil {
		t.Errorf("a good upload: %v", err)
	}
	w.until(t, "the share", func(v *slacksim.View) bool { return len(v.Messages(general)) == 1 })
	file := w.Messages(general)[0].Files[0]
	if data, ok := w.FileBytes(file.ID); !ok || string(data) != "x" {
		t.Errorf("bytes = %q, %v", data, ok)
	}
	if got := w.post(t, w.URL()+"/upload/none", "x"); got != http.StatusNotFound {
		t.Errorf("an unknown upload answers %d", got)
	}
}
