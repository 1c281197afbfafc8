package discordsim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
)

const maxBuffer = 10_000 // dispatches kept for a resume

// hub carries dispatches to sessions. Its fields are guarded by the world's mu, but for those above sessions.
type hub struct {
	life *simkit.Life // what runs are sockets

	sessions            []*session
	sockets             []*socket
	refuse, hold, twice bool
	identified          int       // since the start, for session_start_limit
	lastIdentify        time.Time // with Limits: five seconds between two
	dispatched          int
}

func newHub() hub {
	return hub{life: simkit.NewLife()}
}

// session is what a client resumes.
type session struct {
	id       string
	intents  Intent
	shard    [2]uint64
	compress bool
	seq      int64
	buffer   []frame
	held     []frame
	sock     *socket
	expiry   *time.Timer
}

// frame is one dispatch of a session.
type frame struct {
	seq  int64
	name string
	data json.RawMessage
}

func (f frame) encode() []byte {
	return mustJSON(obj{"op": opDispatch, "t": f.name, "s": f.seq, "d": f.data})
}

// event is something that sessions hear of when they have one of the intents needed; noIntent reaches all.
type event struct {
	name    string
	need    Intent
	guild   string
	channel *channel             // where it happened; sessions hear of it when the bot sees that channel
	build   func(s *session) any // nil leaves the session out
}

// dispatch sends an event to every session that is to hear of it.
func (w *world) dispatch(ev event) {
	if w.closed || w.revoked || !w.present(ev) {
		return
	}
	for _, s := range w.hub.sessions {
		if !s.hears(ev) {
			continue
		}
		if data := ev.build(s); data != nil {
			w.deliver(s, frame{name: ev.name, data: mustJSON(data)})
		}
	}
}

// present says whether the bot is where an event happens.
func (w *world) present(ev event) bool {
	g := w.guilds[ev.guild]
	return (ev.channel == nil || w.sees(ev.channel)) && (ev.guild == "" || g != nil && g.bot)
}

// hears says whether a session has an intent and the shard of an event.
func (s *session) hears(ev event) bool {
	return (ev.need == noIntent || s.intents&ev.need != 0) && s.covers(ev.guild)
}

// covers says whether a guild's events go to this shard; events without a guild go to the first.
func (s *session) covers(guild string) bool {
	return s.shard[1] <= 1 || (number(guild)>>22)%s.shard[1] == s.shard[0]
}

// deliver sends a dispatch, or holds it; with DeliverTwice it follows once more with a sequence number of its own.
func (w *world) deliver(s *session, f frame) {
	if w.hub.hold {
		s.held = append(s.held, f)
		return
	}
	s.send(f)
	if w.hub.twice {
		s.send(f)
	}
	w.hub.dispatched++
}

// send gives a dispatch its number, keeps it for a resume and puts it on the wire.
func (s *session) send(f frame) {
	s.seq++
	f.seq = s.seq
	if len(s.buffer) >= maxBuffer {
		s.buffer = slices.Delete(s.buffer, 0, maxBuffer/10)
	}
	s.buffer = append(s.buffer, f)
	if s.sock != nil {
		s.sock.push(f.encode())
	}
}

// open starts a session for a socket that has identified itself.
func (w *world) open(so *socket, in Intent, shard [2]uint64, compress bool) {
	s := &session{id: hash(w.newID() + "session"), intents: in, shard: shard, compress: compress, sock: so}
	so.session = s
	w.hub.sessions = append(w.hub.sessions, s)
	guilds := []obj{}
	for _, id := range w.guildOrder {
		if w.guilds[id].bot && s.covers(id) {
			guilds = append(guilds, obj{"id": id, "unavailable": true})
		}
	}
	ready := obj{
		"v": so.version, "user": w.wireSelf(), "guilds": guilds, "session_id": s.id, "session_type": "normal",
		"resume_gateway_url": w.gateway(), "application": obj{"id": w.cfg.ApplicationID, "flags": w.appFlags()}, "private_channels": []any{},
		"relationships": []any{}, "presences": []any{}, "guild_join_requests": []any{}, "user_settings": obj{}, "_trace": []string{"discordsim"},
		"geo_ordered_rtc_regions": []string{}, "game_relationships": []any{}, "auth": obj{},
	}
	if shard[1] > 0 {
		ready["shard"] = shard
	}
	s.send(frame{name: "READY", data: mustJSON(ready)})
	if in&IntentGuilds != 0 {
		for _, g := range guilds {
			id, _ := g["id"].(string)
			s.send(frame{name: "GUILD_CREATE", data: mustJSON(w.wireGuildCreate(w.guilds[id]))})
		}
	}
	w.bump()
}

// resume gives a session to a new socket and replays what came after seq. It says false when there is no such session any more.
func (w *world) resume(so *socket, id string, seq int64) bool {
	i := slices.IndexFunc(w.hub.sessions, func(s *session) bool { return s.id == id })
	if i < 0 {
		return false
	}
	s := w.hub.sessions[i]
	if len(s.buffer) == 0 || seq < s.buffer[0].seq-1 {
		w.forget(s)
		return false
	}
	if s.expiry != nil {
		s.expiry.Stop()
	}
	if old := s.sock; old != nil {
		old.session = nil
		old.end(closeUnknown, "resumed elsewhere")
	}
	s.sock, so.session = so, s
	for _, f := range s.buffer {
		if f.seq > seq {
			so.push(f.encode())
		}
	}
	s.send(frame{name: "RESUMED", data: mustJSON(obj{"_trace": []string{"discordsim"}})})
	w.bump()
	return true
}

// detach takes the socket from its session. One that the client closed with 1000 or 1001 ends with it, any other can be resumed.
// https://docs.discord.com/developers/events/gateway#initiating-a-disconnect
func (w *world) detach(so *socket, ended bool) {
	s := so.session
	if s == nil {
		return
	}
	so.session, s.sock = nil, nil
	if ended {
		w.forget(s)
		return
	}
	s.expiry = w.later(w.cfg.Timing.Resume, func() {
		if s.sock == nil {
			w.forget(s)
		}
	})
}

// forget ends a session.
func (w *world) forget(s *session) {
	if s.expiry != nil {
		s.expiry.Stop()
	}
	if s.sock != nil {
		s.sock.session, s.sock = nil, nil
	}
	w.hub.sessions = slices.DeleteFunc(w.hub.sessions, func(other *session) bool { return other == s })
}

// gateway is the address of the gateway.
func (w *world) gateway() string { return strings.Replace(w.base, "http", "ws", 1) }

// shut ends everything that runs.
func (w *world) shut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.closed = true
	w.hub.life.End()
	for _, s := range w.hub.sessions {
		if s.expiry != nil {
			s.expiry.Stop()
		}
	}
	for _, so := range w.hub.sockets {
		so.cancel()
	}
	w.bump()
}
