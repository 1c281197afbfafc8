package bots

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Request is a web request of a bot. A secret's handle in a header's value or in the body stands for the secret.
type Request struct {
	Method string // empty: GET
	URL    string
	Header map[string]string
	Body   string
}

// Response is what came back.
type Response struct {
	Status int
	Type   string // the media type, as the server said
	Body   string
}

// What a web request may come to.
const (
	responseMax = 256 << 10 // bytes
	requestTime = 10 * time.Second
)

// handleMark begins the handle of a secret: the mark, its name, a colon, and what nobody but the host can know, because what
// others send to a bot (pages, the calls of webhooks) may look like a handle too.
const handleMark = "\x00secret:"

func (t *Turn) handle(name string) string {
	mac := hmac.New(sha256.New, binary.BigEndian.AppendUint64(nil, t.env.Seed))
	_, _ = mac.Write([]byte("secret " + t.bot + " " + name))
	return handleMark + name + ":" + hex.EncodeToString(mac.Sum(nil)[:16]) + "\x00"
}

// Secret is a handle that stands for a secret in a Request, and says nothing of it. Its error is ErrMayNot.
func (t *Turn) Secret(name string) (string, error) {
	if !slices.Contains(t.env.May.Secrets, name) {
		return "", fmt.Errorf("%w: use the secret %s; grant it with secret:%s", ErrMayNot, name, name)
	}
	return t.handle(name), nil
}

// HTTP fetches a web page. Only hosts that the bot may fetch from are asked, redirects are not followed, and the
// request bears the same Idempotency-Key whenever the event is heard again. Its errors are ErrMayNot and what went wrong on
// the way; a status is no error.
func (t *Turn) HTTP(ctx context.Context, r Request) (Response, error) {
	s, again, err := t.replayed(opHTTP)
	if err != nil {
		return Response{}, err
	}
	if again {
		return unpackResponse(s)
	}
	resp, err := t.fetch(ctx, r)
	if err != nil {
		return resp, err
	}
	t.given(opHTTP, pack(strconv.Itoa(resp.Status), resp.Type, resp.Body))
	return resp, nil
}

func unpackResponse(s string) (Response, error) {
	var r Response
	var status string
	if err := unpack(s, &status, &r.Type, &r.Body); err != nil {
		return r, err
	}
	n, err := strconv.Atoi(status)
	r.Status = n
	return r, err
}

func (t *Turn) fetch(ctx context.Context, r Request) (Response, error) {
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return Response{}, fmt.Errorf("%w: fetch %q, which is no web address", ErrMayNot, r.URL)
	}
	if t.env.Client == nil || !t.env.May.Host(u.Host) && !t.env.May.Host(u.Hostname()) {
		return Response{}, fmt.Errorf("%w: fetch from %s; grant it with http:%s", ErrMayNot, u.Host, u.Host)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	req, err := t.request(ctx, u, r)
	if err != nil {
		return Response{}, err
	}
	client := *t.env.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		if ue, ok := errors.AsType[*url.Error](err); ok {
			err = ue.Err // its URL may hold what is nobody's business
		}
		return Response{}, fmt.Errorf("fetch from %s: %w", u.Host, err)
	}
	defer func() { _ = resp.Body.Close() }()
	return read(resp)
}

// request is r with its secrets, on its way to u.
func (t *Turn) request(ctx context.Context, u *url.URL, r Request) (*http.Request, error) {
	body, err := t.reveal(r.Body)
	if err != nil {
		return nil, err
	}
	method := cmp.Or(r.Method, http.MethodGet)
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("fetch from %s: the method %q is none", u.Host, method)
	}
	for name, value := range r.Header {
		if value, err = t.reveal(value); err != nil {
			return nil, err
		}
		req.Header.Set(name, value)
	}
	req.Header.Set("Idempotency-Key", fmt.Sprintf("%s-%d", t.key, t.pos))
	return req, nil
}

func read(resp *http.Response) (Response, error) {
	host := resp.Request.URL.Host
	b, err := io.ReadAll(io.LimitReader(resp.Body, responseMax+1))
	if err != nil {
		return Response{}, fmt.Errorf("fetch from %s: %w", host, err)
	}
	if len(b) > responseMax {
		return Response{}, fmt.Errorf("fetch from %s: the answer is longer than %d bytes", host, responseMax)
	}
	body := string(bytes.ToValidUTF8(b, []byte("\uFFFD")))
	return Response{Status: resp.StatusCode, Type: resp.Header.Get("Content-Type"), Body: body}, nil
}

// reveal puts secrets in the places of their handles.
func (t *Turn) reveal(s string) (string, error) {
	if !strings.Contains(s, handleMark) {
		return s, nil
	}
	for _, name := range t.env.May.Secrets {
		h := t.handle(name)
		if !strings.Contains(s, h) {
			continue
		}
		if t.env.Secret == nil {
			return "", fmt.Errorf("the secret %s is not set", name)
		}
		secret, ok := t.env.Secret(name)
		if !ok {
			return "", fmt.Errorf("the secret %s is not set", name)
		}
		s = strings.ReplaceAll(s, h, secret)
	}
	return s, nil
}
