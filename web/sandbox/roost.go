package sandbox

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// Process is the Roost that the page is about, as a process of its own.
type Process struct {
	State State
	PID   int
	Again time.Time // Killed: when it starts by itself
}

// State is how a process is.
type State string

// The states of a process.
const (
	Starting State = "starting" // it does not relay yet
	Running  State = "running"
	Killed   State = "killed" // it has ended, however
)

// roost is what the page knows of the process, and how it is ordered about.
type roost struct {
	kill, start func() // nil: the page orders nobody about

	mu   sync.Mutex
	now  Process
	down time.Time     // since when it does not run; zero: it does, or never did
	news chan struct{} // closed at the next change
}

// roostJSON is the process as the page shows it.
type roostJSON struct {
	State State     `json:"state"`
	PID   int       `json:"pid,omitempty"`
	Again time.Time `json:"again,omitzero"`
}

// Control lets people kill Roost and start it again before it starts by itself. Neither function may wait; what came of it
// is told by Stands. It is called once, before the page is served.
func (p *Page) Control(kill, start func()) { p.roost.kill, p.roost.start = kill, start }

// Stands tells how Roost is now. That it ended, and that it is back, is a line among the trips.
func (p *Page) Stands(now Process) {
	r := p.roost
	r.mu.Lock()
	defer r.mu.Unlock()
	switch at := time.Now(); {
	case now.State == Killed && r.now.State != Killed:
		p.trips.line(at, "Roost was killed", "what is written now waits for it")
		r.down = at
	case now.State == Running && !r.down.IsZero():
		p.trips.line(at, "Roost is back", fmt.Sprintf("after %s, as process %d", seconds(at.Sub(r.down)), now.PID))
		r.down = time.Time{}
	}
	r.now = now
	if r.news != nil {
		close(r.news)
		r.news = nil
	}
}

// Missed tells that n steps of trips were lost.
func (p *Page) Missed(n int) {
	p.trips.line(time.Now(), "The page fell behind", fmt.Sprintf("and missed %d steps of trips", n))
}

// changed is closed when the process is next another one.
func (r *roost) changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.news == nil {
		r.news = make(chan struct{})
	}
	return r.news
}

// shown is the process; nil when nobody can do anything about it.
func (r *roost) shown() *roostJSON {
	if r.kill == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return &roostJSON{State: r.now.State, PID: r.now.PID, Again: r.now.Again}
}

// order kills or starts Roost.
func (p *Page) order(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Do string `json:"do"`
	}
	if !read(w, r, &in) {
		return
	}
	now := p.roost.shown()
	switch {
	case now == nil:
		fail(w, http.StatusNotFound, "this Roost can't be killed from here")
		return
	case in.Do != "kill" && in.Do != "start":
		fail(w, http.StatusBadRequest, "Roost can be told to kill or start")
		return
	case (in.Do == "kill") == (now.State == Killed): // it is so already
	case in.Do == "kill":
		p.roost.kill()
	default:
		p.roost.start()
	}
	w.WriteHeader(http.StatusNoContent)
}

// line notes what happened to Roost itself, in a line of its own.
func (t *trips) line(at time.Time, what, words string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tell(t.add(&trip{line: true, began: at, author: chat.Author{Name: "Roost"}, what: what, text: words}))
}
