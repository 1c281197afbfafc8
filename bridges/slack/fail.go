package slack

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// call says what was tried, for the error that becomes of it.
type call struct {
	op    string     // "slack: chat.postMessage"
	once  bool       // a repeat would do it twice, so no answer is Uncertain
	scope chat.Scope // what a limit on it covers; zero: one conversation
}

// fail makes the *chat.Error of a failed call, whose Kind says what shall follow. It holds no token and no address. When
// the credentials turn out to be invalid it also ends Run.
func (c *Connector) fail(what call, err error) error {
	e := &chat.Error{Op: what.op, Scope: what.scope, Err: bridges.RedactError(err, c.cfg.BotToken, c.cfg.AppToken, c.cfg.SigningSecret)}
	var limited *slackapi.RateLimitedError
	var said slackapi.SlackErrorResponse
	var status slackapi.StatusCodeError
	var onWire *url.Error
	switch {
	case errors.As(err, &limited):
		e.Kind, e.Wait = chat.Throttled, limited.RetryAfter
	case errors.As(err, &said):
		e.Kind, e.Reason = judge(said, what.once)
	case errors.As(err, &status):
		e.Kind = judgeStatus(status.Code, what.once)
	case bridges.MayHaveArrived(err), !errors.As(err, &onWire) && !ended(err):
		// The request left, or its answer was no answer of Slack's.
		e.Kind = either(what.once, chat.Uncertain, chat.Transient)
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

func either(is bool, yes, no chat.Kind) chat.Kind {
	if is {
		return yes
	}
	return no
}

func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func judgeStatus(status int, once bool) chat.Kind {
	switch {
	case status == http.StatusTooManyRequests:
		return chat.Throttled
	case status >= http.StatusInternalServerError:
		return either(once, chat.Uncertain, chat.Transient)
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge:
		return chat.Refused
	}
	return chat.Transient
}

// judge reads an error of the Web API. A thread or channel that vanished is Gone, so that whoever needs it opens another; a
// channel that is there and closed to us is Refused, because another thread in it would fail as well.
func judge(said slackapi.SlackErrorResponse, once bool) (chat.Kind, string) {
	switch said.Err {
	case "invalid_auth", "account_inactive", "token_revoked", "not_authed", "token_expired":
		return chat.LoggedOut, "Slack does not take the bot's token any more"
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return chat.Throttled, ""
	case "channel_not_found":
		return chat.Gone, "the channel does not exist, or the bot can't see it"
	case "thread_not_found":
		return chat.Gone, "the thread does not exist any more"
	case "message_not_found":
		return chat.Gone, "the message does not exist any more"
	case "file_not_found", "file_deleted":
		return chat.Gone, "the file does not exist any more"
	case "internal_error", "fatal_error", "request_timeout":
		// Slack says of these that a part may have been done.
		return either(once, chat.Uncertain, chat.Transient), ""
	case "service_unavailable", "team_added_to_org", "accesslimited", "async_rate_limited":
		return chat.Transient, ""
	case "missing_scope":
		return chat.Refused, strings.TrimSpace("the app lacks the scope " + said.Needed)
	}
	return chat.Refused, refusal(said.Err)
}

// refusal is a code of Slack's as a sentence.
func refusal(code string) string {
	const notHere = "the workspace does not let the bot write here"
	known := map[string]string{
		"not_in_channel":                           "the bot is not in this channel; invite it",
		"is_archived":                              "the channel is archived",
		"msg_too_long":                             "the message is too long for Slack",
		"msg_blocks_too_long":                      "the message is too long for Slack",
		"no_text":                                  "there is nothing to say",
		"invalid_blocks":                           "Slack can't show this message",
		"invalid_blocks_format":                    "Slack can't show this message",
		"restricted_action":                        notHere,
		"restricted_action_read_only_channel":      notHere,
		"restricted_action_thread_only_channel":    notHere,
		"restricted_action_non_threadable_channel": notHere,
		"restricted_action_thread_locked":          notHere,
		"cant_update_message":                      "only the bot's own messages can be changed",
		"cant_delete_message":                      "only the bot's own messages can be changed",
		"edit_window_closed":                       "the workspace allows no more edits of this message",
		"user_not_in_channel":                      "the person is not in this channel",
		"invalid_name":                             "this workspace does not know the emoji",
		"too_many_reactions":                       "the message has as many reactions as Slack takes",
		"not_pinnable":                             "this message can't be pinned",
		"permission_denied":                        "the workspace does not let the bot do this",
		"no_permission":                            "the workspace does not let the bot do this",
		"too_many_emoji":                           "the message has as many reactions as Slack takes",
		"file_uploads_disabled":                    "the workspace takes no more files",
		"storage_limit_reached":                    "the workspace takes no more files",
	}
	return firstOf(known[code], "Slack says: "+strings.ReplaceAll(code, "_", " "))
}

// slackSaid is the Web API's own error code in err; empty when there is none.
func slackSaid(err error) string {
	if said, ok := errors.AsType[slackapi.SlackErrorResponse](err); ok {
		return said.Err
	}
	return ""
}

// tries is how calls that may be repeated are spaced out.
func tries() bridges.Backoff {
	return bridges.Backoff{First: 250 * time.Millisecond, Most: 30 * time.Second}
}
