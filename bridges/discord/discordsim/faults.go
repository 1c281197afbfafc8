package discordsim

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
)

// Fault is how a route misbehaves. Late may be joined with any one other field; Global and HTML go with Throttle, Code with Status.
type Fault struct {
	Times          int           // for so many calls; 0 until Mend
	Status         int           // answer with this HTTP status, and do nothing
	Code           int           // Discord's own code in that answer's body; with Status 0 the status is 400
	Throttle       time.Duration // answer 429 with this wait, and do nothing
	Global         bool          // the 429 is of the global limit
	HTML           bool          // the answer is Cloudflare's page instead of JSON
	Hang           bool          // do nothing and never answer; ends when the caller gives up
	AcceptThenDrop bool          // do what was asked, then close the connection without an answer
	Late           time.Duration // wait before anything else
}

// Fail makes a route misbehave, such as "POST /channels/{}/messages" or "POST /webhooks/{}/{}"; "GET gateway" are the sockets, "cdn" the
// downloads and "" everything. Faults for one route are used up in the order they were planned.
func (s *Sim) Fail(route string, f Fault) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.faults.Plan(routeName(route), f.Times, f)
}

// Mend takes back every planned fault, and what RefuseSockets, HoldEvents and DeliverTwice switched on.
func (s *Sim) Mend() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.faults.Clear()
	s.w.hub.refuse, s.w.hub.twice = false, false
	s.w.hold(false)
}

// planned takes the next fault of a route; the zero Fault when there is none. mu is not held.
func (w *world) planned(route string) Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.faults.Take(route, simkit.Exactly)
}

// before plays the part of a fault that comes before the work, and says whether that answered the call. mu is not held.
func (f Fault) before(w *world, rw http.ResponseWriter, r *http.Request, c *call) bool {
	w.hub.life.Pause(r.Context(), f.Late)
	switch {
	case f.Hang:
		w.log(c, 0, 0)
		w.hub.life.Idle(r.Context())
		panic(http.ErrAbortHandler)
	case f.Throttle > 0:
		w.throttle(rw, c, f.limited(c, w.now()))
	case f.HTML:
		w.page(rw, c, f.Status)
	case f.Code != 0:
		w.reply(rw, c, nil, fail(cmp.Or(f.Status, http.StatusBadRequest), f.Code, "simulated"))
	case f.Status != 0:
		w.reply(rw, c, nil, fail(f.Status, 0, http.StatusText(f.Status)))
	default:
		return false
	}
	return true
}

// limited is the limit that a fault makes believe. One of a route tells of its bucket too, by which clients wait.
// https://docs.discord.com/developers/topics/rate-limits#exceeding-a-rate-limit
func (f Fault) limited(c *call, now time.Time) *rateLimited {
	if f.Global {
		return &rateLimited{wait: f.Throttle, scope: "global", html: f.HTML}
	}
	most, _ := quota(c.route)
	state := rateState{limit: most, until: now.Add(f.Throttle), after: f.Throttle, bucket: hash(c.route)}
	return &rateLimited{wait: f.Throttle, scope: "user", status: state, html: f.HTML}
}

// page answers with a page of the proxy before Discord. mu is not held.
func (w *world) page(rw http.ResponseWriter, c *call, status int) {
	status = cmp.Or(status, http.StatusBadGateway)
	w.log(c, status, 0)
	rw.Header().Set("Content-Type", "text/html; charset=UTF-8")
	rw.WriteHeader(status)
	_, _ = rw.Write([]byte("<!doctype html><html><head><title>" + http.StatusText(status) + "</title></head><body>cloudflare</body></html>\n"))
}

// DropSockets cuts every socket off without a word; their sessions can be resumed.
func (s *Sim) DropSockets() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	for _, so := range s.w.hub.sockets {
		so.cancel()
	}
}

// Reconnect sends op 7: every client is to resume on another socket. Those still open are closed when Timing.Grace has passed.
func (s *Sim) Reconnect() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	for _, so := range s.w.hub.sockets {
		so.op(opReconnect, nil)
		s.w.later(s.w.cfg.Timing.Grace, func() { so.end(closeUnknown, "Reconnect.") })
	}
}

// RequestHeartbeats sends op 1: every client is to send a heartbeat at once.
func (s *Sim) RequestHeartbeats() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	for _, so := range s.w.hub.sockets {
		so.op(opHeartbeat, nil)
	}
}

// InvalidSession sends op 9 on every socket. When resumable is false the sessions are gone, and a client must identify again.
func (s *Sim) InvalidSession(resumable bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	for _, so := range s.w.hub.sockets {
		so.op(opInvalidSession, resumable)
		if so.session != nil && !resumable {
			s.w.forget(so.session)
		}
	}
	s.w.bump()
}

// RefuseSockets switches whether new sockets are turned away with 503.
func (s *Sim) RefuseSockets(on bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.hub.refuse = on
}

// ForgetSessions ends every session: what is resumed next gets op 9. Sockets stay open and hear nothing more.
func (s *Sim) ForgetSessions() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	for _, se := range slices.Clone(s.w.hub.sessions) {
		s.w.forget(se)
	}
}

// Redeliver sends the last n dispatches of every session again, under new sequence numbers, and returns how many were sent.
func (s *Sim) Redeliver(n int) int {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	sent := 0
	for _, se := range s.w.hub.sessions {
		var all []frame
		for _, f := range se.buffer {
			if f.name != "READY" && f.name != "RESUMED" {
				all = append(all, f)
			}
		}
		for _, f := range all[max(0, len(all)-n):] {
			se.send(f)
			sent++
		}
	}
	return sent
}

// DeliverTwice switches whether each dispatch comes twice.
func (s *Sim) DeliverTwice(on bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.hub.twice = on
}

// HoldEvents keeps dispatches back; false sends what was kept, in order.
func (s *Sim) HoldEvents(on bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.hold(on)
}

func (w *world) hold(on bool) {
	w.hub.hold = on
	if on {
		return
	}
	for _, s := range w.hub.sessions {
		held := s.held
		s.held = nil
		for _, f := range held {
			w.deliver(s, f)
		}
	}
}

// Revoke makes the token bad: every call answers 401 and every socket is closed with 4004. Restore takes it back.
func (s *Sim) Revoke() {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.revoked = true
	for _, se := range slices.Clone(w.hub.sessions) {
		w.forget(se)
	}
	for _, so := range w.hub.sockets {
		so.end(closeBadToken, "Authentication failed.")
	}
	w.bump()
}

// Restore makes the token good again.
func (s *Sim) Restore() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.revoked = false
}

// SetIntents switches exactly these privileged intents on for the application. Without IntentMessageContent, REST answers are blank
// at once; IDENTIFY with an intent that is off is closed with 4014.
func (s *Sim) SetIntents(on ...Intent) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.intents = 0
	for _, in := range on {
		s.w.intents |= in & privileged
	}
}
