package xsim

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // OAuth 1.0a signs with HMAC-SHA1
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How far a client's clock may be off.
const timestampWindow = 5 * time.Minute

// signed are the parameters of an Authorization header of OAuth 1.0a.
type signed map[string]string

// parseOAuth1 reads what follows "OAuth " in the header. https://www.rfc-editor.org/rfc/rfc5849#section-3.5.1
func parseOAuth1(header string) (signed, error) {
	out := signed{}
	if len(header) > 4096 {
		return nil, errors.New("the OAuth header is too long")
	}
	for part := range strings.SplitSeq(header, ",") {
		name, value, found := strings.Cut(strings.TrimSpace(part), "=")
		if !found {
			return nil, errors.New("a part of the OAuth header has no value")
		}
		if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
			return nil, errors.New("a value of the OAuth header stands in no quotes")
		}
		name, err := url.PathUnescape(strings.TrimSpace(name))
		if err != nil {
			return nil, errors.New("a name of the OAuth header is not percent-encoded")
		}
		value, err = url.PathUnescape(value[1 : len(value)-1])
		if err != nil {
			return nil, errors.New("a value of the OAuth header is not percent-encoded")
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%q stands twice in the OAuth header", clip(name, 40))
		}
		out[name] = value
	}
	return out, out.check()
}

func (p signed) check() error {
	for _, name := range []string{"oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_timestamp", "oauth_token"} {
		if p[name] == "" {
			return errors.New("the OAuth header lacks " + name)
		}
	}
	if m := p["oauth_signature_method"]; m != "HMAC-SHA1" {
		return fmt.Errorf("the signature method is %q, not HMAC-SHA1", clip(m, 40))
	}
	if v, told := p["oauth_version"]; told && v != "1.0" {
		return fmt.Errorf("the OAuth version is %q, not 1.0", clip(v, 40))
	}
	return nil
}

// verifyOAuth1 checks a signed request: key, token, clock, signature and that the nonce is new.
func (c *call) verifyOAuth1(header string) (caller, error) {
	p, err := parseOAuth1(header)
	if err != nil {
		return caller{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p["oauth_consumer_key"] != c.cfg.ConsumerKey {
		return caller{}, errors.New("nobody has this consumer key")
	}
	g := c.oauth1[p["oauth_token"]]
	if g == nil {
		return caller{}, errors.New("nobody has this OAuth 1.0a token")
	}
	now := c.cfg.Now()
	sec, err := strconv.ParseInt(p["oauth_timestamp"], 10, 64)
	if err != nil || now.Sub(time.Unix(sec, 0)).Abs() > timestampWindow {
		return caller{}, errors.New("the timestamp is more than 5 minutes off")
	}
	if err := checkSignature(c.r, c.body, p, c.cfg.ConsumerSecret, g.secret); err != nil {
		return caller{}, err
	}
	if c.used(p, now) {
		return caller{}, errors.New("the nonce has been used")
	}
	return caller{kind: OAuth1, user: g.user, scopes: g.scopes}, nil
}

// used says whether a nonce came before, and remembers it for as long as its timestamp is taken; mu is held.
func (s *Sim) used(p signed, now time.Time) bool {
	if now.Sub(s.swept) > timestampWindow {
		s.swept = now
		maps.DeleteFunc(s.nonces, func(_ string, at time.Time) bool { return now.Sub(at) > 2*timestampWindow })
	}
	nonce := p["oauth_token"] + " " + p["oauth_nonce"] + " " + p["oauth_timestamp"]
	_, before := s.nonces[nonce]
	s.nonces[nonce] = now
	return before
}

// checkSignature compares the signature with those of the URLs that a client may have meant: the one that it reached,
// and X's own when its requests are turned to the simulator below the layer that signs.
func checkSignature(r *http.Request, body []byte, p signed, consumerSecret, tokenSecret string) error {
	params, err := signedParams(r, body, p)
	if err != nil {
		return err
	}
	key := escape(consumerSecret) + "&" + escape(tokenSecret)
	told, err := base64.StdEncoding.DecodeString(p["oauth_signature"])
	if err != nil {
		return errors.New("the signature is not base64")
	}
	for _, base := range []string{"http://" + strings.ToLower(r.Host), "https://" + strings.ToLower(r.Host), "https://api.x.com", "https://api.twitter.com"} {
		mac := hmac.New(sha1.New, []byte(key))
		mac.Write([]byte(baseString(r.Method, base+r.URL.EscapedPath(), params)))
		if hmac.Equal(mac.Sum(nil), told) {
			return nil
		}
	}
	return errors.New("the signature does not match; the base string here is " + baseString(r.Method, "http://"+r.Host+r.URL.EscapedPath(), params))
}

// signedParams collects what is signed: query, header, and the body when it is a form. JSON and multipart are not.
// https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.3
func signedParams(r *http.Request, body []byte, p signed) ([][2]string, error) {
	var params [][2]string
	add := func(values url.Values) {
		for k, vs := range values {
			for _, v := range vs {
				params = append(params, [2]string{escape(k), escape(v)})
			}
		}
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errors.New("the query is not percent-encoded")
	}
	add(query)
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, errors.New("the form is not percent-encoded")
		}
		add(form)
	}
	for k, v := range p {
		if k != "oauth_signature" && k != "realm" {
			params = append(params, [2]string{escape(k), escape(v)})
		}
	}
	slices.SortFunc(params, func(a, b [2]string) int {
		if c := strings.Compare(a[0], b[0]); c != 0 {
			return c
		}
		return strings.Compare(a[1], b[1])
	})
	return params, nil
}

func baseString(method, base string, params [][2]string) string {
	var joined strings.Builder
	for i, kv := range params {
		if i > 0 {
			joined.WriteByte('&')
		}
		joined.WriteString(kv[0] + "=" + kv[1])
	}
	return strings.ToUpper(method) + "&" + escape(base) + "&" + escape(joined.String())
}

// escape percent-encodes all but letters, digits and -._~ as https://www.rfc-editor.org/rfc/rfc5849#section-3.6 asks.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(s) {
		b := s[i]
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '-', b == '.', b == '_', b == '~':
			out.WriteByte(b)
		default:
			out.WriteByte('%')
			out.WriteByte(hex[b>>4])
			out.WriteByte(hex[b&15])
		}
	}
	return out.String()
}
