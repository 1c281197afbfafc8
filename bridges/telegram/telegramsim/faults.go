package telegramsim

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
)

// errDropped ends a call by closing its connection.
var errDropped = errors.New("telegramsim: dropped")

// Fault is how a method misbehaves. Late may be joined with any one other field.
type Fault struct {
	Times          int           // for so many calls; 0 until Mend
	Status         int           // answer with this code, and do nothing
	Error          string        // answer ok:false with this description, and do nothing; the code is Status, or what the text begins with
	Throttle       time.Duration // answer 429 with this retry_after, in whole seconds, and do nothing
	HTML           bool          // answer an HTML page with Status, by default 502, as a proxy in front does, and do nothing
	Hang           bool          // do nothing and never answer; ends when the caller gives up
	AcceptThenDrop bool          // do what was asked, then close the connection without an answer
	Late           time.Duration // wait before anything else
}

// Fail makes a method misbehave; "" stands for all methods, and "download" for the address of files. Faults for one method are
// used up in the order they were planned.
func (s *Sim) Fail(method string, f Fault) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.faults.Plan(method, f.Times, f)
}

// Mend takes back every planned fault, Refuse and HoldEvents.
func (s *Sim) Mend() {
	s.w.mu.Lock()
	s.w.faults.Clear()
	s.w.refused = false
	s.w.mu.Unlock()
	s.HoldEvents(false)
}

// planned takes the next fault of a method; the zero Fault when there is none. mu is not held.
func (w *world) planned(method string) Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.faults.Take(method, strings.EqualFold)
}

// before plays the part of a fault that comes before the work, and says whether that answered the call. mu is not held.
func (f Fault) before(w *world, rw http.ResponseWriter, r *http.Request, c *call) bool {
	w.life.Pause(r.Context(), f.Late)
	switch {
	case f.Hang:
		w.log(c, 0, "")
		w.life.Idle(r.Context())
		panic(http.ErrAbortHandler)
	case f.Throttle > 0:
		w.reply(rw, c, nil, tooMany(max(1, int(f.Throttle.Seconds()))))
	case f.HTML:
		status := cmp.Or(f.Status, http.StatusBadGateway)
		w.log(c, status, http.StatusText(status))
		rw.Header().Set("Content-Type", "text/html")
		rw.WriteHeader(status)
		_, _ = rw.Write([]byte("<html><head><title>" + http.StatusText(status) + "</title></head><body><center>nginx</center></body></html>\n"))
	case f.Status != 0 || f.Error != "":
		w.reply(rw, c, nil, f.asError())
	default:
		return false
	}
	return true
}

func (f Fault) asError() error {
	code := f.Status
	for _, known := range []int{400, 401, 403, 404, 409, 413, 429, 500} {
		if code == 0 && strings.HasPrefix(f.Error, http.StatusText(known)) {
			code = known
		}
	}
	code = cmp.Or(code, http.StatusBadRequest)
	return &apiError{code: code, text: cmp.Or(f.Error, http.StatusText(code))}
}

// DropPolls closes the connection of every getUpdates that waits, without an answer.
func (s *Sim) DropPolls() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.queue.endPoll(errDropped)
}

// Refuse makes every connection end without an answer while on, those that wait too.
func (s *Sim) Refuse(on bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.refused = on
	if on {
		s.w.queue.endPoll(errDropped)
	}
}

// Redeliver puts the last n confirmed updates back with their ids, as after a bot that did not save its offset, and returns how
// many there were. They come once more even to a bot that asks with a later offset.
func (s *Sim) Redeliver(n int) int {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.queue.settled
	cut := max(0, len(all)-max(0, n))
	last := slices.Clone(all[cut:])
	w.queue.settled = all[:cut]
	for _, u := range last {
		u.again, u.busy, u.fail = true, false, 0
	}
	w.queue.waiting = append(last, w.queue.waiting...)
	w.wake()
	return len(last)
}

// HoldEvents keeps updates back while on; switching it off lets them go in order, late.
func (s *Sim) HoldEvents(on bool) {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue.hold = on
	if !on {
		w.queue.waiting = append(w.queue.waiting, w.queue.held...)
		w.queue.held = nil
	}
	w.wake()
}

// ForgetOffsets makes update ids go on from a lower number, as after a week without updates. What waits gets new ids too.
func (s *Sim) ForgetOffsets() {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	q := &w.queue
	q.next = 1 + rand.IntN(max(1, q.first-1))
	q.first, q.settled = q.next, nil
	for _, list := range [][]*update{q.waiting, q.held} {
		for _, u := range list {
			u.id = q.next
			q.next++
		}
	}
	w.wake()
}

// Odd sends an update of a kind that no client knows, and then, where a private chat is open, a message with fields and an entity
// that no client knows; it returns that message's id, 0 when there is no chat. Both arrive whatever allowed_updates says.
func (s *Sim) Odd() int {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.enqueue("quantum_post", "", obj{"superposition": []any{1, "two", nil}, "spin": 0.5})
	i := slices.IndexFunc(w.chatOrder, func(id int64) bool { return w.chats[id].typ == private })
	if i < 0 {
		return 0
	}
	c := w.chats[w.chatOrder[i]]
	m := w.newMessage(c)
	m.by, m.from, m.text = c.user, c.user, "odd but readable"
	m.entities = []Entity{{Type: "sparkle", Offset: 0, Length: 3}}
	m.extra = obj{"hologram": obj{"depth": 3}}
	w.store(c, m)
	w.enqueue("message", "", w.wireMessage(m))
	w.bump()
	return m.id
}

// Revoke makes the token bad: every call answers 401 Unauthorized, and a poll that waits ends so. Restore takes it back.
func (s *Sim) Revoke() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.revoked = true
	s.w.queue.endPoll(&apiError{code: http.StatusUnauthorized, text: "Unauthorized"})
}

// Restore makes the token good again.
func (s *Sim) Restore() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.revoked = false
}

// Limit switches the enforcement of rate limits.
func (s *Sim) Limit(on bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.limits.on = on
	clear(s.w.limits.buckets)
}
