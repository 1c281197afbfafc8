package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	together  = 40 * time.Millisecond // changes within it are told at once
	heartbeat = 20 * time.Second      // between comments on a stream without news
)

// events streams what happens as server-sent events:
//
//	trip   a trip as it is now; its id is a mark to resume from
//	state  something else changed: ask /state
//	reset  the mark that was resumed from is not of this run: ask /state
//
// A stream that resumes gets every trip that changed since its mark, and one that begins gets state.
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	out := stream{w: w, control: http.NewResponseController(w)}
	// The deadlines of the server are for requests and answers that end.
	_ = out.control.SetReadDeadline(time.Time{})
	_ = out.control.SetWriteDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	seq, begin := p.resume(r)
	if !out.send(begin, p.trips.mark(seq), "{}") {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	changed := false
	for {
		x, slack, faults := p.cfg.X.Changed(), p.cfg.Slack.Changed(), p.faults.watch()
		trips, more := p.trips.since(seq)
		// What changes from here on is told by the channels, so nothing falls between this hint and the next.
		if changed && !out.send("state", "", "{}") {
			return
		}
		for _, tr := range trips {
			body, err := json.Marshal(p.shown(tr))
			if err != nil || !out.send("trip", p.trips.mark(tr.seq), string(body)) {
				return
			}
			seq = tr.seq
		}
		changed = false
		select {
		case <-r.Context().Done():
			return
		case <-more:
			continue
		case <-beat.C:
			if !out.beat() {
				return
			}
			continue
		case <-x:
		case <-slack:
		case <-faults:
		}
		if changed = settle(r); !changed {
			return
		}
	}
}

// resume says where a stream goes on, and with which event it begins. A browser that opens a stream can't say what it has
// seen but in the address; when it resumes, the header knows better.
func (p *Page) resume(r *http.Request) (seq int64, begin string) {
	mark := cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after"))
	if mark == "" {
		return 0, "state"
	}
	seq, ok := p.trips.position(mark)
	if !ok {
		return 0, "reset"
	}
	return seq, "state"
}

// settle waits until changes that come together have come; false when the stream has ended.
func settle(r *http.Request) bool {
	t := time.NewTimer(together)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// stream writes events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s stream) send(event, id, data string) bool {
	if id != "" {
		id = "id: " + id + "\n"
	}
	_, err := fmt.Fprintf(s.w, "%sevent: %s\ndata: %s\n\n", id, event, data)
	return err == nil && s.control.Flush() == nil
}

func (s stream) beat() bool {
	_, err := s.w.Write([]byte(": still here\n\n"))
	return err == nil && s.control.Flush() == nil
}
