package x

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/router/chat"
)

const (
	loginListen = "127.0.0.1:8737"
	loginPath   = "/callback"
	loginTime   = 10 * time.Minute
	codeTime    = 25 * time.Second // X forgets a code after 30
)

// LoginOptions is how a person is taken to X and back.
type LoginOptions struct {
	// Open shows a page in the person's browser, or tells them its address.
	Open func(url string) error
	// Listen is where the browser comes back to; empty: 127.0.0.1:8737. X compares addresses to the letter, so
	// http://LISTEN/callback must be one of the app's callback addresses.
	Listen string
	// Done is told who is logged in; nil: the log alone says it.
	Done func(who chat.Author)
	// Timeout is how long the person may take; 0: ten minutes.
	Timeout time.Duration
}

// Login has a person log in at X and keeps the tokens in deps.Keep, where a Connector of the same account finds them, even
// one that runs. It uses OAuth 2.0 with PKCE. It returns an error of Kind Refused when the person or X says no.
func Login(ctx context.Context, cfg Config, deps bridges.Deps, opt LoginOptions) error {
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("%s: %w", deps.Account, err)
	}
	if cfg.ClientID == "" {
		return fmt.Errorf("%s: client_id is missing; with OAuth 1.0a keys nobody needs to log in", deps.Account)
	}
	deps = deps.Ready()
	defer deps.Client.CloseIdleConnections()
	l := &login{cfg: cfg.withDefaults(deps.Account.Name()), deps: deps, state: rand.Text(), ended: make(chan error, 1)}
	if opt.Listen == "" {
		opt.Listen = loginListen
	}
	if opt.Timeout == 0 {
		opt.Timeout = loginTime
	}
	ctx, cancel := context.WithTimeout(ctx, opt.Timeout)
	defer cancel()
	who, err := l.run(ctx, opt)
	if err != nil {
		return err
	}
	deps.Log.LogAttrs(ctx, slog.LevelInfo, "logged in", slog.String("handle", who.Handle), slog.String("person", string(who.ID)))
	if opt.Done != nil {
		opt.Done(who)
	}
	return nil
}

// login is one person on their way through X's pages.
type login struct {
	cfg   Config
	deps  bridges.Deps
	state string
	visit *api.Visit // set when it is known where they come back to

	once  sync.Once
	who   chat.Author
	err   error
	ended chan error // told once, when who or err is set
}

// run waits for the browser to come back.
func (l *login) run(ctx context.Context, opt LoginOptions) (chat.Author, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", opt.Listen)
	if err != nil {
		return chat.Author{}, fmt.Errorf("x: log in: %w", err)
	}
	l.visit = api.NewVisit(l.cfg.credentials(), l.deps, "http://"+ln.Addr().String()+loginPath)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+loginPath, func(w http.ResponseWriter, r *http.Request) { l.back(ctx, w, r) })
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: api.CallTime}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(ln) // says only that it was shut down
	}()
	defer func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if srv.Shutdown(bye) != nil { // lets the last page reach the browser
			_ = srv.Close()
		}
		<-served
	}()
	if opt.Open != nil {
		if err := opt.Open(l.visit.Page(l.state)); err != nil {
			return chat.Author{}, fmt.Errorf("x: log in: show page: %w", err)
		}
	}
	select {
	case err := <-l.ended:
		return l.who, err
	case <-ctx.Done():
		return chat.Author{}, &chat.Error{Op: "x: log in", Kind: chat.Transient, Reason: "nobody came back from X's page", Err: ctx.Err()}
	}
}

// back is the browser coming back. A request with another state is somebody else's and changes nothing.
func (l *login) back(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Referrer-Policy", "no-referrer")
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(l.state)) != 1 {
		page(w, http.StatusBadRequest, "This page is not from the login that is going on.")
		return
	}
	l.once.Do(func() { // a page that is loaded again shows how it ended
		l.err = l.finish(ctx, q.Get("code"), q.Get("error"))
		l.ended <- l.err
	})
	if l.err != nil {
		page(w, http.StatusBadRequest, "It did not work: "+chat.Reason(l.err)+".")
		return
	}
	page(w, http.StatusOK, "@"+l.who.Handle+" is logged in. You can close this page.")
}

// finish turns the code into tokens, keeps them, and asks who they belong to.
func (l *login) finish(ctx context.Context, code, refusal string) error {
	if code == "" {
		return &chat.Error{Op: "x: log in", Kind: chat.Refused, Reason: "the login was refused", Err: errors.New(shorten(refusal))}
	}
	ctx, cancel := context.WithTimeout(ctx, codeTime)
	defer cancel()
	u, err := l.visit.Come(ctx, code)
	if err != nil {
		return err
	}
	l.who = api.AuthorOf(u)
	return nil
}

// page answers with one sentence.
func page(w http.ResponseWriter, status int, sentence string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<!doctype html><meta charset=utf-8><title>Roost</title><p>%s</p>\n", html.EscapeString(sentence))
}

// shorten is a word of X's for an error.
func shorten(s string) string {
	const most = 80
	if s == "" {
		return "no code"
	}
	return strconv.QuoteToASCII(s[:min(len(s), most)])
}
