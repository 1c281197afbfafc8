package telegram

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// answer is an error as the Bot API says it.
type answer struct {
	Code        int
	Description string
	RetryAfter  time.Duration
	Migrate     int64 // the group has this number now
}

// Error is the description.
func (a *answer) Error() string {
	return firstOf(a.Description, http.StatusText(a.Code), "no reason given")
}

// has says whether the description has one of these parts. Telegram's errors have no other name.
func (a *answer) has(parts ...string) bool {
	low := strings.ToLower(a.Description)
	for _, p := range parts {
		if strings.Contains(low, p) {
			return true
		}
	}
	return false
}

// said is what Telegram said in err; nothing when it said nothing.
func said(err error) *answer {
	if a, ok := errors.AsType[*answer](err); ok {
		return a
	}
	return &answer{}
}

// fail makes the *chat.Error of a failed call, whose Kind says what shall follow. It holds no token and no address. When
// the token turns out to be invalid it also ends Run.
func (c *Connector) fail(what call, status int, resp *tgbotapi.APIResponse, err error) error {
	e := &chat.Error{Op: "telegram: " + what.method, Scope: what.scope}
	var onWire *url.Error
	switch a := heard(status, resp); {
	case a != nil:
		e.Err = a
		e.Kind, e.Reason = judge(a, what.once)
		e.Wait = a.RetryAfter
		a.Description = bridges.Redact(a.Description, c.cfg.Token, c.cfg.Secret)
	case bridges.MayHaveArrived(err), !errors.As(err, &onWire):
		// The request left, or its answer was no answer of Telegram's.
		e.Kind = either(what.once, chat.Uncertain, chat.Transient)
		e.Err = bridges.RedactError(err, c.cfg.Token, c.cfg.Secret)
	default:
		e.Err = bridges.RedactError(err, c.cfg.Token, c.cfg.Secret)
	}
	if e.Kind == chat.LoggedOut {
		c.mu.Lock()
		lost := c.lost
		c.mu.Unlock()
		if lost != nil {
			lost(e)
		}
	}
	return e
}

// heard is the error that Telegram, or a proxy before it, answered; nil when nobody did. The library keeps no code of errors
// of uploads, so it is read from the answer.
func heard(status int, resp *tgbotapi.APIResponse) *answer {
	if resp != nil && !resp.Ok && (resp.ErrorCode != 0 || resp.Description != "") {
		a := &answer{Code: firstOf(resp.ErrorCode, status), Description: resp.Description}
		if p := resp.Parameters; p != nil {
			a.RetryAfter, a.Migrate = time.Duration(p.RetryAfter)*time.Second, p.MigrateToChatID
		}
		return a
	}
	if status >= http.StatusMultipleChoices {
		return &answer{Code: status}
	}
	return nil
}

func either(is bool, yes, no chat.Kind) chat.Kind {
	if is {
		return yes
	}
	return no
}

const conflictReason = "another program reads this bot's messages with the same token; stop it, or make a bot for each"

// judge reads an error. What vanished is Gone, so that whoever needs it makes another; what is there and closed to us is
// Refused, because another topic in it would fail as well.
func judge(a *answer, once bool) (chat.Kind, string) {
	switch code := a.Code; {
	case a.RetryAfter > 0:
		return chat.Throttled, ""
	case code >= http.StatusInternalServerError:
		return either(once, chat.Uncertain, chat.Transient), ""
	case code < http.StatusBadRequest: // a redirect is none of Telegram's
		return chat.Transient, ""
	}
	for _, r := range refusals() {
		if a.has(r.part) {
			return r.kind, r.reason
		}
	}
	switch a.Code {
	case http.StatusTooManyRequests:
		return chat.Throttled, ""
	case http.StatusUnauthorized:
		return chat.LoggedOut, "Telegram does not take the bot's token any more"
	case http.StatusNotFound:
		return chat.LoggedOut, "Telegram knows no bot with this token, or api_url is wrong"
	case http.StatusConflict:
		return chat.Transient, conflictReason
	case http.StatusRequestEntityTooLarge:
		return chat.Refused, "the file is larger than Telegram takes"
	}
	_, plain, found := strings.Cut(a.Description, ": ")
	if !found {
		plain = a.Description
	}
	return chat.Refused, "Telegram says: " + firstOf(plain, http.StatusText(a.Code))
}

