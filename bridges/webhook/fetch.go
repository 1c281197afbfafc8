package webhook

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/roost-im/roost/router/chat"
)

const (
	dialTime      = 10 * time.Second
	headTime      = 30 * time.Second
	mostRedirects = 5
)

var (
	errPrivate  = errors.New("the address is not a public one")
	errTooLarge = fmt.Errorf("the file has more than %d MiB", maxFile>>20)
)

// Fetch opens a file that the program sent: its data, or what is at its url. It sends no credential there.
func (c *Connector) Fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	const op = "webhook: fetch"
	if data, ok := strings.CutPrefix(f.Source, dataMark); ok {
		return io.NopCloser(base64.NewDecoder(base64.StdEncoding, strings.NewReader(data))), nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.Source, nil)
	if err != nil || !isWeb(f.Source) {
		return nil, &chat.Error{Op: op, Kind: chat.Refused, Reason: "the attachment's address is no http or https address"}
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := c.files.Do(req)
	switch {
	case errors.Is(err, errPrivate):
		return nil, &chat.Error{Op: op, Kind: chat.Refused, Reason: "the attachment's address is not a public one; allow_private: true lets it", Err: errPrivate}
	case err != nil:
		return nil, &chat.Error{Op: op, Kind: chat.Transient, Reason: "the attachment's address did not answer", Err: c.harmless(err)}
	case resp.StatusCode == http.StatusOK && resp.ContentLength <= maxFile:
		return &atMost{r: resp.Body, left: maxFile}, nil
	}
	_ = resp.Body.Close() // nothing of it is used
	e := c.notGiven(resp)
	e.Op = op
	return nil, e
}

// notGiven is the error of an answer that has no file.
func (c *Connector) notGiven(resp *http.Response) *chat.Error {
	e := &chat.Error{Kind: chat.Refused, Reason: fmt.Sprintf("the attachment's address answered %d", resp.StatusCode)}
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		e.Reason = errTooLarge.Error()
	case code == http.StatusNotFound || code == http.StatusGone:
		e.Kind = chat.Gone
	case code == http.StatusTooManyRequests:
		e.Kind, e.Wait = chat.Throttled, retryAfter(resp.Header, c.now())
	case code >= http.StatusInternalServerError:
		e.Kind = chat.Transient
	}
	return e
}

// atMost reads so many bytes, and fails when there are more.
type atMost struct {
	r    io.ReadCloser
	left int64
}

// Read reads on.
func (a *atMost) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	if a.left -= int64(n); a.left < 0 {
		return 0, &chat.Error{Op: "webhook: fetch", Kind: chat.Refused, Reason: errTooLarge.Error(), Err: errTooLarge}
	}
	return n, err
}

// Close closes it.
func (a *atMost) Close() error { return a.r.Close() }

// downloader makes a client for addresses that others chose. Which address a name stands for is looked at when the
// connection is made, because it may stand for another one a moment later; so there is no proxy either.
func downloader(private bool) *http.Client {
	dial := &net.Dialer{Timeout: dialTime}
	if !private {
		dial.Control = func(_, address string, _ syscall.RawConn) error { return public(address) }
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dial.DialContext, TLSHandshakeTimeout: dialTime, ResponseHeaderTimeout: headTime,
			IdleConnTimeout: dialTime, MaxIdleConnsPerHost: 1, MaxConnsPerHost: parallel, DisableCompression: true,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > mostRedirects || !isWeb(req.URL.String()) {
				return errors.New("redirected too often, or to no http or https address")
			}
			req.Header.Del("Referer")
			return nil
		},
	}
}

// public returns errPrivate unless an IP address with its port is one of the public internet.
func public(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return errPrivate
	}
	ip := at.Addr().Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return errPrivate
	}
	for _, p := range special() {
		if p.Contains(ip) {
			return errPrivate
		}
	}
	return nil
}

// special are networks that are not of the public internet, or that stand for any other address, besides those that
// netip knows. https://www.iana.org/assignments/iana-ipv4-special-registry
func special() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),
		netip.MustParsePrefix("100.64.0.0/10"), // carriers' own
		netip.MustParsePrefix("192.0.0.0/24"),
		netip.MustParsePrefix("192.0.2.0/24"),
		netip.MustParsePrefix("192.88.99.0/24"),
		netip.MustParsePrefix("198.18.0.0/15"),
		netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("203.0.113.0/24"),
		netip.MustParsePrefix("240.0.0.0/4"),
		netip.MustParsePrefix("64:ff9b::/96"), // IPv4 in IPv6
		netip.MustParsePrefix("64:ff9b:1::/48"),
		netip.MustParsePrefix("::/96"),
		netip.MustParsePrefix("2001::/32"),
		netip.MustParsePrefix("2002::/16"),
		netip.MustParsePrefix("2001:db8::/32"),
		netip.MustParsePrefix("fec0::/10"),
	}
}

// hostOf is the host of an address, for people: the rest may hold a ticket.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
