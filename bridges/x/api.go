package x

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	callTime   = 30 * time.Second // for an answer of a few kilobytes
	mediaTime  = 2 * time.Minute  // for a chunk of a file
	mostAnswer = 8 << 20          // bytes of an answer that are read
	mostFault  = 64 << 10         // bytes of a refusal that are read
)

// request is one call of X's API.
type request struct {
	op     string // as errors show it: "x: post"
	method string
	path   string
	where  string // the whole address, instead of path
	query  url.Values
	json   any           // the body; nil: none, or raw
	raw    []byte        // the body as it is, of type kind
	kind   string        // MIME type of raw
	app    bool          // made for the app instead of the user
	writes bool          // makes something that must not be made twice
	wait   time.Duration // 0: callTime
}

// answer is what X said beside the body.
type answer struct {
	header http.Header
	at     time.Time // when it was read
}

// identity is on whose behalf a call is made. It is safe for concurrent use.
type identity interface {
	// do sends req with the identity's credential, and says which one that was. ctx is for getting the credential.
	do(ctx context.Context, req *http.Request) (resp *http.Response, used string, err error)
	// renew replaces a credential that was refused. ok is false when there is no other one.
	renew(ctx context.Context, used string) (ok bool, err error)
	// name is what the credential is, for people.
	name() string
	// secrets is every text that must not be seen.
	secrets() []bridges.Secret
	// mend is what a person does when the credential is refused.
	mend() string
}

// api makes calls for the account. Its errors are *chat.Error. It is safe for concurrent use.
type api struct {
	base   string
	client *http.Client // of Deps.Ready: no credential, no timeout, no redirects
	user   identity
	app    identity // nil without bearer_token
	now    func() time.Time
}

// call makes r and decodes the answer's JSON into to, unless to is nil.
func (a *api) call(ctx context.Context, r request, to any) (answer, error) {
	wait := r.wait
	if wait == 0 {
		wait = callTime
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	resp, err := a.open(ctx, r) //nolint:bodyclose // drain closes it
	if err != nil {
		return answer{}, err
	}
	defer drain(resp.Body)
	got := answer{header: resp.Header, at: a.now()}
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err == nil && to != nil {
		err = json.Unmarshal(body, to)
	}
	if err != nil {
		return got, a.lost(r, true, fmt.Errorf("answer: %w", err))
	}
	return got, nil
}

// open makes r and returns its answer when X agreed. The caller closes the body.
func (a *api) open(ctx context.Context, r request) (*http.Response, error) {
	who := a.user
	if r.app {
		who = a.app
	}
	return a.openAs(ctx, who, r)
}

// openAs is open on behalf of who.
func (a *api) openAs(ctx context.Context, who identity, r request) (*http.Response, error) {
	for renewed := false; ; renewed = true {
		req, err := a.request(ctx, r)
		if err != nil {
			return nil, &chat.Error{Op: r.op, Kind: chat.Refused, Err: err}
		}
		resp, used, err := who.do(ctx, req)
		if err != nil {
			return nil, a.lost(r, bridges.MayHaveArrived(err), err)
		}
		if resp.StatusCode/100 == 2 {
			return resp, nil
		}
		refusal := a.refused(r, who, resp)
		drain(resp.Body)
		if resp.StatusCode != http.StatusUnauthorized || renewed {
			return nil, refusal
		}
		if ok, err := who.renew(ctx, used); err != nil {
			return nil, a.lost(r, false, err)
		} else if !ok {
			return nil, refusal
		}
	}
}

// openLong is openAs for an answer that goes on for long: only its beginning must come in time. ctx must live as long as
// the body is read; closing the body lets everything go.
func (a *api) openLong(ctx context.Context, who identity, r request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	late := time.AfterFunc(callTime, cancel)
	resp, err := a.openAs(ctx, who, r)
	if !late.Stop() && err == nil {
		_ = resp.Body.Close()
		err = &chat.Error{Op: r.op, Kind: chat.Transient, Err: context.DeadlineExceeded}
	}
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &longBody{ReadCloser: resp.Body, cancel: cancel}
	return resp, nil
}

// longBody ends its call when it is closed.
type longBody struct {
	io.ReadCloser

	cancel context.CancelFunc
}

// Close ends the call.
func (b *longBody) Close() error {
	b.cancel()
	return b.ReadCloser.Close()
}

// request makes the HTTP request of r.
func (a *api) request(ctx context.Context, r request) (*http.Request, error) {
	raw, kind := r.raw, r.kind
	if r.json != nil {
		b, err := json.Marshal(r.json)
		if err != nil {
			return nil, err
		}
		raw, kind = b, "application/json"
	}
	var body io.Reader
	if raw != nil {
		body = bytes.NewReader(raw)
	}
	where := a.base + r.path
	if r.where != "" {
		where = r.where
	}
	if len(r.query) > 0 {
		where += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, where, body)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return req, nil
}

// lost is the error of a call without an answer; left says whether the request may have arrived. An error that has a
// kind of its own (a refresh that was refused) keeps it.
func (a *api) lost(r request, left bool, err error) error {
	if e, ok := errors.AsType[*chat.Error](err); ok {
		return e
	}
	kind := chat.Transient
	if r.writes && left {
		kind = chat.Uncertain
	}
	return &chat.Error{Op: r.op, Kind: kind, Err: bridges.RedactError(err, a.secrets()...)}
}

// secrets is every text that must not be seen.
func (a *api) secrets() []bridges.Secret {
	all := a.user.secrets()
	if a.app != nil {
		all = append(slices.Clip(all), a.app.secrets()...)
	}
	return all
}

// drain reads a little of what is left, so that the connection can be used again, and closes.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, mostFault)
	_ = body.Close()
}
