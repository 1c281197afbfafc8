package slack

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	callTime  = 20 * time.Second // one call of the Web API
	idleTime  = 90 * time.Second // a connection that nobody uses
	maxAnswer = 32 << 20         // bytes of one answer of the Web API
)

var (
	errTooLong   = errors.New("the answer is too long")
	errElsewhere = errors.New("the file is not at Slack")
)

// unanswered says that a request left and its answer was not read to the end: what it asked may have happened.
type unanswered struct{ err error }

func (e *unanswered) Error() string { return "no answer: " + e.err.Error() }
func (e *unanswered) Unwrap() error { return e.err }

// watched copies client with a transport that marks what may have arrived, and bounds answers to limit bytes; 0 is no bound.
func watched(client http.Client, limit int64, redirect func(*http.Request, []*http.Request) error) *http.Client {
	client.Transport = watch{next: client.Transport, limit: limit}
	client.CheckRedirect = redirect
	return &client
}

type watch struct {
	next  http.RoundTripper
	limit int64
}

// RoundTrip gives an *unanswered error when the request's header was written and no answer came.
func (w watch) RoundTrip(req *http.Request) (*http.Response, error) {
	var left atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { left.Store(true) }}
	resp, err := w.next.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		if left.Load() {
			err = &unanswered{err}
		}
		return nil, err
	}
	resp.Body = &answer{body: resp.Body, left: w.limit, bound: w.limit > 0}
	return resp, nil
}

// answer is a body whose early end is an *unanswered error.
type answer struct {
	body  io.ReadCloser
	left  int64
	bound bool
}

func (a *answer) Read(p []byte) (int, error) {
	if a.bound && a.left <= 0 {
		return 0, errTooLong
	}
	if a.bound && int64(len(p)) > a.left {
		p = p[:a.left]
	}
	n, err := a.body.Read(p)
	a.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &unanswered{err}
	}
	return n, err
}

func (a *answer) Close() error { return a.body.Close() }

// noRedirect keeps the token, which stands in the form, from following a redirect anywhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// withinSlack lets a download be redirected within Slack only.
func (c *Connector) withinSlack(req *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return errors.New("redirected too often")
	}
	return c.mayHaveToken(req.URL)
}

// mayHaveToken returns an error unless u is at Slack, or where the Web API is: nobody else may be sent the token. A file's
// address is whatever its owner chose, when the file is an external one.
func (c *Connector) mayHaveToken(u *url.URL) error {
	host := strings.ToLower(u.Hostname())
	for _, domain := range []string{"slack.com", "slack-gov.com"} {
		if u.Scheme == "https" && (host == domain || strings.HasSuffix(host, "."+domain)) {
			return nil
		}
	}
	if api, err := url.Parse(c.cfg.endpoint()); err == nil && u.Scheme == api.Scheme && strings.EqualFold(u.Host, api.Host) {
		return nil
	}
	return fmt.Errorf("%w but at %s", errElsewhere, u.Host)
}
