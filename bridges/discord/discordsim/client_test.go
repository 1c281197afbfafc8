package discordsim_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/json"
	"io"
	"testing"

	"github.com/coder/websocket"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

// client speaks the gateway's protocol by hand.
type client struct {
	t      *testing.T
	conn   *websocket.Conn
	stream io.Reader // of zlib-stream
	fed    *bytes.Buffer
	seq    float64
	id     string
}

func (w world) dial(t *testing.T, query string) *client {
	t.Helper()
	_, gw := w.raw(t, "GET", "/gateway", nil)
	conn, resp, err := websocket.Dial(t.Context(), gw["url"].(string)+"/?v=10&encoding=json"+query, nil) //nolint:bodyclose // a socket has none
	if err != nil {
		t.Fatalf("dial: %v (%v)", err, resp)
	}
	conn.SetReadLimit(1 << 22)
	t.Cleanup(func() { _ = conn.CloseNow() })
	c := &client{t: t, conn: conn, fed: new(bytes.Buffer)}
	if hello := c.read(); hello["op"] != 10.0 {
		t.Fatalf("first frame = %v, want hello", hello)
	}
	return c
}

func (c *client) read() obj {
	c.t.Helper()
	f, err := c.try()
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return f
}

func (c *client) try() (obj, error) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	kind, raw, err := c.conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	if kind == websocket.MessageBinary {
		raw = c.inflate(raw)
	}
	var f obj
	if err := json.Unmarshal(raw, &f); err != nil {
		c.t.Fatalf("frame %q: %v", raw, err)
	}
	if s, ok := f["s"].(float64); ok {
		c.seq = s
	}
	return f, nil
}

// inflate reads one frame of a stream, or one that is compressed on its own.
func (c *client) inflate(raw []byte) []byte {
	c.fed.Write(raw)
	if c.stream == nil || !bytes.HasSuffix(raw, []byte{0, 0, 0xff, 0xff}) {
		c.stream, _ = zlib.NewReader(c.fed)
	}
	var out json.RawMessage
	if err := json.NewDecoder(c.stream).Decode(&out); err != nil {
		c.t.Fatalf("inflate: %v", err)
	}
	return out
}

func (c *client) send(op int, data any) {
	c.t.Helper()
	raw, err := json.Marshal(obj{"op": op, "d": data})
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, raw); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// identify starts a session and reads READY.
func (c *client) identify(w world, intents discordsim.Intent, more ...string) obj {
	c.t.Helper()
	ask := obj{"token": w.Token(), "intents": uint64(intents), "properties": obj{"os": "linux"}}
	for _, m := range more {
		ask[m] = true
	}
	c.send(2, ask)
	ready := c.event("READY")
	c.id, _ = ready["session_id"].(string)
	return ready
}

func (c *client) resume(w world, id string, seq float64) {
	c.t.Helper()
	c.send(6, obj{"token": w.Token(), "session_id": id, "seq": seq})
}

// event reads until a dispatch of this type.
func (c *client) event(name string) obj {
	c.t.Helper()
	for {
		if f := c.read(); f["t"] == name {
			data, _ := f["d"].(obj)
			return data
		}
	}
}

// closed reads until the socket ends and gives the code.
func (c *client) closed() websocket.StatusCode {
	c.t.Helper()
	for {
		if _, err := c.try(); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

const everything = discordsim.IntentGuilds | discordsim.IntentMessages | discordsim.IntentDirectMessages | discordsim.IntentMessageContent |
	discordsim.IntentMembers | discordsim.IntentReactions | discordsim.IntentTyping | discordsim.IntentWebhooks
