package discordsim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

func TestResumeReplaysWhatWasMissed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	ready := c.identify(w, everything)
	if !strings.HasPrefix(ready["resume_gateway_url"].(string), "ws://127.0.0.1:") {
		t.Errorf("resume_gateway_url = %v", ready["resume_gateway_url"])
	}
	c.event("GUILD_CREATE")
	seq, session := c.seq, c.id
	w.DropSockets()
	c.closed()
	missed := w.Say(ada, general, discordsim.Draft{Text: "while away"})
	again := w.dial(t, "")
	again.resume(w, session, seq)
	if m := again.event("MESSAGE_CREATE"); id(m) != missed || m["content"] != "while away" {
		t.Errorf("replayed %v", m)
	}
	again.event("RESUMED")
	if w.Identified() != 1 || w.Sessions() != 1 {
		t.Errorf("%d identified, %d sessions, want one each", w.Identified(), w.Sessions())
	}
	w.ForgetSessions()
	third := w.dial(t, "")
	third.resume(w, session, seq)
	if f := third.read(); f["op"] != 9.0 || f["d"] != false {
		t.Errorf("resume of a forgotten session = %v, want op 9", f)
	}
}

func TestCloseWith1000EndsTheSession(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, everything)
	_ = c.conn.Close(websocket.StatusNormalClosure, "")
	w.until(t, "the socket to end", func(v *discordsim.View) bool { return v.Sockets() == 0 })
	again := w.dial(t, "")
	again.resume(w, c.id, c.seq)
	if f := again.read(); f["op"] != 9.0 {
		t.Errorf("resume = %v, want op 9", f)
	}
	again.identify(w, everything)
}

func TestGatewayClosesWithItsCodes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		do   func(w world, c *client)
		want websocket.StatusCode
	}{
		{"bad token", func(_ world, c *client) { c.send(2, obj{"token": "x", "intents": 1}) }, 4004},
		{"disallowed intent", func(w world, c *client) {
			w.SetIntents(discordsim.IntentMembers)
			c.send(2, obj{"token": w.Token(), "intents": uint64(discordsim.IntentMessageContent)})
		}, 4014},
		{"invalid intent", func(w world, c *client) { c.send(2, obj{"token": w.Token(), "intents": uint64(1) << 50}) }, 4013},
		{"no intents", func(w world, c *client) { c.send(2, obj{"token": w.Token()}) }, 4013},
		{"bad shard", func(w world, c *client) { c.send(2, obj{"token": w.Token(), "intents": 1, "shard": []int{2, 2}}) }, 4010},
		{"twice", func(w world, c *client) { c.identify(w, 1); c.send(2, obj{"token": w.Token(), "intents": 1}) }, 4005},
		{"before identify", func(_ world, c *client) { c.send(8, obj{}) }, 4003},
		{"unknown opcode", func(_ world, c *client) { c.send(77, nil) }, 4001},
		{"no JSON", func(_ world, c *client) { _ = c.conn.Write(c.t.Context(), websocket.MessageText, []byte("{")) }, 4002},
		{"too long", func(_ world, c *client) { c.send(1, strings.Repeat("x", 5000)) }, 4002},
		{"bad seq", func(w world, c *client) {
			c.identify(w, 1)
			other := w.dial(c.t, "")
			other.resume(w, c.id, c.seq+100)
			*c = *other
		}, 4007},
		{"revoked", func(w world, c *client) { c.identify(w, 1); w.Revoke() }, 4004},
		{"too fast", func(_ world, c *client) {
			for range 121 {
				c.send(1, nil)
			}
		}, 4008},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			c := w.dial(t, "")
			tc.do(w, c)
			if got := c.closed(); got != tc.want {
				t.Errorf("closed with %d, want %d", got, tc.want)
			}
		})
	}
}

func TestSilentClientIsClosed(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *discordsim.Config) { c.Timing.Heartbeat = 20 * time.Millisecond })
	c := w.dial(t, "")
	c.identify(w, everything)
	if got := c.closed(); got != 4009 {
		t.Errorf("closed with %d, want 4009", got)
	}
	again := w.dial(t, "")
	again.resume(w, c.id, c.seq)
	again.event("RESUMED")
}

func TestHeartbeatIsAcknowledged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.send(1, nil)
	if f := c.read(); f["op"] != 11.0 {
		t.Errorf("answer to a heartbeat = %v", f)
	}
	w.RequestHeartbeats()
	if f := c.read(); f["op"] != 1.0 {
		t.Errorf("request = %v", f)
	}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, query := range []string{"&compress=zlib-stream", ""} {
		c := w.dial(t, query)
		if query == "" {
			c.identify(w, everything, "compress")
		} else {
			c.identify(w, everything)
		}
		if g := c.event("GUILD_CREATE"); g["name"] != "Home" {
			t.Errorf("%q: guild = %v", query, g["name"])
		}
	}
}

