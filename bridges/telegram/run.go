package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// pollTime is how long Telegram may keep a poll when there is nothing: its server cuts longer ones.
// https://github.com/tdlib/telegram-bot-api
const pollTime = 50 * time.Second

const (
	maxPage       = 100                  // updates of one poll: https://core.telegram.org/bots/api#getupdates
	maxConflicts  = 3                    // polls in a row that another one broke off, before Run gives up
	offsetLife    = 6 * 24 * time.Hour   // after a week without updates their numbers begin anew, somewhere else
	hookEvery     = time.Minute          // how often it is looked whether the webhook is still there
	hookAtOnce    = "10"                 // calls of the webhook at once, of different chats; Telegram keeps the order within a chat
	webhookActive = "webhook is active"  // what a poll is told while there is a webhook
	pollAgain     = 5 * time.Millisecond // the least between two polls that brought something and moved nothing
)

// kinds are the updates that we want to be given. What is not named here is not sent at all.
// https://core.telegram.org/bots/api#update
func (c *Connector) kinds() []string {
	kinds := []string{
		"message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message",
		"edited_business_message", "deleted_business_messages", "message_reaction", "callback_query", "my_chat_member",
	}
	if c.cfg.ChatMembers {
		kinds = append(kinds, "chat_member")
	}
	return kinds
}

// receiver is a way in. receive blocks until ctx ends, and confirms updates after in.take has returned nil for them.
type receiver interface {
	receive(ctx context.Context, in *intake) error
}

// Run receives until ctx ends. It returns nil then, and an error when the token is not valid any more (chat.LoggedOut) or
// another program takes the updates. Telegram is told that an update arrived only after Accept returned nil for it.
func (c *Connector) Run(ctx context.Context, sink chat.Sink) error {
	within, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c.mu.Lock()
	c.lost, c.self = stop, nil // whose token it is, and whether it is valid, is asked anew
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lost = nil
	}()
	err := c.run(within, sink)
	var lost *chat.Error
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.As(context.Cause(within), &lost):
		return lost
	}
	return err
}

func (c *Connector) run(ctx context.Context, sink chat.Sink) error {
	in, err := c.newIntake(ctx, sink)
	if err != nil {
		return err
	}
	var way receiver = polls{c: c}
	if c.cfg.Receive == Webhook {
		way = hook{c: c}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return way.receive(ctx, in) })
	g.Go(func() error { return in.release(ctx) })
	g.Go(func() error { c.signs().Follow(ctx); return nil })
	err = g.Wait()
	in.close()
	return err
}

// until tries again and again, as long as trying is not pointless.
func until(ctx context.Context, try func() error) error {
	wait := tries()
	for {
		err := try()
		if err == nil {
			return nil
		}
		if err := wait.Wait(ctx, err); err != nil {
			return err
		}
	}
}

// polls fetches updates from Telegram.
type polls struct{ c *Connector }

func (p polls) receive(ctx context.Context, in *intake) error {
	if err := until(ctx, func() error { return p.c.dropWebhook(ctx) }); err != nil {
		return err
	}
	wait, conflicts := tries(), 0
	for {
		err := p.round(ctx, in)
		if err == nil {
			wait.Reset()
			conflicts = 0
			continue
		}
		if a := said(err); a.Code == 409 {
			if conflicts++; conflicts > maxConflicts {
				return err
			}
			if a.has(webhookActive) {
				err = errors.Join(err, p.c.dropWebhook(ctx))
			}
		}
		if err := wait.Wait(ctx, err); err != nil {
			return err
		}
	}
}

// round takes one page of updates. Telegram forgets those before the offset, which are stored then.
func (p polls) round(ctx context.Context, in *intake) error {
	params := tgbotapi.Params{"timeout": decimal(int64(pollTime / time.Second)), "limit": decimal(maxPage)}
	encode(params, "allowed_updates", p.c.kinds())
	before := in.next()
	if before != 0 {
		params["offset"] = decimal(before)
	}
	var page []json.RawMessage
	what := call{method: "getUpdates", scope: chat.ThisAccount, within: pollTime + callTime}
	if err := p.c.call(ctx, what, params, &page); err != nil {
		return err
	}
	if len(page) == 0 {
		return nil
	}
	if err := in.take(ctx, page); err != nil {
		return err
	}
	if in.next() == before { // nothing in it had a number, which Telegram never does
		return bridges.Sleep(ctx, pollAgain)
	}
	return nil
}

// webhook is what Telegram knows of it: https://core.telegram.org/bots/api#webhookinfo
type webhook struct {
	URL     string `json:"url"`
	Pending int    `json:"pending_update_count"`
	Error   string `json:"last_error_message"`
	At      int64  `json:"last_error_date"`
}

func (c *Connector) webhook(ctx context.Context) (webhook, error) {
	var w webhook
	err := c.call(ctx, call{method: "getWebhookInfo", scope: chat.ThisAccount}, nil, &w)
	return w, err
}

// dropWebhook removes a webhook if there is one, because nothing can be polled while there is. What waits is kept.
func (c *Connector) dropWebhook(ctx context.Context) error {
	w, err := c.webhook(ctx)
	if err != nil || w.URL == "" {
		return err
	}
	return c.call(ctx, call{method: "deleteWebhook", scope: chat.ThisAccount}, nil, nil)
}

// mark is the cursor: the offset to go on from, and when it was last moved.
type mark struct {
	Next int64     `json:"next"`
	At   time.Time `json:"at"`
}

// readMark reads a cursor. An old one is none: Telegram has forgotten what was before it, and may count anew from less.
func readMark(stored []byte, now time.Time) (mark, error) {
	var m mark
	if len(stored) == 0 {
		return m, nil
	}
	if err := json.Unmarshal(stored, &m); err != nil {
		return m, fmt.Errorf("telegram: the cursor can't be read: %w", err)
	}
	if now.Sub(m.At) > offsetLife {
		m.Next = 0
	}
	return m, nil
}

func (m mark) bytes() []byte {
	raw, _ := json.Marshal(m) // a number and a time always encode
	return raw
}
