package x

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/router/chat"
)

const (
	keepHeard   = "webhook"
	heardEvery  = time.Minute    // how often it is kept that the webhook was heard
	mostReplay  = 24 * time.Hour // X sends again what is not older
	replayForm  = "200601021504"
	replaySlack = 2 * time.Minute
)

// webhookConfig is a webhook as X knows it.
type webhookConfig struct {
	ID    string `json:"id"`
	URL   string `json:"url"`
	Valid bool   `json:"valid"`
}

type webhooksAnswer struct {
	Data []webhookConfig `json:"data"`
}

type webhookAnswer struct {
	Data webhookConfig `json:"data"`
}

type replayOrder struct {
	WebhookID string `json:"webhook_id"`
	From      string `json:"from_date"`
	To        string `json:"to_date"`
}

// webhook takes X's calls until ctx ends or going on is pointless: it mounts the handler, has X call it, and looks from
// time to time whether X still does.
func (c *Connector) webhook(ctx context.Context, sink chat.Sink, self string) error {
	seen := &sightings{c: c}
	last := seen.last(ctx)
	h := &hook{c: c, sink: sink, fatal: make(chan error, 1), heard: seen.now, ready: make(chan struct{})}
	serve := func(w http.ResponseWriter, r *http.Request) { h.serve(ctx, w, r) }
	unmount, err := c.mount(c.cfg.WebhookPath, http.HandlerFunc(serve))
	if err != nil {
		return &chat.Error{Op: "x: mount webhook", Kind: chat.Refused, Err: err}
	}
	defer h.shut()
	defer unmount()
	var id string
	err = c.persist(ctx, func(ctx context.Context) (err error) {
		id, err = c.register(ctx)
		if err == nil {
			return c.subscribe(ctx, self, id)
		}
		if errors.Is(err, errUnregistered) {
			// Somebody is to register it by hand: until then it stays mounted, to answer X's challenge, and is polled.
			c.log.LogAttrs(ctx, slog.LevelWarn, "webhook not registered", slog.Any("error", err))
			c.reconcile(ctx, sink)
		}
		return err
	})
	if err != nil {
		return err
	}
	c.reconcile(ctx, sink)
	close(h.ready)
	seen.now(ctx)
	seen.replay(ctx, id, last)
	for {
		timer := time.NewTimer(c.pace.check)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case err := <-h.fatal:
			timer.Stop()
			return err
		case <-timer.C:
		}
		if _, err := c.register(ctx); err != nil {
			if bridges.Pointless(err) {
				return err
			}
			continue
		}
		seen.now(ctx)
	}
}

// errUnregistered says that X knows no webhook of the account, and that we don't know the address to register one.
var errUnregistered = errors.New("no webhook is registered")

// register finds the account's webhook, or makes it, and has X check it when X stopped calling.
func (c *Connector) register(ctx context.Context) (id string, err error) {
	w, ok, err := c.registered(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case ok && w.Valid:
		return w.ID, nil
	case ok:
		return w.ID, c.revive(ctx, w.ID)
	case c.cfg.WebhookURL == "":
		return "", &chat.Error{
			Op: "x: look up webhook", Kind: chat.Transient, Err: errUnregistered,
			Reason: "the app has no webhook that ends in " + c.cfg.WebhookPath + "; set webhook_url",
		}
	}
	var got webhookAnswer
	r := api.Request{Op: "x: register webhook", Method: http.MethodPost, Path: "/2/webhooks", JSON: map[string]string{"url": c.cfg.WebhookURL}, App: true}
	_, err = c.api.Call(ctx, r, &got)
	if api.StatusOf(err) == http.StatusBadRequest && c.otherKey() {
		_, err = c.api.Call(ctx, r, &got)
	}
	return got.Data.ID, err
}

// revive has X check a webhook that it does not call any more.
func (c *Connector) revive(ctx context.Context, id string) error {
	for {
		var got webhookAnswer
		r := api.Request{Op: "x: check webhook", Method: http.MethodPut, Path: "/2/webhooks/" + url.PathEscape(id), App: true}
		_, err := c.api.Call(ctx, r, &got)
		if err == nil && got.Data.Valid {
			return nil
		}
		if err != nil && api.StatusOf(err) != http.StatusBadRequest {
			return err
		}
		if !c.former.Load() && c.otherKey() {
			continue
		}
		c.log.LogAttrs(ctx, slog.LevelWarn, "webhook is not valid", slog.String("path", c.cfg.WebhookPath))
		return err
	}
}

// registered is the account's webhook as X knows it.
func (c *Connector) registered(ctx context.Context) (w webhookConfig, ok bool, err error) {
	var got webhooksAnswer
	q := url.Values{"webhook_config.fields": {"id,url,valid"}}
	if _, err := c.api.Call(ctx, api.Request{Op: "x: look up webhook", Method: http.MethodGet, Path: "/2/webhooks", Query: q, App: true}, &got); err != nil {
		return webhookConfig{}, false, err
	}
	for _, w := range got.Data {
		u, err := url.Parse(w.URL)
		if err != nil {
			continue
		}
		same := strings.TrimSuffix(w.URL, "/") == strings.TrimSuffix(c.cfg.WebhookURL, "/")
		if same || c.cfg.WebhookURL == "" && strings.HasSuffix(u.Path, c.cfg.WebhookPath) {
			return w, true, nil
		}
	}
	return webhookConfig{}, false, nil
}

// sightings is when the webhook was last known to be called.
type sightings struct {
	c *Connector

	mu   sync.Mutex
	kept time.Time
}

// now keeps that X calls, once a minute.
func (s *sightings) now(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.c.now().UTC()
	if now.Sub(s.kept) < heardEvery {
		return
	}
	if b, err := now.MarshalText(); err == nil && s.c.keep.Keep(ctx, keepHeard, b) == nil {
		s.kept = now
	}
}

// last is when X was known to call before this run; zero: never.
func (s *sightings) last(ctx context.Context) time.Time {
	var last time.Time
	b, err := s.c.keep.Kept(ctx, keepHeard)
	if err != nil || b == nil || last.UnmarshalText(b) != nil {
		return time.Time{}
	}
	return last
}

// replay has X send again what it sent while nobody listened. When X won't, the poll that every start begins with still
// finds the messages.
func (s *sightings) replay(ctx context.Context, id string, last time.Time) {
	c := s.c
	if last.IsZero() {
		return // nothing was missed
	}
	now := c.now().UTC()
	from := last.Add(-replaySlack)
	if earliest := now.Add(-mostReplay + replaySlack); from.Before(earliest) {
		from = earliest
	}
	// X counts in minutes, so the running one is asked for by its end, or left out where X does not take that.
	for _, to := range []time.Time{now.Add(time.Minute), now} {
		order := replayOrder{WebhookID: id, From: from.Format(replayForm), To: to.Format(replayForm)}
		var got json.RawMessage
		_, err := c.api.Call(ctx, api.Request{Op: "x: replay", Method: http.MethodPost, Path: "/2/webhooks/replay", JSON: order, App: true}, &got)
		if err != nil {
			c.log.LogAttrs(ctx, slog.LevelDebug, "no replay", slog.String("kind", chat.KindOf(err).String()))
		}
		if api.StatusOf(err) != http.StatusBadRequest {
			return
		}
	}
}
