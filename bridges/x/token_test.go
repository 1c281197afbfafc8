package x_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

func (s *scene) kept(t *testing.T) (p struct{ Access, Refresh string }) {
	t.Helper()
	b, err := s.keep.Kept(t.Context(), "token")
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRefreshAfterARefusal(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.sim.RevokeAccess(s.brand)
	c := s.open(t)
	if _, err := c.Post(t.Context(), s.post("k", "hi")); err != nil {
		t.Fatal(err)
	}
	if n := s.sim.Calls(xsim.Token); n != 1 {
		t.Errorf("%d refreshes, want one", n)
	}
	if p := s.kept(t); p.Access == s.tokens.Access || p.Refresh == s.tokens.Refresh || p.Access == "" || p.Refresh == "" {
		t.Error("the new pair was not kept")
	}
	if n := len(s.sim.Conversation(s.brand, s.ann)); n != 1 {
		t.Errorf("%d messages, want one", n)
	}
}

func TestOneRefreshForMany(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.sim.RevokeAccess(s.brand)
	s.sim.Fail(xsim.Token, xsim.Fault{Late: 50 * time.Millisecond})
	c := s.open(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := c.Post(t.Context(), s.post("", "hi")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := s.sim.Calls(xsim.Token); n != 1 {
		t.Errorf("%d refreshes, want one", n)
	}
	if n := len(s.sim.Conversation(s.brand, s.ann)); n != 20 {
		t.Errorf("%d messages, want 20", n)
	}
}

// TestAPairIsKeptBeforeItIsUsed: when the disk fails, neither the new pair is used nor the dead refresh token again.
func TestAPairIsKeptBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.sim.RevokeAccess(s.brand)
	s.keep.Refuse(unwritable("token"))
	c := s.open(t)
	for range 3 {
		if _, err := c.Post(t.Context(), s.post("k", "hi")); chat.KindOf(err) != chat.Transient {
			t.Fatalf("post = %v, want Transient", err)
		}
	}
	if n, sent := s.sim.Calls(xsim.Token), len(s.sim.Conversation(s.brand, s.ann)); n != 1 || sent != 0 {
		t.Errorf("%d refreshes and %d messages, want one and none", n, sent)
	}
	s.keep.Refuse(nil)
	if _, err := c.Post(t.Context(), s.post("k", "hi")); err != nil {
		t.Fatal(err)
	}
	if n := s.sim.Calls(xsim.Token); n != 1 {
		t.Errorf("%d refreshes, want one: the pair was there already", n)
	}
	if _, err := s.open(t).Post(t.Context(), s.post("k2", "hi")); err != nil {
		t.Errorf("with the kept pair: %v", err)
	}
}

func TestARefreshThatIsRefused(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.sim.Revoke(s.brand)
	_, err := s.open(t).Post(t.Context(), s.post("k", "hi"))
	if chat.KindOf(err) != chat.LoggedOut || !strings.Contains(chat.Reason(err), "run roost login x/acme") {
		t.Errorf("post = %v, reason %q, want LoggedOut", err, chat.Reason(err))
	}
	for _, secret := range []string{s.tokens.Access, s.tokens.Refresh, "sim-client-secret"} {
		if strings.Contains(err.Error(), secret) {
			t.Error("the error shows a secret")
		}
	}
}

func TestARefreshThatFailsForNow(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	keepTokens(t, s.keep, s.tokens, time.Now().Add(time.Minute)) // about to expire, and still good
	s.sim.Fail(xsim.Token, xsim.Fault{Status: 503})
	c := s.open(t)
	if _, err := c.Post(t.Context(), s.post("k", "hi")); err != nil {
		t.Errorf("with a token that is good for a minute: %v", err)
	}
	keepTokens(t, s.keep, s.tokens, time.Now().Add(-time.Minute))
	s.sim.Fail(xsim.Token, xsim.Fault{Status: 503})
	if _, err := s.open(t).Post(t.Context(), s.post("k", "hi")); chat.KindOf(err) != chat.Transient {
		t.Errorf("with a token that expired: %v, want Transient", err)
	}
	s.sim.Fail(xsim.Token, xsim.Fault{Throttle: true, Reset: time.Minute})
	if _, err := s.open(t).Post(t.Context(), s.post("k", "hi")); chat.KindOf(err) != chat.Throttled {
		t.Errorf("when X says slow down: %v, want Throttled", err)
	}
}

// TestARefreshOutlivesItsCaller: X gives the new pair only once, so it reaches the disk even when nobody waits any more.
func TestARefreshOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	s := fast(t, xsim.Config{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/2/oauth2/token" {
				asked <- struct{}{}
			}
			next.ServeHTTP(w, r)
		})
	}})
	s.sim.RevokeAccess(s.brand)
	s.sim.Fail(xsim.Token, xsim.Fault{Late: 300 * time.Millisecond})
	c := s.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.Post(ctx, s.post("k", "hi"))
		ended <- err
	}()
	<-asked
	cancel()
	if err := <-ended; chat.KindOf(err) != chat.Transient {
		t.Errorf("post = %v, want Transient: it was refused and not sent again", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if p := s.kept(t); p.Refresh == s.tokens.Refresh {
		t.Error("the new pair was lost")
	}
	if _, err := s.open(t).Post(t.Context(), s.post("k", "hi")); err != nil {
		t.Errorf("with the kept pair: %v", err)
	}
}

func TestANewLoginIsTakenUp(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	c := s.open(t)
	if _, err := c.Post(t.Context(), s.post("k", "hi")); err != nil {
		t.Fatal(err)
	}
	s.sim.Revoke(s.brand)
	keepTokens(t, s.keep, s.sim.Tokens(s.brand), time.Now().Add(time.Hour)) // as roost login does
	if _, err := c.Post(t.Context(), s.post("k2", "hi")); err != nil {
		t.Errorf("after a new login: %v", err)
	}
	if n := s.sim.Calls(xsim.Token); n != 0 {
		t.Errorf("%d refreshes, want none", n)
	}
}

func TestNobodyIsLoggedIn(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.deps.Keep = &bridgetest.Keeper{}
	s.run(t)
	if err := s.fails(t); chat.KindOf(err) != chat.LoggedOut || !strings.Contains(chat.Reason(err), "roost login x/acme") {
		t.Errorf("Run = %v", err)
	}
}

func TestPublicAppRefreshes(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{PublicClient: true})
	s.cfg.ClientSecret = bridges.Secret{}
	s.sim.RevokeAccess(s.brand)
	if _, err := s.open(t).Post(t.Context(), s.post("k", "hi")); err != nil {
		t.Fatal(err)
	}
}

func TestTokensAreRefreshedInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := bubble(t, nil)
		defer s.sim.Close()
		ctx, cancel := contextWithCancel(t)
		ended := make(chan error, 1)
		go func() { ended <- s.conn.Run(ctx, s.sink) }()
		time.Sleep(24 * time.Hour) //nolint:forbidigo // a bubble's time costs nothing
		if n := s.sim.Calls(xsim.Token); n < 12 || n > 14 {
			t.Errorf("%d refreshes in a day of two-hour tokens, want 12 or so", n)
		}
		for _, r := range s.sim.Requests() {
			if r.Status == http.StatusUnauthorized {
				t.Errorf("at %v X refused an old token", r.At)
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
