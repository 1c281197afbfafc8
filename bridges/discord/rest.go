package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"
)

const (
	version    = "/v10"
	callTime   = 20 * time.Second // one call without files
	uploadTime = 10 * time.Minute // one call with files
	maxAnswer  = 16 << 20         // bytes of an answer
)

// request is one call of the REST API.
type request struct {
	op     string     // "discord: post", for its error
	method string     // of HTTP
	path   string     // below the version, without a slash at its start
	query  url.Values // nil: none
	body   any        // JSON; nil: none
	form   *form      // instead of body, with files
	once   bool       // a repeat would do it twice, so no answer is Uncertain
}

// route is a path whose pieces are escaped.
func route(pieces ...string) string {
	for i, p := range pieces {
		pieces[i] = url.PathEscape(p)
	}
	return strings.Join(pieces, "/")
}

// call makes a request and decodes the answer into into, unless that is nil. Its error is a *chat.Error.
//
// discordgo's limiter sleeps without heeding a context and holds a lock over the call, and its repeats know no nonce; so each
// call has a bucket of its own, and repeats are the lane's.
func (c *Connector) call(ctx context.Context, r request, into any) (http.Header, error) {
	if err := c.guard.allow(r.op, c.now()); err != nil {
		return nil, err
	}
	body, options, err := c.prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	limit := callTime
	if r.form != nil {
		limit = uploadTime
		defer r.form.close()
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	heard := &hearing{next: c.web.Transport}
	client := *c.web
	client.Transport = heard
	options = append(options, discordgo.WithContext(ctx), discordgo.WithRestRetries(0),
		discordgo.WithRetryOnRatelimit(false), discordgo.WithClient(&client))
	address := discordgo.EndpointAPI + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	bucket := discordgo.NewRatelimiter().LockBucket(r.path)
	raw, err := c.api.RequestWithLockedBucket(r.method, address, "application/json", body, bucket, 0, options...)
	c.guard.note(heard.status, c.now())
	c.clock.hear(heard.header, c.now())
	if err != nil {
		return heard.header, c.fail(r, heard, err)
	}
	if into == nil || len(raw) == 0 {
		return heard.header, nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return heard.header, c.fail(r, heard, fmt.Errorf("decode the answer: %w", err))
	}
	return heard.header, nil
}

// prepare is the body of a call as JSON, or what makes it a form.
func (c *Connector) prepare(ctx context.Context, r request) ([]byte, []discordgo.RequestOption, error) {
	if r.form == nil {
		if r.body == nil {
			return nil, nil, nil
		}
		raw, err := json.Marshal(r.body)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", r.op, err)
		}
		return raw, nil, nil
	}
	if err := r.form.open(ctx, r.body); err != nil {
		return nil, nil, err
	}
	return []byte{}, []discordgo.RequestOption{r.form.into}, nil
}

// turn sends what discordgo addresses to Discord's API to the account's own address, in the version that we speak.
type turn struct {
	base *url.URL
	next http.RoundTripper
}

// RoundTrip makes one call, and reads no more than maxAnswer of what it brings.
func (t turn) RoundTrip(req *http.Request) (*http.Response, error) {
	rest, ours := strings.CutPrefix(req.URL.String(), discordgo.EndpointAPI)
	if ours {
		u, err := url.Parse(t.base.String() + version + "/" + rest)
		if err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.URL, req.Host = u, ""
	}
	resp, err := t.next.RoundTrip(req)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	}
	return resp, err
}

// hearing remembers the head of an answer, which discordgo does not give back.
type hearing struct {
	next   http.RoundTripper
	status int // 0: there was no answer
	header http.Header
	page   bool // the answer is no JSON, so it is not the API's own
}

// RoundTrip makes one call.
func (h *hearing) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := h.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	h.status, h.header = resp.StatusCode, resp.Header
	h.page = !strings.Contains(resp.Header.Get("Content-Type"), "json")
	return resp, nil
}

// drain reads what is left of an answer and closes it, so that its connection can be used again.
func drain(body io.ReadCloser) {
	_, _ = io.Copy(io.Discard, io.LimitReader(body, 64<<10)) // what can't be read need not be
	_ = body.Close()
}
