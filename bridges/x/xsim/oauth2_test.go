package xsim_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xsim"
)

const verifier = "0123456789-0123456789-0123456789-0123456789"

func authorization(change ...func(url.Values)) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"response_type": {"code"}, "client_id": {"sim-client-id"}, "redirect_uri": {"http://127.0.0.1:9/back?x=1"}, "state": {"s t"},
		"scope": {"dm.read dm.write tweet.read users.read offline.access"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
	}
	for _, c := range change {
		c(q)
	}
	return q
}

// authorize lets the bot agree at once and gives the code.
func (w *world) authorize(q url.Values) string {
	w.Helper()
	w.sim.AutoAuthorize(bot)
	g := w.do(w.request("GET", "/i/oauth2/authorize?"+q.Encode(), "", nil))
	w.want(g, http.StatusFound)
	to, err := url.Parse(g.header.Get("Location"))
	if err != nil {
		w.Fatal(err)
	}
	if to.Query().Get("state") != "s t" || to.Query().Get("x") != "1" || to.Host != "127.0.0.1:9" {
		w.Fatalf("redirected to %s", to)
	}
	return to.Query().Get("code")
}

func redeem(code string, change ...func(url.Values)) url.Values {
	v := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {"http://127.0.0.1:9/back?x=1"},
		"code_verifier": {verifier}, "client_id": {"sim-client-id"},
	}
	for _, c := range change {
		c(v)
	}
	return v
}

func TestCodesBecomeTokens(t *testing.T) {
	t.Parallel()
	w := setup(t)
	g := w.form("/2/oauth2/token", redeem(w.authorize(authorization())))
	w.want(g, http.StatusOK)
	if g.text("token_type") != "bearer" || g.at("expires_in") != 7200.0 || !strings.Contains(g.text("scope"), "offline.access") {
		t.Errorf("token answer %s", g.raw)
	}
	w.want(w.with(g.text("access_token"), "GET", "/2/dm_events", nil), http.StatusOK)

	again := w.refresh(g.text("refresh_token"))
	w.want(again, http.StatusOK)
	if again.text("refresh_token") == g.text("refresh_token") || again.text("refresh_token") == "" {
		t.Error("the refresh token is not a new one")
	}
	w.want(w.refresh(g.text("refresh_token")), http.StatusBadRequest)
	w.want(w.with(g.text("access_token"), "GET", "/2/dm_events", nil), http.StatusUnauthorized)
	w.want(w.with(again.text("access_token"), "GET", "/2/dm_events", nil), http.StatusOK)

	w.want(w.form("/2/oauth2/revoke", url.Values{"token": {again.text("refresh_token")}}), http.StatusOK)
	w.want(w.with(again.text("access_token"), "GET", "/2/dm_events", nil), http.StatusUnauthorized)
	w.want(w.refresh(again.text("refresh_token")), http.StatusBadRequest)
	w.want(w.form("/2/oauth2/revoke", url.Values{}), http.StatusBadRequest)
}

func TestTokenCallsMayBeJSON(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for body, status := range map[string]int{
		`{"grant_type":"refresh_token","refresh_token":"` + w.tokens.Refresh + `"}`: http.StatusOK, `{"grant_type":1}`: http.StatusBadRequest,
	} {
		r := w.request("POST", "/2/oauth2/token", "application/json", []byte(body))
		r.SetBasicAuth("sim-client-id", "sim-client-secret")
		w.want(w.do(r), status)
	}
}

func TestRefreshCanBeRevoked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.RevokeRefresh(bot)
	w.want(w.get("/2/users/me"), http.StatusOK)
	w.want(w.refresh(w.tokens.Refresh), http.StatusBadRequest)
}

