package slack

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	callTime  = 20 * time.Second // one call of the Web API
	maxAnswer = 32 << 20         // bytes of one answer of the Web API
)

var errElsewhere = errors.New("the file is not at Slack")

// bounded copies a client into one that reads no more of an answer than maxAnswer, which slack-go leaves to us.
func bounded(client *http.Client) *http.Client {
	c := *client
	c.Transport = bound{next: client.Transport}
	return &c
}

type bound struct{ next http.RoundTripper }

func (b bound) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(req)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	}
	return resp, err
}

// downloader copies a client into one that may be redirected, within Slack.
func (c *Connector) downloader(client *http.Client) *http.Client {
	d := *client
	d.CheckRedirect = c.withinSlack
	return &d
}

// withinSlack lets a download be redirected within Slack only.
func (c *Connector) withinSlack(req *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return errors.New("redirected too often")
	}
	return c.mayHaveToken(req.URL)
}

// mayHaveToken returns an error unless u is at Slack, or where the Web API is: nobody else may be sent the token. A file's
// address is whatever its owner chose, when the file is an external one.
func (c *Connector) mayHaveToken(u *url.URL) error {
	host := strings.ToLower(u.Hostname())
	for _, domain := range []string{"slack.com", "slack-gov.com"} {
		if u.Scheme == "https" && (host == domain || strings.HasSuffix(host, "."+domain)) {
			return nil
		}
	}
	if api, err := url.Parse(c.cfg.endpoint()); err == nil && u.Scheme == api.Scheme && strings.EqualFold(u.Host, api.Host) {
		return nil
	}
	return fmt.Errorf("%w but at %s", errElsewhere, u.Host)
}
