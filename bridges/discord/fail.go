package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// Codes of Discord's that are asked for by name.
// https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
const (
	unknownChannel = 10003
	unknownMessage = 10008
	unknownEmoji   = 10014
	unknownWebhook = 10015
	tooManyHooks   = 30007
	tooManyInGuild = 30058
	missingAccess  = 50001
	missingRight   = 50013
	badHookToken   = 50027
	archivedThread = 50083
	hasThread      = 160004
	acknowledged   = 40060
)

// problem is what Discord said against a call.
type problem struct {
	Status  int             `json:"-"`
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Errors  json.RawMessage `json:"errors"`
}

// Error is the status and Discord's words.
func (p *problem) Error() string {
	return fmt.Sprintf("HTTP %d: %s (%d)", p.Status, p.Message, p.Code)
}

// said is Discord's own code in err; 0 when there is none.
func said(err error) int {
	if p, ok := errors.AsType[*problem](err); ok {
		return p.Code
	}
	return 0
}

// fail makes the *chat.Error of a failed call, whose Kind says what shall follow. It holds no token and no address. When the
// token turns out to be invalid it also ends Run.
func (c *Connector) fail(r request, h *hearing, err error) error {
	e := &chat.Error{Op: r.op}
	var onWire *url.Error
	switch {
	case h.status == http.StatusTooManyRequests:
		e.Kind, e.Wait, e.Scope = chat.Throttled, throttle(h, err), scope(h)
		e.Err = errors.New("HTTP 429")
	case h.status >= http.StatusBadRequest:
		p := c.problem(h, err)
		e.Kind, e.Reason = judge(p, r.once, h.page)
		e.Wait, e.Scope = pause(p, h.page)
		e.Err = p
	default:
		e.Err = bridges.RedactError(err, c.cfg.Token)
		if bridges.MayHaveArrived(err) || !errors.As(err, &onWire) && !ended(err) && h.status != 0 {
			// The request left, or its answer was no answer of Discord's.
			e.Kind = either(r.once, chat.Uncertain, chat.Transient)
		}
	}
	if e.Kind == chat.LoggedOut {
		c.logout(e)
	}
	return e
}

func (c *Connector) problem(h *hearing, err error) *problem {
	p := &problem{Status: h.status, Message: http.StatusText(h.status)}
	if rest, ok := errors.AsType[*discordgo.RESTError](err); ok {
		var q problem
		if json.Unmarshal(rest.ResponseBody, &q) == nil && q.Message != "" {
			q.Status = h.status
			q.Message = bridges.Redact(clip(q.Message, 200), c.cfg.Token)
			return &q
		}
	}
	return p
}

func either(is bool, yes, no chat.Kind) chat.Kind {
	if is {
		return yes
	}
	return no
}

func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// throttle is how long Discord, or the Cloudflare before it, wants us to wait.
func throttle(h *hearing, err error) time.Duration {
	if limited, ok := errors.AsType[*discordgo.RateLimitError](err); ok && limited.RateLimit != nil && limited.TooManyRequests != nil && limited.RetryAfter > 0 {
		return limited.RetryAfter
	}
	return seconds(h.header.Get("Retry-After"))
}

