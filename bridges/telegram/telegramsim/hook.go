package telegramsim

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	maxInline = 1 << 20 // of a webhook's answer
	maxRetry  = time.Minute
)

// hook is where updates are posted to, when a URL is set.
type hook struct {
	url, secret string
	ip          string
	most        int // max_connections
	busy        int // posts on their way
	lastError   string
	lastFailed  time.Time
	cancel      context.CancelFunc
	client      *http.Client
	era         int // counts the webhooks, so that what belongs to an older one is known
	life        func() context.Context
}

// target is a webhook as it was when a post to it began.
type target struct {
	life        func() context.Context
	url, secret string
	era         int
}

// Webhook is what setWebhook set.
type Webhook struct {
	URL            string // "" when there is none
	Secret         string
	Allowed        []string // allowed_updates, nil for the default set
	MaxConnections int
	Pending        int
	LastError      string
}

func newHook() hook {
	return hook{client: &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DialContext: dialLoopback},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// dialLoopback reaches nothing beyond this machine.
func dialLoopback(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("telegramsim: %s is not on this machine", host)
	}
	return new(net.Dialer).DialContext(ctx, network, addr)
}

// get downloads a URL on this machine.
func (h *hook) get(ctx context.Context, link string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return nil, err
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New("telegramsim: " + resp.Status)
	}
	return readAll(resp.Body, limit)
}

// clear ends the webhook; posts on their way are cut off.
func (h *hook) clear() {
	if h.cancel != nil {
		h.cancel()
	}
	h.url, h.secret, h.ip, h.lastError, h.cancel, h.life = "", "", "", "", nil, nil
	h.era++
}

var goodSecret = regexp.MustCompile(`^[A-Za-z0-9_-]*$`)

// setWebhook is https://core.telegram.org/bots/api#setwebhook, but that plain HTTP is good enough on loopback, at any port.
func (w *world) setWebhook(c *call) (any, error) {
	link := strings.TrimSpace(c.str("url"))
	if link == "" {
		return w.deleteWebhook(c)
	}
	if err := checkHook(link); err != nil {
		return nil, err
	}
	switch secret := c.str("secret_token"); {
	case len(secret) > 256:
		return nil, bad("secret token is too long")
	case !goodSecret.MatchString(secret):
		return nil, bad("secret token contains unallowed characters")
	}
	w.queue.endPoll(conflict("terminated by setWebhook request"))
	w.queue.allow(c)
	h := &w.hook
	h.clear()
	h.url, h.secret, h.ip = link, c.str("secret_token"), cmp.Or(c.str("ip_address"), "127.0.0.1")
	h.most = min(max(1, cmp.Or(c.number("max_connections"), 40)), 100)
	ctx, cancel := context.WithCancel(w.life.Context())
	h.cancel, h.life = cancel, func() context.Context { return ctx }
	if c.boolean("drop_pending_updates") {
		w.queue.waiting = nil
	}
	for _, u := range w.queue.waiting {
		u.busy, u.fail = false, 0
	}
	w.pump()
	return true, nil
}

func checkHook(link string) error {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return bad("invalid webhook URL specified")
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case local && (u.Scheme == "http" || u.Scheme == "https"):
		return nil
	case u.Scheme != "https":
		return bad("bad webhook: An HTTPS URL must be provided for webhook")
	case u.Port() != "" && !slices.Contains([]string{"443", "80", "88", "8443"}, u.Port()):
		return bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
	default:
		return nil
	}
}

func (w *world) deleteWebhook(c *call) (any, error) {
	w.hook.clear()
	for _, u := range w.queue.waiting {
		u.busy = false
	}
	if c.boolean("drop_pending_updates") {
		w.queue.waiting = nil
	}
	return true, nil
}