func TestContentIsBlankWithoutTheIntent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, everything&^discordsim.IntentMessageContent)
	upload := []discordsim.Upload{{Name: "a.txt", Data: []byte("a")}}
	w.Say(ada, general, discordsim.Draft{Text: "secret", Files: upload})
	if m := c.event("MESSAGE_CREATE"); m["content"] != "" || len(m["attachments"].([]any)) != 0 || m["author"] == nil {
		t.Errorf("guild message = %v, want it blank", m)
	}
	w.Say(ada, general, discordsim.Draft{Text: "psst <@" + w.BotUser() + ">", Files: upload})
	if m := c.event("MESSAGE_CREATE"); m["content"] == "" || len(m["attachments"].([]any)) != 1 {
		t.Errorf("mention = %v, want it full", m)
	}
	w.Say(ada, w.DM(ada), discordsim.Draft{Text: "direct"})
	if m := c.event("MESSAGE_CREATE"); m["content"] != "direct" {
		t.Errorf("DM = %v, want it full", m)
	}
	w.raw(t, "POST", "/channels/"+general+"/messages", obj{"content": "own"})
	if m := c.event("MESSAGE_CREATE"); m["content"] != "own" {
		t.Errorf("own = %v, want it full", m)
	}
	if _, m := w.raw(t, "GET", "/channels/"+general+"/messages/"+w.Messages(general)[0].ID, nil); m["content"] != "secret" {
		t.Errorf("REST gives %v, want it full while the intent is on for the application", m["content"])
	}
	w.SetIntents()
	if _, m := w.raw(t, "GET", "/channels/"+general+"/messages/"+w.Messages(general)[0].ID, nil); m["content"] != "" {
		t.Errorf("REST gives %v without the intent", m["content"])
	}
}

func TestEventsGoByIntent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, discordsim.IntentDirectMessages)
	w.Say(ada, general, discordsim.Draft{Text: "not heard"})
	if err := w.Type(ada, general); err != nil {
		t.Fatal(err)
	}
	w.Say(ada, w.DM(ada), discordsim.Draft{Text: "heard"})
	if f := c.read(); f["t"] != "MESSAGE_CREATE" || f["d"].(obj)["content"] != "heard" || f["s"] != 2.0 {
		t.Errorf("first event = %v", f)
	}
}

func TestMisbehaviourOfTheGateway(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *discordsim.Config) { c.Timing.Grace = 10 * time.Millisecond })
	c := w.dial(t, "")
	c.identify(w, everything)
	c.event("GUILD_CREATE")
	w.HoldEvents(true)
	first := w.Say(ada, general, discordsim.Draft{Text: "1"})
	w.Say(ada, general, discordsim.Draft{Text: "2"})
	w.HoldEvents(false)
	if m := c.event("MESSAGE_CREATE"); id(m) != first {
		t.Errorf("first held = %v", m["content"])
	}
	c.event("MESSAGE_CREATE")
	if n := w.Redeliver(2); n != 2 {
		t.Errorf("Redeliver = %d, want 2", n)
	}
	if m := c.event("MESSAGE_CREATE"); id(m) != first {
		t.Errorf("first repeated = %v", m["content"])
	}
	c.event("MESSAGE_CREATE")
	w.DeliverTwice(true)
	third := w.Say(ada, general, discordsim.Draft{Text: "3"})
	if a, b := c.event("MESSAGE_CREATE"), c.event("MESSAGE_CREATE"); id(a) != third || id(b) != third {
		t.Errorf("twice = %v, %v", a["content"], b["content"])
	}
	w.Mend()
	odd := w.Odd()
	c.event("SIMULATED_ODDITY")
	if m := c.event("MESSAGE_CREATE"); id(m) != odd[0] {
		t.Errorf("odd = %v", m)
	}
	w.InvalidSession(true)
	for f := c.read(); f["op"] != 9.0; f = c.read() {
		if f["op"] != 0.0 {
			t.Errorf("frame = %v", f)
		}
	}
	w.Reconnect()
	if f := c.read(); f["op"] != 7.0 {
		t.Errorf("frame = %v, want op 7", f)
	}
	if code := c.closed(); code != 4000 {
		t.Errorf("closed with %d, want 4000", code)
	}
	w.RefuseSockets(true)
	if _, resp, err := websocket.Dial(t.Context(), "ws"+w.URL()[4:], nil); err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable { //nolint:bodyclose // closed by Dial
		t.Errorf("Dial = %v %v, want 503", resp, err)
	}
}

func TestRequestGuildMembers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, everything)
	c.send(8, obj{"guild_id": home, "query": "", "limit": 0, "nonce": "n"})
	if chunk := c.event("GUILD_MEMBERS_CHUNK"); len(chunk["members"].([]any)) != 3 || chunk["nonce"] != "n" {
		t.Errorf("chunk = %v", chunk)
	}
	c.send(8, obj{"guild_id": home, "user_ids": []string{ada, "99"}})
	if chunk := c.event("GUILD_MEMBERS_CHUNK"); len(chunk["members"].([]any)) != 1 || len(chunk["not_found"].([]any)) != 1 {
		t.Errorf("chunk = %v", chunk)
	}
}

func TestMembershipIsHeard(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, everything)
	if err := w.Leave(bob, home); err != nil {
		t.Fatal(err)
	}
	c.event("GUILD_MEMBER_REMOVE")
	if err := w.Join(bob, home); err != nil {
		t.Fatal(err)
	}
	c.event("GUILD_MEMBER_ADD")
	w.RemoveBot(home)
	if g := c.event("GUILD_DELETE"); id(g) != home || g["unavailable"] != nil {
		t.Errorf("GUILD_DELETE = %v", g)
	}
	if status, e := w.raw(t, "GET", "/channels/"+general, nil); status != 403 || e["code"] != 50001.0 {
		t.Errorf("a channel of a guild the bot was kicked from: %d %v", status, e)
	}
	w.AddBot(home)
	c.event("GUILD_CREATE")
}
