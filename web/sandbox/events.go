package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
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
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for f := (feed{page: p, out: out, seq: seq, begin: begin}); f.round(r.Context(), beat.C); {
		f.begin = ""
	}
}

// feed is one stream: how far it has told the trips, and whether something else changed since.
type feed struct {
	page    *Page
	out     stream
	begin   string // the event to begin with; empty when it has begun
	seq     int64
	changed bool
}

// round tells what is new and waits for more; false when the stream has ended.
func (f *feed) round(ctx context.Context, beat <-chan time.Time) bool {
	p := f.page
	news, stop := p.news()
	defer stop()
	trips, more := p.trips.since(f.seq)
	// What changes from here on is told by the channels, so nothing falls between this hint and the next.
	if !f.tell(trips) {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-more:
		return true
	case <-beat:
		return f.out.beat()
	case <-news:
	}
	f.changed = settle(ctx)
	return f.changed
}

func (f *feed) tell(trips []trip) bool {
	if f.begin != "" && !f.out.send(f.begin, f.page.trips.mark(f.seq), "{}") {
		return false
	}
	if f.changed && !f.out.send("state", "", "{}") {
		return false
	}
	f.changed = false
	for _, tr := range trips {
		body, err := json.Marshal(f.page.shown(tr))
		if err != nil || !f.out.send("trip", f.page.trips.mark(tr.seq), string(body)) {
			return false
		}
		f.seq = tr.seq
	}
	return true
}

// news is closed at the next change of any pane, or of Roost. stop ends the waiting for it.
func (p *Page) news() (news <-chan struct{}, stop func()) {
	all := []<-chan struct{}{p.roost.changed()}
	for _, one := range p.panes {
		all = append(all, one.changed()...)
	}
	return first(all)
}

// first gives a channel that is closed as soon as one of chans is. stop ends the waiting.
func first(chans []<-chan struct{}) (closed <-chan struct{}, stop func()) {
	out, end := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var waiting sync.WaitGroup
	for _, c := range chans {
		waiting.Go(func() {
			select {
			case <-c:
				once.Do(func() { close(out) })
			case <-end:
			}
		})
	}
	return out, func() { close(end); waiting.Wait() }
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
func settle(ctx context.Context) bool {
	t := time.NewTimer(together)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
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
