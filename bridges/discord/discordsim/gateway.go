package discordsim

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// Gateway opcodes. https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway
const (
	opDispatch       = 0
	opHeartbeat      = 1
	opIdentify       = 2
	opPresence       = 3
	opVoice          = 4
	opResume         = 6
	opReconnect      = 7
	opMembers        = 8
	opInvalidSession = 9
	opHello          = 10
	opHeartbeatACK   = 11
	opSounds         = 31
)

// Gateway close codes.
const (
	closeUnknown       websocket.StatusCode = 4000
	closeBadOpcode     websocket.StatusCode = 4001
	closeDecode        websocket.StatusCode = 4002
	closeNotIdentified websocket.StatusCode = 4003
	closeBadToken      websocket.StatusCode = 4004
	closeTwice         websocket.StatusCode = 4005
	closeBadSeq        websocket.StatusCode = 4007
	closeTooFast       websocket.StatusCode = 4008
	closeTimeout       websocket.StatusCode = 4009
	closeBadShard      websocket.StatusCode = 4010
	closeBadVersion    websocket.StatusCode = 4012
	closeBadIntents    websocket.StatusCode = 4013
	closeDisallowed    websocket.StatusCode = 4014
)

const (
	maxFrame     = 4096 // bytes. https://docs.discord.com/developers/events/gateway#sending-events
	maxRead      = 1 << 20
	maxSends     = 120 // within sendWindow
	sendWindow   = time.Minute
	sendWait     = 10 * time.Second
	identifyPace = 5 * time.Second
)

// socket is one gateway connection. The fields below w are guarded by its mu.
type socket struct {
	cancel  context.CancelFunc
	wake    chan struct{}
	version int
	pack    packer
	w       *world

	out     [][]byte
	session *session
	code    websocket.StatusCode // closes with it when out is empty
	reason  string
	sent    []time.Time // of the client's frames in the last minute
	beat    *time.Timer
}

// push queues a frame.
func (so *socket) push(payload []byte) {
	if so.code != 0 {
		return
	}
	so.out = append(so.out, payload)
	so.nudge()
}

func (so *socket) nudge() {
	select {
	case so.wake <- struct{}{}:
	default:
	}
}

// op queues a frame that is no dispatch.
func (so *socket) op(code int, data any) {
	so.push(mustJSON(obj{"op": code, "d": data, "s": nil, "t": nil}))
}

// end closes the socket with a code when what is queued was sent.
func (so *socket) end(code websocket.StatusCode, reason string) {
	if so.code == 0 {
		so.code, so.reason = code, reason
		so.nudge()
	}
}

// serveGateway speaks the gateway's protocol on one connection until it ends.
func (w *world) serveGateway(rw http.ResponseWriter, r *http.Request) {
	if !w.admit() {
		http.Error(rw, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		return
	}
	defer w.hub.life.Running.Done()
	conn, err := websocket.Accept(rw, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(maxRead)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	q := r.URL.Query()
	so := &socket{cancel: cancel, wake: make(chan struct{}, 1), version: 10, pack: newPacker(q.Get("compress")), w: w}
	w.greet(so, q.Get("v"), q.Get("encoding"))
	written := make(chan struct{})
	go func() { so.write(ctx, conn); close(written) }()
	ended := so.read(ctx, conn)
	w.exit(so, ended)
	cancel()
	<-written
}

// admit lets a connection in. After true the caller must call Running.Done.
func (w *world) admit() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.hub.refuse {
		return false
	}
	w.hub.life.Running.Add(1)
	return true
}

// greet says hello and starts to wait for heartbeats.
func (w *world) greet(so *socket, version, encoding string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		so.cancel()
		return
	}
	w.hub.sockets = append(w.hub.sockets, so)
	switch {
	case version != "" && !slices.Contains([]string{"6", "7", "8", "9", "10"}, version):
		so.end(closeBadVersion, "Invalid API version.")
	case encoding != "" && encoding != "json":
		so.end(closeDecode, "Only JSON is spoken here.")
	case version == "9":
		so.version = 9
	}
	so.op(opHello, obj{"heartbeat_interval": w.cfg.Timing.Heartbeat.Milliseconds(), "_trace": []string{"discordsim"}})
	so.beat = w.later(w.cfg.Timing.Missed, func() { so.end(closeTimeout, "Session timed out.") })
	w.bump()
}

// exit lets go of a socket; ended says that the client's close ended its session.
func (w *world) exit(so *socket, ended bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if so.beat != nil {
		so.beat.Stop()
	}
	w.hub.sockets = slices.DeleteFunc(w.hub.sockets, func(other *socket) bool { return other == so })
	if !w.closed {
		w.detach(so, ended)
	}
	w.bump()
}

// write sends queued frames until the socket ends.
func (so *socket) write(ctx context.Context, conn *websocket.Conn) {
	for {
		so.w.mu.Lock()
		frames, code, reason := so.out, so.code, so.reason
		compress := so.session != nil && so.session.compress
		so.out = nil
		so.w.mu.Unlock()
		for _, payload := range frames {
			if err := so.send(ctx, conn, payload, compress); err != nil {
				so.cancel()
				return
			}
		}
		if code != 0 {
			_ = conn.Close(code, reason)
			so.cancel()
			return
		}
		select {
		case <-so.wake:
		case <-ctx.Done():
			return
		}
	}
}

