package slack

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	slackapi "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/router/chat"
)

const (
	// sockets are open at once: Slack renews each every few hours, and the library closes the old one before it opens the
	// new one. Slack sends each event to one of them. https://docs.slack.dev/apis/events-api/using-socket-mode
	sockets   = 2
	maxFrame  = 4 << 20
	quietTime = 30 * time.Second // without a ping a socket is dead
)

// socket is Socket Mode.
type socket struct{ c *Connector }

func (s socket) receive(ctx context.Context, in *intake) error {
	g, ctx := errgroup.WithContext(ctx)
	var met atomic.Bool
	for range sockets {
		client := socketmode.New(s.c.api, socketmode.OptionReadLimit(maxFrame), socketmode.OptionPingInterval(quietTime))
		g.Go(func() error { return s.connect(ctx, client) })
		g.Go(func() error { return s.listen(ctx, client, in, &met) })
	}
	return g.Wait()
}

// connect keeps one socket open. It returns when ctx ended or Slack will never let us in.
func (s socket) connect(ctx context.Context, client *socketmode.Client) error {
	err := client.RunContext(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	what := call{op: "slack: apps.connections.open", scope: chat.ThisAccount}
	if status, ok := err.(slackapi.StatusCodeError); ok { //nolint:errorlint // RunContext gives it bare, and only for 404
		return &chat.Error{Op: what.op, Kind: chat.Transient, Reason: "Slack does not offer Socket Mode here", Err: status}
	}
	err = s.c.fail(what, err)
	if e, ok := errors.AsType[*chat.Error](err); ok && e.Kind == chat.LoggedOut {
		e.Reason = "Slack does not take the app-level token any more"
	}
	return err
}

// listen hands on what one socket brings, until ctx ends.
func (s socket) listen(ctx context.Context, client *socketmode.Client, in *intake, met *atomic.Bool) error {
	first := true
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e := <-client.Events:
			if e.Type != socketmode.EventTypeHello {
				s.event(ctx, client, in, e)
				continue
			}
			// The first socket of all ends the pause before it. A socket that came back may have been dead for longer
			// than we know, and the other one with it.
			if !met.Swap(true) || !first {
				in.tide.open()
			}
			first = false
		}
	}
}

// event hands on an envelope, also one that the library can't decode.
func (s socket) event(ctx context.Context, client *socketmode.Client, in *intake, e socketmode.Event) {
	var req socketmode.Request
	if bad, is := e.Data.(*socketmode.ErrorBadMessage); is {
		if json.Unmarshal(bad.Message, &req) != nil || req.EnvelopeID == "" {
			s.c.deps.Skip("socket", bad.Message)
			return
		}
	} else if e.Request != nil {
		req = *e.Request
	}
	if req.EnvelopeID != "" {
		s.pass(ctx, client, in, req)
	}
}

// pass hands on one envelope, and confirms it on its socket when it was taken. What was not confirmed Slack sends again, up
// to three times.
func (s socket) pass(ctx context.Context, client *socketmode.Client, in *intake, req socketmode.Request) {
	in.begin(ctx, delivery{kind: req.Type, payload: req.Payload}, func(err error) {
		if err == nil {
			_ = client.SendCtx(ctx, socketmode.Response{EnvelopeID: req.EnvelopeID}) // fails when ctx ended; then it comes again
		}
	})
}
