package slacksim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/roost-im/roost/bridges/slack/slacksim"
)

func TestErrorsAreSlacks(t *testing.T) {
	t.Parallel()
	w := setup(t)
	theirs := w.Say(ada, general, slacksim.Draft{Text: "x"})
	own := w.raw(t, "chat.postMessage", "channel="+general, "text=own")["ts"].(string)
	foreign := w.AddChannel(slacksim.Channel{Name: "foreign", NoBot: true})
	hidden := w.AddChannel(slacksim.Channel{Name: "hidden", NoBot: true, Private: true})
	section := func(text string) string { return `{"type":"section","text":{"type":"mrkdwn","text":"` + text + `"}}` }
	button := func(id, text, value string) string {
		return `{"type":"button","action_id":"` + id + `","value":"` + value + `","text":{"type":"plain_text","text":"` + text + `"}}`
	}
	actions := func(elements ...string) string {
		return `blocks=[{"type":"actions","elements":[` + strings.Join(elements, ",") + `]}]`
	}
	here := "channel=" + general
	for _, tc := range []struct {
		name, method string
		args         []string
		want         string
	}{
		{"no such method", "chat.shout", nil, "unknown_method"},
		{"no channel", "chat.postMessage", []string{"channel=C404", "text=x"}, "channel_not_found"},
		{"not in it", "chat.postMessage", []string{"channel=" + foreign, "text=x"}, "not_in_channel"},
		{"hidden from the bot", "chat.postMessage", []string{"channel=" + hidden, "text=x"}, "channel_not_found"},
		{"nothing to say", "chat.postMessage", []string{here, "text=  "}, "no_text"},
		{"blocks that are no JSON", "chat.postMessage", []string{here, "blocks=[{"}, "invalid_blocks_format"},
		{"a long section", "chat.postMessage", []string{here, "blocks=[" + section(strings.Repeat("x", 3001)) + "]"}, "invalid_blocks"},
		{"51 blocks", "chat.postMessage", []string{here, "blocks=[" + strings.Repeat(section("x")+",", 50) + section("x") + "]"}, "invalid_blocks"},
		{"a long button value", "chat.postMessage", []string{here, actions(button("a", "A", strings.Repeat("v", 2001)))}, "invalid_blocks"},
		{"a long button text", "chat.postMessage", []string{here, actions(button("a", strings.Repeat("t", 76), "v"))}, "invalid_blocks"},
		{"an action twice in a block", "chat.postMessage", []string{here, actions(button("a", "A", "1"), button("a", "B", "2"))}, "invalid_blocks"},
		{"an unknown block", "chat.postMessage", []string{here, `blocks=[{"type":"poem"}]`}, "invalid_blocks"},
		{"metadata that is no JSON", "chat.postMessage", []string{here, "text=x", "metadata={"}, "invalid_metadata_format"},
		{"metadata without a payload", "chat.postMessage", []string{here, "text=x", `metadata={"event_type":"e"}`}, "invalid_metadata_schema"},
		{"somebody else's message", "chat.update", []string{here, "ts=" + theirs, "text=y"}, "cant_update_message"},
		{"a long update", "chat.update", []string{here, "ts=" + own, "text=" + strings.Repeat("x", 4001)}, "msg_too_long"},
		{"no message", "chat.update", []string{here, "ts=1.000000", "text=y"}, "message_not_found"},
		{"deleting somebody else's", "chat.delete", []string{here, "ts=" + theirs}, "cant_delete_message"},
		{"deleting nothing", "chat.delete", []string{here, "ts=1.000000"}, "message_not_found"},
		{"a stranger", "chat.postEphemeral", []string{"channel=" + secret, "user=" + bob, "text=x"}, "user_not_in_channel"},
		{"no reaction", "reactions.remove", []string{here, "timestamp=" + theirs, "name=tada"}, "no_reaction"},
		{"a reaction to nothing", "reactions.add", []string{here, "timestamp=1.000000", "name=tada"}, "message_not_found"},
		{"no emoji", "reactions.add", []string{here, "timestamp=" + theirs, "name=no such"}, "invalid_name"},
		{"history from outside", "conversations.history", []string{"channel=" + foreign}, "not_in_channel"},
		{"a bad stamp", "conversations.history", []string{here, "oldest=yesterday"}, "invalid_ts_oldest"},
		{"a bad cursor", "conversations.history", []string{here, "cursor=x"}, "invalid_cursor"},
		{"no thread", "conversations.replies", []string{here, "ts=1.000000"}, "thread_not_found"},
		{"no user", "users.info", []string{"user=U404"}, "user_not_found"},
		{"no email", "users.lookupByEmail", []string{"email=x@example.org"}, "users_not_found"},
		{"opening with nobody", "conversations.open", nil, "users_list_not_supplied"},
		{"a taken name", "conversations.create", []string{"name=general"}, "name_taken"},
		{"a bad name", "conversations.create", []string{"name=No Such"}, "invalid_name_specials"},
		{"joining what is private", "conversations.join", []string{"channel=" + secret}, "method_not_supported_for_channel_type"},
		{"an empty file", "files.getUploadURLExternal", []string{"filename=a", "length=0"}, "invalid_arguments"},
		{"a file never uploaded", "files.completeUploadExternal", []string{`files=[{"id":"F404"}]`}, "file_not_found"},
		{"no file", "files.info", []string{"file=F404"}, "file_not_found"},
		{"no view", "views.update", []string{"view_id=V404", "view={}"}, "not_found"},
		{"wished for", "api.test", []string{"error=as_told"}, "as_told"},
	} {
		if got := w.raw(t, tc.method, tc.args...); got["ok"] != false || got["error"] != tc.want {
			t.Errorf("%s: %v, want %s", tc.name, got, tc.want)
		}
	}
}

