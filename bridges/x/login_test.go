package x_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// browser is a person's browser: it opens a page, follows it back, and shows what it sees at the end.
func browser(t *testing.T, page chan<- string) func(string) error {
	t.Helper()
	return func(where string) error {
		go func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, where, nil)
			if err != nil {
				page <- err.Error()
				return
			}
			resp, err := client(t).Do(r)
			if err != nil {
				page <- err.Error()
				return
			}
			defer func() { _ = resp.Body.Close() }()
			b, _ := io.ReadAll(resp.Body)
			page <- string(b)
		}()
		return nil
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	for _, public := range []bool{false, true} {
		s := fast(t, xsim.Config{PublicClient: public})
		if public {
			s.cfg.ClientSecret = bridges.Secret{}
		}
		s.sim.AutoAuthorize(s.brand)
		s.keep = &bridgetest.Keeper{}
		s.deps.Keep = s.keep
		page := make(chan string, 1)
		var who chat.Author
		err := x.Login(t.Context(), s.cfg, s.deps, x.LoginOptions{Open: browser(t, page), Listen: "127.0.0.1:0", Done: func(a chat.Author) { who = a }})
		if err != nil {
			t.Fatal(err)
		}
		if who.Handle != "acmetea" || string(who.ID) != s.brand {
			t.Errorf("logged in is %+v, want acmetea", who)
		}
		if got := <-page; !strings.Contains(got, "@acmetea is logged in") {
			t.Errorf("the page says %q", got)
		}
		if _, err := s.open(t).Post(t.Context(), s.post("k", "hi")); err != nil {
			t.Errorf("with the new login: %v", err)
		}
		s.sim.RevokeAccess(s.brand)
		if _, err := s.open(t).Post(t.Context(), s.post("k2", "hi")); err != nil {
			t.Errorf("after a refresh: %v", err)
		}
	}
}

func TestLoginAsksForWhatIsNeeded(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	var asked *url.URL
	err := x.Login(ctx, s.cfg, s.deps, x.LoginOptions{Listen: "127.0.0.1:0", Open: func(where string) error {
		asked, _ = url.Parse(where)
		cancel()
		return nil
	}})
	if err == nil {
		t.Fatal("nobody came back, and the login worked")
	}
	q := asked.Query()
	if q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || len(q.Get("state")) < 20 || q.Get("response_type") != "code" {
		t.Errorf("the page is asked for with %v", q)
	}
	for _, scope := range []string{"dm.read", "dm.write", "tweet.read", "users.read", "media.write", "offline.access"} {
		if !strings.Contains(" "+q.Get("scope")+" ", " "+scope+" ") {
			t.Errorf("%s is not asked for", scope)
		}
	}
	if back := q.Get("redirect_uri"); !strings.HasPrefix(back, "http://127.0.0.1:") || !strings.HasSuffix(back, "/callback") {
		t.Errorf("the browser comes back to %s", back)
	}
	for _, secret := range []string{"sim-client-secret", s.tokens.Access} {
		if strings.Contains(asked.String(), secret) {
			t.Error("the page's address shows a secret")
		}
	}
}

// comesBack calls the callback of a login with other parameters than X would.
func comesBack(t *testing.T, change func(url.Values)) (status int, page string, open func(string) error) {
	t.Helper()
	open = func(where string) error {
		u, err := url.Parse(where)
		if err != nil {
			return err
		}
		q := url.Values{"state": {u.Query().Get("state")}, "code": {"made-up"}}
		change(q)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u.Query().Get("redirect_uri")+"?"+q.Encode(), nil)
		if err != nil {
			return err
		}
		resp, err := client(t).Do(r)
		if err != nil {
			return err
		}
		b, _ := io.ReadAll(resp.Body)
		status, page = resp.StatusCode, string(b)
		return resp.Body.Close()
	}
	return status, page, open
}

func TestLoginThatFails(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(url.Values)
		want   chat.Kind
		reason string
	}{
		{"the person says no", func(q url.Values) { q.Del("code"); q.Set("error", "access_denied<script>") }, chat.Refused, "was refused"},
		{"the code is not X's", func(url.Values) {}, chat.LoggedOut, "no longer accepts"},
		{"another state", func(q url.Values) { q.Set("state", "guessed") }, chat.Transient, "nobody came back"},
		{"no state", func(q url.Values) { q.Del("state") }, chat.Transient, "nobody came back"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := fast(t, xsim.Config{})
			before := s.kept(t)
			_, _, open := comesBack(t, tc.change)
			err := x.Login(t.Context(), s.cfg, s.deps, x.LoginOptions{Open: open, Listen: "127.0.0.1:0", Timeout: 500 * time.Millisecond})
			if chat.KindOf(err) != tc.want || !strings.Contains(chat.Reason(err), tc.reason) {
				t.Errorf("login = %v, want %v with %q", err, tc.want, tc.reason)
			}
			if s.kept(t) != before {
				t.Error("the old login is gone")
			}
		})
	}
}

func TestLoginNeedsAnApp(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.signing()
	if err := x.Login(t.Context(), s.cfg, s.deps, x.LoginOptions{}); err == nil || !strings.Contains(err.Error(), "client_id is missing") {
		t.Errorf("login = %v", err)
	}
	s.cfg.Receive = "pigeon"
	if err := x.Login(t.Context(), s.cfg, s.deps, x.LoginOptions{}); err == nil || !strings.Contains(err.Error(), "pigeon") {
		t.Errorf("login = %v", err)
	}
}
