package bottest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// page is a recorded answer of a web server.
type page struct {
	method string
	url    string
	status int // 0: nobody answers
	body   string
	used   bool
}

var pageForm = regexp.MustCompile(`^([A-Z]+)\s+(\S+)\s+->\s+(fails|\d{3})(?:\s+([\s\S]*))?$`)

// parsePage reads what stands behind @http.
func parsePage(arg string) (page, error) {
	m := pageForm.FindStringSubmatch(arg)
	if m == nil {
		return page{}, fmt.Errorf(`%q is no web answer; one is written GET https://api.example.org/x -> 200 {"a":1}, or with "fails" `+
			"in the place of the status", arg)
	}
	status, _ := strconv.Atoi(m[3]) // three digits, or fails
	return page{method: m[1], url: m[2], status: status, body: m[4]}, nil
}

// web is all of the web that a chat knows.
type web struct {
	real http.RoundTripper // asks for what no page has; nil: there is nothing else

	mu    sync.Mutex
	pages []page
}

func (w *web) add(p page) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages = append(w.pages, p)
}

var errNoAnswer = errors.New("no answer, as the transcript wants")

// RoundTrip gives the recorded answers of an address in their order, and the last one again and again.
func (w *web) RoundTrip(r *http.Request) (*http.Response, error) {
	p, ok := w.page(r.Method, r.URL.String())
	switch {
	case !ok && w.real != nil:
		return w.real.RoundTrip(r)
	case !ok:
		return nil, fmt.Errorf("the transcript has no answer for it: @http %s %s -> 200 …", r.Method, r.URL)
	case p.status == 0:
		return nil, errNoAnswer
	}
	kind := "text/plain"
	if strings.HasPrefix(p.body, "{") || strings.HasPrefix(p.body, "[") {
		kind = "application/json"
	}
	return &http.Response{
		StatusCode: p.status, Status: http.StatusText(p.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(p.body)),
		ContentLength: int64(len(p.body)), Request: r,
	}, nil
}

func (w *web) page(method, url string) (page, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := -1
	for i := range w.pages {
		p := &w.pages[i]
		if p.method != method || p.url != url {
			continue
		}
		if last = i; !p.used {
			p.used = true
			return *p, true
		}
	}
	if last < 0 {
		return page{}, false
	}
	return w.pages[last], true
}
