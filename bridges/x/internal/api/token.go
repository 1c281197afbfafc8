package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	keepToken   = "token"
	refreshLead = 5 * time.Minute // a token is refreshed this long before it expires
)

// RefreshTime is how long a refresh, and keeping what it gave, may take.
const RefreshTime = 20 * time.Second

// Pair is an OAuth 2.0 access token with the refresh token that makes the next pair, as it is kept.
type Pair struct {
	Access  string    `json:"access"`
	Refresh string    `json:"refresh"`
	Expires time.Time `json:"expires"`
	Scope   string    `json:"scope,omitempty"`
}

// tokens is a user by OAuth 2.0. X kills a refresh token when it is used, so one goroutine refreshes at a time, and the
// pair that it gets is on disk before anybody uses it.
type tokens struct {
	account chat.Account
	client  *http.Client
	oauth   oauth2.Config
	keep    bridges.Keeper
	now     func() time.Time
	flight  singleflight.Group
	busy    chan struct{} // holds one while a refresh is under way

	mu      sync.Mutex
	current *Pair // on disk
	next    *Pair // from X, and not yet on disk: never used, never refreshed
}

// newTokens speaks for whoever logged in last. deps is ready.
func newTokens(cred Credentials, deps bridges.Deps) *tokens {
	return &tokens{
		account: deps.Account, client: deps.Client, oauth: oauthConfig(cred), keep: deps.Keep, now: deps.Now,
		busy: make(chan struct{}, 1),
	}
}

// oauthConfig is the app as OAuth 2.0 sees it. A confidential app shows its secret in the header, a public one its ID in
// the body. https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
func oauthConfig(cred Credentials) oauth2.Config {
	style := oauth2.AuthStyleInParams
	if !cred.ClientSecret.IsZero() {
		style = oauth2.AuthStyleInHeader
	}
	return oauth2.Config{
		ClientID:     cred.ClientID,
		ClientSecret: cred.ClientSecret.Reveal(),
		Endpoint:     oauth2.Endpoint{AuthURL: cred.AuthURL, TokenURL: cred.APIURL + "/2/oauth2/token", AuthStyle: style},
		Scopes:       Scopes(),
	}
}

// Visit is somebody on their way to X's pages and back, with OAuth 2.0 and PKCE.
type Visit struct {
	cred     Credentials
	deps     bridges.Deps
	verifier string
	oauth    oauth2.Config
}

// NewVisit is one that comes back to an address. deps is ready.
func NewVisit(cred Credentials, deps bridges.Deps, back string) *Visit {
	v := &Visit{cred: cred, deps: deps, verifier: oauth2.GenerateVerifier(), oauth: oauthConfig(cred)}
	v.oauth.RedirectURL = back
	return v
}

// Page is the address of X's page where they agree. They come back with state.
func (v *Visit) Page(state string) string {
	return v.oauth.AuthCodeURL(state, oauth2.S256ChallengeOption(v.verifier))
}

// Come turns the code with which somebody came back into a login, keeps that, and asks who they are.
func (v *Visit) Come(ctx context.Context, code string) (User, error) {
	t := newTokens(v.cred, v.deps)
	got, err := v.oauth.Exchange(context.WithValue(ctx, oauth2.HTTPClient, t.client), code, oauth2.VerifierOption(v.verifier))
	if err != nil {
		return User{}, t.wrong("x: log in", err)
	}
	if got.RefreshToken == "" {
		return User{}, &chat.Error{Op: "x: log in", Kind: chat.Refused, Reason: "X gave no refresh token; the app must allow offline.access"}
	}
	if err := keepPair(ctx, v.deps.Keep, t.pairOf(got, Pair{})); err != nil {
		return User{}, err
	}
	return Whoami(ctx, &Client{base: v.cred.APIURL, client: v.deps.Client, user: t, now: v.deps.Now})
}

// Scopes is what the connector needs, and why: to read and write messages, to show names, to send files, and to stay
// logged in.
func Scopes() []string {
	return []string{"dm.read", "dm.write", "tweet.read", "users.read", "media.write", "offline.access"}
}

func (t *tokens) do(ctx context.Context, req *http.Request) (*http.Response, string, error) {
	p, err := t.valid(ctx, "")
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Authorization", "Bearer "+p.Access)
	resp, err := t.client.Do(req)
	return resp, p.Access, err
}

func (t *tokens) renew(ctx context.Context, used string) (bool, error) {
	_, err := t.valid(ctx, used)
	return err == nil, err
}

func (t *tokens) name() string { return "login" }

func (t *tokens) mend() string { return "run roost login " + string(t.account) }

func (t *tokens) secrets() []bridges.Secret {
	t.mu.Lock()
	defer t.mu.Unlock()
	hidden := []bridges.Secret{bridges.NewSecret(t.oauth.ClientSecret)}
	for _, p := range []*Pair{t.current, t.next} {
		if p != nil {
			hidden = append(hidden, bridges.NewSecret(p.Access), bridges.NewSecret(p.Refresh))
		}
	}
	return hidden
}