// refusal is a part of Telegram's description, in lower case, and what it means.
type refusal struct {
	part   string
	kind   chat.Kind
	reason string
}

const messageGone = "the message does not exist any more"

// refusals are what Telegram says, as its server's source has it: https://github.com/tdlib/telegram-bot-api and
// https://github.com/tdlib/td.
func refusals() []refusal {
	const topicGone, tooLong = "the topic does not exist any more", "the message is too long for Telegram"
	return []refusal{
		{"method not found", chat.Refused, "the Bot API server is too old for that"},
		{"bot was blocked by the user", chat.Refused, "this person blocked the bot"},
		{"user is deactivated", chat.Gone, "this person's account does not exist any more"},
		{"can't initiate conversation", chat.Refused, "this person has not written to the bot yet; they must press Start first"},
		{"bots can't send messages to bots", chat.Refused, "bots can't write to bots"},
		{"bot was kicked from", chat.Refused, "the bot was removed from this chat; add it again"},
		{"bot is not a member", chat.Refused, "the bot is not in this chat; add it"},
		{"group chat was deleted", chat.Gone, "the group does not exist any more"},
		{"group chat was deactivated", chat.Gone, "the group does not exist any more"},
		{"chat not found", chat.Gone, "the chat does not exist, or the bot was never in it"},
		{"peer_id_invalid", chat.Gone, "the chat does not exist, or the bot was never in it"},
		{"thread not found", chat.Gone, topicGone},
		{"topic_deleted", chat.Gone, topicGone},
		{"topic_id_invalid", chat.Gone, topicGone},
		{"topic_closed", chat.Refused, "the topic is closed, and the bot may not open it"},
		{"message to edit not found", chat.Gone, messageGone},
		{"message to delete not found", chat.Gone, messageGone},
		{"message to pin not found", chat.Gone, messageGone},
		{"message to react not found", chat.Gone, messageGone},
		{"message_id_invalid", chat.Gone, messageGone},
		{"message not found", chat.Gone, messageGone},
		{"message can't be edited", chat.Refused, "Telegram does not let the bot change this message"},
		{"message can't be deleted", chat.Refused, "Telegram does not let the bot delete this message; bots have 48 hours, and need the right for others' messages"},
		{"chat is not a forum", chat.Refused, "topics are switched off in this group"},
		{"not enough rights to manage topics", chat.Refused, "the bot may not manage topics here; make it an administrator with that right"},
		{"have no rights to send", chat.Refused, "the bot may not write here"},
		{"not enough rights", chat.Refused, "the bot lacks a right here; make it an administrator"},
		{"need administrator rights", chat.Refused, "the bot lacks a right here; make it an administrator"},
		{"chat_admin_required", chat.Refused, "the bot lacks a right here; make it an administrator"},
		{"chat_write_forbidden", chat.Refused, "the bot may not write here"},
		{"chat_restricted", chat.Refused, "the bot may not write here"},
		{"voice_messages_forbidden", chat.Refused, "this person takes no voice messages"},
		{"reaction_invalid", chat.Refused, "this emoji is not allowed as a reaction here"},
		{"message is too long", chat.Refused, tooLong},
		{"caption is too long", chat.Refused, tooLong},
		{"message text is empty", chat.Refused, "there is nothing to say"},
		{"file is too big", chat.Refused, "Telegram gives bots files up to 20 MB"},
		{"wrong file_id", chat.Gone, "the file does not exist any more"},
		{"temporarily unavailable", chat.Gone, "the file does not exist any more"},
		{"wrong remote file", chat.Gone, "the file does not exist any more"},
		{"business connection", chat.Refused, "the business account has disconnected the bot, or gives it no right for that"},
		{"business_connection", chat.Refused, "the business account has disconnected the bot, or gives it no right for that"},
	}
}

// refused is an error for what we know beforehand that Telegram does not take.
func refused(op, reason string) error {
	return &chat.Error{Op: "telegram: " + op, Kind: chat.Refused, Reason: reason}
}

// tries is how calls that may be repeated are spaced out.
func tries() bridges.Backoff {
	return bridges.Backoff{First: 250 * time.Millisecond, Most: 30 * time.Second}
}
