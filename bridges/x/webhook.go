package x

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	mostCRC    = 128
	mostWait   = 8 * time.Second
	sealMark   = "sha256="
	signature  = "X-Twitter-Webhooks-Signature"        // by the consumer secret
	signature2 = "X-Twitter-Webhooks-Signature-Oauth2" // by the client secret
)

// hook answers X's calls. https://docs.x.com/x-api/webhooks/introduction
type hook struct {
	c     *Connector
	sink  chat.Sink
	fatal chan error // told when going on is pointless
	heard func(ctx context.Context)
	ready chan struct{} // closed when what was missed is polled: what comes after must not overtake

	gate   sync.RWMutex // held for reading by every call
	closed bool
}

// shut returns when no call is under way and none will be.
func (h *hook) shut() {
	h.gate.Lock()
	defer h.gate.Unlock()
	h.closed = true
}

// serve answers a challenge or takes in an event, as long as run lasts. It says 200 only after the event is stored.
func (h *hook) serve(run context.Context, w http.ResponseWriter, r *http.Request) {
	h.gate.RLock()
	defer h.gate.RUnlock()
	ctx, cancel := context.WithCancel(run)
	defer cancel()
	defer context.AfterFunc(r.Context(), cancel)() //nolint:contextcheck // ends the call when X hangs up, too
	switch {
	case h.closed || run.Err() != nil:
		http.Error(w, "not receiving", http.StatusServiceUnavailable)
	case r.Method == http.MethodGet:
		h.challenge(w, r)
	case r.Method == http.MethodPost:
		h.deliver(ctx, w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "only GET and POST", http.StatusMethodNotAllowed)
	}
}

// challenge proves that we know the app's secret.
func (h *hook) challenge(w http.ResponseWriter, r *http.Request) {
	answer, ok := respond(h.c.challengeKey(), r.URL.Query().Get("crc_token"))
	if !ok {
		http.Error(w, "crc_token is missing or of no form that X sends", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"response_token": answer})
}

// respond is the answer to a challenge. X signs its calls with the same key in the same way, so whoever could have any
// text answered could forge a call: a token that could be the body of one is refused.
func respond(key bridges.Secret, token string) (answer string, ok bool) {
	odd := func(r rune) bool {
		return strings.ContainsRune(`{}[]"`, r) || unicode.IsControl(r) || unicode.IsSpace(r)
	}
	if token == "" || len(token) > mostCRC || strings.ContainsFunc(token, odd) {
		return "", false
	}
	return seal(key, []byte(token)), true
}

// challengeKey is the secret that a challenge is answered with: the client secret where the app has one, and the consumer
// secret otherwise. X's documents leave open what it expects of an app with both, so former says that the other one is
// to be tried.
func (c *Connector) challengeKey() bridges.Secret {
	switch {
	case c.cfg.ClientSecret.IsZero():
		return c.cfg.ConsumerSecret
	case c.former.Load() && !c.cfg.ConsumerSecret.IsZero():
		return c.cfg.ConsumerSecret
	}
	return c.cfg.ClientSecret
}

// otherKey has challenges answered with the other secret; ok is false when there is only one.
func (c *Connector) otherKey() (ok bool) {
	if c.cfg.ClientSecret.IsZero() || c.cfg.ConsumerSecret.IsZero() {
		return false
	}
	c.former.Store(!c.former.Load())
	return true
}

// seal is how X writes an HMAC.
func seal(key bridges.Secret, body []byte) string {
	return sealMark + base64.StdEncoding.EncodeToString(bridges.Seal(key, body))
}

// genuine says whether X signed a body. An app with both secrets gets both signatures; either proves it.
func genuine(cfg Config, header http.Header, body []byte) bool {
	for _, s := range []struct {
		key  bridges.Secret
		name string
	}{{cfg.ClientSecret, signature2}, {cfg.ConsumerSecret, signature}} {
		written, ok := strings.CutPrefix(header.Get(s.name), sealMark)
		sum, err := base64.StdEncoding.DecodeString(written)
		if ok && err == nil && bridges.Sealed(sum, s.key, body) {
			return true
		}
	}
	return false
}

// wait says whether events may be taken in; X waits ten seconds for an answer.
func (h *hook) wait(ctx context.Context) bool {
	late := time.NewTimer(mostWait)
	defer late.Stop()
	select {
	case <-h.ready:
		return true
	case <-late.C:
	case <-ctx.Done():
	}
	return false
}

// deliver takes in an event.
func (h *hook) deliver(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	body, ok := bridges.ReadBody(w, r)
	if !ok {
		return
	}
	if !genuine(h.c.cfg, r.Header, body) {
		http.Error(w, "the signature is not X's", http.StatusUnauthorized)
		return
	}
	if !h.wait(ctx) {
		h.c.wake()
		http.Error(w, "not receiving yet", http.StatusServiceUnavailable)
		return
	}
	switch err := h.c.take(ctx, h.sink, body); {
	case err == nil:
		h.heard(ctx)
		w.WriteHeader(http.StatusOK)
	case errors.Is(err, errMalformed):
		http.Error(w, "the body is no activity", http.StatusBadRequest)
	case bridges.Pointless(err):
		select {
		case h.fatal <- err:
		default:
		}
		w.WriteHeader(http.StatusOK)
	default:
		h.c.wake() // X may not send it again
		http.Error(w, "the event was not stored", http.StatusInternalServerError)
	}
}
