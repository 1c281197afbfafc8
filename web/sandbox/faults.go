package sandbox

import (
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// The ways in which a person lets the platforms misbehave. The first two last until they are switched off.
const (
	slackDown     = "slack_down"     // every call of Slack answers 503
	xDown         = "x_down"         // every call of X answers 503
	slackThrottle = "slack_throttle" // the next post to Slack is answered 429, come back in five seconds
	xBusy         = "x_busy"         // the next post to X is answered 503
	dropSockets   = "drop"           // open streams of both are cut
)

const throttledFor = 5 * time.Second

// faults remembers those that last.
type faults struct {
	mu      sync.Mutex
	on      map[string]bool
	changed chan struct{}
}

func (f *faults) lasting() map[string]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[string]bool{slackDown: false, xDown: false}
	maps.Copy(out, f.on)
	return out
}

func (f *faults) watch() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.changed == nil {
		f.changed = make(chan struct{})
	}
	return f.changed
}

// set switches a lasting fault and says whether that changes anything. do is called while no other switch is thrown.
func (f *faults) set(name string, on bool, do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.on[name] == on {
		return
	}
	if f.on == nil {
		f.on = map[string]bool{}
	}
	do()
	f.on[name] = on
	if f.changed != nil {
		close(f.changed)
		f.changed = nil
	}
}

// fault switches one fault. Switching one off takes back all that were planned for its platform.
func (p *Page) fault(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Fault string `json:"fault"`
		On    bool   `json:"on"`
	}
	if !read(w, r, &in) {
		return
	}
	switch in.Fault {
	case slackDown:
		p.faults.set(slackDown, in.On, func() {
			p.cfg.Slack.Mend()
			if in.On {
				p.cfg.Slack.Fail("", slacksim.Fault{Status: http.StatusServiceUnavailable})
			}
		})
	case xDown:
		p.faults.set(xDown, in.On, func() {
			p.cfg.X.ClearFaults()
			if in.On {
				p.cfg.X.Fail(xsim.AnyRoute, xsim.Fault{Times: -1, Status: http.StatusServiceUnavailable})
			}
		})
	case slackThrottle:
		p.cfg.Slack.Fail("chat.postMessage", slacksim.Fault{Times: 1, Throttle: throttledFor})
	case xBusy:
		p.cfg.X.Fail(xsim.SendToParticipant, xsim.Fault{Status: http.StatusServiceUnavailable})
	case dropSockets:
		p.cfg.Slack.DropSockets()
		p.cfg.X.DropStreams()
	default:
		fail(w, http.StatusBadRequest, "there is no such fault")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
