package bridges

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// NewClient makes a client for calls with a credential. It has no timeout, because each call brings its context and a
// stream has none, and it follows no redirect, because a credential is for one host alone. MayHaveArrived reads its
// errors. Its CloseIdleConnections lets go of everything once no call is under way.
func NewClient() *http.Client {
	return watched(http.Client{}, &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: 8,
	}, true)
}

// careful copies c into one that behaves as NewClient's do. Its connections stay the business of whoever made c.
func careful(c *http.Client) *http.Client {
	if c == nil {
		return NewClient()
	}
	next := c.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	return watched(*c, next, false)
}

func watched(c http.Client, next http.RoundTripper, own bool) *http.Client {
	c.Transport = &watch{next: next, own: own}
	c.Timeout = 0
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// MayHaveArrived says whether a call that failed with err may have been carried out: the whole of it may have left, and
// no whole answer came. It is true for errors of reading an answer's body, too. It knows errors of clients made by
// NewClient, and of Deps.Ready; of others it says false.
func MayHaveArrived(err error) bool {
	_, ok := errors.AsType[*unanswered](err)
	return ok
}

// unanswered is the error of a call that left, and whose answer was not read to the end.
type unanswered struct{ err error }

func (e *unanswered) Error() string { return "no answer: " + e.err.Error() }
func (e *unanswered) Unwrap() error { return e.err }

// watch marks the errors of calls that left.
type watch struct {
	next http.RoundTripper
	own  bool // next is of nobody else
}

// RoundTrip makes one call.
func (w *watch) RoundTrip(req *http.Request) (*http.Response, error) {
	var d departure
	resp, err := w.next.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), d.trace())))
	if err != nil {
		if d.possible() {
			err = &unanswered{err}
		}
		return nil, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols { // there the body is the connection, to write to as well
		resp.Body = answer{resp.Body}
	}
	return resp, nil
}

// CloseIdleConnections lets go of the connections, unless others use them, too.
func (w *watch) CloseIdleConnections() {
	if c, ok := w.next.(interface{ CloseIdleConnections() }); ok && w.own {
		c.CloseIdleConnections()
	}
}

// departure notes whether a request may have left.
type departure struct{ begun, broken atomic.Bool }

// trace notes the steps of a request. One that is made again on a new connection starts anew.
func (d *departure) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			d.begun.Store(false)
			d.broken.Store(false)
		},
		WroteHeaders: func() { d.begun.Store(true) },
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			if i.Err != nil {
				d.broken.Store(true)
			}
		},
	}
}

// possible says whether the whole request may be on its way. A write that failed never sent the last byte.
func (d *departure) possible() bool { return d.begun.Load() && !d.broken.Load() }

// answer is a body whose early end is an *unanswered error.
type answer struct{ io.ReadCloser }

// Read reads on.
func (a answer) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &unanswered{err}
	}
	return n, err
}