func TestInvalidBlocksAreExplained(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got := w.raw(t, "chat.postMessage", "channel="+general, `blocks=[{"type":"section","text":{"type":"mrkdwn","text":"`+strings.Repeat("x", 3001)+`"}}]`)
	meta, _ := got["response_metadata"].(map[string]any)
	messages, _ := meta["messages"].([]any)
	if len(messages) != 2 || messages[1] != "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]" {
		t.Errorf("messages = %v", messages)
	}
}

func TestLongTextIsCut(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got := w.raw(t, "chat.postMessage", "channel="+general, "text="+strings.Repeat("ä", 40_001))
	if got["warning"] != "message_truncated" {
		t.Errorf("warning = %v", got["warning"])
	}
	if n := len([]rune(w.Messages(general)[0].Text)); n != 40_000 {
		t.Errorf("%d characters were kept", n)
	}
}

func TestTokenAndBodyKinds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	json := "application/json; charset=utf-8"
	form := "application/x-www-form-urlencoded"
	for _, tc := range []struct {
		name, query, kind, body, bearer, want string
	}{
		{"bearer and JSON", "", json, `{"channel":"` + general + `","text":"x","blocks":null}`, w.BotToken(), ""},
		{"token in the form", "", form, "token=" + w.BotToken() + "&channel=" + general + "&text=x", "", ""},
		{"token in the query", "?token=" + w.BotToken() + "&channel=" + general + "&text=x", "", "", "", ""},
		{"token in JSON", "", json, `{"token":"` + w.BotToken() + `"}`, "", "not_authed"},
		{"no token", "", form, "text=x", "", "not_authed"},
		{"a wrong token", "", form, "text=x", "xoxb-wrong", "invalid_auth"},
		{"the app's token", "", form, "text=x", w.AppToken(), "not_allowed_token_type"},
		{"broken JSON", "", json, `{`, w.BotToken(), "invalid_json"},
		{"a JSON array", "", json, `[]`, w.BotToken(), "json_not_object"},
		{"no kind", "", "", "text=x", w.BotToken(), "missing_post_type"},
		{"another kind", "", "text/plain", "text=x", w.BotToken(), "invalid_post_type"},
		{"a broken form", "", form, "text=%zz", w.BotToken(), "invalid_form_data"},
		{"too much", "", form, "text=" + strings.Repeat("x", 5<<20), w.BotToken(), "post_too_large"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL()+"/api/chat.postMessage"+tc.query, strings.NewReader(tc.body))
		if err != nil {
			t.Fatal(err)
		}
		if tc.kind != "" {
			req.Header.Set("Content-Type", tc.kind)
		}
		if tc.bearer != "" {
			req.Header.Set("Authorization", "Bearer "+tc.bearer)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK || !strings.Contains(string(answer), `"error":"`+tc.want+`"`) && tc.want != "" || tc.want == "" && !strings.Contains(string(answer), `"ok":true`) {
			t.Errorf("%s: %d %s, want %q", tc.name, resp.StatusCode, answer, tc.want)
		}
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.SetScopes("im:history", "chat:write")
	if got := w.raw(t, "conversations.history", "channel="+general); got["error"] != "missing_scope" || got["needed"] != "channels:history" || got["provided"] != "im:history,chat:write" {
		t.Errorf("channel history = %v", got)
	}
	if got := w.raw(t, "conversations.history", "channel="+private); got["ok"] != true {
		t.Errorf("direct history = %v", got)
	}
	w.SetScopes()
	if got := w.raw(t, "conversations.history", "channel="+general); got["ok"] != true {
		t.Errorf("with all scopes = %v", got)
	}
}

func TestEachTypeOfAListNeedsItsScope(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.SetScopes("channels:read", "im:read")
	for types, needed := range map[string]any{
		"": nil, "im": nil, "public_channel,im": nil,
		"mpim": "mpim:read", "im,private_channel": "groups:read", "mpim,private_channel": "mpim:read,groups:read",
	} {
		for _, method := range []string{"users.conversations", "conversations.list"} {
			got := w.raw(t, method, "types="+types)
			if got["ok"] != (needed == nil) || got["needed"] != needed || needed != nil && got["error"] != "missing_scope" {
				t.Errorf("%s of %q = %v, want %v to be needed", method, types, got, needed)
			}
		}
	}
	w.SetScopes()
	if got := w.raw(t, "users.conversations", "types=im,everything"); got["error"] != "invalid_types" {
		t.Errorf("a type that there is not = %v", got)
	}
}

func TestAnswersNameTheScopes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var told string
	api := client(w.Sim, w.BotToken(), slack.OptionOnResponseHeaders(func(_ string, h http.Header) { told = h.Get("X-OAuth-Scopes") }))
	for _, granted := range [][]string{nil, {"users:read", "chat:write"}} {
		w.SetScopes(granted...)
		if _, err := api.AuthTestContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := strings.Join(granted, ",")
		if granted == nil {
			want = strings.Join(slacksim.AllScopes(), ",")
		}
		if told != want || want == "" {
			t.Errorf("told %q, want %q", told, want)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	post := func(ctx context.Context) error {
		_, _, err := w.api.PostMessageContext(ctx, general, slack.MsgOptionText("x", false))
		return err
	}
	w.Fail("chat.postMessage", slacksim.Fault{Times: 1, Status: http.StatusInternalServerError})
	var status slack.StatusCodeError
	if err := post(ctx); !errors.As(err, &status) || status.Code != 500 {
		t.Errorf("with status 500: %v", err)
	}
	w.Fail("chat.postMessage", slacksim.Fault{Times: 1, Throttle: 7 * time.Second})
	var limited *slack.RateLimitedError
	if err := post(ctx); !errors.As(err, &limited) || limited.RetryAfter != 7*time.Second {
		t.Errorf("throttled: %v", err)
	}
	w.Fail("", slacksim.Fault{Times: 1, Error: "fatal_error"})
	if err := post(ctx); err == nil || err.Error() != "fatal_error" {
		t.Errorf("with an error: %v", err)
	}
	w.Fail("chat.postMessage", slacksim.Fault{Hang: true})
	short, cancel := context.WithCancel(ctx)
	hung := make(chan error, 1)
	go func() { hung <- post(short) }()
	w.until(t, "the hanging call", func(v *slacksim.View) bool { return len(v.Calls("chat.postMessage")) == 4 })
	cancel()
	if err := <-hung; !errors.Is(err, context.Canceled) {
		t.Errorf("hanging: %v", err)
	}
	w.Mend()
	if n := len(w.Messages(general)); n != 0 {
		t.Errorf("%d messages were posted by calls that failed", n)
	}
	w.Fail("chat.postMessage", slacksim.Fault{Times: 1, AcceptThenDrop: true})
	if err := post(ctx); err == nil {
		t.Error("no error from a dropped connection")
	}
	if n := len(w.Messages(general)); n != 1 {
		t.Errorf("%d messages after accept-then-drop, want 1", n)
	}
	w.Fail("chat.postMessage", slacksim.Fault{Times: 1, Late: 30 * time.Millisecond})
	start := time.Now()
	if err := post(ctx); err != nil || time.Since(start) < 30*time.Millisecond {
		t.Errorf("late: %v after %v", err, time.Since(start))
	}
	var seen []int
	for _, r := range w.Calls("chat.postMessage") {
		seen = append(seen, r.Status)
	}
	if want := []int{500, 429, 200, 0, 0, 200}; len(seen) != len(want) || seen[0] != 500 || seen[1] != 429 || seen[3] != 0 || seen[5] != 200 {
		t.Errorf("logged %v, want %v", seen, want)
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	w := setup(t, func(c *slacksim.Config) {
		c.Limits, c.Commercial = true, true
		c.Now = func() time.Time { return now }
	})
	ctx := t.Context()
	wait := func(err error) time.Duration {
		if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
			return limited.RetryAfter
		}
		return 0
	}
	post := func(channel string) error {
		_, _, err := w.api.PostMessageContext(ctx, channel, slack.MsgOptionText("x", false))
		return err
	}
	for i := range 3 {
		if err := post(general); err != nil {
			t.Fatalf("post %d: %v", i, err)
		}
	}
	if got := wait(post(general)); got != time.Second {
		t.Errorf("the fourth post must wait %v", got)
	}
	if err := post(support); err != nil {
		t.Errorf("another channel: %v", err)
	}
	now = now.Add(time.Second)
	if err := post(general); err != nil {
		t.Errorf("a second later: %v", err)
	}
	history := func() error {
		_, err := w.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: general, Limit: 200})
		return err
	}
	if err := history(); err != nil {
		t.Fatal(err)
	}
	if got := wait(history()); got != time.Minute {
		t.Errorf("the second history must wait %v", got)
	}
	w.Limit(false)
	if err := history(); err != nil {
		t.Errorf("without limits: %v", err)
	}
}

func TestBotOutside(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, nil)
	if err := w.RemoveBot(general); err != nil {
		t.Fatal(err)
	}
	w.Say(ada, general, slacksim.Draft{Text: "unheard"})
	if got := w.raw(t, "chat.postMessage", "channel="+general, "text=x"); got["error"] != "not_in_channel" {
		t.Errorf("posting from outside = %v", got)
	}
	if err := w.AddBot(general); err != nil {
		t.Fatal(err)
	}
	w.Say(ada, general, slacksim.Draft{Text: "heard"})
	var kinds []string
	for _, ev := range l.next(t, 4) {
		kinds = append(kinds, kindOf(ev))
	}
	if got := strings.Join(kinds, " "); got != "channel_left member_joined_channel message message" {
		t.Errorf("heard %s", got)
	}
	if err := w.DeleteChannel(general); err != nil {
		t.Fatal(err)
	}
	if got := w.raw(t, "chat.postMessage", "channel="+general, "text=x"); got["error"] != "channel_not_found" {
		t.Errorf("posting to a deleted channel = %v", got)
	}
}
