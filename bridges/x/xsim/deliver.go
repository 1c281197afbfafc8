package xsim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Delivery is one attempt to post an activity event to a webhook.
type Delivery struct {
	At      time.Time
	Webhook string
	UUID    string
	Type    string
	Attempt int // from 1
	Status  int // 0 when there was no answer
	Done    bool
}

// FailWebhook loses the next n events on their way to webhooks: only a replay brings them.
func (s *Sim) FailWebhook(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failHooks = n
}

// CheckWebhooks does the challenge-response check of all webhooks, as X does every hour.
func (s *Sim) CheckWebhooks(ctx context.Context) {
	s.mu.Lock()
	all := append([]*webhook(nil), s.webhooks...)
	s.mu.Unlock()
	for _, w := range all {
		s.recheck(ctx, w)
	}
}

// signatures is what X signs a text with, by header: with the consumer secret, and with the client secret where the OAuth
// 2.0 client has one. https://docs.x.com/x-api/webhooks/introduction
func (s *Sim) signatures(text []byte) map[string]string {
	all := map[string]string{"X-Twitter-Webhooks-Signature": sign(s.cfg.ConsumerSecret, text)}
	if !s.cfg.PublicClient {
		all["X-Twitter-Webhooks-Signature-OAuth2"] = sign(s.cfg.ClientSecret, text)
	}
	return all
}

// answers says whether a response token is that of a challenge, made with either secret.
func (s *Sim) answers(token, response string) bool {
	for _, right := range s.signatures([]byte(token)) {
		if same(response, right) {
			return true
		}
	}
	return false
}

// sign is a header value or a response token: the base64 of an HMAC-SHA256.
func sign(key string, text []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(text)
	return "sha256=" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// challenge asks an address to show that it knows one of the app's secrets. It tells whether the fault is one that may pass by
// itself, and the fault.
func (s *Sim) challenge(ctx context.Context, place string) (passing bool, fault string) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.WebhookTimeout)
	defer cancel()
	token := secret(24)
	u, err := url.Parse(place)
	if err != nil {
		return false, "the URL cannot be read"
	}
	q := u.Query()
	q.Set("crc_token", token)
	q.Set("nonce", secret(8))
	u.RawQuery = q.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return false, "the URL cannot be called"
	}
	answer, err := s.caller.Do(r)
	if err != nil {
		return true, "there was no answer"
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return true, "the answer broke off"
	}
	if answer.StatusCode >= 400 {
		return true, "the answer was " + answer.Status
	}
	var told struct {
		Token string `json:"response_token"`
	}
	if answer.StatusCode >= 300 || json.Unmarshal(body, &told) != nil || !s.answers(token, told.Token) {
		return false, "the answer was not the right response_token"
	}
	return false, ""
}

// recheck does the check of a webhook and keeps the outcome. A fault that may pass does not make a valid one invalid.
func (s *Sim) recheck(ctx context.Context, w *webhook) bool {
	passing, fault := s.challenge(ctx, w.url)
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault == "" {
		w.valid = true
	} else if !passing {
		w.valid = false
	}
	s.bump()
	return w.valid && fault == ""
}

// worker posts the events of a webhook, one after the other.
func (s *Sim) worker(w *webhook) func(context.Context) {
	return func(ctx context.Context) {
		for {
			s.mu.Lock()
			var next *delivery
			if len(w.queue) > 0 {
				next, w.queue = w.queue[0], w.queue[1:]
			}
			lose := next != nil && s.failHooks > 0
			if lose {
				s.failHooks--
			}
			s.mu.Unlock()
			if next != nil {
				if lose {
					s.attempted(w, next, 1, 0, false)
				} else {
					s.deliver(ctx, w, next)
				}
				continue
			}
			select {
			case <-w.wake:
			case <-w.gone:
				return
			case <-ctx.Done():
				return
			}
		}
	}
}

// deliver posts an event until it is taken or has been tried often enough.
func (s *Sim) deliver(ctx context.Context, w *webhook, d *delivery) {
	wait := s.cfg.WebhookBackoff
	for attempt := 1; attempt <= s.cfg.WebhookTries; attempt++ {
		status := s.hand(ctx, w, d)
		s.attempted(w, d, attempt, status, status == http.StatusOK)
		if status == http.StatusOK || attempt == s.cfg.WebhookTries {
			return
		}
		t := time.NewTimer(wait)
		wait *= 2
		select {
		case <-t.C:
		case <-w.gone:
			t.Stop()
			return
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

// hand posts an event once and tells the status of the answer, 0 without one.
func (s *Sim) hand(ctx context.Context, w *webhook, d *delivery) int {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.WebhookTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(d.body))
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", "application/json")
	for name, value := range s.signatures(d.body) {
		r.Header.Set(name, value)
	}
	answer, err := s.caller.Do(r)
	if err != nil {
		return 0
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	return answer.StatusCode
}

// attempted keeps what came of a delivery.
func (s *Sim) attempted(w *webhook, d *delivery, attempt, status int, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.attempts) >= maxLog {
		s.attempts = append(s.attempts[:0], s.attempts[len(s.attempts)-maxLog+1:]...)
	}
	s.attempts = append(s.attempts, Delivery{
		At: s.cfg.Now(), Webhook: w.id, UUID: d.uuid, Type: d.kind, Attempt: attempt, Status: status, Done: done,
	})
	s.bump()
}
