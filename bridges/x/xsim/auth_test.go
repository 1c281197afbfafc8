package xsim_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dghubble/oauth1"

	"github.com/roost-im/roost/bridges/x/xsim"
)

func TestIndependentSignaturesAreTaken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.clock.Set(time.Now()) // the library signs with the real clock
	client := w.signed(w.tokens)
	for _, tc := range []struct {
		name, method, path, kind, body string
		status                         int
	}{
		{"a query", "GET", "/2/dm_events?max_results=5&event_types=MessageCreate%2CParticipantsJoin", "", "", 200},
		{"a body of JSON", "POST", "/2/dm_conversations/with/" + alice + "/messages", "application/json", `{"text":"a & b = c"}`, 201},
		{"a form", "POST", "/2/users/" + alice + "/dm/unblock", "application/x-www-form-urlencoded", "a=1&b=%C3%A9+x", 200},
	} {
		r := w.request(tc.method, tc.path, tc.kind, []byte(tc.body))
		answer, err := client.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != tc.status {
			t.Errorf("%s: %d %s", tc.name, answer.StatusCode, body)
		}
	}
	log := w.sim.Requests()
	if len(log) != 3 || log[1].Auth != xsim.OAuth1 || log[1].User != bot {
		t.Errorf("the log is %+v", log)
	}
}

// capture signs a request without sending it and gives its Authorization header.
func capture(ctx context.Context, token xsim.Tokens, consumerSecret string, r *http.Request) string {
	var header string
	grab := roundTrip(func(r *http.Request) (*http.Response, error) {
		header = r.Header.Get("Authorization")
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
	})
	base := context.WithValue(ctx, oauth1.HTTPClient, &http.Client{Transport: grab})
	answer, err := oauth1.NewConfig("sim-consumer-key", consumerSecret).Client(base, oauth1.NewToken(token.OAuth1Token, token.OAuth1Secret)).Do(r)
	if err == nil {
		answer.Body.Close()
	}
	return header
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSignaturesAreVerified(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.clock.Set(time.Now())
	const path = "/2/dm_events?max_results=5"
	sign := func(secret string, token xsim.Tokens) string {
		return capture(t.Context(), token, secret, w.request("GET", path, "", nil))
	}
	good := sign("sim-consumer-secret", w.tokens)
	wrong := w.tokens
	wrong.OAuth1Secret = "other"
	stranger := w.tokens
	stranger.OAuth1Token = "nobody"
	replace := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	stamp := good[strings.Index(good, "oauth_timestamp=\"")+17:]
	stamp = stamp[:strings.IndexByte(stamp, '"')]
	for _, tc := range []struct{ name, header, path, why string }{
		{"a wrong consumer secret", sign("other", w.tokens), path, "signature does not match"},
		{"a wrong token secret", sign("sim-consumer-secret", wrong), path, "signature does not match"},
		{"an unknown token", sign("sim-consumer-secret", stranger), path, "nobody has this OAuth 1.0a token"},
		{"another query", good, "/2/dm_events?max_results=6", "signature does not match"},
		{"another path", good, "/2/users/me", "signature does not match"},
		{"an unknown key", replace("sim-consumer-key", "other"), path, "consumer key"},
		{"an old timestamp", replace(stamp, strconv.FormatInt(time.Now().Add(-6*time.Minute).Unix(), 10)), path, "5 minutes"},
		{"a timestamp of the future", replace(stamp, strconv.FormatInt(time.Now().Add(6*time.Minute).Unix(), 10)), path, "5 minutes"},
		{"no timestamp", replace(stamp, ""), path, "lacks oauth_timestamp"},
		{"another method", replace("HMAC-SHA1", "PLAINTEXT"), path, "HMAC-SHA1"},
		{"another version", replace(`oauth_version="1.0"`, `oauth_version="2.0"`), path, "version"},
		{"a parameter twice", good + `, oauth_nonce="x"`, path, "twice"},
		{"no quotes", replace(`oauth_version="1.0"`, `oauth_version=1.0`), path, "quotes"},
		{"no base64", replace(`oauth_signature="`, `oauth_signature="%20`), path, "base64"},
		{"nothing", "", path, "Authorization"},
		{"an empty header", "OAuth ", path, "no value"},
		{"Basic", "Basic Zm9vOmJhcg==", path, "Authorization"},
		{"an unknown bearer", "Bearer nobody", path, "nobody has this bearer token"},
	} {
		r := w.request("GET", tc.path, "", nil)
		r.Header.Set("Authorization", tc.header)
		g := w.do(r)
		log := w.sim.Requests()
		if why := log[len(log)-1].Why; g.status != 401 || !strings.Contains(why, tc.why) {
			t.Errorf("%s: %d, %q; want 401, %q", tc.name, g.status, why, tc.why)
		}
		if g.text("title") != "Unauthorized" || g.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s", tc.name, g.raw)
		}
	}

	send := func() got {
		r := w.request("GET", path, "", nil)
		r.Header.Set("Authorization", good)
		return w.do(r)
	}
	w.want(send(), http.StatusOK)
	w.want(send(), http.StatusUnauthorized) // the same nonce
	for _, r := range w.sim.Requests() {
		for _, secret := range []string{w.tokens.OAuth1Secret, w.tokens.Access, "sim-consumer-secret"} {
			if strings.Contains(r.Why, secret) {
				t.Errorf("the log shows a secret: %q", r.Why)
			}
		}
	}
}

