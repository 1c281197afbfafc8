package webhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

const (
	pageSize  = 100              // events of a page, unless the reader says
	pageMost  = 1000             // events of a page at most
	pageBytes = 4 << 20          // after which a page ends
	waitMost  = 60               // seconds that a reader may wait for a page
	chunk     = 16               // entries that are read from the journal at once: their files come with them
	heartbeat = 20 * time.Second // between comments on a stream without news
	writeTime = 30 * time.Second // that a reader may take to read what was written
)

// query is what a reader asks for.
type query struct {
	after int64
	limit int
	wait  time.Duration
}

// admit checks a reader and gives it a place; leave gives it back. ok is false when the request was answered.
func (c *Connector) admit(w http.ResponseWriter, r *http.Request) (leave func(), ok bool) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, &fault{Said: "what was sent is read with GET"})
		return nil, false
	}
	if err := c.mayRead(r); err != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		refuse(w, http.StatusUnauthorized, &fault{Said: err.Error()})
		return nil, false
	}
	select {
	case c.readers <- struct{}{}:
		return func() { <-c.readers }, true
	default:
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, &fault{Said: fmt.Sprintf("%d readers are here already", mostReaders)})
		return nil, false
	}
}

// serveEvents gives what was sent, as a page or as a stream.
func (c *Connector) serveEvents(run context.Context, w http.ResponseWriter, r *http.Request) {
	leave, ok := c.admit(w, r)
	if !ok {
		return
	}
	defer leave()
	ctx, done := merged(r.Context(), run)
	defer done()
	values := r.URL.Query()
	streams := strings.Contains(r.Header.Get("Accept"), "text/event-stream")
	if last := r.Header.Get("Last-Event-ID"); last != "" && streams {
		values.Set("after", last)
	}
	q, bad := readQuery(values)
	switch {
	case bad != nil:
		refuse(w, http.StatusBadRequest, bad)
	case streams:
		c.stream(ctx, w, q.after)
	default:
		c.page(ctx, w, q)
	}
}

func readQuery(v url.Values) (query, *fault) {
	q := query{limit: pageSize}
	for name, set := range map[string]struct {
		most int64
		to   func(int64)
	}{
		"after": {1<<63 - 1, func(n int64) { q.after = n }},
		"limit": {pageMost, func(n int64) { q.limit = max(int(n), 1) }},
		"wait":  {waitMost, func(n int64) { q.wait = time.Duration(n) * time.Second }},
	} {
		s := v.Get(name)
		if s == "" {
			continue
		}
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 || n > set.most {
			return q, &fault{Said: fmt.Sprintf("is no whole number from 0 to %d", set.most), At: name}
		}
		set.to(n)
	}
	return q, nil
}

// page answers with the events above after, and waits for one when there is none yet.
func (c *Connector) page(ctx context.Context, w http.ResponseWriter, q query) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // the server's is shorter than a wait may be
	late := time.NewTimer(q.wait)
	defer late.Stop()
	for {
		grown := c.deps.Journal.Grown()
		b, next, err := c.gather(ctx, q)
		if err != nil {
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusServiceUnavailable, &fault{Said: "what was sent can't be read now; ask again"})
			return
		}
		if next == q.after && q.wait > 0 {
			select {
			case <-grown:
				continue
			case <-late.C:
			case <-ctx.Done():
			}
		}
		b = append(b, `],"next":`...)
		b = append(strconv.AppendInt(b, next, 10), '}')
		patiently(w, func() { answer(w, http.StatusOK, b) })
		return
	}
}

// patiently writes to a reader that may be slow, but not for ever.
func patiently(w http.ResponseWriter, write func()) {
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(writeTime))
	write()
	_ = control.Flush()
	_ = control.SetWriteDeadline(time.Time{}) // the connection is there for further requests
}

// gather writes the beginning of a page. next is the number of its last event, or q.after when it has none.
func (c *Connector) gather(ctx context.Context, q query) (b []byte, next int64, err error) {
	b, next = []byte(`{"events":[`), q.after
	for n := 0; n < q.limit && len(b) < pageBytes; {
		size := min(chunk, q.limit-n)
		entries, err := c.deps.Journal.Read(ctx, next, size)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range entries {
			if n > 0 {
				b = append(b, ',')
			}
			b = numbered(b, e)
			next = e.Seq
			n++
		}
		if len(entries) < size {
			break
		}
	}
	return b, next, nil
}

// stream tells the events above after as server-sent events, each with its number as ID, until the reader or the run ends.
func (c *Connector) stream(ctx context.Context, w http.ResponseWriter, after int64) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // the server's is for requests that end
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	tell := func(b []byte) bool {
		var err error
		patiently(w, func() { _, err = w.Write(b) }) // a reader that does not read is cut, and resumes
		return err == nil && control.Flush() == nil
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for alive := tell([]byte(": welcome\n\n")); alive; {
		grown := c.deps.Journal.Grown()
		entries, err := c.deps.Journal.Read(ctx, after, chunk)
		if err != nil {
			return // the reader resumes
		}
		if len(entries) > 0 {
			var b []byte
			for _, e := range entries {
				b = append(strconv.AppendInt(append(b, "id: "...), e.Seq, 10), "\ndata: "...)
				b = append(numbered(b, e), "\n\n"...)
				after = e.Seq
			}
			alive = tell(b)
			continue
		}
		select {
		case <-grown:
		case <-beat.C:
			alive = tell([]byte(": still here\n\n"))
		case <-ctx.Done():
			return
		}
	}
}

// serveFile gives the bytes of a file of an event: ?seq= of the event, and n=, which is 0 for its first file.
func (c *Connector) serveFile(run context.Context, w http.ResponseWriter, r *http.Request) {
	leave, ok := c.admit(w, r)
	if !ok {
		return
	}
	defer leave()
	ctx, done := merged(r.Context(), run)
	defer done()
	v := r.URL.Query()
	seq, err := strconv.ParseInt(v.Get("seq"), 10, 64)
	if err != nil || seq < 1 {
		refuse(w, http.StatusBadRequest, &fault{Said: "is no number of an event", At: "seq"})
		return
	}
	n, err := strconv.Atoi(cmp.Or(v.Get("n"), "0"))
	if err != nil || n < 0 {
		refuse(w, http.StatusBadRequest, &fault{Said: "is no number of a file; the first one is 0", At: "n"})
		return
	}
	f, content, err := c.kept(ctx, seq, n)
	switch {
	case errors.Is(err, errNoEntry) || errors.Is(err, errOmitted):
		refuse(w, http.StatusNotFound, &fault{Said: err.Error()})
		return
	case err != nil:
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, &fault{Said: "what was sent can't be read now; ask again"})
		return
	}
	h := w.Header()
	// A browser never shows it as a page of ours.
	h.Set("Content-Type", cleanType(f.Type))
	h.Set("Content-Disposition", cmp.Or(mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}), "attachment"))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(content)))
	patiently(w, func() { _, _ = w.Write(content) }) // who hung up asks again
}

// kept finds a file in the journal.
func (c *Connector) kept(ctx context.Context, seq int64, n int) (attached, []byte, error) {
	entries, err := c.deps.Journal.Read(ctx, seq-1, 1)
	if err != nil {
		return attached{}, nil, err
	}
	if len(entries) == 0 || entries[0].Seq != seq {
		return attached{}, nil, errNoEntry
	}
	return noted(entries[0], n)
}

// pathEnd is the last part of a path below the account's name: events, or files.
func pathEnd(p string) string { return path.Base(p) }