func (w *world) getWebhookInfo(*call) (any, error) {
	h := &w.hook
	w.expire()
	o := obj{"url": h.url, "has_custom_certificate": false, "pending_update_count": len(w.queue.waiting)}
	if h.url != "" {
		o["ip_address"], o["max_connections"] = h.ip, h.most
	}
	if h.url != "" && h.lastError != "" {
		o["last_error_date"], o["last_error_message"] = h.lastFailed.Unix(), h.lastError
	}
	if w.queue.chosen != nil {
		o["allowed_updates"] = w.queue.chosen
	}
	return o, nil
}

// Webhook is what setWebhook set.
func (v View) Webhook() Webhook {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	h := &v.w.hook
	return Webhook{
		URL: h.url, Secret: h.secret, Allowed: slices.Clone(v.w.queue.chosen), MaxConnections: h.most,
		Pending: len(v.w.queue.waiting), LastError: h.lastError,
	}
}

// pump posts what is due: updates of one chat one after the other, those of several chats side by side.
func (w *world) pump() {
	h := &w.hook
	if h.url == "" || w.closed {
		return
	}
	w.expire()
	taken := map[string]bool{}
	for _, u := range w.queue.waiting {
		if u.busy {
			taken[u.lane] = true
		}
	}
	for _, u := range w.queue.waiting {
		if taken[u.lane] {
			continue
		}
		taken[u.lane] = true
		if h.busy < h.most {
			u.busy = true
			h.busy++
			t := target{life: h.life, url: h.url, secret: h.secret, era: h.era}
			w.life.Running.Go(func() { w.post(t, u) })
		}
	}
}

// post brings one update to the webhook, after the wait that a failure before it asks for. mu is not held.
func (w *world) post(t target, u *update) {
	w.mu.Lock()
	wait := u.fail
	w.mu.Unlock()
	w.life.Pause(t.life(), wait)
	answer, err := w.deliver(t, u)
	if answer != nil {
		w.inline(answer)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hook.busy--
	if w.hook.era != t.era {
		w.pump()
		return
	}
	u.busy = false
	if err == nil {
		w.confirm(func(other *update) bool { return other == u })
	} else {
		u.fail = min(maxRetry, max(w.cfg.Timing.Retry, 2*u.fail))
		w.hook.lastError, w.hook.lastFailed = err.Error(), w.now()
	}
	w.pump()
	w.bump()
}

// deliver is one POST; it gives the call that came back with the answer, nil when there is none. mu is not held.
func (w *world) deliver(t target, u *update) (*call, error) {
	ctx, cancel := context.WithTimeout(t.life(), w.cfg.Timing.Hook)
	defer cancel()
	body := mustJSON(obj{"update_id": u.id, u.kind: u.body})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if t.secret != "" {
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", t.secret)
	}
	resp, err := w.hook.client.Do(req)
	if err != nil {
		return nil, errors.New("Connection failed") //nolint:staticcheck // the words of last_error_message
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := readAll(resp.Body, maxInline)
	if err != nil || resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, fmt.Errorf("Wrong response from the webhook: %s", resp.Status) //nolint:staticcheck // as above
	}
	return decodeInline(resp.Header.Get("Content-Type"), data), nil
}

// decodeInline is the call that a webhook's answer may hold, nil when there is none.
// https://core.telegram.org/bots/api#making-requests-when-getting-updates
func decodeInline(contentType string, data []byte) *call {
	c := newCall("")
	if kind, _, _ := mime.ParseMediaType(contentType); c.body(kind, data) != nil {
		return nil
	}
	if c.method = c.str("method"); c.method == "" || strings.EqualFold(c.method, "getUpdates") {
		return nil
	}
	return c
}

// inline runs the method that a webhook answered with; nobody hears what comes of it. mu is not held.
func (w *world) inline(c *call) {
	if _, err := w.perform(c, w.methods()[strings.ToLower(c.method)]); err != nil {
		w.log(c, asAPI(err).code, err.Error())
		return
	}
	w.log(c, http.StatusOK, "")
}
