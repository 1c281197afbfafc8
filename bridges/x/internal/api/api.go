package api

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

// How long calls may take.
const (
	CallTime  = 30 * time.Second // for an answer of a few kilobytes
	MediaTime = 2 * time.Minute  // for a chunk of a file
)

const (
	mostAnswer = 8 << 20  // bytes of an answer that are read
	mostFault  = 64 << 10 // bytes of a refusal that are read
)

// Window is the time in which X counts the calls of a user. https://docs.x.com/x-api/fundamentals/rate-limits
const Window = 15 * time.Minute

// Request is one call of X's API.
type Request struct {
	Op     string // as errors show it: "x: post"
	Method string
	Path   string
	Where  string // the whole address, instead of path
	Query  url.Values
	JSON   any           // the body; nil: none, or Raw
	Raw    []byte        // the body as it is, of type Kind
	Kind   string        // MIME type of Raw
	App    bool          // made for the app instead of the user
	Nobody bool          // made without any credential
	Writes bool          // makes something that must not be made twice
	Wait   time.Duration // 0: CallTime
}

// Answer is what X said beside the body.
type Answer struct {
	Header http.Header
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

// Client makes calls for the account. Its errors are *chat.Error. It is safe for concurrent use.
type Client struct {
	base   string
	client *http.Client // of Deps.Ready: no credential, no timeout, no redirects
	user   identity
	app    identity // nil without bearer_token
	now    func() time.Time
}

// New makes calls with an account's credentials. deps is ready.
func New(cred Credentials, deps bridges.Deps) *Client {
	a := &Client{base: cred.APIURL, client: deps.Client, now: deps.Now}
	if cred.AccessToken.IsZero() && cred.AccessSecret.IsZero() {
		a.user = newTokens(cred, deps)
	} else {
		a.user = newSigner(cred, deps.Client)
	}
	if !cred.BearerToken.IsZero() {
		a.app = &bearer{client: deps.Client, token: cred.BearerToken}
	}
	return a
}

// Renews says whether the user's credential is one of OAuth 2.0, which ends and is renewed.
func (a *Client) Renews() bool {
	_, ok := a.user.(*tokens)
	return ok
}

// Settle waits until a login that is being refreshed is kept, because X gives the new one only once.
func (a *Client) Settle(most time.Duration) {
	if t, ok := a.user.(*tokens); ok {
		t.idle(most)
	}
}

// CloseIdle lets go of idle connections.
func (a *Client) CloseIdle() { a.client.CloseIdleConnections() }

// Mend is what a person does when X refuses the user's credential.
func (a *Client) Mend() string { return a.user.mend() }

// ForApp says whether calls can be made for the app.
func (a *Client) ForApp() bool { return a.app != nil }

// Call makes r and decodes the answer's JSON into to, unless to is nil.
func (a *Client) Call(ctx context.Context, r Request, to any) (Answer, error) {
	wait := r.Wait
	if wait == 0 {
		wait = CallTime
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	resp, err := a.open(ctx, r) //nolint:bodyclose // drain closes it
	if err != nil {
		return Answer{}, err
	}
	defer drain(resp.Body)
	got := Answer{Header: resp.Header, at: a.now()}
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err == nil && to != nil {
		err = json.Unmarshal(body, to)
	}
	if err != nil {
		return got, a.Lost(r, true, fmt.Errorf("answer: %w", err))
	}
	return got, nil
}

// who is on whose behalf r is made.
func (a *Client) who(r Request) identity {
	switch {
	case r.App:
		return a.app
	case r.Nobody:
		return nobody{a.client}
	}
	return a.user
}

// open makes r and returns its answer when X agreed. The caller closes the body.
func (a *Client) open(ctx context.Context, r Request) (*http.Response, error) {
	who := a.who(r)
	for renewed := false; ; renewed = true {
		req, err := a.request(ctx, r)
		if err != nil {
			return nil, &chat.Error{Op: r.Op, Kind: chat.Refused, Err: err}
		}
		resp, used, err := who.do(ctx, req)
		if err != nil {
			return nil, a.Lost(r, bridges.MayHaveArrived(err), err)
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
			return nil, a.Lost(r, false, err)
		} else if !ok {
			return nil, refusal
		}
	}
}

// OpenLong is open for an answer that goes on for long: only its beginning must come in time. ctx must live as long as
// the body is read; closing the body lets everything go.
func (a *Client) OpenLong(ctx context.Context, r Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	late := time.AfterFunc(CallTime, cancel)
	resp, err := a.open(ctx, r)
	if !late.Stop() && err == nil {
		_ = resp.Body.Close()
		err = &chat.Error{Op: r.Op, Kind: chat.Transient, Err: context.DeadlineExceeded}
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
func (a *Client) request(ctx context.Context, r Request) (*http.Request, error) {
	raw, kind := r.Raw, r.Kind
	if r.JSON != nil {
		b, err := json.Marshal(r.JSON)
		if err != nil {
			return nil, err
		}
		raw, kind = b, "application/json"
	}
	var body io.Reader
	if raw != nil {
		body = bytes.NewReader(raw)
	}
	where := a.base + r.Path
	if r.Where != "" {
		where = r.Where
	}
	if len(r.Query) > 0 {
		where += "?" + r.Query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, where, body)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return req, nil
}

// Lost is the error of a call without an answer; left says whether the request may have arrived. An error that has a
// kind of its own (a refresh that was refused) keeps it.
func (a *Client) Lost(r Request, left bool, err error) error {
	if e, ok := errors.AsType[*chat.Error](err); ok {
		return e
	}
	kind := chat.Transient
	if r.Writes && left {
		kind = chat.Uncertain
	}
	return &chat.Error{Op: r.Op, Kind: kind, Err: bridges.RedactError(err, a.Secrets()...)}
}

// Secrets is every text that must not be seen.
func (a *Client) Secrets() []bridges.Secret {
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
