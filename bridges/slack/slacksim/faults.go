package slacksim

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
)

// Fault is how a method misbehaves. Late may be joined with any one other field.
type Fault struct {
	Times          int           // for so many calls; 0 until Mend
	Status         int           // answer with this HTTP status, and do nothing
	Throttle       time.Duration // answer 429 with this Retry-After, in whole seconds, and do nothing
	Hang           bool          // do nothing and never answer; ends when the caller gives up
	Error          string        // answer ok:false with this error, and do nothing
	AcceptThenDrop bool          // do what was asked, then close the connection without an answer
	Late           time.Duration // wait before anything else
}

// Fail makes a method misbehave; "" stands for all methods, "upload", "download" and "hook" for the addresses outside /api/.
// Faults for one method are used up in the order they were planned.
func (s *Sim) Fail(method string, f Fault) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.faults.Plan(method, f.Times, f)
}

// Mend takes back every planned fault.
func (s *Sim) Mend() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.faults.Clear()
}

// planned takes the next fault of a method; the zero Fault when there is none. mu is not held.
func (w *world) planned(method string) Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.faults.Take(method, simkit.Exactly)
}

// before plays the part of a fault that comes before the work, and says whether that answered the call. mu is not held.
func (f Fault) before(w *world, rw http.ResponseWriter, r *http.Request, c *call) bool {
	w.courier.life.Pause(r.Context(), f.Late)
	switch {
	case f.Hang:
		w.log(c, 0, "")
		w.courier.life.Idle(r.Context())
		panic(http.ErrAbortHandler)
	case f.Throttle > 0:
		w.throttle(rw, c, max(1, int(f.Throttle.Seconds())))
	case f.Status != 0:
		w.log(c, f.Status, strconv.Itoa(f.Status))
		http.Error(rw, http.StatusText(f.Status), f.Status)
	case f.Error != "":
		w.reply(rw, c, nil, fail(f.Error))
	default:
		return false
	}
	return true
}

// Limit switches the enforcement of rate limits.
func (s *Sim) Limit(on bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.limits.on = on
	clear(s.w.limits.buckets)
}

// SetScopes grants exactly these scopes to the bot token; without any, AllScopes are granted.
func (s *Sim) SetScopes(scopes ...string) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.scopes = slices.Clone(scopes)
}

// Revoke uninstalls the app: every call answers token_revoked, no socket opens, and those that are open close as soon as the app has
// confirmed tokens_revoked and app_uninstalled, or Timing.AckWait has passed. Restore takes it back.
func (s *Sim) Revoke() {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rev != "" {
		return
	}
	w.emit("", obj{"type": "tokens_revoked", "tokens": obj{"oauth": []string{}, "bot": []string{w.cfg.BotUser.ID}}, "event_ts": w.stamp()})
	w.emit("", obj{"type": "app_uninstalled", "event_ts": w.stamp()})
	w.revoke()
}

// revoke ends the tokens at once and the sockets when nothing is on its way any more.
func (w *world) revoke() {
	w.rev = "token_revoked"
	for _, so := range w.courier.sockets {
		so.leaving = true
	}
	w.courier.forgetWaiting()
	if len(w.courier.pending) == 0 {
		w.unlink()
	} else {
		w.later(w.cfg.Timing.AckWait, w.unlink)
	}
	w.bump()
}

// unlink ends the sockets of an app that is not installed.
func (w *world) unlink() {
	if w.rev == "" {
		return
	}
	for _, so := range w.courier.sockets {
		so.end("link_disabled")
	}
}

// Restore makes the tokens good again.
func (s *Sim) Restore() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.rev = ""
}
