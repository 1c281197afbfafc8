package slacksim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	maxReply   = 1 << 20         // of an app's answer to a POST
	verifyWait = 3 * time.Second // for the answer to url_verification
)

// SetEventsURL switches to HTTP: events, interactions and commands are posted there, signed, and sockets get none. The address
// must first give back the challenge of a url_verification request. "" switches back to sockets.
func (s *Sim) SetEventsURL(address string) error {
	if address != "" {
		if err := s.w.verifyURL(address); err != nil {
			return err
		}
	}
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.courier.eventsURL = address
	return nil
}

// SetInteractivityURL sends interactions and commands to an address of their own; "" sends them where events go.
func (s *Sim) SetInteractivityURL(address string) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.courier.actionsURL = address
}

// Sign computes the x-slack-signature of a body, for those who forge requests in tests.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "v0:%s:%s", timestamp, body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// verifyURL asks an address to prove that it is the app's. mu is not held.
func (w *world) verifyURL(address string) error {
	challenge := newUUID()
	body := mustJSON(obj{"token": w.cfg.VerificationToken, "challenge": challenge, "type": "url_verification"})
	ctx, cancel := context.WithTimeout(w.courier.life.Context(), verifyWait)
	defer cancel()
	status, reply, _, err := w.sendPost(ctx, address, "application/json", body, nil)
	if err != nil {
		return fmt.Errorf("slacksim: url_verification: %w", err)
	}
	var parsed struct {
		Challenge string `json:"challenge"`
	}
	given := strings.TrimSpace(string(reply))
	if json.Unmarshal(reply, &parsed) == nil && parsed.Challenge != "" {
		given = parsed.Challenge
	}
	form, err := url.ParseQuery(given)
	if err == nil && form.Has("challenge") {
		given = form.Get("challenge")
	}
	if status != http.StatusOK || given != challenge {
		return fmt.Errorf("slacksim: url_verification: status %d without the challenge", status)
	}
	return nil
}

// startPost posts a delivery in the background, after the one before it in the same channel has been answered.
func (w *world) startPost(d *delivery) {
	c := &w.courier
	if w.closed {
		return
	}
	address := c.address(d)
	before := c.chains[d.key]
	after := make(chan struct{})
	c.chains[d.key] = after
	c.posting++
	c.life.Running.Go(func() {
		defer close(after)
		if before != nil {
			select {
			case <-before:
			case <-c.life.Ended():
			}
		}
		w.postOnce(d, address)
	})
}

// address is where a delivery is posted.
func (c *courier) address(d *delivery) string {
	if d.kind != kindEvents && c.actionsURL != "" {
		return c.actionsURL
	}
	return c.eventsURL
}

// postAgain repeats a delivery in the background. It waits for no other: what happened later may have been posted meanwhile.
func (w *world) postAgain(d *delivery) {
	c := &w.courier
	if w.closed {
		return
	}
	if c.eventsURL == "" { // switched back to sockets
		w.route(d)
		return
	}
	address := c.address(d)
	c.posting++
	c.life.Running.Go(func() { w.postOnce(d, address) })
}

// postOnce posts once and settles the delivery or plans its repeat. mu is not held.
func (w *world) postOnce(d *delivery, address string) {
	contentType, body := d.body()
	header := http.Header{}
	if d.attempt > 0 {
		header.Set("X-Slack-Retry-Num", strconv.Itoa(d.attempt))
		header.Set("X-Slack-Retry-Reason", d.reason)
	}
	ctx, cancel := context.WithTimeout(w.courier.life.Context(), w.cfg.Timing.AckWait)
	defer cancel()
	status, reply, answered, err := w.sendPost(ctx, address, contentType, body, header)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.courier.posting--
	switch {
	case w.closed:
	case err == nil && status >= 200 && status < 300:
		w.confirm(d, reply)
	default:
		reason := "http_error"
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
			reason = "http_timeout"
		case err != nil:
			reason = reasonNoLink
		}
		w.repost(d, reason, answered.Get("X-Slack-No-Retry") == "1")
	}
}

// body is what a delivery looks like over HTTP.
func (d *delivery) body() (contentType string, body []byte) {
	switch d.kind {
	case kindEvents:
		return "application/json", d.payload
	case kindSlash:
		return "application/x-www-form-urlencoded", []byte(d.form.Encode())
	default:
		return "application/x-www-form-urlencoded", []byte(url.Values{"payload": {string(d.payload)}}.Encode())
	}
}

// repost plans the repeat of an event that was not taken.
func (w *world) repost(d *delivery, reason string, final bool) {
	if final || w.final(d) {
		w.lose(d)
		return
	}
	d.attempt++
	d.reason = reason
	w.courier.repeated++
	w.courier.posting++
	d.timer = w.later(w.cfg.Timing.Retries[d.attempt-1], func() {
		w.courier.posting--
		w.postAgain(d)
	})
	w.bump()
}

// sendPost makes one signed POST and reads the answer. mu is not held.
func (w *world) sendPost(ctx context.Context, address, contentType string, body []byte, header http.Header) (int, []byte, http.Header, error) {
	req, err := w.signed(ctx, address, contentType, body)
	if err != nil {
		return 0, nil, http.Header{}, err
	}
	maps.Copy(req.Header, header)
	req.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	resp, err := w.courier.client.Do(req)
	if err != nil {
		return 0, nil, http.Header{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return 0, nil, resp.Header, err
	}
	return resp.StatusCode, reply, resp.Header, nil
}

// SignedRequest makes a POST as Slack signs it, for tests that forge one.
func (s *Sim) SignedRequest(ctx context.Context, address, contentType string, body []byte) (*http.Request, error) {
	return s.w.signed(ctx, address, contentType, body)
}

func (w *world) signed(ctx context.Context, address, contentType string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("slacksim: %w", err)
	}
	stamp := strconv.FormatInt(w.now().Unix(), 10)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", Sign(w.cfg.SigningSecret, stamp, body))
	return req, nil
}
