package discordsim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// fuzzed is a world with one message in a channel, one forum, one webhook and one command.
func fuzzed() *world {
	w := newWorld(Config{})
	w.addUser(User{ID: "2", Name: "ada"})
	w.addGuild(Guild{ID: "3", Name: "g"})
	ch := w.addChannel(Channel{ID: "4", Guild: "3", Name: "general"})
	w.addChannel(Channel{ID: "5", Guild: "3", Name: "forum", Type: ChannelForum, Tags: []string{"a"}})
	w.hooks["6"] = &hook{id: "6", channel: "4", guild: "3", name: "h", token: "t", own: true}
	w.hookOrder = []string{"6"}
	m := w.newMessage(ch, w.bot())
	m.id, m.content = "7", "x"
	w.post(ch, m)
	w.inter = append(w.inter, &interaction{Interaction: Interaction{ID: "8", Channel: "4", User: "2", Message: "7"}, kind: interComponent, token: "t8", at: w.now()})
	return w
}

// FuzzCall: whatever is sent to whatever route, the answer is JSON with a code when it is not good, and never a panic or a 500.
func FuzzCall(f *testing.F) {
	const js, form = "application/json", "multipart/form-data; boundary=x"
	f.Add("POST", "/channels/4/messages", js, `{"content":"a","nonce":1,"enforce_nonce":true,"message_reference":{"message_id":7},"flags":4}`)
	f.Add("POST", "/channels/4/messages", form, "--x\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n\r\n{\"content\":\"x\",\"attachments\":[{\"id\":0}]}\r\n--x\r\nContent-Disposition: form-data; name=\"files[0]\"; filename=\"a\"\r\n\r\nA\r\n--x--\r\n")
	f.Add("POST", "/channels/4/messages", js, `{"embeds":[{"title":7,"fields":[{},null,1],"image":{"url":"x"}}],"components":[{"type":1,"components":[{"type":2}]},null]}`)
	f.Add("POST", "/channels/4/messages", js, `{"poll":{"question":{},"answers":[{}]},"sticker_ids":[1],"allowed_mentions":{"parse":["x"]}}`)
	f.Add("PATCH", "/channels/4/messages/7", js, `{"content":null,"attachments":[{"id":"9"}],"components":[{"type":17,"components":[{}]}],"flags":32768}`)
	f.Add("PATCH", "/channels/5", js, `{"available_tags":[{"name":"a"},{"name":"a"}],"parent_id":null}`)
	f.Add("POST", "/channels/5/threads", js, `{"name":"n","message":{"content":"c"},"applied_tags":["1"]}`)
	f.Add("POST", "/webhooks/6/t?wait=1&thread_id=4", js, `{"content":"x","username":"clyde"}`)
	f.Add("POST", "/interactions/8/t8/callback", js, `{"type":7,"data":{"content":"x"}}`)
	f.Add("PUT", "/applications/1100000000000000001/commands", js, `[{"name":"a","description":"b","options":[1]},null]`)
	f.Add("POST", "/applications/1100000000000000001/commands", js, `null`)
	f.Add("POST", "/interactions/8/t8/callback", js, `{"type":9,"data":{"custom_id":"c","title":"t","components":[null,{"type":1,"components":[null]}]}}`)
	f.Add("POST", "/channels/4/messages", js, `{"components":[null,{"type":17,"components":[null,{"type":2}]}],"flags":32768}`)
	f.Add("PUT", "/channels/4/messages/7/reactions/%F0%9F%91%8D/@me", "", "")
	f.Add("GET", "/channels/4/messages?limit=0&before=x&around=9", "", "")
	f.Fuzz(func(t *testing.T, method, path, kind, body string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://sim/api/v10"+path, strings.NewReader(body))
		if err != nil || !strings.HasPrefix(path, "/") || r.URL.Host != "sim" {
			return
		}
		w := fuzzed()
		defer w.shut()
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", "Bot "+w.cfg.Token)
		rw := httptest.NewRecorder()
		newServer(w).ServeHTTP(rw, r)
		if rw.Code >= http.StatusMultipleChoices && rw.Code < http.StatusBadRequest {
			return // a path that the mux cleans
		}
		if rw.Code == http.StatusNoContent && rw.Body.Len() == 0 {
			return
		}
		var answer any
		if err := json.Unmarshal(rw.Body.Bytes(), &answer); err != nil || rw.Code >= http.StatusInternalServerError {
			if strings.HasPrefix(r.URL.Path, "/api/") {
				t.Errorf("%s %s %q: %d %s (%v)", method, path, body, rw.Code, rw.Body, err)
			}
			return
		}
		o, _ := answer.(obj)
		if _, coded := o["code"].(float64); rw.Code >= http.StatusBadRequest && !coded {
			t.Errorf("%s %s %q: %d %s without a code", method, path, body, rw.Code, rw.Body)
		}
	})
}

// FuzzFrame: whatever a client sends, only the right token starts a session, and nothing panics.
func FuzzFrame(f *testing.F) {
	f.Add([]byte(`{"op":2,"d":{"token":"x","intents":1,"shard":[0,1]}}`))
	f.Add([]byte(`{"op":6,"d":{"token":"x","session_id":"s","seq":-1}}`))
	f.Add([]byte(`{"op":8,"d":{"guild_id":["3"],"query":"","limit":0,"user_ids":"2"}}`))
	f.Add([]byte(`{"op":1,"d":null}`))
	f.Add([]byte(`{"op":1.5}`))
	f.Add([]byte("\xff"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		w := fuzzed()
		defer w.shut()
		so := &socket{cancel: func() {}, wake: make(chan struct{}, 1), version: 10, w: w}
		w.greet(so, "10", "json")
		defer w.exit(so, true)
		so.take(raw)
		if so.session != nil && !strings.Contains(string(raw), w.cfg.Token) {
			t.Errorf("%q started a session", raw)
		}
		good := &socket{cancel: func() {}, wake: make(chan struct{}, 1), version: 10, w: w}
		w.greet(good, "10", "json")
		defer w.exit(good, true)
		good.take(mustJSON(obj{"op": opIdentify, "d": obj{"token": w.cfg.Token, "intents": 1}}))
		good.take(raw)
		if good.session == nil && good.code == 0 {
			t.Errorf("%q ended a session without closing the socket", raw)
		}
	})
}

// FuzzPack: what zlib-stream and zstd frames hold is what was sent, in length at least.
func FuzzPack(f *testing.F) {
	f.Add([]byte(`{"op":10}`))
	f.Add([]byte(strings.Repeat("x", 200_000)))
	f.Fuzz(func(t *testing.T, payload []byte) {
		p := newPacker("zstd-stream")
		_, out, err := p.pack(payload, false)
		blocks := (len(payload) + zstdBlock - 1) / zstdBlock
		if err != nil || len(out) != 6+3*blocks+len(payload) {
			t.Errorf("%d bytes became %d (%v)", len(payload), len(out), err)
		}
		z := newPacker("zlib-stream")
		_, out, err = z.pack(payload, true)
		if err != nil || !strings.HasSuffix(string(out), "\x00\x00\xff\xff") {
			t.Errorf("a frame ends with %x (%v)", out[max(0, len(out)-4):], err)
		}
	})
}
