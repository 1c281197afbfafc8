package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/router/chat"
)

const (
	callTime   = 20 * time.Second // one call
	uploadTime = 10 * time.Minute // one call that carries files
	maxAnswer  = 32 << 20         // bytes of one answer; a page of updates has a few hundred kilobytes
)

// call says what is tried, for the error that becomes of it.
type call struct {
	method string
	once   bool          // a repeat would do it twice, so no answer is Uncertain
	scope  chat.Scope    // what a limit on it covers; zero: one conversation
	within time.Duration // how long it may take; 0: callTime
	files  []tgbotapi.RequestFile
}

// doer is the library's client.
type doer func(*http.Request) (*http.Response, error)

// Do makes one request.
func (d doer) Do(req *http.Request) (*http.Response, error) { return d(req) }

// call calls a method of the Bot API and decodes its result into to, unless that is nil.
func (c *Connector) call(ctx context.Context, what call, params tgbotapi.Params, to any) error {
	ctx, cancel := context.WithTimeout(ctx, firstOf(what.within, callTime))
	defer cancel()
	status := 0
	bot := &tgbotapi.BotAPI{Token: c.cfg.Token.Reveal(), Client: doer(func(req *http.Request) (*http.Response, error) {
		resp, err := c.answered(req.WithContext(ctx))
		if err == nil {
			status = resp.StatusCode
		}
		return resp, err
	})}
	bot.SetAPIEndpoint(strings.ReplaceAll(c.cfg.endpoint(), "%", "%%") + "/bot%s/%s")
	var resp *tgbotapi.APIResponse
	var err error
	if len(what.files) > 0 {
		resp, err = bot.UploadFiles(what.method, params, what.files)
	} else {
		resp, err = bot.MakeRequest(what.method, params)
	}
	if err == nil && to != nil {
		err = json.Unmarshal(resp.Result, to)
		resp = nil // what it says is no error of Telegram's
	}
	if err != nil {
		return c.fail(what, status, resp, err)
	}
	return nil
}

// answered makes a request and reads its answer to the end, which the library does not: so a connection can be used again,
// and an answer that breaks off is known as such. It has no bound of its own either.
func (c *Connector) answered(req *http.Request) (*http.Response, error) {
	resp, err := c.deps.Client.Do(req) //nolint:gosec // the operator says where the Bot API is
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	body, err := io.ReadAll(http.MaxBytesReader(nil, resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// inChat calls a method about a chat. A group that became a supergroup meanwhile is called by its new number, which is
// remembered.
func (c *Connector) inChat(ctx context.Context, at place, what call, params tgbotapi.Params, to any) error {
	params["chat_id"] = strconv.FormatInt(at.chat, 10)
	if at.business != "" {
		params["business_connection_id"] = at.business
	}
	err := c.call(ctx, what, params, to)
	moved := said(err).Migrate
	if moved == 0 {
		return err
	}
	if err := c.noteMove(ctx, at.chat, moved); err != nil {
		return err
	}
	again := maps.Clone(params)
	again["chat_id"] = strconv.FormatInt(moved, 10)
	delete(again, "reply_parameters") // the message is not there under this number
	return c.call(ctx, what, again, to)
}

// inThread is inChat within a topic. The General topic has no number when one writes to it.
// https://core.telegram.org/bots/api#sendmessage
func (c *Connector) inThread(ctx context.Context, at place, what call, params tgbotapi.Params, to any) error {
	if at.thread > generalTopic {
		params["message_thread_id"] = strconv.FormatInt(at.thread, 10)
	}
	return c.inChat(ctx, at, what, params, to)
}

// encode puts v into params as JSON.
func encode(params tgbotapi.Params, key string, v any) {
	raw, err := json.Marshal(v)
	if err == nil { // what we encode are structs of strings and numbers
		params[key] = string(raw)
	}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
