package x

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/router/chat"
)

const (
	mostLine     = 1 << 20 // bytes of one event
	mostBackfill = 5       // minutes

	reconcileTime = 20 * time.Second
)

// stream keeps one connection to the activity stream until ctx ends or going on is pointless. X allows two in all for an
// app, so of several accounts of one app only one can use it.
func (c *Connector) stream(ctx context.Context, sink chat.Sink, self string) error {
	if err := c.persist(ctx, func(ctx context.Context) error { return c.subscribe(ctx, self, "") }); err != nil {
		return err
	}
	wait := bridges.Backoff{First: c.pace.first, Most: c.pace.most}
	s := session{c: c, sink: sink}
	for {
		heard, err := s.run(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if bridges.Pointless(err) {
			return err
		}
		if heard {
			wait.Reset()
		} else {
			c.wake() // nothing comes by stream for now
		}
		next := wait.After(err)
		c.log.LogAttrs(ctx, slog.LevelDebug, "stream lost", slog.String("kind", chat.KindOf(err).String()), slog.Duration("wait", next))
		if err := bridges.Sleep(ctx, next); err != nil {
			return err
		}
	}
}

// session is one connection after the other.
type session struct {
	c        *Connector
	sink     chat.Sink
	heard    time.Time // when X was last heard; zero: never
	unfilled bool      // X does not give this app what it missed
}

// run is one connection, from its first to its last byte. heard says that it worked, and may be made again soon. What was missed is polled before the first event is taken in,
// so that order holds; when polling takes too long, the events don't wait for it.
func (s *session) run(ctx context.Context) (heard bool, err error) {
	resp, err := s.open(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = resp.Body.Close() }()
	s.c.reconcile(ctx, s.sink)
	// X writes a blank line every 20 seconds. A connection that is silent for three of them is dead.
	silent := time.AfterFunc(s.c.pace.quiet, func() { _ = resp.Body.Close() })
	defer silent.Stop()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 0, 64<<10), mostLine)
	for lines.Scan() {
		silent.Reset(s.c.pace.quiet)
		if err := s.line(ctx, bytes.TrimSpace(lines.Bytes())); err != nil {
			return false, err // the store fails, and would fail again at once
		}
		heard, s.heard = true, s.c.now()
	}
	if err := lines.Err(); err != nil {
		// A line that is too long would come again by backfill at once.
		return heard && !errors.Is(err, bufio.ErrTooLong), fmt.Errorf("x: stream: %w", bridges.RedactError(err, s.c.api.Secrets()...))
	}
	return heard, fmt.Errorf("x: stream: %w", io.EOF)
}

// reconcile polls what the live way in has missed. What takes too long is left to the next poll.
func (c *Connector) reconcile(ctx context.Context, sink chat.Sink) {
	ctx, cancel := context.WithTimeout(ctx, reconcileTime)
	defer cancel()
	if c.catchUp(ctx, sink) != nil || c.catchUpChat(ctx, sink) != nil {
		c.wake()
	}
}

// line takes in one line. An error of the sink ends the connection: what comes after must not overtake.
func (s *session) line(ctx context.Context, line []byte) error {
	if len(line) == 0 {
		return nil
	}
	err := s.c.take(ctx, s.sink, line)
	if errors.Is(err, errMalformed) {
		s.c.skip("activity", line)
		return nil
	}
	return err
}

// open connects, and asks for what was missed since X was last heard.
func (s *session) open(ctx context.Context) (*http.Response, error) {
	r := api.Request{Op: "x: stream", Method: http.MethodGet, Path: "/2/activity/stream", App: true}
	if !s.heard.IsZero() && !s.unfilled {
		missed := int(s.c.now().Sub(s.heard)/time.Minute) + 1
		r.Query = url.Values{"backfill_minutes": {strconv.Itoa(min(missed, mostBackfill))}}
	}
	resp, err := s.c.api.OpenLong(ctx, r)
	if err != nil && r.Query != nil && bridges.Pointless(err) {
		s.unfilled = true // some apps may not; polling fills the gap
		r.Query = nil
		return s.c.api.OpenLong(ctx, r)
	}
	return resp, err
}