func TestSignaturesOverThePublicNameAreTaken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.clock.Set(time.Now())
	public, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.x.com/2/users/me", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r := w.request("GET", "/2/users/me", "", nil)
	r.Header.Set("Authorization", capture(t.Context(), w.tokens, "sim-consumer-secret", public))
	w.want(w.do(r), http.StatusOK)
}

func TestTheAppAloneReadsNoMessages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, path := range []string{"/2/dm_events", "/2/users/me", "/2/dm_conversations/with/" + alice + "/dm_events"} {
		g := w.app("GET", path, nil)
		if g.status != 403 || g.text("title") != "Unsupported Authentication" || !strings.HasSuffix(g.text("type"), "/unsupported-authentication") {
			t.Errorf("%s: %d %s", path, g.status, g.raw)
		}
	}
	w.want(w.app("GET", "/2/users?ids="+alice, nil), http.StatusOK)
	w.want(w.get("/2/webhooks"), http.StatusForbidden)
	w.want(w.get("/2/activity/stream"), http.StatusForbidden)
}

func TestScopesAreChecked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	to := "/2/dm_conversations/with/" + alice + "/messages"
	readers := w.sim.Grant(bot, "dm.read", "tweet.read", "users.read")
	w.want(w.with(readers.Access, "GET", "/2/dm_events", nil), http.StatusOK)
	if g := w.with(readers.Access, "POST", to, obj{"text": "x"}); g.status != 403 || !strings.Contains(g.text("detail"), "dm.write") {
		t.Errorf("without dm.write: %d %s", g.status, g.raw)
	}
	if readers.Refresh != "" {
		t.Error("a refresh token without offline.access")
	}
	bare := w.sim.Grant(bot, "dm.read")
	w.want(w.with(bare.Access, "GET", "/2/dm_events", nil), http.StatusForbidden)
}

func TestTokensExpireAndAreRevoked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.want(w.get("/2/users/me"), http.StatusOK)
	w.clock.Add(2 * time.Hour)
	w.want(w.get("/2/users/me"), http.StatusUnauthorized)
	w.tokens = w.sim.Tokens(bot)
	w.want(w.get("/2/users/me"), http.StatusOK)
	w.sim.RevokeAccess(bot)
	w.want(w.get("/2/users/me"), http.StatusUnauthorized)
	w.want(w.refresh(w.tokens.Refresh), http.StatusOK)
	w.tokens = w.sim.Tokens(bot)
	w.sim.Revoke(bot)
	w.want(w.get("/2/users/me"), http.StatusUnauthorized)
	w.want(w.refresh(w.tokens.Refresh), http.StatusBadRequest)
}

// form calls a token endpoint as the confidential client.
func (w *world) form(path string, form url.Values) got {
	w.Helper()
	r := w.request("POST", path, "application/x-www-form-urlencoded", []byte(form.Encode()))
	r.SetBasicAuth("sim-client-id", "sim-client-secret")
	return w.do(r)
}

func (w *world) refresh(token string) got {
	w.Helper()
	return w.form("/2/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}