// valid is a pair that is on disk and good for a call. refused is an access token that X did not accept; it is not
// given again.
func (t *tokens) valid(ctx context.Context, refused string) (Pair, error) {
	t.mu.Lock()
	p := t.current
	t.mu.Unlock()
	if p != nil && p.Access != refused && p.Expires.Sub(t.now()) > refreshLead {
		return *p, nil
	}
	// What X answers to a refresh must reach the disk, so the refresh outlives whoever waits for it.
	done := t.flight.DoChan("refresh", func() (any, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t.busy <- struct{}{}
		defer func() { <-t.busy }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), RefreshTime)
		defer cancel()
		return t.refresh(ctx, refused)
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return Pair{}, r.Err
		}
		got, ok := r.Val.(Pair)
		if !ok || got.Access == refused {
			return Pair{}, errors.New("x: no other login yet")
		}
		return got, nil
	case <-ctx.Done():
		return Pair{}, ctx.Err()
	}
}

// idle waits until no refresh is under way.
func (t *tokens) idle(most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case t.busy <- struct{}{}:
		<-t.busy
	case <-timer.C:
	}
}

// refresh is valid's slow path; it runs once at a time.
func (t *tokens) refresh(ctx context.Context, refused string) (Pair, error) {
	if err := t.settle(ctx); err != nil {
		return Pair{}, err
	}
	p, err := t.load(ctx)
	if err != nil {
		return Pair{}, err
	}
	if p.Access != refused && p.Expires.Sub(t.now()) > refreshLead {
		return p, nil
	}
	got, err := t.exchange(ctx, p)
	if err != nil {
		if p.Access != refused && p.Expires.After(t.now()) && chat.KindOf(err) == chat.Transient {
			return p, nil // still good for a few minutes
		}
		return Pair{}, err
	}
	t.mu.Lock()
	t.next = &got
	t.mu.Unlock()
	return got, t.settle(ctx)
}

// settle puts a pair on disk that was got and not kept yet. It is then the one to use.
func (t *tokens) settle(ctx context.Context) error {
	t.mu.Lock()
	next := t.next
	t.mu.Unlock()
	if next == nil {
		return nil
	}
	if err := keepPair(ctx, t.keep, *next); err != nil {
		return err
	}
	t.mu.Lock()
	t.current, t.next = next, nil
	t.mu.Unlock()
	return nil
}

// load reads the pair from disk, where a new login may have put another one.
func (t *tokens) load(ctx context.Context) (Pair, error) {
	p, err := KeptPair(ctx, t.keep)
	if err != nil {
		return Pair{}, err
	}
	if p == nil {
		return Pair{}, &chat.Error{Op: "x: log in", Kind: chat.LoggedOut, Reason: "nobody is logged in; run roost login " + string(t.account)}
	}
	t.mu.Lock()
	t.current = p
	t.mu.Unlock()
	return *p, nil
}

// exchange asks X for the next pair. After it, p's refresh token is dead.
func (t *tokens) exchange(ctx context.Context, p Pair) (Pair, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, t.client)
	got, err := t.oauth.TokenSource(ctx, &oauth2.Token{RefreshToken: p.Refresh}).Token()
	if err != nil {
		return Pair{}, t.wrong("x: refresh login", err)
	}
	return t.pairOf(got, p), nil
}

// pairOf is an answer of the token endpoint as a pair; what it leaves out stays as it was.
func (t *tokens) pairOf(got *oauth2.Token, before Pair) Pair {
	p := Pair{Access: got.AccessToken, Refresh: got.RefreshToken, Expires: got.Expiry, Scope: before.Scope}
	if s, ok := got.Extra("scope").(string); ok && s != "" {
		p.Scope = s
	}
	if p.Refresh == "" {
		p.Refresh = before.Refresh
	}
	if got.ExpiresIn > 0 {
		p.Expires = t.now().Add(time.Duration(got.ExpiresIn) * time.Second)
	}
	return p
}

// wrong is the error of a token endpoint's answer. It keeps nothing of the answer but the error's name and status.
func (t *tokens) wrong(op string, err error) error {
	e, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return &chat.Error{Op: op, Kind: chat.Transient, Err: fmt.Errorf("token endpoint: %w", err)}
	}
	status := 0
	if e.Response != nil {
		status = e.Response.StatusCode
	}
	cause := fmt.Errorf("status %d %s", status, e.ErrorCode)
	switch {
	case status == http.StatusTooManyRequests:
		return &chat.Error{Op: op, Kind: chat.Throttled, Scope: chat.ThisAccount, Wait: waitFor(e.Response.Header, t.now()), Err: cause}
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout:
		return &chat.Error{Op: op, Kind: chat.LoggedOut, Reason: "X no longer accepts the login; " + t.mend(), Err: cause}
	}
	return &chat.Error{Op: op, Kind: chat.Transient, Err: cause}
}

// KeptPair reads the pair of the account; nil when nobody logged in.
func KeptPair(ctx context.Context, keep bridges.Keeper) (*Pair, error) {
	b, err := keep.Kept(ctx, keepToken)
	if err != nil {
		return nil, fmt.Errorf("x: load login: %w", err)
	}
	if b == nil {
		return nil, nil //nolint:nilnil // nobody logged in is no error here
	}
	var p Pair
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("x: load login: %w", err)
	}
	return &p, nil
}

// keepPair puts the pair on disk.
func keepPair(ctx context.Context, keep bridges.Keeper, p Pair) error {
	b, err := json.Marshal(p)
	if err == nil {
		err = keep.Keep(ctx, keepToken, b)
	}
	if err != nil {
		return fmt.Errorf("x: keep login: %w", err)
	}
	return nil
}
