package crash_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// moment is where in a call to X a Roost ends.
type moment int

const (
	unheard  moment = iota // X does not hear of the call
	unsaid                 // X has done it and does not answer
	answered               // Roost has the answer, and hardly the time to store it
)

// prey is a kind of calls to X.
type prey struct {
	method string // empty: all
	parts  []string
}

// isOf says whether a call is of the kind.
func (p prey) isOf(r *http.Request) bool {
	has := func(part string) bool { return strings.Contains(r.URL.Path, part) }
	return (p.method == "" || p.method == r.Method) && slices.ContainsFunc(p.parts, has)
}

// trap ends a Roost in the middle of a call to X.
type trap struct {
	mu    sync.Mutex
	jaws  *jaws // nil: it is not set
	asked int   // how often X was asked what is new in encrypted chats
}

// looks is how often X was asked what is new in encrypted chats.
func (t *trap) looks() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked
}

// jaws is a trap that was set once.
type jaws struct {
	prey   prey
	left   int // calls that it lets pass
	moment moment
	sprung chan struct{} // closed when a call is in it
	dead   chan struct{} // closed when the Roost is
}

// set sets the trap for a call of a kind, after some others.
func (t *trap) set(p prey, left int, at moment) *jaws {
	j := &jaws{prey: p, left: left, moment: at, sprung: make(chan struct{}), dead: make(chan struct{})}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.jaws = j
	return j
}

// clear lets go of what is in the trap, once the Roost is dead.
func (t *trap) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.jaws != nil {
		close(t.jaws.dead)
	}
	t.jaws = nil
}

// takes says whether a call is caught, and where.
func (t *trap) takes(r *http.Request) *jaws {
	t.mu.Lock()
	defer t.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/chat/conversations") {
		t.asked++
	}
	j := t.jaws
	if j == nil || j.left < 0 || !j.prey.isOf(r) || strings.HasSuffix(r.URL.Path, "/activity/stream") {
		return nil
	}
	if j.left--; j.left >= 0 {
		return nil
	}
	return j
}

// round puts the trap round X.
func (t *trap) round(x http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		j := t.takes(r)
		if j == nil {
			x.ServeHTTP(w, r)
			return
		}
		if j.moment == unheard {
			close(j.sprung)
			<-j.dead
			panic(http.ErrAbortHandler)
		}
		x.ServeHTTP(w, r) // the answer is short, so it stays here until it is flushed
		if j.moment == answered {
			_ = http.NewResponseController(w).Flush() // a Roost that is gone needs no answer
		}
		close(j.sprung)
		<-j.dead
	})
}
