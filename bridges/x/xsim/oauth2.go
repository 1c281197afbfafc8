package xsim

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// code is an authorization code on its way to a token.
type code struct {
	user, redirect string
	challenge      string
	plain          bool
	scopes         []string
	expires        time.Time
}

func oauthRoutes() []route {
	return []route{
		{name: Authorize, handle: authorizePage},
		{name: AuthorizeAnswer, handle: authorizeAnswer},
		{name: Token, handle: token},
		{name: RevokeToken, handle: revokeToken},
		{name: AppToken, handle: appToken},
	}
}

// AutoAuthorize lets a user agree to every authorization at once, without the page: the redirect follows immediately.
// The empty id brings the page back.
func (s *Sim) AutoAuthorize(userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if userID != "" {
		s.mustUser(userID)
	}
	s.auto = userID
}

// mint makes an access token, and a refresh token when the scopes allow one; mu is held.
func (s *Sim) mint(user string, scopes []string) (access, refresh string) {
	access = secret(24)
	s.access[access] = &grant{user: user, scopes: scopes, expires: s.cfg.Now().Add(s.cfg.TokenTTL)}
	if slices.Contains(scopes, "offline.access") {
		refresh = secret(24)
		s.refresh[refresh] = &grant{user: user, scopes: scopes, pair: access}
	}
	return access, refresh
}

// oauthError is an error in the shape of RFC 6749.
func oauthError(status int, kind, description string) (reply, error) {
	re, err := answer(status, object{"error": kind, "error_description": description})
	re.why = kind + ": " + description
	return re, err
}

// form reads the body of a token call: a form as the documents say, or JSON as twitter-api-v2 sends it.
func (c *call) form() url.Values {
	if kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); kind == "application/json" {
		fields := map[string]string{}
		if json.Unmarshal(c.body, &fields) != nil {
			return url.Values{}
		}
		v := url.Values{}
		for name, value := range fields {
			v.Set(name, value)
		}
		return v
	}
	v, err := url.ParseQuery(string(c.body))
	if err != nil {
		return url.Values{}
	}
	return v
}

// client checks that the app is the one of the Config: a confidential one by Basic, a public one by its id in the body.
func (c *call) client(form url.Values) bool {
	id, password, basic := c.r.BasicAuth()
	if c.cfg.PublicClient {
		return !basic && same(form.Get("client_id"), c.cfg.ClientID)
	}
	if !basic {
		return false
	}
	id, err1 := url.QueryUnescape(id)
	password, err2 := url.QueryUnescape(password)
	return err1 == nil && err2 == nil && same(id, c.cfg.ClientID) && same(password, c.cfg.ClientSecret)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func token(c *call) (reply, error) {
	form := c.form()
	if !c.client(form) {
		return oauthError(http.StatusUnauthorized, "unauthorized_client", "The client did not show who it is.")
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		return c.redeem(form)
	case "refresh_token":
		return c.rotate(form)
	default:
		return oauthError(http.StatusBadRequest, "unsupported_grant_type", "The grant type is not known.")
	}
}

// redeem changes a code for tokens. A code is good once, also when the rest of the call is wrong.
func (c *call) redeem(form url.Values) (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.codes[form.Get("code")]
	delete(c.codes, form.Get("code"))
	switch {
	case k == nil:
		return oauthError(http.StatusBadRequest, "invalid_request", "The authorization code is not known or was used.")
	case !c.cfg.Now().Before(k.expires):
		return oauthError(http.StatusBadRequest, "invalid_request", "The authorization code has expired.")
	case form.Get("redirect_uri") != k.redirect:
		return oauthError(http.StatusBadRequest, "invalid_request", "The redirect URI is not that of the authorization.")
	case !k.proves(form.Get("code_verifier")):
		return oauthError(http.StatusBadRequest, "invalid_request", "The code verifier does not fit the challenge.")
	}
	return c.tokens(k.user, k.scopes)
}

// proves says whether a verifier belongs to the challenge. https://www.rfc-editor.org/rfc/rfc7636#section-4.6
func (k *code) proves(verifier string) bool {
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	if k.plain {
		return same(verifier, k.challenge)
	}
	sum := sha256.Sum256([]byte(verifier))
	return same(base64.RawURLEncoding.EncodeToString(sum[:]), k.challenge)
}

// rotate changes a refresh token for a new pair. The old pair dies here, the access token too: X does not say how long
// that one lives on, and a client that needs it to is wrong.
func (c *call) rotate(form url.Values) (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := form.Get("refresh_token")
	g := c.refresh[old]
	if g == nil {
		return oauthError(http.StatusBadRequest, "invalid_request", "The refresh token is not known or was used.")
	}
	delete(c.refresh, old)
	delete(c.access, g.pair)
	return c.tokens(g.user, g.scopes)
}

func (c *call) tokens(user string, scopes []string) (reply, error) {
	access, refresh := c.mint(user, scopes)
	out := object{
		"token_type": "bearer", "expires_in": int(c.cfg.TokenTTL / time.Second), "access_token": access,
		"scope": strings.Join(scopes, " "),
	}
	if refresh != "" {
		out["refresh_token"] = refresh
	}
	c.who.user = user
	return ok(out)
}

func revokeToken(c *call) (reply, error) {
	form := c.form()
	if !c.client(form) {
		return oauthError(http.StatusUnauthorized, "unauthorized_client", "The client did not show who it is.")
	}
	t := form.Get("token")
	if t == "" {
		return oauthError(http.StatusBadRequest, "invalid_request", "There is no token.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if g := c.refresh[t]; g != nil {
		delete(c.access, g.pair)
	}
	delete(c.refresh, t)
	delete(c.access, t)
	c.bump()
	return ok(object{"revoked": true})
}

// appToken gives the app-only token for the consumer key and secret.
func appToken(c *call) (reply, error) {
	key, password, _ := c.r.BasicAuth()
	if !same(key, escape(c.cfg.ConsumerKey)) || !same(password, escape(c.cfg.ConsumerSecret)) {
		return reply{}, unauthorized("wrong consumer key or secret")
	}
	if c.form().Get("grant_type") != "client_credentials" {
		return reply{}, invalid("grant_type", c.form().Get("grant_type"), "The grant type has to be client_credentials.")
	}
	return ok(object{"token_type": "bearer", "access_token": c.cfg.BearerToken})
}
