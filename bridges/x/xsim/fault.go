package xsim

import (
	"net/http"
	"strconv"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
)

// Fault is a way to misbehave.
type Fault struct {
	Times          int           // how often; once when 0, until ClearFaults when negative
	Status         int           // answer this status instead
	Body           string        // with this body; a problem when empty
	Throttle       bool          // answer 429 with the headers of an empty window
	Reset          time.Duration // until that window is over; 15 min when 0
	Hang           bool          // never answer
	AcceptThenDrop bool          // do it, then cut the connection without an answer
	Late           time.Duration // do it, then wait before the answer
}

// asPlanned stands in the log of calls that a fault answered.
const asPlanned = "as planned"

// Fail makes the next calls of a route misbehave. Faults of the same route are taken in the order in which they were
// given; they come after the check of the credentials and before rate limits, so an answer of a fault is not counted.
func (s *Sim) Fail(route Route, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	times := f.Times
	switch {
	case times == 0:
		times = 1
	case times < 0:
		times = 0
	}
	s.faults.Plan(string(route), times, f)
}

// ClearFaults forgets all faults that have not been used up.
func (s *Sim) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.Clear()
}

// takeFault uses up the first fault that is planned for a route; the zero Fault when there is none.
func (s *Sim) takeFault(route Route) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.Take(string(route), simkit.Exactly)
}

// misbehave does what a fault does instead of the call, and says whether that was all.
func (c *call) misbehave(f Fault) bool {
	if f.Hang {
		c.log(0, "left hanging")
		select {
		case <-c.r.Context().Done():
		case <-c.done:
		}
		panic(http.ErrAbortHandler)
	}
	if !f.Throttle && f.Status == 0 && f.Body == "" {
		return false
	}
	c.w.Header().Set("X-Sim-Fault", "planned")
	switch {
	case f.Throttle:
		c.finish(reply{}, c.throttle(f))
	case f.Body == "":
		p := blank(f.Status, http.StatusText(f.Status))
		p.why = asPlanned
		c.finish(reply{}, p)
	default:
		status := max(f.Status, http.StatusOK)
		c.finish(reply{status: status, kind: "application/json; charset=utf-8", body: []byte(f.Body), why: asPlanned}, nil)
	}
	return true
}

// throttle writes the headers of a window that is used up.
func (c *call) throttle(f Fault) *problem {
	wait := f.Reset
	if wait == 0 {
		wait = windowLength
	}
	most := c.limitOf().Window
	h := c.w.Header()
	h.Set("X-Rate-Limit-Limit", strconv.Itoa(max(most, 1)))
	h.Set("X-Rate-Limit-Remaining", "0")
	h.Set("X-Rate-Limit-Reset", unixUp(c.cfg.Now().Add(wait)))
	return tooMany(asPlanned)
}

// pause waits, but not longer than the caller does.
func (c *call) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.r.Context().Done():
	case <-c.done:
	}
}

// drop cuts the connection.
func (c *call) drop(why string) {
	c.log(0, why)
	panic(http.ErrAbortHandler)
}
