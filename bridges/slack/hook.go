package slack

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	maxSkew   = 5 * time.Minute
	noRetries = "X-Slack-No-Retry"
)

// hook is the Events API over HTTP. Events and interactivity have one path each below the account's name:
// /slack/team/events and /slack/team/interactivity.
type hook struct{ c *Connector }

func (h hook) receive(ctx context.Context, in *intake) error {
	base := "/" + string(h.c.deps.Account)
	for path, read := range map[string]func([]byte) (delivery, string, error){
		base + "/events": readEvent, base + "/interactivity": readInteraction,
	} {
		unmount, err := h.c.deps.Mount(path, h.handler(ctx, in, read))
		if err != nil {
			return &chat.Error{Op: "slack: mount " + path, Kind: chat.Transient, Err: err}
		}
		defer unmount()
	}
	in.tide.open()
	<-ctx.Done()
	return ctx.Err()
}

// handler answers 200 only after everything in the request was accepted, and 500 when it was not, so that Slack sends it
// again. What is not signed by Slack is not even decoded.
func (h hook) handler(ctx context.Context, in *intake, read func([]byte) (delivery, string, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.Error(w, "only POST", http.StatusMethodNotAllowed)
			return
		}
		body, ok := bridges.ReadBody(w, r)
		if !ok {
			return
		}
		if err := h.signed(r.Header, body); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		d, challenge, err := read(body)
		if err != nil {
			w.Header().Set(noRetries, "1")
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if challenge != "" {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			_, _ = io.WriteString(w, challenge) // nobody hears it fail
			return
		}
		end := make(chan error, 1)
		in.begin(ctx, d, func(err error) { end <- err })
		if err := <-end; err != nil {
			http.Error(w, "not taken; send it again", http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
}

// signed returns nil when Slack signed the body within the last five minutes.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
func (h hook) signed(header http.Header, body []byte) error {
	at := header.Get("X-Slack-Request-Timestamp")
	sec, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return errors.New("there is no X-Slack-Request-Timestamp")
	}
	if age := h.c.now().Sub(time.Unix(sec, 0)); age > maxSkew || age < -maxSkew {
		return errors.New("the request is older than five minutes")
	}
	sum, found := strings.CutPrefix(header.Get("X-Slack-Signature"), "v0=")
	given, err := hex.DecodeString(sum)
	if err != nil || !found {
		return errors.New("there is no X-Slack-Signature")
	}
	if !bridges.Sealed(given, h.c.cfg.SigningSecret, []byte("v0:"+at+":"), body) {
		return errors.New("the signature is not that of the signing secret")
	}
	return nil
}

// readEvent reads a request of the Events API, or gives the challenge that proves who owns the address.
func readEvent(body []byte) (d delivery, challenge string, err error) {
	var cb callback
	if err := json.Unmarshal(body, &cb); err != nil {
		return delivery{}, "", errors.New("the request is not JSON")
	}
	switch cb.Type {
	case "url_verification":
		if cb.Challenge == "" {
			return delivery{}, "", errors.New("there is no challenge")
		}
		return delivery{}, cb.Challenge, nil
	case "":
		return delivery{}, "", errors.New("the request has no type")
	}
	return delivery{kind: "events_api", payload: body}, "", nil
}

// readInteraction reads the form of an interaction.
func readInteraction(body []byte) (d delivery, challenge string, err error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return delivery{}, "", errors.New("the request is no form")
	}
	payload := form.Get("payload")
	if payload == "" || !json.Valid([]byte(payload)) {
		return delivery{}, "", errors.New("the form has no payload")
	}
	return delivery{kind: "interactive", payload: json.RawMessage(payload)}, "", nil
}
