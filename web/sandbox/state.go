package sandbox

import (
	"cmp"
	"net/http"
	"slices"
)

// The most that the page shows of each.
const (
	maxMessages = 400 // of one place, threads included
	maxThreads  = 60  // of one place
	maxPrivate  = 30  // of what one person alone sees
	maxPeople   = 20  // of one platform
	maxName     = 40  // characters of a person's name
	maxText     = 10_000
)

// state is everything that the page shows.
type state struct {
	Seq   string      `json:"seq"` // of the trips in it
	Panes []paneState `json:"panes"`
	Trips []tripJSON  `json:"trips"` // newest first
	Roost *roostJSON  `json:"roost,omitempty"`
}

// state answers what the page shows now.
func (p *Page) state(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, p.snapshot()) }

func (p *Page) snapshot() state {
	changed, _ := p.trips.since(0)
	slices.SortFunc(changed, func(a, b trip) int { return cmp.Compare(b.id, a.id) })
	s := state{Panes: []paneState{}, Trips: []tripJSON{}, Roost: p.roost.shown()}
	var last int64
	for _, tr := range changed {
		last = max(last, tr.seq)
		s.Trips = append(s.Trips, p.shown(tr))
	}
	s.Seq = p.trips.mark(last)
	for _, one := range p.panes {
		s.Panes = append(s.Panes, one.show())
	}
	return s
}