func TestCodesAreGoodOnceAndShortly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	set := func(k, v string) func(url.Values) { return func(q url.Values) { q.Set(k, v) } }
	for _, tc := range []struct {
		name   string
		change func(url.Values)
		age    time.Duration
	}{
		{"a wrong verifier", set("code_verifier", strings.Repeat("x", 43)), 0},
		{"no verifier", set("code_verifier", ""), 0},
		{"another redirect", set("redirect_uri", "http://127.0.0.1:9/back"), 0},
		{"another grant", set("grant_type", "password"), 0},
		{"an unknown code", set("code", "x"), 0},
		{"an old code", func(url.Values) {}, 30 * time.Second},
	} {
		code := w.authorize(authorization())
		w.clock.Add(tc.age)
		g := w.form("/2/oauth2/token", redeem(code, tc.change))
		if g.status != 400 || g.text("error") == "" || g.text("error_description") == "" {
			t.Errorf("%s: %d %s", tc.name, g.status, g.raw)
		}
	}
	code := w.authorize(authorization())
	w.clock.Add(29 * time.Second)
	w.want(w.form("/2/oauth2/token", redeem(code)), http.StatusOK)
	w.want(w.form("/2/oauth2/token", redeem(code)), http.StatusBadRequest)
	spent := w.authorize(authorization())
	w.want(w.form("/2/oauth2/token", redeem(spent, set("code_verifier", strings.Repeat("x", 43)))), http.StatusBadRequest)
	w.want(w.form("/2/oauth2/token", redeem(spent)), http.StatusBadRequest)

	plain := w.authorize(authorization(set("code_challenge_method", "plain"), set("code_challenge", verifier)))
	w.want(w.form("/2/oauth2/token", redeem(plain)), http.StatusOK)
}

func TestTheClientShowsWhoItIs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	bare := func(code string) got {
		return w.do(w.request("POST", "/2/oauth2/token", "application/x-www-form-urlencoded", []byte(redeem(code).Encode())))
	}
	w.want(bare(w.authorize(authorization())), http.StatusUnauthorized)
	r := w.request("POST", "/2/oauth2/token", "application/x-www-form-urlencoded", []byte(redeem("x").Encode()))
	r.SetBasicAuth("sim-client-id", "wrong")
	w.want(w.do(r), http.StatusUnauthorized)

	public := setup(t, func(c *xsim.Config) { c.PublicClient = true })
	code := public.authorize(authorization())
	g := public.do(public.request("POST", "/2/oauth2/token", "application/x-www-form-urlencoded", []byte(redeem(code).Encode())))
	public.want(g, http.StatusOK)
	public.want(public.refresh(g.text("refresh_token")), http.StatusUnauthorized) // Basic from a public client
}

func TestTheAuthorizePage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	page := w.do(w.request("GET", "/i/oauth2/authorize?"+authorization().Encode(), "", nil))
	w.want(page, http.StatusOK)
	for _, part := range []string{"Authorize</button>", `value="` + alice + `"`, "dm.write", `name="code_challenge"`} {
		if !strings.Contains(string(page.raw), part) {
			t.Errorf("the page has no %q: %s", part, page.raw)
		}
	}
	answer := func(user, what string) *url.URL {
		form := authorization(func(q url.Values) { q.Set("user", user); q.Set("answer", what) })
		g := w.do(w.request("POST", "/i/oauth2/authorize", "application/x-www-form-urlencoded", []byte(form.Encode())))
		w.want(g, http.StatusFound)
		to, _ := url.Parse(g.header.Get("Location"))
		return to
	}
	code := answer(alice, "authorize").Query().Get("code")
	g := w.form("/2/oauth2/token", redeem(code))
	if me := w.with(g.text("access_token"), "GET", "/2/users/me", nil); me.text("data.id") != alice {
		t.Errorf("the token is of %s, want alice", me.raw)
	}
	if e := answer(alice, "cancel").Query().Get("error"); e != "access_denied" {
		t.Errorf("cancelled: %q", e)
	}
	if e := answer("987", "authorize").Query().Get("error"); e != "access_denied" {
		t.Errorf("a user who is not there: %q", e)
	}
	w.sim.AutoAuthorize(bot)
	for name, value := range map[string]string{
		"response_type": "token", "client_id": "other", "redirect_uri": "/back", "state": "", "scope": "", "code_challenge": "", "code_challenge_method": "S512",
	} {
		q := authorization(func(q url.Values) { q.Set(name, value) })
		if g := w.do(w.request("GET", "/i/oauth2/authorize?"+q.Encode(), "", nil)); g.status != 400 || g.header.Get("Location") != "" {
			t.Errorf("%s=%q: %d", name, value, g.status)
		}
	}
}

func TestAppToken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	call := func(secret, grant string) got {
		r := w.request("POST", "/oauth2/token", "application/x-www-form-urlencoded", []byte("grant_type="+grant))
		r.SetBasicAuth("sim-consumer-key", secret)
		return w.do(r)
	}
	if g := call("sim-consumer-secret", "client_credentials"); g.text("access_token") != "sim-app-bearer" {
		t.Errorf("app token: %s", g.raw)
	}
	w.want(call("x", "client_credentials"), http.StatusUnauthorized)
	w.want(call("sim-consumer-secret", "x"), http.StatusBadRequest)
}
