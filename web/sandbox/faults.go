package sandbox

import (
	"net/http"
	"sync"
	"time"
)

// throttledFor is how long a platform asks to wait that is told to slow down.
const throttledFor = 5 * time.Second

// outage is whether a platform is down. A pane switches it, and what shows it watches it.
type outage struct {
	mu   sync.Mutex
	on   bool
	news chan struct{}
}

// set switches the outage and says whether that changes anything. do is called while nobody else switches it.
func (o *outage) set(on bool, do func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.on == on {
		return
	}
	do()
	o.on = on
	if o.news != nil {
		close(o.news)
		o.news = nil
	}
}

func (o *outage) is() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.on
}

// switched is closed when the outage next begins or ends.
func (o *outage) switched() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.news == nil {
		o.news = make(chan struct{})
	}
	return o.news
}

// fault lets a platform misbehave. What is down stays so until it is switched off, which takes back all faults that wait.
func (p *Page) fault(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Pane  string `json:"pane"` // empty: all
		Fault string `json:"fault"`
		On    bool   `json:"on"`
	}
	if !read(w, r, &in) {
		return
	}
	panes := p.panes
	if in.Pane != "" {
		one, ok := p.pane(in.Pane)
		if !ok {
			fail(w, http.StatusNotFound, "there is no such platform")
			return
		}
		panes = []Pane{one}
	}
	for _, one := range panes {
		switch in.Fault {
		case "down":
			one.down(in.On)
		case "busy":
			one.busy()
		case "slow":
			one.slow()
		case "cut":
			one.cut()
		default:
			fail(w, http.StatusBadRequest, "there is no such fault")
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}