// seconds reads a number of seconds; 0 when it is none.
func seconds(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 1e6 {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

// scope is what a 429 covers: the global limit and Cloudflare's the whole account, all others a route.
func scope(h *hearing) chat.Scope {
	if h.page || h.header.Get("X-RateLimit-Global") != "" || h.header.Get("X-RateLimit-Scope") == "global" {
		return chat.ThisAccount
	}
	return chat.ThisConversation
}

// judge reads what Discord said. What vanished is Gone, so that whoever needs it opens another; what is there and closed to us
// is Refused, because another thread in it would fail as well.
func judge(p *problem, once, page bool) (chat.Kind, string) {
	if p.Status == http.StatusUnauthorized && p.Code != badHookToken {
		return chat.LoggedOut, "Discord does not take the bot's token any more"
	}
	if reason := slower(p, page); reason != "" {
		return chat.Throttled, reason
	}
	if slices.Contains([]int{40004, 40006, 130000}, p.Code) || p.Status == http.StatusRequestTimeout {
		return chat.Transient, ""
	}
	if p.Status >= http.StatusInternalServerError {
		return either(once, chat.Uncertain, chat.Transient), ""
	}
	if p.Code == 0 && p.Status == http.StatusNotFound {
		return chat.Transient, "Discord knows no such address; is api_url right?"
	}
	if reason := gone(p.Code); reason != "" {
		return chat.Gone, reason
	}
	return chat.Refused, p.refusal()
}

// slower is why Discord wants us to wait, where it does not say so with 429; empty when it does not want that.
func slower(p *problem, page bool) string {
	switch {
	case p.Status == http.StatusForbidden && page && p.Code == 0:
		return "Discord's firewall keeps this address out for now"
	case p.Code == 20028, p.Code == 20029:
		return "Discord takes no more messages here for now"
	case p.Code == 30046:
		return "Discord takes no more edits of messages older than an hour for now"
	case p.Code == 40003:
		return "Discord lets the bot open no more direct messages for now"
	}
	return ""
}

// pause is how long to wait where Discord names no time.
func pause(p *problem, page bool) (time.Duration, chat.Scope) {
	switch {
	case p.Status == http.StatusForbidden && page && p.Code == 0:
		return 5 * time.Minute, chat.ThisAccount
	case p.Code == 40003 || p.Code == 20029:
		return time.Minute, chat.ThisAccount
	case p.Code == 30046 || p.Code == 20028:
		return time.Minute, chat.ThisConversation
	}
	return 0, chat.ThisConversation
}

// gone is why something is not there; empty when it is.
func gone(code int) string {
	switch code {
	case unknownChannel:
		return "the channel or thread does not exist any more"
	case 10004:
		return "the bot is not in this server any more"
	case unknownMessage:
		return "the message does not exist any more"
	case 10013:
		return "the person does not exist at Discord any more"
	case unknownWebhook, badHookToken:
		return "the webhook does not exist any more"
	case 10062:
		return "it was answered too late"
	}
	return ""
}

// refusal is a code of Discord's as a sentence.
func (p *problem) refusal() string {
	known := map[int]string{
		unknownEmoji:   "Discord does not know the emoji, or the bot can't use it here",
		20009:          "Discord took it for explicit content",
		30003:          "the channel has as many pins as Discord takes",
		tooManyHooks:   "the channel has as many webhooks as Discord takes",
		tooManyInGuild: "the server has as many webhooks as Discord takes",
		30010:          "the message has as many reactions as Discord takes",
		40005:          "it is larger than Discord takes",
		50045:          "a file is larger than this server takes",
		40058:          "a forum takes posts only, no messages",
		40067:          "the forum wants a tag on every post, and the bot has none to give",
		missingAccess:  "the bot can't see this channel, or was removed from it",
		50003:          "that can't be done in a direct message",
		50005:          "only the bot's own messages can be changed",
		50006:          "there is nothing to say",
		50007:          "this person does not accept direct messages from the bot",
		50278:          "this person shares no server with the bot any more",
		50008:          "messages can't be written in this channel",
		50009:          "the server's verification level keeps the bot out",
		missingRight:   "the bot lacks a permission for that in this channel",
		50024:          "that can't be done in a channel of this kind",
		archivedThread: "the thread is archived",
		90001:          "this person has blocked the bot, so it can't react",
		160002:         "the bot lacks the permission Read Message History, so it can't reply",
		160005:         "the thread is locked",
		160006:         "the server has as many active threads as Discord takes",
		160007:         "the channel has as many announcement threads as Discord takes",
		200000:         "the server's AutoMod blocked it",
		200001:         "the server's AutoMod blocked the title",
		240000:         "Discord blocked a link in it as harmful",
		400001:         "this server takes no files for now",
	}
	if s := known[p.Code]; s != "" {
		return s
	}
	if p.Status == http.StatusRequestEntityTooLarge {
		return known[40005]
	}
	if p.Code == 50035 {
		return strings.TrimSuffix("Discord can't show this: "+strings.Join(faults(p.Errors), "; "), ": ")
	}
	return "Discord says: " + p.Message
}

// faults lists the sentences in the tree of errors that comes with an invalid form.
// https://docs.discord.com/developers/reference#error-messages
func faults(raw json.RawMessage) []string {
	var found []string
	var walk func(raw json.RawMessage, depth int)
	walk = func(raw json.RawMessage, depth int) {
		var list []struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(raw, &list) == nil {
			for _, one := range list {
				if len(found) < 3 && one.Message != "" {
					found = append(found, clip(one.Message, 120))
				}
			}
			return
		}
		var tree map[string]json.RawMessage
		if depth > 8 || json.Unmarshal(raw, &tree) != nil {
			return
		}
		for _, key := range sorted(tree) {
			walk(tree[key], depth+1)
		}
	}
	walk(raw, 0)
	return found
}

// logout has Run end with e, and spares Discord further calls with a token that it does not take.
func (c *Connector) logout(e *chat.Error) {
	c.guard.shut(e, c.now())
	c.mu.Lock()
	lost := c.lost
	c.mu.Unlock()
	if lost != nil {
		lost(e)
	}
}

// refused is an error that no repeat can mend.
func refused(op, reason string) error {
	return &chat.Error{Op: op, Kind: chat.Refused, Reason: reason}
}

// tries is how calls that may be repeated are spaced out.
func tries() bridges.Backoff {
	return bridges.Backoff{First: 250 * time.Millisecond, Most: 30 * time.Second}
}