func (so *socket) send(ctx context.Context, conn *websocket.Conn, payload []byte, compress bool) error {
	kind, packed, err := so.pack.pack(payload, compress)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	return conn.Write(ctx, kind, packed)
}

// read takes frames until the socket ends, and says whether the client's way of closing ended the session too.
func (so *socket) read(ctx context.Context, conn *websocket.Conn) bool {
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			code := websocket.CloseStatus(err)
			return code == websocket.StatusNormalClosure || code == websocket.StatusGoingAway
		}
		so.take(raw)
	}
}

// clientFrame is what a client sends.
type clientFrame struct {
	Op   *int            `json:"op"`
	Data json.RawMessage `json:"d"`
}

// take does what a frame asks. mu is not held.
func (so *socket) take(raw []byte) {
	w := so.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || so.code != 0 {
		return
	}
	var f clientFrame
	switch {
	case !so.paced(w.now()):
		so.end(closeTooFast, "Rate limited.")
		return
	case len(raw) > maxFrame, json.Unmarshal(raw, &f) != nil, f.Op == nil:
		so.end(closeDecode, "Error while decoding payload.")
		return
	}
	switch *f.Op {
	case opHeartbeat:
		so.beat.Reset(w.cfg.Timing.Missed)
		so.op(opHeartbeatACK, nil)
	case opIdentify:
		w.identify(so, f.Data)
	case opResume:
		w.takeResume(so, f.Data)
	case opPresence, opVoice, opMembers, opSounds:
		w.takeCommand(so, *f.Op, f.Data)
	default:
		so.end(closeBadOpcode, "Unknown opcode.")
	}
}

// takeCommand does what needs a session. Presence, voice and sounds are taken and change nothing.
func (w *world) takeCommand(so *socket, op int, data json.RawMessage) {
	if so.session == nil {
		so.end(closeNotIdentified, "Not authenticated.")
		return
	}
	if op == opMembers {
		w.sendMembers(so, data)
	}
}

// paced counts a frame, and says false when there were too many in a minute.
func (so *socket) paced(now time.Time) bool {
	so.sent = slices.DeleteFunc(so.sent, func(t time.Time) bool { return now.Sub(t) > sendWindow })
	so.sent = append(so.sent, now)
	return len(so.sent) <= maxSends
}

// identification is the data of op 2.
type identification struct {
	Token    string   `json:"token"`
	Intents  *Intent  `json:"intents"`
	Compress bool     `json:"compress"`
	Shard    []uint64 `json:"shard"`
}

// identify starts a session. https://docs.discord.com/developers/events/gateway-events#identify
func (w *world) identify(so *socket, data json.RawMessage) {
	var id identification
	if json.Unmarshal(data, &id) != nil {
		so.end(closeDecode, "Error while decoding payload.")
		return
	}
	if so.session != nil {
		so.end(closeTwice, "Already authenticated.")
		return
	}
	if code, reason := w.refusal(&id); code != 0 {
		so.end(code, reason)
		return
	}
	if w.limits.on && w.now().Sub(w.hub.lastIdentify) < identifyPace {
		so.op(opInvalidSession, false)
		return
	}
	var shard [2]uint64
	copy(shard[:], id.Shard)
	w.hub.lastIdentify = w.now()
	w.hub.identified++
	w.open(so, *id.Intents, shard, id.Compress)
}

// refusal says with which code an identification is turned away, 0 when it is good.
func (w *world) refusal(id *identification) (websocket.StatusCode, string) {
	switch {
	case !w.knows(id.Token):
		return closeBadToken, "Authentication failed."
	case len(id.Shard) != 0 && (len(id.Shard) != 2 || id.Shard[0] >= id.Shard[1]):
		return closeBadShard, "Invalid shard."
	case id.Intents == nil || *id.Intents&^knownIntents != 0:
		return closeBadIntents, "Invalid intent(s)."
	case *id.Intents&privileged&^w.intents != 0:
		return closeDisallowed, "Disallowed intent(s)."
	default:
		return 0, ""
	}
}

// knows says whether a token is the bot's and good.
func (w *world) knows(token string) bool {
	token = strings.TrimPrefix(token, "Bot ")
	return !w.revoked && same(token, w.cfg.Token)
}

// takeResume goes on with a session, or says that there is none.
func (w *world) takeResume(so *socket, data json.RawMessage) {
	var id struct {
		Token   string `json:"token"`
		Session string `json:"session_id"`
		Seq     *int64 `json:"seq"`
	}
	if json.Unmarshal(data, &id) != nil || id.Seq == nil {
		so.end(closeDecode, "Error while decoding payload.")
		return
	}
	i := slices.IndexFunc(w.hub.sessions, func(s *session) bool { return s.id == id.Session })
	switch {
	case so.session != nil:
		so.end(closeTwice, "Already authenticated.")
	case !w.knows(id.Token):
		so.end(closeBadToken, "Authentication failed.")
	case i >= 0 && (*id.Seq > w.hub.sessions[i].seq || *id.Seq < 0):
		w.forget(w.hub.sessions[i])
		so.end(closeBadSeq, "Invalid seq.")
	case !w.resume(so, id.Session, *id.Seq):
		so.op(opInvalidSession, false)
	}
}
