package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const (
	callTime  = 20 * time.Second // a ping, and a handshake; what is sent takes as long as its caller allows
	maxAnswer = 64 << 10         // bytes of an answer that are read
	maxReason = 200              // graphemes of the program's words that people are told
	userAgent = "Roost-Webhook/1"
)

// push sends an action to the program, and takes over the IDs that it answers.
func (c *Connector) push(ctx context.Context, out *outgoing, files []chat.File) error {
	op := "webhook: " + out.Type
	req, err := c.request(ctx, out, files)
	if _, said := errors.AsType[*chat.Error](err); said {
		return err
	}
	if err != nil {
		return &chat.Error{Op: op, Kind: chat.Transient, Reason: "the attachment could not be read", Err: c.harmless(err)}
	}
	resp, err := c.deps.Client.Do(req)
	if err != nil {
		return c.unanswered(op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return c.unanswered(op, err)
	}
	words := readAnswer(body)
	if e := judge(resp, words, c.now()); e != nil {
		e.Op = op
		e.Reason = bridges.Redact(e.Reason, c.hidden()...)
		if e.Kind == chat.LoggedOut {
			c.end(e)
		}
		return e
	}
	out.take(words)
	return nil
}

// take takes over the IDs that the program gave to what is new. What can't be an ID is not one.
func (o *outgoing) take(s said) {
	if o.Type != "post" && o.Type != "open" {
		return
	}
	if isID(s.Message) && !strings.HasPrefix(s.Message, threading) {
		o.Message = s.Message
	}
	if isID(s.Thread) {
		o.Thread = s.Thread
	}
}

// request makes a signed request. Without files the signature is over the body, with files over its part payload_json,
// which holds the hash of each file, so that a receiver need not hold large files in memory to check it.
func (c *Connector) request(ctx context.Context, out *outgoing, files []chat.File) (*http.Request, error) {
	var err error
	if out.Files, err = c.hashed(ctx, files); err != nil {
		return nil, err
	}
	line, err := encode(out)
	if err != nil {
		return nil, err
	}
	line = bytes.TrimSuffix(line, []byte{'\n'})
	kind, body, size := "application/json", io.Reader(bytes.NewReader(line)), int64(len(line))
	if len(files) > 0 {
		if kind, body, size, err = multi(ctx, line, out.Files, files); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.URL, body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = size
	req.Header = http.Header{
		"Content-Type":  {kind},
		"User-Agent":    {userAgent},
		keyHeader:       {out.ID},
		signatureHeader: {sign(c.secrets, c.now(), line)},
	}
	return req, nil
}

// said is what a program answers.
type said struct {
	Message string `json:"message"`
	Thread  string `json:"thread"`
	Error   string `json:"error"`
}

// readAnswer reads an answer. One that is no JSON says nothing: a 2xx alone is enough.
func readAnswer(body []byte) said {
	var s said
	if len(body) == 0 || json.Unmarshal(body, &s) != nil {
		return said{}
	}
	return s
}

// judge says what a status means; nil: it is done.
func judge(resp *http.Response, s said, now time.Time) *chat.Error {
	because := reason(s, "")
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300, code == http.StatusConflict: // a conflict is with the same action, which is there
		return nil
	case code == http.StatusGone:
		return &chat.Error{Kind: chat.Gone, Reason: because}
	case code == http.StatusUnauthorized:
		return &chat.Error{Kind: chat.LoggedOut, Reason: reason(s, "the program does not take our signature; have both the same secret, and the same time?")}
	case code == http.StatusTooManyRequests:
		return &chat.Error{Kind: chat.Throttled, Scope: chat.ThisAccount, Wait: retryAfter(resp.Header, now), Reason: because}
	case code == http.StatusNotImplemented:
		return &chat.Error{Kind: chat.Refused, Reason: reason(s, "the program can't do that")}
	case code >= 500, code == http.StatusRequestTimeout, code == http.StatusTooEarly:
		return &chat.Error{Kind: chat.Transient, Reason: because, Err: fmt.Errorf("the program answered %d", code)}
	case code >= 300 && code < 400:
		return &chat.Error{Kind: chat.Refused, Reason: "the program sends on to another address; set url to that"}
	default:
		return &chat.Error{Kind: chat.Refused, Reason: reason(s, fmt.Sprintf("the program answered %d %s", code, http.StatusText(code)))}
	}
}

// reason is the program's own words on one line, or otherwise.
func reason(s said, otherwise string) string {
	if t := text.Plain(s.Error); !t.Empty() {
		return text.Snippet(t, maxReason)
	}
	return otherwise
}

// retryAfter is how long the program asked to wait: seconds, or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// unanswered is the error of a call that got no answer.
func (c *Connector) unanswered(op string, err error) error {
	e := &chat.Error{Op: op, Kind: chat.Transient, Err: c.harmless(err)}
	if bridges.MayHaveArrived(err) {
		e.Kind = chat.Uncertain
	}
	return e
}

// hidden are the texts that nobody shall see.
func (c *Connector) hidden() []bridges.Secret {
	return append([]bridges.Secret{c.cfg.ReadToken}, c.secrets...)
}

// harmless is err without addresses and secrets.
func (c *Connector) harmless(err error) error { return bridges.RedactError(err, c.hidden()...) }