// subscription is what the app wants to hear about a user.
type subscription struct {
	ID        string             `json:"subscription_id,omitempty"`
	EventType string             `json:"event_type"`
	Filter    subscriptionFilter `json:"filter"`
	Tag       string             `json:"tag,omitempty"`
	WebhookID string             `json:"webhook_id,omitempty"`
}

type subscriptionFilter struct {
	UserID    string `json:"user_id,omitempty"`
	Direction string `json:"direction,omitempty"`
}

type subscriptionsAnswer struct {
	Data []subscription `json:"data"`
	Meta struct {
		NextToken string `json:"next_token"`
	} `json:"meta"`
}

// wanted is the kinds of event to hear; with those of encrypted messages, if sealed.
func wanted(sealed bool) []wish {
	all := []wish{{kind: "dm.received", message: true}, {kind: "dm.sent", message: true}, {kind: "dm.read"}, {kind: "dm.indicate_typing"}}
	if sealed {
		all = append(all,
			wish{kind: "chat.received"}, wish{kind: "chat.sent"}, wish{kind: "chat.conversation.join", former: "chat.conversation_join"})
	}
	return all
}

// wish is a kind of event to hear.
type wish struct {
	kind    string
	former  string // how X spelled it before; it takes that, too, and answers with kind
	message bool   // nothing works without it
}

// subscribe makes the subscriptions that are missing. hook is the webhook that should be called; empty: the stream. Signs
// of life that can't be subscribed to are done without.
func (c *Connector) subscribe(ctx context.Context, self, hook string) error {
	have, err := c.subscriptions(ctx, self, hook)
	if err != nil {
		return err
	}
	for _, w := range wanted(c.chat.Load() != nil) {
		if have[w.kind] || have[w.former] {
			continue
		}
		s := subscription{EventType: w.kind, Filter: subscriptionFilter{UserID: self}, Tag: "roost", WebhookID: hook}
		err := c.createSubscription(ctx, s)
		if err != nil && w.former != "" && bridges.Pointless(err) {
			s.EventType = w.former
			err = c.createSubscription(ctx, s)
		}
		if err != nil && (w.message || !bridges.Pointless(err)) {
			return err
		}
	}
	return nil
}

// subscriptions is the kinds of event that are subscribed to for the account.
func (c *Connector) subscriptions(ctx context.Context, self, hook string) (map[string]bool, error) {
	have := map[string]bool{}
	q := url.Values{"max_results": {"1000"}}
	for range mostPages {
		var got subscriptionsAnswer
		r := api.Request{Op: "x: look up subscriptions", Method: http.MethodGet, Path: "/2/activity/subscriptions", Query: q, App: true}
		if _, err := c.api.Call(ctx, r, &got); err != nil {
			return nil, err
		}
		for _, s := range got.Data {
			if s.Filter.UserID == self && s.Filter.Direction == "" && (s.WebhookID == hook || hook == "") {
				have[s.EventType] = true
			}
		}
		if got.Meta.NextToken == "" {
			break
		}
		q.Set("pagination_token", got.Meta.NextToken)
	}
	return have, nil
}

// createSubscription subscribes as the user, whose private events they are, and as the app where X wants that.
func (c *Connector) createSubscription(ctx context.Context, s subscription) error {
	r := api.Request{Op: "x: subscribe", Method: http.MethodPost, Path: "/2/activity/subscriptions", JSON: s}
	var got json.RawMessage
	_, err := c.api.Call(ctx, r, &got)
	if err == nil || !bridges.Pointless(err) {
		return err
	}
	r.App = true
	if _, appErr := c.api.Call(ctx, r, &got); appErr != nil {
		return err // the user's answer says more
	}
	return nil
}
