package xsim

import (
	"crypto/subtle"
	"net/url"
	"slices"
	"strings"
	"time"
)

// AuthKind is how a caller said who it is.
type AuthKind int

// The ways of authenticating.
const (
	NoAuth     AuthKind = iota
	OAuth1              // a signature of OAuth 1.0a, for a user
	OAuth2User          // an access token of OAuth 2.0, for a user
	AppOnly             // the app's bearer token
)

func (k AuthKind) name() string {
	switch k {
	case OAuth1:
		return "OAuth 1.0a User Context"
	case OAuth2User:
		return "OAuth 2.0 User Context"
	case AppOnly:
		return "OAuth 2.0 Application-Only"
	case NoAuth:
	}
	return "no authentication"
}

// String is the name that X gives the kind.
func (k AuthKind) String() string { return k.name() }

// caller is who calls.
type caller struct {
	kind   AuthKind
	user   string
	scopes []string
}

// grant is what a token stands for.
type grant struct {
	user    string
	secret  string // of OAuth 1.0a
	scopes  []string
	expires time.Time // zero: never
	pair    string    // the access token that was given together with a refresh token
}

// authenticate finds out who calls and whether the route takes that.
func (c *call) authenticate() error {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(c.r.Header.Get("Authorization")), " ")
	switch strings.ToLower(scheme) {
	case "oauth":
		who, err := c.verifyOAuth1(rest)
		if err != nil {
			return unauthorized(err.Error())
		}
		c.who = who
	case "bearer":
		who, err := c.verifyBearer(strings.TrimSpace(rest))
		if err != nil {
			return err
		}
		c.who = who
	default:
		return unauthorized("no OAuth or Bearer in the Authorization header")
	}
	if !slices.Contains(c.route.auth, c.who.kind) {
		var taken []string
		for _, k := range c.route.auth {
			taken = append(taken, k.name())
		}
		return wrongAuth(c.who.kind, taken)
	}
	if c.who.kind != OAuth2User {
		return nil
	}
	for _, scope := range c.route.scopes {
		if !slices.Contains(c.who.scopes, scope) {
			return forbidden("The token lacks the scope " + scope + ".")
		}
	}
	return nil
}

func (c *call) verifyBearer(token string) (caller, error) {
	if subtle.ConstantTimeCompare([]byte(token), []byte(c.cfg.BearerToken)) == 1 {
		return caller{kind: AppOnly}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.access[token]
	if g == nil {
		return caller{}, unauthorized("nobody has this bearer token")
	}
	if !c.cfg.Now().Before(g.expires) {
		return caller{}, unauthorized("the access token has expired")
	}
	return caller{kind: OAuth2User, user: g.user, scopes: g.scopes}, nil
}

// publicQuery is a query without what must not stand in a log.
func publicQuery(raw string) string {
	if !strings.Contains(raw, "code_challenge") && !strings.Contains(raw, "token=") {
		return raw
	}
	q, err := url.ParseQuery(raw)
	if err != nil {
		return ""
	}
	for _, k := range []string{"code_challenge", "state", "token", "access_token", "crc_token"} {
		q.Del(k)
	}
	return q.Encode()
}
