package telegram

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// secretHeader is what Telegram shows the secret in. https://core.telegram.org/bots/api#setwebhook
const secretHeader = "X-Telegram-Bot-Api-Secret-Token" //nolint:gosec // the name of the header and no credential

const secretKey = "webhook"

// hook is called by Telegram below the account's name: /telegram/bot/updates.
type hook struct{ c *Connector }

func (c *Connector) hookPath() string { return "/" + string(c.deps.Account) + "/updates" }

func (c *Connector) hookURL() string { return c.deps.Public + c.hookPath() }

// receive serves the webhook and tells Telegram where it is, again when that was changed. It stays when Run ends: what comes
// meanwhile waits at Telegram for a day.
func (h hook) receive(ctx context.Context, in *intake) error {
	secret, err := h.c.hookSecret(ctx)
	if err != nil {
		return err
	}
	unmount, err := h.c.deps.Mount(h.c.hookPath(), h.handler(ctx, in, secret))
	if err != nil {
		return &chat.Error{Op: "telegram: mount " + h.c.hookPath(), Kind: chat.Transient, Err: err}
	}
	defer unmount()
	if err := until(ctx, func() error { return h.set(ctx, secret) }); err != nil {
		return err
	}
	tick := time.NewTicker(h.c.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		err := until(ctx, func() error {
			w, err := h.c.webhook(ctx)
			if err == nil && w.URL != h.c.hookURL() {
				err = h.set(ctx, secret)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
}

func (h hook) set(ctx context.Context, secret bridges.Secret) error {
	params := tgbotapi.Params{"url": h.c.hookURL(), "secret_token": secret.Reveal(), "max_connections": hookAtOnce}
	encode(params, "allowed_updates", h.c.kinds())
	return h.c.call(ctx, call{method: "setWebhook", scope: chat.ThisAccount}, params, nil)
}

// hookSecret is the configured secret, or one of our own that is made once.
func (c *Connector) hookSecret(ctx context.Context) (bridges.Secret, error) {
	if !c.cfg.Secret.IsZero() {
		return c.cfg.Secret, nil
	}
	var kept string
	if err := recall(ctx, c.deps.Keep, secretKey, &kept); err != nil {
		return bridges.Secret{}, err
	}
	if !secretForm.MatchString(kept) {
		kept = rand.Text()
		if err := store(ctx, c.deps.Keep, secretKey, kept); err != nil {
			return bridges.Secret{}, err
		}
	}
	return bridges.NewSecret(kept), nil
}

// handler answers 200 only after what is in the call was accepted, and 500 when it was not, so that Telegram sends it again.
// What does not show the secret is not even read.
func (h hook) handler(ctx context.Context, in *intake, secret bridges.Secret) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.Error(w, "only POST", http.StatusMethodNotAllowed)
			return
		}
		if subtle.ConstantTimeCompare([]byte(r.Header.Get(secretHeader)), []byte(secret.Reveal())) != 1 {
			http.Error(w, "the secret is not that of this webhook", http.StatusUnauthorized)
			return
		}
		body, ok := bridges.ReadBody(w, r)
		if !ok {
			return
		}
		if !json.Valid(body) {
			http.Error(w, "the request is not JSON", http.StatusBadRequest)
			return
		}
		// What is taken is taken to the end, even when the caller has gone.
		if err := in.take(ctx, []json.RawMessage{body}); err != nil {
			http.Error(w, "not taken; send it again", http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
}
