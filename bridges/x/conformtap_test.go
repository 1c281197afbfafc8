package x_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// wrap is where odd events get in.
func (st *board) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/2/activity/stream":
			tapped := &tap{ResponseWriter: w, stage: st}
			defer st.untap(tapped)
			next.ServeHTTP(tapped, r)
		case "/2/dm_events":
			st.page(next, w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// page puts an event of an unknown kind on a page, when there shall be one.
func (st *board) page(next http.Handler, w http.ResponseWriter, r *http.Request) {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	body := rec.Body.Bytes()
	st.mu.Lock()
	if st.strange && rec.Code == http.StatusOK {
		var page map[string]any
		if json.Unmarshal(body, &page) == nil {
			id := fmt.Sprint((time.Now().UnixMilli()-1288834974657)<<22 | 1<<21) // of no message of the simulator
			all, _ := page["data"].([]any)
			page["data"] = append([]any{map[string]any{"id": id, "event_type": "MessagePinned", "dm_conversation_id": "1-2"}}, all...)
			body, _ = json.Marshal(page)
			st.strange = false
		}
	}
	st.mu.Unlock()
	maps.Copy(w.Header(), rec.Header())
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body)
}

// tap lets a line in between those of a stream.
type tap struct {
	http.ResponseWriter
	stage *board
	mu    sync.Mutex
}

// WriteHeader begins the stream.
func (tp *tap) WriteHeader(status int) {
	tp.ResponseWriter.WriteHeader(status)
	tp.stage.tap(tp)
}

// Write is the stream's own line.
func (tp *tap) Write(b []byte) (int, error) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	return tp.ResponseWriter.Write(b)
}

// FlushError sends what was written.
func (tp *tap) FlushError() error {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	return http.NewResponseController(tp.ResponseWriter).Flush()
}

func (st *board) tap(tp *tap) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.taps = append(st.taps, tp)
	st.once.Do(func() { close(st.live) })
}

func (st *board) untap(tp *tap) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.taps = slices.DeleteFunc(st.taps, func(o *tap) bool { return o == tp })
}
